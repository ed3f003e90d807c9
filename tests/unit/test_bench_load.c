/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What adit bench holds in memory: packets that are rewritten read as well as before, have the
 * cardinalities and shares that were asked for, and are right down to their checksums.
 */
#include "bench_load.h"

#include "adit_dns.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#define PACKETS 20000

static struct adit_error error;
static struct adit_ports ports;
static struct adit_suffix_list *suffixes;

static const char psl[] = "com\nnet\norg\nio\nde\nfr\nco.uk\nuk\n";

static struct app_load_params params_of(const char *path)
{
	static char *files[1];

	files[0] = (char *)(uintptr_t)path;
	if (suffixes == NULL) {
		adit_ports_init(&ports);
		adit_ports_add(&ports, 53, ADIT_SERVICE_DNS);
		if (adit_suffix_load_text("psl", psl, sizeof(psl) - 1, NULL, &suffixes, &error) !=
			0)
			FAIL("%s", error.text);
	}
	return (struct app_load_params){.files = files,
		.file_count = 1,
		.packets = PACKETS,
		.ports = &ports,
		.suffixes = suffixes};
}

static const char *demo(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/demo/demo.pcap", harness_source_root());
	return path;
}

static struct app_load read_load(const struct app_load_params *params)
{
	struct app_load load = {.frames = NULL};

	if (app_load_read(&load, params, &error) != 0)
		FAIL("%s", error.text);
	CHECK_EQ_INT(load.count, params->packets);
	return load;
}

static uint32_t folded(const uint8_t *at, uint32_t size, uint32_t sum)
{
	for (uint32_t i = 0; i < size; i++)
		sum += (uint32_t)at[i] << (i % 2 != 0 ? 0 : 8);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Length and checksum of a UDP datagram in IP; the checksum may be left out in IPv4. */
static bool datagram_is_right(const uint8_t *ip, uint32_t size)
{
	bool v6 = ip[0] >> 4 == 6;
	uint32_t header = v6 ? 40 : (ip[0] & 15u) * 4;
	uint32_t total = v6 ? 40u + adit_load_be16(ip + 4) : adit_load_be16(ip + 2);
	const uint8_t *udp = ip + header;
	uint32_t length = adit_load_be16(udp + 4);

	if (total > size || header + length != total)
		return false;
	if (!v6 && folded(ip, header, 0) != 0xffff)
		return false;
	if (!v6 && adit_load_be16(udp + 6) == 0)
		return true;
	return folded(udp, length, folded(ip + (v6 ? 8 : 12), v6 ? 32 : 8, 17 + length)) == 0xffff;
}

/* All layers of a message, GTP-U around it included. */
static bool layers_are_right(const struct adit_frame *frame, const struct adit_packet *packet)
{
	const uint8_t *gtpu = frame->data + packet->gtpu_offset;
	uint32_t ip = packet->ip_offset;

	if (!datagram_is_right(frame->data + ip, frame->captured - ip))
		return false;
	if (!(packet->flags & ADIT_PACKET_GTPU))
		return true;
	return datagram_is_right(frame->data + packet->outer_ip_offset,
		       frame->captured - packet->outer_ip_offset) &&
	       adit_load_be16(gtpu + 2) + 8u == adit_load_be16(gtpu - 8 + 4) - 8u;
}

/* A set of hashes. */
#define SET (1 << 17)
struct set {
	uint64_t keys[SET];
	size_t count;
};

static void set_add(struct set *set, const void *bytes, size_t size)
{
	uint64_t key = adit_hash(&adit_hash_key_fixed, bytes, size) | 1;
	size_t at = key % SET;

	while (set->keys[at] != 0 && set->keys[at] != key)
		at = (at + 1) % SET;
	set->count += set->keys[at] == 0;
	set->keys[at] = key;
}

struct seen {
	struct set domains, clients, kept, names, denied;
	uint64_t outcomes[ADIT_OUTCOME_COUNT + 1];
	uint64_t messages, wrong, pairs, unpaired;
	/* What queries asked, by client port and ID, for their responses. */
	uint64_t *asked;
};

static void message_see(struct seen *seen, const struct adit_frame *frame,
	const struct adit_packet *packet, const struct adit_dns *dns)
{
	const bool up = (packet->flags & ADIT_PACKET_TO_DNS) != 0;
	struct adit_registrable registrable;
	struct adit_address client;
	uint64_t name = adit_hash(&adit_hash_key_fixed, dns->qname.lower, dns->qname.size);
	uint32_t port = adit_load_be16(frame->data + packet->l4_offset + (up ? 0 : 2));
	uint64_t *asked = &seen->asked[(port << 4 ^ dns->id) & 0xfffff];

	seen->messages++;
	/* RFC 2308: no such name, no answer, and the domain's SOA. */
	if (!up && dns->rcode == 3 && dns->count[1] == 0 && dns->count[2] == 1)
		set_add(&seen->denied, &name, sizeof(name));
	seen->wrong += !layers_are_right(frame, packet);
	adit_suffix_find(suffixes, &dns->qname, &registrable);
	adit_packet_client(frame, packet, up, &client);
	if (registrable.labels == 0 || registrable.offset >= APP_REWRITE_KEPT) {
		set_add(&seen->kept, dns->qname.lower + registrable.offset,
			(size_t)dns->qname.size - registrable.offset);
	} else {
		set_add(&seen->domains, dns->qname.lower + registrable.offset,
			(size_t)dns->qname.size - registrable.offset);
		set_add(&seen->clients, &client, sizeof(client));
		set_add(&seen->names, &name, sizeof(name));
	}
	if (up) {
		*asked = name;
	} else {
		seen->pairs += *asked == name;
		seen->unpaired += *asked != name;
	}
}

static struct seen *look_on(struct seen *seen, const struct app_load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		const struct adit_frame *frame = &load->frames[i];
		struct adit_packet packet;
		struct adit_dns dns;
		enum adit_outcome outcome = adit_packet_decode(frame, &ports, &packet);

		if (outcome == ADIT_OUTCOME_PENDING && !(packet.flags & ADIT_PACKET_TCP)) {
			outcome = adit_dns_parse(
				frame->data + packet.payload_offset, packet.payload_size, &dns);
			if (outcome <= ADIT_OUTCOME_DNS_RESPONSE)
				message_see(seen, frame, &packet, &dns);
		}
		seen->outcomes[outcome]++;
	}
	return seen;
}

static struct seen *look(const struct app_load *load)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	seen->asked = calloc(0x100000, sizeof(*seen->asked));
	return look_on(seen, load);
}

/* What a source does before a pass. */
static void pass_write(const struct app_load *load, uint64_t pass)
{
	for (size_t i = 0; i < load->fresh_count; i++)
		app_fresh_write(&load->fresh[i], &load->plan,
			(uint8_t *)(uintptr_t)load->frames[load->fresh[i].frame].data, pass);
}

static void seen_free(struct seen *seen)
{
	free(seen->asked);
	free(seen);
}

TEST(bench_load, captures_come_again)
{
	struct app_load_params params = params_of(demo());
	struct app_load load = read_load(&params);
	struct seen *seen = look(&load);

	CHECK_EQ_INT(load.captured, 7394);
	CHECK_EQ_INT(load.copies, 3);
	CHECK_EQ_INT(load.other, 0);
	/* Each copy has subscribers of its own. */
	CHECK(seen->clients.count > 2 * 48);
	CHECK_EQ_INT(seen->wrong, 0);
	seen_free(seen);
	app_load_free(&load);
}

TEST(bench_load, names_and_subscribers_have_the_numbers_asked_for)
{
	struct app_load_params params = params_of(demo());
	struct app_load before = read_load(&params), load;
	struct seen *was = look(&before), *is;

	params.domains = 1000;
	params.subscribers = 700;
	load = read_load(&params);
	is = look(&load);
	CHECK_EQ_INT(load.domains, 1000);
	CHECK_EQ_INT(load.subscribers, 700);
	CHECK(load.rewritten > PACKETS / 2);
	/* What could not be rewritten adds few. */
	CHECK(is->domains.count >= 1000 && is->domains.count < 1010);
	CHECK_EQ_INT(is->clients.count, 700);
	/* Tunnels keep their domains. */
	CHECK(is->kept.count >= 1);
	CHECK_EQ_INT(is->kept.count, was->kept.count);
	/* Everything reads as it did, and says the same of who asked what. */
	CHECK_EQ_MEM(is->outcomes, was->outcomes, sizeof(is->outcomes));
	CHECK_EQ_INT(is->wrong, 0);
	CHECK_EQ_INT(is->pairs, was->pairs);
	CHECK_EQ_INT(is->unpaired, was->unpaired);
	seen_free(was);
	seen_free(is);
	app_load_free(&before);
	app_load_free(&load);
}

TEST(bench_load, labels_of_numbers_differ)
{
	struct set *set = calloc(1, sizeof(*set));
	uint8_t label[APP_FRESH_MAX];

	for (uint64_t number = 0; number < 30000; number++) {
		app_fresh_label(number * 3, label, 8);
		set_add(set, label, 7);
		for (size_t i = 0; i < 8; i++)
			CHECK(strchr("abcdefghijklmnopqrstuvwxyz234567", label[i]) != NULL);
	}
	CHECK_EQ_INT(set->count, 30000);
	free(set);
}

/* Each exchange of the flood asks for what nobody asked before, on every pass, and is told that it
 * does not exist. */
TEST(bench_load, floods_never_ask_twice)
{
	struct app_load_params params = params_of(demo());
	struct app_load load, before;
	struct seen *was, *is;

	params.domains = 300;
	params.subscribers = 200;
	for (int part = 0; part < 2; part++) {
		uint64_t others, flooded;

		params.gtpu = part == 1;
		params.flood = 0;
		before = read_load(&params);
		was = look(&before);
		params.flood = part == 0 ? 100 : 30;
		load = read_load(&params);
		pass_write(&load, 0);
		is = look(&load);
		flooded = load.plan.flooded;
		others = is->names.count - flooded;
		CHECK(part == 1 || others < 10);
		CHECK(part == 0 || (others > 300 && others <= was->names.count));
		/* A query may have no response. */
		CHECK(is->denied.count > flooded * 9 / 10 &&
			is->denied.count <= flooded + was->denied.count);
		CHECK(is->domains.count >= 300 && is->domains.count < 310);
		CHECK_EQ_INT(is->kept.count, was->kept.count);
		CHECK_EQ_INT(is->pairs, was->pairs);
		CHECK_EQ_INT(is->unpaired, was->unpaired);
		CHECK_EQ_MEM(is->outcomes, was->outcomes, sizeof(is->outcomes));
		for (uint64_t pass = 1; pass < 4; pass++) {
			pass_write(&load, pass);
			look_on(is, &load);
			CHECK_EQ_INT(is->names.count, others + flooded * (pass + 1));
		}
		CHECK_EQ_INT(is->wrong, 0);
		CHECK_EQ_INT(
			app_fresh_in_slice(&load, (uint64_t)load.count * 3), load.plan.flooded * 3);
		seen_free(was);
		seen_free(is);
		app_load_free(&before);
		app_load_free(&load);
	}
}

/* So many names and no more, however often the packets come. */
TEST(bench_load, full_names_have_the_number_asked_for)
{
	struct app_load_params params = params_of(demo());
	struct app_load load;
	struct seen *is;
	size_t few;

	params.domains = 100;
	params.names = 50000;
	load = read_load(&params);
	pass_write(&load, 0);
	is = look(&load);
	few = is->names.count;
	CHECK(few > 5000 && few < 20000);
	for (uint64_t pass = 1; pass < 24; pass++) {
		pass_write(&load, pass);
		look_on(is, &load);
	}
	CHECK_EQ_INT(is->wrong, 0);
	CHECK(is->domains.count >= 100 && is->domains.count < 110);
	/* What could not be rewritten adds few. */
	CHECK(is->names.count >= 50000 && is->names.count < 50010);
	CHECK_EQ_INT(load.plan.names, 50000);
	CHECK_EQ_INT(app_fresh_in_slice(&load, (uint64_t)load.count * 1000), 50000);
	seen_free(is);
	app_load_free(&load);
}

/* Owner names of answers point into the question: they must be its new name. */
TEST(bench_load, pointers_follow_the_names)
{
	struct app_load_params params = params_of(demo());
	struct app_load load;
	uint64_t answers = 0, same = 0;

	params.domains = 5;
	load = read_load(&params);
	for (size_t i = 0; i < load.count; i++) {
		const struct adit_frame *frame = &load.frames[i];
		struct adit_packet packet;
		struct adit_name owner;
		struct adit_dns dns;

		if (adit_packet_decode(frame, &ports, &packet) != ADIT_OUTCOME_PENDING ||
			adit_dns_parse(frame->data + packet.payload_offset, packet.payload_size,
				&dns) != ADIT_OUTCOME_DNS_RESPONSE ||
			dns.answers == 0)
			continue;
		answers++;
		same += adit_name_read(frame->data + packet.payload_offset, packet.payload_size,
				dns.records_at, &owner) != 0 &&
			owner.size == dns.qname.size &&
			memcmp(owner.lower, dns.qname.lower, owner.size) == 0;
	}
	CHECK(answers > 1000);
	CHECK_EQ_INT(same, answers);
	app_load_free(&load);
}

TEST(bench_load, zipf_prefers_the_first)
{
	struct app_load_params params = params_of(demo());
	struct app_load load;
	struct seen *seen;

	params.domains = 100000;
	params.zipf = 1.2;
	load = read_load(&params);
	seen = look(&load);
	CHECK(load.domains > 100 && load.domains < load.rewritten / 3);
	CHECK_EQ_INT(seen->wrong, 0);
	seen_free(seen);
	app_load_free(&load);
}

TEST(bench_load, dns_has_its_share_in_gtpu)
{
	struct app_load_params params = params_of(demo());
	struct app_load load;
	struct adit_packet packet;
	uint64_t in_gtpu = 0, pending = 0;

	params.dns_share = 5;
	params.gtpu = true;
	load = read_load(&params);
	CHECK(load.dns > PACKETS * 4 / 100 && load.dns < PACKETS * 6 / 100);
	/* Few packets of the capture are no DNS. */
	CHECK(load.dns + load.other > load.count - 20);
	for (size_t i = 0; i < load.count; i++) {
		if (adit_packet_decode(&load.frames[i], &ports, &packet) != ADIT_OUTCOME_PENDING) {
			/* The outer datagram is on GTP-U's port. */
			in_gtpu += adit_load_be16(load.frames[i].data + 14 + 20 + 2) == 2152;
			continue;
		}
		pending++;
		in_gtpu += (packet.flags & ADIT_PACKET_GTPU) != 0;
	}
	CHECK_EQ_INT(in_gtpu, load.count);
	CHECK_EQ_INT(pending, load.dns);
	app_load_free(&load);
}

TEST(bench_load, same_on_every_run)
{
	struct app_load_params params = params_of(demo());
	struct app_load one, two;

	params.domains = 50;
	params.dns_share = 30;
	params.gtpu = true;
	one = read_load(&params);
	two = read_load(&params);
	CHECK_EQ_INT(one.arena_used, two.arena_used);
	for (size_t i = 0; i < one.count; i++)
		CHECK_EQ_MEM(one.frames[i].data, two.frames[i].data, one.frames[i].captured);
	app_load_free(&one);
	app_load_free(&two);
}

/* Every link that captures have becomes Ethernet, and reads as it did. */
TEST(bench_load, links_become_ethernet)
{
	static const char *const names[] = {
		"link-raw", "link-cooked", "link-cooked2", "link-null", "link-loop"};

	for (size_t i = 0; i < ADIT_COUNT(names); i++) {
		char path[512];
		struct app_load_params params;
		struct app_load load;
		struct seen *seen;

		snprintf(path, sizeof(path), "%s/tests/golden/%s/input.pcap", harness_source_root(),
			names[i]);
		params = params_of(path);
		params.packets = 1;
		load = read_load(&params);
		seen = look(&load);
		CHECK_EQ_INT(load.frames[0].link, ADIT_LINK_ETHERNET);
		CHECK_EQ_INT(seen->messages, 1);
		seen_free(seen);
		app_load_free(&load);
	}
}

TEST(bench_load, what_can_not_be_read_is_told)
{
	struct app_load_params params = params_of("/nowhere/x.pcap");
	struct app_load load = {.frames = NULL};

	CHECK(app_load_read(&load, &params, &error) < 0);
	CHECK_CONTAINS(error.text, "/nowhere/x.pcap");
	app_load_free(&load);
}
