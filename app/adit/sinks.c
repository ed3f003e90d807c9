/* SPDX-License-Identifier: BSD-3-Clause */
#include "sinks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <rte_lcore.h>

#define NS_PER_MINUTE (60 * ADIT_NS_PER_S)
#define NS_PER_HOUR   (3600 * ADIT_NS_PER_S)

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t real_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

static uint64_t monotonic_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

/* On CPUs that lcores leave. */
static int thread_start(pthread_t *thread, const char *name, void *(*work)(void *), void *argument)
{
	return rte_ctrl_thread_create(thread, name, NULL, work, argument);
}

/* The place of a word among "a|b|c"; the configuration has checked that it is one. */
static unsigned place(const char *word, const char *words)
{
	size_t length = strlen(word);
	unsigned i = 0;

	for (const char *w = words; *w != '\0'; i++) {
		size_t size = strcspn(w, "|");

		if (size == length && memcmp(w, word, length) == 0)
			break;
		w += size + (w[size] == '|');
	}
	return i;
}

static unsigned bits(const struct adit_list *words, const char *all)
{
	unsigned set = 0;

	for (size_t i = 0; i < words->count; i++)
		set |= 1u << place(words->item[i], all);
	return set;
}

static struct adit_sink_strings strings(const struct adit_list *list)
{
	return (struct adit_sink_strings){list->item, list->count};
}

static void params_take(struct adit_sink_params *to, const struct adit_sink_config *from,
	enum adit_privacy_mode privacy)
{
	*to = (struct adit_sink_params){
		.type = place(from->type, "jsonl|syslog|rpz|kafka|webhook"),
		.name = from->name,
		.least_score = (uint32_t)from->min_score,
		.verdicts = bits(&from->verdicts, "suspect|tunnel"),
		.states = bits(&from->states, "open|update|closed"),
		.muted = place(from->muted, "auto|yes|no") == 1 ||
			 (place(from->muted, "auto|yes|no") == 0 &&
				 strcmp(from->type, "jsonl") == 0),
		.only = strings(&from->domains),
		.never = strings(&from->domains_not),
		.subscribers = place(from->subscribers, "full|pseudonyms|none"),
		.key_file = from->key_file,
		.privacy = privacy,
		.bytes_most = (size_t)from->max_bytes,
		.queue = (size_t)from->queue,
		.drop_oldest = strcmp(from->drop, "oldest") == 0,
		.linger_ms = (uint32_t)from->linger * 1000,
		.path = from->path,
		.rotate_bytes = (uint64_t)from->rotate_size * 1000000,
		.rotate_ns = (uint64_t)from->rotate_minutes * NS_PER_MINUTE,
		.keep = (unsigned)from->keep,
		.fsync = place(from->fsync, "never|each|interval"),
		.fsync_ns = (uint64_t)from->fsync_interval * ADIT_NS_PER_S,
		.transport = place(from->transport, "udp|tcp|unix"),
		.address = from->address,
		.cef = strcmp(from->format, "cef") == 0,
		.facility = place(from->facility,
			"kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|ntp|"
			"audit|"
			"alert|clock|local0|local1|local2|local3|local4|local5|local6|local7"),
		.zone = from->zone,
		.action = place(from->action, "nxdomain|nodata|drop|passthru"),
		.ttl_s = (uint32_t)from->ttl,
		.lifetime_ns = (uint64_t)from->expire_hours * NS_PER_HOUR,
		.interval_ns = (uint64_t)from->interval * ADIT_NS_PER_S,
		.entries = (size_t)from->entries,
		.brokers = strings(&from->brokers),
		.properties = strings(&from->properties),
		.topic = from->topic,
		.url = from->url,
		.ca_file = from->ca_file,
		.timeout_ms = (uint32_t)from->timeout * 1000,
		.batch = (size_t)from->batch,
		.secret_file = from->secret_file,
	};
}

int app_sinks_open(
	struct adit_sinks **sinks, const struct adit_config *config, struct adit_error *error)
{
	static const struct adit_sink_host host = {
		real_ns, monotonic_ns, thread_start, ADIT_VERSION};
	struct adit_sink_params params[ADIT_SINK_CONFIGS_MAX];
	bool all = strcmp(config->privacy_addresses, "all") == 0;

	_Static_assert(ADIT_SINK_CONFIGS_MAX <= ADIT_SINKS_MAX, "as many as the library takes");
	*sinks = NULL;
	if (config->sinks.count == 0)
		return 0;
	for (size_t i = 0; i < config->sinks.count; i++)
		params_take(&params[i], config->sinks.item[i],
			all ? ADIT_PRIVACY_ALL : ADIT_PRIVACY_SUBSCRIBERS);
	return adit_sinks_create(sinks, params, config->sinks.count, &host, error);
}

void app_sinks_tell(struct adit_sinks *sinks, const char *command)
{
	char text[512];

	while (adit_sinks_message(sinks, text))
		fprintf(stderr, "adit %s: %s\n", command, text);
}

bool app_sinks_end(struct adit_sinks *sinks, const char *command)
{
	bool lost = false;

	adit_sinks_stop(sinks);
	app_sinks_tell(sinks, command);
	for (size_t i = 0; i < adit_sinks_count(sinks); i++) {
		struct adit_sink_status status;

		adit_sinks_status(sinks, i, &status);
		if (status.dropped + status.failed == 0)
			continue;
		lost = true;
		fprintf(stderr,
			"adit %s: sink %s: of %" PRIu64 " records %" PRIu64
			" were dropped and %" PRIu64 " refused%s%s\n",
			command, status.name, status.offered, status.dropped, status.failed,
			status.error[0] != '\0' ? "; the last error: " : "", status.error);
	}
	return lost;
}

void app_sinks_count(const struct adit_sinks *sinks, struct app_sink_counters *counters)
{
	size_t count = 0;

	for (size_t i = 0; i < adit_sinks_count(sinks); i++) {
		struct adit_sink_status status;

		adit_sinks_status(sinks, i, &status);
		const struct adit_stats_counter of[APP_SINK_COUNTERS] = {
			{"offered", status.offered}, {"written", status.written},
			{"dropped", status.dropped}, {"failed", status.failed},
			{"retried", status.retried}, {"queued", status.queued}};
		for (size_t c = 0; c < APP_SINK_COUNTERS; c++, count++) {
			snprintf(counters->name[count], sizeof(counters->name[count]), "%.36s_%s",
				status.name, of[c].name);
			counters->counter[count] =
				(struct adit_stats_counter){counters->name[count], of[c].value};
		}
	}
	counters->group = (struct adit_stats_group){"sinks", counters->counter, count};
}
