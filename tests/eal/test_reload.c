/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reloads under lcores that run: spreader, two workers and the scoring core take what is new, every
 * packet is counted, and what was in force before is freed (which AddressSanitizer watches).
 */
#include "bench.h"
#include "lists.h"
#include "reload.h"

#include <stdlib.h>
#include <unistd.h>

static struct bench bench;

/* What the configuration says, for the callback. */
static struct {
	char folder[64];
	bool zeta, broken;
} site;

static void pattern_write(const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/p.conf", site.folder);
	file = fopen(path, "w");
	if (file == NULL) {
		FAIL("%s can't be written", path);
		return;
	}
	fputs(text, file);
	fclose(file);
}

static int config_read(const void *context, struct adit_config *config, struct adit_error *error)
{
	char text[128];
	int status;

	(void)context;
	snprintf(text, sizeof(text), "detect.pattern_directory=%s", site.folder);
	status = adit_config_set(config, text, error);
	snprintf(text, sizeof(text), "detect.allow_directory=%s/config/allow",
		harness_source_root());
	if (status == 0)
		status = adit_config_set(config, text, error);
	if (status == 0)
		status = adit_config_set(config, "worker.count=2", error);
	/* Needs a restart, and does not happen. */
	if (status == 0)
		status = adit_config_set(config, "window.pairs=1024", error);
	return status;
}

static struct rte_ring *ring;
static uint16_t port = RTE_MAX_ETHPORTS;
static uint64_t given;

/* A query of a subscriber into the spreader's port. */
static void give(uint8_t subscriber, const char *name)
{
	static struct frames f;
	static uint16_t id;
	struct rte_mbuf *mbuf;
	char client[16];

	snprintf(client, sizeof(client), "10.0.0.%u", subscriber);
	begin_frame(&f, client, "192.0.2.53", true);
	frames_query(&f, ++id, name, 1);
	frames_finish(&f);
	mbuf = rte_pktmbuf_alloc(bench.appliance.pool);
	if (mbuf == NULL) {
		FAIL("no buffer");
		return;
	}
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)f.size), f.bytes, f.size);
	while (rte_ring_sp_enqueue(ring, mbuf) != 0)
		usleep(50);
	given++;
}

static uint64_t ended(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < ADIT_OUTCOME_COUNT; i++) {
		sum += app_read(&bench.appliance.spreader->ended.outcome[i]);
		for (uint16_t w = 0; w < bench.appliance.worker_count; w++)
			sum += app_read(&adit_pipeline_counters(bench.appliance.workers[w].pipeline)
						 ->outcome[i]);
	}
	return sum;
}

static void all_counted(void)
{
	for (int i = 0; i < 200000 && ended() != given; i++)
		usleep(100);
	CHECK_EQ_INT(ended(), given);
}

/* Asks, and gives packets until the answer is there. */
static int reload_run(struct app_reload *reload, char text[APP_RELOAD_TEXT])
{
	unsigned long number = app_reload_ask(reload);
	char name[64];
	int status = -EINPROGRESS;

	for (unsigned i = 0; status == -EINPROGRESS && i < 600000; i++) {
		app_reload_poll(reload);
		snprintf(name, sizeof(name), "www%u.steady.com", i);
		give(1, name);
		usleep(100);
		status = app_reload_answer(reload, number, text);
	}
	return status;
}

static void names_give(uint8_t subscriber, const char *domain)
{
	char name[64];

	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "zz%06x0123456789abcdef01234567.%s", i, domain);
		give(subscriber, name);
	}
	all_counted();
}

static void port_make(struct appliance *appliance)
{
	struct adit_error error;

	ring = rte_ring_create("test_reload", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (ring == NULL ||
		app_ring_port_make("test_reload", &ring, 1, appliance->pool, &port, &error) != 0) {
		FAIL("no port");
		return;
	}
	appliance->spreader->queue[0] = (struct app_queue){.port = port};
	appliance->spreader->queues = 1;
}

/* Verdicts that were told of a domain, by the tool. */
static unsigned told(
	const struct app_message *messages, size_t count, const char *wire, const char *tool)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += messages[i].kind == APP_VERDICT &&
		       messages[i].verdict.domain.size == strlen(wire) + 1 &&
		       memcmp(messages[i].verdict.domain.wire, wire, strlen(wire)) == 0 &&
		       messages[i].verdict.tool != NULL &&
		       strcmp(messages[i].verdict.tool, tool) == 0;
	return sum;
}

static const char with[] = "tool other\nclass o strong names 1 share 0% \"x\"\n"
			   "subdomain sensitive ^nobody\n"
			   "tool zeta\nclass z strong names 1 share 0% \"x\"\n"
			   "subdomain sensitive ^zz[0-9a-f]{20}\n";
static const char without[] = "tool other\nclass o strong names 1 share 0% \"x\"\n"
			      "subdomain sensitive ^nobody\n";

/* A tool comes, is broken, and goes. */
static void rounds(struct app_reload *reload)
{
	char text[APP_RELOAD_TEXT];

	for (int round = 0; round < 4; round++) {
		pattern_write(with);
		CHECK_EQ_INT(reload_run(reload, text), 0);
		CHECK_CONTAINS(text, "1 option needs a restart: window.pairs");
		CHECK_CONTAINS(
			text, round == 0 ? "classes: 2 new" : "classes: 1 new, 0 changed, 0 gone");
		names_give(3, "during.com");
		/* What is wrong leaves it in force. */
		pattern_write("tool zeta\nclass z strong names 1 share 0% \"x\"\nsubdomain "
			      "sensitive (\n");
		CHECK_EQ_INT(reload_run(reload, text), -EINVAL);
		CHECK_CONTAINS(text, "p.conf:3: ");
		CHECK_CONTAINS(text, "; all that was in force stays");
		names_give(4, "refused.com");
		pattern_write(without);
		CHECK_EQ_INT(reload_run(reload, text), 0);
		CHECK_CONTAINS(text, "classes: 0 new, 0 changed, 1 gone");
		names_give(5, "after.com");
	}
}

/* What the scoring core tells until it has ended. */
static size_t messages_drain(struct app_message kept[APP_MESSAGES])
{
	size_t count = 0;
	void *message;

	while (atomic_load(&bench.appliance.lcores_running) != 0 ||
		rte_ring_count(bench.appliance.messages_full) != 0) {
		if (rte_ring_sc_dequeue(bench.appliance.messages_full, &message) != 0) {
			usleep(100);
			continue;
		}
		if (count < APP_MESSAGES)
			kept[count++] = *(struct app_message *)message;
		rte_ring_sp_enqueue(bench.appliance.messages_free, message);
	}
	return count;
}

TEST(reload, under_packets)
{
	static struct app_message kept[APP_MESSAGES];
	struct appliance *appliance = &bench.appliance;
	struct app_reload reload = {.appliance = appliance,
		.command = "test",
		.read = config_read,
		.config = &bench.config,
		.lock = PTHREAD_MUTEX_INITIALIZER};
	char text[APP_RELOAD_TEXT];
	size_t count;

	NEED_EAL();
	snprintf(site.folder, sizeof(site.folder), "/tmp/adit-reload-XXXXXX");
	REQUIRE(mkdtemp(site.folder) != NULL);
	REQUIRE(bench_make(&bench, true, 2));
	port_make(appliance);
	REQUIRE(appliance_launch(appliance, &bench.error) == 0);
	CHECK_EQ_INT(app_reload_answer(&reload, 1, text), -EINPROGRESS);
	names_give(2, "before.com");

	rounds(&reload);
	CHECK_EQ_INT(reload.in_force, 8);
	CHECK_EQ_INT(bench.config.window_pairs, 65536);
	/* Two that are asked for while one runs are one more. */
	pattern_write(with);
	app_reload_ask(&reload);
	app_reload_poll(&reload);
	CHECK(!app_reload_is_free(&reload));
	app_reload_ask(&reload);
	CHECK_EQ_INT(reload_run(&reload, text), 0);
	CHECK_EQ_INT(reload.in_force, 10);
	/* Whatever slice is over by then: of others these two may be forgotten by now. */
	names_give(6, "during.com");
	names_give(7, "refused.com");
	/* The end in the middle of one. */
	app_reload_ask(&reload);
	app_reload_poll(&reload);
	all_counted();
	atomic_store(&appliance->stop, true);
	count = messages_drain(kept);
	appliance_join(appliance);
	app_reload_end(&reload);
	app_reload_close(&reload);
	CHECK(app_reload_is_free(&reload));
	CHECK_EQ_INT(ended(), given);
	CHECK(told(kept, count, "\6during\3com", "zeta") > 0);
	CHECK(told(kept, count, "\7refused\3com", "zeta") > 0);
	CHECK_EQ_INT(told(kept, count, "\6before\3com", "zeta"), 0);
	CHECK_EQ_INT(told(kept, count, "\5after\3com", "zeta"), 0);
	CHECK_EQ_INT(rte_mempool_in_use_count(appliance->pool), 0);
	app_ring_port_close(&port);
	rte_ring_free(ring);
	bench_clear(&bench);
	snprintf(text, sizeof(text), "%s/p.conf", site.folder);
	unlink(text);
	rmdir(site.folder);
}
