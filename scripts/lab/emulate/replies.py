# SPDX-License-Identifier: BSD-3-Clause
"""What a benign service answers: shares of nothing, addresses, chains of names, texts and keys."""
import base64
import random
import zlib

import records
from baits import ALNUM, hexadecimal, text
from coding import WORDS
from dnstext import AAAA, A, CNAME, HTTPS, NULL, SOA, TXT, encode, strings
from lookups import guid, public_address
from stage import NAME_ERROR, NO_ERROR, REFUSED, SERVER_FAILURE, answer, failure, negative
from surf import CODES
from zones import invent_domain

TTLS = (0, 1, 1, 5, 10, 20, 30, 30, 60, 60, 60, 120, 300, 300, 300, 600, 900, 1800, 3600, 3600,
        7200, 14400, 21600, 43200, 86400)
LOCAL = bytes((127, 0, 0))


def share(rng):
    """Of names that do not exist: none, few, any, nearly all."""
    return rng.choice((0, 0, 0, rng.uniform(0, 0.1), rng.uniform(0.1, 0.9), rng.uniform(0.9, 0.99)))


# Addresses. Each takes the service's generator and returns a function of (rng, name) that gives the
# four octets, or a list of them.

def one_address(habit):
    fixed = bytes(public_address(habit))
    return lambda rng, name: [fixed]


def verdicts(habit):
    """127.0.0.2 and its like: what lists say."""
    heads = [LOCAL + bytes((habit.randrange(2, 255),)) for _ in range(habit.randrange(1, 12))]
    if habit.random() < 0.3:
        heads = [bytes((127, habit.randrange(256), habit.randrange(256), habit.randrange(256)))
                 for _ in range(habit.randrange(2, 60))]
    return lambda rng, name: [heads[int(len(heads) * rng.random() ** 2)]]


def bits(habit):
    """Flags and scores in the octets of a private address."""
    first, width = habit.choice((127, 10, 0)), habit.choice((4, 16, 100))
    wide = habit.choice((1, width))
    return lambda rng, name: [bytes((first, rng.randrange(wide), rng.randrange(width),
                                     rng.randrange(1, 1 + width)))]


def pool(habit):
    """Servers of a few networks."""
    networks = [bytes(public_address(habit)[:3]) for _ in range(habit.choice((1, 1, 2, 4, 10)))]
    servers = [habit.choice(networks) + bytes((habit.randrange(1, 255),))
               for _ in range(habit.choice((1, 2, 4, 8, 30, 100, 500)))]
    most = habit.choice((1, 1, 1, 2, 4, 8))
    return lambda rng, name: rng.sample(servers, min(len(servers), rng.randint(1, most)))


def anywhere(habit):
    """Hosts of customers, all over the world."""
    return lambda rng, name: [bytes(public_address(rng))]


def private(habit):
    """Of a company's or a household's own network."""
    net = bytes(habit.choice(((192, 168, habit.randrange(256)), (10, habit.randrange(256), 0))))
    return lambda rng, name: [net + bytes((rng.randrange(1, 255),))]


ADDRESSES = (one_address, verdicts, verdicts, bits, pool, pool, pool, pool, anywhere, private)


# Texts. Each takes the service's generator and returns a function of (rng, name) that gives bytes.

def short_verdict(habit):
    """One of a few words, or numbers."""
    some = [habit.choice((str(habit.randrange(100)), habit.choice(WORDS), f"t={habit.randrange(9)}",
                          f"{habit.randrange(9)},{habit.randrange(99)}")).encode()
            for _ in range(habit.randrange(1, 12))]
    return lambda rng, name: some[int(len(some) * rng.random() ** 2)]


def origin(habit):
    """Whose a network is, since when."""
    joint, some = habit.choice((" | ", ";", ",", " ")), habit.random() < 0.5

    def make(rng, name):
        octets = public_address(rng)
        parts = [str(rng.randrange(100, 400000)), f"{octets[0]}.{octets[1]}.0.0/16",
                 text(rng, "ABCDEFGHINRSTUZ", 2), rng.choice(("ripencc", "arin", "apnic"))]
        if some:
            parts.append(f"20{rng.randrange(10, 26)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}")
        return joint.join(parts).encode()
    return make


def score(habit):
    """Numbers about a name: when seen, how often, how bad."""
    fields = [habit.choice(("t", "c", "s", "score", "ttl", "id", "cat")) for _ in range(
        habit.randrange(1, 5))]
    joint, most = habit.choice((" ", ";", ",", "&")), 10 ** habit.randrange(1, 11)
    return lambda rng, name: joint.join(f"{field}={rng.randrange(most)}"
                                        for field in fields).encode()


def tokens(habit):
    """Challenges, keys of sessions, signed answers."""
    size, code = habit.randrange(12, 120), habit.choice((base64.b64encode, base64.urlsafe_b64encode,
                                                         lambda data: data.hex().encode()))
    head = habit.choice((b"", b"", b"v=", b"token="))
    return lambda rng, name: head + code(rng.randbytes(size)).rstrip(b"=")


def mail_key(habit):
    size = habit.choice((44, 162, 216, 294))
    head = habit.choice((b"v=DKIM1; k=rsa; p=", b"p=", b"k=rsa; p="))
    return lambda rng, name: head + base64.b64encode(b"\x30\x82\1\x22" + rng.randbytes(size))


def policy(habit):
    """SPF and DMARC."""
    provider = invent_domain(habit)

    def make(rng, name):
        if name.startswith("_dmarc"):
            return f"v=DMARC1; p={rng.choice(('none', 'reject'))}; rua=mailto:d@{provider}".encode()
        octets = ".".join(map(str, public_address(rng)))
        return f"v=spf1 ip4:{octets}/{rng.randrange(20, 33)} include:_spf.{provider} ~all".encode()
    return make


def report(habit):
    """A GUID and a number, in JSON or not."""
    form = habit.choice(('{{"id":"{}","r":{}}}', "{};{}", "id={} r={}"))
    return lambda rng, name: form.format(guid(rng), rng.randrange(100)).encode()


TEXTS = short_verdict, short_verdict, origin, score, score, tokens, tokens, mail_key, policy, report


class Replies:
    """The answers of one service. What a name gets is always the same, if the service is steady;
    `again`: whether a name is asked for more than once."""

    def __init__(self, habit, domain, again):
        self.domain, self.salt = domain, habit.getrandbits(32)
        self.steady = again and habit.random() < 0.8
        self.missing, self.empty = share(habit), habit.random() < 0.25
        self.failing = habit.choice((0,) * 8 + (habit.uniform(0, 0.05), habit.uniform(0.1, 0.9)))
        self.failure = habit.choice((SERVER_FAILURE, SERVER_FAILURE, REFUSED))
        self.ttl = habit.choice(TTLS)
        self.negative_ttl = habit.choice((self.ttl, habit.choice(TTLS)))
        self.kind, self.said = habit.choice(ADDRESSES), habit.choice(TEXTS)
        self.addresses, self.text = self.kind(habit), self.said(habit)
        self.prefix = bytes.fromhex(habit.choice(("2a02", "2600", "2a00", "2606"))) \
            + habit.randbytes(habit.choice((2, 4, 6, 10, 12)))
        public = self.kind in (one_address, pool, anywhere)
        self.six = public and habit.random() < 0.6
        self.ech = records.ech(habit.randbytes(32), b"ech." + domain.encode())
        self.hints, self.modern = habit.random() < 0.5, habit.uniform(0, 1) if public else 0
        self.other = invent_domain(habit)
        self.chain = habit.choice(CHAINS) if habit.random() < (0.55 if public else 0.1) else None
        self.targets = [self._target(habit) for _ in range(habit.choice((1, 2, 5, 20)))]
        self.several = habit.choice((1, 1, 1, 2, 4))

    def __call__(self, rng, name, qtype):
        own = random.Random(zlib.crc32(name.lower().encode()) ^ self.salt) if self.steady else rng
        luck = own.random()
        if luck < self.failing:
            return failure(self.failure)
        if own.random() < self.missing:
            return negative(self.negative_ttl, NO_ERROR if self.empty else NAME_ERROR)
        before = self.chain(self, own, name) if self.chain and qtype in CHAINED else []
        found = MADE[qtype](self, own, name)
        if not found and not before:
            return negative(self.negative_ttl, NO_ERROR)
        return answer(*[(CNAME, self.ttl, encode(target)) for target in before],
                      *[(qtype, self.ttl, data) for data in found])

    def says(self, qtypes):
        """For the label file: what there is to an address or a text, and how often."""
        what = [self.kind.__name__] if set(qtypes) & {A, AAAA, HTTPS} else []
        what += [self.said.__name__] if TXT in qtypes else []
        what += [self.chain.__name__] if self.chain and set(qtypes) & set(CHAINED) else []
        what += [f"{100 * self.missing:.0f}% missing"] if self.missing else []
        return "+".join(what).replace("_", " ") or "data"

    # Other names

    def _target(self, rng):
        return rng.choice((f"lb{rng.randrange(99)}.{self.domain}",
                           f"{rng.choice(CODES)}{rng.randrange(9)}.edge.{self.other}",
                           f"{text(rng, ALNUM, 13)}.{self.other}",
                           f"e{rng.randrange(99999)}.x.{self.other}"))

    def shared(self, rng, name):
        return [rng.choice(self.targets)]

    def own_target(self, rng, name):
        """The name goes on below another domain."""
        head = name[:-len(self.domain) - 1]
        return [f"{head[:140].rstrip('.') or 'www'}.{self.other}"]

    def hashed(self, rng, name):
        return [f"{hexadecimal(rng, 16)}.{self.other}"]

    def two_steps(self, rng, name):
        return [f"d{text(rng, ALNUM, 13)}.{self.other}", rng.choice(self.targets)]

    # Data by type: lists, which may be empty

    def nothing(self, rng, name):
        return []

    def ipv4(self, rng, name):
        return self.addresses(rng, name)

    def ipv6(self, rng, name):
        if not self.six:
            return []
        return [self.prefix + rng.randbytes(16 - len(self.prefix)) for _ in range(self.several)]

    def https(self, rng, name):
        if rng.random() > self.modern:
            return []
        params = [records.alpn(b"h3", b"h2")]
        if self.hints:
            params.append((records.IPV4_HINT, b"".join(self.addresses(rng, name)[:2])))
        if self.modern > 0.5:
            params.append(self.ech)
        if self.hints and self.six:
            params.append((records.IPV6_HINT, self.ipv6(rng, name)[0]))
        return [records.service(params)]

    def texts(self, rng, name):
        return [strings(self.text(rng, name) or b"-")]

    def pointer(self, rng, name):
        head = "-".join(name.split(".")[:4])[:40]
        return [encode(rng.choice((f"{head}.dyn.{self.other}", f"host-{head}.{self.other}",
                                   f"{hexadecimal(rng, 8)}.{self.other}",
                                   rng.choice(self.targets))))]

    def exchangers(self, rng, name):
        head = name.split(".")[0][:40]
        return [records.mx(rng.choice((f"mx{turn}.{self.other}", f"{head}.mail.{self.other}")),
                           10 * turn) for turn in range(self.several)]

    def service(self, rng, name):
        return [records.srv(target, rng.choice((443, 389, 5060, 5061, 88)), 0, 5)
                for target in self.targets[:self.several]]

    def rule(self, rng, name):
        number = "".join(filter(str.isdigit, name))[:15][::-1]
        if self.hints:
            return [records.naptr(b"u", b"E2U+sip", f"!^.*$!sip:+{number}@{self.other}!".encode())]
        return [records.naptr(b"s", b"SIP+D2U", b"", f"_sip._udp.{self.other}")]

    def alias(self, rng, name):
        return [encode((self.chain or Replies.shared)(self, rng, name)[0])]

    def servers(self, rng, name):
        return [encode(f"ns{turn + 1}.{self.other}") for turn in range(max(2, self.several))]

    def zone(self, rng, name):
        return [records.soa(f"ns1.{self.other}", f"hostmaster.{self.other}",
                            (2026000000 + rng.randrange(9999), 7200, 900, 1209600, 300))]

    def issuers(self, rng, name):
        return [records.caa(b"issue", issuer) for issuer in
                (b"letsencrypt.org", b"pki.goog", b"digicert.com")[:self.several]]

    def fingerprints(self, rng, name):
        return [b"\4\2" + rng.randbytes(32)]

    def certificates(self, rng, name):
        return [b"\3\1\1" + rng.randbytes(32) for _ in range(self.several)]

    def delegation(self, rng, name):
        return [rng.randbytes(2) + b"\x0d\2" + rng.randbytes(32)]

    def keys(self, rng, name):
        return [records.key_data(flags, 13, rng.randbytes(64)) for flags in (256, 257)]


CHAINS = (Replies.shared, Replies.shared, Replies.own_target, Replies.hashed, Replies.two_steps)
CHAINED = A, AAAA, HTTPS
MADE = {A: Replies.ipv4, AAAA: Replies.ipv6, HTTPS: Replies.https, TXT: Replies.texts,
        records.PTR: Replies.pointer, records.MX: Replies.exchangers, records.SRV: Replies.service,
        records.NAPTR: Replies.rule, CNAME: Replies.alias, records.NS: Replies.servers,
        SOA: Replies.zone, records.CAA: Replies.issuers, records.SSHFP: Replies.fingerprints,
        records.TLSA: Replies.certificates, records.DS: Replies.delegation,
        records.DNSKEY: Replies.keys, NULL: Replies.nothing}
