"""The Python module itself: what it takes, what it gives back, what it refuses."""

import random

import pytest
from plans import SEED, Plan, Shape, Suite

import mpsec

GCM = Suite("ENCR_AES_GCM_16", 16, "")


def _plan(**shape: object) -> tuple[random.Random, Plan]:
    chance = random.Random(f"{SEED} binding")
    return chance, Plan(chance, GCM, Shape(**({"mode": "tunnel", "outer": 4, "inner": 4} | shape)))


def test_an_error_says_who_where_why_and_by_which_clause() -> None:
    with pytest.raises(mpsec.Error) as refused:
        mpsec.decode(bytes.fromhex("4500001400000000400100007f0000017f00"))
    error = refused.value
    assert str(error) == "IPv4/Destination Address @ 0x10: need 4 octets, have 2 (RFC 791 3.1)"
    assert (error.blame, error.path, error.offset) == ("malformed", "IPv4/Destination Address", 16)
    assert (error.why, error.clause) == ("need 4 octets, have 2", "RFC 791 3.1")


@pytest.mark.parametrize(
    "wrong,exception,text",
    [
        ({"spi": 255}, mpsec.Error, "255"),
        ({"encryption": "ROT13"}, mpsec.Error, "ROT13"),
        ({"encryption_key": bytes(7)}, mpsec.Error, "7"),
        ({"source": "192.0.2"}, mpsec.Error, "192.0.2"),
        ({"source": "2001:db8::1"}, mpsec.Error, "famil"),
        ({"replay_window": 31}, mpsec.Error, "31"),
        ({"protocol": "ipcomp"}, ValueError, "ipcomp"),
        ({"provider": "none"}, mpsec.Error, "none"),
        ({"colour": "green"}, TypeError, "colour"),
    ],
)
def test_an_sa_refuses(wrong: dict, exception: type[Exception], text: str) -> None:
    right = {"spi": 4096, "source": "192.0.2.1", "destination": "192.0.2.2"}
    right |= {"encryption": "ENCR_AES_GCM_16", "encryption_key": bytes(20)}
    mpsec.InboundSa(**right)
    with pytest.raises(exception, match=text):
        mpsec.InboundSa(**(right | wrong))


def test_a_replay_and_what_is_not_for_the_sa_are_discarded_with_their_cause() -> None:
    chance, plan = _plan()
    clear = plan.clear_packet(chance)
    sealed, receiver = plan.sealed(clear), plan.receiver()
    assert receiver.receive(sealed) == ("none", clear, plan.number)
    assert receiver.receive(sealed) == ("replay_duplicate", b"", 0)
    assert receiver.receive(clear) == ("clear", b"", 0)
    assert receiver.receive(sealed[:30])[0] == "malformed_packet"
    other = Plan(chance, plan.suite, plan.shape)
    assert receiver.receive(other.sealed(clear))[0] == "unknown_spi"
    assert receiver.top == plan.number


def test_dummies_are_sent_and_dropped_as_such() -> None:
    _, plan = _plan()
    cause, sealed, number = plan.sender().send_dummy(100)
    assert (cause, number) == ("none", plan.number)
    assert plan.receiver().receive(sealed)[0] == "dummy"


def test_what_does_not_fit_is_not_protected() -> None:
    chance, plan = _plan()
    sender = mpsec.OutboundSa(
        spi=4096,
        source="192.0.2.1",
        destination="192.0.2.2",
        encryption="ENCR_AES_GCM_16",
        encryption_key=bytes(20),
        path_mtu=576,
    )
    too_big = bytearray(mpsec.decode(plan.clear_packet(chance)).encode()[:20] + bytes(sender.largest_packet))
    too_big[0], too_big[2:4] = 0x45, len(too_big).to_bytes(2, "big")
    assert sender.send(bytes(too_big))[0] == "packet_too_big"
    with pytest.raises(mpsec.Error, match="packet_too_big"):
        sender.protect(bytes(too_big))


@pytest.mark.parametrize("size", [32, 64, 1000])
def test_the_window_agrees_with_a_set(size: int) -> None:
    chance = random.Random(f"{SEED} window {size}")
    window, seen, top = mpsec.ReplayWindow(size), set(), 0
    for _ in range(5000):
        number = max(1, top + chance.randrange(-2 * size, size // 4))
        wanted = "too_old" if number + size <= top else "duplicate" if number in seen else "fresh"
        assert window.check(number) == (number, wanted)
        assert window.accept(number) == wanted
        if wanted == "fresh":
            seen.add(number)
            top = max(top, number)
        assert window.top == top


def test_the_window_infers_the_high_half() -> None:
    window = mpsec.ReplayWindow(64, extended=True)
    assert window.check(0xFFFFFFF0)[1] == "below_zero"
    window.resynchronise(0x1_0000_0010)
    assert window.check(0xFFFFFFF8) == (0xFFFFFFF8, "duplicate")
    assert window.check(0x20) == (0x1_0000_0020, "fresh")
    with pytest.raises(mpsec.Error, match="31"):
        mpsec.ReplayWindow(31)


def test_a_packet_is_completed_only_when_asked() -> None:
    chance, plan = _plan()
    right = plan.clear_packet(chance)
    packet = mpsec.decode(right)
    packet.set(0, "Total Length", 1)
    packet.set(0, "Header Checksum", 1)
    assert packet.encode()[2:4] == b"\0\1"
    packet.complete()
    assert packet.encode() == right
    assert "Total Length" in packet.dump()
    with pytest.raises(KeyError):
        packet.set(0, "Colour", 1)
    with pytest.raises(IndexError):
        packet.set(99, "Version", 4)
