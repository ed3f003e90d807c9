/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The list `sinks` of the configuration.
 */
#include "config_cases.h"
#include "config_priv.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>

static struct adit_error error;

TEST(config_sinks, are_read_and_dumped)
{
	static const char text[] =
		"sinks = (\n"
		"  { type = \"jsonl\"; path = \"/v\"; min_score = 70; states = [\"open\", "
		"\"closed\"]; },\n"
		"  { path = \"/z\"; name = \"block\"; type = \"rpz\"; action = \"drop\"; }\n"
		");\n";
	struct adit_config config, again;
	char *first, *second;

	REQUIRE(adit_config_init(&config) == 0 && adit_config_init(&again) == 0);
	CHECK_EQ_INT(adit_config_read_text(&config, "f", text, &error), 0);
	REQUIRE(config.sinks.count == 2);
	CHECK_EQ_STR(config.sinks.item[0]->name, "jsonl");
	CHECK_EQ_STR(config.sinks.item[0]->path, "/v");
	CHECK_EQ_INT(config.sinks.item[0]->min_score, 70);
	CHECK_EQ_INT(config.sinks.item[0]->states.count, 2);
	CHECK_EQ_STR(config.sinks.item[0]->states.item[1], "closed");
	CHECK_EQ_INT(config.sinks.item[0]->keep, 10);
	CHECK_EQ_STR(config.sinks.item[1]->name, "block");
	CHECK_EQ_STR(config.sinks.item[1]->action, "drop");
	/* What --set changes leaves them alone, and a dump reads back the same. */
	CHECK_EQ_INT(adit_config_set(&config, "worker.count=2", &error), 0);
	REQUIRE(config.sinks.count == 2);
	first = dump_of(&config);
	CHECK_CONTAINS(first, "\tname = \"block\";\n");
	CHECK_EQ_INT(adit_config_read_text(&again, "f", first, &error), 0);
	second = dump_of(&again);
	CHECK_EQ_STR(second, first);
	free(first);
	free(second);
	/* A list of another file takes the place of the one before. */
	CHECK_EQ_INT(adit_config_read_text(&config, "f", "sinks = ();", &error), 0);
	CHECK_EQ_INT(config.sinks.count, 0);
	adit_config_clear(&config);
	adit_config_clear(&again);
}

#define GROUP(text) "sinks = (\n{ " text " });\n"

TEST(config_sinks, refusals_say_what_would_be_right)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"sinks = 5;", "f:1: sinks is a list of at most 16 groups; write sinks = ( { type"},
		{"sinks: { type = \"jsonl\"; };", "f:1: sinks is a list of at most 16 groups"},
		{"sinks = (\n5);", "f:2: sinks has a value that is an integer; it takes groups"},
		{"sink = ();", "f:1: unknown section sink; did you mean sinks?"},
		{GROUP("path = \"/v\";"),
			"f:2: a sink needs a type: one of jsonl, syslog, rpz, kafka, webhook"},
		{GROUP("type = \"jsonlines\"; path = \"/v\";"),
			"f:2: sinks.type: \"jsonlines\" is not a choice; it takes one of jsonl, "
			"syslog"},
		{GROUP("type = \"jsonl\";\npth = \"/v\";"),
			"f:3: unknown option pth of a sink; did you mean path?"},
		{GROUP("type = \"jsonl\";\npath = \"/v\"; ttl = 5;"),
			"f:3: ttl is no option of type jsonl, but of rpz"},
		{GROUP("type = \"jsonl\"; path = \"/v\"; min_score = 101;"),
			"f:2: sinks.min_score: 101 is out of range; it takes an integer from 0 to "
			"100"},
		{GROUP("type = \"jsonl\"; path = 5;"),
			"f:2: sinks.path is an integer; it takes a string"},
		{GROUP("type = \"jsonl\";"), "f:2: sink jsonl: path is missing"},
		{GROUP("type = \"kafka\";"), "f:2: sink kafka: brokers are missing"},
		{GROUP("type = \"webhook\";"), "f:2: sink webhook: url is missing"},
		{GROUP("type = \"jsonl\"; path = \"/v\"; states = [\"opened\"];"),
			"f:2: sinks.states: \"opened\" is not a choice; it takes those of open|"},
		{GROUP("type = \"jsonl\"; path = \"/v\"; verdicts = [];"),
			"f:2: sinks.verdicts is empty, so the sink would get nothing"},
		{GROUP("type = \"syslog\"; subscribers = \"pseudonyms\";"),
			"f:2: sink syslog: pseudonyms need a key_file of the sink's own"},
		{GROUP("type = \"syslog\"; key_file = \"/k\";"),
			"f:2: sink syslog: key_file is given, but subscribers is not "
			"\"pseudonyms\""},
		{GROUP("type = \"syslog\"; name = \"A b\";"),
			"a name has 1 to 32 of a-z, 0-9 and _"},
		{GROUP("type = \"syslog\"; },\n{ type = \"syslog\";"),
			"f:3: sink syslog: another sink has this name"},
		{GROUP("type = \"jsonl\"; path = \"/v\"; },\n{ type = \"rpz\"; path = \"/v\";"),
			"f:3: sink rpz: another sink writes the same path"},
		{GROUP("type = \"syslog\"; type = \"rpz\";"), "stands here a second time"},
	};
	struct adit_config config;

	REQUIRE(adit_config_init(&config) == 0);
	for (size_t i = 0; i < ADIT_COUNT(rows); i++) {
		error.text[0] = '\0';
		CHECK_EQ_INT(adit_config_read_text(&config, "f", rows[i].text, &error), -EINVAL);
		CHECK_CONTAINS(error.text, rows[i].message);
		CHECK_EQ_INT(config.sinks.count, 0);
	}
	CHECK_EQ_INT(adit_config_set(&config, "sinks.type=jsonl", &error), -EINVAL);
	CHECK_CONTAINS(error.text, "sinks are set in the configuration file");
	adit_config_clear(&config);
}

TEST(config_sinks, sample_in_the_file_is_right_and_the_reference_is_whole)
{
	struct adit_config config;
	char *text = NULL, *at;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	REQUIRE(adit_config_init(&config) == 0);
	CHECK_EQ_INT(adit_config_sample(to), 0);
	fclose(to);
	at = strstr(text, "\n#sinks");
	REQUIRE(at != NULL);
	for (; at != NULL; at = strstr(at, "\n#"))
		at[1] = ' ';
	CHECK_EQ_INT(adit_config_read_text(&config, "f", text, &error), 0);
	CHECK_EQ_INT(config.sinks.count, 5);
	adit_config_clear(&config);
	free(text);
	to = open_memstream(&text, &size);
	CHECK_EQ_INT(adit_config_reference(to), 0);
	fclose(to);
	for (size_t i = 0; i < adit_sink_option_count; i++) {
		char name[80];

		snprintf(name, sizeof(name), "\n| `sinks.%s` |", adit_sink_options[i].name);
		CHECK_CONTAINS(text, name);
	}
	free(text);
}
