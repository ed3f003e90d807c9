/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_config.h"
#include "config_cases.h"
#include "config_priv.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one of the writers writes; the caller frees it. Inlined, GCC 12 takes it for a dangling
 * pointer. */
__attribute__((noinline)) static char *text_of(int (*write)(FILE *to))
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK_EQ_INT(write(to), 0);
	fclose(to);
	return text;
}

static char *dump_of_defaults(void)
{
	struct adit_config config;
	char *text;

	CHECK_EQ_INT(adit_config_init(&config), 0);
	text = dump_of(&config);
	adit_config_clear(&config);
	return text;
}

/* A row: text, and the message that it must give. */
struct refusal {
	const char *text, *message;
};

/* Each text is refused with its message, and the configuration stays as it was. */
static void check_refusals(const struct refusal *rows, size_t count,
	int (*take)(struct adit_config *config, const char *text, struct adit_error *error))
{
	struct adit_config config;
	char *before, *after;

	CHECK_EQ_INT(adit_config_init(&config), 0);
	CHECK_EQ_INT(adit_config_set(&config, "dns.ports=53,5353", NULL), 0);
	CHECK_EQ_INT(adit_config_set(&config, "port.devices=a,b", NULL), 0);
	before = dump_of(&config);
	for (size_t i = 0; i < count; i++) {
		struct adit_error error = {"no message"};

		CHECK_EQ_INT(take(&config, rows[i].text, &error), -EINVAL);
		CHECK_EQ_STR(error.text, rows[i].message);
		CHECK_EQ_INT(take(&config, rows[i].text, NULL), -EINVAL);
	}
	after = dump_of(&config);
	CHECK_EQ_STR(after, before);
	free(before);
	free(after);
	adit_config_clear(&config);
}

static int take_file_text(struct adit_config *config, const char *text, struct adit_error *error)
{
	return adit_config_read_text(config, "f", text, error);
}

TEST(config, defaults)
{
	struct adit_config config;

	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(config.dns_ports.count, 1);
	CHECK_EQ_INT(config.dns_ports.item[0], 53);
	CHECK_EQ_INT(config.port_devices.count, 0);
	CHECK_EQ_INT(config.port_promiscuous, true);
	CHECK_EQ_STR(config.port_spread, "auto");
	CHECK_EQ_STR(config.detect_pattern_directory, "");
	CHECK_EQ_INT(config.worker_packet_buffers, 16384);
	adit_config_clear(&config);
	CHECK(config.port_spread == NULL);
	adit_config_clear(&config);
}

/* Each row is complete, stands in its section, and has a default that its own range admits. */
TEST(config, table_is_sound)
{
	size_t section = 0;

	for (size_t i = 0; i < adit_option_count; i++) {
		const struct adit_option *option = &adit_options[i];
		bool number = option->type == ADIT_OPTION_INT || option->type == ADIT_OPTION_INTS;

		while (section < adit_section_count &&
			strcmp(adit_sections[section].name, option->section) != 0)
			section++;
		REQUIRE(section < adit_section_count);
		CHECK(option->help[0] != '\0');
		CHECK(!number || (option->low < option->high && option->unit != NULL));
		for (size_t j = 0; j < i; j++)
			CHECK(adit_options[j].offset != option->offset);
	}
}

TEST(config, reads_every_type)
{
	static const char text[] =
		"# comment\n"
		"dns: { ports = [53, 0x14e9, 8053L]; /* several\nlines */ };\n"
		"port = { devices = (\"0000:3b:00.0\", \"net_af_packet0,iface=eth1\");\n"
		"  promiscuous = FALSE, spread = \"r\" \"ss\"; } // end\n"
		"detect: { information_bound = 1000000000; pattern_directory = \"a\\\"\\x41\\\\\" "
		"};"
		"eal: { arguments = []; };";
	struct adit_config config;
	struct adit_error error = {""};

	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(adit_config_read_text(&config, "f", text, &error), 0);
	CHECK_EQ_STR(error.text, "");
	REQUIRE(config.dns_ports.count == 3 && config.port_devices.count == 2);
	CHECK_EQ_INT(config.dns_ports.item[0], 53);
	CHECK_EQ_INT(config.dns_ports.item[1], 5353);
	CHECK_EQ_INT(config.dns_ports.item[2], 8053);
	CHECK_EQ_STR(config.port_devices.item[1], "net_af_packet0,iface=eth1");
	CHECK_EQ_INT(config.port_promiscuous, false);
	CHECK_EQ_STR(config.port_spread, "rss");
	CHECK_EQ_INT(config.detect_information_bound, 1000000000);
	CHECK_EQ_STR(config.detect_pattern_directory, "a\"A\\");
	CHECK_EQ_INT(config.worker_burst, 64);
	adit_config_clear(&config);
}

TEST(config, refuses_values)
{
	static const struct refusal rows[] = {
		{"\nport: {\n queues = 99; };",
			"f:3: port.queues: 99 is out of range; it takes an integer from 1 to 16 "
			"(queues)"},
		{"port: { queues = -1; };",
			"f:1: port.queues: -1 is out of range; it takes an integer from 1 to 16 "
			"(queues)"},
		/* 32 bits of this are 1. */
		{"port: { queues = 4294967297; };",
			"f:1: port.queues: 4294967297 is out of range; it takes an integer from 1 "
			"to 16 (queues)"},
		{"port: { queues = 0x100000001; };",
			"f:1: port.queues: 4294967297 is out of range; it takes an integer from 1 "
			"to 16 (queues)"},
		{"\nport: { queues = 99999999999999999999; };",
			"f:2: this integer does not fit 64 bits"},
		{"port: { queues = 99999999999999999999L; };",
			"f:1: this integer does not fit 64 bits"},
		{"port: { queues = 5x = 1; };", "f:1: a number ends in a letter or sign"},
		{"port: { queues = 2.5; };",
			"f:1: port.queues is a number with a fraction; it takes an integer from 1 "
			"to 16 (queues)"},
		{"port: {\nqueues = \"2\";\n};",
			"f:2: port.queues is a string; it takes an integer from 1 to 16 (queues)"},
		{"port: { promiscuous = 1; };",
			"f:1: port.promiscuous is an integer; it takes true or false"},
		{"port: { spread = true; };",
			"f:1: port.spread is true or false; it takes one of auto, rss, spreader"},
		{"port: { spread = \"rs\"; };",
			"f:1: port.spread: \"rs\" is not a choice; it takes one of auto, rss, "
			"spreader"},
		{"port: { spread = \"auto|rss\"; };",
			"f:1: port.spread: \"auto|rss\" is not a choice; it takes one of auto, "
			"rss, spreader"},
		{"dns: { ports = 53; };",
			"f:1: dns.ports is an integer; it takes a list of integers from 1 to 65535 "
			"(port), at most 64"},
		{"dns: { ports = [\n53,\n70000]; };",
			"f:3: dns.ports: 70000 is out of range; it takes a list of integers from 1 "
			"to 65535 (port), at most 64"},
		{"dns: { ports = (53,\n\"x\"); };",
			"f:2: dns.ports has a value that is a string; it takes a list of integers "
			"from 1 to 65535 (port), at most 64"},
		{"port: { devices = { a = 1; }; };",
			"f:1: port.devices is a group { }; it takes a list of strings, at most 64"},
		{"port: { devices = ((\"x\")); };",
			"f:1: port.devices has a value that is a list; it takes a list of strings, "
			"at most 64"},
	};

	check_refusals(rows, ADIT_COUNT(rows), take_file_text);
}

TEST(config, refuses_names)
{
	static const struct refusal rows[] = {
		{"dns: {\n prots = [53]; };",
			"f:2: unknown option dns.prots; did you mean dns.ports?"},
		{"dns: { queues = 2; };",
			"f:1: unknown option dns.queues; did you mean port.queues?"},
		{"dns: { frobnicate = 2; };",
			"f:1: unknown option dns.frobnicate; section dns has ports, "
			"public_suffix_list"},
		{"\n\nwindows: { };", "f:3: unknown section windows; did you mean window?"},
		{"frobnicate: { };",
			"f:1: unknown section frobnicate; there are dns, context, fragment, tcp, "
			"encrypted, identity, privacy, eal, port, worker, "
			"memory, window, history, state, detect, output, http, control, sinks"},
		{"ports = [53];",
			"f:1: ports stands outside a section; write dns: { ports = ...; };"},
		{"dns = [53];", "f:1: dns is a section; write dns: { option = value; };"},
		{"dns: { ports = [53];\n\n ports = [54]; };",
			"f:3: this setting stands here a second time: \"ports = [54]; };\""},
		{"dns: { };\ndns: { ports = [54]; };",
			"f:2: this setting stands here a second time: \"dns: { ports = [54]; };\""},
	};

	check_refusals(rows, ADIT_COUNT(rows), take_file_text);
}

TEST(config, refuses_syntax)
{
	static const struct refusal rows[] = {
		{"dns: {\n  ports = ; \n};",
			"f:2: syntax error: \"ports = ;\"; write section: { option = value; };"},
		{"dns: {\n", "f:2: syntax error: \"\"; write section: { option = value; };"},
		{"dns.ports = [53];",
			"f:1: syntax error: \"dns.ports = [53];\"; write section: { option = "
			"value; };"},
		{"dns: { ports = [53, \"x\"]; };",
			"f:1: a list in [ ] holds values of one kind: \"dns: { ports = [53, "
			"\"x\"]; };\""},
		{"eal: {\n arguments = [\"a, \"b\"];\n};\n",
			"f:2: string without an end: \" is missing"},
		{"eal: {\n arguments = [\"a\\\n", "f:2: string without an end: \" is missing"},
		{"eal: {\n arguments = [\"a\\\nb\"]; };",
			"f:2: string without an end: \" is missing"},
		{"eal: { arguments = [\"a\\", "f:1: string without an end: \" is missing"},
		{"eal: { arguments = [\"a\\x00b\"]; };", "f:1: a string cannot hold a zero byte"},
		{"dns: { };\n/* no end\n\n eal: { };",
			"f:2: comment without an end: */ is missing"},
		{"dns: { };\n@include \"x.conf\"\n",
			"f:2: @include works in configuration files only"},
		{"dns: { @include \"x.conf\"\n };",
			"f:1: stray @; there is @include \"file\", on its own line"},
		{"@include x.conf\n", "f:1: write @include \"file\" on a line of its own"},
		{"@include \"\"\n", "f:1: write @include \"file\" on a line of its own"},
		{"@include \"x\" dns: { };\n", "f:1: write @include \"file\" on a line of its own"},
	};

	check_refusals(rows, ADIT_COUNT(rows), take_file_text);
}

TEST(config, refuses_assignments)
{
	static const struct refusal rows[] = {
		{"", "--set: \"\" is not an assignment; write section.name=value"},
		{"dns.ports",
			"--set: \"dns.ports\" is not an assignment; write section.name=value"},
		{"ports=5.3",
			"--set: \"ports=5.3\" is not an assignment; write section.name=value"},
		{"dns.port=53", "--set: unknown option dns.port; did you mean dns.ports?"},
		{"dsn.ports=53", "--set: unknown section dsn; did you mean dns?"},
		{"port.queues=17",
			"--set: port.queues: 17 is out of range; it takes an integer from 1 to 16 "
			"(queues)"},
		{"port.queues=2x",
			"--set: port.queues: \"2x\" does not fit; it takes an integer from 1 to 16 "
			"(queues)"},
		{"port.queues= 2",
			"--set: port.queues: \" 2\" does not fit; it takes an integer from 1 to 16 "
			"(queues)"},
		{"port.queues=",
			"--set: port.queues: \"\" does not fit; it takes an integer from 1 to 16 "
			"(queues)"},
		{"port.queues=99999999999999999999",
			"--set: port.queues: \"99999999999999999999\" does not fit; it takes an "
			"integer from 1 to 16 (queues)"},
		{"port.promiscuous=yes",
			"--set: port.promiscuous: \"yes\" does not fit; it takes true or false"},
		{"port.spread=",
			"--set: port.spread: \"\" is not a choice; it takes one of auto, rss, "
			"spreader"},
		{"dns.ports=53,,54",
			"--set: dns.ports: \"\" does not fit; it takes a list of integers from 1 "
			"to 65535 (port), at most 64"},
	};

	check_refusals(rows, ADIT_COUNT(rows), adit_config_set);
}

TEST(config, sets_every_type)
{
	static const char *const assignments[] = {"dns.ports=53,5353", "port.queues=4",
		"port.promiscuous=false", "port.spread=rss", "detect.pattern_directory=/a=b,c",
		"port.devices=net_pcap0\\,iface=eth1,b\\\\", "eal.arguments=x"};
	struct adit_config config;

	REQUIRE(adit_config_init(&config) == 0);
	for (size_t i = 0; i < ADIT_COUNT(assignments); i++)
		CHECK_EQ_INT(adit_config_set(&config, assignments[i], NULL), 0);
	CHECK_EQ_INT(config.dns_ports.count, 2);
	CHECK_EQ_INT(config.dns_ports.item[1], 5353);
	CHECK_EQ_INT(config.port_queues, 4);
	CHECK_EQ_INT(config.port_promiscuous, false);
	CHECK_EQ_STR(config.port_spread, "rss");
	CHECK_EQ_STR(config.detect_pattern_directory, "/a=b,c");
	REQUIRE(config.port_devices.count == 2);
	CHECK_EQ_STR(config.port_devices.item[0], "net_pcap0,iface=eth1");
	CHECK_EQ_STR(config.port_devices.item[1], "b\\");
	CHECK_EQ_INT(adit_config_set(&config, "eal.arguments=", NULL), 0);
	CHECK_EQ_INT(config.eal_arguments.count, 0);
	adit_config_clear(&config);
}

/* A list takes 64 values and not one more. */
/* Whoever may see what is in force must not see what gives more. */
TEST(config, json_masks_secrets)
{
	struct adit_config config;
	struct adit_error error;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(adit_config_set(&config, "privacy.key_file=/etc/k\"1", &error), 0);
	CHECK_EQ_INT(adit_config_set(&config, "http.token_file=/etc/t2", &error), 0);
	CHECK_EQ_INT(adit_config_set(&config, "http.key=/etc/k3", &error), 0);
	CHECK_EQ_INT(adit_config_set(&config, "http.certificate=/etc/\"c\\\n\xff", &error), 0);
	CHECK_EQ_INT(adit_config_set(&config, "port.devices=a://u:p@b@h/@x,c://h/@y", &error), 0);
	CHECK_EQ_INT(adit_config_json(&config, to), 0);
	fclose(to);
	CHECK(strstr(text, "\"key_file\":\"(masked)\"") != NULL);
	CHECK(strstr(text, "\"token_file\":\"(masked)\"") != NULL);
	CHECK(strstr(text, "\"key\":\"(masked)\"") != NULL);
	CHECK(strstr(text, "/etc/\\\"c\\\\\\u000a\\u00ff") != NULL);
	CHECK(strstr(text, "[\"a://(masked)@h/@x\",\"c://h/@y\"]") != NULL);
	CHECK(strstr(text, "\"listen\":\"127.0.0.1:9153\"") != NULL);
	free(text);
	adit_config_clear(&config);
}

TEST(config, lists_are_bounded)
{
	char numbers[512] = "dns.ports=", strings[512] = "port.devices=";
	struct adit_error error = {""};
	struct adit_config config;

	REQUIRE(adit_config_init(&config) == 0);
	for (size_t i = 0; i < ADIT_LIST_MAX; i++) {
		strcat(numbers, i > 0 ? ",7" : "7");
		strcat(strings, i > 0 ? ",x" : "x");
	}
	CHECK_EQ_INT(adit_config_set(&config, numbers, &error), 0);
	CHECK_EQ_INT(adit_config_set(&config, strings, &error), 0);
	CHECK_EQ_INT(config.port_devices.count, ADIT_LIST_MAX);
	strcat(numbers, ",7");
	strcat(strings, ",x");
	CHECK_EQ_INT(adit_config_set(&config, numbers, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "--set: dns.ports has too many values; it takes a list of "
				 "integers from 1 to 65535 (port), at most 64");
	CHECK_EQ_INT(adit_config_set(&config, strings, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "--set: port.devices has too many values; it takes a list of "
				 "strings, at most 64");
	adit_config_clear(&config);
}

/* A directory with files of the test; `name` gives their paths. */
struct folder {
	char path[64], name[128];
};

static const char *in_folder(struct folder *folder, const char *name)
{
	snprintf(folder->name, sizeof(folder->name), "%s/%s", folder->path, name);
	return folder->name;
}

static void put_file(struct folder *folder, const char *name, const char *text, size_t size)
{
	FILE *file = fopen(in_folder(folder, name), "w");

	CHECK(file != NULL && fwrite(text, 1, size, file) == size);
	if (file != NULL)
		fclose(file);
}

static void make_folder(struct folder *folder)
{
	strcpy(folder->path, "/tmp/adit-config-XXXXXX");
	CHECK(mkdtemp(folder->path) != NULL);
	CHECK_EQ_INT(mkdir(in_folder(folder, "sub"), 0700), 0);
}

static void remove_folder(struct folder *folder)
{
	static const char *const names[] = {"a", "sub/b", "sub/c", "sub", ""};

	for (size_t i = 0; i < ADIT_COUNT(names); i++)
		remove(in_folder(folder, names[i]));
}

/* Reads file `a`; the message must be the given one behind the path of the folder. */
static void check_file(struct folder *folder, int code, const char *message)
{
	struct adit_config config;
	struct adit_error error = {""};
	char want[512];

	CHECK_EQ_INT(adit_config_init(&config), 0);
	CHECK_EQ_INT(adit_config_read(&config, in_folder(folder, "a"), &error), code);
	snprintf(want, sizeof(want), message, folder->path, folder->path);
	CHECK_EQ_STR(error.text, want);
	adit_config_clear(&config);
}

static void put_text(struct folder *folder, const char *name, const char *text)
{
	put_file(folder, name, text, strlen(text));
}

TEST(config, reads_included_files)
{
	struct folder folder;
	struct adit_config config;
	struct adit_error error = {""};

	make_folder(&folder);
	put_text(&folder, "a", "  @include \"sub/b\"  \nport: {\r\n@include \"sub/c\"\r\n};\n");
	put_text(&folder, "sub/b", "dns: { ports = [5353]; };");
	put_text(&folder, "sub/c", "queues = 3");
	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(adit_config_read(&config, in_folder(&folder, "a"), &error), 0);
	CHECK_EQ_STR(error.text, "");
	CHECK_EQ_INT(config.dns_ports.item[0], 5353);
	CHECK_EQ_INT(config.port_queues, 3);
	adit_config_clear(&config);
	remove_folder(&folder);
}

TEST(config, messages_name_the_included_file)
{
	struct folder folder;

	make_folder(&folder);
	put_text(&folder, "a", "\n@include \"sub/b\"\n\nport: { queue = 1; };\n");
	put_text(&folder, "sub/b", "\n@include \"c\"\n\ndns: { port = [53]; };");
	put_text(&folder, "sub/c", "/*\n*/ worker: {\n cout = 1; };\n");
	check_file(&folder, -EINVAL,
		"%s/sub/c:3: unknown option worker.cout; did you mean worker.count?");
	put_text(&folder, "sub/c", "# nothing\n");
	check_file(
		&folder, -EINVAL, "%s/sub/b:4: unknown option dns.port; did you mean dns.ports?");
	put_text(&folder, "sub/b", "dns: { };\n\n= 1");
	check_file(&folder, -EINVAL,
		"%s/sub/b:3: syntax error: \"= 1\"; write section: { option = value; };");
	put_text(&folder, "sub/b", "dns: { };\n");
	check_file(
		&folder, -EINVAL, "%s/a:4: unknown option port.queue; did you mean port.queues?");
	put_text(&folder, "sub/b", "eal = 1;");
	check_file(
		&folder, -EINVAL, "%s/sub/b:1: eal is a section; write eal: { option = value; };");
	put_text(&folder, "sub/b", "dns: { };\n\"\n");
	check_file(&folder, -EINVAL, "%s/sub/b:2: string without an end: \" is missing");
	put_text(&folder, "sub/b", "port: { };\n");
	check_file(&folder, -EINVAL,
		"%s/a:4: this setting stands here a second time: \"port: { queue = 1; };\"");
	remove_folder(&folder);
}

TEST(config, included_files_are_bounded)
{
	char text[16 * 17 + 64] = "";
	struct folder folder;

	make_folder(&folder);
	put_text(&folder, "sub/c", "# nothing");
	for (int i = 0; i < 15; i++)
		strcat(text, "@include \"sub/c\"\n");
	strcat(text, "dns = 1;");
	put_text(&folder, "a", text);
	check_file(&folder, -EINVAL, "%s/a:16: dns is a section; write dns: { option = value; };");
	strcpy(strstr(text, "dns"), "@include \"sub/c\"");
	put_text(&folder, "a", text);
	check_file(&folder, -EINVAL, "%s/a:16: too many @include: at most 15, nested ones counted");
	put_text(&folder, "a", "@include \"a\"\n");
	check_file(&folder, -EINVAL, "%s/a:1: too many @include: at most 15, nested ones counted");
	remove_folder(&folder);
}

TEST(config, files_that_cannot_be_read)
{
	static char big[256 * 1024 + 1];
	struct folder folder;

	make_folder(&folder);
	check_file(&folder, -ENOENT, "%s/a: No such file or directory");
	put_text(&folder, "a", "\n@include \"sub\"\n");
	check_file(&folder, -EISDIR, "%s/a:2: %s/sub: Is a directory");
	put_text(&folder, "a", "\n@include \"b\"\n");
	check_file(&folder, -ENOENT, "%s/a:2: %s/b: No such file or directory");
	put_file(&folder, "a", "dns: {\0};", 9);
	check_file(&folder, -EINVAL, "%s/a: not text: it holds a zero byte");
	memset(big, ' ', sizeof(big));
	put_file(&folder, "a", big, sizeof(big));
	check_file(&folder, -EFBIG, "%s/a: larger than 256 KiB");
	put_file(&folder, "a", big, sizeof(big) - 1);
	check_file(&folder, 0, "");
	remove(in_folder(&folder, "a"));
	CHECK_EQ_INT(mkdir(in_folder(&folder, "a"), 0700), 0);
	check_file(&folder, -EISDIR, "%s/a: Is a directory");
	remove_folder(&folder);
}

/* A message stays whole behind a path that is longer than its room. */
TEST(config, long_paths_are_cut_in_front)
{
	char path[1024];
	struct adit_config config;
	struct adit_error error;

	memset(path, 'x', sizeof(path));
	strcpy(path + sizeof(path) - 8, "/a.conf");
	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(
		adit_config_read_text(&config, path, "\ndns: { prots = 1; };", &error), -EINVAL);
	CHECK(strncmp(error.text, "...xxx", 6) == 0);
	CHECK_CONTAINS(error.text, "x/a.conf:2: unknown option dns.prots; did you mean dns.ports?");
	adit_config_clear(&config);
}

TEST(config, what_is_dumped_reads_back)
{
	static const char *const assignments[] = {"dns.ports=53,5353", "port.promiscuous=false",
		"detect.pattern_directory=a\"b\\c\n\t\x01\x7f\xc3\xa9 # @include \"x\" /*",
		"port.devices=net_pcap0\\,iface=eth1,,b", "history.entries=67108864"};
	struct adit_config config, again;
	struct adit_error error = {""};
	char *first, *second;

	REQUIRE(adit_config_init(&config) == 0 && adit_config_init(&again) == 0);
	for (size_t i = 0; i < ADIT_COUNT(assignments); i++)
		CHECK_EQ_INT(adit_config_set(&config, assignments[i], NULL), 0);
	first = dump_of(&config);
	CHECK_EQ_INT(adit_config_read_text(&again, "dump", first, &error), 0);
	CHECK_EQ_STR(error.text, "");
	second = dump_of(&again);
	CHECK_EQ_STR(second, first);
	CHECK_EQ_STR(again.detect_pattern_directory, config.detect_pattern_directory);
	CHECK_EQ_INT(again.port_devices.count, 3);
	free(first);
	free(second);
	adit_config_clear(&config);
	adit_config_clear(&again);
}

static void check_reads_as_defaults(const char *text)
{
	struct adit_config config;
	struct adit_error error = {""};
	char *want = dump_of_defaults(), *got;

	CHECK_EQ_INT(adit_config_init(&config), 0);
	CHECK_EQ_INT(adit_config_read_text(&config, "sample", text, &error), 0);
	CHECK_EQ_STR(error.text, "");
	got = dump_of(&config);
	CHECK_EQ_STR(got, want);
	free(got);
	free(want);
	adit_config_clear(&config);
}

/* The sample as it is, and with every option switched on. */
TEST(config, sample_holds_the_defaults)
{
	char *sample = text_of(adit_config_sample);

	check_reads_as_defaults(sample);
	for (size_t i = 0; i < adit_option_count; i++) {
		char off[80];
		const char *at;

		snprintf(off, sizeof(off), "\t#%s = ", adit_options[i].name);
		at = strstr(sample, off);
		REQUIRE(at != NULL);
		sample[at - sample + 1] = ' ';
	}
	check_reads_as_defaults(sample);
	free(sample);
}

TEST(config, reference_has_every_option)
{
	char *page = text_of(adit_config_reference);

	for (size_t i = 0; i < adit_option_count; i++) {
		char name[80];

		snprintf(name, sizeof(name), "\n| `%s.%s` |", adit_options[i].section,
			adit_options[i].name);
		CHECK_CONTAINS(page, name);
		CHECK_CONTAINS(page, adit_options[i].help);
	}
	free(page);
}

static void check_committed(const char *name, int (*write)(FILE *to), const char *command)
{
	static char committed[128 * 1024];
	char path[512], *want = text_of(write);
	FILE *file;
	size_t size = 0;

	snprintf(path, sizeof(path), "%s/%s", harness_source_root(), name);
	file = fopen(path, "r");
	if (file != NULL) {
		size = fread(committed, 1, sizeof(committed) - 1, file);
		fclose(file);
	}
	committed[size] = '\0';
	if (strcmp(committed, want) != 0)
		FAIL("%s is not what the option table says; renew it: %s > %s", name, command,
			name);
	free(want);
}

TEST(config, committed_files_are_current)
{
	check_committed("config/adit.conf", adit_config_sample, "adit config sample");
	check_committed("docs/reference.md", adit_config_reference, "adit config reference");
}

TEST(config, options_agree_with_one_another)
{
	struct adit_config config;
	struct adit_error error = {""};

	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(adit_config_check(&config, &error), 0);
	config.detect_suspect_score = config.detect_tunnel_score;
	CHECK_EQ_INT(adit_config_check(&config, &error), 0);
	config.detect_suspect_score++;
	CHECK_EQ_INT(adit_config_check(&config, &error), -EINVAL);
	CHECK_EQ_STR(error.text, "detect.suspect_score (71) is above detect.tunnel_score (70)");
	adit_config_clear(&config);
}

TEST(config, disagreements_are_named)
{
	static const struct {
		const char *set, *text;
	} rows[] = {
		{"dns.ports=53,2152", "dns.ports has 2152, the port of GTP-U: nothing inside its "
				      "tunnels would be "
				      "read"},
		{"dns.ports=4789", "dns.ports has 4789, the port of VXLAN: nothing inside its "
				   "tunnels would be "
				   "read"},
		{"encrypted.ports=853,53", "port 53 stands in dns.ports and in encrypted.ports"},
		{"encrypted.resolvers=1.1.1.1,dns.example", "encrypted.resolvers: 'dns.example' is "
							    "no address; expected an IPv4 or IPv6 "
							    "address"},
		{"context.tunnel_peers=10.20.0.0/16,10.20.1.0/16",
			"context.tunnel_peers: '10.20.1.0/16' is no prefix; expected an address or "
			"a prefix without bits after it, such as 10.20.0.0/16"},
		{"context.tunnel_peers=2001:db8::/129",
			"context.tunnel_peers: '2001:db8::/129' is no prefix; expected an address "
			"or a prefix without bits after it, such as 10.20.0.0/16"},
		{"privacy.addresses=all",
			"privacy.addresses is 'all', but privacy.key_file names no file"},
		{"privacy.key_file=/etc/key",
			"privacy.key_file is given, but privacy.addresses is off: expected "
			"subscribers or all"},
		{"port.taps=west",
			"port.taps names 1 taps for 0 devices in port.devices; expected one for "
			"each"},
	};

	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		struct adit_config config;
		struct adit_error error = {""};

		REQUIRE(adit_config_init(&config) == 0);
		CHECK_EQ_INT(adit_config_set(&config, rows[i].set, &error), 0);
		CHECK_EQ_INT(adit_config_check(&config, &error), -EINVAL);
		CHECK_EQ_STR(error.text, rows[i].text);
		adit_config_clear(&config);
	}
}

TEST(config, writers_tell_that_they_failed)
{
	struct adit_config config;
	FILE *full = fopen("/dev/full", "w");

	REQUIRE(adit_config_init(&config) == 0);
	REQUIRE(full != NULL);
	CHECK_EQ_INT(adit_config_dump(&config, full), -EIO);
	CHECK_EQ_INT(adit_config_sample(full), -EIO);
	CHECK_EQ_INT(adit_config_reference(full), -EIO);
	fclose(full);
	adit_config_clear(&config);
}

TEST(nearest, finds_the_misspelt_name)
{
	static const char *const names[] = {"ports", "queues", "mtu", "public_suffix_list"};
	static const char *const texts[][2] = {
		{"prots", "ports"},
		{"port", "ports"},
		{"Ports", "ports"},
		{"queue", "queues"},
		{"mut", "mtu"},
		{"mt", "mtu"},
		{"public_sufix_lsit", "public_suffix_list"},
		{"ports", "ports"},
		{"frobnicate", NULL},
		{"xyz", NULL},
		{"m", NULL},
		{"", NULL},
	};
	char *endless = malloc(100001);

	for (size_t i = 0; i < ADIT_COUNT(texts); i++)
		CHECK_EQ_STR(adit_nearest(texts[i][0], names, ADIT_COUNT(names)), texts[i][1]);
	REQUIRE(endless != NULL);
	memset(endless, 'p', 100000);
	endless[100000] = '\0';
	CHECK(adit_nearest(endless, names, ADIT_COUNT(names)) == NULL);
	CHECK(adit_nearest("ports", names, 0) == NULL);
	free(endless);
}
