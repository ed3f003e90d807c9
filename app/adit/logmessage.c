/* SPDX-License-Identifier: BSD-3-Clause */
#include "logmessage.h"

#define FIRST_PORT  1024
#define QR_RD_RA    0x8180
#define RD          0x0100
#define HEADER_SIZE 12
#define UDP_SIZE    8
#define TTL_HOPS    64

static void put(struct app_logmessage *message, const void *bytes, size_t size)
{
	/* One more than fits tells that something did not. */
	if (size > sizeof(message->bytes) - message->size) {
		message->size = sizeof(message->bytes);
		return;
	}
	memcpy(message->bytes + message->size, bytes, size);
	message->size += size;
}

static void put_be16(struct app_logmessage *message, uint32_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(message, bytes, sizeof(bytes));
}

static void put_be32(struct app_logmessage *message, uint32_t value)
{
	put_be16(message, value >> 16);
	put_be16(message, value & 0xffff);
}

static void set_be16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Both ends in one family: the client's, or else the server's. */
static void ends_of(const struct adit_log_record *record, struct adit_address *client,
	struct adit_address *server)
{
	static const struct adit_address none;

	*client = record->has_client ? record->client : none;
	*server = record->has_server ? record->server : none;
	if (client->is_v6 == server->is_v6)
		return;
	if (record->has_client)
		*server = (struct adit_address){.is_v6 = client->is_v6};
	else
		client->is_v6 = server->is_v6;
}

static void headers_put(struct app_logmessage *message, const struct adit_log_record *record,
	bool is_response, size_t *lengths)
{
	static const uint8_t head_v4[] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, TTL_HOPS, 17, 0, 0};
	static const uint8_t head_v6[] = {0x60, 0, 0, 0, 0, 0, 17, TTL_HOPS};
	/* Stand-ins differ from one message to the next. */
	uint16_t port = record->has_port ? record->port
					 : (uint16_t)(FIRST_PORT + message->sequence % 60000);
	struct adit_address client, server;
	const struct adit_address *from, *to;
	size_t bytes;

	ends_of(record, &client, &server);
	from = is_response ? &server : &client;
	to = is_response ? &client : &server;
	bytes = from->is_v6 ? 16 : 4;
	message->size = 0;
	put(message, from->is_v6 ? head_v6 : head_v4,
		from->is_v6 ? sizeof(head_v6) : sizeof(head_v4));
	/* IPv4's identification; IPv6 has none, and its packets a checksum over what differs. */
	if (!from->is_v6)
		set_be16(message->bytes + 4, message->sequence & 0xffff);
	put(message, from->bytes, bytes);
	put(message, to->bytes, bytes);
	*lengths = message->size;
	put_be16(message, is_response ? message->server_port : port);
	put_be16(message, is_response ? port : message->server_port);
	put_be16(message, 0);
	put_be16(message, message->sequence & 0xffff);
}

bool app_logmessage_knows(const struct adit_log_answer *answer)
{
	struct adit_name name;

	switch (answer->type) {
	case ADIT_TYPE_A:
	case ADIT_TYPE_AAAA:
		return answer->has_address;
	case ADIT_TYPE_TXT:
		return answer->text.size > 0;
	case ADIT_TYPE_CNAME:
	case ADIT_TYPE_NS:
	case ADIT_TYPE_PTR:
		return answer->text.size > 0 &&
		       adit_name_from_log(answer->text.at, answer->text.size, &name) == 0;
	default:
		return false;
	}
}

static void rdata_put(struct app_logmessage *message, const struct adit_log_answer *answer)
{
	size_t at = message->size;
	struct adit_name name;

	put_be16(message, 0);
	if (answer->has_address) {
		put(message, answer->address.bytes, answer->address.is_v6 ? 16 : 4);
	} else if (answer->type == ADIT_TYPE_TXT) {
		for (size_t i = 0; i < answer->text.size; i += 255) {
			size_t part = answer->text.size - i < 255 ? answer->text.size - i : 255;
			uint8_t length = (uint8_t)part;

			put(message, &length, 1);
			put(message, answer->text.at + i, part);
		}
	} else if (app_logmessage_knows(answer) &&
		   adit_name_from_log(answer->text.at, answer->text.size, &name) == 0) {
		put(message, name.wire, name.size);
	}
	if (at + 2 <= message->size)
		set_be16(message->bytes + at, message->size - at - 2);
}

/* The message, of what the log says. */
static void message_put(struct app_logmessage *message, const struct adit_log_record *record,
	const struct adit_name *name, bool is_response)
{
	put_be16(message, record->id);
	put_be16(message, is_response ? QR_RD_RA | (record->rcode & 15u) : RD);
	put_be16(message, 1);
	put_be16(message, is_response ? (uint32_t)record->answer_count : 0);
	put_be32(message, 0);
	put(message, name->wire, name->size);
	put_be16(message, record->qtype);
	put_be16(message, 1);
	for (size_t i = 0; is_response && i < record->answer_count; i++) {
		const struct adit_log_answer *answer = &record->answer[i];

		put_be16(message, 0xc000 | HEADER_SIZE);
		put_be16(message, answer->type);
		put_be16(message, 1);
		put_be32(message, answer->ttl);
		rdata_put(message, answer);
	}
}

bool app_logmessage_make(struct app_logmessage *message, const struct adit_log_record *record,
	const struct adit_name *name, bool is_response, struct adit_frame *frame)
{
	size_t udp;

	message->sequence++;
	headers_put(message, record, is_response, &udp);
	if (record->wire != NULL)
		put(message, record->wire, record->wire_size);
	else
		message_put(message, record, name, is_response);
	/* The length fields of IP and UDP take as much. */
	if (message->size >= sizeof(message->bytes) - 1)
		return false;
	set_be16(message->bytes + udp + 4, message->size - udp);
	if (message->bytes[0] >> 4 == 4)
		set_be16(message->bytes + 2, message->size);
	else
		set_be16(message->bytes + 4, message->size - udp);
	*frame = (struct adit_frame){
		.data = message->bytes,
		.ts_ns = is_response ? record->answered_ns : record->ts_ns,
		.captured = (uint32_t)message->size,
		.wire = (uint32_t)message->size,
		.link = ADIT_LINK_RAW_IP,
	};
	return true;
}
