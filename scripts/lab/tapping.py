# SPDX-License-Identifier: BSD-3-Clause
"""From subscribers' packets to what taps of a mobile core see of them: the options that
gtpu-wrap.py and make-carrier-capture.py share, and what they do."""
import collections
import json

from gtpu import Tap

CONTEXT_VLANS = 101, 102

# A subscriber's IP packet. `who` is its address, `kind` what Tap.frames_of is told.
Inside = collections.namedtuple("Inside", "micros packet number uplink who kind")


def add_arguments(parser):
    parser.add_argument("--split", nargs=2, metavar=("UP", "DOWN"),
                        help="two files, one for each direction, as an optical tap delivers them")
    parser.add_argument("--vlan", type=int, action="append", metavar="ID",
                        help="twice for QinQ, the service tag first")
    parser.add_argument("--mpls", type=int, action="append", default=[], metavar="LABEL",
                        help="outermost first; may be repeated")
    parser.add_argument("--outer6", action="store_true", help="IPv6 around GTP-U")
    parser.add_argument("--mtu", type=int, default=1500,
                        help="of the core's links; larger packets go in fragments (default 1500)")
    parser.add_argument("--cores", type=int, default=1, help="core-side peers, 1 to 100")
    parser.add_argument("--signalling", action="store_true",
                        help="echoes, error indications and other messages between the packets")
    parser.add_argument("--handovers", type=int, default=0, metavar="N",
                        help="a subscriber's base station and TEIDs change, N times in all")
    parser.add_argument("--both-legs", action="store_true",
                        help="every packet again 0.2 to 2 ms later, as on the next leg")
    parser.add_argument("--context", choices=("vlan", "core"),
                        help="all twice: as of two networks whose subscribers share addresses, "
                        "told apart by VLAN 101 and 102 or by core-side peers")
    parser.add_argument("--shift", type=float, default=0.7, metavar="MS",
                        help="by how much the second context is later (default 0.7)")
    parser.add_argument("--seed", type=int, default=1)


def check(parser, options):
    if (options.output is None) == (options.split is None):
        parser.error("needs either OUT or --split UP DOWN")
    if options.context == "core" and options.both_legs:
        parser.error("--context core and --both-legs: the legs have different core-side peers")
    if not 1 <= options.cores <= 100 or options.mtu < 576:
        parser.error("--cores is 1 to 100, --mtu at least 576")


def contexts(options):
    """(name, settings of its tap, shift in microseconds) of each."""
    vlans = tuple(options.vlan or ())
    if options.context is None:
        yield "", {"vlans": vlans}, 0
    for turn, vlan in enumerate(CONTEXT_VLANS if options.context else ()):
        shift = int(turn * options.shift * 1000)
        if options.context == "vlan":
            yield f"vlan {vlan}", {"vlans": (vlan,) + vlans[1:]}, shift
        else:
            first = turn * options.cores
            yield f"core {first + 1}", {"vlans": vlans, "first_core": first,
                                        "radio_network": 10 + turn}, shift


def play(options, tap, inside, handovers, shift):
    waiting = collections.deque(handovers)
    for one in inside:
        while waiting and waiting[0][0] <= one.micros:
            micros, number = waiting.popleft()
            tap.handover(micros + shift, number)
        tap.packet(one.micros + shift, one.packet, one.number, one.uplink, one.kind, one.who)
    for micros, number in waiting:
        tap.handover(micros + shift, number)
    if options.signalling:
        tap.signalling(inside[0].micros + shift, inside[-1].micros + shift,
                       sorted({one.number for one in inside}))


def wrap(options, rng, frames, inside, told=None):
    """Wraps packets, which are in the order of time, into `frames`; returns the truth by context.
    `told` is called with the kind of each packet and the number of its frames."""
    numbers = sorted({one.number for one in inside})
    start, end = inside[0].micros, inside[-1].micros
    handovers = sorted((rng.randrange(start, end + 1), rng.choice(numbers))
                       for _ in range(options.handovers))
    truth = {}
    for name, settings, shift in contexts(options):
        tap = Tap(rng, frames.add, labels=options.mpls, mtu=options.mtu, cores=options.cores,
                  outer6=options.outer6, both_legs=options.both_legs, **settings)
        if told:
            tap.frames_of = told
        play(options, tap, inside, handovers, shift)
        truth[name] = tap.described()
    return truth


def write(options, frames, truth):
    """Writes the capture, or both, and the truth beside it; returns a line about it."""
    if options.split:
        files = {path: frames.write(path, uplink)
                 for path, uplink in zip(options.split, (True, False))}
    else:
        files = {options.output: frames.write(options.output)}
    truth["frames"] = {path.rsplit("/", maxsplit=1)[-1]: count for path, count in files.items()}
    with open((options.output or options.split[0]) + ".json", "w", encoding="ascii") as file:
        json.dump(truth, file, indent=1)
        file.write("\n")
    return f"{' '.join(files)}: {sum(files.values())} frames"
