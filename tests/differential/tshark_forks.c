/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Preloaded into tshark, which takes longer to start than to read most captures: where it opens its
 * capture, it waits for requests instead, and forks for each. A request is a packet on the socket
 * whose number is in ADIT_TSHARK_SOCKET: a path, and with it the descriptor that is the child's
 * standard output. When the child has ended, a last line there tells its status. The socket's end
 * is this process's.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void *open_function(
	const char *path, unsigned type, int *code, char **reason, int random_access);

/* The path of a request; gives its descriptor, or -1 at the end. */
static int request_take(int from, char *path, size_t room)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {path, room - 1};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t size = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int output;

	if (header == NULL || header->cmsg_type != SCM_RIGHTS)
		return -1;
	path[size] = '\0';
	memcpy(&output, CMSG_DATA(header), sizeof(output));
	return output;
}

void *wtap_open_offline(
	const char *path, unsigned type, int *code, char **reason, int random_access);

/* tshark calls this for its only capture: the child goes on with that of the request. */
void *wtap_open_offline(
	const char *path, unsigned type, int *code, char **reason, int random_access)
{
	static char asked[4096];
	const char *number = getenv("ADIT_TSHARK_SOCKET");
	int from = number != NULL ? atoi(number) : -1, output, status;
	open_function *function;

	*(void **)&function = dlsym(RTLD_NEXT, "wtap_open_offline");
	if (from < 0)
		return function(path, type, code, reason, random_access);
	while ((output = request_take(from, asked, sizeof(asked))) >= 0) {
		pid_t child = fork();

		if (child == 0) {
			close(from);
			if (dup2(output, STDOUT_FILENO) < 0)
				_exit(1);
			return function(asked, type, code, reason, random_access);
		}
		status = -1;
		if (child > 0)
			waitpid(child, &status, 0);
		dprintf(output, "status %d\n", status);
		close(output);
	}
	_exit(0);
}

void epan_cleanup(void);
void wtap_cleanup(void);

/* tshark calls these before it ends: to tidy up all that is known of protocols takes longer than
 * all else that a child does. */
void epan_cleanup(void)
{
}

void wtap_cleanup(void)
{
}
