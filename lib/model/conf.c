/* SPDX-License-Identifier: BSD-3-Clause
 *
 * model.conf: a file in libconfig's syntax by the form below, in which a setting is a row. Its last
 * setting is the CRC-32 of all others as the writer writes them: comments and layout are free, and
 * a reader that would lose a digit of what was written would not get by. What may be absent is
 * written only where it says something, so that rows more leave the checksums of other files.
 */
#include "model_priv.h"

#include "adit_form.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#define HEAD                                                                                      \
	"# A model of Adit (docs/models.md). After a change by hand, reading it tells the right " \
	"checksum.\n"

#define FORMAT 1

uint32_t adit_conf_crc(const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(0, bytes, size);
}

struct feature {
	char name[ADIT_TABLE_NAME_MAX + 1];
	double mean, scale, typical;
};

struct training {
	char date[ADIT_MODEL_DATE_MAX + 1];
	uint64_t rows, given, groups;
	size_t source_count;
	struct adit_model_source sources[ADIT_MODEL_SOURCES_MAX];
};

struct data {
	enum adit_model_kind file;
	uint64_t size;
	uint32_t crc;
};

/* The file as a record. */
struct conf {
	uint64_t format;
	enum adit_model_kind kind;
	char row_kind[ADIT_MODEL_ROW_KIND_MAX + 1];
	char row_span[ADIT_MODEL_ROW_KIND_MAX + 1];
	size_t feature_count;
	struct feature features[ADIT_TABLE_COLUMNS_MAX];
	struct training training;
	size_t has_flag, has_suspect;
	struct adit_model_level flag, suspect;
	struct data data;
	uint32_t checksum;
};

#define FORM(rows) (&(const struct adit_form){rows, ADIT_COUNT(rows)})
#define FIELD(record, field) \
	.offset = offsetof(struct record, field), .size = sizeof(((struct record *)0)->field)
#define ELEMENTS(record, field, number)                                                         \
	.offset = offsetof(struct record, field), .size = sizeof(*((struct record *)0)->field), \
	.presence = offsetof(struct record, number), .low = 1,                                  \
	.high = ADIT_COUNT(((struct record *)0)->field)
#define ANY_COUNT .high = INT64_MAX

static const struct adit_form_row feature_rows[] = {
	{"name", ADIT_FORM_TEXT, true, FIELD(feature, name), .low = 1},
	{"mean", ADIT_FORM_NUMBER, true, FIELD(feature, mean)},
	{"scale", ADIT_FORM_POSITIVE, true, FIELD(feature, scale)},
	{"typical", ADIT_FORM_NUMBER, false, FIELD(feature, typical)},
};

static const struct adit_form_row source_rows[] = {
	{"name", ADIT_FORM_TEXT, true, FIELD(adit_model_source, name)},
	{"rows", ADIT_FORM_COUNT, true, FIELD(adit_model_source, rows), ANY_COUNT},
};

static const struct adit_form_row training_rows[] = {
	{"date", ADIT_FORM_TEXT, false, FIELD(training, date)},
	{"rows", ADIT_FORM_COUNT, true, FIELD(training, rows), ANY_COUNT},
	{"given", ADIT_FORM_COUNT, true, FIELD(training, given), ANY_COUNT},
	{"groups", ADIT_FORM_COUNT, true, FIELD(training, groups), ANY_COUNT},
	{"sources", ADIT_FORM_LIST, false, ELEMENTS(training, sources, source_count),
		.of = FORM(source_rows)},
};

static const struct adit_form_row step_rows[] = {
	{"names", ADIT_FORM_COUNT, true, FIELD(adit_model_step, names),
		.high = ADIT_MODEL_NAMES_MAX},
	{"value", ADIT_FORM_NUMBER, true, FIELD(adit_model_step, value)},
};

static const struct adit_form_row tail_rows[] = {
	{"rows", ADIT_FORM_COUNT, true, FIELD(adit_threshold, tail), .low = 1, ANY_COUNT},
	{"shape", ADIT_FORM_NUMBER, true, FIELD(adit_threshold, shape)},
	{"scale", ADIT_FORM_NUMBER, true, FIELD(adit_threshold, scale)},
};

/* A tail is there if it has rows. */
static_assert(sizeof(((struct adit_threshold *)0)->tail) == sizeof(size_t), "presence of a tail");
static const struct adit_form_row level_rows[] = {
	{"method", ADIT_FORM_CHOICE, true, FIELD(adit_model_level, threshold.method),
		.low = ADIT_THRESHOLD_NONE + 1, .high = ADIT_THRESHOLD_METHODS - 1,
		.names = adit_threshold_method_names},
	{"value", ADIT_FORM_NUMBER, true, FIELD(adit_model_level, threshold.value)},
	{"rate", ADIT_FORM_NUMBER, true, FIELD(adit_model_level, threshold.rate)},
	{"bound", ADIT_FORM_NUMBER, true, FIELD(adit_model_level, threshold.rate_bound)},
	{"rows", ADIT_FORM_COUNT, true, FIELD(adit_model_level, threshold.rows), ANY_COUNT},
	{"above", ADIT_FORM_COUNT, true, FIELD(adit_model_level, threshold.above), ANY_COUNT},
	{"limited", ADIT_FORM_BOOL, false, FIELD(adit_model_level, threshold.limited)},
	{"tail", ADIT_FORM_GROUP, false, FIELD(adit_model_level, threshold),
		.presence = offsetof(struct adit_model_level, threshold.tail),
		.of = FORM(tail_rows)},
	{"steps", ADIT_FORM_LIST, false, ELEMENTS(adit_model_level, steps, step_count),
		.of = FORM(step_rows)},
};

static const struct adit_form_row data_rows[] = {
	{"file", ADIT_FORM_CHOICE, true, FIELD(data, file), .high = ADIT_MODEL_KINDS - 1,
		.names = adit_model_data_names},
	{"size", ADIT_FORM_COUNT, true, FIELD(data, size), ANY_COUNT},
	{"crc32", ADIT_FORM_SUM, true, FIELD(data, crc)},
};

/* The first row tells other versions before a setting of theirs is unknown. */
static const struct adit_form_row rows[] = {
	{"format", ADIT_FORM_COUNT, true, FIELD(conf, format), .low = FORMAT, .high = FORMAT,
		.above = "a newer version of adit wrote it"},
	{"kind", ADIT_FORM_CHOICE, true, FIELD(conf, kind), .high = ADIT_MODEL_KINDS - 1,
		.names = adit_model_kind_names},
	{"rows", ADIT_FORM_TEXT, false, FIELD(conf, row_kind), .letters = ADIT_MODEL_ROW_LETTERS},
	{"span", ADIT_FORM_TEXT, false, FIELD(conf, row_span), .letters = ADIT_MODEL_SPAN_LETTERS},
	{"features", ADIT_FORM_LIST, true, ELEMENTS(conf, features, feature_count),
		.of = FORM(feature_rows)},
	{"training", ADIT_FORM_GROUP, true, FIELD(conf, training), .of = FORM(training_rows)},
	{"threshold", ADIT_FORM_GROUP, false, FIELD(conf, flag),
		.presence = offsetof(struct conf, has_flag), .of = FORM(level_rows)},
	{"suspect", ADIT_FORM_GROUP, false, FIELD(conf, suspect),
		.presence = offsetof(struct conf, has_suspect), .of = FORM(level_rows)},
	{"data", ADIT_FORM_GROUP, true, FIELD(conf, data), .of = FORM(data_rows)},
	{"checksum", ADIT_FORM_SUM, true, FIELD(conf, checksum)},
};
static const struct adit_form form = {rows, ADIT_COUNT(rows)};
/* All but the checksum. */
static const struct adit_form summed = {rows, ADIT_COUNT(rows) - 1};

static int sum_of(const struct conf *conf, uint32_t *sum)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int status = to != NULL ? adit_form_write(&summed, conf, to) : -ENOMEM;

	if (to != NULL && fclose(to) != 0)
		status = -ENOMEM;
	if (status == 0)
		*sum = adit_conf_crc(text, size);
	free(text);
	return status;
}

static void fill(
	struct conf *conf, const struct adit_model *model, const struct adit_conf_data *data)
{
	struct training *training = &conf->training;

	conf->format = FORMAT;
	conf->kind = conf->data.file = model->kind;
	memcpy(conf->row_kind, model->row_kind, sizeof(conf->row_kind));
	memcpy(conf->row_span, model->row_span, sizeof(conf->row_span));
	conf->feature_count = model->features;
	for (size_t i = 0; i < model->features; i++) {
		struct feature *feature = &conf->features[i];
		snprintf(feature->name, sizeof(feature->name), "%s", model->names[i]);
		feature->mean = model->mean[i];
		feature->scale = model->scale[i];
		feature->typical = model->typical[i];
	}
	memcpy(training->date, model->date, sizeof(training->date));
	training->rows = model->rows;
	training->given = model->rows_given;
	training->groups = model->source_count;
	training->source_count = model->sources_named;
	memcpy(training->sources, model->sources, sizeof(training->sources));
	conf->flag = model->flag;
	conf->suspect = model->suspect;
	conf->has_flag = model->flag.threshold.method != ADIT_THRESHOLD_NONE;
	conf->has_suspect = model->suspect.threshold.method != ADIT_THRESHOLD_NONE;
	conf->data.size = data->size;
	conf->data.crc = data->crc;
}

int adit_conf_write(const struct adit_model *model, const struct adit_conf_data *data, FILE *to)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	int status;

	if (conf == NULL)
		return -ENOMEM;
	fill(conf, model, data);
	status = sum_of(conf, &conf->checksum);
	if (status == 0 && fputs(HEAD, to) == EOF)
		status = -EIO;
	if (status == 0)
		status = adit_form_write(&form, conf, to);
	free(conf);
	return status;
}

/* The reading of a file. */
struct reader {
	struct adit_form_file *file;
	struct conf *conf;
	struct adit_error *error;
};

static int check_features(const struct reader *reader)
{
	const struct feature *features = reader->conf->features;
	char path[64];

	for (size_t i = 0; i < reader->conf->feature_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(features[i].name, features[j].name) != 0)
				continue;
			snprintf(path, sizeof(path), "features.[%zu].name", i);
			return adit_form_refuse(reader->file, reader->error, -EINVAL, path,
				"feature \"%s\" is there already", features[i].name);
		}
	}
	return 0;
}

static int check_steps(
	const struct reader *reader, const struct adit_model_level *level, const char *name)
{
	size_t i = adit_model_check_steps(level->steps, level->step_count);
	char path[64];

	if (i == level->step_count)
		return 0;
	snprintf(path, sizeof(path), "%s.steps.[%zu].names", name, i);
	return adit_form_refuse(reader->file, reader->error, -EINVAL, path,
		"%s.steps: %lu names after %lu; ascending numbers are right", name,
		(unsigned long)level->steps[i].names, (unsigned long)level->steps[i - 1].names);
}

/* What no row can say. */
static int check(const struct reader *reader)
{
	const struct conf *conf = reader->conf;
	double value = conf->flag.threshold.value, suspect = conf->suspect.threshold.value;
	int status = check_features(reader);

	if (status == 0)
		status = check_steps(reader, &conf->flag, "threshold");
	if (status == 0)
		status = check_steps(reader, &conf->suspect, "suspect");
	if (status == 0 && conf->has_flag && conf->has_suspect && suspect > value)
		status = adit_form_refuse(reader->file, reader->error, -EINVAL, "suspect.value",
			"suspect.value %g is above threshold.value %g; at most that is right",
			suspect, value);
	if (status == 0 && conf->data.file != conf->kind)
		status = adit_form_refuse(reader->file, reader->error, -EINVAL, "data.file",
			"data.file of kind \"%s\" is \"%s\", not \"%s\"",
			adit_model_kind_names[conf->kind], adit_model_data_names[conf->kind],
			adit_model_data_names[conf->data.file]);
	return status;
}

static int check_sum(const struct reader *reader)
{
	uint32_t told = reader->conf->checksum, sum;

	if (sum_of(reader->conf, &sum) != 0)
		return adit_error_set(reader->error, -ENOMEM, "no memory for a model");
	if (sum == told)
		return 0;
	return adit_form_refuse(reader->file, reader->error, -EBADMSG, "checksum",
		"the settings have changed: their checksum is \"%08x\", not \"%08x\"; if that was "
		"meant, write checksum = \"%08x\";",
		sum, told, sum);
}

static int make_model(const struct reader *reader, struct adit_model **out)
{
	const struct conf *conf = reader->conf;
	const struct training *training = &conf->training;
	const char *names[ADIT_TABLE_COLUMNS_MAX];
	struct adit_model *model;

	for (size_t i = 0; i < conf->feature_count; i++)
		names[i] = conf->features[i].name;
	model = adit_model_create(conf->kind, names, conf->feature_count);
	if (model == NULL)
		return adit_error_set(reader->error, -ENOMEM, "no memory for a model");
	for (size_t i = 0; i < conf->feature_count; i++) {
		model->mean[i] = conf->features[i].mean;
		model->scale[i] = conf->features[i].scale;
		model->typical[i] = conf->features[i].typical;
	}
	memcpy(model->row_kind, conf->row_kind, sizeof(model->row_kind));
	memcpy(model->row_span, conf->row_span, sizeof(model->row_span));
	memcpy(model->date, training->date, sizeof(model->date));
	model->rows = training->rows;
	model->rows_given = training->given;
	model->source_count = training->groups;
	model->sources_named = training->source_count;
	memcpy(model->sources, training->sources, sizeof(training->sources));
	if (conf->has_flag)
		model->flag = conf->flag;
	if (conf->has_suspect)
		model->suspect = conf->suspect;
	*out = model;
	return 0;
}

int adit_conf_read(const char *path, const void *bytes, size_t size, struct adit_model **model,
	struct adit_conf_data *data, struct adit_error *error)
{
	struct reader reader = {NULL, calloc(1, sizeof(struct conf)), error};
	int status;

	if (reader.conf == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a model");
	status = adit_form_open(&reader.file, path, bytes, size, ADIT_CONF_SIZE_MAX, error);
	if (status == 0)
		status = adit_form_read(reader.file, &form, reader.conf, error);
	if (status == 0)
		status = check(&reader);
	if (status == 0)
		status = check_sum(&reader);
	if (status == 0)
		status = make_model(&reader, model);
	*data = (struct adit_conf_data){reader.conf->data.size, reader.conf->data.crc};
	adit_form_close(reader.file);
	free(reader.conf);
	return status;
}
