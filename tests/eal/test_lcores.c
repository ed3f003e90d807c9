/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What only DPDK can show of the lcores: frames over mbufs, meta that travels with a packet, the
 * hand-off of windows, and a whole appliance in this process, without its management thread.
 */
#include "bench.h"

#include <stdlib.h>
#include <unistd.h>

#include <rte_ethdev.h>

#define START_S      1700000000u
#define START_SLICE  ((uint32_t)(START_S * ADIT_NS_PER_S / ADIT_SLICE_NS))
#define SUBSCRIBERS  12
#define TRANSACTIONS 3000

static void fill(struct rte_mbuf *mbuf, uint16_t size, uint8_t from)
{
	uint8_t *bytes = (uint8_t *)rte_pktmbuf_append(mbuf, size);

	for (uint16_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(from + i);
}

TEST(lcores, frame_over_mbufs)
{
	struct rte_mempool *pool;
	struct rte_mbuf *mbuf, *second, *third;
	struct adit_frame frame;
	static struct bench bench; /* no taps have names */
	uint8_t linear[512];

	NEED_EAL();
	pool = rte_pktmbuf_pool_create("test_frames", 63, 0, 0, 256, SOCKET_ID_ANY);
	REQUIRE(pool != NULL);
	mbuf = rte_pktmbuf_alloc(pool);
	second = rte_pktmbuf_alloc(pool);
	third = rte_pktmbuf_alloc(pool);
	REQUIRE(mbuf != NULL && second != NULL && third != NULL);
	fill(mbuf, 100, 0);

	/* A single one is not copied. */
	mbuf->vlan_tci = 42;
	CHECK(app_frame_of(&bench.appliance, mbuf, linear, &frame));
	CHECK(frame.data == rte_pktmbuf_mtod(mbuf, const uint8_t *));
	CHECK_EQ_INT(frame.captured, 100);
	CHECK_EQ_INT(frame.wire, 100);
	CHECK_EQ_INT(frame.link, ADIT_LINK_ETHERNET);
	CHECK_EQ_INT(frame.vlan, 0);
	CHECK_EQ_INT(frame.tap, 0);
	mbuf->port = 3;
	bench.appliance.tap_of_port[3] = 2;
	app_frame_of(&bench.appliance, mbuf, linear, &frame);
	CHECK_EQ_INT(frame.tap, 2);

	/* A tag that is told but still in the frame is read there, not here. */
	mbuf->ol_flags = RTE_MBUF_F_RX_VLAN;
	app_frame_of(&bench.appliance, mbuf, linear, &frame);
	CHECK_EQ_INT(frame.vlan, 0);
	mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN_STRIPPED;
	app_frame_of(&bench.appliance, mbuf, linear, &frame);
	CHECK_EQ_INT(frame.vlan, 42);

	/* A chain is one span, in order. */
	fill(second, 1, 100);
	fill(third, 120, 101);
	REQUIRE(rte_pktmbuf_chain(mbuf, second) == 0);
	REQUIRE(rte_pktmbuf_chain(mbuf, third) == 0);
	CHECK(!app_frame_of(&bench.appliance, mbuf, linear, &frame));
	CHECK(frame.data == linear);
	CHECK_EQ_INT(frame.captured, 221);
	CHECK_EQ_INT(frame.wire, 221);
	CHECK_EQ_INT(frame.vlan, 42);
	for (int i = 0; i < 221; i++)
		if (frame.data[i] != i)
			FAIL("byte %d of the chain is %u", i, frame.data[i]);
	rte_pktmbuf_free(mbuf);
	rte_mempool_free(pool);
}

/* The packet of a query in an mbuf, with its meta, as the spreader leaves it. */
static struct rte_mbuf *query_mbuf(struct appliance *appliance, const char *name, uint64_t ts_ns)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(appliance->pool);
	static struct frames f;
	struct adit_frame frame;
	struct app_meta *meta = app_meta(mbuf);

	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, "100.64.0.1", "192.0.2.53");
	frames_udp(&f, 40000, 53);
	frames_query(&f, 7, name, 1);
	frames_finish(&f);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)f.size), f.bytes, f.size);
	app_frame_of(appliance, mbuf, NULL, &frame);
	CHECK_EQ_INT(
		adit_packet_decode(&frame, &appliance->ports, &meta->packet), ADIT_OUTCOME_PENDING);
	adit_packet_shard(&frame, &meta->packet, &appliance->rule, &appliance->key);
	meta->ts_ns = ts_ns;
	meta->packet.mark = APP_FRAME;
	return mbuf;
}

TEST(lcores, meta_travels_through_the_ring_port)
{
	struct bench bench;
	struct app_worker *workers;
	const struct app_queue *queue;
	struct rte_mbuf *sent, *got[4];
	struct app_meta before;

	NEED_EAL();
	REQUIRE(bench_make(&bench, false, 2));
	workers = bench.appliance.workers;
	CHECK(app_meta_offset + sizeof(struct app_meta) <= sizeof(struct rte_mbuf));
	sent = query_mbuf(&bench.appliance, "www.example.com", UINT64_C(0x0123456789abcdef));
	before = *app_meta(sent);
	CHECK_EQ_INT(before.packet.payload_offset, 14 + 20 + 8);
	REQUIRE(rte_ring_sp_enqueue(workers[1].packets, sent) == 0);
	queue = &workers[0].queue[0];
	CHECK_EQ_INT(rte_eth_rx_burst(queue->port, queue->queue, got, ADIT_COUNT(got)), 0);
	queue = &workers[1].queue[0];
	REQUIRE(rte_eth_rx_burst(queue->port, queue->queue, got, ADIT_COUNT(got)) == 1);
	CHECK(got[0] == sent);
	CHECK_EQ_MEM(app_meta(got[0]), &before, sizeof(before));
	rte_pktmbuf_free(sent);
	bench_clear(&bench);
}

static void tick_give(struct app_worker *worker, enum app_kind kind, uint32_t slice)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->appliance->pool);

	app_meta(mbuf)->slice = slice;
	app_meta(mbuf)->packet.mark = (uint8_t)kind;
	CHECK_EQ_INT(rte_ring_sp_enqueue(worker->packets, mbuf), 0);
}

/* Nobody takes the sealed windows: the third slice finds no empty one. */
TEST(lcores, live_worker_coalesces_where_no_window_is_empty)
{
	struct bench bench;
	struct app_worker *worker;
	struct adit_window *window;

	NEED_EAL();
	REQUIRE(bench_make(&bench, true, 1));
	worker = &bench.appliance.workers[0];
	atomic_store(&bench.appliance.lcores_running, 1);
	tick_give(worker, APP_OPEN, 100);
	for (uint32_t slice = 101; slice <= 104; slice++) {
		struct rte_mbuf *mbuf = query_mbuf(
			&bench.appliance, "www.example.com", (uint64_t)slice * ADIT_SLICE_NS);

		tick_give(worker, APP_SLICE, slice);
		CHECK_EQ_INT(rte_ring_sp_enqueue(worker->packets, mbuf), 0);
	}
	tick_give(worker, APP_FINAL, 0);
	tick_give(worker, APP_QUIT, 0);
	app_worker_main(worker);

	CHECK_EQ_INT(atomic_load(&bench.appliance.lcores_running), 0);
	CHECK_EQ_INT(worker->counters.windows, 2);
	CHECK_EQ_INT(worker->counters.coalesced, 3);
	CHECK_EQ_INT(worker->counters.window_waits, 0);
	CHECK_EQ_INT(worker->counters.received, 0); /* the spreader counts those */
	CHECK_EQ_INT(adit_pipeline_counters(worker->pipeline)->dns_queries, 4);
	REQUIRE(rte_ring_sc_dequeue(worker->sealed, (void **)&window) == 0);
	CHECK_EQ_INT(window->first_slice, 100);
	CHECK_EQ_INT(window->last_slice, 100);
	CHECK(!window->is_final);
	REQUIRE(rte_ring_sc_dequeue(worker->sealed, (void **)&window) == 0);
	CHECK_EQ_INT(window->first_slice, 101);
	CHECK_EQ_INT(window->last_slice, 104);
	CHECK(window->is_final);
	CHECK_EQ_INT(rte_mempool_in_use_count(bench.appliance.pool), 0);
	bench_clear(&bench);
}

/* Live, looks go to the scoring core before their window does, each once; in replay they wait in
 * it. */
TEST(lcores, live_worker_hands_looks_over)
{
	NEED_EAL();
	for (int live = 0; live < 2; live++) {
		struct bench bench;
		struct app_worker *worker;
		struct adit_window *window;
		uint32_t looks = 0;
		void *look;

		REQUIRE(bench_make(&bench, live, 1));
		worker = &bench.appliance.workers[0];
		atomic_store(&bench.appliance.lcores_running, 1);
		tick_give(worker, APP_OPEN, 100);
		/* 28 bytes a name: 280 after ten, 532 after 19. */
		for (uint32_t slice = 100; slice < 102; slice++) {
			for (uint32_t i = 0; i < 25; i++) {
				struct rte_mbuf *mbuf;
				char name[80];

				snprintf(name, sizeof(name), "abcdef012345%044x.example.com",
					100 * slice + i);
				mbuf = query_mbuf(&bench.appliance, name,
					(uint64_t)slice * ADIT_SLICE_NS + i * ADIT_NS_PER_MS);
				CHECK_EQ_INT(rte_ring_sp_enqueue(worker->packets, mbuf), 0);
			}
			if (slice == 100)
				tick_give(worker, APP_SLICE, 101);
		}
		tick_give(worker, APP_FINAL, 0);
		tick_give(worker, APP_QUIT, 0);
		app_worker_main(worker);
		CHECK_EQ_INT(worker->counters.looks, 4);
		for (int i = 0; i < 2; i++) {
			REQUIRE(rte_ring_sc_dequeue(worker->sealed, (void **)&window) == 0);
			CHECK_EQ_INT(window->look_count, 2);
			for (uint32_t k = 0; live && k < window->look_count; k++, looks++) {
				REQUIRE(rte_ring_sc_dequeue(worker->looks, &look) == 0);
				CHECK(look == &window->looks[k]);
				CHECK_EQ_INT(window->looks[k].row.queries, k == 0 ? 10 : 19);
			}
		}
		CHECK(rte_ring_sc_dequeue(worker->looks, &look) != 0);
		CHECK_EQ_INT(looks, live ? 4 : 0);
		bench_clear(&bench);
	}
}

/* Subscribers that look up sites, and every fourth a name that no one else asks for, under a domain
 * of its own, answered by 200 bytes of TXT. Two minutes. */
static void capture_write(const char *path)
{
	static struct frames f;
	FILE *file = capture_begin(path);
	uint8_t text[201];
	uint64_t random = 1;

	REQUIRE(file != NULL);
	for (unsigned n = 0; n < TRANSACTIONS; n++) {
		unsigned who = n % SUBSCRIBERS;
		char client[32], name[128];
		uint16_t type = who % 4 == 0 ? 16 : 1;
		uint32_t seconds = START_S + n * 120 / TRANSACTIONS;

		for (size_t i = 0; i < sizeof(text); i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
			text[i] = (uint8_t)(random >> 56);
		}
		text[0] = 200;
		snprintf(client, sizeof(client), "100.64.0.%u", who + 1);
		if (type == 16)
			snprintf(name, sizeof(name), "%016" PRIx64 "%08x.velt%uorbi.com", random, n,
				who);
		else
			snprintf(name, sizeof(name), "www.site%u.com", n % 40);
		begin_frame(&f, client, "192.0.2.53", true);
		frames_query(&f, (uint16_t)n, name, type);
		put_record(file, seconds, &f);
		begin_frame(&f, client, "192.0.2.53", false);
		frames_response(&f, (uint16_t)n, name, type, 0);
		frames_answer(&f, type, text, type == 16 ? sizeof(text) : 4);
		put_record(file, seconds, &f);
	}
	fclose(file);
}

/* Runs a capture and returns all verdicts as text, or NULL. What the management thread does, does
 * this one. */
static char *run(struct bench *bench, char *path, uint64_t *queries)
{
	struct appliance *appliance = &bench->appliance;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	void *message;

	appliance->spreader->files = &path;
	appliance->spreader->file_count = 1;
	if (out == NULL || appliance_launch(appliance, &bench->error) != 0) {
		FAIL("not launched: %s", bench->error.text);
		return NULL;
	}
	for (;;) {
		bool ended =
			atomic_load_explicit(&appliance->lcores_running, memory_order_acquire) == 0;

		while (rte_ring_sc_dequeue(appliance->messages_full, &message) == 0) {
			struct app_message *it = message;

			CHECK_EQ_INT(it->kind, APP_VERDICT);
			CHECK_EQ_INT(adit_verdict_write_json(&it->verdict, NULL, out), 0);
			rte_ring_sp_enqueue(appliance->messages_free, message);
		}
		if (ended)
			break;
		usleep(1000);
	}
	appliance_join(appliance);
	fclose(out);
	CHECK(!appliance->spreader->problem);
	CHECK_EQ_INT(appliance->spreader->counters.received, 2 * TRANSACTIONS);
	*queries = 0;
	for (unsigned i = 0; i < appliance->worker_count; i++) {
		struct app_worker *worker = &appliance->workers[i];

		*queries += adit_pipeline_counters(worker->pipeline)->dns_queries;
		CHECK_EQ_INT(worker->counters.windows, 12);
		CHECK_EQ_INT(worker->counters.coalesced, 0);
		CHECK(adit_pipeline_counters(worker->pipeline)->dns_queries > 0);
	}
	CHECK_EQ_INT(rte_mempool_in_use_count(appliance->pool), 0);
	return text;
}

TEST(lcores, same_verdicts_with_one_worker_and_with_three)
{
	char path[] = "/tmp/adit-test-XXXXXX";
	char *expected = NULL, *text = NULL;
	uint64_t queries;
	struct bench bench;
	int file;

	NEED_EAL();
	file = mkstemp(path);
	REQUIRE(file >= 0);
	close(file);
	capture_write(path);
	for (unsigned workers = 1; workers <= WORKERS_MAX; workers += 2) {
		REQUIRE(bench_make(&bench, false, workers));
		text = run(&bench, path, &queries);
		bench_clear(&bench);
		REQUIRE(text != NULL);
		CHECK_EQ_INT(queries, TRANSACTIONS);
		CHECK_CONTAINS(text, "\"domain\":\"velt0orbi.com\"");
		CHECK_CONTAINS(text, "\"domain\":\"velt4orbi.com\"");
		CHECK_CONTAINS(text, "\"domain\":\"velt8orbi.com\"");
		CHECK_CONTAINS(text, "\"state\":\"closed\"");
		CHECK(strstr(text, "site") == NULL);
		if (expected == NULL)
			expected = text;
		else
			CHECK_EQ_STR(text, expected);
	}
	if (text != expected)
		free(text);
	free(expected);
	unlink(path);
}
