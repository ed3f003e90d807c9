/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Models that judge: which folders are read at the start.
 */
#include "appliance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int is_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

/* Every folder of a directory that holds a model, in byte order. A directory that is not there
 * holds none. */
static int directory_load(
	const char *directory, struct adit_judges *judges, struct adit_error *error)
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
			status = adit_judges_add(judges, path, error);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int app_models_load(
	const struct adit_config *config, struct adit_judges **judges, struct adit_error *error)
{
	struct adit_judges *made = adit_judges_create();
	char path[PATH_MAX];
	int status = 0;

	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for models");
	if (config->detect_models.count == 0) {
		app_data_directory("", "models", path);
		status = directory_load(path, made, error);
	}
	for (size_t i = 0; i < config->detect_models.count && status == 0; i++)
		status = adit_judges_add(made, config->detect_models.item[i], error);
	if (status != 0) {
		adit_judges_destroy(made);
		return status;
	}
	*judges = made;
	return 0;
}
