/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The registry and its text (families, escaping). Two fixed arrays,
 * counters and cells; the cells of a counter are a chain of indexes, and so are the counters of a
 * family (one name), because the text must not part a family's lines.
 */
#include "adit_metrics.h"

#include <errno.h>
#include <inttypes.h>

#define NONE UINT32_MAX

struct cell {
	const uint64_t *at;
	uint64_t baseline;
	uint32_t next; /* of the same counter, or NONE */
};

struct counter {
	struct adit_metrics_counter is;
	uint32_t first_cell, last_cell;
	uint32_t next; /* of the same family, or NONE */
	bool leads;    /* first of its family */
};

struct adit_metrics {
	const struct adit_allocator *allocator;
	size_t counter_count, counter_max, cell_count, cell_max;
	struct counter *counters;
	struct cell *cells;
};

int adit_metrics_create(struct adit_metrics **metrics, size_t counters_max, size_t cells_max,
	const struct adit_allocator *allocator)
{
	struct adit_metrics *made;

	/* Numbers are ints, indexes 32 bits. */
	if (counters_max > INT32_MAX || cells_max > INT32_MAX)
		return -ENOMEM;
	made = adit_alloc(allocator, sizeof(*made), _Alignof(struct adit_metrics));
	if (made == NULL)
		return -ENOMEM;
	made->allocator = allocator;
	made->counter_max = counters_max;
	made->cell_max = cells_max;
	made->counters = adit_alloc(
		allocator, counters_max * sizeof(struct counter), _Alignof(struct counter));
	made->cells = adit_alloc(allocator, cells_max * sizeof(struct cell), _Alignof(struct cell));
	if (made->counters == NULL || made->cells == NULL) {
		adit_metrics_free(made);
		return -ENOMEM;
	}
	*metrics = made;
	return 0;
}

void adit_metrics_free(struct adit_metrics *metrics)
{
	if (metrics == NULL)
		return;
	adit_free(metrics->allocator, metrics->counters);
	adit_free(metrics->allocator, metrics->cells);
	adit_free(metrics->allocator, metrics);
}

static bool is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char all[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

	return text[0] != '\0' && strchr(letters, text[0]) != NULL &&
	       text[strspn(text, all)] == '\0';
}

static bool ends_in(const char *text, const char *word)
{
	size_t size = strlen(text), word_size = strlen(word);

	return size > word_size + 1 && text[size - word_size - 1] == '_' &&
	       strcmp(text + size - word_size, word) == 0;
}

static bool is_sound(const struct adit_metrics_counter *counter)
{
	return counter->name != NULL && counter->help != NULL && is_name(counter->name) &&
	       !ends_in(counter->name, "total") &&
	       (counter->unit == NULL ||
		       (is_name(counter->unit) && ends_in(counter->name, counter->unit))) &&
	       (counter->label == NULL) == (counter->value == NULL) &&
	       (counter->label == NULL || is_name(counter->label)) &&
	       (counter->second == NULL) == (counter->second_value == NULL) &&
	       (counter->second == NULL || (counter->label != NULL && is_name(counter->second))) &&
	       (counter->histogram == NULL ||
		       (counter->label == NULL && counter->is_ns && !counter->is_gauge));
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Finds the last counter of the family that `counter` belongs to; NONE if it is the first one.
 * Returns 0, or the error that adit_metrics_add gives. */
static int find_family(const struct adit_metrics *metrics,
	const struct adit_metrics_counter *counter, uint32_t *last)
{
	*last = NONE;
	for (size_t i = 0; i < metrics->counter_count; i++) {
		const struct adit_metrics_counter *other = &metrics->counters[i].is;

		if (strcmp(other->name, counter->name) != 0)
			continue;
		if (!same(other->help, counter->help) || !same(other->unit, counter->unit) ||
			!same(other->label, counter->label) ||
			!same(other->second, counter->second) ||
			other->histogram != counter->histogram ||
			other->is_gauge != counter->is_gauge || other->is_ns != counter->is_ns)
			return -EINVAL;
		if (same(other->value, counter->value) &&
			same(other->second_value, counter->second_value))
			return -EEXIST;
		*last = (uint32_t)i;
	}
	return 0;
}

int adit_metrics_add(struct adit_metrics *metrics, const struct adit_metrics_counter *counter)
{
	size_t number = metrics->counter_count;
	uint32_t last;
	int rc;

	if (!is_sound(counter))
		return -EINVAL;
	rc = find_family(metrics, counter, &last);
	if (rc != 0)
		return rc;
	if (number == metrics->counter_max)
		return -ENOSPC;
	metrics->counters[number] = (struct counter){.is = *counter,
		.first_cell = NONE,
		.last_cell = NONE,
		.next = NONE,
		.leads = last == NONE};
	if (last != NONE)
		metrics->counters[last].next = (uint32_t)number;
	metrics->counter_count++;
	return (int)number;
}

int adit_metrics_bind(struct adit_metrics *metrics, size_t number, const uint64_t *cell)
{
	uint32_t index = (uint32_t)metrics->cell_count;
	struct counter *counter;

	if (number >= metrics->counter_count || cell == NULL)
		return -EINVAL;
	if (metrics->cell_count == metrics->cell_max)
		return -ENOSPC;
	counter = &metrics->counters[number];
	metrics->cells[index] = (struct cell){cell, 0, NONE};
	if (counter->first_cell == NONE)
		counter->first_cell = index;
	else
		metrics->cells[counter->last_cell].next = index;
	counter->last_cell = index;
	metrics->cell_count++;
	return 0;
}

size_t adit_metrics_count(const struct adit_metrics *metrics)
{
	return metrics->counter_count;
}

const struct adit_metrics_counter *adit_metrics_get(
	const struct adit_metrics *metrics, size_t number)
{
	return number < metrics->counter_count ? &metrics->counters[number].is : NULL;
}

static const struct cell *first_cell(const struct adit_metrics *metrics, size_t number)
{
	uint32_t index =
		number < metrics->counter_count ? metrics->counters[number].first_cell : NONE;

	return index == NONE ? NULL : &metrics->cells[index];
}

static const struct cell *next_cell(const struct adit_metrics *metrics, const struct cell *cell)
{
	return cell->next == NONE ? NULL : &metrics->cells[cell->next];
}

/* The cell's owner stores it in one piece; relaxed is enough, since no other data hangs on it. */
static uint64_t read_cell(const struct cell *cell)
{
	return __atomic_load_n(cell->at, __ATOMIC_RELAXED) - cell->baseline;
}

size_t adit_metrics_cells(const struct adit_metrics *metrics, size_t number)
{
	size_t count = 0;

	for (const struct cell *c = first_cell(metrics, number); c; c = next_cell(metrics, c))
		count++;
	return count;
}

uint64_t adit_metrics_read(const struct adit_metrics *metrics, size_t number)
{
	bool times =
		number < metrics->counter_count && metrics->counters[number].is.histogram != NULL;
	uint64_t sum = 0;

	/* The last cell of times is their sum. */
	for (const struct cell *c = first_cell(metrics, number), *next; c; c = next) {
		next = next_cell(metrics, c);
		if (!times || next != NULL)
			sum += read_cell(c);
	}
	return sum;
}

uint64_t adit_metrics_read_cell(const struct adit_metrics *metrics, size_t number, size_t cell)
{
	for (const struct cell *c = first_cell(metrics, number); c; c = next_cell(metrics, c))
		if (cell-- == 0)
			return read_cell(c);
	return 0;
}

void adit_metrics_reset(struct adit_metrics *metrics)
{
	for (size_t i = 0; i < metrics->counter_count; i++) {
		const struct counter *counter = &metrics->counters[i];

		if (counter->is.is_gauge)
			continue;
		for (uint32_t c = counter->first_cell; c != NONE; c = metrics->cells[c].next)
			metrics->cells[c].baseline += read_cell(&metrics->cells[c]);
	}
}

/* Backslashes and line ends, and quotes where the format escapes them. */
static void write_escaped(FILE *to, const char *text, bool quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '\\' || (quotes && *text == '"'))
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

static void write_seconds(uint64_t ns, FILE *to)
{
	fprintf(to, " %" PRIu64 ".%09" PRIu64 "\n", ns / ADIT_NS_PER_S, ns % ADIT_NS_PER_S);
}

static void write_label(FILE *to, const char *label, const char *value)
{
	fprintf(to, "%s=\"", label);
	write_escaped(to, value, true);
	fputc('"', to);
}

/* A bound as the specification writes numbers: 0.005, 10.0. */
static void write_bound(FILE *to, uint64_t ns)
{
	char text[32];
	size_t size = (size_t)snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64,
		ns / ADIT_NS_PER_S, ns % ADIT_NS_PER_S);

	while (text[size - 1] == '0' && text[size - 2] != '.')
		text[--size] = '\0';
	fputs(text, to);
}

/* Buckets hold all that is no longer than their bound. */
static void write_times(
	const struct adit_metrics *metrics, size_t number, const char *prefix, FILE *to)
{
	const struct adit_metrics_counter *counter = &metrics->counters[number].is;
	uint64_t count = 0;

	for (size_t i = 0; i <= counter->histogram->bounds; i++) {
		count += adit_metrics_read_cell(metrics, number, i);
		fprintf(to, "%s%s_bucket{le=\"", prefix, counter->name);
		if (i < counter->histogram->bounds)
			write_bound(to, counter->histogram->bound_ns[i]);
		else
			fputs("+Inf", to);
		fprintf(to, "\"} %" PRIu64 "\n", count);
	}
	fprintf(to, "%s%s_sum", prefix, counter->name);
	write_seconds(adit_metrics_read_cell(metrics, number, counter->histogram->bounds + 1), to);
	fprintf(to, "%s%s_count %" PRIu64 "\n", prefix, counter->name, count);
}

static void write_sample(
	const struct adit_metrics *metrics, size_t number, const char *prefix, FILE *to)
{
	const struct adit_metrics_counter *counter = &metrics->counters[number].is;

	if (counter->histogram != NULL) {
		write_times(metrics, number, prefix, to);
		return;
	}
	fprintf(to, "%s%s%s", prefix, counter->name, counter->is_gauge ? "" : "_total");
	if (counter->label != NULL) {
		fputc('{', to);
		write_label(to, counter->label, counter->value);
		if (counter->second != NULL) {
			fputc(',', to);
			write_label(to, counter->second, counter->second_value);
		}
		fputc('}', to);
	}
	if (counter->is_ns)
		write_seconds(adit_metrics_read(metrics, number), to);
	else
		fprintf(to, " %" PRIu64 "\n", adit_metrics_read(metrics, number));
}

static void write_head(const struct adit_metrics_counter *counter, enum adit_metrics_format format,
	const char *prefix, FILE *to)
{
	bool open = format == ADIT_METRICS_OPENMETRICS;
	const char *end = open || counter->is_gauge || counter->histogram != NULL ? "" : "_total";

	fprintf(to, "# TYPE %s%s%s %s\n", prefix, counter->name, end,
		counter->histogram != NULL ? "histogram"
		: counter->is_gauge        ? "gauge"
					   : "counter");
	if (open && counter->unit != NULL)
		fprintf(to, "# UNIT %s%s %s\n", prefix, counter->name, counter->unit);
	fprintf(to, "# HELP %s%s%s ", prefix, counter->name, end);
	write_escaped(to, counter->help, open);
	fputc('\n', to);
}

int adit_metrics_write(const struct adit_metrics *metrics, enum adit_metrics_format format,
	const char *prefix, FILE *to)
{
	for (size_t i = 0; i < metrics->counter_count; i++) {
		const struct counter *counter = &metrics->counters[i];

		if (!counter->leads)
			continue;
		write_head(&counter->is, format, prefix, to);
		for (uint32_t n = (uint32_t)i; n != NONE; n = metrics->counters[n].next)
			write_sample(metrics, n, prefix, to);
	}
	if (format == ADIT_METRICS_OPENMETRICS)
		fputs("# EOF\n", to);
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}
