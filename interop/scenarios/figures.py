#!/usr/bin/python3
"""Figures of gateways on a wire, each beside what it is compared with, measured in the same run in turns: figures.py [NAME...]

On a busy machine trust the ratios, and those not far. All of it is also in build/interop/figures.json.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack

from lab.laboratory import ROOT
from peers.reference import Reference
from peers.strongswan_libipsec import StrongSwanLibipsec

from scenarios import handshake, speed, tunnels, two_paths
from scenarios.speed import Rates

_RESULTS = ROOT / "build" / "interop" / "figures.json"
_ROUNDS, _SECONDS = 3, 1.5  # of each contender
_HANDSHAKES, _BLOCKS, _TUNNELS, _PATH_SECONDS = 10, 4, 1000, 8.0


def throughput() -> dict:
    """Ours and strongSwan's ESP in user space, with the same ESP in UDP; ours without UDP; and what has no IPsec."""
    contenders = {
        "ours, ESP in UDP": lambda: speed.gateways(Reference, encapsulate=True),
        "ours, ESP": lambda: speed.gateways(Reference),
        "strongSwan, ESP in UDP": lambda: speed.gateways(StrongSwanLibipsec, encapsulate=True),
        "relay of two TUNs": speed.relays,
        "kernel's forwarding": speed.routers,
    }
    rounds: dict[str, list[Rates]] = {name: [] for name in contenders}
    with ExitStack() as stack:
        laboratories = {name: stack.enter_context(make()) for name, make in contenders.items()}
        for _ in range(_ROUNDS):
            for name, laboratory in laboratories.items():
                rounds[name].append(speed.measure(laboratory, _SECONDS))
    found = {name: {kind: statistics.median(each[kind] for each in rates) for kind in ("tcp", "udp")} for name, rates in rounds.items()}
    print(f"goodput, AES-128-GCM, {speed.PACKET} octets a packet, 10^6 bit/s (medians of {_ROUNDS})")
    for name, rates in found.items():
        print(f"  {name:24} TCP {rates['tcp']:8.1f}   UDP {rates['udp']:8.1f}")
    ours = found["ours, ESP in UDP"]
    for kind in ("tcp", "udp"):
        _told(f"{kind.upper()}: ours / strongSwan", ours[kind] / found["strongSwan, ESP in UDP"][kind], at_least=2)
        for name in ("relay of two TUNs", "kernel's forwarding"):
            print(f"  {kind.upper()}: ours / {name}: {ours[kind] / found[name][kind]:.2f}")
    return found


def handshakes() -> dict:
    """IKE_SA_INIT and IKE_AUTH, one after the other; the first of each block, which wakes everything up, does not count."""
    with ExitStack() as stack:
        labs = {maker.name: stack.enter_context(handshake.facing(maker)) for maker in (Reference, StrongSwanLibipsec)}
        times: dict[str, list[float]] = {name: [] for name in labs}
        for _ in range(_BLOCKS):
            for name, facing in labs.items():
                times[name] += [handshake.one(facing) for _ in range(1 + _HANDSHAKES)][1:]
    found = {name: handshake.report(each) for name, each in times.items()}
    print(f"IKE_SA_INIT and IKE_AUTH on the wire, PSK, x25519 (medians of {_BLOCKS * _HANDSHAKES}): {found}")
    medians = [found[maker.name]["median_ms"] for maker in (Reference, StrongSwanLibipsec)]
    _told("handshake: ours / strongSwan", medians[0] / medians[1], at_most=0.3)
    return found


def many_tunnels() -> dict:
    """One after the other."""
    found = tunnels.tunnels(_TUNNELS)
    print(f"{_TUNNELS} tunnels one after the other, an IKE SA and a Child SA each: {found}")
    first, last = found["ms"][10], found["ms"][_TUNNELS]
    _told(f"the {_TUNNELS}th tunnel / the 10th", last / first, at_most=1.2)
    return found


def paths() -> dict:
    """Two against one."""
    found = {count: two_paths.goodput(count, _PATH_SECONDS) for count in (1, 2)}
    print(f"TCP goodput over paths of {two_paths.RATE} Mbit/s with {two_paths.DELAYS} ms, put in order: {found}")
    _told("two paths / one", found[2] / found[1], at_least=1.8)
    return found


def _told(what: str, ratio: float, at_least: float | None = None, at_most: float | None = None) -> None:
    """Prints it beside what it should be."""
    reached = (at_least is None or ratio >= at_least) and (at_most is None or ratio <= at_most)
    aim = f">= {at_least}" if at_least is not None else f"<= {at_most}"
    print(f"  {what}: {ratio:.2f} (aim {aim}: {'reached' if reached else 'MISSED'})", flush=True)


FIGURES: dict[str, Callable[[], dict]] = {
    "throughput": throughput, "handshakes": handshakes, "tunnels": many_tunnels, "paths": paths,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *FIGURES], metavar="NAME", help=f"of {', '.join(FIGURES)}; none: all")
    chosen = parser.parse_args().names or list(FIGURES)
    if reason := Reference.probe() or StrongSwanLibipsec.probe():
        print(f"figures.py: {reason}", file=sys.stderr)
        return 1
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    found = {name: FIGURES[name]() for name in chosen}
    _RESULTS.parent.mkdir(parents=True, exist_ok=True)
    _RESULTS.write_text(json.dumps({"load": os.getloadavg(), **found}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
