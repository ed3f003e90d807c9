/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_privacy.h"
#include "adit_verdict.h"
#include "harness.h"
#include "verdict_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A key as the recipe of the manual makes one: 64 hexadecimal digits and a newline. */
static const char hex_key[] = "000102030405060708090a0b0c0d0e0f"
			      "101112131415161718191a1b1c1d1e1f\n";

/* Opens a key file of these bytes and this mode; `error` has the path cut out. */
static int open_key(const void *key, size_t size, mode_t mode, enum adit_privacy_mode what,
	struct adit_privacy **privacy, struct adit_error *error)
{
	char path[] = "/tmp/adit-privacy-XXXXXX";
	int fd = mkstemp(path), status;

	CHECK(fd >= 0 && write(fd, key, size) == (ssize_t)size && fchmod(fd, mode) == 0);
	close(fd);
	error->text[0] = '\0';
	status = adit_privacy_open(path, what, privacy, error);
	unlink(path);
	if (strncmp(error->text, path, strlen(path)) == 0)
		memmove(error->text, error->text + strlen(path),
			strlen(error->text + strlen(path)) + 1);
	return status;
}

static struct adit_privacy *opened(enum adit_privacy_mode mode)
{
	struct adit_privacy *privacy;
	struct adit_error error;

	CHECK_EQ_INT(open_key(hex_key, strlen(hex_key), 0600, mode, &privacy, &error), 0);
	return privacy;
}

/* Of 10.45.0.7, 2001:db8::9 and the IMSI 001010000000001 under that key, from another
 * implementation, as Python's
 * hashlib.blake2b(b"\x04\x0a\x2d\x00\x07", key=KEY, digest_size=16).hexdigest()[:16] */
#define V4   "p4-c811b5844aca227c"
#define V6   "p6-634c61c73a04f27a"
#define IMSI "id-ff370c5908a1b634"

TEST(privacy_pseudonym, values)
{
	struct adit_privacy *privacy = opened(ADIT_PRIVACY_ALL);
	struct adit_address v4 = address_v4(10, 45, 0, 7), v6 = address_v6(9);
	char text[ADIT_IDENTITY_TEXT];

	adit_privacy_subscriber_text(privacy, &v4, text);
	CHECK_EQ_STR(text, V4);
	adit_privacy_peer_text(privacy, &v4, text);
	CHECK_EQ_STR(text, V4);
	adit_privacy_subscriber_text(privacy, &v6, text);
	CHECK_EQ_STR(text, V6);
	adit_privacy_identity_text(privacy, "001010000000001", text);
	CHECK_EQ_STR(text, IMSI);
	adit_privacy_identity_text(privacy, "", text);
	CHECK_EQ_STR(text, "");
	adit_privacy_close(privacy);
	adit_privacy_close(NULL);
}

TEST(privacy_pseudonym, off_and_subscribers_alone)
{
	struct adit_privacy *privacy = opened(ADIT_PRIVACY_SUBSCRIBERS);
	struct adit_address v4 = address_v4(10, 45, 0, 7);
	char text[ADIT_IDENTITY_TEXT], longest[ADIT_IDENTITY_TEXT];

	adit_privacy_peer_text(privacy, &v4, text);
	CHECK_EQ_STR(text, "10.45.0.7");
	adit_privacy_subscriber_text(NULL, &v4, text);
	CHECK_EQ_STR(text, "10.45.0.7");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	adit_privacy_identity_text(NULL, longest, text);
	CHECK_EQ_STR(text, longest);
	adit_privacy_identity_text(privacy, longest, text);
	CHECK_EQ_INT(strlen(text), 19);
	adit_privacy_close(privacy);
}

/* Other keys, addresses that differ in a bit and families give other pseudonyms. */
TEST(privacy_pseudonym, differ)
{
	struct adit_privacy *privacy[3] = {opened(ADIT_PRIVACY_ALL)};
	char texts[3 * 33][48];
	struct adit_error error;
	size_t count = 0;

	CHECK_EQ_INT(
		open_key("0123456789abcdef", 16, 0600, ADIT_PRIVACY_ALL, &privacy[1], &error), 0);
	CHECK_EQ_INT(
		open_key("0123456789abcdeg", 16, 0640, ADIT_PRIVACY_ALL, &privacy[2], &error), 0);
	for (size_t i = 0; i < ADIT_COUNT(privacy); i++) {
		for (unsigned bit = 0; bit < 33; bit++) {
			struct adit_address a = address_v4(10, 45, 0, 7);

			if (bit < 32)
				a.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			adit_privacy_subscriber_text(privacy[i], &a, texts[count]);
			for (size_t other = 0; other < count; other++)
				CHECK(strcmp(texts[other], texts[count]) != 0);
			count++;
		}
		adit_privacy_close(privacy[i]);
	}
}

/* With and without the newline the key is the same; 16 to 64 bytes are one. */
TEST(privacy_key, sizes)
{
	static const char wrong[] = "; \"openssl rand -hex 32\" makes one";
	struct adit_privacy *privacy, *reference = opened(ADIT_PRIVACY_ALL);
	struct adit_address v4 = address_v4(10, 45, 0, 7);
	struct adit_error error;
	char bytes[100], text[48], want[48];

	adit_privacy_subscriber_text(reference, &v4, want);
	CHECK_EQ_INT(open_key(hex_key, 64, 0400, ADIT_PRIVACY_ALL, &privacy, &error), 0);
	adit_privacy_subscriber_text(privacy, &v4, text);
	CHECK_EQ_STR(text, want);
	adit_privacy_close(privacy);
	adit_privacy_close(reference);
	memset(bytes, 'k', sizeof(bytes));
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		for (int newline = 0; newline < 2 && size > 0; newline++) {
			size_t key = size - (size_t)newline;
			int want_status = key >= 16 && key <= 64 ? 0 : -EINVAL;

			bytes[size - 1] = newline ? '\n' : 'k';
			CHECK_EQ_INT(
				open_key(bytes, size, 0600, ADIT_PRIVACY_ALL, &privacy, &error),
				want_status);
			CHECK((privacy != NULL) == (want_status == 0));
			adit_privacy_close(privacy);
			if (want_status != 0)
				CHECK_CONTAINS(error.text, wrong);
		}
		if (size > 0)
			bytes[size - 1] = 'k';
	}
	CHECK_EQ_INT(open_key("", 0, 0600, ADIT_PRIVACY_ALL, &privacy, &error), -EINVAL);
	CHECK_EQ_STR(error.text, ": a key has 16 to 64 bytes, and this one has fewer; \"openssl "
				 "rand -hex 32\" makes one");
}

TEST(privacy_key, files_that_others_can_use)
{
	static const struct {
		mode_t mode;
		const char *message;
	} rows[] = {
		{0604, ": the mode 0604 lets others read the key; chmod 0600 (or 0640) would be "
		       "right"},
		{0644, ": the mode 0644 lets others read the key; chmod 0600 (or 0640) would be "
		       "right"},
		{0660, ": the mode 0660 lets others change the key; chmod 0600 (or 0640) would be "
		       "right"},
		{0602, ": the mode 0602 lets others change the key; chmod 0600 (or 0640) would be "
		       "right"},
	};
	struct adit_privacy *privacy;
	struct adit_error error;

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		CHECK_EQ_INT(
			open_key(hex_key, 64, rows[i].mode, ADIT_PRIVACY_ALL, &privacy, &error),
			-EPERM);
		CHECK_EQ_STR(error.text, rows[i].message);
		CHECK(privacy == NULL);
	}
}

TEST(privacy_key, no_file)
{
	char path[] = "/tmp/adit-privacy-XXXXXX", fifo[64];
	struct adit_privacy *privacy;
	struct adit_error error;

	CHECK_EQ_INT(
		adit_privacy_open("/nowhere/key", ADIT_PRIVACY_ALL, &privacy, &error), -ENOENT);
	CHECK_EQ_STR(error.text, "/nowhere/key: No such file or directory");
	CHECK_EQ_INT(adit_privacy_open("/tmp", ADIT_PRIVACY_ALL, &privacy, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "/tmp: the key must stand in a file of its own, and this is no "
				 "regular file");
	REQUIRE(mkdtemp(path) != NULL);
	snprintf(fifo, sizeof(fifo), "%s/key", path);
	REQUIRE(mkfifo(fifo, 0600) == 0);
	CHECK_EQ_INT(adit_privacy_open(fifo, ADIT_PRIVACY_ALL, &privacy, &error), -EINVAL);
	unlink(fifo);
	rmdir(path);
}

/* What a writer wrote holds none of these texts. */
static void check_lacks(const char *text, const char *const *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(text, parts[i]) != NULL)
			FAIL("\"%s\" has \"%s\"", text, parts[i]);
}

static char *json_of(const struct adit_verdict *v, const struct adit_privacy *privacy)
{
	struct sink sink;

	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_write_json(v, privacy, sink.file), 0);
	fclose(sink.file);
	return sink.text;
}

TEST(privacy_writers, verdict)
{
	static const char *const subscribers[] = {
		"10.45.0.7", "2001:db8::9", "001010000000001", "882000000001"};
	static const char *const peers[] = {
		"192.0.2.1", "192.0.2.2", "2001:db8::a", "2001:db8::b", "2001:db8::35"};
	struct adit_privacy *some = opened(ADIT_PRIVACY_SUBSCRIBERS);
	struct adit_privacy *all = opened(ADIT_PRIVACY_ALL);
	struct adit_verdict v;
	char *text;

	fill(&v);
	text = json_of(&v, some);
	check_lacks(text, subscribers, ADIT_COUNT(subscribers));
	CHECK_CONTAINS(text, "\"subscribers\":[{\"address\":\"" V4 "\",");
	CHECK_CONTAINS(text, "{\"address\":\"" V6 "\",");
	CHECK_CONTAINS(text, "\"imsi\":\"" IMSI "\",\"msisdn\":\"id-");
	CHECK_CONTAINS(text, "\"imsi\":null,\"msisdn\":null,\"apn\":null");
	CHECK_CONTAINS(text, "\"apn\":\"internet\"");
	for (size_t i = 0; i < ADIT_COUNT(peers); i++)
		CHECK_CONTAINS(text, peers[i]);
	free(text);
	text = json_of(&v, all);
	check_lacks(text, subscribers, ADIT_COUNT(subscribers));
	check_lacks(text, peers, ADIT_COUNT(peers));
	CHECK_CONTAINS(text, "\"server\":\"p6-");
	CHECK_CONTAINS(text, "\"outer\":\"p4-");
	CHECK_CONTAINS(text, "\"bearers\":[{\"outer\":\"p6-");
	free(text);
	adit_privacy_close(some);
	adit_privacy_close(all);
}

/* Names that spell an address are left out; others are not. */
TEST(privacy_writers, samples)
{
	struct adit_privacy *privacy = opened(ADIT_PRIVACY_SUBSCRIBERS);
	struct adit_verdict v;
	char *text;

	fill(&v);
	v.sample_count = 3;
	set_name(&v.sample[0], "7.0.45.10.IN-addr.ARPA");
	set_name(&v.sample[1], "in-addr.arpa.example");
	set_name(&v.sample[2], "9.0.8.b.d.0.1.0.0.2.ip6.arpa");
	text = json_of(&v, NULL);
	CHECK_CONTAINS(text, "\"7.0.45.10.IN-addr.ARPA\"");
	CHECK_CONTAINS(text, "\"9.0.8.b.d.0.1.0.0.2.ip6.arpa\"");
	free(text);
	text = json_of(&v, privacy);
	CHECK_CONTAINS(text, "\"sample_qnames\":[\"in-addr.arpa.example\"]");
	free(text);
	set_name(&v.sample[0], "xin-addr.arpa");
	set_name(&v.sample[2], "x\\.ip6.arpa");
	text = json_of(&v, privacy);
	CHECK_CONTAINS(text, "[\"xin-addr.arpa\",\"in-addr.arpa.example\",\"x\\\\.ip6.arpa\"]");
	free(text);
	adit_privacy_close(privacy);
}

TEST(privacy_writers, board)
{
	struct adit_verdict_board *board = adit_verdict_board_create();
	struct adit_privacy *privacy = opened(ADIT_PRIVACY_ALL);
	static const char *const addresses[] = {"10.45.0.7", "2001:db8::35"};
	struct adit_verdict v;
	struct sink sink;

	fill(&v);
	CHECK_EQ_INT(adit_verdict_board_add(board, &v), 0);
	v.id++;
	v.domain.size = 0;
	CHECK_EQ_INT(adit_verdict_board_add(board, &v), 0);
	sink_open(&sink);
	CHECK_EQ_INT(adit_verdict_board_draw(board, privacy, sink.file, 200, false, 20), 0);
	fclose(sink.file);
	check_lacks(sink.text, addresses, ADIT_COUNT(addresses));
	CHECK_CONTAINS(sink.text, V4 " +12");
	CHECK_CONTAINS(sink.text, "tunnel      97  p6-");
	free(sink.text);
	adit_verdict_board_destroy(board);
	adit_privacy_close(privacy);
}

TEST(privacy_writers, csv)
{
	struct adit_privacy *some = opened(ADIT_PRIVACY_SUBSCRIBERS);
	struct adit_privacy *all = opened(ADIT_PRIVACY_ALL);
	struct adit_feature_row row = {.span = "hour",
		.kind = "subscriber_server",
		.has_subscriber = true,
		.has_server = true,
		.subscriber = address_v4(10, 45, 0, 7),
		.server = address_v6(9)};
	struct adit_encrypted_row encrypted = {
		.subscriber = address_v6(9), .resolver = address_v4(10, 45, 0, 7)};
	struct sink sink;
	char want[1024];

	sink_open(&sink);
	CHECK_EQ_INT(adit_feature_write_row(&row, 0, some, sink.file), 0);
	CHECK_EQ_INT(adit_feature_write_row(&row, 0, all, sink.file), 0);
	row.has_subscriber = row.has_server = false;
	CHECK_EQ_INT(adit_feature_write_row(&row, 0, all, sink.file), 0);
	CHECK_EQ_INT(adit_encrypted_write_row(&encrypted, some, sink.file), 0);
	CHECK_EQ_INT(adit_encrypted_write_row(&encrypted, all, sink.file), 0);
	fclose(sink.file);
	snprintf(want, sizeof(want),
		"%1$shour,subscriber_server,,%2$s,2001:db8::9,0,0,\n"
		"%1$shour,subscriber_server,,%2$s,%3$s,0,0,\n"
		"%1$shour,subscriber_server,,,,0,,\n%1$s%3$s,0,,,,0,0,0,0,0,0,0,0,0,0,0,0,10.45.0."
		"7\n"
		"%1$s%3$s,0,,,,0,0,0,0,0,0,0,0,0,0,0,0,%2$s\n",
		"1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,", V4, V6);
	CHECK_EQ_STR(sink.text, want);
	free(sink.text);
	adit_privacy_close(some);
	adit_privacy_close(all);
}
