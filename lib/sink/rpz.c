/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tunnels as a response policy zone. The zone is written when a domain comes or goes; that one was
 * seen again is written with the next such change, at the end, or once an hour.
 */
#include "sink_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RENEW_NS (3600 * ADIT_NS_PER_S)

struct rpz {
	struct adit_rpz rpz;
	size_t unwritten;  /* records since the zone was written */
	bool changed;      /* a domain came or went since */
	bool exists;       /* the zone was written at least once */
	uint64_t wrote_ns; /* monotonic */
	uint64_t looked_s; /* when ends were last looked for */
	bool told_full;
	size_t suffix; /* octets of the zone's name and of "*." */
};

static int rpz_open(struct adit_sink *sink, struct adit_error *error)
{
	struct rpz *state = calloc(1, sizeof(*state));
	struct adit_name zone;
	int status;

	sink->state = state;
	if (state == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	if (adit_name_from_text(sink->params.zone, &zone) != 0 || zone.labels == 0)
		return adit_error_set(error, -EINVAL,
			"zone: '%s' is no name; expected one such as rpz.example",
			sink->params.zone);
	state->suffix = (size_t)zone.size - 1 + 2;
	status = adit_rpz_read(&state->rpz, sink->params.path, error);
	if (status != 0 && status != -ENOENT)
		return status;
	/* A path that can't be written is told now: the zone of before, or an empty one, which a
	 * resolver can load. */
	if (status == -ENOENT) {
		state->rpz.serial = (uint32_t)(sink->host->real_ns() / ADIT_NS_PER_S);
		status = adit_rpz_write(&state->rpz, &sink->params, state->rpz.serial, error);
	}
	state->wrote_ns = sink->host->monotonic_ns();
	/* What changed in the configuration shows in the zone at once. */
	state->changed = true;
	return status;
}

static void remove_place(struct rpz *state, size_t place)
{
	adit_rpz_remove(&state->rpz, place);
	state->changed = true;
}

static void expire(struct adit_sink *sink, struct rpz *state)
{
	uint64_t now_s = sink->host->real_ns() / ADIT_NS_PER_S;
	uint64_t lifetime_s = sink->params.lifetime_ns / ADIT_NS_PER_S;

	if (now_s == state->looked_s)
		return;
	state->looked_s = now_s;
	for (size_t i = state->rpz.count; i-- > 0;)
		if (state->rpz.entry[i]->seen_s + lifetime_s <= now_s)
			remove_place(state, i);
}

/* One too many: the domain that was seen longest ago goes. */
static void make_room(struct adit_sink *sink, struct rpz *state)
{
	size_t oldest = 0;

	if (state->rpz.count <= sink->params.entries)
		return;
	for (size_t i = 1; i < state->rpz.count; i++)
		if (state->rpz.entry[i]->seen_s < state->rpz.entry[oldest]->seen_s)
			oldest = i;
	if (!state->told_full)
		adit_sink_tell(sink,
			"%zu domains stand in the zone, and that is its most (entries): those seen "
			"longest "
			"ago "
			"give way",
			sink->params.entries);
	state->told_full = true;
	remove_place(state, oldest);
}

static bool is_muted(struct adit_sink *sink, const struct adit_wire_name *domain)
{
	bool is;

	pthread_mutex_lock(&sink->lock);
	is = adit_filter_is_below(domain, sink->muted, sink->muted_count);
	pthread_mutex_unlock(&sink->lock);
	return is;
}

/* What was muted since the last look leaves the zone. */
static void muted_remove(struct adit_sink *sink, struct rpz *state)
{
	bool any;

	pthread_mutex_lock(&sink->lock);
	any = sink->muted_new;
	sink->muted_new = false;
	pthread_mutex_unlock(&sink->lock);
	for (size_t i = any ? state->rpz.count : 0; i-- > 0;)
		if (is_muted(sink, &state->rpz.entry[i]->domain))
			remove_place(state, i);
}

/* Takes a record into the zone. False: it is of no use there. */
static bool take(struct adit_sink *sink, struct rpz *state, const struct adit_event *event)
{
	struct adit_wire_name domain = event->domain;
	struct adit_rpz_entry *entry;

	if (event->verdict != ADIT_VERDICT_TUNNEL || domain.size <= 1 ||
		domain.size + state->suffix > ADIT_NAME_MAX)
		return false;
	entry = adit_rpz_take(&state->rpz, &domain);
	if (entry == NULL)
		return false;
	if (entry->seen_s == 0)
		state->changed = true;
	entry->score = event->score > entry->score ? event->score : entry->score;
	entry->seen_s = sink->host->real_ns() / ADIT_NS_PER_S;
	make_room(sink, state);
	return true;
}

static int write_zone(struct adit_sink *sink, struct rpz *state, struct adit_error *error)
{
	uint32_t now = (uint32_t)(sink->host->real_ns() / ADIT_NS_PER_S);
	uint32_t serial = state->rpz.serial + 1; /* RFC 1982: also past the last number */
	int status;

	if ((int32_t)(now - serial) > 0)
		serial = now;
	serial += serial == 0;
	status = adit_rpz_write(&state->rpz, &sink->params, serial, error);
	if (status != 0)
		return status;
	state->rpz.serial = serial;
	adit_sink_count(sink, ADIT_SINK_WRITTEN, state->unwritten);
	state->unwritten = 0;
	state->changed = false;
	state->wrote_ns = sink->host->monotonic_ns();
	return 0;
}

static int rpz_tick(struct adit_sink *sink, struct adit_error *error)
{
	struct rpz *state = sink->state;
	uint64_t since = sink->host->monotonic_ns() - state->wrote_ns;
	bool is_end = atomic_load(&sink->deadline_ns) != UINT64_MAX;

	expire(sink, state);
	muted_remove(sink, state);
	if ((state->changed && since >= sink->params.interval_ns) ||
		(state->unwritten > 0 && since >= RENEW_NS) ||
		(is_end && (state->changed || state->unwritten > 0)))
		return write_zone(sink, state, error);
	return 0;
}

static int rpz_write(struct adit_sink *sink, struct adit_event *const *events, size_t count,
	size_t *done, struct adit_error *error)
{
	struct rpz *state = sink->state;

	for (; *done < count; (*done)++) {
		/* It was offered before its domain was muted: nothing is to be written of it. */
		if (is_muted(sink, &events[*done]->domain)) {
			adit_sink_count(sink, ADIT_SINK_WRITTEN, 1);
			continue;
		}
		if (take(sink, state, events[*done])) {
			state->unwritten++;
			continue;
		}
		adit_sink_refuse(sink, 1, "its domain does not fit below the zone's name");
	}
	return 0;
}

static size_t rpz_pending(struct adit_sink *sink)
{
	return ((struct rpz *)sink->state)->unwritten;
}

static void rpz_end(struct adit_sink *sink)
{
	struct rpz *state = sink->state;

	adit_sink_count(sink, ADIT_SINK_DROPPED, state->unwritten);
	state->unwritten = 0;
}

static void rpz_close(struct adit_sink *sink)
{
	struct rpz *state = sink->state;

	if (state != NULL)
		adit_rpz_clear(&state->rpz);
	free(state);
}

const struct adit_sink_ops adit_sink_rpz = {
	.type = "rpz",
	.open = rpz_open,
	.write = rpz_write,
	.tick = rpz_tick,
	.tick_ms = 200,
	.pending = rpz_pending,
	.end = rpz_end,
	.close = rpz_close,
};
