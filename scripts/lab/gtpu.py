# SPDX-License-Identifier: BSD-3-Clause
"""GTP-U G-PDUs (3GPP TS 29.281, TS 38.415) between eight radio-side peers and a core-side peer.

Each subscriber has a number, and with it a TEID for each direction. So that a decoder meets every
form, half of the subscribers have a PDU session container, a quarter sequence numbers, a quarter
the plain header; and the outer UDP checksum is 0 for half of the TEIDs.
"""
import struct

import pcapio

GTPU_PORT = 2152
CORE = bytes((10, 20, 0, 1))
CORE_MAC = bytes.fromhex("020a14000001")
RADIO_PEERS = 8
G_PDU = 0xFF
PDU_SESSION_CONTAINER = 0x85
QFI = 9


def radio(number):
    site = 1 + number % RADIO_PEERS
    return bytes((10, 10, 0, site)), bytes.fromhex("020a0a0000") + bytes((site,))


def teid(number, uplink):
    # No arithmetic relation between the two, as the two ends choose them independently.
    return (0x1A500000 + number * 7) if uplink else (0x6C310000 + number * 13)


def gtpu(packet, number, uplink, sequence):
    """The G-PDU: flags are version 1, protocol type GTP, then E, S, PN."""
    if number % 2 == 0:
        # Next extension type; length in units of 4 bytes, PDU type (0 down, 1 up), QFI, no next.
        options = struct.pack(">HBB", 0, 0, PDU_SESSION_CONTAINER)
        options += bytes((1, 0x10 if uplink else 0x00, QFI, 0))
        flags = 0x34
    elif number % 4 == 1:
        options = struct.pack(">HBB", sequence & 0xFFFF, 0, 0)
        flags = 0x32
    else:
        options = b""
        flags = 0x30
    size = len(options) + len(packet)
    return struct.pack(">BBHI", flags, G_PDU, size, teid(number, uplink)) + options + packet


def wrap(packet, number, uplink, sequence, vlan):
    peer, peer_mac = radio(number)
    payload = gtpu(packet, number, uplink, sequence)
    ends = (peer, CORE) if uplink else (CORE, peer)
    outer = pcapio.udp(*ends, (GTPU_PORT, GTPU_PORT), payload, sequence,
                       with_checksum=teid(number, uplink) % 2 == 0)
    macs = CORE_MAC + peer_mac if uplink else peer_mac + CORE_MAC
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return macs + tag + pcapio.ETHERTYPE_IPV4 + outer
