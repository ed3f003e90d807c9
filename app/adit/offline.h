/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures, or frames of whatever origin, through the pipeline without lcores: one thread, no EAL.
 * For commands that want what the scoring core derives and finds, and not a running appliance. The
 * code is that of the appliance, and so are the results: a capture is one timeline, one worker's
 * windows go straight to the scorer.
 */
#ifndef ADIT_OFFLINE_H
#define ADIT_OFFLINE_H

#include "appliance.h"

struct app_offline {
	struct appliance *appliance; /* loaded (appliance_load) */
	struct adit_intake intake;
	struct adit_pipeline *pipeline;
	struct adit_window *window;
	struct adit_scorer *scorer;
	uint64_t received;
	/* Called about every thousand frames with the position in the file; false stops. NULL: not
	 */
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
	/* Features that the input cannot show (struct adit_detect_params), set before it is opened
	 */
	const bool *absent;
	bool is_open; /* a timeline is */
};

/* Makes the tables. `verdict` and `features` (either may be NULL) are called with `context`. To be
 * closed whatever the outcome. 0 or -errno. */
int app_offline_open(struct app_offline *offline, struct appliance *appliance,
	void (*verdict)(void *context, const struct adit_verdict *verdict),
	void (*features)(void *context, const struct adit_feature_row *row), void *context,
	struct adit_error *error);
void app_offline_close(struct app_offline *offline);

/* Takes a frame, in order of time, and ends the timeline. */
void app_offline_frame(struct app_offline *offline, struct adit_frame *frame);
void app_offline_end(struct app_offline *offline);

/* Reads a capture to its end, or as far as it goes: what was read then counts, and the status is
 * -EIO. -ECANCELED where progress said so. */
int app_offline_run(struct app_offline *offline, const char *path, struct adit_error *error);

#endif
