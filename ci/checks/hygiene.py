#!/usr/bin/python3
"""What must not be in the tree: big files, paths of one machine, debts without an issue, stray top-level entries."""

import re
from pathlib import Path

from project import ROOT, files, finding, finish

MAXIMUM_OCTETS = 1 << 20
TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
    "bench", "ci", "docs", "fuzz", "interop", "pcap-replay", "reference", "vectors",
}  # fmt: skip
_TEXT = {".hpp", ".cpp", ".py", ".md", ".cmake", ".txt", ".json", ".toml", ".yml", ".sh", ".dot", ".svg", ""}
_RULES = (
    # (pattern, what is wrong, remedy); the patterns are written so that they do not find themselves
    (re.compile(r"(?<![\w.$}])/(?:work|root|home/\w+)/"), "an absolute path of one machine", "Write it from the project's root"),
    (re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b(?!\(#\d+\))"), "a debt without an issue", "Name the issue, TO" "DO(#12), or do it"),
    (re.compile(r"^(?:<{7}|>{7}) "), "a merge conflict's mark", "Resolve it"),
)  # fmt: skip


def main() -> None:
    listed = files()
    findings = [found for path in listed for found in _top_level(path) + _size(path) + _content(path)]
    finish("hygiene", findings, f"{len(listed)} files")


def _top_level(path: Path) -> list[str]:
    top = path.relative_to(ROOT).parts[0]
    if top in TOP_LEVEL or top.startswith("."):
        return []
    return [finding(path, 1, f"'{top}' at the top level is not in the layout", "See docs/architecture.md for its place")]


def _size(path: Path) -> list[str]:
    size = path.stat().st_size
    if size <= MAXIMUM_OCTETS:
        return []
    return [finding(path, 1, f"{size} octets, the limit is {MAXIMUM_OCTETS}", "Generate it, or read it from a package")]


def _content(path: Path) -> list[str]:
    if path.suffix not in _TEXT or path.is_relative_to(ROOT / "fuzz/corpus"):
        return []
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return []
    return [
        finding(path, number, f"{what}: {line.strip()[:60]}", remedy)
        for number, line in enumerate(lines, 1)
        for pattern, what, remedy in _RULES
        if pattern.search(line)
    ]


if __name__ == "__main__":
    main()
