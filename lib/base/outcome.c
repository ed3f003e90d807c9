/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_outcome.h"

const char *const adit_outcome_names[ADIT_OUTCOME_COUNT] = {
#define ADIT_OUTCOME_NAME(id, name, help) [ADIT_OUTCOME_##id] = name,
	ADIT_OUTCOMES(ADIT_OUTCOME_NAME)
#undef ADIT_OUTCOME_NAME
};

const char *const adit_outcome_help[ADIT_OUTCOME_COUNT] = {
#define ADIT_OUTCOME_HELP(id, name, help) [ADIT_OUTCOME_##id] = help,
	ADIT_OUTCOMES(ADIT_OUTCOME_HELP)
#undef ADIT_OUTCOME_HELP
};
