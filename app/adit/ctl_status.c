/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit ctl status, for a person.
 */
#include "ctl.h"

#include "arguments.h"

#include <inttypes.h>
#include <stdio.h>

static const json_t *at(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

const char *app_ctl_text(const json_t *object, const char *key)
{
	const char *value = json_string_value(at(object, key));

	return value != NULL ? value : "?";
}

int64_t app_ctl_number(const json_t *object, const char *key)
{
	return json_integer_value(at(object, key));
}

static void print_lcores(const json_t *lcores)
{
	const json_t *lcore;
	size_t i;

	fputs("lcores    ", stdout);
	json_array_foreach((json_t *)(uintptr_t)lcores, i, lcore) printf("%s%s %s",
		i > 0 ? ", " : "", app_ctl_text(lcore, "lcore"), app_ctl_text(lcore, "state"));
	putchar('\n');
}

/* Counters that are not 0; "none" where all are. */
static void print_counts(const char *title, const json_t *counts)
{
	const char *name;
	json_t *count;
	bool any = false;

	printf("%-10s", title);
	json_object_foreach((json_t *)(uintptr_t)counts, name, count)
	{
		if (json_integer_value(count) == 0)
			continue;
		printf("%s%" PRId64 " %s", any ? ", " : "", (int64_t)json_integer_value(count),
			name);
		any = true;
	}
	puts(any ? "" : "none");
}

/* What goes on beside it. */
static void print_work(const json_t *answer)
{
	const json_t *learning = at(answer, "learning");

	if (json_is_object(learning))
		printf("learning  %s, for %s: %" PRId64 " s so far\n",
			app_ctl_text(learning, "state"), app_ctl_text(learning, "duration"),
			app_ctl_number(learning, "seconds_done"));
	if (json_is_string(at(answer, "dump")))
		printf("dump      %s\n", app_ctl_text(answer, "dump"));
	if (json_is_string(at(answer, "log")))
		printf("log       %s\n", app_ctl_text(answer, "log"));
}

APP_CTL_PRINT(status)
{
	const json_t *reason, *stories = at(answer, "stories"), *records = at(answer, "records");
	const json_t *patterns = at(answer, "patterns");
	char up[40];
	size_t i;

	(void)ctl;
	printf("adit %s, version %s, process %" PRId64 ", up ", app_ctl_text(answer, "command"),
		app_ctl_text(answer, "version"), app_ctl_number(answer, "pid"));
	printf("%s (since %s)\nhealth    %s\n",
		app_duration_text((uint64_t)app_ctl_number(answer, "uptime_seconds"), up),
		app_ctl_text(answer, "started"), app_ctl_text(answer, "health"));
	json_array_foreach((json_t *)(uintptr_t)at(answer, "reasons"), i, reason)
		printf("          %s\n", json_string_value(reason));
	print_lcores(at(answer, "lcores"));
	printf("packets   %" PRId64 " received, %" PRId64 " a second on average; %" PRId64
	       " DNS queries, %" PRId64 " responses\n",
		app_ctl_number(at(answer, "packets"), "received"),
		app_ctl_number(answer, "packets_per_second"),
		app_ctl_number(at(answer, "dns"), "queries"),
		app_ctl_number(at(answer, "dns"), "responses"));
	print_counts("lost", at(answer, "drops"));
	printf("windows   %.1f s since the last slice was scored\n",
		json_number_value(at(answer, "window_lag_seconds")));
	printf("verdicts  %" PRId64 " tunnels, %" PRId64 " suspects; %" PRId64 " and %" PRId64
	       " records\n",
		app_ctl_number(stories, "tunnel"), app_ctl_number(stories, "suspect"),
		app_ctl_number(records, "tunnel"), app_ctl_number(records, "suspect"));
	printf("in force  %" PRId64 " model%s, %" PRId64 " expressions for %" PRId64
	       " tools, %" PRId64 " known services\n",
		app_ctl_number(answer, "models"), app_ctl_number(answer, "models") == 1 ? "" : "s",
		app_ctl_number(patterns, "expressions"), app_ctl_number(patterns, "tools"),
		app_ctl_number(answer, "services"));
	printf("mutes     %" PRId64 " in force; %" PRId64 " records of muted domains\n",
		app_ctl_number(answer, "mutes"), app_ctl_number(answer, "muted_records"));
	if (app_ctl_number(answer, "mute_lines_passed_over") != 0)
		printf("          lines of the audit file that can't be read: %" PRId64 "\n",
			app_ctl_number(answer, "mute_lines_passed_over"));
	print_work(answer);
}
