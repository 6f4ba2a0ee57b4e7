"""Looks sentences up in the texts that the register is about. What is not there is an error that says the remedy."""

import own_text
import rfc_text
from project import SHARED


class NotFound(LookupError):
    """What was looked for is not there; the message says where it was looked for and what to try."""


def text_of(document: str) -> str:
    path = rfc_text.find_text(SHARED, document)
    if path is None:
        raise NotFound(f"no text of {document} under {SHARED}: set MPSEC_SHARED_DIR to a folder with rfc/{document}.txt")
    return path.read_text(errors="replace")


def sections(document: str) -> dict[str, list[str]]:
    if document in own_text.DOCUMENTS:
        return own_text.sections(own_text.DOCUMENTS[document].read_text())
    return rfc_text.sections(text_of(document))


def matching(texts: dict[str, list[str]], document: str, section: str, words: str) -> list[str]:
    """The sentences of a section with this fingerprint, or that hold `words` as they stand, or failing that every one of them."""
    sentences = texts.get(section)
    if sentences is None:
        raise NotFound(f"{document} has no section {section}; it has {' '.join(texts)}")
    folded = " ".join(words.lower().split())
    by_fingerprint = [sentence for sentence in sentences if rfc_text.fingerprint(sentence) == folded]
    if by_fingerprint:
        return by_fingerprint[:1]
    found = [sentence for sentence in sentences if folded in " ".join(sentence.lower().split())]
    found = found or [sentence for sentence in sentences if all(word in sentence.lower() for word in folded.split())]
    if not found:
        raise NotFound(f"no sentence of {document} {section} holds '{words}'; try: register.py find {document} {section}")
    return found
