#!/usr/bin/python3
"""The register of normative clauses (vectors/requirements): look sentences up, add entries, check citations.

  register.py find DOC SECTION [WORDS]                          the sentences there that hold these words
  register.py add DOC SECTION SLUG LEVEL WORDS RULE [--nth N]   enter a rule, in our own words, for one of them
  register.py check                                             citations, fingerprints, form; exit code 1 if wrong
  register.py format                                            put the files in canonical form, as after a merge
  register.py renew DOC                                         enter all requirements of a page of our own (profile)

DOC is a file under ../shared/rfc or ../shared/spec without its ending (rfc4303), or a page of our own (profile);
MPSEC_SHARED_DIR names another place. Sentences are printed to help the one who asks; none is ever stored, only its fingerprint.
"""

import argparse
import sys
from collections import Counter

import own_text
import rfc_text
from citations import SUFFIXES, Citation, citations
from project import ROOT, SHARED, files, finding, finish
from register_file import ID, LEVELS, DamagedRegister, Entry, canonical, load, path_of, paths, store

DIRECTORY = ROOT / "vectors" / "requirements"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, arguments in {
        "find": ("document", "section", "words?"),
        "add": ("document", "section", "slug", "level", "words", "rule"),
        "check": (),
        "format": (),
        "renew": ("document",),
    }.items():
        command = commands.add_parser(name)
        for argument in arguments:
            command.add_argument(argument.rstrip("?"), nargs="?" if argument.endswith("?") else None)
    commands.choices["add"].add_argument("--nth", type=int, help="which of several sentences with these words, from 1")
    commands.choices["check"].add_argument("--verbose", action="store_true", help="list the entries that nobody cites")
    options = parser.parse_args()
    try:
        {"find": find, "add": add, "check": check, "format": put_in_form, "renew": renew}[options.command](options)
    except DamagedRegister as damage:
        sys.exit(str(damage))


def find(options: argparse.Namespace) -> None:
    for number, sentence in enumerate(_matching(options.document, options.section, options.words or ""), 1):
        print(f"{number}. {rfc_text.fingerprint(sentence)}\n   {sentence}")


def add(options: argparse.Namespace) -> None:
    if options.document in own_text.DOCUMENTS:
        sys.exit(f"the rules of {options.document} come from its page: run register.py renew {options.document}")
    entry_id = f"{options.document}/{options.section}/{options.slug}"
    if not ID.fullmatch(entry_id):
        sys.exit(f"{entry_id}: expected document/section/slug, the slug in lower case with '-' between words")
    if options.level not in LEVELS:
        sys.exit(f"level '{options.level}': allowed are {', '.join(LEVELS)}")
    sentence = _the_one(_matching(options.document, options.section, options.words), options.nth)
    if rfc_text.fingerprint(options.rule) == rfc_text.fingerprint(sentence):
        sys.exit("the rule is the sentence of the text: say it in your own words")
    if options.level != "statement" and options.level not in sentence:
        print(f"note: the sentence does not hold the word {options.level}")
    path = path_of(DIRECTORY, options.document)
    kept = [entry for entry in load(path) if entry.id != entry_id]
    fingerprint = rfc_text.fingerprint(sentence)
    store(path, [*kept, Entry(entry_id, options.section, options.level, options.rule, fingerprint)])
    print(f"{path.relative_to(ROOT)}: {entry_id}\n   {sentence}")


def check(options: argparse.Namespace) -> None:
    entries = [entry for path in paths(DIRECTORY) for entry in load(path)]
    cited = [citation for path in files(*SUFFIXES) for citation in citations(path)]
    findings = _findings_of_form() + _findings_of_citations(cited, {entry.id for entry in entries})
    findings += _findings_of_fingerprints(entries) + _findings_of_own_pages(entries)
    _print_counts(entries, cited)
    uncited = sorted({entry.id for entry in entries} - {citation.cited for citation in cited})
    print(f"{len(uncited)} entries without a citation" + (":" if options.verbose and uncited else ""))
    for entry_id in uncited if options.verbose else []:
        print(f"  {entry_id}")
    finish("citations", findings, f"{len(cited)} citations and {len(entries)} entries")


def put_in_form(_options: argparse.Namespace) -> None:
    for path in paths(DIRECTORY):
        store(path, load(path))


def renew(options: argparse.Namespace) -> None:
    if options.document not in own_text.DOCUMENTS:
        sys.exit(f"{options.document} is no page of our own; there are {', '.join(own_text.DOCUMENTS)}")
    page = own_text.DOCUMENTS[options.document].read_text()
    if mistakes := own_text.mistakes(page, options.document):
        sys.exit("\n".join(f"line {line}: {what}" for line, what in mistakes))
    path = path_of(DIRECTORY, options.document)
    before = {entry.id for entry in load(path)}
    entries = [_entry_of(requirement) for requirement in own_text.requirements(page)]
    store(path, entries)
    after = {entry.id for entry in entries}
    print(f"{path.relative_to(ROOT)}: {len(after)} entries; new: {sorted(after - before)}; gone: {sorted(before - after)}")


def _entry_of(requirement: own_text.Requirement) -> Entry:
    fingerprint = rfc_text.fingerprint(requirement.whole())
    return Entry(requirement.id, requirement.section, requirement.level, requirement.rule(), fingerprint)


def _matching(document: str, section: str, words: str) -> list[str]:
    """The sentences that hold `words` as they stand, or failing that every one of them; ends the program if none."""
    sentences = _sections(document).get(section)
    if sentences is None:
        sys.exit(f"{document} has no section {section}; it has {' '.join(_sections(document))}")
    folded = " ".join(words.lower().split())
    found = [sentence for sentence in sentences if folded in " ".join(sentence.lower().split())]
    found = found or [sentence for sentence in sentences if all(word in sentence.lower() for word in folded.split())]
    return found or sys.exit(f"no sentence of {document} {section} holds '{words}'; try: register.py find {document} {section}")


def _the_one(sentences: list[str], nth: int | None) -> str:
    if nth is None and len(sentences) > 1:
        for number, sentence in enumerate(sentences, 1):
            print(f"{number}. {sentence}")
        sys.exit(f"{len(sentences)} sentences hold these words: take more words, or --nth N")
    if nth is not None and not 1 <= nth <= len(sentences):
        sys.exit(f"--nth {nth}: allowed is 1 to {len(sentences)}")
    return sentences[(nth or 1) - 1]


def _sections(document: str) -> dict[str, list[str]]:
    if document in own_text.DOCUMENTS:
        return own_text.sections(own_text.DOCUMENTS[document].read_text())
    path = rfc_text.find_text(SHARED, document)
    if path is None:
        sys.exit(f"no text of {document} under {SHARED}: set MPSEC_SHARED_DIR to a folder with rfc/{document}.txt")
    return rfc_text.sections(path.read_text(errors="replace"))


def _findings_of_form() -> list[str]:
    findings = []
    for path in paths(DIRECTORY):
        entries = load(path)
        if path.read_text() != canonical(path.stem, entries):
            findings.append(finding(path, 1, "not in canonical form", "Run ci/checks/register.py format"))
        twice = [entry_id for entry_id, count in Counter(entry.id for entry in set(entries)).items() if count > 1]
        findings += [finding(path, 1, f"{entry_id} stands twice", "Keep one of them") for entry_id in twice]
        for entry in entries:
            findings += [finding(path, 1, f"{entry.id}: {what}", "Mend the entry") for what in _wrong_members(path.stem, entry)]
    return findings


def _wrong_members(document: str, entry: Entry) -> list[str]:
    match = ID.fullmatch(entry.id)
    wrong = {
        "the ID is not document/section/slug": match is None,
        f"the ID does not belong in {document}.json": match is not None and match["document"] != document,
        "the section is not the ID's": match is not None and match["section"] != entry.section,
        f"unknown level '{entry.level}'": entry.level not in LEVELS,
        "the rule is empty": not entry.rule.strip(),
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def _findings_of_citations(cited: list[Citation], known: set[str]) -> list[str]:
    findings = []
    for citation in cited:
        if not citation.well_formed():
            remedy = "Write '//= document/section/slug', as in '//= rfc4303/3.4.3/every-esp-supports-anti-replay'"
            findings.append(finding(citation.path, citation.line, f"malformed citation '{citation.cited}'", remedy))
        elif citation.cited not in known:
            document, section, slug = citation.cited.split("/")
            remedy = f"Enter it: ci/checks/register.py add {document} {section} {slug} LEVEL 'words of the sentence' 'the rule'"
            findings.append(finding(citation.path, citation.line, f"{citation.cited} is not in the register", remedy))
    return findings


def _findings_of_fingerprints(entries: list[Entry]) -> list[str]:
    findings = []
    for document in sorted({entry.document() for entry in entries}):
        if document not in own_text.DOCUMENTS and rfc_text.find_text(SHARED, document) is None:
            print(f"SKIPPED fingerprints of {document}: its text is not under {SHARED}")
            continue
        texts = {name: {rfc_text.fingerprint(s) for s in body} for name, body in _sections(document).items()}
        for entry in entries:
            if entry.document() == document and entry.sentence_sha256 not in texts.get(entry.section, ()):
                what = f"{entry.id}: no sentence of {document} {entry.section} has this fingerprint"
                remedy = f"Look it up: ci/checks/register.py find {document} {entry.section}"
                findings.append(finding(path_of(DIRECTORY, document), 1, what, remedy))
    return findings


def _findings_of_own_pages(entries: list[Entry]) -> list[str]:
    """Page and register say the same: each requirement is entered as it stands."""
    findings, known = [], set(entries)
    for document, path in own_text.DOCUMENTS.items():
        page = path.read_text()
        findings += [finding(path, line, what, "Mend it") for line, what in own_text.mistakes(page, document)]
        for requirement in own_text.requirements(page):
            if _entry_of(requirement) not in known:
                what = f"{requirement.id} is not in the register as it stands here"
                findings.append(finding(path, requirement.line, what, f"Run ci/checks/register.py renew {document}"))
    return findings


def _print_counts(entries: list[Entry], cited: list[Citation]) -> None:
    in_code = {citation.cited for citation in cited if not citation.by_test()}
    in_tests = {citation.cited for citation in cited if citation.by_test()}
    print(f"{'document':<42} {'level':<16} {'entries':>7} {'in code':>7} {'in tests':>8} {'neither':>7}")
    for document, level in sorted({(entry.document(), entry.level) for entry in entries}):
        ids = {entry.id for entry in entries if (entry.document(), entry.level) == (document, level)}
        row = (len(ids), len(ids & in_code), len(ids & in_tests), len(ids - in_code - in_tests))
        print(f"{document:<42} {level:<16} {row[0]:>7} {row[1]:>7} {row[2]:>8} {row[3]:>7}")


if __name__ == "__main__":
    main()
