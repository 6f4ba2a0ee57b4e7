"""Which runs there are on this machine, and how what they made is removed: also after they were killed.

A run has a folder below /run/mpsec-lab: `run.json` names its process and its folder, `processes` what it has started.
A process is known by its number and the time of its start, as numbers are used again.
"""

import json
import os
import select
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from lab import namespace
from lab.errors import LabError

REGISTRY = Path("/run/mpsec-lab")
_PATIENCE = 3.0  # seconds from TERM to KILL


@dataclass(frozen=True)
class Known:
    """A process that may have ended, its number given to another one."""

    pid: int
    started: str

    def alive(self) -> bool:
        return bool(self.started) and start_of(self.pid) == self.started


class Run:
    """The entry of one run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._place = REGISTRY / name

    def enter(self, topology: str, folder: Path) -> None:
        """Before anything is made."""
        self._place.mkdir(mode=0o700, parents=True)
        content = {"pid": os.getpid(), "started": start_of(os.getpid()), "topology": topology, "folder": str(folder)}
        (self._place / "run.json").write_text(json.dumps(content))

    def record(self, pid: int, what: str) -> None:
        """A process that was started."""
        started = start_of(pid)
        if started:
            with (self._place / "processes").open("a") as file:
                file.write(f"{pid} {started} {what}\n")

    def about(self) -> dict[str, object]:
        """Of its entry; empty if there is none, or it was never written whole."""
        try:
            about = json.loads((self._place / "run.json").read_text())
        except (OSError, ValueError):
            return {}
        return about if isinstance(about, dict) else {}

    def owner(self) -> Known | None:
        """The process that holds the run, if it is alive."""
        about = self.about()
        known = Known(int(str(about.get("pid", 0))), str(about.get("started")))
        return known if known.pid and known.alive() else None

    def namespaces(self) -> list[str]:
        own = f"{namespace.PREFIX}{self.name}"
        return [name for name in namespace.names(own) if name[len(own) :][:1] in ("-", ".")]

    def sweep(self) -> None:
        """Ends what the run has started, and removes its namespaces and its entry. Its folder stays."""
        end(self._started() + [known for name in self.namespaces() for known in _inhabitants(name)])
        for name in self.namespaces():
            end(_inhabitants(name), patience=0)  # what was started while the others ended
            namespace.remove(name)
        shutil.rmtree(self._place, ignore_errors=True)

    def _started(self) -> list[Known]:
        try:
            lines = (self._place / "processes").read_text().splitlines()
        except OSError:
            return []
        words = [line.split(maxsplit=2) for line in lines]
        return [Known(int(each[0]), each[1]) for each in words if len(each) == 3 and each[0].isdigit()]


def every() -> list[Run]:
    """Those with an entry, and those that only have namespaces."""
    entries = {path.name for path in REGISTRY.iterdir()} if REGISTRY.is_dir() else set()
    words = [name.removeprefix(namespace.PREFIX) for name in namespace.names()]
    return [Run(name) for name in sorted(entries | {word[:6] for word in words if word[6:7] in ("-", ".")})]


def take_down(name: str) -> None:
    """Ends the run; one that is still held is asked to end first."""
    run = Run(name)
    if name not in [each.name for each in every()]:
        known = ", ".join(each.name for each in every()) or "there is none"
        raise LabError(f"no run '{name}'; expected one of: {known}")
    owner = run.owner()
    if owner:
        end([owner], patience=30)
    run.sweep()


def end(processes: list[Known], patience: float = _PATIENCE) -> None:
    """TERM, and KILL to those that are still there so many seconds later."""
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _PATIENCE)):
        left = [known for known in processes if known.alive()]
        waiting = []
        for known in left:
            try:
                waiting.append(os.pidfd_open(known.pid))
                signal.pidfd_send_signal(waiting[-1], number)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + seconds
        for descriptor in waiting:
            select.select([descriptor], [], [], max(0, deadline - time.monotonic()))
            os.close(descriptor)


def start_of(pid: int) -> str:
    """When a process began, in the kernel's ticks; "" if it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in "ZX" else after_name[19]


def _inhabitants(name: str) -> list[Known]:
    return [Known(pid, start_of(pid)) for pid in namespace.processes(name)]
