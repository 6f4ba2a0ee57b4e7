#!/usr/bin/python3
"""Sums a JUnit file that ctest or pytest wrote: which tests failed, which were skipped and why, how many passed.

A program of many cases that ctest ran as one test has its own report, cases/NAME.xml beside the file: those count then.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

_REASON = re.compile(r"^.*?: Skipped\n(?P<reason>.*?)\n+^\[  SKIPPED \]", re.DOTALL | re.MULTILINE)


def main(path: Path) -> None:
    cases = list(_cases(path)) if path.exists() else []
    failed = [case for case in cases if _failed(case)]
    skipped = [case for case in cases if case.find("skipped") is not None]
    for case in failed:
        print(f"FAILED {_name(case)}")
    for case in skipped:
        print(f"SKIPPED {_name(case)}: {_reason(case)}")
    if skipped:
        print(f"{len(skipped)} skipped, for the reasons above")
    print(f"{len(cases) - len(failed) - len(skipped)} passed, {len(failed)} failed")


def _cases(path: Path) -> Iterator[ElementTree.Element]:
    own = {report.stem: report for report in (path.parent / "cases").glob("*.xml")}
    for test in ElementTree.parse(path).iter("testcase"):
        report = own.get(str(test.get("name")))
        cases = list(ElementTree.parse(report).iter("testcase")) if report else []
        yield from cases
        if not cases or _failed(test) and not any(map(_failed, cases)):  # it crashed, or leaked
            yield test


def _failed(case: ElementTree.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _name(case: ElementTree.Element) -> str:
    """With the group that GoogleTest has it in; ctest repeats the name there, and pytest has the file."""
    group = case.get("classname", "")
    return f"{group}.{case.get('name')}" if case.get("result") else str(case.get("name"))


def _reason(case: ElementTree.Element) -> str:
    match = _REASON.search(case.findtext("system-out") or "")
    if match:
        return " ".join(match["reason"].split())
    skipped = case.find("skipped")
    assert skipped is not None
    message = skipped.get("message", "")
    if case.get("result"):  # GoogleTest's has the place in its first line
        return " ".join(message.partition("\n")[2].split()) or "it gave no reason"
    return message if skipped.get("type") == "pytest.skip" else "it gave no reason"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
