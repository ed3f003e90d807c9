/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every reason that a detector can give has words, as a person reads them.
 */
#include "harness.h"

#include "adit_score.h"

#include <stdlib.h>

/* Words are printable, and no more than fits into a table. */
static void check_words(const char *name)
{
	const char *words = adit_verdict_reason_words(name);

	if (words == NULL) {
		FAIL("the reason %s has no words", name);
		return;
	}
	CHECK(words[0] != '\0' && strlen(words) <= 32);
	for (const char *at = words; *at; at++)
		CHECK(*at >= ' ' && *at <= '~' && *at != '_');
}

/* Any feature may be what a model gives for its opinion. */
TEST(words, features)
{
	for (int i = 0; i < ADIT_FEATURE_COUNT; i++)
		check_words(adit_features[i].name);
}

TEST(words, detectors)
{
	check_words("signature_names");
	check_words("signature_id_step");
	check_words("session");
	check_words("log_hits");
	check_words("log_servers");
	check_words("log_digits");
	check_words("log_words");
	check_words("log_cycles");
	for (int i = 0; i < ADIT_MODEL_KINDS; i++)
		check_words(adit_model_kind_names[i]);
}

TEST(words, unknown)
{
	CHECK(adit_verdict_reason_words("signature_shape") == NULL);
	CHECK(adit_verdict_reason_words("") == NULL);
}

/* Reasons of like words are said once, others as they are. */
TEST(words, said_once)
{
	static const char *const names[] = {"trees", "mean_length", "max_length"};
	struct adit_verdict_board *board = adit_verdict_board_create();
	struct adit_verdict verdict = {.verdict = ADIT_VERDICT_TUNNEL, .score = 90};
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	REQUIRE(board != NULL && file != NULL);
	for (size_t i = 0; i < ADIT_COUNT(names); i++)
		verdict.reason[verdict.reason_count++].name = names[i];
	CHECK_EQ_INT(adit_verdict_board_add(board, &verdict), 0);
	CHECK_EQ_INT(adit_verdict_board_draw(board, NULL, file, 200, false, 1), 0);
	fclose(file);
	CHECK_CONTAINS(text, "  shaped like tunnels, length of names\n");
	free(text);
	adit_verdict_board_destroy(board);
}
