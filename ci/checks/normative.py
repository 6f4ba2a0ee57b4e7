"""Finds the normative sentences of a text: those that say what an implementation does or does not.

In an RFC they are told by rule, so that none can be forgotten: each sentence that holds a keyword of RFC 2119 in
capitals, and each that makes something an auditable event or stands before what the log shall say "for this event".
The sentence that introduces the keywords and the lists of references are no rules. A draft that declares without keywords has all sentences of the sections named here.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import rfc_text

KEYWORD, AUDITABLE, DECLARATION = "keyword", "auditable event", "declaration"
KINDS = (KEYWORD, AUDITABLE, DECLARATION)

_KEYWORD = re.compile(r"\b(?:MUST|SHALL|SHOULD|MAY|REQUIRED|RECOMMENDED|OPTIONAL)\b")
_AUDITABLE = re.compile(r"\b(?:auditable events?|audit(?:ed)?(?! log))\b", re.IGNORECASE)
_LOG_OF_EVENT = re.compile(r"^The audit log entry for this event\b", re.IGNORECASE)
_BOILERPLATE = re.compile(r"\bkey ?words\b.*\binterpreted as described in\b", re.IGNORECASE)
_REFERENCES = re.compile(r"^(?:(?:non-)?(?:normative|informative) )?references$", re.IGNORECASE)
DECLARING = {"draft-zhang": re.compile(r"3\.[1-7]")}  # document -> the sections that declare


@dataclass(frozen=True)
class Normative:
    section: str
    kind: str  # one of KINDS
    sentence: str

    def fingerprint(self) -> str:
        return rfc_text.fingerprint(self.sentence)


def normative_sentences(document: str, text: str) -> list[Normative]:
    """In the order of the text; a sentence that a section repeats stands once."""
    references = [name for name, title in rfc_text.titles(text).items() if _REFERENCES.match(title)]
    found: dict[tuple[str, str], Normative] = {}
    for section, sentences in rfc_text.sections(text).items():
        if any(section == name or section.startswith(f"{name}.") for name in references):
            continue
        for sentence, following in pairwise([*sentences, ""]):
            if kind := _kind(document, section, sentence, following):
                normative = Normative(section, kind, sentence)
                found.setdefault((section, normative.fingerprint()), normative)
    return list(found.values())


def _kind(document: str, section: str, sentence: str, following: str) -> str | None:
    if document in DECLARING:
        return DECLARATION if DECLARING[document].fullmatch(section) else None
    if _BOILERPLATE.search(sentence):
        return None
    if _AUDITABLE.search(sentence) or _LOG_OF_EVENT.match(following):
        return AUDITABLE
    return KEYWORD if _KEYWORD.search(sentence) else None
