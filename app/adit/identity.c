/* SPDX-License-Identifier: BSD-3-Clause */
#include "identity.h"

#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEED_BYTES 65536 /* read from a connection at a time */

/* Which option the message is about. */
static int named(const char *option, int status, struct adit_error *error)
{
	struct adit_error what = *error;

	return status == 0 ? 0 : adit_error_set(error, status, "%s: %s", option, what.text);
}

int app_identity_open(
	struct app_identity *identity, const struct adit_config *config, struct adit_error *error)
{
	const struct adit_list *files = &config->identity_files;
	int status = 0;

	if (strcmp(config->privacy_addresses, "off") != 0) {
		bool all = strcmp(config->privacy_addresses, "all") == 0;

		status = named("privacy.key_file",
			adit_privacy_open(config->privacy_key_file,
				all ? ADIT_PRIVACY_ALL : ADIT_PRIVACY_SUBSCRIBERS,
				&identity->privacy, error),
			error);
	}
	if (status != 0 || (files->count == 0 && config->identity_socket[0] == '\0'))
		return status;
	identity->identities = adit_identities_create((size_t)config->identity_records);
	if (identity->identities == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %lld identity records",
			(long long)config->identity_records);
	for (size_t i = 0; i < files->count && status == 0; i++)
		status = named("identity.files",
			adit_identities_read(identity->identities, files->item[i], error), error);
	return status;
}

int app_identity_listen(
	struct app_identity *identity, const struct adit_config *config, struct adit_error *error)
{
	const char *path = config->identity_socket;
	int status;

	if (path[0] == '\0')
		return 0;
	/* For the owner and the group: who may say whose an address is may frame anybody. */
	status = app_local_listen(
		"identity.socket", path, APP_FEEDS_MAX, &identity->listener, error);
	if (status == 0)
		identity->path = path;
	return status;
}

static void feed_close(struct app_feed *feed)
{
	if (!feed->open)
		return;
	close(feed->fd);
	adit_identity_feed_destroy(feed->feed);
	*feed = (struct app_feed){.open = false};
}

static void feed_read(struct app_identity *identity, struct app_feed *feed)
{
	static char text[FEED_BYTES];
	struct adit_error error;
	ssize_t size = read(feed->fd, text, sizeof(text));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		feed_close(feed);
		return;
	}
	if (adit_identity_feed_push(feed->feed, text, (size_t)size, &error) == 0 ||
		identity->complained)
		return;
	/* The first one is told, all are counted. */
	identity->complained = true;
	fprintf(stderr, "adit %s: %s\n", identity->command, error.text);
}

void app_identity_poll(struct app_identity *identity)
{
	bool more = true;

	if (identity->path == NULL)
		return;
	for (int i = 0; i < APP_FEEDS_MAX; i++) {
		struct app_feed *feed = &identity->feeds[i];

		if (feed->open) {
			feed_read(identity, feed);
			continue;
		}
		/* Those beyond the most wait until one is free. */
		feed->fd =
			more ? accept4(identity->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)
			     : -1;
		feed->open = more = feed->fd >= 0;
		if (!feed->open)
			continue;
		feed->feed = adit_identity_feed_create(identity->identities, identity->path);
		if (feed->feed == NULL)
			feed_close(feed);
	}
}

void app_identity_fill(const struct app_identity *identity, struct adit_verdict *verdict)
{
	for (size_t i = 0; identity->identities != NULL && i < verdict->subscriber_count; i++) {
		struct adit_verdict_subscriber *subscriber = &verdict->subscriber[i];
		struct adit_identity_query query = {
			.address = &subscriber->address,
			.tap = subscriber->tap_name,
			.vlan = subscriber->vlan,
			.ts_ns = verdict->window_end_ns - 1,
		};
		const struct adit_identity *found;

		if (subscriber->bearer_count != 0) {
			const struct adit_verdict_bearer *bearer =
				&subscriber->bearer[subscriber->bearer_count - 1];

			bool up = bearer->has_teid_uplink, down = bearer->has_teid_downlink;

			query.has_teid = true;
			query.teid[0] = up ? bearer->teid_uplink : bearer->teid_downlink;
			query.teid[1] = down ? bearer->teid_downlink : bearer->teid_uplink;
			query.peer[0] = up ? &bearer->outer_core : &bearer->outer;
			query.peer[1] = down ? &bearer->outer : &bearer->outer_core;
		}
		found = adit_identities_find(identity->identities, &query);
		if (found != NULL)
			subscriber->identity = *found;
	}
}

void app_identity_close(struct app_identity *identity)
{
	for (int i = 0; i < APP_FEEDS_MAX; i++)
		feed_close(&identity->feeds[i]);
	if (identity->path != NULL) {
		unlink(identity->path); /* while it is ours: see app_control_close */
		close(identity->listener);
	}
	adit_identities_destroy(identity->identities);
	adit_privacy_close(identity->privacy);
}
