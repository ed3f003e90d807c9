/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <arpa/inet.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_ETHERNET = 0x6558, /* in GRE */
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_ERSPAN = 0x88be,
	ETHERTYPE_ERSPAN_3 = 0x22eb,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PROTOCOL_IPV4 = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IPV6 = 41,
	PROTOCOL_GRE = 47,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	GTPU_SESSION = 0x85,
	DNS_OPT = 41,
	DNS_IN = 1,
};

static void store_be16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Room for `size` more bytes, zeroed; the test fails where there is none, and the last bytes are
 * written over. */
static uint8_t *grow(struct frames *f, size_t size)
{
	if (size > sizeof(f->bytes) - f->size) {
		FAIL("no room for %zu more bytes in a frame of %zu", size, f->size);
		f->size = size > sizeof(f->bytes) ? 0 : sizeof(f->bytes) - size;
		size = size > sizeof(f->bytes) ? 0 : size;
	}
	memset(f->bytes + f->size, 0, size);
	f->size += size;
	return f->bytes + f->size - size;
}

/* Names the layer that begins now in the one before it. */
static void begin(struct frames *f, uint16_t ethertype, uint8_t protocol)
{
	if (f->next_kind == FRAMES_NEXT_ETHERTYPE)
		store_be16(f->bytes + f->next, ethertype);
	else if (f->next_kind == FRAMES_NEXT_IP)
		f->bytes[f->next] = protocol;
	else if (f->next_kind == FRAMES_NEXT_PPP)
		store_be16(f->bytes + f->next, ethertype == ETHERTYPE_IPV6 ? PPP_IPV6 : PPP_IPV4);
	f->next_kind = FRAMES_NEXT_NONE;
	f->layer = f->size;
}

static void next_at(struct frames *f, enum frames_next_kind kind, size_t at)
{
	f->next_kind = kind;
	f->next = at;
}

/* A 16-bit length at `at` that counts from `from` to the end. */
static void length_at(struct frames *f, size_t at, size_t from)
{
	if (f->length_count == ADIT_COUNT(f->lengths))
		FAIL("more than %zu lengths in a frame", f->length_count);
	else
		f->lengths[f->length_count++] = (struct frames_length){at, from};
}

void frames_start(struct frames *f)
{
	f->size = f->layer = f->dns = f->next = 0;
	f->next_kind = FRAMES_NEXT_NONE;
	f->length_count = f->checksum_count = 0;
}

static uint16_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += adit_load_be16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void frames_finish(struct frames *f)
{
	for (size_t i = 0; i < f->length_count; i++)
		store_be16(f->bytes + f->lengths[i].at, (uint16_t)(f->size - f->lengths[i].from));
	for (size_t i = 0; i < f->checksum_count; i++) {
		uint8_t *ip = f->bytes + f->checksums[i];

		store_be16(ip + 10, 0);
		store_be16(ip + 10, checksum(ip, (size_t)(ip[0] & 15) * 4));
	}
}

void frames_trailer(struct frames *f, size_t count)
{
	frames_finish(f);
	f->length_count = f->checksum_count = 0;
	frames_fill(f, 0, count);
}

void frames_bytes(struct frames *f, const void *bytes, size_t size)
{
	if (size != 0)
		memcpy(grow(f, size), bytes, size);
}

void frames_fill(struct frames *f, uint8_t byte, size_t count)
{
	memset(grow(f, count), byte, count);
}

void frames_u8(struct frames *f, uint8_t value)
{
	*grow(f, 1) = value;
}

void frames_be16(struct frames *f, uint16_t value)
{
	store_be16(grow(f, 2), value);
}

void frames_be32(struct frames *f, uint32_t value)
{
	frames_be16(f, (uint16_t)(value >> 16));
	frames_be16(f, (uint16_t)value);
}

void frames_length(struct frames *f, uint16_t value)
{
	if (f->length_count == 0 || f->lengths[f->length_count - 1].at < f->layer) {
		FAIL("the layer begun last has no length");
		return;
	}
	store_be16(f->bytes + f->lengths[--f->length_count].at, value);
}

void frames_next(struct frames *f, uint16_t value)
{
	if (f->next_kind == FRAMES_NEXT_NONE)
		FAIL("the layer begun last names no next one");
	else if (f->next_kind == FRAMES_NEXT_ETHERTYPE || f->next_kind == FRAMES_NEXT_PPP)
		store_be16(f->bytes + f->next, value);
	else
		f->bytes[f->next] = (uint8_t)value;
	f->next_kind = FRAMES_NEXT_NONE;
}

void frames_ethernet(struct frames *f)
{
	begin(f, ETHERTYPE_ETHERNET, 0);
	frames_bytes(f, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\0\0", 14);
	next_at(f, FRAMES_NEXT_ETHERTYPE, f->layer + 12);
}

void frames_vlan(struct frames *f, uint16_t tpid, uint16_t tci)
{
	begin(f, tpid, 0);
	frames_be16(f, tci);
	frames_be16(f, 0);
	next_at(f, FRAMES_NEXT_ETHERTYPE, f->layer + 2);
}

void frames_mpls(struct frames *f, uint32_t label, bool bottom)
{
	begin(f, ETHERTYPE_MPLS, 0);
	frames_be32(f, label << 12 | (uint32_t)bottom << 8 | 64);
}

void frames_pppoe(struct frames *f, uint16_t session)
{
	begin(f, ETHERTYPE_PPPOE, 0);
	frames_be16(f, 0x1100);
	frames_be16(f, session);
	frames_be32(f, 0);
	length_at(f, f->layer + 4, f->layer + 6);
	next_at(f, FRAMES_NEXT_PPP, f->layer + 6);
}

void frames_snap(struct frames *f)
{
	size_t type = f->next;

	if (f->next_kind != FRAMES_NEXT_ETHERTYPE)
		FAIL("LLC needs a type field before it");
	begin(f, 0, 0);
	frames_bytes(f, "\xaa\xaa\x03\0\0\0\0\0", 8);
	length_at(f, type, f->layer);
	next_at(f, FRAMES_NEXT_ETHERTYPE, f->layer + 6);
}

void frames_cooked(struct frames *f)
{
	begin(f, 0, 0);
	frames_bytes(f, "\0\0\0\1\0\6\x02\0\0\0\0\1\0\0\0\0", 16);
	next_at(f, FRAMES_NEXT_ETHERTYPE, f->layer + 14);
}

void frames_cooked2(struct frames *f)
{
	begin(f, 0, 0);
	frames_bytes(f, "\0\0\0\0\0\0\0\1\0\1\0\6\x02\0\0\0\0\1\0\0", 20);
	next_at(f, FRAMES_NEXT_ETHERTYPE, f->layer);
}

static void put_address(struct frames *f, int family, const char *text)
{
	uint8_t bytes[16] = {0};

	if (inet_pton(family, text, bytes) != 1)
		FAIL("\"%s\" is no address of this family", text);
	frames_bytes(f, bytes, family == AF_INET ? 4 : 16);
}

void frames_ipv4(struct frames *f, const char *source, const char *destination)
{
	begin(f, ETHERTYPE_IPV4, PROTOCOL_IPV4);
	frames_bytes(f, "\x45\0\0\0\x12\x34\0\0\x40\0\0\0", 12);
	put_address(f, AF_INET, source);
	put_address(f, AF_INET, destination);
	length_at(f, f->layer + 2, f->layer);
	next_at(f, FRAMES_NEXT_IP, f->layer + 9);
	if (f->checksum_count < ADIT_COUNT(f->checksums))
		f->checksums[f->checksum_count++] = f->layer;
}

void frames_ipv4_options(struct frames *f, const void *options, size_t size)
{
	frames_bytes(f, options, size);
	frames_fill(f, 0, -size & 3);
	f->bytes[f->layer] = (uint8_t)(0x45 + (size + 3) / 4);
}

void frames_ipv4_fragment(struct frames *f, unsigned offset_bytes, bool more)
{
	store_be16(f->bytes + f->layer + 6, (uint16_t)(offset_bytes / 8 | (more ? 0x2000 : 0)));
}

void frames_ipv6(struct frames *f, const char *source, const char *destination)
{
	begin(f, ETHERTYPE_IPV6, PROTOCOL_IPV6);
	frames_bytes(f, "\x60\0\0\0\0\0\0\x40", 8);
	put_address(f, AF_INET6, source);
	put_address(f, AF_INET6, destination);
	length_at(f, f->layer + 4, f->layer + 40);
	next_at(f, FRAMES_NEXT_IP, f->layer + 6);
}

void frames_ipv6_extension(struct frames *f, uint8_t protocol, size_t size)
{
	uint8_t *header;

	begin(f, 0, protocol);
	header = grow(f, size);
	header[1] = (uint8_t)(protocol == PROTOCOL_AH ? size / 4 - 2 : size / 8 - 1);
	next_at(f, FRAMES_NEXT_IP, f->layer);
}

void frames_ipv6_fragment(struct frames *f, unsigned offset_bytes, bool more)
{
	begin(f, 0, PROTOCOL_FRAGMENT);
	frames_be16(f, 0);
	frames_be16(f, (uint16_t)((offset_bytes & ~7u) | more));
	frames_be32(f, 0x12345678);
	next_at(f, FRAMES_NEXT_IP, f->layer);
}

void frames_udp(struct frames *f, uint16_t source_port, uint16_t destination_port)
{
	begin(f, 0, PROTOCOL_UDP);
	frames_be16(f, source_port);
	frames_be16(f, destination_port);
	frames_be32(f, 0);
	length_at(f, f->layer + 4, f->layer);
}

void frames_tcp(struct frames *f, uint16_t source_port, uint16_t destination_port)
{
	begin(f, 0, PROTOCOL_TCP);
	frames_be16(f, source_port);
	frames_be16(f, destination_port);
	frames_bytes(f, "\0\0\0\1\0\0\0\1\x50\x18\xff\xff\0\0\0\0", 16);
}

void frames_gre(struct frames *f, uint16_t flags)
{
	begin(f, 0, PROTOCOL_GRE);
	frames_be16(f, flags);
	frames_be16(f, 0);
	next_at(f, FRAMES_NEXT_ETHERTYPE, f->layer + 2);
	if (flags & FRAMES_GRE_CHECKSUM)
		frames_be32(f, 0);
	if (flags & FRAMES_GRE_KEY)
		frames_be32(f, 0x12345678);
	if (flags & FRAMES_GRE_SEQUENCE)
		frames_be32(f, 1);
}

void frames_erspan(struct frames *f, unsigned type)
{
	begin(f, type == 2 ? ETHERTYPE_ERSPAN : ETHERTYPE_ERSPAN_3, 0);
	frames_be32(f, (type == 2 ? 0x10000000 : 0x20000000) | 7);
	frames_fill(f, 0, type == 2 ? 4 : 8);
}

void frames_vxlan(struct frames *f, uint32_t vni)
{
	begin(f, 0, 0);
	frames_be32(f, 0x08000000);
	frames_be32(f, vni << 8);
}

void frames_gtpu(struct frames *f, uint8_t type, uint8_t flags, uint32_t teid)
{
	begin(f, 0, 0);
	frames_u8(f, 0x30 | flags);
	frames_u8(f, type);
	frames_be16(f, 0);
	frames_be32(f, teid);
	length_at(f, f->layer + 2, f->layer + 8);
	if (flags & (FRAMES_GTPU_E | FRAMES_GTPU_S | FRAMES_GTPU_PN)) {
		frames_be16(f, flags & FRAMES_GTPU_S ? 0x0102 : 0);
		frames_u8(f, flags & FRAMES_GTPU_PN ? 3 : 0);
		frames_u8(f, 0);
	}
	if (flags & FRAMES_GTPU_E)
		next_at(f, FRAMES_NEXT_GTPU, f->layer + 11);
}

void frames_gtpu_extension(struct frames *f, uint8_t type, uint8_t words)
{
	if (f->next_kind != FRAMES_NEXT_GTPU)
		FAIL("an extension header needs FRAMES_GTPU_E before it");
	frames_next(f, type);
	begin(f, 0, 0);
	*grow(f, (size_t)words * 4) = words;
	next_at(f, FRAMES_NEXT_GTPU, f->size - 1);
}

void frames_gtpu_session(struct frames *f, uint8_t pdu_type, uint8_t qfi)
{
	frames_gtpu_extension(f, GTPU_SESSION, 1);
	f->bytes[f->layer + 1] = (uint8_t)(pdu_type << 4);
	f->bytes[f->layer + 2] = qfi;
}

void frames_dns(struct frames *f, uint16_t id, uint16_t flags)
{
	begin(f, 0, 0);
	f->dns = f->size;
	frames_be16(f, id);
	frames_be16(f, flags);
	frames_fill(f, 0, 8);
}

/* One more in section 0 (question) to 3 (additional). */
static void count(struct frames *f, unsigned section)
{
	uint8_t *field = f->bytes + f->dns + 4 + (size_t)section * 2;

	store_be16(field, (uint16_t)(adit_load_be16(field) + 1));
}

/* One byte of a name in presentation form; moves past it. */
static uint8_t name_byte(const char **name)
{
	const char *p = *name;

	if (*p != '\\' || p[1] == '\0') {
		*name = p + 1;
		return (uint8_t)*p;
	}
	for (int i = 1; i <= 3; i++)
		if (p[i] < '0' || p[i] > '9') {
			*name = p + 2;
			return (uint8_t)p[1];
		}
	*name = p + 4;
	return (uint8_t)((p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0'));
}

void frames_name(struct frames *f, const char *name)
{
	if (name == NULL) {
		frames_be16(f, 0xc00c);
		return;
	}
	if (*name == '.')
		name++;
	while (*name != '\0') {
		size_t label = f->size;

		frames_u8(f, 0);
		while (*name != '\0' && *name != '.')
			frames_u8(f, name_byte(&name));
		f->bytes[label] = (uint8_t)(f->size - label - 1);
		if (*name == '.')
			name++;
	}
	frames_u8(f, 0);
}

void frames_question(struct frames *f, const char *name, uint16_t type)
{
	count(f, 0);
	frames_name(f, name);
	frames_be16(f, type);
	frames_be16(f, DNS_IN);
}

static void put_record(struct frames *f, enum frames_section section, const char *name,
	uint16_t type, uint16_t class, uint32_t ttl, const void *rdata, size_t size)
{
	count(f, section);
	frames_name(f, name);
	frames_be16(f, type);
	frames_be16(f, class);
	frames_be32(f, ttl);
	frames_be16(f, (uint16_t)size);
	frames_bytes(f, rdata, size);
}

void frames_record(struct frames *f, enum frames_section section, const char *name, uint16_t type,
	uint32_t ttl, const void *rdata, size_t size)
{
	put_record(f, section, name, type, DNS_IN, ttl, rdata, size);
}

void frames_opt(struct frames *f, uint16_t udp_size, const void *options, size_t size)
{
	put_record(f, FRAMES_ADDITIONAL, "", DNS_OPT, udp_size, 0, options, size);
}

void frames_query(struct frames *f, uint16_t id, const char *name, uint16_t type)
{
	frames_dns(f, id, FRAMES_RD);
	frames_question(f, name, type);
}

void frames_response(struct frames *f, uint16_t id, const char *name, uint16_t type, uint8_t rcode)
{
	frames_dns(f, id, (uint16_t)(FRAMES_QR | FRAMES_RD | FRAMES_RA | rcode));
	frames_question(f, name, type);
}

void frames_answer(struct frames *f, uint16_t type, const void *rdata, size_t size)
{
	frames_record(f, FRAMES_ANSWER, NULL, type, 60, rdata, size);
}
