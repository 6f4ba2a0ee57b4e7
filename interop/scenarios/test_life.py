"""How SAs end and begin anew: rekeying under traffic, deletion, a peer that is gone."""

import pytest

from scenarios.plans import changed, children_changed
from scenarios.traffic import Flow, both_ways

BY = pytest.mark.parametrize("by", ["initiator", "responder"])


def _who(session, by: str):
    return session.first if by == "initiator" else session.second


@pytest.mark.parametrize("by", ["initiator", "responder", "both"])
@pytest.mark.parametrize("exchange", ["without", "with"], ids=lambda word: f"{word} key exchange")
def test_child_rekey(started, plan, by: str, exchange: str) -> None:
    """A flow goes on without a loss; the new SA carries it, the old one goes."""
    child = "ENCR_AES_GCM_16:128" + (" Curve25519" if exchange == "with" else "")
    session = started(plan.scenario(child=child))
    session.up()
    old = session.agreed("net")
    flow = Flow(session)
    for peer in (session.first, session.second) if by == "both" else (_who(session, by),):
        peer.rekey_child("net")
    session.until(lambda: _only(session, new := session.agreed("net")) and new.spi_in != old.spi_in, "only a new child is left")
    flow.finish()
    both_ways(session)


@BY
def test_rekey_by_time(started, plan, role: str, by: str) -> None:
    """One end has short lifetimes: it replaces child and IKE SA by itself, under traffic."""
    first = "b" if role == "initiates" else "a"
    node = first if by == "initiator" else "ab".replace(first, "")
    scenario = changed(children_changed(plan.scenario(), node, rekey_seconds=4), node, ike_rekey_seconds=6)
    session = started(scenario)
    session.up()
    child, ike = session.agreed("net"), session.agreed_ike()
    flow = Flow(session)
    session.until(lambda: session.agreed("net").spi_in != child.spi_in, "the child has been replaced")
    session.until(lambda: _replaced(session, ike), "the IKE SA has been replaced")
    flow.finish()


def _only(session, child) -> bool:
    views = [[found.spi_in for found in peer.status().children] for peer in (session.first, session.second)]
    return views == [[child.spi_in], [child.spi_out]]


@BY
def test_ike_rekey(started, plan, by: str) -> None:
    """A flow goes on without a loss, the child stays, the IKE SA has new SPIs."""
    session = started(plan.scenario())
    session.up()
    old, child = session.agreed_ike(), session.agreed("net")
    flow = Flow(session)
    _who(session, by).rekey_ike()
    session.until(lambda: _replaced(session, old), "both ends have the new IKE SA alone")
    flow.finish()
    new = session.agreed_ike()
    assert (new.spi_initiator, new.spi_responder) != (old.spi_initiator, old.spi_responder)
    assert session.agreed("net").spi_in == child.spi_in
    both_ways(session)


def _replaced(session, old) -> bool:
    views = [peer.status().ike_sas for peer in (session.first, session.second)]
    return all(len(view) == 1 and view[0].spi_initiator != old.spi_initiator for view in views)


@BY
def test_child_delete(started, plan, by: str) -> None:
    """Both ends have the IKE SA left and no child; it can be made anew."""
    session = started(plan.scenario())
    session.up()
    _who(session, by).terminate("net")
    session.until(lambda: not _children(session), "no end has a child left")
    session.agreed_ike()
    session.up()
    both_ways(session)


def _children(session) -> list:
    return [child for peer in (session.first, session.second) for child in peer.status().children]


@BY
def test_ike_delete(started, plan, by: str) -> None:
    """Both ends have nothing left; it can be made anew."""
    session = started(plan.scenario())
    session.up()
    _who(session, by).terminate()
    session.until(lambda: _nothing(session), "no end has an IKE SA left")
    session.up()
    both_ways(session)


def _nothing(session) -> bool:
    return not any(peer.status().ike_sas for peer in (session.first, session.second))


@pytest.mark.short
def test_dead_peer(started, plan) -> None:
    """The responder dies without a word; the initiator finds out, and lets go of everything."""
    session = started(plan.scenario(liveness_seconds=1))
    session.up()
    session.second.kill()
    session.until(lambda: not session.first.status().ike_sas, "the initiator has found the peer dead")
    session.second.start()
    session.up()
    both_ways(session)
