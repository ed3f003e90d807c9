/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For the tests of sinks: a clock that the test sets, verdicts, and a sink that is stepped by hand,
 * without a thread.
 */
#ifndef SINK_CASES_H
#define SINK_CASES_H

#include "adit_dns.h"
#include "adit_mute.h"
#include "harness.h"
#include "sink_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_NS (3600 * ADIT_NS_PER_S)
#define START   (UINT64_C(1795331982) * ADIT_NS_PER_S) /* 2026-11-22T07:19:42Z */

static uint64_t clock_real, clock_monotonic;

static inline uint64_t case_real_ns(void)
{
	return clock_real;
}

static inline uint64_t case_monotonic_ns(void)
{
	return clock_monotonic;
}

static inline void pass(uint64_t ns)
{
	clock_real += ns;
	clock_monotonic += ns;
}

static inline int case_start(
	pthread_t *thread, const char *name, void *(*work)(void *), void *argument)
{
	(void)name;
	return -pthread_create(thread, NULL, work, argument);
}

static const struct adit_sink_host case_host = {
	case_real_ns, case_monotonic_ns, case_start, "1.2.3"};

/* A directory that the test removes again; its path. */
static inline const char *case_directory(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/adit-sink-XXXXXX");
	if (mkdtemp(path) == NULL)
		FAIL("no directory %s", path);
	clock_real = START;
	clock_monotonic = ADIT_NS_PER_S;
	return path;
}

static inline struct adit_sink_params case_params(enum adit_sink_type type)
{
	return (struct adit_sink_params){.type = type,
		.name = "it",
		.verdicts = 3,
		.states = 7,
		.queue = 100,
		.linger_ms = 1000,
		.keep = 3,
		.zone = "rpz.test",
		.ttl_s = 60,
		.lifetime_ns = 24 * HOUR_NS,
		.entries = 1000,
		.batch = 100,
		.timeout_ms = 1000};
}

static inline struct adit_verdict case_verdict(const char *domain, uint32_t score)
{
	struct adit_verdict verdict = {.id = 0x1234,
		.state = ADIT_STATE_OPEN,
		.verdict = score >= 70 ? ADIT_VERDICT_TUNNEL : ADIT_VERDICT_SUSPECT,
		.time_ns = START,
		.window_start_ns = START,
		.window_end_ns = START + 10 * ADIT_NS_PER_S,
		.score = score,
		.tool = "iodine",
		.reason_count = 1,
		.reason = {{"signature_names", 12, 1}},
		.subscribers_total = 1,
		.subscriber_count = 1,
		.subscriber = {{.address = {.bytes = {10, 45, 0, 7}}, .queries = 5}},
		.queries = 5,
		.unique_names = 4,
		.bytes_up = 300,
		.bytes_down = 400};
	struct adit_name name;

	if (domain != NULL && adit_name_from_text(domain, &name) == 0) {
		verdict.domain.size = name.size;
		memcpy(verdict.domain.wire, name.lower, name.size);
	}
	return verdict;
}

/* Offers a record to a sink that has no thread. */
static inline void offer(struct adit_sink *sink, const char *domain, uint32_t score)
{
	struct adit_verdict verdict = case_verdict(domain, score);

	if (adit_filter_passes(&sink->filter, &sink->params, &verdict))
		adit_sink_push(sink, adit_event_make(&verdict, NULL, true));
}

/* Ends the sink as its thread would. */
static inline void case_end(struct adit_sink *sink)
{
	adit_sink_stop(sink);
	while (adit_sink_step(sink) >= 0)
		pass(100 * ADIT_NS_PER_MS);
	if (sink->ops->end != NULL)
		sink->ops->end(sink);
	adit_sink_empty(sink);
	CHECK_EQ_INT(sink->status.offered,
		sink->status.written + sink->status.dropped + sink->status.failed);
	adit_sink_close(sink);
}

/* What the file holds, in a buffer of its own; "" if there is none. */
static inline const char *file_text(const char *path)
{
	static char text[1 << 16];
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (file != NULL) {
		size = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[size] = '\0';
	return text;
}

static inline size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

static inline void file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		FAIL("%s can't be written", path);
		return;
	}
	fputs(text, file);
	fclose(file);
}

#endif
