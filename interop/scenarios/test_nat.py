"""The initiator sits behind a NAT."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from peers.scenario import Scenario

from scenarios.plans import Plan, changed
from scenarios.sites import Session
from scenarios.traffic import Flow, both_ways

TOPOLOGY = "nat"
ROLES = ("responds",)  # nobody outside can begin


@pytest.fixture
def plan(plan: Plan) -> Plan:
    return replace(plan, outer_links=("home", "outer"))


def _behind(plan: Plan) -> Scenario:
    return changed(plan.scenario(), "a", reachable=False)


@pytest.mark.short
def test_nat(started: Callable[[Scenario], Session], plan: Plan) -> None:
    """Both find the NAT, and ESP goes in UDP."""
    session = started(_behind(plan))
    session.up()
    assert session.agreed("net").encapsulated is not False
    both_ways(session)


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_rekeys_behind_nat(started, plan: Plan, by: str) -> None:
    """Children and IKE SA are replaced through the NAT's mapping, under traffic."""
    session = started(_behind(plan))
    session.up()
    who = session.first if by == "initiator" else session.second
    old, old_ike = session.agreed("net"), session.agreed_ike()
    flow = Flow(session)
    who.rekey_child("net")
    session.until(lambda: session.agreed("net").spi_in != old.spi_in, "there is a new child")
    who.rekey_ike()
    session.until(lambda: session.agreed_ike().spi_initiator != old_ike.spi_initiator, "there is a new IKE SA")
    flow.finish()
    both_ways(session)
