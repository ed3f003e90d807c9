/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How much memory the program takes, as reckoned before anything starts and as it is taken; and on
 * which memory node. On a machine of one node what can be seen is that pages are bound to it.
 */
#include "bench.h"
#include "memory.h"

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The policy of the thread, or of the page at an address, and its first 64 nodes. */
static int policy_of(void *address, unsigned long *nodes)
{
	unsigned long mask[16] = {0};
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, mask, 8 * sizeof(mask), address,
		    address != NULL ? MPOL_F_ADDR : 0) != 0)
		return -1;
	*nodes = mask[0];
	return mode;
}

/* The node of a page that was touched. */
static int node_of(void *address)
{
	int node = -1;

	*(volatile uint8_t *)address += 0;
	if (syscall(SYS_get_mempolicy, &node, NULL, 0ul, address, MPOL_F_NODE | MPOL_F_ADDR) != 0)
		return -1;
	return node;
}

static void check_node(int wanted)
{
	struct app_arena arena;
	unsigned long nodes = 0, before = 0;
	int policy = policy_of(NULL, &before);
	uint8_t *small, *large;

	app_arena_open(&arena, wanted);
	small = adit_alloc(&arena.allocator, 100, 64);
	large = adit_alloc(&arena.allocator, 100 << 20, 4096);
	REQUIRE(small != NULL && large != NULL);
	if (arena.error != 0)
		SKIP("pages can't be bound to a node here");
	CHECK_EQ_INT((uintptr_t)small % 64, 0);
	CHECK_EQ_INT((uintptr_t)large % 4096, 0);
	CHECK_EQ_INT(arena.given, (100 << 20) + 100);
	for (size_t i = 0; i < 100; i++)
		CHECK_EQ_INT(small[i] | large[i << 20], 0);
	memset(small, 1, 100);
	large[(100 << 20) - 1] = 1;
	CHECK_EQ_INT(node_of(small), wanted);
	CHECK_EQ_INT(node_of(large + (50 << 20)), wanted);
	CHECK_EQ_INT(policy_of(large, &nodes), MPOL_PREFERRED);
	CHECK_EQ_INT(nodes, 1ul << wanted);
	/* The thread that made them goes on as before. */
	CHECK_EQ_INT(policy_of(NULL, &nodes), policy);
	CHECK_EQ_INT(nodes, before);
	adit_free(&arena.allocator, small);
	CHECK_EQ_INT(large[(100 << 20) - 1], 1);
	app_arena_close(&arena);
}

TEST(memory, arenas_are_on_their_node)
{
	unsigned long nodes;

	if (app_node_count() == 0 || policy_of(NULL, &nodes) < 0)
		SKIP("the kernel does not tell of nodes here");
	for (unsigned node = 0; node < app_node_count(); node++)
		check_node((int)node);
}

TEST(memory, node_that_is_not_there_does_no_harm)
{
	struct app_arena arena;
	uint8_t *memory;

	app_arena_open(&arena, 63);
	memory = adit_alloc(&arena.allocator, 1 << 20, 64);
	REQUIRE(memory != NULL);
	memset(memory, 1, 1 << 20);
	CHECK(arena.error != 0);
	app_arena_close(&arena);

	app_arena_open(&arena, APP_NODE_NONE);
	CHECK(arena.allocator.alloc == app_apart.alloc);
	memory = adit_alloc(&arena.allocator, 100, 64);
	REQUIRE(memory != NULL);
	CHECK_EQ_INT(arena.given, 0);
	adit_free(&arena.allocator, memory);
	app_arena_close(&arena);
}

TEST(memory, absurd_sizes_are_refused)
{
	struct app_arena arena;

	app_arena_open(&arena, 0);
	CHECK(adit_alloc(&arena.allocator, SIZE_MAX - 100, 64) == NULL);
	CHECK(adit_alloc(&arena.allocator, SIZE_MAX / 2 - 100, 64) == NULL);
	app_arena_close(&arena);
}

/* What was reckoned is what is asked for, to the heads of things. */
static void check_near(const char *what, size_t given, size_t planned)
{
	if (given > planned + planned / 1000 + (64 << 10) || given < planned - planned / 1000)
		FAIL("%s: %zu bytes were asked for, %zu were reckoned", what, given, planned);
}

TEST(memory, tables_take_what_was_reckoned)
{
	static const unsigned workers[] = {1, 3};

	NEED_EAL();
	for (size_t i = 0; i < ADIT_COUNT(workers); i++) {
		struct bench bench;
		struct app_memory memory;
		size_t given = 0, parts = 0;
		const struct app_scorer *scorer;
		const struct app_spreader *spreader;

		REQUIRE(bench_make_with(&bench, false, workers[i], 0, "memory.numa=on"));
		if (bench.appliance.workers[0].arena.node == APP_NODE_NONE) {
			bench_clear(&bench);
			SKIP("lcores are not tied to one node here");
		}
		app_memory_plan(&bench.config, 0, true, &memory);
		for (unsigned w = 0; w < workers[i]; w++) {
			struct app_worker *worker = &bench.appliance.workers[w];

			given += worker->arena.given;
			if (worker->arena.error == 0)
				CHECK_EQ_INT(node_of(worker->windows[1]), worker->arena.node);
		}
		scorer = bench.appliance.scorer;
		spreader = bench.appliance.spreader;
		check_near("workers", given, memory.windows + memory.streams);
		check_near("history", scorer->arena.given - adit_window_bytes(&app_window_nothing),
			memory.history);
		check_near("fragments", spreader->arena.given, memory.fragments);
		for (size_t p = 0; p < memory.count; p++) {
			parts += memory.parts[p].bytes;
			CHECK(memory.parts[p].bytes > 0);
		}
		CHECK_EQ_INT(parts, memory.sum);
		bench_clear(&bench);
	}
}

TEST(memory, limit_names_what_to_lower)
{
	struct adit_config config;
	struct adit_error error;
	struct app_memory memory;

	REQUIRE(adit_config_init(&config) == 0);
	REQUIRE(adit_config_set(&config, "window.sessions=4194304", &error) == 0);
	app_memory_plan(&config, 1, false, &memory);
	CHECK_EQ_INT(app_memory_check(&memory, &config, &error), 0);
	config.memory_limit = (int64_t)(memory.sum >> 20) + 1;
	CHECK_EQ_INT(app_memory_check(&memory, &config, &error), 0);
	config.memory_limit--;
	CHECK_EQ_INT(app_memory_check(&memory, &config, &error), -EINVAL);
	CHECK(strstr(error.text, "lower window.sessions") != NULL);
	adit_config_clear(&config);
}
