/* SPDX-License-Identifier: BSD-3-Clause */
#include "harvest.h"

#include "offline.h"
#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>

#define MANY_NAMES 20
#define STRETCH_NS (600 * ADIT_NS_PER_S)

/* What is handed to the scorer's sinks. */
struct reaping {
	struct app_harvest *harvest;
	const struct app_harvest_params *params;
	char what[160];
};

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t key_hash(uint32_t capture, const struct adit_feature_row *row)
{
	uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), &capture, sizeof(capture));

	hash = mix(hash, row->kind, strlen(row->kind));
	hash = mix(hash, row->domain.wire, row->domain.size);
	if (row->has_subscriber) {
		hash = mix(hash, row->subscriber.bytes, sizeof(row->subscriber.bytes));
		hash = mix(hash, &row->vlan, sizeof(row->vlan));
	}
	if (row->has_server)
		hash = mix(hash, row->server.bytes, sizeof(row->server.bytes));
	return hash | 1;
}

/* The name by which label files know a domain or a server. */
static void label_name(const struct adit_wire_name *domain, bool has_server,
	const struct adit_address *server, char text[ADIT_NAME_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN];

	if (has_server) {
		inet_ntop(server->is_v6 ? AF_INET6 : AF_INET, server->bytes, address,
			sizeof(address));
		snprintf(text, ADIT_NAME_TEXT_MAX, "server %s", address);
		return;
	}
	adit_name_to_text(domain->wire, domain->size, text, ADIT_NAME_TEXT_MAX);
}

static bool index_grow(struct app_harvest *harvest)
{
	size_t size = harvest->index_size != 0 ? 2 * harvest->index_size : 4096;
	uint32_t *index = calloc(size, sizeof(*index));
	struct app_harvest_key *keys =
		reallocarray(harvest->keys, size / 2, sizeof(*harvest->keys));

	if (keys != NULL)
		harvest->keys = keys;
	if (keys == NULL || index == NULL) {
		free(index);
		return false;
	}
	for (size_t i = 0; i < harvest->key_count; i++) {
		size_t at = keys[i].hash & (size - 1);

		while (index[at] != 0)
			at = (at + 1) & (size - 1);
		index[at] = (uint32_t)i + 1;
	}
	free(harvest->index);
	harvest->index = index;
	harvest->index_size = size;
	return true;
}

/* The number of a row's key, made if it is new; UINT32_MAX: no memory. */
static uint32_t key_take(struct app_harvest *harvest, const struct adit_feature_row *row)
{
	uint64_t hash = key_hash(harvest->capture, row);
	struct app_harvest_key *key;
	char text[ADIT_NAME_TEXT_MAX];
	size_t at;

	if (2 * (harvest->key_count + 1) > harvest->index_size && !index_grow(harvest))
		return UINT32_MAX;
	at = hash & (harvest->index_size - 1);
	while (harvest->index[at] != 0) {
		if (harvest->keys[harvest->index[at] - 1].hash == hash)
			return harvest->index[at] - 1;
		at = (at + 1) & (harvest->index_size - 1);
	}
	label_name(&row->domain, row->has_server, &row->server, text);
	key = &harvest->keys[harvest->key_count];
	*key = (struct app_harvest_key){
		.hash = hash,
		.capture = harvest->capture,
		.label = app_label_find(&harvest->labels->captures[harvest->capture], text),
	};
	if (key->label == NULL && (key->domain = strdup(text)) == NULL)
		return UINT32_MAX;
	harvest->index[at] = (uint32_t)++harvest->key_count;
	return harvest->index[at] - 1;
}

static int span_of(const char *span)
{
	static const char *const names[APP_HARVEST_SPANS] = {
		"look", "slice", "10min", "hour", "day"};

	for (int i = 0; i < APP_HARVEST_SPANS; i++)
		if (strcmp(span, names[i]) == 0)
			return i;
	return -1;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static bool row_keep(
	struct app_harvest *harvest, const struct adit_feature_row *row, uint32_t number, int span)
{
	const struct app_harvest_key *key = &harvest->keys[number];
	size_t room = harvest->row_room;

	if (harvest->row_count == room) {
		struct app_harvest_row *rows;
		double *values;

		room = room != 0 ? 2 * room : 4096;
		rows = reallocarray(harvest->rows, room, sizeof(*rows));
		if (rows != NULL)
			harvest->rows = rows;
		values = reallocarray(harvest->values, room, ADIT_FEATURE_COUNT * sizeof(*values));
		if (values != NULL)
			harvest->values = values;
		if (rows == NULL || values == NULL)
			return false;
		harvest->row_room = room;
	}
	harvest->rows[harvest->row_count] = (struct app_harvest_row){
		.key = number,
		.span = (uint8_t)span,
		.names = (float)row->value[ADIT_FEATURE_UNIQUE_NAMES],
		.queries = (float)key->queries,
		.up = (float)key->up,
		.down = (float)key->down,
	};
	memcpy(harvest->values + harvest->row_count * ADIT_FEATURE_COUNT, row->value,
		ADIT_FEATURE_COUNT * sizeof(double));
	harvest->row_count++;
	return true;
}

static void row_take(void *context, const struct adit_feature_row *row)
{
	struct reaping *reaping = context;
	struct app_harvest *harvest = reaping->harvest;
	const double *value = row->value;
	int span = span_of(row->span);
	struct app_harvest_key *key;
	uint32_t number, seen, stretch;

	if (span < 0 || !row->has_subscriber)
		return;
	number = key_take(harvest, row);
	if (number == UINT32_MAX) {
		harvest->no_memory = true;
		return;
	}
	key = &harvest->keys[number];
	key->queries = larger(key->queries, value[ADIT_FEATURE_QUERIES]);
	key->up = larger(key->up, value[ADIT_FEATURE_INFORMATION_UP]);
	key->down = larger(key->down, value[ADIT_FEATURE_INFORMATION_DOWN]);
	stretch = (uint32_t)(row->window_start_ns / STRETCH_NS);
	if (span <= 2 && value[ADIT_FEATURE_UNIQUE_NAMES] >= MANY_NAMES &&
		(key->many == 0 || stretch > key->many_in)) {
		key->many_in = stretch;
		key->many++;
	}
	if (row->left_out || value[ADIT_FEATURE_UNIQUE_NAMES] < reaping->params->least_names)
		return;
	seen = ++key->rows[span];
	if ((seen & (seen - 1)) == 0 && !row_keep(harvest, row, number, span))
		harvest->no_memory = true;
}

/* What was told of a domain of this capture before; NULL: nothing. */
static struct app_harvest_verdict *verdict_find(struct app_harvest *harvest, const char *domain)
{
	for (size_t i = harvest->verdict_count;
		i > 0 && harvest->verdicts[i - 1].capture == harvest->capture; i--)
		if (strcmp(harvest->verdicts[i - 1].domain, domain) == 0)
			return &harvest->verdicts[i - 1];
	return NULL;
}

static void verdict_take(void *context, const struct adit_verdict *verdict)
{
	struct app_harvest *harvest = ((struct reaping *)context)->harvest;
	bool tunnel = verdict->verdict == ADIT_VERDICT_TUNNEL;
	struct app_harvest_verdict *it, *grown;
	char text[ADIT_NAME_TEXT_MAX];

	label_name(&verdict->domain, verdict->has_server, &verdict->server, text);
	it = verdict_find(harvest, text);
	if (it == NULL) {
		grown = reallocarray(harvest->verdicts, harvest->verdict_count + 1, sizeof(*grown));
		if (grown == NULL) {
			harvest->no_memory = true;
			return;
		}
		harvest->verdicts = grown;
		it = &grown[harvest->verdict_count];
		*it = (struct app_harvest_verdict){
			.capture = harvest->capture,
			.domain = strdup(text),
			.label = app_label_find(&harvest->labels->captures[harvest->capture], text),
		};
		harvest->no_memory |= it->domain == NULL;
		harvest->verdict_count += it->domain != NULL;
	}
	if (tunnel && !it->tunnel) {
		it->queries = (double)verdict->queries;
		it->up = (double)verdict->information_up;
		it->down = (double)verdict->information_down;
	}
	it->tunnel |= tunnel;
	it->score = verdict->score > it->score ? verdict->score : it->score;
	if (verdict->tool != NULL && (it->tool == NULL || strcmp(it->tool, verdict->tool) != 0)) {
		/* The patterns that it is from do not last as long. */
		free(it->tool);
		it->tool = strdup(verdict->tool);
		harvest->no_memory |= it->tool == NULL;
	}
}

static bool progress_tell(void *context, uint64_t done, uint64_t total)
{
	struct reaping *reaping = context;

	return app_progress_report(reaping->what, done, total);
}

static int captures_read(struct app_harvest *harvest, struct app_offline *offline,
	struct reaping *reaping, struct adit_error *error)
{
	const struct app_labels *labels = harvest->labels;
	int status = 0;

	offline->progress = progress_tell;
	for (size_t i = 0; i < labels->count && status == 0; i++) {
		harvest->capture = (uint32_t)i;
		snprintf(reaping->what, sizeof(reaping->what), "reading %.100s (%zu of %zu)",
			labels->captures[i].name, i + 1, labels->count);
		status = app_offline_run(offline, labels->captures[i].path, error);
		if (status == 0 && harvest->no_memory)
			status = adit_error_set(error, -ENOMEM, "no memory for rows");
	}
	app_progress_clear();
	harvest->packets = offline->received;
	return status;
}

int app_harvest_read(struct app_harvest *harvest, const struct app_labels *labels,
	const struct app_harvest_params *params, char *const *sets, size_t set_count,
	struct adit_error *error)
{
	struct appliance appliance = {NULL};
	struct app_offline offline = {.appliance = NULL};
	struct reaping reaping = {harvest, params, ""};
	struct adit_config config;
	int status = adit_config_init(&config);

	*harvest = (struct app_harvest){.labels = labels};
	for (size_t i = 0; i < set_count && status == 0; i++)
		status = adit_config_set(&config, sets[i], error);
	if (status == 0)
		status = appliance_load(&appliance, &config, error);
	if (status == 0)
		status = app_offline_open(
			&offline, &appliance, verdict_take, row_take, &reaping, error);
	if (status == 0)
		status = captures_read(harvest, &offline, &reaping, error);
	app_offline_close(&offline);
	appliance_destroy(&appliance);
	adit_config_clear(&config);
	return status;
}

void app_harvest_clear(struct app_harvest *harvest)
{
	for (size_t i = 0; i < harvest->verdict_count; i++) {
		free(harvest->verdicts[i].domain);
		free(harvest->verdicts[i].tool);
	}
	for (size_t i = 0; i < harvest->key_count; i++)
		free(harvest->keys[i].domain);
	free(harvest->verdicts);
	free(harvest->keys);
	free(harvest->index);
	free(harvest->rows);
	free(harvest->values);
	*harvest = (struct app_harvest){.labels = NULL};
}
