/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_blind.h"

#include "window_cases.h"

static struct adit_window *window_make(uint32_t rows)
{
	struct adit_window_params params = {.shards = 1, .rows = {1, 1, 1, 1, rows}, .details = 1};

	return adit_window_create(&params, NULL);
}

static void count(struct adit_window *window, uint32_t client, enum adit_transport transport,
	uint32_t bytes, bool up)
{
	struct adit_subscriber who = {
		.key = case_key(9, client, 0), .address = {.bytes = {10, 0, 0, (uint8_t)client}}};
	struct adit_address server = {.bytes = {192, 0, 2, 1}};
	struct adit_encrypted_event event = {
		.key = case_key(8, client, transport),
		.who = &who,
		.server = &server,
		.bytes = bytes,
		.transport = (uint8_t)transport,
		.up = up,
	};

	adit_window_count_encrypted(window, 0, &event);
}

TEST(blind, survives_every_allocation_failure)
{
	struct harness_allocator counting;

	for (size_t n = 0; n < 4; n++) {
		harness_allocator_init(&counting, n);
		CHECK(adit_blind_create(10, &counting.allocator) == NULL);
		CHECK_EQ_INT(counting.live, 0);
	}
	harness_allocator_init(&counting, 4);
	adit_blind_destroy(adit_blind_create(10, &counting.allocator));
	CHECK_EQ_INT(counting.live, 0);
	adit_blind_destroy(NULL);
}

TEST(blind, adds_up_by_subscriber_and_transport)
{
	struct adit_window *window = window_make(100);
	struct adit_blind *blind = adit_blind_create(50, NULL);
	const struct adit_blind_row *row;

	REQUIRE(window != NULL && blind != NULL);
	for (uint32_t slice = 5; slice < 8; slice++) {
		adit_window_open(window, slice);
		for (uint32_t client = 1; client <= 40; client++) {
			count(window, client, ADIT_TRANSPORT_DOT, 10 * client, true);
			count(window, client, ADIT_TRANSPORT_DOH, 1000, false);
		}
		adit_blind_add(blind, window, 0, slice);
	}
	CHECK_EQ_INT(blind->count, 40);
	CHECK_EQ_INT(blind->first_slice, 5);
	CHECK_EQ_INT(blind->last_slice, 7);
	row = adit_blind_find(blind, case_key(9, 7, 0));
	REQUIRE(row != NULL);
	CHECK_EQ_INT(row->who.address.bytes[3], 7);
	CHECK_EQ_INT(row->packets_up[ADIT_TRANSPORT_DOT], 3);
	CHECK_EQ_INT(row->bytes_up[ADIT_TRANSPORT_DOT], 210);
	CHECK_EQ_INT(row->packets_down[ADIT_TRANSPORT_DOH], 3);
	CHECK_EQ_INT(row->bytes_down[ADIT_TRANSPORT_DOH], 3000);
	CHECK_EQ_INT(row->packets_up[ADIT_TRANSPORT_DOQ], 0);
	CHECK(adit_blind_find(blind, case_key(9, 41, 0)) == NULL);
	adit_blind_sort(blind);
	for (uint32_t i = 0; i < 40; i++)
		CHECK_EQ_INT(blind->rows[i].who.address.bytes[3], 40 - i);
	adit_blind_clear(blind);
	CHECK_EQ_INT(blind->count, 0);
	CHECK(adit_blind_find(blind, case_key(9, 7, 0)) == NULL);
	adit_window_destroy(window);
	adit_blind_destroy(blind);
}

TEST(blind, counts_whom_it_has_no_room_for)
{
	struct adit_window *window = window_make(100);
	struct adit_blind *blind = adit_blind_create(3, NULL);

	REQUIRE(window != NULL && blind != NULL);
	adit_window_open(window, 1);
	for (uint32_t client = 1; client <= 5; client++)
		count(window, client, ADIT_TRANSPORT_DOQ, 100, true);
	adit_blind_add(blind, window, 0, 1);
	adit_blind_add(blind, window, 0, 2);
	CHECK_EQ_INT(blind->count, 3);
	CHECK_EQ_INT(blind->counters.refused, 4);
	CHECK_EQ_INT(adit_blind_find(blind, case_key(9, 2, 0))->packets_up[ADIT_TRANSPORT_DOQ], 2);
	adit_window_destroy(window);
	adit_blind_destroy(blind);
}

/* Whoever has much finds room, whenever it comes, and those that stay are found again. */
TEST(blind, the_lighter_give_way)
{
	struct adit_window *window = window_make(300);
	struct adit_blind *blind = adit_blind_create(64, NULL);
	uint32_t found = 0;

	REQUIRE(window != NULL && blind != NULL);
	adit_window_open(window, 1);
	for (uint32_t client = 0; client < 200; client++)
		count(window, client, ADIT_TRANSPORT_DOH, 100 + client, true);
	count(window, 250, ADIT_TRANSPORT_DOH, 100000, true);
	adit_blind_add(blind, window, 0, 1);
	CHECK_EQ_INT(blind->count, 64);
	CHECK(blind->counters.evicted > 0);
	CHECK_EQ_INT(blind->counters.evicted + blind->counters.refused, 201 - 64);
	REQUIRE(adit_blind_find(blind, case_key(9, 250, 0)) != NULL);
	for (uint32_t client = 0; client <= 250; client++) {
		const struct adit_blind_row *row = adit_blind_find(blind, case_key(9, client, 0));

		found += row != NULL;
		CHECK(row == NULL || row->who.key == case_key(9, client, 0));
	}
	CHECK_EQ_INT(found, 64);
	adit_window_destroy(window);
	adit_blind_destroy(blind);
}
