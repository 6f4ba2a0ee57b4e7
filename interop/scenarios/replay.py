"""Captured packets sent again: taken from the wire, put back on it, and counted where they would come out."""

from pathlib import Path

from lab.network import Node
from peers.peer import Peer

from scenarios.sites import Session
from scenarios.traffic import behind, ping
from scenarios.wire import Frame

_INJECT = Path(__file__).with_name("inject.py")
_PYTHON = "/usr/bin/python3"
_NOWHERE = "02:00:00:00:00:01"  # a link address that nobody has


class Wire:
    """The way of protected packets from one gateway, the sender, to the other, whose anti-replay service is tried."""

    def __init__(self, session: Session, sender: str) -> None:
        self._session = session
        self.sender, self.receiver = sender, "b" if sender == "a" else "a"
        self._link = session.plan.outer_links[0]
        self._gateway = session.site.peers[sender]
        self._target = session.plan.outer(self.receiver)
        self._host = session.site.node(f"host-{sender}")
        self._far = session.site.node(f"host-{self.receiver}")

    @property
    def peer(self) -> Peer:
        """Whose window it is."""
        return self._session.site.peers[self.receiver]

    def arrived(self) -> int:
        """Echo requests that have come to the host behind the receiver, ever: its kernel's own counter."""
        lines = [line.split() for line in self._far.run(["cat", "/proc/net/snmp"]).stdout.splitlines() if line.startswith("Icmp:")]
        return int(dict(zip(*lines))["InEchos"])

    def send(self, count: int) -> list[Frame]:
        """So many pings, all answered; the protected packets that carried them to the receiver."""
        watch = self._session.new_watch()
        ping(behind(self._host), self._session.plan.host(self.receiver), count=count)
        self._session.until(lambda: len(self._outward(watch)) >= count, f"{count} protected packets are captured", 10)
        return self._outward(watch)

    def withhold(self, count: int) -> list[Frame]:
        """The protected packets of so many pings, none of which reaches the receiver, as they would have gone to it.

        The sender is made to address them to a link address that nobody has: they go over the wire, and nobody takes them.
        """
        right = self._link_address()
        watch = self._session.new_watch()
        self._neighbour(_NOWHERE)
        try:
            argv = ["ping", "-c", str(count), "-i", "0.02", "-W", "1", self._session.plan.host(self.receiver)]
            self._host.run(argv, check=False)
            self._session.until(lambda: len(self._outward(watch)) >= count, f"{count} withheld packets are captured", 10)
        finally:
            self._neighbour(right)
        return [Frame(bytes.fromhex(right.replace(":", "")) + frame.octets[6:]) for frame in self._outward(watch)[:count]]

    def _neighbour(self, link_address: str) -> None:
        command = ["ip", "neigh", "replace", self._target, "lladdr", link_address, "dev", self._link, "nud", "permanent"]
        done = self._gateway.execute(command)
        assert done.returncode == 0, done.stderr

    def _link_address(self) -> str:
        ping(self._gateway.execute, self._target, count=1)
        words = self._gateway.execute(["ip", "neigh", "show", self._target, "dev", self._link]).stdout.split()
        return words[words.index("lladdr") + 1]

    def _outward(self, watch) -> list[Frame]:
        source = self._session.plan.outer_octets(self.sender)
        return [frame for frame in watch.frames() if frame.source == source and frame.esp() is not None]

    def inject(self, frames: list[Frame]) -> None:
        """Puts them on the wire toward the receiver, as from the sender."""
        node: Node = self._session.site.node(self.sender)
        lines = "".join(frame.octets.hex() + "\n" for frame in frames)
        node.run([_PYTHON, str(_INJECT), self._link], input=lines)
