/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is in force, for those who may look at it but not know its secrets.
 */
#include "adit_config.h"
#include "config_priv.h"

#include <errno.h>

/* Keys, tokens and passwords, and the files that hold them. */
static bool is_secret(const struct adit_option *option)
{
	static const char *const words[] = {"key_file", "token", "password", "secret"};

	for (size_t i = 0; i < ADIT_COUNT(words); i++)
		if (strstr(option->name, words[i]) != NULL)
			return true;
	return strcmp(option->name, "key") == 0;
}

/* Where a URL's host begins, behind a user's name and password; 0: it has none. */
static size_t user_ends(const char *text)
{
	const char *host = strstr(text, "://"), *at;
	size_t size;

	if (host == NULL)
		return 0;
	size = strcspn(host + 3, "/?#");
	at = memrchr(host + 3, '@', size);
	return at != NULL ? (size_t)(at - text) : 0;
}

static void write_text(FILE *to, const struct adit_option *option, const char *text)
{
	static const char mask[] = "(masked)";
	size_t hidden = user_ends(text);

	fputc('"', to);
	if (is_secret(option) && *text != '\0') {
		fputs(mask, to);
		text = "";
	} else if (hidden != 0) {
		fprintf(to, "%.*s%s", (int)(strstr(text, "://") - text + 3), text, mask);
		text += hidden;
	}
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			/* As Latin-1: whatever the octets are, the document stays one. */
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

int adit_config_json(const struct adit_config *config, FILE *to)
{
	for (size_t s = 0; s < adit_section_count; s++) {
		const char *comma = "";

		fprintf(to, "%s\"%s\":{", s == 0 ? "{" : ",\n", adit_sections[s].name);
		for (size_t i = 0; i < adit_option_count; i++) {
			if (strcmp(adit_options[i].section, adit_sections[s].name) != 0)
				continue;
			fprintf(to, "%s\"%s\":", comma, adit_options[i].name);
			adit_option_write(to, config, &adit_options[i], ",", write_text);
			comma = ",";
		}
		fputc('}', to);
	}
	fputs("}\n", to);
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}
