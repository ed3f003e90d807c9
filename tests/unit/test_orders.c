/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders: a step in each round until they are answered; waits are bounded, and nothing is lost or
 * freed twice when nobody waits any more, or the program ends.
 */
#include "harness.h"
#include "orders.h"

#include <errno.h>
#include <sched.h>

static struct app_orders orders;
static atomic_int steps, given;

static bool third_time(struct app_control *control, struct app_order *order)
{
	(void)control;
	atomic_fetch_add(&steps, 1);
	if (++order->number < 3)
		return false;
	return app_order_done(order, json_pack("{s:b}", "done", 1));
}

static bool refuses(struct app_control *control, struct app_order *order)
{
	(void)control;
	return app_order_refuse(order, 409, "not now: %d", 7);
}

static bool never(struct app_control *control, struct app_order *order)
{
	(void)control;
	(void)order;
	atomic_fetch_add(&steps, 1);
	return false;
}

static void *give_one(void *argument)
{
	struct app_order *order = app_order_make(argument, json_object());
	int status;

	atomic_fetch_add(&given, 1);
	status = app_orders_give(&orders, order, 60);
	CHECK_EQ_INT(status, 0);
	if (status == 0 && argument == (void *)(uintptr_t)never)
		CHECK_EQ_INT(order->status, 503);
	else if (status == 0)
		CHECK_EQ_INT(order->status, argument == (void *)(uintptr_t)refuses ? 409 : 200);
	app_order_free(order);
	return NULL;
}

TEST(orders, are_answered)
{
	pthread_t thread[6];

	app_orders_open(&orders);
	atomic_store(&steps, 0);
	for (size_t i = 0; i < ADIT_COUNT(thread); i++)
		REQUIRE(pthread_create(&thread[i], NULL, give_one,
				(void *)(i % 3 == 2 ? (uintptr_t)refuses
						    : (uintptr_t)third_time)) == 0);
	while (atomic_load(&steps) < 4 * 3) {
		app_orders_poll(&orders, NULL);
		sched_yield();
	}
	while (orders.count != 0)
		app_orders_poll(&orders, NULL);
	for (size_t i = 0; i < ADIT_COUNT(thread); i++)
		pthread_join(thread[i], NULL);
	CHECK(orders.first == NULL && orders.last == NULL);
	app_orders_end(&orders);
	app_orders_close(&orders);
}

TEST(orders, go_on_when_nobody_waits)
{
	app_orders_open(&orders);
	atomic_store(&steps, 0);
	CHECK_EQ_INT(
		app_orders_give(&orders, app_order_make(third_time, json_object()), 0), -ETIMEDOUT);
	CHECK_EQ_INT(app_orders_give(&orders, app_order_make(never, json_object()), 0), -ETIMEDOUT);
	for (int i = 0; i < 5; i++)
		app_orders_poll(&orders, NULL);
	CHECK_EQ_INT(atomic_load(&steps), 3 + 5);
	CHECK_EQ_INT(orders.count, 1);
	app_orders_end(&orders);
	CHECK_EQ_INT(orders.count, 0);
	app_orders_close(&orders);
}

TEST(orders, have_an_end)
{
	struct app_order *late = app_order_make(never, json_object());
	pthread_t thread;

	app_orders_open(&orders);
	for (int i = 0; i < APP_ORDERS_MAX - 1; i++)
		CHECK_EQ_INT(app_orders_give(&orders, app_order_make(never, json_object()), 0),
			-ETIMEDOUT);
	atomic_store(&given, 0);
	REQUIRE(pthread_create(&thread, NULL, give_one, (void *)(uintptr_t)never) == 0);
	for (bool is_full = false; !is_full; sched_yield()) {
		pthread_mutex_lock(&orders.lock);
		is_full = orders.count == APP_ORDERS_MAX;
		pthread_mutex_unlock(&orders.lock);
	}
	CHECK_EQ_INT(app_orders_give(&orders, late, 0), -EBUSY);
	app_orders_end(&orders);
	pthread_join(thread, NULL);
	CHECK_EQ_INT(app_orders_give(&orders, late, 0), -ESHUTDOWN);
	app_order_free(late);
	app_orders_close(&orders);
}
