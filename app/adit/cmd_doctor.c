/* SPDX-License-Identifier: BSD-3-Clause
 *
 * adit doctor: what is wrong with this machine for adit run, and how to mend it.
 */
#include "adit_app.h"
#include "arguments.h"
#include "doctor.h"

#include <errno.h>
#include <stdio.h>

static const char usage[] =
	"usage: adit doctor [-c FILE] [OPTIONS]\n"
	"\n"
	"Looks at this machine with the eyes of adit run: CPU, clock, memory, huge pages, CPUs of\n"
	"lcores (governor, isolation, interrupts), and of each port whether it can be opened and "
	"by\n"
	"whom, its memory node, promiscuous mode, MTU, VLAN tags. Says what is wrong and how to "
	"mend\n"
	"it, and changes nothing. Without root some things stay unseen, and that is said. Rights\n"
	"are those of whoever asks.\n";

static const char closing[] =
	"adit doctor -c /etc/adit/adit.conf\n"
	"adit doctor --set 'port.devices=net_af_packet0\\,iface=eth1' --json\n"
	"\n"
	"A finding is ok, unknown (it could not be seen), warn (runs, but slower, or sees less) or "
	"bad\n"
	"(does not start, or loses packets). With one that is bad the status is 1.\n";

static struct {
	const char *config_path, *root;
	struct app_texts sets;
	bool json;
} given = {.root = ""};

static struct app_option options[] = {
	{"config", 'c', APP_TEXT, "FILE", "configuration file of adit run", &given.config_path, 0,
		0, false},
	{"set", 0, APP_TEXTS, "SECTION.NAME=VALUE",
		"one option; may be given again, overrides the file", &given.sets, 0, 0, false},
	{"json", 0, APP_FLAG, NULL, "print JSON of the schema adit.doctor/1", &given.json, 0, 0,
		false},
	{"root", 0, APP_TEXT, "DIR",
		"look at DIR/proc, DIR/sys and DIR/dev: what was copied from another\nmachine, say",
		&given.root, 0, 0, false},
};

static int look(const struct adit_config *config)
{
	static struct app_doctor doctor;

	doctor = (struct app_doctor){.root = given.root, .config = config};
	if (given.root[0] == '\0')
		doctor.offloads = app_doctor_offloads;
	app_doctor_look(&doctor);
	if (given.json)
		app_doctor_print_json(&doctor, stdout);
	else
		app_doctor_print(&doctor, stdout);
	if (fflush(stdout) != 0) {
		fprintf(stderr, "adit doctor: cannot write: %s\n", strerror(errno));
		return ADIT_EXIT_NOT_DONE;
	}
	return app_doctor_count(&doctor, APP_FINDING_BAD) == 0 ? ADIT_EXIT_DONE
							       : ADIT_EXIT_NOT_DONE;
}

int adit_cmd_doctor(int argc, char **argv)
{
	struct app_line line = {.command = "doctor",
		.usage = usage,
		.closing = closing,
		.groups = {{"Options", options, ADIT_COUNT(options)}}};
	struct adit_error error = {"no memory"};
	struct adit_config config;
	int status = app_line_parse(&line, argc, argv);

	if (status != -1)
		return status;
	if (line.operand_count != 0)
		return app_line_refuse("doctor",
			"'%s' is not expected here; a configuration goes "
			"after -c",
			line.operands[0]);
	status = adit_config_init(&config);
	if (status == 0 && given.config_path != NULL)
		status = adit_config_read(&config, given.config_path, &error);
	for (size_t i = 0; i < given.sets.count && status == 0; i++)
		status = adit_config_set(&config, given.sets.text[i], &error);
	if (status == 0)
		status = adit_config_check(&config, &error);
	if (status == 0) {
		status = look(&config);
	} else {
		fprintf(stderr, "adit doctor: %s\n", error.text);
		status = ADIT_EXIT_USAGE;
	}
	adit_config_clear(&config);
	return status;
}
