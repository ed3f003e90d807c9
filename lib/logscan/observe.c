/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the notebook saw and put into words: a tunnel's domain is answered from four or five
 * addresses that are close to each other, its names have many digits and no words in them.
 */
#include "logscan_priv.h"

#include "adit_hash.h"

static bool address_equal(const struct adit_address *a, const struct adit_address *b, size_t bytes)
{
	return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, bytes) == 0;
}

static void server_take(struct adit_logscan_domain *domain, const struct adit_address *server)
{
	for (uint32_t i = 0; i < domain->server_count; i++)
		if (address_equal(&domain->server[i], server, sizeof(server->bytes)))
			return;
	if (domain->server_count < ADIT_LOGSCAN_SERVERS)
		domain->server[domain->server_count++] = *server;
	else
		domain->more_servers = true;
}

void adit_logscan_observe(struct adit_logscan_domain *domain, const struct adit_logscan_seen *seen)
{
	const struct adit_hash_key *key = &adit_hash_key_fixed;

	domain->observed++;
	domain->queries += seen->is_query;
	domain->responses += seen->is_response;
	if (seen->wire != NULL) {
		struct adit_octets octets;

		adit_octets_read(seen->wire, seen->registrable_at, &octets);
		domain->octets += octets.octets;
		domain->digits += octets.digits;
		domain->bigram += octets.bigram;
		domain->odd_octets += octets.odd_octets;
		adit_distinct_add(
			&domain->names, (uint32_t)adit_hash(key, seen->wire, seen->size), 1, 0);
	}
	if (seen->server != NULL)
		server_take(domain, seen->server);
	if (seen->client != NULL)
		adit_distinct_add(&domain->clients,
			(uint32_t)adit_hash(key, seen->client->bytes, sizeof(seen->client->bytes)),
			1, 0);
}

uint32_t adit_logscan_networks(const struct adit_logscan_domain *domain)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < domain->server_count; i++) {
		const struct adit_address *server = &domain->server[i];
		uint32_t j = 0;

		while (j < i && !address_equal(server, &domain->server[j], server->is_v6 ? 6 : 3))
			j++;
		count += j == i;
	}
	return count;
}
