"""The emulator's way of one frame, and what it answers; over sockets that are no interfaces."""

import json
import socket
from collections.abc import Iterator

import pytest

from lab.emulator import Control, Wire, is_housekeeping
from lab.impairment import Direction, Impairment

FRAME = bytes.fromhex("020000000002 020000000001 0800") + bytes(range(200))


class Line:
    """A wire between two datagram sockets; `now` is whatever the test says."""

    def __init__(self, **changes: float) -> None:
        self.sender, source = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        sink, self.receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.fate = Direction(1, "outer", "b")
        self.fate.change(Impairment(**changes))
        self.wire = Wire(source, sink, self.fate)
        self.receiver.setblocking(False)

    def arrived(self) -> list[bytes]:
        frames = []
        while True:
            try:
                frames.append(self.receiver.recv(65536))
            except BlockingIOError:
                return frames

    def close(self) -> None:
        for each in (self.sender, self.receiver, self.wire.source, self.wire.sink):
            each.close()


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    made: list[Line] = []
    yield made
    for line in made:
        line.close()


def line(made: list[Line], **changes: float) -> Line:
    made.append(Line(**changes))
    return made[-1]


def test_frames_pass_as_they_are(lines: list[Line]) -> None:
    plain = line(lines)
    for number in range(5):
        plain.sender.send(FRAME + bytes([number]))
    plain.wire.take(0)
    assert plain.arrived() == [FRAME + bytes([number]) for number in range(5)]
    assert plain.fate.counters.sent == 5


def test_a_delayed_frame_leaves_when_it_is_due_and_not_before(lines: list[Line]) -> None:
    slow = line(lines, delay_ms=10)
    slow.sender.send(FRAME)
    slow.wire.take(1_000_000)
    slow.wire.release(10_999_999)
    assert slow.arrived() == []
    slow.wire.release(11_000_000)
    assert slow.arrived() == [FRAME]


def test_one_bit_behind_the_ethernet_header_is_flipped(lines: list[Line]) -> None:
    bad = line(lines, corrupt=1)
    places = set()
    for _ in range(50):
        bad.sender.send(FRAME)
        bad.wire.take(0)
        (frame,) = bad.arrived()
        difference = int.from_bytes(frame, "big") ^ int.from_bytes(FRAME, "big")
        assert difference.bit_count() == 1
        assert frame[:14] == FRAME[:14]
        places.add(difference)
    assert len(places) > 20


def test_a_copy_follows(lines: list[Line]) -> None:
    twice = line(lines, duplicate=1, delay_ms=1)
    twice.sender.send(FRAME)
    twice.wire.take(0)
    twice.wire.release(1_000_000)
    assert twice.arrived() == [FRAME, FRAME]


@pytest.mark.parametrize(
    ("frame", "housekeeping"),
    [
        (FRAME, False),
        (bytes.fromhex("ffffffffffff 020000000001 0806") + bytes(28), True),
        (bytes.fromhex("020000000002 020000000001 0806") + bytes(28), True),
        (bytes.fromhex("333300000001 020000000001 86dd") + bytes(60), True),
        (bytes.fromhex("020000000002 020000000001 86dd 60000000 0020 3aff") + bytes(32) + b"\x87" + bytes(30), True),
        (bytes.fromhex("020000000002 020000000001 86dd 60000000 0020 3aff") + bytes(32) + b"\x80" + bytes(30), False),
        (bytes.fromhex("020000000002 020000000001 86dd 60000000 0020 11ff") + bytes(32) + b"\x87" + bytes(30), False),
        (bytes.fromhex("020000000002 020000000001 86dd"), False),
    ],
)
def test_housekeeping_is_told_from_traffic(frame: bytes, housekeeping: bool) -> None:
    assert is_housekeeping(frame) == housekeeping


def test_housekeeping_is_neither_lost_nor_counted_but_cut(lines: list[Line]) -> None:
    lossy = line(lines, loss=1)
    request = bytes.fromhex("ffffffffffff 020000000001 0806") + bytes(28)
    lossy.sender.send(request)
    lossy.wire.take(0)
    assert lossy.arrived() == [request]
    assert (lossy.fate.counters.seen, lossy.fate.counters.housekeeping) == (0, 1)
    lossy.fate.cut = True
    lossy.sender.send(request)
    lossy.wire.take(0)
    assert lossy.arrived() == []


def test_a_runt_harms_nobody(lines: list[Line]) -> None:
    plain = line(lines)
    for length in range(14):
        plain.sender.send(FRAME[:length])
    plain.wire.take(0)
    assert plain.arrived() == []
    bent = line(lines, corrupt=1)
    bent.sender.send(FRAME[:14])
    bent.wire.take(0)
    assert bent.arrived() == [FRAME[:14]]


def test_commands_change_the_direction_that_they_name(lines: list[Line]) -> None:
    to_a, to_b = line(lines), line(lines)
    control = Control({"a": to_a.wire, "b": to_b.wire})
    assert json.loads(control.answer(b'{"do": "impair", "toward": "b", "impairment": {"loss": 0.5}}')) == {"ok": True}
    assert (to_a.fate.impairment.loss, to_b.fate.impairment.loss) == (0, 0.5)
    assert json.loads(control.answer(b'{"do": "cut"}')) == {"ok": True}
    assert to_a.fate.cut and to_b.fate.cut
    assert json.loads(control.answer(b'{"do": "restore", "toward": "a"}')) == {"ok": True}
    assert not to_a.fate.cut and to_b.fate.cut


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (b"7", "expected an object"),
        (b'{"do": "fly"}', "do: is 'fly', expected one of impair, cut"),
        (b'{"do": {}}', "do: is {}"),
        (b'{"do": "cut", "toward": "c"}', "toward: is 'c', expected one of b"),
        (b'{"do": "cut", "toward": ["b"]}', "toward: is"),
        (b'{"do": "impair", "impairment": []}', "impairment: expected an object"),
        (b'{"do": "impair", "impairment": {"loss": 2}}', "loss: is 2"),
        (b'{"do": "impair", "impairment": {"loss": 1e999}}', "loss: is inf"),
    ],
)
def test_a_wrong_command_is_answered_and_changes_nothing(lines: list[Line], request_line: bytes, complaint: str) -> None:
    plain = line(lines)
    reply = json.loads(Control({"b": plain.wire}).answer(request_line))
    assert reply["ok"] is False
    assert complaint in reply["error"]
    assert plain.fate.impairment == Impairment()
    assert not plain.fate.cut
