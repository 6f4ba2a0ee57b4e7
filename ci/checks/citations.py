"""Finds the citations of rules in the code: a comment line that is exactly `//= document/section/slug`.

A conformance case cites them in its list `.rules = {"document/section/slug", ...}`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from project import ROOT
from register_file import ID

_CITATION = re.compile(r"^\s*(?:/{2,}|#)=\s*(?P<cited>.*?)\s*$")
_RULES = re.compile(r"\.rules\s*=\s*\{(?P<list>[^}]*)\}")
_QUOTED = re.compile(r'"(?P<cited>[^"]*)"')
SUFFIXES = (".hpp", ".cpp", ".py")
CASES = ROOT / "interop" / "cases"  # the catalogue of conformance cases


@dataclass(frozen=True)
class Citation:
    path: Path
    line: int
    cited: str  # as written; well_formed() says whether it is an ID

    def well_formed(self) -> bool:
        return ID.fullmatch(self.cited) is not None

    def by_case(self) -> bool:
        """Whether a conformance case tries the rule."""
        return self.path.is_relative_to(CASES) and not self.by_test()

    def by_test(self) -> bool:
        return self.path.name.endswith("_test.cpp") or self.path.name.startswith("test_")


def citations(path: Path) -> list[Citation]:
    text = path.read_text(errors="replace")
    matches = ((number, _CITATION.match(line)) for number, line in enumerate(text.splitlines(), 1))
    found = [Citation(path, number, match["cited"]) for number, match in matches if match]
    return found + (_of_cases(path, text) if path.is_relative_to(CASES) else [])


def _of_cases(path: Path, text: str) -> list[Citation]:
    return [
        Citation(path, 1 + text.count("\n", 0, rules.start("list") + quoted.start()), quoted["cited"])
        for rules in _RULES.finditer(text)
        for quoted in _QUOTED.finditer(rules["list"])
    ]
