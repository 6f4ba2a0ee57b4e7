#!/usr/bin/python3
"""Sums a JUnit file that ctest or pytest wrote: which tests failed, which were skipped and why, how many passed."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

_REASON = re.compile(r"^.*?: Skipped\n(?P<reason>.*?)\n+^\[  SKIPPED \]", re.DOTALL | re.MULTILINE)


def main(path: Path) -> None:
    cases = list(ElementTree.parse(path).iter("testcase")) if path.exists() else []
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    for case in failed:
        print(f"FAILED {case.get('name')}")
    for case in skipped:
        print(f"SKIPPED {case.get('name')}: {_reason(case)}")
    if skipped:
        print(f"{len(skipped)} skipped, for the reasons above")
    print(f"{len(cases) - len(failed) - len(skipped)} passed, {len(failed)} failed")


def _reason(case: ElementTree.Element) -> str:
    match = _REASON.search(case.findtext("system-out") or "")
    if match:
        return " ".join(match["reason"].split())
    skipped = case.find("skipped")
    by_pytest = skipped is not None and skipped.get("type") == "pytest.skip"
    return skipped.get("message") if by_pytest else "it gave no reason"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
