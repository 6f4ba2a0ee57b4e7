"""What carries packets: protocol, mode, IP versions, numbers, encapsulation."""

import pytest

from scenarios.traffic import PINGS, between_gateways, both_ways

_PATTERN = b"mpsec in clear!!"  # as long as ping takes
_AH = "AUTH_HMAC_SHA2_256_128"


@pytest.mark.parametrize("inner, outer", [(4, 4), (6, 6), (6, 4), (4, 6)], ids=["4 in 4", "6 in 6", "6 in 4", "4 in 6"])
def test_tunnel(started, plan, inner: int, outer: int) -> None:
    session = started(plan.scenario(inner=inner, outer=outer))
    session.up()
    both_ways(session, inner)


def test_nothing_in_clear(started, plan) -> None:
    """What hosts say is nowhere on the link between the gateways, and protected packets are."""
    session = started(plan.scenario())
    session.up()
    both_ways(session, 4, "net", "-p", _PATTERN.hex())
    session.until(lambda: _protected(session) >= 4 * PINGS, "the protected packets are captured", 5)
    assert not session.watch.clear(_PATTERN * 2)


def _protected(session) -> int:
    return sum(frame.esp() is not None for frame in session.watch.frames())


@pytest.mark.kernel_short
@pytest.mark.parametrize("version", [pytest.param(4, marks=pytest.mark.short), 6], ids=["IPv4", "IPv6"])
def test_transport(started, plan, version: int) -> None:
    session = started(plan.scenario(inner=version, outer=version, plain_packets=True, children={"mode": "transport"}))
    session.up()
    between_gateways(session, version)


@pytest.mark.short
@pytest.mark.kernel_short
def test_extended_numbers(started, plan) -> None:
    session = started(plan.scenario(plain_packets=True, children={"extended_numbers": True}))
    session.up()
    assert session.agreed("net").extended_numbers is not False
    both_ways(session)


@pytest.mark.parametrize("mode", ["tunnel", "transport"])
@pytest.mark.parametrize("extended", [False, True], ids=["32 bits", "64 bits"])
def test_ah(started, plan, mode: str, extended: bool) -> None:
    children = {"protocol": "ah", "mode": mode, "extended_numbers": extended}
    session = started(plan.scenario(child=_AH, plain_packets=True, children=children))
    session.up()
    (both_ways if mode == "tunnel" else between_gateways)(session)


@pytest.mark.short
@pytest.mark.kernel_short
def test_plain_esp(started, plan) -> None:
    session = started(plan.scenario(plain_packets=True))
    session.up()
    assert session.agreed("net").encapsulated is not True
    both_ways(session)
    session.until(lambda: _protected(session) >= 4 * PINGS, "the protected packets are captured", 5)
    assert not any(frame.ports() for frame in session.watch.frames() if frame.esp() is not None), "ESP in UDP"


@pytest.mark.parametrize("outer", [4, 6], ids=["IPv4", "IPv6"])
def test_forced_encapsulation(started, plan, outer: int) -> None:
    session = started(plan.scenario(outer=outer, encapsulate=True))
    session.up()
    assert session.agreed("net").encapsulated is not False
    both_ways(session)
    session.until(lambda: _protected(session) >= 4 * PINGS, "the protected packets are captured", 5)
    assert all(frame.ports() for frame in session.watch.frames() if frame.esp() is not None), "ESP without UDP"
