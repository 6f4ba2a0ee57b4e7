#!/usr/bin/python3
"""Is any function or file longer than its budget?

A function of more than 40 lines, or a file of more than 400, needs a line with a reason in budgets.exceptions;
more than 60 or 600 no reason excuses. An exception that nothing needs any more is a finding too.
"""

from pathlib import Path

from cpp_functions import Function, cpp_functions, python_functions
from project import ROOT, files, finding, finish

FUNCTION_HABIT, FUNCTION_LIMIT = 40, 60
FILE_HABIT, FILE_LIMIT = 400, 600
EXCEPTIONS = Path(__file__).with_name("budgets.exceptions")


def main() -> None:
    reasons = _reasons()
    needed: set[str] = set()
    findings = []
    sources = files(".hpp", ".cpp", ".py")
    for path in sources:
        text = path.read_text(errors="replace")
        name = str(path.relative_to(ROOT))
        lengths = [(name, 1, text.count("\n"), FILE_HABIT, FILE_LIMIT)]
        lengths += [(f"{name}:{f.name}", f.line, f.length, FUNCTION_HABIT, FUNCTION_LIMIT) for f in _functions(path, text)]
        for subject, line, length, habit, limit in lengths:
            if length <= habit:
                continue
            needed.add(subject)
            if length > limit:
                findings.append(finding(path, line, f"{subject} has {length} lines, the limit is {limit}", "Cut it"))
            elif subject not in reasons:
                remedy = f"Cut it, or give the reason in {EXCEPTIONS.relative_to(ROOT)}: '{subject} REASON'"
                findings.append(finding(path, line, f"{subject} has {length} lines, the budget is {habit}", remedy))
    for subject, line in reasons.items():
        if subject not in needed:
            findings.append(finding(EXCEPTIONS, line, f"{subject} keeps its budget", "Remove the exception"))
    finish("budgets", findings, f"{len(sources)} files")


def _functions(path: Path, text: str) -> list[Function]:
    return python_functions(text) if path.suffix == ".py" else cpp_functions(text)


def _reasons() -> dict[str, int]:
    """Subject -> line of its exception. A line without a reason does not count."""
    lines = EXCEPTIONS.read_text().splitlines() if EXCEPTIONS.exists() else []
    return {
        line.split()[0]: number
        for number, line in enumerate(lines, 1)
        if not line.startswith("#") and len(line.split()) >= 4
    }


if __name__ == "__main__":
    main()
