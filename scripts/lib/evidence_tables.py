# SPDX-License-Identifier: BSD-3-Clause
"""The tables of docs/detection.md: one function for each, from runs to lines of Markdown."""
import collections
import datetime
import re
import subprocess

from evidence_data import (CLIENT, DETECTORS, EVERYTHING, MODELLED, NO_SIGNATURES, RESOLVER,
                           models_of)

SHAPES, VOLUMES = "@shape,@rhythm", "@shape,@rhythm,@volume"
TAPPED = [(name, side) for name in ("laboratory", "emulated") for side in (CLIENT, RESOLVER)]
# As `adit evaluate` calls them, below a bound; and the one that the emulated tools have there.
RATES = ((0.001, "idle", ""), (1, "below 1", "0.7"), (10, "1 to 10", "5"), (30, "10 to 30", "20"),
         (100, "30 to 100", "50"), (1000, "100 to 1000", "500"),
         (float("inf"), "1000 and more", ""))
FULL = "full"
WANTED_KEYS = 30000
ADDRESSES = {"A", "AAAA", "HTTPS"}  # types of ordinary look-ups of hosts


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells):
    return [row(*cells), row(*("---" for _ in cells))]


def number(value):
    return "none" if value is None else f"{value:,.0f}"


def of(part, whole):
    return f"{part:,} of {whole:,}"


def share(value, low=None, high=None):
    if value is None:
        return "none"
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def recall_of(heap):
    """With Wilson's interval."""
    return share(heap["found"] / heap["tunnels"], *heap["recall_wilson"])


def middle(heap, what):
    if heap is None or not heap["found"]:
        return "none"
    return f"{number(heap[what + '_p50'])}, {number(heap[what + '_p90'])}"


def has_name(tool):
    """Whether anything could be named."""
    return not tool.startswith(("custom", "random"))


def by_name(heaps):
    return {heap["name"]: heap for heap in heaps}


def by_side(runs, how):
    """(title of the set, side, run) of what there is."""
    for name, side in TAPPED:
        run = runs.get(f"{name}-{side}", how)
        if run is not None:
            yield f"{name}-{side}", side, run


def table_data(runs, options):
    """What was judged, by what."""
    version = subprocess.run([options.adit, "--version"], check=True, capture_output=True,
                             text=True).stdout.split()[-1]
    models = "; ".join(models_of(options).values()) or "none"
    yield f"`scripts/evidence` on {datetime.date.today()}, version {version}; models: {models}."
    yield ""
    yield from head("captures", "number", "packets", "tunnels", "benign domains judged",
                    "benign keys with volume")
    for key, one in runs.sets.items():
        said = runs.get(key, EVERYTHING).said
        yield row(one.title, said["captures"], number(said["packets"]),
                  number(said["tunnels"]["tunnels"]), number(said["benign"]["domains"]),
                  number(said["benign"]["keys"]))


def table_tools(runs, _options):
    """Found and named, with and without signatures."""
    yield from head("tool", "tap", "tunnels", "found", "recall", "named right, of those found",
                    "found without signatures", "recall without signatures")
    for key, side, run in by_side(runs, EVERYTHING):
        bare = runs.get(key, NO_SIGNATURES).said
        others = by_name(bare["by_tool"])
        for heap in run.said["by_tool"]:
            other, tool = others[heap["name"]], heap["name"]
            yield row(tool, side, heap["tunnels"], heap["found"], recall_of(heap),
                      of(heap["named"], heap["found"]) if has_name(tool) else "has no name",
                      other["found"], recall_of(other))
        every, said = run.said["tunnels"], run.said
        yield row(f"**all of {runs.sets[key].title}**", side, every["tunnels"], every["found"],
                  share(*said["recall"]), f"{of(every['named'], said['nameable'])}, "
                  f"{said['misnamed']} wrong", bare["tunnels"]["found"], share(*bare["recall"]))


def table_delay(runs, _options):
    """How soon they were told, with and without signatures."""
    columns = [("queries", "queries"), ("bytes up", "bytes_up"), ("bytes down", "bytes_down")]
    yield from head("tool", "tap", "found", *(title for title, _ in columns),
                    "found without signatures", *(title for title, _ in columns))
    for key, side, run in by_side(runs, EVERYTHING):
        bare = runs.get(key, NO_SIGNATURES).said
        others = by_name(bare["by_tool"])
        heaps = [(heap["name"], heap, others[heap["name"]]) for heap in run.said["by_tool"]]
        heaps.append((f"**all of {runs.sets[key].title}**", run.said["tunnels"], bare["tunnels"]))
        for name, heap, other in heaps:
            yield row(name, side, of(heap["found"], heap["tunnels"]),
                      *(middle(heap, what) for _, what in columns),
                      of(other["found"], other["tunnels"]),
                      *(middle(other, what) for _, what in columns))


def rate_of(outcome):
    """The column of a tunnel's rate."""
    if outcome["rate"] == FULL:
        return FULL
    return next(title for bound, title, _ in RATES if float(outcome["rate"]) < bound)


def family_of(outcome):
    for word in ("custom", "random"):
        if outcome["tool"].startswith(word):
            return word
    return "tool"


def table_rates(runs, _options):
    """By the bytes in a second that a tunnel moves for its user."""
    families = [("tool", "tools"), ("custom", "custom tunnels"), ("random", "random tunnels")]
    hows = (EVERYTHING, NO_SIGNATURES)
    yield from head("B/s", "tap", "tunnels", "recall", "recall without signatures",
                    *(f"found, {title}, {how}" for _, title in families for how in hows))
    titles = [(title, f"{title} ({usual})" if usual else title) for _, title, usual in RATES]
    for side in (CLIENT, RESOLVER):
        key = f"emulated-{side}"
        said = [by_name(runs.get(key, how).said["by_rate"]) for how in hows]
        count = collections.Counter()
        for how in hows:
            for one in runs.get(key, how).outcomes:
                if one["label"] == "tunnel":
                    what = rate_of(one), family_of(one), how
                    count[what] += 1
                    count[what, "found"] += one["verdict"] == "tunnel"
        for name, title in [*titles, (FULL, "full speed")]:
            if name not in said[0]:
                continue
            cells = [(name, family, how) for family, _ in families for how in hows]
            yield row(title, side, said[0][name]["tunnels"],
                      *(recall_of(one[name]) for one in said),
                      *(of(count[cell, "found"], count[cell]) for cell in cells))


def table_detectors(runs, options):
    """Each one alone, and all together."""
    key, kinds = f"emulated-{CLIENT}", models_of(options)
    said = runs.get(key, EVERYTHING).said
    yield (f"{runs.sets[key].title.capitalize()}: {number(said['tunnels']['tunnels'])} tunnels, "
           f"{number(said['benign']['domains'])} benign domains judged with "
           f"{number(said['benign']['keys'])} keys with volume.")
    yield ""
    yield from head("detectors", "found", "suspected only", "recall", "precision", "F1",
                    "false tunnels", "false suspects")
    for how in (EVERYTHING, NO_SIGNATURES, *DETECTORS):
        run = runs.get(key, how)
        title = f"{how} alone" if how in DETECTORS else how
        if run is None:
            yield row(title, "not judged", *[""] * 6)
            continue
        if how in MODELLED and how not in kinds:
            title += ", of the benign rows of other captures"
        one = run.said
        yield row(title, one["tunnels"]["found"], one["tunnels"]["suspected"],
                  share(*one["recall"]), share(*one["precision"]), share(*one["f1"]),
                  one["benign"]["false_domains"], one["benign"]["suspect_domains"])


def table_unseen(runs, _options):
    """Recall of tools that what judges them has not seen."""
    key = f"emulated-{CLIENT}"
    fit = runs.get(key, SHAPES)
    shipped = by_name(runs.get(key, NO_SIGNATURES).said["by_tool"])
    yield from head("tool", "tunnels", "found", "recall", "queries: median, p90",
                    "the shipped model and all else without signatures")
    lab = runs.get(f"laboratory-{CLIENT}", NO_SIGNATURES)
    for heap in lab.said["by_tool"] if lab else []:
        yield row(heap["name"], heap["tunnels"], "none is in any fit", "", "", recall_of(heap))
    for heap in fit.said["by_tool"]:
        yield row(heap["name"], heap["tunnels"], heap["found"], recall_of(heap),
                  middle(heap, "queries"), recall_of(shipped[heap["name"]]))
    every = fit.said["tunnels"]
    yield row("**all emulated**", every["tunnels"], every["found"], share(*fit.said["recall"]),
              middle(every, "queries"),
              share(*runs.get(key, NO_SIGNATURES).said["recall"]))


def table_volume(runs, _options):
    """Trees with and without the features that only say how much there was."""
    key = f"emulated-{CLIENT}"
    yield from head("features", "rows", "area under ROC", "area under precision and recall",
                    "tunnels found", "recall", "false tunnels", "keys of those", "F1")
    for how in (SHAPES, VOLUMES):
        run = runs.get(key, how)
        areas = [share(run.rows[area]["value"],
                       *(run.rows[area]["bootstrap"] or run.rows[area]["wilson"] or ()))
                 for area in ("roc_area", "average_precision")]
        tunnels, benign = run.said["tunnels"], run.said["benign"]
        yield row(f"`{how}`", number(run.rows["rows"]), *areas,
                  of(tunnels["found"], tunnels["tunnels"]), share(*run.said["recall"]),
                  of(benign["false_domains"], benign["domains"]),
                  of(benign["false_keys"], benign["keys"]), share(*run.said["f1"]))


def kind_of(outcome):
    """What a benign domain counts for: its scenario, or of random services what is asked for."""
    scenario = re.sub(r"(_auth|_cli)?\.pcap$|-[0-9]+(_auth)?\.pcap$", "", outcome["file"])
    if "/" in outcome["setup"]:
        types = set(outcome["setup"].split("/")[1].split()[0].split("+"))
        asked = "addresses" if types <= ADDRESSES else \
            "several types" if len(types) > 1 else types.pop()
        return f"random services, {asked}"
    if outcome["setup"] != "-":
        return outcome["setup"]
    return f"{scenario}: ordinary surfing" if scenario in ("surfing", "crowd-names") else \
        "ordinary surfing of the others"


def table_benign(runs, _options):
    """Keys with volume that are no tunnel's, by kind."""
    key = f"emulated-{CLIENT}"
    run, bare = runs.get(key, EVERYTHING), runs.get(key, NO_SIGNATURES)
    kinds = collections.defaultdict(collections.Counter)
    for one in run.outcomes:
        if one["label"] != "tunnel":
            count = kinds[kind_of(one)]
            count["domains"] += 1
            count["keys"] += int(one["keys"])
            count[one["verdict"]] += 1
            count[one["verdict"], "keys"] += int(one["keys"])
    yield from head("kind", "domains judged", "keys with volume", "false tunnels", "their keys",
                    "false suspects", "their keys")
    columns = ("domains", "keys", "tunnel", ("tunnel", "keys"), "suspect", ("suspect", "keys"))
    for kind, count in sorted(kinds.items(), key=lambda it: (-it[1]["keys"], it[0])):
        yield row(kind, *(number(count[column]) for column in columns))
    for title, one in ((EVERYTHING, run), (NO_SIGNATURES, bare)):
        it = one.said["benign"]
        yield row(f"**all, {title}**", *(number(it[column]) for column in (
            "domains", "keys", "false_domains", "false_keys", "suspect_domains", "suspect_keys")))
    yield ""
    it = run.said["benign"]
    yield (f"Of {number(it['keys'])} keys {number(it['false_keys'])} are of a false tunnel: at most "
           f"{it['key_rate_high']:.1e} of such keys (95 %, if they were independent).")


def table_false(runs, _options):
    """False verdicts of every set."""
    yield from head("captures", "benign domains judged", "keys with volume", "false tunnels",
                    "their keys", "false suspects", "false tunnels without signatures",
                    "false suspects without signatures")
    for key, one in runs.sets.items():
        it, bare = (runs.get(key, how).said["benign"] for how in (EVERYTHING, NO_SIGNATURES))
        yield row(one.title, *(number(it[column]) for column in (
            "domains", "keys", "false_domains", "false_keys", "suspect_domains")),
            number(bare["false_domains"]), number(bare["suspect_domains"]))


def table_public(runs, _options):
    """The public captures, one by one where something was found or is to be found."""
    runs_of = [runs.get("public", how) for how in (EVERYTHING, NO_SIGNATURES)]
    if None in runs_of:
        yield "The public captures were not at hand."
        return
    verdicts = [{(one["file"], one["registrable_domain"]): one for one in run.outcomes}
                for run in runs_of]
    first = verdicts[0]
    yield from head("capture", "domain", "is", "all detectors", "named", "queries when told",
                    "without signatures")
    for place in sorted(set(first) | set(verdicts[1])):
        both = [it.get(place) for it in verdicts]
        it = both[0] or both[1]
        if it["label"] != "tunnel" and all(one is None or one["verdict"] == "none"
                                           for one in both):
            continue
        said = ["none" if one is None else one["verdict"] for one in both]
        yield row(*place, it["tool"] if it["label"] == "tunnel" else "no tunnel", said[0],
                  it["named"], it["queries"], said[1])


TABLES = {"data": table_data, "tools": table_tools, "delay": table_delay, "rates": table_rates,
          "detectors": table_detectors, "unseen": table_unseen, "volume": table_volume,
          "benign": table_benign, "false": table_false, "public": table_public}
