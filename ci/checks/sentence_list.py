"""The committed lists of normative sentences: vectors/requirements/sentences/<document>.json, fingerprints without text.

A list is what the extractor found when it was last written. `left_out` names sentences that the extractor finds
though they rule nothing, each with the reason; it is written by hand and survives a new extraction.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from normative import Normative
from register_file import DamagedRegister


@dataclass(frozen=True)
class Listed:
    section: str
    kind: str
    sentence_sha256: str


@dataclass(frozen=True)
class LeftOut:
    section: str
    sentence_sha256: str
    reason: str


@dataclass(frozen=True)
class SentenceList:
    sentences: tuple[Listed, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def keys(self) -> set[tuple[str, str]]:
        """(section, fingerprint) of each sentence that needs an entry."""
        return {(listed.section, listed.sentence_sha256) for listed in self.sentences}


def directory_in(register: Path) -> Path:
    return register / "sentences"


def path_of(register: Path, document: str) -> Path:
    return directory_in(register) / f"{document}.json"


def load(path: Path) -> SentenceList:
    """The list in `path`; an empty one where there is no such file."""
    if not path.exists():
        return SentenceList()
    try:
        read = json.loads(path.read_text())
        sentences = tuple(Listed(**members) for members in read["sentences"])
        return SentenceList(sentences, tuple(LeftOut(**members) for members in read["left_out"]))
    except (ValueError, TypeError, KeyError) as error:
        remedy = f"Write it again: ci/checks/register.py extract {path.stem} --write"
        raise DamagedRegister(f"{path.name}: no list of sentences: {error!r}. {remedy}") from error


def extracted(found: list[Normative], before: SentenceList) -> SentenceList:
    """The list of what was found, without what `before` leaves out."""
    omitted = {(left.section, left.sentence_sha256) for left in before.left_out}
    sentences = [Listed(one.section, one.kind, one.fingerprint()) for one in found]
    kept = tuple(one for one in sentences if (one.section, one.sentence_sha256) not in omitted)
    return SentenceList(kept, before.left_out)


def canonical(document: str, listed: SentenceList) -> str:
    """The text of a list: sentences in the order of the document, one a line."""
    sentences, left_out = _lines(listed.sentences), _lines(listed.left_out)
    return f'{{"document": "{document}", "sentences": [{sentences}], "left_out": [{left_out}]}}\n'


def store(path: Path, listed: SentenceList) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(canonical(path.stem, listed))


def _lines(members: tuple) -> str:
    lines = [f"  {json.dumps(asdict(one), ensure_ascii=False)}" for one in members]
    return "\n" + ",\n".join(lines) + "\n" if lines else ""
