/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit top: what a program that runs finds, live.
 */
#include "adit_app.h"
#include "client.h"
#include "manager.h"
#include "top.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MS 5000

static const char usage[] =
	"usage: adit top [OPTIONS]\n"
	"\n"
	"Shows what a program that runs finds (adit run, adit replay --serve), live: domains,\n"
	"subscribers, verdicts, cores. Keys are told by ?. Colours only where the terminal has\n"
	"them and NO_COLOR is not set.\n";

struct options {
	struct app_client client;
	const char *view, *sort, *only;
	const char *filter;
	double interval_s;
	bool once;
};

/* The number of a word, or -1. */
static int place_of(const char *word, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static int options_take(
	const struct options *options, struct app_top *top, struct adit_error *error)
{
	int view =
		options->view != NULL ? place_of(options->view, app_top_views, APP_TOP_VIEWS) : 0;
	int sort =
		options->sort != NULL ? place_of(options->sort, app_top_sorts, APP_TOP_SORTS) : 0;

	if (view < 0)
		return adit_error_set(error, -EINVAL,
			"--view '%s': expected domains, subscribers, verdicts or cores",
			options->view);
	if (sort < 0)
		return adit_error_set(error, -EINVAL,
			"--sort '%s': expected score, rate, names, bytes, age or newest",
			options->sort);
	if (options->only != NULL && strcmp(options->only, "tunnel") != 0 &&
		strcmp(options->only, "suspect") != 0)
		return adit_error_set(
			error, -EINVAL, "--only '%s': expected tunnel or suspect", options->only);
	if (options->filter != NULL && strlen(options->filter) >= sizeof(top->filter))
		return adit_error_set(error, -EINVAL, "--filter: longer than %zu characters",
			sizeof(top->filter) - 1);
	top->view = (enum app_top_view)view;
	top->sort[APP_TOP_VERDICTS] = APP_TOP_NEWEST;
	if (options->sort != NULL)
		for (int i = 0; i < APP_TOP_VIEWS; i++)
			top->sort[i] = (enum app_top_sort)sort;
	top->only = options->only;
	snprintf(top->filter, sizeof(top->filter), "%s",
		options->filter != NULL ? options->filter : "");
	return 0;
}

/* What the view needs. */
static int ask(void *context, struct app_top *top, struct adit_error *error)
{
	struct options *options = context;
	char path[APP_TOP_PATH];
	json_t *answer;
	int status = app_client_get(&options->client, "/api/v1/status", &answer, error);

	if (status != 0)
		return status;
	app_top_take_status(top, answer, app_manager_clock_ns());
	if (app_top_path(top, path)) {
		status = app_client_get(&options->client, path, &answer, error);
		if (status != 0)
			return status;
		app_top_take_list(top, answer);
	}
	if (!top->is_detailed || !app_top_detail_path(top, path))
		return 0;
	status = app_client_get(&options->client, path, &answer, error);
	/* It gave way to newer ones: there is nothing to tell of it, and nothing wrong. */
	if (status == -EREMOTEIO && options->client.status == 404)
		status = 0;
	if (status == 0)
		app_top_take_detail(top, answer);
	return status;
}

static int page_print(struct app_top *top, struct adit_error *error)
{
	unsigned width = app_terminal_width();
	struct app_top_page page = {.unicode = MB_CUR_MAX > 1,
		.width = width < APP_TOP_WIDTH_LEAST  ? APP_TOP_WIDTH_LEAST
			 : width > APP_TOP_WIDTH_MOST ? APP_TOP_WIDTH_MOST
						      : width};
	int status = 0;

	app_top_show(top, SIZE_MAX, &page);
	for (size_t i = 0; i < page.count; i++)
		puts(page.line[i].text);
	if (page.failed)
		status = adit_error_set(error, -ENOMEM, "no memory");
	else if (fflush(stdout) != 0)
		status = adit_error_set(error, -errno, "cannot write: %s", strerror(errno));
	app_top_page_clear(&page);
	return status;
}

static int run(struct options *options, struct app_top *top, struct adit_error *error)
{
	int status = app_client_open(&options->client, ANSWER_MS, error);

	if (status == 0)
		status = ask(options, top, error);
	if (status == 0 && options->once)
		status = page_print(top, error);
	else if (status == 0 && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		status = adit_error_set(
			error, -ENOTTY, "it needs a terminal; --once prints a page without one");
	else if (status == 0)
		status = app_top_screen(top, options->interval_s, ask, options, error);
	app_client_close(&options->client);
	return status;
}

int adit_cmd_top(int argc, char **argv)
{
	struct options options = {.interval_s = 2};
	struct app_option where[APP_CLIENT_OPTIONS];
	struct app_option own[] = {
		{"once", 0, APP_FLAG, NULL, "print one page, all rows of it, and end: for scripts",
			&options.once, 0, 0, false},
		{"interval", 'i', APP_NUMBER, "SECONDS", "between two looks (default: 2)",
			&options.interval_s, 0.1, 3600, false},
		{"view", 0, APP_TEXT, "VIEW",
			"begin with domains (the default), subscribers, verdicts or cores",
			&options.view, 0, 0, false},
		{"sort", 0, APP_TEXT, "KEY", "by score, rate, names, bytes, age or newest",
			&options.sort, 0, 0, false},
		{"filter", 0, APP_TEXT, "TEXT", "only rows with this text", &options.filter, 0, 0,
			false},
		{"only", 0, APP_TEXT, "VERDICT", "only tunnel, or only suspect", &options.only, 0,
			0, false},
	};
	struct app_line line = {.command = "top",
		.usage = usage,
		.closing = "adit ctl status tells how it gets on in a few lines.\n",
		.groups = {{"Options", own, ADIT_COUNT(own)},
			{"Which program", where, app_client_options(&options.client, where)}}};
	struct adit_error error = {"no memory"};
	struct app_top *top;
	int status = app_line_parse(&line, argc, argv);

	if (status >= 0)
		return status;
	if (line.operand_count != 0)
		return app_line_refuse("top", "'%s' is not expected", line.operands[0]);
	setlocale(LC_CTYPE, "");
	top = calloc(1, sizeof(*top));
	status = top != NULL ? options_take(&options, top, &error) : -ENOMEM;
	if (status == 0)
		status = run(&options, top, &error);
	if (top != NULL)
		app_top_clear(top);
	free(top);
	if (status == 0)
		return ADIT_EXIT_DONE;
	if (status == -EINVAL)
		return app_line_refuse("top", "%s", error.text);
	fprintf(stderr, "adit top: %s\n", error.text);
	return ADIT_EXIT_NOT_DONE;
}
