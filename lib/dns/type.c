/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mnemonics of record types (IANA registry "Resource Record (RR) TYPEs"). For people and logs: a
 * walk over the rows is fast enough.
 */
#include "adit_dns.h"

#include <stdio.h>
#include <strings.h>

static const struct type_row {
	uint16_t type;
	const char *text;
} type_rows[] = {
	{1, "A"},
	{2, "NS"},
	{5, "CNAME"},
	{6, "SOA"},
	{10, "NULL"},
	{11, "WKS"},
	{12, "PTR"},
	{13, "HINFO"},
	{15, "MX"},
	{16, "TXT"},
	{17, "RP"},
	{18, "AFSDB"},
	{24, "SIG"},
	{25, "KEY"},
	{28, "AAAA"},
	{29, "LOC"},
	{33, "SRV"},
	{35, "NAPTR"},
	{36, "KX"},
	{37, "CERT"},
	{39, "DNAME"},
	{41, "OPT"},
	{42, "APL"},
	{43, "DS"},
	{44, "SSHFP"},
	{45, "IPSECKEY"},
	{46, "RRSIG"},
	{47, "NSEC"},
	{48, "DNSKEY"},
	{49, "DHCID"},
	{50, "NSEC3"},
	{51, "NSEC3PARAM"},
	{52, "TLSA"},
	{53, "SMIMEA"},
	{55, "HIP"},
	{59, "CDS"},
	{60, "CDNSKEY"},
	{61, "OPENPGPKEY"},
	{62, "CSYNC"},
	{63, "ZONEMD"},
	{64, "SVCB"},
	{65, "HTTPS"},
	{99, "SPF"},
	{249, "TKEY"},
	{250, "TSIG"},
	{251, "IXFR"},
	{252, "AXFR"},
	{255, "ANY"},
	{256, "URI"},
	{257, "CAA"},
};

const char *adit_dns_type_text(uint16_t type, char room[12])
{
	for (size_t i = 0; i < ADIT_COUNT(type_rows); i++)
		if (type_rows[i].type == type)
			return type_rows[i].text;
	snprintf(room, 12, "TYPE%u", type);
	return room;
}

uint16_t adit_dns_type_of(const char *text, size_t size)
{
	uint32_t number = 0;

	for (size_t i = 0; i < ADIT_COUNT(type_rows); i++)
		if (size > 0 && (type_rows[i].text[0] | 32) == (*text | 32) &&
			strlen(type_rows[i].text) == size &&
			strncasecmp(type_rows[i].text, text, size) == 0)
			return type_rows[i].type;
	if (size > 4 && strncasecmp(text, "TYPE", 4) == 0) {
		text += 4;
		size -= 4;
	} else if (size == 1 && *text == '*') {
		return ADIT_TYPE_ANY;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || number > UINT16_MAX)
			return 0;
		number = 10 * number + (uint32_t)(text[i] - '0');
	}
	return number <= UINT16_MAX ? (uint16_t)number : 0;
}
