"""The ledger: of every normative sentence, either the conformance case that tries it, or the reason why none does.

It is kept for the documents named in DOCUMENTS. What a list of sentences (sentence_list.py) holds must be entered;
what is entered has a case in interop/cases or one reason: `untestable` from outside, `out_of_scope` of the project,
or `next` to be done.
"""

from collections import Counter
from pathlib import Path

import own_text
import rfc_text
import sentence_list
from citations import Citation
from normative import normative_sentences
from project import SHARED, finding
from register_file import REASONS, Entry, path_of
from register_texts import text_of

DOCUMENTS = ("rfc7296", "rfc4303", "draft-zhang", "profile")


def findings_of_lists(register: Path, entries: list[Entry]) -> list[str]:
    """The committed lists are what the extractor finds, and each of their sentences is entered."""
    entered = {(entry.document(), entry.section, entry.sentence_sha256) for entry in entries}
    findings = []
    for path in sorted(sentence_list.directory_in(register).glob("*.json")):
        document, listed = path.stem, sentence_list.load(path)
        findings += _findings_of_text(path, listed)
        for section, fingerprint in sorted(listed.keys()):
            if (document, section, fingerprint) not in entered:
                what = f"{document} {section}: the sentence {fingerprint} has no entry"
                remedy = f"See ci/checks/register.py extract {document} --missing"
                findings.append(finding(path, _line_of(path, fingerprint), what, remedy))
    return findings


def _findings_of_text(path: Path, listed: sentence_list.SentenceList) -> list[str]:
    document = path.stem
    if rfc_text.find_text(SHARED, document) is None:
        print(f"SKIPPED sentences of {document}: its text is not under {SHARED}")
        return []
    found = normative_sentences(document, text_of(document))
    keys = {(one.section, one.fingerprint()) for one in found}
    findings = []
    for left in listed.left_out:
        if (left.section, left.sentence_sha256) not in keys:
            what = f"{document} {left.section}: no such sentence is found to leave out"
            findings.append(finding(path, _line_of(path, left.sentence_sha256), what, "Remove it from left_out"))
    if path.read_text() != sentence_list.canonical(document, sentence_list.extracted(found, listed)):
        remedy = f"Run ci/checks/register.py extract {document} --write"
        findings.append(finding(path, 1, f"the list is not what the extractor finds in {document}", remedy))
    return findings


def findings_of_reasons(entries: list[Entry], cited: list[Citation]) -> list[str]:
    """No entry has both a case and a reason why it has none."""
    cases = {citation.cited: citation for citation in cited if citation.by_case()}
    findings = []
    for entry in entries:
        if entry.id in cases and entry.reasons():
            case, kinds = cases[entry.id], ", ".join(entry.reasons())
            what = f"{entry.id} has a case, and a reason why it has none ({kinds})"
            findings.append(finding(case.path, case.line, what, "Remove one of the two"))
    return findings


def findings_without_list(register: Path) -> list[str]:
    """Each document of the ledger that is not our own has its list, so that a lost one is noticed."""
    wanted = [document for document in DOCUMENTS if document not in own_text.DOCUMENTS]
    missing = [document for document in wanted if not sentence_list.path_of(register, document).exists()]
    remedy = "Run ci/checks/register.py extract DOC --write"
    return [finding(path_of(register, one), 1, f"{one} has no list of sentences", remedy) for one in missing]


def findings_without_case(register: Path, entries: list[Entry], cited: list[Citation]) -> list[str]:
    cases = {citation.cited for citation in cited if citation.by_case()}
    remedy = f"Write a case that cites it, or a reason: {', '.join(REASONS)} (ci/checks/register.py classify)"
    findings = []
    for entry in entries:
        if entry.document() in DOCUMENTS and entry.id not in cases and not entry.reasons():
            path = path_of(register, entry.document())
            what = f"{entry.id} has neither case nor reason"
            findings.append(finding(path, _line_of(path, f'"{entry.id}"'), what, remedy))
    return findings


def show(entries: list[Entry], cited: list[Citation]) -> None:
    """Prints by document and level how many entries have a case, a reason of each kind, or nothing."""
    cases = {citation.cited for citation in cited if citation.by_case()}
    columns = ("case", *REASONS, "nothing")
    counts: dict[tuple[str, str], Counter] = {}
    for entry in entries:
        if entry.document() in DOCUMENTS:
            for row in ((entry.document(), entry.level), (entry.document(), "all"), ("all", "")):
                counts.setdefault(row, Counter())[_class(entry, cases)] += 1
    print(f"{'ledger':<12} {'level':<16} {'entries':>7}" + "".join(f" {name:>12}" for name in columns))
    for row in sorted(counts, key=_place_in_ledger):
        cells = "".join(f" {counts[row][name]:>12}" for name in columns)
        print(f"{row[0]:<12} {row[1]:<16} {counts[row].total():>7}{cells}")


def _class(entry: Entry, cases: set[str]) -> str:
    if entry.id in cases:
        return "case"
    return next(iter(entry.reasons()), "nothing")


def _place_in_ledger(row: tuple[str, str]) -> tuple:
    document, level = row
    return document not in DOCUMENTS, DOCUMENTS.index(document) if document in DOCUMENTS else 0, level == "all", level


def _line_of(path: Path, words: str) -> int:
    return next((number for number, line in enumerate(path.read_text().splitlines(), 1) if words in line), 1)
