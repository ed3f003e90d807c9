/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A reload's job: reads everything again beside what is in force, which it only looks at; and the
 * words about what came of it.
 */
#include "reload.h"

#include "lists.h"
#include "sinks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The options of the command line and the file, those that reload; the others stay. */
static int config_build(struct app_reload *reload, struct app_reload_set *set)
{
	struct adit_error *error = &reload->error;
	int status = adit_config_init(&set->config);

	if (status != 0)
		return adit_error_set(error, status, "no memory for the configuration");
	status = reload->read(reload->context, &set->config, error);
	if (status == 0)
		status = adit_config_check(&set->config, error);
	if (status != 0)
		return status;
	adit_config_compare(reload->config, &set->config, &set->reloads, &set->restarts);
	if (adit_config_keep(&set->config, reload->config) != 0)
		return adit_error_set(error, -ENOMEM, "no memory for the configuration");
	return adit_config_check(&set->config, error);
}

static int sinks_build(struct app_reload *reload, struct app_reload_set *set)
{
	size_t kept = 0;
	int status;

	if (reload->sinks == NULL)
		return 0;
	status = app_sinks_prepare(
		reload->sinks, reload->config, &set->config, &set->sinks, &kept, &reload->error);
	set->sinks_new = (unsigned)(set->config.sinks.count - kept);
	set->sinks_gone = (unsigned)(reload->config->sinks.count - kept);
	return status;
}

int app_reload_build(struct app_reload *reload)
{
	struct app_reload_set *set = adit_alloc(&app_apart, sizeof(*set), APP_LINES_APART);
	int status;

	reload->set = set;
	if (set == NULL)
		return adit_error_set(&reload->error, -ENOMEM, "no memory for a reload");
	status = config_build(reload, set);
	if (status == 0)
		status = appliance_load_after(&set->loaded, &set->config, reload->appliance,
			reload->rested, reload->learned, &reload->error);
	if (status == 0)
		status = app_lists_make(&set->loaded, &set->lists, &reload->error);
	/* Last: nothing that can fail comes after the threads of new sinks. */
	if (status == 0)
		status = sinks_build(reload, set);
	return status;
}

void app_reload_set_destroy(struct app_reload_set *set)
{
	if (set == NULL)
		return;
	adit_sinks_destroy(set->sinks);
	app_lists_destroy(set->lists);
	appliance_unload(&set->loaded);
	adit_config_clear(&set->config);
	adit_free(&app_apart, set);
}

static void add(char text[APP_RELOAD_TEXT], const char *format, ...) ADIT_PRINTF(2, 3);
static void add(char text[APP_RELOAD_TEXT], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, APP_RELOAD_TEXT - used, format, arguments);
	va_end(arguments);
}

/* Of many names the first. */
#define NAMES_MOST 130

static void names_add(char text[APP_RELOAD_TEXT], const struct adit_config_names *names)
{
	add(text, "%.*s%s", NAMES_MOST, names->text, strlen(names->text) > NAMES_MOST ? "..." : "");
}

static int count_of(uint32_t bits)
{
	return __builtin_popcount(bits);
}

static void patterns_tell(const struct appliance *appliance, char text[APP_RELOAD_TEXT])
{
	struct adit_pattern_change change;

	if (!appliance->config->detect_signatures) {
		add(text, "no signatures");
		return;
	}
	change = adit_pattern_changed(appliance->patterns);
	add(text, "%zu expressions (classes: %d new, %d changed, %d gone)",
		adit_pattern_expressions(appliance->patterns), count_of(change.added),
		count_of(change.changed), count_of(change.gone));
}

void app_reload_words(const struct app_reload *reload, char text[APP_RELOAD_TEXT])
{
	const struct appliance *appliance = reload->appliance;
	const struct app_reload_set *set = reload->set;

	text[0] = '\0';
	add(text, "%zu public suffix rules, ", adit_suffix_rules(appliance->suffixes));
	patterns_tell(appliance, text);
	add(text, ", %zu known services, %zu model%s; ", adit_allow_entries(appliance->allow),
		adit_judges_count(appliance->judges),
		adit_judges_count(appliance->judges) == 1 ? "" : "s");
	add(text, "%s", set->reloads.count != 0 ? "changed: " : "no option changed");
	names_add(text, &set->reloads);
	if (set->sinks_new + set->sinks_gone != 0)
		add(text, "; sinks: %u opened, %u going", set->sinks_new, set->sinks_gone);
	add(text, "; %u option%s need%s a restart%s", set->restarts.count,
		set->restarts.count == 1 ? "" : "s", set->restarts.count == 1 ? "s" : "",
		set->restarts.count != 0 ? ": " : "");
	names_add(text, &set->restarts);
}
