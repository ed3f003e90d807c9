/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A list of sinks that takes the place of another while they run: who stays keeps its queue and its
 * counters, who goes is through with its records, and who writes the same file waits for that.
 */
#include "sink_cases.h"

#include <sys/file.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
}

static const struct adit_sink_host host = {now_ns, now_ns, case_start, "1.2.3"};

static void give(struct adit_sinks *sinks, const char *domain)
{
	struct adit_verdict verdict = case_verdict(domain, 80);

	adit_sinks_offer(sinks, &verdict, NULL);
}

/* Waits until something is so; nothing here takes long. */
#define WAIT(condition)                                                  \
	do {                                                             \
		bool so_ = false;                                        \
		for (int turns_ = 0; turns_ < 20000 && !so_; turns_++) { \
			so_ = (condition);                               \
			if (!so_)                                        \
				usleep(1000);                            \
		}                                                        \
		if (!so_)                                                \
			FAIL("it does not come to %s", #condition);      \
	} while (0)

static uint64_t written(const struct adit_sinks *sinks, size_t number)
{
	struct adit_sink_status status;

	return adit_sinks_status(sinks, number, &status) ? status.written : 0;
}

static char paths[3][96];

/* Three of JSON lines: a, b, c. */
static void params_make(struct adit_sink_params params[3])
{
	static const char *const names[] = {"a", "b", "c"};
	const char *directory = case_directory();

	for (int i = 0; i < 3; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", directory, names[i]);
		params[i] = case_params(ADIT_SINK_JSONL);
		params[i].name = names[i];
		params[i].path = paths[i];
		params[i].linger_ms = 10000;
	}
}

static void files_remove(void)
{
	for (int i = 0; i < 3; i++)
		unlink(paths[i]);
	*strrchr(paths[0], '/') = '\0';
	rmdir(paths[0]);
}

TEST(sink_exchange, one_stays_one_goes_one_comes)
{
	struct adit_sink_params params[3];
	const int kept[] = {-1, 1};
	struct adit_sinks *sinks, *next;
	struct adit_sink_status status;
	struct adit_error error = {""};

	params_make(params);
	REQUIRE(adit_sinks_create(&sinks, params, 2, &host, &error) == 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	give(sinks, "first.test");
	WAIT(written(sinks, 0) == 1 && written(sinks, 1) == 1);

	/* c comes, in front; b stays; a goes. */
	const struct adit_sink_params other[] = {params[2], params[1]};
	REQUIRE(adit_sinks_prepare(sinks, other, kept, 2, &next, &error) == 0);
	give(sinks, "second.test");
	CHECK_EQ_INT(adit_sinks_going(sinks), 0);
	adit_sinks_exchange(sinks, next);
	give(sinks, "third.test");
	CHECK_EQ_INT(adit_sinks_count(sinks), 2);
	WAIT(written(sinks, 0) == 1 && written(sinks, 1) == 3);
	REQUIRE(adit_sinks_status(sinks, 0, &status));
	CHECK_EQ_STR(status.name, "c");
	REQUIRE(adit_sinks_status(sinks, 1, &status));
	CHECK_EQ_STR(status.name, "b");
	CHECK(!adit_sinks_status(sinks, 2, &status));
	WAIT(adit_sinks_gone(sinks, &status));
	CHECK_EQ_STR(status.name, "a");
	CHECK_EQ_INT(status.written, 2);
	CHECK_EQ_INT(status.dropped + status.failed + status.queued, 0);
	CHECK_EQ_INT(adit_sinks_going(sinks), 0);
	CHECK(!adit_sinks_gone(sinks, &status));
	adit_sinks_destroy(sinks);
	CHECK_EQ_INT(count_of(file_text(paths[0]), "\n"), 2);
	CHECK_EQ_INT(count_of(file_text(paths[0]), "third.test"), 0);
	CHECK_EQ_INT(count_of(file_text(paths[1]), "\n"), 3);
	CHECK_EQ_INT(count_of(file_text(paths[2]), "third.test"), 1);
	CHECK_EQ_INT(count_of(file_text(paths[2]), "\n"), 1);
	files_remove();
}

/* Other settings for the same file: whoever had it is through first, and every line is there. */
TEST(sink_exchange, the_same_file)
{
	struct adit_sink_params params[3];
	const int kept[] = {-1};
	struct adit_sinks *sinks, *next;
	struct adit_sink_status status;
	struct adit_error error = {""};
	const char *text;
	size_t gone = 0;

	params_make(params);
	REQUIRE(adit_sinks_create(&sinks, params, 1, &host, &error) == 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	for (int round = 0; round < 5; round++) {
		give(sinks, "before.test");
		params[0].keep++;
		REQUIRE(adit_sinks_prepare(sinks, params, kept, 1, &next, &error) == 0);
		adit_sinks_exchange(sinks, next);
		give(sinks, "after.test");
	}
	WAIT((gone += adit_sinks_gone(sinks, &status)) == 5);
	WAIT(written(sinks, 0) == 1);
	adit_sinks_destroy(sinks);
	text = file_text(paths[0]);
	CHECK_EQ_INT(count_of(text, "before.test"), 5);
	CHECK_EQ_INT(count_of(text, "\n"), 10);
	CHECK(strstr(text, "before.test") < strstr(text, "after.test"));
	files_remove();
}

/* What can't be opened changes nothing, and its neighbours leave nothing behind. */
TEST(sink_exchange, refused)
{
	struct adit_sink_params params[3];
	const int kept[] = {0, -1, -1};
	struct adit_sinks *sinks, *next;
	struct adit_error error = {""};
	char missing[128];

	params_make(params);
	REQUIRE(adit_sinks_create(&sinks, params, 1, &host, &error) == 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	snprintf(missing, sizeof(missing), "%s/none/c", paths[0]);
	params[2].path = missing;
	CHECK(adit_sinks_prepare(sinks, params, kept, 3, &next, &error) != 0);
	CHECK_CONTAINS(error.text, "sink c: ");
	CHECK(next == NULL);
	give(sinks, "goes-on.test");
	WAIT(written(sinks, 0) == 1);
	CHECK_EQ_INT(adit_sinks_count(sinks), 1);
	/* One that waits for the file of another, and is not wanted after all, waits no longer. */
	const int none[] = {-1};
	REQUIRE(adit_sinks_prepare(sinks, params, none, 1, &next, &error) == 0);
	adit_sinks_destroy(next);
	give(sinks, "goes-on.test");
	WAIT(written(sinks, 0) == 2);
	adit_sinks_destroy(sinks);
	files_remove();
}

/* A file that another program holds when its turn comes is tried again; its records wait. */
TEST(sink_exchange, opened_late)
{
	struct adit_sink_params params[3];
	const int kept[] = {-1};
	struct adit_sinks *sinks, *next;
	struct adit_sink_status status = {.name = ""};
	struct adit_error error = {""};
	FILE *other;

	params_make(params);
	REQUIRE(adit_sinks_create(&sinks, params, 1, &host, &error) == 0);
	/* It has no thread yet, so it does not go. */
	REQUIRE(adit_sinks_prepare(sinks, params, kept, 1, &next, &error) == 0);
	REQUIRE(adit_sinks_start(sinks, &error) == 0);
	adit_sinks_exchange(sinks, next);
	give(sinks, "late.test");
	unlink(paths[0]);
	other = fopen(paths[0], "a");
	REQUIRE(other != NULL && flock(fileno(other), LOCK_EX) == 0);
	WAIT(adit_sinks_gone(sinks, &status));
	WAIT(adit_sinks_status(sinks, 0, &status) && status.failing);
	CHECK_EQ_INT(status.queued, 1);
	CHECK_CONTAINS(status.error, "another program writes it");
	fclose(other);
	WAIT(written(sinks, 0) == 1);
	adit_sinks_destroy(sinks);
	CHECK_EQ_INT(count_of(file_text(paths[0]), "late.test"), 1);
	files_remove();
}
