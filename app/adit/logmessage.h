/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a record of a log to the packets that it stands for, so that logs and packets go the same
 * way. A text log has no messages: they are made of what it says. What it does not say (addresses,
 * ports, IDs, RDATA, EDNS) has a stand-in here, and the features that would show it are left out
 * (struct app_logscan's `absent`).
 */
#ifndef ADIT_LOGMESSAGE_H
#define ADIT_LOGMESSAGE_H

#include "adit_log.h"
#include "adit_packet.h"

#define APP_LOGMESSAGE_BYTES (64 * 1024)

struct app_logmessage {
	uint16_t server_port; /* a DNS port */
	uint32_t sequence;    /* of packets, so that none is a copy of another */
	size_t size;
	uint8_t bytes[APP_LOGMESSAGE_BYTES];
};

/* Makes the query or the response of a record with this name, and the frame around it: its bytes
 * are valid until the next call. False: it fits no packet. */
bool app_logmessage_make(struct app_logmessage *message, const struct adit_log_record *record,
	const struct adit_name *name, bool is_response, struct adit_frame *frame);

/* Whether all of an answer's RDATA is known from the log. */
bool app_logmessage_knows(const struct adit_log_answer *answer);

#endif
