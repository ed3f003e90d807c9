/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a data set is made of, and what was left out: every message by its role, every row by how it
 * ended, every row dropped by its cause.
 */
#include "dataset.h"

#define LINE_NAME 18

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

static void line(FILE *to, const char *name, uint64_t count, uint64_t whole, const char *meaning)
{
	fprintf(to, "  %-*s %10llu  %5.1f %%%s%s\n", LINE_NAME, name, (unsigned long long)count,
		share(count, whole), *meaning != '\0' ? "  " : "", meaning);
}

static void side_tell(const struct app_dataset *dataset, int side, size_t captures, FILE *to)
{
	const struct adit_pairing_counters *counters = adit_pairing_counters(dataset->pairing);

	fprintf(to, "%s side: %llu packets of %zu capture%s, %llu DNS messages",
		side == APP_DATASET_CLIENT ? "client" : "server",
		(unsigned long long)dataset->packets[side], captures, captures == 1 ? "" : "s",
		(unsigned long long)counters->messages[side]);
	if (dataset->encrypted[side] > 0)
		fprintf(to, "; %llu packets of encrypted DNS, which cannot be read",
			(unsigned long long)dataset->encrypted[side]);
	fputc('\n', to);
	for (int role = 0; role < ADIT_ROLE_COUNT; role++)
		if (counters->role[side][role] > 0)
			line(to, adit_roles[role].name, counters->role[side][role],
				counters->messages[side], adit_roles[role].meaning);
}

static void words_tell(const char *title, const struct adit_word *words, size_t count,
	const uint64_t *counts, uint64_t whole, FILE *to)
{
	fprintf(to, "%s\n", title);
	for (size_t i = 0; i < count; i++)
		if (counts[i] > 0)
			line(to, words[i].name, counts[i], whole, words[i].meaning);
}

/* What else is known of the rows that a rule dropped. */
static void drop_words(const struct adit_word *words, size_t count, const uint64_t *counts,
	char *text, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < count && used < room; i++)
		if (counts[i] > 0)
			used += (size_t)snprintf(text + used, room - used, "%s%s: %llu",
				used > 0 ? ", " : "", words[i].name, (unsigned long long)counts[i]);
}

static void drop_packets(const struct app_dataset *dataset, char *text, size_t room)
{
	size_t used = 0;

	for (int i = 0; i <= APP_DATASET_PACKETS_MAX + 1 && used < room; i++)
		if (dataset->by_packets[i] > 0)
			used += (size_t)snprintf(text + used, room - used, "%s%d%s packet%s: %llu",
				used > 0 ? ", " : "", i,
				i > APP_DATASET_PACKETS_MAX ? " or more" : "", i == 1 ? "" : "s",
				(unsigned long long)dataset->by_packets[i]);
}

static void drops_tell(const struct app_dataset *dataset, uint64_t rows, FILE *to)
{
	uint64_t kept = dataset->dropped[APP_DATASET_KEPT];

	fprintf(to, "kept %llu of %llu rows, dropped %llu (%.1f %%)\n", (unsigned long long)kept,
		(unsigned long long)rows, (unsigned long long)(rows - kept),
		share(rows - kept, rows));
	for (int i = APP_DATASET_KEPT + 1; i < APP_DATASET_DROPS; i++) {
		char text[512] = "";

		if (!dataset->requires[i])
			continue;
		if (i == APP_DATASET_TWO_PACKETS)
			drop_packets(dataset, text, sizeof(text));
		else if (i == APP_DATASET_ANSWER)
			drop_words(adit_query_ends, ADIT_QUERY_END_COUNT, dataset->by_end, text,
				sizeof(text));
		else if (i == APP_DATASET_SERVER)
			drop_words(adit_matches, ADIT_MATCH_COUNT, dataset->by_match, text,
				sizeof(text));
		line(to, app_dataset_requirements[i], dataset->dropped[i], rows, text);
	}
}

void app_dataset_tell(const struct app_dataset *dataset, FILE *to)
{
	const struct adit_pairing_counters *counters = adit_pairing_counters(dataset->pairing);

	if (dataset->summary) {
		side_tell(dataset, APP_DATASET_CLIENT, dataset->client_count, to);
		if (dataset->servers.count > 0)
			side_tell(dataset, APP_DATASET_SERVER_SIDE, dataset->servers.count, to);
		words_tell("rows, by outcome", adit_query_ends, ADIT_QUERY_END_COUNT,
			counters->outcome, counters->rows, to);
		if (dataset->servers.count > 0)
			words_tell("rows, by what the server side has", adit_matches,
				ADIT_MATCH_COUNT, counters->match, counters->rows, to);
		fprintf(to, "open at a time: at most %llu rows (%zu MB)\n",
			(unsigned long long)counters->open_max,
			(size_t)counters->open_max * adit_query_bytes >> 20);
	}
	drops_tell(dataset, counters->rows, to);
	if (counters->rows == 0)
		fputs("no query was found; --set dns.ports=… says which ports carry DNS (53)\n",
			to);
	if (counters->evicted > 0)
		fprintf(to, "%llu rows gave way before their time: --transactions is too small\n",
			(unsigned long long)counters->evicted);
	if (adit_naming_given_up(dataset->naming) > 0)
		fprintf(to, "%llu names took an expression more than %d steps: no label from it\n",
			(unsigned long long)adit_naming_given_up(dataset->naming),
			ADIT_NAMING_STEPS);
}
