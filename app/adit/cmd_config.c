/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit config: what is in force, the sample file, the reference page, and the check of a file.
 */
#include "adit_app.h"
#include "adit_columns.h"
#include "adit_config.h"
#include "adit_feature.h"
#include "adit_verdict.h"
#include "http.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
	"usage: adit config dump [-c FILE] [--set SECTION.NAME=VALUE]...\n"
	"       adit config sample\n"
	"       adit config reference [options | verdicts | features | dataset]\n"
	"       adit config schema\n"
	"       adit config check FILE\n"
	"\n"
	"  dump       print every option as it is in force, as a file that can be read back\n"
	"  sample     print a configuration file with every option at its default\n"
	"  reference  print the reference (Markdown) of the options, of the fields of a verdict,\n"
	"             of the features, or of the columns of adit dataset\n"
	"  schema     print the JSON Schema of a verdict\n"
	"  check      read FILE, say ok or what is wrong with it\n"
	"\n"
	"  -c, --config FILE  the configuration file\n"
	"      --set SECTION.NAME=VALUE\n"
	"                     one option; may be given again, overrides the file\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit status: 0; 1: output not written; 2: usage or configuration error.\n";

static int fail_usage(const char *why, const char *what)
{
	fprintf(stderr, "adit config: %s%s\nTry: adit config --help\n", why, what);
	return ADIT_EXIT_USAGE;
}

static int fail_config(const struct adit_error *error)
{
	fprintf(stderr, "%s\n", error->text);
	return ADIT_EXIT_USAGE;
}

static int fail_verb(const char *verb)
{
	static const char *const verbs[] = {"dump", "sample", "reference", "schema", "check"};
	const char *near = adit_nearest(verb, verbs, ADIT_COUNT(verbs));

	fprintf(stderr, "adit config: there is no '%s'%s%s%s\nTry: adit config --help\n", verb,
		near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "");
	return ADIT_EXIT_USAGE;
}

static int check_write(int rc)
{
	if (rc == 0)
		return ADIT_EXIT_DONE;
	fprintf(stderr, "adit config: cannot write: %s\n", strerror(-rc));
	return ADIT_EXIT_NOT_DONE;
}

static int check(const char *path)
{
	struct adit_config config;
	struct adit_error error = {"out of memory"};
	int rc = adit_config_init(&config);

	if (rc == 0)
		rc = adit_config_read(&config, path, &error);
	if (rc == 0)
		rc = adit_config_check(&config, &error);
	if (rc == 0)
		rc = app_http_check(&config, &error);
	adit_config_clear(&config);
	if (rc != 0)
		return fail_config(&error);
	printf("%s: ok\n", path);
	return check_write(fflush(stdout) != 0 ? -errno : 0);
}

static int dump(const char *path, char *const *sets, size_t set_count)
{
	struct adit_config config;
	struct adit_error error = {"out of memory"};
	int rc = adit_config_init(&config);

	if (rc == 0 && path != NULL)
		rc = adit_config_read(&config, path, &error);
	for (size_t i = 0; rc == 0 && i < set_count; i++)
		rc = adit_config_set(&config, sets[i], &error);
	if (rc != 0)
		rc = fail_config(&error);
	else
		rc = check_write(adit_config_dump(&config, stdout));
	adit_config_clear(&config);
	return rc;
}

static int reference(const char *of)
{
	static const struct {
		const char *name;
		int (*write)(FILE *to);
	} pages[] = {
		{"options", adit_config_reference},
		{"verdicts", adit_verdict_write_reference},
		{"features", adit_features_reference},
		{"dataset", adit_columns_reference},
	};

	for (size_t i = 0; i < ADIT_COUNT(pages); i++)
		if (strcmp(of, pages[i].name) == 0)
			return check_write(pages[i].write(stdout));
	return fail_usage("there is no reference of ", of);
}

/* The verb and its operands, `count` of them in all. */
static int run(int count, char **operands, const char *path, char *const *sets, size_t set_count)
{
	const char *verb = count > 0 ? operands[0] : "";
	bool is_check = strcmp(verb, "check") == 0, is_dump = strcmp(verb, "dump") == 0;
	bool is_reference = strcmp(verb, "reference") == 0;

	if (count == 0)
		return fail_usage("name one of dump, sample, reference, schema, check", "");
	if (!is_dump && (path != NULL || set_count > 0))
		return fail_usage("-c and --set belong to dump", "");
	if (is_check && count < 2)
		return fail_usage("check takes a FILE", "");
	if (count > 1 + is_check + is_reference)
		return fail_usage("one argument too many: ", operands[1 + is_check + is_reference]);
	if (is_check)
		return check(operands[1]);
	if (is_dump)
		return dump(path, sets, set_count);
	if (strcmp(verb, "sample") == 0)
		return check_write(adit_config_sample(stdout));
	if (strcmp(verb, "schema") == 0)
		return check_write(adit_verdict_write_schema(stdout));
	if (is_reference)
		return reference(count > 1 ? operands[1] : "options");
	return fail_verb(verb);
}

int adit_cmd_config(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	/* There are no more --set than arguments. */
	char **sets = calloc((size_t)argc + 1, sizeof(*sets));
	size_t set_count = 0;
	int letter, rc;

	if (sets == NULL)
		return check_write(-ENOMEM);
	/* 0 makes glibc start anew: the main program has parsed its own arguments. */
	optind = 0;
	while ((letter = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			path = optarg;
			break;
		case 's':
			sets[set_count++] = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			free(sets);
			return check_write(fflush(stdout) != 0 ? -errno : 0);
		default:
			/* getopt_long has said what is wrong. */
			free(sets);
			return ADIT_EXIT_USAGE;
		}
	}
	rc = run(argc - optind, argv + optind, path, sets, set_count);
	free(sets);
	return rc;
}
