/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The spreader lcore: takes frames from captures, or from ports whose RSS can't see the inner
 * addresses, decodes their headers once, gives each to the worker that owns its shard, and owns
 * time. Frames that are no DNS candidates end here. Ticks travel in the same queues as the frames,
 * so every worker cuts its slices at the same packets.
 */
#include "capture.h"
#include "lists.h"
#include "state.h"

#include <errno.h>
#include <pthread.h>

#include <rte_ethdev.h>

#define STAGE        32
#define FLUSH_ROUNDS 16

/* What is on its way to each worker, and buffers at hand. */
struct stage {
	struct rte_mbuf *mbufs[APP_WORKERS_MAX][STAGE];
	uint16_t count[APP_WORKERS_MAX];
	struct rte_mbuf *buffers[STAGE];
	uint16_t buffer_count;
	bool open; /* a timeline is */
	uint32_t slice;
};

static void stage_flush(struct app_spreader *spreader, struct stage *stage, uint16_t to)
{
	struct rte_ring *ring = spreader->appliance->workers[to].packets;
	uint16_t sent = 0, count = stage->count[to];

	while (sent < count) {
		unsigned done = rte_ring_sp_enqueue_burst(
			ring, (void **)&stage->mbufs[to][sent], count - sent, NULL);

		sent += (uint16_t)done;
		if (done != 0) {
			app_idle_work(&spreader->idle);
		} else if (spreader->live &&
			   app_meta(stage->mbufs[to][sent])->packet.mark == APP_FRAME) {
			/* Live, packets do not wait; ticks must not be lost. */
			spreader->ended.outcome[ADIT_OUTCOME_QUEUE_FULL]++;
			spreader->counters.queue_full[to]++;
			rte_pktmbuf_free(stage->mbufs[to][sent++]);
		} else {
			app_idle_wait(&spreader->idle);
		}
	}
	stage->count[to] = 0;
}

static void stage_add(
	struct app_spreader *spreader, struct stage *stage, uint16_t to, struct rte_mbuf *mbuf)
{
	stage->mbufs[to][stage->count[to]++] = mbuf;
	if (stage->count[to] == STAGE)
		stage_flush(spreader, stage, to);
}

static struct rte_mbuf *buffer_take(struct app_spreader *spreader, struct stage *stage)
{
	struct rte_mempool *pool = spreader->appliance->pool;

	while (stage->buffer_count == 0) {
		if (rte_pktmbuf_alloc_bulk(pool, stage->buffers, STAGE) == 0) {
			stage->buffer_count = STAGE;
			break;
		}
		/* The workers have them all: let them go on with what is staged. Live, this waits
		 * for a worker to end its burst, which it does whatever happens. */
		for (uint16_t i = 0; i < spreader->appliance->worker_count; i++)
			stage_flush(spreader, stage, i);
		app_idle_wait(&spreader->idle);
	}
	return stage->buffers[--stage->buffer_count];
}

static void tick_send(struct app_spreader *spreader, struct stage *stage, enum app_kind kind)
{
	for (uint16_t i = 0; i < spreader->appliance->worker_count; i++) {
		struct rte_mbuf *mbuf = buffer_take(spreader, stage);
		struct app_meta *meta = app_meta(mbuf);

		meta->slice = stage->slice;
		meta->packet.mark = (uint8_t)kind;
		stage_add(spreader, stage, i, mbuf);
		stage_flush(spreader, stage, i);
	}
}

/* Moves time on to a packet's. It never goes back: late packets count into the open slice. */
static void time_move(struct app_spreader *spreader, struct stage *stage, uint64_t ts_ns)
{
	uint32_t slice = adit_slice_of(ts_ns);

	if (!stage->open) {
		stage->open = true;
		stage->slice = spreader->counters.timelines == 0
				       ? app_state_first(spreader->appliance, slice)
				       : slice;
		spreader->counters.timelines++;
		tick_send(spreader, stage, APP_OPEN);
	} else if (slice > stage->slice) {
		stage->slice = slice;
		tick_send(spreader, stage, APP_SLICE);
	} else if (slice < stage->slice) {
		spreader->counters.late++;
	}
}

static void timeline_end(struct app_spreader *spreader, struct stage *stage)
{
	if (stage->open)
		tick_send(spreader, stage, APP_FINAL);
	stage->open = false;
	adit_reassembly_reset(spreader->intake.reassembly);
}

/* Copies a frame into buffers, chained where one does not hold it. */
static struct rte_mbuf *frame_copy(
	struct app_spreader *spreader, struct stage *stage, const uint8_t *data, uint32_t size)
{
	struct rte_mbuf *head = buffer_take(spreader, stage), *tail = head;
	uint32_t done = 0;

	for (;;) {
		uint16_t room = rte_pktmbuf_tailroom(tail);
		uint16_t part = size - done < room ? (uint16_t)(size - done) : room;

		memcpy(rte_pktmbuf_mtod(tail, uint8_t *), data + done, part);
		tail->data_len = part;
		done += part;
		if (done == size)
			break;
		tail->next = buffer_take(spreader, stage);
		tail = tail->next;
		head->nb_segs++;
	}
	head->pkt_len = size;
	return head;
}

/* Sends a copy of what was decoded to the worker of its shard. What follows the payload says
 * nothing. */
static void copy_send(struct app_spreader *spreader, struct stage *stage,
	const struct adit_frame *frame, const struct adit_packet *packet)
{
	uint32_t size = (uint32_t)packet->payload_offset + packet->payload_size;
	struct rte_mbuf *mbuf = frame_copy(spreader, stage, frame->data, size);
	struct app_meta *meta = app_meta(mbuf);

	meta->ts_ns = frame->ts_ns;
	meta->packet = *packet;
	meta->packet.mark = APP_FRAME;
	stage_add(spreader, stage, packet->shard % spreader->appliance->worker_count, mbuf);
}

static void frame_spread(
	struct app_spreader *spreader, struct stage *stage, struct adit_frame *frame)
{
	struct adit_packet packet;

	spreader->counters.received++;
	time_move(spreader, stage, frame->ts_ns);
	if (adit_intake_take(&spreader->intake, frame, &packet) == ADIT_OUTCOME_PENDING)
		copy_send(spreader, stage, frame, &packet);
	else
		spreader->ended.outcome[packet.outcome]++;
}

/* A capture that is being read, and its next frame. */
struct source {
	struct app_capture *capture; /* NULL: read to its end, or as far as it went */
	struct adit_frame frame;
};

static bool stopped(const struct app_spreader *spreader)
{
	return atomic_load_explicit(&spreader->appliance->stop, memory_order_relaxed);
}

static void problem_note(struct app_spreader *spreader, const struct adit_error *error)
{
	if (!spreader->problem)
		spreader->error = *error;
	spreader->problem = true;
}

static void source_next(struct app_spreader *spreader, struct source *source)
{
	struct adit_error error;
	int status = app_capture_next(source->capture, &source->frame, &error);

	if (status == 1)
		return;
	app_capture_close(source->capture);
	source->capture = NULL;
	/* A read that a signal broke off says nothing of the file. */
	if (status < 0 && !stopped(spreader))
		problem_note(spreader, &error);
}

/* The source whose frame comes next in time; of equal ones the first. */
static struct source *source_earliest(struct source *sources, size_t count)
{
	struct source *earliest = NULL;

	for (size_t i = 0; i < count; i++)
		if (sources[i].capture != NULL &&
			(earliest == NULL || sources[i].frame.ts_ns < earliest->frame.ts_ns))
			earliest = &sources[i];
	return earliest;
}

/* Reads captures side by side, by the time of their frames. Where they start before the time
 * reached so far, a new timeline begins; otherwise it goes on, as a capture cut into several files
 * does. */
static void group_spread(
	struct app_spreader *spreader, struct stage *stage, char **files, size_t count)
{
	struct source sources[APP_MERGE_MAX] = {{NULL, {NULL}}}, *source;
	uint64_t before = spreader->bytes_done, done = 0;
	struct adit_error error;
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		if (app_capture_open(files[i], &sources[i].capture, &error) == 0)
			source_next(spreader, &sources[i]);
		else
			problem_note(spreader, &error);
		done += app_capture_size(files[i]);
	}
	while ((source = source_earliest(sources, count)) != NULL && !stopped(spreader)) {
		if (first && stage->open && adit_slice_of(source->frame.ts_ns) < stage->slice)
			timeline_end(spreader, stage);
		first = false;
		frame_spread(spreader, stage, &source->frame);
		if ((spreader->counters.received & 0x3ff) == 0) {
			spreader->bytes_done = before;
			for (size_t i = 0; i < count; i++)
				spreader->bytes_done +=
					sources[i].capture != NULL
						? app_capture_position(sources[i].capture)
						: app_capture_size(files[i]);
		}
		source_next(spreader, source);
	}
	for (size_t i = 0; i < count; i++)
		app_capture_close(sources[i].capture);
	spreader->bytes_done = before + done;
}

static void captures_spread(struct app_spreader *spreader, struct stage *stage)
{
	size_t step = spreader->merge ? spreader->file_count : 1;

	for (size_t i = 0; i < spreader->file_count && !stopped(spreader); i += step)
		group_spread(spreader, stage, spreader->files + i, step);
}

/* A received mbuf goes on as it is: no copy. A datagram put together from fragments is one. Returns
 * false for what ends here. */
static bool mbuf_spread(struct app_spreader *spreader, struct stage *stage, struct rte_mbuf *mbuf,
	uint64_t now, enum adit_seen seen)
{
	struct appliance *appliance = spreader->appliance;
	struct adit_frame frame;
	struct adit_packet packet;
	struct app_meta *meta = app_meta(mbuf);
	const uint8_t *received;

	app_frame_of(appliance, mbuf, spreader->linear, &frame);
	frame.ts_ns = now;
	received = frame.data;
	if (adit_intake_take_glanced(&spreader->intake, &frame, &packet, seen) !=
		ADIT_OUTCOME_PENDING) {
		spreader->ended.outcome[packet.outcome]++;
		return false;
	}
	if (ADIT_UNLIKELY(frame.data != received)) {
		copy_send(spreader, stage, &frame, &packet);
		return false;
	}
	meta->ts_ns = now;
	meta->packet = packet;
	meta->packet.mark = APP_FRAME;
	stage_add(spreader, stage, packet.shard % appliance->worker_count, mbuf);
	return true;
}

static void burst_spread(struct app_spreader *spreader, struct stage *stage,
	struct rte_mbuf **mbufs, uint16_t count, uint64_t now)
{
	struct adit_glance glance;
	uint64_t sent = 0;
	unsigned kept = 0;

	app_glance(spreader->intake.ports, mbufs, count, &glance);
	adit_glance_count(&glance, spreader->ended.outcome);
	spreader->counters.received += count;
	for (uint64_t left = glance.left; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		sent |= (uint64_t)mbuf_spread(
				spreader, stage, mbufs[i], now, adit_glance_at(&glance, i))
			<< i;
	}
	for (uint16_t i = 0; i < count; i++) {
		mbufs[kept] = mbufs[i];
		kept += !(sent >> i & 1);
	}
	rte_pktmbuf_free_bulk(mbufs, kept);
}

static void ports_spread(struct app_spreader *spreader, struct stage *stage)
{
	struct appliance *appliance = spreader->appliance;
	uint16_t burst = (uint16_t)appliance->config->worker_burst;
	struct rte_mbuf *mbufs[ADIT_BURST_MAX];
	unsigned rounds = 0;
	uint64_t now = 0;

	app_reader_begin(appliance, APP_READER_SPREADER);
	while (!atomic_load_explicit(&appliance->stop, memory_order_relaxed)) {
		const struct app_lists *lists =
			app_reader_turn(appliance, APP_READER_SPREADER, spreader->lists);
		uint64_t clock = app_time_ns(spreader->time_ns);
		uint16_t total = 0;

		if (ADIT_UNLIKELY(lists != NULL)) {
			spreader->lists = lists->number;
			app_lists_to_intake(lists, &spreader->intake);
		}

		now = clock > now ? clock : now;
		time_move(spreader, stage, now);
		for (uint16_t i = 0; i < spreader->queues; i++) {
			uint16_t count = rte_eth_rx_burst(
				spreader->queue[i].port, spreader->queue[i].queue, mbufs, burst);

			if (count == 0)
				continue;
			spreader->queue[i].received += count;
			burst_spread(spreader, stage, mbufs, count, now);
			total += count;
		}
		/* A port that is never idle may bring little DNS: what is staged must not wait. */
		if (total == 0 || ++rounds % FLUSH_ROUNDS == 0)
			for (uint16_t i = 0; i < appliance->worker_count; i++)
				stage_flush(spreader, stage, i);
		if (total != 0)
			app_idle_work(&spreader->idle);
		else
			app_reader_wait(appliance, APP_READER_SPREADER, &spreader->idle);
	}
	app_reader_end(appliance, APP_READER_SPREADER);
}

int app_spreader_main(void *argument)
{
	struct app_spreader *spreader = argument;
	struct appliance *appliance = spreader->appliance;
	struct stage stage = {.open = false};

	atomic_store_explicit(
		&spreader->thread, (unsigned long)pthread_self(), memory_order_relaxed);
	if (spreader->live)
		ports_spread(spreader, &stage);
	else
		captures_spread(spreader, &stage);
	timeline_end(spreader, &stage);
	tick_send(spreader, &stage, APP_QUIT);
	if (stage.buffer_count != 0)
		rte_pktmbuf_free_bulk(stage.buffers, stage.buffer_count);
	atomic_fetch_sub_explicit(&appliance->lcores_running, 1, memory_order_release);
	return 0;
}
