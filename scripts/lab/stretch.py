#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stretches the times of a capture: a day out of an hour, or an hour out of a day.

stretch.py IN OUT [--factor F | --span SECONDS] [--start T] [--shift SECONDS]

IN is a pcap or pcapng file, OUT a pcap of the same frames in the same order. The time of each frame
since the first one is multiplied, exactly, and rounded to the nearest microsecond, or nanosecond if
IN has those. With a factor of 1, which is the default, times stay what they are.
"""
import argparse
import collections
import fractions
import os
import struct
import sys

PCAP_MAGIC = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000),
              b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1)}
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
RESOLUTION, OFFSET = 9, 14  # options of an interface
BILLION = 10 ** 9
MOST_SECONDS = 2 ** 32

# `unit` is what the capture counts in, in nanoseconds.
Interface = collections.namedtuple("Interface", "link snap unit per_second offset")
Frame = collections.namedtuple("Frame", "time wire data interface")


class Refused(Exception):
    """A capture that cannot be stretched; the text says why."""


def take(file, size):
    data = file.read(max(0, size))
    if len(data) != size:
        raise Refused("it is damaged, or ends within a frame")
    return data


def pcap_frames(file, order, unit):
    """Frames with times in nanoseconds."""
    _, _, _, _, snap, link = struct.unpack(order + "HHiIII", take(file, 20))
    interface = Interface(link, snap, unit, BILLION // unit, 0)
    record = struct.Struct(order + "IIII")
    while header := file.read(record.size):
        if len(header) < record.size:
            raise Refused("it ends within a frame")
        seconds, parts, captured, wire = record.unpack(header)
        yield Frame(seconds * BILLION + parts * unit, wire, take(file, captured), interface)


def options(order, data):
    """(code, value) of a pcapng block's options."""
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + size]
        at += 4 + size + -size % 4


def read_interface(order, body):
    link, _, snap = struct.unpack_from(order + "HHI", body)
    given = dict(options(order, body[8:]))
    code = given.get(RESOLUTION, b"\6")[0]
    per_second = 2 ** (code & 127) if code & 128 else 10 ** code
    offset = struct.unpack(order + "q", given[OFFSET])[0] if OFFSET in given else 0
    return Interface(link, snap or 262144, 1000 if BILLION // 1000 % per_second == 0 else 1,
                     per_second, offset)


def pcapng_frames(file):
    """Frames with times in nanoseconds; finer ones are cut."""
    order, interfaces = "<", []
    while header := file.read(8):
        if len(header) < 8:
            raise Refused("it ends within a block")
        kind = struct.unpack(order + "I", header[:4])[0]
        if kind == SECTION:
            magic = take(file, 4)
            order = "<" if magic == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
            take(file, struct.unpack(order + "I", header[4:])[0] - 12)
            continue
        body = take(file, struct.unpack(order + "I", header[4:])[0] - 8)[:-4]
        if kind == INTERFACE:
            interfaces.append(read_interface(order, body))
        elif kind == SIMPLE_PACKET:
            raise Refused("it holds frames without a time")
        elif kind in (PACKET, OLD_PACKET):
            number, high, low, captured, wire = struct.unpack_from(
                order + ("IIIII" if kind == PACKET else "HxxIIII"), body)
            if number >= len(interfaces):
                raise Refused("a frame is of an interface that it does not describe")
            one = interfaces[number]
            ticks = high << 32 | low
            time = (ticks // one.per_second + one.offset) * BILLION \
                + ticks % one.per_second * BILLION // one.per_second
            yield Frame(time, wire, body[20:20 + captured], one)


def frames(path):
    """All frames of a capture, in its order."""
    with open(path, "rb") as file:
        magic = file.read(4)
        if magic in PCAP_MAGIC:
            yield from pcap_frames(file, *PCAP_MAGIC[magic])
        elif magic == struct.pack("<I", SECTION):
            file.seek(0)
            yield from pcapng_frames(file)
        else:
            raise Refused("it is neither pcap nor pcapng")


class Extent:
    """What has to be known of a capture before it is stretched."""

    def __init__(self, path):
        self.first = self.last = self.interface = None
        self.unit = self.snap = 0
        for frame in frames(path):
            if self.first is None:
                self.first = self.last = frame.time
                self.interface, self.unit = frame.interface, frame.interface.unit
            if frame.interface.link != self.interface.link:
                raise Refused("its frames are of several link types")
            self.last = max(self.last, frame.time)
            self.unit = min(self.unit, frame.interface.unit)
            self.snap = max(self.snap, frame.interface.snap)
        if self.first is None:
            raise Refused("it holds no frame")


def stretch(source, target, arguments):
    """Returns the number of frames."""
    extent, count = Extent(source), 0
    if os.path.exists(target) and os.path.samefile(source, target):
        raise Refused("it would be written over")
    factor, unit = arguments.factor, extent.unit
    if arguments.span is not None:
        if extent.last == extent.first:
            raise Refused("all its frames have the same time")
        factor = arguments.span * BILLION / (extent.last - extent.first)
    start = fractions.Fraction(extent.first) if arguments.start is None else \
        arguments.start * BILLION
    start += arguments.shift * BILLION
    # The time since the first frame becomes (steady + per_tick * time) / whole, in units.
    whole = 2 * start.denominator * factor.denominator * unit
    steady = 2 * start.numerator * factor.denominator + whole // 2  # halves go up
    per_tick = 2 * factor.numerator * start.denominator
    with open(target, "wb", 1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4 if unit == 1000 else 0xA1B23C4D, 2, 4, 0, 0,
                               extent.snap, extent.interface.link))
        for frame in frames(source):
            time = (steady + (frame.time - extent.first) * per_tick) // whole
            seconds, parts = divmod(time, BILLION // unit)
            if not 0 <= seconds < MOST_SECONDS:
                raise Refused("a time is before 1970 or after 2106")
            file.write(struct.pack("<IIII", seconds, parts, len(frame.data), frame.wire)
                       + frame.data)
            count += 1
    return count


def exact(text):
    try:
        return fractions.Fraction(text)
    except (ValueError, ZeroDivisionError) as problem:
        raise argparse.ArgumentTypeError(f"not a number: {text}") from problem


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="IN")
    parser.add_argument("target", metavar="OUT")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--factor", type=exact, default=fractions.Fraction(1),
                     help="how many times longer: 24, 0.5, 1/3")
    how.add_argument("--span", type=exact, help="seconds from the first frame to the latest")
    parser.add_argument("--start", type=exact, help="time of the first frame, seconds since 1970")
    parser.add_argument("--shift", type=exact, default=fractions.Fraction(0),
                        help="seconds that are added to all times")
    arguments = parser.parse_args()
    if arguments.factor < 0 or (arguments.span or 0) < 0:
        parser.error("--factor and --span are not below 0")
    try:
        print(f"{stretch(arguments.source, arguments.target, arguments)} frames")
    except (OSError, Refused, struct.error) as problem:
        print(f"stretch.py: {arguments.source}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
