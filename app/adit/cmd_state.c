/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit state: what a state file holds, and whether it is whole.
 */
#include "adit_app.h"
#include "adit_state.h"
#include "adit_verdict.h"
#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static const char usage[] =
	"usage: adit state show FILE [--json]\n"
	"\n"
	"Prints what the file of state.file holds: when it was written and by which version, and "
	"of\n"
	"each section its version, entries and bytes. All checksums are looked at. No address or\n"
	"name is printed.\n";

static const char closing[] =
	"adit state show /var/lib/adit/state\n"
	"\n"
	"With a file that is damaged, or of a newer format, the status is 1.\n";

static bool as_json;

static struct app_option options[] = {
	{"json", 0, APP_FLAG, NULL, "print JSON of the schema adit.state/1", &as_json, 0, 0, false},
};

/* The version of the program that wrote it; "" where that is not told. */
static void writer_of(const struct adit_state_file *file, char *text, size_t room)
{
	struct adit_state_section section;
	size_t offset = 0, size;

	text[0] = '\0';
	while (adit_state_next(file, &offset, &section)) {
		if (strcmp(section.name, "writer") != 0)
			continue;
		size = section.size < room - 1 ? section.size : room - 1;
		memcpy(text, file->bytes + section.at, size);
		text[size] = '\0';
		for (size_t i = 0; i < size; i++)
			if (text[i] < ' ' || text[i] > '~')
				text[i] = '?';
	}
}

/* The last slice that is in it, or 0. */
static uint64_t reached_of(const struct adit_state_file *file)
{
	struct adit_state_io io;
	uint32_t slice = 0;

	if (adit_state_load(file, "scorer", UINT32_MAX, &io, NULL) == 0)
		adit_state_u32(&io, &slice);
	return slice;
}

static int print_json(const struct adit_state_file *file, const char *writer, const char *written,
	const char *reached)
{
	json_t *sections = json_array(), *all;
	struct adit_state_section section;
	size_t offset = 0;
	int status;

	while (adit_state_next(file, &offset, &section))
		json_array_append_new(sections,
			json_pack("{s:s%, s:I, s:I, s:I}", "name", section.name,
				strnlen(section.name, sizeof(section.name)), "version",
				(json_int_t)section.version, "entries", (json_int_t)section.entries,
				"bytes", (json_int_t)section.size));
	all = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:o}", "schema", "adit.state/1",
		"file", file->path, "format", (json_int_t)file->format, "writer", writer, "written",
		written, "as_of", reached, "bytes", (json_int_t)file->size, "sections", sections);
	if (all == NULL) {
		fprintf(stderr, "adit state: %s: its names are no text, or there is no memory\n",
			file->path);
		json_decref(sections);
		return ADIT_EXIT_NOT_DONE;
	}
	status = json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	json_decref(all);
	putchar('\n');
	return status == 0 ? ADIT_EXIT_DONE : ADIT_EXIT_NOT_DONE;
}

static int print(const struct adit_state_file *file, const char *writer, const char *written,
	const char *reached)
{
	struct adit_state_section section;
	size_t offset = 0;

	printf("%s: format %u, whole\n", file->path, file->format);
	printf("written %s by adit %s, as of %s\n\n", written, writer, reached);
	printf("%-16s %7s %10s %12s\n", "section", "version", "entries", "bytes");
	while (adit_state_next(file, &offset, &section))
		printf("%-16s %7u %10llu %12llu\n", section.name, section.version,
			(unsigned long long)section.entries, (unsigned long long)section.size);
	printf("%-16s %7s %10s %12zu\n", "in all", "", "", file->size);
	return ADIT_EXIT_DONE;
}

static int show(const char *path)
{
	char writer[64], written[40], reached[40];
	struct adit_error error = {"no memory"};
	struct adit_state_file file;
	uint8_t *bytes;
	unsigned mode;
	size_t size;
	bool was_read = adit_state_read(path, &bytes, &size, &mode, &error) == 0;
	int status;

	if (!was_read || adit_state_check(&file, path, bytes, size, &error) != 0) {
		fprintf(stderr, "adit state: %s\n", error.text);
		free(bytes);
		return was_read ? ADIT_EXIT_NOT_DONE : ADIT_EXIT_USAGE;
	}
	writer_of(&file, writer, sizeof(writer));
	adit_time_text(file.written_ns, written);
	adit_time_text((reached_of(&file) + 1) * (10 * ADIT_NS_PER_S), reached);
	status = as_json ? print_json(&file, writer, written, reached)
			 : print(&file, writer, written, reached);
	free(bytes);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "adit state: cannot write: %s\n", strerror(errno));
		return ADIT_EXIT_NOT_DONE;
	}
	return status;
}

int adit_cmd_state(int argc, char **argv)
{
	static const char *const verbs[] = {"show"};
	struct app_line line = {.command = "state",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", options, ADIT_COUNT(options)}}};
	int status = app_line_parse(&line, argc, argv);

	if (status != -1)
		return status;
	if (line.operand_count == 0)
		return app_line_refuse("state", "show what? adit state show FILE");
	if (strcmp(line.operands[0], "show") != 0)
		return app_line_refuse("state", "there is no '%s'%s", line.operands[0],
			app_did_you_mean(line.operands[0], "", verbs, ADIT_COUNT(verbs)));
	if (line.operand_count != 2)
		return app_line_refuse("state", "show takes one FILE");
	return show(line.operands[1]);
}
