#!/usr/bin/python3
"""mpsec-sim as a person calls it: exit codes, messages, files, and that a seed decides all of them."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop()

SCENARIO = """
title = "one path"
duration = "100ms"
[[path]]
name = "R1"
delay = "1ms"
[[flow]]
rate = 100
[expect]
lost = {lost}
"""


def call(*arguments: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120, check=False, **more)


class CommandLine(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)

    def scenario(self, text: str) -> str:
        path = self.folder / "scenario.toml"
        path.write_text(text)
        return str(path)

    def test_what_comes_true_is_0(self) -> None:
        done = call(self.scenario(SCENARIO.format(lost=0)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("SGW1 to SGW2", done.stdout)

    def test_what_does_not_is_1_and_is_named(self) -> None:
        done = call(self.scenario(SCENARIO.format(lost=3)))
        self.assertEqual(done.returncode, 1)
        self.assertIn("lost: expected = 3, found 0", done.stderr)

    def test_a_bad_scenario_is_2_and_its_place_is_named(self) -> None:
        done = call(self.scenario("duration = 7"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("scenario.toml:1:12: duration: expected a time", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_an_unknown_scenario_is_2(self) -> None:
        done = call("no_such_scenario")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--list", done.stderr)

    def test_an_unknown_option_is_2(self) -> None:
        self.assertEqual(call("two_routers", "--sed", "1").returncode, 2)
        self.assertEqual(call().returncode, 2)

    def test_the_list_has_the_scenarios(self) -> None:
        done = call("--list")
        self.assertEqual(done.returncode, 0)
        self.assertIn("two_routers ", done.stdout)

    def test_one_seed_is_one_report_and_another_is_another(self) -> None:
        runs = [call("two_routers", "--seed", seed, "--json").stdout for seed in ("5", "5", "6")]
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])
        self.assertEqual(json.loads(runs[0])["figures"]["lost"], 0)

    def test_real_ciphers_change_nothing(self) -> None:
        runs = [call("two_routers", "--json", *more).stdout for more in ((), ("--real-crypto",))]
        self.assertEqual(runs[0], runs[1])

    def test_data_are_written_and_without_gnuplot_it_says_so(self) -> None:
        out = self.folder / "out"
        done = call("two_routers", "--out", str(out), "--plots", env={"PATH": "/nowhere"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gnuplot", done.stderr)
        names = {path.name for path in out.iterdir()}
        self.assertEqual(names, {"displacement.csv", "goodput.csv", "occupancy.csv", "plots.gp", "report.json"})
        self.assertTrue((out / "goodput.csv").read_text().startswith("time_s,least,middle,most,R1,R2\n"))

    def test_a_directory_that_cannot_be_made_is_1(self) -> None:
        done = call("two_routers", "--out", str(self.folder / "no" / "where"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be made", done.stderr)


if __name__ == "__main__":
    unittest.main()
