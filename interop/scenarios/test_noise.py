"""Strangers' datagrams on the ports of IKE do no harm to the peer that is there."""

from pathlib import Path

import pytest

from scenarios.traffic import Flow, both_ways

_NOISE = Path(__file__).with_name("noise.py")
_RATE = 10_000  # datagrams a second


@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=pytest.mark.long)])
def test_noise(started, plan, site, seconds: int) -> None:
    """To the gateway at a, which is ours. A flow goes on, and the SAs stay what they were."""
    session = started(plan.scenario())
    session.up()
    before = session.agreed("net"), session.agreed_ike()
    flow = Flow(session, interval=0.05)
    argv = ["/usr/bin/python3", str(_NOISE), plan.outer("a"), str(_RATE), str(seconds)]
    done = site.peers["b"].execute(argv, timeout=seconds + 60)
    assert done.returncode == 0, done.stderr
    flow.finish()
    after = session.agreed("net"), session.agreed_ike()
    assert (before[0].spi_in, before[1].spi_initiator) == (after[0].spi_in, after[1].spi_initiator)
    both_ways(session)
