"""One TCP download over several paths of different delay, as one SA cluster; a path is cut and restored in the middle.

No stall is longer than `stall_bound`: until the path is known to be dead, what goes that way is lost; then TCP's own timer,
which doubles while nothing is answered, so it may run for as long again; and what the reorder buffer holds.
"""

import json
from dataclasses import replace

import pytest
from peers.reference import Reference
from peers.scenario import Cluster

from scenarios.multipath import AGAIN, TWO_ROUTERS, Multipath, Ways, cluster, death, n_paths
from scenarios.stream import Course, Stream, now

SCHEDULERS = (
    "round-robin burst=32", "round-robin burst=1", "weighted burst=4", "flow-hash", "least-round-trip", "random", "adaptive",
    "duplicate round-robin burst=1",
)  # fmt: skip
REORDERINGS = (None, "time", "gap", "adaptive")
DELAYS = (5, 25, 15, 40)  # ms, one way, of the paths
RATE = 20  # 10^6 bits a second, of each path
ENOUGH = 1_000_000  # octets that show that it flows
PATIENCE = 60
_RETRANSMISSION = 0.5  # seconds: Linux's least timeout, and the longest round trip with its queue
_MACHINE = 1.0  # seconds that a busy machine may lose


def stall_bound(of: Cluster) -> float:
    """Seconds in which nothing comes to the application, at most."""
    return 2 * death(of) + _RETRANSMISSION + of.hold + _MACHINE


@pytest.fixture(autouse=True)
def _told_here(request: pytest.FixtureRequest, record_property) -> None:
    """For the table of results."""
    record_property("peer", Reference.name)
    record_property("role", "")
    record_property("scenario", request.node.name.removeprefix("test_").replace("_", " "))
    if reason := Reference.probe():
        pytest.skip(reason)


@pytest.mark.short
def test_download_over_two_paths(request, record_property) -> None:
    """The quick case."""
    _download(request.node.name, TWO_ROUTERS, cluster(reorder="adaptive"), record_property)


@pytest.mark.parametrize("reorder", REORDERINGS, ids=lambda policy: policy or "none")
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_schedulers(request, record_property, scheduler: str, reorder) -> None:
    """Each scheduler with each reorder policy over the draft's two routers."""
    duplication = scheduler.startswith("duplicate")
    _download(request.node.name, TWO_ROUTERS, cluster(scheduler=scheduler, reorder=reorder, duplication=duplication), record_property)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_four_paths(request, record_property, scheduler: str) -> None:
    shared = cluster(scheduler=scheduler, reorder="adaptive", duplication=scheduler.startswith("duplicate"))
    _download(request.node.name, n_paths(4), shared, record_property)


@pytest.mark.parametrize("reorder", REORDERINGS, ids=lambda policy: policy or "none")
def test_one_path(request, record_property, reorder) -> None:
    """A cluster of one; the only path is not cut."""
    _download(request.node.name, n_paths(1), cluster(reorder=reorder), record_property)


@pytest.mark.parametrize("reorder", (None, "adaptive"), ids=lambda policy: policy or "none")
def test_two_workers(request, record_property, reorder) -> None:
    """Two threads at each end, each with numbers of its own leases and half of the paths to receive on."""
    _download(request.node.name, n_paths(4), cluster(reorder=reorder, leases=32), record_property, workers=2)


def test_path_lost_for_long(request, record_property) -> None:
    """IKE gives the path up while it is cut: its sub-SA goes. The initiator makes it again as soon as it can."""
    again = replace(AGAIN, tries=5)
    shared = cluster(reorder="adaptive")
    with Multipath(request.node.name, TWO_ROUTERS, shared, retransmission=again, begins=True) as over:
        over.whole("after the start")
        over.link(1).cut()
        over.until(lambda: _sub_sas(over) == [1, 1], "both ends have let go of the sub-SA", PATIENCE)
        over.link(1).restore()
        over.whole("after the restoration")
        record_property("clusters", json.dumps(over.a.clusters()))


def _sub_sas(over: Multipath) -> list[int]:
    return [sum(each["valid_sub_sas"] for each in peer.clusters()) for peer in (over.a, over.b)]


def _download(name: str, ways: Ways, shared: Cluster, record_property, workers: int = 1) -> None:
    weights = tuple(range(len(ways), 0, -1))
    with Multipath(name, ways, shared, weights=weights, workers=workers) as over:
        over.up()
        for path in range(len(ways)):
            over.link(path).impair(delay_ms=DELAYS[path], rate_mbit=RATE, queue_ms=50)
        host = over.laboratory.nodes
        with Stream(host["host-b"], host["host-a"], over.plan.host("b"), over.scenario.name) as stream:
            moments = _flow(over, stream)
            course = stream.finish(PATIENCE)
        over.whole("after the download")
        report = _report(over, course, moments)
    record_property("figures", json.dumps(report))
    print(json.dumps(report))
    assert report["longest_gap_s"] <= stall_bound(shared)
    assert report["metrics"]["arrivals"] > 0


def _flow(over: Multipath, stream: Stream) -> list[float]:
    """The moments between which it flows undisturbed, with a path cut, and again undisturbed."""
    stream.flows(ENOUGH, PATIENCE, "over all paths")
    moments = [stream.course().points[0][0], now()]
    if len(over.ways) > 1:
        over.link(len(over.ways) - 1).cut()
        over.until(over.dead, "both ends have found the path dead", PATIENCE)
        stream.flows(ENOUGH, PATIENCE, "without one path")
        over.until(lambda: now() > moments[1] + stall_bound(over.cluster), "a stall would have shown", PATIENCE)
        moments.append(now())
        over.link(len(over.ways) - 1).restore()
        over.whole("after the restoration")
        stream.flows(ENOUGH, PATIENCE, "over all paths again")
        moments.append(now())
    return moments


def _report(over: Multipath, course: Course, moments: list[float]) -> dict:
    """Goodput in 10^6 bits a second, the longest stall, and what the receiving gateway measured (RFC 4737, RFC 5236)."""
    (received,) = over.a.clusters()
    metrics = received["metrics"]
    shown = ("arrivals", "lost", "duplicates", "reordered_ratio", "largest_extent", "largest_late_time_s", "mean_buffer_occupancy")
    names = ("whole", "cut", "restored")
    return {
        "goodput": {name: round(course.goodput(*span), 2) for name, span in zip(names, zip(moments, moments[1:]))},
        "longest_gap_s": round(course.longest_gap(), 3),
        "shares": [round(path["share"], 3) for path in metrics["paths"]],
        "metrics": {name: metrics["all"][name] for name in shown},
        "window": metrics["window"],
        "reordering": received.get("reordering"),
    }
