#!/usr/bin/python3
"""Is every C++ file as clang-format 19 lays it out? The version is pinned: another one drifts."""

import re
import shutil
import subprocess

from project import ROOT, files, finding, finish

_PROGRAM = "clang-format-19"
_WARNING = re.compile(r"^(?P<path>.*?):(?P<line>\d+):\d+: (?:warning|error): code should be clang-formatted")


def main() -> None:
    if shutil.which(_PROGRAM) is None:
        print(f"format: SKIPPED, {_PROGRAM} is not installed (ci/setup installs it)")
        return
    sources = files(".hpp", ".cpp")
    run = subprocess.run(
        [_PROGRAM, "--dry-run", *map(str, sources)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    first: dict[str, int] = {}
    for match in filter(None, map(_WARNING.match, run.stderr.splitlines())):
        first.setdefault(match["path"], int(match["line"]))
    findings = [
        finding(path, first[str(path)], "not formatted", f"Run {_PROGRAM} -i {path.relative_to(ROOT)}")
        for path in sources
        if str(path) in first
    ]
    finish("format", findings, f"{len(sources)} files")


if __name__ == "__main__":
    main()
