/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models over tables of numbers: fit, keep in a folder, score. Nothing here knows what a feature
 * means; columns are found by their names.
 *
 *   svm       one-class SVM (Schölkopf et al. 2001), fitted by libsvm
 *   envelope  Mahalanobis distance from a mean, by the covariance of all rows or by the robust one
 *             of FAST-MCD (Rousseeuw and Van Driessen 1999), by LAPACK
 *   trees     gradient-boosted trees with logistic loss, fitted by XGBoost
 *
 * A score is higher the less benign a row looks, for every kind:
 *   svm       minus the decision value of libsvm and scikit-learn
 *   envelope  squared Mahalanobis distance
 *   trees     log-odds (adit_model_probability turns them into what XGBoost predicts)
 * A row is flagged if its score is above the threshold. The threshold comes from the scores of
 * benign rows and from a rate of false alarms, never from nu or a guessed contamination. It may
 * have steps, since a row made of few names needs a higher score, and a second, lower one may say
 * from where on a row is worth a look.
 *
 * Memory of a model of d features: svm vectors × d × 8 bytes, envelope d × d × 16, trees nodes
 * × 12 and the text of trees.json. Fitting an svm takes its cache beside that, fitting trees rows ×
 * columns × 4, an envelope rows × (d + 2) × 8. Fitting and folders are control path; a model
 * belongs to one thread, and one thread at a time fits (libsvm's message hook is global). Scoring
 * allocates nothing.
 */
#ifndef ADIT_MODEL_H
#define ADIT_MODEL_H

#include "adit_table.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_MODEL_SOURCES_MAX       256 /* groups named in a folder; more are only counted */
#define ADIT_MODEL_DATE_MAX          31
#define ADIT_MODEL_ROW_KIND_MAX      31
#define ADIT_MODEL_STEPS_MAX         16
#define ADIT_MODEL_ENVELOPE_FEATURES 128

enum adit_model_kind { ADIT_MODEL_SVM, ADIT_MODEL_ENVELOPE, ADIT_MODEL_TREES, ADIT_MODEL_KINDS };

extern const char *const adit_model_kind_names[ADIT_MODEL_KINDS];

enum adit_svm_kernel { ADIT_SVM_RBF, ADIT_SVM_LINEAR };

/* Scaled: each column loses its mean and is divided by its standard deviation (over n, as in
 * scikit-learn's StandardScaler); a constant column is divided by 1. */
struct adit_svm_params {
	bool standardise;
	enum adit_svm_kernel kernel;
	double nu;          /* above 0, at most 1: share of rows outside, at most */
	double gamma;       /* 0: 1 / (columns × variance of all entries), "scale" */
	double tolerance;   /* of libsvm's stopping rule; less than 1e-3 can take hours if linear */
	size_t rows_max;    /* rows fitted to, at most, … */
	size_t vectors_max; /* … and support vectors kept, at most */
	double cache_mb;    /* of libsvm's kernel cache */
	uint64_t seed;      /* of the sample, where there are more rows than that */
};
extern const struct adit_svm_params adit_svm_defaults;

struct adit_envelope_params {
	bool standardise;
	bool robust;             /* FAST-MCD; else the covariance of all rows */
	double support_fraction; /* of rows that the robust estimate rests on; 0: (n + d + 1) / 2 */
	uint64_t seed;           /* of FAST-MCD's starts */
	struct adit_progress progress;
};
extern const struct adit_envelope_params adit_envelope_defaults;

/* The names are XGBoost's own. */
struct adit_trees_params {
	unsigned rounds, max_depth;
	double learning_rate, min_child_weight, subsample, colsample_bytree, lambda;
	double scale_pos_weight;       /* 0: benign rows / positive rows */
	uint64_t seed;                 /* the low 31 bits */
	struct adit_progress progress; /* rounds */
};
extern const struct adit_trees_params adit_trees_defaults;

/* How a threshold came about (adit_threshold_find). */
enum adit_threshold_method {
	ADIT_THRESHOLD_NONE,    /* there is none: nothing is flagged */
	ADIT_THRESHOLD_GIVEN,   /* set by hand */
	ADIT_THRESHOLD_RANK,    /* an order statistic that the rate asked for rests on */
	ADIT_THRESHOLD_TAIL,    /* a Pareto tail, extrapolated beyond the rows there are */
	ADIT_THRESHOLD_LARGEST, /* the largest benign score: too few rows for more */
	ADIT_THRESHOLD_METHODS
};

extern const char *const adit_threshold_method_names[ADIT_THRESHOLD_METHODS];

struct adit_threshold {
	double value;
	enum adit_threshold_method method;
	double rate;       /* of false alarms, asked for */
	double rate_bound; /* what the rows vouch for with 95 % confidence, if they are independent
			    */
	uint64_t rows;     /* benign rows */
	uint64_t above;    /* of them, flagged */
	uint64_t tail;     /* of them, in the tail that was fitted; 0: none was, … */
	double shape, scale; /* … and its generalised Pareto distribution */
	bool limited;        /* the tail pointed above any score the model can give */
};

/*
 * A threshold from n benign scores (NaN is left out), best of rows that the model was not fitted
 * to, for a rate of false alarms. `limit` is the largest score possible, INFINITY if none is.
 *   rank     where n ≥ ln 0.05 / ln(1 - rate) (about 3 / rate): the smallest order statistic of
 *            which P(true rate ≤ rate) ≥ 95 %, for any distribution (Wilks 1941).
 *   tail     below that, from 100 rows on: a generalised Pareto distribution (Zhang and Stephens
 *            2009) over the largest min(n / 5, 3 √n, 1000) scores, extrapolated to the rate, but
 *            never below the largest score. If it points to the limit or above, the largest score
 *            is taken (or, if that is at the limit, the largest score below it) and `limited` set.
 *   largest  below 100 rows.
 * Below `rank`, only rate_bound = 1 - 0.05^(1/n) is vouched for, whatever was asked.
 * Pure but for a copy of the scores. -EINVAL (no score, a rate outside 0…1), -ENOMEM.
 */
int adit_threshold_find(const double *scores, size_t count, double rate, double limit,
	struct adit_threshold *threshold, struct adit_error *error);

/* The rate that is asked for unless there is a reason: a benign quantile of 1 - 1e-5. */
#define ADIT_THRESHOLD_RATE 1e-5

/* A row of at least so many distinct names has this threshold, up to the next step. */
struct adit_model_step {
	uint64_t names;
	double value;
};

/* A group of rows that a model was fitted to. */
struct adit_model_source {
	char name[ADIT_TABLE_NAME_MAX + 1];
	uint64_t rows;
};

/* What is known of a model. Valid as long as the model. */
struct adit_model_about {
	enum adit_model_kind kind;
	size_t feature_count;
	const char *const *features; /* [feature_count], in the model's order */
	const double *mean, *scale;  /* [feature_count]; 0 and 1 if not standardised */
	double score_limit;          /* no score is above it; INFINITY where there is no limit */
	size_t parts;                /* support vectors, rank of the covariance, or trees */
	uint64_t rows;               /* fitted to */
	uint64_t rows_given;         /* of which those were a sample, or the same */
	char date[ADIT_MODEL_DATE_MAX + 1];
	char row_kind[ADIT_MODEL_ROW_KIND_MAX + 1]; /* what a row is: "session"; "": not said */
	char row_span[ADIT_MODEL_ROW_KIND_MAX + 1]; /* and of how long: "10min"; "": any */
	uint64_t source_count; /* groups of the first grouping of the table, … */
	size_t sources_named;  /* … and how many of them are named */
	const struct adit_model_source *sources;
	struct adit_threshold threshold;
	size_t step_count;
	const struct adit_model_step *steps;
	struct adit_threshold suspect; /* a score above it is worth a look */
	size_t suspect_step_count;
	const struct adit_model_step *suspect_steps;
};

struct adit_model;

/*
 * Fit a new model to all columns of a table. svm and envelope take its benign rows (all where there
 * are no labels); a missing value is refused with its line. Trees need labels of both kinds; they
 * let missing values go the way that fits best. The same table and parameters give the same model.
 *
 * svm: of more than rows_max rows, or more than vectors_max / nu, a uniform sample without
 * replacement is fitted (its order stays). If that leaves more vectors than vectors_max, the
 * sample shrinks by their ratio and is drawn anew, up to 8 times. libsvm tells no progress.
 * envelope: a robust fit refuses collinear columns, and columns of which the supporting rows have
 * one value, by name; the covariance of all rows leaves directions without variance out.
 *
 * -EINVAL with a message, -ENOMEM, -ECANCELED, -ENOTSUP for what the library below refuses,
 * -ERANGE if an svm cannot be brought below vectors_max.
 */
int adit_model_fit_svm(const struct adit_table *table, const struct adit_svm_params *params,
	struct adit_model **model, struct adit_error *error);
int adit_model_fit_envelope(const struct adit_table *table,
	const struct adit_envelope_params *params, struct adit_model **model,
	struct adit_error *error);
int adit_model_fit_trees(const struct adit_table *table, const struct adit_trees_params *params,
	struct adit_model **model, struct adit_error *error);

/* NULL is allowed. */
void adit_model_destroy(struct adit_model *model);

void adit_model_about(const struct adit_model *model, struct adit_model_about *about);
/* Text for the folder: when the rows were gathered, say. Cut to its room; unprintable bytes become
 * '?'. */
void adit_model_set_date(struct adit_model *model, const char *date);
/* Which kind of rows the model judges, such as "session": up to 31 of a to z and _, else -EINVAL.
 */
int adit_model_set_row_kind(struct adit_model *model, const char *kind);
/* Rows of which length of time it judges, such as "10min": the same, and 0 to 9. */
int adit_model_set_row_span(struct adit_model *model, const char *span);

/*
 * Thresholds are kept with the model, not used by it: who scores compares. One that is not finite
 * becomes ADIT_THRESHOLD_NONE, and with that the value is INFINITY and the steps go. Steps ascend
 * by names; count 0 takes them away. -EINVAL: there is no threshold, more than
 * ADIT_MODEL_STEPS_MAX, names that do not ascend or are above 2^53, a value that is not finite; the
 * steps then stay as they were.
 */
void adit_model_set_threshold(struct adit_model *model, const struct adit_threshold *threshold);
int adit_model_set_steps(
	struct adit_model *model, const struct adit_model_step *steps, size_t count);
/* The same of the threshold above which a row is worth a look. It must not be above the other one
 * when the model is written. */
void adit_model_set_suspect(struct adit_model *model, const struct adit_threshold *threshold);
int adit_model_set_suspect_steps(
	struct adit_model *model, const struct adit_model_step *steps, size_t count);

/* What a row of so many distinct names is compared with: the value of the greatest step that is not
 * above `names`, INFINITY below the least one (or if there is no threshold), and the plain
 * threshold where there are no steps. No allocation, no failure. */
double adit_model_threshold_for(const struct adit_model *model, double names);
double adit_model_suspect_for(const struct adit_model *model, double names);

/* Binds the model's features to the positions of these names, once. -EINVAL names the feature that
 * is not there; the model is then not bound. */
int adit_model_bind(
	struct adit_model *model, const char *const *names, size_t count, struct adit_error *error);

/* The score of one vector of values in the order of the names bound. NaN if a value is
 * NaN or infinite (but trees: NaN is a missing value, infinities compare as they do). The model
 * must be bound. Owner's thread; no allocation, no failure. */
double adit_model_score(struct adit_model *model, const double *values);

/* Whether one of its features is missing (NaN) in a vector in the order of the names bound; and
 * puts the typical value of benign rows in the place of each that is. */
bool adit_model_lacks(const struct adit_model *model, const double *values);
void adit_model_fill(const struct adit_model *model, double *values);

/* A feature's part in a score. */
struct adit_model_cause {
	size_t place; /* among the names bound */
	double value,
		typical; /* of the row; of benign rows that the model was fitted to: the median */
	double effect;   /* what the score loses with the one in place of the other */
};

/* The features that make the score of a row high, the strongest first, `room` at most; returns
 * their number. `values` as of adit_model_score; they are changed meanwhile and as before after it.
 * Costs a score for each feature. */
size_t adit_model_explain(
	struct adit_model *model, double *values, struct adit_model_cause *causes, size_t room);

/* Scores of all rows, columns found by name, whatever is bound. `scores` has table->rows places.
 * -EINVAL, -ENOMEM, -ECANCELED. */
int adit_model_score_table(struct adit_model *model, const struct adit_table *table, double *scores,
	const struct adit_progress *progress, struct adit_error *error);

/* 1 / (1 + e^-score): of trees, what XGBoost predicts. */
double adit_model_probability(double log_odds);

/*
 * A folder holds model.conf (libconfig's syntax, docs/models.md) and beside it the numbers: svm.txt
 * (libsvm's format, 17 digits), envelope.txt or trees.json (XGBoost's own). model.conf carries size
 * and CRC-32 of that file and a checksum of its own settings: that finds damage, not malice.
 * Writing replaces both files, each in one step, model.conf last; the folder is made if it is not
 * there, and goes again if it cannot be filled. -errno; -EINVAL if the suspect threshold is above
 * the threshold. Reading trees takes 5 times the size of trees.json while it lasts, and of a
 * file that XGBoost did not write up to 80 times.
 */
int adit_model_write(const struct adit_model *model, const char *folder, struct adit_error *error);
/* -ENOENT and the like, -EINVAL with file and place, -EFBIG, -EBADMSG for a checksum, -ENOMEM. */
int adit_model_read(const char *folder, struct adit_model **model, struct adit_error *error);

/* The same from the bytes of both files; `folder` is for messages. Reads exactly these bytes. */
int adit_model_parse(const char *folder, const void *conf, size_t conf_size, const void *data,
	size_t data_size, struct adit_model **model, struct adit_error *error);

#ifdef __cplusplus
}
#endif
#endif
