/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_form.h"
#include "harness.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

/* libconfig 1.5 loses the string before a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

static struct adit_error error;

enum colour { RED, GREEN, BLUE };
static const char *const colours[] = {"red", "green", "blue"};

struct point {
	double x, scale;
};

struct box {
	uint64_t width;
	size_t point_count;
	struct point points[3];
};

/* A field of every type. */
struct record {
	bool flag;
	uint64_t count, version;
	double number;
	char text[16], word[8];
	enum colour colour;
	uint32_t sum;
	struct box box, spare;
	size_t has_spare;
	size_t box_count;
	struct box boxes[2];
};

#define FORM(rows)           (&(const struct adit_form){rows, ADIT_COUNT(rows)})
#define AT(record, field)    .offset = offsetof(struct record, field)
#define ROOM(record, field)  .size = sizeof(((struct record *)0)->field)
#define COUNT(record, field) .presence = offsetof(struct record, field)

static const struct adit_form_row point_rows[] = {
	{"x", ADIT_FORM_NUMBER, true, AT(point, x)},
	{"scale", ADIT_FORM_POSITIVE, false, AT(point, scale)},
};

static const struct adit_form_row box_rows[] = {
	{"width", ADIT_FORM_COUNT, true, AT(box, width), .high = INT64_MAX},
	{"points", ADIT_FORM_LIST, false, AT(box, points), .size = sizeof(struct point),
		COUNT(box, point_count), .low = 1, .high = 3, .of = FORM(point_rows)},
};

static const struct adit_form_row rows[] = {
	{"version", ADIT_FORM_COUNT, true, AT(record, version), .low = 4, .high = 4},
	{"flag", ADIT_FORM_BOOL, false, AT(record, flag)},
	{"count", ADIT_FORM_COUNT, false, AT(record, count), .low = 2, .high = 9},
	{"number", ADIT_FORM_NUMBER, false, AT(record, number)},
	{"text", ADIT_FORM_TEXT, false, AT(record, text), ROOM(record, text)},
	{"word", ADIT_FORM_TEXT, false, AT(record, word), ROOM(record, word), .low = 2,
		.letters = "abc"},
	{"colour", ADIT_FORM_CHOICE, false, AT(record, colour), .low = GREEN, .high = BLUE,
		.names = colours},
	{"sum", ADIT_FORM_SUM, false, AT(record, sum)},
	{"box", ADIT_FORM_GROUP, true, AT(record, box), .of = FORM(box_rows)},
	{"spare", ADIT_FORM_GROUP, false, AT(record, spare), COUNT(record, has_spare),
		.of = FORM(box_rows)},
	{"boxes", ADIT_FORM_LIST, false, AT(record, boxes), .size = sizeof(struct box),
		COUNT(record, box_count), .high = 2, .of = FORM(box_rows)},
};
static const struct adit_form form = {rows, ADIT_COUNT(rows)};

/* Reads a text; the file goes to `file` if that is wanted. */
static int read(const char *text, struct record *record, struct adit_form_file **file)
{
	struct adit_form_file *opened;
	size_t size = strlen(text);
	int status;

	*record = (struct record){.flag = false};
	error.text[0] = '\0';
	status = adit_form_open(&opened, "f", harness_exact(text, size), size, 4096, &error);
	CHECK((status == 0) == (opened != NULL));
	if (status == 0)
		status = adit_form_read(opened, &form, record, &error);
	if (file != NULL)
		*file = opened;
	else
		adit_form_close(opened);
	return status;
}

/* What the form makes of a record; the caller frees it. */
static char *write(const struct record *record)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK_EQ_INT(adit_form_write(&form, record, to), 0);
	fclose(to);
	return text;
}

#define LEAST "version = 4; box: { width = 1; };"

TEST(form, reads_every_type)
{
	static const char text[] =
		"version = 4; // in any order\n"
		"boxes = ( { width = 0x10; }, { width = 9223372036854775807; } );\n"
		"box = { points = ( { x = -1e-3 }, { x = .5; scale = 2 } ), width = 3 }\n"
		"flag = TRUE; count = 9L; number = +7; text = \"a\\\"\\\\\\x41 \xc3\xa9\";\n"
		"word = \"ab\" \"ca\"; colour = \"blue\"; sum = \"00c0ffee\";\n"
		"spare: { width = 0; };";
	struct record record;

	CHECK_EQ_INT(read(text, &record, NULL), 0);
	CHECK_EQ_STR(error.text, "");
	CHECK(record.flag && record.number == 7);
	CHECK_EQ_INT(record.count, 9);
	CHECK_EQ_STR(record.text, "a\"\\A \xc3\xa9");
	CHECK_EQ_STR(record.word, "abca");
	CHECK_EQ_INT(record.colour, BLUE);
	CHECK_EQ_INT(record.sum, 0xc0ffee);
	CHECK_EQ_INT(record.box.width, 3);
	REQUIRE(record.box.point_count == 2);
	CHECK(record.box.points[0].x == -1e-3 && record.box.points[0].scale == 0);
	CHECK(record.box.points[1].x == 0.5 && record.box.points[1].scale == 2);
	CHECK_EQ_INT(record.has_spare, 1);
	REQUIRE(record.box_count == 2);
	CHECK_EQ_INT(record.boxes[0].width, 16);
	CHECK_EQ_INT(record.boxes[1].width, INT64_MAX);
}

TEST(form, writes_what_is_there)
{
	struct record record = {.version = 4, .box = {.width = 5}};
	char *text = write(&record);

	CHECK_EQ_STR(text, "version = 4;\nbox: {\n\twidth = 5;\n};\n");
	free(text);
	record.flag = true;
	record.colour = GREEN;
	record.sum = 0xab;
	record.number = -0.0;
	strcpy(record.text, "a\"\\");
	record.box.point_count = 2;
	record.box.points[1] = (struct point){1e300, 1};
	record.has_spare = record.box_count = 1;
	record.boxes[0] = record.box;
	text = write(&record);
	CHECK_EQ_STR(text, "version = 4;\nflag = true;\nnumber = -0.0;\ntext = \"a\\\"\\\\\";\n"
			   "colour = \"green\";\nsum = \"000000ab\";\n"
			   "box: {\n\twidth = 5;\n\tpoints = (\n\t\t{ x = 0.0; },\n"
			   "\t\t{ x = 1.0000000000000001e+300; scale = 1.0; }\n\t);\n};\n"
			   "spare: {\n\twidth = 0;\n};\n"
			   "boxes = (\n\t{ width = 5; points = (\n\t\t{ x = 0.0; },\n"
			   "\t\t{ x = 1.0000000000000001e+300; scale = 1.0; }\n\t); }\n);\n");
	free(text);
}

/* Every bit of a number comes back, and the text is the same the second time. */
TEST(form, what_is_written_reads_back_to_the_last_bit)
{
	static const double numbers[] = {0.1, 1.0 / 3, -0.0, 5e-324, DBL_MIN, DBL_MAX, -DBL_MAX,
		1e-5, 1e22, 1e23, 123456789012345678.0, 9007199254740993.0, M_PI, -2.5e-100, 4096};
	uint64_t bits = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < 2000; i++) {
		struct record record = {.version = 4}, back;
		char *text, *again;

		if (i < ADIT_COUNT(numbers)) {
			record.number = numbers[i];
		} else {
			bits = bits * 6364136223846793005 + 1442695040888963407;
			memcpy(&record.number, &bits, sizeof(bits));
		}
		if (!isfinite(record.number))
			continue;
		record.box = (struct box){bits >> 1, 1, {{-record.number, 1 / (double)(i + 1)}}};
		text = write(&record);
		CHECK_EQ_INT(read(text, &back, NULL), 0);
		CHECK_EQ_MEM(&back, &record, sizeof(record));
		again = write(&back);
		CHECK_EQ_STR(again, text);
		free(text);
		free(again);
	}
}

/* A row: text, and the message that it must give. */
static const struct refusal {
	const char *text, *message;
} refusals[] = {
	{"", "f:1: there is no version; it takes 4"},
	{"version = 4;\n\n", "f:2: there is no box; it takes a group { }"},
	{"version = 5;", "f:1: version: 5 is out of range; it takes 4"},
	{"\nversion = \"4\";", "f:2: version is a string; it takes 4"},
	{LEAST "flag = 1;", "f:1: flag is an integer; it takes true or false"},
	{LEAST "count = 1;", "f:1: count: 1 is out of range; it takes an integer from 2 to 9"},
	{LEAST "count = -3;", "f:1: count: -3 is out of range; it takes an integer from 2 to 9"},
	{LEAST "count = 2.0;",
		"f:1: count is a number with a fraction; it takes an integer from 2 to 9"},
	{LEAST "number = true;", "f:1: number is true or false; it takes a number"},
	{LEAST "number = 1e999;", "f:1: number: inf is out of range; it takes a number"},
	{LEAST "text = \"0123456789abcdef\";",
		"f:1: text does not fit; it takes a string of 0 to 15 printable bytes"},
	{LEAST "text = \"a\\tb\";",
		"f:1: text does not fit; it takes a string of 0 to 15 printable bytes"},
	{LEAST "word = \"a\";", "f:1: word does not fit; it takes a string of 2 to 7 of abc"},
	{LEAST "word = \"abd\";", "f:1: word does not fit; it takes a string of 2 to 7 of abc"},
	{LEAST "colour = \"red\";",
		"f:1: colour: \"red\" is not a choice; it takes one of \"green\", \"blue\""},
	{LEAST "sum = \"C0FFEE00\";", "f:1: sum does not fit; it takes 8 hexadecimal digits in "
				      "quotes"},
	{LEAST "sum = 12345678;",
		"f:1: sum is an integer; it takes 8 hexadecimal digits in quotes"},
	{"version = 4;\nbox: {\n };", "f:2: there is no box.width; it takes an integer from 0 to "
				      "9223372036854775807"},
	{"version = 4;\nbox: {\n width = 1;\n points = ( { x = 1; },\n { x = 1; scale = 0; } ); };",
		"f:5: box.points.scale: 0 is out of range; it takes a number above 0"},
	{"version = 4;\nbox: {\n width = 1;\n points = ( { x = 1; },\n { } ); };",
		"f:5: there is no box.points.x; it takes a number"},
	{"version = 4; box: { points = ( ); };",
		"f:1: box.points has 0 elements; it takes a list ( ) of 1 to 3 groups { }"},
	{"version = 4; box: { points = ( 1,\n2, 3, 4 ); };",
		"f:1: box.points has 4 elements; it takes a list ( ) of 1 to 3 groups { }"},
	{"version = 4; box: { points = (\n2 ); };",
		"f:2: box.points is an integer; it takes a list ( ) of 1 to 3 groups { }"},
	{"version = 4; box: { points = [ 1 ]; };",
		"f:1: box.points is a list; it takes a list ( ) of 1 to 3 groups { }"},
	{"version = 4; box = ( );", "f:1: box is a list; it takes a group { }"},
	{LEAST "\nbix: { };", "f:2: unknown setting bix; did you mean box?"},
	{LEAST "\nbox: { };", "f:2: this setting stands here a second time: \"box: { };\""},
	{LEAST "frobnicate = 1;",
		"f:1: unknown setting frobnicate; there are version, flag, count, number, text, "
		"word, colour, sum, box, spare, boxes"},
	{"version = 4; box: { depth = 1; };",
		"f:1: unknown setting box.depth; there are width, points"},
	{LEAST "number = .;", "f:1: a number ends in a letter or sign"},
	{LEAST "number = 1.5x = 3;", "f:1: a number ends in a letter or sign"},
	{LEAST "number = 1e;", "f:1: a number ends in a letter or sign"},
	{LEAST "number = -e5;", "f:1: a number ends in a letter or sign"},
	{LEAST "number = 1.2.3;", "f:1: a number ends in a letter or sign"},
	{LEAST "number = 1.5L;", "f:1: a number ends in a letter or sign"},
	{LEAST "number = nan;", "f:1: syntax error: \"" LEAST "number = nan;\"; write setting = "
				"value; or group: { setting = value; };"},
};

TEST(form, what_does_not_fit_is_refused)
{
	struct record record;

	for (size_t i = 0; i < ADIT_COUNT(refusals); i++) {
		CHECK_EQ_INT(read(refusals[i].text, &record, NULL), -EINVAL);
		CHECK_EQ_STR(error.text, refusals[i].message);
	}
}

TEST(form, what_is_no_text_is_refused)
{
	static const char zero[] = "version = 4;\0";
	struct adit_form_file *file;
	char large[4097];

	CHECK_EQ_INT(adit_form_open(&file, "f", zero, sizeof(zero), 4096, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "f: not text: it holds a zero byte");
	CHECK(file == NULL);
	memset(large, ' ', sizeof(large));
	CHECK_EQ_INT(adit_form_open(&file, "f", large, sizeof(large), 4096, &error), -EFBIG);
	CHECK_EQ_STR(error.text, "f: larger than 4 KiB");
	CHECK(file == NULL);
	adit_form_close(NULL);
}

static void check_place(const struct adit_form_file *file, const char *path, const char *want)
{
	CHECK_EQ_INT(adit_form_refuse(file, &error, -ERANGE, path, "no %s", "good"), -ERANGE);
	CHECK_EQ_STR(error.text, want);
}

TEST(form, a_caller_refuses_where_a_setting_stands)
{
	struct adit_form_file *file;
	struct record record;

	static const char text[] = "version = 4;\nbox: {\n width = 1;\n points = (\n { x = 1; },\n"
				   " {\n x = 2; } );\n};\n";

	CHECK_EQ_INT(read(text, &record, &file), 0);
	check_place(file, "version", "f:1: no good");
	check_place(file, "box.width", "f:3: no good");
	check_place(file, "box.points.[1].x", "f:7: no good");
	/* What is not there: what stands around it. */
	check_place(file, "box.points.[1].scale", "f:6: no good");
	check_place(file, "box.points.[2].x", "f:4: no good");
	check_place(file, "box.depth", "f:2: no good");
	check_place(file, "spare.width", "f:8: no good");
	adit_form_close(file);
}

TEST(form, a_full_disk_is_told)
{
	struct record record = {.version = 4};
	FILE *to = fopen("/dev/full", "w");

	REQUIRE(to != NULL);
	CHECK_EQ_INT(adit_form_write(&form, &record, to), -EIO);
	fclose(to);
}
