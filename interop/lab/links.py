"""Cables between nodes: how they are laid, impaired, cut and captured."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import filters, namespace, netem, probe
from lab.errors import LabError
from lab.impairment import Impairment, impairment
from lab.network import Node, Process, private_file
from lab.topology import LinkSpec

_SETUP_SECONDS = 20.0  # a bound for a busy machine; it takes a tenth of a second
_PACKAGES = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Port:
    """One end of a link: the node and its interface."""

    node: Node
    interface: str

    @property
    def place(self) -> tuple[str, str]:
        return self.node.netns, self.interface


class Link:
    """A cable between two nodes. What it does to packets may be changed at any time."""

    def __init__(self, spec: LinkSpec, ends: tuple[Port, Port], folder: Path) -> None:
        self.name, self.spec, self.ends = spec.name, spec, ends
        self.folder = folder
        self.capture: Path | None = None  # what end 0 sends and receives; a pcap file
        self.emulator = "none"  # or "user", "netem": who impairs it
        self._awaited: list[tuple[Process, str, Callable[[], bool]]] = []

    def impair(self, *, toward: str | None = None, **changes: float) -> None:
        """Replaces what the link did to packets toward that node (None: both ways). What is not named is not done.

        delay_ms, jitter_ms, rate_mbit, queue_ms; probabilities loss, duplicate, reorder, corrupt.
        """
        self._impair(self._toward(toward), impairment(dict(changes)))

    def cut(self, toward: str | None = None) -> None:
        """Nothing passes any more; both interfaces stay up, as with a break behind a switch."""
        for port in self._senders(toward):
            filters.cut(*port.place)

    def restore(self, toward: str | None = None) -> None:
        """The end of a cut."""
        for port in self._senders(toward):
            filters.restore(*port.place)

    def statistics(self) -> dict[str, dict[str, int]]:
        """Node -> counters of the packets toward it (`impairment.Counters`, and how many are held)."""
        raise LabError(f"link {self.name}: emulator is {self.emulator}, only 'user' counts")

    def lay(self) -> None:
        """Makes the interfaces."""
        namespace.cable(self.ends[0].place, self.ends[1].place, self.spec.mtu)

    def end(self) -> None:
        """When all processes have ended."""

    def begin(self, start: "Starter", capture: bool) -> None:
        """Starts what belongs to the link; `ready` waits for it."""
        if not capture:
            return
        netns, interface = self._captured()
        self.capture = self.folder / f"{self.name}.pcap"
        private_file(self.capture, "wb").close()
        command = ["tcpdump", "-i", interface, "-U", "--immediate-mode", "-n", "-s", "0", "-B", "8192", "-Z", "root"]
        process = start(netns, [*command, "-w", str(self.capture)], self.folder / f"{self.name}.tcpdump.log")
        self._awaited.append((process, "tcpdump", lambda: "listening on" in process.output()))

    def ready(self) -> None:
        """Waits until all of it works, and sets the impairment of the topology."""
        for process, what, condition in self._awaited:
            _wait_for(process, f"link {self.name}: its {what}", condition)
        if self.spec.impair != Impairment():
            self._impair(self._toward(None), self.spec.impair)

    def _captured(self) -> tuple[str, str]:
        return self.ends[0].place

    def _impair(self, toward: list[str], wanted: Impairment) -> None:
        raise LabError(f"link {self.name}: nothing here impairs it; its topology has to say emulator = \"auto\"")

    def _toward(self, toward: str | None) -> list[str]:
        names = [port.node.name for port in self.ends]
        if toward is not None and toward not in names:
            raise LabError(f"link {self.name} does not end at '{toward}'; expected one of {', '.join(names)}")
        return names if toward is None else [toward]

    def _senders(self, toward: str | None) -> list[Port]:
        chosen = self._toward(toward)
        return [self.ends[1 - place] for place, port in enumerate(self.ends) if port.node.name in chosen]


Starter = Callable[..., Process]  # (netns, argv, log, env=...) -> a process that the laboratory stops


class NetemLink(Link):
    """The kernel impairs it. A seed does not make it repeat itself."""

    def __init__(self, spec: LinkSpec, ends: tuple[Port, Port], folder: Path) -> None:
        super().__init__(spec, ends, folder)
        self.emulator = "netem"

    def _impair(self, toward: list[str], wanted: Impairment) -> None:
        for node in toward:
            for port in self._senders(node):
                for command in netem.commands(port.interface, wanted):
                    namespace.call(port.node.netns, command)


class UserLink(Link):
    """A process of its own, in a namespace between the nodes, impairs it: the same seed, the same sequence."""

    def __init__(self, spec: LinkSpec, ends: tuple[Port, Port], folder: Path, netns: str, seed: int) -> None:
        super().__init__(spec, ends, folder)
        self.emulator = "user"
        self._netns, self._seed = netns, seed
        self._control = folder / f"{spec.name}.control"
        self._socket: socket.socket | None = None

    def lay(self) -> None:
        namespace.create(self._netns)
        quiet = {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.default.disable_ipv6": "1"}
        namespace.sysctl(self._netns, quiet)
        for port in self.ends:
            namespace.cable(port.place, (self._netns, self._inside(port)), self.spec.mtu)

    def begin(self, start: Starter, capture: bool) -> None:
        super().begin(start, capture)
        ends = [word for port in self.ends for word in ("--end", f"{port.node.name}={self._inside(port)}")]
        command = [sys.executable, "-m", "lab.emulator", "--seed", str(self._seed), "--link", self.name]
        command += ["--control", str(self._control), *ends]
        log = self.folder / f"{self.name}.emulator.log"
        process = start(self._netns, command, log, env={"PYTHONPATH": _PACKAGES, "PYTHONDONTWRITEBYTECODE": "1"})
        self._awaited.append((process, "emulator", self._connected))

    def end(self) -> None:
        if self._socket:
            self._socket.close()
        self._control.unlink(missing_ok=True)

    def cut(self, toward: str | None = None) -> None:
        for node in self._toward(toward):
            self._ask({"do": "cut", "toward": node})

    def restore(self, toward: str | None = None) -> None:
        for node in self._toward(toward):
            self._ask({"do": "restore", "toward": node})

    def statistics(self) -> dict[str, dict[str, int]]:
        return self._ask({"do": "statistics"})["toward"]

    def _captured(self) -> tuple[str, str]:
        return self._netns, self._inside(self.ends[0])

    def _impair(self, toward: list[str], wanted: Impairment) -> None:
        for node in toward:
            self._ask({"do": "impair", "toward": node, "impairment": vars(wanted)})

    def _inside(self, port: Port) -> str:
        return f"to-{port.node.name}"  # names of nodes are short enough

    def _connected(self) -> bool:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(_SETUP_SECONDS)
        folder = os.open(self._control.parent, os.O_PATH)
        try:
            client.connect(f"/proc/self/fd/{folder}/{self._control.name}")  # its whole name may be too long
        except OSError:
            client.close()
            return False
        finally:
            os.close(folder)
        self._socket = client
        return True

    def _ask(self, request: dict[str, object]) -> dict:
        if self._socket is None:
            raise LabError(f"link {self.name}: its emulator has not been started")
        answer = b""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            while not answer.endswith(b"\n"):
                octets = self._socket.recv(65536)
                if not octets:
                    raise OSError("it has closed the connection")
                answer += octets
        except OSError as error:
            log = self.folder / f"{self.name}.emulator.log"
            raise LabError(f"link {self.name}: its emulator does not answer: {error}; see {log}") from error
        reply = json.loads(answer)
        if not reply.pop("ok"):
            raise LabError(f"link {self.name}: {reply['error']}")
        return reply


def link(spec: LinkSpec, ends: tuple[Port, Port], folder: Path, netns: str, seed: int) -> Link:
    """As its topology wants it; `netns` is for an emulator, if there is to be one."""
    if spec.emulator == "none":
        return Link(spec, ends, folder)
    missing = probe.netem() if spec.emulator != "user" else None
    if spec.emulator == "netem" and missing:
        raise LabError(f"link {spec.name}: no netem here: {missing}; emulator = \"auto\" takes the one of user space then")
    if spec.emulator == "user" or missing:
        return UserLink(spec, ends, folder, netns, seed)
    return NetemLink(spec, ends, folder)


def _wait_for(process: Process, what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SETUP_SECONDS
    while not ready():
        if process.wait(0.005):
            raise LabError(f"{what} ended with {process.poll()}: {process.output().strip()[-1000:]}")
        if time.monotonic() > deadline:
            raise LabError(f"{what} was not ready within {_SETUP_SECONDS:.0f} s: {process.output().strip()[-1000:]}")
