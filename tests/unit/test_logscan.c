/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Marks by counts per second, worked out by hand; tests/smoke/logscan_pandas holds them to pandas.
 */
#include "adit_logscan.h"

#include <errno.h>

#include "harness.h"

#define S  ADIT_NS_PER_S
#define T0 1473647400

static struct adit_logscan *scan_open(bool exact, uint32_t domains)
{
	const struct adit_logscan_params params = {exact, domains};

	return adit_logscan_create(&params, NULL);
}

/* So many rows of a domain and type in a second. */
static void add(struct adit_logscan *scan, const char *domain, const char *type, uint64_t second,
	unsigned count)
{
	const struct adit_logscan_row row = {.domain = domain,
		.domain_size = strlen(domain),
		.type = type,
		.type_size = strlen(type),
		.ts_ns = (T0 + second) * S};

	for (unsigned i = 0; i < count; i++)
		CHECK_EQ_INT(adit_logscan_add(scan, &row), 0);
}

static const struct adit_logscan_hits *found_of(const struct adit_logscan *scan, const char *type)
{
	for (uint32_t i = 0; i < adit_logscan_pairs(scan); i++) {
		const struct adit_logscan_pair *pair = adit_logscan_pair(scan, i);
		size_t size;
		const char *name = adit_logscan_type(scan, pair->type, &size);

		if (size == strlen(type) && memcmp(name, type, size) == 0)
			return &pair->found;
	}
	FAIL("no type %s", type);
	return &adit_logscan_pair(scan, 0)->found;
}

/* Seconds 0, 1, 3, 4, 6, 7, 9: pauses 1, 2, 1, 2, 1, 2 with the median 1.5; the sizes after the
 * long ones differ by `change`. */
static void rounds(struct adit_logscan *scan, const char *type, unsigned change)
{
	static const unsigned seconds[] = {0, 1, 3, 4, 6, 7, 9};

	for (size_t i = 0; i < ADIT_COUNT(seconds); i++)
		add(scan, "t.example", type, seconds[i], i >= 2 && i % 2 == 0 ? 1 + change : 1);
}

TEST(logscan, three_hits_mark_from_the_first_up_to_the_last)
{
	struct adit_logscan *scan = scan_open(true, 10);

	REQUIRE(scan != NULL);
	rounds(scan, "TXT", 101);
	CHECK_EQ_INT(adit_logscan_run(scan), 0);
	CHECK_EQ_INT(found_of(scan, "TXT")->hits, 3);
	CHECK_EQ_INT(found_of(scan, "TXT")->first_ns, (T0 + 3) * S);
	CHECK_EQ_INT(found_of(scan, "TXT")->last_ns, (T0 + 9) * S);
	/* 102 + 1 + 102 + 1, without the last second's 102. */
	CHECK_EQ_INT(found_of(scan, "TXT")->rows, 206);
	CHECK(!adit_logscan_marked(scan, 0, (T0 + 1) * S));
	CHECK(adit_logscan_marked(scan, 0, (T0 + 3) * S));
	CHECK(adit_logscan_marked(scan, 0, (T0 + 8) * S));
	CHECK(!adit_logscan_marked(scan, 0, (T0 + 9) * S));
	CHECK_EQ_INT(adit_logscan_ranked(scan), 1);
	CHECK_EQ_INT(adit_logscan_domain(scan, 0)->marked, 206);
	CHECK_EQ_INT(adit_logscan_domain(scan, 0)->cycles, 2);
	adit_logscan_destroy(scan);
}

/* A hundred is not more than a hundred; two hits are none. */
TEST(logscan, what_is_no_hit)
{
	struct adit_logscan *scan = scan_open(true, 10);

	REQUIRE(scan != NULL);
	rounds(scan, "TXT", 100);
	add(scan, "two.example", "MX", 0, 1);
	add(scan, "two.example", "MX", 1, 1);
	add(scan, "two.example", "MX", 3, 102);
	add(scan, "two.example", "MX", 4, 1);
	add(scan, "two.example", "MX", 6, 102);
	CHECK_EQ_INT(adit_logscan_run(scan), 0);
	CHECK_EQ_INT(found_of(scan, "TXT")->hits, 0);
	CHECK_EQ_INT(found_of(scan, "MX")->hits, 2);
	CHECK_EQ_INT(found_of(scan, "MX")->rows, 0);
	CHECK_EQ_INT(
		adit_logscan_domain(scan, 0)->marked + adit_logscan_domain(scan, 1)->marked, 0);
	adit_logscan_destroy(scan);
}

/* The first group of TXT follows the last of A: 50 s later and 102 more, a third hit. */
TEST(logscan, exact_goes_across_types)
{
	static const unsigned seconds[] = {50, 51, 52, 54, 55, 56, 58};

	for (int exact = 0; exact < 2; exact++) {
		struct adit_logscan *scan = scan_open(exact, 10);

		REQUIRE(scan != NULL);
		add(scan, "t.example", "A", 0, 1);
		for (size_t i = 0; i < ADIT_COUNT(seconds); i++)
			add(scan, "t.example", "TXT", seconds[i], i % 3 == 0 ? 103 : 1);
		CHECK_EQ_INT(adit_logscan_run(scan), 0);
		CHECK_EQ_INT(found_of(scan, "TXT")->hits, exact ? 3 : 2);
		CHECK_EQ_INT(found_of(scan, "TXT")->rows, exact ? 210 : 0);
		CHECK_EQ_INT(adit_logscan_domain(scan, 0)->other_marked, exact ? 0 : 210);
		CHECK_EQ_INT(adit_logscan_domain(scan, 0)->differing, 210);
		adit_logscan_destroy(scan);
	}
}

/* By the rows of other types than A, then by name; what has only A has no rank. */
TEST(logscan, ranks)
{
	struct adit_logscan *scan = scan_open(true, 2);
	struct adit_logscan_row missing = {
		.domain = "", .type = "TXT", .type_size = 3, .no_domain = true, .ts_ns = S};
	struct adit_logscan_row untyped = {
		.domain = "c", .domain_size = 1, .type = "", .no_type = true, .ts_ns = S};

	REQUIRE(scan != NULL);
	add(scan, "only-a", "A", 0, 50);
	add(scan, "b", "MX", 0, 2);
	add(scan, "a", "MX", 0, 2);
	for (int i = 0; i < 9; i++)
		CHECK_EQ_INT(adit_logscan_add(scan, &missing), 0);
	/* A missing type is not A, and in no group. */
	for (int i = 0; i < 3; i++)
		CHECK_EQ_INT(adit_logscan_add(scan, &untyped), 0);
	CHECK_EQ_INT(adit_logscan_run(scan), 0);
	REQUIRE(adit_logscan_ranked(scan) == 2);
	CHECK_EQ_INT(adit_logscan_domain(scan, 0)->name[0], 'c');
	CHECK_EQ_INT(adit_logscan_domain(scan, 0)->pairs, 0);
	CHECK_EQ_INT(adit_logscan_domain(scan, 1)->name[0], 'a');
	CHECK_EQ_INT(adit_logscan_rows(scan), 66);
	adit_logscan_destroy(scan);
}

/* Parts of a second count as they are only where that is asked for, rows come in any order, and
 * those passed over are in no group. */
TEST(logscan, seconds_and_order)
{
	for (int exact = 0; exact < 2; exact++) {
		struct adit_logscan *scan = scan_open(exact, 10);
		struct adit_logscan_row row = {
			.domain = "d", .domain_size = 1, .type = "TXT", .type_size = 3};

		REQUIRE(scan != NULL);
		for (unsigned i = 10; i > 0; i--) {
			row.ts_ns = T0 * S + i * (S / 5);
			CHECK_EQ_INT(adit_logscan_add(scan, &row), 0);
		}
		adit_logscan_pass_over(scan, 0);
		adit_logscan_pass_over(scan, 0);
		CHECK_EQ_INT(adit_logscan_run(scan), 0);
		CHECK_EQ_INT(adit_logscan_pair(scan, 0)->rows, 9);
		CHECK_EQ_INT(adit_logscan_pair(scan, 0)->groups, exact ? 9 : 2);
		CHECK_EQ_INT(adit_logscan_pair(scan, 0)->most, exact ? 1 : 5);
		adit_logscan_destroy(scan);
	}
}

TEST(logscan, observes)
{
	struct adit_logscan *scan = scan_open(true, 10);
	static const uint8_t word[] = "\x04mail\x01t\0", random[] = "\x0a"
								    "7zq4x9k2vj\x01t\0";
	struct adit_address server = {.bytes = {192, 0, 2, 1}};
	struct adit_logscan_domain *domain;

	REQUIRE(scan != NULL);
	add(scan, "t", "TXT", 0, 1);
	CHECK_EQ_INT(adit_logscan_run(scan), 0);
	domain = adit_logscan_domain(scan, 0);
	for (int i = 0; i < 4; i++) {
		struct adit_logscan_seen seen = {.wire = i % 2 ? word : random,
			.size = i % 2 ? 8 : 14,
			.registrable_at = i % 2 ? 5 : 11,
			.server = &server,
			.is_query = true};

		server.bytes[3] = (uint8_t)(i / 2);
		server.bytes[2] = i == 3 ? 9 : 2;
		adit_logscan_observe(domain, &seen);
	}
	CHECK_EQ_INT(domain->octets, 28);
	CHECK_EQ_INT(domain->digits, 8);
	CHECK_EQ_INT(domain->odd_octets, 20);
	CHECK_EQ_INT(domain->server_count, 3);
	CHECK_EQ_INT(adit_logscan_networks(domain), 2);
	CHECK_EQ_INT(adit_distinct_number(&domain->names), 2);
	CHECK_EQ_INT(domain->queries, 4);
	for (int i = 0; i < 100; i++) {
		struct adit_logscan_seen seen = {.server = &server};

		server.bytes[3] = (uint8_t)i;
		adit_logscan_observe(domain, &seen);
	}
	CHECK(domain->more_servers && domain->server_count == ADIT_LOGSCAN_SERVERS);
	adit_logscan_destroy(scan);
}

/* Nothing leaks and nothing crashes, whichever allocation fails. */
TEST(logscan, no_memory)
{
	const struct adit_logscan_params params = {true, 10};
	struct harness_allocator allocator;
	bool failed = true;

	for (size_t n = 0; failed; n++) {
		struct adit_logscan *scan;
		int status = 0;

		harness_allocator_init(&allocator, n);
		scan = adit_logscan_create(&params, &allocator.allocator);
		failed = scan == NULL;
		for (unsigned i = 0; scan != NULL && i < 300 && status == 0; i++) {
			char name[3] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26), 0};
			const struct adit_logscan_row row = {.domain = name,
				.domain_size = 2,
				.type = "TXT",
				.type_size = 3,
				.ts_ns = i * S};

			status = adit_logscan_add(scan, &row);
		}
		if (scan != NULL && status == 0)
			status = adit_logscan_run(scan);
		failed |= status != 0;
		CHECK(status == 0 || status == -ENOMEM);
		adit_logscan_destroy(scan);
		CHECK_EQ_INT(allocator.live, 0);
		REQUIRE(n < 1000);
	}
}
