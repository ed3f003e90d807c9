/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The differences of a capture by kind, and the exceptions that explain them.
 */
#ifndef ADIT_TEST_DIFFERENCES_H
#define ADIT_TEST_DIFFERENCES_H

#include "harness.h"

#include <stdio.h>

/* The frames that differ in one way, as a list of numbers and ranges. */
struct kind {
	char name[48];
	char *list;
	size_t size;
	FILE *stream;
	uint64_t first, last; /* not yet in the list */
};

/* Starts as zeros. */
struct differences {
	struct kind kinds[16];
	size_t count;
	uint64_t total;
};

/* Frames come in ascending order; the kind is `what` and the outcome. */
void differences_note(
	struct differences *differences, uint64_t frame, const char *what, const char *outcome);
/* After the last one: the lists are there. */
void differences_end(struct differences *differences);
bool differences_have(const struct differences *differences, const char *kind);
void differences_free(struct differences *differences);

#define EXCEPTIONS_MAX 256

/* A row of exceptions.tsv; a field that is not there is empty. */
struct exception {
	const char *capture, *kind, *frames, *golden, *reason;
};

struct exceptions {
	struct exception rows[EXCEPTIONS_MAX];
	size_t count;
	char *text; /* where the fields stand */
};

void exceptions_read(struct exceptions *exceptions);
/* Differences without an exception, and exceptions without a difference, fail the test. */
void exceptions_check(const struct exceptions *exceptions, const char *capture,
	const struct differences *differences);

#endif
