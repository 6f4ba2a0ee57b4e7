"""vici: what is asked and answered, over a pair of sockets."""

import socket
import struct
import threading

import pytest

from peers.strongswan.vici import Vici, ViciError


def _packet(octets: bytes) -> bytes:
    return struct.pack(">I", len(octets)) + octets


def _value(key: str, value: str) -> bytes:
    return bytes([3, len(key)]) + key.encode() + struct.pack(">H", len(value)) + value.encode()


def _daemon(*answers: bytes) -> tuple[Vici, list[bytes]]:
    """One that gives these packets, and what it was sent."""
    heard: list[bytes] = []

    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()

        def serve() -> None:
            with theirs:
                for answer in answers:
                    if answer[:1] != b"\x07":  # an event comes unasked
                        heard.append(theirs.recv(4096))
                    theirs.sendall(_packet(answer))

        threading.Thread(target=serve).start()
        return ours

    return Vici(connect), heard


def test_a_question_has_its_values_and_the_answer_its_sections_and_lists():
    section = bytes([1, 3]) + b"sas" + _value("half", "2") + bytes([2])
    names = bytes([4, 1]) + b"n" + bytes([5, 0, 1]) + b"a" + bytes([5, 0, 1]) + b"b" + bytes([6])
    vici, heard = _daemon(b"\x01" + section + names)
    assert vici.ask("stats", child="net") == {"sas": {"half": "2"}, "n": ["a", "b"]}
    assert heard == [_packet(b"\x00\x05stats" + _value("child", "net"))]


def test_what_comes_before_the_answer_is_collected():
    event = b"\x07\x07list-sa" + bytes([1, 1]) + b"x" + _value("uniqueid", "4") + bytes([2])
    ours, theirs = socket.socketpair()
    theirs.sendall(_packet(b"\x05") + _packet(event) + _packet(b"\x01"))
    assert Vici(lambda: ours).collect("list-sas", "list-sa") == [{"x": {"uniqueid": "4"}}]
    theirs.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"\x01" + _value("success", "no") + _value("errmsg", "no such thing"), "rekey: no such thing"),
        (b"\x02", "packet type 2"),
        (b"\x01" + bytes([1, 1]) + b"x", "ends within a section"),
        (b"\x01" + bytes([9]), "element type 9"),
    ],
)
def test_what_is_no_success_is_told(answer: bytes, told: str):
    vici, _ = _daemon(answer)
    with pytest.raises(ViciError, match=told):
        vici.ask("rekey")
