"""What mpsec-conformance is told of each peer: how it is configured, and what it can do."""

import ipaddress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab.network import Node
from scenarios.credentials import Authority, pair
from scenarios.plans import Plan

from peers import keywords
from peers.conformance.actions import AGAIN
from peers.peer import Peer
from peers.reference import Reference
from peers.scenario import Authentication, Cluster, End, Scenario
from peers.strongswan_kernel import StrongSwanKernel
from peers.strongswan_libipsec import StrongSwanLibipsec

PEERS_FOLDER = Path(__file__).resolve().parents[1]
IKE = (
    "ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_256 Curve25519 256-bit_random_ECP,"
    "ENCR_AES_CBC:256 AUTH_HMAC_SHA2_256_128 PRF_HMAC_SHA2_256 Curve25519 256-bit_random_ECP,"
    "ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_512 Curve25519 256-bit_random_ECP"
)
ESP = (
    "ENCR_AES_GCM_16:128 Curve25519,ENCR_AES_GCM_16:128,ENCR_AES_CBC:128 AUTH_HMAC_SHA2_256_128,ENCR_AES_GCM_16:256,"
    "ENCR_CHACHA20_POLY1305,ENCR_AES_CBC:256 AUTH_HMAC_SHA2_512_256,ENCR_NULL AUTH_HMAC_SHA2_256_128"
)
SLOW = {
    "rfc7296/2.25/endless-temporary-failure-closes-the-ike-sa": "half an hour of the peer's timers",
    "rfc7296/2.23/keepalives-come-from-behind-a-nat": "70 seconds",
    "rfc7296/2.8/expired-child-is-not-used": "a minute",
    "rfc7296/2.8/failed-renewal-ends-the-ike-sa": "a minute",
    "rfc3948/4/no-keepalive-while-there-is-traffic": "a minute",
}
"""Cases that are run only when they are asked for (--filter), and how long they take."""
_LIVENESS = 10  # seconds of silence, after which a peer asks: lowered, for the cases that wait for it
_EVERYBODY = ("sequence-numbers-32", "fragmentation", "nat-traversal", "childless", "key-exchange-in-child")
_KEY = "rsa-2048"  # which the methods before RFC 7427 need


@dataclass(frozen=True)
class Target:
    """One peer as a target. `window`: of anti-replay, in numbers."""

    name: str
    peer: type[Peer]
    features: tuple[str, ...]
    esp: str
    window: int
    patience: float = 1
    """How much longer than usual the tester waits."""
    again: bool = False
    """Whether a second child is made by the name of a second configuration."""
    extended_numbers: bool = False
    """Whether both kinds of sequence numbers are configured."""
    certificates: bool = False
    """RSA keys with certificates for both ends, in the place of a shared key."""
    outer: int = 4
    """IP version between tester and gateway."""
    clusters: bool = False
    """Whether the child is a cluster where the other end knows these."""
    paths: int = 1
    """Pairs of addresses, each on a cable of its own."""
    way: dict[str, float] = field(default_factory=dict)
    """What the link does to packets: see lab.impairment."""
    only: tuple[str, ...] = ()
    """What of the catalogue is run; none: all but SLOW."""
    without: dict[str, str] = field(default_factory=dict)
    """And what of that is not, with the reason."""

    @property
    def topology(self) -> str:
        return "two-gateways" if self.paths == 1 else f"n-paths:n={self.paths}"

    @property
    def links(self) -> tuple[str, ...]:
        """Those between tester and gateway."""
        return ("outer",) if self.paths == 1 else tuple(f"path-{i}" for i in range(1, self.paths + 1))

    def plan(self, nodes: dict[str, Node]) -> Plan:
        return Plan("conformance", nodes, outer_links=(self.links[0], self.links[0]))

    @property
    def waivers(self) -> Path:
        """Of the peer, however it is configured; may not be there."""
        return PEERS_FOLDER / self.peer.name.replace("-", "_") / "waivers.toml"


PEERS = {
    target.name: target
    for target in (
        Target(
            "reference", Reference, (*_EVERYBODY, "tfc-padding", "extended-sequence-numbers"), "raw", 64,
            extended_numbers=True, paths=2,
        ),
        Target(
            "reference-clusters", Reference, (*_EVERYBODY, "sa-clusters", "tfc-padding"), "raw", 1024,
            clusters=True, paths=2, only=("profile/*", "draft-zhang/*"),
            without={
                "profile/8/target-without-clusters-*": "this gateway has clusters",
                "profile/3/target-deletes-one-sub-sa": "the hook cannot say which of two sub-SAs",
            },
        ),
        Target(
            "reference-far", Reference, _EVERYBODY, "udp", 64, way={"delay_ms": 25, "jitter_ms": 5, "loss": 0.02},
            only=("rfc7296/1.*", "rfc7296/2.[1-8]/*", "rfc4303/3.4.3/*"),
        ),
        Target("strongswan-libipsec", StrongSwanLibipsec, (*_EVERYBODY, "cookies"), "udp", 128, again=True),
        Target(
            "strongswan-kernel", StrongSwanKernel, (*_EVERYBODY, "cookies", "extended-sequence-numbers"), "raw", 32,
            patience=2, again=True, extended_numbers=True,
        ),
        Target(
            "strongswan-certificates", StrongSwanLibipsec, (*_EVERYBODY, "cookies", "certificates"), "udp", 128,
            again=True, certificates=True, outer=6,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Proofs:
    """How the two ends prove who they are, and who vouches for it; and proofs of the tester's that have to be refused, by flaw."""

    tester: Authentication
    gateway: Authentication
    authority: Path
    refused: dict[str, Authentication]

    @classmethod
    def made_in(cls, folder: Path) -> "Proofs":
        """New ones; files lie in this folder."""
        authority, strange = Authority(folder / "authority"), Authority(folder / "strange")
        tester, gateway = pair(authority, _KEY, folder)
        name = "a.mpsec.test"
        refused = {
            "strange-authority": strange.end(name, _KEY, folder / "from-a-strange-authority"),
            "expired": authority.end(name, _KEY, folder / "expired", expired=True),
            "another-name": authority.end("c.mpsec.test", _KEY, folder / "another-name"),
        }
        return cls(tester, gateway, authority.certificate, refused)


def scenario_of(target: Target, plan: Plan, proofs: Proofs | None) -> Scenario:
    """Two ends with a choice of algorithms; the tester takes the place of the first. Proofs are certificates, else there is a key."""
    certified = {"authentication": (proofs.tester, proofs.gateway), "trusted": (proofs.authority,)} if proofs else {}
    children: dict[str, Any] = {"extended_numbers": "either"} if target.extended_numbers else {}
    clusters = (Cluster("net", window=target.window),) if target.clusters else ()
    if clusters:
        children["cluster"] = "net"
    both = {"liveness_seconds": _LIVENESS, "clusters": clusters, **certified}
    scenario = plan.scenario(ike=IKE, child=ESP, outer=target.outer, children=children, **both)
    if target.paths > 1:
        first, second = (_on_all_paths(target, plan, end) for end in scenario.ends)
        scenario = replace(scenario, ends=(first, second))
    if not target.again:
        return scenario
    ends = []
    for end in scenario.ends:
        net = end.child("net")
        # A part of the gateway's net: nobody's peer makes a second child for what it has one for.
        part = {"local": (_first_half(plan.network("b")),)} if end.node == "b" else {}
        ends.append(replace(end, children=(net, replace(net, name=AGAIN, **part))))
    return replace(scenario, ends=(ends[0], ends[1]))


def _on_all_paths(target: Target, plan: Plan, end: End) -> End:
    return replace(end, addresses=tuple(plan.nodes[end.node].address(link, target.outer) for link in target.links))


def _first_half(prefix: str) -> str:
    return str(next(ipaddress.ip_network(prefix).subnets()))


def target_file(target: Target, plan: Plan, scenario: Scenario, proofs: Proofs | None, hooks: dict[str, str]) -> str:
    """The document that mpsec-conformance reads; hook -> command."""
    tester, gateway = scenario.end("a"), scenario.end("b")
    lines = [
        f'name = "{target.name}"',
        *([f'waivers = "{target.waivers}"'] if target.waivers.exists() else []),
        f"features = [{_quoted(target.features)}]",
        "[tester]", f'id = "{tester.identity}"', f'net = "{plan.network("a")}"', f'host = "{plan.host("a")}"',
        "[gateway]", f'id = "{gateway.identity}"', f'net = "{plan.network("b")}"', f'host = "{plan.host("b")}"',
        f'esp = "{target.esp}"', f"window = {target.window}",
        f'first_retransmission = "{round(gateway.retransmission.first * 1000)}ms"',
        f'liveness = "{round(gateway.liveness_seconds * 1000)}ms"',
        *(line for here, there in zip(tester.addresses, gateway.addresses)
          for line in ("[[path]]", f'tester = "{here}"', f'gateway = "{there}"')),
        *_proof_lines(tester.authentication, proofs),
        "[proposals]", f"ike = [{_quoted(keywords.ike(offer) for offer in tester.ike_proposals)}]",
        f"esp = [{_quoted(keywords.ike(offer) for offer in tester.children[0].proposals)}]",
        "[hooks]", 'timeout = "30s"', *(f"{hook} = '{command}'" for hook, command in hooks.items()),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _proof_lines(tester: Authentication, proofs: Proofs | None) -> list[str]:
    if proofs is None:
        return ["[[credential]]", 'name = "tester"', f'key = "{tester.secret}"']
    lines = ["[[authority]]", 'name = "ca"', f'certificate = "{proofs.authority}"']
    for name, proof in {"tester": tester, **proofs.refused}.items():
        lines += ["[[credential]]", f'name = "{name}"']
        lines += [f'certificate = "{proof.certificate}"', f'private_key = "{proof.private_key}"']
    return [*lines, "[refused]", *(f'{flaw} = "{flaw}"' for flaw in proofs.refused)]


def _quoted(words) -> str:
    return ", ".join(f'"{word}"' for word in words)
