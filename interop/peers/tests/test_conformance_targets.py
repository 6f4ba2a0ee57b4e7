"""What mpsec-conformance is told of the peers."""

import stat
import tomllib
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography import x509
from peers.conformance.__main__ import main
from peers.conformance.targets import PEERS, Proofs, Target, scenario_of, target_file


@dataclass(frozen=True)
class _Node:
    number: int

    def address(self, link: str, version: int) -> str:
        net = {"outer": 9, "path-1": 9, "path-2": 8, "inner-a": 1, "inner-b": 2}[link]
        return f"10.{net}.0.{self.number}" if version == 4 else f"fd00:{net}::{self.number}"


_NODES = {name: _Node(number) for number, name in enumerate(("a", "b", "host-a", "host-b"), 1)}


def _file(target: Target, proofs: Proofs | None) -> dict:
    plan = target.plan(_NODES)  # type: ignore[arg-type]  # addresses are all that is asked for
    return tomllib.loads(target_file(target, plan, scenario_of(target, plan, proofs), proofs, {"initiate": "true"}))


@pytest.mark.parametrize("target", [one for one in PEERS.values() if not one.certificates], ids=lambda one: one.name)
def test_with_a_key(target: Target) -> None:
    read = _file(target, None)
    assert (read["name"], read["gateway"]["esp"], read["gateway"]["window"]) == (target.name, target.esp, target.window)
    both = [{"tester": f"10.{net}.0.1", "gateway": f"10.{net}.0.2"} for net in (9, 8)]
    assert read["path"] == both[: target.paths]
    assert read["credential"][0]["key"] and "authority" not in read
    assert read["proposals"]["esp"][0] == "aes128gcm16-x25519"


def test_with_certificates(tmp_path: Path) -> None:
    target = PEERS["strongswan-certificates"]
    read = _file(target, Proofs.made_in(tmp_path))
    assert "certificates" in read["features"] and read["path"] == [{"tester": "fd00:9::1", "gateway": "fd00:9::2"}]
    proofs = {one["name"]: one for one in read["credential"]}
    assert set(proofs) == {"tester"} | set(read["refused"].values())
    assert all(stat.S_IMODE(Path(one["private_key"]).stat().st_mode) == 0o600 for one in proofs.values())
    shown = {name: x509.load_pem_x509_certificate(Path(one["certificate"]).read_bytes()) for name, one in proofs.items()}
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    assert {name for name, one in shown.items() if one.not_valid_after < now} == {read["refused"]["expired"]}
    assert {name for name, one in shown.items() if one.issuer != shown["tester"].issuer} == {read["refused"]["strange-authority"]}
    assert {name for name, one in shown.items() if one.subject != shown["tester"].subject} == {read["refused"]["another-name"]}


def test_the_targets_are_listed(capsys: pytest.CaptureFixture) -> None:
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.split() == list(PEERS)


def test_an_unknown_target_is_named(capsys: pytest.CaptureFixture) -> None:
    assert main(["strongswan"]) == 2
    assert "strongswan-libipsec" in capsys.readouterr().err
