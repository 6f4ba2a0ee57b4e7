"""A network that is there while a `with` block runs, and gone when it ends, however it ends."""

import json
import platform
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from lab import filters, links, namespace, probe, routing
from lab.errors import LabError
from lab.links import Link, Port
from lab.network import Node, Process, private_file
from lab.runs import Run
from lab.topology import LinkSpec, NodeSpec, Topology, load

ROOT = Path(__file__).resolve().parents[2]
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 5.0  # seconds from TERM to KILL, for all processes together


class Laboratory:
    """The nodes and links of a topology. Enter it from the main thread, so that signals can end it in order."""

    def __init__(
        self, topology: Topology | str, folder: Path | None = None, seed: int = 1, capture: bool = True
    ) -> None:
        self.topology = load(topology) if isinstance(topology, str) else topology
        self.run = secrets.token_hex(3)
        self.seed, self.capture = seed, capture
        moment = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
        default = ROOT / "build" / "lab" / f"{moment}-{self.topology.name}-{self.run}"
        self.folder = Path(folder).absolute() if folder else default
        self.nodes: dict[str, Node] = {}
        self.links: dict[str, Link] = {}
        self._entry = Run(self.run)
        self._services: list[Process] = []  # captures and emulators: they end last
        self._handlers: dict[signal.Signals, Any] = {}  # as they were before
        self._begin = ""
        self._died: list[str] = []  # logs of captures and emulators that ended before they were asked to

    def __enter__(self) -> "Laboratory":
        missing = probe.needed() or (probe.tcpdump() if self.capture else None)
        if missing:
            raise LabError(f"no laboratory can be set up here: {missing} (see 'interop/lab/mpsec-lab probe')")
        self._make_folder()
        try:
            self._catch_signals()
            self._begin = _now()
            self._entry.enter(self.topology.name, self.folder)
            self._build()
            self._write_report(None, None)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._handlers:  # a second Ctrl-C does not leave half of it behind
            signal.signal(number, signal.SIG_IGN)
        try:
            self._stop()
            self._entry.sweep()
            self._write_report(_now(), repr(error) if error else "ended")
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            self._handlers = {}

    def steer(self, balancer: str, links_to: Sequence[str]) -> None:
        """From now on who sends to the shared addresses gets to one of these: names of links of the balancer."""
        spec = next(node for node in self.topology.nodes if node.name == balancer)
        unknown = [name for name in links_to if name not in spec.balance]
        if unknown or not links_to:
            raise LabError(f"node {balancer} cannot steer to {list(links_to)}; expected some of {', '.join(spec.balance)}")
        marks = [filters.FIRST_MARK + spec.balance.index(name) for name in links_to]
        filters.balance(self.nodes[balancer].netns, spec.virtual, marks, self.seed)

    def _build(self) -> None:
        for spec in self.topology.nodes:
            self._make_node(spec)
        for cable in self.topology.links:
            self._make_link(cable)
        for spec in self.topology.nodes:
            routing.configure(self.topology, spec, self.nodes[spec.name])
            if spec.balance:
                self.steer(spec.name, spec.balance)
        for link in self.links.values():
            link.begin(self._start, self.capture)
        for link in self.links.values():
            link.ready()

    def _make_node(self, spec: NodeSpec) -> None:
        folder = self.folder / "nodes" / spec.name
        folder.mkdir(mode=0o700, parents=True)
        node = Node(spec.name, f"{namespace.PREFIX}{self.run}-{spec.name}", folder, self._entry.record)
        namespace.create(node.netns, forwards=spec.forwards)
        self.nodes[spec.name] = node

    def _make_link(self, spec: LinkSpec) -> None:
        ends = [Port(self.nodes[end.node], spec.name) for end in spec.ends]
        folder = self.folder / "links"
        folder.mkdir(mode=0o700, exist_ok=True)
        made = links.link(spec, (ends[0], ends[1]), folder, f"{namespace.PREFIX}{self.run}.{spec.name}", self.seed)
        made.lay()
        for end in spec.ends:
            node = self.nodes[end.node]
            node.interfaces[spec.name] = spec.name
            node.addresses[spec.name] = list(end.addresses)
        self.links[spec.name] = made

    def _start(self, netns: str, argv: list[str], log: Path, env: Mapping[str, str] | None = None) -> Process:
        process = Process(["ip", "netns", "exec", netns, *argv], log, env)
        self._services.append(process)
        self._entry.record(process.pid, log.name)
        return process

    def _stop(self) -> None:
        """The nodes' processes before the captures, which see their last packets."""
        self._died = [process.log.name for process in self._services if not process.alive()]
        for processes in ([each for node in self.nodes.values() for each in node.processes], self._services):
            for process in processes:
                process.ask_to_end()
            deadline = time.monotonic() + _PATIENCE
            for process in processes:
                process.stop(max(0.0, deadline - time.monotonic()))
        for link in self.links.values():
            link.end()

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            used = any(self.folder.iterdir())
        except OSError as error:
            raise LabError(f"folder {self.folder}: cannot be made: {error.strerror}") from error
        if used:
            raise LabError(f"folder {self.folder}: is not empty; each run has one of its own")

    def _catch_signals(self) -> None:
        """Any of them ends the block by an exception, so that all is removed."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._handlers = {number: signal.getsignal(number) for number in _ENDING}
        for number in _ENDING:
            if number != signal.SIGINT:
                signal.signal(number, _exit)
            elif self._handlers[number] in (signal.SIG_IGN, signal.SIG_DFL):
                signal.signal(number, signal.default_int_handler)

    def _write_report(self, end: str | None, outcome: str | None) -> None:
        report = {
            "run": self.run,
            "topology": self.topology.name,
            "parameters": self.topology.parameters,
            "seed": self.seed,
            "begin": self._begin,
            "end": end,
            "outcome": outcome,
            "died": self._died,
            "namespaces": {name: node.netns for name, node in self.nodes.items()},
            "emulators": {name: link.emulator for name, link in self.links.items()},
            "versions": _versions(),
        }
        with private_file(self.folder / "run.json", "wb") as file:
            file.write(json.dumps(report, indent=2).encode() + b"\n")


def _exit(number: int, _: object) -> NoReturn:
    """A signal as an exception: SystemExit with the status that a shell would show."""
    raise SystemExit(128 + number)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@cache
def _versions() -> dict[str, str]:
    """Of what takes part; "" is for what is not there."""
    versions = {"kernel": platform.release(), "python": platform.python_version()}
    for name, command in {
        "mpsec": ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
        "iproute2": ["ip", "-V"],
        "nftables": ["nft", "--version"],
        "tcpdump": ["tcpdump", "--version"],
    }.items():
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            versions[name] = ""
            continue
        versions[name] = (done.stdout or done.stderr).strip().partition("\n")[0]
    return versions
