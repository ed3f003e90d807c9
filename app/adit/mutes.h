/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mutes of a run: their file, which records they mark, and what zones are told of them. Management
 * thread, but for app_mutes_write.
 */
#ifndef ADIT_APP_MUTES_H
#define ADIT_APP_MUTES_H

#include "adit_config.h"
#include "adit_mute.h"
#include "adit_sink.h"

struct app_mutes {
	const char *command; /* for messages */
	char path[4096];     /* "": they end with the run */
	struct adit_mutes *mutes;
	size_t passed_over;   /* lines of the file */
	pthread_mutex_t lock; /* changes are made under it */
	bool locks;           /* it is there */
	uint64_t looked_ns;   /* by the clock */
	/* cells of metrics, which others may read */
	uint64_t in_force;
	uint64_t records[2]; /* of muted domains, by enum adit_verdict_class */
};

/* Reads the file of control.mutes; tells what is wrong with its lines. `directory` is that of the
 * outputs, or NULL. 0 or -errno. */
int app_mutes_open(struct app_mutes *mutes, const struct adit_config *config, bool live,
	const char *directory, struct adit_error *error);
void app_mutes_close(struct app_mutes *mutes);

/* Sets verdict->muted, and counts it. */
void app_mutes_mark(struct app_mutes *mutes, struct adit_verdict *verdict);
/* Tells zones what is muted now: some may have ended. Once a second, or at once where `now` says
 * so.
 */
void app_mutes_poll(struct app_mutes *mutes, struct adit_sinks *sinks, bool now);

/* As adit_mutes_add and adit_mutes_end; sinks are told. */
int app_mutes_add(struct app_mutes *mutes, struct adit_sinks *sinks,
	const struct adit_wire_name *domain, const char *by, const char *reason, uint64_t until_ns,
	struct adit_error *error);
int app_mutes_end(struct app_mutes *mutes, struct adit_sinks *sinks,
	const struct adit_wire_name *domain, const char *by, const char *reason,
	struct adit_error *error);

/* The list, as adit_mutes_write_json. Any thread. */
int app_mutes_write(struct app_mutes *mutes, bool all, FILE *to);

#endif
