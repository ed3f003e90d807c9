/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models that judge: which folders are read.
 */
#include "appliance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

/* Folders that were read. */
struct reading {
	struct adit_judges *judges;
	struct stat seen[ADIT_JUDGES_MAX];
	size_t count;
};

/* A folder is read once, by whatever names it comes. */
static int folder_load(struct reading *reading, const char *path, struct adit_error *error)
{
	struct stat about;
	int status;

	if (stat(path, &about) != 0)
		return adit_judges_add(reading->judges, path, error); /* it has the words */
	for (size_t i = 0; i < reading->count; i++)
		if (reading->seen[i].st_dev == about.st_dev &&
			reading->seen[i].st_ino == about.st_ino)
			return 0;
	status = adit_judges_add(reading->judges, path, error);
	if (status == 0)
		reading->seen[reading->count++] = about;
	return status;
}

/* Every folder of a directory that holds a model, in byte order. A directory that is not there
 * holds none. */
static int directory_load(struct reading *reading, const char *directory, struct adit_error *error)
{
	struct dirent **entries;
	int status = 0, count = scandir(directory, &entries, is_folder, alphasort);

	if (count < 0)
		return errno == ENOENT ? 0
				       : adit_error_set(error, -errno, "%s: %s", directory,
						 strerror(errno));
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX], conf[PATH_MAX];

		if (status == 0 &&
			snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name) <
				(int)sizeof(path) &&
			snprintf(conf, sizeof(conf), "%s/model.conf", path) < (int)sizeof(conf) &&
			access(conf, F_OK) == 0)
			status = folder_load(reading, path, error);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int app_models_read_from(
	const char *directory, struct adit_judges **judges, struct adit_error *error)
{
	struct reading reading = {.judges = adit_judges_create()};
	char conf[PATH_MAX];
	struct stat about;
	int status = 0;

	if (reading.judges == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for models");
	if (stat(directory, &about) != 0)
		status = adit_error_set(error, -errno, "%s: %s", directory, strerror(errno));
	else if (snprintf(conf, sizeof(conf), "%s/model.conf", directory) < (int)sizeof(conf) &&
		 access(conf, F_OK) == 0)
		status = folder_load(&reading, directory, error);
	else
		status = directory_load(&reading, directory, error);
	if (status == 0 && adit_judges_count(reading.judges) == 0)
		status = adit_error_set(error, -ENOENT,
			"%s: no model is there; expected a folder with model.conf, or one of such "
			"folders",
			directory);
	if (status != 0) {
		adit_judges_destroy(reading.judges);
		return status;
	}
	*judges = reading.judges;
	return 0;
}

int app_models_load(const struct adit_config *config, const char *learned,
	struct adit_judges **judges, struct adit_error *error)
{
	struct reading reading = {.judges = adit_judges_create()};
	char path[PATH_MAX];
	int status = 0;

	if (reading.judges == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for models");
	if (config->detect_models.count == 0) {
		app_data_directory("", "models", path);
		status = directory_load(&reading, path, error);
	}
	for (size_t i = 0; i < config->detect_models.count && status == 0; i++)
		status = folder_load(&reading, config->detect_models.item[i], error);
	if (status == 0 && learned[0] != '\0')
		status = directory_load(&reading, learned, error);
	if (status != 0) {
		adit_judges_destroy(reading.judges);
		return status;
	}
	*judges = reading.judges;
	return 0;
}
