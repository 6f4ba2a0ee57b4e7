"""The program mpsec-conformance and what goes wrong: a plain message, the right exit code, and a whole report of what was seen.

MPSEC_CONFORMANCE names the program. Everything is on loopback, on ports that need no privilege.
"""

import json
import os
import random
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = os.environ["MPSEC_CONFORMANCE"]
CASE_FAILED, WRONG_USAGE, TARGET_LOST, HARNESS_FAULT = 1, 2, 3, 4
_SECONDS = 60
_IMPATIENT = ("--timeout-scale", "0.2")
_TARGET = """
name = "somebody"
features = ["sequence-numbers-32"]
{top}
[tester]
id = "tester.example"
net = "10.2.0.0/24"
host = "10.2.0.1"
ike_port = {tester}
nat_port = {tester_nat}
[gateway]
id = "gateway.example"
net = "10.1.0.0/24"
host = "10.1.0.1"
ike_port = {gateway}
nat_port = {gateway_nat}
[[path]]
tester = "127.0.0.1"
gateway = "127.0.0.1"
[[credential]]
name = "tester"
key = "a key that nobody may read in a message"
[proposals]
ike = ["aes128gcm16-prfsha256-x25519"]
esp = ["aes128gcm16"]
[hooks]
{hooks}
"""


def _bound() -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    return one


def _free_ports(count: int) -> list[int]:
    held = [_bound() for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _file(folder: Path, gateway: tuple[int, int], top: str = "", hooks: str = "") -> Path:
    tester, tester_nat = _free_ports(2)
    path = folder / "gw.toml"
    path.write_text(
        _TARGET.format(top=top, hooks=hooks, tester=tester, tester_nat=tester_nat, gateway=gateway[0], gateway_nat=gateway[1])
    )
    path.chmod(0o600)
    return path


def _run(*arguments: str | Path, **options) -> subprocess.CompletedProcess:
    said = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False, **options
    )
    assert "nobody may read" not in said.stdout + said.stderr
    return said


def _report(folder: Path) -> dict:
    for name in ("report.html", "report.md", "report.xml"):
        assert (folder / name).stat().st_size > 0, f"{name} is written whatever happens"
    return json.loads((folder / "report.json").read_text())


Answers = Callable[[bytes], Iterator[bytes]]


@contextmanager
def _somebody(answers: Answers) -> Iterator[tuple[int, int]]:
    """Two ports at which somebody answers each datagram with what `answers` gives."""
    ends = threading.Event()
    sockets = [_bound(), _bound()]

    def serve(one: socket.socket) -> None:
        one.settimeout(0.1)
        while not ends.is_set():
            try:
                datagram, sender = one.recvfrom(65536)
                for answer in answers(datagram):
                    one.sendto(answer, sender)
            except TimeoutError:
                continue

    threads = [threading.Thread(target=serve, args=(one,), daemon=True) for one in sockets]
    for thread in threads:
        thread.start()
    try:
        yield sockets[0].getsockname()[1], sockets[1].getsockname()[1]
    finally:
        ends.set()
        for thread, one in zip(threads, sockets):
            thread.join()
            one.close()


def _nothing(_: bytes) -> Iterator[bytes]:
    return iter(())


def _garbage(_: bytes) -> Iterator[bytes]:
    yield random.Random(1).randbytes(200)


def _echo(datagram: bytes) -> Iterator[bytes]:
    yield datagram


def _flood(datagram: bytes) -> Iterator[bytes]:
    """Each request comes back two thousand times, with a bit of its SPI flipped."""
    for i in range(2000):
        yield bytes([datagram[0] ^ 1 << i % 8]) + datagram[1:]


def _half_answer(datagram: bytes) -> Iterator[bytes]:
    """A header of a response, and nothing behind it."""
    yield datagram[:8] + b"\1" * 8 + datagram[16:19] + b"\x20" + datagram[20:28]


@pytest.mark.parametrize("answers", [_nothing, _garbage, _echo, _flood, _half_answer])
def test_a_target_that_is_no_gateway(tmp_path: Path, answers: Answers) -> None:
    """Silent, chattering, an echo, a flood: it was never reached, and the report says so."""
    with _somebody(answers) as ports:
        said = _run("run", "--target", _file(tmp_path, ports), "--out", tmp_path / "out", *_IMPATIENT)
    assert said.returncode == TARGET_LOST, said
    assert "127.0.0.1" in said.stderr + said.stdout
    report = _report(tmp_path / "out")
    assert not any(case["verdict"] in ("pass", "fail") for case in report["cases"])


def test_a_target_that_is_down(tmp_path: Path) -> None:
    """Nobody has the port."""
    port, nat = _free_ports(2)
    file = _file(tmp_path, (port, nat))
    said = _run("run", "--target", file, "--out", tmp_path / "out", *_IMPATIENT)
    assert said.returncode == TARGET_LOST, said
    _report(tmp_path / "out")
    said = _run("check", file)
    assert said.returncode == TARGET_LOST, said
    assert f"127.0.0.1:{port}" in said.stderr + said.stdout


@pytest.mark.parametrize(
    ("top", "hooks", "named"),
    [
        ('waivers = "none.toml"', "", "none.toml"),
        ('waivers = "bad.toml"', "", "bad.toml:"),
        ("", 'initiate = "true"\ninitate = "true"', "initiate"),
        ("colour = 1", "", "gw.toml:4:1: no such key; known are"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, top: str, hooks: str, named: str) -> None:
    """The message has the place, and nothing is sent."""
    (tmp_path / "bad.toml").write_text('[[waiver]]\ncase = "rfc7296/1.2/no-such-case"\nreason = 3\n')
    said = _run("run", "--target", _file(tmp_path, (9, 9), top, hooks), "--out", tmp_path / "out")
    assert said.returncode == WRONG_USAGE, said
    assert named in said.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    """No file may be larger than a page: the error names the file, and no half of one is taken for a report."""

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    out = tmp_path / "out"
    said = _run("run", "--filter", "rfc7296/1.2/*", "--out", out, preexec_fn=small_files)
    assert said.returncode == HARNESS_FAULT, said
    assert str(out) in said.stderr
    for path in out.glob("report.*"):
        assert path.suffix != ".json" or json.loads(path.read_text())


def test_interrupted_and_gone_on_with(tmp_path: Path) -> None:
    """The report has what was done; --resume does the rest, and only that."""
    out = tmp_path / "out"
    command = [PROGRAM, "run", "--repeat", "50", "--filter", "rfc7296/1.*", "--evidence", "all", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and not any(out.glob("evidence/*")):
            continue
        running.send_signal(signal.SIGINT)
        assert running.wait(_SECONDS) == CASE_FAILED
    first = _report(out)
    assert 0 < len(first["cases"]) < first["planned"], "some, not all"
    said = _run(*command[1:], "--resume")
    assert said.returncode == 0, said
    assert len(_report(out)["cases"]) == first["planned"]
