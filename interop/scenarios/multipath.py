"""Two of our gateways with one SA cluster over the paths of a topology."""

from dataclasses import dataclass, replace

from lab.links import Link
from peers.peer import PeerError, until
from peers.reference import Reference
from peers.scenario import Cluster, End, Retransmission, Scenario

from scenarios.facing import Facing
from scenarios.traffic import behind, ping

UP_SECONDS = 30
CHILD = "net"
AGAIN = Retransmission(first=0.25, factor=1.0, tries=90)  # an IKE SA outlives each cut
LIVENESS = 0.4  # seconds of silence, then IKE asks: shorter than `silence`, so that an idle path is not suspect


def cluster(**fields) -> Cluster:
    """With times so short that a path is found dead within `death`, and alive again soon."""
    return Cluster("net", **({"silence": 1, "dead_after": 3, "recover_after": 0.5} | fields))


def death(of: Cluster) -> float:
    """Seconds from a path's last packet until its sender uses it no more."""
    return min(of.silence, LIVENESS) + of.dead_after * AGAIN.first


@dataclass(frozen=True)
class Ways:
    """The paths of a topology: the links of a's addresses, of b's, and those between that can be impaired."""

    topology: str
    at_a: tuple[str, ...]
    at_b: tuple[str, ...]
    between: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.between)


TWO_ROUTERS = Ways("two-routers", ("a-r1", "a-r2"), ("r1-b", "r2-b"), ("r1-b", "r2-b"))


def n_paths(n: int) -> Ways:
    """The topology of n cables."""
    names = tuple(f"path-{i}" for i in range(1, n + 1))
    return Ways(f"n-paths:n={n}", names, names, names)


class Multipath(Facing):
    """Both gateways and their cluster over all paths."""

    a: Reference
    b: Reference

    def __init__(self, name: str, ways: Ways, shared: Cluster, begins: bool = False, **both) -> None:
        """`begins`: whether a makes its IKE SAs by itself, and again when they are gone; `both`: fields of both ends."""
        fields = {"retransmission": AGAIN, "liveness_seconds": LIVENESS, "clusters": (shared,)} | both
        children = {"cluster": shared.name, "extended_numbers": True}
        super().__init__(name, Reference, ways.topology, children=children, **fields)
        self.ways, self.cluster, self._begins = ways, shared, begins
        self.outer_links = (ways.at_a[0], ways.at_b[0])

    def make_scenario(self) -> Scenario:
        ends = zip(super().make_scenario().ends, (self.ways.at_a, self.ways.at_b))
        first, second = (self._on_all_paths(end, links) for end, links in ends)
        return replace(super().make_scenario(), ends=(replace(first, begins=self._begins), second))

    def _on_all_paths(self, end: End, links: tuple[str, ...]) -> End:
        node = self.laboratory.nodes[end.node]
        return replace(end, addresses=tuple(node.address(link) for link in links))

    def link(self, path: int) -> Link:
        """What can be impaired and cut on this path, from 0."""
        return self.laboratory.links[self.ways.between[path]]

    def up(self) -> None:
        """All sub-SAs, at both ends, and packets both ways."""
        self.a.initiate(CHILD)
        self.whole("after the initiation")
        for here, there in ("ab", "ba"):
            ping(behind(self.laboratory.nodes[f"host-{here}"]), self.plan.host(there))

    def whole(self, when: str, seconds: float = UP_SECONDS) -> None:
        """Waits until both ends have a sub-SA on each path, and no path is suspect or dead."""
        self.until(lambda: not self._lacks(), lambda: f"all sub-SAs live {when}: {self._lacks()}", seconds)

    def _lacks(self) -> list[str]:
        found = []
        for name, peer in (("a", self.a), ("b", self.b)):
            paths = [path for each in peer.clusters() for path in each["paths"]]
            bad = [path["condition"] for path in paths if path["condition"] in ("suspect", "dead")]
            if len(paths) != len(self.ways) or len(peer.clusters()) != 1 or bad:
                found.append(f"{name} has {len(paths)} of {len(self.ways)} sub-SAs, of which are {bad}")
        return found

    def dead(self) -> bool:
        """Whether each end has found a path dead, or has lost its sub-SA."""
        return all(self._is_missing(peer) for peer in (self.a, self.b))

    def _is_missing(self, peer: Reference) -> bool:
        conditions = [path["condition"] for each in peer.clusters() for path in each["paths"]]
        return len(conditions) < len(self.ways) or "dead" in conditions

    def until(self, ready, what, seconds: float) -> None:
        """As `peers.peer.until`; the error has what both gateways said. `what` may be a function."""
        try:
            until(ready, seconds, "")
        except PeerError:
            said = what if isinstance(what, str) else what()
            raise PeerError(f"after {seconds:g} s still not: {said}", f"{self.a.log()[-1500:]}\n{self.b.log()[-1500:]}") from None
