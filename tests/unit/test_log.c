/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines of DNS logs: what each format says, and what is wrong with a line that says nothing.
 */
#include "adit_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#define S ADIT_NS_PER_S

struct reading {
	struct adit_log_reader *reader;
	struct adit_log_record record;
};

static void reading_open(struct reading *it, enum adit_log_format format, const char *columns)
{
	struct adit_log_params params = {.format = format, .columns = columns};
	struct adit_error error = {""};

	it->reader = NULL;
	if (adit_log_reader_create(&params, NULL, &it->reader, &error) != 0)
		FAIL("%s", error.text);
}

/* Of a block of exactly its bytes, so that an over-read is seen. */
static enum adit_log_status take(struct reading *it, const char *line)
{
	size_t size = strlen(line);

	return adit_log_read(
		it->reader, (const char *)harness_exact(line, size), size, &it->record);
}

static void check_span(struct adit_log_span span, const char *want)
{
	if (span.size != strlen(want) || memcmp(span.at, want, span.size) != 0)
		FAIL("\"%.*s\", expected \"%s\"", (int)span.size, span.at, want);
}

static void check_address(const struct adit_address *address, const char *want)
{
	char text[40];

	snprintf(text, sizeof(text), "%d.%d.%d.%d", address->bytes[0], address->bytes[1],
		address->bytes[2], address->bytes[3]);
	CHECK_EQ_STR(text, want);
}

/* A line that is refused for this cause, with a message that has this part. */
static void check_refused(
	struct reading *it, const char *line, enum adit_log_cause cause, const char *part)
{
	if (take(it, line) != ADIT_LOG_MALFORMED) {
		FAIL("not refused: %s", line);
		return;
	}
	CHECK_EQ_STR(adit_log_cause_names[adit_log_cause(it->reader)], adit_log_cause_names[cause]);
	CHECK_CONTAINS(adit_log_why(it->reader), part);
}

TEST(log, times)
{
	static const struct {
		const char *text;
		int32_t zone_s;
		uint16_t year;
		uint64_t ns; /* 0: none */
	} rows[] = {
		{"0", 0, 0, 0},
		{"1473647400", 0, 0, UINT64_C(1473647400) * S},
		{"1473647400.25", 0, 0, UINT64_C(1473647400) * S + S / 4},
		{"1473647400.123456789", 0, 0, UINT64_C(1473647400123456789)},
		{"99999999999999", 0, 0, 0},
		{"2016-09-12T02:30:00", 0, 0, UINT64_C(1473647400) * S},
		{"2016-09-12 02:30:00.5", 0, 0, UINT64_C(1473647400) * S + S / 2},
		{"2016-09-12T02:30:00Z", 3600, 0, UINT64_C(1473647400) * S},
		{"2016-09-12T04:30:00+02:00", 0, 0, UINT64_C(1473647400) * S},
		{"2016-09-11T21:00:00-0530", 0, 0, UINT64_C(1473647400) * S},
		{"2016-09-12 03:30:00", 3600, 0, UINT64_C(1473647400) * S},
		{"12-Sep-2016 02:30:00.123", 0, 0, UINT64_C(1473647400) * S + 123000000},
		{"Sep 12 02:30:00", 0, 2016, UINT64_C(1473647400) * S},
		{"Sep  2 02:30:00", 0, 2016, UINT64_C(1472783400) * S},
		{"Sep 12 02:30:00", 0, 0, 0},
		{"2016-02-29T00:00:00", 0, 0, UINT64_C(1456704000) * S},
		{"2015-02-29T00:00:00", 0, 0, 0},
		{"2016-13-01T00:00:00", 0, 0, 0},
		{"2016-12-31T23:59:60", 0, 0, UINT64_C(1483228800) * S},
		{"2016-12-31T24:00:00", 0, 0, 0},
		{"31-Foo-2016 00:00:00", 0, 0, 0},
		{"9999-01-01T00:00:00", 0, 0, 0},
		{"1969-12-31T23:59:59", 0, 0, 0},
		{"", 0, 0, 0},
		{"-5", 0, 0, 0},
		{"2016-09-1", 0, 0, 0},
		{"12-Sep-20", 0, 0, 0},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);
		uint64_t ns = 0;
		size_t read = adit_log_time((const char *)harness_exact(rows[i].text, size), size,
			rows[i].zone_s, rows[i].year, &ns);

		if (rows[i].ns != 0 ? read != size || ns != rows[i].ns
				    : read != 0 && rows[i].text[0] != '0')
			FAIL("'%s': %zu bytes, %" PRIu64, rows[i].text, read, ns);
	}
}

TEST(log, tsv_in_the_order_of_the_notebook)
{
	struct reading it;
	const struct adit_log_record *r = &it.record;

	reading_open(&it, ADIT_LOG_TSV, NULL);
	REQUIRE(it.reader != NULL);
	CHECK_EQ_INT(take(&it, "1473647400\ta.Example.com\tTXT\t60\t192.0.2.1\t\tExample.com\r"),
		ADIT_LOG_RECORD);
	CHECK(!adit_log_has_header(it.reader) && adit_log_has_domain(it.reader));
	CHECK_EQ_INT(r->ts_ns / S, 1473647400);
	check_span(r->name, "a.Example.com");
	check_span(r->type, "TXT");
	check_span(r->domain, "Example.com");
	CHECK_EQ_INT(r->qtype, ADIT_TYPE_TXT);
	CHECK(r->has_server && r->server_answers && !r->has_client && !r->is_fine);
	check_address(&r->server, "192.0.2.1");
	/* A TTL is of an answer, whose data the log does not tell. */
	CHECK_EQ_INT(r->answer_count, 1);
	CHECK(!r->answer[0].has_address && r->answer[0].has_ttl && r->answer[0].ttl == 60);
	CHECK_EQ_INT(take(&it, "1473647400\tb\tA\t\t\t198.51.100.7\tb"), ADIT_LOG_RECORD);
	CHECK_EQ_INT(r->answer_count, 1);
	check_address(&r->answer[0].address, "198.51.100.7");
	CHECK_EQ_INT(take(&it, ""), ADIT_LOG_NOTHING);
	CHECK_EQ_INT(take(&it, "\r"), ADIT_LOG_NOTHING);
	check_refused(&it, "1473647400\tb\tA\t60", ADIT_LOG_FIELDS, "4 fields; 7 are expected");
	check_refused(&it, "soon\tb\tA\t\t\t\tb", ADIT_LOG_TIME, "'soon' is no time stamp");
	check_refused(&it, "\tb\tA\t\t\t\tb", ADIT_LOG_TIME, "'' is no time stamp");
	check_refused(&it, "1\t\tA\t\t\t\tb", ADIT_LOG_NAME, "no host name");
	check_refused(&it, "1\tb\t\t\t\t\tb", ADIT_LOG_TYPE, "no record type");
	check_refused(&it, "1\tb\tA\tlong\t\t\tb", ADIT_LOG_NUMBER, "'long' is no TTL");
	check_refused(&it, "1\tb\tA\t1\there\t\tb", ADIT_LOG_ADDRESS, "the server 'here'");
	check_refused(&it, "1\tb\tA\t1\t\tthere\tb", ADIT_LOG_ADDRESS, "the answer 'there'");
	check_refused(&it, "1\tb\tA\t1\t\t1.2.3.4\t\"b", ADIT_LOG_FIELDS, "the quote of field 7");
	check_refused(
		&it, "1\tb\tA\t1\t\t1.2.3.4\t\"b\"\"", ADIT_LOG_FIELDS, "the quote of field 7");
	check_refused(&it, "1\tb\tA\t1\t\t1.2.3.4\t\"", ADIT_LOG_FIELDS, "the quote of field 7");
	check_refused(&it, "1\tb\tA\t1\t\t\x1b[31m\tb", ADIT_LOG_ADDRESS, "'?[31m'");
	adit_log_reader_destroy(it.reader);
}

TEST(log, csv_with_a_header_in_any_order)
{
	struct reading it;
	const struct adit_log_record *r = &it.record;

	reading_open(&it, ADIT_LOG_CSV, NULL);
	REQUIRE(it.reader != NULL);
	CHECK_EQ_INT(take(&it, "\xef\xbb\xbf"
			       "client,Record,note,hostname,port,id,rcode,timestamp"),
		ADIT_LOG_NOTHING);
	CHECK(adit_log_has_header(it.reader) && !adit_log_has_domain(it.reader));
	CHECK_EQ_INT(take(&it, "10.0.0.7,txt,\"a \"\"b\"\", c\",\"x.example\",53124,4660,NXDOMAIN,"
			       "2016-09-12T02:30:00.5Z"),
		ADIT_LOG_RECORD);
	check_address(&r->client, "10.0.0.7");
	check_span(r->name, "x.example");
	CHECK(r->has_port && r->port == 53124 && r->has_id && r->id == 4660);
	CHECK(r->has_rcode && r->rcode == 3 && r->is_fine && !r->tells_answers);
	CHECK_EQ_INT(r->qtype, ADIT_TYPE_TXT);
	CHECK_EQ_INT(take(&it, "-,TYPE65399,,x,,,,1"), ADIT_LOG_RECORD);
	CHECK(!r->has_client && !r->has_port && !r->has_id && !r->has_rcode);
	CHECK_EQ_INT(r->qtype, 65399);
	check_refused(&it, "10.0.0.7,A,,x,65536,,,1", ADIT_LOG_NUMBER, "no port");
	check_refused(&it, "10.0.0.7,A,,x,,-1,,1", ADIT_LOG_NUMBER, "no transaction ID");
	check_refused(&it, "10.0.0.7,A,,x,,,MAYBE,1", ADIT_LOG_NUMBER, "no response code");
	check_refused(&it, "10.0.0,A,,x,,,,1", ADIT_LOG_ADDRESS, "the client '10.0.0'");
	adit_log_reader_destroy(it.reader);
}

TEST(log, columns_by_name)
{
	struct adit_log_params params = {.format = ADIT_LOG_TSV, .columns = "hostname,timestamp"};
	struct adit_error error = {""};
	struct adit_log_reader *reader = NULL;
	struct reading it;

	CHECK_EQ_INT(adit_log_reader_create(&params, NULL, &reader, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "lack 'record'");
	params.columns = "hostname,record,timestamp,hostname";
	CHECK_EQ_INT(adit_log_reader_create(&params, NULL, &reader, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "two are the same");
	reading_open(&it, ADIT_LOG_TSV, "record,-,hostname,timestamp");
	REQUIRE(it.reader != NULL);
	/* A header is one where columns are named, too. */
	CHECK_EQ_INT(take(&it, "record\tx\thostname\ttimestamp"), ADIT_LOG_NOTHING);
	CHECK_EQ_INT(take(&it, "MX\tx\ta.example\t7"), ADIT_LOG_RECORD);
	check_span(it.record.name, "a.example");
	adit_log_reader_destroy(it.reader);
	reading_open(&it, ADIT_LOG_TSV, NULL);
	check_refused(&it, "1\ta\tA", ADIT_LOG_FIELDS, "--columns says what they are");
	adit_log_reader_destroy(it.reader);
}

TEST(log, bind)
{
	struct reading it;
	const struct adit_log_record *r = &it.record;

	reading_open(&it, ADIT_LOG_BIND, NULL);
	REQUIRE(it.reader != NULL);
	CHECK_EQ_INT(take(&it, "22-Nov-2026 07:54:10.123 queries: info: client @0x7f2c08 "
			       "10.0.0.7#53124 (www.example.com): view inside: query: "
			       "www.example.com IN AAAA +E(0)K (192.0.2.53)"),
		ADIT_LOG_RECORD);
	CHECK_EQ_INT(r->kind, ADIT_LOG_QUERY);
	CHECK_EQ_INT(r->ts_ns, UINT64_C(1795334050123000000));
	check_span(r->name, "www.example.com");
	CHECK_EQ_INT(r->qtype, ADIT_TYPE_AAAA);
	check_address(&r->client, "10.0.0.7");
	check_address(&r->server, "192.0.2.53");
	CHECK(r->has_port && r->port == 53124 && !r->server_answers && r->is_fine);
	CHECK_EQ_INT(take(&it, "22-Nov-2026 07:54:10.123 client 2001:db8::1#5 (a): query: a IN TXT "
			       "- (2001:db8::2)"),
		ADIT_LOG_RECORD);
	CHECK(r->client.is_v6 && r->server.is_v6 && r->port == 5);
	CHECK_EQ_INT(take(&it, "2026-11-22T07:54:10.123Z queries: info: client @0x1 10.0.0.7#1 "
			       "(a\\.b.c): query: a\\.b.c IN TYPE65399 +"),
		ADIT_LOG_RECORD);
	CHECK_EQ_INT(r->qtype, 65399);
	CHECK(!r->has_server);
	CHECK_EQ_INT(take(&it, "22-Nov-2026 07:54:10.123 general: info: zone example/IN: loaded"),
		ADIT_LOG_OTHER);
	CHECK_EQ_INT(take(&it, "22-Nov-2026 07:54:10.123 client @0x1 1.2.3.4#5: query failed"),
		ADIT_LOG_OTHER);
	check_refused(&it, "client @0x1 1.2.3.4#5 (a): query: a IN A +", ADIT_LOG_TIME,
		"no date and time");
	check_refused(&it, "Nov 22 07:54:10 ns named[7]: client @0x1 1.2.3.4#5 (a): query: a IN A",
		ADIT_LOG_TIME, "--year");
	check_refused(&it, "22-Nov-2026 07:54:10.123 client @0x1 here (a): query: a IN A +",
		ADIT_LOG_ADDRESS, "'here' is no address of a client");
	check_refused(&it, "22-Nov-2026 07:54:10.123 client @0x1 1.2.3.4#5 (a): query: a",
		ADIT_LOG_SYNTAX, "ends before the type");
	adit_log_reader_destroy(it.reader);
}

TEST(log, unbound)
{
	struct adit_log_params params = {.format = ADIT_LOG_UNBOUND, .year = 2026};
	struct reading it = {NULL};
	const struct adit_log_record *r = &it.record;

	CHECK_EQ_INT(adit_log_reader_create(&params, NULL, &it.reader, NULL), 0);
	REQUIRE(it.reader != NULL);
	CHECK_EQ_INT(take(&it, "[1795331650] unbound[71:0] info: 10.0.0.7 www.example.com. A IN"),
		ADIT_LOG_RECORD);
	CHECK(r->kind == ADIT_LOG_QUERY && r->ts_ns == UINT64_C(1795331650) * S);
	check_span(r->name, "www.example.com.");
	CHECK_EQ_INT(
		take(&it, "[1795331650] unbound[71:0] reply: ::1 a. TXT IN NXDOMAIN 0.012345 0 "
			  "59"),
		ADIT_LOG_RECORD);
	CHECK(r->kind == ADIT_LOG_LOOKUP && r->has_rcode && r->rcode == 3 && !r->tells_answers);
	CHECK_EQ_INT(take(&it, "Nov 22 07:14:10 unbound[71:0] query: 10.0.0.7 a. A IN"),
		ADIT_LOG_RECORD);
	CHECK_EQ_INT(r->ts_ns, UINT64_C(1795331650) * S);
	CHECK_EQ_INT(
		take(&it, "[1795331650] unbound[71:0] info: start of service"), ADIT_LOG_OTHER);
	CHECK_EQ_INT(take(&it, "[1795331650] unbound[71:0] notice: init module"), ADIT_LOG_OTHER);
	check_refused(&it, "[soon] unbound[71:0] info: 10.0.0.7 a. A IN", ADIT_LOG_TIME, "--year");
	check_refused(
		&it, "[1] unbound[71:0] info: 10.0.0.7 a. A", ADIT_LOG_SYNTAX, "before the class");
	check_refused(&it, "[1] unbound[71:0] info: 10.0.0.7 a. A IN WHAT 1 0 5", ADIT_LOG_SYNTAX,
		"response code");
	adit_log_reader_destroy(it.reader);
}

#define ZEEK_FIELDS                                                                              \
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\ttrans_id\trtt\tquery\tqtype\tqtype_" \
	"name\trcode\tanswers\tTTLs"

TEST(log, zeek_tsv)
{
	struct reading it;
	const struct adit_log_record *r = &it.record;

	reading_open(&it, ADIT_LOG_ZEEK_TSV, NULL);
	REQUIRE(it.reader != NULL);
	check_refused(&it, "1\ta", ADIT_LOG_FIELDS, "before the line #fields");
	CHECK_EQ_INT(take(&it, "#separator \\x09"), ADIT_LOG_NOTHING);
	CHECK_EQ_INT(take(&it, ZEEK_FIELDS), ADIT_LOG_NOTHING);
	CHECK_EQ_INT(
		take(&it, "1795331650.25\tC1\t10.0.0.7\t53124\t192.0.2.53\t7\t0.5\ta.example\t1"
			  "\tA\t0\tb.example,198.51.100.7\t60.000000,5.0"),
		ADIT_LOG_RECORD);
	CHECK_EQ_INT(r->answered_ns - r->ts_ns, S / 2);
	CHECK(r->has_id && r->id == 7 && r->has_port && !r->server_answers);
	REQUIRE(r->answer_count == 2);
	CHECK_EQ_INT(r->answer[0].type, ADIT_TYPE_CNAME);
	check_span(r->answer[0].text, "b.example");
	CHECK(r->answer[1].has_address && r->answer[1].ttl == 5);
	CHECK_EQ_INT(take(&it, "1\tC1\t10.0.0.7\t5\t192.0.2.53\t7\t-\ta\t16\tTXT\t0\tTXT 2 hi\t1"),
		ADIT_LOG_RECORD);
	check_span(r->answer[0].text, "hi");
	CHECK_EQ_INT(take(&it, "1\tC1\t10.0.0.7\t5\t192.0.2.53\t7\t-\ta\t10\tNULL\t0\t<unknown "
			       "type=10>\t1"),
		ADIT_LOG_RECORD);
	CHECK(r->answer_count == 1 && r->answer[0].type == ADIT_TYPE_NULL &&
		r->answer[0].text.size == 0);
	/* Not answered; without a question. */
	CHECK_EQ_INT(take(&it, "1\tC1\t10.0.0.7\t5\t192.0.2.53\t7\t-\ta\t1\tA\t-\t-\t-"),
		ADIT_LOG_RECORD);
	CHECK(r->kind == ADIT_LOG_QUERY && !r->has_rcode);
	CHECK_EQ_INT(take(&it, "1\tC1\t10.0.0.7\t5\t192.0.2.53\t7\t-\t-\t-\t-\t-\t-\t-"),
		ADIT_LOG_OTHER);
	CHECK_EQ_INT(take(&it, "#close\t2026-11-22"), ADIT_LOG_NOTHING);
	check_refused(&it, "1\tC1", ADIT_LOG_FIELDS, "2 fields; #fields names 13");
	check_refused(
		&it, "#fields\tts\tquery", ADIT_LOG_FIELDS, "other fields than the one before");
	check_refused(&it, "1\tC1\tx\t5\t192.0.2.53\t7\t-\ta\t1\tA\t-\t-\t-", ADIT_LOG_ADDRESS,
		"id.orig_h 'x'");
	adit_log_reader_destroy(it.reader);
}

TEST(log, zeek_json)
{
	struct reading it;
	const struct adit_log_record *r = &it.record;

	reading_open(&it, ADIT_LOG_ZEEK_JSON, NULL);
	REQUIRE(it.reader != NULL);
	CHECK_EQ_INT(take(&it, "{\"ts\":1795331650.25,\"id.orig_h\":\"10.0.0.7\",\"id.orig_p\":5,"
			       "\"id.resp_h\":\"192.0.2.53\",\"trans_id\":7,\"rtt\":0.5,\"query\":"
			       "\"a.example\",\"qtype\":16,\"qtype_name\":\"TXT\",\"rcode\":0,"
			       "\"answers\":[\"TXT 2 hi\"],\"TTLs\":[60.0],\"AA\":false}"),
		ADIT_LOG_RECORD);
	CHECK_EQ_INT(r->ts_ns, UINT64_C(1795331650250000000));
	CHECK_EQ_INT(r->answered_ns - r->ts_ns, S / 2);
	check_span(r->name, "a.example");
	REQUIRE(r->answer_count == 1);
	check_span(r->answer[0].text, "hi");
	CHECK_EQ_INT(r->answer[0].ttl, 60);
	CHECK_EQ_INT(
		take(&it, "{\"ts\":\"2026-11-22T07:14:10.000000Z\",\"query\":\"a\",\"qtype\":1}"),
		ADIT_LOG_RECORD);
	CHECK(r->ts_ns == UINT64_C(1795331650) * S && !r->has_client);
	CHECK_EQ_INT(take(&it, "{\"ts\":1,\"uid\":\"C1\"}"), ADIT_LOG_OTHER);
	check_refused(&it, "{\"ts\":1,", ADIT_LOG_SYNTAX, "no JSON at column");
	check_refused(&it, "[1]", ADIT_LOG_SYNTAX, "no JSON object");
	check_refused(&it, "{\"query\":\"a\"}", ADIT_LOG_TIME, "has no ts");
	check_refused(&it, "{\"ts\":1,\"query\":\"a\",\"qtype\":1,\"id.orig_p\":70000}",
		ADIT_LOG_NUMBER, "id.orig_p");
	adit_log_reader_destroy(it.reader);
}

/* A CLIENT_QUERY for a.example TXT, and the same as a response. */
static uint8_t *tap_frame(bool is_response, size_t *size)
{
	return harness_hex(
		is_response ? "72 2f 08 06 10 01 22 04 0a000007 2a 04 c0000235 30 05 60 82fbd8d706"
			      "6d 80b2e60e 72 16 0007 8183 0001 0000 0000 0000"
			      "01 61 01 62 00 0010 0001 78 01"
			    : "72 2f 08 05 10 01 22 04 0a000007 2a 04 c0000235 30 05 40 82fbd8d706"
			      "4d 80b2e60e 52 15 0007 0100 0001 0000 0000 0000"
			      "01 61 01 62 00 0010 0001 78 01",
		size);
}

TEST(log, dnstap)
{
	struct reading it;
	const struct adit_log_record *r = &it.record;
	uint8_t *frame;
	size_t size;

	reading_open(&it, ADIT_LOG_DNSTAP, NULL);
	REQUIRE(it.reader != NULL);
	frame = tap_frame(false, &size);
	/* The lengths of what is nested, whatever they are above. */
	frame[1] = (uint8_t)(size - 4);
	frame[36] = (uint8_t)(size - 4 - 35);
	if (adit_log_read(it.reader, (char *)frame, size, &it.record) != ADIT_LOG_RECORD) {
		FAIL("%s", adit_log_why(it.reader));
	} else {
		CHECK(r->kind == ADIT_LOG_QUERY && r->wire != NULL && r->id == 7 && r->port == 5);
		check_span(r->name, "a.b");
		check_span(r->type, "TXT");
		check_address(&r->client, "10.0.0.7");
		check_address(&r->server, "192.0.2.53");
	}
	for (size_t cut = 0; cut < size; cut++) {
		enum adit_log_status status = adit_log_read(
			it.reader, (char *)harness_exact(frame, cut), cut, &it.record);

		CHECK(status == ADIT_LOG_MALFORMED || status == ADIT_LOG_OTHER);
	}
	adit_log_reader_destroy(it.reader);
}

TEST(log, formats_are_told_by_their_lines)
{
	static const struct {
		const char *head;
		enum adit_log_format format;
	} rows[] = {
		{"1\ta\tA\t1\t\t\tb\n", ADIT_LOG_TSV},
		{"1,a,A,1,,,b\n", ADIT_LOG_CSV},
		{"#separator \\x09\n", ADIT_LOG_ZEEK_TSV},
		{"{\"ts\":1}\n", ADIT_LOG_ZEEK_JSON},
		{"22-Nov-2026 07:54:10.123 general: info: a, b\n22-Nov-2026 07:54:11.000 client "
		 "1.2.3.4#5 (a): query: a IN A +\n",
			ADIT_LOG_BIND},
		{"[1] unbound[7:0] notice: a, b\n", ADIT_LOG_UNBOUND},
		{"\n\n1,a,A\n", ADIT_LOG_CSV},
		{"nothing of the kind\n", ADIT_LOG_AUTO},
		{"", ADIT_LOG_AUTO},
	};
	static const char frames[] = "\0\0\0\0\0\0\0\x22\0\0\0\x02\0\0\0\x01";

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		size_t size = strlen(rows[i].head);

		CHECK_EQ_STR(adit_log_format_names[adit_log_detect(
				     (char *)harness_exact(rows[i].head, size), size)],
			adit_log_format_names[rows[i].format]);
	}
	CHECK_EQ_INT(adit_log_detect(frames, sizeof(frames) - 1), ADIT_LOG_DNSTAP);
}

/* Lines of any length and any octets. */
TEST(log, long_lines_and_zero_bytes)
{
	static char line[ADIT_LOG_LINE_MAX + 2];
	struct reading it;

	reading_open(&it, ADIT_LOG_TSV, NULL);
	REQUIRE(it.reader != NULL);
	memset(line, 'a', sizeof(line));
	CHECK_EQ_INT(adit_log_read(it.reader, line, sizeof(line), &it.record), ADIT_LOG_MALFORMED);
	CHECK_EQ_INT(adit_log_cause(it.reader), ADIT_LOG_TOO_LONG);
	memset(line, '\t', sizeof(line));
	CHECK_EQ_INT(adit_log_read(it.reader, line, 5000, &it.record), ADIT_LOG_MALFORMED);
	CHECK_CONTAINS(adit_log_why(it.reader), "more than 256 fields");
	CHECK_EQ_INT(
		adit_log_read(it.reader, "1\ta\0b\tA\t\t\t\tb", 13, &it.record), ADIT_LOG_RECORD);
	CHECK_EQ_INT(it.record.name.size, 3);
	memset(line, '"', sizeof(line));
	CHECK_EQ_INT(
		adit_log_read(it.reader, line, ADIT_LOG_LINE_MAX, &it.record), ADIT_LOG_MALFORMED);
	adit_log_reader_destroy(it.reader);
}

TEST(log, no_memory)
{
	const struct adit_log_params params = {.format = ADIT_LOG_TSV};
	struct harness_allocator allocator;
	struct adit_log_reader *reader = NULL;
	struct adit_error error = {""};

	for (size_t i = 0; i < 2; i++) {
		harness_allocator_init(&allocator, i);
		CHECK_EQ_INT(adit_log_reader_create(&params, &allocator.allocator, &reader, &error),
			-ENOMEM);
		CHECK_EQ_INT(allocator.live, 0);
	}
	harness_allocator_init(&allocator, 2);
	CHECK_EQ_INT(adit_log_reader_create(&params, &allocator.allocator, &reader, &error), 0);
	adit_log_reader_destroy(reader);
	CHECK_EQ_INT(allocator.live, 0);
}

/* As pandas: a row counts whatever stands in columns that the notebook does not look at. */
TEST(log, exact_reads_as_pandas_does)
{
	const struct adit_log_params params = {.format = ADIT_LOG_TSV, .missing = true};
	struct reading it = {NULL};
	const struct adit_log_record *r = &it.record;

	CHECK_EQ_INT(adit_log_reader_create(&params, NULL, &it.reader, NULL), 0);
	REQUIRE(it.reader != NULL);
	CHECK_EQ_INT(take(&it, "5\ta\tA\tlong\tns1.example\t1.2.3.4,5.6.7.8\tb"), ADIT_LOG_RECORD);
	CHECK(!r->has_server && r->answer_count == 0);
	CHECK_EQ_INT(take(&it, "5\ta\t\t\t\t\t"), ADIT_LOG_RECORD);
	CHECK(r->type.size == 0 && r->domain.size == 0 && r->qtype == 0);
	check_refused(&it, "5\t\tA\t\t\t\tb", ADIT_LOG_NAME, "no host name");
	adit_log_reader_destroy(it.reader);
}
