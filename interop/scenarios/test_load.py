"""Much traffic, and large packets."""

import re

import pytest

from scenarios.traffic import Flood, behind, both_ways, download, in_guest, ping, skip_in_guest

_IP_AND_ICMP = 28  # octets
_LARGE = 1472  # fills an Ethernet frame
_DOWNLOAD_SHORT, _DOWNLOAD_LONG = 2_000_000, 30_000_000
_LOST_IN_GUEST = 500  # of a million pings: its interfaces have short queues


@pytest.mark.short
def test_path_mtu(started, plan) -> None:
    """A packet too large for the tunnel that must not be cut is answered with what fits; that much passes, cut also more."""
    session = started(plan.scenario())
    session.up()
    for here, there in ("ab", "ba"):
        _fits(session, here, plan.host(there))


def _fits(session, here: str, to: str) -> None:
    host = session.site.node(f"host-{here}")
    ping(behind(host), to, "-M", "dont", "-s", str(_LARGE))
    told = host.run(["ping", "-c", "2", "-i", "0.05", "-W", "2", "-M", "do", "-s", str(_LARGE), to], check=False)
    mtu = re.search(r"mtu ?= ?(\d+)", told.stdout + told.stderr)
    assert mtu, f"no answer says what fits:\n{told.stdout}{told.stderr}"
    assert 1200 < int(mtu[1]) < _LARGE + _IP_AND_ICMP
    ping(behind(host), to, "-M", "do", "-s", str(int(mtu[1]) - _IP_AND_ICMP))


@pytest.mark.short
def test_download(started, plan) -> None:
    """Each way."""
    session = started(plan.scenario())
    skip_in_guest(session.site)
    session.up()
    for sender in "ab":
        download(session, _DOWNLOAD_SHORT, sender)


@pytest.mark.long
def test_long_load(started, plan) -> None:
    """60 s of ping flood with a download in the middle; all of it arrives, the SA is the same at the end."""
    session = started(plan.scenario())
    skip_in_guest(session.site)
    session.up()
    before = session.agreed("net")
    with Flood(session, seconds=60) as flood:
        download(session, _DOWNLOAD_LONG)
    assert flood.sent > 1000
    assert session.agreed("net").spi_in == before.spi_in
    both_ways(session)


@pytest.mark.long
def test_flood(started, plan, site) -> None:
    """60 s of it; what is not answered was lost by the interfaces of a guest: our gateway drops nothing."""
    session = started(plan.scenario())
    session.up()
    before, refused = session.agreed("net"), site.peers["a"].refused()
    with Flood(session, seconds=60, lost_of_a_million=_LOST_IN_GUEST if in_guest(site) else 0) as flood:
        pass
    assert flood.sent > 1000
    assert session.agreed("net").spi_in == before.spi_in
    assert site.peers["a"].refused() == refused
    both_ways(session)
