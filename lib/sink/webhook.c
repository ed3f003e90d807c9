/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A webhook by libcurl: POST of a JSON array of records. Any 2xx is a receipt; what can't get
 * better by trying again (400, 415, 422, and 413 of a single record) is refused for good,
 * everything else is tried again. An answer that got lost makes a record come twice: `id`, `state`
 * and `time` tell that.
 */
#include "sink_priv.h"

#include "adit_secret.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

#define TOKEN_MOST 4096

struct webhook {
	CURL *curl;
	size_t batch; /* most records at a time; 413 makes it smaller */
	char *body;
	size_t body_size;
	char why[CURL_ERROR_SIZE];
};

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

static int url_check(const struct adit_sink_params *params, struct adit_error *error)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL;
	bool has_secret = params->secret_file != NULL && params->secret_file[0] != '\0';
	int status = 0;

	if (url == NULL || curl_url_set(url, CURLUPART_URL, params->url, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
		(strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
		status = adit_error_set(error, -EINVAL,
			"url: '%s' is none; expected one such as https://siem.example/verdicts",
			params->url);
	else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
		status = adit_error_set(error, -EINVAL,
			"url: it holds a user's name; secrets stand in files: secret_file takes a "
			"bearer token");
	else if (has_secret && strcmp(scheme, "http") == 0 && !is_loopback(host))
		status = adit_error_set(error, -EINVAL,
			"url: everybody on the way could read the token of secret_file; expected "
			"https");
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(url);
	return status;
}

/* The header of the token, as the file has it now: a new one needs no restart. 1: there is none. */
static int token_read(
	const struct adit_sink *sink, struct curl_slist **headers, struct adit_error *error)
{
	static const char prefix[] = "Authorization: Bearer ";
	char line[sizeof(prefix) + TOKEN_MOST + 1];
	struct curl_slist *more;
	int size;

	if (sink->params.secret_file == NULL || sink->params.secret_file[0] == '\0')
		return 0;
	memcpy(line, prefix, sizeof(prefix));
	size = adit_secret_read(sink->params.secret_file, "token", line + sizeof(prefix) - 1,
		TOKEN_MOST + 1, error);
	if (size < 0)
		return size;
	line[sizeof(prefix) - 1 + (size_t)size] = '\0';
	if (size == 0 || size > TOKEN_MOST || strpbrk(line, "\r\n") != NULL) {
		explicit_bzero(line, sizeof(line));
		return adit_error_set(error, -EINVAL,
			"%s: expected a token on one line, of at most %d bytes",
			sink->params.secret_file, TOKEN_MOST);
	}
	more = curl_slist_append(*headers, line);
	explicit_bzero(line, sizeof(line));
	if (more == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	*headers = more;
	return 0;
}

/* What the receiver answers beside its status says nothing. */
static size_t on_answer(char *bytes, size_t one, size_t size, void *context)
{
	(void)bytes;
	(void)context;
	return one * size;
}

/* Often: not zero ends the transfer. */
static int on_progress(
	void *context, curl_off_t down, curl_off_t downs, curl_off_t up, curl_off_t ups)
{
	return adit_sink_patience(context, 1) == 0;
}

static int webhook_open(struct adit_sink *sink, struct adit_error *error)
{
	struct webhook *state = calloc(1, sizeof(*state));
	struct curl_slist *headers = NULL;
	int status;

	sink->state = state;
	if (state == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return adit_error_set(error, -ENOMEM, "out of memory");
	state->batch = sink->params.batch < ADIT_SINK_BATCH ? sink->params.batch : ADIT_SINK_BATCH;
	status = url_check(&sink->params, error);
	if (status == 0)
		status = token_read(sink, &headers, error);
	curl_slist_free_all(headers);
	if (status != 0)
		return status;
	state->curl = curl_easy_init();
	if (state->curl == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	curl_easy_setopt(state->curl, CURLOPT_URL, sink->params.url);
	curl_easy_setopt(state->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(state->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(state->curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(state->curl, CURLOPT_TIMEOUT_MS, (long)sink->params.timeout_ms);
	curl_easy_setopt(state->curl, CURLOPT_ERRORBUFFER, state->why);
	curl_easy_setopt(state->curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(state->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(state->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(state->curl, CURLOPT_XFERINFODATA, sink);
	if (sink->params.ca_file != NULL && sink->params.ca_file[0] != '\0')
		curl_easy_setopt(state->curl, CURLOPT_CAINFO, sink->params.ca_file);
	return 0;
}

/* The records as an array. */
static int body_make(struct webhook *state, struct adit_event *const *events, size_t count)
{
	FILE *to;

	free(state->body);
	state->body = NULL;
	to = open_memstream(&state->body, &state->body_size);
	if (to == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		fputc(i == 0 ? '[' : ',', to);
		fwrite(events[i]->line, 1, events[i]->size - 1, to);
	}
	fputc(']', to);
	return fclose(to) == 0 ? 0 : -ENOMEM;
}

/* Sends the body. 0, with the receiver's status; -errno: there was none. */
static int post(struct adit_sink *sink, struct webhook *state, long *code, struct adit_error *error)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	int status = headers != NULL ? token_read(sink, &headers, error)
				     : adit_error_set(error, -ENOMEM, "out of memory");
	char agent[64];
	CURLcode result;

	if (status == 0) {
		snprintf(agent, sizeof(agent), "adit/%.32s", sink->host->version);
		curl_easy_setopt(state->curl, CURLOPT_USERAGENT, agent);
		curl_easy_setopt(state->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(
			state->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)state->body_size);
		curl_easy_setopt(state->curl, CURLOPT_POSTFIELDS, state->body);
		state->why[0] = '\0';
		result = curl_easy_perform(state->curl);
		if (result != CURLE_OK)
			status = adit_error_set(error, -EIO, "%s: %s", sink->params.url,
				state->why[0] != '\0' ? state->why : curl_easy_strerror(result));
		else
			curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, code);
		curl_easy_setopt(state->curl, CURLOPT_HTTPHEADER, NULL);
	}
	curl_slist_free_all(headers);
	return status;
}

/* What the receiver's status means for these records: 0, they are through; else they are tried
 * again. */
static int settle(struct adit_sink *sink, struct webhook *state, long code, size_t count,
	struct adit_error *error)
{
	if (code >= 200 && code < 300) {
		adit_sink_count(sink, ADIT_SINK_WRITTEN, count);
		return 0;
	}
	adit_error_set(error, -EIO, "%s: the receiver answers %ld", sink->params.url, code);
	if (code == 413 && count > 1) {
		state->batch = (count + 1) / 2;
		return -EIO;
	}
	if (code != 400 && code != 413 && code != 415 && code != 422)
		return -EIO;
	adit_sink_refuse(sink, count, error->text);
	return 0;
}

static int webhook_write(struct adit_sink *sink, struct adit_event *const *events, size_t count,
	size_t *done, struct adit_error *error)
{
	struct webhook *state = sink->state;

	while (*done < count) {
		size_t some = count - *done < state->batch ? count - *done : state->batch;
		long code = 0;
		int status = body_make(state, events + *done, some);

		if (status != 0)
			return adit_error_set(error, status, "out of memory");
		status = post(sink, state, &code, error);
		if (status == 0)
			status = settle(sink, state, code, some, error);
		if (status != 0)
			return status;
		*done += some;
	}
	return 0;
}

static void webhook_close(struct adit_sink *sink)
{
	struct webhook *state = sink->state;

	if (state == NULL)
		return;
	curl_easy_cleanup(state->curl);
	free(state->body);
	free(state);
	curl_global_cleanup();
}

const struct adit_sink_ops adit_sink_webhook = {
	.type = "webhook",
	.open = webhook_open,
	.write = webhook_write,
	.close = webhook_close,
};
