"""SA clusters towards a peer that knows none: one SA is an ordinary one, and several can share their numbers where they are short."""

import pytest
from peers.reference import Reference
from peers.scenario import Cluster, Scenario

from scenarios.plans import changed, children_changed
from scenarios.sites import Session
from scenarios.traffic import behind, both_ways, ping
from scenarios.wire import Frame

_MANY = 200  # packets: more than a window of 32 or 64


def _ours_with(scenario: Scenario, cluster: Cluster) -> Scenario:
    """The gateway at a has this cluster, the one at b none."""
    return changed(children_changed(scenario, "a", cluster=cluster.name), "a", clusters=(cluster,))


def _ours(session: Session) -> Reference:
    peer = session.site.peers["a"]
    assert isinstance(peer, Reference), "only ours takes clusters, so it is the one at a"
    return peer


@pytest.mark.short
def test_cluster_of_one(started, plan) -> None:
    """A child for which we have a cluster is an ordinary SA to a peer without, also after it was replaced."""
    session = started(_ours_with(plan.scenario(), Cluster("net")))
    session.up()
    both_ways(session)
    old = session.agreed("net")
    session.first.rekey_child("net")
    session.until(lambda: session.agreed("net").spi_in != old.spi_in, "the child has been replaced")
    both_ways(session)
    assert _ours(session).clusters() == []


def test_shared_numbers(started, plan) -> None:
    """Two SAs with one counter: the peer takes every packet, as a gap does a window of 32-bit numbers no harm."""
    cluster = Cluster("net", scheduler="round-robin burst=1", share_with_ordinary_peer=True)
    session = started(_ours_with(plan.scenario(), cluster))
    session.up()
    _ours(session).create_child("net")
    peer = session.site.peers["b"]
    session.until(lambda: len(peer.status().children) == 2, "the peer has two SAs")
    refused, watch = peer.refused(), session.new_watch()
    ping(behind(session.site.node("host-a")), plan.host("b"), count=_MANY)
    session.until(lambda: len(_sent(session, watch)) >= _MANY, "all packets are captured", 10)
    numbers = [(frame[:4], int.from_bytes(frame[4:8], "big")) for frame in _sent(session, watch)]
    assert len({spi for spi, _ in numbers}) == 2, "both SAs are used"
    assert len({number for _, number in numbers}) == len(numbers), "no number is used twice"
    assert peer.refused() == refused
    both_ways(session)


def _sent(session: Session, watch) -> list[bytes]:
    """ESP packets from ours."""
    source = session.plan.outer_octets("a")

    def esp(frame: Frame) -> bytes | None:
        return frame.esp() if frame.source == source else None

    return [packet for frame in watch.frames() if (packet := esp(frame)) is not None]
