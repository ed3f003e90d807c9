/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the name stage gives to the others. Private to lib/pipeline.
 */
#ifndef ADIT_PIPELINE_PRIV_H
#define ADIT_PIPELINE_PRIV_H

#include "adit_pipeline.h"

/* Fills the fields of an event that come from the name: registrable domain, lengths, character
 * classes, information, hashes. */
void adit_name_profile(const struct adit_pipeline_params *params, const struct adit_name *name,
	struct adit_event *event);

/* Group of a query type. */
enum adit_type_group adit_type_group_of(uint16_t type);
/* Whether answers of a group can carry data of the server's choice. */
bool adit_type_group_payload(enum adit_type_group group);

#endif
