#!/usr/bin/python3
"""Does a comment, a page or a rule of the register repeat an RFC's text? The project says rules in its own words.

Ten words in a row that also stand in a row in a text under ../shared/rfc are taken for a copy.
"""

import re
from pathlib import Path

from project import ROOT, SHARED, files, finding, finish

RUN = 10
_WORD = re.compile(r"[a-z0-9][a-z0-9'-]*")
_COMMENT = re.compile(r"^\s*(?://+|#+|\*)|(?<=\s)//+")
_DRAWING = re.compile(r"\+-|\|.*\|")  # a figure of the RFC above its struct is welcome
_OWN_MEMBER = re.compile(r'"(?:rule|level_reason|untestable|out_of_scope|next)": "((?:[^"\\]|\\.)*)"')
_BARE_NUMBER = re.compile(r"[0-9a-f]+")


def main() -> None:
    texts = sorted((SHARED / "rfc").glob("*.txt"))
    if not texts:
        print(f"own words: SKIPPED, no texts under {SHARED}/rfc")
        return
    sources = [path for path in files(".hpp", ".cpp", ".py", ".md") if path.name != "LICENSE"]
    sources += sorted((ROOT / "vectors/requirements").glob("*.json"))
    runs = {path: _runs(path) for path in sources}
    wanted = {run for found in runs.values() for run in found}
    copied = {run: text.stem for text in texts for run in wanted & set(_runs_of_words(_words_of_rfc(text)))}
    findings = []
    for path, found in runs.items():
        line, run = next(((line, run) for run, line in found.items() if run in copied), (0, ""))
        if line:
            remedy = "Say it in your own words and cite the clause"
            findings.append(finding(path, line, f"repeats {copied[run]}: '{run}'", remedy))
    finish("own words", findings, f"{len(sources)} files against {len(texts)} texts")


def _runs(path: Path) -> dict[str, int]:
    """Each run of words in the file's prose -> the line it begins on. A line of code ends a run."""
    found: dict[str, int] = {}
    words: list[tuple[str, int]] = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines() + [""], 1):
        prose = _prose(path, line)
        if prose is not None:
            words += [(word, number) for word in _words(prose)]
            continue
        found.update(_numbered_runs(words))
        words = []
    return found | _numbered_runs(words)


def _prose(path: Path, line: str) -> str | None:
    if path.suffix == ".md":
        return line
    if path.suffix == ".json":
        return " ".join(_OWN_MEMBER.findall(line)) or None
    comment = _COMMENT.search(line)
    return line[comment.end() :] if comment and not _DRAWING.search(line) else None


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if not _BARE_NUMBER.fullmatch(word)]


def _words_of_rfc(path: Path) -> list[str]:
    return _words(path.read_text(errors="replace"))


def _numbered_runs(words: list[tuple[str, int]]) -> dict[str, int]:
    return {run: words[i][1] for i, run in enumerate(_runs_of_words([word for word, _ in words]))}


def _runs_of_words(words: list[str]) -> list[str]:
    return [" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]


if __name__ == "__main__":
    main()
