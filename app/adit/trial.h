/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A fit in one text, for commands that fit several models at once: a KIND and options of adit
 * train without their dashes, as in "svm nu=0.005 no-scale".
 */
#ifndef ADIT_TRIAL_H
#define ADIT_TRIAL_H

#include "fit.h"

struct app_trial {
	const char *text; /* as given */
	char *copy;       /* what `fit` points into */
	struct app_fit fit;
};

/* What the help says of such a text. */
#define APP_TRIAL_HELP                                                      \
	"a KIND (svm, envelope, trees) and options of adit train without\n" \
	"dashes: 'svm nu=0.005', 'envelope rate=0.01 not-robust'"

/* Understands a text, which stays with the caller. -EINVAL with a message that has it, -ENOMEM; to
 * be cleared whatever the outcome. */
int app_trial_read(const char *text, struct app_trial *trial, struct adit_error *error);
void app_trial_clear(struct app_trial *trial);

#endif
