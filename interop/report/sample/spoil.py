"""Turns the report of a run in which all is well into one with every verdict: spoil.py REPORT.json OUT.json.

What the page shows of a failure comes from the report alone, so that a real ladder with a made-up verdict does for
looking at the page, and its counts are known.
"""

import json
import sys
from pathlib import Path

VERDICTS = ("fail", "unsupported", "waived", "unexpected pass", "inconclusive", "flaky", "harness error")
SPOILED = 23  # every so many-th case


def spoil(case: dict, verdict: str) -> None:
    """Gives the case the verdict, and what a report says beside it."""
    case["verdict"] = verdict
    if verdict in ("waived", "unexpected pass"):
        case["waiver"] = "the vendor knows it: ticket 4711, mended in the next release"
    if verdict == "unsupported":
        case["actual"] = "there is no hook 'initiate'"
    elif verdict != "unexpected pass":
        case["expected"] = "a Notify INVALID_SYNTAX and no other change"
        case["actual"] = "INFORMATIONAL response 4: D(ESP), N(TEMPORARY_FAILURE)"
    if verdict in ("fail", "flaky", "waived"):
        case["hint"] = case["hint"] or "Look where the Message ID is compared with the window."
        case["tries"] = 3
        case["failures"] = 1 if verdict == "flaky" else 3
        case["evidence"] = "evidence/" + case["id"].replace("/", ".")


def spoiled(run: dict) -> dict:
    """The run with every SPOILED-th case spoiled, the verdicts in turn, and its totals counted anew."""
    for number, case in enumerate(run["cases"][::SPOILED]):
        spoil(case, VERDICTS[number % len(VERDICTS)])
    for verdict in (*VERDICTS, "pass"):
        run["totals"][verdict] = sum(case["verdict"] == verdict for case in run["cases"])
    return run


if __name__ == "__main__":
    run = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(spoiled(run)), encoding="utf-8")
