/* SPDX-License-Identifier: BSD-3-Clause */
#include "learn.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool app_learn_takes(const struct adit_feature_row *row)
{
	return !row->left_out && row->value[ADIT_FEATURE_UNIQUE_NAMES] >= APP_LEARN_NAMES &&
	       strcmp(row->span, APP_LEARN_ROW_SPAN) == 0 &&
	       strcmp(row->kind, APP_LEARN_ROW_KIND) == 0;
}

/* Whether a domain is remembered as a tunnel's. `*place` is where it stands or would. */
static bool domain_find(const struct app_learn *learn, uint64_t hash, uint32_t *place)
{
	uint32_t mask = 2 * APP_LEARN_DOMAINS - 1, at = (uint32_t)hash & mask;

	while (learn->domains[at] != 0 && learn->domains[at] != hash)
		at = (at + 1) & mask;
	*place = at;
	return learn->domains[at] != 0;
}

static uint64_t domain_hash(const struct app_learn *learn, const struct adit_wire_name *domain)
{
	return adit_hash(&learn->appliance->key, domain->wire, domain->size) | 1;
}

/* Lets the scoring core go on that waits, and rows come or not. */
static void answer(struct app_learn *learn, bool open)
{
	struct app_learn_clock *clock = &learn->appliance->scorer->learn;

	atomic_store_explicit(&clock->open, open, memory_order_relaxed);
	atomic_fetch_add_explicit(&clock->answered, 1, memory_order_release);
}

static void over(struct app_learn *learn, bool problem)
{
	learn->state = APP_LEARN_OVER;
	learn->problem = problem;
	app_reservoir_destroy(learn->rows);
	learn->rows = NULL;
}

int app_learn_open(struct app_learn *learn, const char *directory, struct adit_error *error)
{
	struct app_reservoir_params params = {
		.rows = APP_LEARN_ROWS,
		.per_subscriber = APP_LEARN_PER_SUBSCRIBER,
		.features = app_learn_features,
		.feature_count = app_learn_feature_count,
		.key = learn->appliance->key,
	};

	free(learn->domains); /* of a time before */
	learn->domain_count = 0;
	learn->left_out = learn->first_ns = learn->last_ns = 0;
	learn->stretch = (struct app_stretch){0, 0};
	learn->problem = false;
	learn->fit =
		(struct app_learn_fit){.config = learn->appliance->config, .directory = directory};
	learn->rows = app_reservoir_create(&params);
	learn->domains = calloc(2 * APP_LEARN_DOMAINS, sizeof(*learn->domains));
	if (learn->rows == NULL || learn->domains == NULL)
		return adit_error_set(error, -ENOMEM, "no memory to learn");
	learn->state = APP_LEARN_GATHERS;
	fprintf(stderr,
		"adit %s: learning for %s: subscriber × domain over 10 minutes with %d names or "
		"more; up to %d rows are kept, %d of a subscriber\n",
		learn->command, learn->duration, APP_LEARN_NAMES, APP_LEARN_ROWS,
		APP_LEARN_PER_SUBSCRIBER);
	return 0;
}

int app_learn_begin(struct app_learn *learn, const char *duration, uint32_t seconds,
	const char *directory, struct adit_error *error)
{
	struct app_learn_clock *clock = &learn->appliance->scorer->learn;
	int status;

	if (learn->state != APP_LEARN_OFF && learn->state != APP_LEARN_OVER)
		return adit_error_set(error, -EBUSY,
			"it learns already, for %s: expected one at a time", learn->duration);
	snprintf(learn->text, sizeof(learn->text), "%s", duration);
	learn->duration = learn->text;
	status = app_learn_open(learn, directory, error);
	if (status != 0)
		return status;
	clock->slices = (uint32_t)((seconds * ADIT_NS_PER_S + ADIT_SLICE_NS - 1) / ADIT_SLICE_NS);
	atomic_fetch_add_explicit(&clock->begun, 1, memory_order_relaxed);
	atomic_store_explicit(&clock->open, true, memory_order_release);
	return 0;
}

void app_learn_row(struct app_learn *learn, const struct adit_feature_row *row)
{
	uint32_t place;

	if (learn->state != APP_LEARN_GATHERS)
		return;
	if (row->score >= (uint64_t)learn->appliance->config->detect_tunnel_score ||
		domain_find(learn, domain_hash(learn, &row->domain), &place)) {
		learn->left_out++;
		return;
	}
	if (learn->first_ns == 0)
		learn->first_ns = row->window_start_ns;
	learn->last_ns = row->window_end_ns;
	app_reservoir_offer(learn->rows, row);
}

void app_learn_verdict(struct app_learn *learn, const struct adit_verdict *verdict)
{
	uint32_t place;
	uint64_t hash;

	if (learn->state != APP_LEARN_GATHERS || verdict->verdict != ADIT_VERDICT_TUNNEL ||
		verdict->domain.size == 0)
		return;
	hash = domain_hash(learn, &verdict->domain);
	if (domain_find(learn, hash, &place))
		return;
	app_reservoir_remove(learn->rows, &verdict->domain);
	/* Beyond that, only its rows with a tunnel's points are left out. */
	if (learn->domain_count == APP_LEARN_DOMAINS)
		return;
	learn->domains[place] = hash;
	learn->domain_count++;
}

static void tell_progress(const struct app_learn *learn, const char *how)
{
	struct app_reservoir_counters rows = app_reservoir_count(learn->rows);

	fprintf(stderr,
		"adit %s: learning%s: %" PRIu64 " of %" PRIu64 " s; %u rows of %u subscriber%s are "
		"kept, of %" PRIu64 " seen; %" PRIu64 " left out as tunnels'\n",
		learn->command, how, learn->stretch.done * ADIT_SLICE_NS / ADIT_NS_PER_S,
		learn->stretch.of * ADIT_SLICE_NS / ADIT_NS_PER_S, rows.held, rows.subscribers,
		rows.subscribers == 1 ? "" : "s", rows.offered + learn->left_out,
		learn->left_out + rows.removed);
}

/* Whether there are rows enough; says what is short. */
static bool is_enough(const struct app_learn *learn, const char *then)
{
	struct app_reservoir_counters rows = app_reservoir_count(learn->rows);

	if (rows.held >= APP_LEARN_LEAST_ROWS && rows.subscribers >= APP_LEARN_LEAST_SUBSCRIBERS)
		return true;
	fprintf(stderr,
		"adit %s: too little to learn from: %u rows of %u subscriber%s, and %d rows of %d "
		"subscribers are the least; %s\n",
		learn->command, rows.held, rows.subscribers, rows.subscribers == 1 ? "" : "s",
		APP_LEARN_LEAST_ROWS, APP_LEARN_LEAST_SUBSCRIBERS, then);
	return false;
}

/* When the rows were seen: a day, or the first and the last. */
static void date_write(const struct app_learn *learn, char text[32])
{
	time_t first = (time_t)(learn->first_ns / ADIT_NS_PER_S);
	time_t last = (time_t)(learn->last_ns / ADIT_NS_PER_S);
	struct tm parts;
	size_t length = 0;

	text[0] = '\0';
	if (gmtime_r(&first, &parts) != NULL)
		length = strftime(text, 32, "%Y-%m-%d", &parts);
	if (first / 86400 != last / 86400 && gmtime_r(&last, &parts) != NULL)
		strftime(text + length, 32 - length, "/%Y-%m-%d", &parts);
}

static void fit_start(struct app_learn *learn)
{
	struct adit_error error;

	learn->fit.rows = learn->rows;
	date_write(learn, learn->fit.date);
	learn->state = APP_LEARN_FITS;
	if (app_job_start(&learn->job, "adit-learn", app_learn_fit, &learn->fit, &error) == 0)
		return;
	fprintf(stderr, "adit %s: nothing is learned: %s\n", learn->command, error.text);
	over(learn, true);
	answer(learn, false);
}

void app_learn_stretch(struct app_learn *learn, const struct app_stretch *stretch)
{
	if (learn->state != APP_LEARN_GATHERS)
		return;
	learn->stretch = *stretch;
	tell_progress(learn, stretch->done < stretch->of ? "" : " is over");
	if (stretch->done < stretch->of)
		return;
	if (!is_enough(learn, "learning goes on as long again")) {
		answer(learn, true);
		return;
	}
	/* Live, no more rows come meanwhile. */
	atomic_store_explicit(&learn->appliance->scorer->learn.open, false, memory_order_relaxed);
	fit_start(learn);
}

/* The fit is over. */
static void fit_told(struct app_learn *learn)
{
	struct app_learn_fit *fit = &learn->fit;

	if (fit->words != NULL)
		fprintf(stderr, "%s", fit->words);
	free(fit->words);
	fit->words = NULL;
	learn->state = APP_LEARN_OFFERS;
	if (fit->status == 0)
		return;
	fprintf(stderr,
		"adit %s: nothing is learned: %s; the models that judged before stay in "
		"force\n",
		learn->command, fit->error.text);
	over(learn, true);
	answer(learn, false);
}

void app_learn_poll(struct app_learn *learn)
{
	if (learn->state == APP_LEARN_FITS && app_job_over(&learn->job))
		fit_told(learn);
	if (learn->state != APP_LEARN_OFFERS || !app_renew_is_free(learn->renew))
		return;
	snprintf(learn->renew->learned, sizeof(learn->renew->learned), "%s", learn->fit.folder);
	app_renew_offer(learn->renew, learn->fit.judges);
	learn->fit.judges = NULL;
	over(learn, false);
	answer(learn, false);
}

void app_learn_end(struct app_learn *learn, bool stopped)
{
	if (learn->state == APP_LEARN_GATHERS && (stopped || learn->appliance->live)) {
		fprintf(stderr, "adit %s: stopped before %s were over: nothing is learned\n",
			learn->command, learn->duration);
		over(learn, false);
	}
	if (learn->state == APP_LEARN_GATHERS) {
		fprintf(stderr, "adit %s: the captures end before %s are over\n", learn->command,
			learn->duration);
		if (is_enough(learn, "nothing is learned"))
			fit_start(learn);
		else
			over(learn, true);
	}
	if (learn->state == APP_LEARN_FITS && app_job_wait(&learn->job))
		fit_told(learn);
	if (learn->state == APP_LEARN_OFFERS)
		over(learn, false);
}

void app_learn_close(struct app_learn *learn)
{
	app_reservoir_destroy(learn->rows);
	adit_judges_destroy(learn->fit.judges);
	free(learn->fit.words);
	free(learn->domains);
}
