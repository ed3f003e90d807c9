/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether options agree with one another: what no range of a single one can say.
 */
#include "config_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>

#define PORT_GTPU  2152
#define PORT_VXLAN 4789

static bool has(const struct adit_ints *list, int64_t value)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->item[i] == value)
			return true;
	return false;
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
	status = check_ports(config, error);
	if (status == 0)
		status = check_resolvers(config, error);
	if (status == 0)
		status = check_spread(config, error);
	return status;
}
