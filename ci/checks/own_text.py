"""Reads a specification of our own, in which each requirement is a paragraph of a fixed shape:

    **P-4.2** `profile/4/numbers-are-unique` · MUST · draft 3.1\\
    A number MUST be given to one packet at most. More about it. *Why: the reason.*

Number and ID are permanent. The last word of the first line says where the rule comes from: a section of the
draft, ourselves (`ours`), or both (`draft 3.1 + ours`). What follows, to the reason or the end of the paragraph,
is the requirement; its first sentence is the register's rule, and level and text together have the fingerprint.
"""

import re
from dataclasses import dataclass

import rfc_text
from project import ROOT

DOCUMENTS = {"profile": ROOT / "docs" / "sa-cluster-profile.md"}

_HEADING = re.compile(r"^#+ (?P<section>\d+(?:\.\d+)*)\.? ")
_BEGINNING = re.compile(r"^\*\*P-\d")
_REASON = re.compile(r" \*Why: ")
_HEAD = re.compile(
    r"^\*\*P-(?P<number>\d+(?:\.\d+)+)\*\* `(?P<id>[^`]+)` · (?P<level>[A-Z ]+) · "
    r"(?P<origin>ours|draft \d(?:\.\d)?(?: \+ ours)?)\\$"
)
SHAPE = "**P-4.2** `profile/4/slug` · MUST · draft 3.1\\"


@dataclass(frozen=True)
class Requirement:
    line: int
    section: str  # of the heading that it stands under
    number: str
    id: str
    level: str
    text: str  # on one line, without its reason

    def whole(self) -> str:
        """What the fingerprint is of."""
        return f"{self.level}: {self.text}"

    def rule(self) -> str:
        return rfc_text.sentences_of_paragraph(self.text)[0]


def requirements(page: str) -> list[Requirement]:
    """The requirements in the order of the page; a beginning out of shape is passed over (see `mistakes`)."""
    found, section = [], ""
    lines = page.splitlines()
    for at, line in enumerate(lines):
        if heading := _HEADING.match(line):
            section = heading["section"]
        if head := _HEAD.match(line):
            text = _REASON.split(_paragraph(lines[at + 1 :]))[0]
            found.append(Requirement(at + 1, section, head["number"], head["id"], head["level"], text))
    return found


def sections(page: str) -> dict[str, list[str]]:
    """Section number -> its requirements, each as one text: what `rfc_text.sections` is for an RFC."""
    found: dict[str, list[str]] = {}
    for requirement in requirements(page):
        found.setdefault(requirement.section, []).append(requirement.whole())
    return found


def mistakes(page: str, document: str) -> list[tuple[int, str]]:
    """(line, what is wrong) for every requirement that is out of shape or out of place."""
    found = [
        (number, f"a requirement begins as {SHAPE}")
        for number, line in enumerate(page.splitlines(), 1)
        if _BEGINNING.match(line) and not _HEAD.match(line)
    ]
    numbers, ids = set(), set()
    for requirement in requirements(page):
        wrong = {
            f"the ID does not begin with {document}/{requirement.section}/": not requirement.id.startswith(
                f"{document}/{requirement.section}/"
            ),
            f"the number is not one of section {requirement.section}": requirement.number.rpartition(".")[0]
            != requirement.section,
            f"P-{requirement.number} stands twice": requirement.number in numbers,
            f"{requirement.id} stands twice": requirement.id in ids,
            f"the text does not say {requirement.level}": requirement.level not in requirement.text,
        }
        numbers.add(requirement.number)
        ids.add(requirement.id)
        found += [(requirement.line, what) for what, is_wrong in wrong.items() if is_wrong]
    return sorted(found)


def _paragraph(lines: list[str]) -> str:
    end = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    return " ".join(" ".join(lines[:end]).split())
