/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the table of columns and the functions behind it share.
 */
#ifndef COLUMNS_PRIV_H
#define COLUMNS_PRIV_H

#include "adit_columns.h"

enum part {
	PART_ROW,
	PART_FEATURE,
	PART_CLIENT,
	PART_RESPONSE,
	PART_SERVER,
	PART_SERVER_RESPONSE,
	PARTS
};

#define NO_VALUE (UINT32_MAX - 1) /* no number means none */

#define GETTERS(GETTER)                                                                         \
	GETTER(time)                                                                            \
	GETTER(capture)                                                                         \
	GETTER(address)                                                                         \
	GETTER(vlan)                                                                            \
	GETTER(vlan_inner)                                                                      \
	GETTER(gtpu)                                                                            \
	GETTER(teid_uplink)                                                                     \
	GETTER(teid_downlink)                                                                   \
	GETTER(outer)                                                                           \
	GETTER(outer_core)                                                                      \
	GETTER(qname) GETTER(domain) GETTER(qname_bytes) GETTER(qname_labels)                   \
		GETTER(qname_longest) GETTER(qname_first) GETTER(qname_below_bytes)             \
			GETTER(qname_below_labels) GETTER(qname_entropy) GETTER(qname_distinct) \
				GETTER(qname_digits) GETTER(qname_upper) GETTER(qname_other)    \
					GETTER(qtype_name) GETTER(outcome) GETTER(latency)      \
						GETTER(last_latency) GETTER(first_latency)      \
							GETTER(match) GETTER(server_delay)      \
								GETTER(server_latency)          \
									GETTER(label_rcode)
#define GETTER_DECLARE(name)                                                                 \
	void adit_get_##name(const struct adit_view *view, const struct adit_column *column, \
		struct adit_cell *cell);
GETTERS(GETTER_DECLARE)
#undef GETTER_DECLARE

/* The value of a label; `index` as in adit_naming_column. */
void adit_get_label(
	const struct adit_view *view, const struct adit_column *column, struct adit_cell *cell);

#endif
