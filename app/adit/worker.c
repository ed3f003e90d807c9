/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The worker lcore: takes bursts from its queues, runs them through the pipeline, seals a window
 * when a slice is over. Behind a spreader the slices come as ticks among the packets, so a capture
 * is cut at the same packets on every run; on a port of its own the worker reads the clock.
 */
#include "lists.h"

#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

int app_meta_offset = -1;

uint64_t app_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

bool app_frame_of(const struct appliance *appliance, struct rte_mbuf *mbuf, uint8_t *linear,
	struct adit_frame *frame)
{
	bool whole = mbuf->nb_segs == 1;

	frame->data = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	frame->captured = frame->wire = mbuf->pkt_len;
	frame->readable_tail = 0;
	frame->client_key = 0;
	if (!whole) {
		if (frame->captured > APP_LINEAR_BYTES)
			frame->captured = APP_LINEAR_BYTES;
		frame->data = rte_pktmbuf_read(mbuf, 0, frame->captured, linear);
	}
	frame->vlan = mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ? mbuf->vlan_tci : 0;
	frame->tap = mbuf->port < APP_PORTS_MAX ? appliance->tap_of_port[mbuf->port] : 0;
	frame->link = ADIT_LINK_ETHERNET;
	return whole;
}

/* Of a packet in pieces a first look has nothing, nor of one that ends where its buffer does. */
void app_glance(const struct adit_ports *ports, struct rte_mbuf *const *mbufs, uint16_t count,
	struct adit_glance *glance)
{
	struct adit_sight sights[ADIT_BURST_MAX];

	static_assert(ADIT_BURST_MAX <= ADIT_GLANCE_MAX, "a burst is looked at at once");
	for (uint16_t i = 0; i < count; i++) {
		const struct rte_mbuf *mbuf = mbufs[i];
		bool readable =
			mbuf->nb_segs == 1 && mbuf->data_off + ADIT_SIGHT_BYTES <= mbuf->buf_len;

		app_headers_prefetch(mbufs, count, i);
		sights[i].data = rte_pktmbuf_mtod(mbuf, const uint8_t *);
		sights[i].size = readable ? mbuf->pkt_len : 0;
	}
	adit_packet_glance(ports, sights, count, glance);
}

/* An empty window. Replay waits for one, so that no slices are merged by chance; live, NULL means
 * none is at hand. */
static struct adit_window *window_take(struct app_worker *worker, bool wait)
{
	void *window;

	while (rte_ring_sc_dequeue(worker->emptied, &window) != 0) {
		if (!wait)
			return NULL;
		worker->counters.window_waits++;
		app_idle_wait(&worker->idle);
	}
	return window;
}

static void window_open(struct app_worker *worker, uint32_t slice)
{
	worker->window = window_take(worker, true);
	adit_window_open(worker->window, slice);
	worker->counters.opened++;
}

static void counters_take(struct app_worker *worker)
{
	const struct adit_window_counters *from = &worker->window->counters;

	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
		worker->counters.evicted[kind] += from->evicted[kind];
		worker->counters.refused[kind] += from->refused[kind];
	}
	worker->counters.details_refused += from->details_refused;
	worker->counters.details_taken += from->details_taken;
	worker->counters.looks += from->looks;
	worker->counters.looks_refused += from->looks_refused;
	for (int kind = 0; kind < ADIT_KIND_COUNT; kind++) {
		uint64_t rows = 0;

		for (uint32_t at = 0; at < worker->window->shards; at++)
			rows += adit_window_rows(worker->window, at, (enum adit_kind)kind);
		worker->counters.rows[kind] = rows;
	}
	worker->counters.details = 0;
	for (uint32_t at = 0; at < worker->window->shards; at++)
		worker->counters.details += adit_window_details(worker->window, at);
}

/* Live, what may be a tunnel is judged at once; in replay with its slice, in one order. A window
 * that is not handed over keeps its looks. */
static void looks_send(struct app_worker *worker)
{
	struct adit_window *window = worker->window;

	if (!worker->appliance->live || window == NULL || worker->rung != APP_RUNG_FULL)
		return;
	/* The ring has room for those of all windows. */
	for (; worker->looks_sent < window->look_count; worker->looks_sent++)
		rte_ring_sp_enqueue(worker->looks, &window->looks[worker->looks_sent]);
}

static void window_hand_over(struct app_worker *worker, bool final)
{
	looks_send(worker);
	worker->looks_sent = 0;
	worker->window->is_final = final;
	counters_take(worker);
	worker->counters.windows++;
	/* The ring has room for all windows that there are. */
	rte_ring_sp_enqueue(worker->sealed, worker->window);
	worker->window = NULL;
}

/* The slice is over: seal the window and go on in an empty one. Live, with none at hand, go on in
 * this one: it then stands for more than a slice. */
static void window_turn(struct app_worker *worker, uint32_t next)
{
	bool wait = !worker->appliance->live;
	struct adit_window *empty;

	if (ADIT_UNLIKELY(worker->rung != APP_RUNG_FULL)) {
		adit_window_open(worker->window, next);
		return;
	}
	empty = window_take(worker, wait);
	if (empty == NULL) {
		worker->counters.coalesced++;
		worker->window->last_slice = next;
		return;
	}
	window_hand_over(worker, false);
	worker->window = empty;
	adit_window_open(empty, next);
}

/* Returns false when nothing follows. */
static bool tick(struct app_worker *worker, const struct app_meta *meta)
{
	switch (meta->packet.mark) {
	case APP_OPEN:
		adit_pipeline_reset(worker->pipeline);
		window_open(worker, meta->slice);
		return true;
	case APP_SLICE:
		window_turn(worker, meta->slice);
		return true;
	case APP_FINAL:
		window_hand_over(worker, true);
		return true;
	default:
		return false;
	}
}

/* Frames on their way that can run together, and of a port of the worker's own the mbufs that they
 * stand in. */
struct batch {
	struct adit_frame frames[ADIT_BURST_MAX];
	struct adit_packet packets[ADIT_BURST_MAX];
	struct rte_mbuf *mbufs[ADIT_BURST_MAX];
	size_t count;
	unsigned held;  /* of mbufs */
	uint64_t since; /* ticks, when the first of them came */
};
/* On a link of other traffic a burst has a message or none, and each would load the code and the
 * tables of all stages for itself. Where all queues give full bursts, so that there are more to
 * come, messages wait for each other, but not longer than this. */
#define BATCH_WAITS_A_SECOND 1000

static void batch_run(struct app_worker *worker, struct batch *batch)
{
	if (batch->count == 0)
		return;
	if (ADIT_LIKELY(worker->rung >= APP_RUNG_COUNT))
		adit_pipeline_run(worker->pipeline, worker->window, batch->frames, batch->packets,
			batch->count);
	else
		worker->counters.left += adit_pipeline_run_until(worker->pipeline, worker->window,
			batch->frames, batch->packets, batch->count,
			(enum adit_stage)(worker->rung - APP_RUNG_DECODE));
	batch->count = 0;
	if (batch->held != 0)
		rte_pktmbuf_free_bulk(batch->mbufs, batch->held);
	batch->held = 0;
	looks_send(worker);
}

/* Loads what of a message stands behind the lines of headers, up to PAYLOAD_LINES of them: the next
 * stage reads all of it. A line that is not there is the last one once more; where there is no
 * payload, any lines. */
#define PAYLOAD_LINES 4
static inline void payload_prefetch(const uint8_t *data, const struct adit_packet *packet)
{
	uint32_t last = (uint32_t)packet->payload_offset + packet->payload_size - 1;

	for (uint32_t i = 0; i < PAYLOAD_LINES; i++) {
		uint32_t at = (2 + i) * ADIT_CACHE_LINE;

		rte_prefetch0(data + (at < last ? at : last));
	}
}

/* Takes one packet into the batch. What stands in a room that the next packet may need, and not in
 * the mbuf, is run at once. */
static void batch_add(struct app_worker *worker, struct batch *batch, struct rte_mbuf *mbuf,
	uint64_t now, enum adit_seen seen)
{
	const struct app_meta *meta = app_meta(mbuf);
	struct adit_frame *frame;
	const uint8_t *received;
	bool whole = mbuf->nb_segs == 1;

	if (!whole || batch->count == ADIT_BURST_MAX)
		batch_run(worker, batch);
	worker->counters.linearised += !whole;
	frame = &batch->frames[batch->count];
	app_frame_of(worker->appliance, mbuf, worker->linear, frame);
	received = frame->data;
	if (worker->decodes) {
		frame->ts_ns = now;
		adit_intake_take_glanced(
			&worker->intake, frame, &batch->packets[batch->count], seen);
		if (batch->held == 0)
			batch->since = rte_rdtsc();
		batch->mbufs[batch->held++] = mbuf;
	} else {
		frame->ts_ns = meta->ts_ns;
		frame->tap = meta->packet.tap;
		batch->packets[batch->count] = meta->packet;
	}
	payload_prefetch(frame->data, &batch->packets[batch->count]);
	batch->count++;
	if (ADIT_UNLIKELY(!whole || frame->data != received))
		batch_run(worker, batch);
}

/* The floor of adit bench: packets are taken, their headers loaded, and nothing is done with them.
 */
static bool burst_leave(struct app_worker *worker, struct rte_mbuf **mbufs, uint16_t count)
{
	bool goes_on = true;

	for (uint16_t i = 0; i < count; i++) {
		app_headers_prefetch(mbufs, count, i);
		if (!worker->decodes && app_meta(mbufs[i])->packet.mark != APP_FRAME)
			goes_on &= tick(worker, app_meta(mbufs[i]));
		else
			worker->counters.left++;
	}
	return goes_on;
}

/* Takes one burst of a port that nobody has decoded: gives back what ends at the first look. */
static void burst_decode(struct app_worker *worker, struct batch *batch, struct rte_mbuf **mbufs,
	uint16_t count, uint64_t now)
{
	struct adit_glance glance;
	unsigned ended = 0;

	app_glance(worker->intake.ports, mbufs, count, &glance);
	adit_pipeline_count_ended(worker->pipeline, &glance);
	for (uint64_t left = glance.left; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		batch_add(worker, batch, mbufs[i], now, adit_glance_at(&glance, i));
	}
	if (ADIT_LIKELY(glance.left == 0)) {
		rte_pktmbuf_free_bulk(mbufs, count);
		return;
	}
	for (uint16_t i = 0; i < count; i++) {
		mbufs[ended] = mbufs[i];
		ended += !(glance.left >> i & 1);
	}
	if (ended != 0)
		rte_pktmbuf_free_bulk(mbufs, ended);
}

/* Runs one burst from a spreader; ticks split it. */
static bool burst_run(struct app_worker *worker, struct batch *batch, struct rte_mbuf **mbufs,
	uint16_t count, uint64_t now)
{
	bool goes_on = true;

	for (uint16_t i = 0; i < APP_AHEAD; i++)
		app_headers_prefetch(mbufs, count, i);
	for (uint16_t i = 0; i < count; i++) {
		app_headers_prefetch(mbufs, count, i + APP_AHEAD);
		if (app_meta(mbufs[i])->packet.mark != APP_FRAME) {
			batch_run(worker, batch);
			goes_on &= tick(worker, app_meta(mbufs[i]));
			continue;
		}
		batch_add(worker, batch, mbufs[i], now, ADIT_SEEN_UNUSUAL);
	}
	batch_run(worker, batch);
	return goes_on;
}

/* Returns false when nothing follows. */
static bool burst_take(struct app_worker *worker, struct batch *batch, struct rte_mbuf **mbufs,
	uint16_t count, uint64_t now)
{
	bool goes_on = true;

	if (worker->decodes && ADIT_LIKELY(worker->rung != APP_RUNG_RX)) {
		burst_decode(worker, batch, mbufs, count, now);
		return true;
	}
	if (ADIT_UNLIKELY(worker->rung == APP_RUNG_RX))
		goes_on = burst_leave(worker, mbufs, count);
	else
		goes_on = burst_run(worker, batch, mbufs, count, now);
	rte_pktmbuf_free_bulk(mbufs, count);
	return goes_on;
}

/* Time of a worker that polls a real port; it never goes back. */
static uint64_t clock_read(struct app_worker *worker, struct batch *batch, uint64_t before)
{
	uint64_t now = app_time_ns(worker->time_ns);
	uint32_t slice;

	if (now < before)
		now = before;
	slice = adit_slice_of(now);
	if (worker->window == NULL) {
		window_open(worker, slice);
	} else if (slice > worker->window->last_slice) {
		batch_run(worker, batch);
		window_turn(worker, slice);
	}
	return now;
}

/* From the next burst on. */
static void lists_take(struct app_worker *worker, const struct app_lists *lists)
{
	const struct adit_pipeline_lists taken = {
		.suffixes = lists->suffixes,
		.scanner = lists->scanner[worker->number],
		.tcp_checksum = lists->tcp_checksum,
	};

	worker->lists = lists->number;
	adit_pipeline_set_lists(worker->pipeline, &taken);
	if (worker->decodes)
		app_lists_to_intake(lists, &worker->intake);
}

int app_worker_main(void *argument)
{
	struct app_worker *worker = argument;
	struct appliance *appliance = worker->appliance;
	uint16_t burst = (uint16_t)appliance->config->worker_burst;
	struct rte_mbuf *mbufs[ADIT_BURST_MAX];
	/* Bursts of one packet are always full. */
	const uint64_t batch_wait = burst > 1 ? rte_get_tsc_hz() / BATCH_WAITS_A_SECOND : 0;
	struct batch batch = {.count = 0, .held = 0};
	uint64_t now = appliance->resume * ADIT_SLICE_NS;
	bool goes_on = true;

	app_reader_begin(appliance, worker->number);
	while (goes_on) {
		const struct app_lists *lists =
			app_reader_turn(appliance, worker->number, worker->lists);
		uint16_t total = 0;

		/* What is held goes on with the new ones: of the old nothing may be touched any
		 * more. */
		if (ADIT_UNLIKELY(lists != NULL))
			lists_take(worker, lists);
		if (worker->decodes) {
			now = clock_read(worker, &batch, now);
			if (atomic_load_explicit(&appliance->stop, memory_order_relaxed))
				break;
		}
		for (uint16_t i = 0; i < worker->queues && goes_on; i++) {
			struct app_queue *from = &worker->queue[i];
			uint16_t count = rte_eth_rx_burst(from->port, from->queue, mbufs, burst);

			if (count == 0)
				continue;
			worker->counters.received += worker->decodes ? count : 0;
			from->received += count;
			goes_on = burst_take(worker, &batch, mbufs, count, now);
			total += count;
		}
		if (batch.held != 0 &&
			(total < burst * worker->queues || rte_rdtsc() - batch.since > batch_wait))
			batch_run(worker, &batch);
		if (total == 0)
			app_reader_wait(appliance, worker->number, &worker->idle);
		else
			app_idle_work(&worker->idle);
	}
	batch_run(worker, &batch);
	app_reader_end(appliance, worker->number);
	if (worker->window != NULL) {
		/* Below the full path nothing of a window is judged. */
		if (worker->rung != APP_RUNG_FULL)
			adit_window_open(worker->window, worker->window->last_slice);
		window_hand_over(worker, true);
	}
	atomic_fetch_sub_explicit(&appliance->lcores_running, 1, memory_order_release);
	return 0;
}
