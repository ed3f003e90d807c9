/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_app.h"

int adit_cmd_run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ADIT_EXIT_NOT_DONE;
}
