/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The labelled logs: what was read, with a column `tunnel`. Delimited text keeps its own columns,
 * byte for byte; of other formats the notebook's columns are written. What is no row stays out.
 */
#include "logscan.h"
#include "tables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>

static bool is_delimited(const struct app_log *log)
{
	return log->format == ADIT_LOG_TSV || log->format == ADIT_LOG_CSV;
}

static bool is_tunnel(const struct app_logscan *it, const struct adit_logscan_domain *domain,
	const struct adit_logscan_kept *row)
{
	return domain != NULL && it->logged[domain->rank - 1].service == NULL &&
	       adit_logscan_marked(it->scan, row->pair, row->ts_ns);
}

/* "queries.log.gz" gives "queries.log.gz.labelled.tsv"; of two logs with one name, the second has
 * its number. */
static FILE *label_open(struct app_logscan *it, size_t number)
{
	const struct app_log *log = &it->logs[number];
	const char *slash = strrchr(log->path, '/'), *base = slash != NULL ? slash + 1 : log->path;
	const char *ending = log->format == ADIT_LOG_CSV ? "csv" : "tsv";
	char name[NAME_MAX + 1];
	bool twice = false;

	if (strcmp(log->path, "-") == 0)
		base = "stdin";
	for (size_t i = 0; i < number; i++) {
		const char *other = strrchr(it->logs[i].path, '/');

		twice |= strcmp(other != NULL ? other + 1 : it->logs[i].path, base) == 0;
	}
	if (twice)
		snprintf(name, sizeof(name), "%.200s.%zu.labelled.%s", base, number + 1, ending);
	else
		snprintf(name, sizeof(name), "%.200s.labelled.%s", base, ending);
	return app_logscan_file(it, name);
}

static void put_span(struct adit_log_span span, FILE *to)
{
	for (size_t i = 0; i < span.size; i++)
		putc_unlocked(span.at[i] == '\t' || span.at[i] == '\n' ? ' ' : span.at[i], to);
}

static void put_address(const struct adit_address *address, FILE *to)
{
	char text[INET6_ADDRSTRLEN];

	fputs(inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text)),
		to);
}

/* The notebook's columns of a record. */
static void put_record(const struct app_logscan *it, const struct adit_log_record *record,
	const struct adit_logscan_kept *row, FILE *to)
{
	const struct adit_logscan_pair *pair = adit_logscan_pair(it->scan, row->pair);
	const struct adit_log_answer *answer = record->answer;
	uint64_t ns = record->ts_ns % ADIT_NS_PER_S;
	int digits = 9;
	struct adit_log_span domain = {NULL, 0};

	fprintf(to, "%llu", (unsigned long long)(record->ts_ns / ADIT_NS_PER_S));
	for (; ns != 0 && ns % 10 == 0; digits--)
		ns /= 10;
	if (ns != 0)
		fprintf(to, ".%0*llu", digits, (unsigned long long)ns);
	putc_unlocked('\t', to);
	put_span(record->name, to);
	putc_unlocked('\t', to);
	put_span(record->type, to);
	putc_unlocked('\t', to);
	if (record->answer_count > 0 && answer->has_ttl)
		fprintf(to, "%u", answer->ttl);
	putc_unlocked('\t', to);
	if (record->has_server)
		put_address(&record->server, to);
	putc_unlocked('\t', to);
	for (size_t i = 0; i < record->answer_count; i++) {
		if (!record->answer[i].has_address)
			continue;
		put_address(&record->answer[i].address, to);
		break;
	}
	putc_unlocked('\t', to);
	domain.at = adit_logscan_name(it->scan, pair->domain, &domain.size);
	put_span(domain, to);
}

/* A row that is delimited text: the line, and what is new behind it. */
static void put_line(
	const struct app_log *log, const char *line, size_t size, const char *label, FILE *to)
{
	bool has_cr = size > 0 && line[size - 1] == '\r';

	fwrite_unlocked(line, 1, size - has_cr, to);
	putc_unlocked(adit_log_delimiter(log->reader), to);
	fputs_unlocked(label, to);
	fputs_unlocked(has_cr ? "\r\n" : "\n", to);
}

static int put_header(const struct app_log *log, FILE *to, struct adit_error *error)
{
	const char *line;
	uint64_t next;
	size_t size;
	int status = 1;

	if (!is_delimited(log)) {
		fputs("timestamp\thostname\trecord\tTTL\tDNS_IP\tANS_IP\t2LD\ttunnel\n", to);
	} else if (log->header_at != UINT64_MAX) {
		status = app_logfile_line(log->file, log->header_at, &line, &size, &next, error);
		if (status == 1)
			put_line(log, line, size, "tunnel", to);
	}
	return status < 0 ? status : 0;
}

/* Observes and counts a row, and writes it where there is a file. */
static int take_row(struct app_logscan *it, struct app_log *log,
	const struct adit_logscan_kept *row, FILE *to, struct adit_error *error)
{
	struct adit_logscan_domain *domain = adit_logscan_domain_of(it->scan, row->pair);
	bool tunnel = is_tunnel(it, domain, row);
	struct adit_log_record record;
	const char *line;
	uint64_t next;
	size_t size;

	if ((domain != NULL || it->exact || (to != NULL && !is_delimited(log))) &&
		!app_logscan_again(it, row, &record))
		return adit_error_set(error, -EIO, "%s: the log has changed while it was read",
			app_logfile_name(log->file));
	if (domain != NULL)
		app_logscan_observe(it, domain, &record);
	if (it->exact && app_logscan_drops(it, record.name)) {
		it->dropped++;
		return 0;
	}
	it->marked += tunnel;
	if (to == NULL)
		return 0;
	if (!is_delimited(log)) {
		put_record(it, &record, row, to);
		fputs_unlocked(tunnel ? "\t1\n" : "\t0\n", to);
		return 0;
	}
	if (app_logfile_line(log->file, app_row_offset(row->at), &line, &size, &next, error) != 1)
		return -EIO;
	put_line(log, line, size, tunnel ? "1" : "0", to);
	return 0;
}

static int label(struct app_logscan *it, size_t number, struct adit_error *error)
{
	struct app_log *log = &it->logs[number];
	FILE *file = it->out != NULL ? label_open(it, number) : NULL;
	size_t i = log->first_row, end = i + log->rows;
	int status = file != NULL ? put_header(log, file, error) : 0;
	bool is_full;

	for (; i < end && status == 0; i++) {
		status = take_row(it, log, adit_logscan_row(it->scan, i), file, error);
		if ((i & 0xffff) == 0)
			app_progress_report("looking at domains", i, adit_logscan_rows(it->scan));
	}
	if (file == NULL)
		return status;
	is_full = ferror(file);
	if ((fclose(file) != 0 || is_full) && status == 0) {
		struct adit_error why;

		/* What was found is still to be told. */
		adit_error_set(&why, -EIO, "%s: the labelled log of %s cannot be written", it->out,
			app_logfile_name(log->file));
		app_logscan_note(it, &why);
	}
	return status;
}

int app_logscan_label(struct app_logscan *it, struct adit_error *error)
{
	int status = 0;

	for (size_t i = 0; i < it->log_count && status == 0; i++)
		status = label(it, i, error);
	app_progress_clear();
	return status;
}
