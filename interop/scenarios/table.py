#!/usr/bin/python3
"""Prints scenario x peer from the JUnit files that pytest wrote: table.py FILE... Cells count roles and variants.

passed, FAILED, or "-": skipped, with a number that the reasons below have.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """One test: what it tried with whom, and how it ended. `reason` is only for "skipped"."""

    scenario: str
    peer: str
    end: str
    reason: str = ""


def outcomes(path: Path) -> Iterable[Outcome]:
    """Those of the tests that name a peer. ElementTree.ParseError where it is no XML."""
    for case in ElementTree.parse(path).iter("testcase"):
        properties = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
        if "peer" not in properties:
            continue
        skipped = case.find("skipped")
        failed = case.find("failure") is not None or case.find("error") is not None
        end = "failed" if failed else "skipped" if skipped is not None else "passed"
        reason = skipped.get("message", "") if skipped is not None else ""
        yield Outcome(properties["scenario"], properties["peer"], end, reason)


def table(found: list[Outcome]) -> list[str]:
    """The lines: a row for each scenario, a column for each peer, then the reasons of what was skipped."""
    peers = sorted({each.peer for each in found})
    reasons: dict[str, int] = {}
    cells: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for each in found:
        cells[each.scenario, each.peer].append(each)
    scenarios = list(dict.fromkeys(each.scenario for each in found))
    width = max((len(name) for name in scenarios), default=0)
    columns = [max(len(peer), 12) for peer in peers]
    head = "  ".join([f"{'scenario':{width}}", *(f"{peer:{column}}" for peer, column in zip(peers, columns))])
    lines = [head, "-" * len(head)]
    for scenario in scenarios:
        row = [f"{_cell(cells[scenario, peer], reasons):{column}}" for peer, column in zip(peers, columns)]
        lines.append("  ".join([f"{scenario:{width}}", *row]).rstrip())
    return lines + [""] * bool(reasons) + [f"-{number}: {reason}" for reason, number in reasons.items()]


def _cell(found: list[Outcome], reasons: dict[str, int]) -> str:
    """What the variants of one scenario with one peer came to."""
    ends = [each.end for each in found]
    words = []
    if failed := ends.count("failed"):
        words.append(f"FAILED {failed}")
    if passed := ends.count("passed"):
        words.append(f"passed {passed}")
    numbers = [reasons.setdefault(each.reason, len(reasons) + 1) for each in found if each.end == "skipped"]
    words += [f"-{number}" for number in sorted(set(numbers))]
    return " ".join(words)


def main(paths: list[str]) -> int:
    if not paths:
        print("table.py: expected the JUnit files of pytest --junit-xml", file=sys.stderr)
        return 2
    try:
        found = [each for path in paths for each in outcomes(Path(path))]
    except (OSError, ElementTree.ParseError) as error:
        print(f"table.py: {error}; run ci/jobs/interop to have such a file", file=sys.stderr)
        return 2
    print("\n".join(table(found)))
    return 1 if any(each.end == "failed" for each in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
