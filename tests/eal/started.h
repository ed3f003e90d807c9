/* SPDX-License-Identifier: BSD-3-Clause
 *
 * EAL in this process, without huge pages.
 */
#ifndef ADIT_TEST_STARTED_H
#define ADIT_TEST_STARTED_H

#include "appliance.h"
#include "harness.h"

#include <stdio.h>

/* EAL starts once in a process; false where it can't. */
static inline bool eal_started(void)
{
	static const struct adit_list none;
	static const struct app_eal_params params = {
		.lcores = 8,
		.memory_mb = 512,
		.configured = &none,
	};
	static int state; /* 0: not tried, 1: runs, -1: does not */
	struct adit_error error = {""};

	if (state == 0) {
		state = app_eal_init(&params, &error) == 0 ? 1 : -1;
		if (state < 0)
			fprintf(stderr, "%s\n", error.text);
	}
	return state > 0;
}

#define NEED_EAL()                                       \
	do {                                             \
		if (!eal_started())                      \
			SKIP("EAL does not start here"); \
	} while (0)

#endif
