/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What adit tells over DPDK's telemetry socket, for dpdk-telemetry.py, Telegraf's dpdk input and
 * the like: /adit/stats, /adit/verdicts and /adit/domain. DPDK answers each connection in a thread
 * of its own; what they read is what the HTTP thread reads, under the same lock.
 */
#ifndef ADIT_APP_TELEMETRY_H
#define ADIT_APP_TELEMETRY_H

struct app_http;

/* Management thread: from now on commands tell of this one; and, before it is closed, no more: then
 * they say that there is nothing to tell. */
void app_telemetry_open(struct app_http *http);
void app_telemetry_close(void);

#endif
