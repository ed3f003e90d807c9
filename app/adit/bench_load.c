/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures in memory, mixed with what else is on a link.
 */
#include "bench_load.h"

#include "capture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ETHERNET  14
#define FRAME_MIN 60 /* without the checksum */

/* Packets of a mix whose size nobody gave. */
#define MIXED_MOST (4 * APP_LOAD_LEAST)
/* Of free memory, for a load whose size nobody gave; an mbuf takes about twice a frame's bytes. */
#define MEMORY_SHARE 8
#define MBUF_BYTES   1024

/* ---- frames in memory */

static int reserve(struct app_load *load, size_t size)
{
	size_t room = load->arena_size != 0 ? load->arena_size : 1 << 22;
	uint8_t *arena;

	if (load->arena_used + size <= load->arena_size)
		return 0;
	while (load->arena_used + size > room)
		room *= 2;
	arena = realloc(load->arena, room);
	if (arena == NULL)
		return -ENOMEM;
	load->arena = arena;
	load->arena_size = room;
	return 0;
}

/* Frames hold offsets until the arena has its place. Behind each, there is as much of it as a first
 * look loads. */
static int append(struct app_load *load, const struct adit_frame *frame)
{
	const uint64_t line = ADIT_CACHE_LINE;
	uint64_t at = (load->arena_used + line - 1) / line * line;

	if ((load->count & (load->count - 1)) == 0) {
		size_t room = load->count != 0 ? load->count * 2 : 1;
		struct adit_frame *frames = realloc(load->frames, room * sizeof(*frames));

		if (frames == NULL)
			return -ENOMEM;
		load->frames = frames;
	}
	if (reserve(load, at - load->arena_used + frame->captured + ADIT_SIGHT_BYTES) != 0)
		return -ENOMEM;
	memcpy(load->arena + at, frame->data, frame->captured);
	load->arena_used = at + frame->captured;
	load->frames[load->count] = *frame;
	load->frames[load->count].data = (const uint8_t *)(uintptr_t)at;
	load->frames[load->count++].readable_tail = 0;
	load->bytes += frame->wire;
	if (frame->captured > load->largest)
		load->largest = frame->captured;
	return 0;
}

/* ---- captures */

/* Where the IP header of a frame that is not Ethernet stands; 0 of the captured bytes: nowhere. */
static uint32_t network_at(const struct adit_frame *frame)
{
	static const uint8_t header[] = {[ADIT_LINK_COOKED] = 16,
		[ADIT_LINK_COOKED2] = 20,
		[ADIT_LINK_NULL] = 4,
		[ADIT_LINK_LOOP] = 4};
	uint32_t at = frame->link < sizeof(header) ? header[frame->link] : 0;
	uint8_t version = frame->captured > at ? frame->data[at] >> 4 : 0;

	return version == 4 || version == 6 ? at : UINT32_MAX;
}

/* Gives a frame an Ethernet header, if it has none: ports have no others. */
static bool ethernet_make(struct adit_frame *frame, uint8_t *bytes)
{
	uint32_t at;

	if (frame->captured > APP_LOAD_FRAME_MAX - ETHERNET - APP_LOAD_TUNNEL_MAX)
		return false;
	if (frame->link == ADIT_LINK_ETHERNET) {
		memcpy(bytes, frame->data, frame->captured);
		return true;
	}
	at = network_at(frame);
	if (at == UINT32_MAX)
		return false;
	memset(bytes, 2, 12);
	bytes[12] = frame->data[at] >> 4 == 6 ? 0x86 : 0x08;
	bytes[13] = frame->data[at] >> 4 == 6 ? 0xdd : 0x00;
	memcpy(bytes + ETHERNET, frame->data + at, frame->captured - at);
	frame->captured += ETHERNET - at;
	frame->wire += ETHERNET - at;
	frame->link = ADIT_LINK_ETHERNET;
	return true;
}

static int capture_read(
	struct app_load *captures, const char *path, uint64_t most, struct adit_error *error)
{
	static uint8_t bytes[APP_LOAD_FRAME_MAX];
	struct app_capture *capture;
	struct adit_frame frame;
	int status = app_capture_open(path, &capture, error);

	if (status != 0)
		return status;
	while ((status = app_capture_next(capture, &frame, error)) > 0) {
		captures->captured++;
		if (captures->count >= most || !ethernet_make(&frame, bytes)) {
			captures->unread++;
			continue;
		}
		frame.data = bytes;
		frame.tap = 0;
		if (append(captures, &frame) != 0) {
			status = adit_error_set(error, -ENOMEM, "no memory for the packets");
			break;
		}
	}
	app_capture_close(capture);
	return status;
}

static void frames_place(struct app_load *load)
{
	for (size_t i = 0; i < load->count; i++)
		load->frames[i].data = load->arena + (uintptr_t)load->frames[i].data;
}

static int captures_read(struct app_load *captures, const struct app_load_params *params,
	uint64_t most, struct adit_error *error)
{
	int status = 0;

	for (size_t i = 0; i < params->file_count && status == 0; i++)
		status = capture_read(captures, params->files[i], most, error);
	if (status == 0 && captures->count == 0)
		status = adit_error_set(error, -EINVAL, "%s%s: no packet that a port could bring",
			params->files[0], params->file_count > 1 ? " and the others" : "");
	frames_place(captures);
	return status;
}

/* ---- the mix */

struct mixer {
	struct app_load *load;
	const struct app_load_params *params;
	struct app_rewrite *rewrite;
	uint64_t state, most;
	double due; /* packets that are no DNS and have still to come */
	uint8_t bytes[APP_LOAD_FRAME_MAX];
};

static bool is_ip(const struct adit_frame *frame)
{
	uint16_t type;

	if (frame->captured < ETHERNET + 20)
		return false;
	type = adit_load_be16(frame->data + 12);
	return type == 0x0800 || type == 0x86dd;
}

static bool is_in_gtpu(const struct mixer *mixer, const struct adit_frame *frame)
{
	struct adit_packet packet;

	return adit_packet_decode(frame, mixer->params->ports, &packet) == ADIT_OUTCOME_PENDING &&
	       (packet.flags & ADIT_PACKET_GTPU) != 0;
}

/* A number that is the same for all packets between two addresses. */
static uint64_t pair_of(const uint8_t *ip)
{
	bool is_v6 = ip[0] >> 4 == 6;
	const uint8_t *source = ip + (is_v6 ? 8 : 12);
	uint32_t size = is_v6 ? 16 : 4;

	return adit_hash(&adit_hash_key_fixed, source, size) ^
	       adit_hash(&adit_hash_key_fixed, source + size, size);
}

/* Puts the frame in the mixer's room into GTP-U: packets of a pair of addresses into one bearer. */
static void tunnel_put(struct mixer *mixer, struct adit_frame *frame)
{
	uint8_t header[APP_LOAD_TUNNEL_MAX], *ip = mixer->bytes + ETHERNET;
	uint32_t size = frame->wire - ETHERNET, added;
	uint64_t pair = pair_of(ip);

	if (size + APP_LOAD_TUNNEL_MAX > UINT16_MAX)
		return;
	added = app_load_tunnel(header, size, &pair);
	memmove(ip + added, ip, frame->captured - ETHERNET);
	memcpy(ip, header, added);
	mixer->bytes[12] = 0x08;
	mixer->bytes[13] = 0x00;
	frame->captured += added;
	frame->wire += added;
}

static int other_add(struct mixer *mixer, const struct adit_frame *next)
{
	struct adit_frame frame = {.data = mixer->bytes, .ts_ns = next->ts_ns};
	uint8_t *ip = mixer->bytes + ETHERNET;
	uint32_t used;

	memset(mixer->bytes, 2, 12);
	used = ETHERNET + app_load_other(ip, &mixer->state);
	mixer->bytes[12] = ip[0] >> 4 == 6 ? 0x86 : 0x08;
	mixer->bytes[13] = ip[0] >> 4 == 6 ? 0xdd : 0x00;
	frame.captured = frame.wire = used;
	if (mixer->params->gtpu)
		tunnel_put(mixer, &frame);
	if (frame.captured < FRAME_MIN) {
		memset(mixer->bytes + frame.captured, 0, FRAME_MIN - frame.captured);
		frame.captured = frame.wire = FRAME_MIN;
	}
	mixer->load->other++;
	return append(mixer->load, &frame);
}

/* What is not DNS stands between two packets that are in numbers that are drawn, too. */
static uint64_t others_due(struct mixer *mixer, bool dns)
{
	double share = mixer->params->dns_share / 100, luck;

	if (share <= 0)
		return 0;
	if (!dns) {
		mixer->due -= 1;
		return 0;
	}
	luck = ((double)(app_load_draw(&mixer->state) >> 11) + 1) * 0x1p-53;
	if (share < 1)
		mixer->due += floor(log(luck) / log1p(-share));
	return mixer->due > 0 ? (uint64_t)mixer->due : 0;
}

/* Keeps what is to be written over on each pass; `moved` by a header that was put in front. */
static int fresh_add(struct app_load *load, struct app_fresh *fresh, uint32_t moved)
{
	if (fresh->size == 0)
		return 0;
	if ((load->fresh_count & (load->fresh_count - 1)) == 0) {
		size_t room = load->fresh_count != 0 ? load->fresh_count * 2 : 1;
		struct app_fresh *grown = realloc(load->fresh, room * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		load->fresh = grown;
	}
	fresh->frame = load->count;
	fresh->at = (uint16_t)(fresh->at + moved);
	if (fresh->checksum != 0)
		fresh->checksum = (uint16_t)(fresh->checksum + moved);
	load->fresh[load->fresh_count++] = *fresh;
	return 0;
}

static int frame_add(struct mixer *mixer, const struct adit_frame *captured)
{
	struct adit_frame frame = *captured;
	struct app_fresh fresh;
	uint32_t size;
	uint64_t others;
	bool dns;
	int status = 0;

	memcpy(mixer->bytes, frame.data, frame.captured);
	dns = app_rewrite_frame(mixer->rewrite, &frame, mixer->bytes, &fresh);
	others = others_due(mixer, dns);
	size = frame.captured;
	if (mixer->params->gtpu && is_ip(&frame) && !is_in_gtpu(mixer, &frame))
		tunnel_put(mixer, &frame);
	mixer->load->dns += dns;
	status = fresh_add(mixer->load, &fresh, frame.captured - size);
	if (status == 0)
		status = append(mixer->load, &frame);
	for (; others > 0 && status == 0 && mixer->load->count < mixer->most; others--) {
		status = other_add(mixer, &frame);
		mixer->due -= 1;
	}
	return status;
}

/* The captures once more, as far as there is room for. */
static int copy_add(struct mixer *mixer, const struct app_load *captures, uint64_t most)
{
	int status = 0;

	if (mixer->load->copies++ != 0)
		app_rewrite_next_copy(mixer->rewrite);
	mixer->most = most;
	for (size_t i = 0; i < captures->count && mixer->load->count < most && status == 0; i++)
		status = frame_add(mixer, &captures->frames[i]);
	app_rewrite_tell(mixer->rewrite, mixer->load);
	return status;
}

/* Whether as many domains and subscribers were given out as are asked for. By Zipf's law the last
 * domains may never come. */
static bool is_all_given(const struct mixer *mixer)
{
	const struct app_load_params *params = mixer->params;

	return (params->zipf > 0 || mixer->load->domains >= params->domains) &&
	       mixer->load->subscribers >= params->subscribers;
}

/* Without a number, the captures come whole, and again while there is too little of anything. */
static int mix(struct mixer *mixer, const struct app_load *captures, uint64_t most)
{
	struct app_load *load = mixer->load;
	uint64_t least = most, given = 0;
	int status = 0;

	if (mixer->params->packets == 0) {
		least = captures->count;
		if (mixer->params->dns_share > 0 && least < MIXED_MOST)
			least = (uint64_t)fmin(
				(double)least * 100 / mixer->params->dns_share, MIXED_MOST);
		least = least > APP_LOAD_LEAST ? least : APP_LOAD_LEAST;
		least = least < most ? least : most;
	}
	while (load->count < least && status == 0)
		status = copy_add(mixer, captures, least);
	/* A copy that brings no more is the last one. */
	while (status == 0 && load->count < most && !is_all_given(mixer) &&
		load->domains + load->subscribers > given) {
		given = load->domains + load->subscribers;
		status = copy_add(mixer, captures, most);
	}
	return status;
}

/* How many may be held: as asked for, or as there is memory for. */
static uint64_t packets_most(const struct app_load_params *params)
{
	unsigned long long kilobytes = 0;
	uint64_t most;
	char line[128];
	FILE *file;

	if (params->packets != 0)
		return params->packets;
	file = fopen("/proc/meminfo", "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "MemAvailable: %llu", &kilobytes) == 1)
			break;
	if (file != NULL)
		fclose(file);
	most = kilobytes * 1024 / MEMORY_SHARE / MBUF_BYTES;
	return most > APP_LOAD_LEAST ? most : APP_LOAD_LEAST;
}

int app_load_read(
	struct app_load *load, const struct app_load_params *params, struct adit_error *error)
{
	struct app_load captures = {.frames = NULL};
	struct mixer *mixer = calloc(1, sizeof(*mixer));
	uint64_t most;
	int status;

	if (mixer != NULL)
		*mixer = (struct mixer){.load = load, .params = params, .state = 1};
	if (mixer == NULL || (mixer->rewrite = app_rewrite_create(params)) == NULL) {
		free(mixer);
		return adit_error_set(error, -ENOMEM, "no memory for the packets");
	}
	most = packets_most(params);
	status = captures_read(&captures, params, most, error);
	if (status == 0) {
		status = mix(mixer, &captures, most);
		if (status != 0)
			adit_error_set(error, status,
				"no memory for %llu packets (--packets sets their number)",
				(unsigned long long)most);
	}
	load->captured = captures.captured;
	load->unread = captures.unread;
	frames_place(load);
	app_rewrite_destroy(mixer->rewrite);
	app_load_free(&captures);
	free(mixer);
	return status;
}

void app_load_free(struct app_load *load)
{
	free(load->arena);
	free(load->frames);
	free(load->fresh);
	load->arena = NULL;
	load->frames = NULL;
	load->fresh = NULL;
}
