/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Frame Streams through libfstrm, which reads from a log of ours: so the place of each frame, and
 * of what cannot be read, is known.
 */
#include "adit_log.h"
#include "logfile.h"

#include <errno.h>
#include <stdlib.h>

#include <fstrm.h>

#define CONTENT "protobuf:dnstap.Dnstap"

struct app_logframes {
	struct app_logfile *file;
	struct fstrm_reader *reader;
	uint64_t at;      /* of what is read next */
	uint64_t started; /* of the frame at hand: its length */
	bool at_end;      /* the file ended where a frame would begin */
	struct adit_error error;
};

static fstrm_res stream_read(void *object, void *to, size_t size)
{
	struct app_logframes *frames = object;
	const char *bytes;
	ssize_t got = app_logfile_bytes(frames->file, frames->at, size, &bytes, &frames->error);

	if (got < 0 || (size_t)got < size) {
		frames->at_end = got == 0 && frames->at == frames->started;
		return fstrm_res_failure;
	}
	memcpy(to, bytes, size);
	frames->at += size;
	return fstrm_res_success;
}

static fstrm_res stream_open(void *object)
{
	(void)object;
	return fstrm_res_success;
}

static struct fstrm_reader *reader_make(struct app_logframes *frames)
{
	struct fstrm_reader_options *options = fstrm_reader_options_init();
	struct fstrm_rdwr *stream = fstrm_rdwr_init(frames);
	struct fstrm_reader *reader;

	fstrm_rdwr_set_open(stream, stream_open);
	fstrm_rdwr_set_close(stream, stream_open);
	fstrm_rdwr_set_read(stream, stream_read);
	fstrm_reader_options_add_content_type(options, CONTENT, sizeof(CONTENT) - 1);
	fstrm_reader_options_set_max_frame_size(options, ADIT_LOG_LINE_MAX);
	reader = fstrm_reader_init(options, &stream);
	fstrm_reader_options_destroy(&options);
	if (reader == NULL)
		fstrm_rdwr_destroy(&stream);
	return reader;
}

int app_logframes_open(
	struct app_logfile *file, struct app_logframes **frames, struct adit_error *error)
{
	struct app_logframes *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a reader of frames");
	made->file = file;
	made->reader = reader_make(made);
	if (made->reader == NULL) {
		app_logframes_close(made);
		return adit_error_set(error, -ENOMEM, "no memory for a reader of frames");
	}
	if (fstrm_reader_open(made->reader) != fstrm_res_success) {
		app_logframes_close(made);
		return adit_error_set(error, -EINVAL,
			"%s: not a Frame Streams file of " CONTENT ", as dnstap is",
			app_logfile_name(file));
	}
	*frames = made;
	return 0;
}

void app_logframes_close(struct app_logframes *frames)
{
	if (frames == NULL)
		return;
	fstrm_reader_destroy(&frames->reader);
	free(frames);
}

bool app_logframes_open_end(const struct app_logframes *frames)
{
	return frames->at_end;
}

int app_logframes_next(struct app_logframes *frames, const char **frame, size_t *size,
	uint64_t *offset, struct adit_error *error)
{
	const uint8_t *data;
	fstrm_res got;

	frames->started = frames->at;
	got = fstrm_reader_read(frames->reader, &data, size);
	if (got == fstrm_res_success) {
		*frame = (const char *)data;
		*offset = frames->at - *size;
		return 1;
	}
	if (got == fstrm_res_stop || frames->at_end)
		return 0;
	return adit_error_set(error, -EIO,
		"%s: cut short or damaged at offset %llu: a frame of at most %d bytes is expected; "
		"what came before was judged",
		app_logfile_name(frames->file), (unsigned long long)frames->started,
		ADIT_LOG_LINE_MAX);
}
