/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server side: whose query a resolver was at. A row is a candidate while its client waits: from
 * its query to its answer, or to the timeout after its last transmission where there is none, give
 * or take the slack. What can be no candidate any more is taken out of the index as it is met, so
 * that a name which many ask for costs no more than another.
 */
#include "dataset_priv.h"

#define DISORDER_NS (100 * ADIT_NS_PER_MS) /* by which packets of a capture may be out of order */
#define CANDIDATES  64                     /* of a name that are looked at */

enum kind { KIND_NAME = 16, KIND_PARENT, KIND_TAG };

enum { TYPE_DS = 43, TYPE_DNSKEY = 48 };

struct candidates {
	struct adit_query *same[2], *other[2]; /* the first two, with the type and with another */
	unsigned same_count, other_count, count;
	struct adit_query *all[CANDIDATES];
};

/* The name from its label `from` on (0: all of it). */
static uint64_t name_key(const struct adit_pairing *pairing, const struct adit_name *name,
	unsigned from, enum kind kind)
{
	unsigned at = name->label_at[from];

	return adit_hash_pair(pairing->params.key,
		adit_hash(pairing->params.key, name->lower + at, name->size - at), kind);
}

/* What a name is found by: itself, or its tag; 0: it has no such label. */
static uint64_t match_key(const struct adit_pairing *pairing, const struct adit_name *name)
{
	uint32_t tag = pairing->params.tag_label;
	unsigned at;

	if (tag == 0)
		return name_key(pairing, name, 0, KIND_NAME) | 1;
	if (tag > name->labels)
		return 0;
	at = name->label_at[tag - 1];
	return adit_hash_pair(pairing->params.key,
		       adit_hash(pairing->params.key, name->lower + at, name->lower[at] + 1u),
		       KIND_TAG) |
	       1;
}

void adit_match_link(
	struct adit_pairing *pairing, uint32_t transaction, const struct adit_name *name)
{
	uint64_t key = match_key(pairing, name);

	for (uint32_t slot = SLOT_NAME; slot < SLOTS; slot++)
		adit_index_unlink(&pairing->index, adit_slot_of(transaction, slot));
	if (key == 0)
		return;
	adit_index_link(&pairing->index, adit_slot_of(transaction, SLOT_NAME), key);
	if (pairing->params.tag_label != 0)
		return;
	for (unsigned i = 0; i < PARENTS && i + 1 < name->labels; i++)
		adit_index_link(&pairing->index, adit_slot_of(transaction, SLOT_PARENT) + i,
			name_key(pairing, name, name->labels - 1 - i, KIND_PARENT));
}

void adit_match_open(
	struct adit_pairing *pairing, uint32_t transaction, const struct adit_name *name)
{
	struct transaction *it = &pairing->transactions[transaction];

	it->name_key = name_key(pairing, name, 0, KIND_NAME);
	it->row.asked_before = adit_recent_find(&pairing->known, it->name_key) != 0;
	adit_recent_note(&pairing->asked, it->name_key, pairing->now_ns);
	adit_match_link(pairing, transaction, name);
}

/* Until when its client waits, as far as is known. */
static uint64_t span_end(const struct adit_pairing *pairing, const struct adit_query *row)
{
	bool waits = row->response.ts_ns == 0 || (row->tcp_retry && !row->tcp_answered);
	uint64_t end = row->last_query_ns + pairing->params.timeout_ns;

	if (!waits && row->response.ts_ns < end)
		end = row->response.ts_ns;
	return end + pairing->params.slack_ns;
}

/* Candidates of a key at a time. Found by a tag, one with the whole name goes before others. */
static void look(
	struct adit_pairing *pairing, uint64_t key, uint64_t ts_ns, struct candidates *found)
{
	const struct adit_dns *dns = &pairing->dns;
	uint64_t name = name_key(pairing, &dns->qname, 0, KIND_NAME);
	uint32_t entry = adit_index_first(&pairing->index, key), next;

	memset(found, 0, offsetof(struct candidates, all));
	for (; entry != NONE && found->count < CANDIDATES; entry = next) {
		struct transaction *it = &pairing->transactions[entry / SLOTS];
		struct adit_query *row = &it->row;
		uint64_t end = span_end(pairing, row);
		bool same = row->qtype == dns->qtype && row->qclass == dns->qclass;

		if (pairing->params.tag_label != 0)
			same = same && it->name_key == name;

		next = adit_index_next(&pairing->index, entry);
		if (end + DISORDER_NS < ts_ns) {
			adit_index_unlink(&pairing->index, entry);
			continue;
		}
		if (ts_ns > end || ts_ns + pairing->params.slack_ns < row->query.ts_ns)
			continue;
		found->all[found->count++] = row;
		if (same) {
			if (found->same_count < 2)
				found->same[found->same_count++] = row;
		} else if (found->other_count < 2) {
			found->other[found->other_count++] = row;
		}
	}
}

static enum adit_role ambiguous(const struct candidates *found, enum adit_role role)
{
	for (unsigned i = 0; i < found->count; i++)
		found->all[i]->server_ambiguous++;
	return role;
}

static struct transaction *transaction_of(struct adit_query *row)
{
	return (struct transaction *)((char *)row - offsetof(struct transaction, row));
}

static bool same_spelling(const struct adit_pairing *pairing, struct adit_query *row)
{
	const struct transaction *it = transaction_of(row);

	return it->name_size == pairing->dns.qname.size &&
	       memcmp(it->name, pairing->dns.qname.wire, it->name_size) == 0;
}

static void query_give(struct adit_pairing *pairing, const struct adit_message *message,
	struct adit_query *row, enum adit_match match)
{
	struct transaction *it = transaction_of(row);
	struct {
		struct adit_address server;
		uint8_t is_zero;
		uint16_t qtype;
	} asked;
	uint64_t digest;

	memset(&asked, 0, sizeof(asked));
	asked.server = message->server;
	asked.qtype = pairing->dns.qtype;
	digest = adit_hash_pair(pairing->params.key,
		adit_hash(pairing->params.key, &asked, sizeof(asked)),
		adit_hash(pairing->params.key, pairing->dns.qname.lower, pairing->dns.qname.size));
	row->server_queries++;
	row->server_retries += it->server_digest == digest;
	it->server_digest = digest;
	if (match >= row->match)
		return;
	row->match = (uint8_t)match;
	adit_facts_make(message, &pairing->dns, pairing->whole, &row->server_query);
	row->server_response = (struct adit_facts){.ts_ns = 0};
	row->server_case = match <= ADIT_MATCH_TYPE && pairing->params.tag_label == 0 &&
			   !same_spelling(pairing, row);
}

/* Gives a message to its row; `match` is NONE for what is counted and makes no match. */
static void give(struct adit_pairing *pairing, const struct adit_message *message,
	struct adit_query *row, enum adit_match match)
{
	if (message->up) {
		query_give(pairing, message, row, match);
		return;
	}
	row->server_responses++;
	transaction_of(row)->server_digest = 0;
	if (match == (enum adit_match)row->match && match < ADIT_MATCH_AMBIGUOUS)
		adit_facts_make(message, &pairing->dns, pairing->whole, &row->server_response);
}

/* Whether the name has been asked for at all, as far as is remembered. */
static enum adit_role unmatched(const struct adit_pairing *pairing)
{
	uint64_t name = name_key(pairing, &pairing->dns.qname, 0, KIND_NAME);

	return adit_recent_find(&pairing->asked, name) != 0 ? ADIT_ROLE_OUTSIDE : ADIT_ROLE_UNASKED;
}

/* Names below this one, which a resolver asks for on its way: `_` in front of a name stands for all
 * that is below (RFC 9156 section 2.3 tells why A is asked for; BIND puts the label there). */
static enum adit_role take_parent(struct adit_pairing *pairing, const struct adit_message *message)
{
	const struct adit_name *name = &pairing->dns.qname;
	unsigned from = name->labels > 1 && name->lower[0] == 1 && name->lower[1] == '_';
	bool keys = pairing->dns.qtype == TYPE_DS || pairing->dns.qtype == TYPE_DNSKEY;
	struct candidates found;
	struct adit_query *row;

	if (name->labels == 0)
		return unmatched(pairing);
	look(pairing, name_key(pairing, name, from, KIND_PARENT), message->ts_ns, &found);
	if (found.count == 0)
		return unmatched(pairing);
	if (found.count > 1)
		return ambiguous(&found, ADIT_ROLE_AMBIGUOUS_PART);
	row = found.all[0];
	row->server_parts += !keys && message->up;
	row->server_keys += keys && message->up;
	give(pairing, message, row, keys ? ADIT_MATCH_NONE : ADIT_MATCH_PART);
	return keys ? ADIT_ROLE_MATCHED_KEYS : ADIT_ROLE_MATCHED_PART;
}

enum adit_role adit_match_take(struct adit_pairing *pairing, const struct adit_message *message)
{
	uint64_t key = match_key(pairing, &pairing->dns.qname);
	struct candidates found;

	adit_recent_note(&pairing->known, name_key(pairing, &pairing->dns.qname, 0, KIND_NAME),
		pairing->now_ns);
	if (key == 0)
		return ADIT_ROLE_UNASKED;
	look(pairing, key, message->ts_ns, &found);
	if (found.count == 0)
		return pairing->params.tag_label == 0 ? take_parent(pairing, message)
						      : unmatched(pairing);
	if (pairing->params.tag_label != 0 && found.count > 1 && found.same_count != 1)
		return ambiguous(&found, ADIT_ROLE_AMBIGUOUS);
	if (pairing->params.tag_label != 0 || found.same_count == 1) {
		give(pairing, message, found.same_count == 1 ? found.same[0] : found.all[0],
			ADIT_MATCH_NAME);
		return ADIT_ROLE_MATCHED;
	}
	if (found.same_count > 1)
		return ambiguous(&found, ADIT_ROLE_AMBIGUOUS);
	if (found.other_count > 1)
		return ambiguous(&found, ADIT_ROLE_AMBIGUOUS_TYPE);
	found.other[0]->server_types += message->up;
	give(pairing, message, found.other[0], ADIT_MATCH_TYPE);
	return ADIT_ROLE_MATCHED_TYPE;
}

enum adit_match adit_match_close(const struct adit_pairing *pairing, const struct adit_query *row)
{
	uint64_t slack = pairing->params.slack_ns;

	if (!pairing->params.has_server)
		return ADIT_MATCH_NONE;
	if (row->match < ADIT_MATCH_AMBIGUOUS)
		return (enum adit_match)row->match;
	if (row->server_ambiguous > 0)
		return ADIT_MATCH_AMBIGUOUS;
	if (row->query.ts_ns > pairing->covered_to_ns[1] + slack ||
		span_end(pairing, row) < pairing->covered_from_ns[1])
		return ADIT_MATCH_UNCOVERED;
	return row->asked_before ? ADIT_MATCH_CACHED : ADIT_MATCH_UNSEEN;
}
