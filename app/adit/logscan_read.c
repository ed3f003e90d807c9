/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first reading: lines and frames become rows, malformed ones are counted and shown.
 */
#include "logscan.h"
#include "tables.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define HEAD_BYTES (64 * 1024)

/* Texts that pandas reads as missing values (read_csv, na_values). */
static bool is_missing(struct adit_log_span text)
{
	static const char *const texts[] = {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN",
		"-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "n/a",
		"nan", "null"};

	for (size_t i = 0; i < ADIT_COUNT(texts); i++)
		if (text.size == strlen(texts[i]) && memcmp(text.at, texts[i], text.size) == 0)
			return true;
	return false;
}

uint64_t app_log_malformed(const struct app_log *log)
{
	uint64_t count = 0;

	for (int i = 0; i < ADIT_LOG_CAUSES; i++)
		count += log->malformed[i];
	return count;
}

void app_logscan_note(struct app_logscan *it, const struct adit_error *error)
{
	app_progress_clear();
	fprintf(stderr, "adit logscan: %s\n", error->text);
	if (!it->problem)
		it->error = *error;
	it->problem = true;
}

bool app_logscan_stops(struct app_logscan *it, const char *what)
{
	struct adit_error error;

	if (it->interrupted || !app_interrupt_came())
		return it->interrupted;
	it->interrupted = true;
	adit_error_set(&error, -ECANCELED, "interrupted: %s; what is told is of a part", what);
	app_logscan_note(it, &error);
	return true;
}

void app_logscan_progress(struct app_logscan *it, const char *what, uint64_t done)
{
	app_progress_report((void *)what, it->done + done, it->total);
}

bool app_logscan_name(const struct adit_log_record *record, struct adit_name *name)
{
	return adit_name_from_log(record->name.at, record->name.size, name) == 0;
}

static struct adit_log_span lower_of(struct adit_log_span text, char *room, size_t size)
{
	if (text.size > size)
		text.size = size;
	for (size_t i = 0; i < text.size; i++)
		room[i] = (char)tolower((unsigned char)text.at[i]);
	while (text.size > 1 && room[text.size - 1] == '.')
		text.size--;
	return (struct adit_log_span){room, text.size};
}

/* The registrable domain of a name, or all of it, as text. */
static struct adit_log_span domain_of(
	const struct app_logscan *it, const struct adit_name *name, char room[ADIT_NAME_TEXT_MAX])
{
	struct adit_registrable registrable;
	uint8_t from;

	adit_suffix_find(it->appliance.suffixes, name, &registrable);
	from = registrable.labels != 0 ? registrable.offset : 0;
	return (struct adit_log_span){room,
		adit_name_to_text(name->lower + from, name->size - from, room, ADIT_NAME_TEXT_MAX)};
}

/* What the chain knows of a record. False: it has no domain. */
static bool row_make(const struct app_logscan *it, const struct app_log *log,
	const struct adit_log_record *record, struct adit_logscan_row *row)
{
	static __thread char domain_room[ADIT_NAME_TEXT_MAX], type_room[32];
	struct adit_log_span domain = record->domain, type = record->type;
	bool given = adit_log_has_domain(log->reader);

	if (it->exact && given) {
		row->no_domain = is_missing(domain);
	} else if (domain.size > 0) {
		domain = lower_of(domain, domain_room, sizeof(domain_room));
	} else {
		struct adit_name name;

		if (!app_logscan_name(record, &name))
			return false;
		domain = domain_of(it, &name, domain_room);
	}
	if (it->exact) {
		row->no_type = is_missing(type);
	} else if (record->qtype != 0) {
		type.at = adit_dns_type_text(record->qtype, type_room);
		type.size = strlen(type.at);
	} else {
		type.size = type.size < sizeof(type_room) ? type.size : sizeof(type_room);
		for (size_t i = 0; i < type.size; i++)
			type_room[i] = (char)toupper((unsigned char)type.at[i]);
		type.at = type_room;
	}
	row->domain = domain.at;
	row->domain_size = domain.size;
	row->type = type.at;
	row->type_size = type.size;
	return true;
}

static void count(struct app_log *log, const struct adit_log_record *record)
{
	log->rows++;
	log->kinds[record->kind]++;
	log->fine += record->is_fine;
	log->clients += record->has_client;
	log->ports += record->has_port;
	log->ids += record->has_id;
	log->servers += record->has_server;
	log->took += record->answered_ns > record->ts_ns;
	log->rcodes += record->has_rcode;
	log->responses += app_logscan_answered(record);
	log->told += record->tells_answers;
	log->wires += record->wire != NULL;
	log->answers += record->answer_count;
	for (size_t i = 0; i < record->answer_count; i++) {
		log->known_answers += app_logmessage_knows(&record->answer[i]);
		log->ttls += record->answer[i].has_ttl;
	}
}

/* A line that is none: shown with its place, if there are not too many. */
static void malformed(struct app_logscan *it, struct app_log *log, uint64_t number,
	enum adit_log_cause cause, const char *why)
{
	log->malformed[cause]++;
	if (it->told++ >= it->explain)
		return;
	app_progress_clear();
	fprintf(stderr, "%s:%llu: %s\n", app_logfile_name(log->file), (unsigned long long)number,
		why);
	if (it->told == it->explain)
		fputs("further malformed lines are counted and not shown (--explain N shows N)\n",
			stderr);
}

static int take(struct app_logscan *it, size_t number, const char *line, size_t size,
	uint64_t offset, struct adit_error *error)
{
	struct app_log *log = &it->logs[number];
	struct adit_log_record record;
	struct adit_logscan_row row = {.no_domain = false};

	log->lines++;
	switch (adit_log_read(log->reader, line, size, &record)) {
	case ADIT_LOG_MALFORMED:
		malformed(it, log, log->lines, adit_log_cause(log->reader),
			adit_log_why(log->reader));
		return 0;
	case ADIT_LOG_OTHER:
		log->other++;
		return 0;
	case ADIT_LOG_NOTHING:
		if (log->header_at == UINT64_MAX && size > 0 && adit_log_has_header(log->reader))
			log->header_at = offset;
		return 0;
	case ADIT_LOG_RECORD:
		break;
	}
	if (!row_make(it, log, &record, &row)) {
		malformed(it, log, log->lines, ADIT_LOG_NAME,
			"the host name is no domain name: labels of 1 to 63 octets, 253 in all, "
			"are expected");
		return 0;
	}
	if (adit_logscan_rows(it->scan) == UINT32_MAX)
		return adit_error_set(
			error, -E2BIG, "more than %u rows; scan fewer logs at once", UINT32_MAX);
	count(log, &record);
	row.ts_ns = record.ts_ns;
	row.at = app_row_at(number, record.kind, offset);
	if (adit_logscan_add(it->scan, &row) != 0)
		return adit_error_set(error, -ENOMEM, "no memory for rows");
	return 0;
}

/* Shows how far it is, and whether an interrupt ends it there. */
static bool reading_goes_on(struct app_logscan *it, uint64_t offset)
{
	app_logscan_progress(it, "reading logs", offset);
	return !app_logscan_stops(it, "the logs were not read to their end");
}

static int lines_read(struct app_logscan *it, size_t number, struct adit_error *error)
{
	struct app_log *log = &it->logs[number];
	uint64_t offset = 0, next;
	const char *line;
	size_t size;
	int status;

	while ((status = app_logfile_line(log->file, offset, &line, &size, &next, error)) == 1) {
		status = take(it, number, line, size, offset, error);
		if (status != 0)
			return status;
		if ((log->lines & 0xffff) == 0 && !reading_goes_on(it, offset))
			break;
		offset = next;
	}
	return status < 0 ? status : 0;
}

static int frames_read(struct app_logscan *it, size_t number, struct adit_error *error)
{
	struct app_log *log = &it->logs[number];
	struct app_logframes *frames;
	const char *frame;
	uint64_t offset;
	size_t size;
	int status = app_logframes_open(log->file, &frames, error);

	if (status != 0)
		return status;
	while ((status = app_logframes_next(frames, &frame, &size, &offset, error)) == 1) {
		status = take(it, number, frame, size, offset, error);
		if (status != 0)
			break;
		if ((log->lines & 0xffff) == 0 && !reading_goes_on(it, offset))
			break;
	}
	app_logframes_close(frames);
	return status < 0 ? status : 0;
}

/* Where queries and their answers are both logged, a look-up is the query. */
static void halves_join(struct app_logscan *it, const struct app_log *log)
{
	if (log->kinds[ADIT_LOG_QUERY] == 0)
		return;
	for (size_t i = log->first_row; i < adit_logscan_rows(it->scan); i++)
		if (app_row_kind(adit_logscan_row(it->scan, i)->at) != ADIT_LOG_QUERY)
			adit_logscan_pass_over(it->scan, i);
}

static int log_read(struct app_logscan *it, size_t number, struct adit_error *error)
{
	struct app_log *log = &it->logs[number];
	struct adit_error damage;
	int status;

	status = log->is_lines ? lines_read(it, number, error) : frames_read(it, number, error);
	if (log->format != ADIT_LOG_ZEEK_TSV && log->format != ADIT_LOG_ZEEK_JSON)
		halves_join(it, log);
	it->done += app_logfile_size(log->file);
	if (status == -EIO || status == -EINVAL || status == -E2BIG) {
		/* What came before, and the other logs, count. */
		snprintf(log->damage, sizeof(log->damage), "%s", error->text);
		log->damaged = true;
		app_logscan_note(it, error);
		status = 0;
	} else if (status == 0 && app_logfile_damage(log->file) != NULL) {
		adit_error_set(&damage, -EIO, "%s: %s; what came before was judged",
			app_logfile_name(log->file), app_logfile_damage(log->file));
		log->damaged = true;
		app_logscan_note(it, &damage);
	}
	return status;
}

int app_logscan_read(struct app_logscan *it, struct adit_error *error)
{
	int status = 0;

	it->done = 0;
	for (size_t i = 0; i < it->log_count && status == 0; i++) {
		/* One that is not reached has no rows. */
		it->logs[i].first_row = adit_logscan_rows(it->scan);
		if (!app_logscan_stops(it, "not all logs were read"))
			status = log_read(it, i, error);
	}
	app_progress_clear();
	return status;
}

/* What it is, by its first lines or by name. */
static int format_find(const struct app_logscan *it, struct app_log *log, struct adit_error *error)
{
	const char *head;
	ssize_t size = app_logfile_bytes(log->file, 0, HEAD_BYTES, &head, error);

	for (log->format = ADIT_LOG_AUTO; log->format < ADIT_LOG_FORMATS; log->format++)
		if (strcmp(it->format, adit_log_format_names[log->format]) == 0)
			break;
	if (size < 0)
		return (int)size;
	if (log->format == ADIT_LOG_AUTO && size > 0)
		log->format = adit_log_detect(head, (size_t)size);
	/* Nothing in it: nothing to be read, whatever it is. */
	if (log->format == ADIT_LOG_AUTO && app_logfile_size(log->file) == 0)
		log->format = ADIT_LOG_TSV;
	if (log->format == ADIT_LOG_AUTO && it->columns != NULL)
		log->format = ADIT_LOG_TSV;
	if (log->format == ADIT_LOG_AUTO)
		return adit_error_set(error, -EINVAL,
			"%s: not a log that is known; --format says what it is (adit logscan "
			"--help)",
			app_logfile_name(log->file));
	log->is_lines = log->format != ADIT_LOG_DNSTAP;
	return 0;
}

static int zone_parse(const char *text, int32_t *zone_s, struct adit_error *error)
{
	unsigned hours, minutes;
	char sign, end;

	*zone_s = 0;
	if (text == NULL || strcmp(text, "UTC") == 0)
		return 0;
	if (sscanf(text, "%c%2u:%2u%c", &sign, &hours, &minutes, &end) != 3 ||
		(sign != '+' && sign != '-') || hours > 14 || minutes > 59)
		return adit_error_set(error, -EINVAL,
			"--time-zone %s: right is UTC, or hours and minutes east of it such as "
			"+01:00",
			text);
	*zone_s = (int32_t)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return 0;
}

static bool spool_progress(void *context, uint64_t done, uint64_t total)
{
	return app_progress_report(context, done, total);
}

static int log_open(
	struct app_logscan *it, struct app_log *log, int32_t zone_s, struct adit_error *error)
{
	struct adit_log_params params = {.columns = it->columns,
		.zone_s = zone_s,
		.year = (uint16_t)it->year,
		.missing = it->exact};
	static char what[] = "unpacking logs";
	int status = app_logfile_open(log->path, spool_progress, what, &log->file, error);

	app_progress_clear();
	if (status == 0)
		status = format_find(it, log, error);
	if (status == 0 && it->columns != NULL && log->format != ADIT_LOG_TSV &&
		log->format != ADIT_LOG_CSV)
		return adit_error_set(error, -EINVAL, "--columns is for tsv and csv, and %s is %s",
			app_logfile_name(log->file), adit_log_format_names[log->format]);
	params.format = log->format;
	log->header_at = UINT64_MAX;
	if (status == 0)
		status = adit_log_reader_create(&params, NULL, &log->reader, error);
	return status;
}

int app_logscan_open(struct app_logscan *it, char **paths, size_t count, struct adit_error *error)
{
	int32_t zone_s;
	int status = zone_parse(it->zone, &zone_s, error);
	bool has_stdin = false;

	if (count > APP_LOGS_MAX)
		return adit_error_set(error, -E2BIG, "more than %d logs", APP_LOGS_MAX);
	it->logs = calloc(count, sizeof(*it->logs));
	if (it->logs == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for %zu logs", count);
	it->log_count = count;
	for (size_t i = 0; i < count && status == 0; i++) {
		bool is_stdin = strcmp(paths[i], "-") == 0;

		if (is_stdin && has_stdin)
			return adit_error_set(error, -EINVAL, "standard input is given twice");
		has_stdin |= is_stdin;
		it->logs[i].path = paths[i];
		status = log_open(it, &it->logs[i], zone_s, error);
		if (status == 0)
			it->total += app_logfile_size(it->logs[i].file);
	}
	return status;
}

bool app_logscan_again(
	struct app_logscan *it, const struct adit_logscan_kept *row, struct adit_log_record *record)
{
	struct app_log *log = &it->logs[app_row_log(row->at)];
	uint64_t offset = app_row_offset(row->at), next;
	struct adit_error error;
	const char *line;
	size_t size;

	if (log->is_lines) {
		if (app_logfile_line(log->file, offset, &line, &size, &next, &error) != 1)
			return false;
	} else {
		/* The length stands before the payload. */
		if (app_logfile_bytes(log->file, offset - 4, 4, &line, &error) != 4)
			return false;
		size = adit_load_be32((const uint8_t *)line);
		if (size > ADIT_LOG_LINE_MAX ||
			app_logfile_bytes(log->file, offset, size, &line, &error) != (ssize_t)size)
			return false;
	}
	return adit_log_read(log->reader, line, size, record) == ADIT_LOG_RECORD;
}
