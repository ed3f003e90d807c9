/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines of a feed: cut from what is pushed, split into cells (RFC 4180; a quoted cell ends on its
 * line), and each cell read as its column says. Memory: one line, about 5 KB for a feed.
 */
#include "identity_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define LINE_ROOM  4096 /* with the NUL */
#define SHOWN_ROOM 48   /* of a cell in a message */

enum column { ADDRESS, TEID, PEER, TAP, VLAN, FROM, UNTIL, IMSI, MSISDN, APN, COLUMN_COUNT };

static const struct {
	const char *name, *right;
} columns[COLUMN_COUNT] = {
	[ADDRESS] = {"address", "an IPv4 or IPv6 address, or a prefix with no bit set after it, as "
				"2001:db8:1::/64"},
	[TEID] = {"teid", "a number of 32 bits, decimal or 0x and hexadecimal digits"},
	[PEER] = {"peer", "an IPv4 or IPv6 address"},
	[TAP] = {"tap", "a name of at most 63 bytes"},
	[VLAN] = {"vlan", "a number from 0 (no tag) to 4095"},
	[FROM] = {"from", "a time from 1970 to 2554, as 2026-11-22T07:19:42Z or 1795331982.5"},
	[UNTIL] = {"until", "a time from 1970 to 2554, as 2026-11-22T07:19:42Z or 1795331982.5"},
	[IMSI] = {"imsi", "a text of at most 63 bytes"},
	[MSISDN] = {"msisdn", "a text of at most 63 bytes"},
	[APN] = {"apn", "a text of at most 63 bytes"},
};

enum header { HEADER_OPEN, HEADER_KNOWN, HEADER_REFUSED };

struct adit_identity_feed {
	struct adit_identities *identities;
	char what[256]; /* for messages */
	uint64_t number;
	bool is_file; /* then a header must be there */
	enum header header;
	uint8_t column[COLUMN_COUNT];
	size_t column_count;
	bool too_long; /* the line so far */
	size_t size;
	char line[LINE_ROOM];
};

struct cells {
	size_t count; /* may be more than there is room for */
	char *text[COLUMN_COUNT];
};

/* A cell for a message: what could mislead a terminal becomes "?". */
static const char *shown(const char *text, char room[SHOWN_ROOM])
{
	size_t size = 0;

	for (; *text != '\0' && size < SHOWN_ROOM - 1; text++)
		room[size++] = *text >= 0x20 && *text < 0x7f ? *text : '?';
	if (*text != '\0')
		memcpy(room + size - 3, "...", 3);
	room[size] = '\0';
	return room;
}

#define REFUSE(feed, error, format, ...)                                                          \
	adit_error_set((error), -EINVAL, "%s:%" PRIu64 ": " format, (feed)->what, (feed)->number, \
		##__VA_ARGS__)

/* The cell at *at, unquoted in place. *at becomes the cell after it, or NULL after the last one.
 * Returns NULL where the quoting is not right. */
static char *cell_next(char **at)
{
	char *from = *at, *to = from, *cell = from, end;

	if (*from == '"') {
		for (from++; *from != '"' || from[1] == '"'; from++) {
			if (*from == '\0')
				return NULL;
			if (*from == '"')
				from++;
			*to++ = *from;
		}
		from++;
	} else {
		from += strcspn(from, ",\"");
		to = from;
	}
	end = *from;
	if (end != ',' && end != '\0')
		return NULL;
	*to = '\0';
	*at = end == ',' ? from + 1 : NULL;
	return cell;
}

static int cells_split(char *line, struct cells *cells)
{
	for (cells->count = 0; line != NULL; cells->count++) {
		char *cell = cell_next(&line);

		if (cell == NULL)
			return -EINVAL;
		if (cells->count < COLUMN_COUNT)
			cells->text[cells->count] = cell;
	}
	return 0;
}

/* COLUMN_COUNT: there is no such column. */
static enum column column_find(const char *name)
{
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (strcasecmp(name, columns[i].name) == 0)
			return i;
	return COLUMN_COUNT;
}

static bool names_columns(const struct cells *cells)
{
	for (size_t i = 0; i < cells->count && i < COLUMN_COUNT; i++)
		if (column_find(cells->text[i]) != COLUMN_COUNT)
			return true;
	return false;
}

static int header_read(
	struct adit_identity_feed *feed, const struct cells *cells, struct adit_error *error)
{
	unsigned seen = 0;

	feed->header = HEADER_REFUSED;
	for (size_t i = 0; i < cells->count && i < COLUMN_COUNT; i++) {
		enum column column = column_find(cells->text[i]);
		char room[SHOWN_ROOM];

		if (column == COLUMN_COUNT)
			return REFUSE(feed, error,
				"column %zu: '%s' is not one of address, teid, peer, tap, vlan, "
				"from, until, imsi, msisdn, apn",
				i + 1, shown(cells->text[i], room));
		if (seen & 1u << column)
			return REFUSE(feed, error, "column %zu: %s is named twice", i + 1,
				columns[column].name);
		seen |= 1u << column;
		feed->column[i] = (uint8_t)column;
	}
	if (cells->count > COLUMN_COUNT)
		return REFUSE(feed, error, "%zu columns, where %u have a name", cells->count,
			(unsigned)COLUMN_COUNT);
	if (!(seen & (1u << ADDRESS | 1u << TEID)))
		return REFUSE(feed, error, "no column is named address or teid; one must be");
	feed->column_count = cells->count;
	feed->header = HEADER_KNOWN;
	return 0;
}

static int cell_take(struct identity_line *line, enum column column, const char *text)
{
	switch (column) {
	case ADDRESS:
		return adit_identity_cell_address(text, line);
	case TEID:
		return adit_identity_cell_teid(text, line);
	case PEER:
		return adit_identity_cell_peer(text, line);
	case TAP:
		return adit_identity_cell_text(text, line->tap);
	case VLAN:
		return adit_identity_cell_vlan(text, line);
	case FROM:
		return adit_time_read(text, &line->from_ns);
	case UNTIL:
		return adit_time_read(text, &line->until_ns);
	case IMSI:
		return adit_identity_cell_text(text, line->identity.imsi);
	case MSISDN:
		return adit_identity_cell_text(text, line->identity.msisdn);
	case APN:
		return adit_identity_cell_text(text, line->identity.apn);
	case COLUMN_COUNT:
		break;
	}
	return -EINVAL;
}

static int record_read(
	struct adit_identity_feed *feed, const struct cells *cells, struct adit_error *error)
{
	struct identity_line line = {.until_ns = UINT64_MAX};
	char room[SHOWN_ROOM];

	if (cells->count != feed->column_count)
		return REFUSE(feed, error, "%zu cells, where %zu columns ask for as many",
			cells->count, feed->column_count);
	for (size_t i = 0; i < cells->count; i++) {
		enum column column = feed->column[i];

		if (cells->text[i][0] != '\0' && cell_take(&line, column, cells->text[i]) != 0)
			return REFUSE(feed, error, "%s: '%s' is not %s", columns[column].name,
				shown(cells->text[i], room), columns[column].right);
	}
	if (!line.has_address && !line.has_teid)
		return REFUSE(feed, error,
			"address: empty, and so is teid; one of them must say whose line this is");
	if (!line.has_address && !line.has_peer)
		return REFUSE(feed, error,
			"peer: empty, and so is address; a TEID is one of the node that gave it");
	if (line.until_ns < line.from_ns)
		return REFUSE(feed, error, "until: the time is before that of from");
	/* A session shorter than the clock of its record covers no time. */
	if (line.until_ns == line.from_ns)
		return 0;
	if (adit_identity_take(feed->identities, &line) != 0)
		return REFUSE(feed, error,
			"tap: '%s' is one name too many; at most 256 taps are told apart",
			shown(line.tap, room));
	return 0;
}

static int cells_take(
	struct adit_identity_feed *feed, const struct cells *cells, struct adit_error *error)
{
	static const uint8_t in_order[] = {
		ADDRESS, TEID, PEER, TAP, VLAN, FROM, UNTIL, IMSI, MSISDN, APN};

	if (feed->header != HEADER_KNOWN && names_columns(cells))
		return header_read(feed, cells, error);
	if (feed->header == HEADER_REFUSED)
		return REFUSE(feed, error,
			"no column is known, as the header was refused; it must come first");
	if (feed->header == HEADER_OPEN) {
		if (feed->is_file)
			return REFUSE(feed, error,
				"the first line must name the columns, as "
				"address,teid,peer,tap,vlan,from,until,imsi,msisdn,apn");
		memcpy(feed->column, in_order, sizeof(in_order));
		feed->column_count = COLUMN_COUNT;
		feed->header = HEADER_KNOWN;
	}
	return record_read(feed, cells, error);
}

static int line_read(struct adit_identity_feed *feed, struct adit_error *error)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf"; /* spreadsheets put it in front */
	char *line = feed->line;
	struct cells cells;

	if (feed->too_long)
		return REFUSE(feed, error, "a line of over %d bytes", LINE_ROOM - 1);
	if (feed->size > 0 && line[feed->size - 1] == '\r')
		feed->size--;
	line[feed->size] = '\0';
	if (feed->number == 1 && strncmp(line, byte_order_mark, 3) == 0)
		line += 3;
	if (strlen(line) != feed->size - (size_t)(line - feed->line))
		return REFUSE(feed, error, "a NUL byte; a feed is text");
	if (*line == '\0')
		return 0;
	if (cells_split(line, &cells) != 0)
		return REFUSE(feed, error,
			"quotes out of place: a quoted cell begins and ends with one, on the same "
			"line, and doubles those inside");
	return cells_take(feed, &cells, error);
}

static int line_end(struct adit_identity_feed *feed, struct adit_error *error)
{
	int status;

	feed->number++;
	status = line_read(feed, error);
	feed->size = 0;
	feed->too_long = false;
	if (status != 0)
		adit_identity_refuse(feed->identities);
	return status;
}

struct adit_identity_feed *adit_identity_feed_create(
	struct adit_identities *identities, const char *what)
{
	struct adit_identity_feed *feed = calloc(1, sizeof(*feed));

	if (feed != NULL) {
		feed->identities = identities;
		snprintf(feed->what, sizeof(feed->what), "%s", what);
	}
	return feed;
}

void adit_identity_feed_destroy(struct adit_identity_feed *feed)
{
	free(feed);
}

int adit_identity_feed_push(
	struct adit_identity_feed *feed, const char *text, size_t size, struct adit_error *error)
{
	const char *end = text + size;
	int status = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t more = (size_t)((newline != NULL ? newline : end) - text);

		if (more < LINE_ROOM - feed->size)
			memcpy(feed->line + feed->size, text, more);
		else
			feed->too_long = true;
		feed->size += feed->too_long ? 0 : more;
		text += more;
		if (newline == NULL)
			break;
		text++;
		/* The first message is the one that is kept. */
		if (line_end(feed, status == 0 ? error : NULL) != 0) {
			status = -EINVAL;
			if (feed->is_file)
				break;
		}
	}
	return status;
}

int adit_identities_read(
	struct adit_identities *identities, const char *path, struct adit_error *error)
{
	FILE *file = fopen(path, "re");
	struct adit_identity_feed *feed = NULL;
	char text[16384];
	size_t size;
	int status = 0;

	if (file == NULL)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	feed = adit_identity_feed_create(identities, path);
	if (feed == NULL) {
		fclose(file);
		return adit_error_set(error, -ENOMEM, "%s: not enough memory", path);
	}
	feed->is_file = true;
	while (status == 0 && (size = fread(text, 1, sizeof(text), file)) > 0)
		status = adit_identity_feed_push(feed, text, size, error);
	if (status == 0 && ferror(file))
		status = adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	/* The end of a file ends its last line too. */
	if (status == 0 && (feed->size > 0 || feed->too_long))
		status = line_end(feed, error);
	adit_identity_feed_destroy(feed);
	fclose(file);
	return status;
}
