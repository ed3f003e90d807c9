/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit replay: captures through the pipeline of the appliance. The spreader reads them; everything
 * behind it is what adit run uses.
 */
#include "adit_app.h"
#include "capture.h"
#include "command.h"

#include <errno.h>
#include <string.h>

static const char usage[] =
	"usage: adit replay [OPTIONS] FILE... [-- EAL ARGUMENTS]\n"
	"\n"
	"Reads captures (pcap or pcapng, plain or gzip; - is standard input) in the order given,\n"
	"runs them through the same pipeline as adit run, as an ordinary user, without hugepages "
	"or\n"
	"a NIC, and prints a table of verdicts. The same captures give the same verdicts on every\n"
	"run, for any number of workers.\n"
	"\n";

/* Every capture that can be read twice is looked at before anything starts. */
static int files_check(const struct app_options *options, const struct adit_config *config,
	struct adit_error *error)
{
	(void)config;
	if (options->rest_count == 0)
		return adit_error_set(
			error, -EINVAL, "no capture is given; try: adit replay --help");
	if (options->merge && options->rest_count > APP_MERGE_MAX)
		return adit_error_set(error, -EINVAL, "--merge takes at most %d captures, not %d",
			APP_MERGE_MAX, options->rest_count);
	for (int i = 0; i < options->rest_count; i++) {
		struct app_capture *capture;
		int status;

		if (app_capture_is_stream(options->rest[i]))
			continue;
		status = app_capture_open(options->rest[i], &capture, error);
		if (status != 0)
			return status;
		app_capture_close(capture);
	}
	return 0;
}

static int files_give(
	struct appliance *appliance, const struct app_options *options, struct adit_error *error)
{
	struct app_spreader *spreader = appliance->spreader;

	(void)error;
	spreader->files = options->rest;
	spreader->file_count = (size_t)options->rest_count;
	spreader->merge = options->merge;
	for (int i = 0; i < options->rest_count; i++) {
		/* A share of an unknown whole is no progress. */
		if (app_capture_is_stream(options->rest[i])) {
			spreader->bytes_total = 0;
			return 0;
		}
		spreader->bytes_total += app_capture_size(options->rest[i]);
	}
	return 0;
}

/* A capture can't be trusted to any port's RSS. */
static bool needs_spreader(const struct adit_config *config)
{
	(void)config;
	return true;
}

int adit_cmd_replay(int argc, char **argv)
{
	static const struct app_command command = {
		.name = "replay",
		.usage = usage,
		.options =
			"      --merge           read the captures side by side, by time: the two "
			"directions\n"
			"                        of an optical tap, say\n"
			"      --serve           answer HTTP requests (http.listen) while it "
			"works, and "
			"after,\n"
			"                        until SIGINT or SIGTERM\n",
		.check = files_check,
		.needs_spreader = needs_spreader,
		.start = files_give,
	};

	return app_command_run(&command, argc, argv);
}
