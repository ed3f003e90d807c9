/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MUTE_PRIV_H
#define MUTE_PRIV_H

#include "adit_mute.h"

struct adit_mutes {
	struct adit_mute *mute; /* the oldest first */
	size_t count, room;
	char *path; /* NULL: none */
	int file;   /* -1: none */
	uint64_t size;
};

/* mutes.c. Changes the table alone; -ENOMEM, and of the second -ENOENT. */
int adit_mutes_take(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t until_ns, uint64_t now_ns);
int adit_mutes_drop(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t now_ns);

/* mutes_file.c. Opens the file and reads it into the table. */
int adit_mutes_read(struct adit_mutes *mutes, const char *path, struct adit_mutes_reading *reading,
	struct adit_error *error);
/* A line, on the disk when it returns; or nothing of it and -errno. `until_ns` 0: an unmute. */
int adit_mutes_append(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t until_ns, uint64_t now_ns, struct adit_error *error);

#endif
