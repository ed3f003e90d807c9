/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of columns, and the numbers in it. A new column is a new row here; a row is never
 * renamed, as tables and models go by names.
 */
#include "adit_columns.h"
#include "adit_writer.h"
#include "columns_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define NUMBER(record, member) \
	.offset = offsetof(struct record, member), .size = sizeof(((struct record *)0)->member)

/* Of the row itself. */
#define ROW(column, kind, member, unit_, meaning_)                              \
	{                                                                       \
		.name = column, .type = kind, .usual = true, .unit = unit_,     \
		.source = "client side", .meaning = meaning_, .part = PART_ROW, \
		NUMBER(adit_query, member)                                      \
	}
#define ROW_SERVER(column, kind, member, unit_, meaning_)                       \
	{                                                                       \
		.name = column, .type = kind, .usual = true, .unit = unit_,     \
		.source = "server side", .meaning = meaning_, .part = PART_ROW, \
		NUMBER(adit_query, member)                                      \
	}
/* By a function of view.c. */
#define MADE(column, kind, misses, source_, unit_, function, meaning_)                          \
	{                                                                                       \
		.name = column, .type = kind, .may_miss = misses, .usual = true, .unit = unit_, \
		.source = source_, .meaning = meaning_, .get = adit_get_##function              \
	}

/* Of a packet: a number, or bits of one, or a number of which one means none. */
#define FACT(column, kind, usual_, source_, part_, misses, member, shift_, mask_, none, unit_,    \
	meaning_)                                                                                 \
	{                                                                                         \
		.name = column, .type = kind, .may_miss = misses, .usual = usual_, .unit = unit_, \
		.source = source_, .meaning = meaning_, .part = part_, .shift = shift_,           \
		.mask = mask_, .missing = none, NUMBER(adit_facts, member)                        \
	}
#define PLAIN(name, type, u, s, p, m, member, unit, meaning) \
	FACT(name, type, u, s, p, m, member, 0, 0, NO_VALUE, unit, meaning)
#define BITS(name, type, u, s, p, m, shift, mask, meaning) \
	FACT(name, type, u, s, p, m, flags, shift, mask, NO_VALUE, "", meaning)
#define ADDRESS(column, u, source_, part_, m, member, meaning_)                                  \
	{                                                                                        \
		.name = column, .type = ADIT_COLUMN_TEXT, .may_miss = m, .usual = u, .unit = "", \
		.source = source_, .meaning = meaning_, .part = part_, .get = adit_get_address,  \
		.offset = offsetof(struct adit_facts, member)                                    \
	}

#define FLAG ADIT_COLUMN_FLAG
#define U8   ADIT_COLUMN_U8
#define U16  ADIT_COLUMN_U16
#define U32  ADIT_COLUMN_U32
#define I64  ADIT_COLUMN_I64
#define REAL ADIT_COLUMN_REAL
#define TEXT ADIT_COLUMN_TEXT

/* The fields of a packet: prefix, whether usual, source, part, whether there may be none. */
#define PACKET(x, u, s, p, m)                                                                      \
	PLAIN(x "ip_ttl", U8, u, s, p, m, ttl, "hops", "TTL, or hop limit of IPv6"),               \
		ADDRESS(x "ip_src", u, s, p, m, source, "source address"),                         \
		ADDRESS(x "ip_dst", false, s, p, m, destination, "destination address"),           \
		PLAIN(x "ip_proto", U8, u, s, p, m, protocol, "", "17: UDP, 6: TCP"),              \
		PLAIN(x "src_port", U16, false, s, p, m, source_port, "", "source port"),          \
		FACT(x "udp_len", U16, u, s, p, true, udp_bytes, 0, 0, 0, "bytes",                 \
			"length field of UDP; none over TCP"),                                     \
		PLAIN(x "dns_bytes", U32, u, s, p, m, message_bytes, "bytes",                      \
			"size of the DNS message"),                                                \
		PLAIN(x "dns_id", U16, u, s, p, m, id, "", "transaction ID"),                      \
		BITS(x "dns_qr", FLAG, u, s, p, m, 15, 1, "1: response"),                          \
		BITS(x "dns_opcode", U8, u, s, p, m, 11, 15, "0: QUERY"),                          \
		BITS(x "dns_aa", FLAG, u, s, p, m, 10, 1, "authoritative answer"),                 \
		BITS(x "dns_tc", FLAG, u, s, p, m, 9, 1, "truncated"),                             \
		BITS(x "dns_rd", FLAG, u, s, p, m, 8, 1, "recursion desired"),                     \
		BITS(x "dns_ra", FLAG, u, s, p, m, 7, 1, "recursion available"),                   \
		BITS(x "dns_z", FLAG, u, s, p, m, 6, 1, "the bit that must be zero"),              \
		BITS(x "dns_ad", FLAG, u, s, p, m, 5, 1, "authentic data"),                        \
		BITS(x "dns_cd", FLAG, u, s, p, m, 4, 1, "checking disabled"),                     \
		BITS(x "dns_rcode", U8, u, s, p, m, 0, 15,                                         \
			"RCODE of the header, without EDNS's bits"),                               \
		PLAIN(x "dns_qdcount", U16, u, s, p, m, count[0], "",                              \
			"questions, as the header says"),                                          \
		PLAIN(x "dns_ancount", U16, u, s, p, m, count[1], "records", "answers"),           \
		PLAIN(x "dns_nscount", U16, u, s, p, m, count[2], "records", "authority section"), \
		PLAIN(x "dns_arcount", U16, u, s, p, m, count[3], "records",                       \
			"additional section"),                                                     \
		PLAIN(x "dns_qtype", U16, u, s, p, m, qtype, "", "type asked for"),                \
		PLAIN(x "dns_trailing", U16, u, s, p, m, trailing_bytes, "bytes",                  \
			"after the last record"),                                                  \
		PLAIN(x "dns_whole", FLAG, u, s, p, m, whole, "", "every record could be read"),   \
		PLAIN(x "edns", FLAG, u, s, p, m, edns, "", "there is an OPT record"),             \
		PLAIN(x "edns_do", FLAG, u, s, p, m, edns_do, "", "its DNSSEC-OK bit"),            \
		PLAIN(x "edns_udp_size", U16, u, s, p, m, edns_udp_size, "bytes",                  \
			"UDP size that it offers"),                                                \
		PLAIN(x "edns_bytes", U16, u, s, p, m, edns_bytes, "bytes", "its options")

/* What only answers have. */
#define RECORDS(x, u, s, p)                                                                 \
	PLAIN(x "answers", U16, u, s, p, true, answers, "records",                          \
		"answer records that were read"),                                           \
		PLAIN(x "answer_cname", U16, u, s, p, true, answer_cname, "records",        \
			"of them CNAME or DNAME"),                                          \
		PLAIN(x "answer_address", U16, u, s, p, true, answer_address, "records",    \
			"of them A or AAAA"),                                               \
		FACT(x "answer_type", U16, u, s, p, true, answer_type, 0, 0, 0, "",         \
			"type of the first that is no CNAME; none without one"),            \
		PLAIN(x "answer_bytes", U32, u, s, p, true, answer_bytes, "bytes",          \
			"RDATA of the answers"),                                            \
		PLAIN(x "payload_bytes", U32, u, s, p, true, payload_bytes, "bytes",        \
			"of them what can carry data: all but A, AAAA, SOA, NS and DNSSEC " \
			"records"),                                                         \
		FACT(x "ttl_min", U32, u, s, p, true, ttl_min, 0, 0, UINT32_MAX, "seconds", \
			"least TTL of the answers; none without answers")

const struct adit_column adit_columns[] = {
	ROW("row", I64, number, "", "number of the query, from 1 on, in the order of the captures"),
	MADE("time", TEXT, false, "client side", "", time,
		"when the query was sent: RFC 3339, UTC"),
	PLAIN("time_ns", I64, true, "client side", PART_CLIENT, false, ts_ns, "ns",
		"the same since 1970-01-01"),
	MADE("capture", TEXT, false, "client side", "", capture, "file that the query is from"),
	ADDRESS("client_address", true, "client side", PART_CLIENT, false, source,
		"address of the client"),
	PLAIN("client_port", U16, true, "client side", PART_CLIENT, false, source_port, "",
		"its port"),
	ADDRESS("resolver_address", true, "client side", PART_CLIENT, false, destination,
		"address that the query went to"),
	PLAIN("resolver_port", U16, true, "client side", PART_CLIENT, false, destination_port, "",
		"its port"),
	MADE("vlan", U16, true, "client side", "", vlan, "outermost VLAN identifier of the query"),
	MADE("vlan_inner", U16, true, "client side", "", vlan_inner, "the next one"),
	MADE("gtpu", FLAG, false, "client side", "", gtpu, "the query came inside GTP-U"),
	MADE("teid_uplink", U32, true, "client side", "", teid_uplink,
		"tunnel endpoint identifier of the query"),
	MADE("teid_downlink", U32, true, "client side", "", teid_downlink, "of the answer"),
	MADE("outer", TEXT, true, "client side", "", outer, "radio-side GTP-U peer of the query"),
	MADE("outer_core", TEXT, true, "client side", "", outer_core, "its core-side GTP-U peer"),
	MADE("qname", TEXT, false, "client side", "", qname,
		"name asked for, as in master files (RFC 1035), no final dot; `.` is the root"),
	MADE("domain", TEXT, true, "client side", "", domain,
		"registrable domain in lower case, by the public suffix list"),
	MADE("qname_bytes", U8, false, "client side", "bytes", qname_bytes,
		"octets of the name on the wire"),
	MADE("qname_labels", U8, false, "client side", "", qname_labels,
		"labels, the root not counted"),
	MADE("qname_longest_label", U8, false, "client side", "bytes", qname_longest,
		"longest label"),
	MADE("qname_first_label", U8, false, "client side", "bytes", qname_first, "leftmost label"),
	MADE("qname_below_bytes", U8, true, "client side", "bytes", qname_below_bytes,
		"octets to the left of the registrable domain, length octets included"),
	MADE("qname_below_labels", U8, true, "client side", "", qname_below_labels, "labels there"),
	MADE("qname_entropy", REAL, false, "client side", "bits per octet", qname_entropy,
		"Shannon entropy of the labels' octets, in lower case"),
	MADE("qname_distinct", U8, false, "client side", "", qname_distinct,
		"different octets in the labels, in lower case"),
	MADE("qname_digits", U8, false, "client side", "", qname_digits, "digits"),
	MADE("qname_upper", U8, false, "client side", "", qname_upper, "capital letters"),
	MADE("qname_other", U8, false, "client side", "", qname_other,
		"octets other than letters, digits, hyphen and underscore"),
	ROW("qtype", U16, qtype, "", "type asked for"),
	MADE("qtype_name", TEXT, false, "client side", "", qtype_name, "its mnemonic"),
	ROW("qclass", U16, qclass, "", "class asked for; 1: IN"),
	MADE("outcome", TEXT, false, "client side", "", outcome, "how the query ended: see below"),
	ROW("packets", U32, packets, "packets",
		"client-side packets of the row: queries, responses and duplicates"),
	ROW("queries", U32, queries, "packets",
		"queries sent: the first, retransmissions, over TCP"),
	ROW("retransmissions", U32, retransmissions, "packets", "of them retransmissions"),
	ROW("responses", U32, responses, "packets", "answers"),
	ROW("repeated", U32, repeated, "packets", "of them those after the one that counts"),
	ROW("duplicates", U32, duplicates, "packets", "packets that were seen twice"),
	ROW("other_questions", U32, other_questions, "packets",
		"answers with its ports and ID, but to another question; not in `packets`"),
	ROW("truncated", FLAG, truncated, "", "the first answer had TC=1"),
	ROW("tcp_retry", FLAG, tcp_retry, "", "then the client asked again over TCP"),
	ROW("tcp_answered", FLAG, tcp_answered, "", "and that was answered"),
	MADE("latency_ns", I64, true, "client side", "ns", latency,
		"from the first query to the answer that counts"),
	MADE("last_latency_ns", I64, true, "client side", "ns", last_latency,
		"from the last transmission before it"),
	MADE("first_latency_ns", I64, true, "client side", "ns", first_latency,
		"from the first query to the first answer, truncated or not"),
	MADE("server_match", TEXT, false, "server side", "", match,
		"what the server side has of the query: see below"),
	ROW_SERVER("server_queries", U32, server_queries, "packets", "queries matched to the row"),
	ROW_SERVER("server_responses", U32, server_responses, "packets", "answers to them"),
	ROW_SERVER(
		"server_types", U32, server_types, "packets", "of the queries: with another type"),
	ROW_SERVER(
		"server_parts", U32, server_parts, "packets", "for a parent: QNAME minimisation"),
	ROW_SERVER("server_keys", U32, server_keys, "packets", "for a parent's DS or DNSKEY"),
	ROW_SERVER("server_retries", U32, server_retries, "packets",
		"said again to the same server before it answered"),
	ROW_SERVER("server_ambiguous", U32, server_ambiguous, "packets",
		"that may belong to another row as well"),
	ROW_SERVER("server_case", FLAG, server_case, "",
		"the name was spelt with other cases of letters than the client's"),
	MADE("server_delay_ns", I64, true, "both sides", "ns", server_delay,
		"from the client's query to the server side's"),
	MADE("server_latency_ns", I64, true, "server side", "ns", server_latency,
		"from the server side's query to the last answer of that match"),
	MADE("label_rcode", U8, true, "client side", "", label_rcode,
		"RCODE of the answer that counts"),
	PACKET("feature_", true, "server side's query; without such captures, client's query",
		PART_FEATURE, true),
	PACKET("client_", false, "client's query", PART_CLIENT, false),
	PACKET("response_", true, "client's answer that counts", PART_RESPONSE, true),
	RECORDS("response_", true, "client's answer that counts", PART_RESPONSE),
	PACKET("server_", false, "server side's query", PART_SERVER, true),
	PACKET("server_response_", false, "server side's last answer", PART_SERVER_RESPONSE, true),
	RECORDS("server_response_", false, "server side's last answer", PART_SERVER_RESPONSE),
};
const size_t adit_column_count = ADIT_COUNT(adit_columns);
static_assert(PARTS <= ADIT_COUNT(((struct adit_view *)0)->parts), "a view has room for all parts");

const char *const adit_column_types[ADIT_COLUMN_TYPES] = {
	"0 or 1", "integer", "integer", "integer", "integer", "number", "text"};

static void number_get(
	const struct adit_view *view, const struct adit_column *column, struct adit_cell *cell)
{
	const char *record = column->part == PART_ROW ? (const char *)view->row
						      : (const char *)view->parts[column->part];
	uint64_t value = 0;

	if (record == NULL)
		return;
	memcpy(&value, record + column->offset, column->size);
	if (column->mask != 0)
		value = value >> column->shift & column->mask;
	if (column->may_miss && column->missing != NO_VALUE && value == column->missing)
		return;
	cell->kind = ADIT_CELL_NUMBER;
	cell->number = (int64_t)value;
}

void adit_view_cell(
	struct adit_view *view, const struct adit_column *column, struct adit_cell *cell)
{
	cell->kind = ADIT_CELL_NONE;
	if (column->get != NULL)
		column->get(view, column, cell);
	else
		number_get(view, column, cell);
}

static void words_write(FILE *page, const char *title, const struct adit_word *words, size_t count)
{
	fprintf(page, "\n| `%s` | meaning |\n| --- | --- |\n", title);
	for (size_t i = 0; i < count; i++)
		fprintf(page, "| `%s` | %s |\n", words[i].name, words[i].meaning);
}

int adit_columns_reference(FILE *to)
{
	static const char *const sides[] = {"", "client", "server", "both"};
	char *text = NULL;
	size_t size = 0;
	FILE *page = open_memstream(&text, &size);
	int status;

	if (page == NULL)
		return -ENOMEM;
	fputs("| column | type | unit | of | meaning |\n| --- | --- | --- | --- | --- |\n", page);
	for (size_t i = 0; i < adit_column_count; i++) {
		const struct adit_column *c = &adit_columns[i];

		fprintf(page, "| `%s` | %s%s | %s | %s | %s |\n", c->name,
			adit_column_types[c->type], c->may_miss ? ", or none" : "", c->unit,
			c->source, c->meaning);
	}
	words_write(page, "outcome", adit_query_ends, ADIT_QUERY_END_COUNT);
	words_write(page, "server_match", adit_matches, ADIT_MATCH_COUNT);
	fputs("\n| role | side | a message that |\n| --- | --- | --- |\n", page);
	for (size_t i = 0; i < ADIT_ROLE_COUNT; i++)
		fprintf(page, "| `%s` | %s | %s |\n", adit_roles[i].name,
			sides[adit_roles[i].sides], adit_roles[i].meaning);
	status = fclose(page) == 0 && fwrite(text, 1, size, to) == size ? 0 : -EIO;
	free(text);
	return status == 0 && fflush(to) != 0 ? -EIO : status;
}

static const struct adit_column *const dictionary_columns[] = {
	&(const struct adit_column){.name = "column"},
	&(const struct adit_column){.name = "type"},
	&(const struct adit_column){.name = "unit"},
	&(const struct adit_column){.name = "source"},
	&(const struct adit_column){.name = "missing"},
	&(const struct adit_column){.name = "meaning"},
};

int adit_columns_dictionary(const struct adit_column *const *columns, size_t count, FILE *to)
{
	struct adit_writer *writer;
	uint64_t kept;
	int status = adit_writer_open("dictionary", to, ADIT_FORMAT_CSV, dictionary_columns,
		ADIT_COUNT(dictionary_columns), &writer, NULL);

	if (status != 0)
		return status;
	for (size_t i = 0; i < count && status == 0; i++) {
		const struct adit_column *c = columns[i];
		const struct adit_cell cells[] = {
			adit_cell_text(c->name),
			adit_cell_text(adit_column_types[c->type]),
			adit_cell_text(c->unit),
			adit_cell_text(c->source),
			adit_cell_text(c->may_miss ? "possible" : "never"),
			adit_cell_text(c->meaning),
		};

		status = adit_writer_row(writer, cells, NULL);
	}
	if (status == 0)
		return adit_writer_close(writer, &kept, NULL);
	adit_writer_abandon(writer);
	return status;
}
