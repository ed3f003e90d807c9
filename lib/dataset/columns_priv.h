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

/* Values by functions, in view.c. */
adit_column_get adit_get_time, adit_get_capture, adit_get_address, adit_get_vlan,
	adit_get_vlan_inner, adit_get_gtpu, adit_get_teid_uplink, adit_get_teid_downlink,
	adit_get_outer, adit_get_outer_core, adit_get_qname, adit_get_domain, adit_get_qname_bytes,
	adit_get_qname_labels, adit_get_qname_longest, adit_get_qname_first,
	adit_get_qname_below_bytes, adit_get_qname_below_labels, adit_get_qname_entropy,
	adit_get_qname_distinct, adit_get_qname_digits, adit_get_qname_upper, adit_get_qname_other,
	adit_get_qtype_name, adit_get_outcome, adit_get_latency, adit_get_last_latency,
	adit_get_first_latency, adit_get_match, adit_get_server_delay, adit_get_server_latency,
	adit_get_label_rcode;

/* The value of a label, in naming.c; `index` as in adit_naming_column. */
adit_column_get adit_get_label;

#endif
