/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Kafka by librdkafka: a message a record, keyed by registrable domain, so that a domain's records
 * stand in one partition in their order. The producer is idempotent and tries on as long as the
 * sink lives; a record counts as written when its delivery report says so.
 */
#include "sink_priv.h"

#include "adit_secret.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#define OWN_QUEUE   1000 /* messages that librdkafka may hold */
#define PURGE_MS    1000
#define SECRET_MOST 1024

struct kafka {
	rd_kafka_t *producer;
	size_t outstanding; /* handed over, without a report so far */
	bool fatal;         /* the producer has given up: a new one is needed */
	bool down;          /* no broker can be reached */
};

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *context)
{
	struct adit_sink *sink = context;
	struct kafka *state = sink->state;

	state->outstanding--;
	switch (message->err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		adit_sink_count(sink, ADIT_SINK_WRITTEN, 1);
		state->down = false;
		break;
	case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
	case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
		adit_sink_count(sink, ADIT_SINK_DROPPED, 1);
		break;
	default:
		adit_sink_refuse(sink, 1, rd_kafka_message_errstr(message));
	}
}

static void on_error(rd_kafka_t *producer, int error, const char *reason, void *context)
{
	struct adit_sink *sink = context;
	struct kafka *state = sink->state;

	state->fatal |= error == RD_KAFKA_RESP_ERR__FATAL;
	state->down |= error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
	adit_sink_note(sink, reason);
}

/* What it logs comes as errors and reports too. */
static void on_log(const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
	(void)producer;
	(void)level;
	(void)facility;
	(void)text;
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, struct adit_error *error)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	return adit_error_set(error, -EINVAL, "%s: %s", name, why);
}

static int set_brokers(
	rd_kafka_conf_t *conf, const struct adit_sink_strings *brokers, struct adit_error *error)
{
	char *list = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&list, &size);
	int status;

	if (to == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < brokers->count; i++)
		fprintf(to, "%s%s", i > 0 ? "," : "", brokers->item[i]);
	fclose(to);
	status = set(conf, "bootstrap.servers", list, error);
	free(list);
	return status;
}

/* Secrets in the configuration would show in its dump. */
static bool is_secret(const char *property)
{
	size_t size = strcspn(property, "=");
	static const char *const ends[] = {"password", "secret", ".pem"};

	for (size_t i = 0; i < ADIT_COUNT(ends); i++)
		if (size >= strlen(ends[i]) &&
			strncmp(property + size - strlen(ends[i]), ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

static int set_properties(
	rd_kafka_conf_t *conf, const struct adit_sink_strings *properties, struct adit_error *error)
{
	for (size_t i = 0; i < properties->count; i++) {
		const char *text = properties->item[i], *equals = strchr(text, '=');
		char name[128];
		int status;

		if (equals == NULL || equals == text || equals - text >= (ptrdiff_t)sizeof(name))
			return adit_error_set(error, -EINVAL,
				"properties: '%s' is none; expected name=value, such as "
				"security.protocol=sasl_ssl",
				text);
		if (is_secret(text))
			return adit_error_set(error, -EINVAL,
				"properties: '%.*s' is a secret, and those stand in files: "
				"secret_file "
				"for SASL's password, ssl.key.location for a key",
				(int)(equals - text), text);
		snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
		status = set(conf, name, equals + 1, error);
		if (status != 0)
			return status;
	}
	return 0;
}

static int set_secret(rd_kafka_conf_t *conf, const char *path, struct adit_error *error)
{
	char secret[SECRET_MOST + 1];
	int size, status;

	if (path == NULL || path[0] == '\0')
		return 0;
	size = adit_secret_read(path, "password", secret, SECRET_MOST, error);
	if (size < 0)
		return size;
	secret[size] = '\0';
	status = set(conf, "sasl.password", secret, error);
	explicit_bzero(secret, sizeof(secret));
	return status;
}

static int producer_make(struct adit_sink *sink, struct kafka *state, struct adit_error *error)
{
	static const char *const fixed[][2] = {
		{"client.id", "adit"},
		{"enable.idempotence", "true"},
		{"message.timeout.ms", "0"},
		{"partitioner", "murmur2_random"},
		{"linger.ms", "20"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256], most[32];
	int status = set_brokers(conf, &sink->params.brokers, error);

	snprintf(most, sizeof(most), "%d", OWN_QUEUE);
	if (status == 0)
		status = set(conf, "queue.buffering.max.messages", most, error);
	for (size_t i = 0; status == 0 && i < ADIT_COUNT(fixed); i++)
		status = set(conf, fixed[i][0], fixed[i][1], error);
	if (status == 0)
		status = set_properties(conf, &sink->params.properties, error);
	if (status == 0)
		status = set_secret(conf, sink->params.secret_file, error);
	rd_kafka_conf_set_opaque(conf, sink);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (status == 0) {
		state->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
		if (state->producer == NULL)
			status = adit_error_set(error, -EINVAL, "%s", why);
	}
	if (status != 0)
		rd_kafka_conf_destroy(conf);
	return status;
}

static int kafka_open(struct adit_sink *sink, struct adit_error *error)
{
	struct kafka *state = calloc(1, sizeof(*state));
	int status;

	sink->state = state;
	if (state == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	/* Only to see whether it can be: its threads must be where the sink's thread is. */
	status = producer_make(sink, state, error);
	if (status == 0)
		rd_kafka_destroy(state->producer);
	state->producer = NULL;
	return status;
}

/* Gives up what is outstanding: each gets its report. */
static void give_up(struct kafka *state)
{
	rd_kafka_purge(state->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	for (int i = 0; i < PURGE_MS / 10 && state->outstanding > 0; i++)
		rd_kafka_poll(state->producer, 10);
}

/* Takes reports; makes a producer where there is none. */
static int serve(struct adit_sink *sink, struct adit_error *error)
{
	struct kafka *state = sink->state;

	if (state->producer != NULL)
		rd_kafka_poll(state->producer, 0);
	if (state->fatal && state->producer != NULL) {
		give_up(state);
		adit_sink_count(sink, ADIT_SINK_DROPPED, state->outstanding);
		state->outstanding = 0;
		rd_kafka_destroy(state->producer);
		state->producer = NULL;
	}
	if (state->producer == NULL) {
		state->fatal = false;
		return producer_make(sink, state, error);
	}
	return 0;
}

static int kafka_tick(struct adit_sink *sink, struct adit_error *error)
{
	struct kafka *state = sink->state;
	int status = serve(sink, error);

	if (status == 0 && state->down && state->outstanding > 0)
		return adit_error_set(error, -EIO, "no broker can be reached");
	return status;
}

static int kafka_write(struct adit_sink *sink, struct adit_event *const *events, size_t count,
	size_t *done, struct adit_error *error)
{
	struct kafka *state = sink->state;
	int status = serve(sink, error);

	for (; status == 0 && *done < count; (*done)++) {
		struct adit_event *event = events[*done];
		char key[ADIT_NAME_TEXT_MAX];
		rd_kafka_resp_err_t refused;

		adit_event_subject(event, key);
		refused = rd_kafka_producev(state->producer, RD_KAFKA_V_TOPIC(sink->params.topic),
			RD_KAFKA_V_KEY(key, strlen(key)),
			RD_KAFKA_V_VALUE(event->line, event->size - 1),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		if (refused == RD_KAFKA_RESP_ERR_NO_ERROR) {
			state->outstanding++;
		} else if (refused == RD_KAFKA_RESP_ERR__QUEUE_FULL ||
			   refused == RD_KAFKA_RESP_ERR__FATAL) {
			return adit_error_set(error, -EAGAIN,
				"the brokers do not take what was sent: %s",
				rd_kafka_err2str(refused));
		} else {
			adit_sink_refuse(sink, 1, rd_kafka_err2str(refused));
		}
	}
	return status;
}

static size_t kafka_pending(struct adit_sink *sink)
{
	return ((struct kafka *)sink->state)->outstanding;
}

static void kafka_end(struct adit_sink *sink)
{
	struct kafka *state = sink->state;

	if (state->producer == NULL)
		return;
	if (state->outstanding > 0)
		give_up(state);
	adit_sink_count(sink, ADIT_SINK_DROPPED, state->outstanding);
	/* It waits for threads of the library: here, and not where verdicts are taken. */
	rd_kafka_destroy(state->producer);
	state->producer = NULL;
}

static void kafka_close(struct adit_sink *sink)
{
	struct kafka *state = sink->state;

	if (state != NULL && state->producer != NULL)
		rd_kafka_destroy(state->producer);
	free(state);
}

const struct adit_sink_ops adit_sink_kafka = {
	.type = "kafka",
	.open = kafka_open,
	.write = kafka_write,
	.tick = kafka_tick,
	.tick_ms = 50,
	.pending = kafka_pending,
	.end = kafka_end,
	.close = kafka_close,
};
