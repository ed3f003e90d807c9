/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mutes: domains of which nobody wants to be alarmed for a while, with who said so, why, and until
 * when. A mute holds for the domain and all below it. What is found of a muted domain is still
 * recorded, and marked.
 *
 * Every change is a line of an audit file (JSON Lines, schema "adit.mute/1"), which is only ever
 * appended to, and is on the disk before the change counts. At the start the file is read back. A
 * last line without an end, of a program that was killed while it wrote, gets its end; a line that
 * can't be read is passed over; both are told. Times are of the clock and come as arguments.
 *
 * One thread changes; others may read what it is not changing at the time: the caller's lock.
 */
#ifndef ADIT_MUTE_H
#define ADIT_MUTE_H

#include "adit_base.h"
#include "adit_verdict.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_MUTE_SCHEMA "adit.mute/1"
#define ADIT_MUTES_MAX   10000 /* in force at a time */
#define ADIT_MUTE_TEXT   1024  /* bytes of a reason or of who, at most; no NUL counted */

struct adit_mute {
	struct adit_wire_name domain; /* lower case */
	char *by, *reason;
	uint64_t since_ns, until_ns; /* since the Unix epoch; until is exclusive */
	uint64_t ended_ns;           /* by somebody, before its time; 0: not */
	char *ended_by, *ended_reason;
};

struct adit_mutes;

/* What to tell of an audit file: its first word and how many more. */
struct adit_mutes_reading {
	size_t lines;           /* of the file */
	size_t passed_over;     /* that can't be read */
	struct adit_error told; /* the first such, or the cut last line; "": nothing */
};

/* Reads the audit file, which need not be there, and opens it to be appended to; NULL: changes are
 * kept in memory alone. 0; -ENOMEM, -EBUSY if another program has it open, or -errno of the file,
 * with what would be right. */
int adit_mutes_open(struct adit_mutes **mutes, const char *path, struct adit_mutes_reading *reading,
	struct adit_error *error);
void adit_mutes_close(struct adit_mutes *mutes); /* NULL is allowed */

/* A mute of this domain until then; one that is in force for exactly this domain ends with it. 0;
 * -EINVAL for a time that is over, an empty or too long text; -ENOSPC for one too many; -errno of
 * the file: nothing has changed then. */
int adit_mutes_add(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t until_ns, uint64_t now_ns, struct adit_error *error);
/* Ends the mute of exactly this domain. -ENOENT: there is none in force; else as above. */
int adit_mutes_end(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t now_ns, struct adit_error *error);

/* The mute in force that holds for a domain: its own, or the nearest above it; NULL: none. Good
 * until the next change. */
const struct adit_mute *adit_mutes_find(
	const struct adit_mutes *mutes, const struct adit_wire_name *domain, uint64_t now_ns);
/* Those in force, the oldest first: `room` of them at most; gives how many there are. */
size_t adit_mutes_in_force(const struct adit_mutes *mutes, uint64_t now_ns,
	const struct adit_mute **in_force, size_t room);
/* When the next one ends by itself; UINT64_MAX: never. */
uint64_t adit_mutes_next_end(const struct adit_mutes *mutes, uint64_t now_ns);

/* The list as JSON, the newest first: {"items": […], "in_force": N, "file": PATH or null}; `all`:
 * those that have ended too. 0 or -errno. */
int adit_mutes_write_json(const struct adit_mutes *mutes, bool all, uint64_t now_ns, FILE *to);

#ifdef __cplusplus
}
#endif
#endif
