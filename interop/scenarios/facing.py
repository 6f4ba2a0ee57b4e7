"""Two gateways of one maker that face one another in a laboratory of their own, for one scenario."""

from dataclasses import replace

from lab.laboratory import Laboratory
from lab.topology import Topology, load
from peers.peer import Peer
from peers.scenario import Scenario

from scenarios.plans import Plan


class Facing:
    """Laboratory and gateways, while a `with` block runs. Captures cost time and disk: they are off unless asked for."""

    outer_links: tuple[str, str] = ("outer", "outer")

    def __init__(self, name: str, maker: type[Peer], topology: Topology | str, capture: bool = False, **fields) -> None:
        """`fields`: as `Plan.scenario` takes them."""
        self.name, self.fields = name, fields
        self.laboratory = Laboratory(topology, capture=capture)
        self.a, self.b = maker(), maker()

    def __enter__(self) -> "Facing":
        self.laboratory.__enter__()
        try:
            self.plan = Plan(self.name, self.laboratory.nodes, self.outer_links)
            self.scenario = self.make_scenario()
            for peer, end, other in ((self.b, *self.scenario.ends[::-1]), (self.a, *self.scenario.ends)):
                peer.configure(self.laboratory.nodes[end.node], end, other, self.scenario)
                self.before_start(peer)
                peer.start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *error) -> None:
        try:
            self.a.stop()
            self.b.stop()
        finally:
            self.laboratory.__exit__(*error)

    def make_scenario(self) -> Scenario:
        return self.plan.scenario(**self.fields)

    def before_start(self, peer: Peer) -> None:
        """When its files are written."""


def bare(mtu: int) -> Topology:
    """Two gateways and hosts, on bare cables; those to the hosts have this MTU, which so is the size of inner packets."""
    topology = load("two-gateways")
    links = tuple(replace(link, emulator="none", mtu=mtu if link.name.startswith("inner") else link.mtu) for link in topology.links)
    return replace(topology, links=links)
