/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The board: the last record of each story, found by id in an open-addressing index. Memory: room
 * for N stories takes N * (sizeof(struct story) + 8) bytes; N doubles as needed, from 64 up to
 * ADIT_VERDICT_BOARD_MAX (about 28 MB).
 */
#include "adit_verdict.h"
#include "verdict_priv.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 64

struct adit_verdict_board *adit_verdict_board_create(void)
{
	return calloc(1, sizeof(struct adit_verdict_board));
}

void adit_verdict_board_destroy(struct adit_verdict_board *board)
{
	if (!board)
		return;
	free(board->story);
	free(board->slot);
	free(board);
}

size_t adit_verdict_board_count(
	const struct adit_verdict_board *board, enum adit_verdict_class verdict)
{
	size_t count = board->dropped[verdict];

	for (size_t i = 0; i < board->count; i++)
		count += board->story[i].verdict == verdict;
	return count;
}

int adit_verdict_story_order(const struct story *a, const struct story *b)
{
	if (a->verdict != b->verdict)
		return a->verdict == ADIT_VERDICT_TUNNEL ? -1 : 1;
	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	if (a->queries != b->queries)
		return a->queries > b->queries ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* The slot where the story with this id is, or the free one where it would be. */
static uint32_t *find_slot(const struct adit_verdict_board *board, uint64_t id)
{
	size_t mask = 2 * board->room - 1;
	size_t at = (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (board->slot[at] != 0 && board->story[board->slot[at] - 1].id != id)
		at = (at + 1) & mask;
	return &board->slot[at];
}

static void fill_index(struct adit_verdict_board *board)
{
	memset(board->slot, 0, 2 * board->room * sizeof(board->slot[0]));
	for (size_t i = 0; i < board->count; i++)
		*find_slot(board, board->story[i].id) = (uint32_t)i + 1;
}

static int grow(struct adit_verdict_board *board)
{
	size_t room = board->room > 0 ? 2 * board->room : FIRST_ROOM;
	uint32_t *slot = calloc(2 * room, sizeof(slot[0]));
	struct story *story = slot ? realloc(board->story, room * sizeof(story[0])) : NULL;

	if (!story) {
		free(slot);
		return -ENOMEM;
	}
	free(board->slot);
	board->story = story;
	board->slot = slot;
	board->room = room;
	fill_index(board);
	return 0;
}

static int order_of(const void *a, const void *b)
{
	return adit_verdict_story_order(a, b);
}

static void drop_weaker_half(struct adit_verdict_board *board)
{
	size_t keep = board->count / 2;

	qsort(board->story, board->count, sizeof(board->story[0]), order_of);
	for (size_t i = keep; i < board->count; i++)
		board->dropped[board->story[i].verdict]++;
	board->count = keep;
	fill_index(board);
}

static void summarise(struct story *story, const struct adit_verdict *v)
{
	memset(story, 0, sizeof(*story));
	story->id = v->id;
	story->verdict = v->verdict;
	story->score = v->score;
	story->tool = v->tool;
	story->queries = v->queries;
	story->bytes_up = v->bytes_up;
	story->bytes_down = v->bytes_down;
	story->window_start_ns = v->window_start_ns;
	story->window_end_ns = v->window_end_ns;
	story->domain = v->domain;
	story->has_server = v->has_server;
	story->server = v->server;
	story->subscribers_total = v->subscribers_total;
	story->has_subscriber = v->subscriber_count > 0;
	if (story->has_subscriber)
		story->subscriber = v->subscriber[0].address;
	for (size_t i = 0; i < v->reason_count && i < STORY_REASONS; i++)
		story->reason[i] = v->reason[i].name;
}

int adit_verdict_board_add(struct adit_verdict_board *board, const struct adit_verdict *verdict)
{
	uint32_t *slot = board->room > 0 ? find_slot(board, verdict->id) : NULL;

	if (!slot || *slot == 0) {
		if (board->count == ADIT_VERDICT_BOARD_MAX)
			drop_weaker_half(board);
		else if (board->count == board->room && grow(board) != 0)
			return -ENOMEM;
		slot = find_slot(board, verdict->id);
		*slot = (uint32_t)++board->count;
	}
	summarise(&board->story[*slot - 1], verdict);
	return 0;
}
