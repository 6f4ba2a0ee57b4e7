"""How long IKE_SA_INIT and IKE_AUTH take on the wire, from the first packet to the last, between two gateways of one maker."""

import statistics

from peers.peer import Peer, until

from scenarios.facing import Facing, bare
from scenarios.wire import IKE_SA_INIT, Watch, exchange, is_response

IKE_AUTH = 35
_ANSWER_SECONDS = 10


def facing(maker: type[Peer]) -> Facing:
    """Two that do PSK, x25519, AES-128-GCM, one Child SA; no NAT, no cookie."""
    return Facing(f"handshake-{maker.name}", maker, bare(1500), capture=True)


def one(between: Facing) -> float:
    """Milliseconds of one; its SAs are gone again."""
    capture = between.laboratory.links["outer"].capture
    assert capture is not None, "it was asked for"
    watch = Watch(capture)
    between.a.initiate("net")
    duration = until(lambda: _duration(watch), _ANSWER_SECONDS, "the exchanges are captured", between.a.log)
    between.a.terminate()
    until(lambda: not between.a.status().ike_sas and not between.b.status().ike_sas, _ANSWER_SECONDS, "both ends have let go")
    return duration


def _duration(watch: Watch) -> float | None:
    """Milliseconds from the request of IKE_SA_INIT to the response of IKE_AUTH, once both are there."""
    found = [(moment, message) for moment, frame in watch.timed() if (message := frame.ike()) is not None]
    begin = [moment for moment, message in found if exchange(message) == IKE_SA_INIT and not is_response(message)]
    end = [moment for moment, message in found if exchange(message) == IKE_AUTH and is_response(message)]
    return (end[-1] - begin[0]) * 1e3 if begin and end else None


def report(milliseconds: list[float]) -> dict[str, float]:
    """Median and least."""
    return {"median_ms": round(statistics.median(milliseconds), 3), "least_ms": round(min(milliseconds), 3)}
