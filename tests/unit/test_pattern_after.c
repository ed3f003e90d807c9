/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sets of patterns that take the place of another: which bit a class is, and what is told of it.
 */
#include "adit_pattern.h"
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

static void write_file(const char *text)
{
	char path[96];
	FILE *file;

	if (folder[0] == '\0') {
		snprintf(folder, sizeof(folder), "/tmp/adit-patterns-XXXXXX");
		if (mkdtemp(folder) == NULL)
			FAIL("no folder %s", folder);
	}
	snprintf(path, sizeof(path), "%s/p.conf", folder);
	file = fopen(path, "w");
	if (file == NULL) {
		FAIL("%s can't be written", path);
		return;
	}
	fputs(text, file);
	fclose(file);
}

static void folder_remove(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/p.conf", folder);
	unlink(path);
	rmdir(folder);
	folder[0] = '\0';
}

static struct adit_pattern_set *load(
	const char *text, const struct adit_pattern_set *before, uint32_t rested)
{
	struct adit_pattern_set *set = NULL;
	struct adit_error error = {""};

	write_file(text);
	if (adit_pattern_load_after(folder, before, rested, &set, &error) != 0)
		FAIL("%s", error.text);
	return set;
}

/* The classes of a name under net.test. */
static uint32_t classes_of(const struct adit_pattern_set *set, const char *label)
{
	struct adit_scanner *scanner;
	uint8_t wire[64];
	size_t size = strlen(label);
	struct adit_scan_name name = {.wire = wire};

	wire[0] = (uint8_t)size;
	memcpy(wire + 1, label, size);
	memcpy(wire + 1 + size, "\3net\4test", 10);
	name.wire_size = (uint8_t)(size + 11);
	name.registrable_at = (uint8_t)(size + 1);
	if (adit_scanner_create(set, &scanner, NULL) != 0) {
		FAIL("no scanner");
		return 0;
	}
	adit_scanner_names(scanner, &name, 1);
	adit_scanner_destroy(scanner);
	return name.classes;
}

#define CLASS(name, expression) \
	"class " name " strong names 1 share 0% \"x\"\nsubdomain sensitive " expression "\n"

TEST(pattern_after, a_class_keeps_its_bit_and_its_tools_name)
{
	struct adit_pattern_set *first = load(
		"tool a\n" CLASS("one", "^a1") CLASS("two", "^a2") "tool b\n" CLASS("one", "^b1"),
		NULL, 0);
	struct adit_pattern_set *second, *third;
	struct adit_pattern_change change;
	const char *tool;

	REQUIRE(first != NULL);
	CHECK_EQ_INT(classes_of(first, "b1x"), 4);
	tool = adit_pattern_class(first, 2)->tool;
	/* In another order, with one less, one changed and one more. */
	second = load("tool b\n" CLASS("new", "^b9")
			      CLASS("one", "^b1") "tool a\n" CLASS("one", "^a7"),
		first, 0);
	REQUIRE(second != NULL);
	change = adit_pattern_changed(second);
	CHECK_EQ_INT(change.changed, 1 << 0);
	CHECK_EQ_INT(change.gone, 1 << 1);
	CHECK_EQ_INT(change.added, 1 << 3);
	CHECK_EQ_INT(adit_pattern_classes(second), 4);
	CHECK(adit_pattern_class(second, 1)->tool == NULL);
	CHECK_EQ_INT(classes_of(second, "b1x"), 4);
	CHECK_EQ_INT(classes_of(second, "a7x"), 1);
	CHECK_EQ_INT(classes_of(second, "a2x"), 0);
	CHECK_EQ_INT(classes_of(second, "b9x"), 8);
	CHECK(adit_pattern_class(second, 2)->tool == tool);
	adit_pattern_destroy(first);
	CHECK_EQ_STR(tool, "b");
	/* What comes back has its own place again; a tool that is gone keeps its name. */
	third = load("tool a\n" CLASS("two", "^a2") "tool c\n" CLASS("one", "^c"), second, 0);
	REQUIRE(third != NULL);
	adit_pattern_destroy(second);
	change = adit_pattern_changed(third);
	CHECK_EQ_INT(change.added, 1 << 1 | 1 << 4);
	CHECK_EQ_INT(change.gone, 1 << 0 | 1 << 2 | 1 << 3);
	CHECK_EQ_INT(change.changed, 0);
	CHECK_EQ_INT(classes_of(third, "a2x"), 2);
	CHECK_EQ_INT(classes_of(third, "cx"), 16);
	CHECK_EQ_STR(tool, "b");
	adit_pattern_destroy(third);
	folder_remove();
}

/* Vacant places are given away only where nothing is counted any more. */
TEST(pattern_after, places_run_out)
{
	char text[4096], *at = text + sprintf(text, "tool a\n");
	struct adit_pattern_set *full, *empty, *again = NULL;
	struct adit_error error;

	for (int i = 0; i < ADIT_CLASS_MAX; i++)
		at += sprintf(at, "class c%d strong names 1 share 0%% \"x\"\nqname sensitive ^%d\n",
			i, i);
	full = load(text, NULL, 0);
	REQUIRE(full != NULL);
	empty = load("tool a\n" CLASS("c3", "^3"), full, 0);
	REQUIRE(empty != NULL);
	CHECK_EQ_INT(adit_pattern_changed(empty).gone, ~(UINT32_C(1) << 3));
	write_file("tool b\n" CLASS("x", "^x") CLASS("y", "^y"));
	CHECK_EQ_INT(
		adit_pattern_load_after(folder, empty, UINT32_C(1) << 9, &again, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "class \"y\" of \"b\": there are 32 places");
	CHECK_CONTAINS(error.text, "reload again in some minutes, or restart");
	again = load("tool b\n" CLASS("x", "^x"), empty, UINT32_C(1) << 9 | UINT32_C(1) << 3);
	REQUIRE(again != NULL);
	/* Place 3 was not vacant. */
	CHECK_EQ_INT(classes_of(again, "xx"), 1 << 9);
	CHECK_EQ_INT(adit_pattern_changed(again).added, 1 << 9);
	adit_pattern_destroy(full);
	adit_pattern_destroy(empty);
	adit_pattern_destroy(again);
	folder_remove();
}
