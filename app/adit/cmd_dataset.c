/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit dataset: captures to a table with a row for each query, for machine learning.
 */
#include "adit_app.h"
#include "dataset.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>

static const char usage[] =
	"usage: adit dataset [OPTIONS] CAPTURE...\n"
	"\n"
	"Makes a table of the queries in captures taken beside clients (pcap or pcapng, plain or\n"
	"gzip; - is standard input): a row for each query, with the answer that it got, and with\n"
	"what a resolver asked other servers for it, if captures from there are given as well.\n"
	"Without -o it tells what there is. Captures are read side by side, by time.\n";

static const char closing[] =
	"adit dataset -o rows.csv --server auth.pcap cli.pcap\n"
	"adit dataset -o rows.npz --columns 'label_*,feature_*' --require two-packets,server \\\n"
	"    --split-name '\\.(?<algorithm>\\w+)-(?<size>\\d+)\\.example\\.org$' --server s.pcap "
	"c.pcap\n"
	"adit dataset --label 'tunnel=\\.t\\.example\\.org$' --group-by tunnel \\\n"
	"    --agg rcode:min,mean,max --agg latency_ns:mean c.pcap\n";

#define OPTIONS 22

static size_t options_fill(struct app_dataset *d, struct app_option *input,
	struct app_option *output, struct app_option *pairing, size_t counts[3])
{
	const struct app_option inputs[] = {
		{"server", 's', APP_TEXTS, "CAPTURE",
			"captures from behind the resolver; may be given again", &d->servers},
		{"server-shift", 0, APP_NUMBER, "MS", "add this to the times of the server side",
			&d->shift_ms, -1e9, 1e9},
		{"clock-slack", 0, APP_NUMBER, "MS",
			"how far the clocks of both sides may be apart (0)", &d->slack_ms, 0,
			60000},
		{"set", 0, APP_TEXTS, "SECTION.NAME=VALUE",
			"an option of adit config, for reading captures (dns.ports)", &d->sets},
	};
	const struct app_option outputs[] = {
		{"out", 'o', APP_TEXTS, "FILE",
			"the table: FILE.csv, .jsonl or .npz; - is standard output; may\n"
			"be given again. FILE.columns.csv tells its columns",
			&d->outs},
		{"format", 0, APP_TEXT, "FORMAT", "of standard output: csv (default) or jsonl",
			&d->format},
		{"columns", 'c', APP_TEXT, "LIST",
			"names and patterns, as in 'label_*,qname'; @usual: the default;\n"
			"'*': all. adit config reference dataset lists them",
			&d->columns},
		{"label", 'l', APP_TEXTS, "NAME=REGEX",
			"a column label_NAME: the first group of REGEX in the name asked\n"
			"for, or without groups 1 where it matches, else 0",
			&d->labels},
		{"split-name", 0, APP_TEXTS, "REGEX",
			"a column label_GROUP for each named group, (?<GROUP>…)", &d->splits},
		{"require", 'r', APP_TEXT, "LIST",
			"leave rows out: two-packets (one query, one answer, nothing\n"
			"else), answer, in-time, server (a query of the server side),\n"
			"name (every --split-name matches)",
			&d->require},
		{"group-by", 0, APP_TEXT, "LIST",
			"print a table of the groups of rows that are kept", &d->group_by},
		{"agg", 0, APP_TEXTS, "COLUMN:WHAT,…",
			"what it has of a column: count, min, mean, max, sum", &d->aggs},
		{"group-csv", 0, APP_FLAG, NULL, "print it as CSV", &d->csv_groups},
		{"summary", 0, APP_FLAG, NULL, "tell what became of every message and row",
			&d->summary},
		{"explain", 0, APP_TEXT, "FILE",
			"list what was left out or not matched, and why, as CSV", &d->explain},
	};
	const struct app_option pairings[] = {
		{"timeout", 0, APP_NUMBER, "S", "an answer after this is late (5)", &d->timeout_s,
			0.001, 3600},
		{"window", 0, APP_NUMBER, "S",
			"how long packets may belong to a query (15); memory goes by it",
			&d->window_s, 0.001, 3600},
		{"duplicate-window", 0, APP_NUMBER, "MS",
			"the same packet again within this was seen twice (20); 0: never",
			&d->duplicate_ms, 0, 10000},
		{"transactions", 0, APP_COUNT, "N", "rows that may be open at a time (262144)",
			&d->transactions, 1, ADIT_TRANSACTIONS_MAX},
		{"tag-label", 0, APP_COUNT, "N",
			"match the server side by the Nth label of names, not by names;\n"
			"1 is the leftmost",
			&d->tag_label, 1, ADIT_LABEL_MAX},
	};

	memcpy(input, inputs, sizeof(inputs));
	memcpy(output, outputs, sizeof(outputs));
	memcpy(pairing, pairings, sizeof(pairings));
	counts[0] = ADIT_COUNT(inputs);
	counts[1] = ADIT_COUNT(outputs);
	counts[2] = ADIT_COUNT(pairings);
	return counts[0] + counts[1] + counts[2];
}

static int requirements_read(struct app_dataset *dataset, struct adit_error *error)
{
	struct app_texts *parts = calloc(1, sizeof(*parts));
	char *copy = NULL;
	int status = parts != NULL ? app_split(dataset->require, ',', parts, &copy) : -ENOMEM;

	for (size_t i = 0; status == 0 && i < parts->count; i++) {
		int at = APP_DATASET_KEPT + 1;

		while (at < APP_DATASET_DROPS &&
			strcmp(parts->text[i], app_dataset_requirements[at]) != 0)
			at++;
		if (at < APP_DATASET_DROPS) {
			dataset->requires[at] = true;
			continue;
		}
		status = adit_error_set(error, -EINVAL,
			"--require '%.60s': right is two-packets, answer, in-time, server or "
			"name%s",
			parts->text[i],
			app_did_you_mean(parts->text[i], "", app_dataset_requirements + 1,
				APP_DATASET_DROPS - 1));
	}
	if (status == -EINVAL && error->text[0] == '\0')
		adit_error_set(error, status, "--require '%.60s': words parted by commas",
			dataset->require);
	free(copy);
	free(parts);
	return status;
}

static int outs_check(const struct app_dataset *dataset, struct adit_error *error)
{
	bool to_stdout = dataset->explain != NULL && strcmp(dataset->explain, "-") == 0;
	bool table_to_stdout = false;

	if (dataset->explain != NULL && *dataset->explain == '\0')
		return adit_error_set(error, -EINVAL, "--explain: the file has no name");
	if (dataset->outs.count > APP_DATASET_FILES_MAX)
		return adit_error_set(
			error, -EINVAL, "more than %d tables (-o)", APP_DATASET_FILES_MAX);
	for (size_t i = 0; i < dataset->outs.count; i++) {
		const char *path = dataset->outs.text[i];
		enum adit_format format;

		if (strcmp(path, "-") != 0 && adit_format_of(path, &format, error) != 0)
			return -EINVAL;
		if (strcmp(path, "-") == 0 && (to_stdout || dataset->group_by != NULL))
			return adit_error_set(error, -EINVAL,
				"-o - and %s both go to standard output: name a file for one",
				to_stdout ? "--explain -" : "--group-by");
		table_to_stdout |= strcmp(path, "-") == 0;
		if (strlen(path) > PATH_MAX - 32)
			return adit_error_set(error, -EINVAL, "-o %.60s…: too long a name", path);
	}
	if (dataset->format != NULL && !table_to_stdout)
		return adit_error_set(error, -EINVAL,
			"--format is of standard output (-o -); a file's name says what it is");
	if (to_stdout && dataset->group_by != NULL)
		return adit_error_set(error, -EINVAL,
			"--explain - and --group-by both go to standard output: name a file for "
			"one");
	return 0;
}

/* Standard input can be read once. */
static int inputs_check(const struct app_dataset *dataset, struct adit_error *error)
{
	size_t count = 0;

	for (size_t i = 0; i < dataset->client_count; i++)
		count += strcmp(dataset->clients[i], "-") == 0;
	for (size_t i = 0; i < dataset->servers.count; i++)
		count += strcmp(dataset->servers.text[i], "-") == 0;
	return count > 1 ? adit_error_set(error, -EINVAL,
				   "- is standard input, which can be only one of the captures")
			 : 0;
}

static int check(struct app_dataset *dataset, struct adit_error *error)
{
	int status = inputs_check(dataset, error);

	if (status == 0)
		status = outs_check(dataset, error);
	if (status == 0)
		status = app_dataset_places_check(dataset, error);
	if (status == 0 && dataset->require != NULL)
		status = requirements_read(dataset, error);
	if (status != 0)
		return status;
	if (dataset->window_s < dataset->timeout_s)
		return adit_error_set(error, -EINVAL,
			"--window %g is shorter than --timeout %g: right is the same or longer",
			dataset->window_s, dataset->timeout_s);
	if (dataset->requires[APP_DATASET_SERVER] && dataset->servers.count == 0)
		return adit_error_set(error, -EINVAL,
			"--require server needs captures of the server side: --server");
	if (dataset->requires[APP_DATASET_NAME] && dataset->splits.count == 0)
		return adit_error_set(error, -EINVAL, "--require name needs --split-name");
	if (dataset->aggs.count > 0 && dataset->group_by == NULL)
		return adit_error_set(error, -EINVAL, "--agg needs --group-by");
	return 0;
}

/* File names as texts of ASCII, without their folders. */
static int names_make(struct app_dataset *dataset, struct adit_error *error)
{
	dataset->capture_names = calloc(dataset->client_count, sizeof(char *));
	if (dataset->capture_names == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < dataset->client_count; i++) {
		const char *slash = strrchr(dataset->clients[i], '/');
		const char *name = slash != NULL ? slash + 1 : dataset->clients[i];
		char *text = malloc(4 * strlen(name) + 1), *at = text;

		dataset->capture_names[i] = text;
		if (text == NULL)
			return adit_error_set(error, -ENOMEM, "no memory");
		for (; *name != '\0'; name++)
			at += *name < 0x20 || *name > 0x7e
				      ? snprintf(at, 5, "\\%03u", (unsigned)(uint8_t)*name)
				      : snprintf(at, 2, "%c", *name);
		*at = '\0';
	}
	return 0;
}

static int pairing_make(struct app_dataset *dataset, struct adit_error *error)
{
	struct adit_pairing_params params = {
		.key = &adit_hash_key_fixed,
		.timeout_ns = (uint64_t)(dataset->timeout_s * (double)ADIT_NS_PER_S),
		.window_ns = (uint64_t)(dataset->window_s * (double)ADIT_NS_PER_S),
		.duplicate_ns = (uint64_t)(dataset->duplicate_ms * (double)ADIT_NS_PER_MS),
		.slack_ns = (uint64_t)(dataset->slack_ms * (double)ADIT_NS_PER_MS),
		.transactions = (uint32_t)dataset->transactions,
		.tag_label = (uint32_t)dataset->tag_label,
		.has_server = dataset->servers.count > 0,
		.row = app_dataset_row_take,
		.explain = dataset->explain != NULL ? app_dataset_explain : NULL,
		.context = dataset,
	};

	dataset->pairing = adit_pairing_create(&params, NULL);
	if (dataset->pairing == NULL)
		return adit_error_set(error, -ENOMEM,
			"no memory for %llu rows (%zu MB): --transactions",
			(unsigned long long)dataset->transactions,
			adit_pairing_bytes(&params) >> 20);
	return 0;
}

static void stop(int number)
{
	(void)number;
	app_dataset_stopped = 1;
}

/* The first interrupt ends the reading, a second one the program. */
static void interrupts_catch(void)
{
	static const int signals[] = {SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND}, before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ADIT_COUNT(signals); i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static int groups_tell(struct app_dataset *dataset, struct adit_error *error)
{
	int status = 0;

	if (dataset->groups != NULL)
		status = adit_groups_write(dataset->groups, dataset->csv_groups, stdout);
	if (status == 0 && fflush(stdout) != 0)
		status = -errno;
	return status == 0 ? 0
			   : adit_error_set(error, status, "cannot write: %s", strerror(-status));
}

static bool stdout_is_taken(const struct app_dataset *dataset)
{
	bool taken = dataset->groups != NULL ||
		     (dataset->explain != NULL && strcmp(dataset->explain, "-") == 0);

	for (size_t i = 0; i < dataset->outs.count; i++)
		taken |= strcmp(dataset->outs.text[i], "-") == 0;
	return taken;
}

/* Reads and writes; what was found is told also where something failed. */
static int make(struct app_dataset *dataset, struct appliance *appliance, struct adit_error *error)
{
	int status = app_dataset_files_open(dataset, error);

	if (status == 0) {
		interrupts_catch();
		status = app_dataset_read(dataset, appliance, error);
	}
	if (status != 0) {
		app_dataset_files_abandon(dataset);
		return status;
	}
	app_dataset_files_close(dataset);
	app_dataset_tell(dataset, stdout_is_taken(dataset) ? stderr : stdout);
	status = groups_tell(dataset, error);
	if (status != 0)
		return status;
	if (dataset->status != 0) {
		*error = dataset->error;
		return dataset->status;
	}
	/* These have been told by name. */
	if (dataset->output_failed)
		return adit_error_set(error, -EIO, "not all could be written; the rest is whole");
	if (app_dataset_stopped)
		return adit_error_set(
			error, -EINTR, "interrupted; what had been read until then is written");
	return !dataset->damaged
		       ? 0
		       : adit_error_set(error, -EIO, "not all could be read; the rest is written");
}

static int run(struct app_dataset *dataset, struct adit_error *error)
{
	static struct appliance appliance;
	struct adit_config config;
	int status = adit_config_init(&config);

	for (size_t i = 0; i < dataset->sets.count && status == 0; i++)
		status = adit_config_set(&config, dataset->sets.text[i], error);
	if (status == 0)
		status = app_reading_load(&appliance, &config, error);
	if (status == 0)
		status = app_dataset_columns_choose(dataset, error);
	if (status == 0)
		status = names_make(dataset, error);
	if (status == 0)
		status = pairing_make(dataset, error);
	if (status == 0) {
		dataset->view.captures = (const char *const *)dataset->capture_names;
		dataset->view.suffixes = appliance.suffixes;
		dataset->view.naming = dataset->naming;
		dataset->view.has_server = dataset->servers.count > 0;
		status = make(dataset, &appliance, error);
	}
	adit_pairing_destroy(dataset->pairing);
	app_dataset_columns_clear(dataset);
	for (size_t i = 0; dataset->capture_names != NULL && i < dataset->client_count; i++)
		free(dataset->capture_names[i]);
	free(dataset->capture_names);
	adit_suffix_destroy(appliance.suffixes);
	adit_config_clear(&config);
	return status;
}

int adit_cmd_dataset(int argc, char **argv)
{
	static struct app_dataset dataset = {
		.timeout_s = 5, .window_s = 15, .duplicate_ms = 20, .transactions = 262144};
	struct app_option input[OPTIONS], output[OPTIONS], pairing[OPTIONS];
	struct adit_error error = {""};
	size_t counts[3];
	struct app_line line = {.command = "dataset", .usage = usage, .closing = closing};
	int status;

	options_fill(&dataset, input, output, pairing, counts);
	line.groups[0] = (struct app_option_group){"Input", input, counts[0]};
	line.groups[1] = (struct app_option_group){"Output", output, counts[1]};
	line.groups[2] = (struct app_option_group){"Pairing", pairing, counts[2]};
	status = app_line_parse(&line, argc, argv);
	if (status != -1)
		return status;
	if (line.operand_count == 0)
		return app_line_refuse("dataset", "name at least one CAPTURE taken beside clients");
	dataset.clients = line.operands;
	dataset.client_count = line.operand_count;
	if (check(&dataset, &error) != 0)
		return app_line_refuse("dataset", "%s", error.text);
	status = run(&dataset, &error);
	if (status != 0)
		fprintf(stderr, "adit dataset: %s\n", error.text);
	return app_exit_status(status);
}
