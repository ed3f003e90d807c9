# SPDX-License-Identifier: BSD-3-Clause
"""Made-up traffic of subscribers, packet by packet: datagrams, fragments, TCP connections. Every
packet is labelled with the outcome that a reader of DNS must come to.

A label is the name of an outcome; behind it may stand ` data`: a TCP segment with bytes, whose copy
has no new ones.
"""
import packets
from tapping import Inside

PATH_MTU = 1500
RESOLVER_MTU6 = 1280  # resolvers send IPv6 datagrams that no path has to refuse
MSS = 1360


class Traffic:
    """The packets of all subscribers. Times are in microseconds."""

    def __init__(self, rng):
        self.rng, self.inside, self.ident = rng, [], 0

    def next_ident(self):
        self.ident += 1
        return self.ident

    def add(self, micros, who, uplink, packet, label):
        number, address = who
        self.inside.append(Inside(micros, packet, number, uplink, packets.text(address), label))

    def datagram(self, micros, who, server, ports, payload, uplink, label):
        """A UDP datagram, in fragments if it is large: most in order, some not, some pieces twice.
        `ports` are the subscriber's and the server's."""
        rng, address = self.rng, who[1]
        ends, ports = ((address, server), ports) if uplink else ((server, address), ports[::-1])
        whole = packets.udp(*ends, ports, payload, self.next_ident(),
                            flags=packets.DO_NOT_FRAGMENT * (len(payload) <= PATH_MTU - 48))
        is_dns = label.startswith("dns_")
        mtu = RESOLVER_MTU6 if len(address) == 16 and is_dns and not uplink else PATH_MTU
        pieces = packets.fragments(whole, mtu, self.ident)
        if len(pieces) == 1:
            self.add(micros, who, uplink, whole, label)
            return
        labels = ["fragment_other"] * len(pieces)
        if is_dns:
            labels = ["fragment"] * (len(pieces) - 1) + [label]
            if rng.random() < 0.2:
                pieces.reverse()
            if rng.random() < 0.1:
                pieces.insert(1, pieces[0])
                labels.insert(1, "fragment_duplicate")
        for turn, (piece, outcome) in enumerate(zip(pieces, labels)):
            self.add(micros + 12 * turn, who, uplink, piece, outcome)

    def lost_fragment(self, micros, who, server, ports, payload):
        """A response of which the tap sees only the first piece."""
        whole = packets.udp(server, who[1], ports[::-1], payload, self.next_ident(), flags=0)
        self.add(micros, who, False, packets.fragments(whole, RESOLVER_MTU6, self.ident)[0],
                 "fragment")

    def overlap(self, micros, who, server, ports, payload):
        """A response with a piece that says something else of bytes that were there already, as an
        attack does it: no piece of it counts from there on."""
        whole = packets.udp(server, who[1], ports[::-1], payload, self.next_ident(), flags=0)
        pieces = packets.fragments(whole, RESOLVER_MTU6, self.ident)
        other = packets.udp(server, who[1], ports[::-1], self.rng.randbytes(len(payload)),
                            self.ident, flags=0)
        pieces.insert(1, packets.fragments(other, RESOLVER_MTU6, self.ident)[0])
        for turn, piece in enumerate(pieces):
            self.add(micros + 3000 * turn, who, False, piece,
                     "fragment_overlap" if turn else "fragment")


class Connection:
    """A TCP connection of a subscriber; `now` moves on with every segment."""

    def __init__(self, traffic, micros, who, server, port, label, mss=MSS):
        rng = traffic.rng
        self.traffic, self.now, self.who, self.server, self.label = \
            traffic, micros, who, server, label
        self.ports, self.mss = (rng.randrange(1024, 65536), port), mss
        self.next = [rng.getrandbits(32), rng.getrandbits(32)]  # the server's, the subscriber's
        self.delay = 15000 + int(rng.expovariate(1 / 15000))

    def _labelled(self, data, label=None):
        """What is on a DNS port has outcomes of its own."""
        if self.label != "tcp_dns":
            return self.label
        return label or ("tcp_dns data" if data else "tcp_dns")

    def packet(self, uplink, flags, sequence, data=b""):
        address = self.who[1]
        ends = (address, self.server) if uplink else (self.server, address)
        ports = self.ports if uplink else self.ports[::-1]
        return packets.tcp(*ends, ports, (sequence, self.next[not uplink]), flags, data,
                           self.traffic.next_ident())

    def send(self, uplink, flags, data=b""):
        packet = self.packet(uplink, flags, self.next[uplink], data)
        self.traffic.add(self.now, self.who, uplink, packet, self._labelled(data))
        self.next[uplink] += len(data) + bool(flags & (packets.SYN | packets.FIN))
        self.now += 60

    def open(self):
        for uplink, flags in ((True, packets.SYN), (False, packets.SYN | packets.ACK),
                              (True, packets.ACK)):
            self.send(uplink, flags)
            self.now += self.delay // 2 if flags & packets.SYN else 0

    def data(self, uplink, content, cuts=()):
        """Content in segments, cut at `cuts` and at the greatest size. Now and then two change
        places, or one comes again (0.2 s later), or again together with what follows."""
        rng, edges = self.traffic.rng, sorted({0, len(content), *cuts})
        parts = [content[at:min(at + self.mss, end)] for begin, end in zip(edges, edges[1:])
                 for at in range(begin, end, self.mss)]
        start, segments = self.next[uplink], []
        for part in parts:
            segments.append((start, part, "tcp_dns data"))
            start += len(part)
        if self.label == "tcp_dns":
            self._disturb(rng, segments)
        for sequence, part, label in segments:
            packet = self.packet(uplink, packets.PSH | packets.ACK, sequence, part)
            late = 200000 if label == "tcp_dns_repeated" else 0
            self.traffic.add(self.now + late, self.who, uplink, packet,
                             self._labelled(part, label))
            self.now += 60
        self.next[uplink] = start
        self.now += self.delay // 2
        self.send(not uplink, packets.ACK)
        if any(label == "tcp_dns_repeated" for _, _, label in segments):
            self.now += 210000

    @staticmethod
    def _disturb(rng, segments):
        luck = rng.random()
        if luck < 0.15 and len(segments) > 1:
            segments[0], segments[1] = segments[1], segments[0]
        elif luck < 0.25:
            sequence, part, _ = rng.choice(segments)
            segments.append((sequence, part, "tcp_dns_repeated"))
        elif luck < 0.30 and len(segments) > 1:
            (first, part, _), (_, following, label) = segments[:2]
            if len(part) + len(following) <= MSS:
                segments[1] = first, part + following, label

    def close(self, at_once):
        """By the server, at once behind its last segment or after a while."""
        self.now += -self.delay // 2 if at_once else 30000
        self.send(False, packets.FIN | packets.ACK)
        self.now += self.delay // 2
        self.send(True, packets.FIN | packets.ACK)
        self.now += self.delay // 2
        self.send(False, packets.ACK)

    def reset(self):
        self.now += 20000
        self.send(True, packets.RST | packets.ACK)
