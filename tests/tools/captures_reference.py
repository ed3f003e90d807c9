#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What adit evaluate --captures has to say, reckoned from what adit replay and adit predict wrote.

captures_reference.py EVALUATION REPLAYS LABELS... [--scores SCORES]

EVALUATION is the JSON of adit evaluate. REPLAYS holds, for each capture, a folder of its name without
ending, with windows.csv and verdicts.jsonl. With --scores, a folder that has for each capture
NAME.csv, which adit predict wrote of its windows.csv: rows flagged make a domain found. Prints what
differs; status 1 if anything does.
"""
import argparse
import csv
import datetime
import json
import math
import pathlib
import sys

SPANS = ("look", "slice", "10min", "hour", "day")
LEAST_NAMES, LEAST_INFORMATION, MANY_NAMES, STRETCH = 6, 200, 20, 600


class Domain:
    """A domain of a capture: its label, and what became of it."""

    def __init__(self, label=None):
        label = label or {}
        self.tunnel = label.get("label") == "tunnel"
        self.tool = label.get("tool", "-") if self.tunnel else "-"
        self.keys = 0
        self.met = self.found = self.suspected = False
        self.named = self.delay = None


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def number(row, name):
    return float(row[name] or "nan")


def harvest(path, flagged):
    """Rows by key, thinned: (domain, keys met, rows). `flagged` tells of a line, or is None."""
    keys = {}
    for line, row in enumerate(csv.DictReader(open(path, encoding="utf-8")), 2):
        if row["span"] not in SPANS or not row["subscriber"]:
            continue
        domain = row["domain"] or "server " + row["server"]
        key = keys.setdefault((row["kind"], domain, row["subscriber"], row["vlan"]), {
            "domain": domain, "stretches": [], "seen": dict.fromkeys(SPANS, 0), "first": None,
            "kept": 0, "so_far": [0.0, 0.0, 0.0]})
        for i, name in enumerate(("queries", "information_up", "information_down")):
            key["so_far"][i] = max(key["so_far"][i], number(row, name))
        names, stretch = number(row, "unique_names"), int(seconds(row["window_start"]) // STRETCH)
        if (row["span"] in SPANS[:3] and names >= MANY_NAMES
                and stretch > max(key["stretches"], default=-1)):
            key["stretches"].append(stretch)
        if names < LEAST_NAMES or number(row, "information") < LEAST_INFORMATION:
            continue
        key["seen"][row["span"]] += 1
        if key["seen"][row["span"]].bit_count() == 1:
            key["kept"] += 1
            if flagged and flagged[line] and key["first"] is None:
                key["first"] = tuple(key["so_far"])
    return keys.values()


def told(path, domains):
    """What verdicts.jsonl says of each domain."""
    for line in open(path, encoding="utf-8"):
        record = json.loads(line)
        it = domains.setdefault(record["domain"] or "server " + record["server"], Domain())
        it.suspected = True
        if record["verdict"] == "tunnel" and not it.found:
            it.found = True
            it.delay = record["queries"], record["information_up"], record["information_down"]
        it.named = record["tool"] or it.named


def scored(keys, domains):
    """What flagged rows say of each domain."""
    for key in keys:
        it = domains[key["domain"]]
        if key["first"] is not None and (not it.found or key["first"][0] < it.delay[0]):
            it.found = it.suspected = True
            it.delay = key["first"]


def read(options):
    """All domains, and how many rows were kept."""
    everything, rows = [], 0
    for labels in options.labels:
        captures = {}
        for label in csv.DictReader(open(labels, encoding="utf-8"), delimiter="\t"):
            captures.setdefault(label["file"], {})[label["registrable_domain"]] = Domain(label)
        for file, domains in captures.items():
            name, flagged = pathlib.Path(file).stem, None
            if options.scores:
                scores = csv.DictReader(open(options.scores / f"{name}.csv", encoding="utf-8"))
                flagged = {int(row["line"]): row["flagged"] == "1" for row in scores}
            keys = harvest(options.replays / name / "windows.csv", flagged)
            for key in keys:
                it = domains.setdefault(key["domain"], Domain())
                it.keys += len(key["stretches"])
                it.met |= key["kept"] > 0
                rows += key["kept"]
            if options.scores:
                scored(keys, domains)
            else:
                told(options.replays / name / "verdicts.jsonl", domains)
            everything += domains.values()
    return everything, rows


def quantile(values, share):
    values = sorted(values)
    return values[min(int(share * len(values)), len(values) - 1)] if values else None


def nameable(tool):
    return tool != "-" and not tool.startswith(("custom", "random"))


def is_name(named, tool):
    return named is not None and (tool + " ").lower().startswith(named.lower() + " ")


def heap(tunnels):
    found = [it for it in tunnels if it.found]
    made = {"tunnels": len(tunnels), "found": len(found),
            "suspected": sum(it.suspected and not it.found for it in tunnels),
            "named": sum(nameable(it.tool) and is_name(it.named, it.tool) for it in found)}
    for i, name in enumerate(("queries", "bytes_up", "bytes_down")):
        for share in (50, 90):
            made[f"{name}_p{share}"] = quantile([it.delay[i] for it in found], share / 100)
    return made


def close(one, other):
    return one == other or (one is not None and other is not None
                            and math.isclose(one, other, rel_tol=1e-6))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluation", type=pathlib.Path)
    parser.add_argument("replays", type=pathlib.Path)
    parser.add_argument("labels", type=pathlib.Path, nargs="+")
    parser.add_argument("--scores", type=pathlib.Path)
    options = parser.parse_args()
    said = json.loads(options.evaluation.read_text(encoding="utf-8"))
    domains, rows = read(options)
    tunnels = [it for it in domains if it.tunnel]
    benign = [it for it in domains if not it.tunnel and (it.met or it.suspected)]
    false, found = [it for it in benign if it.found], [it for it in tunnels if it.found]
    wanted = {f"tunnels {name}": value for name, value in heap(tunnels).items()}
    for tool in {it.tool for it in tunnels}:
        of_tool = heap([it for it in tunnels if it.tool == tool])
        wanted |= {f"{tool} {name}": value for name, value in of_tool.items()}
    wanted |= {"benign domains": len(benign), "benign false_domains": len(false),
               "benign keys": sum(it.keys for it in benign),
               "benign false_keys": sum(it.keys for it in false),
               "recall": len(found) / len(tunnels) if tunnels else None,
               "precision": len(found) / (len(found) + len(false)) if found or false else None,
               "f1": 2 * len(found) / (len(found) + len(false) + len(tunnels)) if tunnels else None,
               "nameable": 0 if options.scores else sum(nameable(it.tool) for it in found),
               "misnamed": sum(it.named is not None and not is_name(it.named, it.tool)
                               for it in found)}
    outcomes = said["outcomes"]
    got = {f"{group} {name}": value for group in ("tunnels", "benign")
           for name, value in outcomes[group].items()}
    got |= {name: outcomes[name][0] for name in ("recall", "precision", "f1")}
    got |= {name: outcomes[name] for name in ("nameable", "misnamed")}
    got |= {f"{of_tool['name']} {name}": value for of_tool in outcomes.get("by_tool", [])
            for name, value in of_tool.items()}
    if "rows" in said:
        got["rows"], wanted["rows"] = said["rows"], rows
    wrong = [f"{name}: {got.get(name)}, expected {value}" for name, value in wanted.items()
             if not close(got.get(name), value)]
    print(*(wrong or [f"{len(wanted)} figures agree"]), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
