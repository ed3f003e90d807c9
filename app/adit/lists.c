/* SPDX-License-Identifier: BSD-3-Clause */
#include "lists.h"

#include <errno.h>
#include <stdlib.h>

int app_lists_make(const struct appliance *loaded, struct app_lists **out, struct adit_error *error)
{
	struct app_lists *lists = calloc(1, sizeof(*lists));
	int status = 0;

	*out = NULL;
	if (lists == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for lists");
	lists->suffixes = loaded->suffixes;
	lists->ports = loaded->ports;
	lists->tcp_checksum = loaded->config->tcp_checksum;
	for (int64_t i = 0; loaded->config->detect_signatures && status == 0 &&
			    i < loaded->config->worker_count;
		i++)
		status = adit_scanner_create(loaded->patterns, &lists->scanner[i], error);
	if (status != 0)
		app_lists_destroy(lists);
	else
		*out = lists;
	return status;
}

void app_lists_destroy(struct app_lists *lists)
{
	if (lists == NULL)
		return;
	for (size_t i = 0; i < ADIT_COUNT(lists->scanner); i++)
		adit_scanner_destroy(lists->scanner[i]);
	free(lists);
}

uint64_t app_lists_publish(struct appliance *appliance, struct app_lists *lists)
{
	const struct app_lists *before = appliance->lists;

	lists->number = before != NULL ? before->number + 1 : 1;
	atomic_store_explicit(&appliance->lists, lists, memory_order_release);
	return rte_rcu_qsbr_start(appliance->readers);
}

bool app_lists_unread(struct appliance *appliance, uint64_t token)
{
	return rte_rcu_qsbr_check(appliance->readers, token, false) == 1;
}

int app_readers_create(struct appliance *appliance, struct adit_error *error)
{
	appliance->readers =
		adit_alloc(&app_apart, rte_rcu_qsbr_get_memsize(APP_READERS), APP_LINES_APART);
	if (appliance->readers == NULL || rte_rcu_qsbr_init(appliance->readers, APP_READERS) != 0)
		return adit_error_set(error, -ENOMEM, "no memory for the lcores");
	return 0;
}

void app_readers_destroy(struct appliance *appliance)
{
	app_lists_destroy(appliance->lists);
	adit_free(&app_apart, appliance->readers);
}

void app_reader_begin(struct appliance *appliance, unsigned reader)
{
	rte_rcu_qsbr_thread_register(appliance->readers, reader);
	rte_rcu_qsbr_thread_online(appliance->readers, reader);
}

void app_reader_end(struct appliance *appliance, unsigned reader)
{
	rte_rcu_qsbr_thread_offline(appliance->readers, reader);
	rte_rcu_qsbr_thread_unregister(appliance->readers, reader);
}

void app_reader_wait(struct appliance *appliance, unsigned reader, struct app_idle *idle)
{
	if (idle->mode == APP_IDLE_POLL || idle->mode == APP_IDLE_PAUSE) {
		app_idle_wait(idle);
		return;
	}
	rte_rcu_qsbr_thread_offline(appliance->readers, reader);
	app_idle_wait(idle);
	rte_rcu_qsbr_thread_online(appliance->readers, reader);
}

void app_lists_to_intake(const struct app_lists *lists, struct adit_intake *intake)
{
	intake->ports = &lists->ports;
	adit_reassembly_set_ports(intake->reassembly, &lists->ports);
}
