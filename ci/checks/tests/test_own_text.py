"""A page of our own: its requirements, and what the register says of them."""

import unittest
from pathlib import Path
from unittest import mock

import own_text
import register
import rfc_text
from project import ROOT

PAGE = r"""# A page

## 4. Numbers

Words before.

**P-4.1** `profile/4/one-counter` · MUST · draft 3.1\
There MUST be one
counter. It is large. *Why: reasons.*

### 4.1. Leases

**P-4.1.1** `profile/4.1/small` · SHOULD NOT · draft 3.1 + ours\
A lease SHOULD NOT be large.
"""


class Requirements(unittest.TestCase):
    def test_are_paragraphs_under_their_section(self):
        first, second = own_text.requirements(PAGE)
        self.assertEqual((first.id, first.section, first.level), ("profile/4/one-counter", "4", "MUST"))
        self.assertEqual(first.text, "There MUST be one counter. It is large.")
        self.assertEqual((second.section, second.level), ("4.1", "SHOULD NOT"))

    def test_give_their_first_sentence_to_the_register(self):
        self.assertEqual(own_text.requirements(PAGE)[0].rule(), "There MUST be one counter.")

    def test_are_found_by_section(self):
        self.assertEqual(list(own_text.sections(PAGE)), ["4", "4.1"])

    def test_have_no_mistakes_in_this_page(self):
        self.assertEqual(own_text.mistakes(PAGE, "profile"), [])


class Mistakes(unittest.TestCase):
    def mistake(self, old: str, new: str) -> str:
        self.assertIn(old, PAGE)
        found = own_text.mistakes(PAGE.replace(old, new), "profile")
        self.assertEqual(len(found), 1, found)
        return found[0][1]

    def test_a_beginning_out_of_shape(self):
        self.assertIn("begins as", self.mistake("· draft 3.1\\", "· somebody\\"))

    def test_a_foreign_section_in_the_id(self):
        self.assertIn("profile/4.1/", self.mistake("profile/4.1/small", "profile/5/small"))

    def test_a_foreign_section_in_the_number(self):
        self.assertIn("section 4.1", self.mistake("P-4.1.1", "P-4.2.1"))

    def test_an_id_that_stands_twice(self):
        again = "**P-4.2** `profile/4/one-counter` · MUST · ours\\\nIt MUST.\n\n### 4.1"
        self.assertIn("stands twice", self.mistake("### 4.1", again))

    def test_a_number_that_stands_twice(self):
        again = "**P-4.1** `profile/4/other` · MUST · ours\\\nIt MUST.\n\n### 4.1"
        self.assertIn("P-4.1 stands twice", self.mistake("### 4.1", again))

    def test_a_level_that_the_text_does_not_have(self):
        self.assertIn("does not say MUST", self.mistake("There MUST be", "There is"))


class AgainstTheRegister(unittest.TestCase):
    def findings(self, page: str) -> list[str]:
        entries = [register._entry_of(requirement) for requirement in own_text.requirements(PAGE)]
        path = mock.Mock(wraps=ROOT / "docs" / "page.md")
        path.read_text.side_effect = lambda: page
        path.relative_to.side_effect = lambda root: Path("docs/page.md")
        with mock.patch.dict(own_text.DOCUMENTS, {"profile": path}, clear=True):
            return register._findings_of_own_pages(entries) + register._findings_of_fingerprints(entries)

    def test_the_same_page_has_no_findings(self):
        self.assertEqual(self.findings(PAGE), [])

    def test_a_reason_in_the_register_stays(self):
        requirement = own_text.requirements(PAGE)[0]
        before = register._entry_of(requirement).with_reason("untestable", "It is inside.")
        self.assertEqual(register._entry_of(requirement, before), before)

    def test_a_changed_text_is_found(self):
        self.assertTrue(any("renew profile" in found for found in self.findings(PAGE.replace("be large", "be huge"))))

    def test_a_changed_reason_is_not(self):
        self.assertEqual(self.findings(PAGE.replace("reasons", "others")), [])

    def test_a_changed_level_is_found(self):
        self.assertTrue(self.findings(PAGE.replace("SHOULD NOT", "MUST NOT")))

    def test_a_requirement_that_is_not_entered_is_found(self):
        more = PAGE + "\n**P-4.1.2** `profile/4.1/more` · MAY · ours\\\nIt MAY be.\n"
        self.assertIn("profile/4.1/more is not in the register", self.findings(more)[0])

    def test_an_entry_whose_requirement_is_gone_is_found(self):
        self.assertIn("no sentence", self.findings(PAGE.partition("### 4.1")[0])[0])


class TheDraft(unittest.TestCase):
    def test_has_a_short_name(self):
        with mock.patch.object(Path, "is_file", lambda path: path.name == "draft-zhang-ipsecme-multi-path-ipsec.txt"):
            self.assertEqual(rfc_text.find_text(Path("shared"), "draft-zhang").parent.name, "rfc")


if __name__ == "__main__":
    unittest.main()
