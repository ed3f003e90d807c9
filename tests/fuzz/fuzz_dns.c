/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_dns.h"
#include "adit_suffix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char rules[] = "com\nuk\nco.uk\n*.ck\n!www.ck\nblogspot.com\na.b.c.example";
	static struct adit_suffix_list *list;
	enum adit_outcome outcome;
	struct adit_dns dns, again;
	struct adit_name back;
	struct adit_registrable found;
	struct adit_answers answers;
	char text[ADIT_NAME_TEXT_MAX];

	if (list == NULL &&
		adit_suffix_load_text("rules", rules, sizeof(rules) - 1, NULL, &list, NULL))
		__builtin_trap();
	outcome = adit_dns_read(&adit_hash_key_fixed, data, size, &dns, &answers);
	if (outcome != adit_dns_parse(data, size, &again))
		__builtin_trap();
	if (outcome > ADIT_OUTCOME_DNS_NO_QUESTION)
		return 0;
	adit_name_to_text(dns.qname.wire, dns.qname.size, text, sizeof(text));
	if (adit_name_from_text(text, &back) != 0 || back.size != dns.qname.size ||
		memcmp(back.wire, dns.qname.wire, back.size) != 0)
		__builtin_trap();
	adit_suffix_find(list, &dns.qname, &found);
	if (found.labels > dns.qname.labels || found.offset >= dns.qname.size)
		__builtin_trap();
	if (again.payload_bytes != dns.payload_bytes || again.other_bytes != dns.other_bytes)
		__builtin_trap();
	if (answers.bytes > size || answers.odd_addresses > answers.addresses ||
		answers.addresses > dns.answers)
		__builtin_trap();
	return 0;
}
