/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is asked of cards that spread, and what is believed of them. Two net_null ports stand for
 * the cards: they keep a hash key and a redirection table, and know no flow rules. Those functions
 * of DPDK's are defined here instead and behave as a card of the test's choice.
 */
#include "port.h"
#include "started.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_flow.h>
#include <rte_thash.h>

#define QUEUES 4
#define RULES  64

enum maker { NO_RULES, INTEL, MELLANOX };

/* A card, and what it was asked for. */
static struct card {
	enum maker maker;
	bool container; /* knows the PDU session container */
	bool downlink;  /* and rules by destination */
	bool outer6;    /* and IPv6 outside */
	bool forgetful; /* takes rules by one address, and hashes both */
	struct {
		bool alive, container, up, down, outer6, inner6;
		uint16_t port;
		struct rte_flow_action_rss rss;
		uint8_t key[64];
	} rule[RULES];
	unsigned rules;
} card;

static int item_count(const struct rte_flow_item *items, enum rte_flow_item_type type)
{
	int count = 0;

	for (; items->type != RTE_FLOW_ITEM_TYPE_END; items++)
		count += items->type == type;
	return count;
}

static bool is_up(const struct rte_flow_item *items)
{
	for (; items->type != RTE_FLOW_ITEM_TYPE_END; items++)
		if (items->type == RTE_FLOW_ITEM_TYPE_GTP_PSC && items->spec != NULL)
			return ((const struct rte_flow_item_gtp_psc *)items->spec)->hdr.type == 1;
	return false;
}

static bool card_takes(const struct rte_flow_item *items, const struct rte_flow_action_rss *rss)
{
	bool one = (rss->types & (RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY)) != 0;

	if (item_count(items, RTE_FLOW_ITEM_TYPE_GTP_PSC) != 0 && !card.container)
		return false;
	if ((rss->types & RTE_ETH_RSS_L3_DST_ONLY) != 0 && !card.downlink)
		return false;
	if (items[1].type == RTE_FLOW_ITEM_TYPE_IPV6 && !card.outer6)
		return false;
	switch (card.maker) {
	case INTEL:
		return item_count(items, RTE_FLOW_ITEM_TYPE_GTPU) == 1 && rss->level == 0 &&
		       rss->key_len == 0 && rss->queue_num == 0 &&
		       (rss->func == RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ) == !one;
	case MELLANOX:
		return item_count(items, RTE_FLOW_ITEM_TYPE_GTP) == 1 && rss->level == 2 &&
		       rss->func == RTE_ETH_HASH_FUNCTION_DEFAULT && rss->key_len == 40 &&
		       rss->queue_num != 0;
	default:
		return false;
	}
}

int rte_flow_validate(uint16_t port, const struct rte_flow_attr *attributes,
	const struct rte_flow_item items[], const struct rte_flow_action actions[],
	struct rte_flow_error *error)
{
	(void)port;
	(void)error;
	CHECK(attributes->ingress);
	CHECK_EQ_INT(actions[0].type, RTE_FLOW_ACTION_TYPE_RSS);
	CHECK_EQ_INT(actions[1].type, RTE_FLOW_ACTION_TYPE_END);
	return card_takes(items, actions[0].conf) ? 0 : -ENOTSUP;
}

struct rte_flow *rte_flow_create(uint16_t port, const struct rte_flow_attr *attributes,
	const struct rte_flow_item items[], const struct rte_flow_action actions[],
	struct rte_flow_error *error)
{
	const struct rte_flow_action_rss *rss = actions[0].conf;
	unsigned i = card.rules;

	if (rte_flow_validate(port, attributes, items, actions, error) != 0 || i == RULES)
		return NULL;
	card.rules++;
	card.rule[i].alive = true;
	card.rule[i].port = port;
	card.rule[i].container = item_count(items, RTE_FLOW_ITEM_TYPE_GTP_PSC) != 0;
	card.rule[i].up = is_up(items) && (rss->types & RTE_ETH_RSS_L3_SRC_ONLY) != 0;
	card.rule[i].down = !is_up(items) && (rss->types & RTE_ETH_RSS_L3_DST_ONLY) != 0;
	card.rule[i].outer6 = items[1].type == RTE_FLOW_ITEM_TYPE_IPV6;
	card.rule[i].inner6 = (rss->types & RTE_ETH_RSS_IPV6) != 0;
	card.rule[i].rss = *rss;
	if (rss->key != NULL)
		memcpy(card.rule[i].key, rss->key, rss->key_len);
	return (struct rte_flow *)&card.rule[i];
}

int rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error)
{
	(void)error;
	for (unsigned i = 0; i < card.rules; i++)
		if ((struct rte_flow *)&card.rule[i] == flow) {
			CHECK(card.rule[i].alive);
			CHECK_EQ_INT(card.rule[i].port, port);
			card.rule[i].alive = false;
			return 0;
		}
	FAIL("no such rule");
	return -EINVAL;
}

int rte_flow_query(uint16_t port, struct rte_flow *flow, const struct rte_flow_action *action,
	void *data, struct rte_flow_error *error)
{
	struct rte_flow_action_rss *rss = data;

	(void)port;
	(void)error;
	CHECK_EQ_INT(action->type, RTE_FLOW_ACTION_TYPE_RSS);
	for (unsigned i = 0; i < card.rules && card.forgetful; i++)
		if ((struct rte_flow *)&card.rule[i] == flow) {
			*rss = card.rule[i].rss;
			rss->types &= ~(RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY);
			return 0;
		}
	return -ENOTSUP;
}

/* Rules alive of a port, of a sort. */
enum sort { PLAIN, CONTAINER, UP, DOWN };
static unsigned alive(uint16_t port, enum sort sort)
{
	unsigned count = 0;

	for (unsigned i = 0; i < card.rules; i++) {
		enum sort is = card.rule[i].up          ? UP
			       : card.rule[i].down      ? DOWN
			       : card.rule[i].container ? CONTAINER
							: PLAIN;

		count += card.rule[i].alive && card.rule[i].port == port && is == sort;
	}
	return count;
}

/* Two ports that were opened and started as adit run does it, up to the launch. */
struct bench {
	struct adit_config config;
	struct appliance appliance;
	struct adit_error error;
};

static int option_set(struct bench *bench, const char *format, ...) ADIT_PRINTF(2, 3);
static int option_set(struct bench *bench, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return adit_config_set(&bench->config, text, &bench->error);
}

static bool bench_make(struct bench *bench, const char *spread, unsigned workers, unsigned queues)
{
	static unsigned ports; /* a name is only free once */
	int status;

	memset(bench, 0, sizeof(*bench));
	status = adit_config_init(&bench->config);
	status |= option_set(bench, "port.spread=%s", spread);
	status |= option_set(bench, "port.queues=%u", queues);
	status |= option_set(bench, "worker.count=%u", workers);
	status |= option_set(bench, "port.descriptors=64");
	status |= option_set(bench, "worker.packet_buffers=1024");
	status |= option_set(bench, "port.devices=net_null%u,net_null%u", ports, ports + 1);
	status |= option_set(bench, "detect.signatures=false");
	status |=
		option_set(bench, "detect.allow_directory=%s/config/allow", harness_source_root());
	ports += 2;
	bench->appliance.live = true;
	bench->appliance.has_spreader = strcmp(spread, "rss") != 0 && workers > 1;
	if (status == 0)
		status = appliance_load(&bench->appliance, &bench->config, &bench->error);
	if (status == 0)
		status = app_ports_open(&bench->appliance, &bench->error);
	if (status == 0)
		status = appliance_create(&bench->appliance, &bench->error);
	if (status == 0)
		status = app_ports_start(&bench->appliance, &bench->error);
	if (status != 0)
		FAIL("no appliance: %s", bench->error.text);
	return status == 0;
}

static void bench_end(struct bench *bench)
{
	appliance_destroy(&bench->appliance);
	adit_config_clear(&bench->config);
}

static const struct app_port *port_of(const struct bench *bench, int number)
{
	return &bench->appliance.ports_open[number];
}

TEST(rss, by_subscriber)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = INTEL, .container = true, .downlink = true, .outer6 = true};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	for (int i = 0; i < 2; i++) {
		const struct app_port *port = port_of(&bench, i);

		CHECK_EQ_INT(port->spread, APP_SPREAD_SUBSCRIBER);
		CHECK_CONTAINS(port->words, "by both outer addresses, symmetric");
		CHECK_EQ_INT(alive(port->id, PLAIN), 4);
		CHECK_EQ_INT(alive(port->id, UP), 4);
		CHECK_EQ_INT(alive(port->id, DOWN), 4);
		CHECK_EQ_INT(alive(port->id, CONTAINER), 0);
	}
	bench_end(&bench);
}

TEST(rss, explicit_key_and_queues)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = MELLANOX, .outer6 = true};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	CHECK_EQ_INT(port_of(&bench, 0)->spread, APP_SPREAD_PAIR);
	CHECK_EQ_INT(alive(port_of(&bench, 0)->id, PLAIN), 4);
	for (unsigned i = 0; i < card.rules; i++) {
		CHECK_EQ_INT(card.rule[i].rss.queue_num, QUEUES);
		for (int k = 0; k < 40; k += 2)
			CHECK(card.rule[i].key[k] == 0x6d && card.rule[i].key[k + 1] == 0x5a);
	}
	bench_end(&bench);
}

/* One direction alone would part what belongs together. */
TEST(rss, both_directions_or_none)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = INTEL, .container = true, .outer6 = true};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	CHECK_EQ_INT(port_of(&bench, 0)->spread, APP_SPREAD_PAIR);
	CHECK_EQ_INT(alive(port_of(&bench, 0)->id, UP), 0);
	CHECK_EQ_INT(alive(port_of(&bench, 0)->id, CONTAINER), 4);
	CHECK_EQ_INT(alive(port_of(&bench, 0)->id, PLAIN), 4);
	bench_end(&bench);
}

/* A rule that hashes less than asked for is taken back. */
TEST(rss, forgetful)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = INTEL,
		.container = true,
		.downlink = true,
		.outer6 = true,
		.forgetful = true};
	REQUIRE(bench_make(&bench, "auto", 2, QUEUES));
	CHECK_EQ_INT(port_of(&bench, 0)->spread, APP_SPREAD_PAIR);
	CHECK_EQ_INT(alive(port_of(&bench, 0)->id, UP), 0);
	CHECK_EQ_INT(alive(port_of(&bench, 0)->id, DOWN), 0);
	CHECK(bench.appliance.has_spreader);
	bench_end(&bench);
}

TEST(rss, partly)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = INTEL, .container = true, .downlink = true};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	CHECK_EQ_INT(port_of(&bench, 0)->spread, APP_SPREAD_PARTLY);
	CHECK_CONTAINS(port_of(&bench, 0)->words, "2 of 4 kinds");
	bench_end(&bench);
}

TEST(rss, no_rules)
{
	struct bench bench;
	struct rte_eth_rss_conf conf = {.rss_key_len = 0};

	NEED_EAL();
	card = (struct card){.maker = NO_RULES};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	CHECK_EQ_INT(port_of(&bench, 0)->spread, APP_SPREAD_OUTER);
	CHECK_EQ_STR(port_of(&bench, 0)->words, "RSS by both outer addresses, symmetric");
	CHECK_EQ_INT(rte_eth_dev_rss_hash_conf_get(port_of(&bench, 0)->id, &conf), 0);
	/* Never ports: the later fragments of a datagram have none. */
	CHECK_EQ_INT(conf.rss_hf & ~RTE_ETH_RSS_IP, 0);
	bench_end(&bench);
}

/* With "auto" the ports do without a spreader only where nothing of a subscriber parts, and where
 * each worker has a queue of each port. */
TEST(rss, spreader_or_not)
{
	static const struct {
		unsigned workers, queues;
		bool downlink, spreader;
	} rows[] = {{2, 4, true, false}, {4, 4, true, false}, {2, 4, false, true},
		{3, 2, true, true}, {2, 1, true, true}};

	NEED_EAL();
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct bench bench;

		card = (struct card){.maker = INTEL,
			.container = true,
			.downlink = rows[i].downlink,
			.outer6 = true};
		REQUIRE(bench_make(&bench, "auto", rows[i].workers, rows[i].queues));
		CHECK_EQ_INT(bench.appliance.has_spreader, rows[i].spreader);
		CHECK_EQ_INT(bench.appliance.spreader->queues,
			rows[i].spreader ? 2 * rows[i].queues : 0);
		for (unsigned w = 0; w < rows[i].workers; w++) {
			const struct app_worker *worker = &bench.appliance.workers[w];

			CHECK_EQ_INT(worker->decodes, !rows[i].spreader);
			CHECK_EQ_INT(worker->packets != NULL, rows[i].spreader);
			for (unsigned k = 0; k < worker->queues && !rows[i].spreader; k++)
				CHECK_EQ_INT(worker->queue[k].queue % rows[i].workers, w);
			CHECK_EQ_INT(worker->queues,
				rows[i].spreader ? 1 : 2 * rows[i].queues / rows[i].workers);
		}
		bench_end(&bench);
	}
}

/* Fewer queues than workers: every worker has one all the same. */
TEST(rss, every_worker_polls)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = NO_RULES};
	REQUIRE(bench_make(&bench, "rss", 4, 2));
	for (int w = 0; w < 4; w++)
		CHECK_EQ_INT(bench.appliance.workers[w].queues, 1);
	bench_end(&bench);
}

/* What rests on the key: swapped addresses give the same hash, and so does one address as source
 * and as destination. */
TEST(rss, key_is_symmetric)
{
	uint64_t state = 1;
	struct bench bench;
	unsigned differ = 0;

	NEED_EAL();
	card = (struct card){.maker = MELLANOX, .outer6 = true};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	REQUIRE(card.rules > 0);
	for (int words = 1; words <= 4; words += 3)
		for (int i = 0; i < 1000; i++) {
			uint32_t there[8], back[8], source[8] = {0}, destination[8] = {0};

			for (int k = 0; k < 2 * words; k++)
				there[k] = back[(k + words) % (2 * words)] =
					(uint32_t)(state = adit_hash(&adit_hash_key_fixed, &state,
							   sizeof(state)));
			memcpy(source, there, (size_t)words * 4);
			memcpy(destination + words, there, (size_t)words * 4);
			CHECK_EQ_INT(rte_softrss(there, 2 * words, card.rule[0].key),
				rte_softrss(back, 2 * words, card.rule[0].key));
			CHECK_EQ_INT(rte_softrss(source, 2 * words, card.rule[0].key),
				rte_softrss(destination, 2 * words, card.rule[0].key));
			differ += rte_softrss(there, 2 * words, card.rule[0].key) !=
				  rte_softrss(source, 2 * words, card.rule[0].key);
		}
	CHECK(differ > 1900);
	bench_end(&bench);
}

/* What was taken from a queue is told of the queue, whoever took it. */
TEST(ports, counted_by_queue)
{
	struct bench bench;

	NEED_EAL();
	card = (struct card){.maker = NO_RULES};
	REQUIRE(bench_make(&bench, "rss", 2, QUEUES));
	for (int w = 0; w < 2; w++)
		for (int k = 0; k < bench.appliance.workers[w].queues; k++)
			bench.appliance.workers[w].queue[k].received = (uint64_t)(100 * w + k + 1);
	app_ports_count(&bench.appliance);
	/* A worker's queues are those of its number, of the first port and then of the second. */
	for (int port = 0; port < 2; port++)
		for (int queue = 0; queue < QUEUES; queue++)
			CHECK_EQ_INT(port_of(&bench, port)->counters.queue[queue].packets,
				100 * (queue % 2) + queue / 2 + 2 * port + 1);
	CHECK_EQ_INT(app_port_lost(&port_of(&bench, 0)->counters), 0);
	bench_end(&bench);
}
