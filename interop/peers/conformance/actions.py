"""What the hooks of mpsec-conformance do at each peer. None of them waits for the tester's answer: the case goes on meanwhile."""

import re
import socket
import time
from collections.abc import Callable

from lab import namespace
from lab.network import Node
from peers.conformance.hooks import Hook
from peers.peer import Peer, PeerError, until
from peers.reference import Reference
from peers.strongswan import files
from peers.strongswan.daemon import StrongSwan
from peers.strongswan.vici import ViciError
from peers.strongswan_kernel import StrongSwanKernel
from scenarios import half_open
from scenarios.plans import Plan

USUAL = "usual"
AGAIN = "again"
"""The second child of a strongSwan's connection: it makes none twice of one name."""
_AT_ONCE = "-1"  # milliseconds that vici waits; less than none: not at all
_IKE_PORT = 500
_GONE_SECONDS = 3
_AUDITED = {
    "unknown_spi": "no-sa",
    "replay_duplicate": "replayed",
    "replay_too_old": "replayed",
    "replay_below_zero": "replayed",
    "integrity_failed": "not-authentic",
    "fragment_for_ipsec": "fragment",
    "sequence_exhausted": "exhausted",
}
"""A discard as our gateway names it -> an event of a target file's hook."""


def hooks_of(peer: Peer, plan: Plan) -> dict[str, Hook]:
    """By the words of the target file."""
    host, to = plan.nodes["host-b"], plan.host("a")
    traffic = {"send-traffic": lambda mark: _ping(host, to, int(mark))}
    if isinstance(peer, StrongSwan):
        return traffic | _strongswan(peer, plan)
    if isinstance(peer, Reference):
        return traffic | _reference(peer)
    raise PeerError(f"{peer.name}: nobody has said what its hooks are")


def _ping(host: Node, to: str, mark: int) -> str:
    """An echo request with the mark where the tester looks for it, and no word of whether an answer comes."""
    host.run(["ping", "-c", "1", "-W", "0.1", "-s", "4", "-p", f"{mark:08x}", to], check=False)
    return ""


def _told(act: Callable[[], object]) -> Hook:
    return lambda _: _nothing(act())


def _nothing(_: object) -> str:
    return ""


def _strongswan(peer: StrongSwan, plan: Plan) -> dict[str, Hook]:
    def asked(command: str, **values: str) -> Hook:
        return _told(lambda: peer.vici.ask(command, **values))

    return {
        "initiate": asked("initiate", child="net", timeout=_AT_ONCE),
        "create-child": asked("initiate", child=AGAIN, timeout=_AT_ONCE),
        "rekey-child": asked("rekey", child="net"),
        "rekey-ike": asked("rekey", ike=files.CONNECTION),
        "delete-child": asked("terminate", child="net", timeout=_AT_ONCE),
        "delete-ike": asked("terminate", ike=files.CONNECTION, timeout=_AT_ONCE),
        "reset": _told(lambda: _forget_all(peer)),
        "set-cookie-threshold": lambda text: _nothing(_set_cookies(peer, plan, _number_or_usual(text))),
        "set-lifetime": lambda text: _nothing(peer.set_lifetime(_number_or_usual(text))),
        "read-replay-counters": lambda _: _replay_counters(peer),
    }


def _forget_all(peer: StrongSwan) -> None:
    """Every IKE SA, half-open ones too, without waiting for anybody."""
    until = time.monotonic() + _GONE_SECONDS
    while numbers := [sa["uniqueid"] for event in peer.vici.collect("list-sas", "list-sa") for sa in event.values()]:
        if time.monotonic() > until:
            raise PeerError(f"{peer.name}: after {_GONE_SECONDS} s it still has the IKE SAs {', '.join(numbers)}")
        for number in numbers:
            try:
                peer.vici.ask("terminate", **{"ike-id": number}, force="yes", timeout=_AT_ONCE)
            except ViciError:
                continue  # it went by itself in between


def _number_or_usual(text: str) -> int | None:
    return None if text == USUAL else int(text)


def _set_cookies(peer: StrongSwan, plan: Plan, threshold: int | None) -> None:
    """In its words 0 is never. So that it always asks, somebody is left half-way who never comes back."""
    if threshold != 0:
        return peer.set_cookies(threshold)
    peer.set_cookies(1)
    address = peer.end.addresses[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.within(plan.nodes["a"].netns, lambda: socket.socket(family, socket.SOCK_DGRAM)) as sender:
        sender.sendto(half_open.request(), (address, _IKE_PORT))
    until(lambda: peer.vici.ask("stats")["ikesas"]["half-open"] != "0", _GONE_SECONDS, f"{peer.name} has a half-open IKE SA")


def _replay_counters(peer: StrongSwan) -> str:
    if isinstance(peer, StrongSwanKernel):
        counters = peer.kernel_counters()
        return f"replayed={counters['XfrmInStateSeqError']} not_authentic={counters['XfrmInStateProtoError']}"
    text = peer.log()
    replayed, forged = (len(re.findall(words, text)) for words in ("sequence number verification failed", "ICV verification failed"))
    return f"replayed={replayed} not_authentic={forged}"


def _reference(peer: Reference) -> dict[str, Hook]:
    def again() -> None:
        peer.kill()
        peer.start()

    return {
        "initiate": lambda path: _nothing(peer.begin(int(path))),
        "create-child": _told(lambda: peer.create_child("net")),
        "rekey-child": _told(lambda: peer.rekey_child("net")),
        "rekey-ike": _told(peer.rekey_ike),
        "delete-child": _told(lambda: peer.terminate("net")),
        "delete-ike": _told(peer.terminate),
        "reset": _told(again),
        "read-replay-counters": lambda _: _reference_counters(peer),
        "read-audit": lambda _: _reference_audit(peer),
    }


def _reference_audit(peer: Reference) -> str:
    """What is in its journal, which leaves out of a kind what comes beyond ten a second."""
    return "\n".join(
        f"event={_AUDITED.get(entry['cause'], 'other')} time={entry['time']} spi={entry.get('spi', '')} source={entry['source']} "
        f"destination={entry['destination']} number={entry.get('sequence_number', '')}"
        for entry in peer.journal_entries("audit")
    )


def _reference_counters(peer: Reference) -> str:
    counters = peer.statistics()
    discards = {name.rpartition(".")[2]: number for name, number in counters.items() if name.startswith("counters.discards.")}
    replayed = sum(discards[cause] for cause in ("replay_duplicate", "replay_too_old", "replay_below_zero"))
    return (
        f"replayed={replayed} too_old={discards['replay_too_old']} not_authentic={discards['integrity_failed']} "
        f"accepted={counters['counters.delivered']}"
    )
