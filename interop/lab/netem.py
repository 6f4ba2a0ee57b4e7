"""The impairment of a link in the words of tc-netem(8)."""

from lab.impairment import Impairment

_MAXIMUM_PACKETS = 200_000
_FRAME_BITS = 1514 * 8


def commands(interface: str, wanted: Impairment) -> list[list[str]]:
    """What makes an interface impair what it sends: whatever was there is replaced.

    netem delays each packet on its own, so that jitter reorders them; a plain queue below it keeps them in their order.
    """
    ms = f"{wanted.delay_ms}ms"
    netem = ["netem", "limit", str(_limit(wanted))]
    if wanted.delay_ms:
        netem += ["delay", ms, *([f"{wanted.jitter_ms}ms"] if wanted.jitter_ms else [])]
    for word in ("loss", "duplicate", "corrupt", "reorder"):
        if getattr(wanted, word):
            netem += [word, f"{getattr(wanted, word) * 100:.6f}%"]
    if wanted.rate_mbit:
        netem += ["rate", f"{round(wanted.rate_mbit * 1e6)}bit"]
    wished = [["tc", "qdisc", "replace", "dev", interface, "root", "handle", "1:", *netem]]
    if wanted.jitter_ms and not wanted.reorder:
        fifo = ["pfifo", "limit", str(_limit(wanted))]
        wished.append(["tc", "qdisc", "replace", "dev", interface, "parent", "1:1", "handle", "2:", *fifo])
    return wished


def _limit(wanted: Impairment) -> int:
    """The packets that netem may hold: those on their way, and those that wait for their turn."""
    if not wanted.rate_mbit:
        return _MAXIMUM_PACKETS
    milliseconds = wanted.queue_ms + wanted.delay_ms + wanted.jitter_ms
    return max(10, round(wanted.rate_mbit * 1e3 * milliseconds / _FRAME_BITS))
