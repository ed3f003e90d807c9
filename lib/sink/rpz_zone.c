/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The response policy zone as a file (draft-vixie-dnsop-dns-rpz): a master file (RFC 1035 section
 * 5) whose comments hold what the next start needs, so that the zone itself is the only memory.
 */
#include "sink_priv.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "; adit.rpz/1"

static int order(const struct adit_wire_name *a, const struct adit_wire_name *b)
{
	int first = memcmp(a->wire, b->wire, a->size < b->size ? a->size : b->size);

	return first != 0 ? first : (int)a->size - (int)b->size;
}

struct adit_rpz_entry *adit_rpz_take(struct adit_rpz *rpz, const struct adit_wire_name *domain)
{
	size_t low = 0, high = rpz->count;
	struct adit_rpz_entry *entry;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int side = order(&rpz->entry[middle]->domain, domain);

		if (side == 0)
			return rpz->entry[middle];
		if (side < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (rpz->count == rpz->room) {
		size_t room = 2 * rpz->room + 64;
		struct adit_rpz_entry **more =
			realloc(rpz->entry, room * sizeof(struct adit_rpz_entry *));

		if (more == NULL)
			return NULL;
		rpz->entry = more;
		rpz->room = room;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->domain = *domain;
	memmove(rpz->entry + low + 1, rpz->entry + low,
		(rpz->count - low) * sizeof(struct adit_rpz_entry *));
	rpz->entry[low] = entry;
	rpz->count++;
	return entry;
}

void adit_rpz_remove(struct adit_rpz *rpz, size_t place)
{
	free(rpz->entry[place]);
	rpz->count--;
	memmove(rpz->entry + place, rpz->entry + place + 1,
		(rpz->count - place) * sizeof(struct adit_rpz_entry *));
}

void adit_rpz_clear(struct adit_rpz *rpz)
{
	for (size_t i = 0; i < rpz->count; i++)
		free(rpz->entry[i]);
	free(rpz->entry);
	memset(rpz, 0, sizeof(*rpz));
}

/* A name as a master file takes it, below the origin: what is no letter, digit, - or _ is \ddd. */
static void write_name(FILE *to, const struct adit_wire_name *name)
{
	for (size_t at = 0; name->wire[at] != 0; at += 1u + name->wire[at]) {
		if (at > 0)
			fputc('.', to);
		for (size_t i = 1; i <= name->wire[at]; i++) {
			uint8_t octet = name->wire[at + i];

			if (isalnum(octet) || octet == '-' || octet == '_')
				fputc(octet, to);
			else
				fprintf(to, "\\%03u", octet);
		}
	}
}

static void write_zone(const struct adit_rpz *rpz, const struct adit_sink_params *params,
	uint32_t serial, FILE *to)
{
	static const char *const targets[] = {".", "*.", "rpz-drop.", "rpz-passthru."};
	const char *target = targets[params->action];
	size_t length = strlen(params->zone);

	fprintf(to, MAGIC "; names of DNS tunnels; written whole by adit, changes are lost\n");
	fprintf(to, "$ORIGIN %s%s\n$TTL %u\n", params->zone,
		params->zone[length - 1] == '.' ? "" : ".", params->ttl_s);
	fprintf(to, "@ SOA localhost. hostmaster.localhost. %u 60 30 86400 %u\n@ NS localhost.\n",
		serial, params->ttl_s);
	for (size_t i = 0; i < rpz->count; i++) {
		const struct adit_rpz_entry *entry = rpz->entry[i];

		write_name(to, &entry->domain);
		fprintf(to, " CNAME %s ; score %u seen %" PRIu64 "\n*.", target, entry->score,
			entry->seen_s);
		write_name(to, &entry->domain);
		fprintf(to, " CNAME %s\n", target);
	}
}

/* Closes the file, on the disk. */
static int settle(FILE *file)
{
	int status = 0;

	errno = 0;
	if (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0)
		status = errno != 0 ? -errno : -EIO;
	if (fclose(file) != 0 && status == 0)
		status = -errno;
	return status;
}

int adit_rpz_write(const struct adit_rpz *rpz, const struct adit_sink_params *params,
	uint32_t serial, struct adit_error *error)
{
	char beside[PATH_MAX];
	FILE *file;
	int status;

	snprintf(beside, sizeof(beside), "%s.new", params->path);
	file = fopen(beside, "we");
	if (file == NULL)
		return adit_error_set(error, -errno, "%s: %s", beside, strerror(errno));
	write_zone(rpz, params, serial, file);
	status = settle(file);
	if (status == 0 && rename(beside, params->path) != 0)
		status = -errno;
	if (status != 0) {
		unlink(beside);
		return adit_error_set(error, status, "%s: %s; the zone before is left as it was",
			beside, strerror(-status));
	}
	return 0;
}

/* A line of an entry: its name, up to " CNAME", and the numbers of the comment. */
static int read_entry(struct adit_rpz *rpz, char *line)
{
	char *rest = strstr(line, " CNAME "), *comment = strstr(line, " ; score ");
	struct adit_name name;
	struct adit_wire_name domain;
	struct adit_rpz_entry *entry;
	unsigned score;
	uint64_t seen;

	if (rest == NULL || comment == NULL ||
		sscanf(comment, " ; score %u seen %" SCNu64, &score, &seen) != 2)
		return -EINVAL;
	*rest = '\0';
	if (adit_name_from_text(line, &name) != 0 || name.labels == 0)
		return -EINVAL;
	domain.size = name.size;
	memcpy(domain.wire, name.lower, name.size);
	entry = adit_rpz_take(rpz, &domain);
	if (entry == NULL)
		return -ENOMEM;
	entry->score = score;
	entry->seen_s = seen;
	return 0;
}

static int read_line(struct adit_rpz *rpz, unsigned number, char *line)
{
	if (number == 1)
		return strncmp(line, MAGIC, sizeof(MAGIC) - 1) == 0 ? 0 : -EINVAL;
	if (line[0] == '$' || line[0] == '*' || strncmp(line, "@ NS ", 5) == 0)
		return 0;
	if (line[0] == '@')
		return sscanf(line, "@ SOA localhost. hostmaster.localhost. %" SCNu32,
			       &rpz->serial) == 1
			       ? 0
			       : -EINVAL;
	return read_entry(rpz, line);
}

int adit_rpz_read(struct adit_rpz *rpz, const char *path, struct adit_error *error)
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	struct stat about;
	char *line = NULL;
	size_t room = 0;
	int status = 0;

	if (file == NULL)
		return adit_error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode))
		status = adit_error_set(error, -EINVAL, "%s: expected a regular file", path);
	while (status == 0 && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		/* What it holds may end in a message. */
		for (char *c = line; *c != '\0'; c++)
			*c = isprint((unsigned char)*c) ? *c : '?';
		status = read_line(rpz, ++number, line);
		if (status == -EINVAL)
			adit_error_set(error, status,
				"%s:%u: no zone that adit wrote: \"%.60s\"; move it away, or name "
				"another path",
				path, number, line);
	}
	if (status == 0 && (ferror(file) || rpz->serial == 0))
		status = adit_error_set(error, -EINVAL,
			"%s: no zone that adit wrote: it has no SOA record; move it away, or name "
			"another path",
			path);
	free(line);
	fclose(file);
	return status;
}
