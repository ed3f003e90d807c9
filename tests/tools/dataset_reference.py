#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A second opinion on adit dataset, for UDP over IPv4, in tunnels or not.

dataset_reference.py SUMMARY CLIENT.pcap [SERVER.pcap]

tshark takes the captures apart, and this script pairs and matches by the rules of docs/dataset.md,
in two passes over everything, where the program makes one over a window. SUMMARY is what the
program printed with --summary; every count must be the same, or the status is 1.
"""
import bisect
import collections
import re
import struct
import subprocess
import sys

TIMEOUT, WINDOW, DUPLICATE = 5_000_000_000, 15_000_000_000, 20_000_000
DS, DNSKEY = 43, 48
PARENTS = 10


def question(payload):
    """(lower-case labels, type, class), or None. Names of questions are not compressed here."""
    labels, at = [], 12
    while payload[at]:
        labels.append(payload[at + 1:at + 1 + payload[at]].lower())
        at += 1 + payload[at]
    return (tuple(labels), *struct.unpack(">HH", payload[at + 1:at + 5]))


def messages(path):
    """(time in ns, from, to, IP identification, payload) of every datagram from or to port 53."""
    fields = ["frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "ip.id",
              "udp.payload"]
    lines = subprocess.run(
        ["tshark", "-n", "-r", path, "-Y", "udp.port == 53 && udp.payload", "-T", "fields",
         *sum((["-e", field] for field in fields), [])],
        capture_output=True, text=True, check=True).stdout.splitlines()
    first = None
    for line in lines:
        # Inside a tunnel a field comes once for each header; the innermost is the last.
        time, source, sport, destination, dport, number, payload = [
            field.rpartition(",")[2] for field in line.split("\t")]
        seconds, fraction = time.split(".")
        now = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
        first = now if first is None else first
        yield (now, (source, int(sport)), (destination, int(dport)), number,
               bytes.fromhex(payload.replace(":", "")))


class Row:
    def __init__(self, time, asked):
        self.first, self.sent = time, [time]
        self.asked, self.answered, self.server, self.found = asked, None, "none", set()

    @property
    def last(self):
        return self.sent[-1]

    def waits(self, time):
        return any(sent <= time <= sent + TIMEOUT for sent in self.sent) and \
            (not self.answered or time <= self.answered)

    @property
    def end(self):
        return min(self.last + TIMEOUT, self.answered or self.last + TIMEOUT)


class Copies:
    """Whether the very datagram was there within DUPLICATE."""

    def __init__(self):
        self.seen = {}

    def has(self, message):
        time, key = message[0], message[1:]
        before = self.seen.get(key)
        self.seen[key] = time
        return before is not None and time - before <= DUPLICATE


def pair(path, roles):
    """The rows of the client side."""
    rows, by_key, by_loose, copies, last = [], {}, {}, Copies(), 0
    for message in messages(path):
        time, source, destination, _, payload = message
        last = max(last, time)
        number, flags = struct.unpack(">HH", payload[:4])
        answer = flags >> 15
        loose = (destination, source, number) if answer else (source, destination, number)
        key = (*loose, question(payload))
        row = by_key.get(key)
        if row and time > row.first + WINDOW:
            row = None
        if copies.has(message):
            roles["duplicate"] += 1
        elif not answer and row and not row.answered:
            row.sent.append(time)
            roles["retransmission"] += 1
        elif not answer:
            rows.append(Row(time, key[-1]))
            by_key[key] = by_loose[loose] = rows[-1]
            roles["query"] += 1
        elif row and row.answered:
            roles["repeated_answer"] += 1
        elif row:
            row.answered = time
            roles["late_answer" if time - row.last > TIMEOUT else "answer"] += 1
        else:
            other = by_loose.get(loose)
            near = other and time <= other.first + WINDOW
            roles["other_question" if near else "unsolicited"] += 1
    return rows, last


def outcome(row, last):
    if row.answered:
        return "late" if row.answered - row.last > TIMEOUT else "answered"
    return "cut" if last < row.last + TIMEOUT else "missing"


class Index:
    """Rows by a key, found by when they waited."""

    def __init__(self):
        self.rows = collections.defaultdict(list)

    def add(self, key, row):
        self.rows[key].append(row)

    def waiting(self, key, time):
        rows = self.rows.get(key, [])
        end = bisect.bisect_right(rows, time, key=lambda row: row.first)
        begin = bisect.bisect_left(rows, time - WINDOW, key=lambda row: row.first)
        return [row for row in rows[begin:end] if row.waits(time)]


def match(path, rows, roles):
    names, parents, copies = Index(), Index(), Copies()
    seen = {}  # when a name was first asked for, by the server side
    for row in sorted(rows, key=lambda row: row.first):
        labels = row.asked[0]
        names.add(labels, row)
        for count in range(1, min(PARENTS + 1, len(labels))):
            parents.add(labels[-count:], row)
    best = {"matched": "name", "matched_type": "type", "matched_part": "part"}
    order = ["name", "type", "part", "none"]
    first = last = None
    for message in messages(path):
        time, payload = message[0], message[4]
        first, last = min(first or time, time), max(last or time, time)
        labels, qtype, qclass = question(payload)
        if copies.has(message):
            roles["duplicate"] += 1
            continue
        seen.setdefault(labels, time)
        found = names.waiting(labels, time)
        same = [row for row in found if row.asked[1:] == (qtype, qclass)]
        if len(same) == 1:
            role, found = "matched", same
        elif same:
            role = "ambiguous"
        elif found:
            role = "matched_type" if len(found) == 1 else "ambiguous_type"
        else:
            name = labels[1:] if labels[:1] == (b"_",) and len(labels) > 1 else labels
            found = parents.waiting(name, time) if labels else []
            role = "outside" if any(row.first <= time for row in names.rows.get(labels, [])) \
                else "unasked"
            if len(found) == 1:
                role = "matched_keys" if qtype in (DS, DNSKEY) else "matched_part"
            elif found:
                role = "ambiguous_part"
        roles[role] += 1
        for row in found:
            row.found.add(role)
        if role in best and not payload[2] & 0x80:
            found[0].server = min(found[0].server, best[role], key=order.index)
    return first, last, seen


def server_match(row, first, last, seen):
    if row.server != "none":
        return row.server
    if any(role.startswith("ambiguous") for role in row.found):
        return "ambiguous"
    if row.first > last or row.end < first:
        return "uncovered"
    return "cached" if seen.get(row.asked[0], row.first + 1) <= row.first else "unseen"


def told(path):
    """Counts of a summary, by the heading that they stand under."""
    counts, heading = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.startswith(" "):
                heading = line.split(":")[0].strip() if ":" in line else line.strip()
            elif found := re.match(r"  (\S+) +(\d+) ", line):
                counts.setdefault(heading, {})[found.group(1)] = int(found.group(2))
    return counts


def main():
    summary, client, *server = sys.argv[1:]
    want = collections.defaultdict(collections.Counter)
    rows, last = pair(client, want["client side"])
    for row in rows:
        want["rows, by outcome"][outcome(row, last)] += 1
    if server:
        covered = match(server[0], rows, want["server side"])
        for row in rows:
            want["rows, by what the server side has"][server_match(row, *covered)] += 1
    got, failed = told(summary), False
    for heading in sorted(set(want) | {h for h in got if h.startswith(("client", "server", "rows"))}):
        if dict(want[heading]) != got.get(heading, {}):
            failed = True
            print(f"{client}: {heading}: tshark and this script have {dict(want[heading])}, "
                  f"the program has {got.get(heading)}")
    pairs = sum(1 for row in rows if row.answered)
    print(f"{client}: {len(rows)} queries, {pairs} pairs: {'differ' if failed else 'the same'}")
    return failed


sys.exit(main())
