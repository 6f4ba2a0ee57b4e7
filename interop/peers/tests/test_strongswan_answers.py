"""What swanctl prints is read back as it was meant."""

import pytest
from peers.scenario import Transform
from peers.strongswan import answers

_SA = """list-sa event {
  mpsec {
    uniqueid = 1
    state = ESTABLISHED
    local-host = 10.9.0.1
    local-id = C=CH, O=a = b
    remote-host = 10.9.0.2
    remote-id = b.test
    initiator = yes
    initiator-spi = 590d75049b6770b0
    responder-spi = 53865b528231a217
    encr-alg = AES_CBC
    encr-keysize = 256
    integ-alg = HMAC_SHA2_512_256
    prf-alg = PRF_HMAC_SHA2_512
    dh-group = MODP_3072
    child-sas {
      net-1 {
        name = net
        state = INSTALLED
        mode = TUNNEL
        protocol = ESP
        encap = yes
        spi-in = 41fbc5c2
        spi-out = cc658caa
        encr-alg = CHACHA20_POLY1305
        esn = 1
        bytes-in = 168
        packets-in = 2
        local-ts = [
          10.1.0.0/24
          fd00:1::/64
        ]
        remote-ts = [
          10.2.0.0/24
        ]
      }
      net-2 {
        name = net
        state = DELETED
      }
    }
  }
}
list-sas reply {
}
"""


def test_status() -> None:
    (sa,) = answers.status(_SA).ike_sas
    assert (sa.established, sa.initiator) == (True, True)
    assert (sa.spi_initiator, sa.spi_responder) == (0x590D75049B6770B0, 0x53865B528231A217)
    assert (sa.local_identity, sa.remote_identity, sa.remote_address) == ("C=CH, O=a = b", "b.test", "10.9.0.2")
    names = {"ENCR_AES_CBC:256", "AUTH_HMAC_SHA2_512_256", "PRF_HMAC_SHA2_512", "3072-bit MODP"}
    assert {str(transform) for transform in sa.transforms} == names
    (child,) = sa.children  # the deleted one is none
    assert (child.spi_in, child.spi_out, child.mode, child.protocol) == (0x41FBC5C2, 0xCC658CAA, "tunnel", "esp")
    assert child.transforms == {Transform("ENCR_CHACHA20_POLY1305")}
    assert (child.extended_numbers, child.encapsulated) == (True, True)
    assert (child.packets_in, child.octets_in, child.packets_out) == (2, 168, 0)
    assert (child.local, child.remote) == (("10.1.0.0/24", "fd00:1::/64"), ("10.2.0.0/24",))


def test_sections_without_a_name() -> None:
    (counters,) = answers.messages("counters reply {\n  counters {\n     {\n      invalid = 3\n    }\n  }\n}\n", "counters reply")
    assert counters == {"counters": {"": {"invalid": "3"}}}


@pytest.mark.parametrize("text, why", [
    ("list-sa event {\n  nonsense\n}\n", "line 2"),
    ("list-sa event {\n  a = b\n", "ends within a section"),
    ("list-sa event {\n  a = [\n    b\n", "ends within a list"),
])  # fmt: skip
def test_what_is_not_understood_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        answers.status(text)
