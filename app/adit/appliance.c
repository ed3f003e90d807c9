/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Making and unmaking what the lcores share, in the order: lists and patterns (before EAL, so that
 * a mistake in them starts nothing), then pools, rings, windows, pipelines and the scorer.
 */
#include "appliance.h"

#include "lists.h"
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <rte_lcore.h>

#define STORIES    1024
#define RING_SIZE  4096
#define POOL_CACHE 256

struct adit_window_params app_window_params(const struct adit_config *config, uint32_t workers)
{
	struct adit_window_params params = {
		.shards = adit_shards_per_worker(workers),
		.rows = {[ADIT_KIND_DOMAIN] = (uint32_t)(config->window_domains / ADIT_SHARDS),
			[ADIT_KIND_PAIR] = (uint32_t)(config->window_pairs / ADIT_SHARDS),
			[ADIT_KIND_SERVER] = (uint32_t)(config->window_servers / ADIT_SHARDS),
			[ADIT_KIND_SESSION] = (uint32_t)(config->window_sessions / ADIT_SHARDS),
			[ADIT_KIND_ENCRYPTED] = (uint32_t)(config->window_encrypted / ADIT_SHARDS)},
		.details = (uint32_t)(config->window_details / ADIT_SHARDS),
		.looks = APP_LOOKS,
	};

	return params;
}

struct adit_score_params app_score_params(const struct appliance *appliance)
{
	const struct adit_config *config = appliance->config;
	struct adit_score_params params = {
		.detect = {.patterns = appliance->patterns,
			.judges = appliance->judges,
			.signatures = config->detect_signatures,
			.structure = config->detect_structure,
			.information = config->detect_information,
			.burst = config->detect_burst,
			.models = (unsigned)config->detect_trees << ADIT_MODEL_TREES |
				  (unsigned)config->detect_svm << ADIT_MODEL_SVM |
				  (unsigned)config->detect_envelope << ADIT_MODEL_ENVELOPE,
			.information_bound = (double)config->detect_information_bound,
			.tunnel_score = (double)config->detect_tunnel_score,
			.suspect_score = (double)config->detect_suspect_score},
		.allow = appliance->allow,
		.story_idle_slices = (uint32_t)((uint64_t)config->detect_story_idle *
						ADIT_NS_PER_S / ADIT_SLICE_NS),
		.subscribers = (uint32_t)config->output_subscribers,
		.samples = (uint32_t)config->output_samples,
		.stories = STORIES,
		.ledger = {.keys = (uint32_t)config->history_keys,
			.entries = (uint32_t)config->history_entries,
			.details = (uint32_t)config->history_details},
		.looks = APP_LOOKS * ADIT_SHARDS,
		.sessions = (uint32_t)config->history_sessions,
		.domains = (uint32_t)config->history_domains,
		.servers = (uint32_t)config->history_servers,
		.bursts = (uint32_t)config->history_bursts,
	};

	return params;
}

struct adit_score_rules app_score_rules(const struct appliance *appliance)
{
	struct adit_score_params params = app_score_params(appliance);

	return (struct adit_score_rules){
		.detect = params.detect,
		.allow = params.allow,
		.story_idle_slices = params.story_idle_slices,
		.subscribers = params.subscribers,
		.samples = params.samples,
	};
}

/* On top of what may be on its way, what stands still in the lcores' caches (up to one and a half
 * times their size each) and in the receive rings. Without those, a small pool could sit in caches
 * whole, and the spreader would wait for ever. */
unsigned app_pool_buffers(const struct adit_config *config, size_t ports)
{
	uint64_t rings = (uint64_t)ports * (uint64_t)config->port_queues *
			 (uint64_t)config->port_descriptors;
	uint64_t caches = ((uint64_t)config->worker_count + 2) * 2 * POOL_CACHE;

	return (unsigned)((uint64_t)config->worker_packet_buffers + rings + caches);
}

struct adit_reassembly_params app_fragment_params(const struct adit_config *config)
{
	return (struct adit_reassembly_params){
		.datagrams = (uint32_t)config->fragment_datagrams,
		.timeout_ns = (uint64_t)config->fragment_timeout * ADIT_NS_PER_MS,
	};
}

struct adit_pipeline_params app_pipeline_params(const struct appliance *appliance)
{
	const struct adit_config *config = appliance->config;

	return (struct adit_pipeline_params){
		.suffixes = appliance->suffixes,
		.patterns = appliance->patterns,
		.rule = &appliance->rule,
		.key = &appliance->key,
		.workers = (uint32_t)config->worker_count,
		.duplicate_ns = (uint64_t)config->worker_duplicate_window * ADIT_NS_PER_MS,
		.names = (uint32_t)config->worker_names,
		.tracks = (uint32_t)config->window_tracks,
		.streams = (uint32_t)config->tcp_streams,
		.stream_buffers = (uint32_t)config->tcp_buffers,
		.tcp_checksum = config->tcp_checksum,
		.witness = appliance->live && config->worker_count > 1,
	};
}

/* Data files stand beside the program in the source tree, or where they were installed. */
void app_data_directory(const char *configured, const char *name, char path[PATH_MAX])
{
	char exe[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (configured[0] != '\0') {
		snprintf(path, PATH_MAX, "%s", configured);
		return;
	}
	if (length > 0) {
		exe[length] = '\0';
		*strrchr(exe, '/') = '\0';
		/* bin/adit → share/adit, wherever the tree was installed */
		if (snprintf(path, PATH_MAX, "%s/../share/adit/%s", exe, name) < PATH_MAX &&
			access(path, R_OK) == 0)
			return;
		/* build/app/adit/adit → the tree's config/, where it is one: three levels above
		 * /usr/bin stands the root, and /config may be anybody's there. */
		if (snprintf(path, PATH_MAX, "%s/../../../app/adit/appliance.h", exe) < PATH_MAX &&
			access(path, R_OK) == 0 &&
			snprintf(path, PATH_MAX, "%s/../../../config/%s", exe, name) < PATH_MAX &&
			access(path, R_OK) == 0)
			return;
	}
	snprintf(path, PATH_MAX, "%s/%s", ADIT_DATA_DIRECTORY, name);
}

/* What ports and addresses mean, and what a subscriber's context is made of. */
static int services_load(struct appliance *appliance, struct adit_error *error)
{
	const struct adit_config *config = appliance->config;

	static_assert(2 * ADIT_LIST_MAX + 4 <= ADIT_PORTS_MAX,
		"all that can be configured, with HTTPS, GTP-U and VXLAN");
	adit_ports_init(&appliance->ports);
	for (size_t i = 0; i < config->encrypted_ports.count; i++)
		if (config->encrypted_ports.item[i] != 0)
			adit_ports_add(&appliance->ports, (uint16_t)config->encrypted_ports.item[i],
				ADIT_SERVICE_ENCRYPTED);
	for (size_t i = 0; i < config->dns_ports.count; i++)
		adit_ports_add(
			&appliance->ports, (uint16_t)config->dns_ports.item[i], ADIT_SERVICE_DNS);
	for (size_t i = 0; i < config->encrypted_resolvers.count; i++) {
		const char *text = config->encrypted_resolvers.item[i];
		struct adit_address address = {.is_v6 = strchr(text, ':') != NULL};

		inet_pton(address.is_v6 ? AF_INET6 : AF_INET, text, address.bytes);
		if (adit_ports_add_resolver(&appliance->ports, &address) != 0)
			return adit_error_set(error, -EINVAL,
				"encrypted.resolvers: more than %d addresses", ADIT_RESOLVERS_MAX);
	}
	for (size_t i = 0; i < config->context_tunnel_peers.count; i++) {
		struct adit_address prefix;
		unsigned bits;

		adit_config_prefix(config->context_tunnel_peers.item[i], &prefix, &bits);
		if (adit_ports_add_peer(&appliance->ports, &prefix, bits) != 0)
			return adit_error_set(error, -EINVAL,
				"context.tunnel_peers: '%s' is one prefix too many",
				config->context_tunnel_peers.item[i]);
	}
	appliance->rule = (struct adit_context_rule){
		.vlan = strcmp(config->context_vlan, "none") != 0,
		.vlan_inner = strcmp(config->context_vlan, "both") == 0,
		.core_peer = config->context_core_peer,
	};
	adit_context_prefix(&appliance->rule, (unsigned)config->context_ipv6_prefix_plain,
		(unsigned)config->context_ipv6_prefix);
	return 0;
}

uint8_t app_tap_of_device(const struct appliance *appliance, size_t device)
{
	const struct adit_list *taps = &appliance->config->port_taps;
	uint8_t tap = 0;

	if (device >= taps->count)
		return 0;
	while (tap < appliance->tap_count &&
		strcmp(appliance->tap_name[tap], taps->item[device]) != 0)
		tap++;
	return tap;
}

/* Names of taps, in the order in which they come. */
static void taps_load(struct appliance *appliance)
{
	for (size_t i = 0; i < appliance->config->port_taps.count; i++)
		if (app_tap_of_device(appliance, i) == appliance->tap_count)
			appliance->tap_name[appliance->tap_count++] =
				appliance->config->port_taps.item[i];
}

int app_reading_load(
	struct appliance *appliance, const struct adit_config *config, struct adit_error *error)
{
	int status = adit_config_check(config, error);

	appliance->config = config;
	appliance->key = adit_hash_key_fixed;
	if (status == 0)
		status = services_load(appliance, error);
	if (status == 0)
		status = adit_suffix_load(
			config->dns_public_suffix_list, NULL, &appliance->suffixes, error);
	return status;
}

int appliance_load_after(struct appliance *appliance, const struct adit_config *config,
	const struct appliance *before, uint32_t rested, const char *learned,
	struct adit_error *error)
{
	/* Once there are patterns, they stay: what was counted of them keeps its places. */
	const struct adit_pattern_set *known = before != NULL ? before->patterns : NULL;
	char path[PATH_MAX];
	int status = app_reading_load(appliance, config, error);

	appliance->worker_count = (uint16_t)config->worker_count;
	if (status == 0 && (config->detect_signatures || known != NULL)) {
		app_data_directory(config->detect_pattern_directory, "patterns", path);
		status = adit_pattern_load_after(path, known, rested, &appliance->patterns, error);
	}
	if (status == 0) {
		app_data_directory(config->detect_allow_directory, "allow", path);
		status = adit_allow_load(path, &appliance->allow, error);
	}
	if (status == 0)
		status = app_models_load(config, learned, &appliance->judges, error);
	return status;
}

int appliance_load(
	struct appliance *appliance, const struct adit_config *config, struct adit_error *error)
{
	int status = appliance_load_after(appliance, config, NULL, 0, "", error);

	if (status == 0)
		status = app_idle_check(config->worker_idle, app_idle_cpu(), error);
	if (status == 0 && appliance->live &&
		getrandom(&appliance->key, sizeof(appliance->key), 0) != sizeof(appliance->key))
		return adit_error_set(error, -errno, "no random key: %s", strerror(errno));
	taps_load(appliance);
	return status;
}

void appliance_unload(struct appliance *appliance)
{
	adit_allow_destroy(appliance->allow);
	adit_judges_destroy(appliance->judges);
	adit_pattern_destroy(appliance->patterns);
	adit_suffix_destroy(appliance->suffixes);
	appliance->allow = NULL;
	appliance->judges = NULL;
	appliance->patterns = NULL;
	appliance->suffixes = NULL;
}

/* The order in which lcores are taken, behind the main one; the spreader's comes after workers. */
enum { APP_LCORE_SCORER, APP_LCORE_WORKER };

static unsigned lcore_of(unsigned number)
{
	unsigned lcore = rte_get_next_lcore(-1, 1, 0);

	for (; number > 0 && lcore < RTE_MAX_LCORE; number--)
		lcore = rte_get_next_lcore(lcore, 1, 0);
	return lcore;
}

static struct rte_ring *ring_make(const char *name, unsigned number, unsigned size)
{
	char text[RTE_RING_NAMESIZE];

	snprintf(text, sizeof(text), "adit_%s_%u", name, number);
	return rte_ring_create(
		text, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
}

int app_intake_create(struct appliance *appliance, struct adit_intake *intake,
	const struct adit_allocator *allocator, struct adit_error *error)
{
	struct adit_reassembly_params params = app_fragment_params(appliance->config);

	params.ports = &appliance->ports;
	params.key = &appliance->key;
	*intake = (struct adit_intake){
		.ports = &appliance->ports,
		.rule = &appliance->rule,
		.key = &appliance->key,
		.reassembly = adit_reassembly_create(&params, allocator),
	};
	if (intake->reassembly == NULL)
		return adit_error_set(error, -ENOMEM,
			"no memory for fragments (%zu MB; fragment.datagrams sets its size)",
			adit_reassembly_bytes(&params) >> 20);
	return 0;
}

static int worker_create(struct appliance *appliance, uint16_t number, struct adit_error *error)
{
	struct app_worker *worker = &appliance->workers[number];
	struct adit_window_params params =
		app_window_params(appliance->config, appliance->worker_count);
	struct adit_pipeline_params pipeline = app_pipeline_params(appliance);
	const struct adit_allocator *allocator = &worker->arena.allocator;

	app_arena_open(&worker->arena,
		app_node_for(appliance->config, lcore_of(APP_LCORE_WORKER + number)));
	worker->appliance = appliance;
	worker->number = number;
	worker->rung = APP_RUNG_FULL;
	worker->decodes = !appliance->has_spreader;
	worker->sealed = ring_make("sealed", number, APP_WINDOWS);
	worker->emptied = ring_make("emptied", number, APP_WINDOWS);
	worker->looks = ring_make("looks", number,
		APP_WINDOWS * APP_LOOKS * adit_shards_per_worker(appliance->worker_count));
	worker->linear = adit_alloc(&app_apart, APP_LINEAR_BYTES, ADIT_CACHE_LINE);
	if (worker->sealed == NULL || worker->emptied == NULL || worker->looks == NULL ||
		worker->linear == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for worker %u", number);
	if (appliance->has_spreader) {
		worker->packets = ring_make("packets", number, RING_SIZE);
		if (worker->packets == NULL)
			return adit_error_set(
				error, -ENOMEM, "no memory for the queue of worker %u", number);
	}
	for (int i = 0; i < APP_WINDOWS; i++) {
		worker->windows[i] = adit_window_create(&params, allocator);
		if (worker->windows[i] == NULL)
			return adit_error_set(error, -ENOMEM,
				"no memory for the tables of worker %u (%zu MB each; window.* sets "
				"their size)",
				number, adit_window_bytes(&params) >> 20);
		rte_ring_sp_enqueue(worker->emptied, worker->windows[i]);
	}
	if (worker->decodes && app_intake_create(appliance, &worker->intake, allocator, error) != 0)
		return -ENOMEM;
	return adit_pipeline_create(&pipeline, allocator, &worker->pipeline, error);
}

const struct adit_window_params app_window_nothing = {
	.shards = ADIT_SHARDS, .rows = {1, 1, 1}, .details = 1};

/* Where encrypted DNS is counted; the scorer begins with the first table. */
static int blinds_create(struct appliance *appliance, struct adit_error *error)
{
	struct app_scorer *scorer = appliance->scorer;
	uint32_t capacity = (uint32_t)appliance->config->encrypted_subscribers;

	scorer->blinds_free = ring_make("blinds", 0, APP_BLINDS);
	for (int i = 0; i < APP_BLINDS; i++) {
		scorer->blinds[i] = adit_blind_create(capacity, &scorer->arena.allocator);
		if (scorer->blinds_free == NULL || scorer->blinds[i] == NULL)
			return adit_error_set(error, -ENOMEM,
				"no memory for encrypted DNS (%zu MB; encrypted.subscribers sets "
				"its size)",
				adit_blind_bytes(capacity) >> 20);
		if (i > 0)
			rte_ring_sp_enqueue(scorer->blinds_free, scorer->blinds[i]);
	}
	return 0;
}

static int scorer_create(struct appliance *appliance, struct adit_error *error)
{
	struct adit_score_params params = app_score_params(appliance);
	struct app_scorer *scorer = appliance->scorer;

	app_arena_open(&scorer->arena, app_node_for(appliance->config, lcore_of(APP_LCORE_SCORER)));
	scorer->appliance = appliance;
	scorer->learn.slices = (uint32_t)((appliance->learn_s * ADIT_NS_PER_S + ADIT_SLICE_NS - 1) /
					  ADIT_SLICE_NS);
	atomic_store(&scorer->learn.open, appliance->learn_s != 0);
	if (blinds_create(appliance, error) != 0)
		return -ENOMEM;
	app_scorer_sinks(appliance, &params);
	scorer->scorer = adit_scorer_create(&params, &scorer->arena.allocator);
	scorer->nothing = adit_window_create(&app_window_nothing, &scorer->arena.allocator);
	if (scorer->scorer == NULL || scorer->nothing == NULL)
		return adit_error_set(error, -ENOMEM,
			"no memory for the scoring core (%zu MB; history.* sets its size)",
			adit_scorer_bytes(&params) >> 20);
	appliance->messages_full = ring_make("messages_full", 0, APP_MESSAGES);
	appliance->messages_free = ring_make("messages_free", 0, APP_MESSAGES);
	appliance->messages = calloc(APP_MESSAGES, sizeof(*appliance->messages));
	if (appliance->messages_full == NULL || appliance->messages_free == NULL ||
		appliance->messages == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the verdict queue");
	for (int i = 0; i < APP_MESSAGES; i++)
		rte_ring_sp_enqueue(appliance->messages_free, &appliance->messages[i]);
	return 0;
}

/* Room for app_meta in every mbuf; returns the private bytes that the pool must give it. Drivers
 * may have reserved some of the mbuf's own room (a time stamp suffices): then it stands right
 * behind the mbuf, a cache line further. */
static uint16_t meta_place(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "adit_meta",
		.size = sizeof(struct app_meta),
		.align = __alignof__(struct app_meta),
	};

	app_meta_offset = rte_mbuf_dynfield_register(&field);
	if (app_meta_offset >= 0)
		return 0;
	app_meta_offset = sizeof(struct rte_mbuf);
	return APP_META_PRIVATE;
}

/* Packet buffers stand where the ports are, if these are on one node, and there is room. */
static int pool_create(struct appliance *appliance, struct adit_error *error)
{
	unsigned count = app_pool_buffers(appliance->config, appliance->port_count);
	uint16_t private = meta_place();
	int node = strcmp(appliance->config->memory_numa, "off") != 0 ? app_ports_node(appliance)
								      : SOCKET_ID_ANY;

	for (;;) {
		appliance->pool = rte_pktmbuf_pool_create("adit_packets", count, POOL_CACHE,
			private, RTE_MBUF_DEFAULT_BUF_SIZE, node);
		if (appliance->pool != NULL)
			return 0;
		if (node == SOCKET_ID_ANY)
			return adit_error_set(error, -ENOMEM,
				"no memory for %lld packet buffers (worker.packet_buffers)",
				(long long)appliance->config->worker_packet_buffers);
		node = SOCKET_ID_ANY;
	}
}

static int spreader_create(struct appliance *appliance, struct adit_error *error)
{
	struct app_spreader *spreader = appliance->spreader;

	spreader->appliance = appliance;
	spreader->live = appliance->live;
	spreader->linear = adit_alloc(&app_apart, APP_LINEAR_BYTES, ADIT_CACHE_LINE);
	if (spreader->linear == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the spreader");
	if (!appliance->has_spreader)
		return 0;
	app_arena_open(
		&spreader->arena, app_node_for(appliance->config,
					  lcore_of(APP_LCORE_WORKER + appliance->worker_count)));
	return app_intake_create(appliance, &spreader->intake, &spreader->arena.allocator, error);
}

int appliance_create(struct appliance *appliance, struct adit_error *error)
{
	int status = pool_create(appliance, error);

	if (status != 0)
		return status;
	appliance->workers = adit_alloc(
		&app_apart, appliance->worker_count * sizeof(*appliance->workers), APP_LINES_APART);
	appliance->scorer = adit_alloc(&app_apart, sizeof(*appliance->scorer), APP_LINES_APART);
	appliance->spreader = adit_alloc(&app_apart, sizeof(*appliance->spreader), APP_LINES_APART);
	if (appliance->workers == NULL || appliance->scorer == NULL || appliance->spreader == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the lcores");
	for (uint16_t i = 0; i < appliance->worker_count; i++)
		appliance->workers[i].ring_port = RTE_MAX_ETHPORTS;
	status = app_readers_create(appliance, error);
	if (status == 0)
		status = spreader_create(appliance, error);
	for (uint16_t i = 0; i < appliance->worker_count && status == 0; i++)
		status = worker_create(appliance, i, error);
	if (status == 0)
		status = scorer_create(appliance, error);
	if (status == 0 && appliance->has_spreader)
		status = app_ring_ports_open(appliance, error);
	return status;
}

static void worker_destroy(struct app_worker *worker)
{
	adit_pipeline_destroy(worker->pipeline);
	adit_reassembly_destroy(worker->intake.reassembly);
	for (int i = 0; i < APP_WINDOWS; i++)
		adit_window_destroy(worker->windows[i]);
	adit_free(&app_apart, worker->linear);
	rte_ring_free(worker->sealed);
	rte_ring_free(worker->looks);
	rte_ring_free(worker->emptied);
	rte_ring_free(worker->packets);
	app_arena_close(&worker->arena);
}

void appliance_destroy(struct appliance *appliance)
{
	app_ports_close(appliance);
	for (uint16_t i = 0; appliance->workers != NULL && i < appliance->worker_count; i++)
		worker_destroy(&appliance->workers[i]);
	if (appliance->scorer != NULL) {
		adit_scorer_destroy(appliance->scorer->scorer);
		adit_window_destroy(appliance->scorer->nothing);
		for (int i = 0; i < APP_BLINDS; i++)
			adit_blind_destroy(appliance->scorer->blinds[i]);
		rte_ring_free(appliance->scorer->blinds_free);
		app_arena_close(&appliance->scorer->arena);
	}
	if (appliance->spreader != NULL) {
		adit_free(&app_apart, appliance->spreader->linear);
		adit_reassembly_destroy(appliance->spreader->intake.reassembly);
		app_arena_close(&appliance->spreader->arena);
	}
	rte_ring_free(appliance->messages_full);
	rte_ring_free(appliance->messages_free);
	free(appliance->messages);
	adit_free(&app_apart, appliance->workers);
	adit_free(&app_apart, appliance->scorer);
	adit_free(&app_apart, appliance->spreader);
	rte_mempool_free(appliance->pool);
	app_readers_destroy(appliance);
	appliance_unload(appliance);
}

void appliance_idle_set(struct appliance *appliance)
{
	const struct app_idle_cpu *cpu = app_idle_cpu();
	unsigned lcores = 2u + appliance->worker_count + appliance->has_spreader;
	enum app_idle_mode mode =
		app_idle_mode(appliance->config->worker_idle, lcores, app_cpu_count());
	struct app_spreader *spreader = appliance->spreader;

	/* It waits for seconds: without the hint it would take half a core from its other thread,
	 * and gain nothing. */
	app_idle_set(&appliance->scorer->idle, mode == APP_IDLE_POLL ? APP_IDLE_PAUSE : mode, cpu,
		NULL, 0);
	for (uint16_t i = 0; i < appliance->worker_count; i++)
		app_idle_set(&appliance->workers[i].idle, mode, cpu, appliance->workers[i].queue,
			appliance->workers[i].queues);
	app_idle_set(&spreader->idle, mode, cpu, spreader->queue, spreader->queues);
}

int appliance_launch(struct appliance *appliance, struct adit_error *error)
{
	unsigned needed = 1u + appliance->worker_count + appliance->has_spreader;
	int status = 0;

	atomic_store(&appliance->lcores_running, needed);
	appliance_idle_set(appliance);
	status |= rte_eal_remote_launch(
		app_scorer_main, appliance->scorer, lcore_of(APP_LCORE_SCORER));
	for (uint16_t i = 0; i < appliance->worker_count; i++)
		status |= rte_eal_remote_launch(
			app_worker_main, &appliance->workers[i], lcore_of(APP_LCORE_WORKER + i));
	if (appliance->has_spreader) {
		status |= rte_eal_remote_launch(app_spreader_main, appliance->spreader,
			lcore_of(APP_LCORE_WORKER + appliance->worker_count));
	}
	if (status != 0)
		return adit_error_set(error, -EBUSY, "an lcore could not be started");
	return 0;
}

void appliance_join(struct appliance *appliance)
{
	(void)appliance;
	rte_eal_mp_wait_lcore();
}
