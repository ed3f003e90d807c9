/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The client side, and the order of things. A key has at most one row that waits for an answer: the
 * newest, as the same query again is a retransmission until there is one. So each message looks at
 * one row only.
 */
#include "dataset_priv.h"

/* What a key is of, so that equal parts give other keys. */
enum kind { KIND_LOOSE = 1, KIND_FULL, KIND_RETRY, KIND_PACKET };

const struct adit_role_about adit_roles[ADIT_ROLE_COUNT] = {
#define ADIT_ROLE_ROW(name, text, sides, meaning) {text, meaning, sides},
	ADIT_ROLES(ADIT_ROLE_ROW)
#undef ADIT_ROLE_ROW
};

const struct adit_word adit_query_ends[ADIT_QUERY_END_COUNT] = {
#define ADIT_WORD_ROW(name, text, meaning) {text, meaning},
	ADIT_QUERY_ENDS(ADIT_WORD_ROW)};

const struct adit_word adit_matches[ADIT_MATCH_COUNT] = {ADIT_MATCHES(ADIT_WORD_ROW)
#undef ADIT_WORD_ROW
};

const size_t adit_query_bytes = sizeof(struct transaction) + SLOTS * sizeof(struct entry);

static uint32_t slots_of(const struct adit_pairing_params *params)
{
	return params->transactions * SLOTS;
}

static uint32_t remembered_of(const struct adit_pairing_params *params)
{
	return params->remembered != 0 ? params->remembered : ADIT_REMEMBERED;
}

size_t adit_pairing_bytes(const struct adit_pairing_params *params)
{
	return sizeof(struct adit_pairing) + params->transactions * sizeof(struct transaction) +
	       adit_index_bytes(slots_of(params)) +
	       (params->has_server ? 3u : 1u) * (size_t)remembered_of(params) *
		       sizeof(*((struct recent *)0)->slots);
}

struct adit_pairing *adit_pairing_create(
	const struct adit_pairing_params *params, const struct adit_allocator *allocator)
{
	struct adit_pairing *made = NULL;
	bool whole;

	if (params->transactions > 0 && params->transactions <= ADIT_TRANSACTIONS_MAX)
		made = adit_alloc(allocator, sizeof(*made), ADIT_CACHE_LINE);
	if (made == NULL)
		return NULL;
	made->params = *params;
	made->allocator = adit_allocator_copy(allocator);
	made->free = made->oldest = made->newest = NONE;
	made->covered_from_ns[0] = made->covered_from_ns[1] = UINT64_MAX;
	made->transactions = adit_alloc(
		allocator, params->transactions * sizeof(*made->transactions), ADIT_CACHE_LINE);
	whole = made->transactions != NULL &&
		adit_index_create(&made->index, slots_of(params), allocator) &&
		adit_recent_create(&made->packets, remembered_of(params), allocator);
	if (whole && params->has_server)
		whole = adit_recent_create(&made->asked, remembered_of(params), allocator) &&
			adit_recent_create(&made->known, remembered_of(params), allocator);
	if (!whole) {
		adit_pairing_destroy(made);
		return NULL;
	}
	return made;
}

void adit_pairing_destroy(struct adit_pairing *pairing)
{
	struct adit_allocator copy;

	if (pairing == NULL)
		return;
	copy = pairing->allocator;
	adit_free(&copy, pairing->transactions);
	adit_index_destroy(&pairing->index, &copy);
	adit_free(&copy, pairing->packets.slots);
	adit_free(&copy, pairing->asked.slots);
	adit_free(&copy, pairing->known.slots);
	adit_free(&copy, pairing);
}

const struct adit_pairing_counters *adit_pairing_counters(const struct adit_pairing *pairing)
{
	return &pairing->counters;
}

void adit_facts_make(const struct adit_message *message, const struct adit_dns *dns, bool whole,
	struct adit_facts *facts)
{
	*facts = (struct adit_facts){
		.ts_ns = message->ts_ns,
		.source = message->up ? message->client : message->server,
		.destination = message->up ? message->server : message->client,
		.source_port = message->up ? message->client_port : message->server_port,
		.destination_port = message->up ? message->server_port : message->client_port,
		.message_bytes = message->size,
		.answer_bytes = dns->answer_bytes,
		.payload_bytes = dns->payload_bytes,
		.ttl_min = dns->ttl_min,
		.udp_bytes = message->udp_bytes,
		.id = dns->id,
		.flags = dns->flags,
		.count = {dns->count[0], dns->count[1], dns->count[2], dns->count[3]},
		.qtype = dns->qtype,
		.answers = dns->answers,
		.answer_cname = dns->answer_cname,
		.answer_address = dns->answer_address,
		.answer_type = dns->answer_type,
		.edns_udp_size = dns->edns_udp_size,
		.edns_bytes = dns->edns_bytes,
		.trailing_bytes = dns->trailing_bytes,
		.ttl = message->ttl,
		.protocol = message->protocol,
		.edns = dns->edns,
		.edns_do = dns->edns_do,
		.whole = whole,
	};
}

/* Rows */

static struct transaction *transaction_at(struct adit_pairing *pairing, uint32_t number)
{
	return &pairing->transactions[number];
}

static bool answered(const struct adit_query *row)
{
	return row->response.ts_ns != 0;
}

static enum adit_query_end end_of(const struct adit_pairing *pairing, const struct adit_query *row)
{
	if (answered(row))
		return row->response.ts_ns - row->last_query_ns > pairing->params.timeout_ns &&
				       row->response.ts_ns > row->last_query_ns
			       ? ADIT_QUERY_LATE
			       : ADIT_QUERY_ANSWERED;
	if (row->evicted)
		return ADIT_QUERY_EVICTED;
	return pairing->client_over && pairing->covered_to_ns[0] <
					       row->last_query_ns + pairing->params.timeout_ns
		       ? ADIT_QUERY_CUT
		       : ADIT_QUERY_MISSING;
}

/* Tells a row and frees its place. */
static void row_close(struct adit_pairing *pairing, uint32_t number)
{
	struct transaction *it = transaction_at(pairing, number);
	struct adit_query *row = &it->row;

	row->outcome = (uint8_t)end_of(pairing, row);
	row->match = (uint8_t)adit_match_close(pairing, row);
	row->name = &pairing->name;
	adit_name_read(it->name, it->name_size, 0, &pairing->name);
	pairing->counters.rows++;
	pairing->counters.outcome[row->outcome]++;
	pairing->counters.match[row->match]++;
	pairing->params.row(pairing->params.context, row);

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		adit_index_unlink(&pairing->index, adit_slot_of(number, slot));
	if (it->older != NONE)
		transaction_at(pairing, it->older)->newer = it->newer;
	else
		pairing->oldest = it->newer;
	if (it->newer != NONE)
		transaction_at(pairing, it->newer)->older = it->older;
	else
		pairing->newest = it->older;
	it->newer = pairing->free;
	pairing->free = number;
	pairing->open--;
}

/* A place for a new row; the oldest gives way where there is none. */
static uint32_t place_take(struct adit_pairing *pairing)
{
	uint32_t number = pairing->free;

	if (number == NONE && pairing->used == pairing->params.transactions) {
		transaction_at(pairing, pairing->oldest)->row.evicted = true;
		pairing->counters.evicted++;
		row_close(pairing, pairing->oldest);
		number = pairing->free;
	}
	if (number == NONE)
		return pairing->used++;
	pairing->free = transaction_at(pairing, number)->newer;
	return number;
}

static void row_open(struct adit_pairing *pairing, const struct adit_message *message,
	uint64_t loose, uint64_t full)
{
	const struct adit_dns *dns = &pairing->dns;
	uint32_t number = place_take(pairing);
	struct transaction *it = transaction_at(pairing, number);
	struct adit_query *row = &it->row;

	memset(it, 0, offsetof(struct transaction, name));
	row->number = ++pairing->number;
	row->last_query_ns = message->ts_ns;
	row->qtype = dns->qtype;
	row->qclass = dns->qclass;
	row->capture = message->capture;
	row->context = message->context;
	row->packets = row->queries = 1;
	row->match = ADIT_MATCH_NONE;
	it->name_size = dns->qname.size;
	memcpy(it->name, dns->qname.wire, dns->qname.size);
	it->newer = NONE;
	it->older = pairing->newest;
	if (pairing->newest != NONE)
		transaction_at(pairing, pairing->newest)->newer = number;
	else
		pairing->oldest = number;
	pairing->newest = number;
	if (++pairing->open > pairing->counters.open_max)
		pairing->counters.open_max = pairing->open;
	adit_index_link(&pairing->index, adit_slot_of(number, SLOT_FULL), full);
	adit_index_link(&pairing->index, adit_slot_of(number, SLOT_LOOSE), loose);
	if (pairing->params.has_server)
		adit_match_open(pairing, number, &dns->qname);
	adit_facts_make(message, dns, pairing->whole, &row->query);
}

/* Time moves on: rows whose window is over are told. It has moved where two messages in turn agree:
 * one with a wrong time ends no row but its own, and a clock that is set back takes rows with it.
 */
static void time_move(struct adit_pairing *pairing, const struct adit_message *message)
{
	const struct adit_pairing_params *params = &pairing->params;
	uint64_t now = message->ts_ns + (message->server_side ? params->slack_ns : 0);
	uint64_t keep = params->window_ns + 2 * params->slack_ns;
	uint64_t from = now < pairing->now_ns ? now : pairing->now_ns;
	uint64_t to = now > pairing->now_ns ? now : pairing->now_ns;

	adit_pairing_cover(pairing, message->server_side, message->ts_ns);
	pairing->now_ns = now;
	while (pairing->oldest != NONE) {
		uint64_t asked = transaction_at(pairing, pairing->oldest)->row.query.ts_ns;

		if (asked + keep >= from && asked <= to + keep)
			return;
		row_close(pairing, pairing->oldest);
	}
}

/* Keys */

static uint64_t connection_key(
	const struct adit_pairing *pairing, const struct adit_message *message)
{
	struct {
		uint64_t who;
		struct adit_address client, server;
		uint16_t client_port, server_port;
		uint8_t protocol, side;
	} key;

	memset(&key, 0, sizeof(key));
	key.who = message->who;
	key.client = message->client;
	key.server = message->server;
	key.client_port = message->client_port;
	key.server_port = message->server_port;
	key.protocol = message->protocol;
	key.side = message->server_side;
	return adit_hash(pairing->params.key, &key, sizeof(key));
}

static uint64_t question_key(const struct adit_pairing *pairing)
{
	const struct adit_dns *dns = &pairing->dns;
	uint64_t name = adit_hash(pairing->params.key, dns->qname.lower, dns->qname.size);

	return adit_hash_pair(pairing->params.key, name, (uint64_t)dns->qtype << 16 | dns->qclass);
}

/* Client, server and question: what a retry over TCP has in common with what was truncated. */
static uint64_t retry_key(const struct adit_pairing *pairing, const struct adit_message *message)
{
	struct {
		uint64_t who, kind;
		struct adit_address client, server;
	} key;

	memset(&key, 0, sizeof(key));
	key.who = message->who;
	key.kind = KIND_RETRY;
	key.client = message->client;
	key.server = message->server;
	return adit_hash_pair(pairing->params.key,
		adit_hash(pairing->params.key, &key, sizeof(key)), question_key(pairing));
}

/* Whether the very packet was seen a moment ago. TCP's numbers have told of segments already. */
static bool is_duplicate(
	struct adit_pairing *pairing, const struct adit_message *message, uint64_t connection)
{
	const struct adit_hash_key *key = pairing->params.key;
	uint64_t digest, before;

	if (pairing->params.duplicate_ns == 0 || message->udp_bytes == 0)
		return false;
	digest = adit_hash_pair(key, connection,
		(uint64_t)KIND_PACKET << 32 | (uint64_t)message->up << 16 | message->ip_id);
	digest = adit_hash_pair(key, digest, adit_hash(key, message->data, message->size));
	before = adit_recent_note(&pairing->packets, digest, message->ts_ns);
	return before != 0 && message->ts_ns <= before + pairing->params.duplicate_ns &&
	       before <= message->ts_ns + pairing->params.duplicate_ns;
}

/* The newest open row of a key in whose window a packet of this time is, or NULL. */
static struct adit_query *row_find(
	struct adit_pairing *pairing, uint64_t key, uint64_t ts_ns, uint32_t *entry)
{
	struct adit_query *row;

	*entry = adit_index_first(&pairing->index, key);
	if (*entry == NONE)
		return NULL;
	row = &transaction_at(pairing, *entry / SLOTS)->row;
	return ts_ns <= row->query.ts_ns + pairing->params.window_ns ? row : NULL;
}

/* The client side */

static bool waits(const struct adit_query *row, uint32_t entry)
{
	return entry % SLOTS == SLOT_SECOND ? !row->tcp_answered : !answered(row);
}

/* Its client waits anew. */
static void sent_again(struct adit_pairing *pairing, struct adit_query *row,
	const struct adit_message *message, uint32_t entry)
{
	row->packets++;
	row->queries++;
	row->last_query_ns = message->ts_ns;
	if (pairing->params.has_server)
		adit_match_link(pairing, entry / SLOTS, &pairing->dns.qname);
}

static enum adit_role take_query(struct adit_pairing *pairing, const struct adit_message *message,
	uint64_t loose, uint64_t full)
{
	struct adit_query *row;
	uint32_t entry;

	row = row_find(pairing, full, message->ts_ns, &entry);
	if (row != NULL && waits(row, entry)) {
		row->retransmissions++;
		sent_again(pairing, row, message, entry);
		return ADIT_ROLE_RETRANSMISSION;
	}
	row = message->udp_bytes == 0
		      ? row_find(pairing, retry_key(pairing, message), message->ts_ns, &entry)
		      : NULL;
	if (row != NULL && !row->tcp_retry) {
		row->tcp_retry = true;
		sent_again(pairing, row, message, entry);
		/* From now on its entry finds the answer. */
		adit_index_unlink(&pairing->index, entry);
		adit_index_link(&pairing->index, entry, full);
		return ADIT_ROLE_TCP_RETRY;
	}
	row_open(pairing, message, loose, full);
	return ADIT_ROLE_QUERY;
}

static enum adit_role take_answer(struct adit_pairing *pairing, const struct adit_message *message,
	struct adit_query *row, uint32_t entry)
{
	row->packets++;
	row->responses++;
	if (!waits(row, entry)) {
		row->repeated++;
		return ADIT_ROLE_REPEATED_ANSWER;
	}
	adit_facts_make(message, &pairing->dns, pairing->whole, &row->response);
	row->back = message->context;
	if (entry % SLOTS == SLOT_SECOND) {
		row->tcp_answered = true;
		return ADIT_ROLE_TCP_ANSWER;
	}
	row->first_response_ns = message->ts_ns;
	if (pairing->dns.flags & ADIT_DNS_TC && message->udp_bytes != 0) {
		row->truncated = true;
		adit_index_link(&pairing->index, adit_slot_of(entry / SLOTS, SLOT_SECOND),
			retry_key(pairing, message));
	}
	return end_of(pairing, row) == ADIT_QUERY_LATE ? ADIT_ROLE_LATE_ANSWER : ADIT_ROLE_ANSWER;
}

static enum adit_role take_response(struct adit_pairing *pairing,
	const struct adit_message *message, uint64_t loose, uint64_t full, bool question)
{
	struct adit_query *row;
	uint32_t entry;

	/* Some servers leave the question out of an error. */
	row = row_find(pairing, question ? full : loose, message->ts_ns, &entry);
	if (row != NULL)
		return take_answer(pairing, message, row, entry);
	if (!question)
		return ADIT_ROLE_NO_QUESTION;
	row = row_find(pairing, loose, message->ts_ns, &entry);
	if (row == NULL)
		return ADIT_ROLE_UNSOLICITED;
	row->other_questions++;
	return ADIT_ROLE_OTHER_QUESTION;
}

static enum adit_role take_client(
	struct adit_pairing *pairing, const struct adit_message *message, bool question)
{
	const struct adit_hash_key *key = pairing->params.key;
	uint64_t connection = connection_key(pairing, message);
	uint64_t loose =
		adit_hash_pair(key, connection, (uint64_t)KIND_LOOSE << 32 | pairing->dns.id);
	uint64_t full =
		adit_hash_pair(key, adit_hash_pair(key, loose, KIND_FULL), question_key(pairing));
	struct adit_query *row;
	uint32_t entry;

	if (is_duplicate(pairing, message, connection)) {
		row = row_find(pairing, question ? full : loose, message->ts_ns, &entry);
		if (row != NULL) {
			row->packets++;
			row->duplicates++;
		}
		return ADIT_ROLE_DUPLICATE;
	}
	if (!message->up)
		return take_response(pairing, message, loose, full, question);
	return question ? take_query(pairing, message, loose, full) : ADIT_ROLE_NO_QUESTION;
}

static enum adit_role take(
	struct adit_pairing *pairing, const struct adit_message *message, enum adit_outcome outcome)
{
	bool question = outcome != ADIT_OUTCOME_DNS_NO_QUESTION;

	if (message->raw || outcome == ADIT_OUTCOME_DNS_SHORT ||
		outcome == ADIT_OUTCOME_DNS_BAD_NAME || outcome == ADIT_OUTCOME_DNS_IMPLAUSIBLE)
		return ADIT_ROLE_UNREADABLE;
	if (message->up == ((pairing->dns.flags & ADIT_DNS_QR) != 0))
		return ADIT_ROLE_WRONG_WAY;
	if (!message->server_side)
		return take_client(pairing, message, question);
	if (!pairing->params.has_server || !question)
		return ADIT_ROLE_NO_QUESTION;
	if (is_duplicate(pairing, message, connection_key(pairing, message)))
		return ADIT_ROLE_DUPLICATE;
	return adit_match_take(pairing, message);
}

enum adit_role adit_pairing_take(struct adit_pairing *pairing, const struct adit_message *message)
{
	enum adit_outcome outcome = ADIT_OUTCOME_DNS_IMPLAUSIBLE;
	enum adit_role role;

	time_move(pairing, message);
	if (!message->raw)
		outcome = adit_dns_parse(message->data, message->size, &pairing->dns);
	pairing->whole = outcome != ADIT_OUTCOME_DNS_BAD_RECORD;
	role = take(pairing, message, outcome);
	pairing->counters.messages[message->server_side]++;
	pairing->counters.role[message->server_side][role]++;
	if (pairing->params.explain != NULL && role >= ADIT_ROLE_OTHER_QUESTION &&
		(role < ADIT_ROLE_MATCHED || role > ADIT_ROLE_MATCHED_KEYS))
		pairing->params.explain(pairing->params.context, role, message,
			role == ADIT_ROLE_UNREADABLE ? NULL : &pairing->dns);
	return role;
}

void adit_pairing_cover(struct adit_pairing *pairing, bool server_side, uint64_t ts_ns)
{
	if (ts_ns < pairing->covered_from_ns[server_side])
		pairing->covered_from_ns[server_side] = ts_ns;
	if (ts_ns > pairing->covered_to_ns[server_side])
		pairing->covered_to_ns[server_side] = ts_ns;
}

void adit_pairing_client_over(struct adit_pairing *pairing)
{
	pairing->client_over = true;
}

void adit_pairing_end(struct adit_pairing *pairing)
{
	pairing->client_over = true;
	while (pairing->oldest != NONE)
		row_close(pairing, pairing->oldest);
}
