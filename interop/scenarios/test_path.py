"""A link in the middle of the way carries less than those at its ends: the gateway learns of it by ICMP, or cuts."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scenarios.plans import Plan
from scenarios.traffic import behind, download, ping, received, skip_in_guest

TOPOLOGY = "two-routers"
_NARROW = 1280
_OCTETS = 500_000


@pytest.fixture
def plan(plan: Plan) -> Plan:
    return replace(plan, outer_links=("a-r1", "r1-b"))


@pytest.fixture
def narrow(site) -> Iterator[None]:
    """The link from the router to b; a is not told."""
    far = site.node("r1"), site.node("b")
    for node in far:
        node.run(["ip", "link", "set", "r1-b", "mtu", str(_NARROW)])
    yield
    for node in far:
        node.run(["ip", "link", "set", "r1-b", "mtu", "1500"])


_FORCED = pytest.mark.parametrize("forced", [False, True], ids=["as found", "in UDP"])


@_FORCED
def test_narrow_link(started, plan: Plan, site, narrow, forced: bool) -> None:
    """Large pings get through, both ways."""
    session = _over_narrow(started, plan, site, forced)
    for here, there in ("ab", "ba"):
        run, host = behind(site.node(f"host-{here}")), plan.host(there)
        session.until(lambda: _passes(run, host), f"{host} answers large pings", 10)  # the first tell of the limit
        ping(run, host, "-M", "dont", "-s", "1400")


@_FORCED
def test_download_over_narrow_link(started, plan: Plan, site, narrow, forced: bool) -> None:
    """Whose segments must not be cut: the gateway at the sender tells it what fits."""
    session = _over_narrow(started, plan, site, forced)
    skip_in_guest(site)
    for sender in "ab":
        download(session, _OCTETS, sender)


def _over_narrow(started, plan: Plan, site, forced: bool):
    session = started(plan.scenario(encapsulate=forced))
    site.peers["b"].execute(["ip", "link", "set", "r1-b", "mtu", str(_NARROW)])
    session.up()
    return session


def _passes(run, host: str) -> bool:
    return received(run(["ping", "-M", "dont", "-c", "1", "-W", "1", "-s", "1400", host]).stdout) == (1, 1)
