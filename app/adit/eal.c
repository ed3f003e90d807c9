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
#include <sys/mman.h>
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

/* Bytes of huge pages that nobody uses. */
static size_t hugepages_free(void)
{
	static const struct {
		const char *file;
		size_t bytes;
	} sizes[] = {{"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", 2 << 20},
		{"/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", 1 << 30}};
	size_t bytes = 0;

	for (size_t i = 0; i < ADIT_COUNT(sizes); i++) {
		FILE *file = fopen(sizes[i].file, "re");
		unsigned long pages = 0;

		if (file == NULL)
			continue;
		if (fscanf(file, "%lu", &pages) == 1)
			bytes += pages * sizes[i].bytes;
		fclose(file);
	}
	return bytes;
}

/* Ports of a live program take what they need of whatever there is; packets that are held in memory
 * either fit, or stand elsewhere. */
static void add_memory(const struct app_eal_params *params, struct arguments *arguments)
{
	size_t least = params->live ? 1 : params->memory_mb << 20;

	if ((params->live || params->hugepages) && hugepages_free() >= least) {
		add(arguments, "--in-memory");
		return;
	}
	if (params->live)
		fprintf(stderr,
			"adit %s: no hugepage is free; going on without, which is slower "
			"(vm.nr_hugepages sets their number; EAL's memory options go after --)\n",
			params->command);
	add(arguments, "--no-huge");
	add(arguments, "--no-shconf");
	add(arguments, "-m%zu", params->memory_mb);
}

static void compose(const struct app_eal_params *params, struct arguments *arguments)
{
	static const char *const cores[] = {"-l", "-c", "--lcores", NULL};
	static const char *const memory[] = {"--no-huge", "--in-memory", "--huge", "-m",
		"--socket-mem", "--proc-type", "--legacy-mem", NULL};

	add(arguments, "adit");
	if (!given(params, cores))
		add_lcores(arguments, params->lcores);
	if (!params->live) {
		add(arguments, "--no-pci");
		add(arguments, "--no-telemetry");
	}
	if (!given(params, memory) || (!params->live && !params->hugepages))
		add_memory(params, arguments);
	for (size_t i = 0; i < params->configured->count; i++)
		add(arguments, "%s", params->configured->item[i]);
	for (int i = 0; i < params->given_count; i++)
		add(arguments, "%s", params->given[i]);
}

static struct arguments *kept; /* EAL keeps pointers into it until it is cleaned up */
static FILE *log_file;         /* where its messages go instead of the terminal */
static bool started;

/*
 * While EAL starts it writes to standard output and error as it likes, usage text included. All
 * of it goes to a file in memory; when the start fails, what EAL said last is part of our message.
 */
struct silence {
	int output, error; /* the true ones */
	int memory;
};

static void silence_begin(struct silence *silence)
{
	fflush(stdout);
	fflush(stderr);
	silence->memory = memfd_create("adit-eal", MFD_CLOEXEC);
	silence->output = dup(STDOUT_FILENO);
	silence->error = dup(STDERR_FILENO);
	if (silence->memory < 0 || silence->output < 0 || silence->error < 0)
		return;
	dup2(silence->memory, STDOUT_FILENO);
	dup2(silence->memory, STDERR_FILENO);
	log_file = fopen("/dev/null", "we");
}

/* Restores the terminal; the last message of EAL's goes to `text`. */
static void silence_end(struct silence *silence, char *text, size_t room)
{
	char *said = NULL, *line;
	size_t length = 0;
	FILE *stream;

	fflush(stdout);
	fflush(stderr);
	if (silence->output >= 0)
		dup2(silence->output, STDOUT_FILENO);
	if (silence->error >= 0)
		dup2(silence->error, STDERR_FILENO);
	close(silence->output);
	close(silence->error);
	text[0] = '\0';
	stream = silence->memory >= 0 ? fdopen(silence->memory, "r") : NULL;
	if (stream == NULL)
		return;
	rewind(stream);
	while (getline(&said, &length, stream) > 0) {
		line = strncmp(said, "EAL: ", 5) == 0 ? said + 5 : NULL;
		if (line != NULL && strlen(line) > 1)
			snprintf(text, room, "%.*s: ", (int)strcspn(line, "\n"), line);
	}
	free(said);
	fclose(stream);
}

static int eal_start(
	const struct app_eal_params *params, struct arguments *arguments, struct adit_error *error)
{
	/* EAL answers these itself, and ends the program. */
	static const char *const help[] = {"-h", "--help", NULL};
	char said[256] = "";
	struct silence silence = {-1, -1, -1};
	bool silent = !params->verbose && !given(params, help);
	int status;

	if (silent)
		silence_begin(&silence);
	status = rte_eal_init(arguments->count, arguments->item);
	if (silent)
		silence_end(&silence, said, sizeof(said));
	if (status < 0)
		return adit_error_set(error, -rte_errno,
			"DPDK's environment layer (EAL) did not start: %s%s; -v shows all it says",
			said, rte_strerror(rte_errno));
	started = true;
	if (log_file != NULL)
		rte_openlog_stream(log_file);
	return 0;
}

int app_eal_split(int argc, char **argv, char ***eal, int *eal_count)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			*eal = argv + i + 1;
			*eal_count = argc - i - 1;
			return i;
		}
	return argc;
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
	status = eal_start(params, arguments, error);
	if (status != 0)
		return status;
	if (rte_lcore_count() < params->lcores)
		return adit_error_set(error, -EINVAL,
			"%u lcores are needed (management, scoring, workers and where used the "
			"spreader), the EAL arguments give %u; several may share a CPU: "
			"--lcores='(0-%u)@(0-%u)'",
			params->lcores, rte_lcore_count(), params->lcores - 1, app_cpu_count() - 1);
	return 0;
}

void app_eal_log(uint32_t level)
{
	/* A level of 0 is what a start without --verbose leaves; its stream stays open, for a
	 * thread that writes to it just now. */
	if (log_file == NULL)
		log_file = fopen("/dev/null", "we");
	rte_log_set_global_level(level != 0 ? level : RTE_LOG_INFO);
	rte_log_set_level_regexp(".*", level != 0 ? level : RTE_LOG_INFO);
	rte_openlog_stream(level != 0 || log_file == NULL ? stderr : log_file);
}

void app_eal_cleanup(void)
{
	if (started)
		rte_eal_cleanup();
	started = false;
	if (log_file != NULL) {
		rte_openlog_stream(NULL);
		fclose(log_file);
		log_file = NULL;
	}
	free(kept);
	kept = NULL;
}
