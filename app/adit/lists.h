/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What workers and the spreader read to know a name or a port: public suffixes, signatures, ports.
 * A reload makes a new set beside the old one, and these lcores take it up by themselves, between
 * two rounds of their loop. Nobody waits and nothing is locked:
 *
 *   published  appliance->lists is written with release, then a token of the quiescent state
 *   taken      at the top of a round an lcore first says that it holds nothing of before (DPDK's
 *              rte_rcu_qsbr), then reads the pointer; if it is another one, it takes all from there
 *   freed      by the management thread, once every lcore has said so with that token, sleeps, or
 *              has ended
 *
 * An lcore that goes to sleep says so first, and takes what is new when it wakes.
 */
#ifndef ADIT_APP_LISTS_H
#define ADIT_APP_LISTS_H

#include "appliance.h"

#include <rte_rcu_qsbr.h>

/* Readers by number: workers by theirs, then the spreader. */
#define APP_READER_SPREADER APP_WORKERS_MAX
#define APP_READERS         (APP_WORKERS_MAX + 1)

/* Read-only once it is published, but for the scanners: each is its worker's alone. */
struct app_lists {
	uint64_t number; /* from 1 on: an address may come again */
	const struct adit_suffix_list *suffixes;
	struct adit_ports ports;
	bool tcp_checksum;
	/* For each worker, made to fit the patterns; NULL: no signatures. */
	struct adit_scanner *scanner[APP_WORKERS_MAX];
};

/* From what was loaded for the configuration. 0 or -ENOMEM. Any thread. */
int app_lists_make(
	const struct appliance *loaded, struct app_lists **lists, struct adit_error *error);
/* NULL is allowed. */
void app_lists_destroy(struct app_lists *lists);
/* Management thread: from now on these are read. Gives the token for app_lists_unread. */
uint64_t app_lists_publish(struct appliance *appliance, struct app_lists *lists);
/* Whether no lcore reads those of before any more. Never blocks. */
bool app_lists_unread(struct appliance *appliance, uint64_t token);

/* Makes what readers report to. */
int app_readers_create(struct appliance *appliance, struct adit_error *error);
void app_readers_destroy(struct appliance *appliance);

/* For an lcore, at its begin and end. */
void app_reader_begin(struct appliance *appliance, unsigned reader);
void app_reader_end(struct appliance *appliance, unsigned reader);
/* At the top of every round: the lists to take, or NULL: still those of the number `mine`. */
static inline const struct app_lists *app_reader_turn(
	struct appliance *appliance, unsigned reader, uint64_t mine)
{
	const struct app_lists *lists;

	rte_rcu_qsbr_quiescent(appliance->readers, reader);
	lists = atomic_load_explicit(&appliance->lists, memory_order_acquire);
	return ADIT_LIKELY(lists == NULL || lists->number == mine) ? NULL : lists;
}
/* In place of app_idle_wait, at the end of a round. */
void app_reader_wait(struct appliance *appliance, unsigned reader, struct app_idle *idle);
/* A thread's own intake reads these ports from now on. */
void app_lists_to_intake(const struct app_lists *lists, struct adit_intake *intake);

#endif
