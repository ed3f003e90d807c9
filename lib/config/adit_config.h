/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Options. One table makes the parser, the range errors, `adit config dump`, the sample file and
 * the reference page. This library is the only user of libconfig in the project; other files in its
 * syntax are read by adit_form.h. Libraries never see the options: they take parameter structs that
 * the application fills from them. Control path; one thread.
 */
#ifndef ADIT_CONFIG_H
#define ADIT_CONFIG_H

#include "adit_base.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum adit_option_type {
	ADIT_OPTION_BOOL,
	ADIT_OPTION_INT,    /* int64_t with min, max and a unit */
	ADIT_OPTION_STRING, /* one of `choices` where given */
	ADIT_OPTION_LIST,   /* strings */
	ADIT_OPTION_INTS,   /* list of int64_t, each within min and max */
};

#define ADIT_LIST_MAX 64

struct adit_list {
	size_t count;
	char *item[ADIT_LIST_MAX];
};

struct adit_ints {
	size_t count;
	int64_t item[ADIT_LIST_MAX];
};

/* The rows, in the order of the sample file; an option is called "section.name". */
#include "adit_options.h"

/* A group of the list `sinks`. What its type does not have is at its default. Owns its strings. */
struct adit_sink_config {
#define ADIT_SINK_INT(kinds, name, preset, low, high, unit, help) int64_t name;
#define ADIT_SINK_STRING(kinds, name, preset, choices, help)      char *name;
#define ADIT_SINK_LIST(kinds, name, preset, help)                 struct adit_list name;
	ADIT_SINK_OPTIONS
#undef ADIT_SINK_INT
#undef ADIT_SINK_STRING
#undef ADIT_SINK_LIST
};

#define ADIT_SINK_CONFIGS_MAX 16

struct adit_sink_configs {
	size_t count;
	struct adit_sink_config *item[ADIT_SINK_CONFIGS_MAX];
};

/* Owns its strings. A field is named section_name. */
struct adit_config {
#define ADIT_SECTION(section, help)
#define ADIT_BOOL(section, name, preset, help)                  bool section##_##name;
#define ADIT_INT(section, name, preset, low, high, unit, help)  int64_t section##_##name;
#define ADIT_STRING(section, name, preset, choices, help)       char *section##_##name;
#define ADIT_LIST(section, name, preset, help)                  struct adit_list section##_##name;
#define ADIT_INTS(section, name, preset, low, high, unit, help) struct adit_ints section##_##name;
	ADIT_OPTIONS
#undef ADIT_SECTION
#undef ADIT_BOOL
#undef ADIT_INT
#undef ADIT_STRING
#undef ADIT_LIST
#undef ADIT_INTS
	struct adit_sink_configs sinks;
};

/* All options at their defaults. Returns 0 or -ENOMEM. adit_config_clear frees what it holds and
 * leaves it empty; it may be called again. */
int adit_config_init(struct adit_config *config);
void adit_config_clear(struct adit_config *config);

/*
 * Reads a libconfig file over what `config` holds. Returns 0, -errno of the file, -ENOMEM, -EFBIG
 * (256 KiB is the most), or -EINVAL: the error names file, line and option, what is allowed, and
 * for an unknown option the nearest name. On an error `config` is unchanged. `@include "file"` on
 * a line of its own reads another file, found from the directory of the file that names it; a
 * message about what stands in there names that file.
 */
int adit_config_read(struct adit_config *config, const char *path, struct adit_error *error);

/* The same from text; `what` stands in messages for the file. @include is refused. */
int adit_config_read_text(
	struct adit_config *config, const char *what, const char *text, struct adit_error *error);

/*
 * One option from text, as `--set section.name=value` gives it. Lists: values by comma; a comma
 * that belongs to a value is written \, and a backslash \\. Returns 0, -ENOMEM or -EINVAL; on an
 * error `config` is unchanged.
 */
int adit_config_set(struct adit_config *config, const char *assignment, struct adit_error *error);

/* The prefix of a text such as 10.20.0.0/16; an address is one of all its bits. Returns 0, or
 * -EINVAL, also where a bit after the prefix is set. */
int adit_config_prefix(const char *text, struct adit_address *address, unsigned *bits);

/* Whether the options agree with one another, once all are set: 0 or -EINVAL. */
int adit_config_check(const struct adit_config *config, struct adit_error *error);

/* A copy with strings of its own; on an error `to` is empty. Returns 0 or -ENOMEM. */
int adit_config_copy(struct adit_config *to, const struct adit_config *from);

/*
 * What a program that runs takes over from a configuration that is read while it does. An option
 * either reloads or needs a restart (docs/reference.md); sinks are compared by their groups.
 */
struct adit_config_names {
	unsigned count;
	char text[400]; /* with commas; "..." where they are too many */
};
void adit_config_compare(const struct adit_config *now, const struct adit_config *next,
	struct adit_config_names *reloads, struct adit_config_names *restarts);
bool adit_sink_config_same(const struct adit_sink_config *a, const struct adit_sink_config *b);
/* Gives `next` what `now` has of options that need a restart. 0 or -ENOMEM. */
int adit_config_keep(struct adit_config *next, const struct adit_config *now);
/* Exchanges what reloads. Options that need a restart, and groups of sinks that both have, stay
 * where they are: what points into them stays right. */
void adit_config_exchange(struct adit_config *now, struct adit_config *next);

/* These return 0 or -EIO (-ENOMEM for the latter two). `to` stays open. */
/* Writes what is in force as a file that adit_config_read takes back. */
int adit_config_dump(const struct adit_config *config, FILE *to);
/* The same as a JSON object of sections; the value of an option that names or holds a secret is
 * "(masked)", where it has one, and so is what a URL has in front of an @. */
int adit_config_json(const struct adit_config *config, FILE *to);
/* The sample file: every option, commented, with unit, range, default and help. */
int adit_config_sample(FILE *to);
/* The reference page, Markdown. */
int adit_config_reference(FILE *to);

/* The name among `names` nearest to `text` by edit distance (a swap of neighbours is one edit),
 * the first of equals, or NULL if none is near. */
const char *adit_nearest(const char *text, const char *const *names, size_t count);

#ifdef __cplusplus
}
#endif
#endif
