/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pattern files, the scanner, and what the shipped patterns hit and leave alone.
 */
#include "adit_pattern.h"

#include <errno.h>
#include <hs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adit_dns.h"
#include "harness.h"
#include "pattern_cases.h"
#include "pattern_priv.h"

struct fixture {
	struct adit_pattern_set *set;
	struct adit_scanner *scanner;
};

static bool fixture_open(struct fixture *fixture, const char *text)
{
	struct adit_error error = {""};
	*fixture = (struct fixture){NULL, NULL};
	if (adit_pattern_load_text("test", text, &fixture->set, &error) != 0 ||
		adit_scanner_create(fixture->set, &fixture->scanner, &error) != 0) {
		FAIL("%s", error.text);
		return false;
	}
	return true;
}

static void fixture_close(struct fixture *fixture)
{
	adit_scanner_destroy(fixture->scanner);
	adit_pattern_destroy(fixture->set);
}

/* Classes of wire octets. */
static uint32_t scan_wire(
	struct adit_scanner *scanner, const uint8_t *wire, size_t size, size_t registrable_at)
{
	struct adit_scan_name name = {.wire = harness_exact(wire, size),
		.wire_size = (uint8_t)size,
		.registrable_at = (uint8_t)registrable_at,
		.classes = UINT32_MAX};
	adit_scanner_names(scanner, &name, 1);
	return name.classes;
}

/* Classes of a name written as text, whose last `registrable` labels are its registrable domain;
 * 0: it has none. */
static uint32_t scan(struct adit_scanner *scanner, const char *text, unsigned registrable)
{
	struct adit_name name;
	if (adit_name_from_text(text, &name) != 0 || registrable > name.labels) {
		FAIL("no name: %s", text);
		return 0;
	}
	return scan_wire(scanner, name.wire, name.size,
		registrable > 0 ? name.label_at[name.labels - registrable] : name.size);
}

TEST(pattern_format, names_file_line_and_reason)
{
	for (size_t i = 0; i < ADIT_COUNT(bad_texts); i++) {
		struct adit_error error = {""};
		struct adit_pattern_set *set = NULL;
		CHECK_EQ_INT(
			adit_pattern_load_text("test", bad_texts[i].text, &set, &error), -EINVAL);
		CHECK_CONTAINS(error.text, bad_texts[i].want);
		CHECK(set == NULL);
	}
	CHECK_EQ_INT(
		adit_pattern_load_text("test", "nonsense", &(struct adit_pattern_set *){0}, NULL),
		-EINVAL);
}

TEST(pattern_format, long_expressions_leave_room_for_the_reason)
{
	char text[4096] = ONE_CLASS "qname sensitive ";
	struct adit_error error = {""};
	struct adit_pattern_set *set = NULL;
	size_t length = strlen(text);
	memset(text + length, 'a', 3000);
	strcpy(text + length + 3000, "(");
	CHECK_EQ_INT(adit_pattern_load_text("test", text, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "Missing close parenthesis");
}

TEST(pattern_format, reads_tools_and_classes_back)
{
	struct fixture fixture;
	const struct adit_class *class;
	REQUIRE(fixture_open(&fixture, "# comment\r\n"
				       "  # indented comment\n"
				       "tool one\n"
				       "\tid-step\t7727  \r\n"
				       "class first strong names 3 share 12.5% \"what # it is\"\n"
				       "  qname insensitive a # is no comment here\n"
				       "  qname sensitive b\n"
				       "class second shape names 4294967295 share 100% \"x\"\n"
				       "  datagram sensitive ^c\n"
				       "tool two_2\n"
				       "class first strong names 1 share 0.0001% \"y\"\n"
				       "  subdomain sensitive d\n"
				       "tool three-3\n"
				       "class c strong names 1 share 0.2500% \"z\"\n"
				       "  subdomain sensitive ^e$"));
	CHECK_EQ_INT(adit_pattern_classes(fixture.set), 4);
	CHECK_EQ_INT(adit_pattern_tools(fixture.set), 3);
	CHECK_EQ_INT(adit_pattern_expressions(fixture.set), 5);
	class = adit_pattern_class(fixture.set, 0);
	CHECK_EQ_STR(class->tool, "one");
	CHECK_EQ_STR(class->name, "first");
	CHECK_EQ_STR(class->what, "what # it is");
	CHECK_EQ_INT(class->strength, ADIT_STRENGTH_STRONG);
	CHECK_EQ_INT(class->names_min, 3);
	CHECK_EQ_INT(class->share_ppm, 125000);
	class = adit_pattern_class(fixture.set, 1);
	CHECK_EQ_STR(class->tool, "one");
	CHECK_EQ_INT(class->strength, ADIT_STRENGTH_SHAPE);
	CHECK_EQ_INT(class->names_min, UINT32_MAX);
	CHECK_EQ_INT(class->share_ppm, 1000000);
	CHECK_EQ_STR(adit_pattern_class(fixture.set, 2)->tool, "two_2");
	CHECK_EQ_INT(adit_pattern_class(fixture.set, 2)->share_ppm, 1);
	CHECK_EQ_INT(adit_pattern_class(fixture.set, 3)->share_ppm, 2500);
	CHECK_EQ_STR(adit_pattern_tool(fixture.set, 0)->name, "one");
	CHECK_EQ_INT(adit_pattern_tool(fixture.set, 0)->id_step, 7727);
	CHECK_EQ_INT(adit_pattern_tool(fixture.set, 1)->id_step, -1);
	/* '#' inside an expression belongs to it. */
	CHECK_EQ_INT(scan(fixture.scanner, "A\\032#\\032is\\032no\\032comment\\032here", 0), 1);
	fixture_close(&fixture);
}

/* `classes` classes; `per_tool` of them share a tool. */
static void many_classes(char *text, size_t room, int classes, int per_tool)
{
	size_t used = 0;
	for (int i = 0; i < classes; i++) {
		if (i % per_tool == 0)
			used += (size_t)snprintf(text + used, room - used, "tool t%d\n", i);
		used += (size_t)snprintf(text + used, room - used,
			"class c%d strong names 1 share 0%% \"w\"\nqname sensitive ^x%dx$\n", i, i);
	}
}

TEST(pattern_format, holds_32_classes_and_no_more)
{
	static char text[8192];
	struct adit_error error = {""};
	struct adit_pattern_set *set = NULL;
	struct fixture fixture;
	many_classes(text, sizeof(text), ADIT_CLASS_MAX, 3);
	REQUIRE(fixture_open(&fixture, text));
	CHECK_EQ_INT(scan(fixture.scanner, "x0x", 0), 1);
	CHECK_EQ_INT(scan(fixture.scanner, "x31x", 0), UINT32_C(1) << 31);
	fixture_close(&fixture);
	many_classes(text, sizeof(text), ADIT_CLASS_MAX + 1, 40);
	CHECK_EQ_INT(adit_pattern_load_text("test", text, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "test:66: more than 32 classes in all files");
	many_classes(text, sizeof(text), ADIT_CLASS_MAX + 1, 1);
	CHECK_EQ_INT(adit_pattern_load_text("test", text, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "test:97: more than 32 tools");
}

TEST(pattern_format, an_empty_text_is_a_set_without_classes)
{
	struct fixture fixture;
	REQUIRE(fixture_open(&fixture, "\n# nothing\n"));
	CHECK_EQ_INT(adit_pattern_classes(fixture.set), 0);
	CHECK_EQ_INT(scan(fixture.scanner, "www.example.com", 2), 0);
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, (const uint8_t *)"x", 1), 0);
	fixture_close(&fixture);
	adit_pattern_destroy(NULL);
	adit_scanner_destroy(NULL);
}

/* A directory of its own for a test; files are written into it by name. */
static char *directory_create(char *path, size_t room)
{
	const char *base = getenv("TMPDIR");
	snprintf(path, room, "%s/adit-pattern-XXXXXX", base != NULL ? base : "/tmp");
	return mkdtemp(path);
}

static void directory_write(const char *directory, const char *name, const char *bytes, size_t size)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	CHECK(file != NULL && fwrite(bytes, 1, size, file) == size);
	if (file != NULL)
		fclose(file);
}

static void directory_delete(const char *directory, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	CHECK_EQ_INT(remove(path), 0);
}

TEST(pattern_directory, reads_conf_files_in_byte_order)
{
	static const char a[] =
		"tool a\nclass c strong names 1 share 0% \"w\"\nqname sensitive a\n";
	static const char z[] =
		"tool z\nclass c strong names 1 share 0% \"w\"\nqname sensitive z\n";
	char path[128];
	struct adit_error error = {""};
	struct adit_pattern_set *set = NULL;
	REQUIRE(directory_create(path, sizeof(path)) != NULL);
	CHECK_EQ_INT(adit_pattern_load(path, &set, &error), -ENOENT);
	CHECK_CONTAINS(error.text, "no *.conf file");
	/* Capitals come first, whatever the locale says. */
	directory_write(path, "a.conf", a, sizeof(a) - 1);
	directory_write(path, "Z.conf", z, sizeof(z) - 1);
	directory_write(path, "notes.txt", "nonsense", 8);
	directory_write(path, ".conf", "nonsense", 8);
	directory_write(path, ".hidden.conf", "nonsense", 8);
	REQUIRE(adit_pattern_load(path, &set, &error) == 0);
	REQUIRE(adit_pattern_classes(set) == 2);
	CHECK_EQ_STR(adit_pattern_class(set, 0)->tool, "z");
	CHECK_EQ_STR(adit_pattern_class(set, 1)->tool, "a");
	adit_pattern_destroy(set);

	directory_write(path, "b.conf", a, sizeof(a) - 1);
	CHECK_EQ_INT(adit_pattern_load(path, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "/b.conf:1: tool \"a\" is there already");
	directory_write(path, "b.conf", "tool b\0\n", 8);
	CHECK_EQ_INT(adit_pattern_load(path, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "/b.conf: a NUL byte");
	/* An expression is blamed on its own file. */
	directory_write(path, "b.conf",
		"tool b\nclass c strong names 1 share 0% \"w\"\nqname sensitive [",
		strlen("tool b\nclass c strong names 1 share 0% \"w\"\nqname sensitive ["));
	CHECK_EQ_INT(adit_pattern_load(path, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "/b.conf:3: expression \"[\"");
	directory_delete(path, "b.conf");
	char inner[256];
	snprintf(inner, sizeof(inner), "%s/b.conf", path);
	REQUIRE(mkdir(inner, 0700) == 0);
	CHECK_EQ_INT(adit_pattern_load(path, &set, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "/b.conf: not a file");
	directory_delete(path, "b.conf");
	static const char *const names[] = {
		"a.conf", "Z.conf", "notes.txt", ".conf", ".hidden.conf"};
	for (size_t i = 0; i < ADIT_COUNT(names); i++)
		directory_delete(path, names[i]);
	CHECK_EQ_INT(rmdir(path), 0);
	CHECK_EQ_INT(adit_pattern_load(path, &set, &error), -ENOENT);
	CHECK_CONTAINS(error.text, path);
}

TEST(pattern_scan, content_cannot_pretend_to_be_structure)
{
	struct fixture fixture;
	static const uint8_t real[] = "\1a\1b\0", dot[] = "\3a.b\0", line[] = "\5a\nb.c\0";
	REQUIRE(fixture_open(&fixture,
		"tool t\n"
		"class dots strong names 1 share 0% \"w\"\nqname sensitive ^a\\.b$\n"
		"class start strong names 1 share 0% \"w\"\nqname sensitive (?m)^b\n"
		"class stand-in strong names 1 share 0% \"w\"\nqname sensitive ^a\\x1ab\n"));
	CHECK_EQ_INT(scan_wire(fixture.scanner, real, sizeof(real) - 1, 0), 1);
	CHECK_EQ_INT(scan_wire(fixture.scanner, dot, sizeof(dot) - 1, 0), 4);
	CHECK_EQ_INT(scan_wire(fixture.scanner, line, sizeof(line) - 1, 0), 4);
	CHECK_EQ_INT(scan_wire(fixture.scanner, (const uint8_t *)"\3a\032b", 5, 0), 4);
	fixture_close(&fixture);
}

/* The expression that matches this text and no other. */
static void exact_expression(const uint8_t *text, size_t length, char *expression)
{
	expression += sprintf(expression, "%s", ONE_CLASS "qname sensitive ^");
	for (size_t i = 0; i < length; i++)
		expression += sprintf(expression, "\\x%02x", text[i]);
	strcpy(expression, "\\z");
}

TEST(pattern_scan, text_is_what_the_header_says)
{
	static char expression[2048];
	uint32_t state = 1;
	/* Names of every kind of length, among them labels of 10, 26 and 46 octets, whose length
	 * octets are the very bytes that are replaced in content. */
	for (size_t want = 3; want <= ADIT_NAME_MAX; want += want < 40 ? 1 : 13) {
		uint8_t wire[ADIT_NAME_MAX], text[ADIT_NAME_MAX];
		size_t size = 0, length = 0;
		while (size + 1 < want) {
			static const uint8_t label_sizes[] = {1, 10, 26, 46, 63, 3};
			size_t label = label_sizes[(state >> 7) % ADIT_COUNT(label_sizes)];
			if (label > want - size - 2)
				label = want - size - 2;
			if (want - size - 2 - label == 1) /* no room for an octet of content */
				label -= label > 1;
			if (label == 0)
				break;
			if (length > 0)
				text[length++] = '.';
			wire[size++] = (uint8_t)label;
			while (label-- > 0) {
				static const uint8_t bytes[] = {'.', '\n', 0x1a, 'a', 0, 0xff};
				state = state * 1664525 + 1013904223;
				uint8_t byte = bytes[(state >> 16) % sizeof(bytes)];
				wire[size++] = byte;
				text[length++] = byte == '.' || byte == '\n' ? 0x1a : byte;
			}
			if (size + 2 >= want)
				break;
		}
		wire[size++] = 0;
		struct fixture fixture;
		exact_expression(text, length, expression);
		REQUIRE(fixture_open(&fixture, expression));
		CHECK_EQ_INT(scan_wire(fixture.scanner, wire, size, 0), 1);
		wire[1] ^= 0x40;
		CHECK_EQ_INT(scan_wire(fixture.scanner, wire, size, 0), 0);
		fixture_close(&fixture);
	}
}

TEST(pattern_scan, keeps_to_the_case_rule)
{
	struct fixture fixture;
	REQUIRE(fixture_open(&fixture,
		"tool t\n"
		"class exact strong names 1 share 0% \"w\"\nqname sensitive ^aBc$\n"
		"class any strong names 1 share 0% \"w\"\nqname insensitive ^aBc$\n"));
	CHECK_EQ_INT(scan(fixture.scanner, "aBc", 0), 3);
	CHECK_EQ_INT(scan(fixture.scanner, "abc", 0), 2);
	CHECK_EQ_INT(scan(fixture.scanner, "ABC", 0), 2);
	fixture_close(&fixture);
}

/* Rules may differ inside one class: both feed its one bit. */
TEST(pattern_scan, a_class_may_have_expressions_of_every_kind)
{
	struct fixture fixture;
	REQUIRE(fixture_open(&fixture,
		ONE_CLASS "qname sensitive ^Aa$\nqname insensitive ^bb$\n"
			  "subdomain sensitive ^cc$\ndatagram sensitive ^dd\n"));
	CHECK_EQ_INT(scan(fixture.scanner, "Aa", 0), 1);
	CHECK_EQ_INT(scan(fixture.scanner, "aA", 0), 0);
	CHECK_EQ_INT(scan(fixture.scanner, "Bb", 0), 1);
	CHECK_EQ_INT(scan(fixture.scanner, "cc.example.com", 2), 1);
	CHECK_EQ_INT(scan(fixture.scanner, "dd", 0), 0);
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, (const uint8_t *)"ddx", 3), 1);
	fixture_close(&fixture);
}

TEST(pattern_scan, tells_the_parts_of_a_name_apart)
{
	struct fixture fixture;
	struct adit_name name;
	REQUIRE(fixture_open(&fixture,
		"tool t\n"
		"class sub strong names 1 share 0% \"w\"\nsubdomain sensitive ^tun\\.b$\n"
		"class whole strong names 1 share 0% \"w\"\nqname sensitive "
		"^tun\\.b\\.example\\.com$\n"
		"class any strong names 1 share 0% \"w\"\nsubdomain sensitive example\n"));
	CHECK_EQ_INT(scan(fixture.scanner, "tun.b.example.com", 2), 3);
	CHECK_EQ_INT(scan(fixture.scanner, "tun.b.example.com", 1), 2 + 4);
	CHECK_EQ_INT(scan(fixture.scanner, "tun.b.example.com", 3), 2);
	CHECK_EQ_INT(scan(fixture.scanner, "tun.b.example.com", 4), 2);
	/* No registrable domain: all of it is subdomain, also when the offset is past the end or
	 * at the root. */
	CHECK_EQ_INT(scan(fixture.scanner, "tun.b.example.com", 0), 2 + 4);
	REQUIRE(adit_name_from_text("tun.b", &name) == 0);
	CHECK_EQ_INT(scan_wire(fixture.scanner, name.wire, name.size, name.size - 1u), 1);
	CHECK_EQ_INT(scan_wire(fixture.scanner, name.wire, name.size, name.size), 1);
	CHECK_EQ_INT(scan_wire(fixture.scanner, name.wire, name.size, 255), 1);
	CHECK_EQ_INT(scan_wire(fixture.scanner, name.wire, name.size, 0), 0);
	fixture_close(&fixture);
}

TEST(pattern_scan, reads_32_bytes_of_a_datagram)
{
	struct fixture fixture;
	uint8_t bytes[64] = {0x10, 0xd1, 0x9e, 0x21};
	REQUIRE(fixture_open(&fixture,
		"tool t\n"
		"class mark strong names 1 share 0% \"w\"\ndatagram sensitive ^\\x10\\xd1\\x9e.\n"
		"class late strong names 1 share 0% \"w\"\ndatagram sensitive x\n"));
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, bytes, 0), 0);
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, harness_exact(bytes, 3), 3), 0);
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, harness_exact(bytes, 4), 4), 1);
	bytes[3] = '\n'; /* '.' is any octet */
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, harness_exact(bytes, 4), 4), 1);
	bytes[32] = 'x';
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, bytes, sizeof(bytes)), 1);
	bytes[31] = 'x';
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, bytes, sizeof(bytes)), 3);
	fixture_close(&fixture);
}

TEST(pattern_scan, takes_bursts_of_any_size)
{
	enum { COUNT = 200 };
	struct fixture fixture;
	struct adit_scan_name names[COUNT];
	struct adit_name hit, miss;
	REQUIRE(fixture_open(&fixture, ONE_CLASS "subdomain sensitive ^hit$\n"));
	REQUIRE(adit_name_from_text("hit.example.com", &hit) == 0);
	REQUIRE(adit_name_from_text("miss.example.com", &miss) == 0);
	for (size_t count = 0; count <= COUNT; count += count < 3 ? 1 : 61) {
		for (size_t i = 0; i < COUNT; i++) {
			const struct adit_name *name = i % 3 == 0 ? &hit : &miss;
			names[i] = (struct adit_scan_name){
				name->wire, name->size, name->label_at[1], UINT32_MAX};
		}
		adit_scanner_names(fixture.scanner, names, count);
		for (size_t i = 0; i < COUNT; i++)
			CHECK_EQ_INT(names[i].classes, i >= count ? UINT32_MAX : i % 3 == 0);
	}
	fixture_close(&fixture);
}

TEST(pattern_scan, takes_the_smallest_and_the_largest_names)
{
	struct fixture fixture;
	uint8_t wire[ADIT_NAME_MAX];
	REQUIRE(fixture_open(&fixture,
		"tool t\n"
		"class some strong names 1 share 0% \"w\"\nqname sensitive .\n"
		"class end strong names 1 share 0% \"w\"\nqname sensitive ^(a{63}\\.){3}a{60}z$\n"
		"class many strong names 1 share 0% \"w\"\nsubdomain sensitive ^(b\\.){124}b$\n"));
	CHECK_EQ_INT(scan_wire(fixture.scanner, wire, 0, 0), 0);
	CHECK_EQ_INT(scan(fixture.scanner, ".", 0), 0);
	CHECK_EQ_INT(scan(fixture.scanner, "x", 0), 1);
	/* Three labels of 63, one of 61: 255 octets. */
	memset(wire, 'a', sizeof(wire));
	wire[0] = wire[64] = wire[128] = 63;
	wire[192] = 61;
	wire[253] = 'z';
	wire[254] = 0;
	CHECK_EQ_INT(scan_wire(fixture.scanner, wire, sizeof(wire), 255), 3);
	/* 127 labels of one octet. */
	for (size_t i = 0; i < sizeof(wire); i++)
		wire[i] = i % 2 == 0 ? 1 : 'b';
	wire[254] = 0;
	CHECK_EQ_INT(scan_wire(fixture.scanner, wire, sizeof(wire), 250), 1 + 4);
	fixture_close(&fixture);
}

/* The parser never gives such octets; if it did, nothing outside them would be read or written. */
TEST(pattern_scan, survives_octets_that_are_no_name)
{
	struct fixture fixture;
	uint8_t wire[ADIT_NAME_MAX];
	REQUIRE(fixture_open(&fixture, ONE_CLASS "qname sensitive .\n"));
	for (size_t size = 0; size <= sizeof(wire); size++) {
		memset(wire, size % 2 == 0 ? 0xff : 0, sizeof(wire));
		CHECK_EQ_INT(scan_wire(fixture.scanner, wire, size, size / 2), size >= 3);
	}
	fixture_close(&fixture);
}

struct scan_job {
	struct adit_scanner *scanner;
	const char *text;
	uint32_t want, wrong;
};

static void *scan_often(void *argument)
{
	struct scan_job *job = argument;
	struct adit_name name;
	job->wrong = adit_name_from_text(job->text, &name) != 0;
	for (int i = 0; i < 20000; i++) {
		struct adit_scan_name row = {name.wire, name.size, name.label_at[1], 0};
		adit_scanner_names(job->scanner, &row, 1);
		job->wrong += row.classes != job->want;
	}
	return NULL;
}

TEST(pattern_scan, threads_with_a_scanner_each_share_a_set)
{
	struct fixture fixture;
	struct scan_job jobs[4];
	pthread_t threads[4];
	REQUIRE(fixture_open(&fixture,
		"tool t\n"
		"class odd strong names 1 share 0% \"w\"\nsubdomain sensitive ^o[a-z]{3,9}d$\n"
		"class even strong names 1 share 0% \"w\"\nsubdomain sensitive ^e[a-z]{3,9}n$\n"));
	for (size_t i = 0; i < 4; i++) {
		jobs[i] = (struct scan_job){NULL, i % 2 == 0 ? "oxxxxd.example" : "eyyyyn.example",
			i % 2 == 0 ? 1 : 2, 0};
		CHECK_EQ_INT(adit_scanner_create(fixture.set, &jobs[i].scanner, NULL), 0);
		CHECK_EQ_INT(pthread_create(&threads[i], NULL, scan_often, &jobs[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		CHECK_EQ_INT(jobs[i].wrong, 0);
		adit_scanner_destroy(jobs[i].scanner);
	}
	fixture_close(&fixture);
}

static const char all_parts[] = ONE_CLASS "subdomain sensitive a[0-9]+b\nqname sensitive c.*d\n"
					  "datagram sensitive ^efg\n";

TEST(pattern_memory, each_of_our_allocations_may_fail)
{
	for (size_t fail_at = 0;; fail_at++) {
		struct harness_allocator allocator;
		struct adit_pattern_set *set = NULL;
		struct adit_scanner *scanner = NULL;
		struct adit_error error = {""};
		harness_allocator_init(&allocator, fail_at);
		int status = adit_pattern_load_text_from(
			"test", all_parts, &allocator.allocator, &set, &error);
		if (status == 0)
			status = adit_scanner_create(set, &scanner, &error);
		bool done = allocator.calls <= fail_at;
		CHECK_EQ_INT(status, done ? 0 : -ENOMEM);
		adit_scanner_destroy(scanner);
		adit_pattern_destroy(set);
		CHECK_EQ_INT(allocator.live, 0);
		if (done)
			break;
		CHECK_CONTAINS(error.text, "no memory");
		REQUIRE(fail_at < 100);
	}
	for (size_t fail_at = 0;; fail_at++) {
		char path[512];
		struct harness_allocator allocator;
		struct adit_pattern_set *set = NULL;
		harness_allocator_init(&allocator, fail_at);
		snprintf(path, sizeof(path), "%s/config/patterns", harness_source_root());
		int status = adit_pattern_load_from(path, &allocator.allocator, &set, NULL);
		adit_pattern_destroy(set);
		CHECK_EQ_INT(allocator.live, 0);
		if (status == 0)
			break;
		CHECK_EQ_INT(status, -ENOMEM);
		REQUIRE(fail_at < 100);
	}
}

/* Hyperscan has one allocator for the process, so what it counts is global. */
static size_t hs_calls, hs_fail_at;

static void *hs_failing_alloc(size_t size)
{
	return hs_calls++ == hs_fail_at ? NULL : malloc(size);
}

TEST(pattern_memory, each_of_hyperscans_allocations_may_fail)
{
	size_t failures = 0;
	REQUIRE(hs_set_allocator(hs_failing_alloc, free) == HS_SUCCESS);
	for (hs_fail_at = 0; hs_fail_at < 1000; hs_fail_at++) {
		struct adit_pattern_set *set = NULL;
		struct adit_scanner *scanner = NULL;
		struct adit_error error = {""};
		hs_calls = 0;
		int status = adit_pattern_load_text("test", all_parts, &set, &error);
		if (status == 0)
			status = adit_scanner_create(set, &scanner, &error);
		bool done = hs_calls <= hs_fail_at;
		CHECK_EQ_INT(status, done ? 0 : -ENOMEM);
		adit_scanner_destroy(scanner);
		adit_pattern_destroy(set);
		if (done)
			break;
		failures++;
		CHECK_CONTAINS(error.text, "no memory");
	}
	hs_set_allocator(NULL, NULL);
	/* Three databases, their scratch, a clone: it did get into each of them. */
	CHECK(failures >= 7 && failures < 1000);
}

static bool shipped_open(struct fixture *fixture)
{
	char path[512];
	struct adit_error error = {""};
	snprintf(path, sizeof(path), "%s/config/patterns", harness_source_root());
	*fixture = (struct fixture){NULL, NULL};
	if (adit_pattern_load(path, &fixture->set, &error) != 0 ||
		adit_scanner_create(fixture->set, &fixture->scanner, &error) != 0) {
		FAIL("%s", error.text);
		return false;
	}
	return true;
}

/* The bit of a shipped class. */
static uint32_t class_bit(const struct adit_pattern_set *set, const char *tool, const char *name)
{
	for (size_t i = 0; i < adit_pattern_classes(set); i++) {
		const struct adit_class *class = adit_pattern_class(set, i);
		if (strcmp(class->tool, tool) == 0 && strcmp(class->name, name) == 0)
			return UINT32_C(1) << i;
	}
	FAIL("no class %s/%s", tool, name);
	return 0;
}

static void check_hits(
	const struct fixture *fixture, const char *name, const char *tool, const char *class)
{
	uint32_t classes = scan(fixture->scanner, name, 2);
	if ((classes & class_bit(fixture->set, tool, class)) == 0)
		FAIL("%s misses %s/%s (0x%" PRIx32 ")", name, tool, class, classes);
}

TEST(pattern_shipped, hits_names_written_by_hand)
{
	struct fixture fixture;
	REQUIRE(shipped_open(&fixture));
	for (size_t i = 0; i < ADIT_COUNT(known_names); i++)
		check_hits(
			&fixture, known_names[i].name, known_names[i].tool, known_names[i].class);
	fixture_close(&fixture);
}

TEST(pattern_shipped, leaves_benign_names_alone)
{
	struct fixture fixture;
	uint32_t strong = 0;
	REQUIRE(shipped_open(&fixture));
	for (size_t i = 0; i < adit_pattern_classes(fixture.set); i++) {
		if (adit_pattern_class(fixture.set, i)->strength == ADIT_STRENGTH_STRONG)
			strong |= UINT32_C(1) << i;
	}
	for (size_t i = 0; i < ADIT_COUNT(benign_names); i++) {
		/* With a registrable domain and without one. */
		bool two = strchr(benign_names[i], '.') != NULL;
		uint32_t classes = scan(fixture.scanner, benign_names[i], two ? 2 : 0) |
				   scan(fixture.scanner, benign_names[i], 0);
		if ((classes & strong) != 0)
			FAIL("%s hits 0x%" PRIx32, benign_names[i], classes & strong);
	}
	CHECK(ADIT_COUNT(benign_names) >= 100);
	fixture_close(&fixture);
}

static uint8_t next_octet(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (uint8_t)(*state >> 24);
}

/* `head` octets, then random ones up to `size`, encoded below a domain; `prefix` in front. */
struct generated {
	const char *tool, *class, *prefix, *alphabet;
	unsigned bits;
	size_t label, size; /* label: characters; size: octets */
	size_t fixed_at;    /* offset of the fixed octets among random ones */
	const char *fixed;  /* NUL-terminated hex digits */
	const char *suffix;
};

static const struct generated generated_rows[] = {
	/* version {0x00000502, random 2} */
	{"iodine", "handshake", "v", base32_iodine, 5, 0, 6, 0, "00000502", ".t"},
	/* ping {user 1, 1, 2}, log-in {user 1, MD5 16, 2}, fragment size {user 1, 2, 2} */
	{"iodine", "session", "p", base32_iodine, 5, 0, 4, 0, "0f", ".t"},
	{"iodine", "session", "l", base32_iodine, 5, 0, 19, 0, "00", ""},
	{"iodine", "session", "n", base32_iodine, 5, 0, 5, 0, "07", ""},
	{"iodine", "session", "0aab7", base32_iodine, 5, 0, 30, 0, "", ".t"},
	/* {session 2, acknowledged 2, sequence 2, type 4}, and type 8 with data */
	{"dns2tcp", "poll", "", base64_rfc4648, 6, 63, 7, 6, "04", ".t"},
	{"dns2tcp", "session", "", base64_rfc4648, 6, 63, 7, 6, "04", ""},
	{"dns2tcp", "session", "", base64_rfc4648, 6, 63, 120, 6, "08", ""},
	{"dns2tcp", "session", "", base64_rfc4648, 6, 63, 8, 6, "08", ""},
	/* {random 2, type 1, session 2, …} */
	{"dnscat2", "session", "", base16_lower, 4, 60, 9, 2, "01", ""},
	{"dnscat2", "session", "", base16_lower, 4, 60, 80, 2, "03", ".t"},
	{"dnscat2", "session", "", base16_lower, 4, 60, 10, 2, "ff", ""},
	/* {client 8, 0xe8, random 8}; {client 8, 0xe3, random 3, length, data}; {client 8, 0xe0} */
	{"dnstt", "poll", "", base32_rfc4648, 5, 63, 17, 8, "e8", ".t"},
	{"dnstt", "session", "", base32_rfc4648, 5, 63, 17, 8, "e8", ".t"},
	{"dnstt", "session", "", base32_rfc4648, 5, 63, 100, 8, "e3", ""},
	{"dnstt", "session", "", base32_rfc4648, 5, 63, 9, 8, "e0", ""},
	{"slipstream", "session", "", base32_rfc4648, 5, 57, 100, 0, "", ""},
};

TEST(pattern_shipped, hits_generated_names)
{
	struct fixture fixture;
	uint32_t state = 7;
	REQUIRE(shipped_open(&fixture));
	for (size_t i = 0; i < ADIT_COUNT(generated_rows); i++) {
		const struct generated *row = &generated_rows[i];
		for (int round = 0; round < 200; round++) {
			uint8_t octets[128];
			char text[512];
			size_t fixed_size;
			const uint8_t *fixed = harness_hex(row->fixed, &fixed_size);
			for (size_t j = 0; j < row->size; j++)
				octets[j] = next_octet(&state);
			memcpy(octets + row->fixed_at, fixed, fixed_size);
			size_t length = (size_t)sprintf(text, "%s", row->prefix);
			length += encode(row->alphabet, row->bits, octets, row->size, row->label,
				text + length);
			sprintf(text + length, "%s.example.com", row->suffix);
			check_hits(&fixture, text, row->tool, row->class);
			if (harness_failed())
				break;
		}
	}
	fixture_close(&fixture);
}

/* No domain of its own: the hexadecimal labels are the registrable domain. */
TEST(pattern_shipped, hits_dnscat2_without_a_domain)
{
	struct fixture fixture;
	REQUIRE(shipped_open(&fixture));
	check_hits(&fixture, "dnscat.1a2b01c3d40a0b0c0d", "dnscat2", "prefix");
	check_hits(&fixture, "dnscat.1a2b00c3d40a0b0c0d0e0f.00112233", "dnscat2", "prefix");
	fixture_close(&fixture);
}

TEST(pattern_shipped, hits_iodines_raw_mode_only_by_its_mark)
{
	struct fixture fixture;
	REQUIRE(shipped_open(&fixture));
	uint32_t raw = class_bit(fixture.set, "iodine", "raw");
	CHECK_EQ_INT(
		adit_scanner_datagram(fixture.scanner, (const uint8_t *)"\x10\xd1\x9e\x21zzzz", 8),
		raw);
	CHECK_EQ_INT(adit_scanner_datagram(fixture.scanner, (const uint8_t *)"\x10\xd1\x9e\x31", 4),
		raw);
	CHECK_EQ_INT(
		adit_scanner_datagram(fixture.scanner, (const uint8_t *)"\x10\xd1\x9f\x21", 4), 0);
	CHECK_EQ_INT(
		adit_scanner_datagram(fixture.scanner, (const uint8_t *)"x\x10\xd1\x9e\x21", 5), 0);
	fixture_close(&fixture);
}

TEST(pattern_shipped, tells_the_tools_other_habits)
{
	struct fixture fixture;
	bool iodine = false;
	REQUIRE(shipped_open(&fixture));
	CHECK_EQ_INT(adit_pattern_tools(fixture.set), 9);
	for (size_t i = 0; i < adit_pattern_tools(fixture.set); i++) {
		const struct adit_tool *tool = adit_pattern_tool(fixture.set, i);
		if (strcmp(tool->name, "iodine") != 0)
			continue;
		iodine = true;
		CHECK_EQ_INT(tool->id_step, 7727);
	}
	CHECK(iodine);
	fixture_close(&fixture);
}
