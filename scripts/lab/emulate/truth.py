# SPDX-License-Identifier: BSD-3-Clause
"""What a capture holds, by registrable domain: the label file, and the check that reads captures
back with a reader of its own (messages.py)."""
import collections
import concurrent.futures
import csv
import hashlib
import pathlib

import messages
import packets
import pcapio

CLIENT, RESOLVER = "client", "resolver"
SUFFIX = {CLIENT: "", RESOLVER: "_auth"}  # of capture names, as scripts/evidence has it
LABELS = ("label", "tool", "setup", "rate")
COUNTS = ("subscribers", "queries", "responses", "distinct_names", "bytes_up", "bytes_down")
COLUMNS = ("file", "registrable_domain") + LABELS + COUNTS + ("payload_up", "payload_down")
WINDOW = 600  # seconds: what is judged beside the slice and the hour
MANY_NAMES = 20


def fold(name):
    """In lower case as names are: letters of ASCII only."""
    return name.lower() if name.isascii() else \
        name.encode("latin-1").lower().decode("latin-1")


class Tally:
    """What there was of one domain."""

    __slots__ = ("clients", "queries", "responses", "names", "up", "down")

    def __init__(self):
        self.clients, self.names = set(), set()
        self.queries = self.responses = self.up = self.down = 0

    def add(self, name, client, response, size):
        if response:
            self.responses += 1
            self.down += size
        else:
            self.queries += 1
            self.up += size
            self.clients.add(client)
            self.names.add(fold(name))

    def counts(self):
        return [str(n) for n in (len(self.clients), self.queries, self.responses, len(self.names),
                                 self.up, self.down)]


class Truth:
    """Counts by side and domain, while a capture is made."""

    def __init__(self, rows):
        self.rows = rows
        self.tallies = collections.defaultdict(Tally)

    def count(self, side, domain, name, client, response, size):
        self.tallies[side, domain].add(name, client, response, size)

    def write(self, path, files, payload):
        """`files` are {side: name of the capture}, `payload` {domain: bytes up and down that the
        tunnel itself moved}."""
        with open(path, "w", encoding="ascii") as file:
            file.write("\t".join(COLUMNS) + "\n")
            for (side, domain), tally in sorted(self.tallies.items()):
                if side not in files:
                    continue
                row = self.rows.get(domain, ("benign", "-", "-", "-"))
                moved = [str(n) for n in payload[domain]] if domain in payload else ["-", "-"]
                file.write("\t".join([files[side], domain, *row, *tally.counts(), *moved]) + "\n")


def read_rows(path):
    with open(path, encoding="ascii", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


class Summary:
    """Over all captures that are checked."""

    def __init__(self):
        self.messages, self.benign_names, self.keys, self.wrong = 0, set(), 0, []
        self.captures = self.frames = 0

    def add(self, other):
        self.messages += other.messages
        self.benign_names |= other.benign_names
        self.keys += other.keys
        self.wrong += other.wrong
        self.captures += other.captures
        self.frames += other.frames


def domain_of(name, domains):
    """The longest of the domains that the name is in or is; else the root."""
    lower = fold(name)
    while lower:
        if lower in domains:
            return lower
        _, _, lower = lower.partition(".")
    return "."


def check_capture(path, rows, summary):
    """Compares what a capture holds with its rows; adds to the summary."""
    domains = {row["registrable_domain"]: row for row in rows}
    servers = {packets.address(domain.split()[1]): domain for domain in domains
               if domain.startswith("server ")}
    times = [seconds for seconds, _, _ in pcapio.read(path)]
    tallies, windows = collections.defaultdict(Tally), collections.defaultdict(set)
    reader = messages.Reader()
    for one in reader.read(path):
        peers = one.source, one.destination
        domain = next((servers[peer] for peer in peers if peer in servers), None) or \
            domain_of(one.name, domains)
        client = one.destination if one.response else one.source
        tallies[domain].add(one.name, client, one.response, one.size)
        summary.messages += 1
        if not one.response and domains.get(domain, {}).get("label") != "tunnel":
            windows[client, domain, times[one.frames[0] - 1] // WINDOW].add(fold(one.name))
    summary.benign_names |= {
        hashlib.blake2b(name.encode("latin-1"), digest_size=8).digest()
        for name in set().union(*windows.values())}
    summary.captures += 1
    summary.frames += len(times)
    if SUFFIX[RESOLVER] not in pathlib.Path(path).stem:
        summary.keys += sum(len(names) >= MANY_NAMES for names in windows.values())
    for domain in domains.keys() | tallies.keys():
        found = tallies[domain].counts() if domain in tallies else ["0"] * len(COUNTS)
        row = domains.get(domain)
        stated = [row[column] for column in COUNTS] if row else ["0"] * len(COUNTS)
        if found != stated:
            summary.wrong.append(f"{path}: {domain}: {' '.join(found)}, "
                                 f"the label file says {' '.join(stated)}")


def check_scenario(labels):
    """Of one label file."""
    summary, files = Summary(), collections.defaultdict(list)
    for row in read_rows(labels):
        files[row["file"]].append(row)
    for name, rows in sorted(files.items()):
        check_capture(str(labels.with_suffix("") / name), rows, summary)
    return summary


def check(directory, scenarios, jobs):
    """Reads all captures below a directory, or those of some scenarios, and compares."""
    paths = [labels for labels in sorted(pathlib.Path(directory).glob("*.tsv"))
             if not scenarios or labels.stem in scenarios]
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        summary = Summary()
        for one in pool.map(check_scenario, paths):
            summary.add(one)
    return summary
