/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the packet decoder and the DNS parser say about each frame of a capture, without the rest
 * of the pipeline: for tests that compare it, and for people who ask why a frame was not counted.
 */
#ifndef ADIT_TEST_DISSECT_H
#define ADIT_TEST_DISSECT_H

#include <jansson.h>

#include "adit_dns.h"
#include "adit_packet.h"

struct dissection {
	uint64_t number; /* of the frame in its capture, from 1 */
	struct adit_frame frame;
	struct adit_packet packet;
	enum adit_outcome outcome; /* the final one */
	bool on_dns_port;          /* the decoder found a datagram on port 53: `dns` was tried */
	bool readable;             /* all of `dns` may be used, not only id and flags */
	struct adit_dns dns;
};

/* Calls `each` for every frame of a capture (path or "-"). Each frame is handed over in a block of
 * exactly its size, so that a sanitizer sees an over-read. Returns 0 or -errno with the error. */
int dissect_capture(const char *path, void (*each)(void *context, const struct dissection *made),
	void *context, struct adit_error *error);

/* The same as one JSON object; the caller releases it. Fields that do not apply are left out. */
json_t *dissect_json(const struct dissection *made);

#endif
