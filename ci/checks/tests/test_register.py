"""The register's files and commands, over a document made for the test."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import citations
import register_file
from project import ROOT
from register_file import Entry

DIGEST = "0" * 64
FIRST = Entry("rfc1/2.1/one", "2.1", "MUST", "The first rule.", DIGEST)
SECOND = Entry("rfc1/10/two", "10", "MAY", "The second rule.", DIGEST)


class Files(unittest.TestCase):
    def test_are_sorted_by_section_as_numbers(self):
        text = register_file.canonical("rfc1", [SECOND, FIRST])
        self.assertEqual([entry["id"] for entry in json.loads(text)["entries"]], [FIRST.id, SECOND.id])

    def test_survive_a_union_merge(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "rfc1.json"
            register_file.store(path, [FIRST])
            merged = path.read_text().replace("]}", "  " + json.dumps(SECOND.__dict__) + ",\n]}")
            path.write_text(merged)
            self.assertEqual(register_file.load(path), [FIRST, SECOND])

    def test_say_where_they_are_damaged(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "rfc1.json"
            path.write_text('{"document": "rfc1", "entries": [\n{"id": "rfc1/1/x"}\n]}\n')
            with self.assertRaisesRegex(register_file.DamagedRegister, "rfc1.json:2"):
                register_file.load(path)

    def test_of_the_project_keep_the_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads((ROOT / "vectors/schema/requirements.schema.json").read_text())
        for path in register_file.paths(ROOT / "vectors/requirements"):
            jsonschema.validate(json.loads(path.read_text()), schema)
        schema = json.loads((ROOT / "vectors/schema/sentences.schema.json").read_text())
        for path in sorted((ROOT / "vectors/requirements/sentences").glob("*.json")):
            jsonschema.validate(json.loads(path.read_text()), schema)


class Citations(unittest.TestCase):
    def found_in(self, text: str):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "window_test.cpp"
            path.write_text(text)
            return citations.citations(path)

    def test_are_comment_lines_with_nothing_else(self):
        found = self.found_in("int x;  //= rfc1/1/no\n  //= rfc1/2.1/one\n// = rfc1/1/no\n")
        self.assertEqual([(citation.line, citation.cited) for citation in found], [(2, "rfc1/2.1/one")])

    def test_that_are_malformed_are_seen_as_such(self):
        self.assertFalse(self.found_in("//= RFC 1 2.1\n")[0].well_formed())

    def test_in_a_test_count_as_tests(self):
        self.assertTrue(self.found_in("//= rfc1/2.1/one\n")[0].by_test())


class Commands(unittest.TestCase):
    def run_command(self, *arguments: str, text: str = "1.  Rules\n\n   A sender counts.  A sender waits.\n\n2.  End\n"):
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "rfc").mkdir()
            (Path(directory) / "rfc" / "rfc1.txt").write_text(text)
            return subprocess.run(
                [sys.executable, ROOT / "ci/checks/register.py", *arguments],
                env={"MPSEC_SHARED_DIR": directory}, capture_output=True, text=True, check=False,
            )  # fmt: skip

    def test_find_prints_the_sentences_with_the_words(self):
        found = self.run_command("find", "rfc1", "1", "waits")
        self.assertIn("A sender waits.", found.stdout)
        self.assertNotIn("counts", found.stdout)

    def test_add_refuses_words_that_fit_two_sentences(self):
        refused = self.run_command("add", "rfc1", "1", "x", "MUST", "A sender", "Some rule of ours.")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("2 sentences", refused.stderr)

    def test_add_refuses_the_sentence_itself_as_the_rule(self):
        refused = self.run_command("add", "rfc1", "1", "x", "MUST", "counts", "a sender  counts.")
        self.assertIn("own words", refused.stderr)

    def test_find_names_the_sections_there_are(self):
        self.assertIn("it has 1 2", self.run_command("find", "rfc1", "7").stderr)


if __name__ == "__main__":
    unittest.main()
