/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Features from sums. Where the second tier is missing (a key too light to have earned it) its
 * shares are 0, but for what the row's own counters tell.
 */
#include "adit_feature.h"

#include <errno.h>
#include <math.h>

const struct adit_feature_about adit_features[ADIT_FEATURE_COUNT] = {
#define ADIT_FEATURE_ROW(id, name, unit, keys, nature, cost, how) \
	[ADIT_FEATURE_##id] = {name, unit, keys, ADIT_NATURE_##nature, ADIT_COST_##cost},
	ADIT_FEATURES(ADIT_FEATURE_ROW)
#undef ADIT_FEATURE_ROW
};

const char *const adit_feature_names[ADIT_FEATURE_COUNT] = {
#define ADIT_FEATURE_NAME(id, name, unit, keys, nature, cost, how) [ADIT_FEATURE_##id] = name,
	ADIT_FEATURES(ADIT_FEATURE_NAME)
#undef ADIT_FEATURE_NAME
};

enum adit_feature adit_feature_find(const char *name)
{
	int at = 0;

	while (at < ADIT_FEATURE_COUNT && strcmp(adit_features[at].name, name) != 0)
		at++;
	return (enum adit_feature)at;
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* From sums over n values and over their squares. */
static double deviation(double sum, double square_sum, double n)
{
	double mean = share(sum, n), variance = share(square_sum, n) - mean * mean;

	return variance > 0 ? sqrt(variance) : 0;
}

static void derive_counts(const struct adit_sum *sum, double *value)
{
	const struct adit_detail *detail = &sum->detail;
	double messages = (double)sum->queries + (double)sum->responses;
	double most = larger((double)sum->queries, (double)sum->responses);
	double unique = smaller(adit_distinct_number(&detail->names), most);
	double times = adit_distinct_times(&detail->names);

	value[ADIT_FEATURE_QUERIES] = (double)sum->queries;
	value[ADIT_FEATURE_RESPONSES] = (double)sum->responses;
	value[ADIT_FEATURE_BYTES_UP] = (double)sum->bytes_up;
	value[ADIT_FEATURE_BYTES_DOWN] = (double)sum->bytes_down;
	value[ADIT_FEATURE_UNIQUE_NAMES] = unique;
	/* A name comes once with its query and once with its response. */
	value[ADIT_FEATURE_UNIQUENESS] = times > 0 ? smaller(share(messages, most) / times, 1) : 0;
	value[ADIT_FEATURE_REPEATED_SHARE] = share(detail->again, messages + detail->again);
	value[ADIT_FEATURE_INFORMATION_UP] =
		adit_distinct_bytes(&detail->names) + (double)detail->beside[ADIT_UP];
	value[ADIT_FEATURE_INFORMATION_DOWN] =
		adit_distinct_bytes(&detail->answers) + (double)detail->beside[ADIT_DOWN];
	value[ADIT_FEATURE_INFORMATION] =
		value[ADIT_FEATURE_INFORMATION_UP] + value[ADIT_FEATURE_INFORMATION_DOWN];
	value[ADIT_FEATURE_INFORMATION_PER_NAME] =
		share(adit_distinct_bytes(&detail->names), adit_distinct_number(&detail->names));
	value[ADIT_FEATURE_UNPARSABLE] = (double)sum->unparsable;
	value[ADIT_FEATURE_UNZONED_ANSWERED] = detail->unzoned_answered;
}

static void derive_octets(const struct adit_detail *detail, double *value)
{
	const uint32_t *octets = detail->octets;
	double all = detail->length_sum, letters = 0, digits = 0, hex = 0, base32 = 0, entropy = 0;

	for (int i = 0; i < ADIT_OCTET_COUNT; i++) {
		double part = share(octets[i], all);

		entropy -= part > 0 ? part * log2(part) : 0;
		letters += i < ADIT_OCTET_DIGIT ? octets[i] : 0;
	}
	for (int i = 0; i < 10; i++) {
		digits += octets[ADIT_OCTET_DIGIT + i];
		base32 += i >= 2 && i <= 7 ? octets[ADIT_OCTET_DIGIT + i] : 0;
	}
	for (int i = 0; i < 6; i++)
		hex += octets[i];
	value[ADIT_FEATURE_DIGIT_SHARE] = share(digits, all);
	value[ADIT_FEATURE_HEX_SHARE] = share(digits + hex, all);
	value[ADIT_FEATURE_BASE32_SHARE] = share(letters + base32, all);
	value[ADIT_FEATURE_BASE64_SHARE] = share(letters + digits + octets[ADIT_OCTET_HYPHEN], all);
	value[ADIT_FEATURE_UPPER_SHARE] = share(detail->upper, letters);
	value[ADIT_FEATURE_NON_LDH_SHARE] =
		share((double)octets[ADIT_OCTET_SYMBOL] + octets[ADIT_OCTET_HIGH] +
				octets[ADIT_OCTET_OTHER],
			all);
	value[ADIT_FEATURE_HYPHEN_SHARE] = share(octets[ADIT_OCTET_HYPHEN], all);
	value[ADIT_FEATURE_ENTROPY] = entropy;
	value[ADIT_FEATURE_BIGRAM] = share((double)detail->bigram_sum / 16, all);
}

static void derive_agreement(const struct adit_detail *detail, double *value)
{
	double compared = detail->compared, head = 0, tail = 0;
	double places = compared * ADIT_FIELD_SIZE;

	for (int i = 0; compared > 0 && i < ADIT_FIELD_SIZE; i++) {
		value[ADIT_FEATURE_CONSTANT_FIELD] += detail->agree_head[i] >= 0.9 * compared;
		value[ADIT_FEATURE_CONSTANT_TAIL] += detail->agree_tail[i] >= 0.9 * compared;
		head += detail->agree_head[i];
		tail += detail->agree_tail[i];
	}
	/* Places beyond the shorter name agree with nothing. */
	if (share(detail->length_sum, detail->looked_at) < ADIT_FIELD_SIZE)
		places = compared * share(detail->length_sum, detail->looked_at);
	value[ADIT_FEATURE_AGREEMENT] = smaller(share(head, places), 1);
	value[ADIT_FEATURE_AGREEMENT_TAIL] = smaller(share(tail, places), 1);
}

static void derive_names(const struct adit_detail *detail, double *value)
{
	double n = detail->looked_at, labels = detail->label_sum;

	value[ADIT_FEATURE_MEAN_LENGTH] = share(detail->length_sum, n);
	value[ADIT_FEATURE_LENGTH_DEVIATION] =
		deviation(detail->length_sum, (double)detail->length_square_sum, n);
	value[ADIT_FEATURE_MAX_LENGTH] = detail->length_max;
	value[ADIT_FEATURE_MEAN_LABELS] = share(labels, n);
	value[ADIT_FEATURE_LABELS_DEVIATION] = deviation(labels, detail->label_square_sum, n);
	value[ADIT_FEATURE_MEAN_LABEL] = share(detail->length_sum, labels);
	value[ADIT_FEATURE_LABEL_DEVIATION] =
		deviation(detail->length_sum, (double)detail->piece_square_sum, labels);
	value[ADIT_FEATURE_MAX_LABEL] = detail->label_max;
	derive_octets(detail, value);
	derive_agreement(detail, value);
}

static void derive_types(const struct adit_sum *sum, double *value)
{
	static const enum adit_feature features[ADIT_GROUP_COUNT] = {
		[ADIT_GROUP_A] = ADIT_FEATURE_A_SHARE,
		[ADIT_GROUP_AAAA] = ADIT_FEATURE_AAAA_SHARE,
		[ADIT_GROUP_SERVICE] = ADIT_FEATURE_SERVICE_SHARE,
		[ADIT_GROUP_TXT] = ADIT_FEATURE_TXT_SHARE,
		[ADIT_GROUP_NULL] = ADIT_FEATURE_NULL_SHARE,
		[ADIT_GROUP_CNAME] = ADIT_FEATURE_CNAME_QUERY_SHARE,
		[ADIT_GROUP_MX] = ADIT_FEATURE_MX_SHARE,
		[ADIT_GROUP_SRV] = ADIT_FEATURE_SRV_SHARE,
		[ADIT_GROUP_KEY] = ADIT_FEATURE_KEY_SHARE,
		[ADIT_GROUP_PRIVATE] = ADIT_FEATURE_PRIVATE_SHARE,
		[ADIT_GROUP_PTR] = ADIT_FEATURE_PTR_SHARE,
		[ADIT_GROUP_OTHER] = ADIT_FEATURE_OTHER_SHARE,
	};
	const struct adit_detail *detail = &sum->detail;

	for (int group = 0; group < ADIT_GROUP_COUNT; group++)
		value[features[group]] = share(detail->type[group], detail->queries);
	value[ADIT_FEATURE_NON_A_SHARE] =
		share((double)detail->queries - detail->type[ADIT_GROUP_A], detail->queries);
	value[ADIT_FEATURE_PAYLOAD_QUERY_SHARE] =
		share((double)sum->payload_queries, (double)sum->queries);
}

static void derive_answers(const struct adit_sum *sum, double *value)
{
	const struct adit_detail *detail = &sum->detail;
	double responses = (double)sum->responses, answered = (double)sum->answered;
	double said = detail->responses, names = value[ADIT_FEATURE_UNIQUE_NAMES];
	double times = adit_distinct_times(&detail->answers);
	const uint32_t *rcode = detail->rcode;

	value[ADIT_FEATURE_ANSWERED_SHARE] = share(answered, responses);
	value[ADIT_FEATURE_EMPTY_SHARE] = share(detail->empty, said);
	value[ADIT_FEATURE_NXDOMAIN_SHARE] = share(rcode[3], said);
	value[ADIT_FEATURE_FAILURE_SHARE] =
		share((double)rcode[1] + rcode[2] + rcode[4] + rcode[5], said);
	value[ADIT_FEATURE_CNAME_SHARE] = share((double)sum->cname_answers, responses);
	value[ADIT_FEATURE_PAYLOAD_ANSWERS] =
		share(answered, responses) * larger(value[ADIT_FEATURE_PAYLOAD_QUERY_SHARE],
						     share((double)sum->cname_answers, answered));
	value[ADIT_FEATURE_PAYLOAD_PER_ANSWER] =
		share((double)detail->payload_sum, detail->answered);
	value[ADIT_FEATURE_PAYLOAD_DEVIATION] =
		deviation((double)detail->payload_sum, (double)detail->payload_square_sum, said);
	value[ADIT_FEATURE_ANSWER_VARIETY] =
		smaller(share(adit_distinct_number(&detail->answers), names), 2);
	value[ADIT_FEATURE_ANSWER_REPEATS] = times > 0 ? 1 - 1 / times : 0;
	value[ADIT_FEATURE_ADDRESS_VARIETY] =
		smaller(share(adit_map_number(&detail->targets), detail->addressed), 1);
	value[ADIT_FEATURE_NETWORK_VARIETY] =
		smaller(share(adit_map_number(&detail->networks), detail->addressed), 1);
	value[ADIT_FEATURE_ODD_ADDRESS_SHARE] = share(detail->odd_addresses, detail->addresses);
	value[ADIT_FEATURE_ADDRESSES_PER_ANSWER] = share(detail->addresses, detail->addressed);
}

static void derive_sizes(const struct adit_sum *sum, double *value)
{
	const struct adit_detail *detail = &sum->detail;
	const uint32_t *ttl = detail->ttl;
	double large = 0, said = detail->responses, answered = 0;

	/* Bin i holds responses of 2^(i+5) bytes and more: 512 is the lower edge of the fourth. */
	for (int i = 4; i < ADIT_SIZE_BINS; i++)
		large += detail->response_size[i];
	for (int i = 0; i < ADIT_TTL_BINS; i++)
		answered += ttl[i];
	value[ADIT_FEATURE_MEAN_RESPONSE] = share((double)sum->bytes_down, (double)sum->responses);
	value[ADIT_FEATURE_RESPONSE_DEVIATION] =
		deviation((double)detail->response_sum, (double)detail->response_square_sum, said);
	value[ADIT_FEATURE_LARGE_SHARE] = share(large, said);
	value[ADIT_FEATURE_ZERO_TTL_SHARE] = share(ttl[0], answered);
	value[ADIT_FEATURE_LOW_TTL_SHARE] =
		share((double)ttl[0] + ttl[1] + ttl[2] + ttl[3], answered);
	value[ADIT_FEATURE_LONG_TTL_SHARE] = share((double)ttl[6] + ttl[7], answered);
}

/* Lower edge of the fullest bin, in ms; its share with its neighbours. */
static double mode_of(const uint32_t bins[ADIT_GAP_BINS], double *near_share)
{
	double all = 0, near;
	int mode = 0;

	for (int i = 0; i < ADIT_GAP_BINS; i++) {
		all += bins[i];
		if (bins[i] > bins[mode])
			mode = i;
	}
	near = bins[mode];
	near += mode > 0 ? bins[mode - 1] : 0;
	near += mode + 1 < ADIT_GAP_BINS ? bins[mode + 1] : 0;
	*near_share = share(near, all);
	return all > 0 && mode > 0 ? 0.064 * (double)(1u << mode) : 0;
}

static void derive_order(const struct adit_detail *detail, double *value)
{
	double unused;

	value[ADIT_FEATURE_EDNS_SHARE] = share(detail->edns_seen, detail->queries);
	value[ADIT_FEATURE_EDNS_SAME_SHARE] = share(detail->edns_same, detail->edns_seen);
	value[ADIT_FEATURE_EDNS_SIZE] = detail->edns & 0xffff;
	value[ADIT_FEATURE_ID_STEP_SHARE] =
		smaller(share(detail->id_step_same, (double)detail->id_steps - 1), 1);
	value[ADIT_FEATURE_ID_STEP] = detail->id_step;
	value[ADIT_FEATURE_PORT_SHARE] = share(detail->port_same, detail->gaps);
	value[ADIT_FEATURE_GAP_MODE] = mode_of(detail->gap, &value[ADIT_FEATURE_GAP_MODE_SHARE]);
	value[ADIT_FEATURE_GAP_REGULARITY] = share(detail->gap_same, detail->gaps);
	value[ADIT_FEATURE_IN_STEP_SHARE] = share(detail->in_step, detail->gaps);
	value[ADIT_FEATURE_WAIT_MODE] = mode_of(detail->wait, &unused);
}

void adit_features_derive(
	enum adit_kind kind, const struct adit_sum *sum, double value[ADIT_FEATURE_COUNT])
{
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = 0;
	derive_counts(sum, value);
	derive_names(&sum->detail, value);
	derive_types(sum, value);
	derive_answers(sum, value);
	derive_sizes(sum, value);
	derive_order(&sum->detail, value);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		if (!(adit_features[i].keys & 1u << kind))
			value[i] = NAN;
}

void adit_features_hide(const bool *absent, double value[ADIT_FEATURE_COUNT])
{
	for (int i = 0; absent != NULL && i < ADIT_FEATURE_COUNT; i++)
		if (absent[i])
			value[i] = NAN;
}

void adit_features_of_session(
	const struct adit_session_sum *session, double value[ADIT_FEATURE_COUNT])
{
	double duration = (double)(session->last_ns - session->first_ns) / (double)ADIT_NS_PER_S;
	double up = (double)session->bytes_up, down = (double)session->bytes_down;

	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		value[i] = adit_features[i].keys & ADIT_KEY_SESSION ? 0 : NAN;
	value[ADIT_FEATURE_QUERIES] = (double)session->queries;
	value[ADIT_FEATURE_RESPONSES] = (double)session->responses;
	value[ADIT_FEATURE_BYTES_UP] = up;
	value[ADIT_FEATURE_BYTES_DOWN] = down;
	value[ADIT_FEATURE_DURATION] = duration;
	value[ADIT_FEATURE_UP_RATE] = duration > 0 ? up / duration : up;
	value[ADIT_FEATURE_DOWN_RATE] = duration > 0 ? down / duration : down;
}

static const char *keys_text(unsigned keys)
{
	switch (keys) {
	case ALL_:
		return "all";
	case DPS_:
		return "domain, pair, server";
	case PS_:
		return "pair, server";
	case D_ | P_:
		return "domain, pair";
	case D_:
		return "domain";
	case S_:
		return "server";
	default:
		return "session";
	}
}

int adit_features_reference(FILE *to)
{
	static const char *const natures[] = {"shape", "rhythm", "clock", "volume", "context"};
	static const char *const costs[] = {"row", "record", "name", "scorer"};

#define ADIT_FEATURE_HOW(id, name, unit, keys, nature, cost, how) how,
	static const char *const hows[] = {ADIT_FEATURES(ADIT_FEATURE_HOW)};
#undef ADIT_FEATURE_HOW

	fputs("| feature | unit | of | nature | cost | how it is computed |\n"
	      "| --- | --- | --- | --- | --- | --- |\n",
		to);
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++) {
		const struct adit_feature_about *it = &adit_features[i];

		fprintf(to, "| `%s` | %s | %s | %s | %s | %s |\n", it->name, it->unit,
			keys_text(it->keys), natures[it->nature], costs[it->cost], hows[i]);
	}
	return fflush(to) == 0 ? 0 : -errno;
}
