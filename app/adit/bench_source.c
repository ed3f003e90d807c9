/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_source.h"

#include <time.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- a run */

static void meter_begin(struct app_source *source)
{
	struct app_meter *meter = &source->meter;

	meter->begun = true;
	app_counters_begin(&source->counters, app_cpu_events);
	meter->cpu_ns = cpu_ns();
	meter->begin_ticks = rte_rdtsc();
}

/* At the poll after the last packets: all that was to be done with them is done. */
static void meter_end(struct app_source *source)
{
	struct app_meter *meter = &source->meter;

	meter->ticks = rte_rdtsc() - meter->begin_ticks;
	meter->cpu_ns = cpu_ns() - meter->cpu_ns;
	app_counters_end(&source->counters, meter->counters);
	meter->ended = true;
	if (atomic_fetch_sub_explicit(source->running, 1, memory_order_relaxed) == 1)
		atomic_store_explicit(source->stop, true, memory_order_relaxed);
}

static void labels_write(struct app_source *source)
{
	source->pass++;
	for (size_t i = 0; i < source->fresh_count; i++) {
		const struct app_fresh *fresh = &source->fresh[i];

		app_fresh_write(fresh, &source->plan,
			rte_pktmbuf_mtod(source->mbufs[fresh->frame], uint8_t *), source->pass);
	}
}

/* Between two passes. Nothing of it is measured. */
static void pass_end(struct app_source *source)
{
	struct app_meter *meter = &source->meter;
	uint64_t ticks = rte_rdtsc(), cpu = cpu_ns();

	source->at = 0;
	if (source->fresh_count == 0 || source->left == 0)
		return;
	app_counters_hold(&source->counters, true);
	labels_write(source);
	app_counters_hold(&source->counters, false);
	meter->cpu_ns += cpu_ns() - cpu;
	meter->begin_ticks += rte_rdtsc() - ticks;
}

/* Time goes on with packets: bursts of a slice share it out among them. */
static void time_move(struct app_source *source, uint64_t packets)
{
	source->in_slice += packets;
	if (ADIT_LIKELY(source->in_slice < source->slice_packets)) {
		source->time_ns += packets * ADIT_SLICE_NS / source->slice_packets;
		return;
	}
	struct app_seal *seal = &source->seals[adit_slice_of(source->time_ns) % APP_SEALS];

	__atomic_store_n(&seal->ticks, rte_rdtsc(), __ATOMIC_RELAXED);
	__atomic_store_n(&seal->slice, adit_slice_of(source->time_ns), __ATOMIC_RELEASE);
	source->time_ns = (adit_slice_of(source->time_ns) + UINT64_C(1)) * ADIT_SLICE_NS;
	source->in_slice = 0;
}

uint64_t app_source_sealed(const struct app_source *source, uint32_t slice)
{
	const struct app_seal *seal = &source->seals[slice % APP_SEALS];

	if (__atomic_load_n(&seal->slice, __ATOMIC_ACQUIRE) != slice)
		return 0;
	return app_read(&seal->ticks);
}

void app_source_arm(struct app_source *source, uint64_t packets, uint64_t time_ns)
{
	source->left = packets;
	source->time_ns = time_ns;
	source->in_slice = 0;
	source->at = 0;
	memset(&source->meter, 0, sizeof(source->meter));
	labels_write(source);
}

/* Hands out what is held; the ring behind the port is always empty. */
static uint16_t held_take(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t taken,
	uint16_t room, void *context)
{
	struct app_source *source = context;
	struct rte_mbuf *const *from;
	uint64_t rest;

	(void)queue;
	if (ADIT_UNLIKELY(!source->meter.begun))
		meter_begin(source);
	if (ADIT_UNLIKELY(source->left == 0)) {
		if (!source->meter.ended)
			meter_end(source);
		return taken;
	}
	/* Only now the last packets of the pass before have been worked on. */
	if (ADIT_UNLIKELY(source->at == source->count))
		pass_end(source);
	from = source->mbufs + source->at;
	rest = source->count - source->at;
	rest = rest < source->left ? rest : source->left;
	room = rest < room ? (uint16_t)rest : room;
	/* The last burst of a pass is not a full one: then a worker lets nothing wait for more. */
	room -= room == rest && room > 1;
	for (uint16_t i = 0; i < room; i++) {
		rte_prefetch0(from[i + APP_SOURCE_AHEAD]);
		from[i]->port = port;
		mbufs[i] = from[i];
	}
	source->at += room;
	source->left -= room;
	source->meter.packets += room;
	time_move(source, room);
	return room;
}

/* Counts what a port brings, until the time is over. */
static uint16_t port_take(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t taken,
	uint16_t room, void *context)
{
	struct app_source *source = context;

	(void)port;
	(void)queue;
	(void)room;
	if (ADIT_UNLIKELY(source->meter.ended)) {
		rte_pktmbuf_free_bulk(mbufs, taken);
		return 0;
	}
	if (ADIT_UNLIKELY(!source->meter.begun))
		meter_begin(source);
	if (ADIT_UNLIKELY(rte_rdtsc() - source->meter.begin_ticks >= source->run_ticks)) {
		rte_pktmbuf_free_bulk(mbufs, taken);
		meter_end(source);
		return 0;
	}
	if (taken != 0) {
		source->meter.packets += taken;
		time_move(source, taken);
	}
	return taken;
}

int app_source_attach(
	struct app_source *source, uint16_t port, uint16_t queue, struct adit_error *error)
{
	rte_rx_callback_fn take = source->mbufs != NULL ? held_take : port_take;

	if (rte_eth_add_rx_callback(port, queue, take, source) == NULL)
		return adit_error_set(error, -rte_errno,
			"port %u: no receive callback: %s; this DPDK was built without "
			"(RTE_ETHDEV_RXTX_CALLBACKS)",
			port, rte_strerror(rte_errno));
	return 0;
}
