/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The walk over a name's octets against a slow one, and the shape of the table of bigrams.
 */
#include "adit_octets.h"
#include "bigrams.h"

#include <math.h>

#include "harness.h"
#include "shard_priv.h"
#include "window_cases.h"

#define SYMBOLS  (ADIT_OCTET_COUNT + 1)
#define BOUNDARY ADIT_OCTET_COUNT

/* What the enum of octets says, in words. */
static unsigned symbol(unsigned c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '0' && c <= '9')
		return ADIT_OCTET_DIGIT + c - '0';
	if (c == '-' || c == '_')
		return ADIT_OCTET_HYPHEN;
	if (c >= 0x80)
		return ADIT_OCTET_HIGH;
	return c <= ' ' || c == 0x7f ? ADIT_OCTET_OTHER : ADIT_OCTET_SYMBOL;
}

static void reference(const uint8_t *wire, size_t end, struct octets *want)
{
	uint8_t flat[256];
	size_t length = 0;

	memset(want, 0, sizeof(*want));
	want->made = true;
	for (size_t at = 0; at < end; at += wire[at] + 1u) {
		size_t size = wire[at];

		want->pieces = (uint16_t)(want->pieces + size * size);
		for (size_t i = 1; i <= size; i++) {
			unsigned before = i == 1 ? BOUNDARY : symbol(wire[at + i - 1]);
			unsigned c = wire[at + i];

			want->bigram = (uint16_t)(want->bigram + bigram_cost[before][symbol(c)]);
			want->count[symbol(c)]++;
			want->upper += c >= 'A' && c <= 'Z';
			flat[length++] = (uint8_t)c;
		}
		want->bigram =
			(uint16_t)(want->bigram + bigram_cost[symbol(wire[at + size])][BOUNDARY]);
	}
	for (size_t i = 0; i < ADIT_FIELD_SIZE && i < length; i++) {
		want->head[i] = flat[i];
		want->tail[ADIT_FIELD_SIZE - 1 - i] = flat[length - 1 - i];
	}
}

static void check_name(const uint8_t *wire, size_t size, size_t end, const char *what)
{
	const uint8_t *exact = harness_exact(wire, size);
	struct adit_event event = {.wire = exact,
		.lower = exact,
		.wire_size = (uint8_t)size,
		.registrable_at = (uint8_t)end};
	struct octets got, want;

	memset(&got, 0xee, sizeof(got));
	octets_make(&event, &got);
	reference(wire, end, &want);
	CHECK_EQ_INT(got.bigram, want.bigram);
	CHECK_EQ_INT(got.pieces, want.pieces);
	CHECK_EQ_INT(got.upper, want.upper);
	CHECK_EQ_MEM(got.count, want.count, sizeof(want.count));
	CHECK_EQ_MEM(got.head, want.head, sizeof(want.head));
	CHECK_EQ_MEM(got.tail, want.tail, sizeof(want.tail));
	if (harness_failed())
		FAIL("%s, subdomain of %zu octets", what, end);
}

TEST(octets, every_octet)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t wire[] = {3, 'a', (uint8_t)c, '7', 4, 't', 'e', 's', 't', 0};

		check_name(wire, sizeof(wire), 4, "one octet");
	}
}

/* One label of each length, and names of labels of one length, to the longest. */
TEST(octets, labels_of_every_length)
{
	for (size_t length = 1; length <= 63; length++)
		for (size_t labels = 1; labels * (length + 1) <= 254; labels++) {
			uint8_t wire[256];
			size_t end = 0;

			for (size_t i = 0; i < labels; i++) {
				wire[end++] = (uint8_t)length;
				for (size_t k = 0; k < length; k++)
					wire[end++] = (uint8_t)(3 * i + 7 * k + length);
			}
			wire[end] = 0;
			check_name(wire, end + 1, end, "labels of one length");
			if (harness_failed())
				return;
		}
}

TEST(octets, random_names)
{
	static const char ldh[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	uint64_t state = 1;

	for (int round = 0; round < 20000 && !harness_failed(); round++) {
		size_t room = random_below(&state, 250), at = 0, end;
		uint8_t wire[256];

		for (;;) {
			size_t size = 1 + random_below(&state, 63);

			if (at + size + 1 > room)
				break;
			wire[at++] = (uint8_t)size;
			for (size_t i = 0; i < size; i++)
				wire[at++] = round % 2 ? (uint8_t)random_next(&state)
						       : (uint8_t)ldh[random_below(&state, 64)];
		}
		end = at;
		memcpy(wire + at, "\3com", 5);
		check_name(wire, at + 5, end, "random name");
	}
}

/* No subdomain at all. */
TEST(octets, of_nothing)
{
	check_name((const uint8_t *)"\4test", 6, 0, "nothing");
	check_name((const uint8_t *)"", 1, 0, "the root");
}

/* Every row is a distribution over what may follow, in sixteenths of a bit, cut at ten bits: its
 * probabilities add up to 1, but for rounding and for what the cut lifts. */
TEST(bigrams, rows_are_distributions)
{
	CHECK_EQ_INT(ADIT_COUNT(bigram_cost), SYMBOLS);
	CHECK_EQ_INT(ADIT_COUNT(bigram_cost[0]), SYMBOLS);
	for (int i = 0; i < SYMBOLS; i++) {
		double all = 0, least = 0;

		for (int k = 0; k < SYMBOLS; k++) {
			double share = exp2(-bigram_cost[i][k] / 16.0);

			if (bigram_cost[i][k] == 0 || bigram_cost[i][k] > 160)
				FAIL("%d after %d costs %d", k, i, bigram_cost[i][k]);
			all += share;
			least += bigram_cost[i][k] < 160 ? share : 0;
		}
		if (least > 1.03 || all < 0.97)
			FAIL("row %d adds up to %.3f, %.3f without what is cut", i, all, least);
	}
}

/* What words look like costs less than what they do not. */
TEST(bigrams, words_cost_less)
{
	static const char *const words[] = {"static", "images", "telemetry", "update", "mail"};
	static const char *const others[] = {"xk7q2v", "q9zj4x", "zq3vkx7wp", "x8kqzv", "vqxz"};
	unsigned sum[2] = {0};

	for (size_t i = 0; i < ADIT_COUNT(words); i++)
		for (int which = 0; which < 2; which++) {
			const char *text = which ? others[i] : words[i];
			uint8_t wire[64] = {(uint8_t)strlen(text)};
			struct adit_event event = {
				.wire = wire, .registrable_at = (uint8_t)(strlen(text) + 1)};
			struct octets octets;

			memcpy(wire + 1, text, strlen(text));
			octets_make(&event, &octets);
			sum[which] += octets.bigram;
		}
	/* About 4 bits a letter against 8. */
	CHECK(3 * sum[0] < 2 * sum[1]);
}

/* The measure of a name by itself is the same walk. */
TEST(octets, of_a_name)
{
	static const uint8_t wire[] = "\x06mail-7\x0c"
				      "zq3vkx7wp9xj\x03www\x07"
				      "example";
	struct adit_event event = {.wire = wire, .registrable_at = 24};
	struct adit_octets octets;
	struct octets walked;

	octets_make(&event, &walked);
	adit_octets_read(harness_exact(wire, 24), 24, &octets);
	CHECK_EQ_INT(octets.octets, 21);
	CHECK_EQ_INT(octets.digits, 4);
	CHECK_EQ_INT(octets.bigram, walked.bigram);
	CHECK_EQ_INT(octets.odd_octets, 12);
	/* A label that goes on behind the end is none. */
	adit_octets_read(harness_exact(wire, 10), 10, &octets);
	CHECK_EQ_INT(octets.octets, 6);
	adit_octets_read(wire, 0, &octets);
	CHECK_EQ_INT(octets.octets, 0);
}
