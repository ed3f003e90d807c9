/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_patterns.h"

#include "bench_load.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN_FILE "adit-bench.conf"

/* Names as signatures have them: a word and what varies behind it, at the front or anywhere. */
static int expressions_write(FILE *file, uint64_t count)
{
	static const char *const forms[] = {"subdomain insensitive ^%s[a-z2-7]{8,24}(\\.|$)\n",
		"subdomain insensitive (^|\\.)%s-[0-9a-f]{6}\\.\n",
		"subdomain sensitive ^[0-9]{1,6}\\.%s[A-Z0-9]{4}\n",
		"qname insensitive \\.%s\\.(com|net|org)$\n"};
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint64_t state = 1;

	fputs("tool adit-bench\nclass made-up strong names 3 share 0% \"made up for measuring\"\n",
		file);
	for (uint64_t i = 0; i < count; i++) {
		char word[11];
		uint64_t luck = app_load_draw(&state);

		for (size_t k = 0; k < sizeof(word) - 1; k++, luck /= 36)
			word[k] = alphabet[luck % 36];
		word[sizeof(word) - 1] = '\0';
		fprintf(file, forms[i % ADIT_COUNT(forms)], word);
	}
	return ferror(file) != 0 ? -EIO : 0;
}

/* Names of pattern files of a folder, as links into another one. */
static int files_link(const char *from, const char *to, struct adit_error *error)
{
	DIR *folder = opendir(from);
	char target[PATH_MAX], path[PATH_MAX], whole[PATH_MAX];
	struct dirent *entry;
	int status = 0;

	if (folder == NULL || realpath(from, whole) == NULL) {
		status = adit_error_set(error, -errno, "%s: %s", from, strerror(errno));
		if (folder != NULL)
			closedir(folder);
		return status;
	}
	while ((entry = readdir(folder)) != NULL && status == 0) {
		size_t length = strlen(entry->d_name);

		if (length < 6 || strcmp(entry->d_name + length - 5, ".conf") != 0)
			continue;
		snprintf(target, sizeof(target), "%.2000s/%s", whole, entry->d_name);
		snprintf(path, sizeof(path), "%.2000s/%s", to, entry->d_name);
		if (symlink(target, path) != 0)
			status = adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	}
	closedir(folder);
	return status;
}

int app_patterns_make(
	const char *from, uint64_t count, char folder[PATH_MAX], struct adit_error *error)
{
	const char *top = getenv("TMPDIR");
	char path[PATH_MAX];
	FILE *file;
	int status;

	snprintf(folder, PATH_MAX, "%.2000s/adit-bench-XXXXXX", top != NULL ? top : "/tmp");
	if (mkdtemp(folder) == NULL) {
		status = adit_error_set(error, -errno, "%s: %s", folder, strerror(errno));
		folder[0] = '\0';
		return status;
	}
	status = files_link(from, folder, error);
	if (status != 0)
		return status;
	snprintf(path, sizeof(path), "%.2000s/" OWN_FILE, folder);
	file = fopen(path, "we");
	if (file == NULL)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	status = expressions_write(file, count);
	if (fclose(file) != 0 || status != 0)
		return adit_error_set(error, -EIO, "%s can't be written", path);
	return 0;
}

void app_patterns_remove(const char *folder)
{
	DIR *opened = folder[0] != '\0' ? opendir(folder) : NULL;
	struct dirent *entry;

	if (opened == NULL)
		return;
	while ((entry = readdir(opened)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(opened), entry->d_name, 0);
	closedir(opened);
	rmdir(folder);
}
