/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A line of a feed once it is read, and what takes it.
 */
#ifndef IDENTITY_PRIV_H
#define IDENTITY_PRIV_H

#include "adit_identity.h"

/* What a line asks of a subscriber, and who that is. Only what `has_…` names is asked for. */
struct identity_line {
	bool has_address, has_teid, has_peer, has_vlan;
	struct adit_address address; /* no bit is set after the prefix */
	uint8_t prefix_bits;
	uint32_t teid;
	struct adit_address peer;
	uint16_t vlan;
	char tap[ADIT_IDENTITY_TEXT]; /* empty: any */
	uint64_t from_ns, until_ns;   /* until is exclusive and after from */
	struct adit_identity identity;
};

/* Takes a line. Returns 0, or -ENOSPC: there is no room for the name of another tap. */
int adit_identity_take(struct adit_identities *identities, const struct identity_line *line);
void adit_identity_refuse(struct adit_identities *identities);

/* One cell each, never empty. Return 0 or -EINVAL; what would be right is in the message that
 * stands beside each in the table of columns. */
int adit_identity_cell_address(const char *text, struct identity_line *line);
int adit_identity_cell_teid(const char *text, struct identity_line *line);
int adit_identity_cell_peer(const char *text, struct identity_line *line);
int adit_identity_cell_vlan(const char *text, struct identity_line *line);
int adit_identity_cell_text(const char *text, char to[ADIT_IDENTITY_TEXT]);

#endif
