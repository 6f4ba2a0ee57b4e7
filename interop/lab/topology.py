"""What a network is made of, as a TOML file says it. README.md describes the keys.

    load("two-gateways"), load("n-paths:n=3"), load("n-paths", n=3), load("my/own.toml")
"""

import ipaddress
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from lab.errors import TopologyError
from lab.impairment import Impairment, impairment
from lab.topology_reader import Reader

FOLDER = Path(__file__).parent / "topologies"
EMULATORS = ("auto", "user", "netem", "none")
ROLES = ("host", "gateway", "router")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,11}")
_ROUTE = re.compile(r"(?P<to>\S+) via (?P<via>\S+)(?: metric (?P<metric>\d+))?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Route:
    """`to` is a network; the default route is 0.0.0.0/0 or ::/0. The smallest metric wins; 0: the kernel's own."""

    to: Network
    via: ipaddress.IPv4Address | ipaddress.IPv6Address
    metric: int = 0


@dataclass(frozen=True)
class Nat:
    """Masquerades what leaves by the link `outside`, and lets in what belongs to it."""

    outside: str
    ports: str  # "keep": the source port stays if it is free; "random": it does not
    forward: tuple[tuple[int, str], ...]  # UDP ports of the outside that lead to an address inside


@dataclass(frozen=True)
class NodeSpec:
    """A host, gateway or router."""

    name: str
    role: str
    routes: tuple[Route, ...] = ()
    loopback: tuple[str, ...] = ()  # further addresses, with prefix
    source_routing: tuple[str, ...] = ()  # links whose addresses send by their own link, whatever they send to
    nat: Nat | None = None
    balance: tuple[str, ...] = ()  # links to those who share the addresses `virtual`
    virtual: tuple[str, ...] = ()  # without prefix
    sysctl: tuple[tuple[str, str], ...] = ()

    @property
    def forwards(self) -> bool:
        return self.role != "host"


@dataclass(frozen=True)
class End:
    """One end of a link. Addresses have a prefix length; a link's own network is reached directly."""

    node: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class LinkSpec:
    """A cable between two nodes, and the impairment that it begins with."""

    name: str
    ends: tuple[End, End]
    emulator: str = "none"
    mtu: int = 1500
    impair: Impairment = Impairment()

    def other(self, node: str) -> End:
        return self.ends[0] if self.ends[1].node == node else self.ends[1]


@dataclass(frozen=True)
class Topology:
    """All of it, checked."""

    name: str
    title: str
    nodes: tuple[NodeSpec, ...]
    links: tuple[LinkSpec, ...]
    parameters: dict[str, int] = field(default_factory=dict)

    def links_of(self, node: str) -> list[tuple[LinkSpec, End]]:
        """The node's links, each with the node's own end, in the order of the file."""
        return [(link, end) for link in self.links for end in link.ends if end.node == node]


def names() -> list[str]:
    """The topologies that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name_or_path: str | Path, **parameters: int) -> Topology:
    """One of `names()`, or a file; parameters as "NAME:n=3" or as arguments."""
    name, _, said = str(name_or_path).partition(":")
    path = Path(name) if "/" in name or name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise TopologyError(f"no topology '{name}': expected one of {', '.join(names())}, or a TOML file") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TopologyError(f"{path}: cannot be read as TOML: {error}") from error
    return parse(table, path.stem, path.name, _said(path.name, said) | parameters)


def parse(table: dict, name: str, file: str, parameters: dict[str, int] | None = None) -> Topology:
    """A topology from a file's content; `file` is for the errors."""
    reader = Reader(table, file)
    title = reader.text("title")
    values = _parameters(reader, parameters or {})
    nodes = tuple(_node(each) for each in reader.repeated("node", values))
    links = tuple(_link(each) for each in reader.repeated("link", values))
    reader.done()
    topology = Topology(name, title, nodes, links, values)
    _Check(topology, file).whole()
    return topology


def _said(file: str, text: str) -> dict[str, int]:
    """What stands behind the colon of "n-paths:n=3"."""
    values = {}
    for each in filter(None, text.split(",")):
        key, _, value = each.partition("=")
        if not value.isdigit():
            raise TopologyError(f"{file}: parameter '{each}': expected NAME=NUMBER, as in n-paths:n=3")
        values[key] = int(value)
    return values


def _parameters(reader: Reader, given: dict[str, int]) -> dict[str, int]:
    known = {}
    for each in reader.repeated("parameter", {}):
        name, low, high = each.text("name"), each.number("minimum"), each.number("maximum")
        known[name] = given.get(name, each.number("default"))
        if not low <= known[name] <= high:
            each.refuse(None, f"{name} is {known[name]}", f"a number from {low} to {high}")
        each.done()
    for name in given:
        if name not in known:
            reader.refuse(None, f"parameter '{name}' is unknown", f"one of {', '.join(known) or '(it has none)'}")
    return known


def _node(reader: Reader) -> NodeSpec:
    sysctl = reader.table("sysctl")
    node = NodeSpec(
        name=_name(reader),
        role=reader.text("role", "host", ROLES),
        routes=tuple(_route(reader, number, text) for number, text in enumerate(reader.texts("routes"))),
        loopback=tuple(reader.texts("loopback")),
        source_routing=tuple(reader.texts("source_routing")),
        nat=_nat(reader.section("nat")),
        balance=tuple(reader.texts("balance")),
        virtual=tuple(reader.texts("virtual")),
        sysctl=tuple((name, str(value)) for name, value in sysctl.items()),
    )
    for address in node.loopback:
        _interface(reader, "loopback", address)
    for address in node.virtual:
        _interface(reader, "virtual", address)
    if bool(node.balance) != bool(node.virtual):
        reader.refuse("balance", "stands alone", "'balance' and 'virtual' together: who shares which addresses")
    reader.done()
    return node


def _nat(reader: Reader | None) -> Nat | None:
    if reader is None:
        return None
    nat = Nat(
        outside=reader.text("outside"),
        ports=reader.text("ports", "keep", ("keep", "random")),
        forward=tuple(pair for each in reader.repeated("forward", {}) for pair in _forward(each)),
    )
    reader.done()
    return nat


def _forward(reader: Reader) -> list[tuple[int, str]]:
    port, addresses = reader.number("port"), reader.texts("to")
    if not 0 < port < 65536:
        reader.refuse("port", f"is {port}", "a UDP port from 1 to 65535")
    for address in addresses:
        _interface(reader, "to", address)
    reader.done()
    return [(port, address) for address in addresses]


def _link(reader: Reader) -> LinkSpec:
    ends = tuple(_end(each) for each in reader.repeated("ends", {}))
    if len(ends) != 2 or ends[0].node == ends[1].node:
        reader.refuse("ends", f"names {len(ends)} ends", "the two ends of a cable, at two different nodes")
    try:
        impair = impairment(reader.table("impair"))
    except Exception as error:
        raise TopologyError(f"{reader.where}.impair: {error}") from error
    link = LinkSpec(
        name=_name(reader),
        ends=(ends[0], ends[1]),
        emulator=reader.text("emulator", "none", EMULATORS),
        mtu=reader.number("mtu", 1500),
        impair=impair,
    )
    if not 1280 <= link.mtu <= 9000:
        reader.refuse("mtu", f"is {link.mtu}", "from 1280, the least that IPv6 may have, to 9000")
    if link.emulator == "none" and link.impair != Impairment():
        reader.refuse("impair", "needs somebody who does it", 'emulator = "auto", "user" or "netem"')
    reader.done()
    return link


def _end(reader: Reader) -> End:
    end = End(reader.text("node"), tuple(reader.texts("addresses")))
    for address in end.addresses:
        if "/" not in address:
            reader.refuse("addresses", f"has '{address}'", 'a prefix length with each, as in "10.9.0.1/24"')
        _interface(reader, "addresses", address)
    reader.done()
    return end


def _name(reader: Reader) -> str:
    name = reader.text("name")
    if not _NAME.fullmatch(name):
        reader.refuse("name", f"is '{name}'", "1 to 12 of a-z, 0-9 and '-', a letter first: interfaces are named by it")
    return name


def _route(reader: Reader, number: int, text: str) -> Route:
    match = _ROUTE.fullmatch(text)
    try:
        if not match:
            raise ValueError
        via = ipaddress.ip_address(match["via"])
        everything = "0.0.0.0/0" if via.version == 4 else "::/0"
        to = ipaddress.ip_network(everything if match["to"] == "default" else match["to"])
    except ValueError:
        expected = "'NETWORK via ADDRESS' or 'default via ADDRESS', perhaps with 'metric NUMBER'"
        reader.refuse(f"routes[{number}]", f"is '{text}'", expected)
    if to.version != via.version:
        reader.refuse(f"routes[{number}]", f"is '{text}'", "both of one IP version")
    return Route(to, via, int(match["metric"] or 0))


def _interface(reader: Reader, key: str, text: str) -> None:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        reader.refuse(key, f"has '{text}'", "an IPv4 or IPv6 address")


class _Check:
    """What no single entry can tell: names that must exist, and be alone in having it."""

    def __init__(self, topology: Topology, file: str) -> None:
        self._topology, self._file = topology, file

    def whole(self) -> None:
        topology = self._topology
        self._unique("node", [node.name for node in topology.nodes])
        self._unique("link", [link.name for link in topology.links])
        known = [node.name for node in topology.nodes]
        for link in topology.links:
            for end in link.ends:
                if end.node not in known:
                    self._refuse(f"link '{link.name}'", f"ends at '{end.node}'", f"a node: one of {', '.join(known)}")
        for node in topology.nodes:
            self._node(node)

    def _node(self, node: NodeSpec) -> None:
        own = self._topology.links_of(node.name)
        links = [link.name for link, _ in own]
        named = [*node.source_routing, *node.balance, *([node.nat.outside] if node.nat else [])]
        for link in named:
            if link not in links:
                self._refuse(f"node '{node.name}'", f"names link '{link}'", f"one of its links: {', '.join(links)}")
        near = [ipaddress.ip_interface(address).network for _, end in own for address in end.addresses]
        for route in node.routes:
            if not any(route.via in network for network in near if network.version == route.via.version):
                place = f"node '{node.name}', route to {route.to}"
                self._refuse(place, f"{route.via} is on none of its links", "an address in the network of one of them")

    def _unique(self, kind: str, every: list[str]) -> None:
        if not every:
            self._refuse(f"[[{kind}]]", "there is none", "at least one")
        for name in every:
            if every.count(name) > 1:
                self._refuse(f"{kind} '{name}'", "there are two", "a name of its own for each")

    def _refuse(self, place: str, what: str, expected: str) -> None:
        raise TopologyError(f"{self._file}: {place}: {what}; expected {expected}")
