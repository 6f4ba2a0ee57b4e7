"""charon as a process in the node's namespace, with a /run of its own: the path of its pid file is compiled in."""

import os
import signal
from pathlib import Path

from lab.network import Node, Process

from peers.peer import PeerError, until
from peers.strongswan.daemon import CHARON

_START_SECONDS = 20


class Charon:
    """One run of the daemon."""

    def __init__(self, node: Node, settings: Path, socket: Path) -> None:
        socket.unlink(missing_ok=True)
        log = settings.parent.relative_to(node.folder) / "charon.out"
        self._process: Process = node.start([CHARON], log=str(log), env={"STRONGSWAN_CONF": str(settings)}, own_run=True)
        self._socket = socket
        try:
            until(self._listens, _START_SECONDS, f"charon at {node.name} listens on {socket}", self._said)
        except PeerError:
            self.stop()
            raise

    def _listens(self) -> bool:
        if not self._process.alive():
            raise PeerError("charon ended while it started", self._said())
        return self._socket.is_socket()

    def _said(self) -> str:
        return self._process.log.read_text(errors="replace")

    def stop(self) -> None:
        """With Deletes to its peers."""
        self._process.stop()

    def kill(self) -> None:
        """At once: a TERM first would let it send Deletes."""
        if self._process.alive():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.stop()
