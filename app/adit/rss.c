/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Receive-side scaling so that what belongs together comes to one queue, as far as a card can.
 *
 * A subscriber is one address. In GTP-U with a PDU session container (TS 38.415) the card can be
 * told which of the two inner ones it is: the source uplink, the destination downlink. Otherwise
 * both addresses are hashed, and what one subscriber says to one server stays together. Ports are
 * never hashed: only a datagram's first fragment has them.
 *
 * The key repeats 16 bits. A Toeplitz hash with such a key (Woo and Park, 2012) gives the same for
 * swapped addresses, and the same for one address wherever it stands in the hashed bytes, which is
 * what lets uplink and downlink meet.
 *
 * Drivers may drop what they do not know without a word, so what they say of themselves afterwards
 * is what is told. Proof is only in the traffic: selfcheck.c.
 */
#include "port.h"

#include <stdio.h>

#include <rte_flow.h>

#define KEY_BYTES       52 /* the longest key of a driver; 40 is usual */
#define KEY_BYTES_USUAL 40
#define GTPU_KINDS      4 /* IPv4 or IPv6 outside, by IPv4 or IPv6 inside */

static uint8_t key[KEY_BYTES] = {0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d,
	0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,
	0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d,
	0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a};

static uint8_t key_bytes(const struct rte_eth_dev_info *info)
{
	return info->hash_key_size == 0 ? KEY_BYTES_USUAL : RTE_MIN(info->hash_key_size, KEY_BYTES);
}

/* The hash that a port is asked for. */
static struct rte_eth_rss_conf hash_wanted(const struct rte_eth_dev_info *info)
{
	/* Where a driver has the level, its bits stand among what it can. */
	const uint64_t wanted = RTE_ETH_RSS_IP | RTE_ETH_RSS_LEVEL_INNERMOST;
	struct rte_eth_rss_conf conf = {.rss_key = key,
		.rss_key_len = key_bytes(info),
		.rss_hf = info->flow_type_rss_offloads & wanted};

	return conf;
}

void app_rss_configure(
	uint16_t queues, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	if (queues < 2 || (info->flow_type_rss_offloads & RTE_ETH_RSS_IP) == 0)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf = hash_wanted(info);
}

/* Drivers want the same thing said differently. */
struct dialect {
	enum rte_flow_item_type gtpu;
	uint32_t level;
	bool symmetric; /* of two addresses, by the hash function: the key is the port's */
	bool explicit;  /* key and queues are given with the rule */
};
static const struct dialect dialects[] = {
	{RTE_FLOW_ITEM_TYPE_GTPU, 0, true, false}, /* ice, iavf, i40e */
	{RTE_FLOW_ITEM_TYPE_GTP, 2, false, true},  /* mlx5 */
};

enum rule {
	RULE_PAIR,           /* without a PDU session container, by both addresses */
	RULE_CONTAINER_PAIR, /* with one, by both addresses */
	RULE_UPLINK,         /* with one, by the source */
	RULE_DOWNLINK,       /* with one, by the destination */
};

/* What all rules of a port share. */
struct course {
	uint16_t port;
	const struct dialect *dialect;
	uint16_t queues;
	uint16_t queue[APP_PORT_QUEUES_MAX];
	uint8_t key_bytes;
};

/* Whether the driver says that the rule hashes less than asked for. Few can be asked. */
static bool rule_falls_short(const struct course *course, struct rte_flow *flow, uint64_t types,
	struct rte_flow_error *why)
{
	const struct rte_flow_action ask[] = {
		{.type = RTE_FLOW_ACTION_TYPE_RSS}, {.type = RTE_FLOW_ACTION_TYPE_END}};
	struct rte_flow_action_rss is = {0};

	return rte_flow_query(course->port, flow, ask, &is, why) == 0 &&
	       (is.types & types) != types;
}

/* Makes a rule for GTP-U of one kind; only asks the driver where `made` is NULL. */
static bool rule_make(
	const struct course *course, enum rule rule, unsigned kind, struct rte_flow **made)
{
	static const struct rte_flow_item_gtp_psc type = {.hdr.type = 0xf};
	const struct rte_flow_item_gtp_psc direction = {.hdr.type = rule == RULE_UPLINK};
	const struct rte_flow_attr attributes = {.ingress = 1};
	bool outer6 = kind & 1, inner6 = kind & 2, pair = rule < RULE_UPLINK;
	const struct dialect *dialect = course->dialect;
	struct rte_flow_action_rss rss = {
		.func = pair && dialect->symmetric ? RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ
						   : RTE_ETH_HASH_FUNCTION_DEFAULT,
		.level = dialect->level,
		.types = inner6 ? RTE_ETH_RSS_IPV6 : RTE_ETH_RSS_IPV4,
	};
	const struct rte_flow_action actions[] = {{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
		{.type = RTE_FLOW_ACTION_TYPE_END}};
	struct rte_flow_item items[7] = {{.type = RTE_FLOW_ITEM_TYPE_ETH},
		{.type = outer6 ? RTE_FLOW_ITEM_TYPE_IPV6 : RTE_FLOW_ITEM_TYPE_IPV4},
		{.type = RTE_FLOW_ITEM_TYPE_UDP}, {.type = dialect->gtpu}};
	struct rte_flow_error why;
	unsigned count = 4;

	if (rule != RULE_PAIR)
		items[count++].type = RTE_FLOW_ITEM_TYPE_GTP_PSC;
	if (!pair) {
		items[count - 1].spec = &direction;
		items[count - 1].mask = &type;
		rss.types |=
			rule == RULE_UPLINK ? RTE_ETH_RSS_L3_SRC_ONLY : RTE_ETH_RSS_L3_DST_ONLY;
	}
	items[count++].type = inner6 ? RTE_FLOW_ITEM_TYPE_IPV6 : RTE_FLOW_ITEM_TYPE_IPV4;
	items[count].type = RTE_FLOW_ITEM_TYPE_END;
	if (dialect->explicit) {
		rss.key = key;
		rss.key_len = course->key_bytes;
		rss.queue = course->queue;
		rss.queue_num = course->queues;
	}
	if (rte_flow_validate(course->port, &attributes, items, actions, &why) != 0)
		return false;
	if (made == NULL)
		return true;
	*made = rte_flow_create(course->port, &attributes, items, actions, &why);
	if (*made != NULL && rule_falls_short(course, *made, rss.types, &why)) {
		rte_flow_destroy(course->port, *made, &why);
		*made = NULL;
	}
	return *made != NULL;
}

/* Uplink by the source and downlink by the destination are only of use together. */
static bool direction_rules_make(const struct course *course, unsigned kind)
{
	struct rte_flow *up, *down;
	struct rte_flow_error why;

	if (!rule_make(course, RULE_UPLINK, kind, &up))
		return false;
	if (rule_make(course, RULE_DOWNLINK, kind, &down))
		return true;
	rte_flow_destroy(course->port, up, &why);
	return false;
}

static const struct dialect *dialect_find(struct course *course)
{
	for (size_t i = 0; i < ADIT_COUNT(dialects); i++) {
		course->dialect = &dialects[i];
		if (rule_make(course, RULE_PAIR, 0, NULL))
			return course->dialect;
	}
	return NULL;
}

/* What the driver says of the hash that holds where no rule does. */
struct hash {
	bool asked, addresses, innermost, symmetric;
};

static struct hash hash_ask(const struct app_port *port, uint8_t bytes)
{
	uint8_t has[KEY_BYTES] = {0};
	struct rte_eth_rss_conf conf = {.rss_key = has, .rss_key_len = bytes};
	struct hash hash = {.asked = rte_eth_dev_rss_hash_conf_get(port->id, &conf) == 0};

	if (!hash.asked)
		return hash;
	/* A driver without this bit hashes fragments and the like by addresses, but not UDP. */
	hash.addresses = (conf.rss_hf & RTE_ETH_RSS_IPV4) != 0;
	hash.innermost = RTE_ETH_RSS_LEVEL(conf.rss_hf) == 2;
	hash.symmetric = memcmp(has, key, bytes) == 0;
	return hash;
}

/* Some drivers do not look at the hash when they are configured: they are told once more. */
static struct hash hash_settle(const struct app_port *port, const struct rte_eth_dev_info *info)
{
	struct rte_eth_rss_conf wanted = hash_wanted(info);
	struct hash hash = hash_ask(port, wanted.rss_key_len);

	if (!hash.asked || (hash.addresses && hash.symmetric))
		return hash;
	rte_eth_dev_rss_hash_update(port->id, &wanted);
	return hash_ask(port, wanted.rss_key_len);
}

/* What flow rules were taken, by kind of GTP-U. */
struct rules {
	unsigned kinds, by_direction;
};

static void rules_make(
	const struct app_port *port, uint8_t bytes, const struct hash *hash, struct rules *rules)
{
	struct course course = {.port = port->id, .queues = port->queues, .key_bytes = bytes};
	struct rte_flow *made;

	for (uint16_t i = 0; i < port->queues; i++)
		course.queue[i] = i;
	if (dialect_find(&course) == NULL)
		return;
	for (unsigned kind = 0; kind < GTPU_KINDS; kind++) {
		bool meets = course.dialect->explicit || hash->symmetric;

		rules->kinds += rule_make(&course, RULE_PAIR, kind, &made);
		if (meets && direction_rules_make(&course, kind))
			rules->by_direction++;
		else
			/* Where the driver knows no container, the plain rule is for all. */
			rule_make(&course, RULE_CONTAINER_PAIR, kind, &made);
	}
}

/* Queue i modulo queues for entry i: the same on all ports, so that the directions of an optical
 * tap meet. Returns whether that is so, as far as the port tells. */
static bool table_fill(const struct app_port *port, const struct rte_eth_dev_info *info)
{
	struct rte_eth_rss_reta_entry64 table[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];
	uint16_t size = info->reta_size;
	bool as_wanted = true;

	if (size == 0 || size > RTE_ETH_RSS_RETA_SIZE_512)
		return true;
	memset(table, 0, sizeof(table));
	for (uint16_t i = 0; i < size; i++)
		table[i / RTE_ETH_RETA_GROUP_SIZE].mask |= UINT64_C(1)
							   << (i % RTE_ETH_RETA_GROUP_SIZE);
	if (rte_eth_dev_rss_reta_query(port->id, table, size) != 0)
		return true;
	for (uint16_t i = 0; i < size; i++) {
		uint16_t *entry =
			&table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];

		as_wanted &= *entry == i % port->queues;
		*entry = i % port->queues;
	}
	return as_wanted || rte_eth_dev_rss_reta_update(port->id, table, size) == 0;
}

static enum app_spread spread_of(const struct rules *rules, const struct hash *hash)
{
	if (rules->by_direction == GTPU_KINDS && rules->kinds == GTPU_KINDS)
		return APP_SPREAD_SUBSCRIBER;
	if (rules->kinds == GTPU_KINDS)
		return APP_SPREAD_PAIR;
	if (rules->kinds != 0)
		return APP_SPREAD_PARTLY;
	if (!hash->asked || !hash->addresses || !hash->symmetric)
		return APP_SPREAD_DRIVER;
	return hash->innermost ? APP_SPREAD_PAIR : APP_SPREAD_OUTER;
}

static void tell(
	struct app_port *port, const struct rules *rules, const struct hash *hash, bool table)
{
	const char *rest = !hash->asked       ? "as the driver likes, which it does not tell"
			   : !hash->addresses ? "with UDP on one queue"
			   : !hash->symmetric ? "by a key of the driver's: directions may part"
			   : hash->innermost  ? "by both innermost addresses, symmetric"
					      : "by both outer addresses, symmetric";
	const char *queues = table ? "" : "; the queues' shares are the driver's";

	if (rules->kinds == 0)
		snprintf(port->words, sizeof(port->words), "RSS %s%s", rest, queues);
	else if (port->spread == APP_SPREAD_SUBSCRIBER)
		snprintf(port->words, sizeof(port->words),
			"RSS on the inner subscriber address (flow rules; both inner addresses, "
			"symmetric, where GTP-U has no PDU session container); the rest %s%s",
			rest, queues);
	else
		snprintf(port->words, sizeof(port->words),
			"RSS on both inner addresses (flow rules for %u of %u kinds of GTP-U, "
			"symmetric); the rest %s%s",
			rules->kinds, GTPU_KINDS, rest, queues);
}

void app_rss_program(struct app_port *port)
{
	struct rte_eth_dev_info info;
	struct rules rules = {0};
	struct hash hash;
	bool table;

	port->spread = APP_SPREAD_NONE;
	snprintf(port->words, sizeof(port->words), "one queue");
	if (port->queues < 2 || rte_eth_dev_info_get(port->id, &info) != 0)
		return;
	if ((info.flow_type_rss_offloads & RTE_ETH_RSS_IP) == 0) {
		port->spread = APP_SPREAD_DRIVER;
		snprintf(port->words, sizeof(port->words), "%s",
			strcmp(port->driver, "net_af_packet") == 0
				? "the kernel spreads, by outer addresses and ports"
				: "no RSS: the driver or its peer spreads");
		return;
	}
	table = table_fill(port, &info);
	hash = hash_settle(port, &info);
	rules_make(port, key_bytes(&info), &hash, &rules);
	port->spread = spread_of(&rules, &hash);
	tell(port, &rules, &hash, table);
}
