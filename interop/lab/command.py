"""The command line: mpsec-lab up | run | down | probe | list.

Exit status: 0, or that of the command that was run; 1: something went wrong; 2: it was not called as it should be.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lab import probe, topology
from lab.errors import LabError, TopologyError

if TYPE_CHECKING:
    from lab.laboratory import Laboratory


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.function(options)
    except TopologyError as error:
        print(f"mpsec-lab: {error}", file=sys.stderr)
        return 2
    except LabError as error:
        print(f"mpsec-lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mpsec-lab", description="Networks of namespaces for real gateways.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="set a topology up, and keep it until Ctrl-C")
    up.set_defaults(function=_up)
    run = commands.add_parser("run", help="set a topology up for one command", usage="mpsec-lab run TOPOLOGY -- COMMAND ...")
    run.set_defaults(function=_run)
    for command in (up, run):
        command.add_argument("topology", help="a name ('mpsec-lab list'), with its parameters as in n-paths:n=3, or a TOML file")
        command.add_argument("--seed", type=int, default=1, help="of the emulated links (default: 1)")
        command.add_argument("--folder", type=Path, help="for captures, logs and keys (default: one below build/lab)")
        command.add_argument("--no-capture", action="store_true", help="where speed counts")
    run.add_argument("command", nargs="+", help="its environment has MPSEC_LAB_FOLDER and MPSEC_NODE_<NAME>, the namespaces")

    down = commands.add_parser("down", help="remove what a killed run has left; ends one that still runs")
    down.set_defaults(function=_down)
    which = down.add_mutually_exclusive_group(required=True)
    which.add_argument("run", nargs="?", metavar="RUN", help="six digits, as in its folder's name and in 'mpsec-lab list'")
    which.add_argument("--all", action="store_true", help="all whose process is known to be gone")

    show = commands.add_parser("list", help="the topologies, and the runs of this machine")
    show.set_defaults(function=_list)
    ask = commands.add_parser("probe", help="what can run on this machine, and why the rest cannot")
    ask.set_defaults(function=_probe)
    return parser


def _up(options: argparse.Namespace) -> int:
    with _laboratory(options) as laboratory:
        print(f"run {laboratory.run} of {laboratory.topology.name} is up; its folder: {laboratory.folder}")
        for node in laboratory.nodes.values():
            addresses = " ".join(address for each in node.addresses.values() for address in each)
            print(f"  {node.name:12} ip netns exec {node.netns} bash    # {addresses}")
        print("Ctrl-C ends it", flush=True)
        while True:
            signal.pause()


def _run(options: argparse.Namespace) -> int:
    with _laboratory(options) as laboratory:
        names = {f"MPSEC_NODE_{name.upper().replace('-', '_')}": node.netns for name, node in laboratory.nodes.items()}
        environment = {**os.environ, **names, "MPSEC_LAB_FOLDER": str(laboratory.folder)}
        try:
            done = subprocess.run(options.command, env=environment, check=False)
        except OSError as error:
            raise LabError(f"cannot run '{options.command[0]}': {error.strerror}") from error
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _laboratory(options: argparse.Namespace) -> "Laboratory":
    chosen = topology.load(options.topology)
    missing = probe.pyroute2()
    if missing:
        raise LabError(missing)
    from lab.laboratory import Laboratory  # noqa: PLC0415  # it needs pyroute2, which "probe" and "list" do without

    return Laboratory(chosen, options.folder, options.seed, capture=not options.no_capture)


def _down(options: argparse.Namespace) -> int:
    missing = probe.root() or probe.pyroute2()
    if missing:
        raise LabError(missing)
    from lab import runs  # noqa: PLC0415

    if not options.all:
        runs.take_down(options.run)
        print(f"run {options.run} is removed")
        return 0
    for run in runs.every():
        owner = run.owner()
        if owner:
            print(f"run {run.name} is left alone: its process {owner.pid} is alive ('mpsec-lab down {run.name}' ends it)")
        elif not run.about():
            print(f"run {run.name} is left alone: it has namespaces, but no entry ('mpsec-lab down {run.name}' removes it)")
        else:
            run.sweep()
            print(f"run {run.name} is removed")
    return 0


def _list(_: argparse.Namespace) -> int:
    for name in topology.names():
        found = topology.load(name)
        parameters = "".join(f" [{key}={value}]" for key, value in found.parameters.items())
        print(f"{name:20} {found.title}{parameters}")
    if probe.pyroute2():
        return 0
    from lab import runs  # noqa: PLC0415

    for run in runs.every():
        about, owner = run.about(), run.owner()
        state = f"up, process {owner.pid}" if owner else f"left behind: 'mpsec-lab down {run.name}' removes it"
        print(f"run {run.name}: {about.get('topology', '?')}, {state}, folder {about.get('folder', '?')}")
    return 0


def _probe(_: argparse.Namespace) -> int:
    for what, question in probe.QUESTIONS.items():
        reason = question()
        print(f"{what:12} {'yes' if reason is None else f'no: {reason}'}")
    return 0
