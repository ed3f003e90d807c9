/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Columns, labels, files and groups of a data set.
 */
#include "adit_groups.h"
#include "adit_naming.h"
#include "adit_writer.h"
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct adit_error error;

static const struct adit_column *column(const char *name)
{
	for (size_t i = 0; i < adit_column_count; i++)
		if (strcmp(adit_columns[i].name, name) == 0)
			return &adit_columns[i];
	FAIL("there is no column %s", name);
	return &adit_columns[0];
}

/* A row of an answered query that was matched. */
static struct adit_view *view_make(const char *name, struct adit_naming *naming)
{
	static const char *const captures[] = {"one.pcap", "two, \"2\".pcap"};
	static struct adit_view view;
	static struct adit_query row;
	static struct adit_name parsed;

	memset(&view, 0, sizeof(view));
	memset(&row, 0, sizeof(row));
	CHECK_EQ_INT(adit_name_from_text(name, &parsed), 0);
	row.name = &parsed;
	row.number = 3;
	row.capture = 1;
	row.qtype = 16;
	row.qclass = 1;
	row.packets = 2;
	row.outcome = ADIT_QUERY_ANSWERED;
	row.match = ADIT_MATCH_NAME;
	row.last_query_ns = UINT64_C(1700000000000000001);
	row.query = (struct adit_facts){.ts_ns = UINT64_C(1700000000000000001),
		.source = {.bytes = {10, 0, 200, 1}},
		.destination = {.bytes = {0x20, 1, 0xd, 0xb8, [15] = 0x53}, .is_v6 = 1},
		.flags = 0x0120,
		.ttl = 63,
		.protocol = 17,
		.udp_bytes = 48};
	row.response = (struct adit_facts){.ts_ns = UINT64_C(1700000000012500001),
		.flags = 0x8583,
		.protocol = 6,
		.ttl_min = UINT32_MAX,
		.count = {1, 2, 3, 4}};
	row.server_query = (struct adit_facts){.ts_ns = UINT64_C(1699999999999999000),
		.source = {.bytes = {192, 0, 2, 1}},
		.flags = 0x7940,
		.ttl = 115,
		.protocol = 17,
		.udp_bytes = 102};
	view.captures = captures;
	view.has_server = true;
	view.naming = naming;
	CHECK(adit_view_row(&view, &row));
	return &view;
}

/* The cell of a column as a text. */
static const char *shown(struct adit_view *view, const struct adit_column *of)
{
	static char text[2048];
	struct adit_cell cell;

	adit_view_cell(view, of, &cell);
	switch (cell.kind) {
	case ADIT_CELL_NUMBER:
		snprintf(text, sizeof(text), "%lld", (long long)cell.number);
		return text;
	case ADIT_CELL_REAL:
		snprintf(text, sizeof(text), "%.9g", cell.real);
		return text;
	case ADIT_CELL_TEXT:
		snprintf(text, sizeof(text), "%.*s", (int)cell.size, cell.text);
		return text;
	default:
		return "none";
	}
}

TEST(dataset, every_column_has_a_name_of_its_own_and_says_what_it_is)
{
	for (size_t i = 0; i < adit_column_count; i++) {
		CHECK(adit_columns[i].name[0] != '\0');
		CHECK(adit_columns[i].source[0] != '\0');
		CHECK(adit_columns[i].meaning[0] != '\0');
		CHECK(strlen(adit_columns[i].name) < 64);
		for (size_t k = 0; k < i; k++)
			if (strcmp(adit_columns[i].name, adit_columns[k].name) == 0)
				FAIL("%s stands there twice", adit_columns[i].name);
	}
}

TEST(dataset, values_of_a_row)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{"row", "3"},
		{"time", "2023-11-14T22:13:20.000000001Z"},
		{"time_ns", "1700000000000000001"},
		{"capture", "two, \"2\".pcap"},
		{"client_address", "10.0.200.1"},
		{"resolver_address", "2001:db8::53"},
		{"qname", "aAb1\\.-_.example.org"},
		{"domain", "none"},
		{"qname_bytes", "21"},
		{"qname_labels", "3"},
		{"qname_longest_label", "7"},
		{"qname_first_label", "7"},
		{"qname_upper", "1"},
		{"qname_digits", "1"},
		{"qname_other", "1"},
		{"qname_distinct", "14"},
		{"qtype", "16"},
		{"qtype_name", "TXT"},
		{"outcome", "answered"},
		{"latency_ns", "12500000"},
		{"server_match", "name"},
		{"server_delay_ns", "-1001"},
		{"server_latency_ns", "none"},
		{"label_rcode", "3"},
		{"vlan", "none"},
		{"teid_uplink", "none"},
		/* The notebook's: of the server side's query. */
		{"feature_ip_ttl", "115"},
		{"feature_ip_src", "192.0.2.1"},
		{"feature_ip_proto", "17"},
		{"feature_udp_len", "102"},
		{"feature_dns_qr", "0"},
		{"feature_dns_opcode", "15"},
		{"feature_dns_aa", "0"},
		{"feature_dns_tc", "0"},
		{"feature_dns_rd", "1"},
		{"feature_dns_ra", "0"},
		{"feature_dns_z", "1"},
		{"feature_dns_cd", "0"},
		{"feature_dns_rcode", "0"},
		{"feature_dns_qdcount", "0"},
		{"client_ip_ttl", "63"},
		{"client_dns_rd", "1"},
		{"client_dns_ad", "1"},
		{"response_dns_qr", "1"},
		{"response_dns_aa", "1"},
		{"response_dns_ra", "1"},
		{"response_dns_rcode", "3"},
		{"response_dns_qdcount", "1"},
		{"response_dns_ancount", "2"},
		{"response_dns_nscount", "3"},
		{"response_dns_arcount", "4"},
		{"response_udp_len", "none"},
		{"response_ttl_min", "none"},
		{"server_response_ip_ttl", "none"},
	};
	struct adit_view *view = view_make("aAb1\\.-_.example.org", NULL);

	for (size_t i = 0; i < ADIT_COUNT(cases); i++) {
		const char *got = shown(view, column(cases[i].name));

		if (strcmp(got, cases[i].want) != 0)
			FAIL("%s is %s, expected %s", cases[i].name, got, cases[i].want);
	}
	/* Without a server side features are the client's. */
	view->has_server = false;
	adit_view_row(view, view->row);
	CHECK_EQ_STR(shown(view, column("feature_ip_ttl")), "63");
	CHECK_EQ_STR(shown(view, column("feature_ip_src")), "10.0.200.1");
}

TEST(dataset, the_root_and_a_name_of_one_octet)
{
	struct adit_view *view = view_make(".", NULL);

	CHECK_EQ_STR(shown(view, column("qname")), ".");
	CHECK_EQ_STR(shown(view, column("qname_entropy")), "0");
	CHECK_EQ_STR(shown(view, column("qname_first_label")), "0");
	view = view_make("aaaa.a", NULL);
	CHECK_EQ_STR(shown(view, column("qname_entropy")), "0");
	view = view_make("ab.cd", NULL);
	CHECK_EQ_STR(shown(view, column("qname_entropy")), "2");
}

/* Labels */

static const struct adit_column *label(const struct adit_naming *naming, const char *name)
{
	for (size_t i = 0; i < adit_naming_count(naming); i++)
		if (strcmp(adit_naming_column(naming, i)->name, name) == 0)
			return adit_naming_column(naming, i);
	FAIL("there is no label %s", name);
	return &adit_columns[0];
}

TEST(dataset, labels_from_names)
{
	struct adit_naming *naming = adit_naming_create();
	struct adit_view *view;

	REQUIRE(naming != NULL);
	CHECK_EQ_INT(adit_naming_label(naming, "is=^A\\.", &error), 0);
	CHECK_EQ_INT(adit_naming_label(naming, "label_first=^(x)|^(a+)=?", &error), 0);
	CHECK_EQ_INT(
		adit_naming_split(naming,
			"^[^.]+\\.(?<algorithm>\\w+)-(?<size>\\d+)(-(?<more>\\w+))?\\.", &error),
		0);
	CHECK_EQ_INT(adit_naming_count(naming), 5);
	view = view_make("A.RSA-1024.example.org", naming);
	CHECK_EQ_STR(shown(view, label(naming, "label_is")), "1");
	CHECK_EQ_STR(shown(view, label(naming, "label_first")), "a");
	CHECK_EQ_STR(shown(view, label(naming, "label_algorithm")), "rsa");
	CHECK_EQ_STR(shown(view, label(naming, "label_size")), "1024");
	CHECK_EQ_STR(shown(view, label(naming, "label_more")), "none");
	CHECK_EQ_INT(label(naming, "label_is")->may_miss, 0);
	/* A name that is none of them. */
	CHECK(!adit_naming_apply(naming, "b.example", 9));
	CHECK_EQ_STR(shown(view, label(naming, "label_is")), "0");
	CHECK_EQ_STR(shown(view, label(naming, "label_first")), "none");
	CHECK_EQ_STR(shown(view, label(naming, "label_size")), "none");
	CHECK_EQ_INT(adit_naming_given_up(naming), 0);
	adit_naming_destroy(naming);
}

TEST(dataset, expressions_that_are_wrong)
{
	static const struct {
		const char *text, *want;
		bool split;
	} cases[] = {
		{"x=a(b", "--label 'a(b': at offset 3: missing closing parenthesis", false},
		{"nothing", "right is NAME=REGEX", false},
		{"=a", "'' is no name of a label", false},
		{"a b=c", "'a b' is no name of a label", false},
		{"rcode=a", "there is a column 'label_rcode' already", false},
		{"(a)", "no group has a name", true},
		{"(?<a>b", "--split-name '(?<a>b': at offset 6", true},
		{"(?<rcode>b)", "there is a column 'label_rcode' already", true},
	};

	for (size_t i = 0; i < ADIT_COUNT(cases); i++) {
		struct adit_naming *naming = adit_naming_create();

		REQUIRE(naming != NULL);
		CHECK_EQ_INT((cases[i].split ? adit_naming_split : adit_naming_label)(
				     naming, cases[i].text, &error),
			-EINVAL);
		CHECK_CONTAINS(error.text, cases[i].want);
		adit_naming_destroy(naming);
	}
}

/* An expression that would take for ever gives up, and is counted. */
TEST(dataset, an_expression_that_takes_too_long)
{
	struct adit_naming *naming = adit_naming_create();

	REQUIRE(naming != NULL);
	CHECK_EQ_INT(adit_naming_label(naming, "x=^(a+)+$", &error), 0);
	CHECK_EQ_INT(adit_naming_label(naming, "y=b$", &error), 0);
	adit_naming_apply(naming, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 44);
	CHECK_EQ_INT(adit_naming_given_up(naming), 1);
	adit_naming_destroy(naming);
}

TEST(dataset, too_many_labels)
{
	struct adit_naming *naming = adit_naming_create();
	char text[32];
	int status = 0, i;

	REQUIRE(naming != NULL);
	for (i = 0; i <= ADIT_NAMING_COLUMNS && status == 0; i++) {
		snprintf(text, sizeof(text), "n%d=a", i);
		status = adit_naming_label(naming, text, &error);
	}
	CHECK_EQ_INT(i, ADIT_NAMING_COLUMNS + 1);
	CHECK_EQ_INT(status, -EINVAL);
	CHECK_CONTAINS(error.text, "more than 64");
	adit_naming_destroy(naming);
}

/* Files */

static const struct adit_column *const some[] = {
	&(struct adit_column){.name = "n", .type = ADIT_COLUMN_I64},
	&(struct adit_column){.name = "may", .type = ADIT_COLUMN_U8, .may_miss = true},
	&(struct adit_column){.name = "real", .type = ADIT_COLUMN_REAL},
	&(struct adit_column){.name = "text", .type = ADIT_COLUMN_TEXT, .may_miss = true},
	&(struct adit_column){.name = "small", .type = ADIT_COLUMN_U16},
};

static char folder[64], path[128];
static uint64_t kept;

static const char *in_folder(const char *name)
{
	if (folder[0] == '\0') {
		strcpy(folder, "/tmp/adit-dataset-XXXXXX");
		CHECK(mkdtemp(folder) != NULL);
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static struct adit_cell number(int64_t value)
{
	return (struct adit_cell){.kind = ADIT_CELL_NUMBER, .number = value};
}

static struct adit_cell real(double value)
{
	return (struct adit_cell){.kind = ADIT_CELL_REAL, .real = value};
}

static struct adit_cell text(const char *value)
{
	return (struct adit_cell){
		.kind = ADIT_CELL_TEXT, .text = value, .size = (uint32_t)strlen(value)};
}

static const struct adit_cell none = {.kind = ADIT_CELL_NONE};

/* Three rows; gives the file's bytes, freed at the end of the test. */
static char *written(const char *name, size_t *size)
{
	const struct adit_cell rows[][5] = {
		{number(INT64_MIN), number(255), real(0.1), text("a\\\"b,c"), number(65535)},
		{number(0), none, real(1.0 / 3), text(""), number(10)},
		{number(1700000000000000001), number(0), real(-2), none, number(0)},
	};
	struct adit_writer *writer;
	enum adit_format format;
	char *bytes = NULL;
	struct stat about;
	FILE *file;

	CHECK_EQ_INT(adit_format_of(in_folder(name), &format, &error), 0);
	if (adit_writer_open(path, NULL, format, some, ADIT_COUNT(some), &writer, &error) != 0) {
		FAIL("%s", error.text);
		return NULL;
	}
	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		CHECK_EQ_INT(adit_writer_row(writer, rows[i], &error), 0);
	/* It has its name only when it is whole. */
	CHECK(stat(path, &about) != 0);
	CHECK_EQ_INT(adit_writer_close(writer, &kept, &error), 0);
	CHECK_EQ_INT(stat(path, &about), 0);
	*size = (size_t)about.st_size;
	file = fopen(path, "r");
	if (file == NULL)
		return NULL;
	bytes = calloc(1, *size + 1);
	CHECK_EQ_INT(fread(bytes, 1, *size, file), *size);
	fclose(file);
	unlink(path);
	CHECK_EQ_INT(rmdir(folder), 0);
	folder[0] = '\0';
	return bytes;
}

TEST(dataset, a_table_as_csv)
{
	size_t size;
	char *bytes = written("t.csv", &size);

	CHECK_EQ_STR(bytes, "n,may,real,text,small\n"
			    "-9223372036854775808,255,0.1,\"a\\\"\"b,c\",65535\n"
			    "0,,0.33333333333333331,\"\",10\n"
			    "1700000000000000001,0,-2,,0\n");
	free(bytes);
}

/* A single column that is missing is no empty line, which readers pass over. */
TEST(dataset, a_single_column)
{
	struct adit_writer *writer;
	char *bytes = NULL;
	size_t size;
	FILE *file = open_memstream(&bytes, &size);

	REQUIRE(file != NULL);
	CHECK_EQ_INT(adit_writer_open("-", file, ADIT_FORMAT_CSV, some + 1, 1, &writer, &error), 0);
	CHECK_EQ_INT(adit_writer_row(writer, &none, &error), 0);
	CHECK_EQ_INT(adit_writer_close(writer, &kept, &error), 0);
	fclose(file);
	CHECK_EQ_STR(bytes, "may\n\"\"\n");
	free(bytes);
}

TEST(dataset, a_table_as_json_lines)
{
	size_t size;
	char *bytes = written("t.JSONL", &size);

	CHECK_EQ_STR(bytes,
		"{\"n\":-9223372036854775808,\"may\":255,\"real\":0.1,\"text\":\"a\\\\\\\"b,c\","
		"\"small\":65535}\n"
		"{\"n\":0,\"may\":null,\"real\":0.33333333333333331,\"text\":\"\",\"small\":10}\n"
		"{\"n\":1700000000000000001,\"may\":0,\"real\":-2,\"text\":null,\"small\":0}\n");
	free(bytes);
}

/* A member's header and data, as they stand in the archive. */
static void check_member(
	const char *bytes, size_t size, const char *descr, const void *data, size_t data_size)
{
	char want[192];
	const char *found;

	snprintf(want, sizeof(want), "{'descr': '%s', 'fortran_order': False, 'shape': (3,), }",
		descr);
	found = memmem(bytes, size, want, strlen(want));
	if (found == NULL) {
		FAIL("no member %s", descr);
		return;
	}
	/* Ten bytes before the text begins the file, and its data on a multiple of 64. */
	CHECK_EQ_MEM(found - 10, "\x93NUMPY\x01\x00", 8);
	CHECK_EQ_INT((10 + (uint8_t)found[-2] + 256 * (uint8_t)found[-1]) % 64, 0);
	CHECK_EQ_MEM(found + (uint8_t)found[-2] + 256 * (uint8_t)found[-1], data, data_size);
}

TEST(dataset, a_table_for_numpy)
{
	static const int64_t n[] = {INT64_MIN, 0, 1700000000000000001};
	static const uint16_t small[] = {65535, 10, 0};
	size_t size;
	char *bytes = written("t.npz", &size);

	REQUIRE(bytes != NULL);
	CHECK_EQ_MEM(bytes, "PK\3\4", 4);
	CHECK(memmem(bytes, size, "text.npy", 8) != NULL);
	check_member(bytes, size, "<i8", n, sizeof(n));
	check_member(bytes, size, "<u2", small, sizeof(small));
	check_member(bytes, size, "|S6", "a\\\"b,c\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	CHECK(memmem(bytes, size, "'<f8'", 5) != NULL);
	free(bytes);
}

TEST(dataset, files_that_cannot_be_written)
{
	static const char *const places[] = {"/nonexistent/t.csv", "/nonexistent/t.npz"};
	struct adit_writer *writer;
	enum adit_format format;

	for (size_t i = 0; i < ADIT_COUNT(places); i++) {
		CHECK_EQ_INT(adit_format_of(places[i], &format, &error), 0);
		CHECK_EQ_INT(adit_writer_open(places[i], NULL, format, some, ADIT_COUNT(some),
				     &writer, &error),
			-ENOENT);
		CHECK_CONTAINS(error.text, places[i]);
		CHECK_CONTAINS(error.text, "No such file");
	}
	CHECK_EQ_INT(adit_format_of("t.parquet", &format, &error), -EINVAL);
	CHECK_CONTAINS(error.text, ".csv, .jsonl or .npz");
	CHECK_EQ_INT(adit_format_of("t", &format, &error), -EINVAL);
}

TEST(dataset, a_full_disk)
{
	const struct adit_cell row[] = {number(1), none, real(2), text("x"), number(3)};
	struct adit_writer *writer;
	FILE *full = fopen("/dev/full", "w");

	if (full == NULL)
		SKIP("there is no /dev/full");
	CHECK_EQ_INT(adit_writer_open(
			     "-", full, ADIT_FORMAT_CSV, some, ADIT_COUNT(some), &writer, &error),
		0);
	adit_writer_row(writer, row, &error);
	CHECK_EQ_INT(adit_writer_close(writer, &kept, &error), -ENOSPC);
	CHECK_CONTAINS(error.text, "standard output: cannot be written: No space left");
	fclose(full);
}

/* A file that finds no more room is cut behind its last whole row, which has a line feed in it. */
static void keep_what_has_room(
	enum adit_format format, rlim_t room, uint64_t rows, const char *want)
{
	const struct adit_cell row[] = {number(1), none, real(2), text("x\n\"y"), number(3)};
	struct rlimit before, less;
	struct adit_writer *writer;
	char bytes[256] = "";
	FILE *file;

	CHECK_EQ_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
	less = (struct rlimit){room, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ_INT(adit_writer_open(in_folder("t.csv"), NULL, format, some, ADIT_COUNT(some),
			     &writer, &error),
		0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ_INT(adit_writer_row(writer, row, &error), 0);
	setrlimit(RLIMIT_FSIZE, &less);
	CHECK_EQ_INT(adit_writer_close(writer, &kept, &error), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	CHECK_CONTAINS(error.text, "t.csv: cannot be written: File too large");
	CHECK_EQ_INT(kept, rows);
	file = fopen(in_folder("t.csv.new"), "r");
	if (file != NULL) {
		CHECK(fread(bytes, 1, sizeof(bytes) - 1, file) > 0);
		fclose(file);
		unlink(path);
	}
	CHECK_EQ_STR(bytes, want);
	/* Nothing else is there. */
	CHECK_EQ_INT(rmdir(folder), 0);
	folder[0] = '\0';
}

TEST(dataset, a_disk_that_fills_up_keeps_whole_rows)
{
#define HEADER "n,may,real,text,small\n"
#define LINE   "1,,2,\"x\n\"\"y\",3\n"
#define OBJECT "{\"n\":1,\"may\":null,\"real\":2,\"text\":\"x\\u000a\\\"y\",\"small\":3}\n"
	keep_what_has_room(ADIT_FORMAT_CSV, sizeof(HEADER LINE LINE) - 1, 2, HEADER LINE LINE);
	/* Behind the line feed of the second row. */
	keep_what_has_room(ADIT_FORMAT_CSV, sizeof(HEADER LINE) + 8, 1, HEADER LINE);
	keep_what_has_room(ADIT_FORMAT_CSV, sizeof(HEADER) + 3, 0, "");
	keep_what_has_room(ADIT_FORMAT_CSV, 5, 0, "");
	keep_what_has_room(ADIT_FORMAT_JSONL, sizeof(OBJECT OBJECT) + 7, 2, OBJECT OBJECT);
}

/* What ends early keeps its rows; an archive has none that could be read. */
TEST(dataset, a_table_that_is_not_whole)
{
	static const uint64_t rows[ADIT_FORMATS] = {2, 2, 0};
	const struct adit_cell row[] = {number(1), none, real(2), text("x"), number(3)};

	for (int format = 0; format < ADIT_FORMATS; format++) {
		struct adit_writer *writer;

		CHECK_EQ_INT(adit_writer_open(in_folder("t"), NULL, (enum adit_format)format, some,
				     ADIT_COUNT(some), &writer, &error),
			0);
		CHECK_EQ_INT(adit_writer_row(writer, row, &error), 0);
		CHECK_EQ_INT(adit_writer_row(writer, row, &error), 0);
		CHECK_EQ_INT(adit_writer_keep(writer), rows[format]);
		CHECK_EQ_INT(unlink(in_folder("t.new")), rows[format] != 0 ? 0 : -1);
		CHECK_EQ_INT(rmdir(folder), 0);
		folder[0] = '\0';
	}
}

/* What is abandoned leaves nothing. */
TEST(dataset, an_abandoned_file)
{
	struct adit_writer *writer;

	CHECK_EQ_INT(adit_writer_open(in_folder("t.csv"), NULL, ADIT_FORMAT_CSV, some,
			     ADIT_COUNT(some), &writer, &error),
		0);
	adit_writer_abandon(writer);
	adit_writer_abandon(NULL);
	CHECK_EQ_INT(rmdir(folder), 0);
	folder[0] = '\0';
}

TEST(dataset, the_dictionary)
{
	char *bytes = NULL;
	size_t size;
	FILE *file = open_memstream(&bytes, &size);
	const struct adit_column *const two[] = {
		column("qname_entropy"), column("feature_udp_len")};

	REQUIRE(file != NULL);
	CHECK_EQ_INT(adit_columns_dictionary(two, 2, file), 0);
	fclose(file);
	CHECK_EQ_STR(bytes,
		"column,type,unit,source,missing,meaning\n"
		"qname_entropy,number,bits per octet,client side,never,\"Shannon entropy of the "
		"labels' octets, in lower case\"\n"
		"feature_udp_len,integer,bytes,\"server side's query; without such captures, "
		"client's query\",possible,length field of UDP; none over TCP\n");
	free(bytes);
}

/* Groups */

static char *groups_text(struct adit_groups *groups, bool csv)
{
	char *bytes = NULL;
	size_t size;
	FILE *file = open_memstream(&bytes, &size);

	if (file == NULL)
		return NULL;
	CHECK_EQ_INT(adit_groups_write(groups, csv, file), 0);
	fclose(file);
	return bytes;
}

TEST(dataset, groups_of_rows)
{
	static const size_t keys[] = {1, 0};
	static const char *const names[] = {"text", "n"};
	static const struct adit_aggregation aggregations[] = {{2, ADIT_AGGREGATE_MIN, "rcode"},
		{2, ADIT_AGGREGATE_MEAN, "rcode"}, {2, ADIT_AGGREGATE_MAX, "rcode"},
		{2, ADIT_AGGREGATE_COUNT, "rcode"}, {2, ADIT_AGGREGATE_SUM, "rcode"}};
	const struct adit_groups_params params = {keys, names, 2, aggregations, 5};
	const struct adit_cell rows[][3] = {
		{number(10), text("b"), number(2)},
		{number(9), text("b"), number(0)},
		{number(10), text("b"), number(3)},
		{number(10), text("b"), none},
		{number(1), none, none},
		{number(1), text("a,\"x"), real(-1.5)},
	};
	struct adit_groups *groups = adit_groups_create(&params);
	char *bytes;

	REQUIRE(groups != NULL);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		CHECK_EQ_INT(adit_groups_add(groups, rows[i], &error), 0);
	bytes = groups_text(groups, true);
	CHECK_EQ_STR(bytes, "text,n,rows,rcode:min,rcode:mean,rcode:max,rcode:count,rcode:sum\n"
			    ",1,1,,,,0,\n"
			    "\"a,\"\"x\",1,1,-1.5,-1.5,-1.5,1,-1.5\n"
			    "b,9,1,0,0,0,1,0\n"
			    "b,10,3,2,2.5,3,2,5\n");
	free(bytes);
	bytes = groups_text(groups, false);
	CHECK_CONTAINS(bytes, "text  n   rows  rcode:min  rcode:mean");
	CHECK_CONTAINS(bytes, "\nb     10     3          2         2.5");
	free(bytes);
	adit_groups_destroy(groups);
}

/* More groups than the table begins with: every one is found again. */
TEST(dataset, many_groups)
{
	static const size_t keys[] = {0};
	static const char *const names[] = {"n"};
	const struct adit_groups_params params = {keys, names, 1, NULL, 0};
	struct adit_groups *groups = adit_groups_create(&params);
	char *bytes;

	REQUIRE(groups != NULL);
	for (int i = 0; i < 10000; i++) {
		struct adit_cell cell = number(i % 5000);

		CHECK_EQ_INT(adit_groups_add(groups, &cell, &error), 0);
	}
	bytes = groups_text(groups, true);
	CHECK_CONTAINS(bytes, "n,rows\n0,2\n1,2\n");
	CHECK_CONTAINS(bytes, "\n4999,2\n");
	free(bytes);
	adit_groups_destroy(groups);
}

/* The page */

TEST(dataset, the_page_has_the_columns)
{
	char where[4096], *page = NULL, *from, *to, *want = NULL;
	const char *begin = "<!-- columns: printed by adit config reference dataset, do not edit "
			    "-->\n";
	size_t room = 0, size;
	FILE *file = open_memstream(&want, &size);

	REQUIRE(file != NULL);
	CHECK_EQ_INT(adit_columns_reference(file), 0);
	fclose(file);
	snprintf(where, sizeof(where), "%s/docs/dataset.md", harness_source_root());
	file = fopen(where, "r");
	if (file == NULL || getdelim(&page, &room, '\0', file) <= 0) {
		FAIL("%s cannot be read", where);
	} else {
		from = strstr(page, begin);
		to = from != NULL ? strstr(from, "<!-- end of columns -->") : NULL;
		if (to != NULL)
			*to = '\0';
		if (to == NULL || strcmp(from + strlen(begin), want) != 0)
			FAIL("docs/dataset.md: the columns are not those that adit config "
			     "reference dataset prints");
	}
	if (file != NULL)
		fclose(file);
	free(page);
	free(want);
}
