/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random pieces, given to the table and to a model that says the same with bytes and loops: each
 * outcome and each counter is to be what the model has.
 */
#include "fragments.h"

#define DATA_MAX  1024
#define MODEL_MAX 4096 /* datagrams ever begun in a round */
#define WAITING   5
#define TAILS_MAX 16384 /* pieces ever kept in a round, each piece of each span by itself */
#define SOURCES   2     /* an IPv4 and an IPv6 one */

struct seen {
	struct fragment part;
	unsigned variant;
};

/* What came behind a first piece that was no DNS. */
struct tail {
	struct fragment part;
	uint64_t ts_ns;
	const struct tail *before;
	uint8_t bytes[DATA_MAX];
};

/* What is known of a datagram: one that waits, or one that is remembered. */
struct known {
	uint32_t identification;
	bool gone, waits;
	enum adit_outcome outcome; /* of what still comes */
	uint64_t since_ns;
	unsigned pieces, held_pieces, seen_count, first, end;
	bool is_dns, dns_lost, has_adopted;
	const struct tail *tails;
	uint8_t held[DATA_MAX], bytes[DATA_MAX];
	struct seen seen[8];
};

struct model {
	struct adit_reassembly_counters n;
	uint64_t now_ns;
	unsigned count, tail_count, adopted;
	struct known *known; /* in the order in which they began */
	struct tail *tails;
	unsigned source_waits[SOURCES];
	uint64_t source_stamps[SOURCES], stamp; /* when it came to have as many */
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static void model_source(struct model *m, const struct known *k, int change)
{
	unsigned source = k->identification % SOURCES;

	m->source_waits[source] += (unsigned)change;
	m->source_stamps[source] = ++m->stamp;
}

static void model_end(struct model *m, struct known *k, uint64_t *counter)
{
	(*counter)++;
	if (counter != &m->n.passed && counter != &m->n.completed) {
		m->n.lost += k->held_pieces;
		if (k->is_dns && k->held_pieces != 0) {
			m->n.lost_dns++;
			k->dns_lost = true;
		}
	}
	if (k->waits)
		model_source(m, k, -1);
	k->waits = false;
	k->gone = true;
}

static void model_keep(struct model *m, struct known *k, struct fragment part, const uint8_t *bytes)
{
	struct tail *tail = &m->tails[m->tail_count++];

	CHECK(m->tail_count < TAILS_MAX);
	tail->part = part;
	tail->ts_ns = m->now_ns;
	tail->before = k->tails;
	memcpy(tail->bytes + part.offset, bytes + part.offset, part.size);
	k->tails = tail;
}

/* Each run of bytes behind the first piece. */
static void model_keep_runs(struct model *m, struct known *k)
{
	for (unsigned at = k->first; at < DATA_MAX; at++) {
		unsigned from = at;

		while (at < DATA_MAX && k->held[at])
			at++;
		if (at != from)
			model_keep(
				m, k, (struct fragment){from, at - from, at != k->end}, k->bytes);
	}
}

static void model_strip(struct known *k)
{
	memset(k->held + k->first, 0, DATA_MAX - k->first);
	k->pieces = 1;
	k->end = 0;
	k->has_adopted = false;
}

static void model_remember(struct model *m, struct known *k, enum adit_outcome outcome)
{
	k->gone = false;
	k->outcome = outcome;
	k->since_ns = m->now_ns;
}

static void model_expire(struct model *m)
{
	for (unsigned i = 0; i < m->count; i++) {
		struct known *k = &m->known[i];

		if (k->gone || m->now_ns - k->since_ns <= TIMEOUT_NS)
			continue;
		if (k->waits)
			model_end(m, k, &m->n.expired);
		k->gone = true;
	}
}

static struct known *model_find(struct model *m, uint32_t identification)
{
	for (unsigned i = 0; i < m->count; i++)
		if (!m->known[i].gone && m->known[i].identification == identification)
			return &m->known[i];
	return NULL;
}

/* Whether what is remembered knows this piece. */
static bool model_knows(
	const struct model *m, const struct known *k, struct fragment part, unsigned variant)
{
	if (k->outcome == ADIT_OUTCOME_FRAGMENT_OTHER)
		return part.offset != 0;
	if (k->outcome != ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		return true;
	if (m->now_ns - k->since_ns > ADIT_FRAGMENT_AGAIN_NS)
		return false;
	for (unsigned i = 0; i < k->seen_count; i++)
		if (k->seen[i].part.offset == part.offset && k->seen[i].part.size == part.size &&
			k->seen[i].part.more == part.more && k->seen[i].variant == variant)
			return true;
	return false;
}

static enum adit_outcome model_put(struct known *k, const uint8_t *data, struct fragment part)
{
	unsigned end = part.offset + part.size, same = 0, held = 0, highest = 0;

	for (unsigned i = 0; i < DATA_MAX; i++)
		highest = k->held[i] ? i + 1 : highest;
	for (unsigned i = part.offset; i < end; i++) {
		held += k->held[i];
		same += k->held[i] && k->bytes[i] == data[i];
	}
	if (part.more ? k->end != 0 && end >= k->end
		      : highest > end || (k->end != 0 && k->end != end))
		return ADIT_OUTCOME_FRAGMENT_OVERLAP;
	if (same == part.size && (part.more || k->end != 0))
		return ADIT_OUTCOME_FRAGMENT_DUPLICATE;
	if (held != 0)
		return ADIT_OUTCOME_FRAGMENT_OVERLAP;
	if (k->pieces == ADIT_FRAGMENT_MAX)
		return ADIT_OUTCOME_FRAGMENT_EXCESS;
	memset(k->held + part.offset, 1, part.size);
	memcpy(k->bytes + part.offset, data + part.offset, part.size);
	k->pieces++;
	if (part.offset == 0)
		k->first = end;
	if (!part.more)
		k->end = end;
	return ADIT_OUTCOME_FRAGMENT;
}

static bool model_whole(const struct known *k)
{
	return k->end != 0 && memchr(k->held, 0, k->end) == NULL;
}

static bool is_dns(const uint8_t *bytes)
{
	return bytes[0] == 0 && bytes[1] == 53;
}

/* The oldest of the source that has most, with the new one; of two that have as many without, of
 * that which had so first. */
static void model_evict(struct model *m, unsigned newcomer)
{
	const unsigned *waits = m->source_waits;
	unsigned most = waits[1] > waits[0] ||
			(waits[1] == waits[0] && m->source_stamps[1] < m->source_stamps[0]);

	if (waits[newcomer] == waits[most])
		most = newcomer;
	if (waits[0] + waits[1] != WAITING)
		return;
	for (unsigned i = 0; i < m->count; i++)
		if (m->known[i].waits && m->known[i].identification % SOURCES == most) {
			model_end(m, &m->known[i], &m->n.evicted);
			return;
		}
}

static void model_adopt(struct model *m, struct known *k, const struct tail *tail)
{
	for (; tail != NULL && m->now_ns - tail->ts_ns <= ADIT_FRAGMENT_AGAIN_NS;
		tail = tail->before) {
		enum adit_outcome outcome = model_put(k, tail->bytes, tail->part);

		if (outcome == ADIT_OUTCOME_FRAGMENT_DUPLICATE)
			continue;
		k->has_adopted = true;
		if (outcome != ADIT_OUTCOME_FRAGMENT) {
			model_strip(k);
			return;
		}
	}
}

static void model_note_refused(
	struct model *m, struct known *k, struct fragment part, const uint8_t *data)
{
	if (!k->dns_lost && part.offset == 0 && is_dns(data)) {
		k->dns_lost = true;
		m->n.lost_dns++;
	}
}

static enum adit_outcome model_follow(
	struct model *m, struct known *k, struct fragment part, const uint8_t *data)
{
	if (k->outcome == ADIT_OUTCOME_FRAGMENT_OTHER)
		model_keep(m, k, part, data);
	else if (k->outcome != ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		model_note_refused(m, k, part, data);
	return k->outcome;
}

static enum adit_outcome model_whole_now(struct model *m, struct known *k)
{
	enum adit_outcome outcome =
		is_dns(k->bytes) ? ADIT_OUTCOME_PENDING : ADIT_OUTCOME_UDP_OTHER;

	if (k->has_adopted) {
		m->n.started++;
		m->n.completed++;
		m->adopted++;
		model_strip(k);
		k->held_pieces = 0;
		return outcome;
	}
	model_end(m, k, &m->n.completed);
	model_remember(m, k, ADIT_OUTCOME_FRAGMENT_DUPLICATE);
	if (outcome == ADIT_OUTCOME_UDP_OTHER)
		model_keep_runs(m, k);
	return outcome;
}

static enum adit_outcome model_judge(struct known *k, const uint8_t *data, struct fragment part)
{
	enum adit_outcome outcome = model_put(k, data, part);

	if (outcome == ADIT_OUTCOME_FRAGMENT_OVERLAP && k->has_adopted) {
		model_strip(k);
		outcome = model_put(k, data, part);
	}
	if (outcome == ADIT_OUTCOME_FRAGMENT && part.offset == 0 && !model_whole(k)) {
		if (!is_dns(k->bytes))
			return ADIT_OUTCOME_FRAGMENT_OTHER;
		k->is_dns = true;
	}
	return outcome;
}

static enum adit_outcome model_add(struct model *m, uint32_t identification, const uint8_t *data,
	struct fragment part, unsigned variant)
{
	struct known *k = model_find(m, identification);
	const struct tail *tails = NULL;
	enum adit_outcome outcome;
	bool is_new;

	if (part.size == 0 || (part.more && part.size % 8 != 0))
		return ADIT_OUTCOME_FRAGMENT_MALFORMED;
	if (k != NULL && !k->waits) {
		if (model_knows(m, k, part, variant))
			return model_follow(m, k, part, data);
		k->gone = true;
		tails = part.offset == 0 ? k->tails : NULL;
		k = NULL;
	}
	is_new = k == NULL;
	if (is_new) {
		k = &m->known[m->count];
		memset(k, 0, sizeof(*k));
		k->identification = identification;
		k->since_ns = m->now_ns;
		m->n.started++;
	}
	outcome = model_judge(k, data, part);
	if (is_new && outcome == ADIT_OUTCOME_FRAGMENT) {
		model_evict(m, identification % SOURCES);
		model_source(m, k, 1);
	}
	m->count += is_new;
	if (outcome == ADIT_OUTCOME_FRAGMENT) {
		k->waits = true;
		if (k->seen_count < 8)
			k->seen[k->seen_count++] = (struct seen){part, variant};
		model_adopt(m, k, tails);
		if (model_whole(k))
			return model_whole_now(m, k);
		k->held_pieces++;
		return outcome;
	}
	if (outcome == ADIT_OUTCOME_FRAGMENT_DUPLICATE)
		return outcome;
	model_end(m, k, outcome == ADIT_OUTCOME_FRAGMENT_OTHER ? &m->n.passed : &m->n.refused);
	model_remember(m, k, outcome);
	if (outcome == ADIT_OUTCOME_FRAGMENT_OTHER) {
		k->tails = tails;
		model_keep_runs(m, k);
	} else {
		model_note_refused(m, k, part, data);
	}
	return outcome;
}

/* Mostly a next piece that fits one of a few ways to cut the datagram. */
static struct fragment random_part(uint64_t *seed, unsigned size)
{
	static const unsigned steps[] = {8, 64, 128, 512};
	unsigned step = steps[next_random(seed) % ADIT_COUNT(steps)];
	unsigned at = (unsigned)(next_random(seed) % ((size + step - 1) / step)) * step;
	struct fragment part = {at, at + step < size ? step : size - at, at + step < size};

	switch (next_random(seed) % 24) {
	case 0:
		part.more = !part.more;
		break;
	case 1:
		part.size -= next_random(seed) % (part.size + 1);
		break;
	case 2:
		part.offset ^= 8;
		break;
	default:
		break;
	}
	if (part.offset + part.size > DATA_MAX)
		part.size = DATA_MAX - part.offset;
	/* Not a fragment. */
	if (part.offset == 0 && !part.more)
		part.more = true;
	return part;
}

static void check_counters(const struct adit_reassembly *table, const struct model *m)
{
	const struct adit_reassembly_counters *n = adit_reassembly_counters(table);
	unsigned waits = 0;

	for (unsigned i = 0; i < m->count; i++)
		waits += m->known[i].waits;
	CHECK_EQ_INT(n->started, m->n.started);
	CHECK_EQ_INT(n->completed, m->n.completed);
	CHECK_EQ_INT(n->expired, m->n.expired);
	CHECK_EQ_INT(n->evicted, m->n.evicted);
	CHECK_EQ_INT(n->refused, m->n.refused);
	CHECK_EQ_INT(n->passed, m->n.passed);
	CHECK_EQ_INT(n->lost, m->n.lost);
	CHECK_EQ_INT(n->lost_dns, m->n.lost_dns);
	CHECK_EQ_INT(waiting(table), waits);
	CHECK(waits <= WAITING);
}

/* One piece to both. */
static void step(struct adit_reassembly *table, struct model *m, uint64_t *seed, uint64_t *outcomes)
{
	static const unsigned sizes[] = {77, 256, 500, DATA_MAX};
	uint32_t identification = (uint32_t)(next_random(seed) % 8);
	unsigned variant = next_random(seed) % 16 == 0, want, got;
	/* A tap in which the two sources' hashes differ. */
	struct context c = {
		.identification = identification, .v6 = identification % 2 != 0, .tap = 2};
	bool other = identification >= 6 && next_random(seed) % 3 != 0;
	struct fragment part = random_part(seed, sizes[identification % 4]);
	uint8_t data[DATA_MAX];
	uint64_t jump = next_random(seed) % 400;

	m->now_ns += jump == 0 ? 2 * TIMEOUT_NS : jump < 40 ? TIMEOUT_NS / 32 : 0;
	make_udp(data, sizeof(data), other ? 4711 : 53, (uint8_t)variant);
	/* What tells two of them apart: ports, and what stands behind the headers. */
	if (part.offset + part.size <= 20)
		variant = 0;
	variant |= other && part.offset == 0 ? 2 : 0;
	data[4] = 0;
	data[5] = 8; /* the UDP length fits whatever becomes whole */
	model_expire(m);
	want = model_add(m, identification, data, part, variant);
	got = add_part(table, &c, data, part, m->now_ns);
	CHECK_EQ_STR(outcome_name(got), outcome_name(want));
	if (got < ADIT_OUTCOME_COUNT)
		outcomes[got]++;
	else
		outcomes[ADIT_OUTCOME_COUNT]++;
	check_counters(table, m);
}

TEST(reassembly_model, random_pieces_end_as_in_the_model)
{
	static struct known known[MODEL_MAX];
	static struct tail tails[TAILS_MAX];
	uint64_t outcomes[ADIT_OUTCOME_COUNT + 1] = {0}, sum = 0, adopted = 0;

	for (uint64_t round = 0; round < 60; round++) {
		struct adit_reassembly *table = make_table(WAITING);
		struct model m = {.known = known, .tails = tails, .now_ns = ADIT_NS_PER_S};
		uint64_t seed = round;

		for (unsigned i = 0; i < 1000 && !harness_failed(); i++)
			step(table, &m, &seed, outcomes);
		if (harness_failed())
			FAIL("round %" PRIu64 ", datagram %u", round, m.count);
		adit_reassembly_reset(table);
		for (unsigned i = 0; i < m.count; i++)
			if (m.known[i].waits)
				model_end(&m, &m.known[i], &m.n.expired);
		check_counters(table, &m);
		CHECK_EQ_INT(waiting(table), 0);
		adopted += m.adopted;
		adit_reassembly_destroy(table);
		REQUIRE(!harness_failed());
	}
	/* Every frame has one outcome, and none of those there are was left out. */
	for (size_t i = 0; i <= ADIT_OUTCOME_COUNT; i++)
		sum += outcomes[i];
	CHECK_EQ_INT(sum, 60 * 1000);
	CHECK(outcomes[ADIT_OUTCOME_FRAGMENT] > 0);
	CHECK(outcomes[ADIT_OUTCOME_FRAGMENT_OTHER] > 0);
	CHECK(outcomes[ADIT_OUTCOME_FRAGMENT_DUPLICATE] > 0);
	CHECK(outcomes[ADIT_OUTCOME_FRAGMENT_OVERLAP] > 0);
	CHECK(outcomes[ADIT_OUTCOME_FRAGMENT_MALFORMED] > 0);
	CHECK(outcomes[ADIT_OUTCOME_UDP_OTHER] > 0);
	CHECK(outcomes[ADIT_OUTCOME_COUNT] > 0);
	CHECK(adopted > 0);
}
