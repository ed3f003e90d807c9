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

/* Prints an answer for a person. */
void app_ctl_print_status(const struct app_ctl *ctl, const json_t *answer);

#endif
