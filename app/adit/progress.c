/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a long sub-command shows on a terminal, and how it ends early. The libraries below cannot
 * be asked to stop in the midst of a fit, and nothing is on disk until the end: so an interrupt
 * simply ends the process, unless a file is being written just then, or the command can be asked to
 * stop after all.
 */
#include "tables.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define DRAW_NS (100 * ADIT_NS_PER_MS)

static char farewell[80];
static volatile sig_atomic_t held, drawn, soft, came;

static void end(int signal)
{
	(void)signal;
	/* Whoever is in haste asks twice. */
	if (soft && !came) {
		came = 1;
		return;
	}
	if (held)
		return;
	if (drawn && write(STDERR_FILENO, "\n", 1) < 0)
		_exit(ADIT_EXIT_NOT_DONE);
	if (write(STDERR_FILENO, farewell, strlen(farewell)) < 0)
		_exit(ADIT_EXIT_NOT_DONE);
	_exit(ADIT_EXIT_NOT_DONE);
}

void app_interrupt_start(const char *command)
{
	static const int signals[] = {SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = end, .sa_flags = SA_RESTART}, before;

	snprintf(farewell, sizeof(farewell), "adit %s: interrupted, no file is written\n", command);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ADIT_COUNT(signals); i++) {
		/* Who starts a program in the background may have put it beyond ^C. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

void app_interrupt_stops(const char *command)
{
	snprintf(farewell, sizeof(farewell),
		"adit %s: interrupted again, what was written is not whole\n", command);
	soft = 1;
}

bool app_interrupt_came(void)
{
	return came;
}

void app_interrupt_hold(void)
{
	held = 1;
}

bool app_progress_report(void *context, uint64_t done, uint64_t total)
{
	static const void *last_context;
	static uint64_t last_ns;
	struct timespec now;
	uint64_t now_ns;

	if (!isatty(STDERR_FILENO) || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return true;
	now_ns = (uint64_t)now.tv_sec * ADIT_NS_PER_S + (uint64_t)now.tv_nsec;
	if (drawn && context == last_context && now_ns - last_ns < DRAW_NS)
		return true;
	last_context = context;
	last_ns = now_ns;
	drawn = 1;
	fprintf(stderr, "\r\033[K%s", (const char *)context);
	if (total > 0)
		fprintf(stderr, " %3.0f %%", 100 * (double)done / (double)total);
	fflush(stderr);
	return true;
}

void app_progress_clear(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = 0;
}
