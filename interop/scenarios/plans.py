"""Scenarios over the addresses of the topology two-gateways, most of it filled in."""

import ipaddress
import re
from dataclasses import dataclass, replace

from lab.network import Node
from peers.scenario import Authentication, Child, End, Retransmission, Scenario, proposal

IKE = "ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_256 Curve25519"
ESP = "ENCR_AES_GCM_16:128"
SHORT_WAITS = Retransmission(first=0.5, factor=1.4, tries=5)  # gives up after 8 s
_SHARED = Authentication("psk", secret="a secret of the laboratory, known to all")


@dataclass(frozen=True)
class Plan:
    """Makes scenarios for two nodes of a laboratory. Names of scenarios become folders."""

    name: str
    nodes: dict[str, Node]
    outer_links: tuple[str, str] = ("outer", "outer")

    def scenario(
        self,
        *,
        ike: str = IKE,
        child: str = ESP,
        inner: int = 4,
        outer: int = 4,
        authentication: tuple[Authentication, Authentication] = (_SHARED, _SHARED),
        plain_packets: bool = False,
        children: dict | None = None,
        **both,
    ) -> Scenario:
        """IP versions inside and outside; `children`: fields of the child, `both`: fields of both ends."""
        ends = []
        for i, node in enumerate("ab"):
            whole = {
                "addresses": (self.outer(node, outer),),
                "ike_proposals": tuple(proposal(offer) for offer in ike.split(",")),
                "children": (self.child("net", node, child, inner, **(children or {})),),
                "identity": f"{node}.mpsec.test",
                "authentication": authentication[i],
                "retransmission": SHORT_WAITS,
            }
            ends.append(End(node, **(whole | both)))
        return Scenario(re.sub(r"\W+", "-", self.name).strip("-"), (ends[0], ends[1]), plain_packets)

    def child(self, name: str, node: str, offers: str = ESP, inner: int = 4, **fields) -> Child:
        """The child as seen from this node; a choice of proposals has commas. Transport mode is between the gateways."""
        other = "b" if node == "a" else "a"
        between = fields.get("mode") == "transport"
        local, remote = (self._selector(end, inner, between) for end in (node, other))
        return Child(name, (local,), (remote,), tuple(proposal(offer) for offer in offers.split(",")), **fields)

    def _selector(self, node: str, version: int, between: bool) -> str:
        return f"{self.outer(node, version)}/{32 if version == 4 else 128}" if between else self.network(node, version)

    def outer(self, node: str, version: int = 4) -> str:
        """The gateway's address on the outer link."""
        return self.nodes[node].address(self.outer_links["ab".index(node)], version)

    def outer_octets(self, node: str, version: int = 4) -> bytes:
        """`outer`, as it stands in packets."""
        return ipaddress.ip_address(self.outer(node, version)).packed

    def host(self, node: str, version: int = 4) -> str:
        """The address of the host behind the gateway."""
        return self.nodes[f"host-{node}"].address(f"inner-{node}", version)

    def network(self, node: str, version: int = 4) -> str:
        """The prefix behind the gateway."""
        address = self.nodes[node].address(f"inner-{node}", version)
        return re.sub(r"\.\d+$", ".0/24", address) if version == 4 else re.sub(r"::.*$", "::/64", address)


def changed(scenario: Scenario, node: str, **fields) -> Scenario:
    """The scenario with other fields for the end at this node."""
    ends = [replace(end, **fields) if end.node == node else end for end in scenario.ends]
    return replace(scenario, ends=(ends[0], ends[1]))


def children_changed(scenario: Scenario, node: str, **fields) -> Scenario:
    """The scenario with other fields in the children of the end at this node."""
    return changed(scenario, node, children=scenario.end(node).with_children(**fields).children)
