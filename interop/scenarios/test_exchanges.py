"""IKE over a network that cuts, and under load: fragments and cookies."""

import pytest

from scenarios import wire
from scenarios.credentials import Authority, pair
from scenarios.half_open import open_halfway
from scenarios.traffic import both_ways

_FILLER = 1500  # octets: each certificate alone is more than a packet holds
_LARGEST = 1000  # octets of an IP packet


@pytest.mark.short
def test_fragmentation(started, plan, tmp_path) -> None:
    """Large certificates and an intermediate authority: IKE_AUTH goes in fragments, each way, none larger than agreed."""
    root = Authority(tmp_path / "root", "rsa-3072")
    middle = Authority(tmp_path / "middle", "rsa-3072", issuer=root, filler=_FILLER)
    proofs = pair(middle, "rsa-3072", tmp_path, filler=_FILLER)
    scenario = plan.scenario(authentication=proofs, trusted=(root.certificate,), fragment_octets=_LARGEST)
    session = started(scenario)
    session.up()
    session.until(lambda: all(count >= 3 for count in _fragments(session).values()), "three fragments each way", 5)
    both_ways(session)


def _fragments(session) -> dict[bytes, int]:
    """How many each address sent so far, none larger than agreed."""
    count = dict.fromkeys((session.plan.outer_octets(node) for node in "ab"), 0)
    for frame in session.watch.frames():
        if (message := frame.ike()) and wire.first_payload(message) == wire.FRAGMENT_PAYLOAD:
            assert frame.ip_octets <= _LARGEST, f"a fragment of {frame.ip_octets} octets"
            count[frame.source] += 1
    return count


def test_cookies(started, plan) -> None:
    """With another request half open the responder asks for a cookie first, and gets it."""
    session = started(plan.scenario(cookie_threshold=1))
    open_halfway(session)
    watch = session.new_watch()
    session.up()
    session.until(lambda: any(map(_asks_for_cookie, watch.ike())), "an IKE_SA_INIT response begins with a COOKIE", 5)
    both_ways(session)


def _asks_for_cookie(message: bytes) -> bool:
    if not wire.is_response(message) or wire.exchange(message) != wire.IKE_SA_INIT:
        return False
    return wire.first_payload(message) == wire.NOTIFY_PAYLOAD and message[28 + 6 : 28 + 8] == (16390).to_bytes(2)
