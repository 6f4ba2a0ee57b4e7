"""What two gateways shall do, in nobody's configuration language: each driver translates it for its peer.

Algorithms have IANA's names (Internet Key Exchange Version 2 parameters); times are in seconds, sizes in octets.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

AUTHENTICATED_ENCRYPTION = ("ENCR_AES_GCM_", "ENCR_AES_CCM_", "ENCR_CHACHA20_POLY1305", "ENCR_NULL_AUTH_")


@dataclass(frozen=True, order=True)
class Transform:
    """One algorithm; bits only where the transform has the Key Length attribute."""

    name: str
    bits: int | None = None

    def __str__(self) -> str:
        return self.name if self.bits is None else f"{self.name}:{self.bits}"

    @property
    def kind(self) -> str:
        """"encryption", "integrity", "prf" or "key_exchange"."""
        kinds = {"ENCR_": "encryption", "AUTH_": "integrity", "PRF_": "prf"}
        return next((kind for start, kind in kinds.items() if self.name.startswith(start)), "key_exchange")

    @property
    def authenticates(self) -> bool:
        """Whether it is an encryption that needs no integrity algorithm beside it."""
        return self.name.startswith(AUTHENTICATED_ENCRYPTION)


Proposal = tuple[Transform, ...]
"""One proposal. Several transforms of a kind are a choice. In one for a child, a key exchange is for forward secrecy."""


def proposal(text: str) -> Proposal:
    """From words such as "ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_256 2048-bit_MODP": blanks within a name are written "_"."""
    words = [word.partition(":") for word in text.split()]
    return tuple(Transform(_spaced(name), int(bits) if bits else None) for name, _, bits in words)


def _spaced(name: str) -> str:
    return name.replace("_", " ") if "-bit" in name else name


@dataclass(frozen=True)
class Authentication:
    """How one end proves its identity. The secret is a test's own and worth nothing outside it."""

    method: Literal["psk", "rsa", "ecdsa", "ed25519"]
    secret: str = field(default="", repr=False)
    certificate: Path | None = None
    intermediates: tuple[Path, ...] = ()
    private_key: Path | None = None


@dataclass(frozen=True)
class Child:
    """One Child SA as one end is configured for it. Selectors are prefixes, "10.1.0.0/24", or "dynamic" for the end's own address."""

    name: str
    local: tuple[str, ...]
    remote: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    protocol: Literal["esp", "ah"] = "esp"
    mode: Literal["tunnel", "transport"] = "tunnel"
    extended_numbers: bool | Literal["either"] = False
    replay_window: int | None = None
    rekey_seconds: int | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class Cluster:
    """One SA cluster as one end is configured for it: a child that names it has a sub-SA on each path. Times in seconds.

    `scheduler` is in our gateway's words, as no other has clusters; `reorder` is None where packets leave as they come. One that
    is not `negotiated` is configured at both ends, with windows of one size. A path is dead `silence` and `dead_after`
    unanswered requests after it was heard last.
    """

    name: str
    scheduler: str = "round-robin burst=32"
    reorder: Literal["time", "gap", "adaptive"] | None = None
    hold: float = 0.1
    window: int = 4096
    duplication: bool = False
    negotiated: bool = True
    share_with_ordinary_peer: bool = False
    silence: float = 10
    dead_after: int = 4
    recover_after: float = 1
    leases: int | None = None
    """Numbers that a worker takes at a time; None: as they are needed."""


@dataclass(frozen=True)
class Retransmission:
    """The first wait, what each next one is longer by, and how often a request is sent again."""

    first: float = 0.5
    factor: float = 1.3
    tries: int = 5

    @property
    def gives_up_after(self) -> float:
        """Seconds from the first sending until the peer is held for dead."""
        return sum(self.first * self.factor**i for i in range(self.tries + 1))


@dataclass(frozen=True)
class End:
    """One of the two gateways: all that it is told. It expects the other's identity where it is told of no other to expect.

    One that is not reachable has a NAT in front of it: the other does not know its address.
    """

    node: str
    addresses: tuple[str, ...]
    identity: str
    authentication: Authentication
    ike_proposals: tuple[Proposal, ...]
    children: tuple[Child, ...]
    reachable: bool = True
    expected_identity: str | None = None
    trusted: tuple[Path, ...] = ()
    revocations: tuple[Path, ...] = ()
    ike_rekey_seconds: int | None = None
    liveness_seconds: float = 30
    retransmission: Retransmission = Retransmission()
    encapsulate: bool = False
    pool: str | None = None
    request_address: bool = False
    fragment_octets: int | None = None
    cookie_threshold: int | None = None
    clusters: tuple[Cluster, ...] = ()
    workers: int = 1
    """Threads of our own gateway."""
    weights: tuple[int, ...] = ()
    """Of the paths from its addresses, for schedulers that ask for them; none: all are equal."""
    begins: bool = False
    """Whether it makes its IKE SAs by itself, and again when they are gone."""

    def expects(self, other: "End") -> str:
        """The identity that the other must prove."""
        return self.expected_identity or other.identity

    def child(self, name: str) -> Child:
        """The child of this name; KeyError names what there is."""
        for child in self.children:
            if child.name == name:
                return child
        raise KeyError(f"end {self.node} has no child '{name}', it has {[child.name for child in self.children]}")

    def with_children(self, **changes) -> "End":
        """The same end, with these fields changed in every child."""
        return replace(self, children=tuple(replace(child, **changes) for child in self.children))

    def transforms(self) -> Iterable[Transform]:
        """Every algorithm that it names."""
        proposals = self.ike_proposals + tuple(offer for child in self.children for offer in child.proposals)
        return (transform for offer in proposals for transform in offer)


@dataclass(frozen=True)
class Scenario:
    """Two ends. `plain_packets`: ESP or AH must be right above IP, without UDP between."""

    name: str
    ends: tuple[End, End]
    plain_packets: bool = False

    def end(self, node: str) -> End:
        """The end at this node."""
        return next(end for end in self.ends if end.node == node)

    def other(self, node: str) -> End:
        """The end that is not at this node."""
        return next(end for end in self.ends if end.node != node)

    def needs(self, node: str) -> set[str]:
        """What the peer at this node must be able to do, in words that drivers say their lacks in."""
        end = self.end(node)
        children = end.children
        words = {
            "transport": any(child.mode == "transport" for child in children),
            "ah": any(child.protocol == "ah" for child in children),
            "extended_numbers": any(child.extended_numbers for child in children),
            "replay_window": any(child.replay_window is not None for child in children),
            "plain_packets": self.plain_packets,
            "pool": end.pool is not None,
            "request_address": end.request_address,
            "fragment_octets": end.fragment_octets is not None,
            "cookies": end.cookie_threshold is not None,
            "encapsulate": end.encapsulate,
            "several_addresses": len(end.addresses) > 1,
            "clusters": bool(end.clusters),
            "begins": end.begins,
            "certificates": end.authentication.method != "psk",
        }
        return {word for word, needed in words.items() if needed}
