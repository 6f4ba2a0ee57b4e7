"""Whether two ends say the same of one SA: SPIs crossed, algorithms, mode, selectors."""

from peers.peer import ChildStatus, IkeStatus, Peer, PeerError, until
from peers.scenario import Proposal, Scenario, Transform

# Written in several ways by those who show them, and meant as one.
_NO_KEY_LENGTH = {"ENCR_CHACHA20_POLY1305", "ENCR_NULL", "ENCR_3DES"}


def ike(first: Peer, second: Peer, scenario: Scenario, seconds: float) -> IkeStatus:
    """The initiator's view of the one IKE SA, as soon as both have exactly one and the same; PeerError with the difference."""
    return _agreed(first, second, lambda: _ike_difference(first, second, scenario), seconds)


def child(first: Peer, second: Peer, name: str, scenario: Scenario, seconds: float) -> ChildStatus:
    """The initiator's view of the newest child of this name, as soon as both have the same; PeerError with the difference."""
    return _agreed(first, second, lambda: _child_difference(first, second, name, scenario), seconds)


def _agreed(first: Peer, second: Peer, look, seconds: float):
    last: list = []

    def same() -> bool:
        last[:] = [look()]
        return not isinstance(last[0], str)

    try:
        until(same, seconds, "both ends agree")
    except PeerError as error:
        log = f"{first.log()[-1500:]}\n--- {second.name} at {second.node.name}:\n{second.log()[-1500:]}"
        raise PeerError(f"{error}: {last[0]}", log) from None
    return last[0]


def _ike_difference(first: Peer, second: Peer, scenario: Scenario) -> IkeStatus | str:
    views = [peer.status().established for peer in (first, second)]
    if [len(view) for view in views] != [1, 1]:
        return f"IKE SAs: {first.name} has {len(views[0])}, {second.name} has {len(views[1])}"
    one, other = views[0][0], views[1][0]
    return _different(
        ("IKE SPIs", (one.spi_initiator, one.spi_responder), (other.spi_initiator, other.spi_responder)),
        ("one initiator", one.initiator, not other.initiator),
        ("identities", (one.local_identity, one.remote_identity), (other.remote_identity, other.local_identity)),
        ("algorithms of IKE", _plain(one.transforms), _plain(other.transforms)),
        ("algorithms of IKE as configured", _plain(one.transforms), _only_choice(scenario.ends[0].ike_proposals, _plain(one.transforms))),
    ) or one


def _child_difference(first: Peer, second: Peer, name: str, scenario: Scenario) -> ChildStatus | str:
    views = [[child for child in peer.status().children if child.name == name] for peer in (first, second)]
    if not all(views):
        return f"child '{name}': {first.name} has {len(views[0])}, {second.name} has {len(views[1])}"
    inbound = {child.spi_in: child for child in views[1]}
    pairs = [(child, inbound[child.spi_out]) for child in views[0] if child.spi_out in inbound]
    if not pairs:
        return f"child '{name}': no SPI of {first.name}'s outbound SAs is one of {second.name}'s inbound"
    one, other = pairs[-1]
    offers = scenario.ends[0].child(name).proposals
    return _different(
        ("SPIs", (one.spi_in, one.spi_out), (other.spi_out, other.spi_in)),
        ("mode and protocol", (one.mode, one.protocol), (other.mode, other.protocol)),
        ("extended numbers", one.extended_numbers, other.extended_numbers),
        ("encapsulation", one.encapsulated, other.encapsulated),
        ("selectors", (sorted(one.local), sorted(one.remote)), (sorted(other.remote), sorted(other.local))),
        ("algorithms", _plain(one.transforms), _plain(other.transforms)),
        ("algorithms as configured", _protection(one.transforms), _only_choice(tuple(map(_protection, offers)), _protection(one.transforms))),
    ) or one


def _different(*claims: tuple[str, object, object]) -> str:
    """What differs, in words; nothing: the empty text."""
    return "; ".join(f"{what}: {one} and {other}" for what, one, other in claims if one != other)


def _plain(transforms: Proposal | frozenset[Transform]) -> frozenset[Transform]:
    return frozenset(Transform(t.name) if t.name in _NO_KEY_LENGTH else t for t in transforms)


def _protection(transforms: Proposal | frozenset[Transform]) -> frozenset[Transform]:
    """Without the key exchange: which child had one of its own is no property of the child."""
    return frozenset(t for t in _plain(transforms) if t.kind != "key_exchange")


def _only_choice(offers, found: frozenset[Transform]) -> frozenset[Transform]:
    """What must have been chosen where the configuration leaves no choice; else what was."""
    return _plain(offers[0]) if len(offers) == 1 else found
