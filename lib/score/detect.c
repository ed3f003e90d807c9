/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The detectors, and how their points add up: the highest counts.
 *
 *  signature   names of a tool's classes, or its constant transaction ID step: tells the tool.
 *  structure   what needs neither a tool's description nor training: a lasting exchange on a DNS
 *              port that is no DNS, and a constant transaction ID step that no resolver library
 *              makes.
 *  models      boosted trees on labelled windows; one-class SVM and elliptic envelope on a site's
 *              own (adit_judge.h).
 *  information how many bytes can this pair have moved in a day, in names and in answers (Paxson et
 *              al. 2013; ibHH 2023)? A bound on what happened, not on why: it makes a suspect,
 *              never a tunnel.
 *  burst-delta seconds of a domain that differ much after long pauses: a suspect.
 *
 * The points are round numbers (docs/detection.md), but for those of models.
 */
#include "adit_score.h"

/* What a key must at least have shown before more than an attempt is claimed. */
#define LEAST_NAMES       8
#define LEAST_INFORMATION 200

/* Datagrams that are no DNS, both ways, before they are called a tunnel. */
#define RAW_DATAGRAMS 20
/* The same of a constant step, of which a tool that nobody described may have its own. */
#define STEP_NAMES      20
#define STEP_UNIQUENESS 0.7

/* How many names of a server without a zone to be judged by must be answered: browsers ask for
 * names that nobody has. */
#define SERVER_ANSWERED 0.2
/* So many subscribers, and a server is a resolver in general use. */
#define SERVER_GENERAL 20

#define SCORE_SIGNATURE   95
#define SCORE_RAW         75
#define SCORE_STEP        75
#define SCORE_ATTEMPT     55
#define SCORE_INFORMATION 45
#define SCORE_BURST       50
#define ID_STEPS_LEAST    8
#define SMALL_STEP        16

/* Features that are told as reasons of a model's opinion. */
#define CAUSES 3

static void reason_named(struct adit_finding *finding, const char *name, double value, double least)
{
	if (finding->reason_count < ADIT_VERDICT_REASONS)
		finding->reason[finding->reason_count++] = (struct adit_reason){name, value, least};
}

static void reason_add(
	struct adit_finding *finding, enum adit_feature feature, double value, double threshold)
{
	reason_named(finding, adit_features[feature].name, value, threshold);
}

static void score_raise(struct adit_finding *finding, double score)
{
	if (score > finding->score)
		finding->score = score;
}

/* The same where many reasons may be given already: that of what decides is told. */
static void decide(struct adit_finding *finding, double score)
{
	if (score > finding->score && finding->reason_count == ADIT_VERDICT_REASONS)
		finding->reason_count--;
	score_raise(finding, score);
}

static bool class_holds(const struct adit_class *class, const struct adit_detail *detail, int index)
{
	double names = detail->class_names[index];

	return class->tool != NULL && names >= class->names_min && names > 0 &&
	       names * 1e6 >= (double)class->share_ppm * detail->looked_at;
}

/* A step that no ordinary resolver library makes: they count up or down, in either byte order, by a
 * few where other names are asked in between, or draw at random. */
static bool id_step_odd(const double *value)
{
	unsigned step = (unsigned)value[ADIT_FEATURE_ID_STEP];
	unsigned size = step < 65536 - step ? step : 65536 - step;

	return size > SMALL_STEP && (size % 256 != 0 || size / 256 > SMALL_STEP);
}

static bool id_step_constant(const struct adit_sum *sum, const double *value, double least)
{
	return sum->detail.id_steps >= ID_STEPS_LEAST &&
	       value[ADIT_FEATURE_ID_STEP_SHARE] >= least && id_step_odd(value);
}

/* Strong classes and known ID steps. A class that shows a shape only gives its tool's name. */
static void find_tool(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double *value, struct adit_finding *finding)
{
	double best = 0;
	const char *shape_tool = NULL;

	for (size_t i = 0; i < adit_pattern_classes(params->patterns); i++) {
		const struct adit_class *class = adit_pattern_class(params->patterns, i);
		double names = sum->detail.class_names[i];

		if (!class_holds(class, &sum->detail, (int)i))
			continue;
		if (class->strength == ADIT_STRENGTH_SHAPE) {
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
}

static void detect_signatures(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double *value, struct adit_finding *finding)
{
	bool used = value[ADIT_FEATURE_INFORMATION] >= LEAST_INFORMATION &&
		    (value[ADIT_FEATURE_UNIQUE_NAMES] >= LEAST_NAMES ||
			    value[ADIT_FEATURE_UNPARSABLE] >= LEAST_NAMES);

	if (!params->signatures || params->patterns == NULL)
		return;
	find_tool(params, kind, sum, value, finding);
	if (!finding->strong)
		return;
	finding->score = used ? SCORE_SIGNATURE : SCORE_ATTEMPT;
	/* An attempt has a zone, or will have one: its pair tells. */
	if (!used && kind == ADIT_KIND_SERVER)
		finding->score = 0;
}

/* A VPN on a DNS port, or a tool's raw mode; and a tool's habit with transaction IDs. */
static void detect_structure(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double *value, struct adit_finding *finding)
{
	if (!params->structure)
		return;
	if (kind == ADIT_KIND_SERVER && value[ADIT_FEATURE_UNPARSABLE] >= RAW_DATAGRAMS &&
		value[ADIT_FEATURE_INFORMATION_UP] >= params->information_bound &&
		value[ADIT_FEATURE_INFORMATION_DOWN] >= params->information_bound) {
		score_raise(finding, SCORE_RAW);
		reason_add(finding, ADIT_FEATURE_UNPARSABLE, value[ADIT_FEATURE_UNPARSABLE],
			RAW_DATAGRAMS);
	}
	if (kind == ADIT_KIND_PAIR && value[ADIT_FEATURE_UNIQUE_NAMES] >= STEP_NAMES &&
		value[ADIT_FEATURE_UNIQUENESS] >= STEP_UNIQUENESS &&
		value[ADIT_FEATURE_INFORMATION] >= LEAST_INFORMATION &&
		id_step_constant(sum, value, 0.8)) {
		score_raise(finding, SCORE_STEP);
		reason_add(finding, ADIT_FEATURE_ID_STEP_SHARE, value[ADIT_FEATURE_ID_STEP_SHARE],
			0.8);
	}
}

/* What tells a row that a model calls a tunnel from a benign one. */
static void explain(const struct adit_detect_params *params, const struct adit_opinion *opinion,
	double *value, struct adit_finding *finding)
{
	struct adit_model_cause causes[CAUSES];
	size_t count =
		adit_judges_explain(params->judges, opinion, value, causes, ADIT_COUNT(causes));

	for (size_t i = 0; i < count; i++)
		reason_named(finding, adit_features[causes[i].place].name, causes[i].value,
			causes[i].typical);
}

static void detect_models(const struct adit_detect_params *params, enum adit_kind kind,
	enum adit_span span, double *value, struct adit_finding *finding)
{
	struct adit_opinion opinion[ADIT_JUDGES_MAX];
	size_t count, best = 0;

	if (params->judges == NULL || finding->left_out)
		return;
	count = adit_judges_ask(params->judges, kind, span, params->models, value,
		params->suspect_score, params->tunnel_score, opinion, &finding->models);
	for (size_t i = 0; i < count; i++) {
		score_raise(finding, opinion[i].points);
		reason_named(finding, opinion[i].name, opinion[i].score, opinion[i].threshold);
		best = opinion[i].points > opinion[best].points ? i : best;
	}
	if (count != 0 && opinion[best].points >= params->tunnel_score)
		explain(params, &opinion[best], value, finding);
}

/* A tool that needs no domain makes a new "domain" of each name: a handful of names under a
 * top-level domain that is not delegated is told by the server that answers, not once a name. */
static bool is_told_by_server(enum adit_kind kind, const struct adit_sum *sum, const double *value)
{
	return kind != ADIT_KIND_SERVER && sum->unzoned &&
	       value[ADIT_FEATURE_UNIQUE_NAMES] < LEAST_NAMES;
}

double adit_information_most(const struct adit_sum *sum, double information)
{
	bool is_exact = adit_distinct_exact(&sum->detail.names) &&
			adit_distinct_exact(&sum->detail.answers);

	return is_exact ? information : information * ADIT_DISTINCT_MARGIN;
}

/* Estimates must not miss what passes it. */
static bool passes_bound(
	const struct adit_detect_params *params, const struct adit_sum *sum, const double *value)
{
	return adit_information_most(sum, value[ADIT_FEATURE_INFORMATION]) >=
	       params->information_bound;
}

/* What nobody answers says nothing by its shape: a root denies whatever a program makes of an
 * address or a local name. Nor does what resolvers in general use are asked, while it is little:
 * whoever resells a tunnel's server has many subscribers, too. */
static bool is_general(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double *value)
{
	if (value[ADIT_FEATURE_UNPARSABLE] >= LEAST_NAMES ||
		(kind != ADIT_KIND_SERVER && !sum->unzoned))
		return false;
	/* Nor does what nobody can tell to be answered (NaN). */
	return !(value[ADIT_FEATURE_ANSWERED_SHARE] >= SERVER_ANSWERED) ||
	       (kind == ADIT_KIND_SERVER && value[ADIT_FEATURE_SUBSCRIBERS] >= SERVER_GENERAL &&
		       !passes_bound(params, sum, value));
}

/* Many subscribers together pass any bound: it is a bound per subscriber. */
static void detect_information(const struct adit_detect_params *params, enum adit_kind kind,
	const struct adit_sum *sum, const double *value, struct adit_finding *finding)
{
	if (!params->information || kind == ADIT_KIND_DOMAIN || !passes_bound(params, sum, value))
		return;
	decide(finding, params->suspect_score > SCORE_INFORMATION ? params->suspect_score
								  : SCORE_INFORMATION);
	reason_add(finding, ADIT_FEATURE_INFORMATION, value[ADIT_FEATURE_INFORMATION],
		params->information_bound);
}

double adit_burst_score(const struct adit_detect_params *params)
{
	return params->suspect_score > SCORE_BURST ? params->suspect_score : SCORE_BURST;
}

static void detect_burst(
	const struct adit_detect_params *params, const double *value, struct adit_finding *finding)
{
	/* Only domains have it: of others it is NaN. */
	if (!params->burst || !(value[ADIT_FEATURE_BURST_HITS] >= ADIT_BURST_LEAST))
		return;
	decide(finding, adit_burst_score(params));
	reason_add(
		finding, ADIT_FEATURE_BURST_HITS, value[ADIT_FEATURE_BURST_HITS], ADIT_BURST_LEAST);
}

void adit_detect(const struct adit_detect_params *params, enum adit_kind kind, enum adit_span span,
	const struct adit_sum *sum, double value[ADIT_FEATURE_COUNT], struct adit_finding *finding)
{
	memset(finding, 0, sizeof(*finding));
	finding->general = is_general(params, kind, sum, value);
	finding->left_out = finding->general || value[ADIT_FEATURE_INFORMATION] < LEAST_INFORMATION;
	if (is_told_by_server(kind, sum, value)) {
		finding->left_out = true;
		return;
	}
	detect_signatures(params, kind, sum, value, finding);
	if (!finding->general)
		detect_structure(params, kind, sum, value, finding);
	detect_models(params, kind, span, value, finding);
	detect_burst(params, value, finding);
	finding->apart = finding->score;
	detect_information(params, kind, sum, value, finding);
	if (finding->score < params->suspect_score && !finding->strong)
		finding->tool = NULL;
}
