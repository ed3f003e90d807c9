# SPDX-License-Identifier: BSD-3-Clause
"""GTP-U (3GPP TS 29.281, TS 38.415) between radio-side peers and core-side peers, as a tap sees it.

Each subscriber has a number, and with it peers and a TEID for each direction. So that a decoder
meets every form, half of the subscribers have a PDU session container, a quarter sequence numbers,
a quarter the plain header; and the outer UDP checksum is 0 for half of the TEIDs (IPv4 only). A
`Tap` also puts N-PDU numbers and a second extension header on some.
"""
import collections
import struct

import packets

GTPU_PORT = 2152
RADIO_PEERS = 8
ECHO_REQUEST, ECHO_RESPONSE, ERROR_INDICATION, EXTENSION_HEADERS, END_MARKER, G_PDU = \
    1, 2, 26, 31, 254, 255
PDU_SESSION_CONTAINER = 0x85
PDCP_NUMBER = 0xC0
QFI = 9
MPLS = b"\x88\x47"
LEG_DELAY = 200, 2000  # microseconds

# The two ends of a tunnel: (address, MAC) each, and the TEIDs that each direction carries.
Path = collections.namedtuple("Path", "radio core teid_up teid_down")


def peer(network, host, outer6=False):
    """10.NETWORK.0.HOST or fd00:10:NETWORK::HOST (in decimal digits), and its MAC."""
    mac = bytes((2, 0x0A, network, 0, 0, host))
    if outer6:
        return bytes.fromhex(f"fd000010{network:0>4}") + bytes(9) + bytes((host,)), mac
    return bytes((10, network, 0, host)), mac


def teid(number, uplink, base=(0x1A500000, 0x6C310000)):
    # No arithmetic relation between the two, as the two ends choose them independently.
    return base[0] + number * 7 if uplink else base[1] + number * 13


def message(kind, tunnel, body=b"", sequence=None, number=None, extensions=()):
    """A GTP-U message; extensions are (type, content) in order."""
    flags, options = 0x30, b""
    if extensions or sequence is not None or number is not None:
        flags |= bool(extensions) << 2 | (sequence is not None) << 1 | (number is not None)
        kinds = [which for which, _ in extensions] + [0]
        options = struct.pack(">HBB", (sequence or 0) & 0xFFFF, (number or 0) & 0xFF, kinds[0])
        for (_, content), following in zip(extensions, kinds[1:]):
            options += bytes(((len(content) + 2) // 4,)) + content + bytes((following,))
    return struct.pack(">BBHI", flags, kind, len(options) + len(body), tunnel) + options + body


def g_pdu(packet, tunnel, number, uplink, sequence, varied=False):
    # The container's first byte is the PDU type, 0 down and 1 up.
    container = (PDU_SESSION_CONTAINER, bytes((0x10 if uplink else 0, QFI)))
    if number % 2 == 0:
        first = [(PDCP_NUMBER, struct.pack(">H", sequence & 0xFFFF))] \
            if varied and number % 8 == 6 else []
        return message(G_PDU, tunnel, packet, extensions=first + [container])
    n_pdu = sequence if varied and number % 8 >= 5 else None
    return message(G_PDU, tunnel, packet, sequence if number % 4 == 1 else None, n_pdu)


def wrap(packet, number, uplink, sequence, vlan):
    """One IP packet as one frame."""
    tunnel = teid(number, uplink)
    ends = peer(10, 1 + number % RADIO_PEERS), peer(20, 1)
    source, destination = ends if uplink else ends[::-1]
    outer = packets.udp(source[0], destination[0], (GTPU_PORT, GTPU_PORT),
                        g_pdu(packet, tunnel, number, uplink, sequence), sequence,
                        with_checksum=tunnel % 2 == 0)
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return destination[1] + source[1] + tag + packets.ETHERTYPE_IPV4 + outer


def ethernet(source_mac, destination_mac, packet, vlans=(), labels=()):
    """VLANs and MPLS labels stand outermost first; of two VLANs the first is a service tag."""
    head = destination_mac + source_mac
    for number, vlan in enumerate(vlans):
        head += packets.VLAN_TAGS[number + 1 < len(vlans)] + struct.pack(">H", vlan)
    if not labels:
        return head + packets.ethertype(packet) + packet
    for number, label in enumerate(labels):
        entry = struct.pack(">I", label << 12 | (number + 1 == len(labels)) << 8 | 62)
        head += entry if number else MPLS + entry
    return head + packet


class LaterLeg:
    """When a packet comes by again: some delay, and packets of a direction stay in order."""

    def __init__(self, rng):
        self.rng, self.last = rng, [0, 0]

    def time(self, micros, uplink):
        gap = 8  # room for fragments
        self.last[uplink] = max(micros + self.rng.randrange(*LEG_DELAY), self.last[uplink] + gap)
        return self.last[uplink]


class Tap:
    """What a tap of one network sees. It hands out frames through `out`, a function of (time in
    microseconds, whether uplink, frame), and counts what it does in `truth`."""

    def __init__(self, rng, out, *, vlans=(), labels=(), mtu=1500, cores=1, first_core=0,
                 radio_network=10, outer6=False, both_legs=False):
        self.rng, self.out, self.mtu, self.outer6 = rng, out, mtu, outer6
        self.vlans, self.labels, self.both_legs = vlans, labels, both_legs
        self.cores, self.first_core, self.radio_network = cores, first_core, radio_network
        self.sent = 0
        self.later = LaterLeg(rng)
        self.handovers = collections.Counter()
        self.truth = collections.Counter()
        self.subscribers = {}
        self.frames_of = self._no_kind

    @staticmethod
    def _no_kind(kind, frames):
        """Replace `frames_of` to be told what kind of packet went out in how many frames."""

    def path(self, number):
        """Where a subscriber's packets go now, between base station and serving gateway. A handover
        changes the base station and both TEIDs."""
        later = self.handovers[number]
        site = 1 + (number + later) % RADIO_PEERS
        core = 1 + self.first_core + number % self.cores
        return Path(peer(self.radio_network, site, self.outer6), peer(20, core, self.outer6),
                    teid(number, True) + (later << 26) & 0xFFFFFFFF,
                    teid(number, False) + (later << 26) & 0xFFFFFFFF)

    def second_path(self, number):
        """Between serving gateway and packet gateway, which handovers leave alone."""
        base = 0x2B700000, 0x7D900000
        return Path(peer(self.radio_network + 20, 1 + number % 2, self.outer6),
                    peer(40, 1 + self.first_core, self.outer6),
                    teid(number, True, base), teid(number, False, base))

    def _send(self, micros, uplink, way, content, kind, checksum=True):
        source, destination = (way.radio, way.core) if uplink else (way.core, way.radio)
        self.sent += 1
        whole = packets.udp(source[0], destination[0], (GTPU_PORT, GTPU_PORT), content, self.sent,
                            checksum)
        pieces = packets.fragments(whole, self.mtu, self.sent)
        for number, piece in enumerate(pieces):
            self.out(micros + number, uplink, ethernet(source[1], destination[1], piece,
                                                       self.vlans, self.labels))
        self.truth["frames"] += len(pieces)
        if len(pieces) > 1:
            self.truth.update(outer_fragments=len(pieces), outer_fragmented_packets=1)
        self.frames_of(kind, len(pieces))

    def packet(self, micros, packet, number, uplink, kind=None, who=None):
        """A subscriber's packet. `kind` is what `frames_of` is told, `who` a name for the truth."""
        way = self.path(number)
        self.subscribers.setdefault(who or number, {})[way] = None
        legs = [(micros, way, kind)]
        if self.both_legs:
            legs.append((self.later.time(micros, uplink), self.second_path(number),
                         kind and f"{kind} again"))
            self.truth["duplicates"] += 1
        for at, leg, what in legs:
            tunnel = leg.teid_up if uplink else leg.teid_down
            content = g_pdu(packet, tunnel, number, uplink, self.sent + 1, varied=True)
            self.truth["g_pdus"] += 1
            self._send(at, uplink, leg, content, what, tunnel % 2 == 0)

    def handover(self, micros, number):
        """The core ends the old tunnel with an end marker; what follows takes the new one."""
        old = self.path(number)
        self.handovers[number] += 1
        self.truth.update(handovers=1, gtpu_end_marker=1)
        self._send(micros, False, old, message(END_MARKER, old.teid_down), "gtpu_end_marker")

    def echo(self, micros, number):
        """A base station asks whether its gateway is there."""
        way = self.path(number)
        self.truth["gtpu_echo"] += 2
        self._send(micros, True, way, message(ECHO_REQUEST, 0, sequence=self.sent), "gtpu_echo")
        recovery = bytes((14, 0))
        self._send(micros + 900, False, way, message(ECHO_RESPONSE, 0, recovery, self.sent),
                   "gtpu_echo")

    def error(self, micros, number):
        """A base station does not know a tunnel any more."""
        way = self.path(number)
        elements = struct.pack(">BIBH", 16, way.teid_down, 133, len(way.radio[0])) + way.radio[0]
        self.truth["gtpu_error"] += 1
        self._send(micros, True, way, message(ERROR_INDICATION, 0, elements, 0), "gtpu_error")

    def notice(self, micros, number):
        """Supported extension headers notification."""
        self.truth["gtpu_signalling"] += 1
        elements = bytes((141, 1, PDU_SESSION_CONTAINER))
        self._send(micros, False, self.path(number), message(EXTENSION_HEADERS, 0, elements, 0),
                   "gtpu_signalling")

    def signalling(self, start, end, numbers):
        """Echoes every few seconds from all base stations, now and then an error or a notice."""
        count = max(1, int((end - start) / 2e6))
        for turn in range(count):
            at = start + (end - start) * turn // count
            for site in range(RADIO_PEERS):
                self.echo(at + site * 1000 + self.rng.randrange(900), site)
            if turn % 4 == 1:
                self.error(at + self.rng.randrange(1000000), self.rng.choice(numbers))
            if turn % 8 == 2:
                self.notice(at + self.rng.randrange(1000000), self.rng.choice(numbers))

    def described(self):
        """The truth, ready for JSON."""
        def text(address):
            return packets.text(address[0])

        return {**self.truth, "subscribers": {
            str(who): [{"radio": text(way.radio), "core": text(way.core),
                        "teid_up": way.teid_up, "teid_down": way.teid_down} for way in ways]
            for who, ways in self.subscribers.items()}}
