"""Gateways with settings that are known to be wrong: python3 -m peers.conformance.known_bad FOLDER.

mpsec-conformance has to find each of them, by the cases that are named here; else its passes mean nothing.
"""

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab import namespace
from lab.laboratory import Laboratory

from peers.conformance.running import Watching, run
from peers.conformance.targets import PEERS, Target
from peers.peer import Peer, PeerError
from peers.scenario import End
from peers.strongswan_kernel import StrongSwanKernel

_INFORMATIONAL = 37
_EXCHANGE_TYPE = 18  # octets into the IKE header


class WithoutAntiReplay(StrongSwanKernel):
    """charon tells the kernel to have no window at all."""

    def settings_of(self, end: End) -> dict[str, Any]:
        settings = super().settings_of(end)
        settings["charon"]["replay_window"] = 0
        return settings


class KernelHas(Watching):
    """The kernel's SAs must show these words, or the setting was none."""

    def __init__(self, words: str) -> None:
        self.words = words

    def ended(self, peer: Peer) -> None:
        shown = peer.execute(["ip", "-d", "xfrm", "state"]).stdout
        if self.words not in shown:
            raise PeerError(f"the setting did not take: expected '{self.words}' in what ip xfrm state shows:\n{shown}")


class NoInformational(Watching):
    """The gateway hears no INFORMATIONAL request, so that it answers no liveness check either."""

    def started(self, peer: Peer, laboratory: Laboratory) -> None:
        behind_udp = 8 + _EXCHANGE_TYPE
        rules = [
            f"udp dport {port} @th,{8 * (behind_udp + marker)},8 {_INFORMATIONAL} drop" for port, marker in ((500, 0), (4500, 4))
        ]
        lines = ["table inet mpsec_deaf {", "  chain input {", "    type filter hook input priority 0;", *rules, "  }", "}"]
        namespace.call(peer.node.netns, ["nft", "--file", "-"], "\n".join(lines) + "\n")


@dataclass(frozen=True)
class KnownBad:
    """A peer, and the cases that have to fail there."""

    name: str
    target: Target
    cases: tuple[str, ...]
    watching: Watching = field(default_factory=Watching)


_KERNEL = replace(PEERS["strongswan-kernel"], extended_numbers=False)
ALL = (
    KnownBad(
        "no anti-replay",
        replace(_KERNEL, peer=WithoutAntiReplay),
        (
            "rfc4303/3.4.3/newest-packet-is-not-taken-twice",
            "rfc4303/3.4.3/older-packet-in-the-window-is-not-taken-twice",
            "rfc4303/3.4.3/packet-that-fell-below-the-window-is-not-taken-twice",
        ),
        KernelHas("replay-window 0"),
    ),
    KnownBad(
        "a window of 32 that is said to be 1024",
        replace(_KERNEL, window=1024),
        ("rfc4303/3.4.3/lowest-number-of-the-declared-window-is-taken",),
        KernelHas("replay-window 32"),
    ),
    KnownBad(
        "no liveness check is answered",
        PEERS["strongswan-libipsec"],
        ("rfc7296/1.4/empty-informational-is-answered",),
        NoInformational(),
    ),
)


def main(folder: Path) -> int:
    """0 where all are found, 1 where one is not."""
    missed = [one.name for one in ALL if not _found(one, folder / one.name.replace(" ", "-"))]
    for name in missed:
        print(f"NOT FOUND: {name}")
    return 1 if missed else 0


def _found(one: KnownBad, folder: Path) -> bool:
    print(f"== {one.name}", flush=True)
    if reason := one.target.peer.probe():
        print(f"SKIPPED: {reason}")
        return True
    with Laboratory("two-gateways") as laboratory:
        run(one.target, laboratory, ["--out", str(folder), *(f"--filter={case}" for case in one.cases)], one.watching)
    report = json.loads((folder / "report.json").read_text())
    verdicts = {case["id"]: case["verdict"] for case in report["cases"]}
    return all(verdicts.get(case) == "fail" for case in one.cases)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
