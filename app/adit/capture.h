/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures: pcap and pcapng, plain or gzip, from a file or standard input ("-"), through libpcap.
 * One thread owns a capture. The only user of libpcap in the project.
 */
#ifndef ADIT_CAPTURE_H
#define ADIT_CAPTURE_H

#include "adit_packet.h"

struct app_capture;

/* Opens and reads the file header. Returns 0 or -errno; the error names the file and, for a link
 * type that is not known, its name. */
int app_capture_open(const char *path, struct app_capture **capture, struct adit_error *error);
void app_capture_close(struct app_capture *capture);

/* The next frame; its bytes are valid until the next call. Returns 1, 0 at the end, or -EIO: the
 * error names the file and the offset up to which it could be read. */
int app_capture_next(
	struct app_capture *capture, struct adit_frame *frame, struct adit_error *error);

/* Bytes of the (compressed) file read so far, for a progress bar. */
uint64_t app_capture_position(const struct app_capture *capture);

/* Whether its bytes can be had only once: standard input, a pipe. */
bool app_capture_is_stream(const char *path);

/* Size of a regular file in bytes; 0 for anything else. */
uint64_t app_capture_size(const char *path);

#endif
