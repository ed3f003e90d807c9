/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names that are others on each pass over what is in memory: a label of letters and digits, as the
 * tools of random-subdomain floods make them, is written over the one before. Its length stays, so
 * nothing but the label and a checksum changes.
 */
#include "bench_load.h"

/* Characters whose value is the number's: so many labels differ for certain. */
#define COUNTED 7
#define BITS    5 /* of a character */
#define MASK    ((UINT64_C(1) << COUNTED * BITS) - 1)
/* Labels of --names, apart from those of a flood. */
#define NAMES_FROM (UINT64_C(1) << 34)

void app_fresh_label(uint64_t number, uint8_t *label, uint32_t size)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t state = number, rest = app_load_draw(&state), counted = number & MASK;

	/* One number, one value: odd factors and a shift can be undone. */
	counted = counted * UINT64_C(0x5851f42d4c957f2d) & MASK;
	counted ^= counted >> 18;
	counted = counted * UINT64_C(0x14057b7ef767814f) & MASK;
	for (uint32_t i = 0; i < size; i++) {
		uint64_t *from = i < COUNTED ? &counted : &rest;

		label[i] = (uint8_t)characters[*from & 31];
		*from >>= BITS;
	}
}

/* RFC 1624: what a checksum becomes when an octet of the second half of a word changes, or of the
 * first. */
static uint32_t sum_change(uint32_t sum, uint8_t old, uint8_t now, bool first)
{
	uint32_t shift = first ? 8 : 0;

	return sum + ((uint32_t)now << shift) + (0xffffu ^ (uint32_t)old << shift);
}

static void label_write(const struct app_fresh *fresh, uint8_t *frame, uint64_t number)
{
	uint8_t label[APP_FRESH_MAX], *at = frame + fresh->at, *checksum = frame + fresh->checksum;
	uint32_t sum = ~(uint32_t)adit_load_be16(checksum) & 0xffff;

	app_fresh_label(number, label, fresh->size);
	/* Headers of UDP and DNS and the label's own length are 21 octets: it begins inside a word.
	 */
	for (uint32_t i = 0; i < fresh->size; i++)
		sum = sum_change(sum, at[i], label[i], i % 2 != 0);
	memcpy(at, label, fresh->size);
	if (fresh->checksum == 0)
		return;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	app_load_put16(checksum, sum != 0 ? sum : 0xffff);
}

void app_fresh_write(const struct app_fresh *fresh, const struct app_fresh_plan *plan,
	uint8_t *frame, uint64_t pass)
{
	uint64_t number = fresh->number + pass * plan->flooded;

	if (!fresh->flood)
		number = NAMES_FROM + (fresh->number + pass * plan->step) % plan->each;
	label_write(fresh, frame, number);
}

uint64_t app_fresh_in_slice(const struct app_load *load, uint64_t slice_packets)
{
	double passes = (double)slice_packets / (double)(load->count != 0 ? load->count : 1);
	double named = (double)load->plan.named * passes, most = (double)load->plan.names;

	return (uint64_t)((double)load->plan.flooded * passes + (named < most ? named : most));
}

uint32_t app_fresh_denial(uint8_t *message, uint32_t question_end, uint32_t domain)
{
	static const uint8_t head[] = {0, ADIT_TYPE_SOA, 0, 1, 0, 0, 3, 132, 0, 39};
	static const uint8_t times[] = {
		0, 0, 0, 1, 0, 0, 28, 32, 0, 0, 7, 8, 0, 18, 117, 0, 0, 0, 3, 132};
	uint8_t *at = message + question_end;

	message[2] = (uint8_t)((message[2] | 0x80) & ~0x06);
	message[3] = (uint8_t)((message[3] & 0x10) | 0x83);
	memset(message + 6, 0, 6);
	message[9] = 1;
	app_load_put16(at, 0xc000 | domain);
	memcpy(at + 2, head, sizeof(head));
	at += 2 + sizeof(head);
	memcpy(at, "\3ns1", 4);
	app_load_put16(at + 4, 0xc000 | domain);
	memcpy(at + 6, "\12hostmaster", 11);
	app_load_put16(at + 17, 0xc000 | domain);
	memcpy(at + 19, times, sizeof(times));
	return question_end + 2 + (uint32_t)sizeof(head) + 19 + (uint32_t)sizeof(times);
}
