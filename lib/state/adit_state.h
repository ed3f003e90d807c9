/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The container that a run's memory is written to, and the fields in it. A file of sections, each
 * with a name, a version and a checksum, so that another version can tell what it reads:
 *
 *	header   32 bytes: magic, format, size of the header, time, 4 bytes of zero, CRC of it
 *	section  48 bytes: mark, version, name, size, entries, CRC of what follows, CRC of these
 *	         … size bytes of fields
 *	end      a section named "end" without bytes: entries is the number of sections, its first
 *	         CRC that of the header and of all section headers
 *
 * All numbers are little-endian, checksums are CRC-32. Structures are never written as they lie in
 * memory: one function for each names its fields, and both saves and loads them, so that the two
 * can't differ. A section of an older version is read by the same function, which asks for the
 * version (adit_state_io.version) where a field came later.
 *
 * Saving is for the scoring core: into room that is there already, without a checksum and without a
 * system call. Checksums and the file are for a thread that may wait.
 */
#ifndef ADIT_STATE_H
#define ADIT_STATE_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_STATE_FORMAT       1
#define ADIT_STATE_NAME         16 /* bytes of a section's name, a zero at its end */
#define ADIT_STATE_HEADER_BYTES 32
#define ADIT_STATE_MARK_BYTES   48 /* of a section's header */

/* Where fields are put or taken. Owned by one thread. */
struct adit_state_io {
	uint8_t *bytes; /* loading: not written */
	size_t size;    /* of the room, or of what there is */
	size_t at;
	bool loads;
	bool failed;       /* no room; loading: cut short, or a value that can't be. It stays so */
	uint32_t version;  /* of the section at hand */
	size_t section;    /* saving: where its header stands */
	uint64_t entries;  /* loading: that the section says it has */
	uint32_t sections; /* saving: so far */
	const char *why;   /* it failed; static, NULL: cut short */
	char name[ADIT_STATE_NAME];
};

/* A file in memory that has been checked. */
struct adit_state_file {
	const char *path; /* for messages; the caller's */
	const uint8_t *bytes;
	size_t size;
	uint32_t format;
	uint64_t written_ns; /* since the Unix epoch */
};

/* What a smaller table had no room for. */
struct adit_state_left {
	uint64_t keys, windows, details, domains, servers, bursts, stories, sessions, encrypted;
};

/* A section, for who lists them. */
struct adit_state_section {
	char name[ADIT_STATE_NAME];
	uint32_t version;
	uint64_t entries, size;
	size_t at; /* offset of what it holds */
};

/* Saving: the header; a section, and its end with the number of entries; the end mark. Then
 * io->at is the size; it means nothing if io->failed. */
void adit_state_save_begin(
	struct adit_state_io *io, void *room, size_t room_bytes, uint64_t written_ns);
void adit_state_save_section(struct adit_state_io *io, const char *name, uint32_t version);
void adit_state_save_section_end(struct adit_state_io *io, uint64_t entries);
void adit_state_save_end(struct adit_state_io *io);
/* Fills in all checksums. Any thread that has the bytes to itself. */
void adit_state_seal(uint8_t *bytes, size_t size);

/* Checks all of it: -EINVAL with a message that names path and offset; -ENOTSUP: of a newer
 * format. Reads no byte outside. */
int adit_state_check(struct adit_state_file *file, const char *path, const uint8_t *bytes,
	size_t size, struct adit_error *error);
/* The section that begins at *offset (0: the first one), and moves on. False: there is none. */
bool adit_state_next(
	const struct adit_state_file *file, size_t *offset, struct adit_state_section *section);
/* Loading: the fields of a section. -ENOENT: the file has none of that name; -ENOTSUP: it is of a
 * version above `newest`. */
int adit_state_load(const struct adit_state_file *file, const char *name, uint32_t newest,
	struct adit_state_io *io, struct adit_error *error);
/* Loading has come to an end: all of the section must have been read. 0, or -EINVAL with what was
 * wrong where. */
int adit_state_load_end(
	const struct adit_state_file *file, struct adit_state_io *io, struct adit_error *error);

/*
 * Writes a file so that either the old one or the new one is there, whatever happens: another name
 * beside it, mode 0600, to the disk, renamed, and the folder to the disk. 0 or -errno with a
 * message. Blocks.
 */
int adit_state_write(const char *path, const uint8_t *bytes, size_t size, struct adit_error *error);
/* Reads a file whole; *bytes is for free(). *mode are its rights. -ENOENT, -errno. Blocks. */
int adit_state_read(
	const char *path, uint8_t **bytes, size_t *size, unsigned *mode, struct adit_error *error);

/* Loading: what was read can't be. `why` is a static string that says what would be right. */
static inline void adit_state_refuse(struct adit_state_io *io, const char *why)
{
	if (!io->failed)
		io->why = why;
	io->failed = true;
}

/* Fields follow. Of a failed io nothing is read any more: values are zero. */
static inline void adit_state_bytes(struct adit_state_io *io, void *data, size_t size)
{
	if (ADIT_UNLIKELY(io->failed || size > io->size - io->at)) {
		io->failed = true;
		if (io->loads)
			memset(data, 0, size);
		return;
	}
	if (io->loads)
		memcpy(data, io->bytes + io->at, size);
	else
		memcpy(io->bytes + io->at, data, size);
	io->at += size;
}

/* The machines that this runs on are little-endian (lib/base loads network order by a swap). */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "numbers of a state file are little-endian"
#endif
#define ADIT_STATE_FIELD(name, type)                                                \
	static inline void adit_state_##name(struct adit_state_io *io, type *value) \
	{                                                                           \
		adit_state_bytes(io, value, sizeof(*value));                        \
	}
ADIT_STATE_FIELD(u8, uint8_t)
ADIT_STATE_FIELD(u16, uint16_t)
ADIT_STATE_FIELD(u32, uint32_t)
ADIT_STATE_FIELD(u64, uint64_t)
#undef ADIT_STATE_FIELD

static inline void adit_state_bool(struct adit_state_io *io, bool *value)
{
	uint8_t byte = !io->loads && *value;

	adit_state_u8(io, &byte);
	if (byte > 1)
		adit_state_refuse(io, "a yes or no must be 1 or 0");
	if (io->loads)
		*value = byte == 1;
}

/* A count that may not be above `most`. */
static inline void adit_state_count(struct adit_state_io *io, uint32_t *value, uint32_t most)
{
	adit_state_u32(io, value);
	if (io->loads && *value > most) {
		adit_state_refuse(io, "a count is greater than anything that is kept");
		*value = 0;
	}
}

/* A finite number in a range. */
static inline void adit_state_real(
	struct adit_state_io *io, double *value, double least, double most)
{
	adit_state_bytes(io, value, sizeof(*value));
	if (io->loads && !(*value >= least && *value <= most)) {
		adit_state_refuse(io, "a number is out of its range");
		*value = least;
	}
}

/* Up to 64 counters of which most are 0. */
static inline void adit_state_sparse(struct adit_state_io *io, uint32_t *values, size_t count)
{
	uint64_t used = 0;

	for (size_t i = 0; !io->loads && i < count; i++)
		used |= (uint64_t)(values[i] != 0) << i;
	adit_state_u64(io, &used);
	for (size_t i = 0; i < count; i++) {
		if (used >> i & 1)
			adit_state_u32(io, &values[i]);
		else if (io->loads)
			values[i] = 0;
	}
}

#ifdef __cplusplus
}
#endif
#endif
