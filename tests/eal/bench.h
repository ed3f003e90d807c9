/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An appliance in this process, for tests that start EAL, and captures for it.
 */
#ifndef ADIT_TEST_BENCH_H
#define ADIT_TEST_BENCH_H

#include "frames.h"
#include "started.h"

#define WORKERS_MAX 3

/* An appliance as the command would make it, up to the launch. */
struct bench {
	struct adit_config config;
	struct appliance appliance;
	struct adit_error error;
};

/* `option` is one of the configuration, or NULL. */
static inline bool bench_make_with(
	struct bench *bench, bool live, unsigned workers, uint32_t learn_s, const char *option)
{
	char text[512];
	int status;

	memset(bench, 0, sizeof(*bench));
	bench->appliance.has_spreader = true;
	bench->appliance.live = live;
	bench->appliance.learn_s = learn_s;
	status = adit_config_init(&bench->config);
	snprintf(text, sizeof(text), "worker.count=%u", workers);
	status |= adit_config_set(&bench->config, text, &bench->error);
	if (option != NULL)
		status |= adit_config_set(&bench->config, option, &bench->error);
	snprintf(text, sizeof(text), "detect.pattern_directory=%s/config/patterns",
		harness_source_root());
	status |= adit_config_set(&bench->config, text, &bench->error);
	snprintf(text, sizeof(text), "detect.allow_directory=%s/config/allow",
		harness_source_root());
	status |= adit_config_set(&bench->config, text, &bench->error);
	if (status == 0)
		status = appliance_load(&bench->appliance, &bench->config, &bench->error);
	if (status == 0)
		status = appliance_create(&bench->appliance, &bench->error);
	if (status != 0)
		FAIL("no appliance: %s", bench->error.text);
	return status == 0;
}

static inline bool bench_make_learning(
	struct bench *bench, bool live, unsigned workers, uint32_t learn_s)
{
	return bench_make_with(bench, live, workers, learn_s, NULL);
}

static inline bool bench_make(struct bench *bench, bool live, unsigned workers)
{
	return bench_make_learning(bench, live, workers, 0);
}

static inline void bench_clear(struct bench *bench)
{
	appliance_destroy(&bench->appliance);
	adit_config_clear(&bench->config);
}

/* A new capture file with its header; NULL: it can't be made. */
static inline FILE *capture_begin(const char *path)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
	FILE *file = fopen(path, "wb");

	if (file != NULL)
		fwrite(header, sizeof(header), 1, file);
	return file;
}

static inline void put_record(FILE *file, uint32_t seconds, struct frames *f)
{
	uint32_t record[4] = {seconds, 0};

	frames_finish(f);
	record[2] = record[3] = (uint32_t)f->size;
	fwrite(record, sizeof(record), 1, file);
	fwrite(f->bytes, f->size, 1, file);
}

static inline void begin_frame(
	struct frames *f, const char *source, const char *destination, bool up)
{
	frames_start(f);
	frames_ethernet(f);
	frames_ipv4(f, up ? source : destination, up ? destination : source);
	frames_udp(f, up ? 40000 : 53, up ? 53 : 40000);
}

#endif
