/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Learning a site while the program runs: rows of subscriber × domain over 10 minutes come from the
 * scoring core, a bounded sample of them is kept, and when the time is over a thread of its own
 * fits the one-class models and writes them; then they judge beside those that were loaded.
 *
 * What a detector calls a tunnel is not learned as benign: rows with its points are left out, and
 * when a domain has a story as a tunnel, all its rows are, those kept before too.
 *
 * The clock is the scoring core's: the slices that it has scored, so of packets in replay. There
 * the core waits until what it has asked is answered, so that new models judge from the same slice
 * on in every run. Live nobody waits. Management thread, but for the fit.
 */
#ifndef ADIT_LEARN_H
#define ADIT_LEARN_H

#include "appliance.h"
#include "job.h"
#include "renew.h"
#include "reservoir.h"

/* Rows kept, in all and of a subscriber: 1 in 100. */
#define APP_LEARN_ROWS           20000
#define APP_LEARN_PER_SUBSCRIBER 200
/* Less is not fitted to. */
#define APP_LEARN_LEAST_ROWS        200
#define APP_LEARN_LEAST_SUBSCRIBERS 8
/* What rows are, as in windows.csv; the models judge no others. */
#define APP_LEARN_ROW_KIND "subscriber_domain"
#define APP_LEARN_ROW_SPAN "10min"
/* Names that a row must have been made of: fewer are not judged. */
#define APP_LEARN_NAMES 10
/* Tunnels' domains remembered. */
#define APP_LEARN_DOMAINS 65536

/* Of the scorer's thread: whether a row is one to learn from. */
bool app_learn_takes(const struct adit_feature_row *row);

/* What a row leaves in the sample: the features of what is fitted (learn_fit.c). */
extern const enum adit_feature app_learn_features[];
extern const size_t app_learn_feature_count;

/* What a fit is given and gives (learn_fit.c). The job's alone while it runs. */
struct app_learn_fit {
	const struct adit_config *config;
	const struct app_reservoir *rows;
	const char *directory; /* of the outputs */
	char date[32];
	char folder[PATH_MAX];      /* of the models */
	struct adit_judges *judges; /* those of the configuration and the new ones */
	char *words;                /* for a person, or NULL; to be freed */
	struct adit_error error;
	int status;
};
/* Fits svm and envelope, as far as the configuration has them, writes them below
 * DIRECTORY/learned, and reads what is to judge. `context` is a struct app_learn_fit. One that
 * can't be fitted is told in `words`; none at all is an error. */
void app_learn_fit(void *context);

enum app_learn_state {
	APP_LEARN_OFF,
	APP_LEARN_GATHERS,
	APP_LEARN_FITS,
	APP_LEARN_OFFERS, /* new judges wait for their turn */
	APP_LEARN_OVER
};

struct app_learn {
	struct appliance *appliance;
	struct app_renew *renew;
	const char *command;  /* for messages */
	const char *duration; /* as given */
	char text[32];        /* of it, where it began while lcores ran */
	enum app_learn_state state;
	struct app_reservoir *rows;
	uint64_t *domains; /* of tunnels: hashes, open addressing; 0: none */
	uint32_t domain_count;
	uint64_t left_out;          /* rows */
	uint64_t first_ns, last_ns; /* of the rows */
	struct app_stretch stretch; /* told last */
	struct app_learn_fit fit;
	struct app_job job;
	bool problem; /* it did not come to models, though nobody stopped it */
};

/* Makes the room and starts; `directory` is that of the outputs. -ENOMEM. */
int app_learn_open(struct app_learn *learn, const char *directory, struct adit_error *error);

/* The same while lcores run; models come as if it had begun with them. -EBUSY: it learns already.
 */
int app_learn_begin(struct app_learn *learn, const char *duration, uint32_t seconds,
	const char *directory, struct adit_error *error);

/* What the scorer sends. */
void app_learn_row(struct app_learn *learn, const struct adit_feature_row *row);
void app_learn_verdict(struct app_learn *learn, const struct adit_verdict *verdict);
void app_learn_stretch(struct app_learn *learn, const struct app_stretch *stretch);
/* Never blocks. */
void app_learn_poll(struct app_learn *learn);
/* When lcores have ended and all was taken: of captures that end before the time is over, fits to
 * what there is, unless the run was `stopped`; a fit that runs is waited for. */
void app_learn_end(struct app_learn *learn, bool stopped);
void app_learn_close(struct app_learn *learn);

#endif
