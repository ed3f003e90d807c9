# SPDX-License-Identifier: BSD-3-Clause
"""How tunnels are used: rates, polls, set-ups. What their messages look like is in tools.py."""
import collections
import itertools

from stage import SECOND, Source
from surf import browse
from zones import invent_domain

# A query that a tool makes, and what its server says to it. `edns` is an OPT record or b"", `hold`
# for how many microseconds the server keeps it waiting.
Ask = collections.namedtuple("Ask", "name qtype answer edns hold", defaults=(0,))
# `domain` is the registrable one, `origin` what the tunnel's names end in.
Zone = collections.namedtuple("Zone", "domain origin")
PREFIXES = "", "", "t", "d", "s1", "dns", "tun"

# How a client uses its tunnel. `rate`: bytes a second of the tunnel's own data in both directions,
# None: as fast as the tool can; `share`: of what goes up; `poll`: the shortest and the longest wait
# without data, in seconds; `window`: queries under way at full speed; `patient`: asks when so much
# waits that a name is worth it, whatever its polls; `jitter`: what a wait is multiplied with, or
# None; `silent`: no query without data; `pressing`: the rate from which data does not wait for the
# next poll, but for `load` bytes to come (0: what a name holds).
Use = collections.namedtuple(
    "Use", "rate share poll window patient jitter silent pressing load resolvers source",
    defaults=(False, None, False, 50, 0, None, None))
RATES = 0.7, 5, 50, 500, None
# (set-up, rate). `plain`: the tool's own rhythm. `quiet`: no query without data.
SETUPS = [("plain", rate) for rate in RATES] + [
    ("idle", 0), ("quiet", 0.7), ("quiet", 5), ("quiet", 50), ("jitter", 0.7), ("jitter", 50),
    ("upload", 0.7), ("upload", 50), ("resolvers", 5), ("resolvers", 50), ("domains", 5),
    ("domains", 50), ("browsing", 5), ("browsing", 50), ("shared", 20)]
SHARING = 50    # subscribers of a shared tunnel


class Tool:
    """A tunnel's client. `poll` is the shortest and the longest wait without data, in seconds;
    tools that sleep send data at these times only."""

    title = "tool (emulated)"
    poll = 1.0, 1.0
    window = 1         # queries under way at full speed
    sleeps = False
    one_socket = True  # all queries from one port
    upload_only = False
    queries = 1500     # the most that a client makes, at scale 1
    edns = b""
    up_room = down_room = 0
    variants = ()      # set-ups of its own
    direct = ()        # those of them that have no domain: the client asks its server itself
    server = None      # its address then

    def __init__(self, rng, zone, setup):
        self.rng, self.zone, self.setup = rng, zone, setup
        self.moved = [0, 0]

    def hello(self):
        return []

    def turn(self, up, down):
        """The queries that carry so much; both may be empty: a poll."""
        raise NotImplementedError


def invent_zone(stage, rng):
    domain = invent_domain(rng)
    while domain in stage.rows:
        domain = invent_domain(rng)
    prefix = rng.choice(PREFIXES)
    return Zone(domain, f"{prefix}.{domain}" if prefix else domain)


def describe_rate(rate):
    return "full" if rate is None else f"{rate:g}"


def use_of(rng, tool, setup, rate):
    """What a set-up means for a tool."""
    share = 1.0 if setup == "upload" or tool.upload_only else \
        0.0 if tool.up_room == 0 else rng.choice((0.15, 0.3, 0.3, 0.7))
    port = rng.randrange(1024, 65536) if tool.one_socket else None
    return Use(
        rate, share if tool.down_room else 1.0, tool.poll, tool.window, setup == "quiet",
        (0.1, 2.5) if setup == "jitter" else (0.7, 1.3) if setup == "quiet" or tool.sleeps else
        None, tool.upload_only,
        resolvers=rng.sample(range(6), 4) if setup == "resolvers" else None, source=Source(port))


class Session:
    """One client of a tunnel, from its start until its time or its queries are used up."""

    def __init__(self, stage, rng, client, tools, use):
        self.stage, self.rng, self.client, self.tools, self.use = stage, rng, client, tools, use
        self.resolvers = use.resolvers or [client.resolver]
        self.chunk = rng.uniform(0.5, 1)
        self.moved, self.count, self.wait = [0, 0], 0, use.poll[0]

    def send(self, at, asks, tool):
        """All asks one after the other; returns when the last is answered."""
        done = at
        for ask in asks:
            done = self.stage.ask(
                done, self.client, ask.name, ask.qtype, ask.answer, tool.zone.domain,
                resolver=self.resolvers[self.count % len(self.resolvers)],
                direct=tool.server, source=self.use.source, edns=ask.edns, hold=ask.hold)
            self.count += 1
        return done

    def _due(self, at, start, tool):
        """(bytes up, bytes down) that wait."""
        use = self.use
        if use.rate is None:
            return [tool.up_room if use.share else 0, tool.down_room if use.share < 1 else 0]
        total = use.rate * (at - start) / SECOND
        return [max(0, int(total * part) - moved)
                for part, moved in zip((use.share, 1 - use.share), self.moved)]

    def _until_ready(self, due, least):
        """Seconds until enough waits in one of the directions."""
        shares = self.use.share, 1 - self.use.share
        return max(1, min((enough - ready) / max(self.use.rate * share, 0.1)
                          for enough, ready, share in zip(least, due, shares) if share > 0))

    def _next(self, at, done, tool, data):
        """When the next turn is."""
        rng, use = self.rng, self.use
        if use.rate is None:
            return at + (done - at) / use.window * rng.uniform(0.8, 1.2)
        if use.patient:
            wait = tool.up_room * self.chunk / (use.rate * max(use.share, 0.3))
        else:
            self.wait = use.poll[0] if data else min(self.wait * 2, use.poll[1])
            wait = self.wait
        if use.jitter:
            wait *= rng.uniform(*use.jitter)
        if data and use.rate >= use.pressing and not tool.sleeps:
            wait = min(wait, (use.load or tool.up_room) * self.chunk / use.rate)
        return max(done, at + wait * SECOND)

    def run(self, start, end, most):
        """Returns when it ended."""
        rng, use, at, turn = self.rng, self.use, start, itertools.cycle(self.tools)
        for tool in self.tools:
            at = self.send(at, tool.hello(), tool)
        while at < end and self.count < most:
            tool = next(turn)
            due = self._due(at, start, tool)
            rooms = tool.up_room, tool.down_room
            at_least = [1 if tool.sleeps else room * self.chunk / 2 for room in rooms]
            sent = [min(ready, room) if ready >= least else 0
                    for ready, room, least in zip(due, rooms, at_least)]
            if use.silent and not any(sent):
                at += self._until_ready(due, at_least) * SECOND
                continue
            done = self.send(at, tool.turn(rng.randbytes(sent[0]), rng.randbytes(sent[1])), tool)
            self.moved = [moved + new for moved, new in zip(self.moved, sent)]
            tool.moved = [moved + new for moved, new in zip(tool.moved, sent)]
            if tool.sleeps and use.rate is not None and any(
                    ready - new > 0 for ready, new in zip(due, sent)):
                at = done + rng.uniform(0.02, 0.2) * SECOND  # awake until all is sent
            else:
                at = self._next(at, done, tool, any(sent))
        return at


def add_tunnel(stage, rng, sites, options, kind, setup, rate, said=None):
    """A tunnel in one set-up with zones, subscribers and a row for each zone, which says `said` of
    the set-up."""
    zones = [invent_zone(stage, rng) for _ in range(4 if setup == "domains" else 1)]
    direct = setup in kind.direct
    if direct:
        number = sum(domain.startswith("server") for domain in stage.rows)
        zones = [Zone(f"server 203.0.113.{number + 1}", "")]
    for zone in zones:
        stage.label(zone.domain, "tunnel", kind.title, said or setup, describe_rate(rate))
    most = max(30, int(kind.queries * options.scale))
    pages = max(1, min(8, int(16 * options.scale)))
    for _ in range(SHARING if setup == "shared" else 1):
        client = stage.client(False if direct else None)
        start = options.start + rng.uniform(0, 0.02 * options.hours) * 3600 * SECOND
        if setup == "shared":
            start = options.start + rng.uniform(0, 0.8 * options.hours) * 3600 * SECOND
        tools = [kind(rng, zone, setup) for zone in zones]
        session = Session(stage, rng, client, tools, use_of(rng, tools[0], setup, rate))
        end = session.run(start, options.end, most // 10 if setup == "shared" else most)
        if setup in ("browsing", "shared"):
            browse(stage, rng, client, sites, options.start,
                   max(end, start + 1800 * SECOND), pages)
        for tool in tools:
            stage.pay(tool.zone.domain, tool.moved)


def scenario(kind):
    """All set-ups of a tool."""
    def play(stage, rng, sites, options):
        for setup, rate in SETUPS + [(own, rate) for own in kind.variants for rate in (0.7, 50)]:
            if setup in ("shared", "idle") and kind.upload_only:
                continue
            add_tunnel(stage, rng, sites, options, kind, setup, rate)
    play.__doc__ = kind.__doc__
    return play
