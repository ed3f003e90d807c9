/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bytes in order into messages: two bytes of length, then the message (RFC 1035 section 4.2.2, RFC
 * 7766 section 8).
 *
 * Where framing holds, a message is what has a header that a DNS message can have, or else a
 * question that reads well: as adit_dns_parse judges datagrams, but from the first bytes on, so
 * that how a stream was cut into segments does not matter. A message whose header can be and whose
 * question cannot be read is handed out; the caller counts it as such. The first message of a
 * stream must have the header. Where framing is lost, far more is asked for (judge_found), but at
 * every byte: what is found must not depend on the cut there either.
 */
#include "adit_stream.h"
#include "stream_priv.h"

#define HEADER_SIZE    12
#define QUESTION_LEAST 5  /* root label, type, class */
#define RECORD_LEAST   11 /* root label, type, class, TTL, RDLENGTH */
#define QUESTION_FIXED 4
#define RECORD_FIXED   10
#define NAME_END       (HEADER_SIZE + ADIT_NAME_MAX) /* of the first name, at most */
static_assert(JUDGE_MAX == PREFIX_SIZE + NAME_END + RECORD_FIXED, "as judge_found asks for");
#define FLAG_Z        0x0040
#define OPCODE_NOTIFY 4
#define OPCODE_UPDATE 5

enum judgement { IS_NONE, IS_UNDECIDED, IS_MESSAGE };

struct header {
	uint16_t size; /* of the message, as its prefix says */
	uint16_t flags;
	uint16_t questions, answers, authority, additional;
	uint8_t opcode;
};

/* The prefix and the header behind it. Returns false for a header that no message has. */
static bool read_header(const uint8_t *at, struct header *header)
{
	const unsigned assigned = 0x77; /* 0-2 and 4-6 stand in the IANA registry */
	uint32_t records;

	header->size = adit_load_be16(at);
	header->flags = adit_load_be16(at + 4);
	header->opcode = header->flags >> 11 & 0xf;
	header->questions = adit_load_be16(at + 6);
	header->answers = adit_load_be16(at + 8);
	header->authority = adit_load_be16(at + 10);
	header->additional = adit_load_be16(at + 12);
	records = (uint32_t)header->answers + header->authority + header->additional;
	return assigned >> header->opcode & 1 &&
	       HEADER_SIZE + QUESTION_LEAST * header->questions + RECORD_LEAST * records <=
		       header->size;
}

/* Whether the bytes where a message has to begin are one. Bytes are never taken back: what says
 * something else than IS_UNDECIDED says it with more bytes too. */
static enum judgement judge_next(const uint8_t *at, uint32_t size, bool first)
{
	struct adit_name name;
	struct header header;
	uint32_t there, end;

	if (size < PREFIX_SIZE)
		return IS_UNDECIDED;
	if (adit_load_be16(at) == 0)
		return IS_MESSAGE; /* none, but the framing holds */
	if (adit_load_be16(at) < HEADER_SIZE)
		return IS_NONE;
	if (size < PREFIX_SIZE + HEADER_SIZE)
		return IS_UNDECIDED;
	if (read_header(at, &header))
		return IS_MESSAGE;
	if (first || header.questions == 0)
		return IS_NONE;
	there = least(size - PREFIX_SIZE, header.size);
	end = (uint32_t)adit_name_read(at + PREFIX_SIZE, there, HEADER_SIZE, &name);
	if (end != 0 && there - end >= QUESTION_FIXED)
		return IS_MESSAGE;
	return there < least(header.size, NAME_END + QUESTION_FIXED) ? IS_UNDECIDED : IS_NONE;
}

/* The classes that questions ask for: IN, CH, HS, NONE, ANY. */
static bool class_is_known(uint16_t class)
{
	return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

static bool header_is_strict(const struct header *header)
{
	bool response = header->flags & ADIT_DNS_QR;
	uint16_t rcode = header->flags & 0xf;

	if (header->flags & FLAG_Z || header->questions > 1)
		return false;
	if (header->opcode != 0)
		return header->questions == 1 &&
		       (header->opcode == OPCODE_NOTIFY || header->opcode == OPCODE_UPDATE);
	if (header->questions == 0)
		return response && rcode == 0 && header->answers > 0;
	return response || (rcode == 0 && header->answers == 0);
}

/*
 * Whether what stands here can only be a message: plausible counts, and one question of
 * a known class that reads well. Messages of a zone transfer may come without a question (RFC 5936
 * section 2.2.1): there the first record must. Of random bytes less than one in 10^12 pass.
 */
static enum judgement judge_found(const uint8_t *at, uint32_t size)
{
	const uint8_t *entry;
	struct adit_name name;
	struct header header;
	uint32_t there, end, fixed;

	if (size < PREFIX_SIZE)
		return IS_UNDECIDED;
	if (adit_load_be16(at) < HEADER_SIZE + QUESTION_LEAST)
		return IS_NONE;
	if (size < PREFIX_SIZE + HEADER_SIZE)
		return IS_UNDECIDED;
	if (!read_header(at, &header) || !header_is_strict(&header))
		return IS_NONE;
	there = least(size - PREFIX_SIZE, header.size);
	fixed = header.questions > 0 ? QUESTION_FIXED : RECORD_FIXED;
	end = (uint32_t)adit_name_read(at + PREFIX_SIZE, there, HEADER_SIZE, &name);
	if (end == 0 || there - end < fixed)
		return there < least(header.size, NAME_END + fixed) ? IS_UNDECIDED : IS_NONE;
	entry = at + PREFIX_SIZE + end;
	if (!class_is_known(adit_load_be16(entry + 2)))
		return IS_NONE;
	return header.questions > 0 || end + fixed + adit_load_be16(entry + 8) <= header.size
		       ? IS_MESSAGE
		       : IS_NONE;
}

/* Bytes in which a message was looked for. */
static void look_past(struct adit_streams *streams, struct stream *stream, uint32_t size)
{
	stream->searched += size;
	if (stream->searched > ADIT_STREAM_GIVE_UP) {
		stream->state = STREAM_RAW;
		streams->counters.raw++;
	}
}

/* What is plain at first sight: judge_found asks for one question at most. */
static bool is_hopeless(const uint8_t *at, uint32_t size)
{
	return size >= PREFIX_SIZE + HEADER_SIZE && adit_load_be16(at + 6) > 1;
}

/* The bytes before the next message, or before where one could begin. */
static enum step pass_over(struct adit_streams *streams, struct stream *stream, const uint8_t *at,
	uint32_t size, uint32_t *used, struct adit_stream_message *message)
{
	uint32_t most = least(size, RAW_MAX), passed = 1;

	while (passed < most && (is_hopeless(at + passed, size - passed) ||
					judge_found(at + passed, size - passed) == IS_NONE))
		passed++;
	*used = passed;
	look_past(streams, stream, passed);
	if (stream->wary) {
		*message = (struct adit_stream_message){at, passed, true, false};
		return STEP_OUT;
	}
	streams->counters.skipped_bytes += passed;
	return STEP_AGAIN;
}

static enum step search(struct adit_streams *streams, struct stream *stream, const uint8_t *at,
	uint32_t size, uint32_t *used, struct adit_stream_message *message)
{
	enum judgement judgement;

	if (stream->skip > 0) {
		*used = least(size, stream->skip);
		stream->skip -= *used;
		streams->counters.skipped_bytes += *used;
		return STEP_AGAIN;
	}
	judgement = stream->known ? judge_next(at, size, false) : judge_found(at, size);
	if (judgement == IS_UNDECIDED)
		return STEP_MORE;
	stream->known = false;
	if (judgement == IS_NONE)
		return pass_over(streams, stream, at, size, used, message);
	stream->state = STREAM_READING;
	streams->counters.resynchronised++;
	return STEP_AGAIN;
}

static enum step read_message(struct adit_streams *streams, struct stream *stream,
	const uint8_t *at, uint32_t size, uint32_t *used, struct adit_stream_message *message)
{
	enum judgement judgement;
	uint32_t whole;

	if (size >= PREFIX_SIZE && adit_load_be16(at) == 0) {
		*used = PREFIX_SIZE;
		streams->counters.skipped_bytes += PREFIX_SIZE;
		look_past(streams, stream, PREFIX_SIZE);
		return STEP_AGAIN;
	}
	judgement = judge_next(at, size, stream->state == STREAM_STARTING);
	if (judgement == IS_UNDECIDED)
		return STEP_MORE;
	if (judgement == IS_NONE && stream->whole) {
		/* Nothing was lost: so it is no DNS. */
		stream->state = STREAM_RAW;
		streams->counters.raw++;
		return STEP_AGAIN;
	}
	if (judgement == IS_NONE) {
		stream->state = STREAM_SEARCHING;
		stream->known = false;
		stream->skip = 0;
		return pass_over(streams, stream, at, size, used, message);
	}
	stream->state = STREAM_READING;
	whole = PREFIX_SIZE + (uint32_t)adit_load_be16(at);
	if (size < whole)
		return STEP_MORE;
	*message =
		(struct adit_stream_message){at + PREFIX_SIZE, whole - PREFIX_SIZE, false, false};
	*used = whole;
	stream->searched = 0;
	streams->counters.messages++;
	return STEP_OUT;
}

uint32_t framing_wants(const uint8_t *at, uint32_t size)
{
	return size < PREFIX_SIZE ? JUDGE_MAX : PREFIX_SIZE + (uint32_t)adit_load_be16(at);
}

enum step framing_step(struct adit_streams *streams, struct stream *stream, const uint8_t *at,
	uint32_t size, uint32_t *used, struct adit_stream_message *message)
{
	*used = 0;
	if (size == 0)
		return STEP_MORE;
	switch ((enum stream_state)stream->state) {
	case STREAM_RAW:
		*used = least(size, RAW_MAX);
		*message = (struct adit_stream_message){at, *used, true, false};
		return STEP_OUT;
	case STREAM_SEARCHING:
		return search(streams, stream, at, size, used, message);
	case STREAM_STARTING:
	case STREAM_READING:
		break;
	}
	return read_message(streams, stream, at, size, used, message);
}
