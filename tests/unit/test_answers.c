/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the records of a message say, against a slow walk of its own.
 */
#include "adit_dns.h"
#include "frames.h"
#include "harness.h"
#include "window_cases.h"

#include <stdlib.h>

static const uint16_t dnssec[] = {43, 46, 47, 48, 50, 51, 59, 60};

static struct frames message;

/* Of the message as it is built so far. */
static struct adit_answers read_built(void)
{
	const uint8_t *bytes = harness_exact(message.bytes, message.size);
	struct adit_answers answers;
	struct adit_dns dns;

	memset(&answers, 0xa5, sizeof(answers));
	CHECK_EQ_INT(adit_dns_read(&adit_hash_key_fixed, bytes, message.size, &dns, &answers),
		ADIT_OUTCOME_DNS_RESPONSE);
	return answers;
}

static void begin(const char *name, uint16_t type)
{
	frames_start(&message);
	frames_response(&message, 1, name, type, 0);
}

static void add(uint16_t type, const void *rdata, size_t size)
{
	frames_answer(&message, type, rdata, size);
}

TEST(answers, of_nothing_are_nothing)
{
	static const struct adit_answers nothing;
	struct adit_answers answers;

	begin("www.example.com", 1);
	answers = read_built();
	CHECK_EQ_MEM(&answers, &nothing, sizeof(nothing));
	frames_opt(&message, 1232, "\0\12\0\10abcdefgh", 12);
	answers = read_built();
	CHECK_EQ_MEM(&answers, &nothing, sizeof(nothing));
}

/* Rotated, with other TTLs and another ID and question: the same. */
TEST(answers, order_and_ttl_do_not_matter)
{
	static const char *const rdata[] = {"\300\0\2\1", "\300\0\2\2", "\306\63\144\3"};
	struct adit_answers first, again;

	begin("www.example.com", 1);
	for (int i = 0; i < 3; i++)
		add(1, rdata[i], 4);
	first = read_built();
	CHECK_EQ_INT(first.bytes, 12);
	CHECK_EQ_INT(first.addresses, 3);
	CHECK_EQ_INT(first.odd_addresses, 0);
	for (int turn = 1; turn < 3; turn++) {
		frames_start(&message);
		frames_response(&message, 77, "a.much.longer.name.example.com", 1, 0);
		for (int i = 0; i < 3; i++)
			frames_record(&message, FRAMES_ANSWER, NULL, 1, (uint32_t)(turn * 1000 + i),
				rdata[(i + turn) % 3], 4);
		again = read_built();
		CHECK_EQ_INT(again.digest, first.digest);
		CHECK_EQ_INT(again.address_digest, first.address_digest);
		CHECK_EQ_INT(again.bytes, first.bytes);
		/* The first one's network. */
		CHECK_EQ_INT(again.network == first.network, turn == 1);
	}
	/* Any other record is another answer. */
	add(1, rdata[0], 4);
	again = read_built();
	CHECK(again.digest != first.digest && again.address_digest != first.address_digest);
	begin("www.example.com", 1);
	add(1, rdata[0], 4);
	add(1, rdata[1], 4);
	add(1, "\306\63\144\4", 4);
	again = read_built();
	CHECK(again.digest != first.digest && again.address_digest != first.address_digest);
}

/* One octet of data or the type makes a difference; where it stands does. */
TEST(answers, data_matter)
{
	uint8_t rdata[40] = {39};
	struct adit_answers first, other;

	begin("www.example.com", 16);
	add(16, rdata, 40);
	first = read_built();
	CHECK_EQ_INT(first.bytes, 40);
	CHECK_EQ_INT(first.addresses, 0);
	for (int i = 1; i < 40; i++) {
		rdata[i] ^= 1;
		begin("www.example.com", 16);
		add(16, rdata, 40);
		other = read_built();
		if (other.digest == first.digest)
			FAIL("octet %d makes no difference", i);
		rdata[i] ^= 1;
	}
	begin("www.example.com", 16);
	add(10, rdata, 40);
	CHECK(read_built().digest != first.digest);
	begin("www.example.com", 16);
	add(16, rdata, 39);
	CHECK(read_built().digest != first.digest);
	/* A section is no part of an answer, addresses count in one of them. */
	begin("www.example.com", 1);
	add(1, "\300\0\2\1", 4);
	first = read_built();
	begin("www.example.com", 1);
	frames_record(&message, FRAMES_ADDITIONAL, NULL, 1, 60, "\300\0\2\1", 4);
	other = read_built();
	CHECK_EQ_INT(other.digest, first.digest);
	CHECK_EQ_INT(other.bytes, 4);
	CHECK_EQ_INT(other.addresses, 0);
	CHECK_EQ_INT(other.address_digest, 0);
}

/* Types with names in their data: pointers lead elsewhere where the question is longer. */
TEST(answers, compression_does_not_matter)
{
	static const struct {
		uint16_t type;
		const char *before; /* the first name, and its size */
		unsigned size;
		bool two;
	} rows[] = {{2, "", 0, false}, {5, "", 0, false}, {12, "", 0, false}, {39, "", 0, false},
		{15, "\0\12", 2, false}, {33, "\0\1\0\2\0\65", 6, false}, {6, "", 0, true}};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		uint32_t digest[4];

		/* Pointers to 12, 12, 40, and one with another label in front. */
		for (int k = 0; k < 4; k++) {
			uint8_t rdata[64], *at = rdata;

			memcpy(at, rows[i].before, rows[i].size);
			at += rows[i].size;
			for (int name = 0; name <= rows[i].two; name++) {
				memcpy(at, k == 3 ? "\3nx7" : "\3ns1", 4);
				at[4] = 0xc0;
				at[5] = k < 2 ? 12 : 40;
				at += 6;
			}
			memset(at, 7, 20);
			at += rows[i].two ? 20 : 0;
			begin(k == 0 ? "a.example.com" : "quite.a.lot.longer.example.com", 1);
			add(rows[i].type, rdata, (size_t)(at - rdata));
			digest[k] = read_built().digest;
			CHECK_EQ_INT(read_built().bytes, at - rdata);
		}
		CHECK_EQ_INT(digest[1], digest[0]);
		CHECK_EQ_INT(digest[2], digest[0]);
		CHECK(digest[3] != digest[0]);
		if (harness_failed())
			FAIL("type %u", rows[i].type);
	}
	/* In data of other types the same octets are data. */
	begin("a.example.com", 16);
	add(16, "\3ns1\300\14", 6);
	uint32_t one = read_built().digest;

	begin("a.example.com", 16);
	add(16, "\3ns1\300\50", 6);
	CHECK(read_built().digest != one);
}

TEST(answers, odd_addresses)
{
	static const struct {
		uint8_t bytes[16];
		bool is_v6, odd;
	} rows[] = {
		{{0, 0, 0, 0}, false, false},
		{{0, 0, 0, 1}, false, true},
		{{0, 1, 0, 0}, false, true},
		{{1, 0, 0, 0}, false, false},
		{{10, 0, 0, 1}, false, false},
		{{127, 0, 0, 1}, false, false},
		{{223, 255, 255, 255}, false, false},
		{{224, 0, 0, 0}, false, true},
		{{240, 1, 2, 3}, false, true},
		{{255, 255, 255, 255}, false, true},
		{{0x20, 1, 0xd, 0xb8}, true, false},
		{{0x3f, 0xff}, true, false},
		{{0x40}, true, true},
		{{0x1f, 0xff}, true, true},
		{{0xfc}, true, false},
		{{0xfd, 9}, true, false},
		{{0xfe, 0x80}, true, false},
		{{0xfe, 0xbf}, true, false},
		{{0xfe, 0xc0}, true, true},
		{{0xff, 2}, true, true},
		{{0, 0x64, 0xff, 0x9b, 0, 1}, true, false},
		{{0, 0x64, 0xff, 0x9a}, true, true},
		{{0}, true, false},
		{{[15] = 1}, true, false},
		{{[10] = 0xff, [11] = 0xff, [12] = 192}, true, false},
		{{[9] = 1}, true, true},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_answers answers;

		begin("www.example.com", rows[i].is_v6 ? 28 : 1);
		add(rows[i].is_v6 ? 28 : 1, rows[i].bytes, rows[i].is_v6 ? 16 : 4);
		answers = read_built();
		CHECK_EQ_INT(answers.addresses, 1);
		if ((answers.odd_addresses != 0) != rows[i].odd)
			FAIL("row %zu", i);
	}
	/* Data of another size are no address. */
	begin("www.example.com", 1);
	add(1, "\377\377\377", 3);
	add(28, "\377\377\377\377", 4);
	CHECK_EQ_INT(read_built().addresses, 0);
	CHECK_EQ_INT(read_built().bytes, 7);
}

TEST(answers, networks)
{
	static const struct {
		uint8_t a[16], b[16];
		bool is_v6, same;
	} rows[] = {
		{{192, 0, 2, 1}, {192, 0, 255, 9}, false, true},
		{{192, 0, 2, 1}, {192, 1, 2, 1}, false, false},
		{{0x20, 1, 0xd, 0xb8, 1}, {0x20, 1, 0xd, 0xb8, 2}, true, true},
		{{0x20, 1, 0xd, 0xb8, 1}, {0x20, 1, 0xd, 0xb9, 1}, true, false},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		uint16_t type = rows[i].is_v6 ? 28 : 1;
		size_t size = rows[i].is_v6 ? 16 : 4;
		uint32_t network;

		begin("www.example.com", type);
		add(5, "\300\14", 2);
		add(type, rows[i].a, size);
		add(type, "\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377", size);
		network = read_built().network;
		begin("other.example.com", type);
		add(type, rows[i].b, size);
		CHECK_EQ_INT(read_built().network == network, rows[i].same);
	}
}

/* What a signer adds says nothing, but where it was asked for. */
TEST(answers, signatures_stand_beside)
{
	uint8_t signature[90] = {0, 1, 13};
	struct adit_answers plain, with;

	begin("www.example.com", 1);
	add(1, "\300\0\2\1", 4);
	plain = read_built();
	for (size_t i = 0; i < ADIT_COUNT(dnssec); i++) {
		begin("www.example.com", 1);
		add(dnssec[i], signature, sizeof(signature));
		add(1, "\300\0\2\1", 4);
		frames_record(&message, FRAMES_AUTHORITY, NULL, dnssec[i], 60, signature,
			sizeof(signature));
		with = read_built();
		CHECK_EQ_MEM(&with, &plain, sizeof(plain));
		begin("www.example.com", dnssec[i]);
		add(dnssec[i], signature, sizeof(signature));
		CHECK_EQ_INT(read_built().bytes, sizeof(signature));
		CHECK(read_built().digest != 0);
	}
}

/* A record as the slow walk keeps it. */
#define RECORDS_MAX 40
struct record {
	uint16_t type, size;
	uint8_t rdata[600]; /* pointers of names as zeros */
	uint8_t own[256];   /* octets of the owner that are not the question's end */
	size_t own_size;
};

struct walk {
	struct record record[RECORDS_MAX];
	size_t count;
	uint32_t bytes, addresses, odd;
};

/* The end of a name, or -1. */
static int name_end(const uint8_t *bytes, int size, int at)
{
	for (int used = 0;; at += bytes[at] + 1) {
		if (at >= size)
			return -1;
		if (bytes[at] == 0)
			return at + 1;
		if (bytes[at] >= 0xc0)
			return at + 2 <= size ? at + 2 : -1;
		used += bytes[at] + 1;
		if (bytes[at] > 63 || used >= 255)
			return -1;
	}
}

/* Where a name of RDATA goes on by a pointer, its two octets are nothing. Returns what follows. */
static unsigned clear_pointer(struct record *record, unsigned at)
{
	while (at < record->size && record->rdata[at] != 0 && record->rdata[at] < 0xc0)
		at += record->rdata[at] + 1u;
	if (at + 1 < record->size && record->rdata[at] >= 0xc0) {
		record->rdata[at] = record->rdata[at + 1] = 0;
		return at + 2;
	}
	return at + 1;
}

static void record_plain(struct record *record)
{
	switch (record->type) {
	case 2:
	case 5:
	case 12:
	case 39:
		clear_pointer(record, 0);
		break;
	case 15:
		clear_pointer(record, 2);
		break;
	case 33:
		clear_pointer(record, 6);
		break;
	case 6:
		clear_pointer(record, clear_pointer(record, 0));
		break;
	default:
		break;
	}
}

static bool odd(const struct record *record)
{
	static const uint8_t zeros[10];
	const uint8_t *at = record->rdata;

	if (record->type == 1)
		return at[0] >= 224 || (at[0] == 0 && memcmp(at, zeros, 4) != 0);
	return !(at[0] >= 0x20 && at[0] <= 0x3f) && at[0] != 0xfc && at[0] != 0xfd &&
	       !(at[0] == 0xfe && at[1] >= 0x80 && at[1] <= 0xbf) && memcmp(at, zeros, 10) != 0 &&
	       memcmp(at, "\0\x64\xff\x9b", 4) != 0;
}

/* Octets of the name at `at` that are its own: before a pointer, or all where no end of the
 * question's name has the same. */
static size_t own_octets(const uint8_t *bytes, int at, const struct adit_name *question)
{
	int end = at;

	while (bytes[end] != 0 && bytes[end] < 0xc0)
		end += bytes[end] + 1;
	if (bytes[end] == 0)
		for (int from = 0; from < question->size; from++)
			if (question->size - from == end + 1 - at &&
				memcmp(question->wire + from, bytes + at, end + 1 - at) == 0)
				return 0;
	return (size_t)(end - at);
}

/* All records that can be read, from the end of the first question on. */
static void walk(
	const uint8_t *bytes, int size, const struct adit_name *question, struct walk *walk)
{
	int counts[4], at, qtype;

	memset(walk, 0, sizeof(*walk));
	for (int i = 0; i < 4; i++)
		counts[i] = bytes[4 + 2 * i] << 8 | bytes[5 + 2 * i];
	at = name_end(bytes, size, 12);
	qtype = bytes[at] << 8 | bytes[at + 1];
	at += 4;
	for (int i = 1; i < counts[0]; i++) {
		at = name_end(bytes, size, at);
		if (at < 0 || at + 4 > size)
			return;
		at += 4;
	}
	for (int i = 0; i < counts[1] + counts[2] + counts[3]; i++) {
		struct record *record = &walk->record[walk->count];
		bool left_out = false;
		int owner = at;

		at = name_end(bytes, size, at);
		if (at < 0 || at + 10 > size)
			return;
		record->type = (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
		record->size = (uint16_t)(bytes[at + 8] << 8 | bytes[at + 9]);
		at += 10;
		if (at + record->size > size)
			return;
		for (size_t k = 0; k < ADIT_COUNT(dnssec); k++)
			left_out |= record->type == dnssec[k] && record->type != qtype;
		if (record->type != 41 && !left_out && record->size <= sizeof(record->rdata)) {
			memcpy(record->rdata, bytes + at, record->size);
			record->own_size = own_octets(bytes, owner, question);
			memcpy(record->own, bytes + owner, record->own_size);
			walk->bytes += record->size + (uint32_t)record->own_size;
			if (i < counts[1] && ((record->type == 1 && record->size == 4) ||
						     (record->type == 28 && record->size == 16))) {
				walk->addresses++;
				walk->odd += odd(record);
			}
			record_plain(record);
			walk->count++;
		}
		at += record->size;
		REQUIRE(walk->count < RECORDS_MAX);
	}
}

static int record_less(const void *left, const void *right)
{
	const struct record *a = left, *b = right;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	if (a->own_size != b->own_size)
		return a->own_size < b->own_size ? -1 : 1;
	if (memcmp(a->own, b->own, a->own_size) != 0)
		return memcmp(a->own, b->own, a->own_size);
	return memcmp(a->rdata, b->rdata, a->size);
}

static bool walk_same(const struct walk *a, const struct walk *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (record_less(&a->record[i], &b->record[i]) != 0)
			return false;
	return true;
}

/* Few types and few octets, so that messages often say the same; some of them damaged. */
static void message_random(uint64_t *state)
{
	static const uint16_t types[] = {1, 1, 28, 2, 5, 6, 12, 15, 16, 33, 39, 46, 43, 41, 65};
	static const uint8_t octets[] = {0, 0xc0, 1, 2, 0xff, 0x20};
	bool few = random_below(state, 2);
	uint32_t records = random_below(state, 4);

	begin(random_below(state, 2) ? "a.b" : "long.example.com",
		types[random_below(state, ADIT_COUNT(types))]);
	for (uint32_t i = 0; i < records; i++) {
		uint16_t type = types[random_below(state, few ? 5 : ADIT_COUNT(types))];
		uint32_t size = type == 1    ? 4
				: type == 28 ? 16
					     : 1 + random_below(state, few ? 3 : 8);
		uint8_t rdata[16];

		if (random_below(state, 6) == 0)
			size = 1 + random_below(state, 16);
		for (uint32_t k = 0; k < size; k++)
			rdata[k] = octets[random_below(state, few ? 2 : 6)];
		frames_record(&message, 1 + random_below(state, 3), NULL, type,
			random_below(state, 2), rdata, size);
	}
	if (random_below(state, 4) == 0)
		message.bytes[random_below(state, (uint32_t)message.size)] ^=
			(uint8_t)(1u << random_below(state, 8));
	if (random_below(state, 8) == 0)
		message.size -= random_below(state, (uint32_t)message.size);
}

#define PAST 300

TEST(answers, random_messages)
{
	static struct walk past[PAST], it;
	static struct adit_answers answers_past[PAST];
	uint64_t state = 9;
	size_t read = 0, same = 0;

	for (int round = 0; round < 60000 && !harness_failed(); round++) {
		struct adit_answers answers;
		struct adit_dns dns;
		enum adit_outcome outcome;
		const uint8_t *bytes;

		message_random(&state);
		if (message.size == 0)
			continue;
		/* A block of the exact size, given back at once. */
		bytes = memcpy(malloc(message.size), message.bytes, message.size);
		outcome = adit_dns_read(&adit_hash_key_fixed, bytes, message.size, &dns, &answers);
		if (outcome == ADIT_OUTCOME_DNS_QUERY)
			CHECK_EQ_INT(answers.bytes + answers.addresses + answers.digest, 0);
		if (outcome == ADIT_OUTCOME_DNS_RESPONSE ||
			(outcome == ADIT_OUTCOME_DNS_BAD_RECORD && dns.flags & ADIT_DNS_QR)) {
			walk(bytes, (int)message.size, &dns.qname, &it);
			qsort(it.record, it.count, sizeof(struct record), record_less);
			CHECK_EQ_INT(answers.bytes, it.bytes);
			CHECK_EQ_INT(answers.addresses, it.addresses);
			CHECK_EQ_INT(answers.odd_addresses, it.odd);
			for (size_t i = 0; i < PAST && i < read; i++) {
				bool is = walk_same(&past[i], &it);

				same += is && it.count > 0;
				if (is != (answers_past[i].digest == answers.digest))
					FAIL("round %d: digests %08x and %08x", round,
						answers_past[i].digest, answers.digest);
			}
			past[read % PAST] = it;
			answers_past[read % PAST] = answers;
			read++;
		}
		free((void *)bytes);
	}
	if (read <= 20000 || same <= 1000)
		FAIL("%zu messages read, %zu the same", read, same);
}
