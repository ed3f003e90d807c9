/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The blind spot as CSV: how much encrypted DNS a subscriber had in a window.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#define TAP_LENGTH 64 /* characters of a tap's name; the rest is cut */

int adit_encrypted_write_header(FILE *to)
{
	static const char *const transports[ADIT_ENCRYPTED_COUNT] = {
		[ADIT_ENCRYPTED_DOT] = "dot",
		[ADIT_ENCRYPTED_DOQ] = "doq",
		[ADIT_ENCRYPTED_DOH] = "doh",
	};
	static const char *const columns[] = {
		"packets_up", "bytes_up", "packets_down", "bytes_down"};
	static const char *const before[] = {"window_start", "window_end", "subscriber", "tap",
		"tap_name", "vlan", "vlan_inner"};
	struct csv_line line = {.size = 0};

	for (size_t i = 0; i < ADIT_COUNT(before); i++)
		adit_csv_text(&line, before[i]);
	for (size_t i = 0; i < ADIT_ENCRYPTED_COUNT; i++) {
		for (size_t j = 0; j < ADIT_COUNT(columns); j++) {
			char cell[32];

			snprintf(cell, sizeof(cell), "%s_%s", transports[i], columns[j]);
			adit_csv_text(&line, cell);
		}
	}
	adit_csv_text(&line, "resolver");
	return adit_csv_put(&line, to);
}

static void add_vlan(struct csv_line *line, uint16_t vlan)
{
	if (vlan != 0)
		adit_csv_count(line, vlan);
	else
		adit_csv_text(line, "");
}

int adit_encrypted_write_row(
	const struct adit_encrypted_row *row, const struct adit_privacy *privacy, FILE *to)
{
	struct csv_line line;
	char text[TAP_LENGTH + 1];

	line.size = 0;
	adit_csv_time(&line, row->window_start_ns);
	adit_csv_time(&line, row->window_end_ns);
	adit_privacy_subscriber_text(privacy, &row->subscriber, text);
	adit_csv_text(&line, text);
	adit_csv_count(&line, row->tap);
	snprintf(text, sizeof(text), "%s", row->tap_name != NULL ? row->tap_name : "");
	adit_csv_text(&line, text);
	add_vlan(&line, row->vlan);
	add_vlan(&line, row->vlan_inner);
	for (size_t i = 0; i < ADIT_ENCRYPTED_COUNT; i++) {
		const struct adit_encrypted_count *count = &row->count[i];

		adit_csv_count(&line, count->packets_up);
		adit_csv_count(&line, count->bytes_up);
		adit_csv_count(&line, count->packets_down);
		adit_csv_count(&line, count->bytes_down);
	}
	adit_privacy_peer_text(privacy, &row->resolver, text);
	adit_csv_text(&line, text);
	return adit_csv_put(&line, to);
}
