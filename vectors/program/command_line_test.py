#!/usr/bin/python3
"""mpsec-vectors as it is called: exit codes, counts, what it says of a bad file."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop(1)

GOOD = {
    "id": "a/1",
    "origin": {"document": "RFC 2202", "section": "2, case 1"},
    "kind": "mac",
    "algorithm": "HMAC-MD5",
    "key": "0b" * 16,
    "message": "4869205468657265",
    "tag": "9294727a3638bb1c13f48ef8158bfc9d",
    "expect": "pass",
}


def file_of(*vectors: dict) -> str:
    return json.dumps({"format": "mpsec-vectors-1", "vectors": vectors})


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "f.json"

    def tearDown(self):
        self.folder.cleanup()

    def call(self, *arguments: str, text: str | None = None, **environment: str):
        if text is not None:
            self.path.write_text(text)
            arguments += (str(self.path),)
        return subprocess.run(
            [PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, **environment}, check=False
        )

    def test_all_pass(self):
        result = self.call("run", "--provider", "openssl", text=file_of(GOOD))
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(result.stdout.splitlines()[-1], "1 passed, 0 failed, 0 not run")

    def test_a_failure_names_id_origin_expected_got_and_provider(self):
        result = self.call("run", "--provider", "openssl", text=file_of({**GOOD, "tag": "9294727a3638bb1c13f48ef8158bfc9e"}))
        self.assertEqual(result.returncode, 1)
        for part in ("FAILED a/1 [openssl]", "RFC 2202 2, case 1", "expected 9294727a3638bb1c13f48ef8158bfc9e",
                     "got 9294727a3638bb1c13f48ef8158bfc9d"):  # fmt: skip
            self.assertIn(part, result.stdout)
        self.assertEqual(result.stdout.splitlines()[-1], "0 passed, 1 failed, 0 not run")

    def test_a_misspelt_member_is_refused_with_its_place(self):
        bad = {**GOOD, "expekt": GOOD["expect"]}
        for command in ("run", "check", "list"):
            result = self.call(command, text=file_of(bad))
            self.assertEqual(result.returncode, 4, command)
            self.assertIn("#/vectors/0/expekt: no such member; allowed: id, origin, expect", result.stdout + result.stderr)

    def test_nothing_matched(self):
        self.assertEqual(self.call("run", "--filter", "b/*", text=file_of(GOOD)).returncode, 3)
        self.assertEqual(self.call("list", "--filter", "b/*", text=file_of(GOOD)).returncode, 3)
        self.assertEqual(self.call("run", self.folder.name).returncode, 0)
        self.path.unlink()
        self.assertEqual(self.call("run", self.folder.name).returncode, 3)

    def test_usage(self):
        self.assertEqual(self.call().returncode, 2)
        self.assertEqual(self.call("walk").returncode, 2)
        self.assertEqual(self.call("run", "--provider", "none", text=file_of(GOOD)).returncode, 2)
        self.assertEqual(self.call("--help").returncode, 0)

    def test_a_file_that_is_not_there(self):
        result = self.call("run", "no-such-file.json")
        self.assertEqual(result.returncode, 4)
        self.assertIn("no-such-file.json: no such file or folder", result.stdout)

    def test_json(self):
        result = self.call("run", "--provider", "openssl", "--json", text=file_of(GOOD))
        report = json.loads(result.stdout)
        self.assertEqual((report["passed"], report["failed"], report["not_run"]), (1, 0, 0))
        self.assertEqual(report["files"][0]["kind"], "mac")
        listed = json.loads(self.call("list", "--json", text=file_of(GOOD)).stdout)
        self.assertEqual(listed[0]["origin"], GOOD["origin"])

    def test_absent_defaults_are_said(self):
        result = self.call("run", MPSEC_CAVP_DIR="/nowhere", MPSEC_SHARED_DIR="/nowhere")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("SKIPPED NIST CAVP: /nowhere is not there", result.stdout)
        self.assertIn("SKIPPED collections of others", result.stdout)


if __name__ == "__main__":
    unittest.main()
