/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of lib/model share. Matrices are [rows][columns], row after row.
 */
#ifndef ADIT_MODEL_PRIV_H
#define ADIT_MODEL_PRIV_H

#include "adit_model.h"

#include <stdio.h>

/* ---- chance (random.c): splitmix64 (Steele, Lea and Flood 2014) */

struct adit_random {
	uint64_t state;
};

uint64_t adit_random_next(struct adit_random *random);
size_t adit_random_below(struct adit_random *random, size_t bound);
/* `take` of 0…count-1, each set equally likely, in ascending order (Knuth's algorithm S). */
void adit_random_sample(struct adit_random *random, size_t count, size_t take, size_t *chosen);

/* ---- distributions (distribution.c) */

/* x with P(χ² of `freedom` degrees > x) = upper. */
double adit_chi2_quantile(unsigned freedom, double upper);
/* z with P(|standard normal| > z) = 1 - confidence. */
double adit_normal_two_sided(double confidence);
/* P(binomial(trials, p) ≤ hits). */
double adit_binomial_below(uint64_t trials, double p, uint64_t hits);
/* p with P(binomial(trials, p) ≤ hits) = 1 - confidence: Clopper and Pearson's upper end. */
double adit_binomial_upper(uint64_t trials, uint64_t hits, double confidence);

/* ---- text (text.c): lines of words, from a copy of the bytes */

struct adit_text {
	const char *path;
	char *copy, *next;
	unsigned line;
	struct adit_error *error;
};

int adit_text_open(struct adit_text *text, const char *path, const void *bytes, size_t size,
	struct adit_error *error);
void adit_text_close(struct adit_text *text);
/* The next line without its end, or NULL. */
char *adit_text_line(struct adit_text *text);
/* Cuts the next word off *rest; an empty string at the end of the line. */
char *adit_text_word(char **rest);
int adit_text_refuse(struct adit_text *text, const char *format, ...) ADIT_PRINTF(2, 3);
/* The whole word is a finite number, or a count of at most `max`. */
bool adit_text_number(const char *word, double *number);
bool adit_text_count(const char *word, uint64_t max, uint64_t *count);

/* ---- matrices (matrix.c, the user of LAPACK) */

/* Mean and covariance (over n) of these rows of x, or of its first `count` where rows is NULL. */
void adit_matrix_covariance(const double *x, size_t columns, const size_t *rows, size_t count,
	double *mean, double *covariance);
/* Rows w of a matrix with Σ (w·v)² = v' C⁺ v, C⁺ the pseudo-inverse of a covariance: eigenvectors
 * over the roots of eigenvalues above 10 × d × ε × the largest. Gives their number, or -errno. */
int adit_matrix_whiten(const double *covariance, size_t d, double *whitening);
/* The same by Cholesky, lower triangular, and ln det C; false if C is singular to working
 * precision. */
bool adit_matrix_invert(const double *covariance, size_t d, double *whitening, double *logdet);
/* The column with most weight in the direction of least variance. */
int adit_matrix_weakest(const double *covariance, size_t d, size_t *column);

/* ---- engines */

#define ADIT_SVM_LANES 8

struct adit_svm {
	enum adit_svm_kernel kernel;
	double gamma, rho;
	size_t count;
	double *coefficients; /* [count up to a multiple of the lanes], 0 beyond */
	double *vectors;      /* [blocks][d][lanes] */
	double *weights;      /* linear: Σ coefficient × vector, [d] */
};

struct adit_envelope {
	bool robust;
	size_t rank;
	double *location;   /* [d] */
	double *covariance; /* [d][d] */
	double *whitening;  /* [rank][d], room for d */
};

/* A node's right child follows its left one. So that a step down is the same in every node and
 * needs no branch, a missing value stands for one that is below or above all (ADIT_TREE_PLACE), and
 * a leaf is its own left child, of a feature that is always below its value. */
struct adit_tree_node {
	float value;    /* go left if below it; of a leaf, what it adds */
	uint32_t place; /* in a row of 2 × features + 1 floats */
	uint32_t left;
};
/* Each feature stands in a row twice, for nodes where missing values go left, and right. */
#define ADIT_TREE_PLACE(feature, missing_left) (2 * (feature) + !(missing_left))
/* Trees that are walked side by side: one waits for memory while others step. */
#define ADIT_TREE_LANES 8

struct adit_trees {
	float base; /* log-odds before the first tree */
	size_t count, node_count, features;
	uint32_t *roots;  /* [count up to a multiple of the lanes], any node beyond */
	uint32_t *depths; /* of the deepest tree of each lot of lanes */
	struct adit_tree_node *nodes;
	float *row;   /* scratch */
	double limit; /* the largest sum possible */
	char *json;
	size_t json_size;
};

/* A threshold and its steps; ADIT_THRESHOLD_NONE has value INFINITY and no steps. */
struct adit_model_level {
	struct adit_threshold threshold;
	size_t step_count;
	struct adit_model_step steps[ADIT_MODEL_STEPS_MAX];
};
#define ADIT_MODEL_ROW_LETTERS  "abcdefghijklmnopqrstuvwxyz_"
#define ADIT_MODEL_SPAN_LETTERS ADIT_MODEL_ROW_LETTERS "0123456789"
#define ADIT_MODEL_NAMES_MAX    (UINT64_C(1) << 53) /* whole numbers that a double tells apart */

struct adit_model {
	enum adit_model_kind kind;
	size_t features;
	char **names;
	double *mean, *scale;
	double *typical; /* of benign rows: the median of a sample of them */
	uint32_t *bound;
	double *row; /* scratch: the scaled values */
	bool is_bound;
	union {
		struct adit_svm svm;
		struct adit_envelope envelope;
		struct adit_trees trees;
	};
	uint64_t rows, rows_given;
	char date[ADIT_MODEL_DATE_MAX + 1];
	char row_kind[ADIT_MODEL_ROW_KIND_MAX + 1];
	char row_span[ADIT_MODEL_ROW_KIND_MAX + 1];
	struct adit_model_level flag, suspect;
	uint64_t source_count;
	size_t sources_named;
	struct adit_model_source *sources; /* [ADIT_MODEL_SOURCES_MAX] */
};

/* Fills model->typical from the benign rows; not 0: no memory. */
int adit_model_find_typical(struct adit_model *model, const struct adit_table *table);

/* A model without its engine; names are copied, mean 0 and scale 1. NULL: no memory. */
struct adit_model *adit_model_create(
	enum adit_model_kind kind, const char *const *names, size_t features);
/* A model for the table with its sources and row counts: one-class kinds count benign rows. */
int adit_model_prepare(enum adit_model_kind kind, const struct adit_table *table,
	struct adit_model **model, struct adit_error *error);
/* Cuts to `room`; unprintable bytes become '?'. */
void adit_model_printable(char *to, size_t room, const char *from);
/* The first step, if any, that stands too low or too high: its place, or the count. */
size_t adit_model_check_steps(const struct adit_model_step *steps, size_t count);
/* The score of values taken from the positions `at`. */
double adit_model_score_at(struct adit_model *model, const double *values, const uint32_t *at);

/* The benign rows of a table as a new matrix, scaled if wanted (which sets the model's scaling).
 * -EINVAL names the line of a missing value. */
int adit_standard_gather(struct adit_model *model, const struct adit_table *table, bool standardise,
	double **x, size_t *rows, struct adit_error *error);
/* StandardScaler's mean and scale of each column. */
void adit_standard_fit(const double *x, size_t rows, size_t columns, double *mean, double *scale);

/* FAST-MCD on x, reweighted: location [d] and covariance [d][d]. */
int adit_mcd_fit(const double *x, size_t rows, size_t d, char *const *names,
	const struct adit_envelope_params *params, double *location, double *covariance,
	struct adit_error *error);

double adit_svm_score(const struct adit_svm *svm, const double *row, size_t d);
double adit_envelope_score(const struct adit_envelope *envelope, const double *row, size_t d);
/* Of values that are read from the positions `at`. */
double adit_trees_score(struct adit_trees *trees, const double *values, const uint32_t *at);

/* Room for the vectors; their entries are put one by one, then svm_finish is called. */
int adit_svm_reserve(struct adit_svm *svm, size_t count, size_t d);
void adit_svm_put(struct adit_svm *svm, size_t vector, size_t d, size_t column, double value);
double adit_svm_get(const struct adit_svm *svm, size_t vector, size_t d, size_t column);
int adit_svm_finish(struct adit_svm *svm, size_t d);
int adit_envelope_reserve(struct adit_envelope *envelope, size_t d);

/* The engine's own file: its name, its writer, its reader (of exactly these bytes). */
extern const char *const adit_model_data_names[ADIT_MODEL_KINDS];
int adit_svm_write(const struct adit_svm *svm, size_t d, FILE *to);
int adit_svm_read(struct adit_svm *svm, size_t d, const char *path, const void *bytes, size_t size,
	struct adit_error *error);
int adit_envelope_write(const struct adit_envelope *envelope, size_t d, FILE *to);
int adit_envelope_read(struct adit_envelope *envelope, size_t d, const char *path,
	const void *bytes, size_t size, struct adit_error *error);
/* Whether trees.json can hold the name: JSON is UTF-8. */
bool adit_trees_name_fits(const char *name);
int adit_trees_read(struct adit_trees *trees, size_t d, const char *path, const void *bytes,
	size_t size, struct adit_error *error);

/* ---- model.conf (conf.c) */

struct adit_conf_data {
	uint64_t size;
	uint32_t crc;
};

#define ADIT_CONF_SIZE_MAX ((size_t)512 * 1024)

/* 0, -EIO or -ENOMEM. */
int adit_conf_write(const struct adit_model *model, const struct adit_conf_data *data, FILE *to);
int adit_conf_read(const char *path, const void *bytes, size_t size, struct adit_model **model,
	struct adit_conf_data *data, struct adit_error *error);
uint32_t adit_conf_crc(const void *bytes, size_t size);

#endif
