/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_suffix.h"
#include "harness.h"
#include "suffix_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#ifdef ADIT_TEST_LIBPSL
#include <libpsl.h>
#endif

#define SYSTEM_LIST "/usr/share/publicsuffix/public_suffix_list.dat"

static const char list_text[] = "rule.before.sections\n"
				"// ===BEGIN ICANN DOMAINS===\n"
				"com\r\n"
				"uk // the rule ends at the space\n"
				"\n"
				"  \t\n"
				"co.uk\tcomment\n"
				"*.ck\n"
				"!www.ck\n"
				"jp\n"
				"*.kawasaki.jp\n"
				"!city.kawasaki.jp\n"
				"arpa\n"
				"in-addr.arpa\n"
				"cn\n"
				"\345\205\254\345\217\270.cn\n" /* U+516C U+53F8 */
				"\347\275\221\347\273\234\n"    /* U+7F51 U+7EDC */
				"UPPER.CASE\n"
				"// ===END ICANN DOMAINS===\n"
				"// ===BEGIN PRIVATE DOMAINS===\n"
				"blogspot.com\n"
				"*.compute.example.com\n"
				"a.b.c.deep.com\n"
				"!private.kawasaki.jp\n"
				"both.com\n"
				"*.both.com\n"
				"// ===END PRIVATE DOMAINS===\n"
				"after.com\n"
				"jp"; /* again, and no newline at the end */

static struct adit_suffix_list *load(const char *text, size_t size)
{
	struct adit_suffix_list *list = NULL;
	struct adit_error error = {{0}};
	const char *exact = (const char *)harness_exact(text, size);

	if (adit_suffix_load_text("list", exact, size, NULL, &list, &error) != 0)
		FAIL("%s", error.text);
	return list;
}

/* `want` is the registrable domain, or "" where there is none. */
static void check_find(const struct adit_suffix_list *list, const char *text, const char *want,
	bool known, bool is_private)
{
	struct adit_registrable got;
	struct adit_name name;
	char found[ADIT_NAME_TEXT_MAX] = "";
	unsigned labels = *want != '\0';

	REQUIRE(adit_name_from_text(text, &name) == 0);
	for (const char *dot = strchr(want, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
		labels++;
	memset(&got, 0x5a, sizeof(got));
	adit_suffix_find(list, &name, &got);
	if (got.labels != 0)
		adit_name_to_text(name.lower + got.offset, (size_t)name.size - got.offset, found,
			sizeof(found));
	else
		CHECK_EQ_INT(got.offset, 0);
	if (strcmp(found, want) != 0 || got.labels != labels || got.known != known ||
		got.is_private != is_private)
		FAIL("%s: %s (%u labels, known %d, private %d), expected %s (%u, %d, %d)", text,
			found, got.labels, got.known, got.is_private, want, labels, known,
			is_private);
}

TEST(suffix, rules)
{
	struct adit_suffix_list *list = load(list_text, sizeof(list_text) - 1);

	REQUIRE(list != NULL);
	CHECK_EQ_INT(adit_suffix_rules(list), 22);
	check_find(list, ".", "", false, false);
	check_find(list, "com", "", true, false);
	check_find(list, "example.com", "example.com", true, false);
	check_find(list, "a.b.c.Example.COM", "example.com", true, false);
	check_find(list, "co.uk", "", true, false);
	check_find(list, "a.co.uk", "a.co.uk", true, false);
	check_find(list, "b.a.co.uk", "a.co.uk", true, false);
	check_find(list, "a.org.uk", "org.uk", true, false);
	/* a label that begins or ends as a rule does */
	check_find(list, "a.xco.uk", "xco.uk", true, false);
	check_find(list, "a.cox.uk", "cox.uk", true, false);
	check_find(list, "4.3.2.1.in-addr.arpa", "1.in-addr.arpa", true, false);
	check_find(list, "b.upper.case", "b.upper.case", true, false);
	check_find(list, "a.rule.before.sections", "a.rule.before.sections", true, false);
	adit_suffix_destroy(list);
}

TEST(suffix, unknown_top_level_domains)
{
	struct adit_suffix_list *list = load(list_text, sizeof(list_text) - 1);

	REQUIRE(list != NULL);
	check_find(list, "lan", "", false, false);
	check_find(list, "host.lan", "host.lan", false, false);
	check_find(list, "a.b.host.lan", "host.lan", false, false);
	/* Part of a rule is no rule. */
	check_find(list, "a.other.case", "other.case", false, false);
	check_find(list, "case", "", false, false);
	adit_suffix_destroy(list);
}

TEST(suffix, wildcards_and_exceptions)
{
	struct adit_suffix_list *list = load(list_text, sizeof(list_text) - 1);

	REQUIRE(list != NULL);
	check_find(list, "ck", "", false, false);
	check_find(list, "a.ck", "", true, false);
	check_find(list, "b.a.ck", "b.a.ck", true, false);
	check_find(list, "c.b.a.ck", "b.a.ck", true, false);
	check_find(list, "www.ck", "www.ck", true, false);
	check_find(list, "a.www.ck", "www.ck", true, false);
	check_find(list, "kawasaki.jp", "kawasaki.jp", true, false);
	check_find(list, "a.kawasaki.jp", "", true, false);
	check_find(list, "b.a.kawasaki.jp", "b.a.kawasaki.jp", true, false);
	check_find(list, "city.kawasaki.jp", "city.kawasaki.jp", true, false);
	check_find(list, "a.city.kawasaki.jp", "city.kawasaki.jp", true, false);
	check_find(list, "a.private.kawasaki.jp", "private.kawasaki.jp", true, true);
	adit_suffix_destroy(list);
}

TEST(suffix, private_section)
{
	struct adit_suffix_list *list = load(list_text, sizeof(list_text) - 1);

	REQUIRE(list != NULL);
	check_find(list, "blogspot.com", "", true, true);
	check_find(list, "a.blogspot.com", "a.blogspot.com", true, true);
	check_find(list, "compute.example.com", "example.com", true, false);
	check_find(list, "a.compute.example.com", "", true, true);
	check_find(list, "b.a.compute.example.com", "b.a.compute.example.com", true, true);
	check_find(list, "b.c.deep.com", "deep.com", true, false);
	check_find(list, "a.b.c.deep.com", "", true, true);
	check_find(list, "z.a.b.c.deep.com", "z.a.b.c.deep.com", true, true);
	check_find(list, "x.b.c.deep.com", "deep.com", true, false);
	check_find(list, "both.com", "", true, true);
	check_find(list, "a.both.com", "", true, true);
	check_find(list, "b.a.both.com", "b.a.both.com", true, true);
	check_find(list, "x.after.com", "x.after.com", true, false);
	adit_suffix_destroy(list);
}

TEST(suffix, international_rules_are_a_labels)
{
	struct adit_suffix_list *list = load(list_text, sizeof(list_text) - 1);

	REQUIRE(list != NULL);
	check_find(list, "a.xn--55qx5d.cn", "a.xn--55qx5d.cn", true, false);
	check_find(list, "A.XN--55QX5D.CN", "a.xn--55qx5d.cn", true, false);
	check_find(list, "a.xn--io0a7i", "a.xn--io0a7i", true, false);
	check_find(list, "a.xn--io0a7j", "a.xn--io0a7j", false, false);
	adit_suffix_destroy(list);
}

/* The longest name, all of whose labels lie in the last bytes of `lower`, and the most labels. */
TEST(suffix, longest_names)
{
	struct adit_suffix_list *list;
	char rule[300], text[300];

	/* Four labels of 63, 63, 63 and 59 octets, below "z". */
	memset(text, 'l', sizeof(text));
	text[63] = text[127] = text[191] = text[251] = '.';
	text[252] = 'z';
	text[253] = '\0';
	snprintf(rule, sizeof(rule), "%s\n", text + 64);
	list = load(rule, strlen(rule));
	REQUIRE(list != NULL);
	check_find(list, text, text, true, false);
	check_find(list, text + 64, "", true, false);
	text[250] = 'k';
	check_find(list, text, text + 192, false, false);
	adit_suffix_destroy(list);

	for (size_t i = 0; i < 127; i++)
		text[2 * i] = 'a', text[2 * i + 1] = '.';
	text[253] = '\0';
	list = load(text + 2, strlen(text + 2));
	REQUIRE(list != NULL);
	check_find(list, text, text, true, false);
	check_find(list, text + 2, "", true, false);
	check_find(list, text + 4, "a.a", false, false);
	adit_suffix_destroy(list);
}

TEST(suffix, lines_that_are_no_rule)
{
	char long_label[80], long_rule[320];
	const char *const bad[] = {"a..b", ".com", "com.", ".", "a.*.b", "*", "*com", "*.", "*..a",
		"*.*.a", "!", "!com", "!*.com", "!.com", "http://a.b", "/ a", "a\\.b", "a,b",
		"\377.com", "\303(.com", "\340\200\257.com", "\355\240\200.com",
		"\364\220\200\200.com", "\303", long_label, long_rule};

	memset(long_label, 'x', 64);
	long_label[64] = '\0';
	memset(long_rule, 'x', sizeof(long_rule));
	for (size_t i = 40; i < sizeof(long_rule); i += 41)
		long_rule[i] = '.';
	long_rule[sizeof(long_rule) - 1] = '\0';
	for (size_t i = 0; i < ADIT_COUNT(bad); i++) {
		struct adit_suffix_list *list = (void *)bad;
		struct adit_error error = {{0}};
		char text[400];
		size_t size;

		snprintf(text, sizeof(text), "com\n// a comment\n%s\norg\n", bad[i]);
		size = strlen(text);
		CHECK_EQ_INT(
			adit_suffix_load_text("some.dat", (const char *)harness_exact(text, size),
				size, NULL, &list, &error),
			-EINVAL);
		CHECK(list == NULL);
		CHECK_CONTAINS(error.text, "some.dat line 3");
	}
}

TEST(suffix, empty_list_leaves_the_default_rule)
{
	struct adit_suffix_list *list = load("", 0);

	REQUIRE(list != NULL);
	CHECK_EQ_INT(adit_suffix_rules(list), 0);
	check_find(list, "a.b.c", "b.c", false, false);
	adit_suffix_destroy(list);
	adit_suffix_destroy(NULL);
}

TEST(suffix, file_errors)
{
	struct adit_suffix_list *list;
	struct adit_error error;

	CHECK_EQ_INT(adit_suffix_load("/nonexistent/list.dat", NULL, &list, &error), -ENOENT);
	CHECK(list == NULL);
	CHECK_CONTAINS(error.text, "/nonexistent/list.dat");
	CHECK_EQ_INT(adit_suffix_load("/", NULL, &list, &error), -EISDIR);
	CHECK_EQ_INT(adit_suffix_load("/dev/zero", NULL, &list, &error), -EFBIG);
	CHECK(list == NULL);
	CHECK_EQ_INT(adit_suffix_load("/dev/null", NULL, &list, &error), 0);
	adit_suffix_destroy(list);
}

/* Enough rules that rows and text grow, with labels that are prefixes of others. */
static const char *many_rules(unsigned count)
{
	static char text[5000 * 16];
	size_t used = 0;

	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "r%u.example\n", i);
	return text;
}

TEST(suffix, the_table_grows)
{
	const unsigned count = 5000;
	const char *text = many_rules(count);
	struct adit_suffix_list *list = load(text, strlen(text));

	REQUIRE(list != NULL);
	CHECK_EQ_INT(adit_suffix_rules(list), count);
	for (unsigned i = 0; i < 2 * count; i++) {
		char name[64], want[64];

		snprintf(name, sizeof(name), "b.a.r%u.example", i);
		snprintf(want, sizeof(want), "%sr%u.example", i < count ? "a." : "", i);
		check_find(list, name, want, i < count, false);
	}
	adit_suffix_destroy(list);
}

TEST(suffix, every_failed_allocation_is_told)
{
	const char *text = many_rules(2000);
	int result = -ENOMEM;

	for (size_t fail_at = 0; result != 0 && fail_at < 100; fail_at++) {
		struct harness_allocator allocator;
		struct adit_suffix_list *list;
		struct adit_error error = {{0}};

		harness_allocator_init(&allocator, fail_at);
		result = adit_suffix_load_text(
			"list", text, strlen(text), &allocator.allocator, &list, &error);
		if (result != 0) {
			CHECK_EQ_INT(result, -ENOMEM);
			CHECK_CONTAINS(error.text, "memory");
			CHECK(list == NULL);
		}
		adit_suffix_destroy(list);
		CHECK_EQ_INT(allocator.live, 0);
	}
	CHECK_EQ_INT(result, 0);
}

TEST(punycode, labels)
{
	static const struct {
		const char *utf8, *ascii;
	} rows[] = {
		{"plain-1", "plain-1"},
		{"b\303\274cher", "xn--bcher-kva"},
		{"m\303\274nchen", "xn--mnchen-3ya"},
		{"\321\200\321\204", "xn--p1ai"},
		{"\351\246\231\346\270\257", "xn--j6w193g"},
		{"\360\237\222\251", "xn--ls8h"},
		/* RFC 3492 section 7.1 (A), (B) and (L) */
		{"\331\204\331\212\331\207\331\205\330\247\330\250\330\252\331\203\331\204\331\205"
		 "\331\210\330\264\330\271\330\261\330\250\331\212\330\237",
			"xn--egbpdaj6bu4bxfgehfvwxn"},
		{"\344\273\226\344\273\254\344\270\272\344\273\200\344\271\210\344\270\215\350\257"
		 "\264\344\270\255\346\226\207",
			"xn--ihqwcrb4cv8a8dqg056pqjye"},
		{"3\345\271\264B\347\265\204\351\207\221\345\205\253\345\205\210\347\224\237",
			"xn--3B-ww4c5e180e575a65lsy2b"},
	};
	char ascii[64];

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		int length = adit_punycode_label(rows[i].utf8, strlen(rows[i].utf8), ascii);

		REQUIRE(length > 0);
		ascii[length] = '\0';
		CHECK_EQ_STR(ascii, rows[i].ascii);
	}
}

TEST(punycode, lengths)
{
	char utf8[300], ascii[64];

	memset(utf8, 'a', sizeof(utf8));
	CHECK_EQ_INT(adit_punycode_label(utf8, 0, ascii), -EINVAL);
	CHECK_EQ_INT(adit_punycode_label(utf8, 63, ascii), 63);
	CHECK_EQ_INT(adit_punycode_label(utf8, 64, ascii), -EINVAL);
	CHECK_EQ_INT(adit_punycode_label(utf8, sizeof(utf8), ascii), -EINVAL);
	/* "xn--", a hyphen and here three digits stand beside the ASCII letters. */
	for (size_t letters = 50; letters <= 60; letters++) {
		memset(utf8, 'a', letters);
		memcpy(utf8 + letters, "\303\274", 2);
		CHECK_EQ_INT(adit_punycode_label(utf8, letters + 2, ascii),
			letters <= 55 ? (int)letters + 8 : -EINVAL);
	}
	/* Cut in the middle of a character. */
	for (size_t size = 1; size < 4; size++)
		CHECK_EQ_INT(
			adit_punycode_label(
				(const char *)harness_exact("\360\237\222\251", size), size, ascii),
			-EINVAL);
}

#ifdef ADIT_TEST_LIBPSL

struct compared {
	const struct adit_suffix_list *list;
	const psl_ctx_t *psl;
	size_t rules, names, differences;
};

/*
 * The one known difference: libpsl takes "*.kobe.jp" to make kobe.jp a public suffix too. By the
 * algorithm that publicsuffix.org states it is not, unless a rule of its own says so; then its
 * registrable domain is that of the name above it, or else itself.
 */
static const char *without_wildcard_parent(const psl_ctx_t *psl, const char *text)
{
	char below[ADIT_NAME_TEXT_MAX + 16];
	const char *dot = strchr(text, '.'), *above;

	snprintf(below, sizeof(below), "no-such-rule.%s", text);
	if (dot == NULL || !psl_is_public_suffix(psl, below))
		return NULL;
	above = psl_registrable_domain(psl, dot + 1);
	return above != NULL ? above : text;
}

/* Both opinions on one name of lower-case ASCII. What makes no name is left out. */
static void compare(struct compared *c, const char *text)
{
	struct adit_registrable got;
	struct adit_name name;
	char ours[ADIT_NAME_TEXT_MAX] = "";
	const char *theirs;

	if (adit_name_from_text(text, &name) != 0)
		return;
	adit_suffix_find(c->list, &name, &got);
	if (got.labels != 0)
		adit_name_to_text(name.lower + got.offset, (size_t)name.size - got.offset, ours,
			sizeof(ours));
	theirs = psl_registrable_domain(c->psl, text);
	c->names++;
	if (theirs == NULL && ours[0] != '\0')
		theirs = without_wildcard_parent(c->psl, text);
	if (strcmp(ours, theirs != NULL ? theirs : "") != 0) {
		if (c->differences++ < 10)
			FAIL("%s: \"%s\", libpsl says \"%s\"", text, ours, theirs ? theirs : "");
	} else if (got.labels != 0) {
		const char *suffix = strchr(ours, '.') + 1;
		bool known =
			psl_is_public_suffix2(c->psl, suffix, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
		bool is_private = psl_is_public_suffix2(
			c->psl, suffix, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE);

		if ((got.known != known || got.is_private != is_private) && c->differences++ < 10)
			FAIL("%s: known %d, private %d, libpsl says %d, %d", text, got.known,
				got.is_private, known, is_private);
	}
}

/* Deterministic noise. */
static unsigned noise(unsigned below)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(state >> 33) % below;
}

__attribute__((format(printf, 2, 3))) static void compare_made(
	struct compared *c, const char *format, ...)
{
	char text[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	compare(c, text);
}

/* The rule's name with A-labels; false for a line without a rule. */
static bool rule_ascii(const char *line, char *text, size_t room)
{
	size_t used = 0;

	line += line[0] == '!' ? 1 : strncmp(line, "*.", 2) == 0 ? 2 : 0;
	if (strncmp(line, "//", 2) == 0 || strcspn(line, " \t\r\n") == 0)
		return false;
	for (;;) {
		size_t size = strcspn(line, ". \t\r\n");
		int length = room - used > 64 ? adit_punycode_label(line, size, text + used) : -1;

		if (length < 0)
			return false;
		used += (size_t)length;
		text[used++] = '.';
		if (line[size] != '.')
			break;
		line += size + 1;
	}
	text[used - 1] = '\0';
	return true;
}

/* Names at, above, below and beside a rule. */
static void compare_rule(struct compared *c, const char *rule)
{
	const char *dot = strchr(rule, '.');

	compare(c, rule);
	compare_made(c, "a.%s", rule);
	compare_made(c, "b.a.%s", rule);
	compare_made(c, "c.b.a.%s", rule);
	compare_made(c, "www.%s", rule);
	compare_made(c, "x.city.%s", rule);
	compare_made(c, "x%s", rule);
	compare_made(c, "a.x%s", rule);
	compare_made(c, "a.%sx", rule);
	compare_made(c, "q%u.r%u.%s", noise(1000), noise(1000), rule);
	if (dot != NULL) {
		compare(c, dot + 1);
		compare_made(c, "s%u%s", noise(1000), dot);
		compare_made(c, "t.s%u%s", noise(1000), dot);
		compare_made(c, "t.s.%.*sy%s", (int)(dot - rule), rule, dot);
	}
}

/* Calls `use` with every line of a file; false if it cannot be read. */
static bool each_line(
	const char *path, struct compared *c, void (*use)(struct compared *c, const char *line))
{
	FILE *file = fopen(path, "r");
	char line[1024];

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		use(c, line);
	fclose(file);
	return true;
}

static void compare_list_line(struct compared *c, const char *line)
{
	char rule[512];

	if (!rule_ascii(line, rule, sizeof(rule)))
		return;
	c->rules++;
	compare_rule(c, rule);
}

static void compare_domain_line(struct compared *c, const char *line)
{
	int size = (int)strcspn(line, " \t\r\n");

	compare_made(c, "%.*s", size, line);
	compare_made(c, "h%u.%.*s", noise(1000), size, line);
	compare_made(c, "h%u.i%u.%.*s", noise(1000), noise(1000), size, line);
}

static void compare_with_libpsl(const char *path)
{
	const char *shared = harness_shared_root();
	struct adit_suffix_list *list;
	struct compared c = {0};
	struct adit_error error;
	char domains[512];
	psl_ctx_t *psl;

	if (adit_suffix_load(path, NULL, &list, &error) == -ENOENT)
		SKIP("%s", error.text);
	REQUIRE(list != NULL);
	psl = psl_load_file(path);
	REQUIRE(psl != NULL);
	c.list = list;
	c.psl = psl;
	CHECK(each_line(path, &c, compare_list_line));
	CHECK_EQ_INT(adit_suffix_rules(list), c.rules);
	if (shared != NULL) {
		snprintf(domains, sizeof(domains), "%s/lists/popular-domains-100k.txt", shared);
		each_line(domains, &c, compare_domain_line);
	}
	CHECK(c.names >= 100000);
	CHECK_EQ_INT(c.differences, 0);
	psl_free(psl);
	adit_suffix_destroy(list);
}

TEST(suffix_libpsl, agrees_over_the_system_list)
{
	compare_with_libpsl(SYSTEM_LIST);
}

TEST(suffix_libpsl, agrees_over_the_shared_list)
{
	const char *shared = harness_shared_root();
	char path[512];

	if (shared == NULL)
		SKIP("no shared files");
	snprintf(path, sizeof(path), "%s/lists/public_suffix_list.dat", shared);
	compare_with_libpsl(path);
}

#else

TEST(suffix_libpsl, agrees_over_the_system_list)
{
	SKIP("built without libpsl");
}

#endif
