/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From options to what a worker has.
 */
#include "setup.h"

#include <errno.h>

/* The program looks beside itself, which for a measuring program is elsewhere. */
static int defaults_set(struct adit_config *config, struct adit_error *error)
{
	int status = 0;

	if (config->detect_pattern_directory[0] == '\0')
		status = adit_config_set(config,
			"detect.pattern_directory=" ADIT_SOURCE_ROOT "/config/patterns", error);
	if (status == 0 && config->detect_allow_directory[0] == '\0')
		status = adit_config_set(
			config, "detect.allow_directory=" ADIT_SOURCE_ROOT "/config/allow", error);
	if (status == 0 && config->detect_models.count == 0)
		status = adit_config_set(
			config, "detect.models=" ADIT_SOURCE_ROOT "/config/models/trees", error);
	return status != 0 ? status : adit_config_set(config, "worker.count=1", error);
}

struct adit_window *setup_window(const struct adit_config *config)
{
	const struct adit_window_params params = app_window_params(config, 1);

	return adit_window_create(&params, NULL);
}

int setup_make(struct setup *setup, struct adit_config *config, struct adit_error *error)
{
	struct adit_pipeline_params params;
	int status = defaults_set(config, error);

	if (status == 0)
		status = appliance_load(&setup->appliance, config, error);
	if (status == 0)
		status = app_intake_create(&setup->appliance, &setup->intake, NULL, error);
	if (status != 0)
		return status;
	params = app_pipeline_params(&setup->appliance);
	status = adit_pipeline_create(&params, NULL, &setup->pipeline, error);
	if (status != 0)
		return status;
	setup->window = setup_window(config);
	return setup->window != NULL ? 0 : adit_error_set(error, -ENOMEM, "no memory for tables");
}

void setup_free(struct setup *setup)
{
	adit_window_destroy(setup->window);
	adit_pipeline_destroy(setup->pipeline);
	adit_reassembly_destroy(setup->intake.reassembly);
	appliance_destroy(&setup->appliance);
}
