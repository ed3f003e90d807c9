/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a scan counted: stats.json, and a summary in words with the table of verdicts.
 */
#include "logscan.h"
#include "manager.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

FILE *app_logscan_file(struct app_logscan *it, const char *name)
{
	struct adit_error error;
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", it->out, name);
	file = fopen(path, "we");
	if (file == NULL) {
		adit_error_set(&error, -errno, "%s: %s", path, strerror(errno));
		app_logscan_note(it, &error);
	}
	return file;
}

/* All logs together. */
struct sums {
	uint64_t lines, rows, other, malformed[ADIT_LOG_CAUSES], all_malformed;
};

static void sum(const struct app_logscan *it, struct sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (size_t i = 0; i < it->log_count; i++) {
		const struct app_log *log = &it->logs[i];

		sums->lines += log->lines;
		sums->rows += log->rows;
		sums->other += log->other;
		sums->all_malformed += app_log_malformed(log);
		for (int cause = 0; cause < ADIT_LOG_CAUSES; cause++)
			sums->malformed[cause] += log->malformed[cause];
	}
}

static double elapsed_s(const struct app_logscan *it)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)((uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec -
			it->start_ns) /
	       (double)ADIT_NS_PER_S;
}

static int stats_write(struct app_logscan *it, const struct sums *sums, double elapsed)
{
	static const struct adit_pipeline_counters nothing;
	const struct adit_pipeline_counters *counted =
		it->offline.pipeline != NULL ? adit_pipeline_counters(it->offline.pipeline)
					     : &nothing;
	struct adit_stats_counter outcomes[ADIT_OUTCOME_COUNT], causes[ADIT_LOG_CAUSES];
	const struct adit_stats_counter log[] = {{"files", it->log_count}, {"lines", sums->lines},
		{"rows", sums->rows}, {"other", sums->other}, {"malformed", sums->all_malformed},
		{"unjudged", it->unjudged}, {"domains_ranked", adit_logscan_ranked(it->scan)},
		{"marked", it->marked}, {"marked_other_way", it->other_marked},
		{"differing", it->differing}, {"dropped", it->dropped}};
	const struct adit_stats_counter dns[] = {{"queries", counted->dns_queries},
		{"responses", counted->dns_responses}, {"repeated", counted->repeated}};
	const struct adit_stats_group groups[] = {{"log", log, ADIT_COUNT(log)},
		{"malformed", causes, ADIT_COUNT(causes)}, {"dns", dns, ADIT_COUNT(dns)}};
	const struct adit_stats stats = {.received = it->offline.received,
		.outcomes = outcomes,
		.outcome_count = ADIT_COUNT(outcomes),
		.groups = groups,
		.group_count = ADIT_COUNT(groups),
		.elapsed_s = elapsed,
		.complete = !it->problem,
		.problem = it->problem ? it->error.text : NULL};
	FILE *file = app_logscan_file(it, "stats.json");
	int status;

	/* Which is told already. */
	if (file == NULL)
		return 0;
	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++)
		outcomes[i] =
			(struct adit_stats_counter){adit_outcome_names[i], counted->outcome[i]};
	for (int i = 0; i < ADIT_LOG_CAUSES; i++)
		causes[i] =
			(struct adit_stats_counter){adit_log_cause_names[i], sums->malformed[i]};
	status = adit_stats_write_json(&stats, file);
	if (fclose(file) != 0 && status == 0)
		status = -errno;
	return status;
}

static void file_close(struct app_logscan *it, FILE **file, const char *name)
{
	struct adit_error error;
	int status = *file != NULL && ferror(*file) ? -EIO : 0;

	if (*file != NULL && fclose(*file) != 0)
		status = -errno;
	*file = NULL;
	if (status == 0)
		return;
	adit_error_set(&error, status, "%s/%s: %s; what it holds is cut short", it->out, name,
		strerror(-status));
	app_logscan_note(it, &error);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void summary_print(const struct app_logscan *it, const struct sums *sums, double elapsed)
{
	double rate = elapsed > 0 ? (double)sums->rows / elapsed : 0;

	printf("%" PRIu64 " row%s of %zu log%s in %.1f s (%.*f%s rows per second)\n", sums->rows,
		plural(sums->rows), it->log_count, plural(it->log_count), elapsed,
		rate >= 1e5 ? 2 : 0, rate >= 1e5 ? rate / 1e6 : rate,
		rate >= 1e5 ? " million" : "");
	for (size_t i = 0; i < it->log_count; i++) {
		const struct app_log *log = &it->logs[i];

		printf("%s: %s, %" PRIu64 " row%s", app_logfile_name(log->file),
			adit_log_format_names[log->format], log->rows, plural(log->rows));
		if (log->other != 0)
			printf(", %" PRIu64 " line%s about other things", log->other,
				plural(log->other));
		if (app_log_malformed(log) != 0)
			printf(", %" PRIu64 " malformed line%s left out", app_log_malformed(log),
				plural(app_log_malformed(log)));
		putchar('\n');
	}
	printf("Time stamps without a zone are taken for %s\n",
		it->zone != NULL ? it->zone : "UTC");
	app_logscan_lack_tell(it, stdout);
	if (it->unjudged != 0)
		printf("%" PRIu64 " messages have a name or type that no DNS message has: they are "
		       "counted, and not judged\n",
			it->unjudged);
	printf("%zu domains ranked by rows of other types than A; %" PRIu64 " rows marked as "
	       "tunnels\n",
		adit_logscan_ranked(it->scan), it->marked);
	printf("Compared %s, %" PRIu64 " rows would be marked; %" PRIu64 " marks differ\n",
		it->exact ? "within each record type" : "across record types, as --exact does",
		it->other_marked, it->differing);
	if (it->dropped != 0)
		printf("%" PRIu64 " rows of known services dropped\n", it->dropped);
	putchar('\n');
}

/* Too many malformed lines: what was found is of a part of the log, or the format is wrong. */
static void malformed_judge(struct app_logscan *it, const struct sums *sums)
{
	uint64_t all = sums->rows + sums->all_malformed;
	struct adit_error error;

	if (sums->all_malformed == 0 ||
		100 * (double)sums->all_malformed <= it->malformed_most * (double)all)
		return;
	adit_error_set(&error, -EINVAL,
		"%" PRIu64 " of %" PRIu64 " lines are malformed, more than %g %% "
		"(--malformed-most)",
		sums->all_malformed, all, it->malformed_most);
	app_logscan_note(it, &error);
}

int app_logscan_report(struct app_logscan *it)
{
	double elapsed = elapsed_s(it);
	struct sums sums;

	sum(it, &sums);
	malformed_judge(it, &sums);
	file_close(it, &it->verdicts, "verdicts.jsonl");
	file_close(it, &it->windows, "windows.csv");
	if (it->out != NULL) {
		int status = stats_write(it, &sums, elapsed);
		struct adit_error error;

		if (status != 0) {
			adit_error_set(
				&error, status, "%s/stats.json: %s", it->out, strerror(-status));
			app_logscan_note(it, &error);
		}
	}
	summary_print(it, &sums, elapsed);
	if (adit_verdict_board_draw(it->board, it->identity.privacy, stdout, app_terminal_width(),
		    isatty(STDOUT_FILENO), 50) != 0 ||
		fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "adit logscan: cannot write: %s\n", strerror(errno));
		it->problem = true;
	}
	return it->problem ? -EIO : 0;
}
