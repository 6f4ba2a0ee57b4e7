"""Runs the catalogue against one real peer: python3 -m peers.conformance PEER [arguments of mpsec-conformance run].

The expectation is interop/peers/PEER/waivers.toml; any change against it fails. MPSEC_BIN names the folder of programs.
"""

import os
import subprocess
import sys
from pathlib import Path

from lab.laboratory import Laboratory
from scenarios.plans import Plan

from peers.conformance.actions import hooks_of
from peers.conformance.hooks import HookServer
from peers.conformance.targets import PEERS, SLOW, Target, scenario_of, target_file
from peers.peer import Peer
from peers.strongswan_kernel import StrongSwanKernel

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("MPSEC_BIN", ROOT / "build/release/bin"))
SKIPPED = 77  # the exit status of a peer that cannot run here


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in PEERS:
        print(f"expected a peer: one of {', '.join(PEERS)}", file=sys.stderr)
        return 2
    target, rest = PEERS[arguments[0]], arguments[1:]
    if reason := target.peer.probe():
        print(f"SKIPPED {target.peer.name}: {reason}")
        return SKIPPED
    with Laboratory("two-gateways") as laboratory:
        return run(target, laboratory, rest)


def run(target: Target, laboratory: Laboratory, rest: list[str]) -> int:
    """The exit status of mpsec-conformance run."""
    plan = Plan("conformance", laboratory.nodes)
    scenario = scenario_of(target, plan)
    peer: Peer = target.peer()
    if isinstance(peer, StrongSwanKernel):
        peer.asked_from = laboratory.nodes["a"]
    peer.configure(laboratory.nodes["b"], scenario.end("b"), scenario.other("b"), scenario)
    try:
        peer.start()
        with HookServer(laboratory.folder / "hooks.sock", hooks_of(peer, plan)) as server:
            text = target_file(target, plan, scenario, server.commands())
            file = laboratory.nodes["a"].write("target.toml", text)
            command = [str(BIN / "mpsec-conformance"), "run", "--target", str(file), *_without_slow(rest)]
            return subprocess.run(["ip", "netns", "exec", laboratory.nodes["a"].netns, *command], check=False).returncode
    finally:
        peer.stop()
        peer.close()


def _without_slow(rest: list[str]) -> list[str]:
    if "--filter" in rest:
        return rest
    for case, time in SLOW.items():
        print(f"not run: {case}: it takes {time}; ask for it by --filter", flush=True)
    return [*rest, *(f"--exclude={case}" for case in SLOW)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
