/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The client's side of a program that runs: adit ctl, adit top. One thread.
 */
#ifndef ADIT_APP_CLIENT_H
#define ADIT_APP_CLIENT_H

#include "adit_http.h"
#include "arguments.h"
#include "control.h"

#include <jansson.h>

#define APP_CLIENT_OPTIONS 4

struct app_client {
	/* what the options say */
	const char *socket, *url, *token_file, *ca_file;
	/* what follows from them */
	char path[APP_CONTROL_PATH];
	char token[513];
	struct adit_http_client *http;
	unsigned status; /* of the last answer */
};

/* Fills the rows of the options: --socket, --url, --token-file, --ca-file; gives their number. */
size_t app_client_options(struct app_client *client, struct app_option *options);
/* Gets ready to ask; nothing is sent. `answer_ms` is the longest wait for an answer. To be closed
 * whatever the outcome. 0, -EINVAL for options that are not right, or -errno of the token's file.
 */
int app_client_open(struct app_client *client, unsigned answer_ms, struct adit_error *error);
void app_client_close(struct app_client *client);

/* Asks ("GET", "POST", "DELETE"), with a body or NULL, which is the caller's; gives the JSON of the
 * answer, to be let go with json_decref. 0; -EREMOTEIO for a refusal, in the server's words, with
 * client->status set; else what adit_http_client_ask gives, with a message that says what would be
 * right. */
int app_client_ask(struct app_client *client, const char *method, const char *path,
	const json_t *body, json_t **answer, struct adit_error *error);
/* The same of a GET. */
int app_client_get(
	struct app_client *client, const char *path, json_t **answer, struct adit_error *error);

#endif
