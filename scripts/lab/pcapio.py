# SPDX-License-Identifier: BSD-3-Clause
"""Captures: classic pcap, Ethernet, microseconds."""
import struct

GLOBAL = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
MAGIC = 0xA1B2C3D4
ETHERNET = 1


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


class Sorted:
    """Frames in any order, written in the order of their times; `uplink` tells the two fibres of an
    optical tap apart."""

    def __init__(self):
        self.frames = []

    def add(self, micros, uplink, frame):
        self.frames.append((micros, len(self.frames), uplink, frame))

    def write(self, path, uplink=None):
        """All frames, or those of one direction; returns their number."""
        chosen = [one for one in sorted(self.frames) if uplink is None or one[2] == uplink]
        with Writer(path) as writer:
            for micros, _, _, frame in chosen:
                writer.write(micros // 1000000, micros % 1000000, frame)
        return len(chosen)
