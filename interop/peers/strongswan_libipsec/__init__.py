"""strongSwan with ESP of its own in user space (its plugin kernel-libipsec): runs on any kernel with TUN."""

import re
from pathlib import Path

from lab import probe

from peers.strongswan.daemon import StrongSwan
from peers.strongswan.in_namespace import Charon


_REFUSED = re.compile(r"ESP sequence number verification failed|ESP decryption or ICV verification failed")


class StrongSwanLibipsec(StrongSwan):
    """One daemon in the node's namespace."""

    name = "strongswan-libipsec"
    kernel_plugins = "kernel-libipsec kernel-netlink"
    lacks = StrongSwan.lacks | {
        "transport": "kernel-libipsec has tunnel mode only",
        "ah": "kernel-libipsec has no AH",
        "extended_numbers": "kernel-libipsec has no extended sequence numbers",
        "replay_window": "the window of kernel-libipsec is fixed",
        "plain_packets": "kernel-libipsec has ESP in UDP only",
    }
    _charon: Charon | None = None

    @classmethod
    def probe(cls) -> str | None:
        needed = (probe.needed, probe.tun, *(probe.QUESTIONS[name] for name in ("charon", "swanctl")))
        return next((reason for ask in needed if (reason := ask())), None)

    def stop(self) -> None:
        if self._charon:
            self._charon.stop()
        self._charon = None

    def kill(self) -> None:
        if self._charon:
            self._charon.kill()
        self._charon = None

    def refused(self) -> int:
        return len(_REFUSED.findall(self.log()))

    def _socket(self) -> Path:
        return self.node.folder / "vici"

    def _launch(self) -> None:
        self._charon = Charon(self.node, self.settings, self.socket)
