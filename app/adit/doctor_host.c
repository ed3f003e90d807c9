/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Checks of the machine: CPUs, clock, memory, and what else runs on the CPUs of lcores.
 */
#include "doctor.h"

#include "appliance.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#define CPU_TEXT 65536 /* of /proc/cpuinfo the first CPUs will do */
#define MB       (UINT64_C(1) << 20)
/* From here on pages of 2 MiB cost translations that matter. */
#define GIGABYTE_PAGES_FROM (UINT64_C(4) << 30)

static void plan(const struct app_doctor *doctor, struct app_memory *memory)
{
	const struct adit_config *config = doctor->config;

	app_memory_plan(config, config->port_devices.count, config->worker_count > 1, memory);
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += length)
		if (at > text && (at[-1] == ' ' || at[-1] == '\t') &&
			(at[length] == ' ' || at[length] == '\n' || at[length] == '\0'))
			return true;
	return false;
}

void app_check_cpu(struct app_doctor *doctor)
{
	static char text[CPU_TEXT];
	int status = app_doctor_read(doctor, text, sizeof(text), "/proc/cpuinfo");
	struct app_finding *finding;

	if (status != 0 && status != -ENAMETOOLONG) {
		app_doctor_add(
			doctor, "", APP_FINDING_UNKNOWN, "/proc/cpuinfo: %s", strerror(-status));
		return;
	}
	if (!has_word(text, "sse4_2")) {
		finding = app_doctor_add(doctor, "", APP_FINDING_BAD, "the CPU has no SSE4.2");
		app_doctor_mend(finding, "a machine of x86-64-v2 or later; of a guest, cpu=host");
		return;
	}
	if (strcmp(doctor->config->worker_idle, "wait") == 0 && !has_word(text, "waitpkg")) {
		finding = app_doctor_add(doctor, "", APP_FINDING_BAD,
			"worker.idle is wait, and the CPU has no waitpkg");
		app_doctor_mend(finding, "worker.idle = \"pause\" on cores of their own, "
					 "\"yield\" on shared ones");
		return;
	}
	app_doctor_add(doctor, "", APP_FINDING_OK, "SSE4.2%s%s",
		has_word(text, "avx2") ? ", AVX2" : "",
		has_word(text, "avx512bw") ? ", AVX-512" : "");
}

void app_check_clock(struct app_doctor *doctor)
{
	char text[64];
	int status = app_doctor_read(doctor, text, sizeof(text),
		"/sys/devices/system/clocksource/clocksource0/current_clocksource");
	bool fast = strcmp(text, "tsc") == 0 || strcmp(text, "kvm-clock") == 0;
	struct app_finding *finding;

	if (status != 0) {
		app_doctor_add(
			doctor, "", APP_FINDING_UNKNOWN, "clock source: %s", strerror(-status));
		return;
	}
	finding = app_doctor_add(doctor, "", fast ? APP_FINDING_OK : APP_FINDING_WARN,
		"clock source %s%s", text, fast ? "" : ": a worker reads the clock at every poll");
	if (!fast)
		app_doctor_mend(finding, "tsc=reliable clocksource=tsc on the kernel command line, "
					 "if the TSC of this machine is invariant");
}

void app_check_memory(struct app_doctor *doctor)
{
	char text[4096], *at;
	int status = app_doctor_read(doctor, text, sizeof(text), "/proc/meminfo");
	struct app_memory memory;
	unsigned long long needed, available;

	plan(doctor, &memory);
	needed = memory.sum / MB + 1;
	at = strstr(text, "MemAvailable:");
	if (status != 0 || at == NULL) {
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN,
			"the tables take %llu MB; what is free can't be seen", needed);
		return;
	}
	available = strtoull(at + strlen("MemAvailable:"), NULL, 10) / 1024;
	if (available > needed) {
		app_doctor_add(doctor, "", APP_FINDING_OK,
			"the tables take %llu MB, %llu MB are free", needed, available);
		return;
	}
	app_doctor_mend(
		app_doctor_add(doctor, "", APP_FINDING_BAD,
			"the tables take %llu MB, only %llu MB are free", needed, available),
		"lower history.entries, history.keys, window.* (adit run tells its memory by "
		"part), "
		"or give the machine more");
}

/* ---- huge pages */

static const struct {
	unsigned kb;
	const char *words;
} sizes[] = {{2048, "2 MiB"}, {1048576, "1 GiB"}};

static long long pages(const struct app_doctor *doctor, unsigned kb, const char *which)
{
	long long count;

	return app_doctor_number(
		       doctor, &count, "/sys/kernel/mm/hugepages/hugepages-%ukB/%s", kb, which) == 0
		       ? count
		       : 0;
}

static bool wants_none(const struct adit_config *config)
{
	for (size_t i = 0; i < config->eal_arguments.count; i++)
		if (strcmp(config->eal_arguments.item[i], "--no-huge") == 0)
			return true;
	return false;
}

void app_check_hugepages(struct app_doctor *doctor)
{
	unsigned long long bytes = 0, needed, missing;
	bool large = pages(doctor, sizes[1].kb, "nr_hugepages") > 0;
	char told[128] = "";
	struct app_memory memory;
	struct app_finding *finding;

	for (size_t i = 0; i < ADIT_COUNT(sizes); i++) {
		long long all = pages(doctor, sizes[i].kb, "nr_hugepages");
		long long unused = pages(doctor, sizes[i].kb, "free_hugepages");

		bytes += (unsigned long long)unused * sizes[i].kb * 1024;
		if (all > 0)
			snprintf(told + strlen(told), sizeof(told) - strlen(told),
				"%s%lld of %lld of %s free", told[0] != '\0' ? ", " : "", unused,
				all, sizes[i].words);
	}
	plan(doctor, &memory);
	/* Beside packets: rings, and what drivers take. */
	needed = memory.packets + 128 * MB;
	if (wants_none(doctor->config)) {
		app_doctor_add(doctor, "", APP_FINDING_OK, "not used: --no-huge is given");
		return;
	}
	if (bytes >= needed) {
		finding = app_doctor_add(doctor, "",
			memory.packets >= GIGABYTE_PAGES_FROM && !large ? APP_FINDING_WARN
									: APP_FINDING_OK,
			"%s; %llu MB are needed", told, needed / MB);
		if (finding->verdict == APP_FINDING_WARN)
			app_doctor_mend(finding,
				"for so much, pages of 1 GiB: default_hugepagesz=1G hugepagesz=1G "
				"hugepages=%llu on the kernel command line",
				needed / (1024 * MB) + 1);
		return;
	}
	missing = (needed - bytes + 2 * MB - 1) / (2 * MB);
	/* With none it goes on without; with too few it does not start. */
	finding = app_doctor_add(doctor, "", bytes == 0 ? APP_FINDING_WARN : APP_FINDING_BAD,
		"%s; %llu MB are needed%s", told[0] != '\0' ? told : "none", needed / MB,
		bytes == 0 ? ": it runs without, more slowly" : ": packet buffers will not fit");
	app_doctor_mend(finding, "adit-setup-host --hugepages %llu",
		(unsigned long long)pages(doctor, sizes[0].kb, "nr_hugepages") + missing);
}

void app_check_transparent(struct app_doctor *doctor)
{
	char text[128];
	int status = app_doctor_read(
		doctor, text, sizeof(text), "/sys/kernel/mm/transparent_hugepage/enabled");

	if (status != 0) {
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN, "the kernel does not tell: %s",
			strerror(-status));
		return;
	}
	if (strstr(text, "[never]") == NULL) {
		app_doctor_add(doctor, "", APP_FINDING_OK, "%s", text);
		return;
	}
	app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_WARN,
				"%s: tables stand in pages of 4 KiB", text),
		"echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
}

/* ---- CPUs of lcores */

void app_check_lcores(struct app_doctor *doctor)
{
	const struct adit_config *config = doctor->config;
	unsigned lcores = 2u + (unsigned)config->worker_count + (config->worker_count > 1);
	char text[1024];
	cpu_set_t cpus, tied;
	struct app_finding *finding;
	bool few;

	if (app_doctor_read(doctor, text, sizeof(text), "/sys/devices/system/cpu/online") != 0 ||
		app_doctor_cpus(text, &cpus) != 0) {
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN, "how many CPUs there are");
		return;
	}
	few = lcores > (unsigned)CPU_COUNT(&cpus);
	if (app_doctor_tied(config, &tied)) {
		cpu_set_t both;

		CPU_AND(&both, &tied, &cpus);
		if (CPU_EQUAL(&both, &tied)) {
			app_doctor_add(doctor, "", APP_FINDING_OK,
				"%u lcores, tied to CPUs by eal.arguments", lcores);
			return;
		}
		app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_BAD,
					"eal.arguments tie lcores to CPUs that are not there; "
					"online: %s",
					text),
			"correct --lcores (or -l) in eal.arguments");
		return;
	}
	finding = app_doctor_add(doctor, "", few ? APP_FINDING_WARN : APP_FINDING_OK,
		"%u lcores (management, scoring, %lld worker%s%s), %d CPUs", lcores,
		(long long)config->worker_count, config->worker_count == 1 ? "" : "s",
		config->worker_count > 1 ? ", spreader" : "", CPU_COUNT(&cpus));
	if (few)
		app_doctor_mend(finding, "fewer workers (worker.count), or more CPUs");
}

/* CPUs whose governor is not "performance", as a list for a person. */
void app_check_governor(struct app_doctor *doctor)
{
	unsigned seen = 0, other = 0, first = 0;
	char text[64], which[64] = "";
	cpu_set_t tied;
	bool all = !app_doctor_tied(doctor->config, &tied);

	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if ((!all && !CPU_ISSET(cpu, &tied)) ||
			app_doctor_read(doctor, text, sizeof(text),
				"/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", cpu) != 0)
			continue;
		seen++;
		if (strcmp(text, "performance") == 0)
			continue;
		if (other++ == 0) {
			first = cpu;
			snprintf(which, sizeof(which), "%s", text);
		}
	}
	if (seen == 0) {
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN,
			"the kernel sets no frequencies here: a guest, or the firmware does it");
	} else if (other == 0) {
		app_doctor_add(doctor, "", APP_FINDING_OK, "performance on %u CPUs", seen);
	} else {
		app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_WARN,
					"%s on CPU %u and %u more: bursts come while it speeds up",
					which, first, other - 1),
			"adit-setup-host --governor");
	}
}

void app_check_isolation(struct app_doctor *doctor)
{
	char text[1024];
	cpu_set_t tied, isolated, both;

	if (!app_doctor_tied(doctor->config, &tied)) {
		app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_WARN,
					"lcores are tied to no CPU: others may run on theirs"),
			"eal.arguments = [\"--lcores=0@0,1@2,2@4\"], and isolcpus=2,4 "
			"nohz_full=2,4 "
			"rcu_nocbs=2,4 on the kernel command line; a trial needs neither");
		return;
	}
	if (app_doctor_read(doctor, text, sizeof(text), "/sys/devices/system/cpu/isolated") != 0 ||
		app_doctor_cpus(text, &isolated) != 0) {
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN, "which CPUs are isolated");
		return;
	}
	CPU_AND(&both, &tied, &isolated);
	if (CPU_EQUAL(&both, &tied)) {
		app_doctor_add(doctor, "", APP_FINDING_OK, "isolated: %s", text);
		return;
	}
	app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_WARN,
				"%d of %d CPUs of polling lcores are not isolated (isolated: %s)",
				CPU_COUNT(&tied) - CPU_COUNT(&both), CPU_COUNT(&tied),
				text[0] != '\0' ? text : "none"),
		"adit-setup-host --isolate LIST prints what the kernel command line lacks");
}

void app_check_interrupts(struct app_doctor *doctor)
{
	unsigned seen = 0, there = 0;
	char path[PATH_MAX], text[1024];
	cpu_set_t tied, may;
	struct dirent *entry;
	DIR *folder;

	if (!app_doctor_tied(doctor->config, &tied))
		return;
	app_doctor_path(doctor, path, "/proc/irq");
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
			app_doctor_read(doctor, text, sizeof(text),
				"/proc/irq/%s/smp_affinity_list", entry->d_name) != 0 ||
			app_doctor_cpus(text, &may) != 0)
			continue;
		seen++;
		CPU_AND(&may, &may, &tied);
		there += CPU_COUNT(&may) != 0;
	}
	if (folder != NULL)
		closedir(folder);
	if (seen == 0)
		app_doctor_add(doctor, "", APP_FINDING_UNKNOWN, "no interrupt can be seen");
	else if (there == 0)
		app_doctor_add(
			doctor, "", APP_FINDING_OK, "%u, none on a CPU of a polling lcore", seen);
	else
		app_doctor_mend(app_doctor_add(doctor, "", APP_FINDING_WARN,
					"%u of %u may run on CPUs of polling lcores", there, seen),
			"adit-setup-host --irqs LIST (the CPUs that they may run on); stop "
			"irqbalance, or ban those CPUs there");
}
