"""Goodput from the host behind a to the host behind b, of whatever stands between: one TCP stream, and UDP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.laboratory import Laboratory
from lab.network import Node
from peers.peer import Peer, PeerError, until

from scenarios.facing import Facing, bare
from scenarios.traffic import behind, ping

PACKET = 1400  # octets of an inner IP packet
_UDP_PAYLOAD = PACKET - 28
_OFFERED = (100, 200, 400, 800, 1600)  # 10^6 bits a second
_RELAY = Path(__file__).with_name("relay.py")
_DATAGRAMS = Path(__file__).with_name("datagrams.py")
_PYTHON = "/usr/bin/python3"
_START_SECONDS = 10
_STALLED = 30  # seconds beyond its time, after which a stream is given up

Rates = dict[str, float]
"""10^6 bits a second: "tcp" of its payload, "udp" of inner packets, the most that came whatever was offered."""


@contextmanager
def gateways(maker: type[Peer], **fields) -> Iterator[Laboratory]:
    """With a tunnel of AES-128-GCM between the networks."""
    with Facing(f"speed-{maker.name}", maker, bare(PACKET), **fields) as facing:
        facing.a.initiate("net")
        ping(behind(facing.laboratory.nodes["host-a"]), facing.plan.host("b"))
        yield facing.laboratory


@contextmanager
def relays() -> Iterator[Laboratory]:
    """With two TUNs and a program at each that copies packets, without any protection."""
    with Laboratory(bare(PACKET), capture=False) as laboratory:
        for node, other in ("ab", "ba"):
            own, peer = (laboratory.nodes[name].address("outer") for name in (node, other))
            route = "10.2.0.0/24" if node == "a" else "10.1.0.0/24"
            relay = laboratory.nodes[node].start([_PYTHON, str(_RELAY), own, peer, route, str(PACKET)], log="relay.log")
            until(lambda relay=relay: "relaying" in relay.output(), _START_SECONDS, "the relay runs", relay.output)
        yield laboratory


@contextmanager
def routers() -> Iterator[Laboratory]:
    """With the kernel's own forwarding: no TUN, no program."""
    with Laboratory(bare(PACKET), capture=False) as laboratory:
        for node, network, via in (("a", "10.2.0.0/24", "b"), ("b", "10.1.0.0/24", "a")):
            gateway = laboratory.nodes[via].address("outer")
            laboratory.nodes[node].run(["ip", "route", "add", network, "via", gateway])
        yield laboratory


def measure(laboratory: Laboratory, seconds: float) -> Rates:
    """One stream, then each offered rate of UDP, each for so long."""
    sender, receiver = laboratory.nodes["host-a"], laboratory.nodes["host-b"]
    address = receiver.address("inner-b")
    with _served(receiver, ["iperf3", "-s", "--forceflush"], "listening"):
        tcp = _tcp(sender, address, seconds)
    with _served(receiver, [_PYTHON, str(_DATAGRAMS), "sink", address], "open"):
        udp = max(_udp(sender, receiver, rate, seconds) for rate in _OFFERED)
    return {"tcp": round(tcp, 1), "udp": round(udp, 1)}


def _tcp(sender: Node, address: str, seconds: float) -> float:
    """10^6 bits a second of payload that came."""
    argv = ["iperf3", "-c", address, "-t", f"{seconds:.0f}", "--json"]
    said = json.loads(sender.run(argv, timeout=seconds + _STALLED, check=False).stdout)
    if "error" in said:
        raise PeerError(f"iperf3 from {sender.name} to {address}: {said['error']}")
    return said["end"]["sum_received"]["bits_per_second"] * 1e-6


@contextmanager
def _served(node: Node, argv: list[str], ready: str) -> Iterator[None]:
    """While this program, which has said that it is ready, runs at the node."""
    log = node.folder / f"{Path(argv[1]).stem}.log"
    before = log.read_text().count(ready) if log.exists() else 0  # of the round before: logs are added to
    server = node.start(argv, log=log.name)
    try:
        until(lambda: server.output().count(ready) > before, _START_SECONDS, f"{argv[0]} is ready", server.output)
        yield
    finally:
        server.stop()


def _udp(sender: Node, receiver: Node, rate: float, seconds: float) -> float:
    """10^6 bits a second of inner packets that came, while so much was sent."""
    before = _packets(receiver)
    argv = [_PYTHON, str(_DATAGRAMS), "send", receiver.address("inner-b"), str(_UDP_PAYLOAD), str(rate), str(seconds)]
    _, took = sender.run(argv, timeout=seconds + _STALLED).stdout.split()
    return (_packets(receiver) - before) * PACKET * 8e-6 / float(took)


def _packets(node: Node) -> int:
    """That have come by the inner link; the handful that are not of the test do not matter."""
    return int(node.run(["cat", "/sys/class/net/inner-b/statistics/rx_packets"]).stdout)
