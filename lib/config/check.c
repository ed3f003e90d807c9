/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether options agree with one another: what no range of a single one can say.
 */
#include "config_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define PORT_GTPU  2152
#define PORT_VXLAN 4789

static bool has(const struct adit_ints *list, int64_t value)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->item[i] == value)
			return true;
	return false;
}

int adit_config_prefix(const char *text, struct adit_address *address, unsigned *bits)
{
	char host[INET6_ADDRSTRLEN], *end;
	size_t length = strcspn(text, "/");
	unsigned most;
	long value;

	memset(address, 0, sizeof(*address));
	address->is_v6 = strchr(text, ':') != NULL;
	most = address->is_v6 ? 128 : 32;
	if (length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	if (inet_pton(address->is_v6 ? AF_INET6 : AF_INET, host, address->bytes) != 1)
		return -EINVAL;
	*bits = most;
	if (text[length] == '\0')
		return 0;
	value = strtol(text + length + 1, &end, 10);
	if (text[length + 1] < '0' || text[length + 1] > '9' || *end != '\0' || value < 0 ||
		value > (long)most)
		return -EINVAL;
	*bits = (unsigned)value;
	for (unsigned i = *bits; i < most; i++)
		if (address->bytes[i / 8] & 0x80u >> i % 8)
			return -EINVAL;
	return 0;
}

static int check_ports(const struct adit_config *config, struct adit_error *error)
{
	const struct adit_ints *dns = &config->dns_ports;

	if (dns->count == 0)
		return adit_error_set(
			error, -EINVAL, "dns.ports is empty; DNS needs a port, such as 53");
	if (has(dns, PORT_GTPU) || has(dns, PORT_VXLAN))
		return adit_error_set(error, -EINVAL,
			"dns.ports has %d, the port of %s: nothing inside its tunnels would be "
			"read",
			has(dns, PORT_GTPU) ? PORT_GTPU : PORT_VXLAN,
			has(dns, PORT_GTPU) ? "GTP-U" : "VXLAN");
	for (size_t i = 0; i < dns->count; i++)
		if (has(&config->encrypted_ports, dns->item[i]))
			return adit_error_set(error, -EINVAL,
				"port %" PRId64 " stands in dns.ports and in encrypted.ports",
				dns->item[i]);
	return 0;
}

static int check_resolvers(const struct adit_config *config, struct adit_error *error)
{
	for (size_t i = 0; i < config->encrypted_resolvers.count; i++) {
		const char *text = config->encrypted_resolvers.item[i];
		uint8_t bytes[16];

		if (inet_pton(AF_INET, text, bytes) != 1 && inet_pton(AF_INET6, text, bytes) != 1)
			return adit_error_set(error, -EINVAL,
				"encrypted.resolvers: '%s' is no address; expected an IPv4 or IPv6 "
				"address",
				text);
	}
	return 0;
}

static int check_peers(const struct adit_config *config, struct adit_error *error)
{
	for (size_t i = 0; i < config->context_tunnel_peers.count; i++) {
		struct adit_address address;
		unsigned bits;

		if (adit_config_prefix(config->context_tunnel_peers.item[i], &address, &bits) != 0)
			return adit_error_set(error, -EINVAL,
				"context.tunnel_peers: '%s' is no prefix; expected an address or a "
				"prefix without bits after it, such as 10.20.0.0/16",
				config->context_tunnel_peers.item[i]);
	}
	return 0;
}

static int check_spread(const struct adit_config *config, struct adit_error *error)
{
	size_t devices = config->port_devices.count, taps = config->port_taps.count;

	if (strcmp(config->port_spread, "rss") == 0 && devices > 0 &&
		(int64_t)devices * config->port_queues < config->worker_count)
		return adit_error_set(error, -EINVAL,
			"port.spread is rss, but %zu ports of %" PRId64
			" queues (port.queues) can't feed %" PRId64 " workers (worker.count)",
			devices, config->port_queues, config->worker_count);
	if (taps != 0 && taps != devices)
		return adit_error_set(error, -EINVAL,
			"port.taps names %zu taps for %zu devices in port.devices; expected one "
			"for each",
			taps, devices);
	return 0;
}

int adit_config_check(const struct adit_config *config, struct adit_error *error)
{
	int status;

	if (config->detect_suspect_score > config->detect_tunnel_score)
		return adit_error_set(error, -EINVAL,
			"detect.suspect_score (%" PRId64 ") is above detect.tunnel_score (%" PRId64
			")",
			config->detect_suspect_score, config->detect_tunnel_score);
	if (strcmp(config->privacy_addresses, "off") != 0 && config->privacy_key_file[0] == '\0')
		return adit_error_set(error, -EINVAL,
			"privacy.addresses is '%s', but privacy.key_file names no file",
			config->privacy_addresses);
	if (strcmp(config->privacy_addresses, "off") == 0 && config->privacy_key_file[0] != '\0')
		return adit_error_set(error, -EINVAL,
			"privacy.key_file is given, but privacy.addresses is off: expected "
			"subscribers "
			"or all");
	status = check_ports(config, error);
	if (status == 0)
		status = check_resolvers(config, error);
	if (status == 0)
		status = check_peers(config, error);
	if (status == 0)
		status = check_spread(config, error);
	return status;
}
