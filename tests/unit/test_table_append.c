/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_table.h"
#include "harness.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct adit_error error;

static struct adit_table *read_text(
	const char *text, const struct adit_table_params *params, int want)
{
	char path[] = "/tmp/adit-append-XXXXXX";
	struct adit_table *table = NULL;
	int file = mkstemp(path);

	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
		FAIL("no temporary file");
	close(file);
	CHECK_EQ_INT(adit_table_read(path, params, &table, &error), want);
	unlink(path);
	return table;
}

TEST(table_append, rows_labels_and_groups_follow)
{
	struct adit_table_params params = {.label_column = "l", .group_columns = {"g", NULL}};
	struct adit_table *table = read_text("a,b,l,g\n1,2,0,x\n3,4,1,y\n", &params, 0);
	struct adit_table *more = read_text("a,b,l,g\n\n5,6,1,z\n7,8,0,x\n9,10,0,w\n", &params, 0);
	const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	const uint8_t labels[] = {0, 1, 1, 0, 0};
	const uint64_t lines[] = {2, 3, 3, 4, 5};
	const uint32_t groups[] = {0, 1, 2, 0, 3};

	REQUIRE(table != NULL && more != NULL);
	CHECK_EQ_INT(adit_table_append(table, more, &error), 0);
	REQUIRE(table->rows == 5);
	CHECK_EQ_MEM(table->values, values, sizeof(values));
	CHECK_EQ_MEM(table->labels, labels, sizeof(labels));
	CHECK_EQ_MEM(table->lines, lines, sizeof(lines));
	CHECK_EQ_MEM(table->groupings[0].of_row, groups, sizeof(groups));
	REQUIRE(table->groupings[0].count == 4);
	CHECK_EQ_STR(table->groupings[0].names[2], "z");
	CHECK_EQ_STR(table->groupings[0].names[3], "w");
	/* And a second time, onto what has grown. */
	CHECK_EQ_INT(adit_table_append(table, more, &error), 0);
	CHECK_EQ_INT(table->rows, 8);
	CHECK_EQ_INT(table->groupings[0].count, 4);
	adit_table_destroy(table);
	adit_table_destroy(more);
}

TEST(table_append, tables_of_other_shapes_are_refused)
{
	static const struct adit_table_params plain, labelled = {.label_column = "b"};
	static const struct adit_table_params grouped = {.group_columns = {"b", NULL}};
	struct adit_table *table = read_text("a\n1\n", &plain, 0);
	struct adit_table *others[] = {read_text("b\n1\n", &plain, 0),
		read_text("a,b\n1,2\n", &plain, 0), read_text("a,b\n1,1\n", &labelled, 0),
		read_text("a,b\n1,1\n", &grouped, 0)};

	for (size_t i = 0; i < ADIT_COUNT(others); i++) {
		CHECK_EQ_INT(adit_table_append(table, others[i], &error), -EINVAL);
		CHECK_EQ_INT(table->rows, 1);
		adit_table_destroy(others[i]);
	}
	adit_table_destroy(table);
}

TEST(table_append, ratios_are_read_as_columns)
{
	static const char *const names[] = {"up/s", "s/up", "a/b", "a/b/s", "up"};
	static const char *const wrong[] = {"up/nothing"};
	struct adit_table_params params = {
		.missing = true, .columns = names, .column_count = ADIT_COUNT(names)};
	struct adit_table_params bad = {.columns = wrong, .column_count = 1};
	const char *text = "up,s,a/b\n6,3,7\n5,0,8\n1,nan,4\n";
	struct adit_table *table = read_text(text, &params, 0);

	REQUIRE(table != NULL && table->rows == 3);
	CHECK(table->values[0] == 2 && table->values[1] == 0.5 && table->values[2] == 7);
	/* A header with the very name goes first, also as a part. */
	CHECK(table->values[3] == 7.0 / 3);
	/* Over 0, the numerator. */
	CHECK(table->values[5] == 5 && table->values[6] == 0);
	CHECK(isnan(table->values[10]) && isnan(table->values[11]) && table->values[12] == 4);
	CHECK_EQ_STR(table->names[0], "up/s");
	adit_table_destroy(table);
	CHECK(read_text(text, &bad, -EINVAL) == NULL);
	CHECK(strstr(error.text, "there is no column \"up/nothing\"") != NULL);
	CHECK(read_text("up,s,a/b\n1e300,1e-300,1\n", &params, -EINVAL) == NULL);
}

TEST(table_append, numbers_make_ratios_without_a_header)
{
	static const char *const names[] = {"0/1", "1"};
	struct adit_table_params params = {
		.no_header = true, .columns = names, .column_count = ADIT_COUNT(names)};
	struct adit_table *table = read_text("6,3\n8,4\n", &params, 0);

	REQUIRE(table != NULL && table->rows == 2);
	CHECK(table->values[0] == 2 && table->values[1] == 3 && table->values[2] == 2);
	adit_table_destroy(table);
}

TEST(table_append, standard_deviations_are_over_n_and_1_of_constants)
{
	struct adit_table *table = read_text("a,b\n1,5\n3,5\n", NULL, 0);
	double mean[2], scale[2];

	REQUIRE(table != NULL);
	adit_table_standard(table, mean, scale);
	CHECK(mean[0] == 2 && mean[1] == 5 && scale[0] == 1 && scale[1] == 1);
	table->values[2] = 7;
	adit_table_standard(table, mean, scale);
	CHECK(mean[0] == 4 && scale[0] == 3);
	adit_table_destroy(table);
}
