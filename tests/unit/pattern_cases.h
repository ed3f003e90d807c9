/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tables of test_pattern.c: texts that the reader refuses; names for the shipped patterns, which
 * are what each tool would send, made from what is known of its protocol, and names of services
 * that look like tunnels to a careless pattern.
 */
#ifndef ADIT_TEST_PATTERN_CASES_H
#define ADIT_TEST_PATTERN_CASES_H

#include <stddef.h>
#include <stdint.h>

/* A tool with one class, for tests that are about expressions. */
#define ONE_CLASS "tool t\nclass c strong names 1 share 0% \"w\"\n"

/* Texts that are refused, and what the message must hold. */
static const struct {
	const char *text, *want;
} bad_texts[] = {
	{"nonsense", "test:1: \"nonsense\" before the first \"tool\" line"},
	{"class c strong names 1 share 0% \"w\"", "test:1: \"class\" before the first"},
	{"subdomain sensitive a", "test:1: \"subdomain\" before the first"},
	{"# a comment\n\ntool", "test:3: expected \"tool NAME\""},
	{"tool Upper", "test:1: expected \"tool NAME\""},
	{"tool a b", "test:1: expected \"tool NAME\""},
	{"tool a-name-that-is-longer-than-31-ch", "31 at most"},
	{"tool t", "test:1: tool \"t\" has no class"},
	{"tool t\n\ntool u\n", "test:1: tool \"t\" has no class"},
	{ONE_CLASS, "test:2: class \"c\" has no expression"},
	{ONE_CLASS "\nclass d strong names 1 share 0% \"w\"\nqname sensitive a",
		"test:2: class \"c\" has no expression"},
	{ONE_CLASS "qname sensitive a\nclass d strong names 1 share 0% \"w\"\n",
		"test:4: class \"d\" has no expression"},
	{ONE_CLASS "qname sensitive a\ntool t", "test:4: tool \"t\" is there already"},
	{ONE_CLASS "qname sensitive a\nclass c shape names 1 share 1% \"w\"",
		"test:4: class \"c\" of \"t\" is there already"},
	{"tool t\nwhat", "test:2: unknown word \"what\"; known: tool, id-step, class"},
	{"tool t\nqname sensitive a", "test:2: an expression needs a class before it"},
	{ONE_CLASS "qname a", "test:3: \"a\" is neither \"sensitive\" nor"},
	{ONE_CLASS "qname", "test:3: \"\" is neither"},
	{ONE_CLASS "qname sensitive  ", "test:3: the expression is missing"},
	{"tool t\nid-step", "test:2: expected \"id-step NUMBER\", 1 to 65535"},
	{"tool t\nid-step 0", "test:2: expected \"id-step"},
	{"tool t\nid-step 65536", "test:2: expected \"id-step"},
	{"tool t\nid-step 18446744073709551617", "test:2: expected \"id-step"},
	{"tool t\nid-step -1", "test:2: expected \"id-step"},
	{"tool t\nid-step 7 8", "test:2: expected \"id-step"},
	{"tool t\nid-step 7\nid-step 7", "test:3: id-step is there already"},
	{"tool t\nedns 4096 do", "test:2: unknown word \"edns\""},
	{"tool t\nclass", "test:2: expected \"class NAME strong|shape"},
	{"tool t\nclass c weak names 1 share 0% \"w\"", "test:2: expected \"class NAME"},
	{"tool t\nclass c strong names 0 share 0% \"w\"", "a count of at least 1"},
	{"tool t\nclass c strong names 4294967296 share 0% \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 0 \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 101% \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 100.1% \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share .5% \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 1.% \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 1.00001% \"w\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 0%", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 0% \"\"", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 0% \"w", "test:2: expected"},
	{"tool t\nclass c strong names 1 share 0% \"w\" x", "test:2: expected"},
	{"tool t\nclass c shape names 1 share 0% \"w\"", "a shape counts by its share"},
	{ONE_CLASS "qname sensitive (*UTF8)x", "test:3: expression \"(*UTF8)x\": no (*"},
	{ONE_CLASS "qname sensitive (?i)(*UTF8)x", "test:3: expression \"(?i)(*UTF8)x\": "},
	{ONE_CLASS "qname sensitive a\nqname sensitive (b",
		"test:4: expression \"(b\": Missing close parenthesis"},
	{ONE_CLASS "qname sensitive a\ndatagram sensitive a*",
		"test:4: expression \"a*\": it matches the empty text"},
	{ONE_CLASS "subdomain sensitive ^", "test:3: expression \"^\": it matches the empty text"},
	{ONE_CLASS "subdomain sensitive $", "test:3: expression \"$\": it matches the empty text"},
	{ONE_CLASS "subdomain sensitive (a)\\1", "test:3: expression \"(a)\\1\": "},
};

static const char base32_iodine[] = "abcdefghijklmnopqrstuvwxyz012345";
static const char base32_rfc4648[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base64_rfc4648[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base16_lower[] = "0123456789abcdef";

/*
 * Writes `size` octets in an alphabet of 2^bits characters, without padding, with a dot after each
 * `label` characters (0: none), and a NUL. Returns the length.
 */
static size_t encode(const char *alphabet, unsigned bits, const uint8_t *octets, size_t size,
	size_t label, char *text)
{
	size_t length = 0, column = 0;
	uint32_t held = 0;
	unsigned held_bits = 0;
	for (size_t i = 0; i < size || held_bits > 0;) {
		if (held_bits < bits && i < size) {
			held = held << 8 | octets[i++];
			held_bits += 8;
			continue;
		}
		if (held_bits < bits) {
			held <<= bits - held_bits;
			held_bits = bits;
		}
		held_bits -= bits;
		if (label > 0 && column++ == label) {
			text[length++] = '.';
			column = 1;
		}
		text[length++] = alphabet[held >> held_bits & ((1u << bits) - 1)];
	}
	text[length] = '\0';
	return length;
}

/* Names written by hand: the class each must hit. The registrable domain is two labels. */
static const struct {
	const char *name, *tool, *class;
} known_names[] = {
	{"zab2aA-Aaahhh-Drink-mal-ein-J\\228germeister-.t.example.com", "iodine", "handshake"},
	{"zab3aA-La-fl\\251te-na\\239ve-fran\\231aise.example.com", "iodine", "handshake"},
	{"zab4aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ.example.com", "iodine",
		"handshake"},
	{"zab5aA0123456789\\188\\189\\190\\191.example.com", "iodine", "handshake"},
	{"zab0aA\\208\\209\\210\\211\\212.example.com", "iodine", "handshake"},
	{"0eaba\\188a\\200b\\253\\220\\221\\222\\223\\224\\225.example.com", "iodine", "base128"},
	{"AAAAABCDAA.=auth.t.example.com", "dns2tcp", "control"},
	{"AbC1gAABADAwMTEyMjMzNDQ1NTY2Nzc4ODk5QUFCQkNDRERFRUZG.=auth.example.com", "dns2tcp",
		"control"},
	{"AbC2EjRWeABzc2g.=connect.example.com", "dns2tcp", "control"},
	{"AbC2EjRWeAA.=resource.example.com", "dns2tcp", "control"},
	{"2-4711.id-1234.down.sshdns.example.com", "ozymandns", "session"},
	{"mfrggzdfmztwq2lk.4711-0.id-1234.up.sshdns.t.example.com", "ozymandns", "session"},
	{"init.mzxw6ltumv4hi7bugi.base32.example.com", "dnsexfiltrator", "init"},
	{"INIT.MZXW6LTUMV4HI7BUGI.BASE64U.example.com", "dnsexfiltrator", "init"},
	{"17.mzxw6ltumv4hi7bugimzxw6ltumv4hi7bugi.example.com", "dnsexfiltrator", "chunk"},
	{"17.Zm9vYmFyLUFCQ0RFRkc_aGlqa2xtbm9w.example.com", "dnsexfiltrator", "chunk"},
	{"a1b2.be.0.0.0.0.00.00.00.example.com", "godoh", "session"},
	{"a1b2.ef.1f.1a2b3c4d.1.3.0a0b0c.0d0e0f.00.example.com", "godoh", "session"},
	{"aaa.stage.123456.example.com", "cobaltstrike", "stage"},
	{"cab.stage.98765432.example.com", "cobaltstrike", "stage"},
	{"post.140.0a1b2c3d.1f2e3d4c.example.com", "cobaltstrike", "post"},
};

/* Names that nobody should be woken up for. The registrable domain is two labels. */
static const char *const benign_names[] = {
	/* plain */
	"example.com",
	"www.example.com",
	"mail.example.com",
	"ns1.example.com",
	"static.example.com",
	"platform.example.com",
	"polyfill.example.com",
	"a.example.com",
	"paaaaaai.example.com",
	"packaged.example.com",
	"pabulumi.example.com",
	"stage.example.com",
	"www.stage.example.com",
	"aaa.stage.example.com",
	"app.staging.1234.example.com",
	"post.example.com",
	"post.1.example.com",
	"init.example.com",
	"init.base64.example.com",
	"www.init.base32.example.com",
	"auth.example.com",
	"connect.example.com",
	"resource.example.com",
	"dnscat.example.com",
	"tunnel.example.com",
	"up.example.com",
	"id-5.example.com",
	"id-5.up.example.com",
	"sshdns.example.com",
	"down.sshdns.example.com",
	"vaaaak.example.com",
	"vaaaaaka.example.com",
	"verify.example.com",
	"zone.example.com",
	"zaaaaaa.example.com",
	"be.example.com",
	"ca.example.com",
	"a1b2.be.example.com",
	"xn--bcher-kva.example.com",
	"xn--80ak6aa92e.example.com",
	"b\\195\\188cher.example.com",
	"\\208\\191\\209\\128\\208\\184\\208\\178\\208\\181\\209\\130.example.com",
	/* content delivery, clouds */
	"d111111abcdef8.cloudfront.example",
	"e4578.dscg.akamaiedge.example",
	"a1952.g2.akamai.example",
	"r4---sn-4g5ednsl.googlevideo.example",
	"ec2-203-0-113-25.eu-west-1.compute.example",
	"bucket.s3.dualstack.eu-west-1.aws.example",
	"scontent-fra3-1.xx.fbcdn.example",
	"3d4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b.cdn.example",
	"5f3a9bfe-7d1e-4c9a-8f70-0242ac120002.cdn.example",
	"9b74c9897bac770ffc029102a200c5de.static.example",
	"prod-eu-1a.lb.0123456789abcdef.elb.example",
	"ip-10-0-0-1.internal.example",
	"web-7d4b9c6f5d-x2x9p.default.svc.cluster.local",
	"_http._tcp.deb.example",
	"edge-mqtt.latest.example",
	"0.client-channel.example",
	"lh3.usercontent.example",
	"e1.o.lencr.example",
	/* hash look-ups of security products */
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85.av.example",
	"e3b0c44298fc1c149afbf4c8996fb924.27ae41e4649b934ca495991b7852b855.av.example",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709.files.av.example",
	"4.1234567.x-0.19000081.0.8d84.1fda.3ea1.410.0.avqs.example",
	"n.h.d41d8cd98f00b204e9800998ecf8427e.3.s.sophosxl.example",
	"a2xr5rrrvmn7q6g3tzjd2ykdee.1820905b.hash.example",
	"mfrggzdfmztwq2lknnwg23tpob.eu.hash.example",
	"00f0a1.0010.md5.tls.example",
	"v1.0-73.0-0.0.query.av.example",
	/* DNSBL, reverse, ENUM */
	"2.0.0.127.zen.dnsbl.example",
	"25.113.0.203.bl.spam.example",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.dnsbl.example",
	"badsite.com.multi.uribl.example",
	"0a1b2c3d4e5f60718293a4b5c6d7e8f9.hashbl.example",
	"4.3.2.1.in-addr.arpa",
	"255.100.51.198.in-addr.arpa",
	"lb._dns-sd._udp.in-addr.arpa",
	"b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
	"4.3.2.1.6.7.9.8.6.4.e164.arpa",
	/* mail, certificates, policy */
	"default._domainkey.example.com",
	"20230601._domainkey.mail.example",
	"k1hgqgnn4ql7uhyjrbk2x5wjcrbfbsbv._domainkey.mail.example",
	"s1024-2013-q3._domainkey.news.example",
	"_dmarc.example.com",
	"_spf.example.com",
	"spf.protection.outlook.example",
	"_mta-sts.example.com",
	"_smtp._tls.example.com",
	"_acme-challenge.example.com",
	"_25._tcp.mx.example.com",
	"mta-sts.example.com",
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15._openpgpkey.example.com",
	"c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6._smimecert.example.com",
	/* services, resolvers, probes */
	"_dns.resolver.arpa",
	"_443._https.example.com",
	"_sip._udp.example.com",
	"_ldap._tcp.dc._msdcs.corp.example",
	"_kerberos._tcp.corp.example",
	"wpad.corp.example",
	"isatap.corp.example",
	"_ta-4f66.example",
	"_ta-4a5c-4f66",
	"_.example.com",
	"qwzfkdlmyh.lan.example",
	"abcdefghij.local",
	"gstatic-check.example",
	"use-application-dns.example",
	"ipv4only.arpa",
	"dns.msftncsi.example",
	"mtalk.push.example",
	"23-courier.push.example",
	"gsp85-ssl.ls.example",
	"p52-buy.itunes.example",
	"time1.ntp.example",
	"2.pool.ntp.example",
	"epc.mnc001.mcc001.3gppnetwork.org",
	"ims.mnc01.mcc262.pub.3gppnetwork.org",
	"tac-lb01.tac-hb00.tac.epc.mnc01.mcc262.3gppnetwork.org",
	/* the same with a resolver's random case */
	"wWW.ExaMple.com",
	"PlatForm.example.com",
	"cOnNeCt.example.com",
	"mAiLbA.example.com",
	"AbCdEfGhBA1.example.com",
	"ExPreSsIon.Assets.CDN.example",
};

#endif
