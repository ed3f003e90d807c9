/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_identity.h"
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEADER      "address,teid,tap,vlan,from,until,imsi,msisdn,apn\n"
#define HEADER_PEER "address,teid,peer,tap,vlan,from,until,imsi,msisdn,apn\n"

static struct adit_address address_of(const char *text)
{
	struct adit_address address = {.is_v6 = strchr(text, ':') != NULL};

	if (inet_pton(address.is_v6 ? AF_INET6 : AF_INET, text, address.bytes) != 1)
		FAIL("bad address in a test: %s", text);
	return address;
}

/* The IMSI of who had the address at a second, "" for nobody. */
static const char *imsi_at(const struct adit_identities *ids, const char *address, uint64_t second)
{
	struct adit_address a = address_of(address);
	struct adit_identity_query query = {.address = &a, .ts_ns = second * ADIT_NS_PER_S};
	const struct adit_identity *found = adit_identities_find(ids, &query);

	return found != NULL ? found->imsi : "";
}

static struct adit_identities *fed(const char *text)
{
	struct adit_identities *ids = adit_identities_create(100);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	struct adit_error error = {""};

	CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), &error), 0);
	CHECK_EQ_STR(error.text, "");
	adit_identity_feed_destroy(feed);
	return ids;
}

/* One line under the full header is refused with this message, which ends "feed:2: …". */
static void check_refused(const char *line, const char *want)
{
	struct adit_identities *ids = adit_identities_create(10);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	struct adit_error error = {""};
	char text[8192];

	snprintf(text, sizeof(text), HEADER "%s\n10.0.0.1,,,,,,after,,\n", line);
	CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), &error), -EINVAL);
	CHECK_EQ_STR(error.text, want);
	CHECK_EQ_INT(adit_identities_counters(ids)->refused, 1);
	CHECK_EQ_INT(adit_identities_counters(ids)->records, 1);
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 1), "after");
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
}

TEST(identity_find, all_of_an_identity)
{
	struct adit_identities *ids =
		fed(HEADER "2001:db8:1::/64,,,,,,001010000000001,882000000001,internet\n");
	struct adit_address a = address_of("2001:db8:1::abcd:1"), b = address_of("2001:db8:2::1");
	struct adit_identity_query query = {.address = &a};
	const struct adit_identity *found = adit_identities_find(ids, &query);

	REQUIRE(found != NULL);
	CHECK_EQ_STR(found->imsi, "001010000000001");
	CHECK_EQ_STR(found->msisdn, "882000000001");
	CHECK_EQ_STR(found->apn, "internet");
	query.address = &b;
	CHECK(adit_identities_find(ids, &query) == NULL);
	query.address = NULL;
	CHECK(adit_identities_find(ids, &query) == NULL);
	adit_identities_destroy(ids);
	adit_identities_destroy(NULL);
}

TEST(identity_find, spans_and_who_came_last)
{
	struct adit_identities *ids = fed(HEADER "10.0.0.1,,,,100,200,first,,\n"
						 "10.0.0.1,,,,200,,second,,\n"
						 "10.0.0.1,,,,,50,early,,\n"
						 "10.0.0.1,,,,120,130,inside,,\n"
						 "10.0.0.1,,,,190,210,across,,\n"
						 "10.0.0.1,,,,300,,,,\n");

	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 0), "early");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 49), "early");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 50), "");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 99), "");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 100), "first");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 120), "inside");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 130), "first");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 190), "across");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 209), "across");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 210), "second");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 299), "second");
	/* A line without any identity: nobody is known from then on. */
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 300), "");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.2", 150), "");
	adit_identities_destroy(ids);
}

/* The same lines again, as when a file is read every hour, take no more room. */
TEST(identity_find, a_line_replaces_what_it_covers)
{
	static const char text[] = HEADER "10.0.0.1,,,,100,200,one,,\n10.0.0.1,,,,200,300,two,,\n"
					  "10.0.0.1,,,,400,400,never,,\n";
	struct adit_identities *ids = adit_identities_create(100);
	struct adit_identity_feed *feed;

	for (int i = 0; i < 50; i++) {
		feed = adit_identity_feed_create(ids, "feed");
		CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), NULL), 0);
		adit_identity_feed_destroy(feed);
	}
	CHECK_EQ_INT(adit_identities_counters(ids)->records, 2);
	CHECK_EQ_INT(adit_identities_counters(ids)->evicted, 0);
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 250), "two");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 400), "");
	adit_identities_destroy(ids);
}

TEST(identity_find, context_and_teid)
{
	struct adit_identities *ids = fed(HEADER_PEER "10.0.0.1,,,,,,,any,,\n"
						      "10.0.0.1,,,,7,,,vlan 7,,\n"
						      "10.0.0.1,,,,0,,,untagged,,\n"
						      "10.0.0.1,,,west,7,,,west 7,,\n"
						      ",0xABC,10.9.0.1,,,,,core,,\n"
						      ",2748,10.9.0.1,,9,,,core vlan 9,,\n"
						      ",2748,10.9.0.2,,,,,radio,,\n"
						      ",77,2001:db8::9,,,,,v6,,\n"
						      "10.0.0.2,5,,,,,,both,,\n");
	struct adit_address one = address_of("10.0.0.1"), two = address_of("10.0.0.2");
	struct adit_address core = address_of("10.9.0.1"), radio = address_of("10.9.0.2");
	static const struct {
		int address;
		const char *tap;
		uint16_t vlan;
		bool has_teid;
		uint32_t up, down;
		const char *want;
	} rows[] = {
		{1, NULL, 0, false, 0, 0, "untagged"},
		{1, NULL, 8, false, 0, 0, "any"},
		{1, NULL, 7, false, 0, 0, "vlan 7"},
		{1, "west", 7, false, 0, 0, "west 7"},
		{1, "west", 8, false, 0, 0, "any"},
		{1, "east", 7, false, 0, 0, "vlan 7"},
		/* An address goes before a TEID alone, although that came later. */
		{1, "west", 9, true, 2748, 2748, "any"},
		/* A TEID is one of the node that gave it: of the core's going up, of the radio
		 * side's coming down. */
		{2, NULL, 1, true, 2748, 1, "core"},
		{2, NULL, 1, true, 1, 2748, "radio"},
		{2, NULL, 9, true, 2748, 1, "core vlan 9"},
		{2, NULL, 9, true, 77, 2748, "radio"},
		{0, NULL, 9, true, 77, 77, ""},
		{2, NULL, 0, true, 1, 5, "both"},
		{1, NULL, 1, true, 5, 5, "any"},
		{0, NULL, 1, true, 5, 5, ""},
		{2, NULL, 1, false, 5, 5, ""},
		{2, NULL, 1, true, 6, 6, ""},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_identity_query query = {.address = rows[i].address == 0   ? NULL
							       : rows[i].address == 1 ? &one
										      : &two,
			.tap = rows[i].tap,
			.vlan = rows[i].vlan,
			.has_teid = rows[i].has_teid,
			.teid = {rows[i].up, rows[i].down},
			.peer = {&core, &radio}};
		const struct adit_identity *found = adit_identities_find(ids, &query);
		const char *got = found != NULL ? found->imsi : "";

		if (strcmp(got, rows[i].want) != 0)
			FAIL("row %zu: \"%s\", expected \"%s\"", i, got, rows[i].want);
	}
	adit_identities_destroy(ids);
}

/* The last line wins whatever its prefix length, and no family is taken for the other. */
TEST(identity_find, prefixes)
{
	struct adit_identities *ids = fed(HEADER "10.1.2.3,,,,,,host,,\n"
						 "10.1.0.0/16,,,,,,wide,,\n"
						 "10.1.2.128/25,,,,,,half,,\n"
						 "2001:db8::/47,,,,,,v6,,\n"
						 "::/0,,,,500,,rest,,\n");

	CHECK_EQ_STR(imsi_at(ids, "10.1.2.3", 1), "wide");
	CHECK_EQ_STR(imsi_at(ids, "10.1.2.127", 1), "wide");
	CHECK_EQ_STR(imsi_at(ids, "10.1.2.128", 1), "half");
	CHECK_EQ_STR(imsi_at(ids, "10.2.2.128", 1), "");
	CHECK_EQ_STR(imsi_at(ids, "2001:db8:1:ffff::1", 1), "v6");
	CHECK_EQ_STR(imsi_at(ids, "2001:db8:2::1", 1), "");
	CHECK_EQ_STR(imsi_at(ids, "2001:db8:2::1", 500), "rest");
	CHECK_EQ_STR(imsi_at(ids, "10.2.2.128", 500), "");
	CHECK_EQ_STR(imsi_at(ids, "0.0.0.0", 1), "");
	adit_identities_destroy(ids);
}

TEST(identity_read, header_in_any_order_and_quotes)
{
	struct adit_identities *ids = fed("\xef\xbb\xbfIMSI,\"apn\",address,from\r\n"
					  "\"a,\"\"b\"\"\",\"\",\"10.0.0.1\",\r\n"
					  "\r\n"
					  "  spaces ,x,10.0.0.2,9\r\n");

	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 0), "a,\"b\"");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.2", 8), "");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.2", 9), "  spaces ");
	CHECK_EQ_INT(adit_identities_counters(ids)->records, 2);
	adit_identities_destroy(ids);
}

/* Without a header the columns are in the order of the interface; the last line is not whole. */
TEST(identity_read, feed_without_header_in_pieces)
{
	static const char text[] =
		"10.0.0.1,,,,,,,one,,\n\n10.0.0.2,,,,,,,two,,\r\n10.0.0.3,,,,,,,x";

	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct adit_identities *ids = adit_identities_create(10);
		struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");

		for (size_t at = 0; at < strlen(text); at += piece) {
			size_t rest = strlen(text) - at, size = rest < piece ? rest : piece;
			const char *part = (const char *)harness_exact(text + at, size);

			CHECK_EQ_INT(adit_identity_feed_push(feed, part, size, NULL), 0);
		}
		adit_identity_feed_destroy(feed);
		CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 0), "one");
		CHECK_EQ_STR(imsi_at(ids, "10.0.0.2", 0), "two");
		CHECK_EQ_STR(imsi_at(ids, "10.0.0.3", 0), "");
		adit_identities_destroy(ids);
	}
}

TEST(identity_read, times)
{
	static const struct {
		const char *text;
		uint64_t ns; /* UINT64_MAX: refused */
	} rows[] = {
		{"1", ADIT_NS_PER_S},
		{"0.5", ADIT_NS_PER_S / 2},
		{"1795331982.0000000019", UINT64_C(1795331982000000001)},
		{"2026-11-22T07:19:42Z", UINT64_C(1795331982000000000)},
		{"2026-11-22t09:19:42.25+02:00", UINT64_C(1795331982250000000)},
		{"2026-11-21 23:49:42-07:30", UINT64_C(1795331982000000000)},
		{"2000-02-29T00:00:00z", UINT64_C(951782400000000000)},
		{"2016-12-31T23:59:60Z", UINT64_C(1483228800000000000)},
		{"1970-01-01T00:00:00.000000001Z", 1},
		{"1970-01-01T01:00:00+00:59", 60 * ADIT_NS_PER_S},
		{"2554-07-21T23:34:32Z", UINT64_C(18446744072000000000)},
		{"2554-07-21T23:34:33Z", UINT64_MAX},
		{"18446744073", UINT64_MAX},
		{"99999999999999999999999", UINT64_MAX},
		{"9223372036854775808", UINT64_MAX},
		{"1970-01-01T00:00:00+00:01", UINT64_MAX},
		{"1969-12-31T23:59:59Z", UINT64_MAX},
		{"2001-02-29T00:00:00Z", UINT64_MAX},
		{"2026-00-10T00:00:00Z", UINT64_MAX},
		{"2026-01-00T00:00:00Z", UINT64_MAX},
		{"2026-13-10T00:00:00Z", UINT64_MAX},
		{"2026-11-22T24:00:00Z", UINT64_MAX},
		{"2026-11-22T07:19:42", UINT64_MAX},
		{"2026-11-22T07:19:42.Z", UINT64_MAX},
		{"2026-11-22T07:19:42Z ", UINT64_MAX},
		{"2026-11-22T07:19:42+0200", UINT64_MAX},
		{"2026-11-22", UINT64_MAX},
		{"-1", UINT64_MAX},
		{"1.", UINT64_MAX},
		{".5", UINT64_MAX},
		{"1e9", UINT64_MAX},
		{" 1", UINT64_MAX},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_identities *ids = adit_identities_create(1);
		struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
		struct adit_address a = address_of("10.0.0.1");
		struct adit_identity_query query = {.address = &a, .ts_ns = rows[i].ns};
		char line[128];
		int status;

		snprintf(line, sizeof(line), "10.0.0.1,,,,,%s,,x,,\n", rows[i].text);
		status = adit_identity_feed_push(feed, line, strlen(line), NULL);
		if ((status == 0) != (rows[i].ns != UINT64_MAX))
			FAIL("%s: status %d", rows[i].text, status);
		if (status == 0 && adit_identities_find(ids, &query) == NULL)
			FAIL("%s: begins later", rows[i].text);
		query.ts_ns--;
		if (adit_identities_find(ids, &query) != NULL)
			FAIL("%s: begins earlier", rows[i].text);
		adit_identity_feed_destroy(feed);
		adit_identities_destroy(ids);
	}
}

TEST(identity_read, refusals_say_what_would_be_right)
{
	static const char address[] =
		" is not an IPv4 or IPv6 address, or a prefix with no bit set "
		"after it, as 2001:db8:1::/64";
	static const char *const addresses[] = {"10.0.0", "10.0.0.256", "10.0.0.7/24",
		"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "2001:db8::/129", "2001:db8:0:1::/63",
		"host.example", " 10.0.0.1", "::ffff:10.0.0.1.2", "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f"};
	char line[256], want[256];

	for (size_t i = 0; i < ADIT_COUNT(addresses); i++) {
		snprintf(line, sizeof(line), "%s,,,,,,x,,", addresses[i]);
		snprintf(want, sizeof(want), "feed:2: address: '%s'%s", addresses[i], address);
		check_refused(line, want);
	}
	check_refused("10.0.0.1,0x123456789,,,,,x,,",
		"feed:2: teid: '0x123456789' is not a number of 32 bits, decimal or 0x and "
		"hexadecimal digits");
	check_refused("10.0.0.1,4294967296,,,,,x,,",
		"feed:2: teid: '4294967296' is not a number of 32 bits, decimal or 0x and "
		"hexadecimal digits");
	check_refused("10.0.0.1,0x,,,,,x,,",
		"feed:2: teid: '0x' is not a number of 32 bits, decimal or 0x and hexadecimal "
		"digits");
	check_refused("10.0.0.1,,,4096,,,x,,",
		"feed:2: vlan: '4096' is not a number from 0 (no tag) to 4095");
	check_refused("10.0.0.1,,,,,yesterday\x1b,x,,",
		"feed:2: until: 'yesterday?' is not a time from 1970 to 2554, as "
		"2026-11-22T07:19:42Z or 1795331982.5");
	check_refused("10.0.0.1,,,,20,10,x,,", "feed:2: until: the time is before that of from");
	check_refused(",,,,,,x,,",
		"feed:2: address: empty, and so is teid; one of them must say whose line this is");
	check_refused("10.0.0.1,,,,,,x,", "feed:2: 8 cells, where 9 columns ask for as many");
	check_refused("10.0.0.1,,,,,,x,,,,", "feed:2: 11 cells, where 9 columns ask for as many");
	check_refused("10.0.0.1,,,,,,,,"
		      "a-name-of-64-bytes-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"feed:2: apn: 'a-name-of-64-bytes-aaaaaaaaaaaaaaaaaaaaaaaaa...' is not a text of "
		"at most 63 bytes");
}

TEST(identity_read, quotes_that_are_refused)
{
	static const char *const lines[] = {"10.0.0.1,,,,,,\"x,,", "10.0.0.1,,,,,,x\",,",
		"10.0.0.1,,,,,,\"x\"y,,", "10.0.0.1,,,,,,x\"\",,", "\"", "\"\"\"", "10.0.0.1,\""};

	for (size_t i = 0; i < ADIT_COUNT(lines); i++)
		check_refused(lines[i],
			"feed:2: quotes out of place: a quoted cell begins and ends with one, on "
			"the same line, and doubles those inside");
}

TEST(identity_read, lines_too_long)
{
	char line[6000];

	memset(line, 'x', sizeof(line));
	line[4096] = '\0';
	check_refused(line, "feed:2: a line of over 4095 bytes");
	line[4096] = 'x';
	line[sizeof(line) - 1] = '\0';
	check_refused(line, "feed:2: a line of over 4095 bytes");
	line[4095] = '\0';
	check_refused(line, "feed:2: 1 cells, where 9 columns ask for as many");
}

TEST(identity_read, no_nul_bytes)
{
	static const char text[] = "10.0.0.1,,,,,,,x\0y,,\n";
	struct adit_identities *ids = adit_identities_create(10);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	struct adit_error error;

	CHECK_EQ_INT(adit_identity_feed_push(feed, text, sizeof(text) - 1, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "feed:1: a NUL byte; a feed is text");
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
}

/* After a header that can't be right nothing is guessed, until one is. */
TEST(identity_read, headers_that_are_refused)
{
	static const struct {
		const char *header, *message;
	} rows[] = {
		{"address,untill,imsi", "feed:1: column 2: 'untill' is not one of address, teid, "
					"peer, tap, vlan, from, until, imsi, msisdn, apn"},
		{"address,imsi,address", "feed:1: column 3: address is named twice"},
		{"imsi,apn", "feed:1: no column is named address or teid; one must be"},
		{"address,teid,peer,tap,vlan,from,until,imsi,msisdn,apn,",
			"feed:1: 11 columns, where 10 have a name"},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_identities *ids = adit_identities_create(10);
		struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
		struct adit_error error;
		char text[256];

		snprintf(text, sizeof(text), "%s\n10.0.0.1,2,3\n", rows[i].header);
		CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), &error), -EINVAL);
		CHECK_EQ_STR(error.text, rows[i].message);
		CHECK_EQ_INT(adit_identities_counters(ids)->refused, 2);
		CHECK_EQ_INT(adit_identity_feed_push(feed, "10.0.0.1,2,3\n", 13, &error), -EINVAL);
		CHECK_EQ_STR(error.text, "feed:3: no column is known, as the header was refused; "
					 "it must come first");
		snprintf(text, sizeof(text), "address,imsi\n10.0.0.1,one\n");
		CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), &error), 0);
		CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 0), "one");
		adit_identity_feed_destroy(feed);
		adit_identities_destroy(ids);
	}
}

TEST(identity_read, taps_are_bounded)
{
	struct adit_identities *ids = adit_identities_create(1000);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	struct adit_error error;
	char line[64];

	for (int i = 0; i < 2 * 256; i++) {
		snprintf(line, sizeof(line), "10.0.0.1,,,tap%d,,,,x,,\n", i % 256);
		CHECK_EQ_INT(adit_identity_feed_push(feed, line, strlen(line), &error), 0);
	}
	snprintf(line, sizeof(line), "10.0.0.1,,,another,,,,x,,\n");
	CHECK_EQ_INT(adit_identity_feed_push(feed, line, strlen(line), &error), -EINVAL);
	CHECK_EQ_STR(error.text, "feed:513: tap: 'another' is one name too many; at most 256 taps "
				 "are told apart");
	CHECK_EQ_INT(adit_identities_counters(ids)->records, 256);
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
}

static int read_file(struct adit_identities *ids, const char *text, struct adit_error *error)
{
	char path[] = "/tmp/adit-identity-XXXXXX";
	int fd = mkstemp(path), status;

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	status = adit_identities_read(ids, path, error);
	unlink(path);
	return status;
}

TEST(identity_read, files)
{
	struct adit_identities *ids = adit_identities_create(10);
	struct adit_error error = {""};

	CHECK_EQ_INT(read_file(ids, "", &error), 0);
	/* The last line needs no end. */
	CHECK_EQ_INT(read_file(ids, "address,imsi\n10.0.0.1,one\n10.0.0.2,two", &error), 0);
	CHECK_EQ_STR(error.text, "");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 0), "one");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.2", 0), "two");
	/* What stands before the line that stops it is kept. */
	CHECK_EQ_INT(read_file(ids, "address,imsi\n10.0.0.3,x\n10.0.0.4\n10.0.0.5,x\n", &error),
		-EINVAL);
	CHECK_CONTAINS(error.text, ":3: 1 cells, where 2 columns ask for as many");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.3", 0), "x");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.5", 0), "");
	CHECK_EQ_INT(adit_identities_counters(ids)->refused, 1);
	CHECK_EQ_INT(read_file(ids, "10.0.0.6,,,,,,x,,\n", &error), -EINVAL);
	CHECK_CONTAINS(error.text, ":1: the first line must name the columns, as "
				   "address,teid,peer,tap,vlan,from,until,imsi,msisdn,apn");
	CHECK_EQ_INT(adit_identities_read(ids, "/nowhere/ids.csv", &error), -ENOENT);
	CHECK_EQ_STR(error.text, "/nowhere/ids.csv: No such file or directory");
	CHECK_EQ_INT(adit_identities_read(ids, "/tmp", &error), -EISDIR);
	CHECK_EQ_STR(error.text, "/tmp: Is a directory");
	adit_identities_destroy(ids);
}

TEST(identity_room, who_began_first_gives_way)
{
	struct adit_identities *ids = adit_identities_create(3);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	static const char text[] = "10.0.0.1,,,,,300,,a,,\n10.0.0.2,,,,,100,,b,,\n"
				   "10.0.0.3,,,,,200,,c,,\n10.0.0.4,,,,,400,,d,,\n"
				   "10.0.0.5,,,,,50,,e,,\n";

	CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), NULL), 0);
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 500), "a");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.2", 500), "");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.3", 500), "c");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.4", 500), "d");
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.5", 500), "");
	CHECK_EQ_INT(adit_identities_counters(ids)->records, 3);
	CHECK_EQ_INT(adit_identities_counters(ids)->evicted, 2);
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
}

TEST(identity_room, none_at_all_and_too_much)
{
	struct adit_identities *ids = adit_identities_create(0);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	static const char text[] = "10.0.0.1,,,,,300,,a,,\n";

	CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), NULL), 0);
	CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 500), "");
	CHECK_EQ_INT(adit_identities_counters(ids)->evicted, 1);
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
	CHECK(adit_identities_create(SIZE_MAX) == NULL);
}

/* One address with very many spans, and very many addresses: each is found. */
TEST(identity_room, many)
{
	enum { COUNT = 50000 };
	struct adit_identities *ids = adit_identities_create(2 * COUNT);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	char line[128];

	for (unsigned i = 0; i < COUNT; i++) {
		unsigned turn = i * 7919 % COUNT;

		snprintf(line, sizeof(line), "10.0.0.1,,,,,%u,%u,s%u,,\n", 10 * turn, 10 * turn + 9,
			turn);
		CHECK_EQ_INT(adit_identity_feed_push(feed, line, strlen(line), NULL), 0);
		snprintf(line, sizeof(line), "2001:db8:%x:%x::/64,,,,,,,a%u,,\n", turn >> 16,
			turn & 0xffff, turn);
		CHECK_EQ_INT(adit_identity_feed_push(feed, line, strlen(line), NULL), 0);
	}
	for (unsigned i = 0; i < COUNT && !harness_failed(); i++) {
		char want[16];

		snprintf(want, sizeof(want), "s%u", i);
		CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 10 * i + 8), want);
		CHECK_EQ_STR(imsi_at(ids, "10.0.0.1", 10 * i + 9), "");
		snprintf(want, sizeof(want), "a%u", i);
		snprintf(line, sizeof(line), "2001:db8:%x:%x::5", i >> 16, i & 0xffff);
		CHECK_EQ_STR(imsi_at(ids, line, 0), want);
	}
	CHECK_EQ_INT(adit_identities_counters(ids)->records, 2 * COUNT);
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
}

/* A line as plain data, for a search from the last line to the first. */
struct plain {
	bool has_address, has_teid, has_vlan;
	uint8_t bits, octet, peer;
	uint32_t teid;
	uint16_t vlan;
	uint64_t from, until;
	char imsi[16];
};

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static bool covers(const struct plain *line, const struct adit_identity_query *query)
{
	uint64_t second = query->ts_ns / ADIT_NS_PER_S;

	if (line->has_address && (line->octet ^ query->address->bytes[3]) >> (32 - line->bits) != 0)
		return false;
	if (line->has_teid) {
		bool found = false;

		for (int i = 0; i < 2; i++)
			found |= line->teid == query->teid[i] &&
				 (line->has_address || line->peer == query->peer[i]->bytes[3]);
		if (!found)
			return false;
	}
	if (line->has_vlan && line->vlan != query->vlan)
		return false;
	return second >= line->from && second < line->until;
}

static const char *plain_find(
	const struct plain *lines, size_t count, const struct adit_identity_query *query)
{
	for (int with_address = 1; with_address >= 0; with_address--)
		for (size_t i = count; i-- > 0;)
			if (lines[i].has_address == with_address && covers(&lines[i], query))
				return lines[i].imsi;
	return "";
}

/* The store against a search through the lines, over chance lines of a few values. */
TEST(identity_model, finds_what_a_plain_search_finds)
{
	enum { LINES = 300, QUERIES = 500 };
	static struct plain lines[LINES];
	uint32_t state = 1;

	for (int round = 0; round < 20 && !harness_failed(); round++) {
		struct adit_identities *ids = adit_identities_create(4 * LINES);
		struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");

		for (size_t i = 0; i < LINES; i++) {
			struct plain *line = &lines[i];
			char text[160], address[32] = "", teid[16] = "", vlan[16] = "", peer[32];

			*line = (struct plain){.has_address = next(&state) % 4 != 0,
				.has_vlan = next(&state) % 4 == 0,
				.bits = (uint8_t)(29 + next(&state) % 4),
				.teid = next(&state) % 3,
				.peer = (uint8_t)(next(&state) % 2),
				.vlan = (uint16_t)(next(&state) % 2),
				.from = next(&state) % 50};
			line->has_teid = !line->has_address || next(&state) % 8 == 0;
			line->octet = (uint8_t)(next(&state) % 8 & 0xffu << (32 - line->bits));
			line->until = line->from + next(&state) % 30;
			snprintf(line->imsi, sizeof(line->imsi), "line %zu", i);
			if (line->has_address)
				snprintf(address, sizeof(address), "10.0.0.%u/%u", line->octet,
					line->bits);
			if (line->has_teid)
				snprintf(teid, sizeof(teid), "%u", line->teid);
			if (line->has_vlan)
				snprintf(vlan, sizeof(vlan), "%u", line->vlan);
			snprintf(peer, sizeof(peer), "10.9.0.%u", line->peer);
			snprintf(text, sizeof(text), "%s,%s,%s,,%s,%u,%u,%s,,\n", address, teid,
				line->has_teid ? peer : "", vlan, (unsigned)line->from,
				(unsigned)line->until, line->imsi);
			CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), NULL), 0);
		}
		for (size_t i = 0; i < QUERIES; i++) {
			struct adit_address a = {.bytes = {10, 0, 0, next(&state) % 8}};
			struct adit_address core = {.bytes = {10, 9, 0, next(&state) % 3}};
			struct adit_address radio = {.bytes = {10, 9, 0, next(&state) % 3}};
			struct adit_identity_query query = {.address = &a,
				.vlan = (uint16_t)(next(&state) % 3),
				.has_teid = true,
				.teid = {next(&state) % 4, next(&state) % 4},
				.peer = {&core, &radio},
				.ts_ns = next(&state) % 90 * ADIT_NS_PER_S};
			const struct adit_identity *found = adit_identities_find(ids, &query);

			CHECK_EQ_STR(
				found != NULL ? found->imsi : "", plain_find(lines, LINES, &query));
		}
		CHECK_EQ_INT(adit_identities_counters(ids)->evicted, 0);
		adit_identity_feed_destroy(feed);
		adit_identities_destroy(ids);
	}
}

struct span {
	unsigned octet, from, until, line;
};

/* Takes a span as the interface says, by search alone; `spans` has room for two more. */
static size_t plain_take(struct span *spans, size_t count, size_t room, struct span new)
{
	size_t kept = 0, first;
	struct span tails[64];
	size_t tail_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct span old = spans[i], tail = old;

		if (old.octet != new.octet || old.until <= new.from || old.from >= new.until) {
			spans[kept++] = old;
			continue;
		}
		tail.from = new.until;
		old.until = new.from;
		if (tail.from < tail.until)
			tails[tail_count++] = tail;
		if (old.from < old.until)
			spans[kept++] = old;
	}
	for (size_t i = 0; i < tail_count; i++)
		spans[kept++] = tails[i];
	spans[kept++] = new;
	while (kept > room) {
		first = 0;
		for (size_t i = 1; i < kept; i++)
			if (spans[i].from < spans[first].from ||
				(spans[i].from == spans[first].from &&
					spans[i].line < spans[first].line))
				first = i;
		spans[first] = spans[--kept];
	}
	return kept;
}

/* With little room the very records stay that began last, whatever was cut and taken out. */
TEST(identity_model, with_little_room)
{
	enum { ROOM = 20, LINES = 20000 };
	struct adit_identities *ids = adit_identities_create(ROOM);
	struct adit_identity_feed *feed = adit_identity_feed_create(ids, "feed");
	struct span spans[ROOM + 2];
	size_t count = 0;
	uint32_t state = 7;

	for (unsigned line = 0; line < LINES && !harness_failed(); line++) {
		unsigned from = line / 4 + next(&state) % 50;
		struct span new = {next(&state) % 8, from, from + 1 + next(&state) % 100, line};
		unsigned octet = next(&state) % 8, second = line / 4 + next(&state) % 100;
		char text[128], want[16] = "";

		snprintf(text, sizeof(text), "10.0.0.%u,,,,,%u,%u,%u,,\n", new.octet, new.from,
			new.until, line);
		CHECK_EQ_INT(adit_identity_feed_push(feed, text, strlen(text), NULL), 0);
		count = plain_take(spans, count, ROOM, new);
		for (size_t i = 0; i < count; i++)
			if (spans[i].octet == octet && spans[i].from <= second &&
				spans[i].until > second)
				snprintf(want, sizeof(want), "%u", spans[i].line);
		snprintf(text, sizeof(text), "10.0.0.%u", octet);
		CHECK_EQ_STR(imsi_at(ids, text, second), want);
		CHECK_EQ_INT(adit_identities_counters(ids)->records, count);
	}
	CHECK_EQ_INT(count, ROOM);
	CHECK(adit_identities_counters(ids)->evicted > LINES / 4);
	adit_identity_feed_destroy(feed);
	adit_identities_destroy(ids);
}
