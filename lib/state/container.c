/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Header, sections, end mark: made, and checked.
 */
#include "adit_state.h"

#include <errno.h>
#include <zlib.h>

/* Another first byte than any text has, and a line end that a transfer as text would change. */
static const uint8_t magic[8] = {0x89, 'a', 'd', 'i', 't', 's', '\r', '\n'};

#define MARK     0x7cc3a55au
#define END_NAME "end"

/* Places in the header … */
#define HEADER_FORMAT 8
#define HEADER_SIZE   12
#define HEADER_TIME   16
#define HEADER_CRC    28
/* … and in that of a section. */
#define MARK_VERSION  4
#define MARK_NAME     8
#define MARK_SIZE     24
#define MARK_ENTRIES  32
#define MARK_DATA_CRC 40
#define MARK_CRC      44

static uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t load64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void store32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void store64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint32_t sum_of(uint32_t before, const uint8_t *bytes, size_t size)
{
	return (uint32_t)crc32_z(before, bytes, size);
}

void adit_state_save_begin(
	struct adit_state_io *io, void *room, size_t room_bytes, uint64_t written_ns)
{
	uint8_t header[ADIT_STATE_HEADER_BYTES] = {0};

	*io = (struct adit_state_io){.bytes = room, .size = room_bytes};
	memcpy(header, magic, sizeof(magic));
	store32(header + HEADER_FORMAT, ADIT_STATE_FORMAT);
	store32(header + HEADER_SIZE, sizeof(header));
	store64(header + HEADER_TIME, written_ns);
	adit_state_bytes(io, header, sizeof(header));
}

void adit_state_save_section(struct adit_state_io *io, const char *name, uint32_t version)
{
	uint8_t header[ADIT_STATE_MARK_BYTES] = {0};

	store32(header, MARK);
	store32(header + MARK_VERSION, version);
	for (size_t i = 0; i < ADIT_STATE_NAME - 1 && name[i] != '\0'; i++)
		header[MARK_NAME + i] = (uint8_t)name[i];
	io->section = io->at;
	io->version = version;
	io->sections++;
	adit_state_bytes(io, header, sizeof(header));
}

void adit_state_save_section_end(struct adit_state_io *io, uint64_t entries)
{
	if (io->failed)
		return;
	store64(io->bytes + io->section + MARK_SIZE, io->at - io->section - ADIT_STATE_MARK_BYTES);
	store64(io->bytes + io->section + MARK_ENTRIES, entries);
}

void adit_state_save_end(struct adit_state_io *io)
{
	uint32_t sections = io->sections;

	adit_state_save_section(io, END_NAME, ADIT_STATE_FORMAT);
	adit_state_save_section_end(io, sections);
}

void adit_state_seal(uint8_t *bytes, size_t size)
{
	uint32_t all;
	size_t at = ADIT_STATE_HEADER_BYTES;

	store32(bytes + HEADER_CRC, sum_of(0, bytes, HEADER_CRC));
	all = sum_of(0, bytes, ADIT_STATE_HEADER_BYTES);
	while (at + ADIT_STATE_MARK_BYTES <= size) {
		uint8_t *mark = bytes + at;
		uint64_t data = load64(mark + MARK_SIZE);
		bool is_end = memcmp(mark + MARK_NAME, END_NAME, sizeof(END_NAME)) == 0;

		/* Only bytes that nobody has saved look so. */
		if (data > size - at - ADIT_STATE_MARK_BYTES)
			return;
		store32(mark + MARK_DATA_CRC,
			is_end ? all : sum_of(0, mark + ADIT_STATE_MARK_BYTES, data));
		store32(mark + MARK_CRC, sum_of(0, mark, MARK_CRC));
		all = sum_of(all, mark, ADIT_STATE_MARK_BYTES);
		at += ADIT_STATE_MARK_BYTES + data;
	}
}

static int header_check(const struct adit_state_file *file, struct adit_error *error)
{
	const uint8_t *bytes = file->bytes;
	size_t same = 0;

	while (same < sizeof(magic) && same < file->size && bytes[same] == magic[same])
		same++;
	if (same < sizeof(magic) && same < file->size)
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: this is no state of adit; a file that adit wrote to "
			"state.file would be right",
			file->path, same);
	if (file->size < ADIT_STATE_HEADER_BYTES)
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: the file is cut short, within its header of %d bytes",
			file->path, file->size, ADIT_STATE_HEADER_BYTES);
	if (load32(bytes + HEADER_CRC) != sum_of(0, bytes, HEADER_CRC))
		return adit_error_set(error, -EINVAL,
			"%s: offset %d: the header is damaged: its checksum is %08x, and %08x "
			"would be right",
			file->path, HEADER_CRC, load32(bytes + HEADER_CRC),
			sum_of(0, bytes, HEADER_CRC));
	if (load32(bytes + HEADER_FORMAT) > ADIT_STATE_FORMAT)
		return adit_error_set(error, -ENOTSUP,
			"%s: offset %d: format %u, written by a newer version of adit; this one "
			"reads up to format %d",
			file->path, HEADER_FORMAT, load32(bytes + HEADER_FORMAT),
			ADIT_STATE_FORMAT);
	if (load32(bytes + HEADER_SIZE) != ADIT_STATE_HEADER_BYTES)
		return adit_error_set(error, -EINVAL,
			"%s: offset %d: a header of %u bytes; format %d has %d", file->path,
			HEADER_SIZE, load32(bytes + HEADER_SIZE), ADIT_STATE_FORMAT,
			ADIT_STATE_HEADER_BYTES);
	return 0;
}

/* A section whose header stands at `at`; `all` is the sum of what was before. */
/* What is printed as it stands. */
static bool is_name(const uint8_t name[ADIT_STATE_NAME])
{
	size_t size = strnlen((const char *)name, ADIT_STATE_NAME);

	for (size_t i = 0; i < size; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return size < ADIT_STATE_NAME;
}

static int section_check(
	const struct adit_state_file *file, size_t at, uint32_t all, struct adit_error *error)
{
	const uint8_t *mark = file->bytes + at;
	size_t room = file->size - at;
	uint64_t size;
	uint32_t sum;

	if (room < ADIT_STATE_MARK_BYTES)
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: the file is cut short; a section or the end mark would "
			"stand here",
			file->path, at);
	if (load32(mark) != MARK || load32(mark + MARK_CRC) != sum_of(0, mark, MARK_CRC) ||
		!is_name(mark + MARK_NAME))
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: damaged; the header of a section with its checksum would "
			"stand here",
			file->path, at);
	size = load64(mark + MARK_SIZE);
	if (size > room - ADIT_STATE_MARK_BYTES)
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: the file is cut short: section '%s' has %llu bytes, and "
			"%zu are there",
			file->path, at, (const char *)mark + MARK_NAME, (unsigned long long)size,
			room - ADIT_STATE_MARK_BYTES);
	sum = strcmp((const char *)mark + MARK_NAME, END_NAME) == 0
		      ? all
		      : sum_of(0, mark + ADIT_STATE_MARK_BYTES, size);
	if (load32(mark + MARK_DATA_CRC) != sum)
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: section '%s' is damaged: its checksum is %08x, and %08x "
			"would be right",
			file->path, at, (const char *)mark + MARK_NAME,
			load32(mark + MARK_DATA_CRC), sum);
	return 0;
}

int adit_state_check(struct adit_state_file *file, const char *path, const uint8_t *bytes,
	size_t size, struct adit_error *error)
{
	size_t at = ADIT_STATE_HEADER_BYTES;
	uint64_t sections = 0;
	uint32_t all;
	int status;

	*file = (struct adit_state_file){.path = path, .bytes = bytes, .size = size};
	status = header_check(file, error);
	if (status != 0)
		return status;
	file->format = load32(bytes + HEADER_FORMAT);
	file->written_ns = load64(bytes + HEADER_TIME);
	all = sum_of(0, bytes, ADIT_STATE_HEADER_BYTES);
	for (;; sections++) {
		const uint8_t *mark = bytes + at;

		status = section_check(file, at, all, error);
		if (status != 0)
			return status;
		all = sum_of(all, mark, ADIT_STATE_MARK_BYTES);
		at += ADIT_STATE_MARK_BYTES + load64(mark + MARK_SIZE);
		if (strcmp((const char *)mark + MARK_NAME, END_NAME) == 0) {
			if (load64(mark + MARK_ENTRIES) != sections)
				return adit_error_set(error, -EINVAL,
					"%s: offset %zu: the end mark says that there are %llu "
					"sections, and %llu are",
					path, at - ADIT_STATE_MARK_BYTES,
					(unsigned long long)load64(mark + MARK_ENTRIES),
					(unsigned long long)sections);
			break;
		}
	}
	if (at != size)
		return adit_error_set(error, -EINVAL,
			"%s: offset %zu: the file goes on behind its end mark", path, at);
	return 0;
}

bool adit_state_next(
	const struct adit_state_file *file, size_t *offset, struct adit_state_section *section)
{
	const uint8_t *mark;

	if (*offset == 0)
		*offset = ADIT_STATE_HEADER_BYTES;
	mark = file->bytes + *offset;
	memcpy(section->name, mark + MARK_NAME, sizeof(section->name));
	section->version = load32(mark + MARK_VERSION);
	section->entries = load64(mark + MARK_ENTRIES);
	section->size = load64(mark + MARK_SIZE);
	section->at = *offset + ADIT_STATE_MARK_BYTES;
	*offset = section->at + section->size;
	return strcmp(section->name, END_NAME) != 0;
}

int adit_state_load(const struct adit_state_file *file, const char *name, uint32_t newest,
	struct adit_state_io *io, struct adit_error *error)
{
	struct adit_state_section section;
	size_t offset = 0;

	while (adit_state_next(file, &offset, &section)) {
		if (strcmp(section.name, name) != 0)
			continue;
		if (section.version > newest || section.version == 0)
			return adit_error_set(error, -ENOTSUP,
				"%s: offset %zu: section '%s' is of version %u, written by a newer "
				"version of adit; this one reads up to %u",
				file->path, section.at - ADIT_STATE_MARK_BYTES, name,
				section.version, newest);
		*io = (struct adit_state_io){.bytes = (uint8_t *)(uintptr_t)file->bytes,
			.size = section.at + section.size,
			.at = section.at,
			.loads = true,
			.version = section.version,
			.entries = section.entries};
		memcpy(io->name, section.name, sizeof(io->name));
		return 0;
	}
	return adit_error_set(error, -ENOENT, "%s: offset %zu: section '%s' is not in the file",
		file->path, offset - ADIT_STATE_MARK_BYTES, name);
}

int adit_state_load_end(
	const struct adit_state_file *file, struct adit_state_io *io, struct adit_error *error)
{
	if (!io->failed && io->at == io->size)
		return 0;
	return adit_error_set(error, -EINVAL, "%s: offset %zu: section '%s' (version %u): %s",
		file->path, io->at, io->name, io->version,
		!io->failed       ? "bytes are left behind its last entry"
		: io->why != NULL ? io->why
				  : "it ends before its last entry does");
}
