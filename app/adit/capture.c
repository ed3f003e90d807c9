/* SPDX-License-Identifier: BSD-3-Clause
 *
 * libpcap reads from a stream of ours, so that gzip and standard input need nothing special and
 * the offset of what can't be read is known.
 */
#include "capture.h"

#include "gzfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

#define STREAM_BYTES (256 * 1024)

struct app_capture {
	char *path; /* as the user gave it */
	gzFile file;
	pcap_t *pcap;
	enum adit_link link;
	uint64_t frames;
	uint64_t bytes; /* handed to libpcap, decompressed */
	char *buffer;
	struct {
		bool off;
		bool known; /* the file is pcapng */
		bool big_endian;
		uint8_t head[12]; /* type, total length, and of a section header its magic */
		uint32_t seen;    /* bytes of head */
		uint32_t left;    /* bytes of the block after head */
		uint32_t hide;    /* of these, the first to clear */
	} block;
};

#define BLOCK_SECTION   0x0a0d0d0a
#define BLOCK_INTERFACE 1

static uint32_t block_word(const struct app_capture *capture, unsigned at)
{
	uint32_t word = adit_load_be32(capture->block.head + at);

	return capture->block.big_endian ? word : __builtin_bswap32(word);
}

/* The head of a block is complete: how much follows, and whether that is a snap length. */
static void block_start(struct app_capture *capture)
{
	uint32_t length;

	if (adit_load_be32(capture->block.head) == BLOCK_SECTION)
		capture->block.big_endian = capture->block.head[8] == 0x1a;
	length = block_word(capture, 4);
	if (length < sizeof(capture->block.head)) {
		capture->block.off = true;
		return;
	}
	capture->block.left = length - (uint32_t)sizeof(capture->block.head);
	capture->block.hide = block_word(capture, 0) == BLOCK_INTERFACE ? 4 : 0;
}

/*
 * libpcap refuses a pcapng file whose interfaces differ in snap length, as merged captures and
 * those of several ports do. The snap length says nothing about the packets: clear it in every
 * interface description block (0 is "no limit"), and they agree.
 */
static void snap_lengths_clear(struct app_capture *capture, uint8_t *p, size_t size)
{
	while (size > 0 && !capture->block.off) {
		size_t part = capture->block.left < size ? capture->block.left : size;

		if (capture->block.left == 0) {
			if (capture->block.seen == sizeof(capture->block.head))
				capture->block.seen = 0;
			capture->block.head[capture->block.seen++] = *p++;
			size--;
			if (capture->block.seen == 4 && !capture->block.known) {
				capture->block.known = true;
				capture->block.off =
					adit_load_be32(capture->block.head) != BLOCK_SECTION;
			}
			if (capture->block.seen == sizeof(capture->block.head))
				block_start(capture);
			continue;
		}
		for (; part > 0 && capture->block.hide > 0; capture->block.hide--) {
			*p++ = 0;
			part--;
			size--;
			capture->block.left--;
		}
		capture->block.left -= (uint32_t)part;
		p += part;
		size -= part;
	}
}

static ssize_t stream_read(void *cookie, char *to, size_t size)
{
	struct app_capture *capture = cookie;
	int got = gzread(capture->file, to, (unsigned)size);

	if (got > 0) {
		snap_lengths_clear(capture, (uint8_t *)to, (size_t)got);
		capture->bytes += (uint64_t)got;
	}
	return got;
}

static int stream_close(void *cookie)
{
	struct app_capture *capture = cookie;

	gzclose_r(capture->file);
	capture->file = NULL;
	return 0;
}

static int link_of(int type, enum adit_link *link)
{
	switch (type) {
	case DLT_EN10MB:
		*link = ADIT_LINK_ETHERNET;
		return 0;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*link = ADIT_LINK_RAW_IP;
		return 0;
	case DLT_LINUX_SLL:
		*link = ADIT_LINK_COOKED;
		return 0;
#ifdef DLT_LINUX_SLL2
	case DLT_LINUX_SLL2:
		*link = ADIT_LINK_COOKED2;
		return 0;
#endif
	case DLT_NULL:
		*link = ADIT_LINK_NULL;
		return 0;
	case DLT_LOOP:
		*link = ADIT_LINK_LOOP;
		return 0;
	default:
		return -EPROTONOSUPPORT;
	}
}

static int pcap_start(struct app_capture *capture, struct adit_error *error)
{
	static const cookie_io_functions_t functions = {.read = stream_read, .close = stream_close};
	char text[PCAP_ERRBUF_SIZE];
	FILE *stream = fopencookie(capture, "r", functions);
	const char *name;
	int type;

	capture->buffer = malloc(STREAM_BYTES);
	if (stream == NULL || capture->buffer == NULL) {
		if (stream != NULL)
			fclose(stream);
		return adit_error_set(error, -ENOMEM, "%s: no memory", capture->path);
	}
	setvbuf(stream, capture->buffer, _IOFBF, STREAM_BYTES);
	capture->pcap =
		pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, text);
	if (capture->pcap == NULL) {
		fclose(stream);
		return adit_error_set(error, -EINVAL,
			"%s: not a capture that can be read (%s); expected pcap or pcapng, plain "
			"or gzip",
			capture->path, text);
	}
	type = pcap_datalink(capture->pcap);
	if (link_of(type, &capture->link) == 0)
		return 0;
	name = pcap_datalink_val_to_description_or_dlt(type);
	return adit_error_set(error, -EPROTONOSUPPORT,
		"%s: link type %d (%s) is not known; expected Ethernet, raw IP, Linux cooked or "
		"loopback",
		capture->path, type, name);
}

int app_capture_open(const char *path, struct app_capture **capture, struct adit_error *error)
{
	struct app_capture *made = calloc(1, sizeof(*made));
	int status;

	if (made == NULL || (made->path = strdup(app_gz_name(path))) == NULL) {
		free(made);
		return adit_error_set(error, -ENOMEM, "%s: no memory", path);
	}
	status = app_gz_open(path, &made->file, error);
	if (status == 0)
		status = pcap_start(made, error);
	if (status != 0) {
		app_capture_close(made);
		return status;
	}
	*capture = made;
	return 0;
}

void app_capture_close(struct app_capture *capture)
{
	if (capture == NULL)
		return;
	if (capture->pcap != NULL)
		pcap_close(capture->pcap);
	else if (capture->file != NULL)
		gzclose_r(capture->file);
	free(capture->buffer);
	free(capture->path);
	free(capture);
}

/* What libpcap had not yet used of what it was given stands in the stream's buffer. */
static uint64_t offset_of(const struct app_capture *capture)
{
	FILE *stream = pcap_file(capture->pcap);
	size_t ahead = 0;

#ifdef __GLIBC__
	ahead = (size_t)(stream->_IO_read_end - stream->_IO_read_ptr);
#endif
	return capture->bytes - ahead;
}

/* What zlib or libpcap said. */
static const char *read_error(const struct app_capture *capture, bool compressed)
{
	int status;

	return compressed ? app_gz_error(capture->file, &status) : pcap_geterr(capture->pcap);
}

int app_capture_next(
	struct app_capture *capture, struct adit_frame *frame, struct adit_error *error)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int status = pcap_next_ex(capture->pcap, &header, &data), zlib_status = Z_OK;

	if (status == 1) {
		frame->data = data;
		frame->ts_ns =
			(uint64_t)header->ts.tv_sec * ADIT_NS_PER_S + (uint64_t)header->ts.tv_usec;
		frame->captured = header->caplen;
		frame->wire = header->len > header->caplen ? header->len : header->caplen;
		frame->readable_tail = 0;
		frame->vlan = 0;
		frame->tap = 0;
		frame->link = (uint8_t)capture->link;
		capture->frames++;
		return 1;
	}
	gzerror(capture->file, &zlib_status);
	if (status == PCAP_ERROR_BREAK && zlib_status >= Z_OK)
		return 0;
	return adit_error_set(error, -EIO,
		"%s: cut short or damaged at offset %llu%s, after %llu frames (%s); what came "
		"before was judged",
		capture->path, (unsigned long long)offset_of(capture),
		gzdirect(capture->file) ? "" : " of the uncompressed data",
		(unsigned long long)capture->frames, read_error(capture, zlib_status < Z_OK));
}

uint64_t app_capture_position(const struct app_capture *capture)
{
	z_off_t at = gzoffset(capture->file);

	return at > 0 ? (uint64_t)at : 0;
}

bool app_capture_is_stream(const char *path)
{
	struct stat about;

	return strcmp(path, "-") == 0 ||
	       (stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode));
}

uint64_t app_capture_size(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
}
