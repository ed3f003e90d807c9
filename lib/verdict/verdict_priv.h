/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the writers of this library share: one way to put bytes into a file and to learn that it
 * failed, and what the board keeps of a record.
 */
#ifndef VERDICT_PRIV_H
#define VERDICT_PRIV_H

#include "adit_dns.h"
#include "adit_verdict.h"

#include <jansson.h>

/* Writes `size` bytes, and flushes where `flush` says so. Returns 0 or -errno. */
int adit_verdict_put(FILE *to, const char *bytes, size_t size, bool flush);

/* Writes the document and a newline, flushes, and releases it. NULL gives -ENOMEM. Real numbers
 * get `digits` significant ones. */
int adit_verdict_put_json(json_t *document, size_t flags, unsigned digits, FILE *to);

/* A JSON string of any text: octets that are not UTF-8 are written as \ddd. NULL: no memory. */
json_t *adit_verdict_json_text(const char *text);

/* A JSON integer; a counter too large for one saturates. NULL: no memory. */
json_t *adit_verdict_json_count(uint64_t value);

/*
 * A field: `value` makes the JSON value from the member at `offset` of its record (offset 0: the
 * record itself) or returns NULL when there is no memory. `parts` are the fields of the object, or
 * of those in the list.
 */
struct field {
	const char *key;
	json_t *(*value)(const void *member, const struct adit_privacy *privacy);
	size_t offset;
	const char *type, *meaning;
	const struct field *parts;
	size_t part_count;
	bool is_list;
	const char *limits; /* more of its JSON Schema: "\"minimum\": 0"; or NULL */
};
/* Those of a verdict, `count` of them. */
const struct field *adit_verdict_fields(size_t *count);

/* The escaped text of a name; "" where there is none. */
void adit_verdict_name_text(const struct adit_wire_name *name, char text[ADIT_NAME_TEXT_MAX]);

/* A line of CSV. The longest is one of features: span, kind and domain of 32, 32 and
 * ADIT_NAME_TEXT_MAX characters, which quoting doubles at worst, and numbers that take at most 25
 * with their comma. */
struct csv_line {
	size_t size;
	char text[2 * (ADIT_NAME_TEXT_MAX + 64) + 25 * ADIT_FEATURE_MAX + 512];
};

/* Each adds a cell: a text, a number (empty where it is not finite), a counter, a time. */
void adit_csv_text(struct csv_line *line, const char *cell);
void adit_csv_number(struct csv_line *line, double value);
void adit_csv_count(struct csv_line *line, uint64_t value);
void adit_csv_time(struct csv_line *line, uint64_t ns);
/* Ends the line and writes it. Returns 0 or -errno. */
int adit_csv_put(struct csv_line *line, FILE *to);

#define STORY_REASONS 3

/* What a person is shown of a story: about 400 bytes, where the record takes some 7000. */
struct story {
	uint64_t id, queries, bytes_up, bytes_down;
	uint64_t window_start_ns, window_end_ns;
	enum adit_verdict_class verdict;
	uint32_t score, subscribers_total;
	const char *tool;
	const char *reason[STORY_REASONS]; /* NULL: none */
	bool has_server, has_subscriber;
	struct adit_address server, subscriber;
	struct adit_wire_name domain;
};

struct adit_verdict_board {
	struct story *story;
	size_t count, room;
	uint32_t *slot;    /* open addressing by id: index + 1; 0: free; twice `room` of them */
	size_t dropped[2]; /* by class: the weakest, when there was no room */
};

/* Orders what a person should see first: tunnels, high scores, many queries; then by id. */
int adit_verdict_story_order(const struct story *a, const struct story *b);

#endif
