# SPDX-License-Identifier: BSD-3-Clause
"""DNS messages of a plain capture, over UDP and TCP, in fragments or not: the laboratory's own
count, which shares no code with what it is the truth for.

Whole messages only: a datagram of which a fragment is missing is none. TCP streams are read from
their SYN on.
"""
import collections
import struct

import packets
import pcapio

DNS_PORT, TLS_PORT = 53, 853

# `frames` are the numbers (from 1) of those that carry it: all fragments of a datagram, but of a
# TCP stream only the one that made the message whole.
Message = collections.namedtuple("Message", "frames over source destination name response size")


class Stream:
    """One direction of a TCP connection."""

    def __init__(self, sequence):
        self.next = sequence
        self.ahead = {}
        self.bytes = bytearray()
        self.is_dns = None  # not known before the first message

    def push(self, sequence, data):
        """Whether any byte was new."""
        late = (self.next - sequence) & 0xFFFFFFFF
        if late >= 1 << 31:
            known = self.ahead.get(sequence, b"")
            self.ahead[sequence] = max(known, data, key=len)
            return len(data) > len(known)
        if late >= len(data):
            return False
        self._append(data[late:])
        return True

    def _append(self, data):
        """Takes what follows, and what waited behind it."""
        while data:
            self.bytes += data
            self.next = (self.next + len(data)) & 0xFFFFFFFF
            data = b""
            for sequence in list(self.ahead):
                late = (self.next - sequence) & 0xFFFFFFFF
                if late < 1 << 31:
                    data = max(data, self.ahead.pop(sequence)[late:], key=len)

    def messages(self):
        if self.is_dns is None and len(self.bytes) >= 14:
            self.is_dns = _plausible(self.bytes)
        while self.is_dns and len(self.bytes) >= 2:
            size = struct.unpack_from(">H", self.bytes)[0]
            if len(self.bytes) < 2 + size:
                return
            message = bytes(self.bytes[2:2 + size])
            del self.bytes[:2 + size]
            yield message


def _plausible(start):
    """Whether a stream that starts so is DNS: a length and a header with a single question."""
    size, _, _, questions = struct.unpack_from(">HHHH", start)
    return size >= 17 and questions == 1


class Reader:
    """Reads one capture; `count` has what it held, by (what, 4 or 6)."""

    def __init__(self):
        self.count = collections.Counter()
        self.partial = {}
        self.streams = {}

    def read(self, path):
        for number, (_, _, frame) in enumerate(pcapio.read(path), 1):
            packet = packets.network(frame)
            parsed = packets.parse(packet) if packet else None
            if parsed is None:
                self.count["not IP", 0] += 1
                continue
            numbers, parsed = self._whole(number, parsed)
            if parsed is None:
                continue
            if parsed.protocol == packets.UDP:
                yield from self._udp(numbers, parsed)
            elif parsed.protocol == packets.TCP:
                yield from self._tcp(numbers, parsed)

    def _add(self, parsed, what, amount=1):
        self.count[what, 6 if len(parsed.source) == 16 else 4] += amount

    def _whole(self, number, parsed):
        """(numbers of its frames, the packet), with None for the packet while pieces are missing."""
        if parsed.fragment is None:
            return [number], parsed
        ident, offset, more = parsed.fragment
        self._add(parsed, "fragments")
        key = ident, parsed.source, parsed.destination, parsed.protocol
        pieces, numbers, total = self.partial.setdefault(key, ({}, [], []))
        numbers.append(number)
        pieces[offset] = parsed.body
        if not more:
            total[:] = [offset + len(parsed.body)]
        if not total or sum(map(len, pieces.values())) < total[0]:
            return numbers, None
        del self.partial[key]
        self._add(parsed, "datagrams in fragments")
        body = b"".join(pieces[at] for at in sorted(pieces))
        return numbers, parsed._replace(body=body, fragment=None)

    def _udp(self, numbers, parsed):
        ports = struct.unpack_from(">HH", parsed.body)
        if DNS_PORT not in ports:
            return
        message = self._message(numbers, "UDP", parsed, parsed.body[8:])
        if message is None:
            self._add(parsed, "UDP datagrams that are no DNS")
        else:
            yield message

    def _message(self, numbers, over, parsed, data):
        asked = packets.question(data)
        if asked is None:
            return None
        name, _, response = asked
        self._add(parsed, f"{over} {'responses' if response else 'queries'}")
        if len(numbers) > 1:
            self._add(parsed, f"{over} {'responses' if response else 'queries'} in fragments")
        return Message(numbers, over, parsed.source, parsed.destination, name, response, len(data))

    def _tcp(self, numbers, parsed):
        source, destination, sequence, _, head, flags = struct.unpack_from(">HHIIBB", parsed.body)
        data = parsed.body[(head >> 4) * 4:]
        if TLS_PORT in (source, destination):
            self._add(parsed, "TLS segments")
            self._add(parsed, "TLS connections", flags & 18 == packets.SYN)
        if DNS_PORT not in (source, destination):
            return
        self._add(parsed, "TCP segments")
        key = parsed.source, source, parsed.destination, destination
        if flags & packets.SYN:
            stream = self.streams.get(key)
            if stream is None or stream.next != (sequence + 1) & 0xFFFFFFFF:
                self.streams[key] = Stream((sequence + 1) & 0xFFFFFFFF)
                self._add(parsed, "TCP connections", not flags & packets.ACK)
        stream = self.streams.get(key)
        if not data or stream is None:
            return
        if not stream.push(sequence, data):
            self._add(parsed, "TCP segments repeated")
            return
        known = stream.is_dns
        for content in stream.messages():
            message = self._message(numbers, "TCP", parsed, content)
            if message is not None:
                yield message
        if known is None and stream.is_dns is False:
            self._add(parsed, "TCP streams that are no DNS")

    def described(self):
        """{what: {family: count}}"""
        whats = sorted({what for what, _ in self.count})
        return {what: {"ipv4": self.count[what, 4], "ipv6": self.count[what, 6]}
                for what in whats if what != "not IP"}
