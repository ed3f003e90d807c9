/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bearers: where a subscriber was in the network, and when. The two directions of one bearer have
 * the same peers and a TEID each; where a tap sees them on different legs they are two bearers.
 */
#include "score_priv.h"

static bool *teid_known(struct adit_verdict_bearer *bearer, int direction)
{
	return direction == ADIT_UP ? &bearer->has_teid_uplink : &bearer->has_teid_downlink;
}

static uint32_t *teid_of(struct adit_verdict_bearer *bearer, int direction)
{
	return direction == ADIT_UP ? &bearer->teid_uplink : &bearer->teid_downlink;
}

static bool bearer_fits(
	struct adit_verdict_bearer *bearer, const struct adit_path *path, int direction)
{
	return memcmp(&bearer->outer, &path->radio, sizeof(path->radio)) == 0 &&
	       memcmp(&bearer->outer_core, &path->core, sizeof(path->core)) == 0 &&
	       (!*teid_known(bearer, direction) || *teid_of(bearer, direction) == path->teid);
}

static struct adit_verdict_bearer *bearer_take(struct story_party *party)
{
	if (party->bearer_count == ADIT_VERDICT_BEARERS) {
		memmove(party->bearer, party->bearer + 1,
			(ADIT_VERDICT_BEARERS - 1) * sizeof(party->bearer[0]));
		party->bearer_count--;
	}
	return &party->bearer[party->bearer_count++];
}

void adit_bearers_add(struct story_party *party, const struct adit_subscriber *who)
{
	for (int direction = ADIT_UP; direction <= ADIT_DOWN; direction++) {
		const struct adit_path *path = &who->path[direction];
		struct adit_verdict_bearer *bearer = NULL;
		bool had_one = false;

		if (!path->known)
			continue;
		for (uint32_t i = party->bearer_count; i-- > 0 && bearer == NULL;) {
			had_one |= *teid_known(&party->bearer[i], direction);
			if (bearer_fits(&party->bearer[i], path, direction))
				bearer = &party->bearer[i];
		}
		if (bearer == NULL) {
			party->handovers += had_one;
			bearer = bearer_take(party);
			*bearer = (struct adit_verdict_bearer){.outer = path->radio,
				.outer_core = path->core,
				.first_ns = path->first_ns,
				.last_ns = path->last_ns};
		}
		*teid_known(bearer, direction) = true;
		*teid_of(bearer, direction) = path->teid;
		if (path->first_ns < bearer->first_ns)
			bearer->first_ns = path->first_ns;
		if (path->last_ns > bearer->last_ns)
			bearer->last_ns = path->last_ns;
	}
}
