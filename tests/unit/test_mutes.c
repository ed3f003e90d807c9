/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mutes: which domains they hold for, their end, and what the audit file gives back.
 */
#include "adit_dns.h"
#include "adit_mute.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define START (UINT64_C(1795331982) * ADIT_NS_PER_S) /* 2026-11-22T07:19:42Z */
#define HOUR  (3600 * ADIT_NS_PER_S)

static char path[64];
static struct adit_mutes *mutes;
static struct adit_mutes_reading reading;
static struct adit_error error;

static const struct adit_wire_name *name(const char *text)
{
	static struct adit_wire_name wire;
	struct adit_name read;

	if (adit_name_from_text(text, &read) != 0)
		FAIL("%s is no name", text);
	wire.size = read.size;
	memcpy(wire.wire, read.lower, read.size);
	return &wire;
}

static void path_make(void)
{
	int file;

	snprintf(path, sizeof(path), "/tmp/adit-mutes-XXXXXX");
	file = mkstemp(path);
	REQUIRE(file >= 0);
	close(file);
}

static void again(void)
{
	adit_mutes_close(mutes);
	REQUIRE(adit_mutes_open(&mutes, path, &reading, &error) == 0);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	REQUIRE(file != NULL);
	fputs(text, file);
	fclose(file);
}

static int mute(const char *domain, uint64_t until_ns, uint64_t now_ns)
{
	return adit_mutes_add(mutes, name(domain), "alice", "a CDN", until_ns, now_ns, &error);
}

static bool is_muted(const char *domain, uint64_t now_ns)
{
	return adit_mutes_find(mutes, name(domain), now_ns) != NULL;
}

static const char *list(bool all, uint64_t now_ns)
{
	static char text[8192];
	FILE *to = fmemopen(text, sizeof(text), "w");

	if (to == NULL)
		return "";
	CHECK_EQ_INT(adit_mutes_write_json(mutes, all, now_ns, to), 0);
	fclose(to);
	return text;
}

TEST(mutes, hold_for_a_domain_and_what_is_below)
{
	static const char *const muted[] = {"example.com", "a.example.com", "x.y.EXAMPLE.com",
		"\\101.example.com", "b\\.c.test", "z.b\\.c.test"};
	static const char *const others[] = {"com", "xexample.com", "example.com.net", "ample.com",
		"c.test", "b.c.test", "test"};
	struct adit_wire_name none = {.size = 0};

	REQUIRE(adit_mutes_open(&mutes, NULL, &reading, &error) == 0);
	CHECK_EQ_INT(mute("Example.COM.", START + HOUR, START), 0);
	CHECK_EQ_INT(mute("b\\046c.test", START + HOUR, START), 0);
	for (size_t i = 0; i < ADIT_COUNT(muted); i++)
		if (!is_muted(muted[i], START))
			FAIL("%s is not muted", muted[i]);
	for (size_t i = 0; i < ADIT_COUNT(others); i++)
		if (is_muted(others[i], START))
			FAIL("%s is muted", others[i]);
	/* A record about a server has no domain. */
	CHECK(adit_mutes_find(mutes, &none, START) == NULL);
	adit_mutes_close(mutes);
	mutes = NULL;
}

TEST(mutes, end_by_themselves_and_by_somebody)
{
	REQUIRE(adit_mutes_open(&mutes, NULL, &reading, &error) == 0);
	CHECK_EQ_INT(mute("a.test", START + HOUR, START), 0);
	CHECK_EQ_INT(mute("b.test", START + 2 * HOUR, START), 0);
	CHECK_EQ_INT(adit_mutes_next_end(mutes, START), START + HOUR);
	CHECK(is_muted("a.test", START + HOUR - 1));
	CHECK(!is_muted("a.test", START + HOUR));
	CHECK_EQ_INT(adit_mutes_next_end(mutes, START + HOUR), START + 2 * HOUR);
	CHECK_EQ_INT(adit_mutes_in_force(mutes, START + HOUR, NULL, 0), 1);
	CHECK_EQ_INT(
		adit_mutes_end(mutes, name("a.test"), "bob", "x", START + HOUR, &error), -ENOENT);
	CHECK_CONTAINS(error.text, "exactly this domain");
	CHECK_EQ_INT(adit_mutes_end(mutes, name("x.b.test"), "bob", "x", START, &error), -ENOENT);
	CHECK_EQ_INT(adit_mutes_end(mutes, name("b.test"), "bob", "was one", START + 1, &error), 0);
	CHECK(!is_muted("b.test", START + 2));
	CHECK_EQ_INT(adit_mutes_next_end(mutes, START + HOUR), UINT64_MAX);
	/* And again: the newer one holds, the older one is over. */
	CHECK_EQ_INT(mute("b.test", START + 3 * HOUR, START + HOUR), 0);
	CHECK_EQ_INT(mute("b.test", START + 4 * HOUR, START + HOUR), 0);
	CHECK_EQ_INT(adit_mutes_in_force(mutes, START + HOUR, NULL, 0), 1);
	CHECK(is_muted("b.test", START + 4 * HOUR - 1));
	CHECK_CONTAINS(list(true, START + HOUR), "\"state\": \"expired\"");
	CHECK_CONTAINS(list(true, START + HOUR), "\"ended_by\": \"bob\"");
	CHECK_CONTAINS(list(true, START + HOUR), "\"ended_reason\": \"was one\"");
	CHECK(strstr(list(false, START + HOUR), "bob") == NULL);
	CHECK_CONTAINS(list(false, START + HOUR), "\"until\": \"2026-11-22T11:19:42Z\"");
	adit_mutes_close(mutes);
	mutes = NULL;
}

TEST(mutes, refuse_what_says_nothing)
{
	char longer[ADIT_MUTE_TEXT + 2];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	REQUIRE(adit_mutes_open(&mutes, NULL, &reading, &error) == 0);
	CHECK_EQ_INT(
		adit_mutes_add(mutes, name("a.test"), "alice", " \n", START + 1, START, &error),
		-EINVAL);
	CHECK_CONTAINS(error.text, "reason is empty");
	CHECK_EQ_INT(
		adit_mutes_add(mutes, name("a.test"), "alice", longer, START + 1, START, &error),
		-EINVAL);
	CHECK_CONTAINS(error.text, "1025 bytes");
	CHECK_EQ_INT(
		adit_mutes_add(mutes, name("a.test"), "", "x", START + 1, START, &error), -EINVAL);
	CHECK_EQ_INT(adit_mutes_add(
			     mutes, name("a.test"), "alice", "a\033[2J", START + 1, START, &error),
		-EINVAL);
	CHECK_CONTAINS(error.text, "a control character (0x1b)");
	CHECK_EQ_INT(mute("a.test", START, START), -EINVAL);
	CHECK_CONTAINS(error.text, "that time is over");
	CHECK_EQ_INT(adit_mutes_in_force(mutes, 0, NULL, 0), 0);
	adit_mutes_close(mutes);
	mutes = NULL;
}

TEST(mutes, are_there_after_a_restart)
{
	struct adit_mutes *other;

	path_make();
	again();
	CHECK_EQ_INT(mute("a\\046b\\255.test", START + HOUR, START), 0);
	CHECK_EQ_INT(adit_mutes_add(mutes, name("b.test"), "bob", "\"quoted\", \\ and \xc3\xa4",
			     START + HOUR, START, &error),
		0);
	CHECK_EQ_INT(mute("c.test", START + HOUR, START), 0);
	CHECK_EQ_INT(adit_mutes_end(mutes, name("c.test"), "eve", "why", START + 1, &error), 0);
	CHECK_EQ_INT(adit_mutes_open(&other, path, &reading, &error), -EBUSY);
	CHECK_CONTAINS(error.text, "another program has it open");
	again();
	CHECK_EQ_INT(reading.lines, 4);
	CHECK_EQ_INT(reading.passed_over, 0);
	CHECK(is_muted("x.a\\046b\\255.test", START + 1));
	CHECK(is_muted("b.test", START + 1));
	CHECK(!is_muted("c.test", START + 2));
	CHECK_EQ_STR(adit_mutes_find(mutes, name("b.test"), START)->reason,
		"\"quoted\", \\ and \xc3\xa4");
	CHECK_EQ_INT(adit_mutes_find(mutes, name("b.test"), START)->since_ns, START);
	CHECK_CONTAINS(list(true, START + 2), "\"ended_by\": \"eve\"");
	adit_mutes_close(mutes);
	mutes = NULL;
	unlink(path);
}

#define LINE(action, domain, rest)                                                           \
	"{\"schema\":\"adit.mute/1\",\"time\":\"2026-11-22T07:19:42Z\",\"action\":\"" action \
	"\",\"domain\":\"" domain "\",\"by\":\"alice\",\"reason\":\"x\"" rest "}\n"
#define UNTIL ",\"until\":\"2026-11-22T08:19:42.5Z\""

TEST(mutes, pass_over_lines_that_are_none)
{
	static const char *const broken[] = {"{}\n", "\n", "no JSON\n", "[]\n",
		LINE("mute", "b.test", ""), LINE("mute", "b.test", ",\"until\":\"later\""),
		LINE("moot", "b.test", UNTIL), LINE("mute", "b..test", UNTIL),
		"{\"schema\":\"adit.mute/2\",\"time\":\"2026-11-22T07:19:42Z\",\"action\":\"mute\","
		"\"domain\":\"b.test\",\"by\":\"a\",\"reason\":\"x\"" UNTIL "}\n"};
	char text[1024];

	path_make();
	for (size_t i = 0; i < ADIT_COUNT(broken); i++) {
		snprintf(text, sizeof(text), "%s%s%s", LINE("mute", "a.test", UNTIL), broken[i],
			LINE("mute", "c.test", UNTIL));
		write_file(text);
		again();
		CHECK_EQ_INT(reading.lines, 3);
		CHECK_EQ_INT(reading.passed_over, 1);
		snprintf(text, sizeof(text), "%s:2: ", path);
		CHECK_CONTAINS(reading.told.text, text);
		CHECK_CONTAINS(reading.told.text, "expected an object of schema \"adit.mute/1\"");
		CHECK(is_muted("a.test", START + HOUR));
		CHECK(is_muted("c.test", START));
		CHECK(!is_muted("a.test", START + HOUR + ADIT_NS_PER_S));
		CHECK(!is_muted("b.test", START));
	}
	/* An unmute of what was not muted is no fault of the file. */
	write_file(LINE("unmute", "a.test", ""));
	again();
	CHECK_EQ_INT(reading.passed_over, 0);
	adit_mutes_close(mutes);
	mutes = NULL;
	unlink(path);
}

/* Wherever the program was cut off: what was whole before is there, and what comes after too. */
TEST(mutes, outlive_a_torn_last_line)
{
	static const char whole[] = LINE("mute", "a.test", UNTIL);
	static const char torn[] = LINE("mute", "b.test", UNTIL);
	char text[sizeof(whole) + sizeof(torn)];

	path_make();
	for (size_t cut = 1; cut < sizeof(torn) - 1;
		cut = cut == sizeof(torn) - 2 || cut + 9 < sizeof(torn) - 2 ? cut + 9
									    : sizeof(torn) - 2) {
		bool is_whole = cut == sizeof(torn) - 2; /* all but its end */

		snprintf(text, sizeof(text), "%s%.*s", whole, (int)cut, torn);
		write_file(text);
		again();
		CHECK(is_muted("a.test", START));
		CHECK_EQ_INT(is_muted("b.test", START), is_whole);
		CHECK_EQ_INT(reading.passed_over, !is_whole);
		if (!is_whole)
			CHECK_CONTAINS(reading.told.text, ":2: its last line was cut");
		CHECK_EQ_INT(mute("c.test", START + HOUR, START), 0);
		again();
		CHECK_EQ_INT(reading.passed_over, !is_whole);
		CHECK(is_muted("a.test", START) && is_muted("c.test", START));
	}
	adit_mutes_close(mutes);
	mutes = NULL;
	unlink(path);
}

/* A disk without room: nothing changes, in memory or in the file, and it works once there is room.
 */
TEST(mutes, change_nothing_that_is_not_on_the_disk)
{
	struct rlimit before, small;

	path_make();
	again();
	CHECK_EQ_INT(mute("a.test", START + HOUR, START), 0);
	REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
	small = (struct rlimit){.rlim_cur = 200, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
	CHECK(mute("b.test", START + HOUR, START) < 0);
	CHECK_CONTAINS(error.text, "nothing has changed");
	CHECK(adit_mutes_end(mutes, name("a.test"), "bob", "x", START, &error) < 0);
	REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
	CHECK(is_muted("a.test", START) && !is_muted("b.test", START));
	CHECK_EQ_INT(mute("c.test", START + HOUR, START), 0);
	again();
	CHECK_EQ_INT(reading.lines, 2);
	CHECK_EQ_INT(reading.passed_over, 0);
	CHECK(is_muted("a.test", START) && !is_muted("b.test", START) && is_muted("c.test", START));
	adit_mutes_close(mutes);
	mutes = NULL;
	unlink(path);
}
