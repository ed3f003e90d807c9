/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What tshark says of the DNS messages of a capture: fragments and TCP streams put together, each
 * message at the frame that makes it whole.
 */
#ifndef ADIT_TEST_TSHARK_H
#define ADIT_TEST_TSHARK_H

#include <stdio.h>

#include "adit_dns.h"
#include "adit_packet.h"

#define TSHARK_MESSAGES_MAX 512 /* in a frame */

/* Texts point into the reading. What tshark could not read is "" or 0. */
struct tshark_message {
	unsigned long id, flags, rcode, questions, type, size, labels;
	const char *name;   /* of the first question */
	bool has_questions; /* it got as far as their count */
};

struct tshark_frame {
	uint64_t number;
	struct adit_endpoints ends;          /* of the innermost IP header */
	struct adit_address first, first_to; /* source and destination in the first IP header inside
						GTP-U, else in the innermost */
	uint32_t teid;
	bool tcp, gtpu;
	bool fragments; /* put together from fragments, at any layer */
	size_t count;   /* of messages; at least 1 */
	struct tshark_message message[TSHARK_MESSAGES_MAX];
};

struct tshark_reading {
	uint64_t frames; /* of the capture, as capinfos counts them */
	char *text, *rest;
};

/* Starts tshark over a capture; as many run at a time as there are processors. NULL where it cannot
 * be run. */
FILE *tshark_start(const char *path);
/* Waits for all that it has to say of the capture that it was started over. The caller ends the
 * reading, whatever is returned. */
bool tshark_read(FILE *output, const char *path, struct tshark_reading *reading);
/* The next frame in which there is DNS. */
bool tshark_next(struct tshark_reading *reading, struct tshark_frame *frame);
void tshark_end(struct tshark_reading *reading);

/* Whether tshark's text of a name, its count of octets and of labels are those of `name`. */
bool tshark_same_name(const struct adit_name *name, const struct tshark_message *message);
bool tshark_same_size(const struct adit_name *name, const struct tshark_message *message);

#endif
