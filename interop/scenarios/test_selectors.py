"""What a tunnel is for: narrowing, several children, addresses given by the peer."""

import ipaddress

import pytest

from scenarios.plans import Plan, changed, children_changed
from scenarios.sites import Session
from scenarios.traffic import both_ways, ping

_POOL = "10.3.0.0/24"


def _first(role: str) -> tuple[str, str]:
    """The nodes of initiator and responder."""
    return ("b", "a") if role == "initiates" else ("a", "b")


@pytest.mark.short
def test_narrowing(started, plan: Plan, role: str) -> None:
    """The initiator asks for more than the responder grants; both end with what was granted."""
    first, second = _first(role)
    scenario = children_changed(plan.scenario(), first, local=(_wide(plan, first),), remote=(_wide(plan, second),))
    session = started(scenario)
    session.up()
    child = session.agreed("net")
    assert (child.local, child.remote) == ((plan.network(first),), (plan.network(second),))
    both_ways(session)


def _wide(plan: Plan, node: str) -> str:
    return str(ipaddress.ip_network(plan.network(node)).supernet(new_prefix=16))


def test_several_children(started, plan: Plan) -> None:
    """One IKE SA with a child for each IP version; the end of one leaves the other as it is."""
    scenario = plan.scenario()
    for node in "ab":
        children = (*scenario.end(node).children, plan.child("six", node, inner=6))
        scenario = changed(scenario, node, children=children)
    session = started(scenario)
    session.up()
    both_ways(session, 4, "net")
    both_ways(session, 6, "six")
    session.second.terminate("net")
    ends = (session.first, session.second)
    session.until(lambda: all([c.name for c in end.status().children] == ["six"] for end in ends), "child six alone is left")
    both_ways(session, 6, "six")


def test_virtual_address(started, plan: Plan, role: str) -> None:
    """The initiator asks for an address and gets one of the responder's pool; it is reached under it."""
    first, second = _first(role)
    scenario = changed(plan.scenario(), second, pool=_POOL)
    scenario = changed(scenario, first, request_address=True)
    scenario = children_changed(scenario, first, local=("dynamic",))
    scenario = children_changed(scenario, second, remote=("dynamic",))
    session = started(scenario)
    session.up()
    (local,) = session.agreed("net").local
    address = local.partition("/")[0]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(_POOL)
    _reached(session, plan, second, address)


def _reached(session: Session, plan: Plan, second: str, address: str) -> None:
    ping(session.first.execute, plan.host(second), "-I", address)
    ping(lambda argv: session.site.node(f"host-{second}").run(argv, check=False), address)
