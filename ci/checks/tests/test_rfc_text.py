"""What a sentence is: the text without its page."""

import unittest

import rfc_text

TWO_PAGES = """
Table of Contents

   1.  Rules  . . . . . . . . . . . . . . . .  2

1.  Rules

   A sender MUST count, e.g. from 1.  A re-
   ceiver (see Section 2.1) keeps a high-
   order half and goes on over the end

Nobody                        Informational                     [Page 1]
\f
RFC 9999                       An Example                    January 1999

   of a page.

   o  first item
   o  second item.  Its second sentence.

2.  Next

2.1.  Deeper

   Text.

Appendix A:  More

A1.  Overview

   Appendix text.
"""


class Sections(unittest.TestCase):
    def setUp(self):
        self.sections = rfc_text.sections(TWO_PAGES)

    def test_are_found_by_number_and_letter(self):
        self.assertEqual(list(self.sections), ["1", "2", "2.1", "A", "A1"])

    def test_hold_their_own_sentences_only(self):
        self.assertEqual(self.sections["2"], [])
        self.assertEqual(self.sections["2.1"], ["Text."])

    def test_join_what_page_breaks_and_hyphens_cut(self):
        self.assertIn(
            "A re-ceiver (see Section 2.1) keeps a high-order half and goes on over the end of a page.",
            self.sections["1"],
        )

    def test_do_not_end_a_sentence_at_an_abbreviation(self):
        self.assertEqual(self.sections["1"][0], "A sender MUST count, e.g. from 1.")

    def test_take_list_items_apart(self):
        self.assertEqual(self.sections["1"][2:], ["first item", "second item.", "Its second sentence."])

    def test_are_named_by_words_where_there_are_no_numbers(self):
        text = "Source Quench Message\n\n   A gateway may discard.\n"
        self.assertEqual(rfc_text.sections(text), {"source-quench-message": ["A gateway may discard."]})


class Fingerprint(unittest.TestCase):
    def test_disregards_white_space_and_case(self):
        self.assertEqual(rfc_text.fingerprint("A  sender\nMUST"), rfc_text.fingerprint("a sender must"))

    def test_tells_sentences_apart(self):
        self.assertNotEqual(rfc_text.fingerprint("A sender MUST"), rfc_text.fingerprint("A sender MUST NOT"))


if __name__ == "__main__":
    unittest.main()
