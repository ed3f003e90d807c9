/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The appliance's own detectors over logs: each record becomes the messages that it stands for, and
 * these go, in order of time, the way that packets of a capture go. Verdicts of both are written.
 */
#include "logscan.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* A response that is to come: it was answered later than what follows in the log was asked. */
struct later {
	struct adit_frame frame;
	uint64_t number; /* of those at one time, in the order in which they were asked */
	uint8_t *bytes;
};

struct judging {
	struct app_logscan *it;
	struct app_logmessage message;
	struct later *heap; /* the earliest first */
	size_t count, room;
	uint64_t number;
	uint64_t *told; /* by rank: a verdict of the detectors was written */
};

static bool is_before(const struct later *a, const struct later *b)
{
	if (a->frame.ts_ns != b->frame.ts_ns)
		return a->frame.ts_ns < b->frame.ts_ns;
	return a->number < b->number;
}

static void swap(struct later *a, struct later *b)
{
	struct later kept = *a;

	*a = *b;
	*b = kept;
}

static bool later_push(struct judging *judging, const struct adit_frame *frame)
{
	size_t at = judging->count;

	if (at == judging->room) {
		size_t room = at != 0 ? 2 * at : 256;
		struct later *heap = reallocarray(judging->heap, room, sizeof(*heap));

		if (heap == NULL)
			return false;
		judging->heap = heap;
		judging->room = room;
	}
	judging->heap[at] = (struct later){*frame, judging->number++, malloc(frame->captured)};
	if (judging->heap[at].bytes == NULL)
		return false;
	memcpy(judging->heap[at].bytes, frame->data, frame->captured);
	judging->heap[at].frame.data = judging->heap[at].bytes;
	judging->count++;
	while (at > 0 && is_before(&judging->heap[at], &judging->heap[(at - 1) / 2])) {
		swap(&judging->heap[at], &judging->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	return true;
}

/* Gives out what comes before a time. */
static void later_pop(struct judging *judging, uint64_t until_ns)
{
	while (judging->count > 0 && judging->heap[0].frame.ts_ns < until_ns) {
		struct later first = judging->heap[0];
		size_t at = 0;

		app_offline_frame(&judging->it->offline, &first.frame);
		free(first.bytes);
		judging->heap[0] = judging->heap[--judging->count];
		for (;;) {
			size_t least = at;

			for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
				if (child < judging->count &&
					is_before(&judging->heap[child], &judging->heap[least]))
					least = child;
			if (least == at)
				break;
			swap(&judging->heap[at], &judging->heap[least]);
			at = least;
		}
	}
}

bool app_logscan_answered(const struct adit_log_record *record)
{
	return record->kind == ADIT_LOG_RESPONSE ||
	       (record->kind == ADIT_LOG_LOOKUP && (record->has_rcode || record->answer_count > 0));
}

static int judge_row(
	struct judging *judging, const struct adit_logscan_kept *row, struct adit_error *error)
{
	struct app_logscan *it = judging->it;
	struct adit_log_record record;
	struct adit_frame frame;
	struct adit_name name;

	if (!app_logscan_again(it, row, &record))
		return adit_error_set(error, -EIO, "%s: the log has changed while it was read",
			app_logfile_name(it->logs[app_row_log(row->at)].file));
	later_pop(judging, record.ts_ns);
	if (!app_logscan_name(&record, &name) || (record.qtype == 0 && record.wire == NULL)) {
		it->unjudged++;
		return 0;
	}
	/* The query of a look-up that the log has twice stands in its other row. */
	if (record.kind == ADIT_LOG_QUERY ||
		(record.kind == ADIT_LOG_LOOKUP && !row->passed_over)) {
		if (app_logmessage_make(&judging->message, &record, &name, false, &frame))
			app_offline_frame(&it->offline, &frame);
		else
			it->unjudged++;
	}
	if (!app_logscan_answered(&record))
		return 0;
	if (!app_logmessage_make(&judging->message, &record, &name, true, &frame))
		it->unjudged++;
	else if (frame.ts_ns <= record.ts_ns)
		app_offline_frame(&it->offline, &frame);
	else if (!later_push(judging, &frame))
		return adit_error_set(error, -ENOMEM, "no memory for responses");
	return 0;
}

static int time_order(const void *left, const void *right, void *context)
{
	const struct adit_logscan *scan = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	uint64_t time_a = adit_logscan_row(scan, a)->ts_ns,
		 time_b = adit_logscan_row(scan, b)->ts_ns;

	if (time_a != time_b)
		return time_a < time_b ? -1 : 1;
	return (a > b) - (a < b);
}

/* The rows in order of time; NULL: they are. */
static int order_make(const struct app_logscan *it, uint32_t **order, struct adit_error *error)
{
	size_t rows = adit_logscan_rows(it->scan), i = 1;

	*order = NULL;
	while (i < rows &&
		adit_logscan_row(it->scan, i - 1)->ts_ns <= adit_logscan_row(it->scan, i)->ts_ns)
		i++;
	if (i >= rows)
		return 0;
	*order = malloc(rows * sizeof(**order));
	if (*order == NULL)
		return adit_error_set(error, -ENOMEM, "no memory to sort %zu rows", rows);
	for (i = 0; i < rows; i++)
		(*order)[i] = (uint32_t)i;
	qsort_r(*order, rows, sizeof(**order), time_order, it->scan);
	return 0;
}

static int rows_judge(struct judging *judging, struct adit_error *error)
{
	struct app_logscan *it = judging->it;
	size_t rows = adit_logscan_rows(it->scan);
	char how_far[80];
	uint32_t *order;
	int status = order_make(it, &order, error);

	for (size_t i = 0; i < rows && status == 0; i++) {
		if ((i & 0xfff) == 0) {
			app_progress_report("judging", i, rows);
			snprintf(how_far, sizeof(how_far),
				"the detectors looked at %zu of %zu rows", i, rows);
			if (app_logscan_stops(it, how_far))
				break;
		}
		status = judge_row(
			judging, adit_logscan_row(it->scan, order != NULL ? order[i] : i), error);
	}
	later_pop(judging, UINT64_MAX);
	app_offline_end(&it->offline);
	app_progress_clear();
	free(order);
	return status;
}

static void verdict_write(struct app_logscan *it, const struct adit_verdict *verdict)
{
	struct adit_error error;
	int status = adit_verdict_board_add(it->board, verdict);

	if (status == 0 && it->verdicts != NULL)
		status = adit_verdict_write_json(verdict, it->identity.privacy, it->verdicts);
	if (status == 0)
		return;
	adit_error_set(&error, status, "verdicts.jsonl: %s; what it holds is cut short",
		strerror(-status));
	if (!it->problem)
		app_logscan_note(it, &error);
}

/* The ranked domain of a name, by its text; its rank or NONE. */
static uint32_t rank_of(const struct app_logscan *it, const struct adit_wire_name *wire)
{
	char text[ADIT_NAME_TEXT_MAX];
	size_t size;

	if (wire->size == 0)
		return ADIT_LOGSCAN_NONE;
	size = adit_name_to_text(wire->wire, wire->size, text, sizeof(text));
	for (uint32_t i = 0; i < adit_logscan_ranked(it->scan); i++) {
		const struct adit_logscan_domain *domain = adit_logscan_domain(it->scan, i);
		size_t own = domain->size;

		/* --exact has names as the log spells them. */
		own -= own > 1 && domain->name[own - 1] == '.';
		if (own == size && strncasecmp(domain->name, text, size) == 0)
			return i;
	}
	return ADIT_LOGSCAN_NONE;
}

/* Reasons of the log behind those of the detectors: at least one of each finds room. */
static void reasons_join(struct adit_verdict *verdict, const struct app_logged *logged)
{
	size_t keep = ADIT_VERDICT_REASONS - logged->reason_count;

	if (verdict->reason_count > keep)
		verdict->reason_count = keep;
	for (size_t i = 0; i < logged->reason_count; i++)
		verdict->reason[verdict->reason_count++] = logged->reason[i];
}

static void verdict_take(void *context, const struct adit_verdict *given)
{
	struct judging *judging = context;
	struct app_logscan *it = judging->it;
	struct adit_verdict verdict = *given;
	uint32_t rank = rank_of(it, &verdict.domain);

	if (rank != ADIT_LOGSCAN_NONE) {
		struct app_logged *logged = &it->logged[rank];

		reasons_join(&verdict, logged);
		judging->told[rank]++;
		if (verdict.score > logged->score || verdict.verdict > logged->verdict) {
			logged->score = verdict.score;
			logged->verdict = verdict.verdict;
		}
	}
	app_identity_fill(&it->identity, &verdict);
	verdict_write(it, &verdict);
}

static void features_take(void *context, const struct adit_feature_row *row)
{
	struct app_logscan *it = ((struct judging *)context)->it;

	/* The last error shows when the file is closed. */
	if (it->windows != NULL)
		adit_feature_write_row(row, ADIT_FEATURE_COUNT, it->identity.privacy, it->windows);
}

/* What only the chain found. */
static void chain_tell(struct judging *judging)
{
	struct app_logscan *it = judging->it;

	for (uint32_t i = 0; i < adit_logscan_ranked(it->scan); i++) {
		const struct adit_logscan_domain *domain = adit_logscan_domain(it->scan, i);
		const struct app_logged *logged = &it->logged[i];
		struct adit_verdict verdict = {.state = ADIT_STATE_CLOSED,
			.verdict = ADIT_VERDICT_SUSPECT,
			.time_ns = domain->last_ns,
			.window_start_ns = domain->first_ns,
			.window_end_ns = domain->last_ns,
			.score = logged->score,
			.queries = domain->queries,
			.responses = domain->responses};
		struct adit_name name;

		if (domain->marked == 0 || logged->service != NULL || judging->told[i] != 0)
			continue;
		if (adit_name_from_log(domain->name, domain->size, &name) == 0) {
			verdict.domain.size = name.size;
			memcpy(verdict.domain.wire, name.lower, name.size);
		}
		verdict.id = adit_hash_pair(&adit_hash_key_fixed,
			adit_hash(&adit_hash_key_fixed, domain->name, domain->size),
			domain->first_ns);
		verdict.unique_names = (uint64_t)(adit_distinct_number(&domain->names) + 0.5);
		verdict.subscribers_total =
			(uint32_t)(adit_distinct_number(&domain->clients) + 0.5);
		reasons_join(&verdict, logged);
		verdict_write(it, &verdict);
	}
}

static int outputs_open(struct app_logscan *it, struct adit_error *error)
{
	it->board = adit_verdict_board_create();
	if (it->board == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the table of verdicts");
	if (it->out == NULL)
		return 0;
	it->verdicts = app_logscan_file(it, "verdicts.jsonl");
	if (it->features) {
		it->windows = app_logscan_file(it, "windows.csv");
		if (it->windows != NULL)
			adit_feature_write_header(
				adit_feature_names, ADIT_FEATURE_COUNT, it->windows);
	}
	return 0;
}

int app_logscan_judge(struct app_logscan *it, struct adit_error *error)
{
	struct judging *judging = calloc(1, sizeof(*judging));
	int status = outputs_open(it, error);

	if (judging != NULL) {
		judging->it = it;
		judging->message.server_port = (uint16_t)it->config.dns_ports.item[0];
		judging->told = calloc(adit_logscan_ranked(it->scan) + 1, sizeof(*judging->told));
	}
	if (status == 0 && (judging == NULL || judging->told == NULL))
		status = adit_error_set(error, -ENOMEM, "no memory for verdicts");
	if (status == 0 && !it->no_detectors) {
		it->offline.absent = it->absent;
		status = app_offline_open(&it->offline, &it->appliance, verdict_take,
			it->windows != NULL ? features_take : NULL, judging, error);
		if (status == 0)
			status = rows_judge(judging, error);
	}
	if (status == 0)
		chain_tell(judging);
	while (judging != NULL && judging->count > 0)
		free(judging->heap[--judging->count].bytes);
	if (judging != NULL) {
		free(judging->heap);
		free(judging->told);
	}
	free(judging);
	return status;
}
