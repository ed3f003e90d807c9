#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The notebook's method with pandas, for tests of adit logscan.

logscan_reference.py LOG [--keep] [--within] > labels
logscan_reference.py LOG --check LABELLED [--keep]
logscan_reference.py --random SEED DOMAINS > log.tsv

A label a row, in the order of the log: 0, 1, or - for a row that the notebook drops (not with
--keep). Steps and comparisons are the notebook's; what pandas has taken away since (set_value) is
written as it is written today, and ties of the ranking go by name. With --check, the labelled log
that the program wrote has to be the log's rows, but for those dropped, with these labels.
--random makes a log whose domains are small logs of their own, made so that sizes and pauses fall on
both sides of every comparison.
"""
import argparse
import random
import sys
import time

COLUMNS = ["timestamp", "hostname", "record", "TTL", "DNS_IP", "ANS_IP", "2LD"]
SERVICES = ["apple.com", "google.com", "yahoo.com", "dropbox.com", "twitter.com", "vimeo.come"]


def mark(df):
    import numpy as np
    df = df.sort_values(["timestamp"])
    df["tunnel"] = 0
    t = df[df["record"] != "A"]
    suspects = t.groupby(["2LD"]).size().sort_values(ascending=False, kind="stable")
    for domain in suspects.to_frame().index.tolist()[:1000]:
        domain_df = df[df["2LD"] == domain]
        grp_df = domain_df.groupby(["record", "timestamp"]).size().to_frame().reset_index()
        grp_df["delta_size"] = np.abs(grp_df[0] - grp_df[0].shift(1))
        grp_df["delta_time"] = grp_df["timestamp"] - grp_df["timestamp"].shift(1)
        rec_time = grp_df.groupby(["record"]).median()
        for r, dt in zip(rec_time.index.values, rec_time["delta_time"].tolist()):
            sus_df = grp_df[(grp_df["record"] == r) & (grp_df["delta_time"] > dt) &
                            (grp_df["delta_size"] > 100)]
            ts = sus_df["timestamp"].values
            if len(ts) > 2:
                for i in range(len(ts) - 1):
                    sus = domain_df[(domain_df["timestamp"] >= ts[i]) &
                                    (domain_df["timestamp"] < ts[i + 1]) &
                                    (domain_df["record"] == r)]
                    df.loc[sus.index, "tunnel"] = 1
    return df


def labels_of(path, keep):
    import pandas as pd
    began = time.monotonic()
    df = mark(pd.read_csv(path, sep="\t", names=COLUMNS, nrows=5500000))
    print(f"marked in {time.monotonic() - began:.1f} s", file=sys.stderr)
    labels = df["tunnel"].sort_index().map(str).tolist()
    if not keep:
        names = df["hostname"].sort_index()
        for service in SERVICES:
            for row in names.index[names.str.contains(service, na=False)]:
                labels[row] = "-"
    return labels


def check(path, labelled, keep):
    labels = labels_of(path, keep)
    marked = labels.count("1")
    with open(path, encoding="utf-8") as log, open(labelled, encoding="utf-8") as got:
        for number, (line, label) in enumerate(zip(log, labels), 1):
            if label == "-":
                continue
            want = f"{line.rstrip(chr(10))}\t{label}\n"
            have = got.readline()
            if have != want:
                sys.exit(f"row {number}: {have!r}, pandas says {want!r}")
        if got.readline():
            sys.exit("the labelled log goes on after the last row")
    print(f"{len(labels)} rows, {marked} marked, {labels.count('-')} dropped: equal")


def random_log(seed, domains):
    rng = random.Random(seed)
    rows = []
    for number in range(domains):
        name = f"d{number}.example" if rng.random() < 0.9 else f"apple{rng.choice('.x')}com.d{number}"
        types = rng.sample(["A", "AAAA", "CNAME", "MX", "NULL", "TXT", "NS", "nan"],
                           rng.randrange(1, 5))
        start = rng.randrange(1473638400, 1473638460)
        gaps = rng.choice([(1, 2), (1, 1, 1, 2, 3), (2,), (1, 5, 9), (3, 3, 3, 1)])
        sizes = rng.choice([(1, 102), (1, 101, 102), (1, 2, 103), (5, 105, 106), (1, 1, 102), (3,)])
        for kind in types:
            second = start + rng.randrange(-5, 6)
            for _ in range(rng.choice((1, 2, 3, 4, 9, 12, 16))):
                for _ in range(rng.choice(sizes)):
                    rows.append((second, f"h{rng.randrange(9)}.{name}", kind, 60, "192.0.2.1", "",
                                 name))
                second += rng.choice(gaps)
    rng.shuffle(rows)
    for row in rows:
        print(*row, sep="\t")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("log", nargs="?")
    parser.add_argument("--check", metavar="LABELLED")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--random", nargs=2, type=int, metavar=("SEED", "DOMAINS"))
    arguments = parser.parse_args()
    if arguments.random:
        random_log(*arguments.random)
    elif arguments.check:
        check(arguments.log, arguments.check, arguments.keep)
    else:
        print("\n".join(labels_of(arguments.log, arguments.keep)))


main()
