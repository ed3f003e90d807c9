/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ADIT_CONFIG_PRIV_H
#define ADIT_CONFIG_PRIV_H

#include "adit_config.h"

/* A row of a table; read-only. `preset` is the default as --set would give it; its field stands in
 * a struct adit_config or, of section "sinks", in a struct adit_sink_config. `kinds` are the types
 * of sinks that have it ("jsonl|rpz"); NULL: all. */
struct adit_option {
	const char *section, *name;
	enum adit_option_type type;
	size_t offset;
	const char *preset;
	int64_t low, high;
	const char *unit, *choices, *help, *kinds;
};

struct adit_section {
	const char *name, *help;
};

extern const struct adit_option adit_options[];
extern const size_t adit_option_count;
extern const struct adit_section adit_sections[];
extern const size_t adit_section_count;

/* sinks.c: the options of a sink; the first is its type. */
extern const struct adit_option adit_sink_options[];
extern const size_t adit_sink_option_count;
bool adit_sink_has(const struct adit_sink_config *sink, const struct adit_option *option);
void adit_sink_configs_clear(struct adit_sink_configs *sinks);
int adit_sink_configs_copy(struct adit_sink_configs *to, const struct adit_sink_configs *from);
/* A sink of defaults; NULL: no memory. */
struct adit_sink_config *adit_sink_config_make(void);
void adit_sink_config_free(struct adit_sink_config *sink);

/* Where a value stands, for messages. Line 0: there are no lines (--set). */
struct adit_place {
	const char *file;
	unsigned line;
};

/* adit_error_set with the place in front. */
int adit_config_fail(struct adit_error *error, int code, struct adit_place place,
	const char *format, ...) ADIT_PRINTF(4, 5);

bool adit_section_known(const char *section);
/* The option, or NULL with the error set. */
const struct adit_option *adit_option_find(
	const char *section, const char *name, struct adit_place place, struct adit_error *error);
int adit_section_unknown(const char *section, struct adit_place place, struct adit_error *error);

/* What the option takes, as a phrase: "an integer from 1 to 16 (queues)". */
struct adit_phrase {
	char text[256];
};
struct adit_phrase adit_option_allowed(const struct adit_option *option);

/* Takes back what the option holds (strings freed, lists emptied). */
void adit_option_empty(void *record, const struct adit_option *option);
/* Sets a scalar, or appends to a list; the option was emptied before. The type must fit. */
int adit_option_put_bool(void *record, const struct adit_option *option, bool value);
int adit_option_put_int(void *record, const struct adit_option *option, int64_t value,
	struct adit_place place, struct adit_error *error);
int adit_option_put_string(void *record, const struct adit_option *option, const char *value,
	struct adit_place place, struct adit_error *error);

/* Sets an option from text, as --set has it; copies one to an empty record. */
int adit_option_set(void *record, const struct adit_option *option, const char *text,
	struct adit_place place, struct adit_error *error);
int adit_option_copy(void *to, const void *from, const struct adit_option *option);
/* change.c: whether a program that runs takes it over. */
bool adit_option_reloads(const struct adit_option *option);
/* Whether `value` is one of "a|b|c". */
bool adit_is_choice(const char *choices, const char *value);
/* Adds to a text of `room` bytes, cut to its room; names get commas between them. */
void adit_append(char *text, size_t room, const char *format, ...) ADIT_PRINTF(3, 4);
void adit_append_names(char *text, size_t room, const char *const *names, size_t count);

/* As the file has it: in quotes, what needs it escaped. */
void adit_config_write_string(FILE *to, const char *text);

/* Writes a string of an option, in quotes. */
typedef void adit_text_writer(FILE *to, const struct adit_option *option, const char *text);
/* The value of an option in `record`, with strings as `text` writes them, and `comma` between those
 * of a list. */
void adit_option_write(FILE *to, const void *record, const struct adit_option *option,
	const char *comma, adit_text_writer *text);

static inline void *adit_option_field(void *record, const struct adit_option *option)
{
	return (char *)record + option->offset;
}

/*
 * The text that libconfig gets to read: a file with its includes in place. `line` of that text is
 * adit_source_place(line) for the user.
 */
#define ADIT_SOURCE_FILES    16
#define ADIT_SOURCE_SEGMENTS (2 * ADIT_SOURCE_FILES)

struct adit_source {
	char *text;
	size_t text_size;
	FILE *stream;
	size_t most;    /* bytes of a file */
	unsigned lines; /* line of `text` that is being written */
	bool may_include;
	size_t file_count, segment_count;
	struct adit_source_file {
		char *name, *text;
	} files[ADIT_SOURCE_FILES];
	/* From `first` on, lines of `text` are those of `file` from `line` on. */
	struct adit_source_segment {
		unsigned first, line;
		size_t file;
	} segments[ADIT_SOURCE_SEGMENTS];
};

/* From a file (`text` is NULL) or from text, of up to `most` bytes each. Call adit_source_clear in
 * either case. */
int adit_source_load(struct adit_source *source, const char *name, const char *text, size_t most,
	struct adit_error *error);
void adit_source_clear(struct adit_source *source);
struct adit_place adit_source_place(const struct adit_source *source, unsigned line);
/* The line as the user wrote it, without the white space around it; its size goes to `size`. */
const char *adit_source_line(const struct adit_source *source, unsigned line, size_t *size);

#endif
