"""Captured ESP injected again, below, in and above the window: nothing is delivered twice.

Each kind of injection is first shown to reach the receiver's ESP: an original that was withheld from it, injected the same
way, is delivered; and what is not delivered moves the peer's own counter or log where it has one.
"""

from collections.abc import Callable

import pytest

from scenarios.replay import Wire
from scenarios.traffic import both_ways
from scenarios.wire import Frame

_BEYOND_ANY_WINDOW = 300  # packets


@pytest.mark.parametrize("sender", [pytest.param("a", marks=pytest.mark.short), "b"])
def test_replay(started, plan, sender: str) -> None:
    """The receiver's window; the sender's side is only where packets come from."""
    session = started(plan.scenario())
    session.up()
    both_ways(session)
    wire = Wire(session, sender)
    _above_and_within(session, wire)
    _below(session, wire)
    both_ways(session)


@pytest.mark.parametrize("extended", [False, True], ids=["32 bits", "64 bits"])
def test_replay_window(started, plan, role: str, extended: bool) -> None:
    """A window of 128 numbers, as configured at the responder, tells apart what is 100 behind its top and what is 200."""
    children = {"replay_window": 128, "extended_numbers": extended}
    session = started(plan.scenario(plain_packets=True, children=children))
    session.up()
    wire = Wire(session, "b" if role == "initiates" else "a")
    late = wire.withhold(1)
    wire.send(100)
    _delivered(session, wire, late)
    _refused(session, wire, late)
    too_late = wire.withhold(1)
    wire.send(200)
    _refused(session, wire, too_late)


def _above_and_within(session, wire: Wire) -> None:
    first, second, third, fourth = wire.withhold(4)
    _delivered(session, wire, [second])  # above all that came before
    _refused(session, wire, [second])  # at the top
    _delivered(session, wire, [first])  # within, and new
    _refused(session, wire, [first])
    _refused(session, wire, [_changed(fourth)])  # above, and not authentic: must not move the window
    _delivered(session, wire, [third])
    _delivered(session, wire, [fourth])
    _refused(session, wire, [first, second, third, fourth])


def _below(session, wire: Wire) -> None:
    old = wire.withhold(1)
    sent = wire.send(_BEYOND_ANY_WINDOW)
    _refused(session, wire, old)  # authentic and never delivered, but too old to tell
    _refused(session, wire, sent[:5])
    _refused(session, wire, sent[-5:])
    _delivered(session, wire, wire.withhold(1))


def _changed(frame: Frame) -> Frame:
    """With another octet in its protected text."""
    octets = bytearray(frame.octets)
    octets[-20] ^= 1
    return Frame(bytes(octets)).with_udp_checksum()


def _delivered(session, wire: Wire, frames: list[Frame]) -> None:
    before = wire.arrived()
    wire.inject(frames)
    session.until(lambda: wire.arrived() == before + len(frames), f"{len(frames)} injected packets are delivered", 5)


def _refused(session, wire: Wire, frames: list[Frame]) -> None:
    """A ping after them has passed the same way, so that they were all looked at by then; it alone arrived."""
    before, refused = wire.arrived(), wire.peer.refused()
    wire.inject(frames)
    wire.send(1)
    assert wire.arrived() == before + 1, "an injected packet was delivered a second time, or without being authentic"
    if refused is not None:
        _grows(session, wire.peer.refused, refused + len(frames))


def _grows(session, counter: Callable[[], int | None], to: int) -> None:
    session.until(lambda: (counter() or 0) >= to, f"the peer counts {to} refused packets, it has {counter()}", 5)
