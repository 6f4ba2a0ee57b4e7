"""Nodes of a laboratory, and the processes that run in them."""

import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from lab.errors import CommandFailed, CommandTimedOut, LabError

_OWN_RUN = 'mount -t tmpfs -o mode=0755 tmpfs /run && exec "$0" "$@"'


class Process:
    """A program in a node, the first of a process group. Its output is in `log`."""

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.argv, self.log = list(argv), log
        with private_file(log, "ab") as output:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, **(env or {})},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._popen.pid

    def poll(self) -> int | None:
        """Its exit status (of a signal: negative), None while it runs."""
        return self._popen.poll()

    def alive(self) -> bool:
        return self.poll() is None

    def wait(self, timeout: float) -> bool:
        """Whether it has ended within so many seconds. Its group stays as it is."""
        return self.poll() is not None or _ended(self.pid, timeout)

    def ask_to_end(self) -> None:
        """TERM to its group; `stop` sees to the rest."""
        if self._popen.returncode is None:
            signal_group(self.pid, signal.SIGTERM)

    def stop(self, timeout: float = 5) -> None:
        """TERM, and KILL if that is not enough, to all of its group."""
        if self._popen.returncode is not None:
            return
        self.ask_to_end()
        _ended(self.pid, timeout)
        # not reaped so far, so that the number of the group is still its own
        signal_group(self.pid, signal.SIGKILL)
        self._popen.wait()

    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text(errors="replace")


class Node:
    """One network namespace: a host, gateway or router."""

    def __init__(self, name: str, netns: str, folder: Path, record: Callable[[int, str], None]) -> None:
        self.name, self.netns, self.folder = name, netns, folder
        self.addresses: dict[str, list[str]] = {}  # link name -> with prefix
        self.interfaces: dict[str, str] = {}  # link name -> interface
        self.processes: list[Process] = []
        self._record = record  # pid and name of what was started, for whoever cleans up after a crash

    def address(self, link: str | None = None, version: int = 4) -> str:
        """Without prefix; of the first link that has one if none is named."""
        chosen = self.addresses.values() if link is None else [self._of_link(link)]
        for addresses in chosen:
            for address in addresses:
                if (":" in address) == (version == 6):
                    return address.partition("/")[0]
        raise LabError(f"node {self.name} has no IPv{version} address{'' if link is None else f' on link {link}'}")

    def run(
        self, argv: Sequence[str], *, timeout: float = 30, check: bool = True, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end; `check`: an exit status other than 0 is an error with what it said."""
        command = [str(word) for word in argv]
        popen = subprocess.Popen(
            self._entering(command), stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        try:
            output, errors = popen.communicate(input, timeout)
        except subprocess.TimeoutExpired as error:
            signal_group(popen.pid, signal.SIGKILL)
            output, errors = popen.communicate()
            raise CommandTimedOut(self.name, command, timeout, output, errors) from error
        except BaseException:  # Ctrl-C, for example
            signal_group(popen.pid, signal.SIGKILL)
            popen.communicate()
            raise
        if check and popen.returncode:
            raise CommandFailed(self.name, command, popen.returncode, output, errors)
        return subprocess.CompletedProcess(command, popen.returncode, output, errors)

    def start(
        self, argv: Sequence[str], *, log: str, env: Mapping[str, str] | None = None, own_run: bool = False
    ) -> Process:
        """Starts a program that the laboratory stops at its end; `own_run`: it has a /run of its own, empty."""
        command = [str(word) for word in argv]
        if own_run:
            command = ["sh", "-c", _OWN_RUN, *command]  # "ip netns exec" has given it a mount namespace already
        process = Process(self._entering(command), self.folder / log, env)
        self.processes.append(process)
        self._record(process.pid, f"{self.name}: {log}")
        return process

    def write(self, name: str, content: str | bytes) -> Path:
        """A file of the node's folder, for its owner alone: configurations and keys."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private_file(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def _of_link(self, link: str) -> list[str]:
        if link not in self.addresses:
            raise LabError(f"node {self.name} has no link '{link}'; expected one of {', '.join(self.addresses)}")
        return self.addresses[link]

    def _entering(self, argv: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self.netns, *argv]


def private_file(path: Path, mode: str) -> IO[bytes]:
    """Opened for writing; made with rights for the owner alone, whatever the umask is."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))


def signal_group(pid: int, number: int) -> None:
    """To the process group that this process leads; none is left: nothing is done."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


def _ended(pid: int, timeout: float) -> bool:
    """Whether our child ends within the time; it stays to be reaped."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], timeout)[0])
    finally:
        os.close(descriptor)
