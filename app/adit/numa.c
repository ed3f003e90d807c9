/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An arena binds its pages by mbind, not by the policy of a thread: most of a table is touched for
 * the first time long after it was made, and not always by who uses it most. What it maps is given
 * back to the kernel and to nobody else, so no page of one node is used again for another.
 */
#include "numa.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_lcore.h>

#define NODES_MAX   64
#define HUGE_PAGE   ((size_t)2 << 20)
#define CHUNK_BYTES ((size_t)64 << 20)

struct app_arena_chunk {
	struct app_arena_chunk *next;
	uint8_t *mapped, *at, *end;
	size_t size; /* of what is mapped */
};

/* ---- apart */

static void *apart_alloc(void *context, size_t size_bytes, size_t align)
{
	(void)context;
	return adit_alloc(NULL, RTE_ALIGN_CEIL(size_bytes, APP_LINES_APART),
		align < APP_LINES_APART ? APP_LINES_APART : align);
}

static void apart_free(void *context, void *memory)
{
	(void)context;
	adit_free(NULL, memory);
}

const struct adit_allocator app_apart = {apart_alloc, apart_free, NULL};

/* ---- arenas: what is in one is of one lcore */

static int bind_to(void *memory, size_t size, int node)
{
	unsigned long nodes[NODES_MAX / (8 * sizeof(unsigned long))] = {0};

	if (node < 0 || node >= NODES_MAX)
		return EINVAL;
	nodes[(size_t)node / (8 * sizeof(*nodes))] |= 1ul << (size_t)node % (8 * sizeof(*nodes));
	if (syscall(SYS_mbind, memory, size, MPOL_PREFERRED, nodes, NODES_MAX + 1ul, 0ul) != 0)
		return errno;
	return 0;
}

/* Maps a chunk that has room for `size` bytes, from the start of a huge page on. */
static struct app_arena_chunk *chunk_make(struct app_arena *arena, size_t size)
{
	struct app_arena_chunk *chunk = calloc(1, sizeof(*chunk));
	int error;

	if (chunk == NULL)
		return NULL;
	chunk->size = (size > CHUNK_BYTES ? size : CHUNK_BYTES) + HUGE_PAGE;
	chunk->mapped = mmap(NULL, chunk->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (chunk->mapped == MAP_FAILED) {
		free(chunk);
		return NULL;
	}
	chunk->at = chunk->mapped + (-(uintptr_t)chunk->mapped & (HUGE_PAGE - 1));
	chunk->end = chunk->mapped + chunk->size;
	/* Rows are read here and there, as in what jemalloc maps (main.c). */
	madvise(chunk->mapped, chunk->size, MADV_HUGEPAGE);
	error = bind_to(chunk->mapped, chunk->size, arena->node);
	if (error != 0)
		arena->error = error;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

static void *arena_alloc(void *context, size_t size_bytes, size_t align)
{
	struct app_arena *arena = context;
	struct app_arena_chunk *chunk = arena->chunks;
	size_t skip;
	uint8_t *memory;

	if (size_bytes > SIZE_MAX / 2)
		return NULL;
	align = align < APP_LINES_APART ? APP_LINES_APART : align;
	skip = chunk != NULL ? -(uintptr_t)chunk->at & (align - 1) : 0;
	if (chunk == NULL || (size_t)(chunk->end - chunk->at) < skip + size_bytes) {
		chunk = chunk_make(arena, size_bytes);
		if (chunk == NULL)
			return NULL;
		skip = 0;
	}
	memory = chunk->at + skip;
	chunk->at = memory + size_bytes;
	arena->given += size_bytes;
	return memory;
}

static void arena_free(void *context, void *memory)
{
	(void)context;
	(void)memory;
}

void app_arena_open(struct app_arena *arena, int node)
{
	*arena = (struct app_arena){.node = node, .allocator = app_apart};
	if (node != APP_NODE_NONE)
		arena->allocator = (struct adit_allocator){arena_alloc, arena_free, arena};
}

void app_arena_close(struct app_arena *arena)
{
	while (arena->chunks != NULL) {
		struct app_arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		munmap(chunk->mapped, chunk->size);
		free(chunk);
	}
}

/* ---- nodes */

static bool node_exists(int node)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", node);
	return access(path, F_OK) == 0;
}

unsigned app_node_count(void)
{
	unsigned count = 0;

	for (int node = 0; node < NODES_MAX; node++)
		count += node_exists(node);
	return count;
}

static int node_of_cpu(int cpu)
{
	char path[64];

	for (int node = 0; node < NODES_MAX; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/node%d", cpu, node);
		if (access(path, F_OK) == 0)
			return node;
	}
	return APP_NODE_NONE;
}

int app_node_of_lcore(unsigned lcore)
{
	cpu_set_t cpus = rte_lcore_cpuset(lcore);
	int found = APP_NODE_NONE;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int node;

		if (!CPU_ISSET(cpu, &cpus))
			continue;
		node = node_of_cpu(cpu);
		if (node == APP_NODE_NONE || (found != APP_NODE_NONE && node != found))
			return APP_NODE_NONE;
		found = node;
	}
	return found;
}

int app_node_for(const struct adit_config *config, unsigned lcore)
{
	bool wanted = strcmp(config->memory_numa, "on") == 0 ||
		      (strcmp(config->memory_numa, "auto") == 0 && app_node_count() > 1);

	return wanted && lcore < RTE_MAX_LCORE ? app_node_of_lcore(lcore) : APP_NODE_NONE;
}
