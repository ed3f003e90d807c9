/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Features from sums. Where the second tier is missing (a key too light to have earned it) its
 * shares come from the row's counters if those have them, and are 0 if not.
 */
#include "adit_feature.h"

#include <errno.h>
#include <math.h>

const char *const adit_feature_names[ADIT_FEATURE_COUNT] = {
#define ADIT_FEATURE_NAME(id, name, unit, how) [ADIT_FEATURE_##id] = name,
	ADIT_FEATURES(ADIT_FEATURE_NAME)
#undef ADIT_FEATURE_NAME
};

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static void derive_counts(const struct adit_sum *sum, double *value)
{
	double messages = (double)sum->queries + (double)sum->responses;
	double unique = adit_names_estimate(&sum->names);
	double most = larger((double)sum->queries, (double)sum->responses);

	/* A sketch errs both ways; there can't be more names than messages with one. */
	if (unique > most)
		unique = most;
	value[ADIT_FEATURE_QUERIES] = (double)sum->queries;
	value[ADIT_FEATURE_RESPONSES] = (double)sum->responses;
	value[ADIT_FEATURE_BYTES_UP] = (double)sum->bytes_up;
	value[ADIT_FEATURE_BYTES_DOWN] = (double)sum->bytes_down;
	value[ADIT_FEATURE_UNIQUE_NAMES] = unique;
	value[ADIT_FEATURE_UNIQUENESS] = share(unique, most);
	value[ADIT_FEATURE_INFORMATION_PER_NAME] = share((double)sum->info_up, messages);
	value[ADIT_FEATURE_INFORMATION_UP] = unique * value[ADIT_FEATURE_INFORMATION_PER_NAME];
	value[ADIT_FEATURE_INFORMATION_DOWN] =
		(unique < (double)sum->responses ? unique : (double)sum->responses) *
		share((double)sum->info_down, (double)sum->responses);
	value[ADIT_FEATURE_UNPARSABLE] = (double)sum->unparsable;
	/* Bytes that are no DNS at all have no names to be distinct: all of them count. */
	if (sum->unparsable != 0) {
		value[ADIT_FEATURE_INFORMATION_UP] = (double)sum->info_up;
		value[ADIT_FEATURE_INFORMATION_DOWN] = (double)sum->info_down;
	}
	value[ADIT_FEATURE_INFORMATION] =
		value[ADIT_FEATURE_INFORMATION_UP] + value[ADIT_FEATURE_INFORMATION_DOWN];
}

static void derive_answers(const struct adit_sum *sum, double *value)
{
	double responses = (double)sum->responses, answered = (double)sum->answered;
	double answered_share = share(answered, responses);

	value[ADIT_FEATURE_PAYLOAD_PER_ANSWER] = share((double)sum->info_down, answered);
	value[ADIT_FEATURE_ANSWERED_SHARE] = answered_share;
	value[ADIT_FEATURE_PAYLOAD_QUERY_SHARE] =
		share((double)sum->payload_queries, (double)sum->queries);
	value[ADIT_FEATURE_CNAME_SHARE] = share((double)sum->cname_answers, responses);
	value[ADIT_FEATURE_PAYLOAD_ANSWERS] =
		answered_share * larger(value[ADIT_FEATURE_PAYLOAD_QUERY_SHARE],
					 share((double)sum->cname_answers, answered));
}

static void derive_names(const struct adit_detail *detail, double *value)
{
	double n = detail->looked_at, octets = detail->length_sum, variance;
	const uint32_t *chars = detail->chars;

	value[ADIT_FEATURE_MEAN_LENGTH] = share(octets, n);
	variance = share((double)detail->length_square_sum, n) -
		   value[ADIT_FEATURE_MEAN_LENGTH] * value[ADIT_FEATURE_MEAN_LENGTH];
	value[ADIT_FEATURE_LENGTH_DEVIATION] = variance > 0 ? sqrt(variance) : 0;
	value[ADIT_FEATURE_MAX_LENGTH] = detail->length_max;
	value[ADIT_FEATURE_MEAN_LABELS] = share(detail->label_sum, n);
	value[ADIT_FEATURE_MAX_LABEL] = detail->label_max;
	value[ADIT_FEATURE_DIGIT_SHARE] = share(chars[ADIT_CHAR_DIGIT], octets);
	value[ADIT_FEATURE_HEX_SHARE] =
		share((double)chars[ADIT_CHAR_DIGIT] + chars[ADIT_CHAR_HEX], octets);
	value[ADIT_FEATURE_UPPER_SHARE] = share(chars[ADIT_CHAR_UPPER], octets);
	value[ADIT_FEATURE_NON_LDH_SHARE] = share(
		(double)chars[ADIT_CHAR_SYMBOL] + chars[ADIT_CHAR_HIGH] + chars[ADIT_CHAR_OTHER],
		octets);
	for (int i = 0; i < ADIT_FIELD_SIZE; i++)
		if (detail->compared != 0 && detail->agree[i] >= 0.9 * detail->compared)
			value[ADIT_FEATURE_CONSTANT_FIELD]++;
}

static void derive_detail(const struct adit_detail *detail, double *value)
{
	static const struct {
		enum adit_feature feature;
		enum adit_type_group group;
	} types[] = {
		{ADIT_FEATURE_A_SHARE, ADIT_GROUP_A},
		{ADIT_FEATURE_AAAA_SHARE, ADIT_GROUP_AAAA},
		{ADIT_FEATURE_SERVICE_SHARE, ADIT_GROUP_SERVICE},
		{ADIT_FEATURE_TXT_SHARE, ADIT_GROUP_TXT},
		{ADIT_FEATURE_NULL_SHARE, ADIT_GROUP_NULL},
		{ADIT_FEATURE_CNAME_QUERY_SHARE, ADIT_GROUP_CNAME},
		{ADIT_FEATURE_MX_SHARE, ADIT_GROUP_MX},
		{ADIT_FEATURE_SRV_SHARE, ADIT_GROUP_SRV},
		{ADIT_FEATURE_KEY_SHARE, ADIT_GROUP_KEY},
		{ADIT_FEATURE_PRIVATE_SHARE, ADIT_GROUP_PRIVATE},
		{ADIT_FEATURE_PTR_SHARE, ADIT_GROUP_PTR},
	};
	double gaps = 0, near;
	int mode = 0;

	for (size_t i = 0; i < ADIT_COUNT(types); i++)
		value[types[i].feature] = share(detail->type[types[i].group], detail->queries);
	value[ADIT_FEATURE_NXDOMAIN_SHARE] = share(detail->rcode[3], detail->responses);
	value[ADIT_FEATURE_ID_STEP_SHARE] =
		share(detail->id_step_same, (double)detail->id_steps - 1);
	value[ADIT_FEATURE_ID_STEP] = detail->id_step;
	value[ADIT_FEATURE_EDNS_SHARE] = share(detail->edns_seen, detail->queries);
	value[ADIT_FEATURE_LOW_TTL_SHARE] = share(detail->ttl_low, detail->answered);
	for (int i = 0; i < ADIT_GAP_BINS; i++) {
		gaps += detail->gap[i];
		if (detail->gap[i] > detail->gap[mode])
			mode = i;
	}
	if (gaps > 0) {
		near = detail->gap[mode];
		near += mode > 0 ? detail->gap[mode - 1] : 0;
		near += mode + 1 < ADIT_GAP_BINS ? detail->gap[mode + 1] : 0;
		value[ADIT_FEATURE_GAP_MODE] = mode > 0 ? 0.064 * (double)(1u << mode) : 0;
		value[ADIT_FEATURE_GAP_MODE_SHARE] = near / gaps;
	}
}

void adit_features_derive(
	const struct adit_sum *sum, uint32_t subscribers, double value[ADIT_FEATURE_COUNT])
{
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = 0;
	derive_counts(sum, value);
	derive_answers(sum, value);
	derive_names(&sum->detail, value);
	derive_detail(&sum->detail, value);
	value[ADIT_FEATURE_SUBSCRIBERS] = subscribers;
}

int adit_features_reference(FILE *to)
{
	fputs("| feature | unit | how it is computed |\n| --- | --- | --- |\n", to);
#define ADIT_FEATURE_LINE(id, name, unit, how) fputs("| `" name "` | " unit " | " how " |\n", to);
	ADIT_FEATURES(ADIT_FEATURE_LINE)
#undef ADIT_FEATURE_LINE
	return fflush(to) == 0 ? 0 : -errno;
}
