"""What layering.py finds in a source file of the engine."""

import unittest
from pathlib import Path

import layering
from project import ROOT

ORDER = ["base", "wire", "crypto", "crypto_openssl", "ipsec", "gateway"]


def findings(path: str, line: str) -> list[str]:
    source = ROOT / path
    include = layering._INCLUDE.match(line)
    found = layering._wrong_include(source, 1, include["name"], ORDER) if include else []
    return found + (layering._impurity(source, 1, line) if layering._is_pure(source) else [])


class Layering(unittest.TestCase):
    def test_lets_a_layer_include_those_before_it(self):
        self.assertEqual(findings("reference/ipsec/esp.cpp", '#include "crypto/openssl/aead.hpp"'), [])
        self.assertEqual(findings("reference/ipsec/sad/sad.cpp", '#include "ipsec/sa.hpp"'), [])

    def test_refuses_a_later_layer(self):
        self.assertIn("later layer ipsec", findings("reference/wire/esp.hpp", '#include "ipsec/sa.hpp"')[0])

    def test_refuses_a_path_that_climbs(self):
        self.assertIn("climbs", findings("reference/wire/esp.hpp", '#include "../base/octets.hpp"')[0])

    def test_keeps_the_engine_off_the_world(self):
        self.assertTrue(findings("reference/ipsec/esp.cpp", "#include <thread>"))
        self.assertTrue(findings("reference/ipsec/esp.cpp", "auto now = std::chrono::steady_clock::now();"))
        self.assertFalse(findings("reference/gateway/main.cpp", "#include <thread>"))
        self.assertFalse(findings("reference/ipsec/esp_test.cpp", "#include <fstream>"))
        self.assertFalse(findings("reference/ipsec/test_files.hpp", "#include <fstream>"))

    def test_keeps_the_engine_off_its_tests(self):
        self.assertIn("of its tests", findings("reference/ipsec/esp.hpp", '#include "ipsec/test_files.hpp"')[0])
        self.assertFalse(findings("reference/ipsec/test_pair.hpp", '#include "ipsec/test_files.hpp"'))

    def test_keeps_the_cases_off_the_peers(self):
        self.assertTrue(findings("interop/cases/rfc4303/window.cpp", '#include "peers/strongswan.hpp"'))

    def test_reads_the_order_that_the_build_keeps(self):
        self.assertEqual(layering.layers()[:2], ["base", "wire"])
        self.assertTrue((Path(ROOT) / "reference" / layering.layers()[0]).is_dir())


if __name__ == "__main__":
    unittest.main()
