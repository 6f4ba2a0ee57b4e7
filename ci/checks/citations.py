"""Finds the citations of rules in the code: a comment line that is exactly `//= document/section/slug`."""

import re
from dataclasses import dataclass
from pathlib import Path

from project import ROOT
from register_file import ID

_CITATION = re.compile(r"^\s*(?:/{2,}|#)=\s*(?P<cited>.*?)\s*$")
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
    lines = path.read_text(errors="replace").splitlines()
    matches = ((number, _CITATION.match(line)) for number, line in enumerate(lines, 1))
    return [Citation(path, number, match["cited"]) for number, match in matches if match]
