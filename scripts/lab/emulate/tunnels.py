# SPDX-License-Identifier: BSD-3-Clause
"""How tunnels are used: rates, polls, set-ups. What their messages look like is in tools.py."""
import collections
import itertools

from stage import SECOND
from surf import browse
from zones import invent_domain

# A query that a tool makes, and what its server says to it. `edns` is an OPT record or b"".
Ask = collections.namedtuple("Ask", "name qtype answer edns")
# `domain` is the registrable one, `origin` what the tunnel's names end in.
Zone = collections.namedtuple("Zone", "domain origin")
PREFIXES = "", "", "t", "d", "s1", "dns", "tun"

# Bytes a second of the tunnel's own data in both directions; None: as fast as the tool can.
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


class Session:
    """One client of a tunnel, from its start until its time or its queries are used up."""

    def __init__(self, stage, rng, client, tools, setup, rate):
        self.stage, self.rng, self.client, self.tools = stage, rng, client, tools
        self.setup, self.rate = setup, rate
        first = tools[0]
        share = 1.0 if setup == "upload" or first.upload_only else \
            0.0 if first.up_room == 0 else rng.choice((0.15, 0.3, 0.3, 0.7))
        self.share = share if first.down_room else 1.0
        self.port = rng.randrange(1024, 65536) if first.one_socket else None
        self.resolvers = rng.sample(range(6), 4) if setup == "resolvers" else [client.resolver]
        self.chunk = rng.uniform(0.5, 1)
        self.moved, self.count, self.wait = [0, 0], 0, first.poll[0]

    def send(self, at, asks, tool):
        """All asks one after the other; returns when the last is answered."""
        done = at
        for ask in asks:
            done = self.stage.ask(
                done, self.client, ask.name, ask.qtype, ask.answer, tool.zone.domain,
                resolver=self.resolvers[self.count % len(self.resolvers)],
                direct=getattr(tool, "server", None), port=self.port, edns=ask.edns)
            self.count += 1
        return done

    def _due(self, at, start, tool):
        """(bytes up, bytes down) that wait."""
        if self.rate is None:
            return [tool.up_room if self.share else 0, tool.down_room if self.share < 1 else 0]
        total = self.rate * (at - start) / SECOND
        return [max(0, int(total * part) - moved)
                for part, moved in zip((self.share, 1 - self.share), self.moved)]

    def _next(self, at, done, tool, data):
        """When the next turn is."""
        rng = self.rng
        if self.rate is None:
            return at + (done - at) / tool.window * rng.uniform(0.8, 1.2)
        if self.setup == "quiet":
            wait = tool.up_room * self.chunk / (self.rate * max(self.share, 0.3))
        else:
            self.wait = tool.poll[0] if data else min(self.wait * 2, tool.poll[1])
            wait = self.wait
        if self.setup == "jitter":
            wait *= rng.uniform(0.1, 2.5)
        elif self.setup == "quiet" or tool.sleeps:
            wait *= rng.uniform(0.7, 1.3)
        if data and self.rate >= 50 and not tool.sleeps:
            wait = min(wait, tool.up_room * self.chunk / self.rate)
        return max(done, at + wait * SECOND)

    def run(self, start, end, most):
        """Returns when it ended."""
        rng, at, turn = self.rng, start, itertools.cycle(self.tools)
        for tool in self.tools:
            at = self.send(at, tool.hello(), tool)
        while at < end and self.count < most:
            tool = next(turn)
            due = self._due(at, start, tool)
            rooms = tool.up_room, tool.down_room
            at_least = [1 if tool.sleeps else room * self.chunk / 2 for room in rooms]
            sent = [min(ready, room) if ready >= least else 0
                    for ready, room, least in zip(due, rooms, at_least)]
            if tool.upload_only and not sent[0]:
                at += max(1, (at_least[0] - due[0]) / max(self.rate, 0.1)) * SECOND
                continue
            done = self.send(at, tool.turn(rng.randbytes(sent[0]), rng.randbytes(sent[1])), tool)
            self.moved = [moved + new for moved, new in zip(self.moved, sent)]
            tool.moved = [moved + new for moved, new in zip(tool.moved, sent)]
            if tool.sleeps and self.rate is not None and any(
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
        session = Session(stage, rng, client, tools, setup, rate)
        end = session.run(start, options.end, most // 10 if setup == "shared" else most)
        if setup in ("browsing", "shared"):
            browse(stage, rng, client, sites, options.start,
                   max(end, start + 1800 * SECOND), pages)
        for tool in tools:
            before = stage.payload.get(tool.zone.domain, (0, 0))
            stage.payload[tool.zone.domain] = [sum(both) for both in zip(before, tool.moved)]


def scenario(kind):
    """All set-ups of a tool."""
    def play(stage, rng, sites, options):
        for setup, rate in SETUPS + [(own, rate) for own in kind.variants for rate in (0.7, 50)]:
            if setup in ("shared", "idle") and kind.upload_only:
                continue
            add_tunnel(stage, rng, sites, options, kind, setup, rate)
    return play
