/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Golden cases: a folder each, with a README.md, an input.pcap and an expect.json.
 *
 *	"outcomes"	the number of frames of each outcome; what is not named is 0
 *	"frames"	objects with "frame", a number, and the fields of `dissect` to be found
 *there "input"		another capture in place of input.pcap, from the root of the source tree
 *	"replay"	`adit replay` runs over the capture; "arguments" are added, and of its
 *			output these are looked at:
 *	  "stats"	fields of stats.json
 *	  "tunnels"	one object for each story of class tunnel, with fields of its last record;
 *			there must not be another
 *	  "truth"	a table of domains, in which those labelled tunnel must be the stories
 *
 * An object that is expected matches one that has its fields and maybe more; a list matches one
 * of the same length, item by item.
 */
#include "dissect.h"
#include "golden.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re"), *memory;
	char *text = NULL, block[4096];
	size_t got;

	*size = 0;
	if (file == NULL)
		return NULL;
	memory = open_memstream(&text, size);
	while ((got = fread(block, 1, sizeof(block), file)) > 0)
		fwrite(block, 1, got, memory);
	fclose(memory);
	fclose(file);
	return text;
}

static void put_le32(FILE *file, uint32_t value)
{
	const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24)};

	fwrite(bytes, 1, sizeof(bytes), file);
}

void golden_put_cut(struct golden *g, size_t captured)
{
	frames_finish(&g->f);
	put_le32(g->file, (uint32_t)(g->time_us / 1000000));
	put_le32(g->file, (uint32_t)(g->time_us % 1000000));
	put_le32(g->file, (uint32_t)captured);
	put_le32(g->file, (uint32_t)g->f.size);
	fwrite(g->f.bytes, 1, captured, g->file);
	g->time_us += 1000;
}

void golden_put(struct golden *g)
{
	golden_put_cut(g, g->f.size);
}

/* The capture of a case in memory; the caller frees it. */
static char *build(const struct golden_case *row, size_t *size)
{
	static struct golden g;
	char *bytes = NULL;

	g.file = open_memstream(&bytes, size);
	g.time_us = UINT64_C(1767225600) * 1000000; /* 2026-01-01 00:00 UTC */
	put_le32(g.file, 0xa1b2c3d4);
	put_le32(g.file, 4 << 16 | 2);
	put_le32(g.file, 0);
	put_le32(g.file, 0);
	put_le32(g.file, 262144);
	put_le32(g.file, row->link);
	row->build(&g);
	fclose(g.file);
	return bytes;
}

/* What is committed is what the code builds. With ADIT_GOLDEN_WRITE set it is written instead. */
static void check_input(const void *argument)
{
	const struct golden_case *row = argument;
	char path[4096], *want, *have;
	size_t want_size, have_size;

	want = build(row, &want_size);
	snprintf(path, sizeof(path), "%s/tests/golden/%s/input.pcap", harness_source_root(),
		row->name);
	if (getenv("ADIT_GOLDEN_WRITE") != NULL) {
		FILE *file;

		*strrchr(path, '/') = '\0';
		mkdir(path, 0777);
		path[strlen(path)] = '/';
		file = fopen(path, "we");
		if (file == NULL || fwrite(want, 1, want_size, file) != want_size)
			FAIL("%s: %s", path, strerror(errno));
		if (file != NULL)
			fclose(file);
	}
	have = read_file(path, &have_size);
	if (have == NULL)
		FAIL("%s is missing: tests/tools/make-golden writes it", path);
	else if (have_size != want_size || memcmp(have, want, want_size) != 0)
		FAIL("%s is not what tests/golden/cases_*.c build: run tests/tools/make-golden",
			path);
	free(have);
	free(want);
}

static void mismatch(const char *where, const json_t *want, const json_t *have)
{
	char *want_text = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
	char *have_text = have != NULL ? json_dumps(have, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	FAIL("%s is %s, expected %s", where, have_text != NULL ? have_text : "missing", want_text);
	free(want_text);
	free(have_text);
}

/* Whether `have` is what `want` asks for; tells where not, unless `where` is NULL. */
static bool match(const char *where, const json_t *want, const json_t *have)
{
	char inner[512];
	const char *key;
	json_t *value;
	bool good = true;
	size_t i;

	if (json_is_object(want) && json_is_object(have)) {
		json_object_foreach((json_t *)want, key, value)
		{
			snprintf(inner, sizeof(inner), "%s.%s", where != NULL ? where : "", key);
			good &= match(
				where != NULL ? inner : NULL, value, json_object_get(have, key));
		}
		return good;
	}
	if (json_is_array(want) && json_array_size(want) == json_array_size(have)) {
		json_array_foreach(want, i, value)
		{
			snprintf(inner, sizeof(inner), "%s[%zu]", where != NULL ? where : "", i);
			good &= match(where != NULL ? inner : NULL, value, json_array_get(have, i));
		}
		return good;
	}
	good = json_equal((json_t *)want, (json_t *)have);
	if (!good && where != NULL)
		mismatch(where, want, have);
	return good;
}

/* Frames of a capture against what is expected of them. */
struct check {
	const json_t *frames;
	size_t next;
	uint64_t outcomes[ADIT_OUTCOME_COUNT];
};

static void check_frame(void *context, const struct dissection *made)
{
	struct check *check = context;
	json_t *want = json_array_get(check->frames, check->next), *have;
	char where[32];

	check->outcomes[made->outcome]++;
	if (want == NULL ||
		json_integer_value(json_object_get(want, "frame")) != (json_int_t)made->number)
		return;
	check->next++;
	have = dissect_json(made);
	snprintf(where, sizeof(where), "frame %" PRIu64, made->number);
	match(where, want, have);
	json_decref(have);
}

static void check_frames(const json_t *expect, const char *capture)
{
	struct check check = {.frames = json_object_get(expect, "frames")};
	const json_t *outcomes = json_object_get(expect, "outcomes");
	struct adit_error error;
	const char *key;
	json_t *value;

	if (dissect_capture(capture, check_frame, &check, &error) != 0)
		FAIL("%s", error.text);
	if (check.next != json_array_size(check.frames))
		FAIL("expected frames are not in ascending order, or more than there are");
	json_object_foreach((json_t *)outcomes, key, value)
	{
		int i = 0;

		while (i < ADIT_OUTCOME_COUNT && strcmp(key, adit_outcome_names[i]) != 0)
			i++;
		if (i == ADIT_OUTCOME_COUNT)
			FAIL("there is no outcome \"%s\"", key);
	}
	for (int i = 0; outcomes != NULL && i < ADIT_OUTCOME_COUNT; i++) {
		json_int_t want =
			json_integer_value(json_object_get(outcomes, adit_outcome_names[i]));

		if (want != (json_int_t)check.outcomes[i])
			FAIL("%" PRIu64 " frames are %s, expected %" JSON_INTEGER_FORMAT,
				check.outcomes[i], adit_outcome_names[i], want);
	}
}

/* The last record of each story of class tunnel, by its id; the caller releases the object. */
static json_t *read_tunnels(const char *directory)
{
	json_t *last = json_object(), *record;
	char path[4096];
	const char *id;
	FILE *file;
	void *next;

	snprintf(path, sizeof(path), "%s/verdicts.jsonl", directory);
	file = fopen(path, "re");
	if (file == NULL)
		FAIL("%s: %s", path, strerror(errno));
	while (file != NULL && (record = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
		id = json_string_value(json_object_get(record, "id"));
		if (id == NULL)
			FAIL("a verdict without an id");
		else
			json_object_set(last, id, record);
		json_decref(record);
	}
	if (file != NULL && !feof(file))
		FAIL("%s: a line that is no JSON", path);
	if (file != NULL)
		fclose(file);
	json_object_foreach_safe(last, next, id, record)
	{
		if (strcmp(json_string_value(json_object_get(record, "verdict")), "tunnel") != 0)
			json_object_del(last, id);
		else if (strcmp(json_string_value(json_object_get(record, "state")), "closed") != 0)
			FAIL("story %s is not closed", id);
	}
	return last;
}

static void check_tunnels(const json_t *want, const json_t *have)
{
	const char *id;
	json_t *record, *row;
	size_t i;

	if (want == NULL)
		return;
	if (json_array_size(want) != json_object_size(have))
		FAIL("%zu tunnels, expected %zu", json_object_size(have), json_array_size(want));
	json_array_foreach(want, i, row)
	{
		const json_t *domain = json_object_get(row, "domain");
		bool found = false;

		json_object_foreach((json_t *)have, id,
			record) if (json_equal((json_t *)domain, json_object_get(record, "domain")))
		{
			match(json_string_value(domain), row, record);
			found = true;
		}
		if (!found)
			mismatch("tunnel", row, NULL);
	}
}

/* Rows `domain label tool subscriber …` labelled tunnel are the stories. How many queries a story
 * has stands in expect.json: the table has every one, and what is asked again at once counts once.
 */
static void check_truth(const char *name, const json_t *have)
{
	char path[4096], line[1024], domain[256], label[32], tool[64], subscriber[64];
	size_t tunnels = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", harness_source_root(), name);
	file = fopen(path, "re");
	REQUIRE(file != NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *id;
		json_t *record, *want;
		bool found = false;

		if (sscanf(line, "%255s %31s %63s %63s", domain, label, tool, subscriber) != 4 ||
			strcmp(label, "tunnel") != 0)
			continue;
		tunnels++;
		want = json_pack("{s:s, s:s, s:[{s:s}]}", "domain", domain, "tool", tool,
			"subscribers", "address", subscriber);
		json_object_foreach((json_t *)have, id,
			record) if (strcmp(json_string_value(json_object_get(record, "domain")),
					    domain) == 0)
		{
			match(domain, want, record);
			found = true;
		}
		if (!found)
			FAIL("the tunnel through %s is not found", domain);
		json_decref(want);
	}
	fclose(file);
	CHECK(tunnels > 0);
	CHECK_EQ_INT(json_object_size(have), tunnels);
}

static void check_sum(const json_t *stats)
{
	const json_t *packets = json_object_get(stats, "packets");
	json_int_t sum = 0;
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(packets, "outcomes"), key, value) sum +=
		json_integer_value(value);
	CHECK_EQ_INT(sum, json_integer_value(json_object_get(packets, "received")));
}

static void check_replay(const json_t *expect, const char *capture)
{
	char directory[] = "/tmp/adit-golden-XXXXXX", path[4096], command[8192];
	const json_t *replay = json_object_get(expect, "replay");
	const char *program = getenv("ADIT_PROGRAM"),
		   *more = json_string_value(json_object_get(replay, "arguments")),
		   *truth = json_string_value(json_object_get(replay, "truth"));
	json_t *tunnels, *stats;
	int status;

	if (program == NULL || access(program, X_OK) != 0)
		SKIP("ADIT_PROGRAM does not name the program");
	REQUIRE(mkdtemp(directory) != NULL);
	snprintf(command, sizeof(command), "'%s' replay --out %s %s '%s' >%s/log 2>&1", program,
		directory, more != NULL ? more : "", capture, directory);
	status = system(command);
	if (status != 0) {
		size_t size;
		char *log;

		snprintf(path, sizeof(path), "%s/log", directory);
		log = read_file(path, &size);
		FAIL("%s\nends with %d: %.1500s", command, status, log != NULL ? log : "");
		free(log);
	}
	snprintf(path, sizeof(path), "%s/stats.json", directory);
	stats = json_load_file(path, 0, NULL);
	CHECK(stats != NULL);
	check_sum(stats);
	match("stats", json_object_get(replay, "stats"), stats);
	tunnels = read_tunnels(directory);
	check_tunnels(json_object_get(replay, "tunnels"), tunnels);
	if (truth != NULL)
		check_truth(truth, tunnels);
	json_decref(tunnels);
	json_decref(stats);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	CHECK_EQ_INT(system(command), 0);
}

static void check_case(const void *argument)
{
	const char *name = argument, *input;
	char path[4096], capture[4096];
	json_error_t error;
	json_t *expect;

	snprintf(path, sizeof(path), "%s/tests/golden/%s/README.md", harness_source_root(), name);
	if (access(path, R_OK) != 0)
		FAIL("%s is missing", path);
	snprintf(path, sizeof(path), "%s/tests/golden/%s/expect.json", harness_source_root(), name);
	expect = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (expect == NULL) {
		FAIL("%s:%d: %s", path, error.line, error.text);
		return;
	}
	input = json_string_value(json_object_get(expect, "input"));
	if (input != NULL)
		snprintf(capture, sizeof(capture), "%s/%s", harness_source_root(), input);
	else
		snprintf(capture, sizeof(capture), "%s/tests/golden/%s/input.pcap",
			harness_source_root(), name);
	CHECK(json_object_get(expect, "outcomes") != NULL ||
		json_object_get(expect, "replay") != NULL);
	check_frames(expect, capture);
	if (json_object_get(expect, "replay") != NULL)
		check_replay(expect, capture);
	json_decref(expect);
}

static void register_inputs(const struct golden_case *rows)
{
	for (; rows->name != NULL; rows++)
		harness_register_case(
			"golden_input", rows->name, __FILE__, __LINE__, check_input, rows);
}

__attribute__((constructor)) static void find_cases(void)
{
	struct dirent **entries;
	char path[4096];
	int count;

	register_inputs(golden_packet);
	register_inputs(golden_tunnel);
	register_inputs(golden_layers);
	register_inputs(golden_fragment);
	register_inputs(golden_stream);
	register_inputs(golden_message);
	register_inputs(golden_replay);
	register_inputs(golden_exception);
	snprintf(path, sizeof(path), "%s/tests/golden", harness_source_root());
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		/* The names stay: they are the arguments of the cases. */
		if (entries[i]->d_type == DT_DIR && name[0] != '.')
			harness_register_case(
				"golden", name, __FILE__, __LINE__, check_case, strdup(name));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}
