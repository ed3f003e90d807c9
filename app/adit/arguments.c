/* SPDX-License-Identifier: BSD-3-Clause */
#include "arguments.h"

#include "adit_config.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#define OPTIONS_MAX 64
#define FIRST       256 /* getopt's code of the first option */
#define HELP_COLUMN 24

#define DURATION_LEAST_S 10
#define DURATION_MOST_S  (366 * 86400)

/* The options of all groups in one row, and --help behind them. */
struct flat {
	struct app_option *options[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 2];
	const char *names[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 4];
	size_t count;
};

int app_line_refuse(const char *command, const char *format, ...)
{
	va_list list;

	fprintf(stderr, "adit %s: ", command);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, "\nTry: adit %s --help\n", command);
	return ADIT_EXIT_USAGE;
}

const char *app_did_you_mean(
	const char *word, const char *before, const char *const *names, size_t count)
{
	static char text[160];
	const char *near = adit_nearest(word, names, count);

	text[0] = '\0';
	if (near != NULL && strcmp(near, word) != 0)
		snprintf(text, sizeof(text), "; did you mean '%s%.100s'?", before, near);
	return text;
}

static void flatten(const struct app_line *line, struct flat *flat)
{
	char *letter = flat->shorts;

	*letter++ = ':';
	*letter++ = 'h';
	for (size_t g = 0; g < APP_GROUPS_MAX; g++) {
		for (size_t i = 0; i < line->groups[g].count && flat->count < OPTIONS_MAX; i++) {
			struct app_option *option = &line->groups[g].options[i];
			int takes = option->type == APP_FLAG ? no_argument : required_argument;
			flat->longs[flat->count] = (struct option){
				option->name, takes, NULL, FIRST + (int)flat->count};
			flat->names[flat->count] = option->name;
			flat->options[flat->count++] = option;
			if (option->letter != 0) {
				*letter++ = option->letter;
				if (takes == required_argument)
					*letter++ = ':';
			}
		}
	}
	*letter = '\0';
	flat->names[flat->count] = "help";
	flat->longs[flat->count] = (struct option){"help", no_argument, NULL, 'h'};
}

static void print_option(const struct app_option *option)
{
	const char *help = option->help;
	int width = option->letter != 0 ? printf("  -%c, ", option->letter) : printf("      ");

	width += printf("--%s", option->name);
	if (option->value != NULL)
		width += printf(" %s", option->value);
	if (width >= HELP_COLUMN)
		width = printf("\n") - 1;
	while (*help != '\0') {
		size_t length = strcspn(help, "\n");
		printf("%*s%.*s\n", HELP_COLUMN - width, "", (int)length, help);
		help += length + (help[length] == '\n');
		width = 0;
	}
}

static int print_help(const struct app_line *line)
{
	fputs(line->usage, stdout);
	for (size_t g = 0; g < APP_GROUPS_MAX; g++) {
		if (line->groups[g].count == 0)
			continue;
		printf("\n%s:\n", line->groups[g].title);
		for (size_t i = 0; i < line->groups[g].count; i++)
			print_option(&line->groups[g].options[i]);
	}
	fputs("\n  -h, --help            print this\n\n", stdout);
	fputs(line->closing, stdout);
	fputs("\nExit status: 0 done, 1 not done (a message says what), 2 usage, or input that "
	      "cannot be read.\n",
		stdout);
	if (fflush(stdout) == 0)
		return ADIT_EXIT_DONE;
	fprintf(stderr, "adit %s: cannot write: %s\n", line->command, strerror(errno));
	return ADIT_EXIT_NOT_DONE;
}

bool app_read_number(const char *text, double *number)
{
	char *end;

	*number = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*number) && !isspace((uint8_t)*text);
}

int app_read_duration(
	const char *what, const char *text, uint32_t *seconds, struct adit_error *error)
{
	static const struct {
		char letter;
		double seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char number[32];
	size_t length = strlen(text);
	double value;

	for (size_t i = 0; length > 1 && length <= sizeof(number) && i < ADIT_COUNT(units); i++) {
		if (text[length - 1] != units[i].letter)
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)length - 1, text);
		if (!app_read_number(number, &value))
			break;
		value *= units[i].seconds;
		if (!(value >= DURATION_LEAST_S && value <= DURATION_MOST_S))
			return adit_error_set(
				error, -EINVAL, "%s %s: right is 10s to 366d", what, text);
		*seconds = (uint32_t)ceil(value);
		return 0;
	}
	return adit_error_set(error, -EINVAL,
		"%s %.60s: a number and its unit are right: 24h, 30m, 45s or 7d", what, text);
}

static int take_number(struct app_option *option, const char *text, struct adit_error *error)
{
	double number;
	bool whole = option->type == APP_COUNT;

	if (!app_read_number(text, &number) ||
		(whole && strspn(text, "0123456789") != strlen(text)))
		return adit_error_set(error, -EINVAL, "--%s %s: a %s is expected", option->name,
			text, whole ? "whole number" : "number");
	if (number < option->low || number > option->high)
		return adit_error_set(error, -EINVAL, "--%s %s: right is %g to %g", option->name,
			text, option->low, option->high);
	if (whole)
		*(uint64_t *)option->to = strtoull(text, NULL, 10);
	else
		*(double *)option->to = number;
	return 0;
}

int app_option_take(struct app_option *option, const char *text, struct adit_error *error)
{
	struct app_texts *texts = option->to;

	option->given = true;
	switch (option->type) {
	case APP_FLAG:
		*(bool *)option->to = true;
		return 0;
	case APP_TEXT:
		*(const char **)option->to = text;
		return 0;
	case APP_TEXTS:
		if (texts->count == APP_TEXTS_MAX)
			return adit_error_set(
				error, -EINVAL, "more than %d --%s", APP_TEXTS_MAX, option->name);
		texts->text[texts->count++] = text;
		return 0;
	default:
		return take_number(option, text, error);
	}
}

static struct app_option *find(const struct flat *flat, int choice)
{
	if (choice >= FIRST)
		return flat->options[choice - FIRST];
	for (size_t i = 0; i < flat->count; i++) {
		if (flat->options[i]->letter == choice)
			return flat->options[i];
	}
	return NULL;
}

int app_line_parse(struct app_line *line, int argc, char **argv)
{
	struct flat flat = {.count = 0};
	struct adit_error error;
	int choice;

	flatten(line, &flat);
	opterr = 0;
	/* 0 makes glibc start anew: the main program has parsed its own arguments. */
	optind = 0;
	while ((choice = getopt_long(argc, argv, flat.shorts, flat.longs, NULL)) != -1) {
		const char *word = argv[optind - 1];
		if (choice == 'h')
			return print_help(line);
		if (choice == ':')
			return app_line_refuse(
				line->command, "a value is missing after '%s'", word);
		if (choice == '?') {
			const char *bare = strncmp(word, "--", 2) == 0 ? word + 2 : "";
			return app_line_refuse(line->command, "there is no option '%s'%s", word,
				app_did_you_mean(bare, "--", flat.names, flat.count + 1));
		}
		if (app_option_take(find(&flat, choice), optarg, &error) != 0)
			return app_line_refuse(line->command, "%s", error.text);
	}
	line->operands = argv + optind;
	line->operand_count = (size_t)(argc - optind);
	return -1;
}

int app_split(const char *text, char by, struct app_texts *parts, char **copy)
{
	char *at = strdup(text);

	*copy = at;
	parts->count = 0;
	if (at == NULL)
		return -ENOMEM;
	while (at != NULL) {
		char *next = strchr(at, by), *end;
		if (next != NULL)
			*next++ = '\0';
		at += strspn(at, " \t");
		for (end = at + strlen(at); end > at && (end[-1] == ' ' || end[-1] == '\t'); end--)
			end[-1] = '\0';
		if (*at == '\0' || parts->count == APP_TEXTS_MAX)
			return -EINVAL;
		parts->text[parts->count++] = at;
		at = next;
	}
	return 0;
}

int app_exit_status(int error)
{
	switch (error) {
	case 0:
		return ADIT_EXIT_DONE;
	case -EINVAL:
	case -ENOENT:
	case -EACCES:
	case -EISDIR:
	case -ENOTDIR:
	case -EBADMSG:
	case -E2BIG:
		return ADIT_EXIT_USAGE;
	default:
		return ADIT_EXIT_NOT_DONE;
	}
}

const char *app_duration_text(uint64_t seconds, char text[40])
{
	const unsigned long long s = seconds;

	if (s >= 86400)
		snprintf(text, 40, "%llu d %llu h", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(text, 40, "%llu h %llu min", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(text, 40, "%llu min %llu s", s / 60, s % 60);
	else
		snprintf(text, 40, "%llu s", s);
	return text;
}
