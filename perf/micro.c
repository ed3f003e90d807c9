/* SPDX-License-Identifier: BSD-3-Clause */
#include "micro.h"

#include "adit_hash.h"
#include "adit_window.h"

#define STREAMS 32

static const struct adit_octets_row *octets_row(void)
{
	const struct adit_octets_row *best = NULL;

	for (size_t i = 0; i < adit_octets_row_count; i++) {
		const struct adit_octets_row *row = &adit_octets_rows[i];

		if (row->supported() && (best == NULL || adit_cpu_wanted(row->name)))
			best = row;
	}
	return best;
}

bool micro_make(struct micro *micro, struct adit_window *window)
{
	static const struct adit_streams_params streams = {
		.shards = 1, .streams = STREAMS, .buffers = 1};

	micro->octets = octets_row();
	micro->window = window;
	micro->streams = adit_streams_create(&streams, NULL);
	return window != NULL && micro->streams != NULL;
}

void micro_free(struct micro *micro)
{
	adit_window_destroy(micro->window);
	adit_streams_destroy(micro->streams);
}

/* What is found must be used, or it would not be looked for. */
static void used(uint64_t value)
{
	__asm__ volatile("" : : "r"(value));
}

size_t micro_hash_names(const struct micro *micro)
{
	for (size_t i = 0; i < micro->message_count; i++) {
		const struct adit_name *name = &micro->messages[i].qname;

		used(adit_hash(&adit_hash_key_fixed, name->wire, name->size));
	}
	return micro->message_count;
}

size_t micro_hash_frames(const struct micro *micro)
{
	for (size_t i = 0; i < micro->load->count; i++)
		used(adit_hash(&adit_hash_key_fixed, micro->load->frames[i].data,
			micro->load->frames[i].captured));
	return micro->load->count;
}

size_t micro_hash_pairs(const struct micro *micro)
{
	uint64_t value = 1;

	for (size_t i = 0; i < micro->message_count; i++)
		value = adit_hash_pair(&adit_hash_key_fixed, value, i);
	used(value);
	return micro->message_count;
}

size_t micro_octets(const struct micro *micro)
{
	struct adit_name to;

	for (size_t i = 0; i < micro->message_count; i++) {
		const struct adit_name *name = &micro->messages[i].qname;

		to.size = name->size;
		micro->octets->put(&to, name->wire, sizeof(name->wire));
		used(to.lower[0]);
	}
	return micro->message_count;
}

/* A key for a number, at no cost worth counting. */
static uint64_t key_of(uint64_t number)
{
	number *= UINT64_C(0x9e3779b97f4a7c15);
	return number ^ number >> 32;
}

/* A query for each name, each from a subscriber of its own. */
static void count(const struct micro *micro)
{
	static const struct adit_address server = {.bytes = {192, 0, 2, 53}};

	for (size_t i = 0; i < micro->message_count; i++) {
		const struct adit_name *name = &micro->messages[i].qname;
		uint64_t who_key = key_of(i + 1);
		struct adit_subscriber who = {.key = who_key};
		struct adit_event event = {
			.domain_key = key_of(1),
			.pair_key = key_of(who_key + 1),
			.server_key = key_of(who_key + 2),
			.who = &who,
			.server = &server,
			.wire = name->wire,
			.lower = name->lower,
			.name_hash = (uint32_t)who_key,
			.ttl_min = UINT32_MAX,
			.info_bytes = 4,
			.message_bytes = 40,
			.port = 40000,
			.wire_size = name->size,
			.type_group = ADIT_GROUP_A,
			.subdomain_length = 8,
			.labels = 1,
			.label_max = 8,
			.is_query = true,
		};

		adit_window_count(micro->window, NULL, (uint32_t)(i % ADIT_SHARDS), &event);
	}
}

size_t micro_window_new(const struct micro *micro)
{
	adit_window_open(micro->window, micro->window->last_slice + 1);
	count(micro);
	return micro->message_count;
}

size_t micro_window_known(const struct micro *micro)
{
	count(micro);
	return micro->message_count;
}

size_t micro_stream(const struct micro *micro)
{
	uint8_t bytes[2 + UINT8_MAX + 12 + 4] = {0};
	uint32_t sequence[STREAMS] = {0};
	struct adit_stream_message message;
	size_t messages = 0;

	adit_streams_reset(micro->streams);
	for (size_t i = 0; i < micro->message_count; i++) {
		const struct adit_name *name = &micro->messages[i].qname;
		uint32_t size = 2u + 12 + name->size + 4;
		struct adit_segment segment = {.ts_ns = (i + 1) * ADIT_NS_PER_US,
			.stream = 1 + i % STREAMS,
			.opposite = 1 + STREAMS + i % STREAMS,
			.payload = bytes,
			.size = size,
			.wire_size = size,
			.sequence = sequence[i % STREAMS],
			.client = 1 + i % STREAMS,
			.flags = ADIT_SEGMENT_ACK};

		/* Its length, and a query: one question, type A, class IN. */
		bytes[0] = 0;
		bytes[1] = (uint8_t)(size - 2);
		bytes[4] = 1;
		bytes[7] = 1;
		memcpy(bytes + 14, name->wire, name->size);
		memcpy(bytes + 14 + name->size, (const uint8_t[]){0, 1, 0, 1}, 4);
		sequence[i % STREAMS] += size;
		adit_streams_push(micro->streams, 0, &segment);
		while (adit_streams_next(micro->streams, &message))
			messages++;
	}
	return messages;
}
