/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where the server listens.
 */
#include "adit_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKLOG 32

int adit_http_address_read(const char *text, struct adit_http_address *address)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = text[0] == '[';
	char host[INET6_ADDRSTRLEN];
	size_t size = colon == NULL ? 0 : (size_t)(colon - text);
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->at;
	long port;

	memset(address, 0, sizeof(*address));
	if (is_v6 && (size < 3 || text[size - 1] != ']'))
		return -EINVAL;
	size -= is_v6 ? 2 : 0;
	if (colon == NULL || size == 0 || size >= sizeof(host) ||
		colon[1 + strspn(colon + 1, "0123456789")] != '\0' || strlen(colon + 1) > 5)
		return -EINVAL;
	port = strtol(colon + 1, NULL, 10);
	if (colon[1] == '\0' || port > UINT16_MAX)
		return -EINVAL;
	memcpy(host, text + is_v6, size);
	host[size] = '\0';
	if (is_v6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		address->size = sizeof(*v6);
		if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
			return -EINVAL;
		address->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return 0;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	address->size = sizeof(*v4);
	if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
		return -EINVAL;
	address->is_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return 0;
}

int adit_http_listen(const char *text, int *listener, struct adit_error *error)
{
	struct adit_http_address address;
	int yes = 1, file, status;

	if (adit_http_address_read(text, &address) != 0)
		return adit_error_set(error, -EINVAL,
			"http.listen: '%s' is no address with a port; expected one such as "
			"127.0.0.1:9153 or [::1]:9153",
			text);
	file = socket(address.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (file < 0)
		return adit_error_set(error, -errno, "http.listen: no socket: %s", strerror(errno));
	setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(file, (struct sockaddr *)&address.at, address.size) == 0 &&
		listen(file, BACKLOG) == 0) {
		*listener = file;
		return 0;
	}
	status = -errno;
	close(file);
	if (status == -EADDRINUSE)
		return adit_error_set(error, status,
			"http.listen: %s is taken by another program; expected a free port, or "
			"nothing (--set http.listen=) for no server",
			text);
	return adit_error_set(error, status, "http.listen: %s: %s", text, strerror(-status));
}
