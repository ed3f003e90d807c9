# SPDX-License-Identifier: BSD-3-Clause
"""The headers that the laboratory writes and reads: IPv4, IPv6, fragments, UDP, TCP, DNS.

Addresses are bytes, 4 or 16 of them; which family a packet is of follows from their number.
"""
import collections
import socket
import struct

ETHERTYPE_IPV4 = b"\x08\x00"
ETHERTYPE_IPV6 = b"\x86\xdd"
TCP, UDP, IPV6_FRAGMENT, ICMPV6 = 6, 17, 44, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DO_NOT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000
VLAN_TAGS = b"\x81\x00", b"\x88\xa8"

# `fragment` is None, or (identification, offset in bytes, whether more follow).
Packet = collections.namedtuple("Packet", "source destination protocol body fragment")


def checksum(data):
    """RFC 1071, as one remainder: 2^16 is 1 modulo 65535."""
    if len(data) & 1:
        data += b"\0"
    rest = int.from_bytes(data, "big") % 0xFFFF
    return 0xFFFF - rest


def ip(source, destination, protocol, body, ident=0, flags=DO_NOT_FRAGMENT):
    """`ident` and `flags`, which hold the offset too, are for IPv4 only."""
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(body), protocol, 62) + source + destination + body
    head = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(body), ident & 0xFFFF, flags, 62, protocol)
    ends = source + destination
    return head + struct.pack(">H", checksum(head + b"\0\0" + ends)) + ends + body


def _transport_sum(source, destination, protocol, segment):
    pseudo = source + destination + struct.pack(">IHH", len(segment), 0, protocol)
    return checksum(pseudo + segment)


def udp(source, destination, ports, payload, ident=0, with_checksum=True, flags=DO_NOT_FRAGMENT):
    """A datagram; ports are a pair. IPv6 has a checksum in any case."""
    head = struct.pack(">HHH", *ports, 8 + len(payload))
    total = 0
    if with_checksum or len(source) == 16:
        total = _transport_sum(source, destination, UDP, head + b"\0\0" + payload) or 0xFFFF
    body = head + struct.pack(">H", total) + payload
    return ip(source, destination, UDP, body, ident, flags)


def tcp(source, destination, ports, numbers, flags, payload=b"", ident=0):
    """A segment; numbers are the sequence number and the acknowledged one."""
    sequence, acknowledged = (number & 0xFFFFFFFF for number in numbers)
    head = struct.pack(">HHIIBBH", *ports, sequence, acknowledged, 5 << 4, flags, 501)
    total = _transport_sum(source, destination, TCP, head + bytes(4) + payload)
    body = head + struct.pack(">HH", total, 0) + payload
    return ip(source, destination, TCP, body, ident)


def fragments(packet, mtu, ident):
    """The packet itself where it fits, else its fragments in order. `ident` is for IPv6 only: IPv4
    packets have theirs."""
    if len(packet) <= mtu:
        return [packet]
    if packet[0] >> 4 == 6:
        head, body = packet[:40], packet[40:]
        room = (mtu - 48) & ~7
    else:
        head, body = packet[:20], packet[20:]
        room = (mtu - 20) & ~7
    source, destination, protocol, _, _ = parse(packet)
    made = []
    for at in range(0, len(body), room):
        piece, more = body[at:at + room], at + room < len(body)
        if packet[0] >> 4 == 6:
            extension = struct.pack(">BBHI", protocol, 0, at | more, ident & 0xFFFFFFFF)
            made.append(head[:4] + struct.pack(">HB", 8 + len(piece), IPV6_FRAGMENT) + head[7:]
                        + extension + piece)
        else:
            flags = at >> 3 | MORE_FRAGMENTS * more
            made.append(ip(source, destination, protocol, piece,
                           struct.unpack_from(">H", packet, 4)[0], flags))
    return made


def parse(packet):
    """A Packet, without what follows it; None if it is no IP packet or is cut. IPv4 with options
    and IPv6 with a fragment header are read, other extension headers count as the protocol."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        size, ident, offset = struct.unpack_from(">HHH", packet, 2)
        if len(packet) < size:
            return None
        fragment = (ident, (offset & 0x1FFF) * 8, bool(offset & MORE_FRAGMENTS))
        return Packet(packet[12:16], packet[16:20], packet[9],
                      packet[(packet[0] & 15) * 4:size], fragment if any(fragment[1:]) else None)
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        size, following = struct.unpack_from(">HB", packet, 4)
        body, fragment = packet[40:40 + size], None
        if len(body) < size:
            return None
        if following == IPV6_FRAGMENT and size >= 8:
            following, _, offset, ident = struct.unpack_from(">BBHI", body)
            fragment, body = (ident, offset & 0xFFF8, bool(offset & 1)), body[8:]
        return Packet(packet[8:24], packet[24:40], following, body, fragment)
    return None


def network(frame):
    """The IP packet of an Ethernet frame with or without VLAN tags; None if it holds none."""
    at = 12
    while frame[at:at + 2] in VLAN_TAGS:
        at += 4
    if frame[at:at + 2] not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return None
    packet = frame[at + 2:]
    if len(packet) < 20:
        return None
    size = struct.unpack_from(">H", packet, 4)[0] + 40 if packet[0] >> 4 == 6 else \
        struct.unpack_from(">H", packet, 2)[0]
    return packet[:size]


def text(address):
    """An address as people write it."""
    return socket.inet_ntop(socket.AF_INET6 if len(address) == 16 else socket.AF_INET, address)


def address(written):
    """The bytes of an address."""
    return socket.inet_pton(socket.AF_INET6 if ":" in written else socket.AF_INET, written)


def ethertype(packet):
    return ETHERTYPE_IPV6 if packet[0] >> 4 == 6 else ETHERTYPE_IPV4


def question(message):
    """(name, type, is a response) of a DNS message, or None. Bytes are kept as Latin-1."""
    labels, at = [], 12
    if len(message) < 12 or message[4:6] == b"\0\0":
        return None
    while at < len(message) and 0 < message[at] < 64:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    if len(message) < at + 5 or message[at] != 0:
        return None
    return (".".join(labels), struct.unpack_from(">H", message, at + 1)[0],
            bool(message[2] & 0x80))
