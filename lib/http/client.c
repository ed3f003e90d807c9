/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A client by libcurl. For a UNIX socket, proxies of the environment are left aside; redirections
 * are not followed: this server makes none.
 */
#include "adit_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A server of ours holds answers to less; a stranger's must not fill memory. */
#define ANSWER_MOST ((size_t)256 << 20)
#define URL_MOST    4096

struct adit_http_client {
	struct adit_http_client_params params; /* its strings are the caller's */
	CURL *curl;
	struct curl_slist *headers;
	char why[CURL_ERROR_SIZE];
};

static size_t on_answer(char *bytes, size_t one, size_t size, void *context)
{
	struct adit_http_reply *reply = context;
	char *more;

	size *= one;
	if (size > ANSWER_MOST - reply->size)
		return 0;
	more = realloc(reply->body, reply->size + size + 1);
	if (more == NULL)
		return 0;
	memcpy(more + reply->size, bytes, size);
	reply->body = more;
	reply->size += size;
	more[reply->size] = '\0';
	return size;
}

static int url_check(const char *text, struct adit_error *error)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *query = NULL;
	int status = 0;

	if (url == NULL || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_QUERY, &query, 0) == CURLUE_OK ||
		(strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
		status = adit_error_set(error, -EINVAL,
			"'%s' is no URL of a server; expected one such as http://127.0.0.1:9153",
			text);
	curl_free(scheme);
	curl_free(host);
	curl_free(query);
	curl_url_cleanup(url);
	return status;
}

static int header_add(struct adit_http_client *client, const char *name, const char *value)
{
	char line[1024];
	struct curl_slist *more;

	snprintf(line, sizeof(line), "%s: %s", name, value);
	more = curl_slist_append(client->headers, line);
	explicit_bzero(line, sizeof(line));
	if (more != NULL)
		client->headers = more;
	return more != NULL ? 0 : -ENOMEM;
}

static int headers_make(struct adit_http_client *client)
{
	char bearer[768];
	int status = header_add(client, "Accept", "application/json");

	if (status == 0)
		status = header_add(client, "Content-Type", "application/json");
	/* A body goes at once, not after a word from the server. */
	if (status == 0)
		status = header_add(client, "Expect", "");
	if (status == 0 && client->params.token != NULL) {
		snprintf(bearer, sizeof(bearer), "Bearer %s", client->params.token);
		status = header_add(client, "Authorization", bearer);
		explicit_bzero(bearer, sizeof(bearer));
	}
	return status;
}

int adit_http_client_open(struct adit_http_client **client,
	const struct adit_http_client_params *params, struct adit_error *error)
{
	struct adit_http_client *made;
	int status = params->socket == NULL ? url_check(params->url, error) : 0;

	*client = NULL;
	if (status != 0)
		return status;
	made = calloc(1, sizeof(*made));
	if (made == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(made);
		return adit_error_set(error, -ENOMEM, "out of memory");
	}
	made->params = *params;
	made->curl = curl_easy_init();
	if (made->curl == NULL || headers_make(made) != 0) {
		adit_http_client_close(made);
		return adit_error_set(error, -ENOMEM, "out of memory");
	}
	curl_easy_setopt(made->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(made->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(made->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)params->connect_ms);
	curl_easy_setopt(made->curl, CURLOPT_TIMEOUT_MS, (long)params->answer_ms);
	curl_easy_setopt(made->curl, CURLOPT_ERRORBUFFER, made->why);
	curl_easy_setopt(made->curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(made->curl, CURLOPT_HTTPHEADER, made->headers);
	if (params->socket != NULL) {
		curl_easy_setopt(made->curl, CURLOPT_UNIX_SOCKET_PATH, params->socket);
		curl_easy_setopt(made->curl, CURLOPT_PROXY, "");
	}
	if (params->ca_file != NULL)
		curl_easy_setopt(made->curl, CURLOPT_CAINFO, params->ca_file);
	*client = made;
	return 0;
}

/* Why no answer came, in words. */
static int failed(const struct adit_http_client *client, CURLcode code, struct adit_error *error)
{
	const char *at = client->params.socket != NULL ? client->params.socket : client->params.url;
	long system = 0;
	int status = code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;

	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &system);
	if (code == CURLE_COULDNT_CONNECT && system != 0)
		status = -(int)system;
	if (code == CURLE_COULDNT_CONNECT)
		return adit_error_set(error, status, "%s: %s", at,
			system != 0            ? strerror((int)system)
			: *client->why != '\0' ? client->why
					       : curl_easy_strerror(code));
	return adit_error_set(error, status, "%s: %s", at,
		*client->why != '\0' ? client->why : curl_easy_strerror(code));
}

int adit_http_client_ask(struct adit_http_client *client, const char *method, const char *path,
	const char *body, struct adit_http_reply *reply, struct adit_error *error)
{
	/* Of a socket the host says nothing, but a request has one. */
	const char *base = client->params.socket != NULL ? "http://localhost" : client->params.url;
	size_t size = strlen(base);
	char url[URL_MOST];
	CURLcode code;
	long status = 0;

	*reply = (struct adit_http_reply){.status = 0};
	while (size > 0 && base[size - 1] == '/')
		size--;
	if (snprintf(url, sizeof(url), "%.*s%s", (int)size, base, path) >= (int)sizeof(url))
		return adit_error_set(error, -EIO, "the path is too long: %.200s…", path);
	client->why[0] = '\0';
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
	curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, reply);
	curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, NULL);
	if (body != NULL || strcmp(method, "POST") == 0) {
		curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
		curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE,
			(long)(body != NULL ? strlen(body) : 0));
	}
	if (strcmp(method, "GET") != 0)
		curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
	code = curl_easy_perform(client->curl);
	if (code == CURLE_OK && reply->body == NULL)
		reply->body = calloc(1, 1);
	if (code == CURLE_OK && reply->body != NULL) {
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
		reply->status = (unsigned)status;
		return 0;
	}
	adit_http_reply_clear(reply);
	return failed(client, code, error);
}

void adit_http_reply_clear(struct adit_http_reply *reply)
{
	free(reply->body);
	*reply = (struct adit_http_reply){.status = 0};
}

void adit_http_client_close(struct adit_http_client *client)
{
	if (client == NULL)
		return;
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	curl_slist_free_all(client->headers);
	free(client);
}

int adit_http_escape(const char *text, char *to, size_t room)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	size_t used = 0;

	for (; *text != '\0'; text++) {
		bool is_plain = strchr(plain, *text) != NULL;

		if (used + (is_plain ? 1 : 3) >= room)
			return -ENAMETOOLONG;
		if (is_plain)
			to[used++] = *text;
		if (is_plain)
			continue;
		to[used++] = '%';
		to[used++] = digits[(uint8_t)*text >> 4];
		to[used++] = digits[*text & 15];
	}
	to[used] = '\0';
	return 0;
}
