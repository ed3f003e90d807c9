/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Our reading of every shared capture against tshark's: a case per capture. The two must agree on
 * which DNS messages there are, over UDP, TCP and in fragments, on the frame that makes each whole
 * and their order in it, and of each message on: transport, addresses and ports of the innermost IP
 * header, the subscriber's address, the TEID; ID and all flags, response code, number of questions,
 * name and type of the first.
 *
 * Where they do not agree, exceptions.tsv says why: capture, difference, frames, golden case,
 * reason. An exception that no longer occurs is a failure too. The golden case shows the same
 * difference in a capture of our own, and tshark is asked about that one likewise.
 */
#include "differences.h"
#include "dissect.h"
#include "harness.h"
#include "tshark.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_MAX 1024
#define AHEAD_MAX 8 /* tsharks at a time */

/* Where a message was found. */
enum way { WAY_UDP, WAY_TCP, WAY_FRAGMENTS, WAY_GTPU, WAY_IPV6, WAY_COUNT };
static const char *const way_names[] = {"UDP", "TCP", "fragments", "GTP-U", "IPv6"};

/* A capture, and tshark's output over it while it runs. */
struct capture {
	const char *name; /* below root/pcaps; or the name of a golden case */
	bool golden;
	FILE *output;
};

static struct {
	const char *root;
	struct capture captures[FILES_MAX]; /* the shared ones, then the golden ones */
	size_t count, shared;
	struct exceptions exceptions;
} all;

/* What was compared, for people. */
struct totals {
	uint64_t captures, frames, messages, differences, by_way[WAY_COUNT];
};
static struct totals shared_totals;

/* A capture under comparison. */
struct comparison {
	struct tshark_reading reading;
	struct tshark_frame theirs; /* the frame that comes next, or is in hand; number 0: none */
	size_t used;                /* messages of it that were found here too */
	enum adit_outcome last;     /* outcome of the one before */
	struct totals totals;
	struct differences differences;
};

static void theirs_next(struct comparison *c)
{
	c->used = 0;
	if (!tshark_next(&c->reading, &c->theirs))
		c->theirs.number = 0;
}

/* What tshark found up to the frame in hand and we did not. */
static void leave_theirs(struct comparison *c)
{
	for (; c->used < c->theirs.count; c->used++)
		differences_note(
			&c->differences, c->theirs.number, "missed", adit_outcome_names[c->last]);
	theirs_next(c);
}

static bool same_address(const struct adit_address *a, const struct adit_address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* What carries a message: what the two disagree on, or NULL. */
static const char *compare_carriage(
	const struct dissection *made, const struct tshark_frame *theirs)
{
	struct adit_address from, to;
	struct adit_endpoints ends;
	bool gtpu = (made->packet.flags & ADIT_PACKET_GTPU) != 0;

	if (((made->packet.flags & ADIT_PACKET_TCP) != 0) != theirs->tcp)
		return "transport";
	adit_packet_endpoints(&made->frame, &made->packet, &ends);
	if (!same_address(&ends.source, &theirs->ends.source) ||
		!same_address(&ends.destination, &theirs->ends.destination))
		return "addresses";
	if (ends.source_port != theirs->ends.source_port ||
		ends.destination_port != theirs->ends.destination_port)
		return "ports";
	adit_packet_client(&made->frame, &made->packet, true, &from);
	adit_packet_client(&made->frame, &made->packet, false, &to);
	if (!same_address(&from, &theirs->first) || !same_address(&to, &theirs->first_to))
		return "subscriber";
	if (gtpu != theirs->gtpu)
		return "tunnel";
	if (gtpu && adit_packet_teid(&made->frame, &made->packet) != theirs->teid)
		return "teid";
	return NULL;
}

/* The message itself. */
static const char *compare_message(
	const struct dissection *made, const struct tshark_message *theirs)
{
	const struct adit_dns *dns = &made->dns;

	if (made->outcome == ADIT_OUTCOME_DNS_SHORT)
		return "unreadable";
	if (theirs->id != dns->id || theirs->flags != dns->flags)
		return "header";
	if (!made->readable)
		return "unreadable";
	if (!theirs->has_questions || theirs->questions != dns->count[0])
		return "question";
	if ((dns->flags & ADIT_DNS_QR) && theirs->rcode != dns->rcode)
		return "rcode";
	if (dns->count[0] == 0)
		return NULL;
	if (!tshark_same_name(&dns->qname, theirs))
		return "name";
	if (!tshark_same_size(&dns->qname, theirs))
		return "size";
	return theirs->type == dns->qtype ? NULL : "type";
}

static void count_message(struct totals *totals, const struct tshark_frame *theirs)
{
	totals->messages++;
	totals->by_way[theirs->tcp ? WAY_TCP : WAY_UDP]++;
	totals->by_way[WAY_FRAGMENTS] += theirs->fragments;
	totals->by_way[WAY_GTPU] += theirs->gtpu;
	totals->by_way[WAY_IPV6] += theirs->ends.source.is_v6;
}

/* Called for a frame, or for each message that it makes whole. */
static void compare_made(void *context, const struct dissection *made)
{
	const char *outcome = adit_outcome_names[made->outcome], *what;
	struct comparison *c = context;

	while (c->theirs.number != 0 && c->theirs.number < made->number)
		leave_theirs(c);
	c->totals.frames = made->number;
	c->last = made->outcome;
	if (!made->on_dns_port)
		return;
	/* tshark has none of those that an acknowledgement from the other end set free. */
	if (c->theirs.number != made->number || c->used == c->theirs.count || made->opposite) {
		differences_note(&c->differences, made->number, "extra", outcome);
		return;
	}
	count_message(&c->totals, &c->theirs);
	what = compare_carriage(made, &c->theirs);
	if (what != NULL)
		differences_note(&c->differences, made->number, what, outcome);
	what = compare_message(made, &c->theirs.message[c->used++]);
	if (what != NULL)
		differences_note(&c->differences, made->number, what, outcome);
}

static void capture_path(const struct capture *capture, char *path, size_t room)
{
	if (capture->golden)
		snprintf(path, room, "%s/tests/golden/%s/input.pcap", harness_source_root(),
			capture->name);
	else
		snprintf(path, room, "%s/pcaps/%s", all.root, capture->name);
}

/* tshark reads the next ones while one is looked at. */
static void start_some(struct capture *capture)
{
	long ahead = sysconf(_SC_NPROCESSORS_ONLN);

	if (ahead > AHEAD_MAX)
		ahead = AHEAD_MAX;
	for (; ahead > 0 && capture < all.captures + all.count; ahead--, capture++) {
		char path[4096];

		if (capture->output != NULL)
			continue;
		capture_path(capture, path, sizeof(path));
		capture->output = tshark_start(path);
	}
}

/* False: there is nothing to compare, and the test has failed. The caller ends the comparison even
 * so. */
static bool compare(struct capture *capture, struct comparison *c)
{
	struct adit_error error;
	char path[4096];
	bool asked;

	start_some(capture);
	capture_path(capture, path, sizeof(path));
	asked = tshark_read(capture->output, path, &c->reading);
	capture->output = NULL;
	if (!asked) {
		FAIL("tshark did not read %s", capture->name);
		return false;
	}
	theirs_next(c);
	if (dissect_capture(path, compare_made, c, &error) != 0)
		differences_note(&c->differences, c->totals.frames + 1, "cannot be", "read");
	else
		CHECK_EQ_INT(c->totals.frames, c->reading.frames);
	while (c->theirs.number != 0)
		leave_theirs(c);
	differences_end(&c->differences);
	return true;
}

static void compare_shared(const void *argument)
{
	struct capture *capture = &all.captures[(const struct capture *)argument - all.captures];
	struct comparison c = {0};

	if (compare(capture, &c)) {
		exceptions_check(&all.exceptions, capture->name, &c.differences);
		shared_totals.captures++;
		shared_totals.frames += c.totals.frames;
		shared_totals.messages += c.totals.messages;
		shared_totals.differences += c.differences.total;
		for (size_t i = 0; i < WAY_COUNT; i++)
			shared_totals.by_way[i] += c.totals.by_way[i];
	}
	differences_free(&c.differences);
	tshark_end(&c.reading);
}

/* Every kind of exception that names this golden case occurs in it. */
static void compare_golden(const void *argument)
{
	struct capture *capture = &all.captures[(const struct capture *)argument - all.captures];
	struct comparison c = {0};
	bool good = compare(capture, &c);

	for (size_t i = 0; good && i < all.exceptions.count; i++) {
		const struct exception *row = &all.exceptions.rows[i];

		if (strcmp(row->golden, capture->name) == 0 &&
			!differences_have(&c.differences, row->kind))
			FAIL("no frame of tests/golden/%s shows this: %s", row->golden, row->kind);
	}
	differences_free(&c.differences);
	tshark_end(&c.reading);
}

/* Every row is whole, and of a capture that is there. */
static void exceptions_are_rows(void)
{
	for (size_t i = 0; i < all.exceptions.count; i++) {
		const struct exception *row = &all.exceptions.rows[i];
		size_t k = 0;

		if (row->golden[0] == '\0' || row->reason[0] == '\0')
			FAIL("not five fields: %s %s", row->capture, row->kind);
		while (k < all.shared && strcmp(all.captures[k].name, row->capture) != 0)
			k++;
		if (k == all.shared)
			FAIL("an exception of a capture that is not there: %s", row->capture);
	}
}

/* After all captures: messages came each way. */
static void every_way(void)
{
	const struct totals *t = &shared_totals;

	if (t->captures != all.shared)
		SKIP("not all captures were compared");
	printf("%" PRIu64 " captures, %" PRIu64 " frames, %" PRIu64 " messages, %" PRIu64
	       " differences\n",
		t->captures, t->frames, t->messages, t->differences);
	for (size_t i = 0; i < WAY_COUNT; i++) {
		printf("%s: %" PRIu64 " messages\n", way_names[i], t->by_way[i]);
		CHECK(t->by_way[i] > 0);
	}
}

static void skip_all(void)
{
	if (all.root == NULL)
		SKIP("the shared captures are not there");
	SKIP("tshark or capinfos is not there");
}

static int take_file(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)where;
	if (kind == FTW_F && strstr(path, ".pcap") != NULL && all.count < FILES_MAX)
		all.captures[all.count++].name =
			strdup(path + strlen(all.root) + strlen("/pcaps/"));
	return 0;
}

static int order(const void *a, const void *b)
{
	return strcmp(((const struct capture *)a)->name, ((const struct capture *)b)->name);
}

/* The golden cases that exceptions name, each once. */
static void take_golden(void)
{
	for (size_t i = 0; i < all.exceptions.count; i++) {
		const char *name = all.exceptions.rows[i].golden;
		size_t k = all.shared;

		while (k < all.count && strcmp(name, all.captures[k].name) != 0)
			k++;
		if (k == all.count && all.count < FILES_MAX)
			all.captures[all.count++] = (struct capture){.name = name, .golden = true};
	}
}

__attribute__((constructor)) static void find_captures(void)
{
	char path[4096];

	all.root = harness_shared_root();
	if (all.root == NULL || system("for t in tshark capinfos; do command -v $t || exit 1; done "
				       ">/dev/null 2>&1") != 0) {
		harness_register("differential", "tshark", __FILE__, __LINE__, skip_all);
		return;
	}
	snprintf(path, sizeof(path), "%s/pcaps", all.root);
	nftw(path, take_file, 16, FTW_PHYS);
	qsort(all.captures, all.count, sizeof(all.captures[0]), order);
	all.shared = all.count;
	exceptions_read(&all.exceptions);
	take_golden();
	harness_register("differential", "exceptions", __FILE__, __LINE__, exceptions_are_rows);
	for (size_t i = 0; i < all.count; i++)
		harness_register_case(i < all.shared ? "differential" : "differential_golden",
			all.captures[i].name, __FILE__, __LINE__,
			i < all.shared ? compare_shared : compare_golden, &all.captures[i]);
	harness_register("differential_total", "every_way", __FILE__, __LINE__, every_way);
}
