/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What logs do not tell. A feature that a log cannot show is absent for all logs that are scanned
 * together: a model then takes what is typical of benign rows in its place, and no detector asks
 * it.
 */
#include "logscan.h"

#define OF_ANSWERS (APP_LACK_RESPONSES | APP_LACK_ANSWERS)

static const struct {
	enum adit_feature feature;
	unsigned lacks; /* any of these takes it away */
} rows[] = {
	{ADIT_FEATURE_ID_STEP_SHARE, APP_LACK_ID | APP_LACK_CLIENT},
	{ADIT_FEATURE_ID_STEP, APP_LACK_ID | APP_LACK_CLIENT},
	{ADIT_FEATURE_PORT_SHARE, APP_LACK_PORT | APP_LACK_CLIENT},
	{ADIT_FEATURE_GAP_MODE, APP_LACK_CLOCK | APP_LACK_CLIENT},
	{ADIT_FEATURE_GAP_MODE_SHARE, APP_LACK_CLOCK | APP_LACK_CLIENT},
	{ADIT_FEATURE_GAP_REGULARITY, APP_LACK_CLOCK | APP_LACK_CLIENT},
	{ADIT_FEATURE_IN_STEP_SHARE,
		APP_LACK_CLOCK | APP_LACK_CLIENT | APP_LACK_DURATION | APP_LACK_RESPONSES},
	{ADIT_FEATURE_WAIT_MODE,
		APP_LACK_CLOCK | APP_LACK_CLIENT | APP_LACK_DURATION | APP_LACK_RESPONSES},
	{ADIT_FEATURE_REPEATED_SHARE, APP_LACK_CLIENT},
	{ADIT_FEATURE_EDNS_SHARE, APP_LACK_WIRE},
	{ADIT_FEATURE_EDNS_SAME_SHARE, APP_LACK_WIRE},
	{ADIT_FEATURE_EDNS_SIZE, APP_LACK_WIRE},
	{ADIT_FEATURE_MEAN_RESPONSE, APP_LACK_WIRE},
	{ADIT_FEATURE_RESPONSE_DEVIATION, APP_LACK_WIRE},
	{ADIT_FEATURE_LARGE_SHARE, APP_LACK_WIRE},
	{ADIT_FEATURE_ANSWERED_SHARE, OF_ANSWERS | APP_LACK_RCODE},
	{ADIT_FEATURE_EMPTY_SHARE, OF_ANSWERS | APP_LACK_RCODE},
	{ADIT_FEATURE_NXDOMAIN_SHARE, APP_LACK_RESPONSES | APP_LACK_RCODE},
	{ADIT_FEATURE_FAILURE_SHARE, APP_LACK_RESPONSES | APP_LACK_RCODE},
	{ADIT_FEATURE_CNAME_SHARE, OF_ANSWERS | APP_LACK_SETS},
	{ADIT_FEATURE_PAYLOAD_ANSWERS, OF_ANSWERS | APP_LACK_RCODE},
	{ADIT_FEATURE_PAYLOAD_PER_ANSWER, OF_ANSWERS | APP_LACK_RDATA},
	{ADIT_FEATURE_PAYLOAD_DEVIATION, OF_ANSWERS | APP_LACK_RDATA},
	{ADIT_FEATURE_ANSWER_VARIETY, OF_ANSWERS | APP_LACK_RDATA},
	{ADIT_FEATURE_ANSWER_REPEATS, OF_ANSWERS | APP_LACK_RDATA},
	{ADIT_FEATURE_ADDRESS_VARIETY, OF_ANSWERS | APP_LACK_SETS},
	{ADIT_FEATURE_NETWORK_VARIETY, OF_ANSWERS},
	{ADIT_FEATURE_ODD_ADDRESS_SHARE, OF_ANSWERS},
	{ADIT_FEATURE_ADDRESSES_PER_ANSWER, OF_ANSWERS | APP_LACK_SETS},
	{ADIT_FEATURE_ZERO_TTL_SHARE, OF_ANSWERS | APP_LACK_TTL},
	{ADIT_FEATURE_LOW_TTL_SHARE, OF_ANSWERS | APP_LACK_TTL},
	{ADIT_FEATURE_LONG_TTL_SHARE, OF_ANSWERS | APP_LACK_TTL},
	{ADIT_FEATURE_INFORMATION_DOWN, OF_ANSWERS | APP_LACK_RDATA},
	{ADIT_FEATURE_UNZONED_ANSWERED, OF_ANSWERS},
};

static const struct {
	enum app_log_lack lack;
	const char *words;
} words[] = {
	{APP_LACK_PORT, "source ports"},
	{APP_LACK_ID, "transaction IDs"},
	{APP_LACK_CLOCK, "parts of a second"},
	{APP_LACK_DURATION, "how long answers took"},
	{APP_LACK_RESPONSES, "responses"},
	{APP_LACK_RCODE, "response codes"},
	{APP_LACK_ANSWERS, "what was answered"},
	{APP_LACK_RDATA, "the data of some answers"},
	{APP_LACK_TTL, "TTLs"},
	{APP_LACK_WIRE, "sizes of messages and EDNS"},
};

static unsigned lacks_of(const struct app_log *log)
{
	bool is_text = log->wires<log->rows, responds = log->responses> 0;
	unsigned lacks = 0;

	if (log->rows == 0)
		return 0;
	lacks |= log->clients < log->rows ? APP_LACK_CLIENT : 0;
	lacks |= log->ports < log->rows ? APP_LACK_PORT : 0;
	lacks |= log->ids < log->rows ? APP_LACK_ID : 0;
	lacks |= log->fine == 0 ? APP_LACK_CLOCK : 0;
	lacks |= !responds ? APP_LACK_RESPONSES : 0;
	lacks |= is_text && responds && log->took == 0 ? APP_LACK_DURATION : 0;
	lacks |= is_text && responds && log->rcodes < log->responses ? APP_LACK_RCODE : 0;
	lacks |= is_text && responds && log->told == 0 ? APP_LACK_ANSWERS : 0;
	lacks |= log->known_answers < log->answers ? APP_LACK_RDATA : 0;
	lacks |= log->ttls < log->answers ? APP_LACK_TTL : 0;
	lacks |= is_text ? APP_LACK_WIRE : 0;
	lacks |= log->format == ADIT_LOG_TSV || log->format == ADIT_LOG_CSV ? APP_LACK_SETS : 0;
	return lacks;
}

/* Whether --set names an option. */
static bool is_set(const struct app_logscan *it, const char *option)
{
	for (size_t i = 0; i < it->sets.count; i++)
		if (strncmp(it->sets.text[i], option, strlen(option)) == 0 &&
			it->sets.text[i][strlen(option)] == '=')
			return true;
	return false;
}

void app_logscan_lack(struct app_logscan *it)
{
	for (size_t i = 0; i < it->log_count; i++) {
		it->logs[i].lacks = lacks_of(&it->logs[i]);
		it->lacks |= it->logs[i].lacks;
	}
	for (size_t i = 0; i < ADIT_COUNT(rows); i++)
		it->absent[rows[i].feature] = (rows[i].lacks & it->lacks) != 0;
	/* The bound is one for a subscriber, and here all are one. */
	if ((it->lacks & APP_LACK_CLIENT) && !is_set(it, "detect.information"))
		it->config.detect_information = false;
}

void app_logscan_lack_tell(const struct app_logscan *it, FILE *to)
{
	unsigned told = it->lacks;
	bool first = true;

	/* Without responses there is nothing to lack of them. */
	if (told & APP_LACK_RESPONSES)
		told &= ~(unsigned)(APP_LACK_DURATION | APP_LACK_RCODE | OF_ANSWERS |
				    APP_LACK_RDATA | APP_LACK_TTL) |
			APP_LACK_RESPONSES;
	for (size_t i = 0; i < ADIT_COUNT(words); i++) {
		if (!(told & words[i].lack))
			continue;
		fprintf(to, "%s%s", first ? "Not in all of the logs, and not judged by: " : ", ",
			words[i].words);
		first = false;
	}
	if (!first)
		fputc('\n', to);
	if (it->lacks & APP_LACK_CLIENT)
		fputs("Without clients' addresses a log is judged as one subscriber, 0.0.0.0 or "
		      "::; detect.information,\na bound for each subscriber, is off unless --set "
		      "turns it on\n",
			to);
}
