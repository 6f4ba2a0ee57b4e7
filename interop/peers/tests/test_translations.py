"""One scenario in the languages of the peers."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from peers.peer import PeerError
from peers.reference import Reference
from peers.reference.document import document, render
from peers.scenario import Authentication, Child, Cluster, End, Retransmission, Scenario, Transform, proposal
from peers.strongswan import files
from peers.strongswan_kernel import StrongSwanKernel
from peers.strongswan_libipsec import StrongSwanLibipsec

_CHILD = Child("net", ("10.1.0.0/24",), ("10.2.0.0/24",), (proposal("ENCR_AES_CBC:128 AUTH_HMAC_SHA2_256_128"),))
_A = End(
    "a", ("10.9.0.1",), "a.test", Authentication("psk", secret='quote " and \\'),
    (proposal("ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_256 2048-bit_MODP"),), (_CHILD,), ike_rekey_seconds=100, cookie_threshold=0,
    retransmission=Retransmission(0.5, 2.0, 3),
)  # fmt: skip
_B = replace(_A, node="b", addresses=("10.9.0.2",), identity="b.test")
_SCENARIO = Scenario("test", (_A, _B))


def test_reference() -> None:
    """The file is TOML and says what was meant; docs/gateway.md names the keys."""
    read = tomllib.loads(render(document(_A, _B, "control", "journal")))
    (peer,) = read["peer"]
    assert read["credential"][0]["key"] == _A.authentication.secret
    assert (peer["local_id"], peer["remote_id"], peer["authentication"]) == ("a.test", "b.test", "shared")
    assert peer["ike"] == ["aes128gcm16-prfsha256-modp2048"]
    assert peer["paths"] == [{"local": "10.9.0.1", "remote": "10.9.0.2"}]
    assert peer["child"][0]["proposals"] == ["aes128-sha256-noesn"]
    assert peer["rekey"]["after"] == "100s"
    assert read["ike"] == {"retransmit": {"first": "500ms", "factor": 2.0, "tries": 4, "jitter": 0.0}, "cookies_from": 0}


def test_reference_with_certificates_and_addresses() -> None:
    own = Authentication("rsa", certificate=Path("a.pem"), private_key=Path("a.key"), intermediates=(Path("m.pem"),))
    child = replace(_CHILD, local=("dynamic",), replay_window=128, extended_numbers=True)
    end = replace(_A, authentication=own, trusted=(Path("ca.pem"),), request_address=True, children=(child,))
    other = replace(_B, authentication=own, reachable=False)
    read = tomllib.loads(render(document(end, other, "control", "journal")))
    (peer,) = read["peer"]
    assert read["credential"] == [{"name": "own", "certificate": "a.pem", "private_key": "a.key", "chain": ["m.pem"]}]
    assert peer["authorities"] == ["authority-0"] and "authentication" not in peer
    assert peer["paths"] == [] and peer["request_address"] == ["ipv4"]
    assert (peer["child"][0]["local"], peer["child"][0]["replay_window"]) == ("assigned", 128)
    assert peer["child"][0]["proposals"] == ["aes128-sha256-esn"]


def test_reference_with_a_cluster() -> None:
    """Paths with weights, the cluster and the child that names it; strongSwan says that it cannot."""
    cluster = Cluster("c", "weighted burst=4", "time", hold=0.05, negotiated=False, silence=0.5, dead_after=3)
    end = replace(_A, addresses=("10.9.1.1", "10.9.2.1"), clusters=(cluster,), weights=(2, 1), begins=True).with_children(cluster="c")
    read = tomllib.loads(render(document(end, replace(_B, addresses=("10.9.1.2", "10.9.2.2")), "control", "journal")))
    (peer,), (found,) = read["peer"], read["cluster"]
    assert [(path["remote"], path["weight"]) for path in peer["paths"]] == [("10.9.1.2", 2), ("10.9.2.2", 1)]
    assert (peer["start"], peer["child"][0]["cluster"], found["name"]) == ("at-once", "c", "c")
    assert (found["negotiated"], found["peer_window"], found["reorder"]) == (False, 4096, {"policy": "time", "hold": "50ms"})
    assert found["path_settings"] == {"silence": "500ms", "dead_after": 3, "hold": "1000ms"}
    scenario = Scenario("test", (end, replace(_B, clusters=(cluster,))))
    assert "clusters" in (StrongSwanKernel.unsupported(scenario, "b") or "")


def test_strongswan() -> None:
    connection = files.connections(_A, _B)["connections"][files.CONNECTION]
    assert connection["proposals"] == "aes128gcm16-prfsha256-modp2048"
    assert connection["remote"]["id"] == "b.test" and connection["rekey_time"] == "100s"
    assert connection["children"]["net"]["esp_proposals"] == "aes128-sha256-noesn"
    settings = files.daemon(_A, "kernel-netlink", "unix:///socket", Path("log"))["charon"]
    assert (settings["retransmit_timeout"], settings["retransmit_base"], settings["retransmit_tries"]) == (0.5, 2.0, 3)


def test_strongswan_syntax() -> None:
    assert files.render({"a": {"b": 1, "c": None, "d": {}}, "e": "f"}) == "a {\n  b = 1\n  d {\n  }\n}\ne = f"


def test_strongswan_secrets_may_hold_anything() -> None:
    secret = files.connections(_A, _B)["secrets"]["ike-own"]["secret"]
    assert bytes.fromhex(secret.removeprefix("0x")).decode() == _A.authentication.secret


@pytest.mark.parametrize("change, word", [
    ({"mode": "transport"}, "tunnel mode only"),
    ({"protocol": "ah"}, "no AH"),
    ({"extended_numbers": True}, "no extended sequence numbers"),
    ({"replay_window": 64}, "window"),
])  # fmt: skip
def test_what_a_peer_cannot_do_is_said(change: dict, word: str) -> None:
    scenario = replace(_SCENARIO, ends=(_A.with_children(**change), _B))
    reason = StrongSwanLibipsec.unsupported(scenario, "a")
    assert reason is not None and word in reason
    assert StrongSwanLibipsec.unsupported(scenario, "b") is None
    assert StrongSwanKernel.unsupported(scenario, "a") is None


@pytest.mark.parametrize("peer", [Reference, StrongSwanKernel])
def test_an_unknown_algorithm_is_named(peer: type) -> None:
    end = replace(_A, ike_proposals=((Transform("ENCR_ROT13"),),))
    reason = peer.unsupported(replace(_SCENARIO, ends=(end, _B)), "a")
    assert reason is not None and "ENCR_ROT13" in reason


def test_an_error_has_the_end_of_the_log() -> None:
    text = str(PeerError("it failed", "\n".join(f"line {i}" for i in range(100))))
    assert text.startswith("it failed\n") and "line 99" in text and "line 84" not in text


def test_retransmission_says_when_it_gives_up() -> None:
    assert Retransmission(1.0, 2.0, 2).gives_up_after == 7.0


def test_a_scenario_names_what_it_needs() -> None:
    assert _SCENARIO.needs("a") == {"cookies"}
    scenario = replace(_SCENARIO, ends=(replace(_A, pool="10.3.0.0/24", encapsulate=True), _B), plain_packets=True)
    assert scenario.needs("a") == {"cookies", "pool", "encapsulate", "plain_packets"}
