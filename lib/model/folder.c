/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The folder of a model: model.conf and the engine's own file. A file is written beside its name
 * and renamed, so that a reader sees the old one or the new one whole.
 */
#include "model_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF          "model.conf"
#define DATA_SIZE_MAX (1 << 28)

static int join(char *path, const char *folder, const char *name, const char *ending,
	struct adit_error *error)
{
	int length = snprintf(path, PATH_MAX, "%s/%s%s", folder, name, ending);

	if (length < 0 || length >= PATH_MAX)
		return adit_error_set(
			error, -ENAMETOOLONG, "%.100s…: the path is too long", folder);
	return 0;
}

static int failed(const char *what, const char *path, struct adit_error *error)
{
	int status = errno != 0 ? -errno : -EIO;

	return adit_error_set(error, status, "%s: %s: %s", path, what, strerror(-status));
}

static int replace(const char *folder, const char *name, const void *bytes, size_t size,
	struct adit_error *error)
{
	char path[PATH_MAX], beside[PATH_MAX];
	FILE *file;
	bool good;

	if (join(path, folder, name, "", error) != 0 ||
		join(beside, folder, name, ".new", error) != 0)
		return -ENAMETOOLONG;
	file = fopen(beside, "wb");
	if (file == NULL)
		return failed("cannot be written", beside, error);
	errno = 0;
	good = fwrite(bytes, 1, size, file) == size && fflush(file) == 0 &&
	       fsync(fileno(file)) == 0;
	if ((fclose(file) != 0) | !good || rename(beside, path) != 0) {
		int status = failed("cannot be written", path, error);
		unlink(beside);
		return status;
	}
	return 0;
}

static int write_engine(const struct adit_model *model, FILE *to)
{
	if (model->kind == ADIT_MODEL_SVM)
		return adit_svm_write(&model->svm, model->features, to);
	if (model->kind == ADIT_MODEL_ENVELOPE)
		return adit_envelope_write(&model->envelope, model->features, to);
	return fwrite(model->trees.json, 1, model->trees.json_size, to) == model->trees.json_size
		       ? 0
		       : -EIO;
}

/* Both files as bytes, to be freed. */
static int compose(const struct adit_model *model, char *bytes[2], size_t sizes[2])
{
	struct adit_conf_data data;
	FILE *to = open_memstream(&bytes[0], &sizes[0]);
	int status;

	if (to == NULL)
		return -ENOMEM;
	status = write_engine(model, to);
	if (fclose(to) != 0 || status != 0)
		return -ENOMEM;
	data = (struct adit_conf_data){sizes[0], adit_conf_crc(bytes[0], sizes[0])};
	to = open_memstream(&bytes[1], &sizes[1]);
	if (to == NULL)
		return -ENOMEM;
	status = adit_conf_write(model, &data, to);
	return fclose(to) != 0 || status != 0 ? -ENOMEM : 0;
}

/* Half a model in a folder that was made for it. */
static void take_back(const struct adit_model *model, const char *folder)
{
	char path[PATH_MAX];

	if (join(path, folder, adit_model_data_names[model->kind], "", NULL) == 0)
		unlink(path);
	rmdir(folder);
}

int adit_model_write(const struct adit_model *model, const char *folder, struct adit_error *error)
{
	char *bytes[2] = {NULL, NULL};
	size_t sizes[2] = {0, 0};
	double value = model->flag.threshold.value, suspect = model->suspect.threshold.value;
	bool made = false;
	int status;

	if (isfinite(suspect) && suspect > value)
		return adit_error_set(error, -EINVAL,
			"%s: the suspect threshold %g is above the threshold %g", folder, suspect,
			value);
	status = compose(model, bytes, sizes);
	if (status != 0)
		adit_error_set(error, status, "%s: no memory for the model", folder);
	else if (mkdir(folder, 0777) == 0)
		made = true;
	else if (errno != EEXIST)
		status = failed("cannot be made", folder, error);
	if (status == 0)
		status = replace(
			folder, adit_model_data_names[model->kind], bytes[0], sizes[0], error);
	if (status == 0)
		status = replace(folder, CONF, bytes[1], sizes[1], error);
	if (status != 0 && made)
		take_back(model, folder);
	free(bytes[0]);
	free(bytes[1]);
	return status;
}

static int read_engine(struct adit_model *model, const char *path, const void *bytes, size_t size,
	struct adit_error *error)
{
	if (model->kind == ADIT_MODEL_SVM)
		return adit_svm_read(&model->svm, model->features, path, bytes, size, error);
	if (model->kind == ADIT_MODEL_ENVELOPE)
		return adit_envelope_read(
			&model->envelope, model->features, path, bytes, size, error);
	return adit_trees_read(&model->trees, model->features, path, bytes, size, error);
}

/* Damage is told before the text is read: a message about its 3000th line would mislead. */
static int check_data(const struct adit_conf_data *data, const char *path, const void *bytes,
	size_t size, struct adit_error *error)
{
	uint32_t crc = adit_conf_crc(bytes, size);

	if (size != data->size)
		return adit_error_set(error, -EBADMSG,
			"%s has %zu bytes; " CONF " says %lu: the file is cut or of another model",
			path, size, (unsigned long)data->size);
	if (crc != data->crc)
		return adit_error_set(error, -EBADMSG,
			"%s has the CRC-32 %08x; " CONF " says %08x: the file is damaged or of "
			"another model",
			path, crc, data->crc);
	return 0;
}

int adit_model_parse(const char *folder, const void *conf, size_t conf_size, const void *data,
	size_t data_size, struct adit_model **out, struct adit_error *error)
{
	char path[PATH_MAX];
	struct adit_conf_data about;
	struct adit_model *model = NULL;
	int status = join(path, folder, CONF, "", error);

	*out = NULL;
	if (status == 0)
		status = adit_conf_read(path, conf, conf_size, &model, &about, error);
	if (status == 0)
		status = join(path, folder, adit_model_data_names[model->kind], "", error);
	if (status == 0)
		status = check_data(&about, path, data, data_size, error);
	if (status == 0)
		status = read_engine(model, path, data, data_size, error);
	if (status != 0)
		adit_model_destroy(model);
	else
		*out = model;
	return status;
}

static int read_file(const char *folder, const char *name, size_t size_max, char **bytes,
	size_t *size, struct adit_error *error)
{
	char path[PATH_MAX];
	struct stat about;
	FILE *file;
	int descriptor, status = join(path, folder, name, "", error);

	if (status != 0)
		return status;
	/* Nobody waits for the other end of a pipe. */
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	file = descriptor >= 0 ? fdopen(descriptor, "rb") : NULL;
	if (file == NULL)
		return failed("cannot be read", path, error);
	errno = 0;
	if (fstat(fileno(file), &about) != 0)
		status = failed("cannot be read", path, error);
	else if (!S_ISREG(about.st_mode) || (uint64_t)about.st_size > size_max)
		status = adit_error_set(error, -EINVAL,
			"%s: not a file of a model: not a regular file of up to %zu bytes", path,
			size_max);
	if (status == 0) {
		*size = (size_t)about.st_size;
		*bytes = malloc(*size + 1);
		if (*bytes == NULL)
			status = adit_error_set(error, -ENOMEM, "%s: no memory", path);
		else if (fread(*bytes, 1, *size, file) != *size)
			status = failed("cannot be read", path, error);
	}
	fclose(file);
	return status;
}

/* The name of the other file depends on the kind, so model.conf is read once for itself. */
int adit_model_read(const char *folder, struct adit_model **out, struct adit_error *error)
{
	char path[PATH_MAX], *conf = NULL, *data = NULL;
	size_t conf_size = 0, data_size = 0;
	struct adit_conf_data about;
	struct adit_model *model = NULL;
	int status = join(path, folder, CONF, "", error);

	*out = NULL;
	if (status == 0)
		status = read_file(folder, CONF, ADIT_CONF_SIZE_MAX, &conf, &conf_size, error);
	if (status == 0)
		status = adit_conf_read(path, conf, conf_size, &model, &about, error);
	if (status == 0)
		status = read_file(folder, adit_model_data_names[model->kind], DATA_SIZE_MAX, &data,
			&data_size, error);
	adit_model_destroy(model);
	if (status == 0)
		status = adit_model_parse(folder, conf, conf_size, data, data_size, out, error);
	free(conf);
	free(data);
	return status;
}
