/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the decoder, the reassembly of fragments and TCP streams and the DNS parser say about each
 * frame of a capture, without the rest of the pipeline: for tests that compare it, and for people
 * who ask why a frame was not counted.
 */
#ifndef ADIT_TEST_DISSECT_H
#define ADIT_TEST_DISSECT_H

#include <jansson.h>

#include "adit_dns.h"
#include "adit_pipeline.h"

struct dissection {
	uint64_t number; /* of the frame in its capture, from 1; of a datagram in fragments or a
			    message over TCP, the frame that made it whole */
	struct adit_frame frame;
	struct adit_packet packet;
	enum adit_outcome outcome; /* the final one; of the message where there is one */
	bool on_dns_port;          /* there is a message on port 53: `dns` was tried */
	bool opposite;             /* over TCP: the message went the other way than the packet */
	bool readable;             /* all of `dns` may be used, not only id and flags */
	const uint8_t *message;    /* what was tried */
	uint32_t size;
	struct adit_dns dns;
};

/* Calls `each` for every frame of a capture (path or "-"); for a segment of DNS over TCP, once for
 * every message that it makes whole, or once if there is none. Each frame is handed over in a block
 * of exactly its size, so that a sanitizer sees an over-read. Returns 0 or -errno with the error.
 */
int dissect_capture(const char *path, void (*each)(void *context, const struct dissection *made),
	void *context, struct adit_error *error);

/* The same as one JSON object; the caller releases it. Fields that do not apply are left out. */
json_t *dissect_json(const struct dissection *made);

#endif
