/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The container of a run's memory: what is saved is loaded; what is damaged is said to be, at
 * whatever byte; the file is the old one or the new one.
 */
#include "adit_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define ROOM 4096

static size_t small_make(uint8_t *room)
{
	struct adit_state_io io;
	uint32_t sparse[40] = {[3] = 7, [39] = UINT32_MAX};
	uint16_t number = 0x1234;
	double real = 0.1;
	bool yes = true, no = false;

	adit_state_save_begin(&io, room, ROOM, 1795331982000000000u);
	adit_state_save_section(&io, "numbers", 3);
	adit_state_u16(&io, &number);
	adit_state_bool(&io, &yes);
	adit_state_bool(&io, &no);
	adit_state_real(&io, &real, 0, 1);
	adit_state_sparse(&io, sparse, 40);
	adit_state_save_section_end(&io, 2);
	adit_state_save_section(&io, "nothing", 1);
	adit_state_save_section_end(&io, 0);
	adit_state_save_end(&io);
	CHECK(!io.failed);
	adit_state_seal(room, io.at);
	return io.at;
}

TEST(state, loads_what_was_saved)
{
	uint8_t room[ROOM];
	size_t size = small_make(room), offset = 0;
	const uint8_t *bytes = harness_exact(room, size);
	struct adit_state_file file;
	struct adit_state_section section;
	struct adit_state_io io;
	struct adit_error error = {""};
	uint32_t sparse[40] = {1};
	uint16_t number = 0;
	double real = 0;
	bool yes = false, no = true;

	CHECK_EQ_INT(adit_state_check(&file, "f", bytes, size, &error), 0);
	CHECK(file.written_ns == 1795331982000000000u);
	CHECK(adit_state_next(&file, &offset, &section));
	CHECK_EQ_STR(section.name, "numbers");
	CHECK_EQ_INT(section.version, 3);
	CHECK_EQ_INT(section.entries, 2);
	CHECK_EQ_INT(section.size, 2 + 1 + 1 + 8 + 8 + 4 + 4);
	CHECK(adit_state_next(&file, &offset, &section));
	CHECK_EQ_STR(section.name, "nothing");
	CHECK(!adit_state_next(&file, &offset, &section));
	REQUIRE(adit_state_load(&file, "numbers", 3, &io, &error) == 0);
	CHECK_EQ_INT(io.version, 3);
	adit_state_u16(&io, &number);
	adit_state_bool(&io, &yes);
	adit_state_bool(&io, &no);
	adit_state_real(&io, &real, 0, 1);
	adit_state_sparse(&io, sparse, 40);
	CHECK_EQ_INT(adit_state_load_end(&file, &io, &error), 0);
	CHECK(number == 0x1234 && yes && !no && real == 0.1);
	for (int i = 0; i < 40; i++)
		CHECK(sparse[i] == (i == 3 ? 7 : i == 39 ? UINT32_MAX : 0));
	/* An older version of the program, and what is not there. */
	CHECK_EQ_INT(adit_state_load(&file, "numbers", 2, &io, &error), -ENOTSUP);
	CHECK_CONTAINS(error.text, "f: offset 32: section 'numbers' is of version 3, written by a "
				   "newer version of adit; this one reads up to 2");
	CHECK_EQ_INT(adit_state_load(&file, "words", 1, &io, &error), -ENOENT);
	CHECK_CONTAINS(error.text, "section 'words' is not in the file");
}

TEST(state, says_where_fields_are_wrong)
{
	uint8_t room[ROOM];
	size_t size = small_make(room);
	struct adit_state_file file;
	struct adit_state_io io;
	struct adit_error error = {""};
	uint64_t value = 1;
	bool yes = false;

	REQUIRE(adit_state_check(&file, "f", room, size, &error) == 0);
	/* The first byte of 0x1234 is no yes or no. */
	REQUIRE(adit_state_load(&file, "numbers", 3, &io, &error) == 0);
	adit_state_bool(&io, &yes);
	CHECK_EQ_INT(adit_state_load_end(&file, &io, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "f: offset 81: section 'numbers' (version 3): a yes or no must "
				   "be 1 or 0");
	REQUIRE(adit_state_load(&file, "numbers", 3, &io, &error) == 0);
	CHECK_EQ_INT(adit_state_load_end(&file, &io, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "bytes are left behind its last entry");
	REQUIRE(adit_state_load(&file, "nothing", 1, &io, &error) == 0);
	adit_state_u64(&io, &value);
	CHECK(value == 0 && io.failed);
	CHECK_EQ_INT(adit_state_load_end(&file, &io, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "it ends before its last entry does");
}

TEST(state, refuses_every_cut_and_every_flipped_bit)
{
	uint8_t room[ROOM], all[ROOM];
	size_t size = small_make(all);
	struct adit_state_file file;
	struct adit_error error;

	for (size_t cut = 0; cut < size && !harness_failed(); cut++) {
		const uint8_t *bytes = harness_exact(all, cut);

		error.text[0] = '\0';
		CHECK_EQ_INT(adit_state_check(&file, "f", bytes, cut, &error), -EINVAL);
		CHECK_CONTAINS(error.text, "f: offset ");
		CHECK_CONTAINS(error.text, "cut short");
	}
	for (size_t bit = 0; bit < 8 * size && !harness_failed(); bit++) {
		memcpy(room, all, size);
		room[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK_EQ_INT(adit_state_check(&file, "f", room, size, &error), -EINVAL);
		CHECK_CONTAINS(error.text, "f: offset ");
	}
	memcpy(room, all, size);
	room[size] = 0;
	CHECK_EQ_INT(adit_state_check(&file, "f", room, size + 1, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "goes on behind its end mark");
	CHECK_EQ_INT(adit_state_check(&file, "f", (const uint8_t *)"section", 7, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "f: offset 0: this is no state of adit");
	/* A later format is not a damaged file. */
	room[8] = ADIT_STATE_FORMAT + 1;
	adit_state_seal(room, size);
	CHECK_EQ_INT(adit_state_check(&file, "f", room, size, &error), -ENOTSUP);
	CHECK_CONTAINS(error.text, "f: offset 8: format 2, written by a newer version of adit");
}

TEST(state, saves_no_byte_beyond_its_room)
{
	uint8_t all[ROOM];
	size_t size = small_make(all);

	for (size_t room = 0; room < size; room++) {
		uint8_t *bytes = harness_exact(all, room);
		struct adit_state_io io;
		uint64_t value = 1;

		adit_state_save_begin(&io, bytes, room, 1);
		adit_state_save_section(&io, "numbers", 3);
		for (int i = 0; i < 20; i++)
			adit_state_u64(&io, &value);
		adit_state_save_section_end(&io, 20);
		adit_state_save_end(&io);
		CHECK(io.failed || io.at <= room);
	}
}

TEST(state, a_file_is_the_old_one_or_the_new_one)
{
	char folder[] = "/tmp/adit-state-XXXXXX", path[64], other[64];
	uint8_t room[ROOM], *bytes;
	size_t size = small_make(room), got;
	struct adit_error error = {""};
	struct stat about;
	unsigned mode;

	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(other, sizeof(other), "%s/state.new", folder);
	CHECK_EQ_INT(adit_state_read(path, &bytes, &got, &mode, &error), -ENOENT);
	CHECK_EQ_INT(adit_state_write(path, room, size, &error), 0);
	REQUIRE(adit_state_read(path, &bytes, &got, &mode, &error) == 0);
	CHECK_EQ_INT(got, size);
	CHECK_EQ_INT(mode, 0600);
	CHECK_EQ_MEM(bytes, room, size);
	free(bytes);
	/* What another run left unfinished is no hindrance, and whoever may not write leaves the
	 * old one. */
	CHECK(symlink("/etc/passwd", other) == 0);
	CHECK_EQ_INT(adit_state_write(path, room, 10, &error), 0);
	CHECK(lstat(other, &about) != 0 && errno == ENOENT);
	CHECK(stat(path, &about) == 0 && about.st_size == 10);
	CHECK(mkdir(other, 0700) == 0);
	CHECK(adit_state_write(path, room, size, &error) < 0);
	CHECK_CONTAINS(error.text, "state.new: ");
	CHECK(stat(path, &about) == 0 && about.st_size == 10);
	rmdir(other);
	unlink(path);
	CHECK_EQ_INT(adit_state_read(folder, &bytes, &got, &mode, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "a regular file that adit wrote would be right");
	rmdir(folder);
}
