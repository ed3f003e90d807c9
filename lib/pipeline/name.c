/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The name stage: what a qname says before anything is known about its domain.
 *
 * Information in a name is bounded from above: octets of the subdomain × log2 of the alphabet that
 * its character classes span (Paxson et al., "Practical Comprehensive Bounds on Surreptitious
 * Communication Over DNS", 2013, section 3; ibHH 2023). A hex name counts 4 bits a character,
 * base32 a little over 5, base64 6, raw octets nearly 8.
 */
#include "pipeline_priv.h"

/* What an octet says of the alphabet that a name is written in. */
enum {
	CHAR_DIGIT,
	CHAR_HEX,    /* a-f */
	CHAR_LOWER,  /* g-z */
	CHAR_UPPER,  /* A-Z */
	CHAR_HYPHEN, /* - and _ */
	CHAR_SYMBOL, /* other printable ASCII */
	CHAR_HIGH,   /* 0x80..0xff */
	CHAR_OTHER,  /* control and space */
	CHAR_COUNT
};

/* A registrable domain's own label from this length on may have been made up for the query. */
#define MADE_UP_LABEL 20

/* Class of each octet. */
#define D          CHAR_DIGIT
#define X          CHAR_HEX
#define L          CHAR_LOWER
#define U          CHAR_UPPER
#define Y          CHAR_HYPHEN
#define S          CHAR_SYMBOL
#define H          CHAR_HIGH
#define O          CHAR_OTHER
#define TIMES16(c) c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c
/* clang-format off */
static const uint8_t char_class[256] = {
	TIMES16(O), TIMES16(O),
	O, S, S, S, S, S, S, S, S, S, S, S, S, Y, S, S, /* 0x20 ' ' */
	D, D, D, D, D, D, D, D, D, D, S, S, S, S, S, S, /* 0x30 '0' */
	S, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* 0x40 '@' */
	U, U, U, U, U, U, U, U, U, U, U, S, S, S, S, Y, /* 0x50 'P' */
	S, X, X, X, X, X, X, L, L, L, L, L, L, L, L, L, /* 0x60 '`' */
	L, L, L, L, L, L, L, L, L, L, L, S, S, S, S, O, /* 0x70 'p' */
	TIMES16(H), TIMES16(H), TIMES16(H), TIMES16(H),
	TIMES16(H), TIMES16(H), TIMES16(H), TIMES16(H),
};
/* clang-format on */
#undef D
#undef X
#undef L
#undef U
#undef Y
#undef S
#undef H
#undef O

/* Characters that a name may use which shows one of a class. */
static const uint8_t class_alphabet[CHAR_COUNT] = {
	[CHAR_DIGIT] = 10,
	[CHAR_HEX] = 6,
	[CHAR_LOWER] = 20,
	[CHAR_UPPER] = 26,
	[CHAR_HYPHEN] = 2,
	[CHAR_SYMBOL] = 30,
	[CHAR_HIGH] = 128,
	[CHAR_OTHER] = 34,
};

/* least[k] is 2^(k/8) rounded up: the smallest alphabet that takes more than k - 1 eighths of a
 * bit per character. */
static const uint16_t least[] = {1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 7,
	7, 8, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 21, 23, 25, 27, 30, 32, 35, 39, 42, 46, 50,
	54, 59, 64, 70, 77, 83, 91, 99, 108, 118, 128, 140, 153, 166, 182, 198, 216, 235, 256};

/* Eighths of a bit per character, by the set of classes that a name shows. */
static uint8_t eighths[1 << CHAR_COUNT];

__attribute__((constructor)) static void eighths_make(void)
{
	for (unsigned set = 0; set < ADIT_COUNT(eighths); set++) {
		unsigned alphabet = 0;
		uint8_t k = 0;

		for (int i = 0; i < CHAR_COUNT; i++)
			alphabet += set >> i & 1 ? class_alphabet[i] : 0;
		while (k + 1u < ADIT_COUNT(least) && least[k + 1] <= alphabet)
			k++;
		eighths[set] = k;
	}
}

enum adit_type_group adit_type_group_of(uint16_t type)
{
	switch (type) {
	case ADIT_TYPE_A:
		return ADIT_GROUP_A;
	case ADIT_TYPE_AAAA:
		return ADIT_GROUP_AAAA;
	case ADIT_TYPE_HTTPS:
	case ADIT_TYPE_SVCB:
		return ADIT_GROUP_SERVICE;
	case ADIT_TYPE_TXT:
		return ADIT_GROUP_TXT;
	case ADIT_TYPE_NULL:
		return ADIT_GROUP_NULL;
	case ADIT_TYPE_CNAME:
		return ADIT_GROUP_CNAME;
	case ADIT_TYPE_MX:
		return ADIT_GROUP_MX;
	case ADIT_TYPE_SRV:
		return ADIT_GROUP_SRV;
	case ADIT_TYPE_KEY:
		return ADIT_GROUP_KEY;
	case ADIT_TYPE_PTR:
		return ADIT_GROUP_PTR;
	default:
		return type >= 65280 && type < 65535 ? ADIT_GROUP_PRIVATE : ADIT_GROUP_OTHER;
	}
}

bool adit_type_group_payload(enum adit_type_group group)
{
	return group >= ADIT_GROUP_TXT && group <= ADIT_GROUP_PRIVATE;
}

static unsigned label_set(const uint8_t *label)
{
	unsigned set = 0;

	for (unsigned i = 1; i <= *label; i++)
		set |= 1u << char_class[label[i]];
	return set;
}

/* What labels up to `last` can carry, given what those before `label` show. */
static uint32_t carried(
	const struct adit_name *name, unsigned label, unsigned last, unsigned length, unsigned set)
{
	for (; label < last; label++) {
		const uint8_t *at = name->wire + name->label_at[label];

		length += *at;
		set |= label_set(at);
	}
	return length * eighths[set] >> 6;
}

void adit_name_profile(const struct adit_pipeline_params *params, const struct adit_name *name,
	struct adit_known *known)
{
	struct adit_registrable registrable;
	uint8_t end = name->size - 1; /* the root label's octet */
	unsigned set = 0, label = 0, length, whole = 0;

	adit_suffix_find(params->suffixes, name, &registrable);
	known->unzoned = registrable.labels == 0 || !registrable.known;
	known->domain_key = 0;
	if (registrable.labels != 0) {
		end = registrable.offset;
		known->domain_key = adit_hash(params->key, name->lower + end, name->size - end);
		/* 0 means none. No bit is sacrificed: the low ones choose the bucket. */
		known->domain_key += known->domain_key == 0;
	}
	known->label_max = 0;
	for (; label < name->labels && name->label_at[label] < end; label++) {
		const uint8_t *at = name->wire + name->label_at[label];

		if (*at > known->label_max)
			known->label_max = *at;
		set |= label_set(at);
	}
	length = end - label;
	if (known->unzoned)
		whole = carried(name, label, name->labels, length, set);
	else if (name->wire[end] >= MADE_UP_LABEL)
		whole = carried(name, label, label + 1, length, set);
	known->whole_bytes = (uint8_t)whole;
	known->labels = (uint8_t)label;
	known->subdomain_length = (uint8_t)length;
	known->info_bytes = (uint8_t)(length * eighths[set] >> 6);
	known->registrable_at = end;
	known->name_hash = (uint32_t)adit_hash(params->key, name->lower, name->size);
	known->scanned = false;
}
