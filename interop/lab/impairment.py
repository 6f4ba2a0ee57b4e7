"""What a link does to its packets, and the fate of each of them: a function of seed, direction and number.

No clock and no socket here: the emulator passes the time in, and so do the tests.
"""

import hashlib
import struct
from dataclasses import dataclass, fields
from typing import NamedTuple

from lab.errors import LabError

_DRAWS = struct.Struct(">6I")
_CERTAIN = 1 << 32
_PROBABILITIES = ("loss", "duplicate", "reorder", "corrupt")


@dataclass(frozen=True)
class Impairment:
    """All of it together; the default does nothing. Probabilities are of a packet, from 0 to 1."""

    delay_ms: float = 0
    jitter_ms: float = 0  # the delay differs by up to this, either way; packets stay in their order
    loss: float = 0
    duplicate: float = 0  # the copy follows at once
    reorder: float = 0  # the packet is spared the delay, and so overtakes those on their way
    rate_mbit: float = 0  # 10^6 bits a second, Ethernet headers counted; 0: no limit
    corrupt: float = 0  # one bit behind the Ethernet header is flipped
    queue_ms: float = 100  # how long a packet may wait for its turn under the rate; it is dropped otherwise

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
                raise LabError(f"impairment {field.name}: is {value!r}, expected a number that is not negative")
        for name in _PROBABILITIES:
            if getattr(self, name) > 1:
                raise LabError(f"impairment {name}: is {getattr(self, name)}, expected a probability from 0 to 1")
        if self.jitter_ms > self.delay_ms:
            raise LabError(f"impairment jitter_ms: is {self.jitter_ms}, expected at most delay_ms, which is {self.delay_ms}")
        if self.reorder and not self.delay_ms:
            raise LabError("impairment reorder: needs a delay_ms, as a packet overtakes those that are delayed")


def impairment(changes: dict[str, object]) -> Impairment:
    """From names and values as a file or a message has them."""
    known = [field.name for field in fields(Impairment)]
    for name in changes:
        if name not in known:
            raise LabError(f"impairment {name!r}: unknown, expected one of {', '.join(known)}")
    return Impairment(**changes)  # type: ignore[arg-type]  # the values are checked there


class Passage(NamedTuple):
    """What becomes of a packet that is not dropped."""

    at: int  # when it leaves, in ns
    copies: int  # 1, or 2 where it is duplicated
    bit: int  # a number that chooses the bit to flip (modulo the bits there are), or -1


@dataclass
class Counters:
    """Of one direction. `seen` is the number of packets that had their chance."""

    seen: int = 0
    sent: int = 0  # copies counted
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    corrupted: int = 0
    queue_full: int = 0  # no room under the rate, or in memory
    cut: int = 0
    overrun: int = 0  # came faster than the emulator could take them, or the next hop did not take them
    housekeeping: int = 0  # ARP, neighbour discovery, multicast: not impaired


class Direction:
    """The fates of one direction's packets, in the order of their coming; it holds no packet.

    Each packet takes the same draws, whatever is impaired: more loss does not change which packets are duplicated.
    """

    def __init__(self, seed: int, link: str, toward: str) -> None:
        self._chances = hashlib.blake2b(f"{seed}/{link}/{toward}".encode(), digest_size=_DRAWS.size)
        self._index = 0
        self._free_at = 0  # the line is busy until then, ns
        self._latest = 0  # departure of the last packet that was not reordered, ns
        self.counters = Counters()
        self.cut = False
        self.change(Impairment())

    def change(self, wanted: Impairment) -> None:
        """From the next packet on; those on their way keep their fate."""
        self.impairment = wanted
        self._loss, self._duplicate, self._reorder, self._corrupt = (
            round(getattr(wanted, name) * _CERTAIN) for name in _PROBABILITIES
        )
        self._delay = round(wanted.delay_ms * 1e6)
        self._jitter = round(wanted.jitter_ms * 1e6)
        self._octet_time = 8e3 / wanted.rate_mbit if wanted.rate_mbit else 0.0
        self._patience = round(wanted.queue_ms * 1e6)
        self._chance = any((self._loss, self._duplicate, self._reorder, self._corrupt, self._jitter))

    def draws(self, index: int) -> tuple[int, ...]:
        """The six numbers below 2^32 of a packet: for loss, duplicate, reorder, corrupt, jitter, and the bit."""
        state = self._chances.copy()
        state.update(index.to_bytes(8, "big"))
        return _DRAWS.unpack(state.digest())

    def enter(self, octets: int, now: int) -> Passage | None:
        """The fate of the next packet, which has `octets` and comes at `now` (ns); None: it is dropped."""
        index, counters = self._index, self.counters
        self._index += 1
        counters.seen += 1
        if self.cut:
            counters.cut += 1
            return None
        copies, bit, delay, reordered = 1, -1, self._delay, False
        if self._chance:
            loss, duplicate, reorder, corrupt, jitter, place = self.draws(index)
            if loss < self._loss:
                counters.lost += 1
                return None
            copies += duplicate < self._duplicate
            reordered = reorder < self._reorder
            bit = place if corrupt < self._corrupt else -1
            delay = 0 if reordered else delay - self._jitter + (2 * self._jitter * jitter >> 32)
        if (departure := self._departure(octets * copies, now)) is None:
            counters.queue_full += 1
            return None
        counters.duplicated += copies - 1
        counters.reordered += reordered
        counters.corrupted += bit >= 0
        if not reordered:
            departure = self._latest = max(self._latest, departure + delay)
        return Passage(departure, copies, bit)

    def _departure(self, octets: int, now: int) -> int | None:
        """When the last octet has gone onto the line; None: it would wait too long for its turn."""
        if not self._octet_time:
            return now
        begin = max(now, self._free_at)
        if begin - now > self._patience:
            return None
        self._free_at = begin + round(octets * self._octet_time)
        return self._free_at
