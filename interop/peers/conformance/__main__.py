"""Runs the catalogue against one real peer: python3 -m peers.conformance PEER [arguments of mpsec-conformance run].

The expectation is interop/peers/PEER/waivers.toml; any change against it fails. MPSEC_BIN names the folder of programs.
"""

import os
import subprocess
import sys
from pathlib import Path

from lab.laboratory import Laboratory
from scenarios.plans import Plan

from peers.conformance.hooks import HookServer
from peers.peer import Peer
from peers.reference import Reference
from peers.scenario import Scenario
from peers.strongswan_kernel import StrongSwanKernel
from peers.strongswan_libipsec import StrongSwanLibipsec

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("MPSEC_BIN", ROOT / "build/release/bin"))
PEERS: dict[str, type[Peer]] = {peer.name: peer for peer in (Reference, StrongSwanLibipsec, StrongSwanKernel)}
FEATURES = {
    "reference": (
        "sequence-numbers-32 fragmentation nat-traversal childless several-paths tfc-padding",
        "raw",
    ),
    "strongswan-libipsec": ("sequence-numbers-32 fragmentation nat-traversal childless", "udp"),
    "strongswan-kernel": ("sequence-numbers-32 fragmentation nat-traversal childless", "raw"),
}
SKIPPED = 77  # the exit status of a peer that cannot run here
WINDOW = {"reference": 64, "strongswan-libipsec": 128, "strongswan-kernel": 32}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in PEERS:
        print(f"expected a peer: one of {', '.join(PEERS)}", file=sys.stderr)
        return 2
    name, rest = arguments[0], arguments[1:]
    if reason := PEERS[name].probe():
        print(f"SKIPPED {name}: {reason}")
        return SKIPPED
    with Laboratory("two-gateways") as laboratory:
        return run(name, laboratory, rest)


def run(name: str, laboratory: Laboratory, rest: list[str]) -> int:
    plan = Plan("conformance", laboratory.nodes)
    scenario = plan.scenario()
    peer = PEERS[name]()
    node = laboratory.nodes["b"]
    peer.configure(node, scenario.end("b"), scenario.other("b"), scenario)
    peer.start()
    try:
        with HookServer(laboratory.folder / "hooks.sock", hooks(peer, plan)) as server:
            target = laboratory.nodes["a"].write("target.toml", target_file(name, plan, scenario, server))
            command = [str(BIN / "mpsec-conformance"), "run", "--target", str(target), *rest]
            return subprocess.run(["ip", "netns", "exec", laboratory.nodes["a"].netns, *command], check=False).returncode
    finally:
        peer.stop()
        peer.close()


def hooks(peer: Peer, plan: Plan) -> dict:
    """What any driver can make its peer do."""

    def send_traffic(_: int) -> str:
        plan.nodes["host-b"].run(["ping", "-c", "1", "-W", "1", plan.host("a")], check=False)
        return ""

    def told(act) -> str:
        act()
        return ""

    return {
        "initiate": lambda _: told(lambda: peer.initiate("net")),
        "rekey-child": lambda _: told(lambda: peer.rekey_child("net")),
        "rekey-ike": lambda _: told(peer.rekey_ike),
        "delete-child": lambda _: told(lambda: peer.terminate("net")),
        "delete-ike": lambda _: told(peer.terminate),
        "send-traffic": send_traffic,
    }


def target_file(name: str, plan: Plan, scenario: Scenario, server: HookServer) -> str:
    features, esp = FEATURES[name]
    tester, gateway = scenario.end("a"), scenario.end("b")
    waivers = ROOT / "interop/peers" / name.replace("-", "_") / "waivers.toml"
    lines = [
        f'name = "{name}"',
        *([f'waivers = "{waivers}"'] if waivers.exists() else []),
        f"features = [{', '.join(f'{word!r}' for word in features.split())}]",
        "[tester]", f'id = "{tester.identity}"', f'net = "{plan.network("a")}"', f'host = "{plan.host("a")}"',
        "[gateway]", f'id = "{gateway.identity}"', f'net = "{plan.network("b")}"', f'host = "{plan.host("b")}"',
        f'esp = "{esp}"', f"window = {WINDOW[name]}",
        f'first_retransmission = "{round(gateway.retransmission.first * 1000)}ms"',
        f'liveness = "{round(gateway.liveness_seconds * 1000)}ms"',
        "[[path]]", f'tester = "{plan.outer("a")}"', f'gateway = "{plan.outer("b")}"',
        "[[credential]]", 'name = "tester"', f'key = "{tester.authentication.secret}"',
        "[proposals]", 'ike = ["aes128gcm16-prfsha256-x25519"]', 'esp = ["aes128gcm16"]',
        "[hooks]", *(f"{hook} = '{command}'" for hook, command in server.commands().items()),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
