"""Many tunnels between two of our gateways, one after the other: how long each takes, and how much memory it needs."""

import ipaddress
import statistics
import time
from pathlib import Path

from peers.peer import Peer, until
from peers.reference import Reference
from peers.reference.control import ask
from peers.reference.document import document, render

from scenarios.facing import Facing, bare

_FIRST_CLIENT = int(ipaddress.ip_address("10.64.0.1"))
_CLIENTS = "10.64.0.0/10"
_DOMAIN = "clients.mpsec.test"
_AROUND = 10  # tunnels on either side, of which the median is taken
_SECONDS = 30


class ManyTunnels(Facing):
    """Gateway a speaks for so many clients, each a peer of its own with an IKE SA and a Child SA; b takes all of them."""

    a: Reference
    b: Reference

    def __init__(self, count: int) -> None:
        super().__init__("tunnels", Reference, bare(1500))
        self._count = count

    def before_start(self, peer: Peer) -> None:
        """The peers of both files, from the one that the scenario has."""
        assert isinstance(peer, Reference)
        node = peer.node.name
        tables = document(self.scenario.end(node), self.scenario.other(node), str(peer.socket), str(peer.journal))
        (one,) = tables["peer"]
        tables["peer"] = [self._client(one, i) for i in range(self._count)] if node == "a" else [self._all(one)]
        if node == "b":  # many that begin are no flood here
            tables["ike"]["cookies_from"] = 10 * self._count
        peer.node.write(str(peer.file.relative_to(peer.node.folder)), render(tables) + "\n")

    def _client(self, one: dict, number: int) -> dict:
        own = str(ipaddress.ip_address(_FIRST_CLIENT + number))
        child = one["child"][0] | {"name": f"net-{number}", "local": [own]}
        return one | {"name": f"b-{number}", "local_id": f"c{number}.{_DOMAIN}", "child": [child]}

    def _all(self, one: dict) -> dict:
        child = one["child"][0] | {"remote": [_CLIENTS]}
        peer = {key: value for key, value in one.items() if key != "remote_id"}
        return peer | {"name": "clients", "accept": [f".{_DOMAIN}"], "paths": [], "child": [child]}

    def begin(self, number: int) -> float:
        """Milliseconds until our gateway says that this tunnel is there."""
        before = time.monotonic()
        ask(self.a.socket, "initiate", _SECONDS, peer=f"b-{number}")
        return (time.monotonic() - before) * 1e3

    def memory(self) -> dict[str, int]:
        """Octets that each gateway keeps in memory."""
        return {peer.node.name: _resident(peer.pid) for peer in (self.a, self.b)}


def _resident(pid: int) -> int:
    words = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()
    return int(words[0]) * 1024


def tunnels(count: int) -> dict:
    """Milliseconds around the 10th, 100th ... tunnel, and octets of memory for each at either end."""
    with ManyTunnels(count) as many:
        before = many.memory()
        took = [many.begin(number) for number in range(count)]
        until(lambda: len(many.b.status().established) == count, _SECONDS, f"the responder has {count} IKE SAs", many.b.log)
        after = many.memory()
    places = [place for place in (10, 100, 1000, 10000) if place <= count]
    return {
        "ms": {place: round(_around(took, place), 3) for place in places},
        "octets_each": {node: round((after[node] - before[node]) / count) for node in before},
    }


def _around(took: list[float], place: int) -> float:
    return statistics.median(took[max(0, place - _AROUND) : place + _AROUND])
