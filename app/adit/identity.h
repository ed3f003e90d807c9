/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who is behind an address, and what may be written of it: identity records from files and from a
 * UNIX socket, and the key of the pseudonyms. Management thread.
 */
#ifndef ADIT_APP_IDENTITY_H
#define ADIT_APP_IDENTITY_H

#include "adit_config.h"
#include "adit_verdict.h"

#define APP_FEEDS_MAX 8 /* connections to the socket at a time */

struct app_identity {
	const char *command;                /* for messages */
	struct adit_identities *identities; /* NULL: there is no source */
	struct adit_privacy *privacy;       /* NULL: off */
	const char *path;                   /* of the socket, once it is bound; NULL: none */
	int listener;                       /* valid with `path` */
	bool complained;                    /* of a line that can't be read */
	struct app_feed {
		bool open;
		int fd;
		struct adit_identity_feed *feed;
	} feeds[APP_FEEDS_MAX];
};

/* Reads the files and the key, before anything starts. Returns 0 or -errno; close it in any case.
 */
int app_identity_open(
	struct app_identity *identity, const struct adit_config *config, struct adit_error *error);
/* Binds the socket, where one is configured: adit run. */
int app_identity_listen(
	struct app_identity *identity, const struct adit_config *config, struct adit_error *error);
/* Takes what has come on the socket; never blocks. */
void app_identity_poll(struct app_identity *identity);
/* Fills in who the subscribers of a verdict are. */
void app_identity_fill(const struct app_identity *identity, struct adit_verdict *verdict);
void app_identity_close(struct app_identity *identity);

#endif
