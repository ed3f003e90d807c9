/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Memory of lcores: in cache lines of their own, and on the memory node (NUMA) on which they run,
 * whoever touches it first. Management thread; nothing here is on the packet path.
 */
#ifndef ADIT_APP_NUMA_H
#define ADIT_APP_NUMA_H

#include "adit_base.h"
#include "adit_config.h"

#define APP_NODE_NONE (-1)

/* What an lcore writes while packets come stands in cache lines of its own, and two of them apart
 * from what others write: CPUs fetch lines in pairs. */
#define APP_LINES_APART (2 * ADIT_CACHE_LINE)
#define APP_APART       __attribute__((aligned(APP_LINES_APART)))
/* Memory of an lcore's own: no block begins or ends within two lines that hold another one. */
extern const struct adit_allocator app_apart;

/* Memory that is given out piece by piece, and all of it taken back at once. Its pages are the
 * node's by preference: where that has none left, they are another's. */
struct app_arena {
	struct adit_allocator allocator; /* without a node it is app_apart */
	int node;
	int error; /* errno: the kernel did not take the node; pages are where they are touched */
	size_t given; /* bytes that were asked for */
	struct app_arena_chunk *chunks;
};

/* The arena must stay where it is until it is closed. */
void app_arena_open(struct app_arena *arena, int node);
/* Frees all that it gave out. */
void app_arena_close(struct app_arena *arena);

/* How many nodes the machine has. */
unsigned app_node_count(void);
/* The node of all CPUs that an lcore may run on; APP_NODE_NONE: it may change, or is not known. */
int app_node_of_lcore(unsigned lcore);
/* The same for tables, as memory.numa says: APP_NODE_NONE where they are not to be bound. */
int app_node_for(const struct adit_config *config, unsigned lcore);

#endif
