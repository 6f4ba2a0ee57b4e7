"""The register of normative clauses as files: vectors/requirements/<document>.json, one entry a line.

One entry a line keeps the files fit for `merge=union` (.gitattributes): two branches that add entries never
conflict, and register.py format puts the result in canonical form again.
"""

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

LEVELS = (
    "MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED", "NOT RECOMMENDED",
    "MAY", "OPTIONAL", "statement",
)  # fmt: skip
ID = re.compile(r"(?P<document>[a-z0-9][a-z0-9-]*)/(?P<section>[A-Za-z0-9.-]+)/(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)")


REASONS = ("untestable", "out_of_scope", "next")  # why no conformance case tries an entry; at most one of them


@dataclass(frozen=True)
class Entry:
    id: str
    section: str
    level: str
    rule: str
    sentence_sha256: str
    level_reason: str | None = None  # where the level is ours and not the text's
    untestable: str | None = None
    out_of_scope: str | None = None
    next: str | None = None

    def document(self) -> str:
        return self.id.split("/", 1)[0]

    def reasons(self) -> list[str]:
        """The kinds of reason that are given."""
        return [kind for kind in REASONS if getattr(self, kind) is not None]

    def with_reason(self, kind: str | None, reason: str | None) -> "Entry":
        """The entry with this reason and no other; with none where `kind` is None."""
        return replace(self, **{**dict.fromkeys(REASONS), **({kind: reason} if kind else {})})


class DamagedRegister(ValueError):
    """A register file that cannot be read; says file:line, what is wrong and what is expected."""


def paths(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.json"))


def path_of(directory: Path, document: str) -> Path:
    return directory / f"{document}.json"


def load(path: Path) -> list[Entry]:
    """The entries of one file, in its order. Takes the commas that a union merge leaves or loses."""
    entries = []
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        if line.lstrip().startswith('{"id"'):
            try:
                entries.append(Entry(**json.loads(line.strip().rstrip(","))))
            except (ValueError, TypeError) as error:
                raise DamagedRegister(f"{path.name}:{number}: {error}. Expected the members of an entry") from error
    return entries


def canonical(document: str, entries: list[Entry]) -> str:
    """The text of a register file: entries sorted by section, then by ID, the same entry once."""
    lines = [f"  {json.dumps(_members(entry), ensure_ascii=False)}" for entry in sorted(set(entries), key=_order)]
    return f'{{"document": "{document}", "entries": [\n' + ",\n".join(lines) + "\n]}\n"


def store(path: Path, entries: list[Entry]) -> None:
    path.write_text(canonical(path.stem, entries))


def _members(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in asdict(entry).items() if value is not None}


def _order(entry: Entry) -> tuple:
    parts = re.findall(r"\d+|[A-Za-z-]+", entry.section)
    return [(part.isalpha(), int(part) if part.isdigit() else 0, part) for part in parts], entry.id, entry.sentence_sha256
