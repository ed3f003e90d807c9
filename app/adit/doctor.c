/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"

#include "evaluation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

const char *const app_finding_words[APP_FINDING_VERDICTS] = {"ok", "unknown", "warn", "bad"};

static const struct {
	const char *name;
	void (*look)(struct app_doctor *doctor);
} checks[] = {
	{"cpu", app_check_cpu},
	{"clock", app_check_clock},
	{"memory", app_check_memory},
	{"hugepages", app_check_hugepages},
	{"transparent-hugepages", app_check_transparent},
	{"lcores", app_check_lcores},
	{"governor", app_check_governor},
	{"isolation", app_check_isolation},
	{"interrupts", app_check_interrupts},
	{"port", app_check_ports},
	{"rights", app_check_rights},
	{"numa", app_check_numa},
	{"promiscuous", app_check_promiscuous},
	{"mtu", app_check_mtu},
	{"vlan", app_check_vlan},
};

void app_doctor_look(struct app_doctor *doctor)
{
	for (size_t i = 0; i < ADIT_COUNT(checks); i++) {
		doctor->check = checks[i].name;
		checks[i].look(doctor);
	}
}

size_t app_doctor_count(const struct app_doctor *doctor, enum app_finding_verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->findings[i].verdict == verdict;
	return count;
}

struct app_finding *app_doctor_add(struct app_doctor *doctor, const char *subject,
	enum app_finding_verdict verdict, const char *format, ...)
{
	struct app_finding *finding = &doctor->findings[APP_FINDINGS_MAX - 1];
	va_list list;

	if (doctor->count < APP_FINDINGS_MAX)
		finding = &doctor->findings[doctor->count++];
	*finding = (struct app_finding){.check = doctor->check, .verdict = verdict};
	snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	va_start(list, format);
	vsnprintf(finding->found, sizeof(finding->found), format, list);
	va_end(list);
	return finding;
}

void app_doctor_mend(struct app_finding *finding, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(finding->mend, sizeof(finding->mend), format, list);
	va_end(list);
}

/* ---- files */

static void path_make(
	const struct app_doctor *doctor, char path[PATH_MAX], const char *format, va_list list)
{
	int used = snprintf(path, PATH_MAX, "%s", doctor->root);

	if (used >= 0 && used < PATH_MAX)
		vsnprintf(path + used, (size_t)(PATH_MAX - used), format, list);
}

void app_doctor_path(const struct app_doctor *doctor, char path[PATH_MAX], const char *format, ...)
{
	va_list list;

	va_start(list, format);
	path_make(doctor, path, format, list);
	va_end(list);
}

static int file_read(const char *path, char *text, size_t room)
{
	int handle = open(path, O_RDONLY | O_CLOEXEC), status = 0;
	size_t used = 0;
	ssize_t got = 0;

	text[0] = '\0';
	if (handle < 0)
		return -errno;
	while (used < room && (got = read(handle, text + used, room - used)) > 0)
		used += (size_t)got;
	if (got < 0)
		status = -errno;
	close(handle);
	if (used == room) {
		status = -ENAMETOOLONG;
		used--;
	}
	while (used > 0 && (text[used - 1] == '\n' || text[used - 1] == ' '))
		used--;
	text[used] = '\0';
	return status;
}

int app_doctor_read(
	const struct app_doctor *doctor, char *text, size_t room, const char *format, ...)
{
	char path[PATH_MAX];
	va_list list;

	va_start(list, format);
	path_make(doctor, path, format, list);
	va_end(list);
	return file_read(path, text, room);
}

int app_doctor_number(const struct app_doctor *doctor, long long *number, const char *format, ...)
{
	char path[PATH_MAX], text[64], *end;
	va_list list;
	int status;

	va_start(list, format);
	path_make(doctor, path, format, list);
	va_end(list);
	status = file_read(path, text, sizeof(text));
	*number = strtoll(text, &end, 0);
	return status == 0 && end == text ? -EINVAL : status;
}

/* ---- CPUs */

int app_doctor_cpus(const char *list, cpu_set_t *set)
{
	CPU_ZERO(set);
	while (*list != '\0') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			return -EINVAL;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
			if (end == list)
				return -EINVAL;
		}
		if (last >= CPU_SETSIZE || first > last)
			return -ERANGE;
		for (; first <= last; first++)
			CPU_SET(first, set);
		if (*end != ',' && *end != '\0')
			return -EINVAL;
		list = end + (*end == ',');
	}
	return 0;
}

/* The CPUs of one lcore, or of one group of them: "2@4", "(1-3)@(4,6)", "2". */
static void group_add(const char *group, size_t length, cpu_set_t *set)
{
	char text[256];
	const char *at = memchr(group, '@', length);
	cpu_set_t more;
	size_t used = 0;

	for (const char *from = at != NULL ? at + 1 : group;
		from < group + length && used + 1 < sizeof(text); from++)
		if (*from != '(' && *from != ')')
			text[used++] = *from;
	text[used] = '\0';
	if (app_doctor_cpus(text, &more) == 0)
		CPU_OR(set, set, &more);
}

/* What -l or --lcores says. Its first lcore manages, and does not poll. */
static void lcores_read(const char *text, cpu_set_t *set)
{
	bool first = true;

	while (*text != '\0') {
		size_t length = 0;
		int depth = 0;

		for (; text[length] != '\0' && (text[length] != ',' || depth > 0); length++)
			depth += (text[length] == '(') - (text[length] == ')');
		if (!first || text[length] == '\0')
			group_add(text, length, set);
		first = false;
		text += length + (text[length] == ',');
	}
}

bool app_doctor_tied(const struct adit_config *config, cpu_set_t *set)
{
	static const char *const names[] = {"--lcores", "-l"};
	const struct adit_list *arguments = &config->eal_arguments;

	CPU_ZERO(set);
	for (size_t i = 0; i < arguments->count; i++)
		for (size_t k = 0; k < ADIT_COUNT(names); k++) {
			size_t length = strlen(names[k]);
			const char *value = arguments->item[i];

			if (strncmp(value, names[k], length) != 0)
				continue;
			value += length;
			if (*value == '\0' && i + 1 < arguments->count)
				value = arguments->item[i + 1];
			lcores_read(value + (*value == '='), set);
			return CPU_COUNT(set) != 0;
		}
	return false;
}

int app_doctor_node_of_cpu(const struct app_doctor *doctor, int cpu)
{
	char list[1024];
	cpu_set_t set;

	for (int node = 0; node < 64; node++)
		if (app_doctor_read(doctor, list, sizeof(list),
			    "/sys/devices/system/node/node%d/cpulist", node) == 0 &&
			app_doctor_cpus(list, &set) == 0 && CPU_ISSET(cpu, &set))
			return node;
	return -1;
}

/* ---- the report */

void app_doctor_print(const struct app_doctor *doctor, FILE *to)
{
	for (size_t i = 0; i < doctor->count; i++) {
		const struct app_finding *finding = &doctor->findings[i];
		bool named = finding->subject[0] != '\0';

		fprintf(to, "%-8s %-22s %s%s%s\n", app_finding_words[finding->verdict],
			finding->check, finding->subject, named ? ": " : "", finding->found);
		if (finding->mend[0] != '\0')
			fprintf(to, "%-31s mend: %s\n", "", finding->mend);
	}
	fprintf(to, "\n%zu bad, %zu to be better, %zu not seen, %zu fine\n",
		app_doctor_count(doctor, APP_FINDING_BAD),
		app_doctor_count(doctor, APP_FINDING_WARN),
		app_doctor_count(doctor, APP_FINDING_UNKNOWN),
		app_doctor_count(doctor, APP_FINDING_OK));
}

static void json_member(const char *name, const char *text, FILE *to)
{
	fprintf(to, ", \"%s\": ", name);
	if (text[0] == '\0')
		fputs("null", to);
	else
		app_json_text(text, to);
}

void app_doctor_print_json(const struct app_doctor *doctor, FILE *to)
{
	fputs("{\"schema\": \"adit.doctor/1\",\n \"findings\": [", to);
	for (size_t i = 0; i < doctor->count; i++) {
		const struct app_finding *finding = &doctor->findings[i];

		fprintf(to, "%s\n  {\"check\": \"%s\", \"verdict\": \"%s\"", i != 0 ? "," : "",
			finding->check, app_finding_words[finding->verdict]);
		json_member("subject", finding->subject, to);
		json_member("found", finding->found, to);
		json_member("mend", finding->mend, to);
		fputs("}", to);
	}
	fputs("],\n \"counts\": {", to);
	for (int verdict = 0; verdict < APP_FINDING_VERDICTS; verdict++)
		fprintf(to, "%s\"%s\": %zu", verdict != 0 ? ", " : "", app_finding_words[verdict],
			app_doctor_count(doctor, (enum app_finding_verdict)verdict));
	fputs("}}\n", to);
}
