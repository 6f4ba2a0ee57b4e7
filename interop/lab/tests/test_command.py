"""What the command line says, with rights and without."""

import subprocess
from pathlib import Path

import pytest

from lab import probe

PROGRAM = Path(__file__).resolve().parents[1] / "mpsec-lab"


def call(*arguments: str, before: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*before, str(PROGRAM), *arguments], capture_output=True, text=True, check=False)


def test_probe_has_a_line_for_each_question() -> None:
    done = call("probe")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(probe.QUESTIONS)
    assert all(" yes" in line or " no: " in line for line in lines)


def test_list_names_every_topology() -> None:
    done = call("list")
    assert done.returncode == 0, done.stderr
    assert "n-paths              Two gateways with n paths between them [n=2]" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["upp"], "invalid choice: 'upp'"),
        (["run", "two-gateways"], "the following arguments are required: command"),
        (["down"], "one of the arguments RUN --all is required"),
        (["up", "two-gateways", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["up", "no-such"], "no topology 'no-such': expected one of double-nat"),
        (["up", "n-paths:n=7"], "n is 7; expected a number from 1 to 4"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_why(arguments: list[str], complaint: str) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("privileged")
def test_an_unknown_run_ends_with_1() -> None:
    done = call("down", "nosuch")
    assert done.returncode == 1
    assert "mpsec-lab: no run 'nosuch'; expected one of: " in done.stderr


@pytest.mark.usefixtures("privileged")
def test_a_command_that_is_not_there_ends_with_1() -> None:
    done = call("run", "two-gateways", "--no-capture", "--", "/no/such")
    assert done.returncode == 1
    assert "cannot run '/no/such': No such file or directory" in done.stderr


def test_without_rights_it_says_which_are_missing() -> None:
    without = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    if probe.root() is None:
        done = call("run", "two-gateways", "--", "true", before=without)
    else:
        done = call("run", "two-gateways", "--", "true")
    assert done.returncode == 1
    assert "lacks CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN: run it as root" in done.stderr
    assert "Traceback" not in done.stderr
