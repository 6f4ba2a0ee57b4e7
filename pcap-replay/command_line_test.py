#!/usr/bin/python3
"""mpsec-replay as it is called: exit codes, reports against their schema, damaged input, pipes."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop(1)
VECTORS = Path(__file__).resolve().parent.parent / "vectors"
CAPTURE = VECTORS / "exchanges/esp_two_gateways.pcap"
KEYS = VECTORS / "exchanges/esp_two_gateways.esp_sa"
CLUSTER = VECTORS / "exchanges/esp_cluster.pcap"
CLUSTER_KEYS = VECTORS / "exchanges/esp_cluster.esp_sa"
SHARED = Path(os.environ.get("MPSEC_SHARED_DIR", VECTORS.parent.parent / "shared"))

try:
    import jsonschema
except ImportError:
    jsonschema = None


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def call(self, *arguments: str | Path, **options):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, check=False, **options)

    def report(self, *arguments: str | Path, exit_code: int = 0, **options) -> dict:
        result = self.call("--json", *arguments, **options)
        self.assertEqual(result.returncode, exit_code, result.stderr)
        report = json.loads(result.stdout)
        if jsonschema:
            schema = json.loads((VECTORS / "schema/replay_report.schema.json").read_text())
            jsonschema.Draft202012Validator(schema).validate(report)
        return report

    def test_report(self):
        report = self.report(CAPTURE, "--keys", KEYS)
        self.assertEqual([stream["accepted"] for stream in report["streams"]], [10, 8])
        if jsonschema is None:
            self.skipTest("python3-jsonschema is not installed: the schema was not looked at")

    def test_pipe(self):
        with CAPTURE.open("rb") as capture:
            piped = self.report("-", "--keys", KEYS, stdin=capture)
        self.assertEqual(piped["streams"], self.report(CAPTURE, "--keys", KEYS)["streams"])

    def test_strict(self):
        self.assertEqual(self.call("--strict", CAPTURE, "--keys", KEYS).returncode, 3)

    def test_damaged_capture(self):
        cut = self.path / "cut.pcap"
        cut.write_bytes(CAPTURE.read_bytes()[:-5])
        clear = self.path / "clear.pcapng"
        report = self.report(cut, "--keys", KEYS, "--write", clear, exit_code=1)
        self.assertEqual(report["capture"]["frames"], 20)
        self.assertFalse(report["capture"]["complete"])
        written = self.report(clear)
        self.assertTrue(written["capture"]["complete"])
        self.assertEqual(written["capture"]["frames"], report["counts"]["clear"])

    def test_refusals(self):
        keys = self.path / "keys"
        keys.write_text("0x1000@192.0.2.1 aes128-cbc-hmac96:0x12\n")
        for arguments, said in (
            ((CAPTURE, "--keys", keys), "keys:1:36: expected a key of at least 16 octets, found 1"),
            ((CAPTURE, "--keys", self.path / "none"), "none: cannot open: No such file or directory"),
            ((self.path / "none",), "none: cannot open: No such file or directory"),
            ((KEYS,), "esp_two_gateways.esp_sa @ 0x0: expected a pcap or pcapng file"),
            ((CAPTURE, "--replay-window", "31"), "0, or 32 to 1048576"),
            ((CAPTURE, "--wrong"), "--wrong"),
        ):
            result = self.call(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(result.stdout, b"")
            self.assertIn(said, result.stderr.decode())

    def test_cluster(self):
        for keys in ((), ("--keys", CLUSTER_KEYS)):
            cluster, *others = self.report(CLUSTER, *keys)["clusters"]
            self.assertEqual(cluster["verdict"], "cluster")
            self.assertEqual([member["spi"] for member in cluster["members"]], ["0x00001001", "0x00001002", "0x00001003"])
            self.assertEqual(others, [])
            books = cluster["shared"]
            self.assertEqual((books["redundant"], books["replays"], books["too_old"]), (2, 1, 1))
            self.assertEqual((books["sequence"]["highest"], books["window_needed"]), (150, 89))
            self.assertEqual(sorted(repeat["number"] for repeat in books["repeats"]), [30, 90, 100])
            self.assertEqual(books["sequence"]["missing"], 2)
            self.assertEqual(books["same_content"], 2 if keys else 0)
            self.assertIn("late joiner", [one["kind"] for one in cluster["evidence"]])

    def test_cluster_in_a_pipe(self):
        with CLUSTER.open("rb") as capture:
            cluster = self.report("-", stdin=capture)["clusters"][0]
        self.assertEqual((cluster["verdict"], cluster["shared"]), ("cluster", None))
        with CLUSTER.open("rb") as capture:
            named = self.report("-", "--cluster", "0x1001,0x1002,0x1003", stdin=capture)["clusters"][0]
        self.assertEqual(named["shared"], self.report(CLUSTER)["clusters"][0]["shared"])

    def test_cluster_options(self):
        self.assertEqual(self.report(CLUSTER, "--no-clusters")["clusters"], [])
        self.assertEqual([one["verdict"] for one in self.report(CAPTURE)["clusters"]], [])
        printed = self.call("--print", CLUSTER).stdout.decode()
        self.assertEqual(printed.count("cluster: redundant"), 2)
        refused = self.call(CLUSTER, "--cluster", "0x1001")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("expected two or more SPIs as in 0x1001,0x1002, found 0x1001", refused.stderr.decode())

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([PROGRAM, CAPTURE], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"report: No space left on device", result.stderr)

    def test_ike(self):
        folder = SHARED / "data/wireshark"
        table = folder / "ikev2_decryption_table"
        if not table.exists():
            self.skipTest(f"{table} is not there")
        for capture in sorted(folder.glob("ikev2*.pcap*")):
            ike = self.report(capture, "--keys", table)["ike"]
            self.assertEqual(set(ike["verdicts"]) - {"clear", "opened", "opened_unchecked"}, set(), capture.name)
            self.assertGreater(ike["messages_seen"], ike["verdicts"]["clear"])
            printed = self.call("--print", capture, "--keys", table).stdout.decode()
            self.assertIn("SK{IDi ", printed)
            self.assertIn("missing      SK_d is in no key file", printed)
            self.assertEqual(self.call("--strict", capture, "--keys", table).returncode, 0)
        old = self.report(folder / "ikev1-certs.pcap", "--keys", table)
        self.assertEqual(sum(old["ike"]["v1_exchanges"].values()), old["counts"]["ike_v1"])

    def test_captures_of_others(self):
        captures = sorted(path for path in (SHARED / "data").glob("*/*.pcap*"))
        if not captures:
            self.skipTest(f"no captures in {SHARED}/data")
        for capture in captures:
            report = self.report(capture, "--keys", SHARED / "data/tcpdump/esp-secrets.txt")
            counts = report["counts"]
            print(capture.name, {name: count for name, count in counts.items() if count})
            self.assertGreater(report["capture"]["frames"], 0)


if __name__ == "__main__":
    unittest.main()
