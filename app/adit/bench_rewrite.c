/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Other names and subscribers in the packets of a capture. Both packets of an exchange, the query
 * and its response, get the same.
 */
#include "bench_load.h"

#include <math.h>
#include <stdlib.h>

#define EXCHANGES 65536 /* that wait for their response, at first */

#define POINTER_MAX 0x3fff

/* An exchange of this copy of the captures, by what both of its packets have; key 0: free. `flood`
 * is its number among those, plus 1; 0: it is none. */
struct exchange {
	uint64_t key, number, flood;
};

struct app_rewrite {
	struct app_load_params params;
	struct exchange *exchanges;
	size_t exchange_count, exchange_room; /* a power of two */
	uint64_t copy, next;
	double *shares; /* Zipf: sums of the first 1, 2, … domains' shares; NULL: uniform */
	uint64_t *domains, *subscribers; /* a bit for each that was given out */
	uint64_t domain_count, subscriber_count, rewritten;
	uint64_t flooded, named; /* exchanges whose name is another one on each pass */
};

/* A message on its way. */
struct edit {
	struct adit_packet packet;
	struct adit_dns dns;
	struct adit_registrable registrable;
	uint8_t *bytes;
	uint32_t size; /* of the frame */
	bool up;
};

static double *shares_make(uint64_t count, double exponent)
{
	double *sums = malloc(count * sizeof(*sums)), sum = 0;

	for (uint64_t i = 0; sums != NULL && i < count; i++) {
		sum += pow((double)(i + 1), -exponent);
		sums[i] = sum;
	}
	return sums;
}

struct app_rewrite *app_rewrite_create(const struct app_load_params *params)
{
	struct app_rewrite *rewrite = calloc(1, sizeof(*rewrite));

	if (rewrite == NULL)
		return NULL;
	rewrite->params = *params;
	rewrite->exchange_room = EXCHANGES;
	rewrite->exchanges = calloc(EXCHANGES, sizeof(*rewrite->exchanges));
	rewrite->domains = calloc(params->domains / 64 + 1, sizeof(uint64_t));
	rewrite->subscribers = calloc(params->subscribers / 64 + 1, sizeof(uint64_t));
	if (params->zipf > 0 && params->domains != 0)
		rewrite->shares = shares_make(params->domains, params->zipf);
	if (rewrite->exchanges == NULL || rewrite->domains == NULL ||
		rewrite->subscribers == NULL ||
		(params->zipf > 0 && params->domains != 0 && rewrite->shares == NULL)) {
		app_rewrite_destroy(rewrite);
		return NULL;
	}
	return rewrite;
}

void app_rewrite_destroy(struct app_rewrite *rewrite)
{
	if (rewrite == NULL)
		return;
	free(rewrite->exchanges);
	free(rewrite->shares);
	free(rewrite->domains);
	free(rewrite->subscribers);
	free(rewrite);
}

void app_rewrite_next_copy(struct app_rewrite *rewrite)
{
	rewrite->copy++;
	rewrite->exchange_count = 0;
	memset(rewrite->exchanges, 0, rewrite->exchange_room * sizeof(*rewrite->exchanges));
}

/* Labels below each domain. */
static uint64_t names_each(const struct app_load_params *params)
{
	return (params->names + params->domains - 1) / params->domains;
}

void app_rewrite_tell(const struct app_rewrite *rewrite, struct app_load *load)
{
	load->domains = rewrite->domain_count;
	load->subscribers = rewrite->subscriber_count;
	load->rewritten = rewrite->rewritten;
	load->plan = (struct app_fresh_plan){.flooded = rewrite->flooded, .named = rewrite->named};
	if (rewrite->params.names == 0)
		return;
	load->plan.each = names_each(&rewrite->params);
	load->plan.names = load->plan.each * rewrite->params.domains;
	load->plan.step = (rewrite->next + rewrite->params.domains - 1) / rewrite->params.domains;
}

/* ---- numbers */

static struct exchange *exchange_at(struct exchange *table, size_t room, uint64_t key)
{
	size_t at = key & (room - 1);

	while (table[at].key != 0 && table[at].key != key)
		at = (at + 1) & (room - 1);
	return &table[at];
}

static void exchanges_grow(struct app_rewrite *rewrite)
{
	size_t room = rewrite->exchange_room * 2;
	struct exchange *table = calloc(room, sizeof(*table));

	if (table == NULL)
		return;
	for (size_t i = 0; i < rewrite->exchange_room; i++)
		if (rewrite->exchanges[i].key != 0)
			*exchange_at(table, room, rewrite->exchanges[i].key) =
				rewrite->exchanges[i];
	free(rewrite->exchanges);
	rewrite->exchanges = table;
	rewrite->exchange_room = room;
}

/* Whether an exchange is of the flood: drawn by its number. */
static bool is_flood(const struct app_rewrite *rewrite, uint64_t number)
{
	uint64_t state = ~number;

	return (double)(app_load_draw(&state) >> 11) * 0x1p-53 * 100 < rewrite->params.flood;
}

/* The exchange that a packet belongs to: a new one with its first packet. */
static struct exchange exchange_of(struct app_rewrite *rewrite, uint64_t key)
{
	struct exchange *exchange;

	key |= 1;
	if (rewrite->exchange_count * 2 > rewrite->exchange_room)
		exchanges_grow(rewrite);
	exchange = exchange_at(rewrite->exchanges, rewrite->exchange_room, key);
	/* With no memory for more, the last places are left free: a search must end. */
	if (exchange->key == 0 && rewrite->exchange_count + 2 < rewrite->exchange_room) {
		*exchange = (struct exchange){key, rewrite->next++, 0};
		rewrite->exchange_count++;
		if (is_flood(rewrite, exchange->number))
			exchange->flood = ++rewrite->flooded;
		else
			rewrite->named += rewrite->params.names != 0;
	}
	return *exchange;
}

static uint64_t domain_of(const struct app_rewrite *rewrite, uint64_t exchange)
{
	uint64_t count = rewrite->params.domains, low = 0, high = count - 1, state = exchange;
	double place;

	if (rewrite->shares == NULL)
		return exchange % count;
	place = (double)(app_load_draw(&state) >> 11) * 0x1p-53 * rewrite->shares[count - 1];
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (rewrite->shares[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Each round over the domains meets other subscribers, also where there are as many of both. */
static uint64_t subscriber_of(const struct app_rewrite *rewrite, uint64_t exchange)
{
	uint64_t domains = rewrite->params.domains;

	return (exchange + (domains != 0 ? exchange / domains : 0)) % rewrite->params.subscribers;
}

static void note(uint64_t *bits, uint64_t number, uint64_t *count)
{
	uint64_t bit = UINT64_C(1) << number % 64;

	*count += (bits[number / 64] & bit) == 0;
	bits[number / 64] |= bit;
}

/* ---- bytes */

static void put32(uint8_t *at, uint32_t value)
{
	app_load_put16(at, value >> 16);
	app_load_put16(at + 2, value);
}

static void add16(uint8_t *at, int32_t delta)
{
	app_load_put16(at, (uint32_t)(adit_load_be16(at) + delta));
}

static uint32_t sum_of(const uint8_t *at, uint32_t size, uint32_t sum)
{
	for (uint32_t i = 0; i + 1 < size; i += 2)
		sum += adit_load_be16(at + i);
	if (size % 2 != 0)
		sum += (uint32_t)at[size - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Of an IPv4 header: its checksum made new. */
static void ip_checksum(uint8_t *ip)
{
	if (ip[0] >> 4 != 4)
		return;
	app_load_put16(ip + 10, 0);
	app_load_put16(ip + 10, ~sum_of(ip, (ip[0] & 15u) * 4, 0));
}

/* Of a UDP datagram that has one (in IPv6 all have). */
static void udp_checksum(const uint8_t *ip, uint8_t *udp)
{
	bool is_v6 = ip[0] >> 4 == 6;
	uint32_t size = adit_load_be16(udp + 4), sum = 17 + size;

	if (adit_load_be16(udp + 6) == 0 && !is_v6)
		return;
	app_load_put16(udp + 6, 0);
	sum = sum_of(ip + (is_v6 ? 8 : 12), is_v6 ? 32 : 8, sum);
	sum = ~sum_of(udp, size, sum) & 0xffff;
	app_load_put16(udp + 6, sum != 0 ? sum : 0xffff);
}

/* Whether all layers can be given other lengths: an IP header, in GTP-U or by itself. */
static bool is_plain(const struct adit_frame *frame, const struct adit_packet *packet)
{
	unsigned around = (packet->flags & ADIT_PACKET_DEPTH) >> 12;
	bool gtpu = (packet->flags & ADIT_PACKET_GTPU) != 0;
	const uint8_t *udp = frame->data + packet->l4_offset;

	return around == (unsigned)gtpu && packet->who_offset == packet->ip_offset &&
	       !(packet->flags & (ADIT_PACKET_CUT | ADIT_PACKET_TCP | ADIT_PACKET_ENCRYPTED)) &&
	       adit_load_be16(udp + 4) == packet->payload_size + 8u;
}

/* The message has grown by `delta`, or other bytes: lengths and checksums of what is around it. */
static void headers_fix(struct edit *edit, int32_t delta)
{
	const struct adit_packet *packet = &edit->packet;
	uint8_t *ip = edit->bytes + packet->ip_offset, *udp = edit->bytes + packet->l4_offset;

	add16(udp + 4, delta);
	add16(ip + (ip[0] >> 4 == 6 ? 4 : 2), delta);
	ip_checksum(ip);
	udp_checksum(ip, udp);
	if (packet->flags & ADIT_PACKET_GTPU) {
		uint8_t *outer = edit->bytes + packet->outer_ip_offset;
		uint8_t *gtpu = edit->bytes + packet->gtpu_offset;

		add16(gtpu + 2, delta);
		add16(gtpu - 8 + 4, delta);
		add16(outer + (outer[0] >> 4 == 6 ? 4 : 2), delta);
		ip_checksum(outer);
		udp_checksum(outer, gtpu - 8);
	}
}

/* ---- names */

/* What stands for domain `number`: a label of syllables, and a top-level domain. Returns the size
 * in wire format, without the root. */
static uint32_t domain_make(uint64_t number, uint8_t *wire)
{
	static const char syllables[16][3] = {"ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo",
		"mu", "na", "pe", "qi", "ro", "su", "ta"};
	static const char zones[8][4] = {"com", "com", "com", "net", "org", "io", "de", "fr"};
	const char *zone = zones[number % ADIT_COUNT(zones)];
	uint32_t used = 1, length = (uint32_t)strlen(zone);

	for (uint64_t rest = number; rest != 0 || used < 7; rest /= 16, used += 2)
		memcpy(wire + used, syllables[rest % 16], 2);
	wire[0] = (uint8_t)(used - 1);
	wire[used] = (uint8_t)length;
	memcpy(wire + used + 1, zone, length);
	return used + 1 + length;
}

/* How offsets into the message change. */
struct shift {
	uint32_t from, to; /* the domain that gave way */
	uint32_t zone;     /* where the new one's last label stands */
	int32_t delta;
};

static uint32_t shifted(const struct shift *shift, uint32_t offset)
{
	if (offset <= shift->from)
		return offset;
	return offset < shift->to ? shift->zone : (uint32_t)((int32_t)offset + shift->delta);
}

/* Goes over a name; a pointer at its end is shifted. Returns the offset behind it, 0 if it is no
 * name. The message has its new bytes, the pointers their old values. */
static uint32_t name_fix(uint8_t *message, uint32_t size, uint32_t at, const struct shift *shift)
{
	while (at < size && message[at] != 0) {
		if (message[at] >> 6 == 3) {
			uint32_t to;

			if (at + 2 > size)
				return 0;
			to = shifted(shift, adit_load_be16(message + at) & POINTER_MAX);
			if (to > POINTER_MAX)
				return 0;
			app_load_put16(message + at, 0xc000 | to);
			return at + 2;
		}
		if (message[at] >> 6 != 0)
			return 0;
		at += message[at] + 1u;
	}
	return at < size ? at + 1 : 0;
}

/* Names in a record's data, of the types that may compress them. */
static bool data_fix(uint8_t *message, uint32_t size, uint16_t type, uint32_t at, uint32_t end,
	const struct shift *shift)
{
	switch (type) {
	case ADIT_TYPE_SRV:
		at += 4;
		/* fallthrough */
	case ADIT_TYPE_MX:
		at += 2;
		/* fallthrough */
	case ADIT_TYPE_NS:
	case ADIT_TYPE_CNAME:
	case ADIT_TYPE_PTR:
		return name_fix(message, end, at, shift) != 0;
	case ADIT_TYPE_SOA:
		at = name_fix(message, end, at, shift);
		return at != 0 && name_fix(message, end, at, shift) != 0;
	default:
		return end <= size;
	}
}

/* The records behind the question. */
static bool records_fix(
	uint8_t *message, uint32_t size, uint32_t at, uint32_t count, const struct shift *shift)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t end;

		at = name_fix(message, size, at, shift);
		if (at == 0 || at + 10 > size)
			return false;
		end = at + 10 + adit_load_be16(message + at + 8);
		if (end > size ||
			!data_fix(message, size, adit_load_be16(message + at), at + 10, end, shift))
			return false;
		at = end;
	}
	return true;
}

/* Gives the edit a message of other bytes and another size. */
static void message_set(struct edit *edit, const uint8_t *made, uint32_t size)
{
	uint8_t *message = edit->bytes + edit->packet.payload_offset;
	uint32_t before = edit->packet.payload_size;
	int32_t delta = (int32_t)size - (int32_t)before;

	memmove(message + size, message + before,
		edit->size - edit->packet.payload_offset - before);
	memcpy(message, made, size);
	edit->size = (uint32_t)((int32_t)edit->size + delta);
	edit->packet.payload_size = (uint16_t)size;
	headers_fix(edit, delta);
}

/* Puts `length` bytes in the place of the question's name from `from` to `to`, offsets into the
 * message; what pointed between them points to `zone` then. False, and nothing is changed, where
 * that can't be. */
static bool part_put(struct edit *edit, uint32_t from, uint32_t to, const uint8_t *wire,
	uint32_t length, uint32_t zone)
{
	static uint8_t made[UINT16_MAX + ADIT_NAME_MAX];
	const uint8_t *message = edit->bytes + edit->packet.payload_offset;
	uint32_t size = edit->packet.payload_size, name_end = 12u + edit->dns.qname.size;
	struct shift shift = {from, to, zone, (int32_t)(length + from) - (int32_t)to};
	uint32_t grown = (uint32_t)((int32_t)size + shift.delta);

	name_end = (uint32_t)((int32_t)name_end + shift.delta);
	if (edit->dns.count[0] != 1 || name_end - 12 > ADIT_NAME_MAX ||
		edit->size + ADIT_NAME_MAX > APP_LOAD_FRAME_MAX)
		return false;
	memcpy(made, message, from);
	memcpy(made + from, wire, length);
	memcpy(made + from + length, message + to, size - to);
	if (!records_fix(made, grown, name_end + 4,
		    (uint32_t)edit->dns.count[1] + edit->dns.count[2] + edit->dns.count[3], &shift))
		return false;
	message_set(edit, made, grown);
	edit->dns.qname.size = (uint16_t)(name_end - 12);
	return true;
}

/* Puts domain `number` in the place of the message's own. */
static bool domain_put(struct edit *edit, uint64_t number)
{
	uint8_t wire[ADIT_NAME_MAX];
	uint32_t from = 12u + edit->registrable.offset, length = domain_make(number, wire);

	return part_put(
		edit, from, 12u + edit->dns.qname.size - 1, wire, length, from + wire[0] + 1u);
}

/* Puts a label in the place of all that stands before the domain, which is then another one on each
 * pass. What is asked of a flood does not exist. */
static void fresh_put(const struct app_rewrite *rewrite, struct edit *edit,
	const struct exchange *exchange, struct app_fresh *fresh)
{
	uint32_t size = 12, zone, udp = edit->packet.l4_offset;
	uint64_t state = exchange->number;
	uint8_t wire[1 + APP_FRESH_MAX];

	if (exchange->flood != 0)
		size = 8 + (uint32_t)(app_load_draw(&state) % 9);
	wire[0] = (uint8_t)size;
	memset(wire + 1, 'a', size);
	zone = 12 + 1 + size;
	if (!part_put(edit, 12, 12u + edit->registrable.offset, wire, 1 + size, zone))
		return;
	if (exchange->flood != 0 && !edit->up) {
		static uint8_t made[12 + ADIT_NAME_MAX + 4 + APP_FRESH_DENIAL];
		uint32_t end = 12u + edit->dns.qname.size + 4;

		memcpy(made, edit->bytes + edit->packet.payload_offset, end);
		message_set(edit, made, app_fresh_denial(made, end, zone));
	}
	if (adit_load_be16(edit->bytes + udp + 6) == 0)
		udp = edit->packet.flags & ADIT_PACKET_GTPU ? edit->packet.gtpu_offset - 8u : udp;
	*fresh = (struct app_fresh){
		.number = exchange->flood != 0 ? exchange->flood - 1
					       : exchange->number / rewrite->params.domains,
		.at = (uint16_t)(edit->packet.payload_offset + 13),
		.checksum = (uint16_t)(adit_load_be16(edit->bytes + udp + 6) != 0 ? udp + 6 : 0),
		.size = (uint8_t)size,
		.flood = exchange->flood != 0,
	};
}

/* ---- subscribers */

static uint8_t *client_at(const struct edit *edit, uint32_t *size)
{
	uint8_t *ip = edit->bytes + edit->packet.ip_offset;
	bool is_v6 = ip[0] >> 4 == 6;

	*size = is_v6 ? 16 : 4;
	return ip + (is_v6 ? 8 : 12) + (edit->up ? 0 : *size);
}

/* 100.64.0.0/10 has 4 million addresses; what is beyond goes on in 10.0.0.0/8. Over IPv6 each has a
 * prefix of 64 bits. */
static void client_put(const struct edit *edit, uint64_t number)
{
	static const uint8_t prefix[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	uint32_t size;
	uint8_t *at = client_at(edit, &size);

	if (size == 4) {
		put32(at, number < 1u << 22 ? 0x64400000 + (uint32_t)number
					    : 0x0a000000 + (uint32_t)(number % (1u << 24)));
		return;
	}
	memcpy(at, prefix, sizeof(prefix));
	put32(at + 4, (uint32_t)number);
}

/* What both packets of an exchange have: client, its port, ID, name. */
static uint64_t exchange_key(const struct app_rewrite *rewrite, const struct edit *edit)
{
	const uint8_t *udp = edit->bytes + edit->packet.l4_offset;
	const uint8_t *message = edit->bytes + edit->packet.payload_offset;
	uint64_t ids =
		(uint64_t)adit_load_be16(udp + (edit->up ? 0 : 2)) << 16 | adit_load_be16(message);
	uint32_t size;
	const uint8_t *client = client_at(edit, &size);

	return adit_hash(&adit_hash_key_fixed, client, size) ^
	       adit_hash(&adit_hash_key_fixed, &ids, sizeof(ids)) ^
	       adit_hash(&adit_hash_key_fixed, edit->dns.qname.lower, edit->dns.qname.size);
}

/* The client of what keeps its domain, or of all where no number is asked for: the same for all of
 * its packets in this copy of the captures. */
static void client_keep(const struct app_rewrite *rewrite, const struct edit *edit)
{
	uint32_t size;
	const uint8_t *client = client_at(edit, &size);
	uint64_t state = adit_hash(&adit_hash_key_fixed, client, size) + rewrite->copy;

	if (rewrite->copy != 0)
		client_put(edit, app_load_draw(&state) & ((1u << 22) - 1));
}

static void message_change(
	struct app_rewrite *rewrite, struct edit *edit, bool has_name, struct app_fresh *fresh)
{
	bool kept = !has_name || edit->registrable.labels == 0 ||
		    edit->registrable.offset >= APP_REWRITE_KEPT;
	struct exchange exchange = {0, 0, 0};

	if (!kept)
		exchange = exchange_of(rewrite, exchange_key(rewrite, edit));
	if (kept || rewrite->params.subscribers == 0) {
		client_keep(rewrite, edit);
	} else {
		uint64_t subscriber = subscriber_of(rewrite, exchange.number);

		client_put(edit, subscriber);
		note(rewrite->subscribers, subscriber, &rewrite->subscriber_count);
	}
	headers_fix(edit, 0);
	if (!kept && rewrite->params.domains != 0) {
		uint64_t domain = domain_of(rewrite, exchange.number);

		if (domain_put(edit, domain)) {
			note(rewrite->domains, domain, &rewrite->domain_count);
			rewrite->rewritten++;
		}
	}
	if (!kept && (exchange.flood != 0 || rewrite->params.names != 0))
		fresh_put(rewrite, edit, &exchange, fresh);
}

/* Whether the first copy of the captures stays as it is. */
static bool is_as_captured(const struct app_load_params *params)
{
	return params->domains == 0 && params->subscribers == 0 && params->names == 0 &&
	       params->flood <= 0;
}

bool app_rewrite_frame(struct app_rewrite *rewrite, struct adit_frame *frame, uint8_t *bytes,
	struct app_fresh *fresh)
{
	const uint16_t dns_port = ADIT_PACKET_TO_DNS | ADIT_PACKET_FROM_DNS;
	struct edit edit = {.bytes = bytes, .size = frame->captured};
	enum adit_outcome outcome;
	bool has_name;

	*fresh = (struct app_fresh){.size = 0};
	frame->data = bytes;
	if (adit_packet_decode(frame, rewrite->params.ports, &edit.packet) != ADIT_OUTCOME_PENDING)
		return false;
	if (edit.packet.flags & (ADIT_PACKET_ENCRYPTED | ADIT_PACKET_DOH))
		return false;
	edit.up = (edit.packet.flags & dns_port) == ADIT_PACKET_TO_DNS;
	if (!is_plain(frame, &edit.packet) || (edit.packet.flags & dns_port) == dns_port)
		return true;
	if (rewrite->copy == 0 && is_as_captured(&rewrite->params))
		return true;
	outcome = adit_dns_parse(
		bytes + edit.packet.payload_offset, edit.packet.payload_size, &edit.dns);
	has_name = outcome == ADIT_OUTCOME_DNS_QUERY || outcome == ADIT_OUTCOME_DNS_RESPONSE;
	if (has_name)
		adit_suffix_find(rewrite->params.suffixes, &edit.dns.qname, &edit.registrable);
	message_change(rewrite, &edit, has_name, fresh);
	frame->wire += edit.size - frame->captured;
	frame->captured = edit.size;
	return true;
}
