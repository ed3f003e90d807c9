/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first look (glance.c) at a burst, without a branch for what a packet holds. On a link the
 * next packet is of another flow: a branch that tells IPv4 from IPv6, TCP from UDP, or one form of
 * GTP-U from another, is guessed wrong as often as not, and costs as much as all that is done here.
 *
 * The words that matter are taken out of the headers of each packet by the same few instructions,
 * and laid out by word; what they say is then found for many packets at once, in loops that the
 * compiler makes vectors of, a row for each level of CPU.
 */
#include "glance_priv.h"

#include <assert.h>
#include <emmintrin.h>

enum {
	/* What is found of a packet, in bits. */
	ENDED = 1,    /* between ports that mean nothing */
	IS_TCP = 2,   /* … of what has ended */
	IS_OTHER = 4, /* neither TCP nor UDP: has ended, too */
	IS_DATAGRAM = 8,
};
static_assert(ETHERNET_BYTES + 4 + IPV6_BYTES + UDP_BYTES + GTPU_BYTES + GTPU_MORE + IPV6_BYTES +
			      TRANSPORT_BYTES <=
		      ADIT_SIGHT_BYTES,
	"nothing is read behind that");

/* Both ports of a datagram, as they stand in memory. */
#define GTPU_ENDS ((PORT_GTPU >> 8 | (PORT_GTPU & 0xff) << 8) * UINT32_C(0x10001))

#define LANES ADIT_GLANCE_MAX

/* Of source and destination; one word holds both. */
union ends {
	uint16_t each[2 * LANES];
	uint32_t both[LANES];
};

/* Words as they stand in memory, in the order of the packets. */
struct lanes {
	uint32_t first[LANES], second[LANES], third[LANES]; /* of the IP header */
	uint32_t source[LANES], destination[LANES];         /* the last words of addresses */
	uint32_t v6[LANES];                                 /* all ones, or 0 */
	uint32_t room[LANES]; /* from the IP header on, in the layer around it; 0: no IP */
	union ends ports;
	uint32_t length[LANES]; /* the second word of the transport header */
	uint32_t offset[LANES]; /* its byte 12 */
	/* Found from these: */
	union ends services;
	uint32_t bit[LANES];   /* of the address, among those of resolvers */
	uint32_t sound[LANES]; /* what a packet that is well formed may be found to be */
	uint8_t found[LANES];
} ADIT_CACHE_ALIGNED;

static ADIT_ALWAYS_INLINE uint32_t load32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* An IP header, or what stands where one would: IPV6_BYTES and TRANSPORT_BYTES can be read. */
struct place {
	const uint8_t *ip;
	uint32_t room; /* from there on in what is around it; 0: it is none */
	uint32_t v6;   /* all ones, or 0 */
};

static ADIT_ALWAYS_INLINE const uint8_t *transport(const struct place *place)
{
	return place->ip + IPV4_BYTES + ((IPV6_BYTES - IPV4_BYTES) & place->v6);
}

static ADIT_ALWAYS_INLINE void lay_out(struct lanes *lanes, size_t i, const struct place *place)
{
	const uint8_t *ip = place->ip, *l4 = transport(place);

	lanes->first[i] = load32(ip);
	lanes->second[i] = load32(ip + 4);
	lanes->third[i] = load32(ip + 8);
	lanes->source[i] = load32(ip + 12 + (8 & place->v6));
	lanes->destination[i] = load32(l4 - 4);
	lanes->v6[i] = place->v6;
	lanes->room[i] = place->room;
	lanes->ports.both[i] = load32(l4);
	lanes->length[i] = load32(l4 + 4);
	lanes->offset[i] = l4[12];
}

/* 16 bytes as they must be, where a mask says so. */
struct pattern {
	uint8_t mask[16], bytes[16];
};

static ADIT_ALWAYS_INLINE __m128i matches(const uint8_t *at, const struct pattern *pattern)
{
	__m128i have = _mm_loadu_si128((const __m128i *)at);
	__m128i mask = _mm_loadu_si128((const __m128i *)pattern->mask);
	__m128i want = _mm_loadu_si128((const __m128i *)pattern->bytes);

	return _mm_cmpeq_epi8(_mm_and_si128(have, mask), want);
}

/* IP with UDP in it, and no fragment; a user's packet in GTP-U, plain or with options, and with an
 * extension of one word and no other. */
static const struct pattern udp_in_ip[] = {
	{{0xff, [6] = 0x3f, [7] = 0xff, [9] = 0xff}, {0x45, [9] = PROTOCOL_UDP}},
	{{0xf0, [6] = 0xff}, {0x60, [6] = PROTOCOL_UDP}},
};
static const struct pattern g_pdu[] = {
	{{0xf0, 0xff}, {0x30, 0xff}},
	{{0xf0, 0xff, [12] = 0xff, [15] = 0xff}, {0x30, 0xff, [12] = 1}},
};

/* What the GTP-U header behind `udp` wraps, where each layer fills the one around it, as ever. What
 * would have less than no room is none to who compares. */
static ADIT_ALWAYS_INLINE struct place content(const struct place *outer, const uint8_t *udp)
{
	const uint8_t *ip = outer->ip, *gtpu = udp + UDP_BYTES;
	uint32_t total, size, inside, more, extension, wrong;
	struct place inner;
	__m128i right;

	total = adit_load_be16(ip + 2 + (2 & outer->v6)) + (IPV6_BYTES & outer->v6);
	size = adit_load_be16(udp + 4);
	inside = adit_load_be16(gtpu + 2);
	extension = (gtpu[0] / GTPU_E & 1) & (gtpu[11] != 0);
	more = 4 * (((gtpu[0] & 7) != 0) + extension);
	right = _mm_and_si128(
		matches(ip, &udp_in_ip[outer->v6 & 1]), matches(gtpu, &g_pdu[extension]));
	wrong = (uint32_t)_mm_movemask_epi8(right) ^ 0xffff;
	wrong |= total ^ (uint32_t)(udp - ip + size);
	wrong |= size ^ (inside + UDP_BYTES + GTPU_BYTES);
	inner.ip = gtpu + GTPU_BYTES + more;
	inner.room = (inside - more) & -(uint32_t)((wrong == 0) & (total <= outer->room));
	inner.v6 = -(uint32_t)(inner.ip[0] >> 4 == 6);
	return inner;
}

/* Returns whether it is the content of GTP-U that is laid out. On a link, nearly all packets are in
 * GTP-U, or next to none is: this is the one branch. */
static ADIT_ALWAYS_INLINE bool lay_out_frame(
	struct lanes *lanes, size_t i, const struct adit_sight *sight, bool has_gtpu)
{
	static const uint8_t nothing[ADIT_SIGHT_BYTES];
	const uint8_t *data = sight->size >= FRAME_BYTES ? sight->data : nothing, *l4;
	uint32_t tag = adit_load_be16(data + 12) == TYPE_VLAN ? 4 : 0;
	uint32_t type = adit_load_be16(data + 12 + tag);
	struct place place;
	bool is_tunnel;

	place.ip = data + ETHERNET_BYTES + tag;
	place.v6 = -(uint32_t)(type == TYPE_IPV6);
	/* Or it is seen as a branch that could be made here. */
	__asm__("" : "+r"(place.v6));
	place.room =
		(sight->size - ETHERNET_BYTES - tag) & (place.v6 | -(uint32_t)(type == TYPE_IPV4));
	l4 = transport(&place);
	is_tunnel = has_gtpu & (load32(l4) == GTPU_ENDS);
	if (is_tunnel)
		place = content(&place, l4);
	lay_out(lanes, i, &place);
	return is_tunnel;
}

/* A condition as all ones or 0, which is what compares of vectors give. */
#define MASK(condition) (-(uint32_t)(condition))
/* One of two, by a mask. */
#define CHOOSE(mask, yes, no) ((no) ^ (((no) ^ (yes)) & (mask)))
/* The number in network byte order in the upper half of a word. */
#define UPPER(word) (((word) >> 24) + ((word) >> 8 & 0xff00))

/* Which services the ports of both ends are. */
static ADIT_ALWAYS_INLINE void find_services(
	const struct adit_ports *ports, struct lanes *lanes, size_t count)
{
	const uint16_t *restrict end = lanes->ports.each;
	uint16_t *restrict service = lanes->services.each;

	for (size_t i = 0; i < 2 * count; i++)
		service[i] = 0;
	for (uint32_t k = 0; k < ports->listed_count; k++) {
		const uint16_t port = ports->listed[k].raw, means = ports->listed[k].service;

		for (size_t i = 0; i < 2 * count; i++)
			service[i] |= end[i] == port ? means : 0;
	}
}

/* Whether headers are what they should be, as far as the first look goes: what else, it leaves. */
static ADIT_ALWAYS_INLINE void find_sound(struct lanes *lanes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint32_t v6 = lanes->v6[i], room = lanes->room[i];
		const uint32_t first = lanes->first[i], second = lanes->second[i];
		const uint32_t header = IPV4_BYTES + ((IPV6_BYTES - IPV4_BYTES) & v6);
		/* 0x45, or 6 and a traffic class; no fragment. */
		uint32_t wrong = (first ^ (0x45 ^ (0x25 & v6))) & (0xff ^ (0x0f & v6));
		uint32_t total = CHOOSE(v6, second << 16, first);
		uint32_t protocol = CHOOSE(v6, second >> 16, lanes->third[i] >> 8) & 0xff;
		const uint32_t tcp = MASK(protocol == PROTOCOL_TCP);
		const uint32_t udp = MASK(protocol == PROTOCOL_UDP);
		const uint32_t other = MASK(protocol == CHOOSE(v6, PROTOCOL_ICMP6, PROTOCOL_ICMP)) |
				       MASK(protocol == PROTOCOL_ESP);
		/* Of the datagram, or of the TCP header. */
		uint32_t size =
			CHOOSE(tcp, lanes->offset[i] >> 2 & 0x3c, UPPER(lanes->length[i] << 16));
		uint32_t sound;

		wrong |= second & 0xff3f0000 & ~v6;
		total = UPPER(total) + (IPV6_BYTES & v6);
		/* None of these passes 2^31; compares of signed numbers are one instruction. */
		sound = MASK(wrong == 0) &
			MASK((int32_t)(header + TRANSPORT_BYTES) <= (int32_t)room);
		/* Of others, the IP header is all that counts. */
		size &= ~other;
		sound &= MASK((int32_t)size >= (int32_t)((8 & ~other) + (12 & tcp)));
		sound &= MASK((int32_t)(header + size) <= (int32_t)total);
		sound &= MASK((int32_t)total <= (int32_t)room);
		lanes->sound[i] =
			sound & ((tcp & (ENDED | IS_TCP)) | (udp & (ENDED | IS_DATAGRAM)) |
					(other & IS_OTHER));
	}
}

/* HTTPS at one end is looked for among resolvers. */
static ADIT_ALWAYS_INLINE void find_bits(struct lanes *lanes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t to = MASK(lanes->services.both[i] >> 16 != 0);

		lanes->bit[i] = adit_packet_resolver_bit_of(
			CHOOSE(to, lanes->destination[i], lanes->source[i]));
	}
}

static ADIT_ALWAYS_INLINE void find_resolvers(
	const struct adit_ports *ports, struct lanes *lanes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lanes->bit[i] =
			(uint32_t)(ports->resolver_bits[lanes->bit[i] / 64] >> lanes->bit[i] % 64) &
			1;
}

static ADIT_ALWAYS_INLINE void find_rest(struct lanes *lanes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint32_t both = lanes->services.both[i], from = both & 0xffff,
			       to = both >> 16;
		const uint32_t https =
			MASK(both == ADIT_SERVICE_HTTPS) | MASK(both == ADIT_SERVICE_HTTPS << 16);
		/* No service comes before DNS. */
		const uint32_t dns = MASK(from == ADIT_SERVICE_DNS) | MASK(to == ADIT_SERVICE_DNS);
		uint32_t is = MASK(both == 0) | (https & MASK(lanes->bit[i] == 0));

		is = (is & (ENDED | IS_TCP)) | (dns & IS_DATAGRAM) | IS_OTHER;
		lanes->found[i] = (uint8_t)(is & lanes->sound[i]);
	}
}

static ADIT_ALWAYS_INLINE void find_all(
	const struct adit_ports *ports, struct lanes *lanes, size_t count)
{
	find_services(ports, lanes, count);
	find_sound(lanes, count);
	find_bits(lanes, count);
	find_resolvers(ports, lanes, count);
	find_rest(lanes, count);
}

/* Bit i of what is returned is that of found[i], of eight after the other. */
static ADIT_ALWAYS_INLINE uint64_t gather(const struct lanes *lanes, size_t count, unsigned bit)
{
	uint64_t all = 0;

	for (size_t i = 0; i < count; i += 8) {
		uint64_t eight;

		memcpy(&eight, lanes->found + i, sizeof(eight));
		eight = eight / bit & UINT64_C(0x0101010101010101);
		all |= (eight * UINT64_C(0x0102040810204080) >> 56) << i;
	}
	return all;
}

static ADIT_ALWAYS_INLINE size_t rounded(size_t count)
{
	return (count + 15) & ~(size_t)15;
}

static ADIT_ALWAYS_INLINE void glance_lanes(const struct adit_ports *ports,
	const struct adit_sight *sights, size_t count, struct adit_glance *glance)
{
	const bool has_gtpu = ports->service[PORT_GTPU] == ADIT_SERVICE_GTPU;
	const uint64_t all = UINT64_MAX >> (LANES - count);
	struct lanes lanes;
	uint64_t inside = 0, ended, tcp, other, datagrams;

	for (size_t i = 0; i < count; i++)
		inside |= (uint64_t)lay_out_frame(&lanes, i, &sights[i], has_gtpu) << i;
	/* What no packet was laid out for is found, too, and left out below. */
	find_all(ports, &lanes, rounded(count));
	ended = gather(&lanes, rounded(count), ENDED) & all;
	tcp = gather(&lanes, rounded(count), IS_TCP) & all;
	other = gather(&lanes, rounded(count), IS_OTHER) & all;
	datagrams = gather(&lanes, rounded(count), IS_DATAGRAM) & all;
	/* Whether a tunnel is the network's is left to the decoder. */
	if (ports->peer_count != 0)
		datagrams &= ~inside;
	glance->left = all & ~(ended | other);
	glance->datagrams = datagrams;
	glance->inside = datagrams & inside;
	glance->tcp_other = (uint32_t)__builtin_popcountll(tcp);
	glance->udp_other = (uint32_t)__builtin_popcountll(ended & ~tcp);
	glance->ip_other = (uint32_t)__builtin_popcountll(other);
}

#define AVX512 "avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,prefer-vector-width=512"

__attribute__((target(AVX512))) static void glance_avx512(const struct adit_ports *ports,
	const struct adit_sight *sights, size_t count, struct adit_glance *found)
{
	glance_lanes(ports, sights, count, found);
}

__attribute__((target("avx2,bmi,bmi2"))) static void glance_avx2(const struct adit_ports *ports,
	const struct adit_sight *sights, size_t count, struct adit_glance *found)
{
	glance_lanes(ports, sights, count, found);
}

static void glance_sse2(const struct adit_ports *ports, const struct adit_sight *sights,
	size_t count, struct adit_glance *found)
{
	glance_lanes(ports, sights, count, found);
}

static bool supported_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

static bool supported_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

static bool supported_always(void)
{
	return true;
}

const struct adit_glance_row adit_glance_rows[] = {
	{"avx512", supported_avx512, glance_avx512},
	{"avx2", supported_avx2, glance_avx2},
	{"sse2", supported_always, glance_sse2},
	{"scalar", supported_always, glance_scalar},
};
const size_t adit_glance_row_count = ADIT_COUNT(adit_glance_rows);

/* Chosen once, before any thread of ours runs. */
static const struct adit_glance_row *chosen;

__attribute__((constructor)) static void glance_choose(void)
{
	__builtin_cpu_init();
	for (size_t i = adit_glance_row_count; i-- > 0;) {
		const struct adit_glance_row *row = &adit_glance_rows[i];

		if (!row->supported())
			continue;
		chosen = row;
		if (adit_cpu_wanted(row->name))
			break;
	}
}

void adit_packet_glance(const struct adit_ports *ports, const struct adit_sight *sights,
	size_t count, struct adit_glance *found)
{
	chosen->look(ports, sights, count, found);
}
