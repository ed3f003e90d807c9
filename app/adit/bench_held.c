/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mbufs that are filled once and never emptied.
 */
#include "bench_source.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_mempool.h>

#define OPS "adit_held"

/* Bytes of the frames that the pools are for. A card's buffer has room for the first look at the
 * smallest. */
static const uint16_t sizes[APP_HELD_POOLS] = {192, 384, 896, 1920, APP_LOAD_FRAME_MAX};
static_assert(192 >= ADIT_SIGHT_BYTES, "every frame's buffer has that much");

/* ---- a pool that keeps what it has: mbufs that come back are where they were */

static int held_alloc(struct rte_mempool *pool)
{
	(void)pool;
	return 0;
}

static void held_free(struct rte_mempool *pool)
{
	(void)pool;
}

static int held_enqueue(struct rte_mempool *pool, void *const *objects, unsigned count)
{
	(void)pool;
	(void)objects;
	(void)count;
	return 0;
}

static int held_dequeue(struct rte_mempool *pool, void **objects, unsigned count)
{
	(void)pool;
	(void)objects;
	(void)count;
	return -ENOBUFS;
}

static unsigned held_count(const struct rte_mempool *pool)
{
	return pool->populated_size;
}

static const struct rte_mempool_ops held_ops = {
	.name = OPS,
	.alloc = held_alloc,
	.free = held_free,
	.enqueue = held_enqueue,
	.dequeue = held_dequeue,
	.get_count = held_count,
};
RTE_MEMPOOL_REGISTER_OPS(held_ops)

/* ---- filling */

static int pool_of(uint32_t captured)
{
	int pool = 0;

	while (pool < APP_HELD_POOLS - 1 && captured > sizes[pool])
		pool++;
	return pool;
}

/* Frames of each pool, and the largest. */
static void frames_count(
	const struct app_load *load, unsigned counts[APP_HELD_POOLS], uint16_t room[APP_HELD_POOLS])
{
	memset(counts, 0, APP_HELD_POOLS * sizeof(*counts));
	memcpy(room, sizes, sizeof(sizes));
	/* One jumbo frame must not make all of its pool as large as can be. */
	room[APP_HELD_POOLS - 1] = (uint16_t)RTE_ALIGN_CEIL(load->largest, ADIT_CACHE_LINE);
	for (size_t i = 0; i < load->count; i++)
		counts[pool_of(load->frames[i].captured)]++;
}

static size_t element_bytes(uint16_t room)
{
	/* mbuf, private data, headroom, frame, and what a mempool puts around them */
	return sizeof(struct rte_mbuf) + APP_META_PRIVATE + RTE_PKTMBUF_HEADROOM + room +
	       2 * ADIT_CACHE_LINE;
}

size_t app_held_bytes(const struct app_load *load)
{
	unsigned counts[APP_HELD_POOLS];
	uint16_t room[APP_HELD_POOLS];
	size_t bytes = 0;

	frames_count(load, counts, room);
	for (int i = 0; i < APP_HELD_POOLS; i++)
		bytes += counts[i] * element_bytes(room[i]);
	return bytes;
}

/* Mbufs of a pool, in the order in which they stand in memory. */
struct collected {
	struct rte_mbuf **mbufs;
	unsigned count;
};

static void collect(struct rte_mempool *pool, void *argument, void *object, unsigned index)
{
	struct collected *collected = argument;

	(void)pool;
	(void)index;
	collected->mbufs[collected->count++] = object;
}

/* As rte_pktmbuf_pool_create does it, but for objects that may lie across pages: no card writes to
 * them, and small pages would else hold one large mbuf each. */
static struct rte_mempool *held_make(int number, unsigned count, uint16_t room)
{
	uint16_t private = app_meta_offset >= (int)sizeof(struct rte_mbuf) ? APP_META_PRIVATE : 0;
	struct rte_pktmbuf_pool_private about = {
		.mbuf_data_room_size = (uint16_t)(RTE_PKTMBUF_HEADROOM + room),
		.mbuf_priv_size = private};
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "adit_held_%d", number);
	pool = rte_mempool_create_empty(name, count,
		(unsigned)sizeof(struct rte_mbuf) + private + about.mbuf_data_room_size, 0,
		sizeof(about), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, OPS, NULL) != 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_pktmbuf_pool_init(pool, &about);
	if (rte_mempool_populate_default(pool) < (int)count) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static int pool_make(struct app_held *held, int number, unsigned count, uint16_t room,
	struct collected *collected, struct adit_error *error)
{
	if (count == 0)
		return 0;
	held->pool[number] = held_make(number, count, room);
	collected->mbufs = malloc(count * sizeof(struct rte_mbuf *));
	if (held->pool[number] == NULL || collected->mbufs == NULL)
		return adit_error_set(error, -ENOMEM,
			"no memory for %u packets of up to %u bytes (--packets sets how many are "
			"held)",
			count, room);
	rte_mempool_obj_iter(held->pool[number], collect, collected);
	held->bytes += count * element_bytes(room);
	return 0;
}

static void mbuf_fill(struct rte_mbuf *mbuf, const struct adit_frame *frame)
{
	memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), frame->data, frame->captured);
	mbuf->data_len = (uint16_t)frame->captured;
	mbuf->pkt_len = frame->captured;
	if (frame->vlan != 0) {
		mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		mbuf->vlan_tci = frame->vlan;
	}
}

/* One worker's after the other's: CPUs load ahead what stands next in memory, which else would be
 * the line that another worker is writing. */
static void owned_fill(struct app_held *held, const struct app_load *load, const uint8_t *owners,
	uint8_t owner, const struct collected collected[APP_HELD_POOLS],
	unsigned used[APP_HELD_POOLS])
{
	for (size_t i = 0; i < load->count; i++) {
		int pool = pool_of(load->frames[i].captured);

		if (owners[i] != owner)
			continue;
		held->mbufs[i] = collected[pool].mbufs[used[pool]++];
		mbuf_fill(held->mbufs[i], &load->frames[i]);
	}
}

int app_held_create(struct app_held *held, const struct app_load *load, const uint8_t *owners,
	uint8_t workers, struct adit_error *error)
{
	struct collected collected[APP_HELD_POOLS] = {{NULL, 0}};
	unsigned counts[APP_HELD_POOLS], used[APP_HELD_POOLS] = {0};
	uint16_t room[APP_HELD_POOLS];
	int status = 0;

	frames_count(load, counts, room);
	held->mbufs = calloc(load->count, sizeof(*held->mbufs));
	if (held->mbufs == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the packets");
	for (int i = 0; i < APP_HELD_POOLS && status == 0; i++)
		status = pool_make(held, i, counts[i], room[i], &collected[i], error);
	for (uint8_t owner = 0; owner < workers && status == 0; owner++)
		owned_fill(held, load, owners, owner, collected, used);
	for (int i = 0; i < APP_HELD_POOLS; i++)
		free(collected[i].mbufs);
	return status;
}

void app_held_free(struct app_held *held)
{
	for (int i = 0; i < APP_HELD_POOLS; i++)
		rte_mempool_free(held->pool[i]);
	free(held->mbufs);
}
