/* SPDX-License-Identifier: BSD-3-Clause
 *
 * model.conf: "adit-model 1", then lines of a word and what belongs to it, the last one "end" with
 * the CRC-32 of all before it. Each word comes once, but "feature" and "source". Names stand last
 * in their line, so they may hold blanks. Numbers have 17 digits: they are read back as they were.
 */
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#define FIRST_LINE "adit-model 1"

uint32_t adit_conf_crc(const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(0, bytes, size);
}

int adit_conf_write(const struct adit_model *model, const struct adit_conf_data *data, FILE *to)
{
	const struct adit_threshold *threshold = &model->threshold;

	fprintf(to, FIRST_LINE "\nkind %s\n", adit_model_kind_names[model->kind]);
	if (model->date[0] != '\0')
		fprintf(to, "date %s\n", model->date);
	fprintf(to, "rows %lu of %lu\n", (unsigned long)model->rows,
		(unsigned long)model->rows_given);
	fprintf(to, "sources %lu\n", (unsigned long)model->source_count);
	for (size_t i = 0; i < model->sources_named; i++)
		fprintf(to, "source %lu %s\n", (unsigned long)model->sources[i].rows,
			model->sources[i].name);
	for (size_t i = 0; i < model->features; i++)
		fprintf(to, "feature %.17g %.17g %s\n", model->mean[i], model->scale[i],
			model->names[i]);
	fprintf(to, "threshold %s", adit_threshold_method_names[threshold->method]);
	if (threshold->method != ADIT_THRESHOLD_NONE)
		fprintf(to, " %.17g", threshold->value);
	fprintf(to, "\nrate %.17g bound %.17g rows %lu above %lu%s\n", threshold->rate,
		threshold->rate_bound, (unsigned long)threshold->rows,
		(unsigned long)threshold->above, threshold->limited ? " limited" : "");
	if (threshold->tail > 0)
		fprintf(to, "tail %lu shape %.17g scale %.17g\n", (unsigned long)threshold->tail,
			threshold->shape, threshold->scale);
	fprintf(to, "data %s %lu %08x\n", adit_model_data_names[model->kind],
		(unsigned long)data->size, data->crc);
	return ferror(to) ? -EIO : 0;
}

struct conf {
	struct adit_text text;
	const uint8_t *bytes;
	struct adit_model *model; /* of the features so far; its kind may come later */
	char *names[ADIT_TABLE_COLUMNS_MAX];
	double mean[ADIT_TABLE_COLUMNS_MAX], scale[ADIT_TABLE_COLUMNS_MAX];
	size_t features;
	struct adit_model about; /* all but the engine and the arrays above */
	struct adit_conf_data *data;
	enum adit_model_kind data_kind;
	size_t line_start; /* of the present line */
	bool ended;
};

static bool at_end(char *rest)
{
	return *adit_text_word(&rest) == '\0';
}

/* The rest of a line as a name. */
static bool read_name(const char *rest, char *name, size_t room)
{
	size_t length = strlen(rest);

	for (size_t i = 0; i < length; i++) {
		if ((uint8_t)rest[i] < ' ' || rest[i] == 127)
			return false;
	}
	if (length == 0 || length >= room || *rest == ' ')
		return false;
	memcpy(name, rest, length + 1);
	return true;
}

static bool read_choice(
	const char *word, const char *const *names, unsigned count, unsigned *choice)
{
	for (*choice = 0; *choice < count; (*choice)++) {
		if (strcmp(word, names[*choice]) == 0)
			return true;
	}
	return false;
}

static int read_kind(struct conf *conf, char *rest)
{
	const char *word = adit_text_word(&rest);
	unsigned kind;

	if (!read_choice(word, adit_model_kind_names, ADIT_MODEL_KINDS, &kind) || !at_end(rest))
		return adit_text_refuse(
			&conf->text, "kind \"%.40s\"; svm, envelope or trees is right", word);
	conf->about.kind = (enum adit_model_kind)kind;
	return 0;
}

static int read_date(struct conf *conf, char *rest)
{
	if (!read_name(rest, conf->about.date, sizeof(conf->about.date)))
		return adit_text_refuse(
			&conf->text, "a date has 1 to %d printable bytes", ADIT_MODEL_DATE_MAX);
	return 0;
}

static int read_rows(struct conf *conf, char *rest)
{
	if (!adit_text_count(adit_text_word(&rest), UINT64_MAX, &conf->about.rows) ||
		strcmp(adit_text_word(&rest), "of") != 0 ||
		!adit_text_count(adit_text_word(&rest), UINT64_MAX, &conf->about.rows_given) ||
		!at_end(rest))
		return adit_text_refuse(&conf->text, "expected \"rows COUNT of COUNT\"");
	return 0;
}

static int read_sources(struct conf *conf, char *rest)
{
	if (!adit_text_count(adit_text_word(&rest), UINT64_MAX, &conf->about.source_count) ||
		!at_end(rest))
		return adit_text_refuse(&conf->text, "expected \"sources COUNT\"");
	return 0;
}

static int read_source(struct conf *conf, char *rest)
{
	struct adit_model_source *source = &conf->about.sources[conf->about.sources_named];

	if (conf->about.sources_named == ADIT_MODEL_SOURCES_MAX)
		return adit_text_refuse(
			&conf->text, "more than %d sources", ADIT_MODEL_SOURCES_MAX);
	if (!adit_text_count(adit_text_word(&rest), UINT64_MAX, &source->rows) ||
		!read_name(rest, source->name, sizeof(source->name)))
		return adit_text_refuse(&conf->text,
			"expected \"source ROWS NAME\", a name of 1 to %d printable bytes",
			ADIT_TABLE_NAME_MAX);
	conf->about.sources_named++;
	return 0;
}

static int read_feature(struct conf *conf, char *rest)
{
	char name[ADIT_TABLE_NAME_MAX + 1];
	size_t i = conf->features;

	if (i == ADIT_TABLE_COLUMNS_MAX)
		return adit_text_refuse(
			&conf->text, "more than %d features", ADIT_TABLE_COLUMNS_MAX);
	if (!adit_text_number(adit_text_word(&rest), &conf->mean[i]) ||
		!adit_text_number(adit_text_word(&rest), &conf->scale[i]) ||
		!(conf->scale[i] > 0) || !read_name(rest, name, sizeof(name)))
		return adit_text_refuse(&conf->text,
			"expected \"feature MEAN SCALE NAME\", a scale above 0, a name of 1 to %d "
			"printable bytes",
			ADIT_TABLE_NAME_MAX);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(conf->names[j], name) == 0)
			return adit_text_refuse(
				&conf->text, "feature \"%s\" is there already", name);
	}
	conf->names[i] = strdup(name);
	if (conf->names[i] == NULL)
		return adit_error_set(conf->text.error, -ENOMEM, "no memory for a model");
	conf->features++;
	return 0;
}

static int read_threshold(struct conf *conf, char *rest)
{
	struct adit_threshold *threshold = &conf->about.threshold;
	unsigned method;
	bool good = read_choice(adit_text_word(&rest), adit_threshold_method_names,
		ADIT_THRESHOLD_METHODS, &method);

	threshold->value = INFINITY;
	if (good && method != ADIT_THRESHOLD_NONE)
		good = adit_text_number(adit_text_word(&rest), &threshold->value);
	if (!good || !at_end(rest))
		return adit_text_refuse(&conf->text,
			"expected \"threshold none\", or given, rank, tail or largest and a "
			"number");
	threshold->method = (enum adit_threshold_method)method;
	return 0;
}

static int read_rate(struct conf *conf, char *rest)
{
	struct adit_threshold *threshold = &conf->about.threshold;
	bool good = adit_text_number(adit_text_word(&rest), &threshold->rate) &&
		    strcmp(adit_text_word(&rest), "bound") == 0 &&
		    adit_text_number(adit_text_word(&rest), &threshold->rate_bound) &&
		    strcmp(adit_text_word(&rest), "rows") == 0 &&
		    adit_text_count(adit_text_word(&rest), UINT64_MAX, &threshold->rows) &&
		    strcmp(adit_text_word(&rest), "above") == 0 &&
		    adit_text_count(adit_text_word(&rest), UINT64_MAX, &threshold->above);
	const char *word = good ? adit_text_word(&rest) : "";

	threshold->limited = strcmp(word, "limited") == 0;
	if (!good || (*word != '\0' && !threshold->limited) || !at_end(rest))
		return adit_text_refuse(&conf->text,
			"expected \"rate NUMBER bound NUMBER rows COUNT above COUNT\", and "
			"\"limited\" if it was");
	return 0;
}

static int read_tail(struct conf *conf, char *rest)
{
	struct adit_threshold *threshold = &conf->about.threshold;

	if (!adit_text_count(adit_text_word(&rest), UINT64_MAX, &threshold->tail) ||
		strcmp(adit_text_word(&rest), "shape") != 0 ||
		!adit_text_number(adit_text_word(&rest), &threshold->shape) ||
		strcmp(adit_text_word(&rest), "scale") != 0 ||
		!adit_text_number(adit_text_word(&rest), &threshold->scale) || !at_end(rest))
		return adit_text_refuse(
			&conf->text, "expected \"tail COUNT shape NUMBER scale NUMBER\"");
	return 0;
}

static bool read_crc(const char *word, uint32_t *crc)
{
	if (strlen(word) != 8 || strspn(word, "0123456789abcdef") != 8)
		return false;
	*crc = (uint32_t)strtoul(word, NULL, 16);
	return true;
}

static int read_data(struct conf *conf, char *rest)
{
	unsigned kind;

	if (!read_choice(adit_text_word(&rest), adit_model_data_names, ADIT_MODEL_KINDS, &kind) ||
		!adit_text_count(adit_text_word(&rest), UINT64_MAX, &conf->data->size) ||
		!read_crc(adit_text_word(&rest), &conf->data->crc) || !at_end(rest))
		return adit_text_refuse(&conf->text,
			"expected \"data FILE BYTES CRC\", the file svm.txt, envelope.txt or "
			"trees.json, the CRC 8 hexadecimal digits");
	conf->data_kind = (enum adit_model_kind)kind;
	return 0;
}

static int read_end(struct conf *conf, char *rest)
{
	uint32_t crc, sum;

	conf->ended = true;
	if (!read_crc(adit_text_word(&rest), &crc) || !at_end(rest))
		return adit_text_refuse(&conf->text, "expected \"end CRC\", 8 hexadecimal digits");
	sum = adit_conf_crc(conf->bytes, conf->line_start);
	if (crc != sum) {
		adit_text_refuse(&conf->text,
			"the lines above have changed: their CRC-32 is %08x, not %08x; if that "
			"was meant, write \"end %08x\"",
			sum, crc, sum);
		return -EBADMSG;
	}
	return 0;
}

/* What may come once comes once; `must` is needed. */
static const struct word {
	const char *word;
	int (*read)(struct conf *conf, char *rest);
	bool must, many;
} words[] = {
	{"kind", read_kind, true, false},
	{"date", read_date, false, false},
	{"rows", read_rows, true, false},
	{"sources", read_sources, true, false},
	{"source", read_source, false, true},
	{"feature", read_feature, true, true},
	{"threshold", read_threshold, true, false},
	{"rate", read_rate, true, false},
	{"tail", read_tail, false, false},
	{"data", read_data, true, false},
	{"end", read_end, true, false},
};

static int read_line(struct conf *conf, char *line, bool seen[])
{
	const char *word = adit_text_word(&line);

	for (size_t i = 0; i < ADIT_COUNT(words); i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		if (conf->ended)
			return adit_text_refuse(&conf->text, "nothing may follow \"end\"");
		if (seen[i] && !words[i].many)
			return adit_text_refuse(&conf->text, "\"%s\" is there already", word);
		seen[i] = true;
		return words[i].read(conf, line);
	}
	return adit_text_refuse(&conf->text,
		"unknown word \"%.40s\"; known: kind, date, rows, sources, source, feature, "
		"threshold, rate, tail, data, end",
		word);
}

static int read_lines(struct conf *conf)
{
	bool seen[ADIT_COUNT(words)] = {false};
	char *line = adit_text_line(&conf->text);
	int status = 0;

	if (line == NULL || strcmp(line, FIRST_LINE) != 0)
		return adit_text_refuse(
			&conf->text, "not a model of Adit: expected \"" FIRST_LINE "\" first");
	while (status == 0 && (line = adit_text_line(&conf->text)) != NULL) {
		conf->line_start = (size_t)(line - conf->text.copy);
		status = read_line(conf, line, seen);
	}
	for (size_t i = 0; status == 0 && i < ADIT_COUNT(words); i++) {
		if (words[i].must && !seen[i])
			status = adit_text_refuse(&conf->text,
				"the file ends without \"%s\"; is it whole?", words[i].word);
	}
	if (status == 0 && conf->data_kind != conf->about.kind)
		status = adit_text_refuse(&conf->text, "the data of kind %s is %s, not %s",
			adit_model_kind_names[conf->about.kind],
			adit_model_data_names[conf->about.kind],
			adit_model_data_names[conf->data_kind]);
	return status;
}

static int make_model(struct conf *conf, struct adit_model **out)
{
	const struct adit_model *about = &conf->about;
	struct adit_model *model =
		adit_model_create(about->kind, (const char *const *)conf->names, conf->features);

	if (model == NULL)
		return adit_error_set(conf->text.error, -ENOMEM, "no memory for a model");
	memcpy(model->mean, conf->mean, conf->features * sizeof(*model->mean));
	memcpy(model->scale, conf->scale, conf->features * sizeof(*model->scale));
	memcpy(model->sources, about->sources, about->sources_named * sizeof(*about->sources));
	memcpy(model->date, about->date, sizeof(model->date));
	model->sources_named = about->sources_named;
	model->source_count = about->source_count;
	model->rows = about->rows;
	model->rows_given = about->rows_given;
	model->threshold = about->threshold;
	*out = model;
	return 0;
}

int adit_conf_read(const char *path, const void *bytes, size_t size, struct adit_model **model,
	struct adit_conf_data *data, struct adit_error *error)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	int status;

	if (conf == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a model");
	conf->bytes = bytes;
	conf->data = data;
	conf->about.sources = calloc(ADIT_MODEL_SOURCES_MAX, sizeof(*conf->about.sources));
	status = adit_text_open(&conf->text, path, bytes, size, error);
	if (status == 0 && conf->about.sources == NULL)
		status = adit_error_set(error, -ENOMEM, "no memory for a model");
	if (status == 0)
		status = read_lines(conf);
	if (status == 0)
		status = make_model(conf, model);
	for (size_t i = 0; i < conf->features; i++)
		free(conf->names[i]);
	free(conf->about.sources);
	adit_text_close(&conf->text);
	free(conf);
	return status;
}
