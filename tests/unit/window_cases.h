/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Events for tests of what counts them, random numbers that are the same on every run, and a
 * comparison of what two windows hold.
 */
#ifndef ADIT_TEST_WINDOW_CASES_H
#define ADIT_TEST_WINDOW_CASES_H

#include <stdio.h>

#include "adit_window.h"
#include "harness.h"

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(random_next(state) % limit);
}

struct test_event {
	struct adit_event event;
	struct adit_subscriber who;
	struct adit_address server;
	uint8_t wire[25];
};

static inline uint64_t case_key(uint32_t kind, uint32_t client, uint32_t other)
{
	return adit_hash_pair(&adit_hash_key_fixed, (uint64_t)kind << 32 | client, other);
}

/* A query of a client for n<name>.d<domain>.test: subdomain of 8 octets, 4 bytes of information.
 * The client is 10.x.x.x and asks the server 192.0.2.53. */
static inline void event_make(struct test_event *e, uint32_t client, uint32_t domain, uint32_t name)
{
	char text[26];

	memset(e, 0, sizeof(*e));
	snprintf(text, sizeof(text), "\bn%07x\ad%06x\004test", name & 0xfffffff, domain & 0xffffff);
	memcpy(e->wire, text, 22);
	e->who.key = case_key(ADIT_KIND_COUNT, client, 0);
	e->who.address = (struct adit_address){
		.bytes = {10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client}};
	e->server = (struct adit_address){.bytes = {192, 0, 2, 53}};
	e->event = (struct adit_event){
		.domain_key = case_key(ADIT_KIND_DOMAIN, 0, domain),
		.pair_key = case_key(ADIT_KIND_PAIR, client, domain),
		.server_key = case_key(ADIT_KIND_SERVER, client, 0),
		.who = &e->who,
		.server = &e->server,
		.wire = e->wire,
		.lower = e->wire,
		.name_hash = (uint32_t)adit_hash(&adit_hash_key_fixed, e->wire, 23),
		.ttl_min = UINT32_MAX,
		.info_bytes = 4,
		.message_bytes = 40,
		.id = 1,
		.wire_size = 23,
		.registrable_at = 9,
		.type_group = ADIT_GROUP_A,
		.subdomain_length = 8,
		.labels = 1,
		.label_max = 8,
		.is_query = true,
		.port = 40000,
	};
}

/* Makes it the answer: one TXT record of `payload` bytes, which the name and its size tell. */
static inline void event_answer(struct test_event *e, uint32_t payload)
{
	e->event.is_query = false;
	e->event.answered = true;
	e->event.payload_bytes = e->event.answer_bytes = payload;
	e->event.answer_digest =
		(uint32_t)adit_hash_pair(&adit_hash_key_fixed, e->event.name_hash, payload) | 1;
	e->event.ttl_min = 60;
	e->event.message_bytes = 60 + payload;
}

/* Puts it under a top-level domain that nobody delegated: it counts by server, too. */
static inline void event_unzone(struct test_event *e)
{
	e->event.unzoned = e->event.by_server = true;
	e->event.whole_bytes = e->event.info_bytes;
}

static inline bool sample_same(const struct adit_sample *a, const struct adit_sample *b)
{
	return a->size == b->size && memcmp(a->wire, b->wire, a->size) == 0;
}

static inline bool party_same(const struct adit_party *a, const struct adit_party *b)
{
	return memcmp(&a->who, &b->who, sizeof(a->who)) == 0 && a->domain_key == b->domain_key &&
	       memcmp(&a->server, &b->server, sizeof(a->server)) == 0 &&
	       sample_same(&a->sample, &b->sample);
}

/* Detail records and the names kept with them. */
static inline bool detail_same(const struct adit_window *a, uint32_t at_a,
	const struct adit_row *row_a, const struct adit_window *b, uint32_t at_b,
	const struct adit_row *row_b)
{
	const struct adit_detail *left = adit_window_detail(a, at_a, row_a);
	const struct adit_detail *right = adit_window_detail(b, at_b, row_b);
	const struct adit_sample *samples_a = NULL, *samples_b = NULL;
	uint32_t count = adit_window_samples(a, at_a, row_a, &samples_a);

	if ((left == NULL) != (right == NULL) ||
		count != adit_window_samples(b, at_b, row_b, &samples_b))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!sample_same(&samples_a[i], &samples_b[i]))
			return false;
	return left == NULL || memcmp(left, right, sizeof(*left)) == 0;
}

/* Rows, detail records and side records of a shard in two windows. Fails the test and returns
 * false at the first difference. */
static inline bool shard_same(
	const struct adit_window *a, uint32_t at_a, const struct adit_window *b, uint32_t at_b)
{
	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
		uint32_t rows = adit_window_rows(a, at_a, kind);

		if (rows != adit_window_rows(b, at_b, kind)) {
			FAIL("kind %d: %u rows and %u", kind, rows,
				adit_window_rows(b, at_b, kind));
			return false;
		}
		for (uint32_t i = 0; i < rows; i++) {
			const struct adit_row *left = adit_window_row(a, at_a, kind, i);
			const struct adit_row *right = adit_window_row(b, at_b, kind, i);
			bool same = memcmp(left, right, sizeof(*left)) == 0 &&
				    detail_same(a, at_a, left, b, at_b, right);

			if (kind == ADIT_KIND_DOMAIN)
				same = same && sample_same(&adit_window_domain(a, at_a, i)->name,
						       &adit_window_domain(b, at_b, i)->name);
			else
				same = same && party_same(adit_window_party(a, at_a, kind, i),
						       adit_window_party(b, at_b, kind, i));
			if (!same) {
				FAIL("kind %d, row %u of %u differs", kind, i, rows);
				return false;
			}
		}
	}
	return true;
}

#endif
