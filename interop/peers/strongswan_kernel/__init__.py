"""strongSwan over a Linux kernel's ESP and AH: the host's where it has them, else a guest's in the node's place."""

import socket
import subprocess
from pathlib import Path

from lab import namespace, probe
from lab.network import Node

from peers import guest
from peers.guest import Guest
from peers.peer import PeerError
from peers.scenario import End, Scenario
from peers.strongswan.daemon import CHARON, StrongSwan
from peers.strongswan.in_namespace import Charon

_VICI_SECONDS = 20
_VICI_PORT = 4502  # which strongSwan's own documents use
_GUEST_SOCKET = Path("/run/mpsec.vici")  # the guest's own /run: a socket cannot lie on hostfs
# The waiting shell reaps the daemon, so that the file with its number says whether it runs.
_START = """
( STRONGSWAN_CONF='{settings}' {charon} >'{folder}/charon.out' 2>&1 &
  echo $! >/run/charon.id; wait; rm -f /run/charon.id ) >/dev/null 2>&1 &
for i in $(seq 200); do {listens} && exit 0; sleep 0.05; done; exit 1
"""
_END = """
[ -e /run/charon.id ] || exit 0
kill -{signal} $(cat /run/charon.id)
for i in $(seq 200); do [ -e /run/charon.id ] || break; sleep 0.05; done
"""
# What a killed daemon leaves behind would answer for it, and would be in the way of the next.
_FORGET = """
rm -f /run/charon.pid {socket}; ip xfrm state flush; ip xfrm policy flush
ip route flush table 220; ip -6 route flush table 220
"""


class StrongSwanKernel(StrongSwan):
    """A guest, once booted, stays with the node until `close`."""

    name = "strongswan-kernel"
    kernel_plugins = "kernel-netlink"
    asked_from: Node | None = None
    """A node that reaches this one: who wants `vici` of a guest sets it before `start`; the guest's sockets are its own."""
    _charon: Charon | None = None
    _guest: Guest | None = None

    @classmethod
    def probe(cls) -> str | None:
        needed = (probe.needed, *(probe.QUESTIONS[name] for name in ("charon", "swanctl")))
        if reason := next((reason for ask in needed if (reason := ask())), None):
            return reason
        if (reason := probe.kernel_esp()) and (no_guest := guest.missing()):
            return f"the host's kernel has no ESP ({reason}), and there can be no guest: {no_guest}"
        return None

    @staticmethod
    def kernel() -> str:
        """Which kernel was chosen, for reports."""
        reason = probe.kernel_esp()
        return f"a user-mode guest, since the host has no ESP: {reason}" if reason else "the host"

    @property
    def in_guest(self) -> bool:
        """Whether it runs over the user-mode kernel."""
        return self._guest is not None

    def configure(self, node: Node, end: End, other: End, scenario: Scenario) -> None:
        if probe.kernel_esp() and self._guest is None:
            self._guest = Guest(node)
        super().configure(node, end, other, scenario)

    def _socket(self) -> Path:
        return _GUEST_SOCKET if probe.kernel_esp() else self.node.folder / "vici"

    def _uri(self) -> str:
        if self._guest is None or self.asked_from is None:
            return super()._uri()
        return f"tcp://{self.end.addresses[0]}:{_VICI_PORT}"

    def _connect(self) -> socket.socket:
        if self._guest is None or self.asked_from is None:
            return super()._connect()
        address = (self.end.addresses[0], _VICI_PORT)
        return namespace.within(self.asked_from.netns, lambda: socket.create_connection(address, _VICI_SECONDS))

    def _listens(self) -> str:
        """A command of the guest's shell."""
        port = f"grep -q ':{_VICI_PORT:04X} 0*:0000 ' /proc/net/tcp"
        return port if self.asked_from else f"[ -S {self.socket} ]"

    def _launch(self) -> None:
        if self._guest is None:
            self._charon = Charon(self.node, self.settings, self.socket)
            return
        if not self._guest.alive:
            self._guest.boot()
        if self._shell(_START.format(settings=self.settings, charon=CHARON, folder=self.folder, listens=self._listens())) != 0:
            raise PeerError(f"charon in the guest at {self.node.name} did not start", self.log() or self._guest.console())

    def _shell(self, command: str) -> int:
        return self.execute(["sh", "-c", command]).returncode

    def stop(self) -> None:
        if self._charon:
            self._charon.stop()
        self._end("TERM")

    def kill(self) -> None:
        if self._charon:
            self._charon.kill()
            self._shell(_FORGET.format(socket=self.socket))
        self._end("KILL")

    def _end(self, signal: str) -> None:
        self._charon = None
        if self._guest and self._guest.alive:
            self._shell(_END.format(signal=signal) + _FORGET.format(socket=self.socket))

    def close(self) -> None:
        self.stop()
        if self._guest:
            self._guest.halt()
        self._guest = None

    def kernel_counters(self) -> dict[str, int]:
        """The kernel's own counters of what it dropped, `XfrmInStateSeqError` and the like."""
        lines = self.execute(["cat", "/proc/net/xfrm_stat"]).stdout.splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines)}

    def refused(self) -> int:
        counters = self.kernel_counters()
        return counters["XfrmInStateSeqError"] + counters["XfrmInStateProtoError"]

    def execute(self, argv: list[str], timeout: float = 60) -> subprocess.CompletedProcess:
        if self._guest is None:
            return super().execute(argv, timeout)
        if not self._guest.alive:
            raise PeerError(f"{self.name} at {self.node.name}: the guest does not run", self._guest.console())
        return self._guest.run(argv, timeout)
