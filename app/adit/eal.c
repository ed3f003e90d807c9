/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Starting DPDK's environment layer (EAL) so that an ordinary user can replay a capture: no
 * hugepages, no PCI, no shared files, and not a word from it unless asked for or the start fails.
 */
#include "appliance.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#define ARGUMENTS_MAX 128

struct arguments {
	char *item[ARGUMENTS_MAX + 1];
	char text[8192];
	int count;
	size_t used;
	bool full;
};

static void ADIT_PRINTF(2, 3) add(struct arguments *arguments, const char *format, ...)
{
	size_t room = sizeof(arguments->text) - arguments->used;
	char *at = arguments->text + arguments->used;
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(at, room, format, list);
	va_end(list);
	if (length < 0 || (size_t)length >= room || arguments->count == ARGUMENTS_MAX) {
		arguments->full = true;
		return;
	}
	arguments->item[arguments->count++] = at;
	arguments->used += (size_t)length + 1;
}

unsigned app_cpu_count(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	return (unsigned)CPU_COUNT(&set);
}

/* Whether the user says himself what this option says. */
static bool given(const struct app_eal_params *params, const char *const *names)
{
	for (; *names != NULL; names++) {
		size_t length = strlen(*names);

		for (size_t i = 0; i < params->configured->count; i++)
			if (strncmp(params->configured->item[i], *names, length) == 0)
				return true;
		for (int i = 0; i < params->given_count; i++)
			if (strncmp(params->given[i], *names, length) == 0)
				return true;
	}
	return false;
}

/* All lcores float over all CPUs that the process may use: the kernel balances them better than a
 * guess, and a user who knows better says so with -l or --lcores. */
static void add_lcores(struct arguments *arguments, unsigned lcores)
{
	char cpus[4096];
	size_t used = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && used + 8 < sizeof(cpus); cpu++)
		if (CPU_ISSET(cpu, &set))
			used += (size_t)snprintf(cpus + used, sizeof(cpus) - used, "%s%d",
				used != 0 ? "," : "", cpu);
	add(arguments, "--lcores=(0-%u)@(%s)", lcores - 1, cpus);
}

static bool hugepages_free(void)
{
	static const char *const files[] = {
		"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
		"/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages"};
	unsigned long free_pages = 0;

	for (size_t i = 0; i < ADIT_COUNT(files); i++) {
		FILE *file = fopen(files[i], "re");
		unsigned long pages = 0;

		if (file == NULL)
			continue;
		if (fscanf(file, "%lu", &pages) == 1)
			free_pages += pages;
		fclose(file);
	}
	return free_pages != 0;
}

static void compose(const struct app_eal_params *params, struct arguments *arguments)
{
	static const char *const cores[] = {"-l", "-c", "--lcores", NULL};
	static const char *const memory[] = {"--no-huge", "--in-memory", "--huge", "-m",
		"--socket-mem", "--file-prefix", "--proc-type", "--legacy-mem", NULL};

	add(arguments, "%s", params->program);
	if (!given(params, cores))
		add_lcores(arguments, params->lcores);
	if (!params->live) {
		add(arguments, "--no-huge");
		add(arguments, "-m%zu", params->memory_mb);
		add(arguments, "--no-shconf");
		add(arguments, "--no-pci");
		add(arguments, "--no-telemetry");
	} else if (!given(params, memory)) {
		if (hugepages_free()) {
			add(arguments, "--in-memory");
		} else {
			fputs("adit run: no hugepage is free; going on without, which is slower "
			      "(vm.nr_hugepages sets their number; EAL's memory options go after "
			      "--)\n",
				stderr);
			add(arguments, "--no-huge");
			add(arguments, "-m%zu", params->memory_mb);
		}
	}
	for (size_t i = 0; i < params->configured->count; i++)
		add(arguments, "%s", params->configured->item[i]);
	for (int i = 0; i < params->given_count; i++)
		add(arguments, "%s", params->given[i]);
}

static struct arguments *kept; /* EAL keeps pointers into it until it is cleaned up */
static FILE *log_file;
static char *log_text;
static size_t log_size;

/* The last line of what EAL said that is not empty. */
static const char *log_last_line(void)
{
	char *end, *line;

	if (log_file == NULL || fflush(log_file) != 0 || log_text == NULL)
		return "";
	end = log_text + strlen(log_text);
	while (end > log_text && end[-1] == '\n')
		*--end = '\0';
	line = strrchr(log_text, '\n');
	return line != NULL ? line + 1 : log_text;
}

int app_eal_init(const struct app_eal_params *params, struct adit_error *error)
{
	struct arguments *arguments = kept = calloc(1, sizeof(*arguments));
	int status;

	if (arguments == NULL)
		return adit_error_set(error, -ENOMEM, "no memory");
	compose(params, arguments);
	if (arguments->full)
		return adit_error_set(
			error, -EINVAL, "too many EAL arguments (at most %d)", ARGUMENTS_MAX);
	if (!params->verbose) {
		log_file = open_memstream(&log_text, &log_size);
		if (log_file != NULL)
			rte_openlog_stream(log_file);
	}
	status = rte_eal_init(arguments->count, arguments->item);
	if (status < 0)
		return adit_error_set(error, -rte_errno,
			"DPDK's environment layer did not start: %s (%s); -v shows all it says",
			log_last_line(), rte_strerror(rte_errno));
	if (rte_lcore_count() < params->lcores)
		return adit_error_set(error, -EINVAL,
			"%u lcores are needed (management, scoring, workers and where used the "
			"spreader), the EAL arguments give %u; several may share a CPU: "
			"--lcores='(0-%u)@(0-%u)'",
			params->lcores, rte_lcore_count(), params->lcores - 1, app_cpu_count() - 1);
	return 0;
}

void app_eal_cleanup(void)
{
	rte_eal_cleanup();
	free(kept);
	kept = NULL;
	if (log_file != NULL) {
		rte_openlog_stream(NULL);
		fclose(log_file);
		free(log_text);
		log_file = NULL;
	}
}
