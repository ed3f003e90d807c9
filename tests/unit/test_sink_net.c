/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sinks that send: messages as they must be, and receivers that are there, go away, refuse and come
 * back.
 */
#include "sink_cases.h"

#include <arpa/inet.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static struct adit_error error;

static uint64_t true_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* For those whose library has a clock of its own. */
static const struct adit_sink_host true_host = {
	case_real_ns, true_monotonic_ns, case_start, "1.2.3"};

/* A socket on the loopback, and its address as text. */
static int receiver(int kind, uint16_t port, char text[32])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int file = socket(AF_INET, kind | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(file, (struct sockaddr *)&address, size) != 0 ||
		getsockname(file, (struct sockaddr *)&address, &size) != 0 ||
		(kind == SOCK_STREAM && listen(file, 8) != 0))
		FAIL("no receiver: %s", strerror(errno));
	snprintf(text, 32, "127.0.0.1:%u", ntohs(address.sin_port));
	return file;
}

/* What comes, in a buffer of its own. */
static const char *received(int file)
{
	static char text[1 << 16];
	struct pollfd ready = {.fd = file, .events = POLLIN};
	ssize_t size = poll(&ready, 1, 5000) == 1 ? recv(file, text, sizeof(text) - 1, 0) : 0;

	text[size > 0 ? size : 0] = '\0';
	return text;
}

static struct adit_sink_params syslog(enum adit_sink_transport transport, const char *address)
{
	struct adit_sink_params params = case_params(ADIT_SINK_SYSLOG);

	clock_real = START;
	clock_monotonic = ADIT_NS_PER_S;
	params.transport = transport;
	params.address = address;
	params.facility = 16;
	return params;
}

TEST(sink_message, cef)
{
	struct adit_verdict verdict = case_verdict("a=b.example\\124com", 95);
	struct adit_event *event = adit_event_make(&verdict, NULL, true);
	char text[4096];
	int size = adit_cef_message(event, "1.2.3", text, sizeof(text));

	REQUIRE(size > 0);
	CHECK_EQ_STR(text,
		"CEF:0|Adit|adit|1.2.3|tunnel|DNS tunnel a=b.example\\|com|9|"
		"externalId=0000000000001234 act=open rt=1795331982000 start=1795331982000 "
		"end=1795331992000 destinationDnsDomain=a\\=b.example|com src=10.45.0.7 cnt=5 "
		"out=300 "
		"in=400 cn1Label=score cn1=95 cn2Label=subscribers cn2=1 cn3Label=uniqueNames "
		"cn3=4 "
		"cs1Label=tool cs1=iodine cs2Label=subscriber cs2=10.45.0.7 cs3Label=reasons "
		"cs3=signature_names 12 (1) cs4Label=server cs4=");
	for (int room = 0; room <= size; room++)
		CHECK_EQ_INT(adit_cef_message(event, "1.2.3", text, (size_t)room), -EMSGSIZE);
	adit_event_release(event);
}

TEST(sink_syslog, datagrams)
{
	char address[32], start[128];
	int file = receiver(SOCK_DGRAM, 0, address);
	struct adit_sink_params params = syslog(ADIT_SYSLOG_UDP, address);
	struct adit_sink sink;
	const char *text;

	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	text = received(file);
	CHECK(strncmp(text, "<132>1 2026-11-22T07:19:42Z ", 28) == 0); /* local0, warning */
	snprintf(start, sizeof(start), " adit %d verdict - {\"schema\":", (int)getpid());
	CHECK_CONTAINS(text, start);
	CHECK_EQ_STR(text + strlen(text) - 13, "\"muted\":null}");
	offer(&sink, "a.test", 60);
	adit_sink_step(&sink);
	CHECK(strncmp(received(file), "<133>1 ", 7) == 0); /* notice */
	CHECK_EQ_INT(sink.status.written, 2);
	case_end(&sink);
	close(file);
}

TEST(sink_syslog, what_is_too_long_is_refused_and_told)
{
	char address[32];
	int file = receiver(SOCK_DGRAM, 0, address);
	struct adit_sink_params params = syslog(ADIT_SYSLOG_UDP, address);
	struct adit_sink sink;

	params.bytes_most = 100; /* less than any line */
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	CHECK_EQ_INT(adit_sink_step(&sink), INT32_MAX);
	CHECK_EQ_INT(sink.status.failed, 1);
	CHECK_CONTAINS(sink.message, "too long");
	case_end(&sink);
	close(file);
}

TEST(sink_syslog, stream_counts_octets_and_comes_back)
{
	char address[32], other[32];
	int listener = receiver(SOCK_STREAM, 0, address), connection;
	struct adit_sink_params params = syslog(ADIT_SYSLOG_TCP, address);
	uint16_t port = (uint16_t)atoi(strchr(address, ':') + 1);
	struct adit_sink sink;
	const char *text;
	char *message;

	params.cef = true;
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	connection = accept(listener, NULL, NULL);
	text = received(connection);
	CHECK_EQ_INT(strtol(text, &message, 10), (long)strlen(message + 1));
	CHECK(strncmp(message, " <132>1 ", 8) == 0);
	CHECK_CONTAINS(text, " CEF:0|Adit|adit|1.2.3|tunnel|");
	/* The receiver goes: the next record is not lost, and comes when it is there again. */
	close(connection);
	close(listener);
	offer(&sink, "b.test", 80);
	CHECK_EQ_INT(adit_sink_step(&sink), 100);
	CHECK_EQ_INT(sink.status.written, 1);
	pass(ADIT_NS_PER_S);
	CHECK_EQ_INT(adit_sink_step(&sink), 200);
	CHECK_CONTAINS(sink.status.error, "Connection refused");
	listener = receiver(SOCK_STREAM, port, other);
	pass(ADIT_NS_PER_S);
	CHECK_EQ_INT(adit_sink_step(&sink), INT32_MAX);
	CHECK_EQ_INT(sink.status.written, 2);
	connection = accept(listener, NULL, NULL);
	CHECK_CONTAINS(received(connection), "destinationDnsDomain=b.test");
	case_end(&sink);
	close(connection);
	close(listener);
}

TEST(sink_syslog, unix_socket)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct adit_sink_params params;
	struct adit_sink sink;
	int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/log", case_directory());
	params = syslog(ADIT_SYSLOG_UNIX, name.sun_path);
	REQUIRE(adit_sink_open(&sink, &params, &case_host, &error) == 0);
	offer(&sink, "a.test", 80);
	CHECK_EQ_INT(adit_sink_step(&sink), 100); /* nobody there yet */
	REQUIRE(bind(file, (struct sockaddr *)&name, sizeof(name)) == 0);
	pass(ADIT_NS_PER_S);
	adit_sink_step(&sink);
	CHECK_CONTAINS(received(file), "\"a.test\"");
	case_end(&sink);
	close(file);
	unlink(name.sun_path);
	*strrchr(name.sun_path, '/') = '\0';
	CHECK_EQ_INT(rmdir(name.sun_path), 0);
}

TEST(sink_syslog, addresses)
{
	static const char *const bad[] = {"", "192.0.2.1", "192.0.2.1:", ":514", "host.test:514",
		"2001:db8::1:514", "[2001:db8::1]", "192.0.2.1:70000x"};
	static const char *const good[] = {"192.0.2.1:514", "[2001:db8::1]:514"};
	struct adit_sink_params params;
	struct adit_sink sink;

	for (size_t i = 0; i < ADIT_COUNT(bad) + ADIT_COUNT(good); i++) {
		bool is_bad = i < ADIT_COUNT(bad);

		params = syslog(ADIT_SYSLOG_UDP, is_bad ? bad[i] : good[i - ADIT_COUNT(bad)]);
		if (adit_sink_open(&sink, &params, &case_host, &error) != (is_bad ? -EINVAL : 0))
			FAIL("'%s'", params.address);
		adit_sink_close(&sink);
	}
	params = syslog(ADIT_SYSLOG_UNIX, "dev/log");
	CHECK_EQ_INT(adit_sink_open(&sink, &params, &case_host, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "expected one such as /dev/log");
	adit_sink_close(&sink);
}

/* Steps until so many are written or refused, 10 s at most. */
static void step_until(struct adit_sink *sink, uint64_t count)
{
	uint64_t end = true_monotonic_ns() + 10 * ADIT_NS_PER_S;

	while (sink->status.written + sink->status.failed < count && true_monotonic_ns() < end)
		adit_sink_wait(sink, adit_sink_step(sink) > 10 ? 10 : 0);
	CHECK_EQ_INT(sink->status.written + sink->status.failed, count);
}

/* Brokers within the process: librdkafka's own. */
struct brokers {
	rd_kafka_t *handle;
	rd_kafka_mock_cluster_t *cluster;
};

static struct brokers brokers_start(void)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct brokers brokers = {rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why)), NULL};

	if (brokers.handle != NULL)
		brokers.cluster = rd_kafka_mock_cluster_new(brokers.handle, 1);
	if (brokers.cluster == NULL)
		FAIL("no mock cluster");
	return brokers;
}

static void brokers_stop(struct brokers *brokers)
{
	rd_kafka_mock_cluster_destroy(brokers->cluster);
	rd_kafka_destroy(brokers->handle);
}

/* Reads `count` messages; each key must be that of its record. */
static void check_topic(const char *address, int count)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(4);
	rd_kafka_t *consumer;
	char want[128];

	rd_kafka_conf_set(conf, "bootstrap.servers", address, NULL, 0);
	rd_kafka_conf_set(conf, "group.id", "test", NULL, 0);
	consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
	for (int i = 0; i < 4; i++)
		rd_kafka_topic_partition_list_add(topics, "verdicts", i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(consumer, topics);
	for (uint64_t end = true_monotonic_ns() + 10 * ADIT_NS_PER_S;
		count > 0 && true_monotonic_ns() < end;) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

		if (message != NULL && message->err == 0) {
			count--;
			snprintf(want, sizeof(want), "\"domain\":\"%.*s\"", (int)message->key_len,
				(const char *)message->key);
			CHECK(memmem(message->payload, message->len, want, strlen(want)) != NULL);
		}
		if (message != NULL)
			rd_kafka_message_destroy(message);
	}
	CHECK_EQ_INT(count, 0);
	rd_kafka_topic_partition_list_destroy(topics);
	rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
}

TEST(sink_kafka, delivers_and_counts_reports)
{
	struct brokers brokers = brokers_start();
	struct adit_sink_params params = case_params(ADIT_SINK_KAFKA);
	char *address[1] = {(char *)rd_kafka_mock_cluster_bootstraps(brokers.cluster)};
	struct adit_sink sink;
	char domain[32];

	clock_real = START;
	params.brokers = (struct adit_sink_strings){address, 1};
	params.topic = "verdicts";
	rd_kafka_mock_topic_create(brokers.cluster, "verdicts", 4, 1);
	REQUIRE(adit_sink_open(&sink, &params, &true_host, &error) == 0);
	for (int i = 0; i < 20; i++) {
		snprintf(domain, sizeof(domain), "d%d.test", i);
		offer(&sink, domain, 80);
	}
	/* A broker that refuses some requests for a while: tried again, none twice. */
	rd_kafka_mock_push_request_errors(brokers.cluster, 0 /* Produce */, 2,
		RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	step_until(&sink, 20);
	CHECK_EQ_INT(sink.status.written, 20);
	check_topic(address[0], 20);
	case_end(&sink);
	brokers_stop(&brokers);
}

TEST(sink_kafka, broker_that_goes_down_and_comes_back)
{
	struct brokers brokers = brokers_start();
	struct adit_sink_params params = case_params(ADIT_SINK_KAFKA);
	char *address[1] = {(char *)rd_kafka_mock_cluster_bootstraps(brokers.cluster)};
	char *property[1] = {"reconnect.backoff.max.ms=200"};
	uint64_t end = true_monotonic_ns() + 20 * ADIT_NS_PER_S;
	struct adit_sink sink;

	clock_real = START;
	params.brokers = (struct adit_sink_strings){address, 1};
	params.properties = (struct adit_sink_strings){property, 1};
	params.topic = "verdicts";
	rd_kafka_mock_topic_create(brokers.cluster, "verdicts", 4, 1);
	rd_kafka_mock_broker_set_down(brokers.cluster, 1);
	REQUIRE(adit_sink_open(&sink, &params, &true_host, &error) == 0);
	offer(&sink, "a.test", 80);
	while (!sink.status.failing && true_monotonic_ns() < end)
		adit_sink_wait(&sink, adit_sink_step(&sink) > 10 ? 10 : 0);
	CHECK_CONTAINS(sink.message, "no broker can be reached; it is tried again");
	CHECK_EQ_INT(sink.status.written, 0);
	rd_kafka_mock_broker_set_up(brokers.cluster, 1);
	offer(&sink, "b.test", 80);
	step_until(&sink, 2);
	CHECK_EQ_INT(sink.status.written, 2);
	check_topic(address[0], 2);
	case_end(&sink);
	brokers_stop(&brokers);
}

TEST(sink_kafka, without_brokers_the_end_comes_in_time_and_all_is_counted)
{
	struct adit_sink_params params = case_params(ADIT_SINK_KAFKA);
	char *address[1] = {"127.0.0.1:1"};
	struct adit_sink sink;
	uint64_t begin;

	params.brokers = (struct adit_sink_strings){address, 1};
	params.topic = "verdicts";
	params.linger_ms = 200;
	REQUIRE(adit_sink_open(&sink, &params, &true_host, &error) == 0);
	offer(&sink, "a.test", 80);
	adit_sink_step(&sink);
	CHECK_EQ_INT(sink.ops->pending(&sink), 1);
	begin = true_monotonic_ns();
	case_end(&sink);
	CHECK(true_monotonic_ns() - begin < 5 * ADIT_NS_PER_S);
	CHECK_EQ_INT(sink.status.dropped, 1);
}

TEST(sink_kafka, properties)
{
	static const struct {
		const char *property, *message;
	} rows[] = {
		{"acks", "properties: 'acks' is none; expected name=value"},
		{"no.such=1", "no.such: No such configuration property: \"no.such\""},
		{"sasl.password=x", "properties: 'sasl.password' is a secret"},
		{"ssl.key.pem=x", "properties: 'ssl.key.pem' is a secret"},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_sink_params params = case_params(ADIT_SINK_KAFKA);
		char *address[1] = {"127.0.0.1:1"}, *property[1] = {(char *)rows[i].property};
		struct adit_sink sink;

		params.brokers = (struct adit_sink_strings){address, 1};
		params.properties = (struct adit_sink_strings){property, 1};
		params.topic = "verdicts";
		CHECK_EQ_INT(adit_sink_open(&sink, &params, &true_host, &error), -EINVAL);
		CHECK_CONTAINS(error.text, rows[i].message);
		adit_sink_close(&sink);
	}
}

/* A receiver of webhooks on a thread: answers each request by the next of `answers`, 0: not at all.
 */
struct web {
	int listener;
	const int *answers;
	size_t count;
	char text[16][4096];
};

static void *web_work(void *argument)
{
	struct web *web = argument;

	for (size_t i = 0; i < web->count; i++) {
		int connection = accept(web->listener, NULL, NULL);
		char *text = web->text[i], answer[128];
		size_t size = 0;
		ssize_t more;

		while (size < sizeof(web->text[i]) - 1 && strstr(text, "}]") == NULL &&
			(more = recv(connection, text + size, sizeof(web->text[i]) - 1 - size, 0)) >
				0) {
			size += (size_t)more;
			text[size] = '\0';
		}
		if (web->answers[i] == 0) {
			while (recv(connection, answer, sizeof(answer), 0) > 0)
				;
		} else {
			snprintf(answer, sizeof(answer),
				"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
				web->answers[i]);
			send(connection, answer, strlen(answer), MSG_NOSIGNAL);
		}
		close(connection);
	}
	return NULL;
}

TEST(sink_webhook, sends_tries_again_and_tells_what_is_refused)
{
	static const int answers[] = {200, 503, 204, 422, 413, 200, 200};
	static struct web web;
	struct adit_sink_params params = case_params(ADIT_SINK_WEBHOOK);
	char address[32], url[64], token[96];
	struct adit_sink sink;
	pthread_t thread;

	memset(&web, 0, sizeof(web));
	web = (struct web){receiver(SOCK_STREAM, 0, address), answers, ADIT_COUNT(answers), {""}};
	REQUIRE(pthread_create(&thread, NULL, web_work, &web) == 0);
	snprintf(url, sizeof(url), "http://%s/hook", address);
	snprintf(token, sizeof(token), "%s/token", case_directory());
	file_write(token, "s3cret\n");
	chmod(token, 0600);
	params.url = url;
	params.secret_file = token;
	params.timeout_ms = 10000;
	REQUIRE(adit_sink_open(&sink, &params, &true_host, &error) == 0);
	offer(&sink, "a.test", 80);
	step_until(&sink, 1);
	CHECK_CONTAINS(web.text[0], "POST /hook HTTP/1.1\r\n");
	CHECK_CONTAINS(web.text[0], "\r\nAuthorization: Bearer s3cret\r\n");
	CHECK_CONTAINS(web.text[0], "\r\nContent-Type: application/json\r\n");
	CHECK_CONTAINS(web.text[0], "\r\nUser-Agent: adit/1.2.3\r\n");
	CHECK_CONTAINS(web.text[0], "\r\n\r\n[{\"schema\":\"adit.verdict/1\"");
	offer(&sink, "b.test", 80); /* 503, then 204 */
	step_until(&sink, 2);
	CHECK_EQ_INT(sink.status.retried, 1);
	CHECK_CONTAINS(web.text[2], "\"b.test\"");
	offer(&sink, "c.test", 80); /* 422 */
	step_until(&sink, 3);
	CHECK_EQ_INT(sink.status.failed, 1);
	CHECK_CONTAINS(sink.status.error, "the receiver answers 422");
	offer(&sink, "d.test", 80); /* 413 of both: one by one */
	offer(&sink, "e.test", 80);
	step_until(&sink, 5);
	CHECK_EQ_INT(sink.status.written, 4);
	CHECK_EQ_INT(count_of(web.text[4], "\"schema\""), 2);
	CHECK_EQ_INT(count_of(web.text[5], "\"schema\""), 1);
	pthread_join(thread, NULL);
	close(web.listener);
	case_end(&sink);
	unlink(token);
	*strrchr(token, '/') = '\0';
	rmdir(token);
}

TEST(sink_webhook, receiver_that_hangs_ends_with_the_deadline)
{
	static const int answers[] = {0};
	static struct web web;
	struct adit_sink_params params = case_params(ADIT_SINK_WEBHOOK);
	struct adit_verdict verdict = case_verdict("a.test", 80);
	struct adit_sink_status status;
	char address[32], url[64];
	struct adit_sinks *sinks;
	pthread_t thread;
	uint64_t begin;

	memset(&web, 0, sizeof(web));
	web = (struct web){receiver(SOCK_STREAM, 0, address), answers, 1, {""}};
	REQUIRE(pthread_create(&thread, NULL, web_work, &web) == 0);
	snprintf(url, sizeof(url), "http://%s/hook", address);
	params.url = url;
	params.timeout_ms = 300000;
	params.linger_ms = 200;
	REQUIRE(adit_sinks_create(&sinks, &params, 1, &true_host, &error) == 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	adit_sinks_offer(sinks, &verdict, NULL);
	begin = true_monotonic_ns();
	adit_sinks_stop(sinks);
	CHECK(true_monotonic_ns() - begin < 20 * ADIT_NS_PER_S);
	adit_sinks_status(sinks, 0, &status);
	CHECK_EQ_INT(status.dropped, 1);
	adit_sinks_destroy(sinks);
	pthread_join(thread, NULL);
	close(web.listener);
}

TEST(sink_webhook, urls)
{
	static const struct {
		const char *url, *secret, *message;
	} rows[] = {
		{"siem.example", "", "url: 'siem.example' is none; expected one such as https://"},
		{"ftp://siem.example/", "", "url: 'ftp://siem.example/' is none"},
		{"https://me:pw@siem.example/", "", "url: it holds a user's name"},
		{"http://siem.example/", "/x",
			"could read the token of secret_file; expected https"},
		{"https://siem.example/", "/nonexistent", "/nonexistent: No such file"},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_sink_params params = case_params(ADIT_SINK_WEBHOOK);
		struct adit_sink sink;

		params.url = rows[i].url;
		params.secret_file = rows[i].secret;
		CHECK(adit_sink_open(&sink, &params, &true_host, &error) < 0);
		CHECK_CONTAINS(error.text, rows[i].message);
		adit_sink_close(&sink);
	}
}
