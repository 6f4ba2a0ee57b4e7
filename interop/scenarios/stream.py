"""One TCP stream that is watched while it flows: how much came when, and the longest time in which nothing came."""

import time
from dataclasses import dataclass
from pathlib import Path

from lab.network import Node
from peers.peer import until

_DOWNLOAD = Path(__file__).with_name("download.py")
_PYTHON = "/usr/bin/python3"
_ENDLESS = 1 << 40  # octets
_START_SECONDS = 20


@dataclass(frozen=True)
class Course:
    """What the receiver's application had read when: seconds of the monotonic clock, and octets from the beginning."""

    points: tuple[tuple[float, int], ...]

    @property
    def octets(self) -> int:
        return self.points[-1][1]

    def longest_gap(self, begin: float = 0) -> float:
        """Seconds between two readings one after the other, the later one after `begin`."""
        pairs = zip(self.points, self.points[1:])
        return max((later - earlier for (earlier, _), (later, _) in pairs if later > begin), default=0.0)

    def goodput(self, begin: float, end: float) -> float:
        """Mean rate between two moments in 10^6 bits a second."""
        return (self._by(end) - self._by(begin)) * 8e-6 / (end - begin)

    def _by(self, moment: float) -> int:
        return max((octets for at, octets in self.points if at <= moment), default=0)


class Stream:
    """From the host behind b to the host behind a, from entering until `finish`."""

    def __init__(self, sender: Node, receiver: Node, address: str, log: str) -> None:
        self._server = sender.start([_PYTHON, str(_DOWNLOAD), "serve", address, str(_ENDLESS)], log=f"{log}-serve.log")
        until(lambda: "listening" in self._server.output(), _START_SECONDS, "the server listens", self._server.output)
        self._client = receiver.start([_PYTHON, str(_DOWNLOAD), "watch", address], log=f"{log}-watch.log")

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0)
        self._client.stop(0)

    def course(self) -> Course:
        """Until now."""
        lines = [line.split() for line in self._client.output().splitlines() if line.startswith("at ")]
        return Course(tuple((float(line[1]), int(line[2])) for line in lines if len(line) == 3))

    def flows(self, octets: int, seconds: float, what: str) -> None:
        """Waits until so many further octets have come."""
        aim = self._octets() + octets
        until(lambda: self._octets() >= aim, seconds, f"{octets} further octets have come {what}", self._client.output)

    def _octets(self) -> int:
        points = self.course().points
        return points[-1][1] if points else 0

    def finish(self, seconds: float) -> Course:
        """Ends it; all that was sent must have come, intact by SHA-256."""
        self._server.ask_to_end()
        until(lambda: "received " in self._client.output(), seconds, "the stream ends", self._client.output)
        until(lambda: "sent " in self._server.output(), seconds, "the server ends", self._server.output)
        sent, received = (text.split(f"{word} ")[1].split() for text, word in self._said())
        assert sent == received, f"sent {sent}, received {received}"
        return self.course()

    def _said(self) -> list[tuple[str, str]]:
        return [(self._server.output(), "sent"), (self._client.output(), "received")]


def now() -> float:
    """The clock of `Course`."""
    return time.monotonic()
