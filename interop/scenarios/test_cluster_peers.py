"""SA clusters towards a peer that knows none: one SA is an ordinary one, and several can share their numbers where they are short."""

from contextlib import ExitStack
from dataclasses import replace

import pytest
from lab.laboratory import Laboratory
from peers.peer import until
from peers.reference import Reference
from peers.reference.document import document, render
from peers.scenario import Cluster, Scenario

from scenarios.plans import Plan, changed, children_changed
from scenarios.sites import Session
from scenarios.traffic import behind, both_ways, ping
from scenarios.wire import Frame

_SECOND = "10.2.0.3"  # a further address of the host behind b
_BY_HAND = "by hand"
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


def test_peers_own_numbers(started, plan) -> None:
    """A cluster by configuration, which the peer does not know of: it counts each SA for itself, which is told once."""
    session = started(_ours_with(plan.scenario(), Cluster("net", negotiated=False)))
    session.up()
    both_ways(session)
    ours = _ours(session)
    ours.create_child("net")
    session.until(lambda: len(session.site.peers["b"].status().children) == 2, "the peer has two SAs")

    def told() -> bool:
        behind(session.site.node("host-b"))(["ping", "-c", "3", "-i", "0.02", "-w", "1", plan.host("a")])
        return '"numbers_not_shared"' in ours.log()

    session.until(told, "the peer's numbers are found not to be shared")
    assert ours.log().count('"numbers_not_shared"') == 1


def _sent(session: Session, watch) -> list[bytes]:
    """ESP packets from ours."""
    source = session.plan.outer_octets("a")

    def esp(frame: Frame) -> bytes | None:
        return frame.esp() if frame.source == source else None

    return [packet for frame in watch.frames() if (packet := esp(frame)) is not None]


def test_numbers_not_shared(request, record_property) -> None:
    """SAs by hand, a cluster for us and none for the peer: it counts each for itself, which is told once."""
    name = request.node.name
    for told, value in (("peer", Reference.name), ("role", ""), ("scenario", "numbers not shared")):
        record_property(told, value)
    if reason := Reference.probe():
        pytest.skip(reason)
    with Laboratory("two-gateways") as laboratory, ExitStack() as stack:
        plan = Plan(name, laboratory.nodes)
        a, b = (_with_static_sas(stack, plan, node, clustered=node == "a") for node in "ab")
        host = laboratory.nodes["host-b"]
        host.run(["ip", "address", "add", f"{_SECOND}/24", "dev", "inner-b"])
        for source in (plan.host("b"), _SECOND):
            host.run(["ping", "-c", "5", "-i", "0.02", "-w", "2", "-I", source, plan.host("a")], check=False)
        until(lambda: '"numbers_not_shared"' in a.log(), 10, "the peer's numbers are found not to be shared", a.log)
        assert a.log().count('"numbers_not_shared"') == 1 and "numbers_not_shared" not in b.log()


def _with_static_sas(stack: ExitStack, plan: Plan, node: str, clustered: bool) -> Reference:
    """A gateway with two SA pairs by hand. Without a cluster each has a policy of its own: one address behind b."""
    scenario = plan.scenario()
    scenario = replace(scenario, ends=tuple(replace(end, children=()) for end in scenario.ends))
    peer = Reference()
    peer.configure(plan.nodes[node], scenario.end(node), scenario.other(node), scenario)
    tables = document(scenario.end(node), scenario.other(node), str(peer.socket), str(peer.journal))
    tables["tun"]["routes"] = [plan.network("b" if node == "a" else "a")]
    tables["cluster"] = [{"name": _BY_HAND, "negotiated": False, "peer_window": 64}] if clustered else []
    tables["sa"] = [_static_sa(plan, node, *each, clustered) for each in enumerate((plan.host("b"), _SECOND))]
    plan.nodes[node].write(f"{scenario.name}/{peer.file.name}", render(tables) + "\n")
    peer.start()
    stack.callback(peer.stop)
    return peer


def _static_sa(plan: Plan, node: str, number: int, address: str, clustered: bool) -> dict[str, object]:
    other = "b" if node == "a" else "a"
    networks = {"a": plan.network("a"), "b": f"{address}/32" if node == "b" else plan.network("b")}
    halves = {"a": _half(0x1000 + number), "b": _half(0x2000 + number)}  # by who receives
    table = {
        "name": f"static-{number}", "protocol": "esp", "mode": "tunnel",
        "local_address": plan.outer(node), "remote_address": plan.outer(other),
        "local": networks[node], "remote": networks[other], "esn": False, "replay_window": 64,
        "inbound": halves[node], "outbound": halves[other],
    }  # fmt: skip
    return table | ({"cluster": _BY_HAND} if clustered else {})


def _half(spi: int) -> dict[str, object]:
    """Keys that are the SPI again and again, and worth as much."""
    key = spi.to_bytes(4, "big").hex()
    return {"spi": spi, "algorithm": "aes128-sha256", "key_hex": key * 4, "integrity_key_hex": key * 8}
