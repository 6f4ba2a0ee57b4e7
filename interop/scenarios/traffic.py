"""Traffic through a tunnel, and whether all of it arrived."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.network import Node
from peers.peer import Peer, until

from scenarios.sites import Session

PINGS = 4
LATE = 5  # seconds after which an answer counts as lost
_UNDER_WAY = 25  # pings of a flow, when it ends
_DOWNLOAD = Path(__file__).with_name("download.py")
_PYTHON = "/usr/bin/python3"


def received(output: str) -> tuple[int, int]:
    """Packets sent and answered, as ping says at its end."""
    match = re.search(r"(\d+) packets transmitted, (\d+) (?:packets )?received", output)
    if match is None:
        raise AssertionError(f"ping gave no summary:\n{output}")
    return int(match[1]), int(match[2])


def ping(run: Callable[..., subprocess.CompletedProcess], to: str, *options: str, count: int = PINGS) -> None:
    """From where `run` runs; every one must be answered. While an answer is late more are sent; one alone waits for its own."""
    interval = "0.02" if count > 1 else str(LATE)
    done = run(["ping", "-c", str(count), "-i", interval, "-w", str(LATE + count // 10), *options, to])
    seen = answered(done.stdout)
    complete = seen == set(range(1, len(seen) + 1)) and len(seen) >= count
    assert complete, f"of {count} pings to {to} these were answered: {sorted(seen)}\n{done.stdout[-500:]}{done.stderr}"


def answered(output: str) -> set[int]:
    """The numbers of the pings that were answered."""
    return {int(number) for number in re.findall(r"bytes from .* icmp_seq=(\d+) ", output)}


def behind(node: Node) -> Callable[..., subprocess.CompletedProcess]:
    """Runs in a host; its outcome is for the caller to judge."""
    return lambda argv: node.run(argv, timeout=120, check=False)


def both_ways(session: Session, inner: int = 4, child: str = "net", *options: str) -> None:
    """Pings from the host behind each gateway to the other's; all of it is counted by both ends as of this child."""
    plan = session.plan
    before = _counted(session, child)
    for here, there in ("ab", "ba"):
        ping(behind(session.site.node(f"host-{here}")), plan.host(there, inner), *options)
    _moved(session, child, before)


def between_gateways(session: Session, version: int = 4, child: str = "net") -> None:
    """As `both_ways`, from gateway to gateway."""
    before = _counted(session, child)
    for here, there in ("ab", "ba"):
        ping(session.site.peers[here].execute, session.plan.outer(there, version))
    _moved(session, child, before)


def _counts(peer: Peer, child: str) -> tuple[int, int]:
    found = [status for status in peer.status().children if status.name == child]
    return sum(status.packets_in for status in found), sum(status.packets_out for status in found)


def _counted(session: Session, child: str) -> list[tuple[int, int]]:
    return [_counts(peer, child) for peer in (session.first, session.second)]


def _moved(session: Session, child: str, before: list[tuple[int, int]]) -> None:
    """A ping and its answer each way: every counter moves by at least twice the count. Kernels may count a moment later."""

    def moved() -> bool:
        after = _counted(session, child)
        return all(new - old >= 2 * PINGS for ends in zip(before, after) for old, new in zip(*ends))

    session.until(moved, f"both ends count {2 * PINGS} packets each way in child '{child}' beyond {before}", 10)


class Flow:
    """Pings at a steady rate from one host to another while something else happens."""

    def __init__(self, session: Session, interval: float = 0.01, inner: int = 4) -> None:
        host = session.site.node("host-a")
        argv = ["ping", "-i", str(interval), "-W", "5", session.plan.host("b", inner)]
        self._process = host.start(argv, log=f"{session.scenario.name}-flow.log")
        until(lambda: "icmp_seq=3 " in self._said(), 10, "the flow begins", self._said)

    def _said(self) -> str:
        return self._process.log.read_text(errors="replace")

    def finish(self) -> int:
        """Ends it and returns how many were sent. AssertionError if one was not answered; the last may still have been under way."""
        os.kill(self._process.pid, signal.SIGINT)
        until(lambda: not self._process.alive(), 10, "the flow ends", self._said)
        (sent, _), seen = received(self._said()), answered(self._said())
        lost = sorted(set(range(1, max(seen))) - seen)
        assert not lost and sent - max(seen) <= _UNDER_WAY, f"of {sent} pings {len(seen)} were answered, lost: {lost[:10]}"
        return sent


class Flood:
    """A ping flood for so many seconds: the next goes as soon as one is answered, or a hundred in a second."""

    def __init__(self, session: Session, seconds: int, inner: int = 4, lost_of_a_million: int = 0) -> None:
        host = session.site.node("host-a")
        self._lost_of_a_million = lost_of_a_million
        argv = ["ping", "-f", "-q", "-w", str(seconds), "-p", "c3", session.plan.host("b", inner)]
        self._process = host.start(argv, log=f"{session.scenario.name}-flood.log")
        self._seconds, self.sent = seconds, 0

    def __enter__(self) -> "Flood":
        return self

    def __exit__(self, kind, *error) -> None:
        """Waits for its end. Every one must have been answered, but for those under way then."""
        if kind is not None:
            self._process.stop()
            return
        until(lambda: not self._process.alive(), self._seconds + 10, "the flood ends")
        said = self._process.log.read_text(errors="replace")
        self.sent, back = received(said)
        lost = 2 + self.sent * self._lost_of_a_million // 1_000_000
        assert back >= self.sent - lost, f"{back} of {self.sent} were answered:\n{said[-500:]}"
        assert "wrong data" not in said


def in_guest(site) -> bool:
    """Whether a kernel in a guest takes part."""
    return any(getattr(peer, "in_guest", False) for peer in site.peers.values())


def skip_in_guest(site) -> None:
    """Skips what has TCP segments in it. Once the peers run: only then is it known where."""
    if in_guest(site):
        pytest.skip("the user-mode kernel bends rows of TCP segments that it forwards, with strongSwan at both ends too")


def download(session: Session, octets: int, sender: str = "b", inner: int = 4, seconds: float = 120) -> None:
    """One TCP stream from the host behind the sender to the other; intact by SHA-256."""
    address = session.plan.host(sender, inner)
    argv = [_PYTHON, str(_DOWNLOAD), "serve", address, str(octets)]
    server = session.site.node(f"host-{sender}").start(argv, log=f"{session.scenario.name}-serve-{sender}.log")
    receiver = session.site.node("host-a" if sender == "b" else "host-b")
    try:
        until(lambda: "listening" in server.log.read_text(), 10, "the server listens")
        done = receiver.run([_PYTHON, str(_DOWNLOAD), "fetch", address], timeout=seconds)
        until(lambda: "sent" in server.log.read_text(), 10, "the server has sent all")
        sent = server.log.read_text().split("sent ")[1].split()
        assert done.stdout.split() == sent, f"sent {sent}, received {done.stdout.split()}"
    finally:
        server.stop()
