"""Goodput of one TCP stream over a cluster with two paths, against one with a single path, each path as slow as the other."""

from scenarios.multipath import Multipath, cluster, n_paths
from scenarios.stream import Stream, now

RATE = 40  # 10^6 bits a second, Ethernet headers counted, of each path
DELAYS = (5, 10)  # ms, one way
_WARM_OCTETS = 4_000_000
_PATIENCE = 60


def goodput(paths: int, seconds: float) -> float:
    """10^6 bits a second of payload once the stream has its speed, packets put in order on arrival."""
    shared = cluster(scheduler="round-robin burst=4", reorder="adaptive")
    with Multipath(f"paths-{paths}", n_paths(paths), shared) as over:
        over.up()
        for path in range(paths):
            over.link(path).impair(delay_ms=DELAYS[path], rate_mbit=RATE, queue_ms=50)
        hosts = over.laboratory.nodes
        with Stream(hosts["host-b"], hosts["host-a"], over.plan.host("b"), over.scenario.name) as stream:
            stream.flows(_WARM_OCTETS, _PATIENCE, "before it is measured")
            begin = now()
            over.until(lambda: now() >= begin + seconds, "the time is over", seconds + 1)
            end = now()
            return round(stream.finish(_PATIENCE).goodput(begin, end), 2)
