/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit logscan: tunnels from DNS logs.
 */
#include "adit_app.h"
#include "logscan.h"
#include "manager.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
	"usage: adit logscan [OPTIONS] LOG...\n"
	"\n"
	"Finds tunnels in DNS logs (plain or gzip; - is standard input): by counts per second of\n"
	"each domain and record type, and by the detectors of adit replay, over the messages that\n"
	"the rows stand for. Prints a table of verdicts. docs/logscan.md tells what each format\n"
	"can show, and how a row is marked.\n";

static const char closing[] = "adit logscan --out out queries.log.1.gz queries.log\n"
			      "adit logscan --exact --out out raw_logs_auth.tsv\n"
			      "zcat dns.log.gz | adit logscan --format zeek-tsv -\n";

static void options_make(struct app_logscan *it, struct app_option own[], size_t *own_count,
	struct app_option input[], size_t *input_count)
{
	const struct app_option of_scan[] = {
		{"out", 'o', APP_TEXT, "DIR",
			"write verdicts.jsonl, stats.json, domains.csv and the labelled logs there",
			&it->out, 0, 0, false},
		{"exact", 0, APP_FLAG, NULL,
			"mark rows as the notebook does, that this comes from: groups by the time\n"
			"stamps as they are, compared across record types; rows of known "
			"services,\n"
			"found as parts of host names, are dropped",
			&it->exact, 0, 0, false},
		{"domains", 0, APP_COUNT, "N",
			"rank so many, by their rows of other types than A (default 1000)",
			&it->domains, 1, 1000000, false},
		{"services", 0, APP_TEXT, "DIR",
			"lists of known services, not those in logscan/services (with --exact\n"
			"logscan/notebook) beside the program",
			&it->services, 0, 0, false},
		{"no-detectors", 0, APP_FLAG, NULL,
			"mark rows only; the detectors of adit replay stay out", &it->no_detectors,
			0, 0, false},
		{"features", 0, APP_FLAG, NULL,
			"write windows.csv to DIR too: every judged key with its features",
			&it->features, 0, 0, false},
		{"config", 'c', APP_TEXT, "FILE", "configuration file of the detectors",
			&it->config_path, 0, 0, false},
		{"set", 0, APP_TEXTS, "SECTION.NAME=VALUE",
			"one option of it; may be given again, overrides the file", &it->sets, 0, 0,
			false},
	};
	const struct app_option of_input[] = {
		{"format", 0, APP_TEXT, "NAME",
			"auto (default), tsv, csv, bind, unbound, dnstap, zeek-tsv, zeek-json",
			&it->format, 0, 0, false},
		{"columns", 0, APP_TEXT, "NAMES",
			"of tsv and csv, in their order, parted by commas: timestamp, hostname,\n"
			"record, TTL, DNS_IP, ANS_IP, 2LD, server, client, port, rcode, id, and\n"
			"others, which are read over (default: a header's, or the first seven)",
			&it->columns, 0, 0, false},
		{"time-zone", 0, APP_TEXT, "ZONE",
			"of time stamps without one: UTC (default), or hours and minutes east of\n"
			"it, +01:00",
			&it->zone, 0, 0, false},
		{"year", 0, APP_COUNT, "YEAR", "of time stamps without one, as syslog's", &it->year,
			1970, 2261, false},
		{"explain", 0, APP_COUNT, "N",
			"show so many malformed lines with what is wrong (default 10)",
			&it->explain, 0, 1e15, false},
		{"malformed-most", 0, APP_NUMBER, "PERCENT",
			"of lines that may be malformed; with more, the status is 1 (default 10)",
			&it->malformed_most, 0, 100, false},
	};

	memcpy(own, of_scan, sizeof(of_scan));
	memcpy(input, of_input, sizeof(of_input));
	*own_count = ADIT_COUNT(of_scan);
	*input_count = ADIT_COUNT(of_input);
}

/* Everything that can be wrong before a log is read. */
static int prepare(struct app_logscan *it, const struct app_line *line, struct adit_error *error)
{
	const struct adit_logscan_params params = {it->exact, (uint32_t)it->domains};
	int status = 0;

	for (int i = 0; i <= ADIT_LOG_FORMATS; i++) {
		if (i == ADIT_LOG_FORMATS)
			return adit_error_set(error, -EINVAL,
				"--format %s: there is no such format%s", it->format,
				app_did_you_mean(
					it->format, "", adit_log_format_names, ADIT_LOG_FORMATS));
		if (strcmp(it->format, adit_log_format_names[i]) == 0)
			break;
	}
	if (it->features && (it->out == NULL || it->no_detectors))
		return adit_error_set(error, -EINVAL,
			"--features writes what the detectors look at to --out DIR, and not with "
			"--no-detectors");
	if (it->config_path != NULL)
		status = adit_config_read(&it->config, it->config_path, error);
	for (size_t i = 0; i < it->sets.count && status == 0; i++)
		status = adit_config_set(&it->config, it->sets.text[i], error);
	/* Then there is nothing to be loaded for them. */
	if (it->no_detectors)
		it->config.detect_signatures = it->config.detect_trees = it->config.detect_svm =
			it->config.detect_envelope = false;
	/* What is wrong with the logs shows before what takes long. */
	if (status == 0)
		status = app_logscan_open(it, line->operands, line->operand_count, error);
	if (status == 0)
		status = appliance_load(&it->appliance, &it->config, error);
	if (status == 0)
		status = app_identity_open(&it->identity, &it->config, error);
	if (status == 0)
		status = app_logscan_services(it, error);
	if (status != 0)
		return status;
	it->scan = adit_logscan_create(&params, NULL);
	return it->scan != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory for rows");
}

static int scan(struct app_logscan *it, struct adit_error *error)
{
	int status = it->out != NULL ? app_directory_make(it->out, error) : 0;

	app_interrupt_stops("logscan");
	if (status == 0)
		status = app_logscan_read(it, error);
	if (status == 0 && adit_logscan_run(it->scan) != 0)
		status = adit_error_set(error, -ENOMEM, "no memory to count rows by second");
	if (status == 0)
		status = app_logscan_domains_begin(it, error);
	if (status == 0)
		status = app_logscan_label(it, error);
	if (status != 0)
		return status;
	app_logscan_domains_end(it);
	app_logscan_lack(it);
	status = app_logscan_judge(it, error);
	if (status != 0)
		return status;
	if (it->out != NULL)
		app_logscan_domains_write(it);
	return app_logscan_report(it);
}

static void close_all(struct app_logscan *it)
{
	app_offline_close(&it->offline);
	adit_logscan_destroy(it->scan);
	for (size_t i = 0; i < it->log_count; i++) {
		app_logfile_close(it->logs[i].file);
		adit_log_reader_destroy(it->logs[i].reader);
	}
	free(it->logs);
	free(it->logged);
	free(it->known_names);
	adit_allow_destroy(it->known);
	adit_verdict_board_destroy(it->board);
	app_identity_close(&it->identity);
	appliance_destroy(&it->appliance);
	adit_config_clear(&it->config);
}

int adit_cmd_logscan(int argc, char **argv)
{
	static struct app_logscan it;
	struct app_option own[8], input[8];
	size_t own_count, input_count;
	struct adit_error error = {"no memory"};
	struct timespec now;
	int status;

	it = (struct app_logscan){.format = "auto",
		.domains = ADIT_LOGSCAN_DOMAINS,
		.explain = 10,
		.malformed_most = 10,
		.identity = {.command = "logscan"}};
	options_make(&it, own, &own_count, input, &input_count);
	struct app_line line = {.command = "logscan",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", own, own_count}, {"Logs", input, input_count}}};
	status = app_line_parse(&line, argc, argv);
	if (status != -1)
		return status;
	if (line.operand_count == 0)
		return app_line_refuse("logscan", "name at least one LOG");
	clock_gettime(CLOCK_MONOTONIC, &now);
	it.start_ns = (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
	app_interrupt_start("logscan");
	status = adit_config_init(&it.config);
	if (status == 0)
		status = prepare(&it, &line, &error);
	/* What was given is wrong, or there is no memory; after this, what cannot be done. */
	if (status != 0) {
		fprintf(stderr, "adit logscan: %s\n", error.text);
		status = app_exit_status(status);
		close_all(&it);
		return status;
	}
	status = scan(&it, &error);
	if (status != 0 && !it.problem)
		fprintf(stderr, "adit logscan: %s\n", error.text);
	close_all(&it);
	return status == 0 ? ADIT_EXIT_DONE : ADIT_EXIT_NOT_DONE;
}
