"""strongSwan over a Linux kernel's ESP and AH: the host's where it has them, else a guest's in the node's place."""

import shutil
import subprocess
from pathlib import Path

from lab.network import Node, Process

from peers import guest
from peers.guest import Guest
from peers.kernel import host_lacks_esp
from peers.peer import PeerError, until
from peers.scenario import End, Scenario
from peers.strongswan.daemon import CHARON, SWANCTL, StrongSwan

_RUN_SECONDS = 60
_STOP_SECONDS = 10
_GUEST_SOCKET = Path("/run/mpsec.vici")  # the guest's own /run: a socket cannot lie on hostfs


class StrongSwanKernel(StrongSwan):
    """A guest, once booted, stays with the node until `close`."""

    name = "strongswan-kernel"
    kernel_plugins = "kernel-netlink"
    _process: Process | None = None
    _guest: Guest | None = None

    @classmethod
    def probe(cls) -> str | None:
        if missing := [path for path in (CHARON, SWANCTL) if shutil.which(path) is None]:
            return f"{missing[0]} is not there (ci/setup installs it)"
        if (reason := host_lacks_esp()) and (no_guest := guest.probe()):
            return f"the host's kernel has no ESP ({reason}), and {no_guest}"
        return None

    @staticmethod
    def kernel() -> str:
        """Which kernel was chosen, for reports."""
        reason = host_lacks_esp()
        return f"a user-mode guest, since the host has no ESP: {reason}" if reason else "the host"

    def configure(self, node: Node, end: End, other: End, scenario: Scenario) -> None:
        super().configure(node, end, other, scenario)
        if host_lacks_esp() and self._guest is None:
            self._guest = Guest(node)

    def _socket(self) -> Path:
        return _GUEST_SOCKET if host_lacks_esp() else self.node.folder / "vici"

    def _launch(self) -> None:
        if self._guest is None:
            environment = {"STRONGSWAN_CONF": str(self.settings)}
            self._process = self.node.start([CHARON], log="charon.out", env=environment, own_run=True)
            return
        if not self._guest.alive:
            self._guest.boot()
        self._shell(f"STRONGSWAN_CONF='{self.settings}' {CHARON} >'{self.folder}/charon.out' 2>&1 & echo $! >/run/charon.id")

    def _alive(self) -> bool:
        if self._guest is None:
            return self._process is not None and self._process.alive()
        return self._guest.alive and self._signal("0")

    def _signal(self, name: str) -> bool:
        return self._shell(f"[ -e /run/charon.id ] && kill -{name} $(cat /run/charon.id)") == 0

    def _shell(self, command: str) -> int:
        assert self._guest is not None
        return self._guest.run(["sh", "-c", command]).returncode

    def stop(self) -> None:
        if self._process:
            self._process.stop()
            self._process = None
        if self._guest and self._guest.alive and self._signal("TERM"):
            until(lambda: not self._signal("0"), _STOP_SECONDS, "strongSwan in the guest ends", self.log)
            self._forget()

    def kill(self) -> None:
        if self._process:
            self._process.stop(timeout=0)
            self._process = None
            self._execute(["sh", "-c", "ip xfrm state flush; ip xfrm policy flush"])
        if self._guest and self._guest.alive:
            self._signal("KILL")
            self._forget()

    def _forget(self) -> None:
        """What a killed daemon leaves behind would answer for it, and would be in the way of the next."""
        self._shell("rm -f /run/charon.* /run/mpsec.vici; ip xfrm state flush; ip xfrm policy flush; ip route flush table 220")

    def close(self) -> None:
        self.stop()
        if self._guest:
            self._guest.halt()
        self._guest = None

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def kernel_counters(self) -> dict[str, int]:
        """The kernel's own counters of what it dropped, `XfrmInStateSeqError` and the like."""
        lines = self._execute(["cat", "/proc/net/xfrm_stat"]).stdout.splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines)}

    def _execute(self, argv: list[str]) -> subprocess.CompletedProcess:
        if self._guest is None:
            return self.node.run(argv, timeout=_RUN_SECONDS, check=False)
        if not self._guest.alive:
            raise PeerError(f"{self.name} at {self.node.name}: the guest does not run", self._guest.console())
        return self._guest.run(argv, _RUN_SECONDS)
