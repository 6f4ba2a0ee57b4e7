"""Which sentences count as normative, and the committed list of them."""

import json
import tempfile
import unittest
from pathlib import Path

import normative
import rfc_text
import sentence_list
from register_file import DamagedRegister
from sentence_list import LeftOut, SentenceList

TEXT = """
1.  Introduction

   The key words "MUST" and "MAY" in this document are to be interpreted as
   described in RFC 2119.  A sender must guess.

2.  Rules

   A sender MUST
   NOT wait.  It counts.  Overflow is an auditable event.  The audit log
   is long.  It comes too late.  The audit log entry for this event is
   short.  A sender MUST NOT wait.  A MUSTANG is OPTIONALLY red.

3.  References

3.1.  Normative References

   [X] A document that one MUST read.
"""


class NormativeSentences(unittest.TestCase):
    def found(self, document: str = "rfc1"):
        return [(one.section, one.kind, one.sentence) for one in normative.normative_sentences(document, TEXT)]

    def test_have_a_keyword_or_name_an_auditable_event(self):
        self.assertEqual(
            self.found(),
            [
                ("2", "keyword", "A sender MUST NOT wait."),
                ("2", "auditable event", "Overflow is an auditable event."),
                ("2", "auditable event", "It comes too late."),
            ],
        )

    def test_of_a_declaring_draft_are_all_of_its_sections(self):
        text = "3.  Scheme\n\n   It is good.\n\n3.1.  Setup\n\n   An end counts.  It sends.\n\n4.  More\n\n   It MUST shine.\n"
        found = normative.normative_sentences("draft-zhang", text)
        self.assertEqual([one.sentence for one in found], ["An end counts.", "It sends."])
        self.assertEqual({one.kind for one in found}, {"declaration"})

    def test_are_known_by_titles_of_sections(self):
        self.assertEqual(rfc_text.titles(TEXT)["3.1"], "Normative References")


class Lists(unittest.TestCase):
    def setUp(self):
        self.found = normative.normative_sentences("rfc1", TEXT)
        self.left = LeftOut("2", self.found[1].fingerprint(), "It rules nothing.")

    def test_hold_no_text_and_lack_what_is_left_out(self):
        listed = sentence_list.extracted(self.found, SentenceList(left_out=(self.left,)))
        text = sentence_list.canonical("rfc1", listed)
        stored = [one["sentence_sha256"] for one in json.loads(text)["sentences"]]
        self.assertEqual(stored, [self.found[0].fingerprint(), self.found[2].fingerprint()])
        self.assertNotIn("wait", text)

    def test_are_read_as_they_were_written(self):
        listed = sentence_list.extracted(self.found, SentenceList(left_out=(self.left,)))
        with tempfile.TemporaryDirectory() as directory:
            path = sentence_list.path_of(Path(directory), "rfc1")
            sentence_list.store(path, listed)
            self.assertEqual(sentence_list.load(path), listed)

    def test_that_are_damaged_name_the_remedy(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "rfc1.json"
            path.write_text('{"sentences": [{"section": "1"}], "left_out": []}')
            with self.assertRaisesRegex(DamagedRegister, "rfc1.json.*extract rfc1 --write"):
                sentence_list.load(path)


if __name__ == "__main__":
    unittest.main()
