"""One run of mpsec-conformance at node a against a peer at node b."""

import os
import subprocess
from pathlib import Path

from lab.laboratory import Laboratory

from peers.conformance.actions import hooks_of
from peers.conformance.hooks import HookServer
from peers.conformance.targets import Proofs, Target, scenario_of, target_file
from peers.peer import Peer
from peers.strongswan_kernel import StrongSwanKernel

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("MPSEC_BIN", ROOT / "build/release/bin"))


class Watching:
    """What else is done with the peer: nothing."""

    def started(self, peer: Peer, laboratory: Laboratory) -> None:
        """Before the first case."""

    def ended(self, peer: Peer) -> None:
        """After the last, whose SAs are still there."""


def run(target: Target, laboratory: Laboratory, rest: list[str], watching: Watching = Watching()) -> int:
    """The exit status of mpsec-conformance run with these arguments."""
    plan = target.plan(laboratory.nodes)
    proofs = Proofs.made_in(laboratory.folder / "proofs") if target.certificates else None
    scenario = scenario_of(target, plan, proofs)
    peer: Peer = target.peer()
    if isinstance(peer, StrongSwanKernel):
        peer.asked_from = laboratory.nodes["a"]
    peer.configure(laboratory.nodes["b"], scenario.end("b"), scenario.other("b"), scenario)
    try:
        if target.way:
            for link in target.links:
                laboratory.links[link].impair(**target.way)
        peer.start()
        watching.started(peer, laboratory)
        with HookServer(laboratory.folder / "hooks.sock", hooks_of(peer, plan)) as server:
            text = target_file(target, plan, scenario, proofs, server.commands())
            file = laboratory.nodes["a"].write("target.toml", text)
            command = [str(BIN / "mpsec-conformance"), "run", "--target", str(file), "--timeout-scale", str(target.patience), *rest]
            code = subprocess.run(["ip", "netns", "exec", laboratory.nodes["a"].netns, *command], check=False).returncode
        watching.ended(peer)
        return code
    finally:
        peer.stop()
        peer.close()
