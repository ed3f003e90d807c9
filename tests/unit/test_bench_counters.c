/* SPDX-License-Identifier: BSD-3-Clause
 *
 * CPU counters as adit bench reads them, with events that the kernel has on every machine.
 */
#include "bench_counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define PAGES 1000

static const struct app_cpu_event software[APP_CPU_COUNTERS] = {
	{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
	{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
};

/* Writes to so many pages for the first time. */
static void touch(size_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	volatile uint8_t *memory = mmap(
		NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	/* Else one fault may give 512 of them. */
	madvise((void *)(uintptr_t)memory, pages * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		memory[i * page] = 1;
	munmap((void *)(uintptr_t)memory, pages * page);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

TEST(bench_counters, count_what_the_thread_does_between_begin_and_end)
{
	struct app_cpu_counters counters;
	uint64_t values[APP_CPU_COUNTERS] = {0}, before, ns;

	touch(PAGES);
	before = cpu_ns();
	app_counters_begin(&counters, software);
	if (counters.error == EACCES || counters.error == EPERM || counters.error == ENOSYS)
		SKIP("perf_event_open is not allowed here");
	touch(PAGES);
	app_counters_end(&counters, values);
	ns = cpu_ns() - before;
	touch(PAGES);
	CHECK_EQ_INT(counters.error, 0);
	CHECK(values[0] > 0 && values[0] <= ns);
	CHECK(values[1] >= PAGES && values[1] < PAGES + PAGES / 2);
	for (int i = 0; i < APP_CPU_COUNTERS; i++)
		CHECK_EQ_INT(counters.file[i], -1);
}

/* In adit bench it begins and ends for each run. */
TEST(bench_counters, begin_anew)
{
	struct app_cpu_counters counters;
	uint64_t first[APP_CPU_COUNTERS] = {0}, second[APP_CPU_COUNTERS] = {0};

	app_counters_begin(&counters, software);
	if (counters.error != 0)
		SKIP("perf_event_open is not allowed here");
	touch(PAGES);
	app_counters_end(&counters, first);
	app_counters_begin(&counters, software);
	app_counters_end(&counters, second);
	CHECK(first[1] >= PAGES);
	CHECK(second[1] < PAGES / 2);
}

TEST(bench_counters, say_why_they_do_not_count)
{
	static const struct app_cpu_event unknown[APP_CPU_COUNTERS] = {
		{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK}, {PERF_TYPE_SOFTWARE, 9999}};
	struct app_cpu_counters counters;
	uint64_t values[APP_CPU_COUNTERS] = {7, 7};

	/* The second of a group is refused: the first is closed again. */
	app_counters_begin(&counters, unknown);
	CHECK(counters.error != 0);
	CHECK_EQ_INT(counters.file[0], -1);
	app_counters_end(&counters, values);
	CHECK(counters.error != 0);
	CHECK_EQ_INT(values[0], 7);
}

/* Those of the CPU: this machine has them, or says that it has not. */
TEST(bench_counters, of_the_cpu)
{
	struct app_cpu_counters counters;
	uint64_t values[APP_CPU_COUNTERS] = {0};

	app_counters_begin(&counters, app_cpu_events);
	touch(PAGES);
	app_counters_end(&counters, values);
	if (counters.error == 0)
		CHECK(values[APP_CYCLES] > PAGES && values[APP_INSTRUCTIONS] > PAGES);
	else
		SKIP("error %d", counters.error);
}

TEST(bench_counters, that_took_turns_stand_for_all_of_the_time)
{
	CHECK_EQ_INT(app_counter_scale(1000, 500, 500), 1000);
	CHECK_EQ_INT(app_counter_scale(1000, 500, 250), 2000);
	/* An hour at 5 GHz, a third of it counted: the product is above 64 bits. */
	CHECK(app_counter_scale(UINT64_C(6000000000000), UINT64_C(3600000000000),
		      UINT64_C(1200000000000)) == UINT64_C(18000000000000));
}
