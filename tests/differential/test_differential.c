/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Our reading of every shared capture against tshark's: a case per capture. The two must agree, per
 * frame, on whether it is DNS over UDP, on ID and QR bit, and on name and type of the first
 * question. Where they do not, exceptions.tsv says why, and an exception that no longer occurs is
 * a failure too.
 *
 * tshark takes longer to start than to read most of the captures, so it runs once over all of
 * them, put behind one another by mergecap.
 */
#include "dissect.h"
#include "harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_MAX 1024

/* What tshark says about a frame; texts point into the output. */
struct answer {
	uint64_t frame;
	const char *id, *qr, *name, *type, *size, *labels;
};

static struct {
	const char *root;
	char *files[FILES_MAX]; /* below root/pcaps */
	uint64_t base[FILES_MAX + 1];
	size_t count;
	char *exceptions;
	struct answer *answers;
	size_t answer_count;
	bool tried, asked;
} all;

/* The frames of a capture that differ in one way, as a list of numbers and ranges. */
struct kind {
	char name[48];
	char *list;
	size_t size;
	FILE *stream;
	uint64_t first, last; /* not yet in the list */
};

/* A capture under comparison. */
struct comparison {
	const char *file;
	const struct answer *next, *end;
	uint64_t base, read;
	struct kind kinds[16];
	size_t kind_count;
};

static char *slurp(FILE *file)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	char block[65536];
	size_t got;

	while ((got = fread(block, 1, sizeof(block), file)) > 0)
		fwrite(block, 1, got, memory);
	fclose(memory);
	return text;
}

/* A command over all captures: `before`, the paths, `after`. NULL where it cannot be run. */
static FILE *over_all(const char *before, const char *after)
{
	char *text = NULL;
	size_t size = 0;
	FILE *command = open_memstream(&text, &size), *output;

	fprintf(command, "cd '%s/pcaps' && exec %s", all.root, before);
	for (size_t i = 0; i < all.count; i++)
		fprintf(command, " '%s'", all.files[i]);
	fprintf(command, " %s", after);
	fclose(command);
	output = popen(text, "r");
	free(text);
	return output;
}

/* Frames of each capture, as those who write the merged one count them. */
static bool count_frames(void)
{
	FILE *output = over_all("capinfos -TmrcM", "2>/dev/null");
	char line[4096];
	size_t i = 0;

	while (fgets(line, sizeof(line), output) != NULL && i < all.count) {
		const char *comma = strrchr(line, ',');

		if (comma == NULL)
			break;
		all.base[i + 1] = all.base[i] + strtoull(comma + 1, NULL, 10);
		i++;
	}
	return pclose(output) == 0 && i == all.count;
}

/* The first of the values that tshark joined. */
static const char *field(char **line)
{
	char *value = strsep(line, "\t");

	if (value == NULL)
		return "";
	value[strcspn(value, "\1")] = '\0';
	return value;
}

static void take_answers(char *text)
{
	size_t room = 0;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL && *line != '\0') {
		struct answer *answer;

		if (all.answer_count == room) {
			room = room * 2 + 1024;
			all.answers = realloc(all.answers, room * sizeof(*all.answers));
		}
		answer = &all.answers[all.answer_count++];
		answer->frame = strtoull(field(&line), NULL, 10);
		answer->id = field(&line);
		answer->qr = field(&line);
		answer->name = field(&line);
		answer->type = field(&line);
		answer->size = field(&line);
		answer->labels = field(&line);
	}
}

static bool ask_tshark(void)
{
	char path[] = "/tmp/adit-differential-XXXXXX", command[1024];
	int fd = mkstemp(path);
	FILE *output;
	bool good;

	if (fd < 0)
		return false;
	close(fd);
	snprintf(command, sizeof(command), "mergecap -a -I none -w %s", path);
	output = over_all(command, "2>/dev/null");
	good = pclose(output) == 0 && count_frames();
	if (good) {
		snprintf(command, sizeof(command),
			"tshark -n -r %s -o ip.defragment:FALSE -o ipv6.defragment:FALSE "
			"-Y 'dns && udp' -T fields -E separator=/t -E 'aggregator=\1' "
			"-e frame.number -e dns.id -e dns.flags.response -e dns.qry.name "
			"-e dns.qry.type -e dns.qry.name.len -e dns.count.labels 2>/dev/null",
			path);
		output = popen(command, "r");
		take_answers(slurp(output));
		good = pclose(output) == 0;
	}
	unlink(path);
	return good;
}

/* tshark's text of a name, with octets outside ASCII as they are. */
static void name_text(const struct adit_name *name, char *text)
{
	static const char letters[] = "abtnvfr";

	for (unsigned i = 0; i < name->labels; i++) {
		const uint8_t *label = name->wire + name->label_at[i];

		if (i > 0)
			*text++ = '.';
		for (unsigned k = 1; k <= label[0]; k++) {
			if (label[k] >= 7 && label[k] <= 13)
				text += sprintf(text, "\\%c", letters[label[k] - 7]);
			else if (label[k] < 32 || label[k] == 127)
				text += sprintf(text, "\\%03o", label[k]);
			else
				*text++ = (char)label[k];
		}
	}
	*text = '\0';
}

/* Octets outside ASCII are UTF-8 to tshark, which does not tell apart what is none: where there
 * are any, what comes before the first and after the last must be the same. */
static bool same_name(const struct adit_name *name, const char *theirs)
{
	char ours[ADIT_NAME_TEXT_MAX];
	size_t before = 0, after = 0, size, their_size = strlen(theirs);

	name_text(name, ours);
	size = strlen(ours);
	while (before < size && !(ours[before] & 0x80))
		before++;
	if (before == size)
		return strcmp(ours, theirs) == 0;
	while (!(ours[size - after - 1] & 0x80))
		after++;
	return their_size > before + after && strncmp(ours, theirs, before) == 0 &&
	       strcmp(ours + size - after, theirs + their_size - after) == 0;
}

/* tshark counts the octets of a name's text, and as labels what dots part. It says 0 and 0 of a
 * text of one octet. */
static bool same_size(const struct adit_name *name, const struct answer *answer)
{
	unsigned long size = name->size - 2u, labels = name->labels;

	for (unsigned i = 0; i < name->labels; i++)
		for (unsigned k = 1; k <= name->wire[name->label_at[i]]; k++)
			labels += name->wire[name->label_at[i] + k] == '.';
	if (size == 1)
		size = labels = 0;
	return strtoul(answer->size, NULL, 10) == size &&
	       strtoul(answer->labels, NULL, 10) == labels;
}

/* What the two disagree on, or NULL. */
static const char *compare_message(const struct dissection *made, const struct answer *answer)
{
	const struct adit_name *name = &made->dns.qname;

	if (made->outcome == ADIT_OUTCOME_DNS_SHORT)
		return "unreadable";
	if (strtoul(answer->id, NULL, 16) != made->dns.id ||
		strtoul(answer->qr, NULL, 10) != made->dns.flags >> 15)
		return "header";
	if (!made->readable)
		return "unreadable";
	if (made->dns.count[0] == 0)
		return *answer->name == '\0' ? NULL : "question";
	if (name->labels == 0)
		return strcmp(answer->name, "<Root>") == 0 ? NULL : "name";
	if (!same_name(name, answer->name))
		return "name";
	if (!same_size(name, answer))
		return "size";
	return strtoul(answer->type, NULL, 0) == made->dns.qtype ? NULL : "type";
}

static void range_end(struct kind *kind)
{
	if (kind->first == 0)
		return;
	fprintf(kind->stream, "%s%" PRIu64, ftell(kind->stream) != 0 ? "," : "", kind->first);
	if (kind->last != kind->first)
		fprintf(kind->stream, "-%" PRIu64, kind->last);
	kind->first = 0;
}

static void note(struct comparison *c, uint64_t frame, const char *what, const char *outcome)
{
	struct kind *kind = c->kinds;
	char name[sizeof(kind->name)];

	snprintf(name, sizeof(name), "%s %s", what, outcome);
	while (kind < c->kinds + c->kind_count && strcmp(kind->name, name) != 0)
		kind++;
	REQUIRE(kind < c->kinds + ADIT_COUNT(c->kinds));
	if (kind == c->kinds + c->kind_count) {
		c->kind_count++;
		strcpy(kind->name, name);
		kind->stream = open_memstream(&kind->list, &kind->size);
	}
	if (kind->first != 0 && kind->last + 1 != frame)
		range_end(kind);
	if (kind->first == 0)
		kind->first = frame;
	kind->last = frame;
}

static void compare_frame(void *context, const struct dissection *made)
{
	struct comparison *c = context;
	const struct answer *answer = NULL;
	const char *what = NULL;

	c->read++;
	if (c->next < c->end && c->next->frame == c->base + made->number)
		answer = c->next++;
	if (answer != NULL && made->on_dns_port)
		what = compare_message(made, answer);
	else if (answer != NULL)
		what = "missed";
	else if (made->on_dns_port)
		what = "extra";
	if (what != NULL)
		note(c, made->number, what, adit_outcome_names[made->outcome]);
}

/* The kinds found against the rows of exceptions.tsv: file, kind, frames, reason. */
static void check_rows(struct comparison *c)
{
	size_t prefix = strlen(c->file), explained = 0;
	char row[4096];

	for (struct kind *kind = c->kinds; kind < c->kinds + c->kind_count; kind++) {
		const char *at;
		size_t size;

		range_end(kind);
		fclose(kind->stream);
		snprintf(row, sizeof(row), "\n%s\t%s\t", c->file, kind->name);
		at = strstr(all.exceptions, row);
		size = strlen(row);
		if (at == NULL || strncmp(at + size, kind->list, strlen(kind->list)) != 0 ||
			at[size + strlen(kind->list)] != '\t')
			FAIL("a difference that is not explained:%s%s", row, kind->list);
		else
			explained++;
		free(kind->list);
	}
	for (const char *at = all.exceptions; (at = strchr(at, '\n')) != NULL;) {
		at++;
		if (strncmp(at, c->file, prefix) == 0 && at[prefix] == '\t' && explained-- == 0)
			FAIL("%s has more exceptions than differences", c->file);
	}
}

static void compare_file(const void *argument)
{
	size_t index = (size_t)((char *const *)argument - all.files);
	struct comparison c = {.file = all.files[index]};
	struct adit_error error;
	char path[4096];
	int status;

	if (!all.tried)
		all.asked = ask_tshark();
	all.tried = true;
	REQUIRE(all.asked);
	c.base = all.base[index];
	c.next = all.answers;
	c.end = all.answers + all.answer_count;
	while (c.next < c.end && c.next->frame <= c.base)
		c.next++;
	snprintf(path, sizeof(path), "%s/pcaps/%s", all.root, c.file);
	status = dissect_capture(path, compare_frame, &c, &error);
	if (status != 0)
		note(&c, c.read + 1, "cannot be", "read");
	else
		CHECK_EQ_INT(c.read, all.base[index + 1] - all.base[index]);
	check_rows(&c);
}

static void skip_all(void)
{
	if (all.root == NULL)
		SKIP("the shared captures are not there");
	SKIP("tshark, mergecap or capinfos is not there");
}

static int take_file(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	const char *name = path + strlen(all.root) + strlen("/pcaps/");

	(void)about;
	(void)where;
	if (kind == FTW_F && strstr(name, ".pcap") != NULL && all.count < FILES_MAX)
		all.files[all.count++] = strdup(name);
	return 0;
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Exceptions of captures that are not there. */
static void exceptions_have_captures(void)
{
	for (const char *at = all.exceptions; *at != '\0' && strchr(at, '\n') != NULL;
		at = strchr(at, '\n') + 1) {
		size_t size = strcspn(at, "\t\n"), i = 0;

		if (*at == '#')
			continue;
		while (i < all.count &&
			(strncmp(all.files[i], at, size) != 0 || all.files[i][size] != '\0'))
			i++;
		if (i == all.count)
			FAIL("an exception of a capture that is not there: %.*s", (int)size, at);
	}
}

__attribute__((constructor)) static void find_captures(void)
{
	char path[4096];
	FILE *file;

	all.root = harness_shared_root();
	if (all.root == NULL ||
		system("for t in tshark mergecap capinfos; do command -v $t || exit 1; done "
		       ">/dev/null 2>&1") != 0) {
		harness_register("differential", "tshark", __FILE__, __LINE__, skip_all);
		return;
	}
	snprintf(path, sizeof(path), "%s/tests/differential/exceptions.tsv", harness_source_root());
	file = fopen(path, "re");
	all.exceptions = file != NULL ? slurp(file) : strdup("");
	if (file != NULL)
		fclose(file);
	snprintf(path, sizeof(path), "%s/pcaps", all.root);
	nftw(path, take_file, 16, FTW_PHYS);
	qsort(all.files, all.count, sizeof(all.files[0]), order);
	harness_register(
		"differential", "exceptions", __FILE__, __LINE__, exceptions_have_captures);
	for (size_t i = 0; i < all.count; i++)
		harness_register_case("differential", all.files[i], __FILE__, __LINE__,
			compare_file, &all.files[i]);
}
