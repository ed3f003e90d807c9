/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lists of known services: what a line may say, which entry covers a domain, and until when.
 */
#include "adit_score.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adit_dns.h"
#include "harness.h"

#define DAY_NS (86400 * ADIT_NS_PER_S)
/* 2027-01-01 and 2028-01-01, UTC. */
#define NS_2027 (20819 * DAY_NS)
#define NS_2028 (21184 * DAY_NS)

static struct adit_allow *load(const char *text)
{
	struct adit_error error = {""};
	struct adit_allow *allow = NULL;

	if (adit_allow_load_text("list", text, &allow, &error) != 0)
		FAIL("%s", error.text);
	return allow;
}

static const struct adit_allow_entry *find(
	const struct adit_allow *allow, const char *domain, uint64_t now_ns)
{
	struct adit_name name;

	CHECK_EQ_INT(adit_name_from_text(domain, &name), 0);
	return adit_allow_find(allow, harness_exact(name.lower, name.size), name.size, now_ns);
}

static void check_refused(const char *text, const char *part)
{
	struct adit_error error = {""};
	struct adit_allow *allow = NULL;

	CHECK_EQ_INT(adit_allow_load_text("list", text, &allow, &error), -EINVAL);
	CHECK(allow == NULL);
	CHECK_CONTAINS(error.text, part);
}

TEST(allow, reads_entries)
{
	struct adit_allow *allow = load("# a comment\n"
					"\n"
					"Example.COM until 2028-01-01 look-ups of mail servers\n"
					"\tb.example.org. \tuntil 2027-01-01 below 5000 why not\r\n"
					"  # another\r\n"
					"below.test until 2027-01-01 belowground is a reason");
	const struct adit_allow_entry *entry;

	REQUIRE(allow != NULL);
	CHECK_EQ_INT(adit_allow_entries(allow), 3);
	entry = find(allow, "example.com", NS_2027);
	REQUIRE(entry != NULL);
	CHECK_EQ_STR(entry->reason, "look-ups of mail servers");
	CHECK_EQ_INT(entry->until_ns, NS_2028);
	CHECK_EQ_INT(entry->below_bytes, 0);
	entry = find(allow, "b.example.org", 0);
	REQUIRE(entry != NULL);
	CHECK_EQ_STR(entry->reason, "why not");
	CHECK_EQ_INT(entry->until_ns, NS_2027);
	CHECK_EQ_INT(entry->below_bytes, 5000);
	entry = find(allow, "below.test", 0);
	REQUIRE(entry != NULL);
	CHECK_EQ_STR(entry->reason, "belowground is a reason");
	CHECK_EQ_INT(entry->below_bytes, 0);
	adit_allow_destroy(allow);
}

TEST(allow, stands_for_all_below_and_nothing_beside)
{
	struct adit_allow *allow = load("example.com until 2028-01-01 reason\n"
					"a.test until 2028-01-01 short\n");

	REQUIRE(allow != NULL);
	CHECK(find(allow, "a.b.c.example.com", 1) != NULL);
	CHECK(find(allow, "com", 1) == NULL);
	CHECK(find(allow, "notexample.com", 1) == NULL);
	CHECK(find(allow, "example.com.test", 1) == NULL);
	CHECK(find(allow, "test", 1) == NULL);
	CHECK(find(allow, ".", 1) == NULL);
	adit_allow_destroy(allow);
	allow = load("");
	REQUIRE(allow != NULL);
	CHECK_EQ_INT(adit_allow_entries(allow), 0);
	CHECK(find(allow, "example.com", 1) == NULL);
	adit_allow_destroy(allow);
	adit_allow_destroy(NULL);
}

TEST(allow, expires)
{
	struct adit_allow *allow = load("a.test until 2027-01-01 the narrow one\n"
					"test until 2028-01-01 the wide one\n"
					"forever.org until 9999-12-31 no end\n");

	REQUIRE(allow != NULL);
	CHECK_EQ_STR(find(allow, "a.test", NS_2027 - 1)->reason, "the narrow one");
	/* What has ended does not hide what is above it. */
	CHECK_EQ_STR(find(allow, "a.test", NS_2027)->reason, "the wide one");
	CHECK(find(allow, "a.test", NS_2028 - 1) != NULL);
	CHECK(find(allow, "a.test", NS_2028) == NULL);
	CHECK(find(allow, "forever.org", UINT64_MAX - 1) != NULL);
	adit_allow_destroy(allow);
}

TEST(allow, finds_each_of_many)
{
	static char text[400 * 64];
	struct adit_allow *allow;
	char name[64];

	for (int i = 0, at = 0; i < 400; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
			"%.*s%d.test until 2028-01-01 below %d x\n", i % 20, "abcdefghijklmnopqrst",
			i, i + 1);
	allow = load(text);
	REQUIRE(allow != NULL);
	CHECK_EQ_INT(adit_allow_entries(allow), 400);
	for (int i = 0; i < 400; i++) {
		const struct adit_allow_entry *entry;

		snprintf(name, sizeof(name), "x.%.*s%d.test", i % 20, "abcdefghijklmnopqrst", i);
		entry = find(allow, name, 1);
		REQUIRE(entry != NULL);
		CHECK_EQ_INT(entry->below_bytes, i + 1);
	}
	adit_allow_destroy(allow);
}

TEST(allow, refuses_with_file_and_line)
{
	static const char *const dates[] = {"", "tomorrow", "2027-1-5", "2027-02-30", "2027-13-01",
		"2027-01-01x", "1969-12-31", "27-01-01"};

	check_refused("ok.test until 2027-01-01 r\na..b until 2027-01-01 r\n",
		"list:2: 'a..b' is not a domain name");
	check_refused(". until 2027-01-01 r\n", "list:1: '.' is not a domain name");
	check_refused("a.test\n", "list:1: expected \"until YYYY-MM-DD\"");
	check_refused("\n\na.test 2027-01-01 r\n", "list:3: expected \"until YYYY-MM-DD\"");
	for (size_t i = 0; i < ADIT_COUNT(dates); i++) {
		char text[64];

		snprintf(text, sizeof(text), "a.test until %s r\n", dates[i]);
		check_refused(text, "list:1: expected \"until YYYY-MM-DD\"");
	}
	check_refused("a.test until 2027-01-01\n", "list:1: 'a.test' has no reason");
	check_refused("a.test until 2027-01-01 \t\r\n", "list:1: 'a.test' has no reason");
	check_refused("a.test until 2027-01-01 below 5\n", "list:1: 'a.test' has no reason");
	check_refused("a.test until 2027-01-01 below 0 r\n", "list:1: expected a number of bytes");
	check_refused("a.test until 2027-01-01 below 5k r\n", "not '5k'");
	check_refused("a.test until 2027-01-01 below 99999999999999999999 r\n",
		"list:1: expected a number of bytes");
	check_refused("a.test until 2027-01-01 r\nA.TEST until 2028-01-01 r\n",
		"list:2: 'A.TEST' is listed already");
}

static void file_write(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	REQUIRE(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void file_remove(const char *directory, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	CHECK_EQ_INT(unlink(path), 0);
}

TEST(allow, reads_a_directory)
{
	char directory[] = "/tmp/adit-allow-XXXXXX";
	struct adit_error error = {""};
	struct adit_allow *allow = NULL;

	REQUIRE(mkdtemp(directory) != NULL);
	file_write(directory, "10.conf", "a.test until 2027-01-01 r\n");
	file_write(directory, "20.conf", "");
	file_write(directory, ".hidden.conf", "not a list\n");
	file_write(directory, "README", "not a list\n");
	CHECK_EQ_INT(adit_allow_load(directory, &allow, &error), 0);
	REQUIRE(allow != NULL);
	CHECK_EQ_INT(adit_allow_entries(allow), 1);
	CHECK(find(allow, "a.test", 1) != NULL);
	adit_allow_destroy(allow);
	/* The first wrong line in byte order of the files' names. */
	file_write(directory, "30.conf", "x\n");
	file_write(directory, "20.conf", "# one\n# two\ny until\n");
	allow = NULL;
	CHECK_EQ_INT(adit_allow_load(directory, &allow, &error), -EINVAL);
	CHECK(allow == NULL);
	CHECK_CONTAINS(error.text, "/20.conf:3: ");
	file_remove(directory, "10.conf");
	file_remove(directory, "20.conf");
	file_remove(directory, "30.conf");
	file_remove(directory, ".hidden.conf");
	file_remove(directory, "README");
	CHECK_EQ_INT(rmdir(directory), 0);
	CHECK_EQ_INT(adit_allow_load(directory, &allow, &error), -ENOENT);
	CHECK_CONTAINS(error.text, directory);
}

/* What the project ships is readable. */
TEST(allow, shipped_lists)
{
	char directory[4096];
	struct adit_error error = {""};
	struct adit_allow *allow = NULL;

	snprintf(directory, sizeof(directory), "%s/config/allow", harness_source_root());
	if (adit_allow_load(directory, &allow, &error) != 0)
		FAIL("%s", error.text);
	else
		CHECK(adit_allow_entries(allow) > 0);
	adit_allow_destroy(allow);
}

TEST(allow, tells_its_domains)
{
	struct adit_allow *allow = load("bb.example until 2027-01-01 why\n"
					"A.example until 2027-01-01 why");
	const uint8_t *wire;
	size_t size;

	REQUIRE(allow != NULL && adit_allow_entries(allow) == 2);
	wire = adit_allow_domain(allow, 0, &size);
	CHECK(size == 11 && memcmp(wire, "\1a\7example", size) == 0);
	wire = adit_allow_domain(allow, 1, &size);
	CHECK(size == 12 && memcmp(wire, "\2bb\7example", size) == 0);
	adit_allow_destroy(allow);
}
