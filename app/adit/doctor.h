/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What stands between this machine and the appliance that a configuration describes. Files below
 * /proc, /sys and /dev are read, and nothing is changed; without root some stay unseen, and that is
 * said. A row of the table in doctor.c is a check, which may have a finding for each of many
 * things.
 */
#ifndef ADIT_DOCTOR_H
#define ADIT_DOCTOR_H

#include "adit_base.h"
#include "adit_config.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>

#define APP_FINDINGS_MAX 256

enum app_finding_verdict {
	APP_FINDING_OK,
	APP_FINDING_UNKNOWN, /* could not be seen; `found` says why */
	APP_FINDING_WARN,    /* runs, but slower, or sees less */
	APP_FINDING_BAD,     /* does not start, or loses packets for certain */
	APP_FINDING_VERDICTS
};
extern const char *const app_finding_words[APP_FINDING_VERDICTS];

struct app_finding {
	const char *check; /* the table's own string */
	enum app_finding_verdict verdict;
	char subject[64]; /* of which port, say; or empty */
	char found[240];
	char mend[320]; /* empty: nothing to do */
};

/* What a kernel interface does with frames before anyone sees them. */
struct app_link_offloads {
	bool strips_vlan,
		merges; /* VLAN tags are taken off; segments are put together (GRO, LRO) */
};

struct app_doctor {
	const char *root; /* put before every path; "" */
	const struct adit_config *config;
	/* Asks the kernel of this host; 0 or -errno. NULL: a tree of files can't be asked. */
	int (*offloads)(const char *interface, struct app_link_offloads *offloads);
	struct app_finding findings[APP_FINDINGS_MAX];
	size_t count;
	const char *check; /* the one that is being made */
};

/* Makes all checks. */
void app_doctor_look(struct app_doctor *doctor);
/* How many there are of a verdict. */
size_t app_doctor_count(const struct app_doctor *doctor, enum app_finding_verdict verdict);
/* A table, or JSON of the schema adit.doctor/1. */
void app_doctor_print(const struct app_doctor *doctor, FILE *to);
void app_doctor_print_json(const struct app_doctor *doctor, FILE *to);
/* The kernel's answer, by ioctl. */
int app_doctor_offloads(const char *interface, struct app_link_offloads *offloads);

/* ---- for checks */

/* Adds a finding of the present check; its `mend` is set by the caller, and starts empty. Beyond
 * APP_FINDINGS_MAX the last one is used again. */
struct app_finding *app_doctor_add(struct app_doctor *doctor, const char *subject,
	enum app_finding_verdict verdict, const char *format, ...) ADIT_PRINTF(4, 5);
void app_doctor_mend(struct app_finding *finding, const char *format, ...) ADIT_PRINTF(2, 3);

/* root + path. */
void app_doctor_path(const struct app_doctor *doctor, char path[PATH_MAX], const char *format, ...)
	ADIT_PRINTF(3, 4);
/* The beginning of a file, without the white space at its end. 0 or -errno; -ENAMETOOLONG where it
 * does not fit. */
int app_doctor_read(const struct app_doctor *doctor, char *text, size_t room, const char *format,
	...) ADIT_PRINTF(4, 5);
/* A number at the start of a file. */
int app_doctor_number(const struct app_doctor *doctor, long long *number, const char *format, ...)
	ADIT_PRINTF(3, 4);
/* "0-3,8" */
int app_doctor_cpus(const char *list, cpu_set_t *set);
/* CPUs that polling lcores are tied to by eal.arguments; false: to none. */
bool app_doctor_tied(const struct adit_config *config, cpu_set_t *set);
/* The memory node of a CPU, or -1. */
int app_doctor_node_of_cpu(const struct app_doctor *doctor, int cpu);

/* doctor_host.c */
void app_check_cpu(struct app_doctor *doctor);
void app_check_clock(struct app_doctor *doctor);
void app_check_memory(struct app_doctor *doctor);
void app_check_hugepages(struct app_doctor *doctor);
void app_check_transparent(struct app_doctor *doctor);
void app_check_lcores(struct app_doctor *doctor);
void app_check_governor(struct app_doctor *doctor);
void app_check_isolation(struct app_doctor *doctor);
void app_check_interrupts(struct app_doctor *doctor);
/* doctor_port.c */
void app_check_ports(struct app_doctor *doctor);
void app_check_rights(struct app_doctor *doctor);
void app_check_numa(struct app_doctor *doctor);
void app_check_promiscuous(struct app_doctor *doctor);
void app_check_mtu(struct app_doctor *doctor);
void app_check_vlan(struct app_doctor *doctor);

#endif
