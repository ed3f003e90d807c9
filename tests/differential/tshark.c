/* SPDX-License-Identifier: BSD-3-Clause */
#include "tshark.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The fields asked for, in this order; each may have several values, parted by \1. */
#define FIELDS(X)                         \
	X(NUMBER, "frame.number")         \
	X(LAYERS, "frame.protocols")      \
	X(SOURCE, "ip.src")               \
	X(TARGET, "ip.dst")               \
	X(SOURCE_V6, "ipv6.src")          \
	X(TARGET_V6, "ipv6.dst")          \
	X(UDP_FROM, "udp.srcport")        \
	X(UDP_TO, "udp.dstport")          \
	X(TCP_FROM, "tcp.srcport")        \
	X(TCP_TO, "tcp.dstport")          \
	X(TEID, "gtp.teid")               \
	X(PIECES, "ip.fragment")          \
	X(PIECES_V6, "ipv6.fragment")     \
	X(ID, "dns.id")                   \
	X(FLAGS, "dns.flags")             \
	X(RCODE, "dns.flags.rcode")       \
	X(QUESTIONS, "dns.count.queries") \
	X(ZONES, "dns.count.zones")       \
	X(NAME, "dns.qry.name")           \
	X(TYPE, "dns.qry.type")           \
	X(SIZE, "dns.qry.name.len")       \
	X(LABELS, "dns.count.labels")

enum {
#define FIELD_ENUM(id, name) id,
	FIELDS(FIELD_ENUM) FIELD_COUNT
};

#define SERVERS_MAX 8

/* tshark, started and waiting for captures (tshark_forks.c). */
static struct {
	int socket[SERVERS_MAX];
	unsigned count, next;
} servers;

/* The configuration of whoever runs this must not matter, so there is none. */
static void server_run(int socket)
{
	static const char *const arguments[] = {"tshark", "-n", "-r", "asked for later", "-o",
		"ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE", "-o",
		"tcp.desegment_tcp_streams:TRUE", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y",
		"dns", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=\1",
#define FIELD_OPTION(id, name) "-e", name,
		FIELDS(FIELD_OPTION) NULL};
	const char *forks = getenv("ADIT_TSHARK_FORKS");
	char number[16];
	int null = open("/dev/null", O_RDWR);

	snprintf(number, sizeof(number), "%d", socket);
	setenv("ADIT_TSHARK_SOCKET", number, 1);
	setenv("LD_PRELOAD", forks != NULL ? forks : "", 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	setenv("HOME", "/nonexistent", 1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

static int server_start(void)
{
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		fcntl(ends[1], F_SETFD, 0);
		server_run(ends[1]);
	}
	close(ends[1]);
	return ends[0];
}

/* Sends the path and where the output goes. */
static bool server_ask(int socket, const char *path, int output)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {(char *)(uintptr_t)path, strlen(path)};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &output, sizeof(output));
	return sendmsg(socket, &message, MSG_NOSIGNAL) > 0;
}

FILE *tshark_start(const char *path)
{
	long most = sysconf(_SC_NPROCESSORS_ONLN);
	int ends[2];
	bool asked;

	if (servers.count == 0)
		while (servers.count < SERVERS_MAX && (long)servers.count < most)
			servers.socket[servers.count++] = server_start();
	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	asked = server_ask(servers.socket[servers.next++ % servers.count], path, ends[1]);
	close(ends[1]);
	if (asked)
		return fdopen(ends[0], "r");
	close(ends[0]);
	return NULL;
}

/* Frames of a capture, as capinfos counts them. */
static bool frames_count(const char *path, uint64_t *frames)
{
	char command[8192], line[8192], *comma = NULL;
	FILE *output;

	snprintf(command, sizeof(command), "exec capinfos -TmrcM '%s' 2>/dev/null", path);
	output = popen(command, "r");
	if (output == NULL)
		return false;
	if (fgets(line, sizeof(line), output) != NULL)
		comma = strrchr(line, ',');
	if (comma != NULL)
		*frames = strtoull(comma + 1, NULL, 10);
	return pclose(output) == 0 && comma != NULL;
}

bool tshark_read(FILE *output, const char *path, struct tshark_reading *reading)
{
	static const char good[] = "status 0\n";
	size_t size = 0, got;
	FILE *memory;
	char block[65536];

	*reading = (struct tshark_reading){0};
	memory = open_memstream(&reading->text, &size);
	while (output != NULL && (got = fread(block, 1, sizeof(block), output)) > 0)
		fwrite(block, 1, got, memory);
	fclose(memory);
	if (output != NULL)
		fclose(output);
	reading->rest = reading->text;
	if (size < strlen(good) || strcmp(reading->text + size - strlen(good), good) != 0)
		return false;
	reading->text[size - strlen(good)] = '\0';
	return frames_count(path, &reading->frames);
}

void tshark_end(struct tshark_reading *reading)
{
	free(reading->text);
}

/* The next value of a field, "" if there is none. */
static const char *take(char **values)
{
	const char *value = strsep(values, "\1");

	return value != NULL ? value : "";
}

static unsigned long take_number(char **values)
{
	return strtoul(take(values), NULL, 0);
}

static void take_address(char **values, bool is_v6, struct adit_address *address)
{
	memset(address, 0, sizeof(*address));
	address->is_v6 = is_v6;
	inet_pton(is_v6 ? AF_INET6 : AF_INET, take(values), address->bytes);
}

/* The layers from the outside in, each taking its values from its fields. */
static void take_layers(char *fields[FIELD_COUNT], struct tshark_frame *frame)
{
	bool fresh = true; /* no IP header inside GTP-U yet */
	char *layer;

	while ((layer = strsep(&fields[LAYERS], ":")) != NULL) {
		bool is_v6 = strcmp(layer, "ipv6") == 0, is_tcp = strcmp(layer, "tcp") == 0;

		if (is_v6 || strcmp(layer, "ip") == 0) {
			take_address(
				&fields[is_v6 ? SOURCE_V6 : SOURCE], is_v6, &frame->ends.source);
			take_address(&fields[is_v6 ? TARGET_V6 : TARGET], is_v6,
				&frame->ends.destination);
			if (fresh || !frame->gtpu) {
				frame->first = frame->ends.source;
				frame->first_to = frame->ends.destination;
			}
			fresh = fresh && !frame->gtpu;
		} else if (is_tcp || strcmp(layer, "udp") == 0) {
			frame->tcp = is_tcp;
			frame->ends.source_port =
				(uint16_t)take_number(&fields[is_tcp ? TCP_FROM : UDP_FROM]);
			frame->ends.destination_port =
				(uint16_t)take_number(&fields[is_tcp ? TCP_TO : UDP_TO]);
		} else if (strcmp(layer, "gtp") == 0) {
			frame->gtpu = true;
			frame->teid = (uint32_t)take_number(&fields[TEID]);
		}
	}
}

#define OPCODE_UPDATE 5 /* its questions are called zones (RFC 2136) */

static void take_message(char *fields[FIELD_COUNT], struct tshark_message *message)
{
	char **count;

	message->id = take_number(&fields[ID]);
	message->flags = take_number(&fields[FLAGS]);
	if (message->flags & ADIT_DNS_QR)
		message->rcode = take_number(&fields[RCODE]);
	count = &fields[(message->flags >> 11 & 15) == OPCODE_UPDATE ? ZONES : QUESTIONS];
	message->has_questions = *count != NULL && **count != '\0';
	message->questions = take_number(count);
	message->name = "";
	for (unsigned long i = 0; i < message->questions && fields[NAME] != NULL; i++) {
		const char *name = take(&fields[NAME]);
		unsigned long type = take_number(&fields[TYPE]), size = take_number(&fields[SIZE]),
			      labels = take_number(&fields[LABELS]);

		if (i > 0)
			continue;
		message->name = name;
		message->type = type;
		message->size = size;
		message->labels = labels;
	}
}

bool tshark_next(struct tshark_reading *reading, struct tshark_frame *frame)
{
	char *line = strsep(&reading->rest, "\n"), *fields[FIELD_COUNT];

	if (line == NULL || *line == '\0')
		return false;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		fields[i] = strsep(&line, "\t");
	memset(frame, 0, offsetof(struct tshark_frame, message));
	frame->number = take_number(&fields[NUMBER]);
	frame->fragments = *fields[PIECES] != '\0' || *fields[PIECES_V6] != '\0';
	take_layers(fields, frame);
	do {
		take_message(fields, &frame->message[frame->count]);
		frame->count++;
	} while (fields[ID] != NULL && frame->count < TSHARK_MESSAGES_MAX);
	return true;
}

/* tshark's text of a name, with octets outside ASCII as they are. */
static void name_text(const struct adit_name *name, char *text)
{
	static const char letters[] = "abtnvfr";

	for (unsigned i = 0; i < name->labels; i++) {
		const uint8_t *label = name->wire + name->label_at[i];

		if (i > 0)
			*text++ = '.';
		for (unsigned k = 1; k <= label[0]; k++) {
			if (label[k] >= 7 && label[k] <= 13)
				text += sprintf(text, "\\%c", letters[label[k] - 7]);
			else if (label[k] < 32 || label[k] == 127)
				text += sprintf(text, "\\%03o", label[k]);
			else
				*text++ = (char)label[k];
		}
	}
	*text = '\0';
}

/* Octets outside ASCII are UTF-8 to tshark, which does not tell apart what is none: where there
 * are any, what comes before the first and after the last must be the same. */
bool tshark_same_name(const struct adit_name *name, const struct tshark_message *message)
{
	char ours[ADIT_NAME_TEXT_MAX];
	const char *theirs = message->name;
	size_t before = 0, after = 0, size, their_size = strlen(theirs);

	if (name->labels == 0)
		return strcmp(theirs, "<Root>") == 0;
	name_text(name, ours);
	size = strlen(ours);
	while (before < size && !(ours[before] & 0x80))
		before++;
	if (before == size)
		return strcmp(ours, theirs) == 0;
	while (!(ours[size - after - 1] & 0x80))
		after++;
	return their_size > before + after && strncmp(ours, theirs, before) == 0 &&
	       strcmp(ours + size - after, theirs + their_size - after) == 0;
}

/* tshark counts the octets of a name's text, and as labels what dots part. It says 0 and 0 of a
 * text of one octet. */
bool tshark_same_size(const struct adit_name *name, const struct tshark_message *message)
{
	unsigned long size = name->size - 2u, labels = name->labels;

	if (name->labels == 0)
		return true;
	for (unsigned i = 0; i < name->labels; i++)
		for (unsigned k = 1; k <= name->wire[name->label_at[i]]; k++)
			labels += name->wire[name->label_at[i] + k] == '.';
	if (size == 1)
		size = labels = 0;
	return message->size == size && message->labels == labels;
}
