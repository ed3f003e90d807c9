/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_table.h"
#include "harness.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct adit_error error;

/* Reads this text as a file; what a message says of the path is cut off. */
static int read_bytes(const char *text, size_t size, const struct adit_table_params *params,
	struct adit_table **table)
{
	char path[] = "/tmp/adit-table-XXXXXX";
	int file = mkstemp(path), status;

	error.text[0] = '\0';
	if (file < 0 || write(file, text, size) != (ssize_t)size)
		FAIL("no temporary file");
	close(file);
	status = adit_table_read(path, params, table, &error);
	unlink(path);
	if (strncmp(error.text, path, strlen(path)) == 0)
		memmove(error.text, error.text + strlen(path),
			strlen(error.text + strlen(path)) + 1);
	return status;
}

static struct adit_table *read_good(const char *text, const struct adit_table_params *params)
{
	struct adit_table *table;

	CHECK_EQ_INT(read_bytes(text, strlen(text), params, &table), 0);
	CHECK_EQ_STR(error.text, "");
	return table;
}

static void check_refused(
	const char *text, const struct adit_table_params *params, int status, const char *want)
{
	struct adit_table *table;

	CHECK_EQ_INT(read_bytes(text, strlen(text), params, &table), status);
	CHECK(table == NULL);
	CHECK_EQ_STR(error.text, want);
	adit_table_destroy(table);
}

static void check_values(
	const struct adit_table *table, size_t rows, size_t columns, const double *want)
{
	CHECK_EQ_INT(table->rows, rows);
	CHECK_EQ_INT(table->columns, columns);
	if (table->rows == rows && table->columns == columns)
		CHECK_EQ_MEM(table->values, want, rows * columns * sizeof(*want));
}

TEST(table, reads_all_columns_of_a_header)
{
	struct adit_table *table;

	check_refused("a,b c\n1,2\n\n-3.5e2, 0x10 \n", NULL, -EINVAL,
		":4: column 1 (b c): \"0x10\" is no number");
	table = read_good("\xef\xbb\xbf"
			  "a,b c\r\n1, 2 \r\n\r\n-3.5e2,\"1\"",
		NULL);
	REQUIRE(table != NULL);
	check_values(table, 2, 2, (const double[]){1, 2, -350, 1});
	CHECK_EQ_STR(table->names[0], "a");
	CHECK_EQ_STR(table->names[1], "b c");
	CHECK(table->labels == NULL);
	CHECK(table->groupings[0].column == NULL);
	CHECK_EQ_INT(table->lines[0], 2);
	CHECK_EQ_INT(table->lines[1], 4);
	adit_table_destroy(table);
}

/* The table of the seed: no header, services by number, text in bars. */
TEST(table, reads_numbered_columns_of_chosen_rows)
{
	const struct adit_table_params params = {.quote = '|',
		.no_header = true,
		.columns = (const char *const[]){"2", "1"},
		.column_count = 2,
		.group_columns = {"4"},
		.filters = {{"0", "9000"}, {"3", "x,y"}}};
	struct adit_table *table = read_good("9000,1,2,|x,y|,u\n9001,no,no,|x,y|,u\n"
					     "9000,5,6,z,u\n 9000 ,3,4,|x,y|,|v||w|\n",
		&params);

	REQUIRE(table != NULL);
	check_values(table, 2, 2, (const double[]){2, 1, 4, 3});
	CHECK_EQ_STR(table->names[0], "2");
	CHECK_EQ_INT(table->groupings[0].count, 2);
	CHECK_EQ_STR(table->groupings[0].names[1], "v|w");
	CHECK_EQ_INT(table->groupings[0].of_row[1], 1);
	CHECK_EQ_INT(table->lines[1], 4);
	adit_table_destroy(table);
}

TEST(table, labels_and_groups_stand_beside_the_values)
{
	const struct adit_table_params params = {.delimiter = '\t',
		.label_column = "kind",
		.label_positive = "tunnel",
		.group_columns = {"capture", "tool"}};
	struct adit_table *table = read_good("capture\tkind\tx\ttool\none\ttunnel\t1\ti\n"
					     "two\tbenign\t2\t\none\tother\t3\ti\n",
		&params);

	REQUIRE(table != NULL);
	check_values(table, 3, 1, (const double[]){1, 2, 3});
	CHECK_EQ_MEM(table->labels, ((const uint8_t[]){1, 0, 0}), 3);
	CHECK_EQ_STR(table->groupings[0].column, "capture");
	CHECK_EQ_MEM(table->groupings[0].of_row, ((const uint32_t[]){0, 1, 0}), 12);
	CHECK_EQ_STR(table->groupings[1].names[1], "");
	CHECK_EQ_MEM(table->groupings[1].of_row, ((const uint32_t[]){0, 1, 0}), 12);
	adit_table_destroy(table);
}

TEST(table, a_name_in_the_header_goes_before_a_number)
{
	const struct adit_table_params params = {
		.columns = (const char *const[]){"0", "1"}, .column_count = 2};
	struct adit_table *table = read_good("1,0\n10,20\n", &params);

	REQUIRE(table != NULL);
	check_values(table, 1, 2, (const double[]){20, 10});
	adit_table_destroy(table);
}

TEST(table, missing_values_are_told_or_kept)
{
	const struct adit_table_params params = {.missing = true};
	struct adit_table *table = read_good("a,b\n,NaN\n1,nan\n", &params);

	REQUIRE(table != NULL);
	CHECK(isnan(table->values[0]) && isnan(table->values[1]) && isnan(table->values[3]));
	adit_table_destroy(table);
	check_refused("a,b\n1,\n", NULL, -EINVAL, ":2: column 1 (b): \"\" is no number");
	check_refused("a\ninf\n", &params, -EINVAL, ":2: column 0 (a): \"inf\" is no number");
	check_refused("a\n1e999\n", &params, -EINVAL, ":2: column 0 (a): \"1e999\" is no number");
}

TEST(table, says_what_is_wrong_and_where)
{
	const struct adit_table_params absent = {
		.columns = (const char *const[]){"c"}, .column_count = 1};
	const struct adit_table_params label = {.label_column = "a"};
	const struct adit_table_params few = {.rows_max = 1};

	check_refused("", NULL, -EINVAL, ": the file is empty");
	check_refused("a,b\n1,2\n1,2,3\n", NULL, -EINVAL, ":3: 3 fields; the first line has 2");
	check_refused("a,b\n1\n", NULL, -EINVAL, ":2: 1 fields; the first line has 2");
	check_refused("a,b\n1,\"2\n", NULL, -EINVAL,
		":2: column 1: the quote does not end before a ',' or the end of the line");
	check_refused("a,b\n1,\"2\"x\n", NULL, -EINVAL,
		":2: column 1: the quote does not end before a ',' or the end of the line");
	check_refused("a,b\n1,2\n", &absent, -EINVAL,
		":1: there is no column \"c\"; there are 2, 0 (a) to 1 (b)");
	check_refused("a,b\nyes,2\n", &label, -EINVAL,
		":2: column 0 (a): \"yes\" is no label; 0 or 1 is right, or say which text is a "
		"positive");
	check_refused("a\n1\n2\n", &few, -E2BIG, ":3: more than 1 rows, which is the most");
	check_refused("a,\n1,2\n", NULL, -EINVAL,
		":1: column 1: its name has 0 bytes; 1 to 127 are right");
}

TEST(table, long_lines_and_zero_bytes_are_refused)
{
	size_t size = ADIT_TABLE_LINE_MAX + 10;
	char *text = malloc(size);
	struct adit_table *table;

	memset(text, '1', size);
	memcpy(text, "a\n", 2);
	CHECK_EQ_INT(read_bytes(text, size, NULL, &table), -EINVAL);
	CHECK_CONTAINS(error.text, ":2: the line is longer than 65535 bytes");
	CHECK_EQ_INT(read_bytes("a\n1\0002\n3\n", 8, NULL, &table), -EINVAL);
	CHECK_CONTAINS(error.text, "has a zero byte");
	/* The longest line there may be, without a line end. */
	memset(text + 2, ' ', ADIT_TABLE_LINE_MAX);
	text[2] = '7';
	CHECK_EQ_INT(read_bytes(text, 2 + ADIT_TABLE_LINE_MAX, NULL, &table), 0);
	CHECK_EQ_STR(error.text, "");
	if (table != NULL)
		check_values(table, 1, 1, (const double[]){7});
	adit_table_destroy(table);
	free(text);
}

TEST(table, too_many_columns_are_refused)
{
	char *text = malloc(2 * ADIT_TABLE_COLUMNS_MAX + 2);

	for (size_t i = 0; i <= ADIT_TABLE_COLUMNS_MAX; i++)
		memcpy(text + 2 * i, "1,", 2);
	text[2 * ADIT_TABLE_COLUMNS_MAX + 1] = '\0';
	check_refused(text, NULL, -EINVAL, ":1: more than 1024 fields");
	free(text);
}

TEST(table, a_file_that_is_not_there_is_told)
{
	struct adit_table *table;

	CHECK_EQ_INT(adit_table_read("/nonexistent/x.csv", NULL, &table, &error), -ENOENT);
	CHECK_EQ_STR(error.text, "/nonexistent/x.csv: cannot be read: No such file or directory");
	CHECK_EQ_INT(adit_table_read("/tmp", NULL, &table, &error), -EIO);
}

static bool stop_at(void *context, uint64_t done, uint64_t total)
{
	uint64_t *calls = context;

	CHECK(done > 0 && done <= total);
	return ++*calls < 2;
}

TEST(table, progress_is_told_and_may_stop)
{
	uint64_t calls = 0;
	struct adit_table_params params = {.progress = {stop_at, &calls}};
	char *text = malloc(20002 + 1), *at = text;

	for (size_t i = 0; i < 10001; i++)
		at = mempcpy(at, "1\n", 2);
	*at = '\0';
	check_refused(text, &params, -ECANCELED, ": stopped");
	CHECK_EQ_INT(calls, 2);
	free(text);
}

TEST(table, selects_rows_and_columns)
{
	const struct adit_table_params params = {.label_column = "l", .group_columns = {"g"}};
	struct adit_table *table = read_good("a,b,l,g\n1,2,0,x\n3,4,1,y\n5,6,1,x\n", &params);
	struct adit_table *part, *chosen;

	REQUIRE(table != NULL);
	part = adit_table_select(table, (const size_t[]){2, 0, 2}, 3);
	REQUIRE(part != NULL);
	check_values(part, 3, 2, (const double[]){5, 6, 1, 2, 5, 6});
	CHECK_EQ_MEM(part->labels, ((const uint8_t[]){1, 0, 1}), 3);
	CHECK_EQ_INT(part->lines[0], 4);
	CHECK_EQ_INT(part->groupings[0].of_row[2], 0);
	CHECK_EQ_STR(part->groupings[0].names[1], "y");
	CHECK_EQ_INT(adit_table_columns(part, (const char *const[]){"b"}, 1, &chosen, &error), 0);
	check_values(chosen, 3, 1, (const double[]){6, 2, 6});
	CHECK_EQ_MEM(chosen->labels, ((const uint8_t[]){1, 0, 1}), 3);
	adit_table_destroy(chosen);
	CHECK_EQ_INT(
		adit_table_columns(part, (const char *const[]){"z"}, 1, &chosen, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "there is no column \"z\" among the 2");
	adit_table_destroy(part);
	adit_table_destroy(table);
}

TEST(table, a_ratio_over_zero_is_the_numerator)
{
	struct adit_table *table = read_good("up,s\n6,3\n7,0\n", NULL);

	REQUIRE(table != NULL);
	CHECK_EQ_INT(adit_table_add_ratio(table, "up", "s", "rate", &error), 0);
	check_values(table, 2, 3, (const double[]){6, 3, 2, 7, 0, 7});
	CHECK_EQ_STR(table->names[2], "rate");
	CHECK_EQ_INT(adit_table_add_ratio(table, "up", "s", "rate", &error), -EINVAL);
	CHECK_EQ_INT(adit_table_add_ratio(table, "up", "t", "other", &error), -EINVAL);
	CHECK_EQ_STR(error.text, "there is no column \"t\" among the 3");
	adit_table_destroy(table);
}

TEST(table, scores_are_written_so_that_they_are_read_back)
{
	const struct adit_table_params params = {.label_column = "l", .group_columns = {"g"}};
	struct adit_table *table = read_good("a,l,g\n1,0,\"x,\"\"y\"\n2,1,z\n", &params), *back;
	const double scores[] = {0.1, 1.0 / 3};
	const uint8_t flagged[] = {0, 1};
	const struct adit_table_params plain = {.group_columns = {"g"}};
	char path[] = "/tmp/adit-scores-XXXXXX";

	REQUIRE(table != NULL && mkstemp(path) >= 0);
	CHECK_EQ_INT(adit_table_write_scores(table, scores, flagged, path, &error), 0);
	REQUIRE(adit_table_read(path, &plain, &back, &error) == 0);
	check_values(back, 2, 4, (const double[]){2, 0.1, 0, 0, 3, 1.0 / 3, 1, 1});
	CHECK_EQ_STR(back->names[1], "score");
	CHECK_EQ_STR(back->groupings[0].names[0], "x,\"y");
	unlink(path);
	CHECK_EQ_INT(
		adit_table_write_scores(table, scores, flagged, "/nonexistent/x", &error), -ENOENT);
	CHECK_EQ_STR(
		error.text, "/nonexistent/x.new: cannot be written: No such file or directory");
	adit_table_destroy(table);
	adit_table_destroy(back);
}

TEST(table, many_groups_are_told_apart)
{
	const struct adit_table_params params = {.group_columns = {"g"}};
	static char text[400000];
	char *at = text;
	struct adit_table *table;

	at += snprintf(at, 8, "x,g\n");
	for (unsigned i = 0; i < 20000; i++)
		at += snprintf(at, 32, "%u,g%u\n", i, i * 7919 % 5000);
	table = read_good(text, &params);
	REQUIRE(table != NULL);
	CHECK_EQ_INT(table->groupings[0].count, 5000);
	for (unsigned i = 0; i < 20000; i++) {
		if (table->groupings[0].of_row[i] != table->groupings[0].of_row[i % 5000])
			FAIL("row %u", i);
	}
	adit_table_destroy(table);
}
