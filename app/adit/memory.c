/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tables will take, by part, from the configuration alone.
 */
#include "memory.h"

#include "state.h"

#include "adit_stream.h"

#include <errno.h>

#define PACKET_BYTES (sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE + 128)
#define MB           (UINT64_C(1) << 20)

void app_memory_add(struct app_memory *memory, const char *name, const char *options, size_t bytes)
{
	memory->parts[memory->count++] = (struct app_memory_part){name, options, bytes};
	memory->sum += bytes;
}

/* The windows of all workers; of a kind what they would be smaller without it. */
static void add_windows(struct app_memory *memory, const struct adit_config *config)
{
	static const struct {
		const char *name, *option;
	} kinds[ADIT_KIND_COUNT] = {
		[ADIT_KIND_DOMAIN] = {"domains", "window.domains"},
		[ADIT_KIND_PAIR] = {"subscriber x domain", "window.pairs"},
		[ADIT_KIND_SERVER] = {"subscriber x server", "window.servers"},
		[ADIT_KIND_SESSION] = {"subscribers", "window.sessions"},
		[ADIT_KIND_ENCRYPTED] = {"subscriber x encrypted DNS", "window.encrypted"},
	};
	struct adit_window_params params =
		app_window_params(config, (uint32_t)config->worker_count);
	size_t times = APP_WINDOWS * (size_t)config->worker_count;

	memory->windows = adit_window_bytes(&params) * times;
	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
		size_t with = adit_window_bytes(&params);

		params.rows[kind] = 0;
		app_memory_add(memory, kinds[kind].name, kinds[kind].option,
			(with - adit_window_bytes(&params)) * times);
	}
	app_memory_add(memory, "details", "window.details", adit_window_bytes(&params) * times);
}

static void add_history(struct app_memory *memory, const struct appliance *appliance)
{
	const struct adit_config *config = appliance->config;
	struct adit_score_params params = app_score_params(appliance);
	size_t all = adit_scorer_bytes(&params), ledger = adit_ledger_bytes(&params.ledger);
	size_t blinds = APP_BLINDS * adit_blind_bytes((uint32_t)config->encrypted_subscribers);

	memory->history = all + blinds;
	app_memory_add(memory, "ledger", "history.keys, history.entries, history.details", ledger);
	app_memory_add(memory, "stories, sessions, what is remembered",
		"history.sessions, history.domains, history.servers, history.bursts", all - ledger);
	app_memory_add(memory, "encrypted DNS by the hour", "encrypted.subscribers", blinds);
	if (app_state_bytes(config) != 0)
		app_memory_add(memory, "state to be saved", "state.file, history.*",
			app_state_bytes(config));
}

static void add_pipelines(struct app_memory *memory, const struct appliance *appliance)
{
	struct adit_pipeline_params params = app_pipeline_params(appliance);
	size_t workers = (size_t)appliance->config->worker_count;
	struct adit_streams_params least = {
		.shards = adit_shards_per_worker(params.workers), .streams = 1, .buffers = 1};
	size_t all = adit_pipeline_bytes(&params), untracked, unnamed, bare;

	params.tracks = 0;
	untracked = adit_pipeline_bytes(&params);
	params.names = 0;
	unnamed = adit_pipeline_bytes(&params);
	/* A stream and a block for each shard is the least. */
	params.streams = params.stream_buffers = 0;
	bare = adit_pipeline_bytes(&params) - adit_streams_bytes(&least);
	memory->streams = all * workers;
	app_memory_add(memory, "tracks", "window.tracks", (all - untracked) * workers);
	app_memory_add(memory, "names", "worker.names", (untracked - unnamed) * workers);
	app_memory_add(memory, "TCP", "tcp.streams, tcp.buffers", (unnamed - bare) * workers);
	app_memory_add(memory, "filters of duplicates", "worker.duplicate_window", bare * workers);
}

void app_memory_plan(const struct adit_config *config, size_t ports, bool has_spreader,
	struct app_memory *memory)
{
	const struct appliance appliance = {.config = config};
	struct adit_reassembly_params fragment = app_fragment_params(config);
	size_t workers = (size_t)config->worker_count;

	*memory = (struct app_memory){.count = 0};
	add_windows(memory, config);
	add_history(memory, &appliance);
	add_pipelines(memory, &appliance);
	memory->fragments = adit_reassembly_bytes(&fragment) * (has_spreader ? 1 : workers);
	app_memory_add(memory, "fragments", "fragment.datagrams", memory->fragments);
	memory->packets = (size_t)app_pool_buffers(config, ports) * PACKET_BYTES;
	app_memory_add(memory, "packet buffers",
		"worker.packet_buffers, port.queues, port.descriptors", memory->packets);
	app_memory_add(memory, "queue of verdicts, frames in segments", "worker.count",
		APP_MESSAGES * sizeof(struct app_message) + (workers + 1) * APP_LINEAR_BYTES);
}

static uint64_t rounded(size_t bytes)
{
	return (bytes + MB - 1) / MB;
}

void app_memory_tell(const struct app_memory *memory, const char *command, FILE *to)
{
	fprintf(to, "adit %s: memory: %llu MB at most, fixed:", command,
		(unsigned long long)rounded(memory->sum));
	for (size_t i = 0; i < memory->count; i++)
		fprintf(to, "%s %s %.1f", i != 0 ? "," : "", memory->parts[i].name,
			(double)memory->parts[i].bytes / (double)MB);
	fputs("\n", to);
}

int app_memory_check(
	const struct app_memory *memory, const struct adit_config *config, struct adit_error *error)
{
	uint64_t limit = (uint64_t)config->memory_limit;
	const struct app_memory_part *most = memory->parts;

	if (limit == 0 || memory->sum <= limit * MB)
		return 0;
	for (size_t i = 1; i < memory->count; i++)
		if (memory->parts[i].bytes > most->bytes)
			most = &memory->parts[i];
	return adit_error_set(error, -EINVAL,
		"memory.limit is %llu MB, and %llu MB are asked for; most of it by %s (%.1f MB): "
		"lower %s, or raise the limit",
		(unsigned long long)limit, (unsigned long long)rounded(memory->sum), most->name,
		(double)most->bytes / (double)MB, most->options);
}
