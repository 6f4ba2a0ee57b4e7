"""Whether two ends say the same of one SA: SPIs crossed, algorithms, mode, selectors."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from peers.peer import ChildStatus, IkeStatus, Peer, PeerError, Status, until
from peers.scenario import Proposal, Scenario, Transform

T = TypeVar("T")
# Written in several ways by those who show them, and meant as one.
_NO_KEY_LENGTH = {"ENCR_CHACHA20_POLY1305", "ENCR_NULL", "ENCR_3DES"}


def ike(first: Peer, second: Peer, scenario: Scenario, seconds: float) -> IkeStatus:
    """The initiator's view of the one IKE SA, as soon as both have exactly one and the same; PeerError with the difference."""
    return _agreed(first, second, seconds, lambda views: _ike_difference(views, scenario))


def child(first: Peer, second: Peer, name: str, scenario: Scenario, seconds: float) -> ChildStatus:
    """The initiator's view of the newest child of this name, as soon as both have the same; PeerError with the difference."""
    return _agreed(first, second, seconds, lambda views: _child_difference(views, name, scenario))


def whole(first: Peer, second: Peer, names: tuple[str, ...], scenario: Scenario, seconds: float) -> None:
    """The one IKE SA, and these children, at once."""

    def look(views: list[Status]) -> IkeStatus | str:
        children = [_child_difference(views, name, scenario) for name in names]
        return next((text for text in children if isinstance(text, str)), None) or _ike_difference(views, scenario)

    _agreed(first, second, seconds, look)


def _agreed(first: Peer, second: Peer, seconds: float, look: Callable[[list[Status]], T | str]) -> T:
    last: list[T | str] = []

    def same() -> bool:
        last[:] = [look([first.status(), second.status()])]
        return not isinstance(last[0], str)

    try:
        until(same, seconds, "both ends agree")
    except PeerError as error:
        log = f"{first.log()[-1500:]}\n--- {second.name} at {second.node.name}:\n{second.log()[-1500:]}"
        raise PeerError(f"{error}: {last[0]}", log) from None
    assert not isinstance(last[0], str)
    return last[0]


def _ike_difference(views: list[Status], scenario: Scenario) -> IkeStatus | str:
    sas = [view.established for view in views]
    if [len(each) for each in sas] != [1, 1]:
        return f"the initiator has {len(sas[0])} IKE SAs, the responder {len(sas[1])}"
    one, other = sas[0][0], sas[1][0]
    chosen = _plain(one.transforms)
    return _different(
        ("IKE SPIs", (one.spi_initiator, one.spi_responder), (other.spi_initiator, other.spi_responder)),
        ("one initiator", one.initiator, not other.initiator),
        ("identities", (one.local_identity, one.remote_identity), (other.remote_identity, other.local_identity)),
        ("algorithms of IKE", chosen, _plain(other.transforms)),
        ("algorithms of IKE as configured", chosen, _only_choice(scenario.ends[0].ike_proposals, chosen)),
    ) or one


def _child_difference(views: list[Status], name: str, scenario: Scenario) -> ChildStatus | str:
    found = [[child for child in view.children if child.name == name] for view in views]
    inbound = {child.spi_in: child for child in found[1]}
    pairs = [(child, inbound[child.spi_out]) for child in found[0] if child.spi_out in inbound]
    if not pairs:
        spis = [[f"in {child.spi_in:08x}, out {child.spi_out:08x}" for child in each] for each in found]
        return f"child '{name}' of the initiator: {spis[0]}, of the responder: {spis[1]}"
    one, other = pairs[-1]
    configured = scenario.ends[0].child(name)
    told = [_protection(each) for each in (one.transforms, other.transforms) if each is not None]
    offers = tuple(map(_protection, configured.proposals))
    difference = _different(
        ("SPIs", (one.spi_in, one.spi_out), (other.spi_out, other.spi_in)),
        ("mode and protocol", (one.mode, one.protocol), (other.mode, other.protocol)),
        ("mode and protocol as configured", (one.mode, one.protocol), (configured.mode, configured.protocol)),
        ("extended numbers", *_both_told(one.extended_numbers, other.extended_numbers)),
        ("encapsulation", *_both_told(one.encapsulated, other.encapsulated)),
        ("selectors", (sorted(one.local), sorted(one.remote)), (sorted(other.remote), sorted(other.local))),
        ("algorithms", told[0], told[-1]) if told else ("", 0, 0),
        ("algorithms as configured", told[0], _only_choice(offers, told[0])) if told else ("", 0, 0),
    )
    return difference or _completed(one, other)


def _completed(one: ChildStatus, other: ChildStatus) -> ChildStatus:
    """With what only the other end tells."""
    shared = ("transforms", "extended_numbers", "encapsulated")
    return replace(one, **{name: getattr(other, name) for name in shared if getattr(one, name) is None})


def _both_told(one: T | None, other: T | None) -> tuple[T | None, T | None]:
    """Nothing to compare where an end does not tell."""
    return (one, other) if one is not None and other is not None else (None, None)


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
