"""What mpsec-conformance is told of each peer: how it is configured, and what it can do."""

import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path

from scenarios.plans import Plan

from peers import keywords
from peers.conformance.actions import AGAIN
from peers.peer import Peer
from peers.reference import Reference
from peers.scenario import Scenario
from peers.strongswan_kernel import StrongSwanKernel
from peers.strongswan_libipsec import StrongSwanLibipsec

PEERS_FOLDER = Path(__file__).resolve().parents[1]
IKE = (
    "ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_256 Curve25519 256-bit_random_ECP,"
    "ENCR_AES_CBC:256 AUTH_HMAC_SHA2_256_128 PRF_HMAC_SHA2_256 Curve25519 256-bit_random_ECP"
)
ESP = "ENCR_AES_GCM_16:128,ENCR_AES_CBC:128 AUTH_HMAC_SHA2_256_128"
SLOW = {
    "rfc7296/2.25/endless-temporary-failure-closes-the-ike-sa": "half an hour of the peer's timers",
    "rfc7296/2.23/keepalives-come-from-behind-a-nat": "70 seconds",
    "rfc7296/2.8/expired-child-is-not-used": "a minute",
    "rfc7296/2.8/failed-renewal-ends-the-ike-sa": "a minute",
    "rfc3948/4/no-keepalive-while-there-is-traffic": "a minute",
}
"""Cases that are run only when they are asked for (--filter), and how long they take."""
_LIVENESS = 10  # seconds of silence, after which a peer asks: lowered, for the cases that wait for it
_EVERYBODY = ("sequence-numbers-32", "fragmentation", "nat-traversal", "childless")


@dataclass(frozen=True)
class Target:
    """One peer as a target. `window`: of anti-replay, in numbers."""

    peer: type[Peer]
    features: tuple[str, ...]
    esp: str
    window: int
    patience: float = 1
    """How much longer than usual the tester waits."""
    again: bool = False
    """Whether a second child is made by the name of a second configuration."""

    @property
    def waivers(self) -> Path:
        """Of its folder; may not be there."""
        return PEERS_FOLDER / self.peer.name.replace("-", "_") / "waivers.toml"


PEERS = {
    target.peer.name: target
    for target in (
        Target(Reference, (*_EVERYBODY, "several-paths", "tfc-padding"), "raw", 64),
        Target(StrongSwanLibipsec, (*_EVERYBODY, "cookies"), "udp", 128, again=True),
        Target(StrongSwanKernel, (*_EVERYBODY, "cookies"), "raw", 32, patience=2, again=True),
    )
}


def scenario_of(target: Target, plan: Plan) -> Scenario:
    """Two ends with a choice of algorithms; the tester takes the place of the first."""
    scenario = plan.scenario(ike=IKE, child=ESP, liveness_seconds=_LIVENESS)
    if not target.again:
        return scenario
    ends = []
    for end in scenario.ends:
        net = end.child("net")
        # A part of the gateway's net: nobody's peer makes a second child for what it has one for.
        part = {"local": (_first_half(plan.network("b")),)} if end.node == "b" else {}
        ends.append(replace(end, children=(net, replace(net, name=AGAIN, **part))))
    return replace(scenario, ends=(ends[0], ends[1]))


def _first_half(prefix: str) -> str:
    return str(next(ipaddress.ip_network(prefix).subnets()))


def target_file(target: Target, plan: Plan, scenario: Scenario, hooks: dict[str, str]) -> str:
    """The document that mpsec-conformance reads; hook -> command."""
    tester, gateway = scenario.end("a"), scenario.end("b")
    lines = [
        f'name = "{target.peer.name}"',
        *([f'waivers = "{target.waivers}"'] if target.waivers.exists() else []),
        f"features = [{_quoted(target.features)}]",
        "[tester]", f'id = "{tester.identity}"', f'net = "{plan.network("a")}"', f'host = "{plan.host("a")}"',
        "[gateway]", f'id = "{gateway.identity}"', f'net = "{plan.network("b")}"', f'host = "{plan.host("b")}"',
        f'esp = "{target.esp}"', f"window = {target.window}",
        f'first_retransmission = "{round(gateway.retransmission.first * 1000)}ms"',
        f'liveness = "{round(gateway.liveness_seconds * 1000)}ms"',
        "[[path]]", f'tester = "{plan.outer("a")}"', f'gateway = "{plan.outer("b")}"',
        "[[credential]]", 'name = "tester"', f'key = "{tester.authentication.secret}"',
        "[proposals]", f"ike = [{_quoted(keywords.ike(offer) for offer in tester.ike_proposals)}]",
        f"esp = [{_quoted(keywords.ike(offer) for offer in tester.children[0].proposals)}]",
        "[hooks]", 'timeout = "30s"', *(f"{hook} = '{command}'" for hook, command in hooks.items()),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _quoted(words) -> str:
    return ", ".join(f'"{word}"' for word in words)
