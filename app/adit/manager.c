/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager.h"

#include "http.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_NS (200 * ADIT_NS_PER_MS)
#define BAR_WIDTH   30

static volatile sig_atomic_t stop_asked, models_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

static void on_hangup(int number)
{
	(void)number;
	models_asked = 1;
}

/* Only there to make a blocking read return: no SA_RESTART. */
static void on_interrupt(int number)
{
	(void)number;
}

/* Asks the lcores to end. A spreader that waits for its input (standard input may never come) is
 * woken, again and again: the signal may have come just before it went to wait. */
static void stop_tell(struct appliance *appliance)
{
	unsigned long thread =
		atomic_load_explicit(&appliance->spreader->thread, memory_order_relaxed);

	atomic_store_explicit(&appliance->stop, true, memory_order_relaxed);
	if (!appliance->live && thread != 0)
		pthread_kill((pthread_t)thread, SIGUSR1);
}

uint64_t app_manager_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

static FILE *file_open(
	const struct app_manager *manager, const char *name, struct adit_error *error)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", manager->directory, name);
	file = fopen(path, "we");
	if (file == NULL)
		adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	return file;
}

int app_directory_make(const char *path, struct adit_error *error)
{
	char part[PATH_MAX];
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(part))
		return adit_error_set(error, -ENAMETOOLONG, "--out: '%s' is no path", path);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return adit_error_set(error, -errno, "%s: %s", part, strerror(errno));
	}
	return 0;
}

int app_manager_open(struct app_manager *manager, struct adit_error *error)
{
	const struct sigaction action = {.sa_handler = on_signal};
	const struct sigaction interrupt = {.sa_handler = on_interrupt};
	const struct sigaction hangup = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};

	manager->progress = !manager->silent && isatty(STDERR_FILENO);
	manager->board = adit_verdict_board_create();
	if (manager->board == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the table of verdicts");
	if (manager->directory != NULL) {
		int status = app_directory_make(manager->directory, error);

		if (status != 0)
			return status;
		manager->verdicts = file_open(manager, "verdicts.jsonl", error);
		if (manager->verdicts == NULL)
			return -EIO;
		manager->encrypted = file_open(manager, "encrypted.csv", error);
		if (manager->encrypted == NULL)
			return -EIO;
		adit_encrypted_write_header(manager->encrypted);
		/* Of a run before: it would pass for this one's. */
		if (!manager->features) {
			char path[PATH_MAX];

			snprintf(path, sizeof(path), "%s/windows.csv", manager->directory);
			unlink(path);
		}
		if (manager->features) {
			manager->windows = file_open(manager, "windows.csv", error);
			if (manager->windows == NULL)
				return -EIO;
			adit_feature_write_header(
				adit_feature_names, ADIT_FEATURE_COUNT, manager->windows);
		}
	}
	sigaction(SIGUSR1, &interrupt, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A replay ends with its terminal, as ever. */
	if (manager->appliance->live)
		sigaction(SIGHUP, &hangup, NULL);
	/* A closed pipe and a file that may not grow are errors of a write, not the end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

/* Each is told once, at once: the run goes on, and the exit status will say so again. `file` is a
 * static string. */
static void problem_note(struct app_manager *manager, const char *file, int status)
{
	struct adit_error error;
	size_t i = 0;

	while (i < ADIT_COUNT(manager->told) - 1 && manager->told[i] != NULL &&
		strcmp(manager->told[i], file) != 0)
		i++;
	if (manager->told[i] != NULL)
		return;
	manager->told[i] = file;
	adit_error_set(&error, status, "%s%s%s: %s; what it holds is cut short, the run goes on",
		manager->directory != NULL ? manager->directory : "",
		manager->directory != NULL ? "/" : "", file, strerror(-status));
	if (!manager->problem)
		manager->error = error;
	manager->problem = true;
	fprintf(stderr, "adit %s: %s\n", manager->command, error.text);
}

static const char *tap_name(const struct app_manager *manager, uint8_t tap)
{
	return tap < manager->appliance->tap_count ? manager->appliance->tap_name[tap] : NULL;
}

static void verdict_write(struct app_manager *manager, struct adit_verdict *verdict)
{
	int status;

	app_learn_verdict(&manager->learn, verdict);
	for (size_t i = 0; i < verdict->subscriber_count; i++)
		verdict->subscriber[i].tap_name = tap_name(manager, verdict->subscriber[i].tap);
	app_identity_fill(&manager->identity, verdict);
	app_mutes_mark(&manager->mutes, verdict);
	if (adit_verdict_board_add(manager->board, verdict) != 0)
		problem_note(manager, "table of verdicts", -ENOMEM);
	adit_sinks_offer(manager->sinks, verdict, manager->identity.privacy);
	app_http_verdict(manager->http, verdict, manager->identity.privacy);
	if (manager->verdicts == NULL)
		return;
	status = adit_verdict_write_json(verdict, manager->identity.privacy, manager->verdicts);
	if (status != 0)
		problem_note(manager, "verdicts.jsonl", status);
	else if (manager->written != NULL)
		manager->written(manager->context, verdict);
}

static void features_write(struct app_manager *manager, const struct adit_feature_row *row)
{
	int status;

	if (manager->http != NULL)
		app_control_row(&manager->http->control, row, manager->identity.privacy);
	if (manager->windows == NULL)
		return;
	status = adit_feature_write_row(
		row, ADIT_FEATURE_COUNT, manager->identity.privacy, manager->windows);
	if (status != 0)
		problem_note(manager, "windows.csv", status);
}

/* An hour of encrypted DNS; the table goes back empty. */
static void blind_write(struct app_manager *manager, struct adit_blind *blind)
{
	int status = 0;

	adit_blind_sort(blind);
	for (uint32_t i = 0; manager->encrypted != NULL && status == 0 && i < blind->count; i++) {
		const struct adit_blind_row *from = &blind->rows[i];
		struct adit_encrypted_row row = {
			.window_start_ns = blind->first_slice * ADIT_SLICE_NS,
			.window_end_ns = (blind->last_slice + UINT64_C(1)) * ADIT_SLICE_NS,
			.subscriber = from->who.address,
			.tap = from->who.tap,
			.tap_name = tap_name(manager, from->who.tap),
			.vlan = from->who.vlan,
			.vlan_inner = from->who.vlan_inner,
			.resolver = from->resolver,
		};

		for (int t = 0; t < ADIT_TRANSPORT_COUNT; t++)
			row.count[t] = (struct adit_encrypted_count){
				.packets_up = from->packets_up[t],
				.packets_down = from->packets_down[t],
				.bytes_up = from->bytes_up[t],
				.bytes_down = from->bytes_down[t],
			};
		status = adit_encrypted_write_row(
			&row, manager->identity.privacy, manager->encrypted);
	}
	if (status == 0 && manager->encrypted != NULL && fflush(manager->encrypted) != 0)
		status = -errno;
	if (status != 0)
		problem_note(manager, "encrypted.csv", status);
	adit_blind_clear(blind);
	rte_ring_sp_enqueue(manager->appliance->scorer->blinds_free, blind);
}

static void message_write(struct app_manager *manager, struct app_message *message)
{
	switch (message->kind) {
	case APP_VERDICT:
		verdict_write(manager, &message->verdict);
		break;
	case APP_FEATURES:
		if (message->learn)
			app_learn_row(&manager->learn, &message->features);
		features_write(manager, &message->features);
		break;
	case APP_STRETCH:
		app_learn_stretch(&manager->learn, &message->stretch);
		break;
	case APP_BLIND:
		blind_write(manager, message->blind);
		break;
	}
}

static size_t messages_take(struct app_manager *manager)
{
	struct appliance *appliance = manager->appliance;
	size_t count = 0;
	void *message;

	while (rte_ring_sc_dequeue(appliance->messages_full, &message) == 0) {
		message_write(manager, message);
		rte_ring_sp_enqueue(appliance->messages_free, message);
		count++;
	}
	return count;
}

static void progress_draw(const struct app_manager *manager, uint64_t now)
{
	const struct app_spreader *spreader = manager->appliance->spreader;
	double seconds = (double)(now - manager->started_ns) / (double)ADIT_NS_PER_S;
	uint64_t received = app_report_received(manager->appliance);
	double share = 0;
	char bar[BAR_WIDTH + 1];

	if (!manager->appliance->live && spreader->bytes_total != 0) {
		share = (double)app_read(&spreader->bytes_done) / (double)spreader->bytes_total;
		share = share > 1 ? 1 : share;
		memset(bar, '.', BAR_WIDTH);
		memset(bar, '#', (size_t)(share * BAR_WIDTH));
		bar[BAR_WIDTH] = '\0';
		fprintf(stderr, "\r[%s] %3.0f %%", bar, share * 100);
	} else {
		fprintf(stderr, "\r%.0f s", seconds);
	}
	fprintf(stderr, "  %.2f M packets, %.2f M/s, %zu tunnels, %zu suspects\033[K",
		(double)received / 1e6, seconds > 0 ? (double)received / seconds / 1e6 : 0,
		adit_verdict_board_count(manager->board, ADIT_VERDICT_TUNNEL),
		adit_verdict_board_count(manager->board, ADIT_VERDICT_SUSPECT));
	fflush(stderr);
}

/* New models, learned or read again; what a signal asks for waits for its turn. */
static void models_poll(struct app_manager *manager)
{
	app_renew_poll(&manager->renew);
	app_learn_poll(&manager->learn);
	if (models_asked) {
		models_asked = 0;
		app_renew_ask(&manager->renew);
	}
}

void app_manager_run(struct app_manager *manager)
{
	static const struct timespec nap = {0, (long)ADIT_NS_PER_MS};
	struct appliance *appliance = manager->appliance;
	uint64_t drawn;

	drawn = manager->started_ns = app_manager_clock_ns();
	app_notify_ready(&manager->notify, appliance, drawn);
	for (;;) {
		/* Read before the queue: what was sent before the last lcore ended is seen. */
		bool ended =
			atomic_load_explicit(&appliance->lcores_running, memory_order_acquire) == 0;
		uint64_t now = app_manager_clock_ns();

		if (stop_asked && !ended)
			stop_tell(appliance);
		if (messages_take(manager) == 0) {
			if (ended)
				break;
			nanosleep(&nap, NULL);
		}
		app_identity_poll(&manager->identity);
		app_http_poll(manager->http, now);
		app_mutes_poll(&manager->mutes, manager->sinks, false);
		models_poll(manager);
		app_sinks_tell(manager->sinks, manager->command);
		app_notify_poll(&manager->notify, manager, now);
		if (!manager->silent)
			app_selfcheck(appliance, now - manager->started_ns, false);
		if (manager->progress && now - drawn >= PROGRESS_NS) {
			progress_draw(manager, now);
			drawn = now;
		}
	}
	manager->ended_ns = app_manager_clock_ns();
	if (manager->progress)
		fprintf(stderr, "\r\033[K");
	app_learn_end(&manager->learn, stop_asked != 0);
	app_renew_end(&manager->renew);
	if (!manager->silent)
		app_selfcheck(appliance, manager->ended_ns - manager->started_ns, true);
}

void app_manager_linger(struct app_manager *manager)
{
	static const struct timespec nap = {0, (long)(100 * ADIT_NS_PER_MS)};

	while (!stop_asked) {
		app_http_poll(manager->http, app_manager_clock_ns());
		nanosleep(&nap, NULL);
	}
}

unsigned app_terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 120;
}

int app_manager_finish(struct app_manager *manager)
{
	const struct app_spreader *spreader = manager->appliance->spreader;
	const char *problem = NULL;
	bool drawn, lost = app_sinks_end(manager->sinks, manager->command);
	int status;

	if (manager->windows != NULL && fflush(manager->windows) != 0)
		problem_note(manager, "windows.csv", -errno);
	if (spreader->problem)
		problem = spreader->error.text;
	else if (manager->problem)
		problem = manager->error.text;
	else if (manager->learn.problem)
		problem = "no models were learned";
	else if (lost)
		problem = "sinks have lost records";
	else if (stop_asked && !manager->appliance->live)
		problem = "interrupted";
	if (manager->directory != NULL) {
		status = app_report_stats(manager, problem);
		if (status != 0) {
			problem_note(manager, "stats.json", status);
			problem = manager->error.text;
		}
	}
	app_report_summary(manager);
	drawn = adit_verdict_board_draw(manager->board, manager->identity.privacy, stdout,
			app_terminal_width(), isatty(STDOUT_FILENO), 50) == 0;
	if (!drawn)
		problem = problem != NULL ? problem : "the table could not be written";
	if (spreader->problem)
		fprintf(stderr, "adit %s: %s\n", manager->command, spreader->error.text);
	else if (problem != NULL && !manager->problem)
		fprintf(stderr, "adit %s: %s%s\n", manager->command, problem,
			drawn ? "; what was found so far is above" : "");
	return problem == NULL ? 0 : 1;
}

void app_manager_close(struct app_manager *manager)
{
	if (manager->verdicts != NULL)
		fclose(manager->verdicts);
	if (manager->windows != NULL)
		fclose(manager->windows);
	if (manager->encrypted != NULL)
		fclose(manager->encrypted);
	adit_verdict_board_destroy(manager->board);
	adit_sinks_destroy(manager->sinks);
	app_learn_close(&manager->learn);
	app_mutes_close(&manager->mutes);
	app_identity_close(&manager->identity);
}
