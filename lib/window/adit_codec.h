/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fields of what windows and the ledger are made of, for the state file: each function saves or
 * loads, as io says (lib/state). What is loaded keeps the bounds that its readers rely on.
 */
#ifndef ADIT_CODEC_H
#define ADIT_CODEC_H

#include "adit_ledger.h"
#include "adit_state.h"

#ifdef __cplusplus
extern "C" {
#endif

void adit_address_code(struct adit_state_io *io, struct adit_address *address);
void adit_subscriber_code(struct adit_state_io *io, struct adit_subscriber *who);
void adit_sample_code(struct adit_state_io *io, struct adit_sample *sample);
void adit_distinct_code(struct adit_state_io *io, struct adit_distinct *set);
void adit_map_code(struct adit_state_io *io, struct adit_map *map);
void adit_detail_code(struct adit_state_io *io, struct adit_detail *detail);
/* Of a key that is judged; its key and its record are the caller's. */
void adit_row_code(struct adit_state_io *io, struct adit_row *row);

/* The ledger: its keys with what they hold, and which pairs are whose. Names of classes are the
 * caller's: classes[i] is what class i of the file is now, ADIT_CLASS_GONE: nothing. A table that
 * is smaller than what was saved keeps what carries most. On an error the ledger is empty. */
#define ADIT_CLASS_GONE UINT8_MAX
size_t adit_ledger_state_bytes(const struct adit_ledger_params *params);
void adit_ledger_save(struct adit_ledger *ledger, struct adit_state_io *io);
int adit_ledger_load(struct adit_ledger *ledger, const struct adit_state_file *file,
	const uint8_t classes[ADIT_CLASS_COUNT], struct adit_state_left *left,
	struct adit_error *error);

#ifdef __cplusplus
}
#endif
#endif
