/* SPDX-License-Identifier: BSD-3-Clause */
#include "state.h"

#include "adit_score_state.h"
#include "manager.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Sections of the program's own. */
#define SECTION_WRITER "writer"
#define SECTION_KEY    "hash key"
#define VERSION        1

/* A story that opens is saved soon: what is told once must not be told as new after a kill. So
 * soon, and so many times what saving takes, that it does not become a burden. */
#define SOON_NS    (10 * ADIT_NS_PER_S)
#define SOON_TIMES 100

#define MB (UINT64_C(1) << 20)

size_t app_state_bytes(const struct adit_config *config)
{
	const struct appliance appliance = {.config = config};
	struct adit_score_params params = app_score_params(&appliance);

	if (config->state_file[0] == '\0')
		return 0;
	return ADIT_STATE_HEADER_BYTES + 3 * ADIT_STATE_MARK_BYTES + sizeof(ADIT_VERSION) +
	       sizeof(struct adit_hash_key) +
	       adit_scorer_state_bytes(&params, (uint32_t)config->encrypted_subscribers);
}

/* All of it, into the room. False: there is nothing to save. */
static bool save(const struct appliance *appliance, struct adit_state_io *io)
{
	struct app_snapshot *snapshot = &appliance->scorer->snapshot;
	char version[] = ADIT_VERSION;
	struct adit_hash_key key = appliance->key;

	adit_state_save_begin(io, snapshot->room, snapshot->room_bytes, app_now_ns());
	adit_state_save_section(io, SECTION_WRITER, VERSION);
	adit_state_bytes(io, version, sizeof(version) - 1);
	adit_state_save_section_end(io, 1);
	adit_state_save_section(io, SECTION_KEY, VERSION);
	adit_state_bytes(io, key.bytes, sizeof(key.bytes));
	adit_state_save_section_end(io, 1);
	if (!adit_scorer_save(appliance->scorer->scorer, io))
		return false;
	adit_state_save_end(io);
	return true;
}

void app_state_pass(struct app_scorer *scorer)
{
	struct app_snapshot *snapshot = &scorer->snapshot;
	struct adit_state_io io;
	uint64_t started_ns;

	if (ADIT_LIKELY(atomic_load_explicit(&snapshot->turn, memory_order_acquire) !=
			APP_SNAPSHOT_ASKED))
		return;
	started_ns = app_now_ns();
	if (!save(scorer->appliance, &io))
		return;
	snapshot->size = io.failed ? 0 : io.at;
	snapshot->took_ns = app_now_ns() - started_ns;
	atomic_store_explicit(&snapshot->turn, APP_SNAPSHOT_FULL, memory_order_release);
}

static const char *time_text(uint64_t ns, char text[40])
{
	adit_time_text(ns, text);
	return text;
}

/* Nothing is lost and nothing holds the run up: the file gets another name. Where that can't be
 * done, nothing is saved over it. */
static void set_aside(struct app_state *state, const char *why)
{
	char other[PATH_MAX];

	free(state->bytes);
	state->bytes = NULL;
	snprintf(other, sizeof(other), "%s.broken", state->path);
	if (rename(state->path, other) == 0) {
		fprintf(stderr,
			"adit %s: %s; the state is now %s, and the run starts without one\n",
			state->command, why, other);
		return;
	}
	fprintf(stderr,
		"adit %s: %s; it can't be renamed to %s (%s), so the run starts without a state "
		"and keeps none\n",
		state->command, why, other, strerror(errno));
	state->path = NULL;
}

/* A file that can't be used: 0 where the run goes on. */
static int refuse(struct app_state *state, int status, struct adit_error *error)
{
	struct adit_error why = *error;

	if (!state->appliance->live) {
		adit_error_set(
			error, status, "%s; remove it, or set state.file to another", why.text);
		return status;
	}
	/* What is wrong with this machine now may be nothing of the file's: it stays as it is. */
	if (status == -EINVAL || status == -ENOTSUP || status == -ETIME) {
		set_aside(state, why.text);
	} else {
		fprintf(stderr, "adit %s: %s; the run starts without a state and keeps none\n",
			state->command, why.text);
		free(state->bytes);
		state->bytes = NULL;
		state->path = NULL;
	}
	/* Without a file, a timeline ends as ever. */
	if (state->path == NULL && state->appliance->scorer != NULL) {
		struct app_snapshot *snapshot = &state->appliance->scorer->snapshot;

		adit_free(&app_apart, snapshot->room);
		snapshot->room = NULL;
	}
	return 0;
}

static int folder_check(const char *path, struct adit_error *error)
{
	char copy[PATH_MAX];
	const char *folder;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy) - 8)
		return adit_error_set(error, -ENAMETOOLONG, "state.file: '%s' is too long", path);
	folder = dirname(copy);
	if (access(folder, W_OK | X_OK) != 0)
		return adit_error_set(error, -errno,
			"state.file: %s: its folder must be there and be writable: %s", path,
			strerror(errno));
	return 0;
}

/* With the key, what is known by hashes is known again. */
static int key_take(struct app_state *state, struct adit_error *error)
{
	struct adit_hash_key key = {{0}};
	struct adit_state_io io;
	int status = adit_state_load(&state->file, SECTION_KEY, VERSION, &io, error);

	if (status != 0)
		return status;
	adit_state_bytes(&io, key.bytes, sizeof(key.bytes));
	status = adit_state_load_end(&state->file, &io, error);
	if (status == 0)
		state->appliance->key = key;
	return status;
}

int app_state_open(struct app_state *state, struct adit_error *error)
{
	const struct adit_config *config = state->appliance->config;
	unsigned mode = 0;
	size_t size;
	int status;

	if (config->state_file[0] == '\0')
		return 0;
	status = folder_check(config->state_file, error);
	if (status != 0)
		return status;
	state->path = config->state_file;
	status = adit_state_read(state->path, &state->bytes, &size, &mode, error);
	if (status == -ENOENT) {
		fprintf(stderr, "adit %s: state: %s is not there yet: nothing is remembered\n",
			state->command, state->path);
		return 0;
	}
	if (status == 0 && (mode & 077) != 0)
		fprintf(stderr,
			"adit %s: state: %s has the mode %04o, and addresses of subscribers and a "
			"key are in it: 0600 would be right, and the next one gets it\n",
			state->command, state->path, mode);
	if (status == 0)
		status = adit_state_check(&state->file, state->path, state->bytes, size, error);
	if (status == 0)
		status = key_take(state, error);
	return status == 0 ? 0 : refuse(state, status, error);
}

static void tell_left(const struct app_state *state, const struct adit_state_left *left)
{
	const struct {
		uint64_t count;
		const char *what;
	} parts[] = {
		{left->keys, "keys (history.keys)"},
		{left->windows, "windows (history.entries)"},
		{left->details, "records (history.details)"},
		{left->domains, "domains (history.domains)"},
		{left->servers, "servers (history.servers)"},
		{left->bursts, "seconds of domains (history.bursts)"},
		{left->sessions, "sessions (history.sessions)"},
		{left->encrypted, "subscribers of encrypted DNS (encrypted.subscribers)"},
		{left->stories, "stories"},
	};
	bool any = false;

	for (size_t i = 0; i < ADIT_COUNT(parts); i++) {
		if (parts[i].count == 0)
			continue;
		if (any)
			fprintf(stderr, ", ");
		else
			fprintf(stderr, "adit %s: state: no room for all: left out are ",
				state->command);
		fprintf(stderr, "%llu %s", (unsigned long long)parts[i].count, parts[i].what);
		any = true;
	}
	if (any)
		fputs("\n", stderr);
}

static void tell_loaded(const struct app_state *state, uint32_t slice)
{
	struct adit_state_section section;
	size_t offset = 0;
	uint64_t domains = 0, keys = 0, stories = 0;
	char text[40];

	while (adit_state_next(&state->file, &offset, &section)) {
		if (strcmp(section.name, "domains") == 0)
			domains = section.entries;
		if (strcmp(section.name, "keys") == 0)
			keys = section.entries;
		if (strcmp(section.name, "stories") == 0)
			stories = section.entries;
	}
	fprintf(stderr,
		"adit %s: state: %s is read, as of %s: %llu domains, %llu keys, %llu open "
		"stor%s\n",
		state->command, state->path, time_text((slice + UINT64_C(1)) * ADIT_SLICE_NS, text),
		(unsigned long long)domains, (unsigned long long)keys, (unsigned long long)stories,
		stories == 1 ? "y" : "ies");
}

/* Live, what is of another time than the clock's is known at once. */
static bool is_ahead(const struct app_state *state, uint32_t slice, struct adit_error *error)
{
	uint64_t now_ns = app_now_ns();
	char then[40], now[40];

	if (!state->appliance->live || slice <= adit_slice_of(now_ns) + APP_STATE_AHEAD)
		return false;
	adit_error_set(error, -ETIME,
		"%s: it goes up to %s, and the clock says %s: the clock was set back", state->path,
		time_text((slice + UINT64_C(1)) * ADIT_SLICE_NS, then), time_text(now_ns, now));
	return true;
}

int app_state_load(struct app_state *state, struct adit_error *error)
{
	struct appliance *appliance = state->appliance;
	struct app_snapshot *snapshot = &appliance->scorer->snapshot;
	struct adit_state_left left = {0};
	int status = 0;

	if (state->path == NULL)
		return 0;
	snapshot->room_bytes = app_state_bytes(appliance->config);
	snapshot->room = adit_alloc(&app_apart, snapshot->room_bytes, ADIT_CACHE_LINE);
	if (snapshot->room == NULL)
		return adit_error_set(error, -ENOMEM, "no memory to save a state (%zu MB)",
			snapshot->room_bytes >> 20);
	state->asked_ns = app_manager_clock_ns();
	if (state->bytes == NULL)
		return 0;
	status = adit_scorer_load(appliance->scorer->scorer, &state->file, &left, error);
	if (status == 0 && is_ahead(state, adit_scorer_reached(appliance->scorer->scorer), error)) {
		adit_scorer_forget(appliance->scorer->scorer);
		status = -ETIME;
	}
	if (status != 0)
		return refuse(state, status, error);
	appliance->resume = adit_scorer_reached(appliance->scorer->scorer) + 1;
	appliance->scorer->resume = appliance->resume;
	tell_loaded(state, appliance->resume - 1);
	tell_left(state, &left);
	free(state->bytes);
	state->bytes = NULL;
	return 0;
}

void app_state_verdict(struct app_state *state, const struct adit_verdict *verdict)
{
	state->changed |= verdict->state != ADIT_STATE_UPDATE;
}

/* A thread of its own, or the management thread at the end. */
static void write_file(void *context)
{
	struct app_state *state = context;
	struct app_snapshot *snapshot = &state->appliance->scorer->snapshot;

	if (snapshot->size == 0) {
		state->status = adit_error_set(&state->error, -ENOSPC,
			"%s: %zu MB were reckoned, and more is needed", state->path,
			(size_t)(snapshot->room_bytes / MB));
		return;
	}
	adit_state_seal(snapshot->room, snapshot->size);
	state->status =
		adit_state_write(state->path, snapshot->room, snapshot->size, &state->error);
}

/* Each trouble is told when it begins and when it is over. */
static void written(struct app_state *state)
{
	if (state->status != 0 && !state->problem)
		fprintf(stderr,
			"adit %s: state: %s; the file before stays, and it is tried again\n",
			state->command, state->error.text);
	if (state->status == 0 && state->problem)
		fprintf(stderr, "adit %s: state: %s is written again\n", state->command,
			state->path);
	state->problem = state->status != 0;
}

/* What came is of an earlier time than what was loaded: the scoring core has dropped that. */
static void discarded_tell(struct app_state *state)
{
	struct app_snapshot *snapshot = &state->appliance->scorer->snapshot;
	char text[40];

	if (!atomic_exchange_explicit(&snapshot->discarded, false, memory_order_acquire))
		return;
	fprintf(stderr,
		"adit %s: state: %s goes up to %s, and the first packet is of an earlier time: "
		"what it remembers is of no use and was dropped\n",
		state->command, state->path,
		time_text(state->appliance->resume * ADIT_SLICE_NS, text));
}

void app_state_poll(struct app_state *state, uint64_t now_ns)
{
	struct app_snapshot *snapshot;
	uint64_t every_ns, soon_ns, age_ns = now_ns - state->asked_ns;

	if (state->path == NULL)
		return;
	discarded_tell(state);
	snapshot = &state->appliance->scorer->snapshot;
	if (app_job_over(&state->job)) {
		written(state);
		atomic_store_explicit(&snapshot->turn, APP_SNAPSHOT_NONE, memory_order_release);
	}
	if (state->job.started || !state->appliance->live)
		return;
	every_ns = (uint64_t)state->appliance->config->state_every * ADIT_NS_PER_S;
	switch (atomic_load_explicit(&snapshot->turn, memory_order_acquire)) {
	case APP_SNAPSHOT_NONE:
		soon_ns = SOON_TIMES * snapshot->took_ns;
		soon_ns = soon_ns > SOON_NS ? soon_ns : SOON_NS;
		if (age_ns < every_ns && !(state->changed && age_ns >= soon_ns))
			return;
		state->asked_ns = now_ns;
		state->changed = false;
		atomic_store_explicit(&snapshot->turn, APP_SNAPSHOT_ASKED, memory_order_release);
		break;
	case APP_SNAPSHOT_FULL:
		state->status =
			app_job_start(&state->job, "adit-state", write_file, state, &state->error);
		if (state->status != 0)
			written(state);
		break;
	default:
		break;
	}
}

void app_state_end(struct app_state *state)
{
	struct adit_state_io io;

	if (state->path == NULL || state->appliance->scorer == NULL)
		return;
	discarded_tell(state);
	if (app_job_wait(&state->job))
		written(state);
	if (!save(state->appliance, &io))
		return;
	state->appliance->scorer->snapshot.size = io.failed ? 0 : io.at;
	write_file(state);
	if (state->status != 0)
		fprintf(stderr, "adit %s: state: %s; the file before stays\n", state->command,
			state->error.text);
	else
		fprintf(stderr,
			"adit %s: state: %s is saved; stories that are open go on in the next run, "
			"and are told here as of their last records\n",
			state->command, state->path);
	state->problem = state->status != 0;
}

void app_state_close(struct app_state *state)
{
	free(state->bytes);
	if (state->appliance != NULL && state->appliance->scorer != NULL)
		adit_free(&app_apart, state->appliance->scorer->snapshot.room);
}
