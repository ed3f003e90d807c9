/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What became of the tunnels of labelled captures, and of everything else in them: counted, with
 * intervals, by tool and by rate, told as text or as JSON. A tunnel is a domain (or server) of a
 * capture that a label file calls one; it is found if it was called a tunnel.
 */
#ifndef ADIT_OUTCOMES_H
#define ADIT_OUTCOMES_H

#include "adit_quality.h"
#include "harvest.h"

/* A domain of a capture. */
struct app_outcome {
	const char *tool, *setup, *rate, *capture; /* "-" of benign ones */
	const char *file, *domain;                 /* as the label file has them */
	const char *named;                         /* tool that was named, or NULL */
	bool tunnel;                               /* by its label */
	bool found, suspected;                     /* called a tunnel; or a suspect */
	bool met;                                  /* a row of it has names enough */
	uint32_t keys;            /* subscribers × 10 minutes with 20 names or more */
	uint32_t cluster;         /* of outcomes that are alike: tool and set-up, or a capture */
	double queries, up, down; /* until it was found; information in names and in answers */
};

struct app_outcomes {
	struct app_outcome *all;
	size_t count;
	uint32_t clusters;
	bool names_tools; /* who judged could have named a tool */
	char *texts;      /* that capture points into */
};

/* From what the detectors said. -ENOMEM. */
int app_outcomes_of_verdicts(
	const struct app_harvest *harvest, struct app_outcomes *outcomes, struct adit_error *error);

/* From scores of the rows that were kept: a domain is found if a row is above what `threshold` says
 * of its number of names, and suspected above `suspect` (NULL: nothing is). -ENOMEM. */
int app_outcomes_of_scores(const struct app_harvest *harvest, const double *scores,
	double (*threshold)(const void *context, double names),
	double (*suspect)(const void *context, double names), const void *context,
	struct app_outcomes *outcomes, struct adit_error *error);

void app_outcomes_clear(struct app_outcomes *outcomes);

/* A table by this column: "tool", "setup", "rate" or "capture". `samples` of the bootstrap. As JSON
 * it is a member "outcomes" of an object. */
int app_outcomes_tell(const struct app_outcomes *outcomes, const char *by, bool json,
	size_t samples, uint64_t seed, FILE *to, struct adit_error *error);

/* A line of tab-separated values for each, below a header. */
void app_outcomes_list(const struct app_outcomes *outcomes, FILE *to);

#endif
