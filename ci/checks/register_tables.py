"""Enters and classifies many rules at once from tables: one a line, columns parted by tabs, '#' begins a comment line.

  add-many:  document, section, slug, level, words of the sentence or its fingerprint, rule [, kind, reason [, level_reason]]
  classify:  ID, kind of reason or '-' for none, reason

All lines are good, or nothing is written.
"""

from collections.abc import Callable
from pathlib import Path

import own_text
import register_texts
import rfc_text
from register_file import ID, LEVELS, REASONS, Entry

_ADD_COLUMNS = ("document", "section", "slug", "level", "words", "rule", "kind", "reason", "level_reason")
_ADD_NEEDED = 6
_CLASSIFY_COLUMNS = ("id", "kind", "reason")
_CLASSIFY_NEEDED = 2


class WrongTable(ValueError):
    """Lines that cannot be taken; one message a line: file:line, what is wrong, the remedy."""


class _WrongLine(Exception):
    def __init__(self, what: str, remedy: str):
        super().__init__(f"{what}. {remedy}")


def entries_to_add(table: Path) -> list[Entry]:
    texts: dict[str, dict[str, list[str]]] = {}
    seen: set[str] = set()

    def entry_of(row: dict[str, str]) -> Entry:
        entry = _entry(row, texts)
        if entry.id in seen:
            raise _WrongLine(f"{entry.id} stands twice in the table", "Give each rule a slug of its own")
        seen.add(entry.id)
        return entry

    return _each_row(table, _ADD_COLUMNS, _ADD_NEEDED, entry_of)


def classified(table: Path, known: dict[str, Entry]) -> list[Entry]:
    """The entries that the table names, with the reasons that it gives them."""

    def entry_of(row: dict[str, str]) -> Entry:
        if row["id"] not in known:
            raise _WrongLine(f"{row['id']} is not in the register", "Enter it first: ci/checks/register.py add")
        return known[row["id"]].with_reason(*_reason(row))

    return _each_row(table, _CLASSIFY_COLUMNS, _CLASSIFY_NEEDED, entry_of)


def _each_row(table: Path, columns: tuple[str, ...], needed: int, entry_of: Callable[[dict[str, str]], Entry]) -> list[Entry]:
    found, wrong = [], []
    for number, line in enumerate(table.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        try:
            if not needed <= len(cells) <= len(columns):
                remedy = f"Write {', '.join(columns[:needed])} [, {', '.join(columns[needed:])}], parted by tabs"
                raise _WrongLine(f"{len(cells)} columns", remedy)
            found.append(entry_of(dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))))
        except _WrongLine as error:
            wrong.append(f"{table}:{number}: {error}")
    if wrong:
        raise WrongTable("\n".join([*wrong, f"{len(wrong)} wrong lines: nothing is written"]))
    return found


def _entry(row: dict[str, str], texts: dict[str, dict[str, list[str]]]) -> Entry:
    document, level = row["document"], row["level"]
    entry_id = f"{document}/{row['section']}/{row['slug']}"
    if document in own_text.DOCUMENTS:
        raise _WrongLine(f"the rules of {document} come from its page", f"Run ci/checks/register.py renew {document}")
    if not ID.fullmatch(entry_id):
        raise _WrongLine(f"'{entry_id}' is no document/section/slug", "Write the slug in lower case with '-' between words")
    if level not in LEVELS:
        raise _WrongLine(f"level '{level}'", f"Allowed are {', '.join(LEVELS)}")
    sentence = _sentence(row, texts)
    if not row["rule"] or rfc_text.fingerprint(row["rule"]) == rfc_text.fingerprint(sentence):
        raise _WrongLine("the rule is empty or the sentence itself", "Say it in your own words")
    if level != "statement" and level not in sentence and not row["level_reason"]:
        remedy = "Take the sentence's own level, 'statement', or give the reason in the column level_reason"
        raise _WrongLine(f"the sentence does not hold the word {level}", remedy)
    entry = Entry(entry_id, row["section"], level, row["rule"], rfc_text.fingerprint(sentence), row["level_reason"] or None)
    return entry.with_reason(*_reason(row))


def _sentence(row: dict[str, str], texts: dict[str, dict[str, list[str]]]) -> str:
    document, section = row["document"], row["section"]
    try:
        if document not in texts:
            texts[document] = register_texts.sections(document)
        found = register_texts.matching(texts[document], document, section, row["words"])
    except register_texts.NotFound as error:
        raise _WrongLine(str(error), "Mend document, section or words") from error
    if len(found) > 1 and len({rfc_text.fingerprint(sentence) for sentence in found}) > 1:
        remedy = f"Take more words, or the fingerprint: ci/checks/register.py find {document} {section}"
        raise _WrongLine(f"{len(found)} sentences of {document} {section} hold '{row['words']}'", remedy)
    return found[0]


def _reason(row: dict[str, str]) -> tuple[str | None, str | None]:
    kind, reason = row["kind"], row["reason"]
    if kind in ("", "-") and not reason:
        return None, None
    if kind not in REASONS or not reason:
        raise _WrongLine(f"kind '{kind}' with reason '{reason}'", f"Write one of {', '.join(REASONS)} and the reason, or neither")
    return kind, reason
