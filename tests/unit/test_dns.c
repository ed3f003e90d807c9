/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_dns.h"
#include "frames.h"
#include "harness.h"

#include <errno.h>
#include <stdio.h>

static struct frames message;
static struct adit_dns dns;

/* Parses the built message, or its first `size` bytes, as a block of exactly that size. */
static enum adit_outcome parse_cut(size_t size)
{
	memset(&dns, 0xa5, sizeof(dns));
	return adit_dns_parse(harness_exact(message.bytes, size), size, &dns);
}

static enum adit_outcome parse(void)
{
	return parse_cut(message.size);
}

static enum adit_outcome parse_hex(const char *hex)
{
	size_t size;
	uint8_t *bytes = harness_hex(hex, &size);

	memset(&dns, 0xa5, sizeof(dns));
	return adit_dns_parse(bytes, size, &dns);
}

/* The text of a name, valid until the next call. */
static const char *text_of(const struct adit_name *name)
{
	static char text[ADIT_NAME_TEXT_MAX];

	adit_name_to_text(name->wire, name->size, text, sizeof(text));
	return text;
}

/* What a name must be, found a byte at a time. */
static void check_name(const struct adit_name *name, const uint8_t *wire, size_t size)
{
	unsigned labels = 0;

	CHECK_EQ_INT(name->size, size);
	if (name->size != size)
		return;
	CHECK_EQ_MEM(name->wire, wire, size);
	for (size_t at = 0; at < size; at += wire[at] + 1u) {
		CHECK_EQ_INT(name->label_at[labels], at);
		CHECK_EQ_INT(name->lower[at], wire[at]);
		labels += wire[at] != 0;
		for (size_t i = at + 1; i <= at + wire[at]; i++)
			CHECK_EQ_INT(name->lower[i],
				wire[i] >= 'A' && wire[i] <= 'Z' ? wire[i] + 32 : wire[i]);
	}
	CHECK_EQ_INT(name->labels, labels);
}

/* Writes a name of exactly `size` octets (not 2) with labels of up to `label` octets (2 or more);
 * returns `size`. Octets count up, so that all values come by. */
static size_t make_name(uint8_t *wire, size_t size, size_t label)
{
	size_t at = 0;
	static uint8_t octet;

	while (at + 1 < size) {
		size_t left = size - at - 2, length = left < label ? left : label;

		/* What is left must be nothing, or enough for another label. */
		length -= left - length == 1;
		wire[at++] = (uint8_t)length;
		while (length-- > 0)
			wire[at++] = octet++;
	}
	wire[at++] = 0;
	return at;
}

TEST(dns_name, plain_of_every_size_at_the_end_of_a_block)
{
	static const size_t labels[] = {2, 3, 7, 15, 16, 31, 63};
	static const size_t tails[] = {0, 1, 4, 15, 16, 300};
	uint8_t bytes[20 + ADIT_NAME_MAX + 300];
	struct adit_name name;

	memset(bytes, 'T', sizeof(bytes));
	for (size_t size = 3; size <= ADIT_NAME_MAX; size++)
		for (size_t l = 0; l < ADIT_COUNT(labels); l++)
			for (size_t t = 0; t < ADIT_COUNT(tails); t++) {
				size_t offset = t * 3, all = offset + size + tails[t];

				REQUIRE(make_name(bytes + offset, size, labels[l]) == size);
				CHECK_EQ_INT(adit_name_read(
						     harness_exact(bytes, all), all, offset, &name),
					offset + size);
				check_name(&name, bytes + offset, size);
				memset(bytes + offset, 'T', size);
			}
}

/* Of every size and with every room behind it, in memory that ends there. */
TEST(dns_name, rows_agree_with_the_scalar_one)
{
	uint8_t octets[ADIT_NAME_MAX + 70];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 37 + 11);
	for (size_t row = 0; row < adit_octets_row_count; row++) {
		const struct adit_octets_row *tried = &adit_octets_rows[row];

		for (size_t size = 1;
			size <= ADIT_NAME_MAX && tried->supported() && !harness_failed(); size++)
			for (size_t more = 0; more < 70; more += 1 + more / 3) {
				struct adit_name got = {.size = (uint8_t)size}, expected = got;
				const uint8_t *exact = harness_exact(octets, size + more);

				tried->put(&got, exact, size + more);
				adit_octets_rows[adit_octets_row_count - 1].put(
					&expected, exact, size + more);
				CHECK_EQ_MEM(got.wire, expected.wire, size);
				CHECK_EQ_MEM(got.lower, expected.lower, size);
				CHECK_EQ_MEM(got.wire, octets, size);
			}
		if (harness_failed())
			FAIL("row %s", tried->name);
	}
}

TEST(dns_name, root)
{
	struct adit_name name;
	static const uint8_t root[1];

	CHECK_EQ_INT(adit_name_read(harness_exact(root, 1), 1, 0, &name), 1);
	check_name(&name, root, 1);
}

TEST(dns_name, most_labels)
{
	uint8_t wire[ADIT_NAME_MAX];
	struct adit_name name;

	for (size_t i = 0; i < ADIT_LABEL_MAX; i++)
		wire[2 * i] = 1, wire[2 * i + 1] = 'X';
	wire[254] = 0;
	CHECK_EQ_INT(adit_name_read(harness_exact(wire, 255), 255, 0, &name), 255);
	CHECK_EQ_INT(name.labels, ADIT_LABEL_MAX);
	check_name(&name, wire, 255);
}

TEST(dns_name, refuses_256_octets)
{
	uint8_t wire[300];
	struct adit_name name;

	for (size_t label = 2; label <= 63; label++) {
		REQUIRE(make_name(wire, 256, label) == 256);
		CHECK_EQ_INT(adit_name_read(harness_exact(wire, 256), 256, 0, &name), 0);
		CHECK_EQ_INT(name.size, 1);
		CHECK_EQ_INT(name.labels, 0);
	}
	/* The same behind a pointer: 254 octets of labels, and one more in front of them. */
	wire[0] = 0xff;
	make_name(wire + 1, 254, 63);
	memcpy(wire + 255, "\001a\300\001", 4);
	CHECK_EQ_INT(adit_name_read(harness_exact(wire, 259), 259, 255, &name), 0);
	make_name(wire + 1, 253, 63);
	CHECK_EQ_INT(adit_name_read(harness_exact(wire, 259), 259, 255, &name), 259);
	CHECK_EQ_INT(name.size, 255);
}

TEST(dns_name, refuses_every_cut_and_every_offset_past_the_end)
{
	uint8_t wire[80];
	struct adit_name name;
	size_t size = make_name(wire, 80, 11);

	for (size_t cut = 0; cut < size; cut++)
		CHECK_EQ_INT(adit_name_read(harness_exact(wire, cut), cut, 0, &name), 0);
	for (size_t offset = size; offset < size + 20; offset++)
		CHECK_EQ_INT(adit_name_read(harness_exact(wire, size), size, offset, &name), 0);
	CHECK_EQ_INT(adit_name_read(wire, size, SIZE_MAX, &name), 0);
}

TEST(dns_name, refuses_label_types_01_and_10)
{
	struct adit_name name;

	for (unsigned length = 64; length < 0xc0; length++) {
		uint8_t wire[256] = {1, 'a', (uint8_t)length};

		CHECK_EQ_INT(adit_name_read(wire, sizeof(wire), 0, &name), 0);
		CHECK_EQ_INT(adit_name_read(wire, sizeof(wire), 2, &name), 0);
	}
}

static size_t read_hex(const char *hex, size_t offset, struct adit_name *name)
{
	size_t size;
	uint8_t *bytes = harness_hex(hex, &size);

	return adit_name_read(bytes, size, offset, name);
}

TEST(dns_name, pointers)
{
	struct adit_name name;

	/* 0: "Ab", root; 4: "c" and a pointer to 0; 8: a pointer to 4; 10: to the root at 3. */
	static const char bytes[] = "02 41 62 00  01 63 c0 00  c0 04  c0 03";
	static const uint8_t expanded[] = "\001c\002Ab";

	CHECK_EQ_INT(read_hex(bytes, 4, &name), 8);
	check_name(&name, expanded, 6);
	CHECK_EQ_INT(read_hex(bytes, 8, &name), 10);
	check_name(&name, expanded, 6);
	CHECK_EQ_INT(read_hex(bytes, 10, &name), 12);
	CHECK_EQ_INT(name.size, 1);
	CHECK_EQ_INT(name.labels, 0);
}

TEST(dns_name, refuses_pointers_that_do_not_lead_backwards)
{
	struct adit_name name;

	CHECK_EQ_INT(read_hex("c0 00", 0, &name), 0);
	CHECK_EQ_INT(read_hex("01 61 c0 00", 0, &name), 0);
	CHECK_EQ_INT(read_hex("01 61 c0 02", 0, &name), 0);
	CHECK_EQ_INT(read_hex("c0 02 00", 0, &name), 0);
	CHECK_EQ_INT(read_hex("c0 02 c0 00", 2, &name), 0);
	/* Backwards first, then into where it came from. */
	CHECK_EQ_INT(read_hex("01 61 c0 04 01 62 c0 00", 4, &name), 0);
	/* Past the end, cut in its middle, and to the last byte, its own second one. */
	CHECK_EQ_INT(read_hex("00 ff ff", 1, &name), 0);
	CHECK_EQ_INT(read_hex("00 c0", 1, &name), 0);
	CHECK_EQ_INT(read_hex("00 c0 02", 1, &name), 0);
}

TEST(dns_name, a_long_chain_of_pointers_ends)
{
	static uint8_t bytes[0x4000];
	struct adit_name name;
	size_t at = 4;

	memcpy(bytes, "\002zz", 4);
	for (size_t target = 0; at + 2 <= sizeof(bytes); target = at, at += 2) {
		bytes[at] = (uint8_t)(0xc0 | target >> 8);
		bytes[at + 1] = (uint8_t)target;
	}
	CHECK_EQ_INT(adit_name_read(bytes, sizeof(bytes), at - 2, &name), at);
	CHECK_EQ_STR(text_of(&name), "zz");
}

TEST(dns_text, every_octet_there_and_back)
{
	char text[ADIT_NAME_TEXT_MAX];
	struct adit_name name, back;
	uint8_t wire[ADIT_NAME_MAX];

	for (unsigned octet = 0; octet < 256; octet++) {
		uint8_t one[] = {3, 'x', (uint8_t)octet, 'y', 0};

		REQUIRE(adit_name_read(one, sizeof(one), 0, &name) == sizeof(one));
		CHECK_EQ_INT(
			adit_name_to_text(name.wire, name.size, text, sizeof(text)), strlen(text));
		CHECK_EQ_INT(adit_name_from_text(text, &back), 0);
		check_name(&back, one, sizeof(one));
	}
	for (size_t size = 3; size <= ADIT_NAME_MAX; size++) {
		make_name(wire, size, 2 + size % 62);
		adit_name_to_text(wire, size, text, sizeof(text));
		CHECK_EQ_INT(adit_name_from_text(text, &back), 0);
		check_name(&back, wire, size);
	}
}

TEST(dns_text, escapes)
{
	static const uint8_t wire[] = "\012.\\\"();@$a!\004 ~\177\377";
	static const uint8_t part[] = "\003abc\003def";
	char text[ADIT_NAME_TEXT_MAX];

	CHECK_EQ_INT(adit_name_to_text(wire, sizeof(wire), text, sizeof(text)), strlen(text));
	CHECK_EQ_STR(text, "\\.\\\\\\\"\\(\\)\\;\\@\\$a!.\\032~\\127\\255");
	CHECK_EQ_INT(adit_name_to_text(wire, 0, text, sizeof(text)), 0);
	CHECK_EQ_STR(text, "");
	CHECK_EQ_INT(adit_name_to_text(part + 8, 1, text, sizeof(text)), 1);
	CHECK_EQ_STR(text, ".");
	/* Part of a name, also one that ends inside a label. */
	adit_name_to_text(part, 4, text, sizeof(text));
	CHECK_EQ_STR(text, "abc");
	adit_name_to_text(part, 6, text, sizeof(text));
	CHECK_EQ_STR(text, "abc.d");
}

TEST(dns_text, longest_and_too_little_room)
{
	char text[ADIT_NAME_TEXT_MAX + 1], whole[ADIT_NAME_TEXT_MAX];
	uint8_t wire[ADIT_NAME_MAX];

	memset(wire, 0xee, sizeof(wire));
	wire[0] = wire[64] = wire[128] = 63;
	wire[192] = 61;
	wire[254] = 0;
	CHECK_EQ_INT(adit_name_to_text(wire, sizeof(wire), whole, sizeof(whole)), 4 * 250 + 3);
	CHECK_EQ_INT(adit_name_to_text(wire, sizeof(wire), text, 0), 0);
	for (size_t room = 1; room < sizeof(whole); room++) {
		size_t length;

		memset(text, '#', sizeof(text));
		length = adit_name_to_text(wire, sizeof(wire), text, room);
		CHECK(length < room && (length + 4 >= room || length == strlen(whole)));
		CHECK_EQ_INT(text[length], '\0');
		CHECK_EQ_INT(text[room], '#');
		CHECK_EQ_MEM(text, whole, length);
	}
}

TEST(dns_text, from_text_takes_and_refuses)
{
	static const char *const bad[] = {"", "..", "a..b", ".a", "a.b..", "\\", "a\\", "\\25",
		"\\256", "\\1a2", "a b", "a\tb", "\303\244.example", "a\177"};
	struct adit_name name;
	char text[300];

	CHECK_EQ_INT(adit_name_from_text(".", &name), 0);
	CHECK_EQ_INT(name.size, 1);
	CHECK_EQ_INT(adit_name_from_text("A.b.", &name), 0);
	check_name(&name, (const uint8_t *)"\001A\001b", 5);
	CHECK_EQ_INT(adit_name_from_text("a\\.b\\065.\\\\", &name), 0);
	check_name(&name, (const uint8_t *)"\004a.bA\001\\", 8);
	for (size_t i = 0; i < ADIT_COUNT(bad); i++) {
		CHECK_EQ_INT(adit_name_from_text(bad[i], &name), -EINVAL);
		CHECK_EQ_INT(name.size, 1);
	}
	memset(text, 'l', sizeof(text));
	text[64] = '\0';
	CHECK_EQ_INT(adit_name_from_text(text, &name), -EINVAL);
	text[63] = '\0';
	CHECK_EQ_INT(adit_name_from_text(text, &name), 0);
	/* Labels of 63, 63, 63 and 61 octets make 255; one more is too many. */
	memset(text, 'l', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[253] = '\0';
	CHECK_EQ_INT(adit_name_from_text(text, &name), 0);
	CHECK_EQ_INT(name.size, 255);
	text[253] = 'l';
	text[254] = '\0';
	CHECK_EQ_INT(adit_name_from_text(text, &name), -EINVAL);
}

TEST(dns_text, types)
{
	char room[12];

	CHECK_EQ_STR(adit_dns_type_text(ADIT_TYPE_A, room), "A");
	CHECK_EQ_STR(adit_dns_type_text(ADIT_TYPE_NULL, room), "NULL");
	CHECK_EQ_STR(adit_dns_type_text(ADIT_TYPE_HTTPS, room), "HTTPS");
	CHECK_EQ_STR(adit_dns_type_text(257, room), "CAA");
	CHECK_EQ_STR(adit_dns_type_text(0, room), "TYPE0");
	CHECK_EQ_STR(adit_dns_type_text(ADIT_TYPE_PRIVATE, room), "TYPE65399");
}

TEST(dns_message, query)
{
	frames_start(&message);
	frames_query(&message, 0x1234, "wWw.ExAmPlE.com", ADIT_TYPE_TXT);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.id, 0x1234);
	CHECK_EQ_INT(dns.flags, ADIT_DNS_RD);
	CHECK_EQ_INT(dns.opcode, 0);
	CHECK_EQ_INT(dns.rcode, 0);
	CHECK_EQ_INT(dns.count[0], 1);
	CHECK_EQ_INT(dns.qtype, ADIT_TYPE_TXT);
	CHECK_EQ_INT(dns.qclass, 1);
	check_name(&dns.qname, (const uint8_t *)"\003wWw\007ExAmPlE\003com", 17);
	CHECK_EQ_MEM(dns.qname.lower, "\003www\007example\003com", 17);
	CHECK_EQ_INT(dns.answers, 0);
	CHECK_EQ_INT(dns.ttl_min, UINT32_MAX);
	CHECK_EQ_INT(dns.edns, 0);
	CHECK_EQ_INT(dns.trailing_bytes, 0);
}

/* One record of each kind that a counter tells apart. */
static void build_response(void)
{
	static const uint8_t rdata[100];

	frames_start(&message);
	frames_response(&message, 7, "a.tunnel.example", ADIT_TYPE_TXT, 3);
	frames_record(&message, FRAMES_ANSWER, NULL, ADIT_TYPE_CNAME, 300, rdata, 20);
	frames_record(&message, FRAMES_ANSWER, "b.example", ADIT_TYPE_TXT, 5, rdata, 100);
	frames_record(&message, FRAMES_ANSWER, "b.example", ADIT_TYPE_A, 60, rdata, 4);
	frames_record(&message, FRAMES_ANSWER, NULL, ADIT_TYPE_AAAA, 60, rdata, 16);
	frames_record(&message, FRAMES_ANSWER, NULL, ADIT_TYPE_DNAME, 60, rdata, 9);
	frames_record(&message, FRAMES_ANSWER, NULL, 46, 60, rdata, 80);
	frames_record(&message, FRAMES_AUTHORITY, NULL, ADIT_TYPE_SOA, 1, rdata, 30);
	frames_record(&message, FRAMES_AUTHORITY, "", ADIT_TYPE_NULL, 1, rdata, 31);
	frames_record(&message, FRAMES_ADDITIONAL, NULL, ADIT_TYPE_TXT, 1, rdata, 32);
	frames_opt(&message, 1232, "\000\012\000\004abcd", 8);
}

TEST(dns_message, response_counters)
{
	build_response();
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_RESPONSE);
	CHECK_EQ_INT(dns.rcode, 3);
	CHECK_EQ_INT(dns.flags & ADIT_DNS_QR, ADIT_DNS_QR);
	CHECK_EQ_INT(dns.answers, 6);
	CHECK_EQ_INT(dns.answer_cname, 2);
	CHECK_EQ_INT(dns.answer_address, 2);
	CHECK_EQ_INT(dns.answer_type, ADIT_TYPE_TXT);
	CHECK_EQ_INT(dns.answer_bytes, 20 + 100 + 4 + 16 + 9 + 80);
	CHECK_EQ_INT(dns.payload_bytes, 20 + 100 + 9);
	CHECK_EQ_INT(dns.extra_bytes, 31 + 32);
	CHECK_EQ_INT(dns.ttl_min, 5);
	CHECK_EQ_INT(dns.edns, 1);
	CHECK_EQ_INT(dns.edns_do, 0);
	CHECK_EQ_INT(dns.edns_udp_size, 1232);
	CHECK_EQ_INT(dns.edns_bytes, 8);
	CHECK_EQ_INT(dns.trailing_bytes, 0);
}

/* The question stays whole wherever a later byte is missing. */
TEST(dns_message, cut_at_every_byte)
{
	const size_t question_end = 12 + 18 + 4;
	unsigned before = 0;

	build_response();
	for (size_t size = 0; size < message.size; size++) {
		enum adit_outcome outcome = parse_cut(size);

		if (size < 12) {
			CHECK_EQ_INT(outcome, ADIT_OUTCOME_DNS_SHORT);
			CHECK_EQ_INT(dns.id, size >= 2 ? 7 : 0);
			CHECK_EQ_INT(dns.flags >> 15, size >= 4);
		} else if (size < question_end) {
			/* Ten records cannot be in so few bytes. */
			CHECK_EQ_INT(outcome, ADIT_OUTCOME_DNS_IMPLAUSIBLE);
		} else {
			CHECK_EQ_INT(outcome, ADIT_OUTCOME_DNS_BAD_RECORD);
			CHECK_EQ_STR(text_of(&dns.qname), "a.tunnel.example");
			CHECK_EQ_INT(dns.qtype, ADIT_TYPE_TXT);
			CHECK(dns.answers == before || dns.answers == before + 1);
			before = dns.answers;
		}
	}
	CHECK_EQ_INT(before, 6);
}

TEST(dns_message, question_ends_on_the_last_byte_for_every_name_size)
{
	uint8_t bytes[12 + ADIT_NAME_MAX + 4];

	for (size_t size = 3; size <= ADIT_NAME_MAX; size++) {
		size_t all = 12 + size + 4;

		memcpy(bytes, "\0\1\1\0\0\1\0\0\0\0\0\0", 12);
		make_name(bytes + 12, size, 63);
		memcpy(bytes + 12 + size, "\0\020\0\1", 4);
		CHECK_EQ_INT(adit_dns_parse(harness_exact(bytes, all), all, &dns),
			ADIT_OUTCOME_DNS_QUERY);
		check_name(&dns.qname, bytes + 12, size);
		CHECK_EQ_INT(dns.qtype, ADIT_TYPE_TXT);
		/* Below 17 bytes a question cannot be at all. */
		for (size_t cut = all - 4; cut < all; cut++)
			CHECK_EQ_INT(adit_dns_parse(harness_exact(bytes, cut), cut, &dns),
				cut < 17 ? ADIT_OUTCOME_DNS_IMPLAUSIBLE
					 : ADIT_OUTCOME_DNS_BAD_NAME);
	}
}

TEST(dns_message, edns)
{
	frames_start(&message);
	frames_query(&message, 1, "example.com", ADIT_TYPE_NULL);
	frames_record(&message, FRAMES_ADDITIONAL, "", ADIT_TYPE_OPT, 0x00008000, NULL, 0);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.edns, 1);
	CHECK_EQ_INT(dns.edns_do, 1);
	CHECK_EQ_INT(dns.edns_udp_size, 1);
	CHECK_EQ_INT(dns.edns_bytes, 0);
	CHECK_EQ_INT(dns.extra_bytes, 0);
	/* A second one may not be there; its options are counted, nothing else of it. */
	frames_opt(&message, 4096, "\0\014\0\003xyz", 7);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.edns_udp_size, 1);
	CHECK_EQ_INT(dns.edns_do, 1);
	CHECK_EQ_INT(dns.edns_bytes, 7);
	/* In another section an OPT record says nothing. */
	frames_start(&message);
	frames_query(&message, 1, "example.com", ADIT_TYPE_NULL);
	frames_record(&message, FRAMES_AUTHORITY, "", ADIT_TYPE_OPT, 0x8000, "xyz", 3);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.edns, 0);
	CHECK_EQ_INT(dns.extra_bytes, 0);
}

TEST(dns_message, several_questions)
{
	frames_start(&message);
	frames_query(&message, 1, "first.example", ADIT_TYPE_TXT);
	frames_question(&message, "second.example", ADIT_TYPE_A);
	frames_question(&message, NULL, ADIT_TYPE_MX);
	frames_opt(&message, 4096, NULL, 0);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.count[0], 3);
	CHECK_EQ_STR(text_of(&dns.qname), "first.example");
	CHECK_EQ_INT(dns.qtype, ADIT_TYPE_TXT);
	CHECK_EQ_INT(dns.edns, 1);
	CHECK_EQ_INT(parse_cut(12 + 15 + 4 + 10), ADIT_OUTCOME_DNS_BAD_RECORD);
	CHECK_EQ_STR(text_of(&dns.qname), "first.example");
	CHECK_EQ_INT(dns.edns, 0);
}

TEST(dns_message, no_question)
{
	frames_start(&message);
	frames_dns(&message, 9, ADIT_DNS_QR | 1);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_NO_QUESTION);
	CHECK_EQ_INT(dns.rcode, 1);
	CHECK_EQ_INT(dns.qname.size, 1);
	CHECK_EQ_INT(dns.qname.labels, 0);
	CHECK_EQ_INT(dns.qtype, 0);
	frames_record(&message, FRAMES_ANSWER, "a.example", ADIT_TYPE_TXT, 2, "\003abc", 4);
	frames_record(&message, FRAMES_ANSWER, "b.example", ADIT_TYPE_TXT, 1, "\003abc", 4);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_NO_QUESTION);
	CHECK_EQ_INT(dns.answers, 2);
	CHECK_EQ_INT(dns.payload_bytes, 8);
	CHECK_EQ_INT(parse_cut(message.size - 1), ADIT_OUTCOME_DNS_NO_QUESTION);
	CHECK_EQ_INT(dns.answers, 1);
	CHECK_EQ_INT(dns.ttl_min, 2);
}

TEST(dns_message, trailing_bytes)
{
	frames_start(&message);
	frames_query(&message, 1, "example.com", ADIT_TYPE_A);
	frames_fill(&message, 0xee, 100);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.trailing_bytes, 100);
	frames_fill(&message, 0xee, 66000);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.trailing_bytes, UINT16_MAX);
}

/* What stands where nothing of its kind does, whole or not. */
TEST(dns_message, other_bytes)
{
	uint8_t text[40] = {39};

	frames_start(&message);
	frames_query(&message, 1, "example.com", ADIT_TYPE_A);
	frames_opt(&message, 1232, "\0\12\0\4abcd", 8);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.other_bytes, 0);
	/* Records of a query: a pointer, type, class, TTL, length, and what they hold. */
	frames_record(&message, FRAMES_ADDITIONAL, NULL, ADIT_TYPE_TXT, 0, text, sizeof(text));
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.other_bytes, 12 + 40);
	frames_fill(&message, 0xee, 9);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.other_bytes, 12 + 40 + 9);

	/* Those of a response are counted as such, but for the last, of which three bytes are
	 * missing; and an OPT record is none of the answers. */
	frames_start(&message);
	frames_response(&message, 1, "example.com", ADIT_TYPE_TXT, 0);
	frames_answer(&message, ADIT_TYPE_TXT, text, sizeof(text));
	frames_answer(&message, ADIT_TYPE_TXT, text, sizeof(text));
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_RESPONSE);
	CHECK_EQ_INT(dns.other_bytes, 0);
	CHECK_EQ_INT(parse_cut(message.size - 3), ADIT_OUTCOME_DNS_BAD_RECORD);
	CHECK_EQ_INT(dns.other_bytes, 12 + 40 - 3);
	CHECK_EQ_INT(dns.trailing_bytes, 0);
	frames_record(&message, FRAMES_ANSWER, "", ADIT_TYPE_OPT, 0, text, sizeof(text));
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_RESPONSE);
	CHECK_EQ_INT(dns.other_bytes, 11 + 40);

	/* A second question. */
	frames_start(&message);
	frames_query(&message, 1, "example.com", ADIT_TYPE_A);
	frames_question(&message, "abcdefgh.example.com", ADIT_TYPE_A);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(dns.other_bytes, 22 + 4);
}

TEST(dns_message, ttl_with_the_top_bit_is_zero)
{
	frames_start(&message);
	frames_response(&message, 1, "example.com", ADIT_TYPE_A, 0);
	frames_record(&message, FRAMES_ANSWER, NULL, ADIT_TYPE_A, 0x7fffffff, "abcd", 4);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_RESPONSE);
	CHECK_EQ_INT(dns.ttl_min, 0x7fffffff);
	frames_record(&message, FRAMES_ANSWER, NULL, ADIT_TYPE_A, 0x80000001, "abcd", 4);
	CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_RESPONSE);
	CHECK_EQ_INT(dns.ttl_min, 0);
}

#define QUESTION_A "01 61 00 0010 0001 "

TEST(dns_message, bad_records_leave_the_question)
{
	static const char *const bad[] = {
		/* nothing at all, RDLENGTH past the end, label types 01 and 10 */
		"",
		"00 0010 0001 00000000 0002 ff",
		"40 0010 0001 00000000 0000",
		"80 0010 0001 00000000 0000",
		/* an owner name, and a pointer, cut at the end */
		"05 61 62 63",
		"c0",
	};

	for (size_t i = 0; i < ADIT_COUNT(bad); i++) {
		char hex[200];

		snprintf(
			hex, sizeof(hex), "0001 8180 0001 ffff 0000 0000 %s%s", QUESTION_A, bad[i]);
		CHECK_EQ_INT(parse_hex(hex), ADIT_OUTCOME_DNS_BAD_RECORD);
		CHECK_EQ_STR(text_of(&dns.qname), "a");
		CHECK_EQ_INT(dns.qtype, ADIT_TYPE_TXT);
		CHECK_EQ_INT(dns.answers, 0);
		CHECK_EQ_INT(dns.trailing_bytes, 0);
	}
}

TEST(dns_message, owner_names_may_have_255_octets_and_no_more)
{
	uint8_t name[256];

	for (size_t size = 255; size <= 256; size++) {
		frames_start(&message);
		frames_response(&message, 1, "a", ADIT_TYPE_TXT, 0);
		message.bytes[7] = 1; /* ANCOUNT */
		frames_bytes(&message, name, make_name(name, size, 63));
		frames_bytes(&message, "\0\020\0\1\0\0\0\0\0\0", 10);
		CHECK_EQ_INT(parse(),
			size == 255 ? ADIT_OUTCOME_DNS_RESPONSE : ADIT_OUTCOME_DNS_BAD_RECORD);
	}
}

/* Any pointer ends an owner name: where it leads is not asked. */
TEST(dns_message, pointers_of_owner_names_are_not_followed)
{
	CHECK_EQ_INT(parse_hex("0001 8180 0001 0001 0000 0000 " QUESTION_A
			       "ffff 0010 0001 00000000 0001 00"),
		ADIT_OUTCOME_DNS_RESPONSE);
	CHECK_EQ_INT(dns.payload_bytes, 1);
}

TEST(dns_message, question_that_cannot_be_read)
{
	/* plausible headers: a label type, a loop, a forward pointer */
	CHECK_EQ_INT(parse_hex("0001 0100 0001 0000 0000 0000 41 61 00 0001 0001"),
		ADIT_OUTCOME_DNS_BAD_NAME);
	CHECK_EQ_INT(parse_hex("0001 0100 0001 0000 0000 0000 c00c 0001 0001"),
		ADIT_OUTCOME_DNS_BAD_NAME);
	CHECK_EQ_INT(parse_hex("0001 0100 0001 0000 0000 0000 c00e 00 0001 0001"),
		ADIT_OUTCOME_DNS_BAD_NAME);
	CHECK_EQ_INT(dns.id, 1);
	CHECK_EQ_INT(dns.flags, ADIT_DNS_RD);
}

/* A pointer into the header is a pointer backwards: QDCOUNT's zero octet reads as the root. */
TEST(dns_message, question_with_a_pointer_into_the_header)
{
	CHECK_EQ_INT(parse_hex("0001 0100 0001 0000 0000 0000 03 777777 c004 0010 0001"),
		ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_STR(text_of(&dns.qname), "www");
	CHECK_EQ_INT(dns.qtype, ADIT_TYPE_TXT);
	CHECK_EQ_INT(dns.trailing_bytes, 0);
}

TEST(dns_message, implausible_headers)
{
	/* opcodes beside a bad question: unassigned or not */
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		char hex[100];
		bool assigned = opcode <= 6 && opcode != 3;

		snprintf(hex, sizeof(hex), "0001 %02x00 0001 0000 0000 0000 ff ff ff ff ff",
			opcode << 3);
		CHECK_EQ_INT(parse_hex(hex),
			assigned ? ADIT_OUTCOME_DNS_BAD_NAME : ADIT_OUTCOME_DNS_IMPLAUSIBLE);
		/* the same header over a question that reads well */
		snprintf(hex, sizeof(hex), "0001 %02x00 0001 0000 0000 0000 " QUESTION_A,
			opcode << 3);
		CHECK_EQ_INT(parse_hex(hex), ADIT_OUTCOME_DNS_QUERY);
		CHECK_EQ_INT(dns.opcode, opcode);
		/* and over none */
		snprintf(hex, sizeof(hex), "0001 %02x00 0000 0000 0000 0000", opcode << 3);
		CHECK_EQ_INT(parse_hex(hex),
			assigned ? ADIT_OUTCOME_DNS_NO_QUESTION : ADIT_OUTCOME_DNS_IMPLAUSIBLE);
	}
	/* one question of 5 bytes fits, two do not, nor does a record */
	CHECK_EQ_INT(parse_hex("0001 0000 0001 0000 0000 0000 ff ff ff ff ff"),
		ADIT_OUTCOME_DNS_BAD_NAME);
	CHECK_EQ_INT(parse_hex("0001 0000 0002 0000 0000 0000 ff ff ff ff ff"),
		ADIT_OUTCOME_DNS_IMPLAUSIBLE);
	CHECK_EQ_INT(parse_hex("0001 0000 0001 0000 0001 0000 ff ff ff ff ff"),
		ADIT_OUTCOME_DNS_IMPLAUSIBLE);
	CHECK_EQ_INT(parse_hex("0001 0000 0001 0000 0001 0000 ff ff ff ff ff"
			       "00 0000 0000 00000000 0000"),
		ADIT_OUTCOME_DNS_BAD_NAME);
	CHECK_EQ_INT(parse_hex("0001 0000 ffff ffff ffff ffff ff"), ADIT_OUTCOME_DNS_IMPLAUSIBLE);
}

/* The header and first question by hand, and the record walk, must agree on where things are:
 * the same name once as the question and once as an owner name. */
TEST(dns_message, both_ways_over_a_name_agree)
{
	uint8_t name[ADIT_NAME_MAX];

	for (size_t size = 3; size <= ADIT_NAME_MAX; size++) {
		frames_start(&message);
		frames_dns(&message, 1, ADIT_DNS_QR);
		message.bytes[5] = 2; /* QDCOUNT */
		for (int i = 0; i < 2; i++) {
			frames_bytes(&message, name, make_name(name, size, 2 + size % 62));
			frames_bytes(&message, "\0\1\0\1", 4);
		}
		CHECK_EQ_INT(parse(), ADIT_OUTCOME_DNS_RESPONSE);
		CHECK_EQ_INT(dns.trailing_bytes, 0);
		CHECK_EQ_INT(dns.qname.size, size);
		CHECK_EQ_INT(parse_cut(message.size - 1), ADIT_OUTCOME_DNS_BAD_RECORD);
	}
}

/* As a log spells names: what a list would have to escape may stand there as it is. */
TEST(dns, names_of_logs)
{
	static const struct {
		const char *text, *wire; /* NULL: none */
	} rows[] = {
		{"a.example", "\1a\7example"},
		{"A.Example.", "\1A\7Example"},
		{".", ""},
		{"a b.\xc3\xa4", "\3a b\2\xc3\xa4"},
		{"a\\.b.c", "\3a.b\1c"},
		{"\\097\\\\.c", "\2a\\\1c"},
		{"", NULL},
		{"..", NULL},
		{"a..b", NULL},
		{".a", NULL},
		{"a\\", NULL},
		{"a\\25", NULL},
		{"a\\256.b", NULL},
	};
	char longest[300];
	struct adit_name name;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);
		int status = adit_name_from_log(
			(const char *)harness_exact(rows[i].text, size), size, &name);

		CHECK_EQ_INT(status, rows[i].wire != NULL ? 0 : -EINVAL);
		if (rows[i].wire == NULL)
			continue;
		CHECK_EQ_INT(name.size, strlen(rows[i].wire) + 1);
		CHECK_EQ_MEM(name.wire, rows[i].wire, name.size);
	}
	memset(longest, 'a', sizeof(longest));
	CHECK_EQ_INT(adit_name_from_log(longest, 63, &name), 0);
	CHECK_EQ_INT(adit_name_from_log(longest, 64, &name), -EINVAL);
	for (size_t i = 1; i < sizeof(longest); i += 2)
		longest[i] = '.';
	/* 127 labels of one octet, and the root, are 255. */
	CHECK_EQ_INT(adit_name_from_log(longest, 253, &name), 0);
	CHECK_EQ_INT(name.size, 255);
	CHECK_EQ_INT(adit_name_from_log(longest, 254, &name), 0);
	CHECK_EQ_INT(adit_name_from_log(longest, 255, &name), -EINVAL);
}

TEST(dns, types_by_their_names)
{
	static const struct {
		const char *text;
		uint16_t type;
	} rows[] = {{"A", 1}, {"txt", 16}, {"AAAA", 28}, {"TYPE65399", 65399}, {"type1", 1},
		{"16", 16}, {"*", 255}, {"ANY", 255}, {"", 0}, {"TYPE", 0}, {"TYPE65536", 0},
		{"TX", 0}, {"TXTT", 0}, {"99999999999", 0}};

	/* Zero bytes behind a name are no end of it. */
	CHECK_EQ_INT(adit_dns_type_of((const char *)harness_exact("TXT\0\0\0\0\0", 8), 8), 0);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);

		CHECK_EQ_INT(
			adit_dns_type_of((const char *)harness_exact(rows[i].text, size), size),
			rows[i].type);
	}
}
