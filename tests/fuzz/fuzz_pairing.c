/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages of both sides in any order. The first byte says how many rows may be open (two bits),
 * how far the clocks are apart, and whether names are matched by a label. Then each message has
 * three bytes:
 *
 *	1	side, direction, TCP, an answer, TC, whether it is raw bytes; two bits of port
 *	2	milliseconds gone by, squared
 *	3	three bits of name, two of type, one of ID, two of the packet's identification
 *
 * Raw bytes are a message of their own: one of size, and so many.
 */
#include "adit_pairing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"\1a\2bc\3org", "\1A\2bC\3org", "\2bc\3org", "\1_\2bc\3org",
	"\3org", "", "\1x\1a\2bc\3org", "\1a\3com"};
static const uint16_t types[] = {1, 2, 43, 28};

struct seen {
	uint64_t rows, number, packets;
};

static void require(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void row_take(void *context, const struct adit_query *row)
{
	struct seen *seen = context;

	require(row->number > seen->number && row->outcome < ADIT_QUERY_END_COUNT);
	require(row->match < ADIT_MATCH_COUNT && row->name->size > 0);
	require(row->packets == row->queries + row->responses + row->duplicates);
	require(row->queries == 1 + row->retransmissions + row->tcp_retry);
	require((row->responses > 0) == (row->response.ts_ns != 0));
	require((row->server_query.ts_ns != 0) == (row->match < ADIT_MATCH_AMBIGUOUS));
	require(row->server_parts + row->server_keys + row->server_types <= row->server_queries);
	seen->number = row->number;
	seen->packets += row->packets;
	seen->rows++;
}

/* A header and a question, in a block of just their size. */
static uint8_t *message_make(uint8_t first, uint8_t third, uint32_t *size)
{
	const char *name = names[third & 7];
	size_t name_size = strlen(name) + 1;
	uint8_t *made = calloc(1, 12 + name_size + 4);

	require(made != NULL);
	made[1] = third >> 5 & 1;
	made[2] = (uint8_t)((first & 8 ? 0x80 : 0) | (first & 16 ? 2 : 0));
	made[5] = 1;
	memcpy(made + 12, name, name_size);
	made[12 + name_size + 1] = (uint8_t)types[third >> 3 & 3];
	made[12 + name_size + 3] = 1;
	*size = (uint32_t)(12 + name_size + 4);
	return made;
}

static size_t message_take(
	struct adit_pairing *pairing, const uint8_t *data, size_t size, uint64_t *now_ns)
{
	uint8_t first = data[0], third = data[2];
	struct adit_message message = {.who = 1,
		.client = {{10, 0, 0, 1}},
		.server = {{10, 0, 0, 53}},
		.client_port = (uint16_t)(1024 + (first >> 6)),
		.server_port = 53,
		.server_side = first & 1,
		.up = (first & 2) != 0,
		.protocol = first & 4 ? 6 : 17,
		.udp_bytes = first & 4 ? 0 : 50,
		.ip_id = third >> 6,
		.ttl = 64};
	uint8_t *bytes;
	size_t used = 3;

	*now_ns += (uint64_t)data[1] * data[1] * ADIT_NS_PER_MS;
	message.ts_ns = *now_ns;
	if (first & 32 && size > 3) {
		message.size = data[3] < size - 4 ? data[3] : (uint32_t)(size - 4);
		bytes = malloc(message.size + !message.size);
		require(bytes != NULL);
		memcpy(bytes, data + 4, message.size);
		used = 4 + message.size;
	} else {
		bytes = message_make(first, third, &message.size);
	}
	message.data = bytes;
	require(adit_pairing_take(pairing, &message) < ADIT_ROLE_COUNT);
	free(bytes);
	return used;
}

static void check(const struct adit_pairing_counters *n, const struct seen *seen)
{
	uint64_t sum[2] = {0, 0}, ends = 0, matches = 0;

	for (int side = 0; side < 2; side++)
		for (int role = 0; role < ADIT_ROLE_COUNT; role++)
			sum[side] += n->role[side][role];
	for (int i = 0; i < ADIT_QUERY_END_COUNT; i++)
		ends += n->outcome[i];
	for (int i = 0; i < ADIT_MATCH_COUNT; i++)
		matches += n->match[i];
	require(sum[0] == n->messages[0] && sum[1] == n->messages[1]);
	require(ends == n->rows && matches == n->rows);
	require(n->rows == n->role[0][ADIT_ROLE_QUERY] && n->rows == seen->rows);
	require(seen->packets <= n->messages[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {0, 0, 0};
	struct adit_pairing_params params = {.key = &adit_hash_key_fixed,
		.timeout_ns = 5 * ADIT_NS_PER_S,
		.window_ns = 15 * ADIT_NS_PER_S,
		.duplicate_ns = 20 * ADIT_NS_PER_MS,
		.remembered = 16,
		.has_server = true,
		.row = row_take,
		.context = &seen};
	struct adit_pairing *pairing;
	uint64_t now_ns = UINT64_C(1700000000) * ADIT_NS_PER_S;

	if (size == 0)
		return 0;
	params.transactions = 1u + (data[0] & 3);
	params.slack_ns = (data[0] >> 2 & 3) * 5 * ADIT_NS_PER_MS;
	params.tag_label = data[0] >> 4 & 3;
	pairing = adit_pairing_create(&params, NULL);
	require(pairing != NULL);
	for (size_t at = 1; size - at >= 3;)
		at += message_take(pairing, data + at, size - at, &now_ns);
	adit_pairing_end(pairing);
	check(adit_pairing_counters(pairing), &seen);
	adit_pairing_destroy(pairing);
	return 0;
}
