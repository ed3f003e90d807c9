/* SPDX-License-Identifier: BSD-3-Clause */
#include "trial.h"

#include <errno.h>
#include <stdlib.h>

static int refuse(const struct app_trial *trial, const char *reason, struct adit_error *error)
{
	return adit_error_set(error, -EINVAL, "--fit '%.80s': %s", trial->text, reason);
}

static int take_word(const struct app_trial *trial, struct app_option *options, char *word,
	struct adit_error *error)
{
	const char *names[APP_FIT_OPTIONS];
	struct app_option *option = NULL;
	char *value = strchr(word, '='), reason[200];
	struct adit_error own;

	if (value != NULL)
		*value++ = '\0';
	for (size_t i = 0; i < APP_FIT_OPTIONS; i++) {
		names[i] = options[i].name;
		if (strcmp(word, options[i].name) == 0)
			option = &options[i];
	}
	if (option == NULL) {
		snprintf(reason, sizeof(reason), "there is no option '%.40s'%s", word,
			app_did_you_mean(word, "", names, APP_FIT_OPTIONS));
		return refuse(trial, reason, error);
	}
	if ((value != NULL) != (option->type != APP_FLAG)) {
		snprintf(reason, sizeof(reason),
			option->type == APP_FLAG ? "%s takes no value" : "%s=%s is expected", word,
			option->value);
		return refuse(trial, reason, error);
	}
	return app_option_take(option, value, &own) == 0 ? 0 : refuse(trial, own.text, error);
}

int app_trial_read(const char *text, struct app_trial *trial, struct adit_error *error)
{
	struct app_option options[APP_FIT_OPTIONS];
	struct adit_error own;
	char *rest, *word, *kind;
	int status = 0;

	*trial = (struct app_trial){.text = text, .copy = strdup(text)};
	if (trial->copy == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for --fit");
	app_fit_options(&trial->fit, options);
	kind = strtok_r(trial->copy, " ", &rest);
	if (kind == NULL)
		return refuse(trial, "a kind is expected: svm, envelope or trees", error);
	while (status == 0 && (word = strtok_r(NULL, " ", &rest)) != NULL)
		status = take_word(trial, options, word, error);
	if (status == 0 && app_fit_check(&trial->fit, kind, options, &own) != 0)
		status = refuse(trial, own.text, error);
	return status;
}

void app_trial_clear(struct app_trial *trial)
{
	free(trial->copy);
	*trial = (struct app_trial){.text = NULL};
}
