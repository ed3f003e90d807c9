/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Label files: what captures hold, by registrable domain. Tab-separated values with a header, of
 * which the columns file, registrable_domain and label are read, and tool, setup and rate where
 * they are there ("mode_or_bait" stands for setup). A label is "tunnel", "benign" or
 * "hard-negative" (benign too). A capture has one label for a domain at most, the case of letters
 * aside; a domain that is not named is benign; "server ADDRESS" stands for a server that is asked
 * without a domain. One thread owns it.
 */
#ifndef ADIT_LABELS_H
#define ADIT_LABELS_H

#include "adit_base.h"

struct app_label {
	char *domain; /* lower case, or "server ADDRESS" */
	bool tunnel;
	char *tool, *setup, *rate; /* "-": not said */
	unsigned line;             /* of the label file */
};

/* A capture, and what is said of it, by domain in byte order. */
struct app_labelled {
	char *path, *name; /* name: of its label file's folder and itself, for people */
	struct app_label *labels;
	size_t count;
};

struct app_labels {
	struct app_labelled *captures;
	size_t count;
};

/* Adds the captures of a label file. They stand beside it, or in a folder that has its name without
 * the ending. 0, -ENOMEM, -errno, or -EINVAL with a message that names file and line. */
int app_labels_read(struct app_labels *labels, const char *path, struct adit_error *error);
void app_labels_clear(struct app_labels *labels);

/* What is said of a domain; NULL: nothing. */
const struct app_label *app_label_find(const struct app_labelled *capture, const char *domain);

#endif
