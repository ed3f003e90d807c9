/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders about files: rows of windows.csv for a while, and new files in place of those that grew.
 */
#include "arguments.h"
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DUMP_PRESET "1m"
#define ROTATE_NS   (10 * ADIT_NS_PER_S) /* for sinks to do it */

/* DIRECTORY/NAME-20261129T012345Z.ENDING, which nobody has. */
static void stamped(
	char path[PATH_MAX], const char *directory, const char *name, const char *ending)
{
	time_t now = (time_t)(app_now_ns() / ADIT_NS_PER_S);
	char stamp[24] = "";
	struct tm parts;
	struct stat about;

	if (gmtime_r(&now, &parts) != NULL)
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &parts);
	snprintf(path, PATH_MAX, "%s/%s-%s.%s", directory, name, stamp, ending);
	for (unsigned i = 2; lstat(path, &about) == 0 && i < 1000; i++)
		snprintf(path, PATH_MAX, "%s/%s-%s-%u.%s", directory, name, stamp, i, ending);
}

static int dump_open(struct app_control *control, const char *directory, struct adit_error *error)
{
	int file;

	stamped(control->dump.path, directory, "windows", "csv");
	file = open(control->dump.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	control->dump.file = file >= 0 ? fdopen(file, "w") : NULL;
	if (control->dump.file == NULL) {
		int status = -errno;

		if (file >= 0)
			close(file);
		return adit_error_set(
			error, status, "%s: %s", control->dump.path, strerror(-status));
	}
	control->dump.status = adit_feature_write_header(
		adit_feature_names, ADIT_FEATURE_COUNT, control->dump.file);
	control->dump.rows = 0;
	return 0;
}

bool app_order_dump(struct app_control *control, struct app_order *order)
{
	struct app_manager *manager = control->http->manager;
	struct app_scorer *scorer = manager->appliance->scorer;
	const char *duration = app_order_text(order, "duration");
	struct adit_error error = {"out of memory"};
	uint32_t seconds;
	char until[40];

	if (app_read_duration(
		    "duration", duration != NULL ? duration : DUMP_PRESET, &seconds, &error) != 0)
		return app_order_refuse(order, 400, "%s", error.text);
	if (control->dump.file != NULL)
		return app_order_refuse(order, 409,
			"rows are written to %s already; expected one dump at a time",
			control->dump.path);
	if (atomic_load(&control->http->appliance->lcores_running) == 0)
		return app_order_refuse(order, 409, "the run is over: no more rows come");
	if (manager->directory == NULL)
		return app_order_refuse(
			order, 409, "this run has no directory for files: it needs --out DIR");
	if (dump_open(control, manager->directory, &error) != 0)
		return app_order_refuse(order, 500, "%s", error.text);
	control->dump.until_ns = app_manager_clock_ns() + seconds * ADIT_NS_PER_S;
	atomic_store_explicit(&scorer->dumps, true, memory_order_relaxed);
	adit_time_text((app_now_ns() / ADIT_NS_PER_S + seconds) * ADIT_NS_PER_S, until);
	return app_order_done(order,
		json_pack("{s:b,s:s,s:s}", "done", 1, "file", control->dump.path, "until", until));
}

void app_control_row(struct app_control *control, const struct adit_feature_row *row,
	const struct adit_privacy *privacy)
{
	int status;

	if (control->dump.file == NULL)
		return;
	status = adit_feature_write_row(row, ADIT_FEATURE_COUNT, privacy, control->dump.file);
	if (control->dump.status == 0)
		control->dump.status = status;
	control->dump.rows += status == 0;
}

void app_control_dump_end(struct app_control *control)
{
	const char *command = control->http != NULL ? control->http->manager->command : "";
	int status = control->dump.status;

	if (control->dump.file == NULL)
		return;
	if (control->http->appliance->scorer != NULL)
		atomic_store_explicit(
			&control->http->appliance->scorer->dumps, false, memory_order_relaxed);
	if (fclose(control->dump.file) != 0 && status == 0)
		status = -errno;
	control->dump.file = NULL;
	if (status != 0)
		fprintf(stderr, "adit %s: %s: %s; what it holds is cut short\n", command,
			control->dump.path, strerror(-status));
	else
		fprintf(stderr, "adit %s: %s has %llu rows\n", command, control->dump.path,
			(unsigned long long)control->dump.rows);
}

/* The verdicts so far stay under another name; the file begins anew. `old` is "" where there were
 * none. */
static int verdicts_rotate(
	struct app_manager *manager, char old[PATH_MAX], struct adit_error *error)
{
	char path[PATH_MAX];
	struct stat about;
	FILE *file;
	int status;

	old[0] = '\0';
	if (manager->verdicts == NULL || fstat(fileno(manager->verdicts), &about) != 0 ||
		about.st_size == 0)
		return 0;
	snprintf(path, sizeof(path), "%s/verdicts.jsonl", manager->directory);
	stamped(old, manager->directory, "verdicts", "jsonl");
	if (rename(path, old) != 0)
		return adit_error_set(
			error, -errno, "%s: %s; it is written on as before", path, strerror(errno));
	file = fopen(path, "we");
	if (file == NULL) {
		status = -errno;
		/* What is written from now on must be found where it is looked for. */
		(void)rename(old, path);
		return adit_error_set(error, status, "%s: %s; it is written on as before", path,
			strerror(-status));
	}
	status = fclose(manager->verdicts) == 0 ? 0 : -errno;
	manager->verdicts = file;
	if (status != 0)
		return adit_error_set(error, status, "%s: %s; what it holds is cut short", old,
			strerror(-status));
	return 0;
}

bool app_order_rotate(struct app_control *control, struct app_order *order)
{
	struct app_manager *manager = control->http->manager;
	const char *name = "";
	struct adit_error error;
	char why[256] = "";
	size_t left;

	if (!order->is_begun) {
		order->is_begun = true;
		order->since_ns = app_manager_clock_ns();
		if (verdicts_rotate(manager, order->path, &error) != 0)
			return app_order_refuse(order, 500, "%s", error.text);
		order->number = adit_sinks_rotate(manager->sinks);
	}
	left = adit_sinks_rotating(manager->sinks, &name, why);
	if (left == 0)
		return app_order_done(order,
			json_pack("{s:b,s:I,s:o}", "done", 1, "sinks", (json_int_t)order->number,
				"verdicts",
				order->path[0] != '\0' ? json_string(order->path) : json_null()));
	if (app_manager_clock_ns() - order->since_ns < ROTATE_NS)
		return false;
	return app_order_refuse(order, 503,
		"of %lu sinks %zu have begun no new file yet, sink %.60s among them%s%.200s; they "
		"do "
		"as soon as they can",
		order->number, left, name, why[0] != '\0' ? ": " : "", why);
}
