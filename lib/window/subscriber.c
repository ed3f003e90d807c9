/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where a subscriber's packets went: the peers and TEIDs of GTP-U, which change with a handover
 * (3GPP TS 23.401 section 5.5, TS 23.502 section 4.9) while the subscriber stays the same.
 */
#include "adit_window.h"

static inline bool path_same(const struct adit_path *a, const struct adit_path *b)
{
	return a->teid == b->teid && memcmp(&a->radio, &b->radio, sizeof(a->radio)) == 0 &&
	       memcmp(&a->core, &b->core, sizeof(a->core)) == 0;
}

void adit_subscriber_merge(struct adit_subscriber *into, const struct adit_subscriber *from)
{
	for (int direction = ADIT_UP; direction <= ADIT_DOWN; direction++) {
		struct adit_path *mine = &into->path[direction];
		const struct adit_path *its = &from->path[direction];

		if (!its->known)
			continue;
		if (mine->known && path_same(mine, its)) {
			if (its->last_ns > mine->last_ns)
				mine->last_ns = its->last_ns;
			continue;
		}
		*mine = *its;
	}
}
