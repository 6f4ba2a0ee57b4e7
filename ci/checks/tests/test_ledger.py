"""The ledger's findings and the tables that fill it, over a project made for the test."""

import contextlib
import io
import tempfile
import unittest
from argparse import Namespace
from pathlib import Path
from unittest import mock

import citations
import ledger
import normative
import project
import register
import register_file
import register_tables
import register_texts
import rfc_text
import sentence_list
from register_file import Entry

TEXT = "1.  Rules\n\n   A sender MUST count.  It MAY wait.  A sender MUST stop.\n\n2.  End\n\n   Nothing more.\n"
COUNT = rfc_text.fingerprint("A sender MUST count.")


class Project(unittest.TestCase):
    """A root with the text of rfc4303 and an empty register."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        self.register = self.root / "requirements"
        for folder in ("rfc", "requirements", "cases"):
            (self.root / folder).mkdir()
        (self.root / "rfc/rfc4303.txt").write_text(TEXT)
        changed = {
            project: {"ROOT": self.root}, register: {"ROOT": self.root, "DIRECTORY": self.register},
            register_texts: {"SHARED": self.root}, ledger: {"SHARED": self.root}, citations: {"CASES": self.root / "cases"},
        }  # fmt: skip
        for module, names in changed.items():
            patch = mock.patch.multiple(module, **names)
            patch.start()
            self.addCleanup(patch.stop)

    def table(self, *lines: str) -> Path:
        path = self.root / "table.tsv"
        path.write_text("# a comment\n" + "\n".join(line.replace("|", "\t") for line in lines) + "\n")
        return path

    def run_quietly(self, command, **options) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            command(Namespace(**options))
        return printed.getvalue()

    def add(self, *lines: str) -> list[Entry]:
        self.run_quietly(register.add_many, table=self.table(*lines))
        return register_file.load(self.register / "rfc4303.json")

    def case(self, cited: str) -> list[citations.Citation]:
        path = self.root / "cases" / "rfc4303_1.cpp"
        path.write_text(f"//= {cited}\n")
        return citations.citations(path)


class Tables(Project):
    def test_enter_many_rules(self):
        entries = self.add(
            "rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter.",
            "rfc4303 | 1 | waits | MAY | may wait | Waiting is allowed. | untestable | Nobody sees it.",
        )
        self.assertEqual([(entry.id, entry.untestable) for entry in entries][1], ("rfc4303/1/waits", "Nobody sees it."))
        self.assertEqual(entries[0].sentence_sha256, COUNT)

    def test_take_a_fingerprint_for_words(self):
        self.assertEqual(self.add(f"rfc4303 | 1 | counts | MUST | {COUNT} | The sender keeps a counter.")[0].level, "MUST")

    def test_write_nothing_if_a_line_is_wrong(self):
        with self.assertRaises(register_tables.WrongTable) as wrong:
            self.add(
                "rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter.",
                "rfc4303 | 1 | stops | MUST | a sender must | The sender ends.",
                "rfc4303 | 7 | stops | MUST | a sender must | The sender ends.",
                "rfc4303 | 1 | waits | SHOULD | may wait | The sender pauses.",
                "rfc4303 | 1 | waits | MAY | may wait | The sender pauses. | later | One day.",
                "rfc4303 | 1 | waits",
                "profile | 1 | x | MUST | x | The sender pauses.",
            )
        said = str(wrong.exception).splitlines()
        for line, words in zip(said, (":3: 2 sentences", ":4: rfc4303 has no section 7", ":5: the sentence does not hold the word SHOULD",
                                      ":6: kind 'later'", ":7: 3 columns", ":8: the rules of profile"), strict=False):  # fmt: skip
            self.assertIn(words, line)
        self.assertEqual(said[-1], "6 wrong lines: nothing is written")
        self.assertFalse((self.register / "rfc4303.json").exists())

    def test_refuse_an_id_twice(self):
        line = "rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter."
        with self.assertRaisesRegex(register_tables.WrongTable, ":3: rfc4303/1/counts stands twice"):
            self.add(line, line)

    def test_take_a_level_of_ours_with_its_reason(self):
        line = "rfc4303 | 1 | waits | SHOULD | may wait | The sender pauses. | | | Without it the peer is flooded."
        self.assertEqual(self.add(line)[0].level_reason, "Without it the peer is flooded.")

    def test_classify_and_declassify(self):
        self.add("rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter. | next | Comes later.")
        self.run_quietly(register.classify, table=self.table("rfc4303/1/counts | untestable | It is inside."))
        entry = register_file.load(self.register / "rfc4303.json")[0]
        self.assertEqual((entry.reasons(), entry.untestable), (["untestable"], "It is inside."))
        self.run_quietly(register.classify, table=self.table("rfc4303/1/counts | -"))
        self.assertEqual(register_file.load(self.register / "rfc4303.json")[0].reasons(), [])

    def test_classify_only_what_is_there(self):
        with self.assertRaisesRegex(register_tables.WrongTable, ":2: rfc4303/1/x is not in the register"):
            self.run_quietly(register.classify, table=self.table("rfc4303/1/x | next | Later."))


class Lists(Project):
    def setUp(self):
        super().setUp()
        self.run_quietly(register.extract, document="rfc4303", missing=False, write=True)
        self.path = sentence_list.path_of(self.register, "rfc4303")

    def test_want_an_entry_for_each_sentence(self):
        entries = self.add("rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter.")
        found = ledger.findings_of_lists(self.register, entries)
        self.assertEqual(len(found), 2)
        self.assertTrue(all("has no entry. See ci/checks/register.py extract rfc4303 --missing" in one for one in found))
        printed = self.run_quietly(register.extract, document="rfc4303", missing=True, write=False)
        self.assertIn("It MAY wait.", printed)
        self.assertNotIn("MUST count", printed)

    def test_may_not_forget_a_sentence(self):
        lines = [line for line in self.path.read_text().splitlines(keepends=True) if COUNT not in line]
        self.path.write_text("".join(lines))
        self.assertIn("not what the extractor finds", "".join(ledger.findings_of_lists(self.register, [])))

    def test_are_wanted_of_each_document_that_is_not_our_own(self):
        found = ledger.findings_without_list(self.register)
        self.assertEqual([one.split(":")[0] for one in found], ["requirements/rfc7296.json", "requirements/draft-zhang.json"])

    def test_leave_out_only_what_is_found(self):
        left = sentence_list.LeftOut("2", COUNT, "It rules nothing.")
        found = normative.normative_sentences("rfc4303", TEXT)
        sentence_list.store(self.path, sentence_list.extracted(found, sentence_list.SentenceList(left_out=(left,))))
        self.assertIn("no such sentence is found to leave out", ledger.findings_of_lists(self.register, [])[0])


class Reasons(Project):
    def test_and_a_case_exclude_each_other(self):
        entries = self.add("rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter. | next | Comes later.")
        self.assertIn("rfc4303_1.cpp:1: ", ledger.findings_of_reasons(entries, self.case("rfc4303/1/counts"))[0])
        self.assertEqual(ledger.findings_of_reasons(entries, self.case("rfc4303/1/waits")), [])

    def test_or_a_case_are_wanted(self):
        entries = self.add(
            "rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter.",
            "rfc4303 | 1 | stops | MUST | MUST stop | The sender ends.",
            "rfc4303 | 1 | waits | MAY | may wait | The sender pauses. | untestable | Nobody sees it.",
        )
        found = ledger.findings_without_case(self.register, entries, self.case("rfc4303/1/counts"))
        self.assertEqual(len(found), 1)
        self.assertIn("rfc4303.json:3: rfc4303/1/stops has neither case nor reason", found[0])

    def test_are_counted_by_level(self):
        entries = self.add(
            "rfc4303 | 1 | counts | MUST | MUST count | The sender keeps a counter.",
            "rfc4303 | 1 | stops | MUST | MUST stop | The sender ends.",
            "rfc4303 | 1 | waits | MAY | may wait | The sender pauses. | untestable | Nobody sees it.",
        )
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            ledger.show(entries, self.case("rfc4303/1/counts"))
        rows = [line.split() for line in printed.getvalue().splitlines()]
        self.assertIn(["rfc4303", "MAY", "1", "0", "1", "0", "0", "0"], rows)
        self.assertIn(["rfc4303", "MUST", "2", "1", "0", "0", "0", "1"], rows)
        self.assertEqual(rows[-1], ["all", "3", "1", "1", "0", "0", "1"])

    def test_of_two_kinds_are_a_finding(self):
        both = Entry("rfc4303/1/x", "1", "MUST", "A rule.", COUNT, untestable="Inside.", next="Later.")
        self.assertEqual(register._wrong_members("rfc4303", both), ["several reasons: untestable, next"])

    def test_for_the_level_are_wanted_where_the_text_has_none(self):
        bare = Entry("draft-zhang/3.1/x", "3.1", "MUST", "A rule.", COUNT)
        self.assertIn("no level_reason", register._wrong_members("draft-zhang", bare)[0])


if __name__ == "__main__":
    unittest.main()
