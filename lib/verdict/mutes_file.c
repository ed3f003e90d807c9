/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The audit file of mutes: reading it back, and adding to it.
 */
#include "mute_priv.h"
#include "verdict_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The first is told, all are counted. */
static void note(
	struct adit_mutes_reading *reading, const char *path, const char *line, const char *why)
{
	char shown[61];
	size_t size = 0;

	reading->passed_over++;
	if (reading->told.text[0] != '\0')
		return;
	for (; line[size] != '\0' && size < sizeof(shown) - 1; size++)
		shown[size] = line[size] < ' ' || line[size] > '~' ? '?' : line[size];
	shown[size] = '\0';
	adit_error_set(&reading->told, 0,
		"%s:%zu: %s; expected an object of schema \"" ADIT_MUTE_SCHEMA
		"\" with time, action, domain, by and reason, and until of a mute; the line is "
		"passed over: \"%s\"",
		path, reading->lines, why, shown);
}

/* Takes a line into the table; NULL, or why it is none. */
static const char *line_take(struct adit_mutes *mutes, const char *line, size_t size)
{
	json_error_t where;
	json_t *object = json_loadb(line, size, 0, &where);
	const char *schema, *action, *domain, *by, *reason, *since, *until, *why = NULL;
	struct adit_wire_name wire;
	struct adit_name name;
	uint64_t since_ns = 0, until_ns = 0;
	int status = 0;

	if (object == NULL)
		return "no JSON";
	if (json_unpack(object, "{s:s,s:s,s:s,s:s,s:s,s:s}", "schema", &schema, "time", &since,
		    "action", &action, "domain", &domain, "by", &by, "reason", &reason) != 0 ||
		strcmp(schema, ADIT_MUTE_SCHEMA) != 0)
		why = "no line of an audit file of mutes";
	else if (adit_time_read(since, &since_ns) != 0)
		why = "its time is none";
	else if (adit_name_from_text(domain, &name) != 0 || name.labels == 0)
		why = "its domain is no name";
	if (why == NULL) {
		wire.size = name.size;
		memcpy(wire.wire, name.lower, name.size);
		if (strcmp(action, "unmute") == 0)
			status = adit_mutes_drop(mutes, &wire, by, reason, since_ns);
		else if (strcmp(action, "mute") != 0)
			why = "its action is neither mute nor unmute";
		else if (json_unpack(object, "{s:s}", "until", &until) != 0 ||
			 adit_time_read(until, &until_ns) != 0)
			why = "its until is no time";
		else
			status = adit_mutes_take(mutes, &wire, by, reason, until_ns, since_ns);
	}
	/* An unmute whose mute was passed over, or had ended by then, changes nothing. */
	if (status == -ENOMEM)
		why = "no memory for it";
	json_decref(object);
	return why;
}

static int lines_read(struct adit_mutes *mutes, const char *path, FILE *from,
	struct adit_mutes_reading *reading, bool *is_cut)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	*is_cut = false;
	while ((size = getline(&line, &room, from)) > 0) {
		const char *why;

		reading->lines++;
		*is_cut = line[size - 1] != '\n';
		why = line_take(mutes, line, (size_t)size);
		/* A cut line that is whole but for its end is as good as any. */
		if (why != NULL)
			note(reading, path, line,
				*is_cut ? "its last line was cut when the program before ended"
					: why);
	}
	free(line);
	return ferror(from) ? -errno : 0;
}

int adit_mutes_read(struct adit_mutes *mutes, const char *path, struct adit_mutes_reading *reading,
	struct adit_error *error)
{
	struct stat about;
	FILE *from = NULL;
	bool is_cut = false;
	int status = 0, copy = -1;

	mutes->path = strdup(path);
	mutes->file =
		open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	if (mutes->path == NULL || mutes->file < 0 || fstat(mutes->file, &about) != 0)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode))
		return adit_error_set(
			error, -EINVAL, "%s: expected a regular file, or none yet", path);
	if (flock(mutes->file, LOCK_EX | LOCK_NB) != 0)
		return adit_error_set(error, -EBUSY,
			"%s: another program has it open; give each its own file (control.mutes)",
			path);
	copy = fcntl(mutes->file, F_DUPFD_CLOEXEC, 0);
	from = copy >= 0 ? fdopen(copy, "r") : NULL;
	if (from == NULL) {
		status = -errno;
		if (copy >= 0)
			close(copy);
		return adit_error_set(error, status, "%s: %s", path, strerror(-status));
	}
	/* A file that is new must still be there after a crash. */
	status = about.st_size == 0 ? adit_folder_sync(path) : 0;
	if (status == 0)
		status = lines_read(mutes, path, from, reading, &is_cut);
	fclose(from);
	mutes->size = (uint64_t)about.st_size;
	/* What is appended must not become a part of it. */
	if (status == 0 && is_cut) {
		status = write(mutes->file, "\n", 1) == 1 ? 0 : -errno;
		mutes->size++;
	}
	if (status != 0)
		return adit_error_set(error, status, "%s: %s", path, strerror(-status));
	return 0;
}

/* All of it, on the disk, or nothing. */
static int put(struct adit_mutes *mutes, const char *line, size_t size, struct adit_error *error)
{
	ssize_t written;
	int status = 0;

	errno = ENOSPC; /* of what is written in part */
	written = write(mutes->file, line, size);
	if (written != (ssize_t)size || fdatasync(mutes->file) != 0)
		status = -errno;
	if (status == 0) {
		mutes->size += size;
		return 0;
	}
	if (ftruncate(mutes->file, (off_t)mutes->size) != 0 && written > 0)
		return adit_error_set(error, status,
			"%s: %s; and a part of the line stands there, which the next start tells",
			mutes->path, strerror(-status));
	return adit_error_set(
		error, status, "%s: %s; nothing has changed", mutes->path, strerror(-status));
}

int adit_mutes_append(struct adit_mutes *mutes, const struct adit_wire_name *domain, const char *by,
	const char *reason, uint64_t until_ns, uint64_t now_ns, struct adit_error *error)
{
	char name[ADIT_NAME_TEXT_MAX], since[40], until[40], *text = NULL;
	json_t *object;
	size_t size = 0;
	FILE *to;
	int status;

	if (mutes->file < 0)
		return 0;
	adit_verdict_name_text(domain, name);
	adit_time_text(now_ns, since);
	object = json_pack("{s:s,s:s,s:s,s:s,s:o,s:o}", "schema", ADIT_MUTE_SCHEMA, "time", since,
		"action", until_ns != 0 ? "mute" : "unmute", "domain", name, "by",
		adit_verdict_json_text(by), "reason", adit_verdict_json_text(reason));
	if (object != NULL && until_ns != 0) {
		adit_time_text(until_ns, until);
		json_object_set_new(object, "until", json_string(until));
	}
	to = open_memstream(&text, &size);
	if (to == NULL) {
		json_decref(object);
		return adit_error_set(error, -ENOMEM, "out of memory");
	}
	status = adit_verdict_put_json(object, JSON_COMPACT, 6, to);
	if (fclose(to) != 0 || status != 0)
		status = adit_error_set(error, -ENOMEM, "out of memory");
	else
		status = put(mutes, text, size, error);
	free(text);
	return status;
}
