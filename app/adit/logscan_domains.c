/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ranked domains: known services, what is observed of them, reasons, and domains.csv.
 */
#include "logscan.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

/* From where on what was observed is a reason. Host names have some digits, and few labels that are
 * no words; a tunnel has a handful of servers, near one another. */
#define DIGITS   0.15
#define WORDS    0.5
#define SERVERS  5
#define NETWORKS 2
#define CYCLES   3

int app_logscan_services(struct app_logscan *it, struct adit_error *error)
{
	char path[PATH_MAX];
	const char *name = it->exact ? "logscan/notebook" : "logscan/services";

	int status;

	app_data_directory(it->services != NULL ? it->services : "", name, path);
	status = adit_allow_load(path, &it->known, error);
	if (status != 0)
		return status;
	it->known_count = adit_allow_entries(it->known);
	it->known_names = calloc(it->known_count + 1, sizeof(*it->known_names));
	if (it->known_names == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for services");
	for (size_t i = 0; i < it->known_count; i++) {
		size_t size;
		const uint8_t *wire = adit_allow_domain(it->known, i, &size);

		adit_name_to_text(wire, size, it->known_names[i], sizeof(*it->known_names));
	}
	return 0;
}

/* Whether a text has a name in it. As in the notebook, whose pandas takes it for a regular
 * expression: a dot stands for any character. */
static bool has_name(struct adit_log_span text, const char *name)
{
	for (size_t from = 0; from < text.size; from++) {
		const char *first = name[0] != '.'
					    ? memchr(text.at + from, name[0], text.size - from)
					    : text.at + from;
		size_t at, i = 0;

		if (first == NULL)
			return false;
		at = from = (size_t)(first - text.at);
		for (; name[i] != '\0' && at < text.size; i++, at++) {
			if (name[i] != '.' ? text.at[at] != name[i] : text.at[at] == '\n')
				break;
			/* A character may have several octets. */
			while (name[i] == '.' && at + 1 < text.size &&
				((unsigned char)text.at[at + 1] & 0xc0) == 0x80)
				at++;
		}
		if (name[i] == '\0')
			return true;
	}
	return false;
}

bool app_logscan_drops(const struct app_logscan *it, struct adit_log_span name)
{
	for (size_t i = 0; i < it->known_count; i++)
		if (has_name(name, it->known_names[i]))
			return true;
	return false;
}

/* Why a domain is known: whole labels of it are listed. `exact` knows host names only. */
static const char *service_of(
	const struct app_logscan *it, const struct adit_logscan_domain *domain)
{
	const struct adit_allow_entry *entry;
	struct adit_name name;

	if (it->exact || adit_name_from_log(domain->name, domain->size, &name) != 0)
		return NULL;
	entry = adit_allow_find(it->known, name.lower, name.size, domain->last_ns);
	return entry != NULL ? entry->reason : NULL;
}

void app_logscan_observe(const struct app_logscan *it, struct adit_logscan_domain *domain,
	const struct adit_log_record *record)
{
	struct adit_registrable registrable = {.offset = 0};
	struct adit_name name;
	bool has_name = app_logscan_name(record, &name);
	struct adit_logscan_seen what = {
		.server = record->has_server && record->server_answers ? &record->server : NULL,
		.client = record->has_client ? &record->client : NULL,
		.is_query = record->kind != ADIT_LOG_RESPONSE,
		.is_response = app_logscan_answered(record),
	};

	if (has_name) {
		adit_suffix_find(it->appliance.suffixes, &name, &registrable);
		what.wire = name.lower;
		what.size = name.size;
		what.registrable_at = registrable.offset;
	}
	adit_logscan_observe(domain, &what);
}

static void reason_add(struct app_logged *logged, const char *name, double value, double threshold)
{
	logged->reason[logged->reason_count++] = (struct adit_reason){name, value, threshold};
}

static double share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : NAN;
}

static void reasons_find(const struct adit_logscan_domain *domain, struct app_logged *logged)
{
	double digits = share(domain->digits, domain->octets);
	double words = share(domain->odd_octets, domain->octets);

	if (domain->marked > 0)
		reason_add(logged, "log_hits", domain->hits, ADIT_LOGSCAN_HITS);
	if (domain->cycles >= CYCLES)
		reason_add(logged, "log_cycles", domain->cycles, CYCLES);
	if (words >= WORDS)
		reason_add(logged, "log_words", words, WORDS);
	if (digits >= DIGITS)
		reason_add(logged, "log_digits", digits, DIGITS);
	/* Most domains have few servers: that says something only of what stands out anyway. */
	if (domain->marked > 0 && !domain->more_servers && domain->server_count > 0 &&
		domain->server_count <= SERVERS && adit_logscan_networks(domain) <= NETWORKS)
		reason_add(logged, "log_servers", domain->server_count, SERVERS);
}

int app_logscan_domains_begin(struct app_logscan *it, struct adit_error *error)
{
	size_t ranked = adit_logscan_ranked(it->scan);

	it->logged = calloc(ranked + 1, sizeof(*it->logged));
	if (it->logged == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for domains");
	for (size_t i = 0; i < ranked; i++)
		it->logged[i].service = service_of(it, adit_logscan_domain(it->scan, i));
	return 0;
}

/* What the chain says of a domain by itself: a suspect, as burst-delta makes of packets. */
void app_logscan_domains_end(struct app_logscan *it)
{
	const struct adit_detect_params params = {
		.suspect_score = (double)it->config.detect_suspect_score};

	for (size_t i = 0; i < adit_logscan_ranked(it->scan); i++) {
		const struct adit_logscan_domain *domain = adit_logscan_domain(it->scan, i);
		struct app_logged *logged = &it->logged[i];

		it->other_marked += domain->other_marked;
		it->differing += domain->differing;
		reasons_find(domain, logged);
		if (domain->marked == 0 || logged->service != NULL)
			continue;
		logged->verdict = ADIT_VERDICT_SUSPECT;
		logged->score = (uint32_t)adit_burst_score(&params);
	}
}

void app_logscan_domains_write(struct app_logscan *it)
{
	FILE *file = app_logscan_file(it, "domains.csv");
	int status = file != NULL ? adit_logged_write_header(file) : 0;

	for (size_t i = 0; file != NULL && status == 0 && i < adit_logscan_ranked(it->scan); i++) {
		const struct adit_logscan_domain *domain = adit_logscan_domain(it->scan, i);
		const struct app_logged *logged = &it->logged[i];
		bool has_servers = domain->server_count > 0;
		double names = adit_distinct_number(&domain->names);
		double clients = adit_distinct_number(&domain->clients);
		const struct adit_logged_row row = {
			.domain = domain->name,
			.domain_size = domain->size,
			.rank = domain->rank,
			.rows = domain->rows,
			.rows_not_a = domain->other_rows,
			.hits = domain->hits,
			.marked = domain->marked,
			.marked_other_way = domain->other_marked,
			.differing = domain->differing,
			.cycles = domain->cycles,
			.first_ns = domain->first_ns,
			.last_ns = domain->last_ns,
			.servers = has_servers ? domain->server_count : NAN,
			.networks = has_servers ? adit_logscan_networks(domain) : NAN,
			.names = round(names),
			.clients = clients > 0 ? round(clients) : NAN,
			.digit_share = share(domain->digits, domain->octets),
			.bigram = share(domain->bigram, 16 * domain->octets),
			.non_word_share = share(domain->odd_octets, domain->octets),
			.service = logged->service,
			.verdict = logged->verdict,
			.score = logged->score,
			.reason_count = logged->reason_count,
			.reason = logged->reason,
		};

		status = adit_logged_write_row(&row, file);
	}
	if (file != NULL && fclose(file) != 0 && status == 0)
		status = -errno;
	if (status != 0) {
		struct adit_error error;

		adit_error_set(&error, status, "%s/domains.csv: %s", it->out, strerror(-status));
		app_logscan_note(it, &error);
	}
}
