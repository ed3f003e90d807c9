/* SPDX-License-Identifier: BSD-3-Clause */
#include "orders.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void app_orders_open(struct app_orders *orders)
{
	pthread_condattr_t how;

	*orders = (struct app_orders){.first = NULL};
	pthread_mutex_init(&orders->lock, NULL);
	/* The clock that is never set: a wait is as long as it says. */
	pthread_condattr_init(&how);
	pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
	pthread_cond_init(&orders->over, &how);
	pthread_condattr_destroy(&how);
	orders->locks = true;
}

struct app_order *app_order_make(
	bool (*step)(struct app_control *control, struct app_order *order), json_t *request)
{
	struct app_order *order = calloc(1, sizeof(*order));

	if (order == NULL) {
		json_decref(request);
		return NULL;
	}
	order->step = step;
	order->request = request;
	return order;
}

void app_order_free(struct app_order *order)
{
	if (order == NULL)
		return;
	/* A job that still runs has its context here. */
	app_job_wait(&order->job);
	adit_judges_destroy(order->judges);
	json_decref(order->request);
	json_decref(order->answer);
	free(order);
}

/* Under the lock: it is in the list no more. */
static void settle(struct app_orders *orders, struct app_order *order)
{
	bool is_left = order->is_left;

	order->is_over = true;
	orders->count--;
	pthread_cond_broadcast(&orders->over);
	if (is_left)
		app_order_free(order);
}

void app_orders_end(struct app_orders *orders)
{
	if (!orders->locks)
		return;
	pthread_mutex_lock(&orders->lock);
	orders->is_closed = true;
	while (orders->first != NULL) {
		struct app_order *order = orders->first;

		orders->first = order->next;
		app_order_refuse(order, 503, "the program ends");
		settle(orders, order);
	}
	orders->last = NULL;
	pthread_mutex_unlock(&orders->lock);
}

void app_orders_close(struct app_orders *orders)
{
	if (!orders->locks)
		return;
	pthread_mutex_destroy(&orders->lock);
	pthread_cond_destroy(&orders->over);
	orders->locks = false;
}

int app_orders_give(struct app_orders *orders, struct app_order *order, unsigned wait_s)
{
	struct timespec until;
	int status = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_s;
	pthread_mutex_lock(&orders->lock);
	if (orders->is_closed || orders->count == APP_ORDERS_MAX) {
		status = orders->is_closed ? -ESHUTDOWN : -EBUSY;
		pthread_mutex_unlock(&orders->lock);
		return status;
	}
	if (orders->last != NULL)
		orders->last->next = order;
	else
		orders->first = order;
	orders->last = order;
	orders->count++;
	while (!order->is_over && status != ETIMEDOUT)
		status = pthread_cond_timedwait(&orders->over, &orders->lock, &until);
	status = order->is_over ? 0 : -ETIMEDOUT;
	order->is_left = !order->is_over;
	pthread_mutex_unlock(&orders->lock);
	return status;
}

static struct app_order *next_of(struct app_orders *orders, struct app_order *order)
{
	struct app_order *next;

	pthread_mutex_lock(&orders->lock);
	next = order != NULL ? order->next : orders->first;
	pthread_mutex_unlock(&orders->lock);
	return next;
}

/* Takes an order that is answered out of the list, and wakes who waits for it. */
static void take_out(struct app_orders *orders, struct app_order *before, struct app_order *order)
{
	pthread_mutex_lock(&orders->lock);
	if (before != NULL)
		before->next = order->next;
	else
		orders->first = order->next;
	if (orders->last == order)
		orders->last = before;
	settle(orders, order);
	pthread_mutex_unlock(&orders->lock);
}

void app_orders_poll(struct app_orders *orders, struct app_control *control)
{
	struct app_order *before = NULL, *order = next_of(orders, NULL);

	/* Others only add behind the last one. */
	while (order != NULL) {
		struct app_order *next;
		bool is_over = order->step(control, order);

		next = next_of(orders, order);
		if (is_over)
			take_out(orders, before, order);
		else
			before = order;
		order = next;
	}
}

bool app_order_done(struct app_order *order, json_t *answer)
{
	order->status = answer != NULL ? 200 : 500;
	order->answer = answer;
	adit_error_set(&order->problem, -ENOMEM, "there is no memory for the answer");
	return true;
}

bool app_order_refuse(struct app_order *order, unsigned status, const char *format, ...)
{
	char text[sizeof(order->problem.text)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	order->status = status;
	adit_error_set(&order->problem, -EREMOTEIO, "%s", text);
	return true;
}
