/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lists of known services. A few hundred entries at most, looked up once per domain that reaches a
 * detector: a sorted array of lower-case wire-format names, searched for the domain and for each
 * of its ancestors.
 */
#include "adit_score.h"

#include "adit_dns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct allowed {
	struct adit_allow_entry entry;
	char *reason;
	uint8_t size;
	uint8_t wire[ADIT_NAME_MAX];
};

struct adit_allow {
	struct allowed *list;
	size_t count, room;
};

static int allowed_compare(const void *left, const void *right)
{
	const struct allowed *a = left, *b = right;

	return a->size != b->size ? a->size - b->size : memcmp(a->wire, b->wire, a->size);
}

/* Midnight UTC of "YYYY-MM-DD". */
static int date_parse(const char *text, uint64_t *ns)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int day = tm.tm_mday;
	time_t seconds;

	if (end != text + strlen("YYYY-MM-DD") || *end != '\0')
		return -EINVAL;
	seconds = timegm(&tm);
	/* The 30th of February is taken for a day of March. */
	if (seconds < 0 || tm.tm_mday != day)
		return -EINVAL;
	/* Nanoseconds reach to the year 2554. */
	*ns = (uint64_t)seconds < UINT64_MAX / ADIT_NS_PER_S ? (uint64_t)seconds * ADIT_NS_PER_S
							     : UINT64_MAX;
	return 0;
}

static char *word_next(char **rest)
{
	char *word;

	*rest += strspn(*rest, " \t");
	word = strsep(rest, " \t");
	if (*rest == NULL)
		*rest = word + strlen(word);
	return word;
}

static int entry_add(
	struct adit_allow *allow, const struct allowed *entry, struct adit_error *error)
{
	if (allow->count == allow->room) {
		size_t room = allow->room != 0 ? 2 * allow->room : 64;
		struct allowed *list = realloc(allow->list, room * sizeof(*list));

		if (list == NULL)
			return adit_error_set(error, -ENOMEM, "no memory for the allow list");
		allow->list = list;
		allow->room = room;
	}
	allow->list[allow->count++] = *entry;
	return 0;
}

static int line_parse(struct adit_allow *allow, const char *what, unsigned number, char *line,
	struct adit_error *error)
{
	struct allowed entry = {0};
	struct adit_name name;
	char *rest = line, *domain, *word;
	size_t length = strlen(line);
	int status;

	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
		line[--length] = '\0';
	domain = word_next(&rest);
	if (*domain == '\0' || *domain == '#')
		return 0;
	if (adit_name_from_text(domain, &name) != 0 || name.labels == 0)
		return adit_error_set(
			error, -EINVAL, "%s:%u: '%s' is not a domain name", what, number, domain);
	if (strcmp(word_next(&rest), "until") != 0 ||
		date_parse(word_next(&rest), &entry.entry.until_ns) != 0)
		return adit_error_set(error, -EINVAL,
			"%s:%u: expected \"until YYYY-MM-DD\" after the domain '%s'", what, number,
			domain);
	rest += strspn(rest, " \t");
	if (strncmp(rest, "below ", 6) == 0) {
		char *end;

		word_next(&rest);
		word = word_next(&rest);
		errno = 0;
		entry.entry.below_bytes = strtoull(word, &end, 10);
		if (errno != 0 || end == word || *end != '\0' || entry.entry.below_bytes == 0)
			return adit_error_set(error, -EINVAL,
				"%s:%u: expected a number of bytes after \"below\", not '%s'", what,
				number, word);
	}
	rest += strspn(rest, " \t");
	if (*rest == '\0')
		return adit_error_set(error, -EINVAL,
			"%s:%u: '%s' has no reason; say why it is known after the date", what,
			number, domain);
	entry.size = name.size;
	memcpy(entry.wire, name.lower, name.size);
	for (size_t i = 0; i < allow->count; i++)
		if (allowed_compare(&allow->list[i], &entry) == 0)
			return adit_error_set(error, -EINVAL,
				"%s:%u: '%s' is listed already; keep one entry", what, number,
				domain);
	entry.reason = strdup(rest);
	if (entry.reason == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the allow list");
	status = entry_add(allow, &entry, error);
	if (status != 0)
		free(entry.reason);
	return status;
}

static int text_parse(
	struct adit_allow *allow, const char *what, char *text, struct adit_error *error)
{
	char *line;
	unsigned number = 0;
	int status = 0;

	while (status == 0 && (line = strsep(&text, "\n")) != NULL)
		status = line_parse(allow, what, ++number, line, error);
	return status;
}

static void allow_sort(struct adit_allow *allow)
{
	if (allow->count > 0)
		qsort(allow->list, allow->count, sizeof(*allow->list), allowed_compare);
	for (size_t i = 0; i < allow->count; i++)
		allow->list[i].entry.reason = allow->list[i].reason;
}

int adit_allow_load_text(
	const char *what, const char *text, struct adit_allow **allow, struct adit_error *error)
{
	struct adit_allow *made = calloc(1, sizeof(*made));
	char *copy = strdup(text);
	int status = -ENOMEM;

	if (made != NULL && copy != NULL)
		status = text_parse(made, what, copy, error);
	else
		adit_error_set(error, status, "no memory for the allow list");
	free(copy);
	if (status != 0) {
		adit_allow_destroy(made);
		return status;
	}
	allow_sort(made);
	*allow = made;
	return 0;
}

static int file_parse(struct adit_allow *allow, const char *path, struct adit_error *error)
{
	/* Nobody waits for the other end of a pipe. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *file = descriptor >= 0 ? fdopen(descriptor, "r") : NULL;
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	int status;

	if (file == NULL)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	errno = 0;
	length = getdelim(&text, &room, '\0', file);
	status = -errno;
	fclose(file);
	if (length >= 0)
		status = text_parse(allow, path, text, error);
	else if (status != 0)
		adit_error_set(error, status, "%s: %s", path, strerror(-status));
	free(text);
	return status;
}

static int is_list(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int byte_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int adit_allow_load(const char *directory, struct adit_allow **allow, struct adit_error *error)
{
	struct adit_allow *made = calloc(1, sizeof(*made));
	struct dirent **files = NULL;
	int count = scandir(directory, &files, is_list, byte_order), status = 0;

	if (made == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for the allow list");
	else if (count < 0)
		status = adit_error_set(error, -errno, "%s: %s", directory, strerror(errno));
	for (int i = 0; i < count; i++) {
		char path[4096];

		if (status == 0) {
			snprintf(path, sizeof(path), "%s/%s", directory, files[i]->d_name);
			status = file_parse(made, path, error);
		}
		free(files[i]);
	}
	free(files);
	if (status != 0) {
		adit_allow_destroy(made);
		return status;
	}
	allow_sort(made);
	*allow = made;
	return 0;
}

void adit_allow_destroy(struct adit_allow *allow)
{
	if (allow == NULL)
		return;
	for (size_t i = 0; i < allow->count; i++)
		free(allow->list[i].reason);
	free(allow->list);
	free(allow);
}

size_t adit_allow_entries(const struct adit_allow *allow)
{
	return allow->count;
}

const uint8_t *adit_allow_domain(const struct adit_allow *allow, size_t at, size_t *size)
{
	*size = allow->list[at].size;
	return allow->list[at].wire;
}

const struct adit_allow_entry *adit_allow_find(
	const struct adit_allow *allow, const uint8_t *wire, size_t size, uint64_t now_ns)
{
	struct allowed key;

	for (size_t at = 0; allow->count > 0 && at + 1 < size; at += wire[at] + 1u) {
		const struct allowed *found;

		key.size = (uint8_t)(size - at);
		memcpy(key.wire, wire + at, size - at);
		found = bsearch(&key, allow->list, allow->count, sizeof(key), allowed_compare);
		if (found != NULL && now_ns < found->entry.until_ns)
			return &found->entry;
	}
	return NULL;
}
