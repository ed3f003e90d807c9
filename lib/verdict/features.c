/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The feature table as CSV.
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

static const char fixed_columns[] =
	"window_start,window_end,span,kind,domain,subscriber,server,score,tap,vlan";

#define KIND_LENGTH 32 /* characters of a span and a kind; the rest is cut */

int adit_feature_write_header(const char *const *names, size_t count, FILE *to)
{
	int result = adit_verdict_put(to, fixed_columns, sizeof(fixed_columns) - 1, false);

	for (size_t i = 0; i < count && i < ADIT_FEATURE_MAX && result == 0; i++) {
		result = adit_verdict_put(to, ",", 1, false);
		if (result == 0)
			result = adit_verdict_put(to, names[i], strlen(names[i]), false);
	}
	return result != 0 ? result : adit_verdict_put(to, "\n", 1, false);
}

int adit_feature_write_row(const struct adit_feature_row *row, size_t count,
	const struct adit_privacy *privacy, FILE *to)
{
	struct csv_line line;
	char text[ADIT_NAME_TEXT_MAX];

	line.size = 0;
	adit_csv_time(&line, row->window_start_ns);
	adit_csv_time(&line, row->window_end_ns);
	snprintf(text, KIND_LENGTH + 1, "%s", row->span);
	adit_csv_text(&line, text);
	snprintf(text, KIND_LENGTH + 1, "%s", row->kind);
	adit_csv_text(&line, text);
	adit_verdict_name_text(&row->domain, text);
	adit_csv_text(&line, text);
	text[0] = '\0';
	if (row->has_subscriber)
		adit_privacy_subscriber_text(privacy, &row->subscriber, text);
	adit_csv_text(&line, text);
	text[0] = '\0';
	if (row->has_server)
		adit_privacy_peer_text(privacy, &row->server, text);
	adit_csv_text(&line, text);
	adit_csv_count(&line, row->score);
	row->has_subscriber ? adit_csv_count(&line, row->tap) : adit_csv_text(&line, "");
	row->has_subscriber && row->vlan != 0 ? adit_csv_count(&line, row->vlan)
					      : adit_csv_text(&line, "");
	for (size_t i = 0; i < count && i < ADIT_FEATURE_MAX; i++)
		adit_csv_number(&line, row->value[i]);
	return adit_csv_put(&line, to);
}
