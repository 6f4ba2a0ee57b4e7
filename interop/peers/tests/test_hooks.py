"""Hooks of mpsec-conformance, asked as it asks them."""

import subprocess
from pathlib import Path

import pytest
from peers.conformance.hooks import HookServer


def _asked(folder: Path, hook: str, answer) -> subprocess.CompletedProcess[str]:
    with HookServer(folder / "hooks.sock", {hook: answer}) as server:
        command = server.commands()[hook].replace("$1", "7")
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("lines", ["", "one 7", "one\ntwo 7\nthree"])
def test_all_lines_are_printed(tmp_path: Path, lines: str) -> None:
    done = _asked(tmp_path, "read-audit", lambda argument: lines.replace("7", argument))
    assert (done.returncode, done.stdout) == (0, lines + "\n")


def test_a_failure_is_told(tmp_path: Path) -> None:
    def fails(_: str) -> str:
        raise ValueError("no such child:\n7")

    done = _asked(tmp_path, "rekey-child", fails)
    assert (done.returncode, done.stdout) == (1, "ValueError: no such child: 7\n")
