#!/usr/bin/python3
"""The register of normative clauses (vectors/requirements): look sentences up, add entries, check citations.

  register.py find DOC SECTION [WORDS]                          the sentences there that hold these words
  register.py add DOC SECTION SLUG LEVEL WORDS RULE [--nth N]   enter a rule, in our own words, for one of them
  register.py add-many TABLE                                    enter many rules at once, all or none
  register.py classify TABLE                                    say of many entries why no case tries them, or that one does
  register.py extract DOC [--missing | --write]                 the normative sentences of a text; those without an entry; store
                                                                their fingerprints
  register.py check [--cases] [--verbose]                       citations, fingerprints, form, completeness; exit code 1 if wrong
  register.py ledger                                            entries with a case, with a reason, and with nothing
  register.py format                                            put the files in canonical form, as after a merge
  register.py renew DOC                                         enter all requirements of a page of our own (profile)

DOC is a file under ../shared/rfc or ../shared/spec without its ending (rfc4303), or a page of our own (profile);
MPSEC_SHARED_DIR names another place. Sentences are printed to help the one who asks; none is ever stored, only its fingerprint.
The columns of a TABLE are told in register_tables.py.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import ledger
import own_text
import register_tables
import register_texts
import rfc_text
import sentence_list
from citations import SUFFIXES, Citation, citations
from normative import DECLARING, normative_sentences
from project import ROOT, SHARED, files, finding, finish
from register_file import ID, LEVELS, DamagedRegister, Entry, canonical, load, path_of, paths, store

DIRECTORY = ROOT / "vectors" / "requirements"


def main() -> None:
    options = _arguments()
    commands = {
        "find": find, "add": add, "add-many": add_many, "classify": classify, "extract": extract, "check": check,
        "ledger": print_ledger, "format": put_in_form, "renew": renew,
    }  # fmt: skip
    try:
        commands[options.command](options)
    except (DamagedRegister, register_texts.NotFound, register_tables.WrongTable, OSError) as error:
        sys.exit(str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, arguments in {
        "find": ("document", "section", "words?"),
        "add": ("document", "section", "slug", "level", "words", "rule"),
        "add-many": ("table",),
        "classify": ("table",),
        "extract": ("document",),
        "check": (),
        "ledger": (),
        "format": (),
        "renew": ("document",),
    }.items():
        command = commands.add_parser(name)
        for argument in arguments:
            command.add_argument(argument.rstrip("?"), nargs="?" if argument.endswith("?") else None)
    commands.choices["add"].add_argument("--nth", type=int, help="which of several sentences with these words, from 1")
    commands.choices["add"].add_argument("--level-reason", help="why this level, where the sentence has none")
    check_options = commands.choices["check"]
    check_options.add_argument("--verbose", action="store_true", help="list the entries that nobody cites")
    check_options.add_argument("--cases", action="store_true", help="each entry of the ledger needs a case or a reason")
    which = commands.choices["extract"].add_mutually_exclusive_group()
    which.add_argument("--missing", action="store_true", help="only the sentences that have no entry yet")
    which.add_argument("--write", action="store_true", help="store the fingerprints")
    return parser.parse_args()


def find(options: argparse.Namespace) -> None:
    for number, sentence in enumerate(_matching(options, options.words or ""), 1):
        print(f"{number}. {rfc_text.fingerprint(sentence)}\n   {sentence}")


def add(options: argparse.Namespace) -> None:
    if options.document in own_text.DOCUMENTS:
        sys.exit(f"the rules of {options.document} come from its page: run register.py renew {options.document}")
    entry_id = f"{options.document}/{options.section}/{options.slug}"
    if not ID.fullmatch(entry_id):
        sys.exit(f"{entry_id}: expected document/section/slug, the slug in lower case with '-' between words")
    if options.level not in LEVELS:
        sys.exit(f"level '{options.level}': allowed are {', '.join(LEVELS)}")
    sentence = _the_one(_matching(options, options.words), options.nth)
    if rfc_text.fingerprint(options.rule) == rfc_text.fingerprint(sentence):
        sys.exit("the rule is the sentence of the text: say it in your own words")
    if options.level != "statement" and options.level not in sentence and not options.level_reason:
        print(f"note: the sentence does not hold the word {options.level}")
    path = path_of(DIRECTORY, options.document)
    before = load(path)
    same = next((entry for entry in before if entry.id == entry_id), Entry(entry_id, options.section, "", "", ""))
    entry = replace(same, level=options.level, rule=options.rule, sentence_sha256=rfc_text.fingerprint(sentence))
    entry = replace(entry, level_reason=options.level_reason or same.level_reason)
    store(path, [*(other for other in before if other.id != entry_id), entry])
    print(f"{path.relative_to(ROOT)}: {entry_id}\n   {sentence}")


def add_many(options: argparse.Namespace) -> None:
    _replace(register_tables.entries_to_add(Path(options.table)))


def classify(options: argparse.Namespace) -> None:
    _replace(register_tables.classified(Path(options.table), {entry.id: entry for entry in _all_entries()}))


def _replace(entries: list[Entry]) -> None:
    """Stores the entries in the place of those with their IDs."""
    for document in sorted({entry.document() for entry in entries}):
        path, given = path_of(DIRECTORY, document), [entry for entry in entries if entry.document() == document]
        ids, before = {entry.id for entry in given}, load(path)
        store(path, [entry for entry in before if entry.id not in ids] + given)
        changed = len(ids & {entry.id for entry in before})
        print(f"{path.relative_to(ROOT)}: {len(ids) - changed} entries added, {changed} replaced")


def extract(options: argparse.Namespace) -> None:
    document, path = options.document, sentence_list.path_of(DIRECTORY, options.document)
    before = sentence_list.load(path)
    found = normative_sentences(document, register_texts.text_of(document))
    listed = sentence_list.extracted(found, before)
    if options.write:
        sentence_list.store(path, listed)
    entered = {(entry.section, entry.sentence_sha256) for entry in load(path_of(DIRECTORY, document))}
    missing = listed.keys() - entered
    for one in found:
        if (one.section, one.fingerprint()) in (missing if options.missing else listed.keys()) and not options.write:
            print(f"{one.section} {one.kind} {one.fingerprint()}\n   {one.sentence}")
    print(f"{document}: {len(listed.sentences)} sentences, {len(listed.left_out)} left out, {len(missing)} without an entry")


def check(options: argparse.Namespace) -> None:
    entries, cited = _all_entries(), _all_citations()
    findings = _findings_of_form() + _findings_of_citations(cited, {entry.id for entry in entries})
    findings += _findings_of_fingerprints(entries) + _findings_of_own_pages(entries)
    findings += ledger.findings_of_lists(DIRECTORY, entries) + ledger.findings_of_reasons(entries, cited)
    if options.cases:
        findings += ledger.findings_without_list(DIRECTORY) + ledger.findings_without_case(DIRECTORY, entries, cited)
    _print_counts(entries, cited)
    ledger.show(entries, cited)
    uncited = sorted({entry.id for entry in entries} - {citation.cited for citation in cited})
    print(f"{len(uncited)} entries without a citation" + (":" if options.verbose and uncited else ""))
    for entry_id in uncited if options.verbose else []:
        print(f"  {entry_id}")
    finish("citations", findings, f"{len(cited)} citations and {len(entries)} entries")


def print_ledger(_options: argparse.Namespace) -> None:
    ledger.show(_all_entries(), _all_citations())


def _all_entries() -> list[Entry]:
    return [entry for path in paths(DIRECTORY) for entry in load(path)]


def _all_citations() -> list[Citation]:
    return [citation for path in files(*SUFFIXES) for citation in citations(path)]


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
    before = {entry.id: entry for entry in load(path)}
    entries = [_entry_of(requirement, before.get(requirement.id)) for requirement in own_text.requirements(page)]
    store(path, entries)
    after = {entry.id for entry in entries}
    new, gone = sorted(after - before.keys()), sorted(before.keys() - after)
    print(f"{path.relative_to(ROOT)}: {len(after)} entries; new: {new}; gone: {gone}")


def _entry_of(requirement: own_text.Requirement, before: Entry | None = None) -> Entry:
    """The requirement as an entry, with the reason that its entry had `before`."""
    fingerprint = rfc_text.fingerprint(requirement.whole())
    entry = Entry(requirement.id, requirement.section, requirement.level, requirement.rule(), fingerprint)
    kept = before.reasons() if before else []
    return entry.with_reason(kept[0], getattr(before, kept[0])) if kept else entry


def _matching(options: argparse.Namespace, words: str) -> list[str]:
    texts = register_texts.sections(options.document)
    return register_texts.matching(texts, options.document, options.section, words)


def _the_one(sentences: list[str], nth: int | None) -> str:
    if nth is None and len(sentences) > 1:
        for number, sentence in enumerate(sentences, 1):
            print(f"{number}. {sentence}")
        sys.exit(f"{len(sentences)} sentences hold these words: take more words, or --nth N")
    if nth is not None and not 1 <= nth <= len(sentences):
        sys.exit(f"--nth {nth}: allowed is 1 to {len(sentences)}")
    return sentences[(nth or 1) - 1]


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
        f"several reasons: {', '.join(entry.reasons())}": len(entry.reasons()) > 1,
        "no level_reason, though the text has no levels": document in DECLARING and not entry.level_reason,
        "an empty reason": any(not getattr(entry, kind).strip() for kind in entry.reasons()),
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
        texts = {name: {rfc_text.fingerprint(s) for s in body} for name, body in register_texts.sections(document).items()}
        for entry in entries:
            if entry.document() == document and entry.sentence_sha256 not in texts.get(entry.section, ()):
                what = f"{entry.id}: no sentence of {document} {entry.section} has this fingerprint"
                remedy = f"Look it up: ci/checks/register.py find {document} {entry.section}"
                findings.append(finding(path_of(DIRECTORY, document), 1, what, remedy))
    return findings


def _findings_of_own_pages(entries: list[Entry]) -> list[str]:
    """Page and register say the same: each requirement is entered as it stands."""
    findings, known = [], {entry.id: entry for entry in entries}
    for document, path in own_text.DOCUMENTS.items():
        page = path.read_text()
        findings += [finding(path, line, what, "Mend it") for line, what in own_text.mistakes(page, document)]
        for requirement in own_text.requirements(page):
            if _entry_of(requirement, known.get(requirement.id)) != known.get(requirement.id):
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
