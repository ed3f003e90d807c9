/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The appliance in one thread, for captures and logs.
 */
#include "offline.h"

#include "capture.h"

#include <errno.h>

static void no_verdict(void *context, const struct adit_verdict *verdict)
{
	(void)context;
	(void)verdict;
}

int app_offline_open(struct app_offline *offline, struct appliance *appliance,
	void (*verdict)(void *context, const struct adit_verdict *verdict),
	void (*features)(void *context, const struct adit_feature_row *row), void *context,
	struct adit_error *error)
{
	struct adit_window_params window = app_window_params(appliance->config, 1);
	struct adit_pipeline_params pipeline = app_pipeline_params(appliance);
	struct adit_score_params score = app_score_params(appliance);
	int status;

	offline->appliance = appliance;
	offline->context = context;
	pipeline.workers = 1;
	pipeline.witness = false;
	score.verdict = verdict != NULL ? verdict : no_verdict;
	score.features = features;
	score.context = context;
	score.detect.absent = offline->absent;
	status = app_intake_create(appliance, &offline->intake, NULL, error);
	if (status == 0)
		status = adit_pipeline_create(&pipeline, NULL, &offline->pipeline, error);
	if (status != 0)
		return status;
	offline->window = adit_window_create(&window, NULL);
	offline->scorer = adit_scorer_create(&score, NULL);
	if (offline->window == NULL || offline->scorer == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the tables (%zu MB)",
			(adit_window_bytes(&window) + adit_scorer_bytes(&score)) >> 20);
	return 0;
}

void app_offline_close(struct app_offline *offline)
{
	adit_reassembly_destroy(offline->intake.reassembly);
	adit_pipeline_destroy(offline->pipeline);
	adit_window_destroy(offline->window);
	adit_scorer_destroy(offline->scorer);
}

/* Moves time on to a packet's, as the spreader does. */
static void time_move(struct app_offline *offline, uint64_t ts_ns)
{
	uint32_t slice = adit_slice_of(ts_ns);

	if (!offline->is_open) {
		adit_pipeline_reset(offline->pipeline);
		adit_window_open(offline->window, slice);
		offline->is_open = true;
	} else if (slice > offline->window->last_slice) {
		adit_scorer_slice(
			offline->scorer, offline->window->last_slice, &offline->window, 1);
		adit_window_open(offline->window, slice);
	}
}

void app_offline_frame(struct app_offline *offline, struct adit_frame *frame)
{
	struct adit_packet packet;

	offline->received++;
	time_move(offline, frame->ts_ns);
	adit_intake_take(&offline->intake, frame, &packet);
	adit_pipeline_run(offline->pipeline, offline->window, frame, &packet, 1);
}

void app_offline_end(struct app_offline *offline)
{
	adit_reassembly_reset(offline->intake.reassembly);
	if (!offline->is_open)
		return;
	adit_scorer_slice(offline->scorer, offline->window->last_slice, &offline->window, 1);
	adit_scorer_end(offline->scorer);
	offline->is_open = false;
}

static bool goes_on(
	const struct app_offline *offline, const struct app_capture *capture, uint64_t total)
{
	return offline->progress == NULL || (offline->received & 0x3ff) != 0 ||
	       offline->progress(offline->context, app_capture_position(capture), total);
}

int app_offline_run(struct app_offline *offline, const char *path, struct adit_error *error)
{
	uint64_t total = app_capture_size(path);
	struct app_capture *capture;
	struct adit_frame frame;
	int status = app_capture_open(path, &capture, error);

	if (status != 0)
		return status;
	while ((status = app_capture_next(capture, &frame, error)) == 1) {
		app_offline_frame(offline, &frame);
		if (!goes_on(offline, capture, total)) {
			status = adit_error_set(error, -ECANCELED, "interrupted");
			break;
		}
	}
	app_capture_close(capture);
	app_offline_end(offline);
	return status;
}
