"""strongSwan with ESP of its own in user space (its plugin kernel-libipsec): runs on any kernel with TUN."""

import os
import shutil
import subprocess
from pathlib import Path

from lab.network import Process

from peers.strongswan.daemon import CHARON, SWANCTL, StrongSwan

_RUN_SECONDS = 60


class StrongSwanLibipsec(StrongSwan):
    """charon in the node's namespace, with a /run of its own: the path of its pid file is compiled in."""

    name = "strongswan-libipsec"
    kernel_plugins = "kernel-libipsec kernel-netlink"
    lacks = {
        "transport": "kernel-libipsec has tunnel mode only",
        "ah": "kernel-libipsec has no AH",
        "extended_numbers": "kernel-libipsec has no extended sequence numbers",
        "replay_window": "the window of kernel-libipsec is fixed",
        "plain_packets": "kernel-libipsec has ESP in UDP only",
    }
    _process: Process | None = None

    @classmethod
    def probe(cls) -> str | None:
        if os.geteuid() != 0:
            return "needs root"
        if missing := [path for path in (CHARON, SWANCTL) if shutil.which(path) is None]:
            return f"{missing[0]} is not there (ci/setup installs it)"
        return None if os.path.exists("/dev/net/tun") else "/dev/net/tun is not there"

    def stop(self) -> None:
        if self._process:
            self._process.stop()
        self._process = None

    def kill(self) -> None:
        if self._process:
            self._process.stop(timeout=0)
        self._process = None

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _socket(self) -> Path:
        return self.node.folder / "vici"

    def _launch(self) -> None:
        environment = {"STRONGSWAN_CONF": str(self.settings)}
        self._process = self.node.start([CHARON], log="charon.out", env=environment, own_run=True)

    def _alive(self) -> bool:
        return self._process is not None and self._process.alive()

    def _execute(self, argv: list[str]) -> subprocess.CompletedProcess:
        return self.node.run(argv, timeout=_RUN_SECONDS, check=False)
