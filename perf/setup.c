/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From options to what a worker has.
 */
#include "setup.h"

#include <arpa/inet.h>
#include <errno.h>

/* What ports and servers mean, as the appliance has it from its configuration. */
static int ports_make(
	struct adit_ports *ports, const struct adit_config *config, struct adit_error *error)
{
	adit_ports_init(ports);
	for (size_t i = 0; i < config->encrypted_ports.count; i++)
		if (config->encrypted_ports.item[i] != 0)
			adit_ports_add(ports, (uint16_t)config->encrypted_ports.item[i],
				ADIT_SERVICE_ENCRYPTED);
	for (size_t i = 0; i < config->dns_ports.count; i++)
		adit_ports_add(ports, (uint16_t)config->dns_ports.item[i], ADIT_SERVICE_DNS);
	for (size_t i = 0; i < config->encrypted_resolvers.count; i++) {
		const char *text = config->encrypted_resolvers.item[i];
		struct adit_address address = {.is_v6 = strchr(text, ':') != NULL};

		if (inet_pton(address.is_v6 ? AF_INET6 : AF_INET, text, address.bytes) != 1 ||
			adit_ports_add_resolver(ports, &address) != 0)
			return adit_error_set(error, -EINVAL, "encrypted.resolvers: %s", text);
	}
	return 0;
}

static int intake_make(
	struct setup *setup, const struct adit_config *config, struct adit_error *error)
{
	const struct adit_reassembly_params params = {.ports = &setup->ports,
		.key = &adit_hash_key_fixed,
		.datagrams = (uint32_t)config->fragment_datagrams,
		.timeout_ns = (uint64_t)config->fragment_timeout * ADIT_NS_PER_MS};

	/* As the appliance has it by default. */
	setup->rule.vlan = true;
	adit_context_prefix(&setup->rule, (unsigned)config->context_ipv6_prefix_plain,
		(unsigned)config->context_ipv6_prefix);
	setup->intake = (struct adit_intake){.ports = &setup->ports,
		.rule = &setup->rule,
		.key = &adit_hash_key_fixed,
		.reassembly = adit_reassembly_create(&params, NULL)};
	if (setup->intake.reassembly == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for fragments");
	return 0;
}

static uint32_t of_shard(int64_t rows)
{
	return (uint32_t)(rows / ADIT_SHARDS);
}

struct adit_window *setup_window(const struct adit_config *config)
{
	const struct adit_window_params window = {.shards = ADIT_SHARDS,
		.rows = {[ADIT_KIND_DOMAIN] = of_shard(config->window_domains),
			[ADIT_KIND_PAIR] = of_shard(config->window_pairs),
			[ADIT_KIND_SERVER] = of_shard(config->window_servers),
			[ADIT_KIND_SESSION] = of_shard(config->window_sessions),
			[ADIT_KIND_ENCRYPTED] = of_shard(config->window_encrypted)},
		.details = of_shard(config->window_details),
		.looks = SETUP_LOOKS};

	return adit_window_create(&window, NULL);
}

int setup_make(struct setup *setup, const struct adit_config *config, const char *patterns,
	struct adit_error *error)
{
	struct adit_pipeline_params params = {.rule = &setup->rule,
		.key = &adit_hash_key_fixed,
		.workers = 1,
		.duplicate_ns = (uint64_t)config->worker_duplicate_window * ADIT_NS_PER_MS,
		.tracks = (uint32_t)config->window_tracks,
		.streams = (uint32_t)config->tcp_streams,
		.stream_buffers = (uint32_t)config->tcp_buffers};
	int status = ports_make(&setup->ports, config, error);

	if (status == 0)
		status = intake_make(setup, config, error);
	if (status == 0)
		status = adit_suffix_load(
			config->dns_public_suffix_list, NULL, &setup->suffixes, error);
	if (status == 0)
		status = adit_pattern_load(patterns, &setup->patterns, error);
	params.suffixes = setup->suffixes;
	params.patterns = setup->patterns;
	if (status == 0)
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
	adit_pattern_destroy(setup->patterns);
	adit_suffix_destroy(setup->suffixes);
	adit_reassembly_destroy(setup->intake.reassembly);
}
