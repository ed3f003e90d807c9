/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders: what threads that answer requests want done by the management thread. They wait for a
 * bounded time; the management thread takes a step of each order in each of its rounds, and never
 * waits. An order is the management thread's until it is answered; then who gave it frees it, or,
 * if nobody waits any more, the management thread does.
 */
#ifndef ADIT_APP_ORDERS_H
#define ADIT_APP_ORDERS_H

#include "adit_base.h"
#include "adit_score.h"
#include "job.h"

#include <jansson.h>
#include <pthread.h>

#define APP_ORDERS_MAX 32 /* at a time */

struct app_control;

struct app_order {
	struct app_order *next;
	/* A step: true when it is answered. The management thread's, as all below. */
	bool (*step)(struct app_control *control, struct app_order *order);
	json_t *request; /* an object */
	char by[256];    /* who asks */
	bool is_begun;
	/* The answer: a refusal, or an object. */
	unsigned status; /* of HTTP; 0: not answered */
	json_t *answer;
	struct adit_error problem;
	/* What steps remember. */
	unsigned long number;
	uint64_t since_ns;
	struct app_job job;
	struct adit_judges *judges;
	char path[4096];
	int job_status;
	struct adit_error job_error; /* the job's while it runs */
	/* Under the lock: */
	bool is_over, is_left;
};

struct app_orders {
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool locks; /* they are there */
	struct app_order *first, *last;
	size_t count;
	bool is_closed; /* no more are taken */
};

void app_orders_open(struct app_orders *orders);
/* Answers what waits with 503: the run ends. Before servers are stopped, whose threads wait here.
 */
void app_orders_end(struct app_orders *orders);
/* Once no thread is left. */
void app_orders_close(struct app_orders *orders);

/* NULL: no memory. Takes the request over, in any case. */
struct app_order *app_order_make(
	bool (*step)(struct app_control *control, struct app_order *order), json_t *request);
void app_order_free(struct app_order *order);
/* Gives an order and waits. 0: it is answered, and the caller's to free. -ETIMEDOUT: it goes on,
 * and is the caller's no more; -EBUSY, -ESHUTDOWN: it was not taken, and is the caller's. Any
 * thread. */
int app_orders_give(struct app_orders *orders, struct app_order *order, unsigned wait_s);

/* Management thread: a step of each. */
void app_orders_poll(struct app_orders *orders, struct app_control *control);
/* For steps: answers. Both give true. */
bool app_order_done(struct app_order *order, json_t *answer);
bool app_order_refuse(struct app_order *order, unsigned status, const char *format, ...)
	ADIT_PRINTF(3, 4);

#endif
