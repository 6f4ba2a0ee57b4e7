"""What the tests have to say beside passed and failed: printed at the end (conftest.py)."""

from collections import Counter

_lines: list[str] = []
checks: Counter[str] = Counter()
mended: Counter[str] = Counter()


def say(line: str) -> None:
    """A line for the end of the run; the same line once only."""
    if line not in _lines:
        _lines.append(line)


def lines() -> list[str]:
    """All of them, and the counts."""
    counts = [f"{count} checks: {what}" for what, count in checks.items()]
    return _lines + counts + [f"{count} packets with {what}" for what, count in mended.items()]
