# SPDX-License-Identifier: BSD-3-Clause
"""Captures (classic pcap, Ethernet, microseconds) and the few headers the laboratory reads."""
import struct

GLOBAL = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
MAGIC = 0xA1B2C3D4
ETHERNET = 1
ETHERTYPE_IPV4 = b"\x08\x00"
UDP = 17


def read(path):
    """Yields (seconds, microseconds, frame)."""
    with open(path, "rb") as file:
        header = file.read(GLOBAL.size)
        if len(header) < GLOBAL.size:
            raise ValueError(f"{path}: not a capture")
        magic, *_, link = GLOBAL.unpack(header)
        if magic != MAGIC or link != ETHERNET:
            raise ValueError(f"{path}: not a little-endian Ethernet pcap in microseconds")
        while len(header := file.read(RECORD.size)) == RECORD.size:
            seconds, micros, captured, _ = RECORD.unpack(header)
            yield seconds, micros, file.read(captured)


class Writer:
    """Writes a capture; use it in a `with` statement."""

    def __init__(self, path):
        self.file = open(path, "wb", 1 << 20)
        self.file.write(GLOBAL.pack(MAGIC, 2, 4, 0, 0, 262144, ETHERNET))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, seconds, micros, frame):
        self.file.write(RECORD.pack(seconds, micros, len(frame), len(frame)) + frame)


def checksum(data):
    """RFC 1071, as one remainder: 2^16 is 1 modulo 65535."""
    if len(data) & 1:
        data += b"\0"
    rest = int.from_bytes(data, "big") % 0xFFFF
    return 0xFFFF - rest


def udp(source, destination, ports, payload, ident=0, with_checksum=True):
    """An IPv4 datagram; the addresses are 4 bytes each, ports a pair."""
    length = 8 + len(payload)
    head = struct.pack(">HHH", *ports, length)
    total = 0
    if with_checksum:
        pseudo = source + destination + struct.pack(">HH", UDP, length)
        total = checksum(pseudo + head + b"\0\0" + payload) or 0xFFFF
    ip = struct.pack(">BBHHHBB", 0x45, 0, 20 + length, ident & 0xFFFF, 0x4000, 62, UDP)
    ip_sum = checksum(ip + b"\0\0" + source + destination)
    return (ip + struct.pack(">H", ip_sum) + source + destination + head
            + struct.pack(">H", total) + payload)


def ipv4(frame):
    """The IPv4 packet of an untagged Ethernet frame, without padding; None if it is not one."""
    if frame[12:14] != ETHERTYPE_IPV4 or len(frame) < 34:
        return None
    return frame[14:14 + struct.unpack_from(">H", frame, 16)[0]]


def question(message):
    """(name, type, is a response) of a DNS message, or None. Bytes are kept as Latin-1."""
    labels, at = [], 12
    while at < len(message) and 0 < message[at] < 64:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    if len(message) < at + 5 or message[at] != 0:
        return None
    return (".".join(labels), struct.unpack_from(">H", message, at + 1)[0],
            bool(message[2] & 0x80))
