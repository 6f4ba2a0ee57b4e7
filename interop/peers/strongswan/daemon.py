"""A strongSwan daemon and its swanctl, wherever the two run: in a namespace or in a guest's kernel."""

import socket
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.network import Node

from peers import keywords
from peers.peer import Peer, PeerError, Status
from peers.scenario import End, Scenario
from peers.strongswan import answers, files
from peers.strongswan.vici import Vici, unix

CHARON = "/usr/lib/ipsec/charon"
SWANCTL = "/usr/sbin/swanctl"
_SOCKET_PATH_OCTETS = 107  # of sockaddr_un, without its end
_ANSWER_SECONDS = 20


class StrongSwan(Peer):
    """All but where the daemon runs: that is for the subclasses."""

    kernel_plugins: str
    lacks = {
        "clusters": "strongSwan knows no SA clusters",
        "begins": "its driver waits to be told, and begins nothing by itself",
    }

    @classmethod
    def unsupported(cls, scenario: Scenario, node: str) -> str | None:
        if unknown := keywords.unknown(scenario.end(node).transforms()):
            return f"{cls.name}: strongSwan has no word for {unknown[0]}"
        return super().unsupported(scenario, node)

    def configure(self, node: Node, end: End, other: End, scenario: Scenario) -> None:
        if reason := self.unsupported(scenario, end.node):
            raise PeerError(f"scenario '{scenario.name}' at node {end.node}: {reason}")
        self.node, self.end, self.other = node, end, other
        self.folder = node.folder / scenario.name
        self.settings, self.log_file = self.folder / "strongswan.conf", self.folder / "charon.log"
        self.socket = self._socket()
        if len(str(self.socket)) > _SOCKET_PATH_OCTETS:
            raise PeerError(f"{self.socket}: too long for a socket's path, give the laboratory a shorter folder")
        settings = self.settings_of(end)
        files.write(self.settings, files.render(settings))
        files.write(self.folder / "swanctl.conf", files.render(files.connections(end, other)))
        files.credentials(end, self.folder)
        self.vici = Vici(self._connect)
        timers = ("retransmit_timeout", "retransmit_base", "retransmit_tries")
        self.lowered_timers = {f"charon.{name}": str(settings["charon"][name]) for name in timers}
        self.lowered_timers["dpd_delay"] = f"{max(1, round(end.liveness_seconds))}s"

    def settings_of(self, end: End) -> dict[str, Any]:
        """What strongswan.conf is to have."""
        return files.daemon(end, self.kernel_plugins, self._uri(), self.log_file)

    def set_cookies(self, threshold: int | None) -> None:
        """From how many half-open IKE SAs it asks for cookies; None: as it was configured. It starts anew."""
        end = self.end if threshold is None else replace(self.end, cookie_threshold=threshold)
        files.write(self.settings, files.render(self.settings_of(end)))
        self.kill()  # it reads this when it starts, and not when it is told to reload its settings
        self.start()

    def set_lifetime(self, seconds: int | None) -> None:
        """Of children that are made from now on, until they are rekeyed; None: as it was configured."""
        end = self.end if seconds is None else self.end.with_children(rekey_seconds=seconds)
        files.write(self.folder / "swanctl.conf", files.render(files.connections(end, self.other)))
        self.load()

    def start(self) -> None:
        self._launch()
        self.load()

    def load(self) -> None:
        """Gives the daemon the configuration and credentials, again after a change of the files."""
        self._swanctl("--load-all", "--file", str(self.folder / "swanctl.conf"), "--noprompt")

    def initiate(self, child: str) -> None:
        self._swanctl("--initiate", "--child", child, "--timeout", str(_ANSWER_SECONDS))

    def rekey_child(self, child: str) -> None:
        self._swanctl("--rekey", "--child", child)

    def rekey_ike(self) -> None:
        self._swanctl("--rekey", "--ike", files.CONNECTION)

    def terminate(self, child: str | None = None) -> None:
        which = ("--child", child) if child else ("--ike", files.CONNECTION)
        self._swanctl("--terminate", *which, "--timeout", str(_ANSWER_SECONDS))

    def status(self) -> Status:
        return answers.status(self._swanctl("--list-sas", "--pretty"))

    def statistics(self) -> dict[str, int]:
        """Counters of IKE messages, `ike-rekey-init` and the like."""
        found = answers.messages(self._swanctl("--counters", "--pretty"), "counters reply")
        counters = found[0].get("counters", {}) if found else {}
        return {name: int(value) for section in counters.values() for name, value in section.items()}

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _swanctl(self, *arguments: str) -> str:
        done = self.execute(self._command(*arguments))
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
            raise PeerError(f"{self.name} at {self.node.name}: swanctl {' '.join(arguments)}: {said}", self.log())
        return done.stdout

    def _command(self, *arguments: str) -> list[str]:
        environment = [f"SWANCTL_DIR={self.folder}", f"STRONGSWAN_CONF={self.settings}"]
        return ["env", *environment, SWANCTL, *arguments, "--uri", self._uri()]

    def _uri(self) -> str:
        """The same for charon and swanctl."""
        return f"unix://{self.socket}"

    def _connect(self) -> socket.socket:
        return unix(str(self.socket), _ANSWER_SECONDS)

    @abstractmethod
    def _socket(self) -> Path:
        """Where swanctl reaches the daemon."""

    @abstractmethod
    def _launch(self) -> None:
        """Starts the daemon and returns when it listens on its socket."""
