/* SPDX-License-Identifier: BSD-3-Clause */
#include "differences.h"

#include <stdlib.h>

static void range_end(struct kind *kind)
{
	if (kind->first == 0)
		return;
	fprintf(kind->stream, "%s%" PRIu64, ftell(kind->stream) != 0 ? "," : "", kind->first);
	if (kind->last != kind->first)
		fprintf(kind->stream, "-%" PRIu64, kind->last);
	kind->first = 0;
}

void differences_note(
	struct differences *differences, uint64_t frame, const char *what, const char *outcome)
{
	struct kind *kind = differences->kinds, *end = kind + differences->count;
	char name[sizeof(kind->name)];

	differences->total++;
	snprintf(name, sizeof(name), "%s %s", what, outcome);
	while (kind < end && strcmp(kind->name, name) != 0)
		kind++;
	if (kind == end) {
		REQUIRE(differences->count < ADIT_COUNT(differences->kinds));
		differences->count++;
		strcpy(kind->name, name);
		kind->stream = open_memstream(&kind->list, &kind->size);
	}
	/* Several messages of a frame count once here. */
	if (kind->first != 0 && kind->last != frame && kind->last + 1 != frame)
		range_end(kind);
	if (kind->first == 0)
		kind->first = frame;
	kind->last = frame;
}

void differences_end(struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		range_end(&differences->kinds[i]);
		fclose(differences->kinds[i].stream);
	}
}

bool differences_have(const struct differences *differences, const char *kind)
{
	for (size_t i = 0; i < differences->count; i++)
		if (strcmp(differences->kinds[i].name, kind) == 0)
			return true;
	return false;
}

void differences_free(struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++)
		free(differences->kinds[i].list);
}

static const char *field(char **line)
{
	const char *value = strsep(line, "\t");

	return value != NULL ? value : "";
}

void exceptions_read(struct exceptions *exceptions)
{
	char path[4096], *rest = NULL, *line;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/differential/exceptions.tsv", harness_source_root());
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (getdelim(&exceptions->text, &room, '\0', file) > 0)
		rest = exceptions->text;
	fclose(file);
	while ((line = strsep(&rest, "\n")) != NULL && exceptions->count < EXCEPTIONS_MAX) {
		struct exception *row = &exceptions->rows[exceptions->count];

		if (line[0] == '#' || line[0] == '\0')
			continue;
		row->capture = field(&line);
		row->kind = field(&line);
		row->frames = field(&line);
		row->golden = field(&line);
		row->reason = field(&line);
		exceptions->count++;
	}
}

void exceptions_check(const struct exceptions *exceptions, const char *capture,
	const struct differences *differences)
{
	bool occurs[EXCEPTIONS_MAX] = {false};

	for (size_t k = 0; k < differences->count; k++) {
		const struct kind *kind = &differences->kinds[k];
		size_t i = 0;

		while (i < exceptions->count &&
			(strcmp(exceptions->rows[i].capture, capture) != 0 ||
				strcmp(exceptions->rows[i].kind, kind->name) != 0 ||
				strcmp(exceptions->rows[i].frames, kind->list) != 0))
			i++;
		if (i == exceptions->count)
			FAIL("a difference that is not explained:\n%s\t%s\t%s", capture, kind->name,
				kind->list);
		else
			occurs[i] = true;
	}
	for (size_t i = 0; i < exceptions->count; i++)
		if (!occurs[i] && strcmp(exceptions->rows[i].capture, capture) == 0)
			FAIL("an exception that does not occur: %s\t%s", exceptions->rows[i].kind,
				exceptions->rows[i].frames);
}
