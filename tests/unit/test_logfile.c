/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Logs as files: lines from any place, long ones, gzip, and files that change; and messages made of
 * records, which the appliance's own parser reads back.
 */
#include "logfile.h"
#include "logmessage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "adit_dns.h"
#include "adit_log.h"
#include "harness.h"

static char path[64];

static void file_write(const char *bytes, size_t size, bool is_gzip)
{
	snprintf(path, sizeof(path), "/tmp/adit-test-%d.log", (int)getpid());
	if (is_gzip) {
		gzFile file = gzopen(path, "wb");

		gzwrite(file, bytes, (unsigned)size);
		gzclose(file);
	} else {
		FILE *file = fopen(path, "wb");

		fwrite(bytes, 1, size, file);
		fclose(file);
	}
}

static struct app_logfile *file_open(void)
{
	struct adit_error error = {""};
	struct app_logfile *file = NULL;

	if (app_logfile_open(path, NULL, NULL, &file, &error) != 0)
		FAIL("%s", error.text);
	return file;
}

TEST(logfile, lines_from_any_place)
{
	static const char text[] = "one\n\nthree\r\nlast";

	for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
		static const struct {
			uint64_t at, next;
			const char *line;
		} rows[] = {{0, 4, "one"}, {4, 5, ""}, {5, 12, "three\r"}, {12, 17, "last"},
			{4, 5, ""}, {1, 4, "ne"}};
		struct adit_error error;
		struct app_logfile *file;
		const char *line;
		uint64_t next;
		size_t size;

		file_write(text, sizeof(text) - 1, is_gzip);
		file = file_open();
		REQUIRE(file != NULL);
		CHECK_EQ_INT(app_logfile_size(file), sizeof(text) - 1);
		for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
			CHECK_EQ_INT(
				app_logfile_line(file, rows[i].at, &line, &size, &next, &error), 1);
			CHECK_EQ_INT(size, strlen(rows[i].line));
			CHECK_EQ_MEM(line, rows[i].line, size);
			CHECK_EQ_INT(next, rows[i].next);
		}
		CHECK_EQ_INT(app_logfile_line(file, 17, &line, &size, &next, &error), 0);
		app_logfile_close(file);
	}
	unlink(path);
}

TEST(logfile, long_lines_are_passed_over)
{
	const size_t length = 5 * ADIT_LOG_LINE_MAX;
	char *text = malloc(length + 8);
	struct adit_error error;
	struct app_logfile *file;
	const char *line;
	uint64_t next;
	size_t size;

	REQUIRE(text != NULL);
	memset(text, 'x', length);
	memcpy(text + length, "\nnext\n", 6);
	file_write(text, length + 6, false);
	file = file_open();
	REQUIRE(file != NULL);
	CHECK_EQ_INT(app_logfile_line(file, 0, &line, &size, &next, &error), 1);
	CHECK_EQ_INT(size, length);
	CHECK_EQ_INT(next, length + 1);
	CHECK_EQ_INT(app_logfile_line(file, next, &line, &size, &next, &error), 1);
	CHECK(size == 4 && memcmp(line, "next", 4) == 0);
	/* What became shorter meanwhile is an error that says so. */
	CHECK_EQ_INT(truncate(path, 100), 0);
	CHECK_EQ_INT(
		app_logfile_line(file, 3 * ADIT_LOG_LINE_MAX, &line, &size, &next, &error), -EIO);
	CHECK_CONTAINS(error.text, "become shorter");
	app_logfile_close(file);
	unlink(path);
	free(text);
}

/* What was put into a message is read out of it. */
TEST(logfile, messages_are_what_the_log_says)
{
	static struct app_logmessage message = {.server_port = 53};
	struct adit_log_record record = {.qtype = ADIT_TYPE_TXT,
		.has_client = true,
		.client = {.bytes = {10, 0, 0, 7}},
		.has_port = true,
		.port = 5353,
		.id = 7,
		.rcode = 3,
		.answer_count = 3,
		.ts_ns = 1,
		.answered_ns = 2};
	char text[600];
	struct adit_frame frame;
	struct adit_name name;
	struct adit_dns dns;

	memset(text, 't', sizeof(text));
	record.answer[0] = (struct adit_log_answer){
		.type = ADIT_TYPE_TXT, .ttl = 60, .text = {text, sizeof(text)}};
	record.answer[1] =
		(struct adit_log_answer){.type = ADIT_TYPE_A, .has_address = true, .ttl = 9};
	record.answer[2] = (struct adit_log_answer){.type = ADIT_TYPE_MX, .ttl = 9};
	CHECK_EQ_INT(adit_name_from_log("Ab.example", 10, &name), 0);
	REQUIRE(app_logmessage_make(&message, &record, &name, true, &frame));
	CHECK_EQ_INT(frame.ts_ns, 2);
	CHECK_EQ_INT(frame.data[0], 0x45);
	CHECK_EQ_INT(adit_load_be16(frame.data + 2), frame.captured);
	CHECK_EQ_INT(adit_load_be16(frame.data + 22), 5353);
	CHECK_EQ_INT(adit_dns_parse(frame.data + 28, frame.captured - 28, &dns),
		ADIT_OUTCOME_DNS_RESPONSE);
	CHECK(dns.id == 7 && dns.rcode == 3 && dns.answers == 3 && dns.ttl_min == 9);
	CHECK_EQ_INT(dns.payload_bytes, sizeof(text) + 3);
	CHECK_EQ_MEM(dns.qname.wire, name.wire, name.size);
	REQUIRE(app_logmessage_make(&message, &record, &name, false, &frame));
	CHECK_EQ_INT(
		adit_dns_parse(frame.data + 28, frame.captured - 28, &dns), ADIT_OUTCOME_DNS_QUERY);
	CHECK_EQ_INT(frame.captured, 28 + 12 + name.size + 4);
	/* Ends of one family, whatever is known of them; no two messages are copies. */
	record.has_client = record.has_port = false;
	record.has_server = true;
	record.server.is_v6 = 1;
	REQUIRE(app_logmessage_make(&message, &record, &name, false, &frame));
	CHECK_EQ_INT(frame.data[0], 0x60);
	CHECK_EQ_INT(adit_load_be16(frame.data + 4), frame.captured - 40);
	CHECK(adit_load_be16(frame.data + 46) == (message.sequence & 0xffff));
	/* What fits no packet. */
	record.wire = (const uint8_t *)text;
	record.wire_size = sizeof(text);
	CHECK(app_logmessage_make(&message, &record, &name, false, &frame));
	record.wire = message.bytes;
	record.wire_size = 65530;
	CHECK(!app_logmessage_make(&message, &record, &name, false, &frame));
}
