#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""offload-off.py INTERFACE... : checksum, segmentation and receive offload off.

Does what `ethtool -K IF tx off tso off gso off gro off` does, without needing that package:
a veth otherwise carries unfinished checksums and frames larger than its MTU.
"""
import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
# From linux/ethtool.h: set TX checksum, scatter-gather users TSO and GSO, and GRO.
SETTERS = {"tx": 0x17, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}


def main():
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for interface in sys.argv[1:]:
        for name, command in SETTERS.items():
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError as error:
                sys.exit(f"offload-off: {interface}: {name}: {error.strerror}")


main()
