/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages: syslog's header (RFC 5424), and ArcSight's Common Event Format, version 0 (dictionary
 * of the implementation standard, revision 25). All of it is ASCII.
 */
#include "sink_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#define SEVERITY_WARNING 4
#define SEVERITY_NOTICE  5
#define SEVERITY_INFO    6

/* A text that is put together; `size` above `room`: it did not fit. */
struct builder {
	char *text;
	size_t room, size;
};

static void add(struct builder *to, const char *format, ...) ADIT_PRINTF(2, 3);
static void add(struct builder *to, const char *format, ...)
{
	size_t left = to->size < to->room ? to->room - to->size : 0;
	va_list arguments;

	va_start(arguments, format);
	to->size +=
		(size_t)vsnprintf(left > 0 ? to->text + to->size : NULL, left, format, arguments);
	va_end(arguments);
}

/* A text in which each of `special` is behind a backslash. */
static void add_escaped(struct builder *to, const char *text, const char *special)
{
	for (; *text != '\0'; text++)
		add(to, "%s%c", strchr(special, *text) != NULL ? "\\" : "", *text);
}

static int finish(const struct builder *to)
{
	return to->size < to->room ? (int)to->size : -EMSGSIZE;
}

/* A pair of the extension. */
static void add_pair(struct builder *to, const char *key, const char *value)
{
	add(to, " %s=", key);
	add_escaped(to, value, "\\=");
}

static void add_reasons(struct builder *to, const struct adit_event *event)
{
	add(to, " cs3Label=reasons cs3=");
	for (size_t i = 0; i < event->reason_count; i++) {
		add(to, "%s", i > 0 ? ", " : "");
		add_escaped(to, event->reason[i].name, "\\=");
		add(to, " %.6g (%.6g)", event->reason[i].value, event->reason[i].threshold);
	}
}

static bool is_plain_v4(const char *address)
{
	return address[0] != '\0' && strspn(address, "0123456789.") == strlen(address);
}

int adit_cef_message(const struct adit_event *event, const char *version, char *text, size_t room)
{
	static const char *const states[] = {"open", "update", "closed"};
	bool tunnel = event->verdict == ADIT_VERDICT_TUNNEL;
	struct builder to = {text, room, 0};
	char subject[ADIT_NAME_TEXT_MAX];

	adit_event_subject(event, subject);
	add(&to, "CEF:0|Adit|adit|%s|%s|%s ", version, tunnel ? "tunnel" : "suspect",
		tunnel ? "DNS tunnel" : "Suspected DNS tunnel");
	add_escaped(&to, subject, "\\|");
	add(&to,
		"|%u|externalId=%016" PRIx64 " act=%s rt=%" PRIu64 " start=%" PRIu64
		" end=%" PRIu64,
		event->score / 10, event->id, states[event->state], event->time_ns / ADIT_NS_PER_MS,
		event->window_start_ns / ADIT_NS_PER_MS, event->window_end_ns / ADIT_NS_PER_MS);
	if (event->domain.size > 0)
		add_pair(&to, "destinationDnsDomain", subject);
	if (is_plain_v4(event->server))
		add_pair(&to, "dst", event->server);
	if (is_plain_v4(event->subscriber))
		add_pair(&to, "src", event->subscriber);
	add(&to,
		" cnt=%" PRIu64 " out=%" PRIu64 " in=%" PRIu64 " cn1Label=score cn1=%u"
		" cn2Label=subscribers cn2=%u cn3Label=uniqueNames cn3=%" PRIu64,
		event->queries, event->bytes_up, event->bytes_down, event->score,
		event->subscribers_total, event->unique_names);
	add(&to, " cs1Label=tool");
	add_pair(&to, "cs1", event->tool != NULL ? event->tool : "");
	add(&to, " cs2Label=subscriber");
	add_pair(&to, "cs2", event->subscriber);
	add_reasons(&to, event);
	add(&to, " cs4Label=server");
	add_pair(&to, "cs4", event->server);
	return finish(&to);
}

/* RFC 5424 allows six digits of a second. */
static void add_time(struct builder *to, uint64_t ns)
{
	char text[40];

	adit_time_text(ns / ADIT_NS_PER_US * ADIT_NS_PER_US, text);
	add(to, "%s", text);
}

int adit_syslog_message(const struct adit_sink *sink, const struct adit_event *event,
	const char *host, char *text, size_t room)
{
	unsigned severity = event->state == ADIT_STATE_CLOSED       ? SEVERITY_INFO
			    : event->verdict == ADIT_VERDICT_TUNNEL ? SEVERITY_WARNING
								    : SEVERITY_NOTICE;
	struct builder to = {text, room, 0};
	int size;

	add(&to, "<%u>1 ", sink->params.facility * 8 + severity);
	add_time(&to, event->time_ns);
	add(&to, " %s adit %d verdict - ", host[0] != '\0' ? host : "-", (int)getpid());
	if (!sink->params.cef) {
		add(&to, "%.*s", (int)event->size - 1, event->line);
		return finish(&to);
	}
	if (to.size >= room)
		return -EMSGSIZE;
	size = adit_cef_message(event, sink->host->version, text + to.size, room - to.size);
	return size < 0 ? size : (int)to.size + size;
}
