"""The impairment of a link in the words of tc-netem(8)."""

from lab.impairment import Impairment

_MAXIMUM_PACKETS = 200_000
_FRAME_BITS = 1514 * 8


def commands(interface: str, wanted: Impairment) -> list[list[str]]:
    """What makes an interface impair what it sends, whatever it did before.

    Each word is said, also with a zero: a netem that is there keeps what a change leaves out. netem delays each packet on
    its own, so that jitter reorders them; a plain queue below it keeps them in their order.
    """
    limit = ["limit", str(_limit(wanted))]
    words = ["delay", f"{wanted.delay_ms}ms", f"{wanted.jitter_ms}ms"]
    for word in ("loss", "duplicate", "corrupt", "reorder"):
        words += [word, f"{getattr(wanted, word) * 100:.6f}%"]
    words += ["rate", f"{round(wanted.rate_mbit * 1e6)}bit"]
    below = ["dev", interface, "parent", "1:1", "handle", "2:"]
    wished = [
        ["tc", "qdisc", "replace", "dev", interface, "root", "handle", "1:", "netem", *limit, *words],
        ["tc", "qdisc", "replace", *below, "pfifo", *limit],
    ]
    if wanted.reorder:
        wished.append(["tc", "qdisc", "delete", *below])
    return wished


def _limit(wanted: Impairment) -> int:
    """The packets that netem may hold: those on their way, and those that wait for their turn."""
    if not wanted.rate_mbit:
        return _MAXIMUM_PACKETS
    milliseconds = wanted.queue_ms + wanted.delay_ms + wanted.jitter_ms
    return max(10, round(wanted.rate_mbit * 1e3 * milliseconds / _FRAME_BITS))
