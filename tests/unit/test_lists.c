/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lists that change while a pipeline runs: what was known of a name by the old ones is forgotten.
 */
#include "pipeline_cases.h"

/* A query for the name; the classes that its pair got in a window of its own. */
static uint32_t classes_of(struct fixture *x, const char *name, uint64_t *domain)
{
	static struct frames f;
	static uint64_t ts_ns = START_NS;
	uint8_t shard;
	uint32_t classes = 0;

	adit_window_open(x->window, adit_slice_of(START_NS));
	frames_start(&f);
	frames_ethernet(&f);
	frames_ipv4(&f, CLIENT, SERVER);
	frames_udp(&f, 40000, 53);
	frames_query(&f, 7, name, 1);
	/* Later than what counts as a repetition. */
	ts_ns += 6 * ADIT_NS_PER_S;
	shard = run_at(x, &f, ADIT_LINK_ETHERNET, ts_ns);
	*domain = party_of(x, shard, ADIT_KIND_PAIR, 1)->domain_key;
	for (uint32_t i = 0; i < ADIT_CLASS_COUNT; i++) {
		const struct adit_detail *detail = adit_window_detail(
			x->window, shard, adit_window_row(x->window, shard, ADIT_KIND_PAIR, 0));

		classes |= (uint32_t)(detail != NULL && detail->class_names[i] != 0) << i;
	}
	return classes;
}

TEST(lists, names_are_looked_at_anew)
{
	static const char other[] = "tool other\nclass any strong names 1 share 0% \"x\"\n"
				    "subdomain sensitive ^nobody\n"
				    "class hit strong names 1 share 0% \"x\"\n"
				    "subdomain sensitive ^vaaaa\n";
	static const char name[] = "vaaaakaq.t.example.com", suffixes[] = "com\nexample.com\n";
	struct adit_pattern_set *patterns = NULL;
	struct adit_suffix_list *list = NULL;
	struct adit_pipeline_lists lists = {NULL};
	struct adit_scanner *scanner = NULL;
	struct adit_error error = {""};
	uint64_t before, after;
	struct fixture x;

	REQUIRE(fixture_open(&x, 8, 8));
	adit_pipeline_destroy(x.pipeline);
	x.params.names = 64;
	REQUIRE(adit_pipeline_create(&x.params, NULL, &x.pipeline, &error) == 0);
	CHECK_EQ_INT(classes_of(&x, name, &before), 1);
	CHECK_EQ_INT(classes_of(&x, name, &after), 1);
	CHECK(before == after);

	REQUIRE(adit_pattern_load_text("other", other, &patterns, &error) == 0);
	REQUIRE(adit_scanner_create(patterns, &scanner, &error) == 0);
	REQUIRE(adit_suffix_load_text(
			"suffixes", suffixes, strlen(suffixes), NULL, &list, &error) == 0);
	lists = (struct adit_pipeline_lists){.suffixes = list, .scanner = scanner};
	adit_pipeline_set_lists(x.pipeline, &lists);
	/* The old ones are not needed any more. */
	adit_pattern_destroy(x.patterns);
	adit_suffix_destroy(x.suffixes);
	x.patterns = NULL;
	x.suffixes = NULL;
	CHECK_EQ_INT(classes_of(&x, name, &after), 2);
	CHECK(before != after);

	/* Without signatures; and with those again, of which the name was known once. */
	lists.scanner = NULL;
	adit_pipeline_set_lists(x.pipeline, &lists);
	CHECK_EQ_INT(classes_of(&x, name, &after), 0);
	lists.scanner = scanner;
	adit_pipeline_set_lists(x.pipeline, &lists);
	CHECK_EQ_INT(classes_of(&x, name, &after), 2);
	adit_scanner_destroy(scanner);
	adit_pattern_destroy(patterns);
	fixture_close(&x);
	adit_suffix_destroy(list);
}
