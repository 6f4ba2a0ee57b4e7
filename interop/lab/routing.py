"""Addresses, routes and rules of a node, as its topology says."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from lab import filters, namespace
from lab.errors import LabError
from lab.network import Node
from lab.topology import LinkSpec, NodeSpec, Topology

_SOURCE_TABLE = 100  # and the following: one for each link
_MARK_TABLE = 200
_SOURCE_PRIORITY, _MARK_PRIORITY = 1000, 900


def configure(topology: Topology, spec: NodeSpec, node: Node) -> None:
    """The interfaces are there and up; afterwards the node can be used."""
    if spec.loopback:
        node.addresses["lo"], node.interfaces["lo"] = list(spec.loopback), "lo"
    with namespace.netlink(node.netns) as ip:
        for name, addresses in node.addresses.items():
            for address in addresses:
                with _refusal(f"node {spec.name}: address {address} on link {name}"):
                    namespace.add_address(ip, node.interfaces[name], address)
        for route in spec.routes:
            metric = {"priority": route.metric} if route.metric else {}
            with _refusal(f"node {spec.name}: route to {route.to} via {route.via}"):
                ip.route("add", dst=str(route.to), gateway=str(route.via), **metric, **_family(route.via))
        for number, (link, _) in enumerate(topology.links_of(spec.name)):
            if link.name in spec.source_routing:
                _source_routing(ip, link, spec.name, _SOURCE_TABLE + number)
        for number, name in enumerate(spec.balance):
            link = next(link for link in topology.links if link.name == name)
            _by_mark(ip, link, spec.name, filters.FIRST_MARK + number)
    if spec.nat:
        filters.masquerade(node.netns, spec.nat, node.interfaces[spec.nat.outside])
    namespace.sysctl(node.netns, dict(spec.sysctl))


@contextmanager
def _refusal(what: str) -> Iterator[None]:
    """The kernel's refusal, with what it was that it refused."""
    try:
        yield
    except NetlinkError as error:
        raise LabError(f"{what}: the kernel refuses it: {error.args[1]}") from error


def _source_routing(ip: IPRoute, link: LinkSpec, node: str, table: int) -> None:
    """What has an address of this link for its source leaves by this link, to whomever it goes."""
    index = namespace.index_of(ip, link.name)
    own = next(end for end in link.ends if end.node == node)
    for text in own.addresses:
        address = ipaddress.ip_interface(text)
        family = _family(address.ip)
        ip.rule("add", src=str(address.ip), src_len=address.max_prefixlen, table=table, priority=_SOURCE_PRIORITY, **family)
        ip.route("replace", dst=str(address.network), oif=index, table=table, **family)
    _default_to_other_end(ip, link, node, table)


def _by_mark(ip: IPRoute, link: LinkSpec, node: str, mark: int) -> None:
    """What has this mark goes to the node at the link's other end."""
    table = _MARK_TABLE + mark
    for version in _default_to_other_end(ip, link, node, table):
        ip.rule("add", fwmark=mark, table=table, priority=_MARK_PRIORITY, family=version)


def _default_to_other_end(ip: IPRoute, link: LinkSpec, node: str, table: int) -> list[int]:
    """The address families for which there is an other end."""
    index, families = namespace.index_of(ip, link.name), []
    for text in link.other(node).addresses:
        gateway = ipaddress.ip_interface(text).ip
        family = _family(gateway)
        if family["family"] not in families:
            everything = "0.0.0.0/0" if gateway.version == 4 else "::/0"
            ip.route("add", dst=everything, gateway=str(gateway), oif=index, table=table, **family)
            families.append(family["family"])
    return families


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> dict[str, int]:
    return {"family": socket.AF_INET if address.version == 4 else socket.AF_INET6}
