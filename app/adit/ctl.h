/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the sub-commands of adit ctl share. Each is a row of a table (cmd_ctl.c): what it takes,
 * what it asks, and how the answer is told to a person.
 */
#ifndef ADIT_APP_CTL_H
#define ADIT_APP_CTL_H

#include "client.h"

/* What the command line says; of options that a sub-command does not have, nothing. */
struct app_ctl {
	struct app_client client;
	bool json; /* print the answer as it is */
	const char *reason, *until, *duration;
	bool all, force;
	struct app_line line; /* operands */
};

/* Ask (ctl_orders.c): 0 or -errno, as app_client_ask gives them; -EINVAL for what was given. */
#define APP_CTL_ASK(name) \
	int app_ctl_ask_##name(struct app_ctl *ctl, json_t **answer, struct adit_error *error)
APP_CTL_ASK(status);
APP_CTL_ASK(reload);
APP_CTL_ASK(mute);
APP_CTL_ASK(unmute);
APP_CTL_ASK(mutes);
APP_CTL_ASK(dump);
APP_CTL_ASK(rotate);
APP_CTL_ASK(log);
APP_CTL_ASK(learn);
APP_CTL_ASK(models);

/* Print an answer for a person. */
#define APP_CTL_PRINT(name) \
	void app_ctl_print_##name(const struct app_ctl *ctl, const json_t *answer)
APP_CTL_PRINT(status);
APP_CTL_PRINT(detail);
APP_CTL_PRINT(mute);
APP_CTL_PRINT(mutes);
APP_CTL_PRINT(dump);
APP_CTL_PRINT(rotate);
APP_CTL_PRINT(learn);
APP_CTL_PRINT(models);

/* Members of an answer; "?" and 0 where they are none. */
const char *app_ctl_text(const json_t *object, const char *key);
int64_t app_ctl_number(const json_t *object, const char *key);

#endif
