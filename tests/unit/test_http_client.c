/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Client and server over a UNIX socket: what is sent comes, bounded, with who sent it; and what is
 * said where nobody answers.
 */
#include "adit_http.h"
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void tell(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	char text[256];

	(void)context;
	snprintf(text, sizeof(text), "%s %s %u %zu %.20s", request->method, request->part,
		request->user, request->body_size, request->body != NULL ? request->body : "-");
	adit_http_body(response, "text/plain", strdup(text), strlen(text));
}

/* Lets an answer go only when another one has come. */
static void meet(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	pthread_barrier_wait(context);
	tell(context, request, response);
}

static const struct adit_http_route routes[] = {
	{"/it/{id}", tell, false, NULL, 0, "", "", NULL},
	{"/it/{id}", tell, false, NULL, 0, "", "", NULL, "POST", "It"},
	{"/it/{id}", tell, false, NULL, 0, "", "", NULL, "DELETE", NULL},
	{"/meet", meet, false, NULL, 0, "", "", NULL, "POST", NULL},
};

static char directory[64], path[96];
static uint64_t answers[ADIT_HTTP_HUNDREDS];
static pthread_barrier_t barrier;
static struct adit_error error;

static struct adit_http_server *serve(void)
{
	static const struct adit_http_site site = {.routes = routes,
		.route_count = ADIT_COUNT(routes),
		.context = &barrier,
		.is_local = true};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct adit_http_params params = {
		.connections = 8, .timeout_s = 10, .threads = true, .answers = answers};
	struct adit_http_server *server = NULL;
	int status;

	memset(answers, 0, sizeof(answers));
	snprintf(directory, sizeof(directory), "/tmp/adit-http-XXXXXX");
	if (mkdtemp(directory) == NULL)
		FAIL("no directory %s", directory);
	snprintf(path, sizeof(path), "%s/s", directory);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	params.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	status = bind(params.listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		 listen(params.listener, 8) != 0;
	if (status == 0)
		status = adit_http_start(&server, &site, &params, &error);
	if (status != 0)
		FAIL("no server at %s", path);
	return server;
}

static void end(struct adit_http_server *server)
{
	adit_http_stop(server);
	unlink(path);
	CHECK_EQ_INT(rmdir(directory), 0);
}

static struct adit_http_client *client_of(const char *socket)
{
	const struct adit_http_client_params params = {
		.socket = socket, .connect_ms = 5000, .answer_ms = 30000};
	struct adit_http_client *client = NULL;

	if (adit_http_client_open(&client, &params, &error) != 0)
		FAIL("no client: %s", error.text);
	return client;
}

static void ask(struct adit_http_client *client, const char *method, const char *at,
	const char *body, unsigned status, const char *expected)
{
	struct adit_http_reply reply;

	REQUIRE(adit_http_client_ask(client, method, at, body, &reply, &error) == 0);
	CHECK_EQ_INT(reply.status, status);
	CHECK_CONTAINS(reply.body, expected);
	adit_http_reply_clear(&reply);
}

TEST(http_client, what_is_sent_comes)
{
	struct adit_http_server *server = serve();
	struct adit_http_client *client = client_of(path);
	char expected[64], *long_body = malloc(ADIT_HTTP_BODY_MOST + 2);

	snprintf(expected, sizeof(expected), "GET a.b %u 0 -", (unsigned)getuid());
	ask(client, "GET", "/it/a.b", NULL, 200, expected);
	snprintf(expected, sizeof(expected), "POST a\\ b %u 7 {\"x\":1}", (unsigned)getuid());
	ask(client, "POST", "/it/a%5C%20b", "{\"x\":1}", 200, expected);
	snprintf(expected, sizeof(expected), "DELETE c %u 2 {}", (unsigned)getuid());
	ask(client, "DELETE", "/it/c", "{}", 200, expected);
	ask(client, "DELETE", "/it/c", NULL, 200, " 0 -");
	/* As much as is allowed, and a byte more. */
	memset(long_body, 'x', ADIT_HTTP_BODY_MOST + 1);
	long_body[ADIT_HTTP_BODY_MOST] = '\0';
	ask(client, "POST", "/it/d", long_body, 200, " 65536 xxxx");
	long_body[ADIT_HTTP_BODY_MOST] = 'x';
	long_body[ADIT_HTTP_BODY_MOST + 1] = '\0';
	ask(client, "POST", "/it/d", long_body, 413, "at most 65536 bytes");
	/* The same client goes on: a method does not stick. */
	ask(client, "GET", "/it/e", NULL, 200, "GET e");
	ask(client, "GET", "/nothing", NULL, 404, "nothing at '/nothing'");
	CHECK_EQ_INT(answers[2], 6);
	CHECK_EQ_INT(answers[4], 2);
	free(long_body);
	adit_http_client_close(client);
	end(server);
}

static void *meet_once(void *argument)
{
	struct adit_http_client *client = client_of(path);

	(void)argument;
	ask(client, "POST", "/meet", NULL, 200, "POST");
	adit_http_client_close(client);
	return NULL;
}

TEST(http_client, handlers_may_wait_for_one_another)
{
	struct adit_http_server *server = serve();
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	REQUIRE(pthread_create(&thread, NULL, meet_once, NULL) == 0);
	meet_once(NULL);
	pthread_join(thread, NULL);
	CHECK_EQ_INT(answers[2], 2);
	end(server);
	pthread_barrier_destroy(&barrier);
}

TEST(http_client, nobody_answers)
{
	static const char *const wrong[] = {"", "localhost", "ftp://localhost", "http://",
		"http://localhost/?x=1", "unix:/run/adit"};
	struct adit_http_client *client = client_of("/nowhere/s");
	struct adit_http_reply reply;
	char full[8192] = "/";

	CHECK_EQ_INT(adit_http_client_ask(client, "GET", "/", NULL, &reply, &error), -ENOENT);
	CHECK_CONTAINS(error.text, "/nowhere/s: No such file");
	memset(full + 1, 'x', sizeof(full) - 2);
	CHECK_EQ_INT(adit_http_client_ask(client, "GET", full, NULL, &reply, &error), -EIO);
	CHECK_CONTAINS(error.text, "too long");
	adit_http_client_close(client);
	for (size_t i = 0; i < ADIT_COUNT(wrong); i++) {
		const struct adit_http_client_params params = {
			.url = wrong[i], .connect_ms = 100, .answer_ms = 100};

		CHECK_EQ_INT(adit_http_client_open(&client, &params, &error), -EINVAL);
		CHECK_CONTAINS(error.text, "expected one such as http://127.0.0.1:9153");
	}
}
