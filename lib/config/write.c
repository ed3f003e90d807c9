/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the table says, written out: values in force, the sample file, the reference page.
 */
#include "adit_config.h"
#include "config_priv.h"

#include <errno.h>
#include <inttypes.h>

void adit_config_write_string(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(to, "\\x%02x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

void adit_option_write(FILE *to, const void *record, const struct adit_option *option,
	const char *comma, adit_text_writer *text)
{
	const void *field = (const char *)record + option->offset;
	const struct adit_list *list = field;
	const struct adit_ints *ints = field;
	const char *string;

	switch (option->type) {
	case ADIT_OPTION_BOOL:
		fputs(*(const bool *)field ? "true" : "false", to);
		break;
	case ADIT_OPTION_INT:
		fprintf(to, "%" PRId64, *(const int64_t *)field);
		break;
	case ADIT_OPTION_STRING:
		string = *(char *const *)field;
		text(to, option, string != NULL ? string : "");
		break;
	case ADIT_OPTION_LIST:
		fputc('[', to);
		for (size_t i = 0; i < list->count; i++) {
			fputs(i > 0 ? comma : "", to);
			text(to, option, list->item[i]);
		}
		fputc(']', to);
		break;
	case ADIT_OPTION_INTS:
		fputc('[', to);
		for (size_t i = 0; i < ints->count; i++)
			fprintf(to, "%s%" PRId64, i > 0 ? comma : "", ints->item[i]);
		fputc(']', to);
		break;
	}
}

/* As the file has it. */
static void text_write(FILE *to, const struct adit_option *option, const char *text)
{
	(void)option;
	adit_config_write_string(to, text);
}

static void write_value(FILE *to, const void *record, const struct adit_option *option)
{
	adit_option_write(to, record, option, ", ", text_write);
}

static int written(FILE *to)
{
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

static void dump_sinks(const struct adit_sink_configs *sinks, FILE *to)
{
	fputs("sinks = (", to);
	for (size_t s = 0; s < sinks->count; s++) {
		fputs(s > 0 ? ", {\n" : "{\n", to);
		for (size_t i = 0; i < adit_sink_option_count; i++) {
			if (!adit_sink_has(sinks->item[s], &adit_sink_options[i]))
				continue;
			fprintf(to, "\t%s = ", adit_sink_options[i].name);
			write_value(to, sinks->item[s], &adit_sink_options[i]);
			fputs(";\n", to);
		}
		fputc('}', to);
	}
	fputs(");\n", to);
}

int adit_config_dump(const struct adit_config *config, FILE *to)
{
	for (size_t s = 0; s < adit_section_count; s++) {
		fprintf(to, "%s: {\n", adit_sections[s].name);
		for (size_t i = 0; i < adit_option_count; i++) {
			if (strcmp(adit_options[i].section, adit_sections[s].name) != 0)
				continue;
			fprintf(to, "\t%s = ", adit_options[i].name);
			write_value(to, config, &adit_options[i]);
			fputs(";\n", to);
		}
		fputs("};\n", to);
	}
	dump_sinks(&config->sinks, to);
	return written(to);
}

/* A comment behind one tab, broken at words so that no line passes 100 columns. */
static void write_comment(FILE *to, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column == 0 || column + 1 + word > 100) {
			fprintf(to, "%s\t#", column == 0 ? "" : "\n");
			column = 9;
		}
		fprintf(to, " %.*s", (int)word, text);
		column += 1 + word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

static const char sample_head[] =
	"# Every option of Adit, switched off, with its default; take a # away to set one. On the\n"
	"# command line, --set section.name=value goes before this file. @include \"file\" on a "
	"line\n"
	"# of its own reads another file, found from the directory of this one.\n"
	"# Generated: adit config sample > config/adit.conf\n";

static const char sample_sinks[] =
	"\n# Where verdicts go beside verdicts.jsonl: any number of sinks, each a group with a "
	"type. Options of a\n"
	"# sink: docs/reference.md, or adit config reference.\n"
	"#sinks = (\n"
	"#\t{ type = \"jsonl\"; path = \"/var/log/adit/verdicts.jsonl\"; rotate_size = 100; keep = "
	"20; },\n"
	"#\t{ type = \"syslog\"; transport = \"tcp\"; address = \"192.0.2.1:601\"; format = "
	"\"cef\"; },\n"
	"#\t{ type = \"rpz\"; path = \"/var/lib/adit/rpz.zone\"; zone = \"rpz.adit\"; min_score = "
	"90; },\n"
	"#\t{ type = \"kafka\"; brokers = [\"192.0.2.2:9092\"]; subscribers = \"none\"; },\n"
	"#\t{ type = \"webhook\"; url = \"https://siem.example/adit\"; secret_file = "
	"\"/etc/adit/token\"; }\n"
	"#);\n";

int adit_config_sample(FILE *to)
{
	struct adit_config config;
	int rc = adit_config_init(&config);

	if (rc != 0)
		return rc;
	fputs(sample_head, to);
	for (size_t s = 0; s < adit_section_count; s++) {
		fprintf(to, "\n# %s.\n%s: {\n", adit_sections[s].help, adit_sections[s].name);
		for (size_t i = 0, first = 1; i < adit_option_count; i++) {
			const struct adit_option *option = &adit_options[i];
			char about[512];

			if (strcmp(option->section, adit_sections[s].name) != 0)
				continue;
			fputs(first ? "" : "\n", to);
			first = 0;
			snprintf(about, sizeof(about), "%s. Takes %s.", option->help,
				adit_option_allowed(option).text);
			write_comment(to, about);
			fprintf(to, "\t#%s = ", option->name);
			write_value(to, &config, option);
			fputs(";\n", to);
		}
		fputs("};\n", to);
	}
	fputs(sample_sinks, to);
	adit_config_clear(&config);
	return written(to);
}

static const char *const type_names[] = {
	[ADIT_OPTION_BOOL] = "boolean",
	[ADIT_OPTION_INT] = "integer",
	[ADIT_OPTION_STRING] = "string",
	[ADIT_OPTION_LIST] = "list of strings",
	[ADIT_OPTION_INTS] = "list of integers",
};

static void write_range(FILE *to, const struct adit_option *option)
{
	if (option->type == ADIT_OPTION_INT || option->type == ADIT_OPTION_INTS)
		fprintf(to, "%" PRId64 " to %" PRId64, option->low, option->high);
	else if (option->choices != NULL)
		for (const char *c = option->choices; *c != '\0'; c += *c == '|') {
			size_t size = strcspn(c, "|");

			fprintf(to, "`%.*s`%s", (int)size, c, c[size] == '|' ? ", " : "");
			c += size;
		}
	else
		fputs(option->type == ADIT_OPTION_BOOL ? "`true`, `false`" : "any", to);
}

static const char reference_head[] =
	"# Configuration reference\n"
	"\n"
	"Generated from the option table by `adit config reference > docs/reference.md`.\n"
	"\n"
	"`--set section.name=value` on the command line goes before the configuration file, and "
	"the\n"
	"file goes before the defaults. A file is made of sections:\n"
	"\n"
	"```\n"
	"@include \"site.conf\"\n"
	"port: {\n"
	"\tdevices = [\"0000:3b:00.0\", \"0000:3b:00.1\"];\n"
	"\tqueues = 2;\n"
	"};\n"
	"```\n"
	"\n"
	"`@include` stands on a line of its own; the file is found from the directory of the one "
	"that\n"
	"names it. A setting may stand once, included files counted. Lists hold at most 64 values. "
	"With\n"
	"`--set`, the values of a list are parted by commas, and a comma inside a value is "
	"written\n"
	"`\\,`: `--set 'port.devices=net_af_packet0\\,iface=eth1,net_af_packet1\\,iface=eth2'`.\n"
	"\n"
	"The column `reload` says what SIGHUP does to a running `adit run`: `yes`, the new value "
	"is "
	"taken over;\n`restart`, it is told by name and waits for a restart "
	"([operations.md](operations.md#reload)).\n"
	"\n"
	"| command | what it does |\n"
	"| --- | --- |\n"
	"| `adit config check FILE` | reads the file and says what is wrong with it |\n"
	"| `adit config dump` | prints every option as it is in force |\n"
	"| `adit config sample` | prints a file with every option at its default |\n"
	"| `adit config reference` | prints this page |\n";

static void reference_row(const void *record, const struct adit_option *option, FILE *to)
{
	fprintf(to, "| `%s.%s` | %s | %s | ", option->section, option->name,
		type_names[option->type], option->unit != NULL ? option->unit : "");
	write_range(to, option);
	fputs(" | `", to);
	write_value(to, record, option);
	fprintf(to, "` | %s | ", adit_option_reloads(option) ? "yes" : "restart");
	for (const char *c = option->kinds; c != NULL && *c != '\0'; c++)
		fprintf(to, *c == '|' ? ", " : "%c", *c);
	fprintf(to, "%s%s |\n", option->kinds != NULL ? ": " : "", option->help);
}

static const char table_head[] = "| option | type | unit | range | default | reload | meaning |\n"
				 "| --- | --- | --- | --- | --- | --- | --- |\n";

static int reference_sinks(FILE *to)
{
	struct adit_sink_config *sink = adit_sink_config_make();

	if (sink == NULL)
		return -ENOMEM;
	fputs("\n## sinks\n\n"
	      "Where verdicts go beside verdicts.jsonl ([sinks.md](sinks.md)): a list of groups, "
	      "at most 16, "
	      "in the\nconfiguration file alone. A name stands once.\n\n"
	      "```\n"
	      "sinks = (\n"
	      "\t{ type = \"jsonl\"; path = \"/var/log/adit/verdicts.jsonl\"; },\n"
	      "\t{ type = \"rpz\"; path = \"/var/lib/adit/rpz.zone\"; min_score = 90; }\n"
	      ");\n"
	      "```\n\n",
		to);
	fputs(table_head, to);
	for (size_t i = 0; i < adit_sink_option_count; i++)
		reference_row(sink, &adit_sink_options[i], to);
	adit_sink_config_free(sink);
	return 0;
}

int adit_config_reference(FILE *to)
{
	struct adit_config config;
	int rc = adit_config_init(&config);

	if (rc != 0)
		return rc;
	fputs(reference_head, to);
	for (size_t s = 0; s < adit_section_count; s++) {
		fprintf(to, "\n## %s\n\n%s.\n\n", adit_sections[s].name, adit_sections[s].help);
		fputs(table_head, to);
		for (size_t i = 0; i < adit_option_count; i++)
			if (strcmp(adit_options[i].section, adit_sections[s].name) == 0)
				reference_row(&config, &adit_options[i], to);
	}
	adit_config_clear(&config);
	rc = reference_sinks(to);
	return rc != 0 ? rc : written(to);
}
