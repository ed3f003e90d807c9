/* SPDX-License-Identifier: BSD-3-Clause
 *
 * That lcores share no cache line on the packet path, where no assert on a layout can tell: what an
 * appliance has allocated stands as far apart as it should, and so do what DPDK's driver writes for
 * one worker and for the next.
 */
#include "bench.h"

#include <stdlib.h>

#include <rte_ethdev.h>

#define BLOCKS 300

/* Two lines: CPUs fetch them in pairs. */
static uintptr_t pair_of(const void *address)
{
	return (uintptr_t)address / APP_LINES_APART;
}

TEST(apart, blocks_share_no_pair_of_lines)
{
	static const size_t sizes[] = {1, 8, 63, 64, 65, 127, 129, 200, 4096, 5000, 20000, 70001};
	struct {
		uint8_t *at;
		size_t size;
	} block[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		block[i].size = sizes[i % ADIT_COUNT(sizes)];
		block[i].at = adit_alloc(&app_apart, block[i].size, 8u << i % 5);
		REQUIRE(block[i].at != NULL);
		CHECK_EQ_INT((uintptr_t)block[i].at % APP_LINES_APART, 0);
		for (size_t k = 0; k < block[i].size; k++)
			if (block[i].at[k] != 0)
				FAIL("byte %zu of block %zu is not 0", k, i);
		/* Up to the end of the pair it is nobody else's: the allocator's own words
		 * included, which else would break here. */
		memset(block[i].at, 0xee, RTE_ALIGN_CEIL(block[i].size, APP_LINES_APART));
		for (size_t k = 0; k < i; k++)
			if (pair_of(block[i].at) <= pair_of(block[k].at + block[k].size - 1) &&
				pair_of(block[k].at) <= pair_of(block[i].at + block[i].size - 1))
				FAIL("blocks %zu and %zu share lines", k, i);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		adit_free(&app_apart, block[i].at);
}

/* Nothing of it is within a pair of lines of the worker's own. */
static void check_place(const void *address)
{
	CHECK(address != NULL);
	CHECK_EQ_INT((uintptr_t)address % APP_LINES_APART, 0);
}

TEST(apart, workers_of_an_appliance)
{
	static struct bench bench;
	struct appliance *it = &bench.appliance;

	NEED_EAL();
	REQUIRE(bench_make(&bench, false, 3));
	check_place(it);
	check_place(it->workers);
	check_place(it->spreader);
	check_place(it->scorer);
	for (unsigned i = 0; i < 3; i++) {
		const struct app_worker *worker = &it->workers[i];

		check_place(worker);
		check_place(worker->pipeline);
		check_place(worker->linear);
		for (int k = 0; k < APP_WINDOWS; k++)
			check_place(worker->windows[k]);
		/* The driver's counts of what a worker has received, which it writes for each
		 * burst. */
		for (unsigned k = 0; k < i; k++) {
			const struct app_queue *a = &worker->queue[0];
			const struct app_queue *b = &it->workers[k].queue[0];

			CHECK(pair_of(rte_eth_fp_ops[a->port].rxq.data[a->queue]) !=
				pair_of(rte_eth_fp_ops[b->port].rxq.data[b->queue]));
		}
	}
	/* The ends of a ring, of which one lcore writes each. */
	CHECK(pair_of(&it->workers[0].packets->prod) != pair_of(&it->workers[0].packets->cons));
	CHECK(pair_of(&it->workers[0].sealed->prod) != pair_of(&it->workers[0].sealed->cons));
	bench_clear(&bench);
}

/* A worker that decodes has a table of fragments of its own. */
TEST(apart, tables_of_fragments)
{
	static struct bench bench;
	struct adit_intake intake[2];

	NEED_EAL();
	REQUIRE(bench_make(&bench, false, 1));
	for (int i = 0; i < 2; i++) {
		REQUIRE(app_intake_create(&bench.appliance, &intake[i], &app_apart, &bench.error) ==
			0);
		check_place(intake[i].reassembly);
	}
	for (int i = 0; i < 2; i++)
		adit_reassembly_destroy(intake[i].reassembly);
	bench_clear(&bench);
}
