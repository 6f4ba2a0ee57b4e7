"""What every peer can be asked to do, whoever wrote it."""

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from lab.network import Node

from peers.scenario import End, Scenario, Transform

T = TypeVar("T")
LOG_LINES = 15
POLL_SECONDS = 0.05


class PeerError(RuntimeError):
    """A peer did not do what it was asked; with the last lines of its log."""

    def __init__(self, what: str, log: str = "") -> None:
        tail = "\n".join(f"  {line}" for line in log.splitlines()[-LOG_LINES:])
        super().__init__(f"{what}\n{tail}" if tail else what)


@dataclass(frozen=True)
class ChildStatus:
    """One Child SA as its end sees it. SPIs are numbers; octets are those inside the tunnel. None: the peer does not tell."""

    name: str
    spi_in: int
    spi_out: int
    mode: str
    protocol: str
    transforms: frozenset[Transform] | None
    extended_numbers: bool | None
    encapsulated: bool | None
    packets_in: int
    octets_in: int
    packets_out: int
    octets_out: int
    local: tuple[str, ...]
    remote: tuple[str, ...]


@dataclass(frozen=True)
class IkeStatus:
    """One IKE SA as its end sees it. Transforms are those agreed on."""

    established: bool
    initiator: bool
    spi_initiator: int
    spi_responder: int
    local_identity: str
    remote_identity: str
    remote_address: str
    transforms: frozenset[Transform]
    virtual_addresses: tuple[str, ...]
    children: tuple[ChildStatus, ...]


@dataclass(frozen=True)
class Status:
    """All IKE SAs of one end with the Child SAs that carry traffic (not those that are being deleted)."""

    ike_sas: tuple[IkeStatus, ...]

    @property
    def established(self) -> tuple[IkeStatus, ...]:
        return tuple(sa for sa in self.ike_sas if sa.established)

    @property
    def children(self) -> tuple[ChildStatus, ...]:
        return tuple(child for sa in self.ike_sas for child in sa.children)


class Peer(ABC):
    """A gateway on one node. After `configure` and `start` it answers; `stop` is safe at any time and more than once."""

    name: ClassVar[str]
    lacks: ClassVar[dict[str, str]] = {}
    """Words of `Scenario.needs` that it cannot do -> why."""

    node: Node
    end: End
    lowered_timers: dict[str, str]
    """What retransmission and liveness were set to, in the peer's own words."""

    @classmethod
    @abstractmethod
    def probe(cls) -> str | None:
        """None where it can run on this machine, else why not and what would help."""

    @classmethod
    def unsupported(cls, scenario: Scenario, node: str) -> str | None:
        """Why it cannot be the end of this scenario at this node, or None."""
        lacking = sorted(scenario.needs(node) & cls.lacks.keys())
        return f"{cls.name}: {cls.lacks[lacking[0]]}" if lacking else None

    @abstractmethod
    def configure(self, node: Node, end: End, other: End, scenario: Scenario) -> None:
        """Writes its files below the node's folder."""

    @abstractmethod
    def start(self) -> None:
        """Returns when it can be asked for something."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it, with Deletes to its peer where it sends such."""

    @abstractmethod
    def kill(self) -> None:
        """Ends it at once and without a word to its peer."""

    def close(self) -> None:
        """Gives back what it keeps between runs, after `stop`."""
        self.stop()

    @abstractmethod
    def initiate(self, child: str) -> None:
        """Makes the child, and an IKE SA where there is none; PeerError when that fails."""

    @abstractmethod
    def rekey_child(self, child: str) -> None:
        """Begins it; the new SPIs show in `status`."""

    @abstractmethod
    def rekey_ike(self) -> None:
        """Begins it; the new SPIs show in `status`."""

    @abstractmethod
    def terminate(self, child: str | None = None) -> None:
        """Deletes this child, or the IKE SA with all children."""

    @abstractmethod
    def status(self) -> Status: ...

    @abstractmethod
    def statistics(self) -> dict[str, int]:
        """Its own counters by its own names."""

    @abstractmethod
    def log(self) -> str: ...

    def refused(self) -> int | None:
        """How many packets its ESP or AH has refused, by its own counter or log; None where it tells nothing of it."""
        return None

    def execute(self, argv: list[str], timeout: float = 60) -> subprocess.CompletedProcess:
        """Runs a program on the gateway itself, in the network stack that its packets come from; any outcome is returned."""
        return self.node.run(argv, timeout=timeout, check=False)


def until(ready: Callable[[], T], seconds: float, what: str, log: Callable[[], str] = lambda: "") -> T:
    """Asks until the answer is true, and returns it; PeerError that says what was waited for after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (answer := ready()):
        if time.monotonic() > deadline:
            raise PeerError(f"after {seconds:g} s still not: {what}", log())
        time.sleep(POLL_SECONDS)
    return answer
