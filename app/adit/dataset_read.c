/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Captures to messages. All are read side by side by the time of their packets, so that only a
 * window of them is in memory however long they are; a capture is open from its first packet's time
 * to its last's only. The server side runs behind by the slack.
 */
#include "capture.h"
#include "dataset.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define TELL_EVERY   1024 /* packets */

enum state { WAITS, IS_OPEN, IS_OVER };

struct source {
	const char *path;
	struct app_capture *capture;
	struct adit_frame frame; /* the next one, if open */
	uint64_t due_ns;         /* when it is its turn */
	uint64_t size_bytes;
	uint32_t number; /* among the captures of its side */
	uint8_t side, state;
};

/* What decodes a side. */
struct side {
	struct adit_intake intake;
	struct adit_streams *streams;
};

struct reading {
	struct app_dataset *dataset;
	struct appliance *appliance;
	struct side sides[APP_DATASET_SIDES];
	struct source *sources;
	size_t count, clients_left;
	uint64_t bytes_total, packets;
};

volatile sig_atomic_t app_dataset_stopped;

/* The server side's clock made the client side's. */
static uint64_t shifted(const struct app_dataset *dataset, uint64_t ts_ns)
{
	int64_t shift = (int64_t)(dataset->shift_ms * (double)ADIT_NS_PER_MS);

	return shift < 0 && (uint64_t)-shift > ts_ns ? 0 : ts_ns + (uint64_t)shift;
}

static void problem_tell(struct app_dataset *dataset, const struct adit_error *error)
{
	dataset->damaged = true;
	app_progress_clear();
	fprintf(stderr, "adit dataset: %s\n", error->text);
}

static void source_end(struct reading *reading, struct source *source)
{
	app_capture_close(source->capture);
	source->capture = NULL;
	source->state = IS_OVER;
	if (source->side == APP_DATASET_CLIENT && --reading->clients_left == 0)
		adit_pairing_client_over(reading->dataset->pairing);
}

static void source_next(struct reading *reading, struct source *source)
{
	struct app_dataset *dataset = reading->dataset;
	struct adit_error error;
	int status = app_capture_next(source->capture, &source->frame, &error);

	if (status == 1) {
		source->due_ns = source->frame.ts_ns;
		if (source->side == APP_DATASET_SERVER_SIDE) {
			source->frame.ts_ns = shifted(dataset, source->frame.ts_ns);
			source->due_ns = source->frame.ts_ns +
					 (uint64_t)(dataset->slack_ms * (double)ADIT_NS_PER_MS);
		}
		return;
	}
	source_end(reading, source);
	/* A read that an interrupt broke off says nothing of the file. */
	if (status < 0 && !app_dataset_stopped)
		problem_tell(dataset, &error);
}

static int source_open(struct reading *reading, struct source *source, struct adit_error *error)
{
	int status = app_capture_open(source->path, &source->capture, error);

	if (status != 0)
		return status;
	source->state = IS_OPEN;
	source_next(reading, source);
	return 0;
}

/* Looks at a capture's first packet; one that can be read twice is closed until its time comes. */
static int source_add(struct reading *reading, const char *path, uint8_t side, uint32_t number,
	struct adit_error *error)
{
	struct source *source = &reading->sources[reading->count++];
	int status;

	*source = (struct source){
		.path = path, .side = side, .number = number, .size_bytes = app_capture_size(path)};
	reading->bytes_total += source->size_bytes;
	status = source_open(reading, source, error);
	if (status == 0 && source->state == IS_OPEN && !app_capture_is_stream(path)) {
		app_capture_close(source->capture);
		source->capture = NULL;
		source->state = WAITS;
	}
	return status;
}

/* Which is next in time, of equal ones the client side's, then the first given; and when it is the
 * turn of the one after it. */
static struct source *source_earliest(struct reading *reading, uint64_t *until_ns)
{
	struct source *earliest = NULL;

	*until_ns = UINT64_MAX;
	for (size_t i = 0; i < reading->count; i++) {
		struct source *source = &reading->sources[i];

		if (source->state == IS_OVER)
			continue;
		if (earliest == NULL || source->due_ns < earliest->due_ns) {
			*until_ns = earliest != NULL ? earliest->due_ns : UINT64_MAX;
			earliest = source;
		} else if (source->due_ns < *until_ns) {
			*until_ns = source->due_ns;
		}
	}
	return earliest;
}

static void progress_tell(const struct reading *reading)
{
	static char what[] = "reading captures";
	uint64_t done = 0;

	for (size_t i = 0; i < reading->count; i++) {
		const struct source *source = &reading->sources[i];

		if (source->state == IS_OVER)
			done += source->size_bytes;
		else if (source->state == IS_OPEN)
			done += app_capture_position(source->capture);
	}
	app_progress_report(what, done, reading->bytes_total);
}

/* What the network around it says of a packet. */
static void context_make(const struct adit_frame *frame, const struct adit_packet *packet, bool up,
	struct adit_message_context *context)
{
	*context = (struct adit_message_context){
		.vlan = packet->vlan & 0xfff,
		.vlan_inner = packet->vlan_inner & 0xfff,
	};
	if (!(packet->flags & ADIT_PACKET_GTPU))
		return;
	context->has_tunnel = true;
	context->teid = adit_packet_teid(frame, packet);
	if (up)
		adit_packet_outer(frame, packet, &context->radio, &context->core);
	else
		adit_packet_outer(frame, packet, &context->core, &context->radio);
}

/* All but the message's bytes; `packet_up`: the packet goes to the server. */
static void message_begin(const struct reading *reading, const struct source *source,
	const struct adit_packet *packet, bool packet_up, struct adit_message *message)
{
	const struct adit_frame *frame = &source->frame;
	const uint8_t *ip = frame->data + packet->ip_offset, *l4 = frame->data + packet->l4_offset;
	bool is_v6 = (packet->flags & ADIT_PACKET_V6) != 0;
	bool tcp = (packet->flags & ADIT_PACKET_TCP) != 0;
	struct adit_endpoints ends;

	adit_packet_endpoints(frame, packet, &ends);
	*message = (struct adit_message){
		.ts_ns = frame->ts_ns,
		.who = adit_packet_client_key(frame, packet, packet_up, &reading->appliance->rule,
			&reading->appliance->key),
		.client = packet_up ? ends.source : ends.destination,
		.server = packet_up ? ends.destination : ends.source,
		.client_port = packet_up ? ends.source_port : ends.destination_port,
		.server_port = packet_up ? ends.destination_port : ends.source_port,
		.udp_bytes = tcp ? 0 : adit_load_be16(l4 + 4),
		/* IPv6 has no identification; UDP's checksum tells most packets apart. */
		.ip_id = is_v6 ? adit_load_be16(l4 + (tcp ? 16 : 6)) : adit_load_be16(ip + 4),
		.ttl = is_v6 ? ip[7] : ip[8],
		.protocol = tcp ? PROTOCOL_TCP : PROTOCOL_UDP,
		.up = packet_up,
		.server_side = source->side == APP_DATASET_SERVER_SIDE,
		.capture = source->number,
	};
	/* A length of 0 is a jumbogram's (RFC 2675); what is there counts. */
	if (!tcp && message->udp_bytes == 0)
		message->udp_bytes = (uint16_t)(packet->payload_size + 8u);
	context_make(frame, packet, packet_up, &message->context);
}

static void datagram_take(
	struct reading *reading, const struct source *source, const struct adit_packet *packet)
{
	const uint8_t *payload = source->frame.data + packet->payload_offset;
	struct adit_message message;

	message_begin(reading, source, packet,
		adit_message_goes_up(packet, payload, packet->payload_size), &message);
	message.data = payload;
	message.size = packet->payload_size;
	adit_pairing_take(reading->dataset->pairing, &message);
}

/* Made when the first segment comes: many captures have none, and they take time to make. */
static struct adit_streams *streams_take(struct reading *reading, uint8_t side)
{
	const struct adit_config *config = reading->appliance->config;
	struct adit_streams_params params = {.shards = ADIT_SHARDS,
		.streams = (uint32_t)config->tcp_streams / ADIT_SHARDS,
		.buffers = (uint32_t)config->tcp_buffers / ADIT_SHARDS};
	struct app_dataset *dataset = reading->dataset;

	if (reading->sides[side].streams == NULL)
		reading->sides[side].streams = adit_streams_create(&params, NULL);
	if (reading->sides[side].streams == NULL && dataset->status == 0)
		dataset->status = adit_error_set(&dataset->error, -ENOMEM,
			"no memory for TCP streams (%zu MB; tcp.buffers sets their size)",
			adit_streams_bytes(&params) >> 20);
	return reading->sides[side].streams;
}

/* The messages that a segment makes whole. Those of the other direction, which its acknowledgement
 * sets free, have no TTL and tunnel of their own to tell. */
static void segment_take(
	struct reading *reading, const struct source *source, const struct adit_packet *packet)
{
	struct adit_streams *streams = streams_take(reading, source->side);
	const struct adit_config *config = reading->appliance->config;
	struct adit_stream_message found;
	struct adit_message message;
	struct adit_segment segment;

	if (streams == NULL)
		return;
	adit_segment_make(&reading->appliance->rule, &reading->appliance->key, config->tcp_checksum,
		&source->frame, packet, &segment);
	adit_streams_push(streams, packet->shard, &segment);
	while (adit_streams_next(streams, &found)) {
		bool up = adit_message_goes_up(packet, found.data, found.size);

		if (found.opposite && adit_packet_tells_way(packet))
			up = !up;
		message_begin(reading, source, packet, up != found.opposite, &message);
		message.up = up;
		message.data = found.data;
		message.size = found.size;
		message.raw = found.raw;
		if (found.opposite) {
			message.ttl = 0;
			message.context.has_tunnel = false;
		}
		adit_pairing_take(reading->dataset->pairing, &message);
	}
}

static void frame_take(struct reading *reading, struct source *source)
{
	struct app_dataset *dataset = reading->dataset;
	struct adit_packet packet;

	dataset->packets[source->side]++;
	adit_pairing_cover(
		dataset->pairing, source->side == APP_DATASET_SERVER_SIDE, source->frame.ts_ns);
	if (adit_intake_take(&reading->sides[source->side].intake, &source->frame, &packet) !=
		ADIT_OUTCOME_PENDING)
		return;
	if (packet.flags & (ADIT_PACKET_ENCRYPTED | ADIT_PACKET_DOH))
		dataset->encrypted[source->side]++;
	else if (packet.flags & ADIT_PACKET_TCP)
		segment_take(reading, source, &packet);
	else
		datagram_take(reading, source, &packet);
}

static void all_take(struct reading *reading)
{
	struct adit_error error;
	struct source *source;
	uint64_t until_ns;

	while (!app_dataset_stopped && (source = source_earliest(reading, &until_ns)) != NULL) {
		if (source->state == WAITS && source_open(reading, source, &error) != 0) {
			/* It could be opened before: it has gone, or there are too many. */
			problem_tell(reading->dataset, &error);
			source_end(reading, source);
		}
		while (source->state == IS_OPEN && source->due_ns <= until_ns) {
			frame_take(reading, source);
			if (++reading->packets % TELL_EVERY == 0) {
				progress_tell(reading);
				if (app_dataset_stopped || reading->dataset->status != 0)
					return;
			}
			source_next(reading, source);
		}
	}
}

static int sides_make(struct reading *reading, struct adit_error *error)
{
	int status = 0;

	for (int i = 0; i < APP_DATASET_SIDES && status == 0; i++)
		if (i == APP_DATASET_CLIENT || reading->dataset->servers.count > 0)
			status = app_intake_create(
				reading->appliance, &reading->sides[i].intake, NULL, error);
	return status;
}

static int sources_add(struct reading *reading, struct adit_error *error)
{
	const struct app_dataset *dataset = reading->dataset;
	size_t count = dataset->client_count + dataset->servers.count;
	int status = 0;

	reading->sources = calloc(count, sizeof(*reading->sources));
	if (reading->sources == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu captures", count);
	for (size_t i = 0; i < dataset->client_count && status == 0; i++)
		status = source_add(
			reading, dataset->clients[i], APP_DATASET_CLIENT, (uint32_t)i, error);
	for (size_t i = 0; i < dataset->servers.count && status == 0; i++)
		status = source_add(reading, dataset->servers.text[i], APP_DATASET_SERVER_SIDE,
			(uint32_t)i, error);
	return status;
}

int app_dataset_read(
	struct app_dataset *dataset, struct appliance *appliance, struct adit_error *error)
{
	struct reading reading = {
		.dataset = dataset, .appliance = appliance, .clients_left = dataset->client_count};
	int status = sides_make(&reading, error);

	if (status == 0)
		status = sources_add(&reading, error);
	if (status == 0)
		all_take(&reading);
	adit_pairing_end(dataset->pairing);
	app_progress_clear();
	for (size_t i = 0; i < reading.count; i++)
		app_capture_close(reading.sources[i].capture);
	free(reading.sources);
	for (int i = 0; i < APP_DATASET_SIDES; i++) {
		adit_reassembly_destroy(reading.sides[i].intake.reassembly);
		adit_streams_destroy(reading.sides[i].streams);
	}
	return status;
}
