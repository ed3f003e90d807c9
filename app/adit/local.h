/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sockets in the file system, for programs of this machine: of the owner and the group.
 */
#ifndef ADIT_APP_LOCAL_H
#define ADIT_APP_LOCAL_H

#include "adit_base.h"

/* Listens at a path (mode 0660). A socket that nobody listens on, left from a run that was cut
 * off, is replaced; one of a living program is not. `option` is named in messages. The path is the
 * caller's to remove. 0 or -errno: -EADDRINUSE where a program listens, -EEXIST where there is a
 * file of another kind, -ENAMETOOLONG. */
int app_local_listen(
	const char *option, const char *path, int backlog, int *listener, struct adit_error *error);

#endif
