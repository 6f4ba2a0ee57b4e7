"""However a laboratory ends, nothing of it stays, and nothing else is touched."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import command, namespace, runs
from lab.errors import LabError
from lab.laboratory import Laboratory

INTEROP = Path(__file__).resolve().parents[2]
PROGRAM = INTEROP / "lab" / "mpsec-lab"
pytestmark = pytest.mark.usefixtures("privileged")

# A laboratory with processes in it; it says its run and waits.
HOLDER = """
import pathlib, signal, sys
from lab.laboratory import Laboratory
with Laboratory("two-gateways", folder=pathlib.Path(sys.argv[1])) as laboratory:
    process = laboratory.nodes["a"].start(["sh", "-c", f"{sys.argv[2]} sleep 1000 & echo begun; wait; wait"], log="log")
    while "begun" not in process.output():
        process.wait(0.01)
    print(laboratory.run, flush=True)
    while True:
        signal.pause()
"""


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def outside_unchanged() -> Iterator[None]:
    """The interfaces, routes and rules of the machine itself are afterwards as they were."""
    before = machine()
    yield
    assert machine() == before


def machine() -> list[str]:
    looks = (["ip", "-o", "link"], ["ip", "address"], ["ip", "route"], ["ip", "rule"], ["nft", "list", "ruleset"])
    # how long an address is still valid runs down by itself
    return [
        "\n".join(line for line in run(look).splitlines() if "valid_lft" not in line) for look in looks
    ]


def run(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def left(name: str) -> list[str]:
    """What there is of a run."""
    found = namespace.names(f"mpsec-{name}") + [str(path) for path in runs.REGISTRY.glob(name)]
    return found + [each for each in run(["ps", "-eo", "pid,args"]).splitlines() if f"mpsec-{name}" in each]


@pytest.fixture
def holder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen, str, list[int]]]:
    """A process that holds a laboratory, its run, and who lives in its namespaces."""
    environment = {**os.environ, "PYTHONPATH": str(INTEROP), "PYTHONDONTWRITEBYTECODE": "1"}
    arguments = [str(tmp_path / "lab"), getattr(request, "param", "")]
    command_line = [sys.executable, "-c", HOLDER, *arguments]
    process = subprocess.Popen(command_line, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    name = process.stdout.readline().strip()
    try:
        inhabitants = [pid for each in namespace.names(f"mpsec-{name}") for pid in namespace.processes(each)]
        assert len(inhabitants) >= 5  # captures, the one that was started, its child
        yield process, name, inhabitants
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        if name:
            runs.Run(name).sweep()


def gone(pids: list[int]) -> bool:
    return not any(runs.start_of(pid) for pid in pids)


def test_after_success_nothing_stays(tmp_path: Path) -> None:
    with Laboratory("two-gateways", folder=tmp_path / "lab") as laboratory:
        assert left(laboratory.run)
    assert left(laboratory.run) == []
    assert '"outcome": "ended"' in (tmp_path / "lab" / "run.json").read_text()


def test_after_an_exception_nothing_stays_and_it_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Laboratory("two-gateways", folder=tmp_path / "lab") as laboratory:
        laboratory.nodes["a"].start(["sleep", "1000"], log="sleep.log")
        _ = 1 / 0
    assert left(laboratory.run) == []
    assert "ZeroDivisionError" in (tmp_path / "lab" / "run.json").read_text()


def test_after_a_failure_half_way_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Laboratory] = []

    def fail(self: Laboratory, spec: object) -> None:
        made.append(self)
        if len(made) == 2:
            raise LabError("the second cable is missing")
        real(self, spec)

    real = Laboratory._make_link
    monkeypatch.setattr(Laboratory, "_make_link", fail)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(LabError, match="the second cable is missing"), Laboratory("two-gateways", folder=tmp_path / "lab"):
        pytest.fail("it cannot be entered")
    assert left(made[0].run) == []
    assert signal.getsignal(signal.SIGTERM) == before


STUBBORN = "trap '' TERM INT HUP;"


@pytest.mark.parametrize(
    ("holder", "number"),
    [("", signal.SIGINT), (STUBBORN, signal.SIGTERM), ("", signal.SIGHUP)],
    indirect=["holder"],
)
def test_a_signal_ends_it_in_order(holder: tuple[subprocess.Popen, str, list[int]], number: signal.Signals) -> None:
    process, name, inhabitants = holder
    process.send_signal(number)
    process.send_signal(number)  # an impatient one
    assert process.wait(30) in (-signal.SIGINT, 128 + number)
    assert left(name) == []
    assert gone(inhabitants)


@pytest.mark.parametrize("holder", [STUBBORN], indirect=True)
def test_what_a_killed_run_left_is_removed_by_down(holder: tuple[subprocess.Popen, str, list[int]]) -> None:
    process, name, inhabitants = holder
    process.kill()
    process.wait()
    assert left(name)
    assert not gone(inhabitants)
    listed = run([str(PROGRAM), "list"])
    assert f"run {name}: two-gateways, left behind" in listed
    assert run([str(PROGRAM), "down", name]) == f"run {name} is removed\n"
    assert left(name) == []
    assert gone(inhabitants)


def test_down_ends_a_run_that_is_up(holder: tuple[subprocess.Popen, str, list[int]]) -> None:
    process, name, inhabitants = holder
    assert run([str(PROGRAM), "down", name]) == f"run {name} is removed\n"
    assert process.wait(10) == 128 + signal.SIGTERM
    assert left(name) == []
    assert gone(inhabitants)


def test_down_all_leaves_alone_what_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "REGISTRY", tmp_path / "registry")  # runs of others are none of this test's business
    monkeypatch.setattr(runs, "every", lambda: [runs.Run(path.name) for path in runs.REGISTRY.iterdir()])
    with Laboratory("two-gateways", folder=tmp_path / "lab", capture=False) as laboratory:
        dead = runs.Run("ffffff")
        dead.enter("two-gateways", tmp_path)
        entry = runs.REGISTRY / "ffffff" / "run.json"
        entry.write_text(entry.read_text().replace('"started": "', '"started": "9'))  # the number is another's now
        namespace.create("mpsec-ffffff-a")
        assert command.main(["down", "--all"]) == 0
        said = capsys.readouterr().out
        assert f"run {laboratory.run} is left alone: its process {os.getpid()} is alive" in said
        assert "run ffffff is removed" in said
        assert namespace.names("mpsec-ffffff") == []
        assert laboratory.nodes["a"].run(["true"]).returncode == 0


def test_a_process_whose_number_was_given_to_another_is_not_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "REGISTRY", tmp_path)
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        entry = runs.Run("fffffe")
        entry.enter("two-gateways", tmp_path)
        (tmp_path / "fffffe" / "processes").write_text(f"{bystander.pid} 12345 a: log\nnonsense\n\n{bystander.pid}\n")
        entry.sweep()
        assert bystander.poll() is None
        assert not (tmp_path / "fffffe").exists()
    finally:
        bystander.kill()
        bystander.wait()


def test_a_folder_that_is_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("")
    with pytest.raises(LabError, match="is not empty; each run has one of its own"), Laboratory("nat", folder=tmp_path):
        pytest.fail("it cannot be entered")
    below = tmp_path / "old" / "lab"
    with pytest.raises(LabError, match="lab: cannot be made: Not a directory"), Laboratory("nat", folder=below):
        pytest.fail("it cannot be entered")


def test_the_program_runs_a_command_between_up_and_down(tmp_path: Path) -> None:
    script = 'ip netns exec "$MPSEC_NODE_HOST_A" ping -c 1 10.1.0.1 && ls "$MPSEC_LAB_FOLDER" && echo "$MPSEC_NODE_B" && exit 7'
    arguments = ["run", "two-gateways", "--folder", str(tmp_path / "lab"), "--seed", "5", "--", "sh", "-c", script]
    done = subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert " 0% packet loss" in done.stdout
    assert "run.json" in done.stdout
    name = done.stdout.splitlines()[-1].split("-")[1]
    assert left(name) == []


def test_up_says_how_to_enter_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    arguments = [str(PROGRAM), "up", "two-gateways", "--folder", str(tmp_path / "lab"), "--no-capture"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(6)]
        assert "ip netns exec mpsec-" in lines[1]
        assert lines[5] == "Ctrl-C ends it\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert left(lines[0].split()[1]) == []
