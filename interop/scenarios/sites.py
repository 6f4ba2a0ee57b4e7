"""Where scenarios run: a laboratory with a gateway of some maker at each of two nodes, and one scenario at a time over them."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from lab.laboratory import Laboratory
from lab.network import Node
from peers.peer import ChildStatus, IkeStatus, Peer, PeerError, until
from peers.scenario import Scenario

from scenarios import agreement
from scenarios.plans import Plan
from scenarios.wire import Watch

Role = Literal["initiates", "responds"]
PATIENCE = 30  # seconds, for anything that a peer was asked and has no deadline of its own


@dataclass(frozen=True)
class Pair:
    """What stands at node a and at node b. The one at b is the peer; the one at a is ours, or the same maker's for a rehearsal."""

    a: type[Peer]
    b: type[Peer]

    def __str__(self) -> str:
        return self.b.name if self.a.name == "reference" else f"{self.a.name}+{self.b.name}"

    @property
    def rehearsal(self) -> bool:
        """Whether nothing of ours takes part."""
        return self.a.name != "reference"

    def missing(self) -> str | None:
        """Why it cannot run here."""
        return next((f"{peer.name}: {reason}" for peer in (self.a, self.b) if (reason := peer.probe())), None)


class Site:
    """A laboratory that several scenarios share, one after the other: a peer's kernel may take long to boot."""

    def __init__(self, pair: Pair, topology: str) -> None:
        self.pair, self.topology = pair, topology
        self.laboratory = Laboratory(topology)
        self.peers: dict[str, Peer] = {"a": pair.a(), "b": pair.b()}

    def __enter__(self) -> "Site":
        self.laboratory.__enter__()
        return self

    def __exit__(self, *error) -> None:
        try:
            for peer in self.peers.values():
                with suppress(PeerError):
                    peer.close()
        finally:
            self.laboratory.__exit__(*error)

    def node(self, name: str) -> Node:
        return self.laboratory.nodes[name]

    def unsupported(self, scenario: Scenario) -> str | None:
        """What one of the two cannot do of it."""
        return next((reason for name, peer in self.peers.items() if (reason := peer.unsupported(scenario, name))), None)


@dataclass
class Session:
    """Both gateways with one scenario, from their start to their stop."""

    site: Site
    scenario: Scenario
    role: Role
    plan: Plan
    first: Peer = field(init=False)
    second: Peer = field(init=False)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        a, b = self.site.peers["a"], self.site.peers["b"]
        self.first, self.second = (b, a) if self.role == "initiates" else (a, b)

    def __enter__(self) -> "Session":
        self.watch = self.new_watch()
        for name, peer in self.site.peers.items():
            node = self.site.node(name)
            peer.configure(node, self.scenario.end(name), self.scenario.other(name), self.scenario)
            node.write(f"{self.scenario.name}/timers.json", json.dumps(peer.lowered_timers, indent=2) + "\n")
        try:
            self.second.start()
            self.first.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error) -> None:
        try:
            self.first.stop()
        finally:
            self.second.stop()

    def up(self, *children: str) -> None:
        """Makes these children, or all, and checks that both ends agree on each and on their IKE SA."""
        names = children or tuple(child.name for child in self.scenario.ends[0].children)
        for name in names:
            self.first.initiate(name)
        agreement.whole(self.first, self.second, names, self.scenario, PATIENCE)

    def agreed(self, child: str) -> ChildStatus:
        """The initiator's view of the newest child of this name, once both ends have the same view."""
        return agreement.child(self.first, self.second, child, self.scenario, PATIENCE)

    def agreed_ike(self) -> IkeStatus:
        """The initiator's view of the one IKE SA, once both ends have the same view."""
        return agreement.ike(self.first, self.second, self.scenario, PATIENCE)

    def new_watch(self) -> Watch:
        """What the outer link carries from now on."""
        capture = self.site.laboratory.links[self.plan.outer_links[0]].capture
        assert capture is not None, "the laboratory captures on every link"
        return Watch(capture)

    def until(self, ready: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Waits for it; the error has both logs."""
        until(ready, seconds, what, lambda: "\n".join(peer.log()[-2000:] for peer in (self.first, self.second)))
