/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages for tests of the pairing, given by time, port, ID and question; the client is 10.0.0.1,
 * its resolver 10.0.0.53, and behind that 192.0.2.1 asks 198.51.100.N. Rows are kept as they are
 * told.
 */
#ifndef ADIT_TEST_DATASET_CASES_H
#define ADIT_TEST_DATASET_CASES_H

#include "adit_pairing.h"
#include "frames.h"

#include <stdlib.h>

#define ROWS_MAX 64
#define START_NS (UINT64_C(1700000000) * ADIT_NS_PER_S)
#define AT(ms)   (START_NS + (uint64_t)((int64_t)((ms)*1000) * 1000))

enum { TYPE_A = 1, TYPE_NS = 2, TYPE_DS = 43, TYPE_AAAA = 28 };

struct bench {
	struct adit_pairing_params params;
	struct adit_pairing *pairing;
	struct adit_query row[ROWS_MAX];
	struct adit_name name[ROWS_MAX];
	size_t rows;
	/* of the next messages */
	uint16_t ip_id;
	bool tcp, other_client;
	uint8_t rcode;
	uint16_t flags;
	struct frames frames;
};

static void bench_row(void *context, const struct adit_query *row)
{
	struct bench *bench = context;

	if (bench->rows == ROWS_MAX) {
		FAIL("more rows than a test has room for");
		return;
	}
	bench->name[bench->rows] = *row->name;
	bench->row[bench->rows] = *row;
	bench->row[bench->rows].name = &bench->name[bench->rows];
	bench->rows++;
}

static inline struct bench *bench_make(void)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	bench.params = (struct adit_pairing_params){
		.key = &adit_hash_key_fixed,
		.timeout_ns = 5 * ADIT_NS_PER_S,
		.window_ns = 15 * ADIT_NS_PER_S,
		.duplicate_ns = 20 * ADIT_NS_PER_MS,
		.transactions = 16,
		.row = bench_row,
		.context = &bench,
	};
	return &bench;
}

static inline struct adit_address address_of(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct adit_address){.bytes = {a, b, c, d}};
}

/* Gives a message to the pairing, made on the first one. */
static inline enum adit_role bench_take(struct bench *bench, struct adit_message *message)
{
	struct frames *f = &bench->frames;

	if (bench->pairing == NULL)
		bench->pairing = adit_pairing_create(&bench->params, NULL);
	if (bench->pairing == NULL) {
		FAIL("no pairing");
		return ADIT_ROLE_COUNT;
	}
	frames_finish(f);
	message->data = harness_exact(f->bytes, f->size);
	message->size = (uint32_t)f->size;
	message->udp_bytes = message->protocol == 17 ? (uint16_t)(f->size + 8) : 0;
	message->ip_id = bench->ip_id++;
	message->ttl = 64;
	return adit_pairing_take(bench->pairing, message);
}

static inline struct adit_message client_message(
	const struct bench *bench, double ms, uint16_t port, bool up)
{
	return (struct adit_message){.ts_ns = AT(ms),
		.who = 1u + bench->other_client,
		.client = address_of(10, 0, 0, (uint8_t)(1 + bench->other_client)),
		.server = address_of(10, 0, 0, 53),
		.client_port = port,
		.server_port = 53,
		.protocol = bench->tcp ? 6 : 17,
		.up = up};
}

static inline enum adit_role ask(
	struct bench *bench, double ms, uint16_t port, uint16_t id, const char *name, uint16_t type)
{
	struct adit_message message = client_message(bench, ms, port, true);

	frames_start(&bench->frames);
	frames_query(&bench->frames, id, name, type);
	return bench_take(bench, &message);
}

static inline enum adit_role answer(
	struct bench *bench, double ms, uint16_t port, uint16_t id, const char *name, uint16_t type)
{
	struct adit_message message = client_message(bench, ms, port, false);

	frames_start(&bench->frames);
	frames_dns(&bench->frames, id, (uint16_t)(FRAMES_QR | bench->flags | bench->rcode));
	if (name != NULL)
		frames_question(&bench->frames, name, type);
	return bench_take(bench, &message);
}

/* Behind the resolver. */
static inline enum adit_role behind(
	struct bench *bench, double ms, uint8_t server, const char *name, uint16_t type, bool up)
{
	struct adit_message message = {.ts_ns = AT(ms),
		.who = 9,
		.client = address_of(192, 0, 2, 1),
		.server = address_of(198, 51, 100, server),
		.client_port = 5353,
		.server_port = 53,
		.protocol = bench->tcp ? 6 : 17,
		.up = up,
		.server_side = true};

	frames_start(&bench->frames);
	frames_dns(&bench->frames, 77, up ? 0 : FRAMES_QR);
	frames_question(&bench->frames, name, type);
	return bench_take(bench, &message);
}

/* Ends it: every message has one role, every query one row, every row one outcome and match. */
static inline void bench_end(struct bench *bench)
{
	const struct adit_pairing_counters *counters;
	uint64_t sum[2] = {0, 0}, outcomes = 0, matches = 0;

	if (bench->pairing == NULL)
		return;
	adit_pairing_end(bench->pairing);
	counters = adit_pairing_counters(bench->pairing);
	for (int role = 0; role < ADIT_ROLE_COUNT; role++) {
		sum[0] += counters->role[0][role];
		sum[1] += counters->role[1][role];
	}
	for (int i = 0; i < ADIT_QUERY_END_COUNT; i++)
		outcomes += counters->outcome[i];
	for (int i = 0; i < ADIT_MATCH_COUNT; i++)
		matches += counters->match[i];
	CHECK_EQ_INT(sum[0], counters->messages[0]);
	CHECK_EQ_INT(sum[1], counters->messages[1]);
	CHECK_EQ_INT(counters->rows, counters->role[0][ADIT_ROLE_QUERY]);
	CHECK_EQ_INT(bench->rows, counters->rows);
	CHECK_EQ_INT(outcomes, counters->rows);
	CHECK_EQ_INT(matches, counters->rows);
	for (size_t i = 1; i < bench->rows; i++)
		CHECK(bench->row[i].number > bench->row[i - 1].number);
	adit_pairing_destroy(bench->pairing);
	bench->pairing = NULL;
}

#define CHECK_ROLE(got, want) CHECK_EQ_STR(adit_roles[got].name, adit_roles[want].name)
#define CHECK_OUTCOME(row, want) \
	CHECK_EQ_STR(adit_query_ends[(row).outcome].name, adit_query_ends[want].name)
#define CHECK_MATCH(row, want) CHECK_EQ_STR(adit_matches[(row).match].name, adit_matches[want].name)

#endif
