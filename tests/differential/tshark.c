/* SPDX-License-Identifier: BSD-3-Clause */
#include "tshark.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* The fields asked for, in this order; each may have several values, parted by \1. */
#define FIELDS(X)                         \
	X(NUMBER, "frame.number")         \
	X(LAYERS, "frame.protocols")      \
	X(SOURCE, "ip.src")               \
	X(TARGET, "ip.dst")               \
	X(SOURCE_V6, "ipv6.src")          \
	X(TARGET_V6, "ipv6.dst")          \
	X(UDP_FROM, "udp.srcport")        \
	X(UDP_TO, "udp.dstport")          \
	X(TCP_FROM, "tcp.srcport")        \
	X(TCP_TO, "tcp.dstport")          \
	X(TEID, "gtp.teid")               \
	X(PIECES, "ip.fragment")          \
	X(PIECES_V6, "ipv6.fragment")     \
	X(ID, "dns.id")                   \
	X(FLAGS, "dns.flags")             \
	X(RCODE, "dns.flags.rcode")       \
	X(QUESTIONS, "dns.count.queries") \
	X(ZONES, "dns.count.zones")       \
	X(NAME, "dns.qry.name")           \
	X(TYPE, "dns.qry.type")           \
	X(SIZE, "dns.qry.name.len")       \
	X(LABELS, "dns.count.labels")

enum {
#define FIELD_ENUM(id, name) id,
	FIELDS(FIELD_ENUM) FIELD_COUNT
};

/* The configuration of whoever runs this must not matter, so there is none. */
FILE *tshark_start(const char *path)
{
	char command[8192];
	int size = snprintf(command, sizeof(command),
		"exec 2>/dev/null; capinfos -TmrcM '%s'; "
		"XDG_CONFIG_HOME=/nonexistent HOME=/nonexistent exec tshark -n -r '%s' "
		"-o ip.defragment:TRUE -o ipv6.defragment:TRUE -o tcp.desegment_tcp_streams:TRUE "
		"-o tcp.reassemble_out_of_order:TRUE -Y dns -T fields -E separator=/t "
		"-E 'aggregator=\1'"
#define FIELD_OPTION(id, name) " -e " name
		FIELDS(FIELD_OPTION),
		path, path);

	return size < (int)sizeof(command) ? popen(command, "r") : NULL;
}

bool tshark_read(FILE *output, struct tshark_reading *reading)
{
	size_t size = 0, got;
	FILE *memory;
	char block[65536], *line;

	*reading = (struct tshark_reading){0};
	memory = open_memstream(&reading->text, &size);
	while (output != NULL && (got = fread(block, 1, sizeof(block), output)) > 0)
		fwrite(block, 1, got, memory);
	fclose(memory);
	reading->rest = reading->text;
	line = strsep(&reading->rest, "\n");
	line = strrchr(line, ',');
	if (line != NULL)
		reading->frames = strtoull(line + 1, NULL, 10);
	return output != NULL && pclose(output) == 0 && line != NULL;
}

void tshark_end(struct tshark_reading *reading)
{
	free(reading->text);
}

/* The next value of a field, "" if there is none. */
static const char *take(char **values)
{
	const char *value = strsep(values, "\1");

	return value != NULL ? value : "";
}

static unsigned long take_number(char **values)
{
	return strtoul(take(values), NULL, 0);
}

static void take_address(char **values, bool is_v6, struct adit_address *address)
{
	memset(address, 0, sizeof(*address));
	address->is_v6 = is_v6;
	inet_pton(is_v6 ? AF_INET6 : AF_INET, take(values), address->bytes);
}

/* The layers from the outside in, each taking its values from its fields. */
static void take_layers(char *fields[FIELD_COUNT], struct tshark_frame *frame)
{
	bool fresh = true; /* no IP header inside GTP-U yet */
	char *layer;

	while ((layer = strsep(&fields[LAYERS], ":")) != NULL) {
		bool is_v6 = strcmp(layer, "ipv6") == 0, is_tcp = strcmp(layer, "tcp") == 0;

		if (is_v6 || strcmp(layer, "ip") == 0) {
			take_address(
				&fields[is_v6 ? SOURCE_V6 : SOURCE], is_v6, &frame->ends.source);
			take_address(&fields[is_v6 ? TARGET_V6 : TARGET], is_v6,
				&frame->ends.destination);
			if (fresh || !frame->gtpu) {
				frame->first = frame->ends.source;
				frame->first_to = frame->ends.destination;
			}
			fresh = fresh && !frame->gtpu;
		} else if (is_tcp || strcmp(layer, "udp") == 0) {
			frame->tcp = is_tcp;
			frame->ends.source_port =
				(uint16_t)take_number(&fields[is_tcp ? TCP_FROM : UDP_FROM]);
			frame->ends.destination_port =
				(uint16_t)take_number(&fields[is_tcp ? TCP_TO : UDP_TO]);
		} else if (strcmp(layer, "gtp") == 0) {
			frame->gtpu = true;
			frame->teid = (uint32_t)take_number(&fields[TEID]);
		}
	}
}

#define OPCODE_UPDATE 5 /* its questions are called zones (RFC 2136) */

static void take_message(char *fields[FIELD_COUNT], struct tshark_message *message)
{
	char **count;

	message->id = take_number(&fields[ID]);
	message->flags = take_number(&fields[FLAGS]);
	if (message->flags & ADIT_DNS_QR)
		message->rcode = take_number(&fields[RCODE]);
	count = &fields[(message->flags >> 11 & 15) == OPCODE_UPDATE ? ZONES : QUESTIONS];
	message->has_questions = *count != NULL && **count != '\0';
	message->questions = take_number(count);
	message->name = "";
	for (unsigned long i = 0; i < message->questions && fields[NAME] != NULL; i++) {
		const char *name = take(&fields[NAME]);
		unsigned long type = take_number(&fields[TYPE]), size = take_number(&fields[SIZE]),
			      labels = take_number(&fields[LABELS]);

		if (i > 0)
			continue;
		message->name = name;
		message->type = type;
		message->size = size;
		message->labels = labels;
	}
}

bool tshark_next(struct tshark_reading *reading, struct tshark_frame *frame)
{
	char *line = strsep(&reading->rest, "\n"), *fields[FIELD_COUNT];

	if (line == NULL || *line == '\0')
		return false;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		fields[i] = strsep(&line, "\t");
	memset(frame, 0, offsetof(struct tshark_frame, message));
	frame->number = take_number(&fields[NUMBER]);
	frame->fragments = *fields[PIECES] != '\0' || *fields[PIECES_V6] != '\0';
	take_layers(fields, frame);
	do {
		take_message(fields, &frame->message[frame->count]);
		frame->count++;
	} while (fields[ID] != NULL && frame->count < TSHARK_MESSAGES_MAX);
	return true;
}

/* tshark's text of a name, with octets outside ASCII as they are. */
static void name_text(const struct adit_name *name, char *text)
{
	static const char letters[] = "abtnvfr";

	for (unsigned i = 0; i < name->labels; i++) {
		const uint8_t *label = name->wire + name->label_at[i];

		if (i > 0)
			*text++ = '.';
		for (unsigned k = 1; k <= label[0]; k++) {
			if (label[k] >= 7 && label[k] <= 13)
				text += sprintf(text, "\\%c", letters[label[k] - 7]);
			else if (label[k] < 32 || label[k] == 127)
				text += sprintf(text, "\\%03o", label[k]);
			else
				*text++ = (char)label[k];
		}
	}
	*text = '\0';
}

/* Octets outside ASCII are UTF-8 to tshark, which does not tell apart what is none: where there
 * are any, what comes before the first and after the last must be the same. */
bool tshark_same_name(const struct adit_name *name, const struct tshark_message *message)
{
	char ours[ADIT_NAME_TEXT_MAX];
	const char *theirs = message->name;
	size_t before = 0, after = 0, size, their_size = strlen(theirs);

	if (name->labels == 0)
		return strcmp(theirs, "<Root>") == 0;
	name_text(name, ours);
	size = strlen(ours);
	while (before < size && !(ours[before] & 0x80))
		before++;
	if (before == size)
		return strcmp(ours, theirs) == 0;
	while (!(ours[size - after - 1] & 0x80))
		after++;
	return their_size > before + after && strncmp(ours, theirs, before) == 0 &&
	       strcmp(ours + size - after, theirs + their_size - after) == 0;
}

/* tshark counts the octets of a name's text, and as labels what dots part. It says 0 and 0 of a
 * text of one octet. */
bool tshark_same_size(const struct adit_name *name, const struct tshark_message *message)
{
	unsigned long size = name->size - 2u, labels = name->labels;

	if (name->labels == 0)
		return true;
	for (unsigned i = 0; i < name->labels; i++)
		for (unsigned k = 1; k <= name->wire[name->label_at[i]]; k++)
			labels += name->wire[name->label_at[i] + k] == '.';
	if (size == 1)
		size = labels = 0;
	return message->size == size && message->labels == labels;
}
