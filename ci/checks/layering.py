#!/usr/bin/python3
"""The arrow of dependencies, and the purity of the engine.

The compiler keeps most of it (a library sees only the headers of what it depends on); this finds the rest:
includes that climb out of a folder, an engine that reads a clock, opens a socket or starts a thread, and a
catalogue of cases that knows the machines it runs on.
"""

import re
from pathlib import Path

from project import ROOT, files, finding, finish

_INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<name>"[^"]+"|<[^>]+>)')
_WORLDLY_HEADERS = re.compile(
    r"<(sys/(socket|epoll|ioctl|time|random|select)\.h|poll\.h|unistd\.h|time\.h|ctime|thread|jthread|mutex|shared_mutex"
    r"|condition_variable|future|random|fstream|iostream|filesystem)>"
)
_WORLDLY_CALLS = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|random_device|gettimeofday|clock_gettime|getenv|getrandom)\b"
)
_FUZZ_SWITCH = re.compile(r"^\s*#\s*if.*(FUZZ|MUTANT|DEFECT)")
_IMPURE = {"gateway"}


def layers() -> list[str]:
    """The order of the layers, from the place the build takes it from."""
    text = (ROOT / "ci/cmake/Mpsec.cmake").read_text()
    match = re.search(r"set\(MPSEC_LAYERS\s+([^)]*)\)", text)
    assert match, "ci/cmake/Mpsec.cmake: expected set(MPSEC_LAYERS ...)"
    return match[1].split()


def main() -> None:
    order = layers()
    sources = files(".hpp", ".cpp")
    findings = [found for path in sources for found in _findings(path, order)]
    finish("layering", findings, f"{len(sources)} files")


def _findings(path: Path, order: list[str]) -> list[str]:
    lines = list(enumerate(path.read_text(errors="replace").splitlines(), 1))
    found = []
    for number, line in lines:
        include = _INCLUDE.match(line)
        if include:
            found += _wrong_include(path, number, include["name"], order)
        if _is_pure(path):
            found += _impurity(path, number, line)
    return found


def _is_pure(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] == "reference" and parts[1] not in _IMPURE and not _is_of_tests(path.name)


def _is_of_tests(name: str) -> bool:
    """A test, or a header that tests share."""
    return name.endswith("_test.cpp") or (name.startswith("test_") and name.endswith(".hpp"))


def _wrong_include(path: Path, number: int, name: str, order: list[str]) -> list[str]:
    if '"../' in name or "/../" in name:
        return [finding(path, number, f"{name} climbs out of its folder", 'Include it as "folder/file.hpp" and depend on it')]
    own = path.relative_to(ROOT)
    if own.parts[:2] == ("interop", "cases") and re.match(r'"(peers|lab)/', name):
        return [finding(path, number, f"a case includes {name}", "A case knows only the link: move this behind it")]
    if own.parts[0] != "reference" or not name.startswith('"'):
        return []
    if _is_of_tests(Path(name.strip('"')).name) and not _is_of_tests(path.name):
        return [finding(path, number, f"the engine includes {name} of its tests", "Move what it needs out of there")]
    own_layer, other = _layer(own.parts[1:-1], order), _layer(Path(name.strip('"')).parts[:-1], order)
    if other is None:
        return [finding(path, number, f"{name} is of no layer of reference/", f"Include from {' '.join(order)}")]
    if own_layer is not None and order.index(other) > order.index(own_layer):
        allowed = " ".join(order[: order.index(own_layer) + 1])
        return [finding(path, number, f"{own_layer} includes {name} of the later layer {other}", f"Allowed are {allowed}")]
    return []


def _layer(folders: tuple[str, ...], order: list[str]) -> str | None:
    """crypto/openssl -> crypto_openssl; a folder inside a layer belongs to it."""
    for length in range(len(folders), 0, -1):
        if "_".join(folders[:length]) in order:
            return "_".join(folders[:length])
    return None


def _impurity(path: Path, number: int, line: str) -> list[str]:
    code = line.split("//")[0]
    if _WORLDLY_HEADERS.search(code) or _WORLDLY_CALLS.search(code):
        return [finding(path, number, f"the engine touches the world: {code.strip()}", "Pass octets, time and randomness in")]
    if _FUZZ_SWITCH.match(code):
        return [finding(path, number, f"a switch for tests in the engine: {code.strip()}", "Put it behind a seam (DESIGN 4.8)")]
    return []


if __name__ == "__main__":
    main()
