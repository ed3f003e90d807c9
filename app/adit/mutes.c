/* SPDX-License-Identifier: BSD-3-Clause */
#include "mutes.h"

#include "appliance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Where mutes are kept: as configured; where the service manager keeps state; beside the outputs.
 */
static bool path_find(
	struct app_mutes *mutes, const struct adit_config *config, bool live, const char *directory)
{
	const char *given = config->control_mutes, *state = getenv("STATE_DIRECTORY");
	bool is_auto = strcmp(given, "auto") == 0;

	if (!is_auto)
		snprintf(mutes->path, sizeof(mutes->path), "%s", given);
	else if (!live)
		return false;
	else if (state != NULL && state[0] == '/' && strchr(state, ':') == NULL)
		snprintf(mutes->path, sizeof(mutes->path), "%s/mutes.jsonl", state);
	else if (directory != NULL)
		snprintf(mutes->path, sizeof(mutes->path), "%s/mutes.jsonl", directory);
	return mutes->path[0] != '\0';
}

int app_mutes_open(struct app_mutes *mutes, const struct adit_config *config, bool live,
	const char *directory, struct adit_error *error)
{
	bool has_path = path_find(mutes, config, live, directory);
	struct adit_mutes_reading reading;
	int status;

	pthread_mutex_init(&mutes->lock, NULL);
	mutes->locks = true;
	status = adit_mutes_open(&mutes->mutes, has_path ? mutes->path : NULL, &reading, error);
	if (status != 0 && status != -ENOMEM && strcmp(config->control_mutes, "auto") == 0) {
		fprintf(stderr, "adit %s: %s; mutes of this run end with it\n", mutes->command,
			error->text);
		mutes->path[0] = '\0';
		status = adit_mutes_open(&mutes->mutes, NULL, &reading, error);
	}
	if (status != 0)
		return status;
	mutes->passed_over = reading.passed_over;
	mutes->in_force = adit_mutes_in_force(mutes->mutes, app_now_ns(), NULL, 0);
	if (reading.told.text[0] != '\0')
		fprintf(stderr, "adit %s: %s\n", mutes->command, reading.told.text);
	if (reading.passed_over > 1)
		fprintf(stderr, "adit %s: %s: %zu lines are passed over in all\n", mutes->command,
			mutes->path, reading.passed_over);
	if (mutes->in_force != 0)
		fprintf(stderr, "adit %s: %s: %zu mute%s in force\n", mutes->command, mutes->path,
			(size_t)mutes->in_force, mutes->in_force == 1 ? " is" : "s are");
	return 0;
}

void app_mutes_close(struct app_mutes *mutes)
{
	adit_mutes_close(mutes->mutes);
	mutes->mutes = NULL;
	if (mutes->locks)
		pthread_mutex_destroy(&mutes->lock);
	mutes->locks = false;
}

void app_mutes_mark(struct app_mutes *mutes, struct adit_verdict *verdict)
{
	verdict->muted = mutes->mutes != NULL
				 ? adit_mutes_find(mutes->mutes, &verdict->domain, app_now_ns())
				 : NULL;
	if (verdict->muted != NULL)
		__atomic_store_n(&mutes->records[verdict->verdict],
			mutes->records[verdict->verdict] + 1, __ATOMIC_RELAXED);
}

void app_mutes_poll(struct app_mutes *mutes, struct adit_sinks *sinks, bool now)
{
	uint64_t clock_ns = app_now_ns();
	const struct adit_mute **in_force;
	struct adit_wire_name *names;
	size_t count;

	/* The clock may have been set back. */
	if (mutes->mutes == NULL || (!now && clock_ns >= mutes->looked_ns &&
					    clock_ns - mutes->looked_ns < ADIT_NS_PER_S))
		return;
	mutes->looked_ns = clock_ns;
	count = adit_mutes_in_force(mutes->mutes, clock_ns, NULL, 0);
	__atomic_store_n(&mutes->in_force, count, __ATOMIC_RELAXED);
	if (sinks == NULL)
		return;
	in_force = calloc(count + 1, sizeof(const struct adit_mute *));
	names = calloc(count + 1, sizeof(*names));
	if (in_force != NULL && names != NULL) {
		adit_mutes_in_force(mutes->mutes, clock_ns, in_force, count);
		for (size_t i = 0; i < count; i++)
			names[i] = in_force[i]->domain;
		/* Without memory they are told a second later. */
		(void)adit_sinks_mute(sinks, names, count);
	}
	free(in_force);
	free(names);
}

/* Of whole seconds, as people read it. */
static uint64_t now_whole(void)
{
	return app_now_ns() / ADIT_NS_PER_S * ADIT_NS_PER_S;
}

int app_mutes_add(struct app_mutes *mutes, struct adit_sinks *sinks,
	const struct adit_wire_name *domain, const char *by, const char *reason, uint64_t until_ns,
	struct adit_error *error)
{
	int status;

	pthread_mutex_lock(&mutes->lock);
	status = adit_mutes_add(mutes->mutes, domain, by, reason, until_ns, now_whole(), error);
	pthread_mutex_unlock(&mutes->lock);
	app_mutes_poll(mutes, sinks, true);
	return status;
}

int app_mutes_end(struct app_mutes *mutes, struct adit_sinks *sinks,
	const struct adit_wire_name *domain, const char *by, const char *reason,
	struct adit_error *error)
{
	int status;

	pthread_mutex_lock(&mutes->lock);
	status = adit_mutes_end(mutes->mutes, domain, by, reason, now_whole(), error);
	pthread_mutex_unlock(&mutes->lock);
	app_mutes_poll(mutes, sinks, true);
	return status;
}

int app_mutes_write(struct app_mutes *mutes, bool all, FILE *to)
{
	int status;

	pthread_mutex_lock(&mutes->lock);
	status = adit_mutes_write_json(mutes->mutes, all, app_now_ns(), to);
	pthread_mutex_unlock(&mutes->lock);
	return status;
}
