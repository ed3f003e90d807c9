# SPDX-License-Identifier: BSD-3-Clause
"""Benign look-ups that resemble tunnels: what one subscriber asks, step by step.

Each function is a generator of steps; a step is a list of (name, type, answer, registrable domain).
`zone` is an invented registrable domain; trees that a standard names (in-addr.arpa, ip6.arpa,
e164.arpa, 3gppnetwork.org) stand as they are.
"""
import base64
import hashlib
import uuid

from baits import ALNUM, BASE32, LOWER, hexadecimal, text
from coding import WORDS
from dnstext import AAAA, A, CNAME, NULL, TXT, encode, strings
from records import MX, NAPTR, NS, PTR, SRV, mx, naptr, srv
from stage import NO_ERROR, address_records, answer, negative
from zones import HOSTS, SUFFIX_MIX, invent_domain


def one(name, qtype, reply, domain):
    return [(name, qtype, reply, domain)]


def txt(content, ttl=300):
    return answer((TXT, ttl, strings(content.encode())))


def local(rng, ttl=300):
    return answer((A, ttl, bytes((127, 0, rng.choice((0, 0, 4)), rng.randrange(2, 130)))))


def web(rng, qtype=A, ttl=60, chain=None):
    """An address, perhaps behind another name."""
    before = [(CNAME, ttl, encode(chain))] if chain else []
    return answer(*before, *address_records(rng, qtype, rng.choice((1, 1, 2, 4)), ttl))


def guid(rng):
    return str(uuid.UUID(bytes=rng.randbytes(16)))


def public_address(rng):
    return [rng.randrange(1, 224)] + [rng.randrange(256) for _ in range(3)]


def reverse(octets):
    return ".".join(map(str, octets[::-1]))


# Security

def antivirus_hash(rng, zone):
    """Each file's hash, for a verdict in 127.0.0.0/8."""
    while True:
        yield one(f"{hexadecimal(rng, 40)}.avq.{zone}", A,
                  local(rng) if rng.random() < 0.6 else negative(60), zone)


def antivirus_address(rng, zone):
    """Codes of addresses behind a build number, for a verdict in 127.0.0.0/8."""
    build = f"{rng.randrange(9)}.{rng.randrange(9)}.0.{rng.randrange(99)}"
    while True:
        head = f"0.0.{build}.0.{hexadecimal(rng, 2)}"
        yield one(f"{head}.{text(rng, ALNUM, 26)}.avts.{zone}", A, local(rng, 30), zone)


def antivirus_text(rng, zone):
    """Each URL's hash behind a customer's number; the verdict is a TXT."""
    customer = text(rng, ALNUM, 16)
    while True:
        url = "".join(text(rng, BASE32, rng.choice((28, 40, 56))))
        says = f"t={rng.randrange(4)} c={rng.randrange(90)} {hexadecimal(rng, 12)}"
        yield one(f"4.1o19s{customer}.{url}.i.sxl.{zone}", TXT, txt(says, 60), zone)


def web_filter(rng, zone):
    """Each URL's host and path, coded; the answer is categories in a TXT."""
    licence = hexadecimal(rng, 20)
    while True:
        url = base64.b32encode(rng.choice(HOSTS).encode() + b"." + invent_domain(rng).encode()
                               + b"/" + rng.randbytes(rng.randrange(8))).decode().strip("=")
        parts = [url[at:at + 60] for at in range(0, len(url), 60)]
        says = f"{rng.randrange(99)},{rng.randrange(99)};{guid(rng)};ttl={rng.randrange(9999)}"
        yield one(f"{'.'.join(parts)}.{licence}.rate.{zone}".lower(), TXT, txt(says), zone)


def block_lists(rng, zone):
    """A mail server: each sender's address, in several lists."""
    lists = [f"zen.{zone}", f"bl.{zone}", f"list.dnswl.{zone}"]
    while True:
        step, octets = [], public_address(rng)
        for name in lists:
            asked = f"{reverse(octets)}.{name}"
            hit = rng.random() < 0.18
            step.append((asked, A, local(rng) if hit else negative(150), zone))
            if hit and rng.random() < 0.4:
                listed = ".".join(map(str, octets))
                step.append((asked, TXT, txt(f"https://check.{zone}/q/{listed}"), zone))
        yield step


def block_lists6(rng, zone):
    """A mail server: each sender's IPv6 address, by nibbles."""
    while True:
        nibbles = ".".join(rng.randbytes(16).hex())
        yield one(f"{nibbles}.v6.{zone}", A, local(rng) if rng.random() < 0.1 else negative(150),
                  zone)


def hash_lists(rng, zone):
    """Hashes of mail addresses, wallets and files of each message: SHA-1 in hexadecimal, or
    SHA-256 in Base32."""
    while True:
        name = hashlib.sha1(rng.randbytes(8)).hexdigest() if rng.random() < 0.5 else \
            base64.b32encode(hashlib.sha256(rng.randbytes(8)).digest()).decode().strip("=")
        kind = rng.choice(("_email", "_cw", "_file", "_url"))
        yield one(f"{name}.{kind}.hbl.{zone}", A, local(rng) if rng.random() < 0.05 else
                  negative(60), zone)


def origin_text(rng, zone):
    """Whose an address is, for every line of a log: unique names, and texts that say something."""
    while True:
        network = f"{rng.randrange(1, 223)}.{rng.randrange(256)}.{rng.randrange(256)}.0/24"
        says = f"{rng.randrange(1000, 400000)} | {network} | {text(rng, 'ABCDEFGHINRSTUZ', 2)} | " \
               f"{rng.choice(('ripencc', 'arin', 'apnic'))} | 20{rng.randrange(10, 26)}-0" \
               f"{rng.randrange(1, 10)}-1{rng.randrange(10)}"
        yield one(f"{reverse(public_address(rng))}.origin.{zone}", TXT, txt(says, 14400), zone)


def malware_hash_text(rng, zone):
    """Hashes of files, and when each was seen, in a TXT."""
    while True:
        says = f"{rng.randrange(1200000000, 1790000000)} {rng.randrange(100)}"
        yield one(f"{hexadecimal(rng, 32)}.hash.{zone}", TXT,
                  txt(says) if rng.random() < 0.3 else negative(60), zone)


# Mail and texts

def mail_texts(rng, zone):
    """A mail server checks SPF, DKIM and DMARC. Senders use the keys of one large provider, and
    macros in SPF make a name of each sender's address."""
    while True:
        sender, octets = invent_domain(rng), public_address(rng)
        selector = text(rng, ALNUM, 32)
        key = base64.b64encode(rng.randbytes(216)).decode()
        yield [(sender, TXT, txt(f"v=spf1 include:_spf.{zone} exists:%{{ir}}._i.{zone} ~all"),
                sender),
               (f"_dmarc.{sender}", TXT, txt(f"v=DMARC1; p=none; rua=mailto:d@{sender}"), sender),
               (f"{selector}._domainkey.{sender}", TXT,
                answer((CNAME, 300, encode(f"{selector}.dkim.{zone}")),
                       (TXT, 300, strings(f"p={key}".encode()))), sender),
               (f"{selector}.dkim.{zone}", TXT, txt(f"p={key}"), zone),
               (f"{reverse(octets)}.in-addr._i.{zone}", A,
                local(rng) if rng.random() < 0.7 else negative(), zone)]


def challenges(rng, zone):
    """A server proves that it runs many hosts."""
    while True:
        host = f"{rng.choice(WORDS)}-{rng.randrange(9999)}.customers.{zone}"
        token = base64.urlsafe_b64encode(rng.randbytes(32)).decode().strip("=")
        yield one(f"_acme-challenge.{host}", TXT, txt(token, 60), zone)


def mail_hosts(rng, zone):
    """MX of many, most with one provider, whose host name is made of the customer's."""
    while True:
        sender = invent_domain(rng)
        host = f"{sender.replace('.', '-')}.mail.protection.{zone}"
        yield [(sender, MX, answer((MX, 3600, mx(host, 0))), sender),
               (host, A, web(rng, A, 10), zone)]


# Trees of numbers, services

def reverse_sweep(rng, zone):
    """A scanner or a log reader: one network after the other."""
    while True:
        first, second, third = rng.choice((81, 93, 185)), rng.randrange(256), rng.randrange(256)
        for last in range(256):
            host = f"{last}.{third}.{second}.{first}"
            reply = answer((PTR, 3600, encode(f"h{first}-{second}-{third}-{last}.dyn.{zone}"))) \
                if rng.random() < 0.6 else negative(900)
            yield one(f"{host}.in-addr.arpa", PTR, reply, f"{first}.in-addr.arpa")


def reverse_sweep6(rng, zone):
    """Whose IPv6 addresses are, by nibbles; nobody says."""
    while True:
        nibbles = ".".join(("20010db8" + rng.randbytes(12).hex())[::-1])
        yield one(f"{nibbles}.ip6.arpa", PTR, negative(900), "2.ip6.arpa")


def telephone(rng, zone):
    """ENUM of a switch: digits in names, an address in a NAPTR."""
    while True:
        number = f"49{rng.randrange(10**8, 10**10)}"
        rule = f"!^.*$!sip:+{number}@ims.{zone}!".encode()
        data = naptr(b"u", b"E2U+sip", rule)
        yield one(f"{'.'.join(number[::-1])}.e164.arpa", NAPTR,
                  answer((NAPTR, 300, data)) if rng.random() < 0.6 else negative(),
                  "4.e164.arpa")


def mobile_core(rng, zone):
    """A packet gateway looks for others."""
    while True:
        network = f"mnc{rng.randrange(3):03d}.mcc{rng.choice((208, 234, 262))}.3gppnetwork.org"
        area = f"tac-lb{rng.randrange(256):02x}.tac-hb{rng.randrange(64):02x}.tac.epc.{network}"
        data = naptr(b"a", b"x-3gpp-sgw:x-s5-gtp", b"",
                     f"topon.s5.sgw{rng.randrange(40)}.node.epc.{network}")
        yield one(area, NAPTR, answer((NAPTR, 300, data)), "3gppnetwork.org")


def services(rng, zone):
    """A workstation of a company away from home."""
    site, pdc = f"{rng.choice(WORDS)}-site", f"dc{rng.randrange(9)}"
    record = (SRV, 600, srv(f"{pdc}.ad.{zone}", 389, 0, 100))
    while True:
        kind = rng.choice(("_ldap", "_kerberos", "_gc", "_kpasswd"))
        yield [(f"{kind}._tcp.{site}._sites.dc._msdcs.ad.{zone}", SRV, negative(300), zone),
               (f"{kind}._tcp.dc._msdcs.ad.{zone}", SRV, answer(record), zone),
               (f"_ldap._tcp.{guid(rng)}.domains._msdcs.ad.{zone}", SRV, negative(300), zone),
               (f"lb._dns-sd._udp.{rng.randrange(256)}.1.168.192.in-addr.arpa", PTR, negative(),
                "192.in-addr.arpa"),
               (f"{text(rng, LOWER, 6)}-pc{rng.randrange(999)}.ad.{zone}", A, negative(60), zone)]


def cluster(rng, zone):
    """Containers that try search domains first."""
    while True:
        pod = f"{rng.choice(WORDS)}-{text(rng, ALNUM, 10)}-{text(rng, ALNUM, 5)}"
        name = f"{pod}.{rng.choice(WORDS)}"
        yield [(f"{name}.svc.{end}", qtype, negative(30), domain)
               for end, domain in (("cluster.local", "cluster.local"), (f"k8s.{zone}", zone))
               for qtype in (A, AAAA)]


# Resolvers and browsers

def trust_anchors(rng, zone):
    """A validating resolver tells the root which keys it has (RFC 8145)."""
    while True:
        yield one(rng.choice(("_ta-4f66", "_ta-4a5c-4f66", "_ta-4f66-9728")), NULL, negative(),
                  ".")


def minimising(rng, zone):
    """A subscriber's own resolver, which asks servers label by label (RFC 9156)."""
    while True:
        site, host = invent_domain(rng), rng.choice(HOSTS)
        suffix = site.partition(".")[2]
        yield [(suffix, NS, answer((NS, 86400, encode("a.gtld-servers.net"))), "."),
               (f"_.{site}", A, negative(60), site),
               (site, NS, answer((NS, 3600, encode(f"ns1.{site}"))), site),
               (f"{host}.{site}", A, web(rng), site),
               (f"{host}.{site}", AAAA, negative(60, NO_ERROR), site)]


def random_case(rng, zone):
    """A stub that plays with case (0x20); few names."""
    names = [f"{host}.{zone}" for host in HOSTS] + [zone]
    while True:
        name = "".join(rng.choice((c, c.upper())) for c in rng.choice(names))
        yield one(name, rng.choice((A, AAAA)), web(rng, A, 1), zone)


def browser_probes(rng, zone):
    """Three names that nobody has, as browsers ask at every start, also below a search domain."""
    while True:
        names = [text(rng, LOWER, rng.randrange(7, 16)) for _ in range(3)]
        yield [(name, A, negative(), ".") for name in names] + \
            [(f"{name}.{zone}", A, negative(), zone) for name in names]


def mistyped(rng, zone):
    """Names by an algorithm or a mistake: most do not exist."""
    while True:
        name = f"{text(rng, LOWER, rng.randrange(8, 14))}.{rng.choice(SUFFIX_MIX)}"
        yield one(name, A, negative(900), name)
