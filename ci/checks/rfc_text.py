"""Reads an RFC's plain text as sections of sentences, and gives each sentence a fingerprint.

A sentence is taken apart from its page: page breaks, headers and footers are dropped, a word that is
hyphenated at a line's end is joined, white space is folded, list marks are cut off. The fingerprint is the
SHA-256 of the lower-cased result, so that two printings of the same text agree.
"""

import hashlib
import re
from pathlib import Path

_NUMBERED_HEADING = re.compile(
    r"""^[ ]{0,2}(?:
        (?P<number>[1-9]\d?(?:\.\d{1,2})*)(?:\.[ ]+(?=[\w"'(])|[ ]+(?=["'(A-Z][\w'"]))  # "3.4.3.  Title", "2 Title"
      | (?P<appendix>[A-Z](?:\.?\d{1,2})(?:\.\d{1,2})*)[.:]?[ ]+(?=\S)  # "A2.1.  Title", "B.1  Title"
      | Appendix[ ]+(?P<letter>[A-Z])\b  # "Appendix A:  Title"
      | (?P<bare>[A-Z])\.[ ]{2,}(?=[A-Z])  # "F.  Title"
    )""",
    re.VERBOSE,
)
_MARKED_HEADING = re.compile(r"^#+ (?P<words>.+)")
_CONTENTS_LINE = re.compile(r"(?:\. ?){4,}\s*\d+\s*$")
_FOOTER = re.compile(r"\[page [0-9ivx]+\]\s*$", re.IGNORECASE)
_LIST_MARK = re.compile(r"^\s*(?:[o*+-]|\(?[0-9ivx]{1,4}[.)]|\(?[a-z]\))\s+(?=\S)")
_DRAWING = re.compile(r"^\s*(?:[|+]|\d( \d){4,}|\d(  +\d){2,})")
_SENTENCE_END = re.compile(r"[.?!][\"')\]]*\s+(?=[A-Z0-9\"'(\[])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|cf|vs|resp|Sec|Sect|Fig|No|Dr|al|approx)|\b[A-Z])\.$")
_DOCUMENT_DIRECTORIES = ("rfc", "spec")
_SHORT_NAMES = {"draft-zhang": "draft-zhang-ipsecme-multi-path-ipsec"}


def find_text(shared: Path, document: str) -> Path | None:
    """The file that holds `document` ("rfc4303", or the short name of a draft) under `shared`, or None."""
    stem = _SHORT_NAMES.get(document, document)
    for directory in _DOCUMENT_DIRECTORIES:
        for name in (f"{stem}.txt", f"{stem}.stripped.txt"):
            if (shared / directory / name).is_file():
                return shared / directory / name
    return None


def fingerprint(sentence: str) -> str:
    """SHA-256, in hexadecimal, of the sentence with white space folded and in lower case."""
    return hashlib.sha256(" ".join(sentence.split()).lower().encode()).hexdigest()


def sections(text: str) -> dict[str, list[str]]:
    """Section number ("3.4.3", "A2.1", "B") -> its own sentences, those of its subsections left out.

    A document without numbered headings has its headings' words instead ("destination-unreachable-message").
    """
    lines = _without_pages(text)
    if any(_MARKED_HEADING.match(line) for line in lines):
        found = _split(lines, _marked_heading)
    else:
        found = _split(lines, _numbered_heading) or _split(lines, _worded_heading)
    return {name: _sentences(body) for name, body in found.items()}


def titles(text: str) -> dict[str, str]:
    """Section number -> the words of its heading, as far as they stand on the heading's first line."""
    found = {}
    for line in _without_pages(text):
        if name := _numbered_heading(line, ""):
            found[name] = _NUMBERED_HEADING.sub("", line).strip(" .:")
    return found


def _without_pages(text: str) -> list[str]:
    """The lines of all pages in one run. A paragraph that a page break cuts is made whole again."""
    lines: list[str] = []
    for page in text.replace("\r", "").split("\f"):
        body = _without_footer(_without_header(page.split("\n")) if lines else page.split("\n"))
        while body and not body[0].strip():
            body.pop(0)
        if lines and lines[-1].rstrip().endswith((".", ":", "?", "!", ";")):
            lines.append("")
        lines.extend(body)
    return lines


def _without_header(page: list[str]) -> list[str]:
    """Drops the first block of the page, which is the running header."""
    start = 0
    while start < len(page) and not page[start].strip():
        start += 1
    while start < len(page) and page[start].strip():
        start += 1
    return page[start:]


def _without_footer(page: list[str]) -> list[str]:
    body = [line for line in page if not _FOOTER.search(line)]
    while body and not body[-1].strip():
        body.pop()
    return body


def _numbered_heading(line: str, _line_before: str) -> str | None:
    match = None if _CONTENTS_LINE.search(line) or _DRAWING.match(line) else _NUMBERED_HEADING.match(line)
    return match and next(filter(None, match.groups()))


def _marked_heading(line: str, _line_before: str) -> str | None:
    match = _MARKED_HEADING.match(line)
    return match and _slug(match["words"])


def _worded_heading(line: str, line_before: str) -> str | None:
    if not line[:1].isupper() or line_before.strip() or len(line) > 60 or line.rstrip().endswith("."):
        return None
    return _slug(line)


def _slug(words: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", words.lower()))


def _split(lines: list[str], heading_of) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    body: list[str] = []
    before = ""
    for line in lines:
        name = heading_of(line, before)
        before = line
        if name is None:
            body.append(line)
        else:
            body = found.setdefault(name, [])  # a contents list that names it first does no harm
    return found


def _sentences(lines: list[str]) -> list[str]:
    found: list[str] = []
    for paragraph in _paragraphs(lines):
        found.extend(sentences_of_paragraph(paragraph))
    return found


def _paragraphs(lines: list[str]) -> list[str]:
    """Paragraphs in one line each. A list item and each line of a drawing or table counts as one."""
    found = [""]
    for line in lines:
        if not line.strip() or _DRAWING.match(line) or _LIST_MARK.match(line):
            found.append("")
        found[-1] = _joined(found[-1], _LIST_MARK.sub("", line).strip())
        if _DRAWING.match(line):
            found.append("")
    return [paragraph for paragraph in found if paragraph]


def _joined(text: str, line: str) -> str:
    if re.search(r"\w-$", text) and line[:1].islower():
        return text + line  # "high-" + "order": the hyphen belongs to the word
    return " ".join(f"{text} {line}".split())


def sentences_of_paragraph(paragraph: str) -> list[str]:
    """The sentences of a paragraph that stands on one line."""
    found, start = [], 0
    for match in _SENTENCE_END.finditer(paragraph):
        if _ABBREVIATION.search(paragraph[start : match.start() + 1]):
            continue
        found.append(paragraph[start : match.end()].strip())
        start = match.end()
    if paragraph[start:].strip():
        found.append(paragraph[start:].strip())
    return found
