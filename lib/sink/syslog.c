/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Syslog over UDP (RFC 5426), TCP with octet counting (RFC 6587 section 3.4.1), or a UNIX socket of
 * datagrams. Sockets never block; addresses are numbers, as a look-up could not be cut short.
 */
#include "sink_priv.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST_MAX   256
#define COUNT_ROOM 16  /* "65507 " in front of a message */
#define SLICE_MS   100 /* between looks at the end's deadline */
#define PATIENCE   50  /* slices: a receiver takes nothing for so long */

struct syslog {
	struct sockaddr_storage address;
	socklen_t address_size;
	int socket; /* -1: not connected */
	char host[HOST_MAX];
	size_t room;
	char *text;
};

/* 192.0.2.1:514 or [2001:db8::1]:514. */
static int address_read(struct syslog *state, const char *text, struct adit_error *error)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
	const char *colon = strrchr(text, ':'), *host = text;
	size_t size = colon != NULL ? (size_t)(colon - text) : 0;
	struct addrinfo *found = NULL;
	char name[64];

	if (size > 1 && text[0] == '[' && text[size - 1] == ']') {
		host++;
		size -= 2;
	} else if (size > 0 && memchr(text, ':', size) != NULL) {
		size = 0; /* IPv6 without brackets: which colon is the port's? */
	}
	snprintf(name, sizeof(name), "%.*s", (int)size, host);
	if (size == 0 || size >= sizeof(name) || colon[1] < '1' || colon[1] > '9' ||
		getaddrinfo(name, colon + 1, &hints, &found) != 0)
		return adit_error_set(error, -EINVAL,
			"'%s' is no address; expected one such as 192.0.2.1:514 or "
			"[2001:db8::1]:514",
			text);
	memcpy(&state->address, found->ai_addr, found->ai_addrlen);
	state->address_size = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int path_read(struct syslog *state, const char *text, struct adit_error *error)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&state->address;

	if (text[0] != '/' || strlen(text) >= sizeof(address->sun_path))
		return adit_error_set(error, -EINVAL,
			"'%s' is no socket's path; expected one such as /dev/log, of at most %zu "
			"bytes",
			text, sizeof(address->sun_path) - 1);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, text, strlen(text) + 1);
	state->address_size = sizeof(*address);
	return 0;
}

static int syslog_open(struct adit_sink *sink, struct adit_error *error)
{
	struct syslog *state = calloc(1, sizeof(*state));

	sink->state = state;
	if (state == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	state->socket = -1;
	/* Beside the line: the header, or CEF, whose longest is two names of four octets each, and
	 * escapes. */
	state->room =
		(sink->params.bytes_most != 0 ? sink->params.bytes_most : 65507) + HOST_MAX + 256;
	state->text = malloc(COUNT_ROOM + state->room);
	if (state->text == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	if (gethostname(state->host, sizeof(state->host)) != 0)
		state->host[0] = '\0';
	state->host[HOST_MAX - 1] = '\0';
	return sink->params.transport == ADIT_SYSLOG_UNIX
		       ? path_read(state, sink->params.address, error)
		       : address_read(state, sink->params.address, error);
}

static void hang_up(struct syslog *state)
{
	if (state->socket >= 0)
		close(state->socket);
	state->socket = -1;
}

/* Until the socket is ready, a while has passed, or the end has come. */
static int wait_for(struct adit_sink *sink, struct syslog *state, short events)
{
	struct pollfd ready = {.fd = state->socket, .events = events};

	for (int i = 0; i < PATIENCE; i++) {
		int wait = adit_sink_patience(sink, SLICE_MS);
		int count = poll(&ready, 1, wait);

		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
		if (wait == 0)
			break;
	}
	return -ETIMEDOUT;
}

static int dial(struct adit_sink *sink, struct syslog *state)
{
	int kind = sink->params.transport == ADIT_SYSLOG_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int status = 0, failed = 0;
	socklen_t size = sizeof(failed);

	if (state->socket >= 0)
		return 0;
	state->socket = socket(state->address.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (state->socket < 0)
		return -errno;
	if (connect(state->socket, (struct sockaddr *)&state->address, state->address_size) != 0)
		status = -errno;
	if (status == -EINPROGRESS) {
		status = wait_for(sink, state, POLLOUT);
		if (status == 0 &&
			getsockopt(state->socket, SOL_SOCKET, SO_ERROR, &failed, &size) == 0)
			status = -failed;
	}
	return status;
}

/* A receiver that has gone tells so by an end of what it sends; it is meant to send nothing. */
static bool is_gone(const struct syslog *state)
{
	char byte;
	ssize_t got = recv(state->socket, &byte, 1, MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static int send_all(struct adit_sink *sink, struct syslog *state, const char *text, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t more = send(state->socket, text + sent, size - sent, MSG_NOSIGNAL);
		int status = more < 0 ? -errno : 0;

		if (status == -EAGAIN || status == -ENOBUFS)
			status = wait_for(sink, state, POLLOUT);
		if (status != 0)
			return status;
		sent += more > 0 ? (size_t)more : 0;
	}
	return 0;
}

/* One message; the count goes in front of it. */
static int send_event(struct adit_sink *sink, struct syslog *state, const struct adit_event *event)
{
	char *text = state->text + COUNT_ROOM, count[COUNT_ROOM];
	int size = adit_syslog_message(sink, event, state->host, text, state->room);
	int digits;

	if (size < 0)
		return size;
	if (sink->params.transport != ADIT_SYSLOG_TCP)
		return send_all(sink, state, text, (size_t)size);
	if (is_gone(state))
		return -EPIPE;
	digits = snprintf(count, sizeof(count), "%d ", size);
	memcpy(text - digits, count, (size_t)digits);
	return send_all(sink, state, text - digits, (size_t)(size + digits));
}

static int syslog_write(struct adit_sink *sink, struct adit_event *const *events, size_t count,
	size_t *done, struct adit_error *error)
{
	struct syslog *state = sink->state;
	char why[160];

	while (*done < count) {
		int status = dial(sink, state);

		if (status == 0)
			status = send_event(sink, state, events[*done]);
		if (status == -EMSGSIZE) {
			snprintf(why, sizeof(why),
				"%zu bytes are too long; format = \"cef\" or max_bytes make "
				"records shorter",
				events[*done]->size);
			adit_sink_refuse(sink, 1, why);
		} else if (status != 0) {
			/* A stream that was broken within a message can't go on. */
			hang_up(state);
			return adit_error_set(
				error, status, "%s: %s", sink->params.address, strerror(-status));
		}
		if (status == 0)
			adit_sink_count(sink, ADIT_SINK_WRITTEN, 1);
		(*done)++;
	}
	return 0;
}

static void syslog_close(struct adit_sink *sink)
{
	struct syslog *state = sink->state;

	if (state == NULL)
		return;
	hang_up(state);
	free(state->text);
	free(state);
}

const struct adit_sink_ops adit_sink_syslog = {
	.type = "syslog",
	.open = syslog_open,
	.write = syslog_write,
	.close = syslog_close,
};
