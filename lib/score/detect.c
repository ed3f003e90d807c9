/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The detectors, and how their points add up.
 *
 *  signature   names of a tool's classes, or its constant transaction ID step: tells the tool.
 *  structure   no tool knowledge: answers that carry payload, unique names that carry information,
 *              a constant ID step, a constant field beside high uniqueness. The constant field is
 *              evidence only: iodine, DNSExfiltrator and OzymanDNS show none, some anti-virus
 *              look-ups do.
 *  information how many bytes can this pair have moved in an hour, in names and in answers (Paxson
 *              et al. 2013; ibHH 2023)? A bound on what happened, not on why: it makes a suspect,
 *              never a tunnel.
 *
 * The points are round numbers set by reasoning from published tool behaviour (docs/detection.md),
 * not fitted; trained models replace them where they ship.
 */
#include "adit_score.h"

/* What a key must at least have shown before more than an attempt is claimed. */
#define LEAST_NAMES       8
#define LEAST_INFORMATION 200
/* The same for structure, which has no signature to lean on. */
#define STRUCTURE_NAMES       20
#define STRUCTURE_UNIQUENESS  0.7
#define STRUCTURE_INFORMATION 500

/* Datagrams that are no DNS, both ways, before they are called a tunnel. */
#define RAW_DATAGRAMS 20

#define SCORE_SIGNATURE   95
#define SCORE_RAW         75
#define SCORE_ATTEMPT     55
#define SCORE_INFORMATION 45
#define ID_STEPS_LEAST    8

static void reason_add(
	struct adit_finding *finding, enum adit_feature feature, double value, double threshold)
{
	if (finding->reason_count < ADIT_VERDICT_REASONS)
		finding->reason[finding->reason_count++] =
			(struct adit_reason){adit_feature_names[feature], value, threshold};
}

static void reason_named(struct adit_finding *finding, const char *name, double value, double least)
{
	if (finding->reason_count < ADIT_VERDICT_REASONS)
		finding->reason[finding->reason_count++] = (struct adit_reason){name, value, least};
}

/* 0 at `low`, 1 at `high`, straight between. */
static double ramp(double value, double low, double high)
{
	if (value <= low)
		return 0;
	return value >= high ? 1 : (value - low) / (high - low);
}

static bool class_holds(const struct adit_class *class, const struct adit_detail *detail, int index)
{
	double names = detail->class_names[index];

	return names >= class->names_min && names > 0 &&
	       names * 1e6 >= (double)class->share_ppm * detail->looked_at;
}

/* A step that no ordinary resolver library makes: they count up by one, in either byte order, or
 * draw at random. */
static bool id_step_odd(const double *value)
{
	double step = value[ADIT_FEATURE_ID_STEP];

	return step != 1 && step != 65535 && step != 256 && step != 65280;
}

static bool id_step_constant(const struct adit_sum *sum, const double *value, double least)
{
	return sum->detail.id_steps >= ID_STEPS_LEAST &&
	       value[ADIT_FEATURE_ID_STEP_SHARE] >= least && id_step_odd(value);
}

/* Strong classes and known ID steps; returns the points that shapes add to the structure. */
static double detect_signatures(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double *value, struct adit_finding *finding)
{
	double shape = 0, best = 0;
	const char *shape_tool = NULL;

	for (size_t i = 0; i < adit_pattern_classes(params->patterns); i++) {
		const struct adit_class *class = adit_pattern_class(params->patterns, i);
		double names = sum->detail.class_names[i];

		if (!class_holds(class, &sum->detail, (int)i))
			continue;
		if (class->strength == ADIT_STRENGTH_SHAPE) {
			shape = 20;
			shape_tool = shape_tool != NULL ? shape_tool : class->tool;
			continue;
		}
		finding->strong = true;
		if (names > best)
			finding->tool = class->tool;
		best = names > best ? names : best;
	}
	if (finding->strong)
		reason_named(finding, "signature_names", best, 1);
	for (size_t i = 0; kind == ADIT_KIND_PAIR && i < adit_pattern_tools(params->patterns);
		i++) {
		const struct adit_tool *tool = adit_pattern_tool(params->patterns, i);

		if (tool->id_step >= 0 && value[ADIT_FEATURE_ID_STEP] == tool->id_step &&
			id_step_constant(sum, value, 0.5)) {
			finding->strong = true;
			finding->tool = tool->name;
			reason_named(finding, "signature_id_step",
				value[ADIT_FEATURE_ID_STEP_SHARE], 0.5);
		}
	}
	if (finding->tool == NULL)
		finding->tool = shape_tool;
	return shape;
}

static double detect_structure(const struct adit_sum *sum, enum adit_kind kind, const double *value,
	double shape, struct adit_finding *finding)
{
	double uniqueness = value[ADIT_FEATURE_UNIQUENESS];
	double per_name = value[ADIT_FEATURE_INFORMATION_PER_NAME];
	double score = 0;

	if (value[ADIT_FEATURE_UNIQUE_NAMES] < STRUCTURE_NAMES ||
		uniqueness < STRUCTURE_UNIQUENESS ||
		value[ADIT_FEATURE_INFORMATION] < STRUCTURE_INFORMATION)
		return 0;
	score += 15 * ramp(uniqueness, 0.5, 0.95);
	reason_add(finding, ADIT_FEATURE_UNIQUENESS, uniqueness, STRUCTURE_UNIQUENESS);
	if (value[ADIT_FEATURE_PAYLOAD_PER_ANSWER] >= 8 &&
		value[ADIT_FEATURE_PAYLOAD_ANSWERS] >= 0.2) {
		score += 40 * ramp(value[ADIT_FEATURE_PAYLOAD_ANSWERS], 0, 0.8);
		score += 8 * ramp(value[ADIT_FEATURE_PAYLOAD_PER_ANSWER], 30, 60);
		reason_add(finding, ADIT_FEATURE_PAYLOAD_ANSWERS,
			value[ADIT_FEATURE_PAYLOAD_ANSWERS], 0.2);
	}
	if (per_name > 8) {
		score += 20 * ramp(per_name, 8, 24);
		reason_add(finding, ADIT_FEATURE_INFORMATION_PER_NAME, per_name, 8);
	}
	if (kind == ADIT_KIND_PAIR && id_step_constant(sum, value, 0.8)) {
		score += 25;
		reason_add(finding, ADIT_FEATURE_ID_STEP_SHARE, value[ADIT_FEATURE_ID_STEP_SHARE],
			0.8);
	}
	if (value[ADIT_FEATURE_CONSTANT_FIELD] >= 3 &&
		value[ADIT_FEATURE_CONSTANT_FIELD] < ADIT_FIELD_SIZE && uniqueness >= 0.9) {
		score += 8;
		reason_add(finding, ADIT_FEATURE_CONSTANT_FIELD, value[ADIT_FEATURE_CONSTANT_FIELD],
			3);
	}
	if (shape > 0) {
		score += shape;
		reason_named(finding, "signature_shape", 1, 1);
	}
	return score > 94 ? 94 : score;
}

/* A lasting exchange on a DNS port that is no DNS: a VPN there, or a tool's raw mode. */
static double detect_raw(
	const struct adit_detect_params *params, const double *value, struct adit_finding *finding)
{
	if (value[ADIT_FEATURE_UNPARSABLE] < RAW_DATAGRAMS ||
		value[ADIT_FEATURE_INFORMATION_UP] < params->information_bound ||
		value[ADIT_FEATURE_INFORMATION_DOWN] < params->information_bound)
		return 0;
	reason_add(finding, ADIT_FEATURE_UNPARSABLE, value[ADIT_FEATURE_UNPARSABLE], RAW_DATAGRAMS);
	return SCORE_RAW;
}

/* Tools that need no domain make a new "domain" of each name. A handful of names under a top-level
 * domain that is not delegated is told by the server that answers, not once a name. */
static bool left_to_server(enum adit_kind kind, const struct adit_sum *sum, const double *value)
{
	return kind != ADIT_KIND_SERVER && sum->unzoned &&
	       value[ADIT_FEATURE_UNIQUE_NAMES] < LEAST_NAMES;
}

void adit_detect(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double value[ADIT_FEATURE_COUNT],
	struct adit_finding *finding)
{
	double information = value[ADIT_FEATURE_INFORMATION], shape = 0, score;

	memset(finding, 0, sizeof(*finding));
	if (left_to_server(kind, sum, value))
		return;
	if (params->signatures && params->patterns != NULL)
		shape = detect_signatures(params, kind, sum, value, finding);
	if (finding->strong) {
		bool used = information >= LEAST_INFORMATION &&
			    (value[ADIT_FEATURE_UNIQUE_NAMES] >= LEAST_NAMES ||
				    value[ADIT_FEATURE_UNPARSABLE] >= LEAST_NAMES);

		finding->score = used ? SCORE_SIGNATURE : SCORE_ATTEMPT;
		/* An attempt has a zone, or will have one: its pair tells. */
		if (!used && kind == ADIT_KIND_SERVER)
			finding->score = 0;
	}
	if (params->structure) {
		score = detect_structure(sum, kind, value, shape, finding);
		if (score > finding->score)
			finding->score = score;
		score = kind == ADIT_KIND_SERVER ? detect_raw(params, value, finding) : 0;
		if (score > finding->score)
			finding->score = score;
	}
	/* Many subscribers together pass any bound: it is a bound per subscriber. */
	if (params->information && kind != ADIT_KIND_DOMAIN &&
		information >= params->information_bound) {
		score = params->suspect_score > SCORE_INFORMATION ? params->suspect_score
								  : SCORE_INFORMATION;
		if (score > finding->score)
			finding->score = score;
		reason_add(
			finding, ADIT_FEATURE_INFORMATION, information, params->information_bound);
	}
	if (finding->score < params->suspect_score && !finding->strong)
		finding->tool = NULL;
}
