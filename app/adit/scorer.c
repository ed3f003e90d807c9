/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scoring lcore: collects the sealed windows of a slice from all workers, scores them, gives
 * them back, and sends what it finds to the management thread. The only lcore with floating
 * point. Replay waits for room in the queue to the management thread; live it counts what it
 * could not send, but for the records that close the stories at the end: nothing is held up then.
 */
#include "adit_score_state.h"
#include "appliance.h"
#include "learn.h"
#include "state.h"

#include <rte_ring.h>

/* Slices between two words of learning, at least. */
#define LEARN_STEP_SLICES 6

static struct app_message *message_take(struct app_scorer *scorer)
{
	struct appliance *appliance = scorer->appliance;
	void *message;

	while (rte_ring_sc_dequeue(appliance->messages_free, &message) != 0) {
		if (appliance->live &&
			!atomic_load_explicit(&appliance->stop, memory_order_relaxed)) {
			scorer->counters.verdicts_dropped++;
			return NULL;
		}
		app_idle_wait(&scorer->idle);
	}
	return message;
}

static void message_send(struct app_scorer *scorer, struct app_message *message)
{
	/* As many places as messages: it always fits. */
	rte_ring_sp_enqueue(scorer->appliance->messages_full, message);
}

static void verdict_send(void *context, const struct adit_verdict *verdict)
{
	struct app_scorer *scorer = context;
	struct app_message *message = message_take(scorer);

	if (message == NULL)
		return;
	message->kind = APP_VERDICT;
	message->verdict = *verdict;
	message_send(scorer, message);
}

/* Whether rows go to a file. */
static bool is_written(const struct app_scorer *scorer)
{
	return scorer->appliance->wants_features ||
	       atomic_load_explicit(&scorer->dumps, memory_order_relaxed);
}

static void features_send(void *context, const struct adit_feature_row *row)
{
	struct app_scorer *scorer = context;
	struct app_message *message;
	bool learn = atomic_load_explicit(&scorer->learn.open, memory_order_relaxed) &&
		     app_learn_takes(row);

	if (!learn && !is_written(scorer))
		return;
	/* There may be thousands in a slice: half of the queue is kept for verdicts. */
	if (scorer->appliance->live &&
		rte_ring_count(scorer->appliance->messages_free) <= APP_MESSAGES / 2) {
		scorer->counters.rows_dropped++;
		return;
	}
	message = message_take(scorer);
	if (message == NULL)
		return;
	message->kind = APP_FEATURES;
	message->learn = learn;
	message->features = *row;
	message_send(scorer, message);
}

/* The manager writes a table of encrypted DNS while the other fills. Live, one that is still being
 * written makes the other stand for more than an hour. */
static struct adit_blind *blind_send(void *context, struct adit_blind *blind)
{
	struct app_scorer *scorer = context;
	struct appliance *appliance = scorer->appliance;
	struct app_message *message;
	void *empty = scorer->blind_spare;

	while (empty == NULL && rte_ring_sc_dequeue(scorer->blinds_free, &empty) != 0) {
		if (appliance->live &&
			!atomic_load_explicit(&appliance->stop, memory_order_relaxed))
			return NULL;
		app_idle_wait(&scorer->idle);
	}
	message = message_take(scorer);
	scorer->blind_spare = message == NULL ? empty : NULL;
	if (message == NULL)
		return NULL;
	message->kind = APP_BLIND;
	message->blind = blind;
	message_send(scorer, message);
	return empty;
}

void app_scorer_sinks(struct appliance *appliance, struct adit_score_params *params)
{
	params->verdict = verdict_send;
	params->features = /* until the first slice is scored */
		appliance->wants_features || appliance->learn_s != 0 ? features_send : NULL;
	params->blind = appliance->scorer->blinds[0];
	params->blind_full = blind_send;
	params->context = appliance->scorer;
}

/* Tells how far learning has come, before a slice is scored: a tenth of the time and a minute after
 * it did last, and at the end. In replay it waits for the answer to that: new models judge from
 * this slice on. */
static void learn_tick(struct app_scorer *scorer, uint32_t slice)
{
	struct appliance *appliance = scorer->appliance;
	struct app_learn_clock *clock = &scorer->learn;
	struct app_message *message;

	if (!atomic_load_explicit(&clock->open, memory_order_acquire))
		return;
	if (clock->seen != atomic_load_explicit(&clock->begun, memory_order_relaxed)) {
		clock->seen = atomic_load_explicit(&clock->begun, memory_order_relaxed);
		clock->done = clock->told = clock->last = 0;
	}
	/* A timeline that begins anew takes no time. */
	if (clock->last != 0 && slice > clock->last)
		clock->done += slice - clock->last;
	clock->last = slice;
	if (clock->done < clock->slices && (clock->done - clock->told < LEARN_STEP_SLICES ||
						   clock->done - clock->told < clock->slices / 10))
		return;
	/* Live, with none at hand, it is told with the next slice. */
	if (appliance->live && rte_ring_empty(appliance->messages_free))
		return;
	message = message_take(scorer);
	if (message == NULL)
		return;
	message->kind = APP_STRETCH;
	message->stretch = (struct app_stretch){clock->done, clock->slices};
	clock->told = clock->done;
	if (clock->done < clock->slices) {
		message_send(scorer, message);
		return;
	}
	clock->done = clock->told = 0;
	clock->asked++;
	message_send(scorer, message);
	while (!appliance->live && !atomic_load_explicit(&appliance->stop, memory_order_relaxed) &&
		atomic_load_explicit(&clock->answered, memory_order_acquire) != clock->asked)
		app_idle_wait(&scorer->idle);
}

/* Windows that have come and are not scored yet, one per worker. */
struct pending {
	struct adit_window *window[APP_WORKERS_MAX];
	bool ended[APP_WORKERS_MAX]; /* the worker's timeline has */
};

/* Takes what has come. True when every worker has a window waiting, or has ended. */
static bool collect(struct app_scorer *scorer, struct pending *pending, bool *any)
{
	struct appliance *appliance = scorer->appliance;
	bool complete = true;

	*any = false;
	for (uint16_t i = 0; i < appliance->worker_count; i++) {
		void *window;

		if (pending->window[i] == NULL && !pending->ended[i] &&
			rte_ring_sc_dequeue(appliance->workers[i].sealed, &window) == 0)
			pending->window[i] = window;
		*any |= pending->window[i] != NULL;
		complete &= pending->window[i] != NULL || pending->ended[i];
	}
	return complete && *any;
}

/* Judges what workers want to be looked at before their slices are over. */
static bool looks_take(struct app_scorer *scorer, uint16_t number)
{
	void *look;
	bool any = false;

	while (rte_ring_sc_dequeue(scorer->appliance->workers[number].looks, &look) == 0) {
		adit_scorer_look(scorer->scorer, look);
		any = true;
	}
	return any;
}

/* What is kept over a restart: a new timeline ends the one before, whose stories were left open;
 * and what was loaded is dropped where what comes is of an earlier time. */
static void state_turn(struct app_scorer *scorer, uint32_t slice)
{
	if (ADIT_UNLIKELY(scorer->ended))
		adit_scorer_end(scorer->scorer);
	if (ADIT_UNLIKELY(slice < scorer->resume)) {
		adit_scorer_forget(scorer->scorer);
		atomic_store_explicit(&scorer->snapshot.discarded, true, memory_order_release);
	}
	scorer->ended = false;
	scorer->resume = 0;
}

/* What the slice took, how late it is, and what it left in use. */
static void slice_note(struct app_scorer *scorer, uint32_t slice, uint64_t started_ns)
{
	struct app_scorer_counters *counters = &scorer->counters;
	uint64_t now_ns = app_now_ns(), end_ns = (slice + UINT64_C(1)) * ADIT_SLICE_NS;
	struct adit_score_usage usage = adit_scorer_usage(scorer->scorer);

	counters->slices++;
	counters->scored_ns = now_ns;
	/* The clock may have been set back. */
	counters->last_ns = now_ns > started_ns ? now_ns - started_ns : 0;
	app_timing_add(&counters->scoring, counters->last_ns);
	/* A capture's time is not the clock's. */
	if (scorer->appliance->live)
		app_timing_add(&counters->lag, now_ns > end_ns ? now_ns - end_ns : 0);
	counters->used[APP_HISTORY_KEYS] = usage.ledger.keys;
	counters->used[APP_HISTORY_ENTRIES] = usage.ledger.entries;
	counters->used[APP_HISTORY_DETAILS] = usage.ledger.details;
	counters->used[APP_HISTORY_SESSIONS] = usage.sessions;
	counters->used[APP_HISTORY_STORIES] = usage.stories;
}

/* Scores the earliest slice that waits. Workers whose window is of a later one (only live, where
 * each keeps its own time) have nothing in it. */
static void score_earliest(struct app_scorer *scorer, struct pending *pending)
{
	struct appliance *appliance = scorer->appliance;
	struct adit_window *windows[APP_WORKERS_MAX];
	uint16_t workers = appliance->worker_count;
	uint32_t slice = UINT32_MAX;
	uint64_t started_ns;
	bool all_ended = true;

	for (uint16_t i = 0; i < workers; i++)
		if (pending->window[i] != NULL && pending->window[i]->last_slice < slice)
			slice = pending->window[i]->last_slice;
	for (uint16_t i = 0; i < workers; i++) {
		struct adit_window *window = pending->window[i];

		windows[i] =
			window != NULL && window->last_slice == slice ? window : scorer->nothing;
	}
	state_turn(scorer, slice);
	learn_tick(scorer, slice);
	adit_scorer_set_features(scorer->scorer,
		is_written(scorer) ||
				atomic_load_explicit(&scorer->learn.open, memory_order_relaxed)
			? features_send
			: NULL);
	app_gate_pass(&scorer->gate, scorer->scorer, slice,
		appliance->live ? adit_slice_of(app_now_ns()) : slice);
	started_ns = app_now_ns();
	adit_scorer_slice(scorer->scorer, slice, windows, workers);
	slice_note(scorer, slice, started_ns);
	app_state_pass(scorer);
	for (uint16_t i = 0; i < workers; i++) {
		if (windows[i] == scorer->nothing)
			continue;
		pending->ended[i] = windows[i]->is_final;
		pending->window[i] = NULL;
		/* None of its looks may be found later, when others stand in their places. */
		looks_take(scorer, i);
		rte_ring_sp_enqueue(appliance->workers[i].emptied, windows[i]);
	}
	for (uint16_t i = 0; i < workers; i++)
		all_ended &= pending->ended[i];
	if (all_ended) {
		scorer->ended = scorer->snapshot.room != NULL;
		if (!scorer->ended)
			adit_scorer_end(scorer->scorer);
		memset(pending->ended, 0, sizeof(pending->ended));
	}
}

int app_scorer_main(void *argument)
{
	struct app_scorer *scorer = argument;
	struct appliance *appliance = scorer->appliance;
	struct pending pending = {{NULL}, {false}};
	bool any;

	for (;;) {
		/* Whether the others have ended is read before the rings: what they handed over
		 * before that is seen. */
		bool alone =
			atomic_load_explicit(&appliance->lcores_running, memory_order_acquire) == 1;
		bool worked = collect(scorer, &pending, &any) || (alone && any);
		bool looked = false;

		/* Live, new rules need not wait for the end of a slice. */
		if (appliance->live && app_gate_waits(&scorer->gate)) {
			uint32_t now = adit_slice_of(app_now_ns());

			app_gate_pass(&scorer->gate, scorer->scorer, now, now);
		}
		/* Looks come after the windows before them, or wait for their own. */
		if (worked)
			score_earliest(scorer, &pending);
		for (uint16_t i = 0; i < appliance->worker_count; i++)
			looked |= looks_take(scorer, i);
		if (worked || looked)
			app_idle_work(&scorer->idle);
		else if (alone && !any)
			break;
		else
			app_idle_wait(&scorer->idle);
	}
	atomic_fetch_sub_explicit(&appliance->lcores_running, 1, memory_order_release);
	return 0;
}
