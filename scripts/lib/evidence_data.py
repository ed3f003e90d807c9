# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/evidence judges: sets of labelled captures, and runs of `adit evaluate` over them.

A set is of one side of the resolvers: a folder of label files that name the captures of that side
only, with links to where the captures are.
"""
import collections
import concurrent.futures
import csv
import json
import re
import subprocess
import sys
import time

CLIENT, RESOLVER = "client", "resolver"
DETECTORS = ("signatures", "structure", "trees", "svm", "envelope", "burst", "information")
MODELLED = ("trees", "svm", "envelope")  # detectors that need a model
EVERYTHING, NO_SIGNATURES = "all detectors", "without signatures"
SEED, FIRST = 9, 401  # the shipped model was fitted to other seeds and to lower numbers
FIXED_SCALE = 1
# Which numbers of a family are made, and how large.
FAMILIES = {"random-services": 20, "random-tunnels": 16, "random-sites": 8, "crowd-names": 1}
QUICK = ("dnscat2", "custom-words", "random-tunnels-401", "antivirus-text", "random-services-401")
# As scripts/train-default fits, but for the number of rounds.
FIT = ("--fit", "trees", "--depth", "5", "--learning-rate", "0.1", "--subsample", "0.7",
       "--columns-by-tree", "0.5", "--rate", "0.02", "--suspect-rate", "0.1",
       "--by-names", "6,8,12,20,40,100")
# Models without labels, of the benign rows of other captures.
ONE_CLASS = {"svm": ("--fit", "svm", "--nu", "0.01"), "envelope": ("--fit", "envelope", "--not-robust")}
TIMEOUT = 3600  # seconds of one run

Set = collections.namedtuple("Set", "key title side labels")


class Failure(Exception):
    """Why there are no figures; for people."""


def tell(text):
    print(f"evidence: {text}", file=sys.stderr, flush=True)


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def write_rows(path, columns, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in [columns, *([row[column] for column in columns] for row in rows)]:
            file.write("\t".join(row) + "\n")


def link(at, to):
    if at.is_symlink():
        at.unlink()
    at.symlink_to(to.resolve())


def scenarios(emulate):
    """All that validation is made of: every fixed scenario, and numbers that no fit has seen."""
    listed = subprocess.run([emulate, "--list"], check=True, capture_output=True, text=True)
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    fixed = [name for name in names if name.rpartition("-")[0] not in FAMILIES]
    return fixed + [f"{family}-{FIRST + number}" for family, count in FAMILIES.items()
                    for number in range(count)]


def make_captures(options, emulate):
    """The emulated captures in the work folder; those that are there are kept."""
    folder, note = options.work / "captures", options.work / "made.json"
    domains = options.shared / "lists" / "popular-domains-100k.txt"
    how = {"seed": SEED, "scale": 0.02 if options.quick else FIXED_SCALE,
           "hours": 3 if options.quick else 24, "popular domains": domains.is_file()}
    if note.is_file() and json.loads(note.read_text(encoding="utf-8")) != how:
        raise Failure(f"{options.work} holds captures made in another way; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(how), encoding="utf-8")
    names = list(QUICK) if options.quick else scenarios(emulate)
    missing = [name for name in names if not (folder / f"{name}.tsv").is_file()]
    tell(f"{len(names)} scenarios, {len(missing)} of them to be made")
    if missing:
        command = [emulate, folder, "--seed", str(SEED), "--scale", str(how["scale"]), "--hours",
                   str(how["hours"]), "--jobs", str(options.jobs), "--scenario", *missing]
        if how["popular domains"]:
            command += ["--domains", domains]
        made = subprocess.run(command, check=False, stdout=sys.stderr)
        if made.returncode != 0:
            raise Failure(f"emulate ended with status {made.returncode}")
    return [folder / f"{name}.tsv" for name in names]


def side_of(file):
    return RESOLVER if file.rpartition(".")[0].endswith("_auth") else CLIENT


def split(folder, key, title, labels):
    """Sets of the two sides, from label files that name captures of both."""
    sets = []
    for side in (CLIENT, RESOLVER):
        where = folder / f"{key}-{side}"
        where.mkdir(parents=True, exist_ok=True)
        paths = []
        for path in labels:
            rows = read_rows(path)
            mine = [row for row in rows if side_of(row["file"]) == side]
            if mine:
                write_rows(where / path.name, list(rows[0]), mine)
                link(where / path.stem, path.with_suffix(""))
                paths.append(where / path.name)
        if paths:
            sets.append(Set(f"{key}-{side}", f"{title}, {side} side", side, paths))
    return sets


def read_public(folder, labels):
    """The public captures, whose label file is of another form."""
    where = folder / "public"
    where.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in read_rows(labels):
        if not (labels.with_suffix("") / row["file"]).is_file():
            continue
        tunnel = row["label"] == "tunnel"
        # A capture without a tunnel is named by a line about the root.
        rows.append({"file": row["file"],
                     "registrable_domain": row["tunnel_zone"] if tunnel else ".",
                     "label": "tunnel" if tunnel else "benign",
                     "tool": row["what"].split()[0] if tunnel else "-", "setup": row["label"]})
    if not rows:
        return []
    write_rows(where / "real.tsv", list(rows[0]), rows)
    link(where / "real", labels.with_suffix(""))
    return [Set("public", "public captures", "any", [where / "real.tsv"])]


def find_sets(options, emulate):
    """Sets by key: emulated-client, emulated-resolver, and where they are there
    laboratory-client, laboratory-resolver and public."""
    folder, pcaps = options.work / "labels", options.shared / "pcaps"
    sets = split(folder, "emulated", "emulated", make_captures(options, emulate))
    if (pcaps / "lab.tsv").is_file():
        sets += split(folder, "laboratory", "laboratory", [pcaps / "lab.tsv"])
    else:
        tell(f"{pcaps}/lab.tsv is not there: no laboratory captures")
    if (pcaps / "real.tsv").is_file():
        sets += read_public(folder, pcaps / "real.tsv")
    else:
        tell(f"{pcaps}/real.tsv is not there: no public captures")
    return {one.key: one for one in sets}


def settings_of(setting):
    """Arguments: EVERYTHING, NO_SIGNATURES, or a detector alone."""
    off = {EVERYTHING: (), NO_SIGNATURES: ("signatures",)}.get(
        setting, [name for name in DETECTORS if name != setting])
    return [part for name in off for part in ("--set", f"detect.{name}=false")]


class Run:
    """A run of `adit evaluate`: what it said, and one row for each outcome."""

    def __init__(self, title, command, listing):
        began = time.monotonic()
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True,
                                  timeout=TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{title}: not done after {TIMEOUT} s") from error
        except OSError as error:
            raise Failure(f"{title}: {error}") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["no message"]
            raise Failure(f"{title}: status {done.returncode}: {said[-1]}")
        whole = json.loads(done.stdout)
        self.rows = whole                         # of a fit: by row
        self.said = {**whole, **whole["outcomes"]}  # by tunnel
        self.outcomes = read_rows(listing)
        tell(f"{title}: {time.monotonic() - began:.0f} s")


class Runs:
    """Runs at once, by what is judged and how. A run that failed fails where its figures are
    wanted."""

    def __init__(self, options, sets):
        self.options, self.sets, self.futures = options, sets, {}
        self.pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
        self.folder = options.work / "runs"
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, key, how, arguments):
        title = f"{self.sets[key].title}: {how}"
        listing = self.folder / (re.sub(r"\W+", "-", f"{key} {how}") + ".tsv")
        command = [self.options.adit, "evaluate", "--json", "--list", listing, *arguments]
        for path in self.sets[key].labels:
            command += ["--captures", path]
        self.futures[key, how] = self.pool.submit(Run, title, command, listing)

    def judge(self, key, how):
        """What the program says."""
        sets = [part for one in self.options.set for part in ("--set", one)]
        self.start(key, how, [*sets, *settings_of(how)])

    def fit(self, key, features):
        """What trees say that have not seen what they judge."""
        folds, rounds = ("3", "20") if self.options.quick else ("6", "300")
        off = [part for name in MODELLED for part in ("--set", f"detect.{name}=false")]
        self.start(key, features, [*FIT, "--folds", folds, "--rounds", rounds, "--features",
                                   features, *off])

    def fit_one_class(self, key, kind):
        """What a model of benign rows says of captures that it has not seen."""
        off = [part for name in MODELLED for part in ("--set", f"detect.{name}=false")]
        self.start(key, kind, [*ONE_CLASS[kind], "--folds", "3" if self.options.quick else "4",
                               "--rate", "0.05", "--by-names", "6,12,20", "--features",
                               "@shape,@rhythm", *off])

    def get(self, key, how):
        return self.futures[key, how].result() if (key, how) in self.futures else None

    def problems(self):
        """Waits for all."""
        problems = [future.exception() for future in self.futures.values()]
        self.pool.shutdown()
        return [problem for problem in problems if problem is not None]


def models_of(options):
    """{kind: a line about it} of the models that are in force."""
    given = [one.partition("=")[2] for one in options.set if one.startswith("detect.models=")]
    root = options.root / "config" / "models"
    folders = given[-1].split(",") if given else sorted(map(str, root.glob("*")))
    models = {}
    for folder in folders:
        path = options.root / folder / "model.conf"
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        kind = re.search(r'^kind = "(\w+)"', text, re.M).group(1)
        training = text[text.index("training:"):]
        date, rows, groups = (re.search(rf'\b{name} = "?([\w-]+)', training) for name in
                              ("date", "rows", "groups"))
        models[kind] = (f"{kind} of {date.group(1) if date else 'no date'}, fitted to "
                        f"{int(rows.group(1)):,} rows of {groups.group(1)} groups of captures")
    return models
