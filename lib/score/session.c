/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sessions of subscribers: a dense array and an index by the subscriber's keyed hash.
 */
#include "index_priv.h"
#include "session_priv.h"
#include "state_priv.h"

struct adit_sessions {
	struct adit_session *all;
	struct index index;
	uint32_t count, capacity;
	uint64_t refused;
	struct adit_allocator allocator;
};

size_t adit_sessions_bytes(uint32_t capacity)
{
	return sizeof(struct adit_sessions) + (size_t)capacity * sizeof(struct adit_session) +
	       index_bytes(capacity);
}

struct adit_sessions *adit_sessions_create(
	uint32_t capacity, const struct adit_allocator *allocator)
{
	struct adit_sessions *sessions = adit_alloc(allocator, sizeof(*sessions), ADIT_CACHE_LINE);

	if (sessions == NULL)
		return NULL;
	sessions->allocator = adit_allocator_copy(allocator);
	sessions->capacity = capacity;
	sessions->all =
		adit_alloc(allocator, (size_t)capacity * sizeof(*sessions->all), ADIT_CACHE_LINE);
	if (!index_make(&sessions->index, capacity, allocator) || sessions->all == NULL) {
		adit_sessions_destroy(sessions);
		return NULL;
	}
	return sessions;
}

void adit_sessions_destroy(struct adit_sessions *sessions)
{
	struct adit_allocator copy;

	if (sessions == NULL)
		return;
	copy = sessions->allocator;
	adit_free(&copy, sessions->all);
	adit_free(&copy, sessions->index.slots);
	adit_free(&copy, sessions);
}

static void session_end(
	struct adit_sessions *sessions, uint32_t number, adit_session_over *over, void *context)
{
	uint32_t last = sessions->count - 1;

	over(context, &sessions->all[number]);
	index_remove(&sessions->index, sessions->all[number].who.key);
	if (number != last) {
		index_find(&sessions->index, sessions->all[last].who.key)->row = number + 1;
		sessions->all[number] = sessions->all[last];
	}
	sessions->count--;
}

void adit_sessions_begin(
	struct adit_sessions *sessions, uint32_t slice, adit_session_over *over, void *context)
{
	uint64_t now = slice * ADIT_SLICE_NS;

	/* Backwards: the last one takes the place of one that ends. */
	for (uint32_t i = sessions->count; i > 0; i--) {
		struct adit_session *session = &sessions->all[i - 1];

		session->touched = false;
		if (slice == UINT32_MAX || session->sum.last_ns + ADIT_SESSION_IDLE_NS < now)
			session_end(sessions, i - 1, over, context);
	}
}

static void row_add(struct adit_session_sum *sum, const struct adit_row *row, uint64_t first_ns,
	uint64_t last_ns)
{
	if (sum->first_ns == 0 || first_ns < sum->first_ns)
		sum->first_ns = first_ns;
	if (last_ns > sum->last_ns)
		sum->last_ns = last_ns;
	sum->queries += row->queries;
	sum->responses += row->responses;
	sum->bytes_up += row->bytes_up;
	sum->bytes_down += row->bytes_down;
}

void adit_sessions_add(struct adit_sessions *sessions, const struct adit_window *window,
	uint32_t at, uint32_t slice, adit_session_over *over, void *context)
{
	for (uint32_t i = 0; i < adit_window_rows(window, at, ADIT_KIND_SESSION); i++) {
		const struct adit_row *row = adit_window_row(window, at, ADIT_KIND_SESSION, i);
		const struct adit_party *party =
			adit_window_party(window, at, ADIT_KIND_SESSION, i);
		uint64_t start = slice * ADIT_SLICE_NS;
		uint64_t first_ns = start + row->first_ms * ADIT_NS_PER_MS;
		struct index_slot *slot = index_find(&sessions->index, party->who.key);
		struct adit_session *session;

		if (slot->row != 0 &&
			sessions->all[slot->row - 1].sum.last_ns + ADIT_SESSION_IDLE_NS <
				first_ns) {
			session_end(sessions, slot->row - 1, over, context);
			slot = index_find(&sessions->index, party->who.key);
		}
		if (slot->row == 0) {
			if (sessions->count == sessions->capacity) {
				sessions->refused++;
				continue;
			}
			session = &sessions->all[sessions->count++];
			memset(session, 0, sizeof(*session));
			session->who = party->who;
			*slot = (struct index_slot){party->who.key, sessions->count};
		} else {
			session = &sessions->all[slot->row - 1];
			adit_subscriber_merge(&session->who, &party->who);
		}
		session->touched = true;
		row_add(&session->sum, row, first_ns, start + row->last_ms * ADIT_NS_PER_MS);
	}
}

struct adit_session *adit_sessions_all(struct adit_sessions *sessions, uint32_t *count)
{
	*count = sessions->count;
	return sessions->all;
}

const struct adit_session *adit_sessions_find(const struct adit_sessions *sessions, uint64_t key)
{
	uint32_t row = index_find(&sessions->index, key)->row;

	return row != 0 ? &sessions->all[row - 1] : NULL;
}

uint64_t adit_sessions_refused(const struct adit_sessions *sessions)
{
	return sessions->refused;
}

#define SECTION         "sessions"
#define SECTION_VERSION 1
#define MOST            1e300 /* of a model's score */

static void session_code(struct adit_state_io *io, struct adit_session *session)
{
	adit_subscriber_code(io, &session->who);
	adit_state_u64(io, &session->sum.first_ns);
	adit_state_u64(io, &session->sum.last_ns);
	adit_state_u64(io, &session->sum.queries);
	adit_state_u64(io, &session->sum.responses);
	adit_state_u64(io, &session->sum.bytes_up);
	adit_state_u64(io, &session->sum.bytes_down);
	adit_state_real(io, &session->outlier, -MOST, MOST);
	adit_state_real(io, &session->threshold, -MOST, MOST);
}

size_t adit_sessions_state_bytes(uint32_t capacity)
{
	return ADIT_STATE_MARK_BYTES + (size_t)capacity * sizeof(struct adit_session);
}

void adit_sessions_save(struct adit_sessions *sessions, struct adit_state_io *io)
{
	adit_state_save_section(io, SECTION, SECTION_VERSION);
	for (uint32_t i = 0; i < sessions->count; i++)
		session_code(io, &sessions->all[i]);
	adit_state_save_section_end(io, sessions->count);
}

int adit_sessions_load(struct adit_sessions *sessions, const struct adit_state_file *file,
	struct adit_state_left *left, struct adit_error *error)
{
	struct adit_state_io io;
	int status = adit_state_load(file, SECTION, SECTION_VERSION, &io, error);

	if (status != 0)
		return status;
	for (uint64_t i = 0; i < io.entries; i++) {
		struct adit_session session = {.touched = false};
		struct index_slot *slot;

		session_code(&io, &session);
		if (io.failed)
			break;
		slot = index_find(&sessions->index, session.who.key);
		if (slot->row != 0 || sessions->count == sessions->capacity) {
			left->sessions++;
			continue;
		}
		sessions->all[sessions->count++] = session;
		*slot = (struct index_slot){session.who.key, sessions->count};
	}
	return adit_state_load_end(file, &io, error);
}

void adit_sessions_reset(struct adit_sessions *sessions)
{
	index_clear(&sessions->index);
	sessions->count = 0;
}
