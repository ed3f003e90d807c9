/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Secrets (keys, tokens, passwords) come from files of their own, so that neither the configuration
 * nor a list of processes shows them. Control path; any thread.
 */
#ifndef ADIT_SECRET_H
#define ADIT_SECRET_H

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads what the file holds, at most `room` bytes, without a newline at its end; `what` stands in
 * messages: "key". Returns the number of bytes, -errno of the file, -EPERM if others can read it or
 * anybody but its owner can write it, or -EINVAL if it is no regular file. The caller wipes what it
 * got.
 */
int adit_secret_read(
	const char *path, const char *what, void *bytes, size_t room, struct adit_error *error);
/* The same of what stands beside a secret and is none, as a certificate: whoever may read it. */
int adit_public_read(
	const char *path, const char *what, void *bytes, size_t room, struct adit_error *error);

#ifdef __cplusplus
}
#endif
#endif
