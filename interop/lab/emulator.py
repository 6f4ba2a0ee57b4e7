"""A link as a process of its own: frames from one interface to the other, delayed, lost, bent as told.

    python3 -m lab.emulator --seed 1 --link outer --control FILE --end a=INTERFACE --end b=INTERFACE

Runs in a namespace of its own that has both interfaces and no addresses. Takes JSON lines over a Unix socket:
{"do": "impair", "toward": "b", "impairment": {"loss": 0.1}}, {"do": "cut"}, {"do": "restore"}, {"do": "statistics"};
without "toward" both directions are meant. The answer is {"ok": true, ...} or {"ok": false, "error": "..."}.
"""

import argparse
import heapq
import json
import os
import select
import socket
import struct
import time
from dataclasses import asdict
from pathlib import Path

from lab.errors import LabError
from lab.impairment import Direction, impairment

_EVERY_PROTOCOL = 0x0003
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_IGNORE_OUTGOING = 263, 6, 23
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_BUFFER_OCTETS = 16 << 20  # of the kernel, for each interface and way
_BATCH = 64  # frames from one side before the other has its turn
_MAXIMUM_HELD = 200_000  # frames: a bound for the memory
_MAXIMUM_LINE = 65536
_ETHERNET = 14


def is_housekeeping(frame: memoryview | bytes) -> bool:
    """ARP, neighbour discovery and multicast come when they like; counted, they would make a seed mean nothing."""
    if frame[0] & 1 or frame[12] == 0x08 and frame[13] == 0x06:
        return True
    return (
        frame[12] == 0x86 and frame[13] == 0xDD and len(frame) > 54 and frame[20] == 58 and 133 <= frame[54] <= 137
    )


class Wire:
    """One way of the link: takes frames at `source`, gives them to `sink` when their time has come."""

    def __init__(self, source: socket.socket, sink: socket.socket, fate: Direction) -> None:
        self.source, self.sink, self.fate = source, sink, fate
        self._buffer = bytearray(65536)
        self._view = memoryview(self._buffer)
        self.held: list[tuple[int, int, bytes]] = []  # a heap: when, number, frame
        self._order = 0

    def take(self, now: int) -> None:
        """Up to a batch of frames that have come."""
        view, receive = self._view, self.source.recv_into
        for _ in range(_BATCH):
            try:
                octets = receive(self._buffer, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:  # the interface is down: what was in flight is gone
                return
            if octets >= _ETHERNET:
                self._pass(view[:octets], now)

    def _pass(self, frame: memoryview, now: int) -> None:
        if is_housekeeping(frame):
            self.fate.counters.housekeeping += 1
            if not self.fate.cut:
                self._send(frame)
            return
        passage = self.fate.enter(len(frame), now)
        if passage is None:
            return
        if passage.bit >= 0 and len(frame) > _ETHERNET:
            place = passage.bit % ((len(frame) - _ETHERNET) * 8)
            frame[_ETHERNET + place // 8] ^= 0x80 >> place % 8
        for _ in range(passage.copies):
            if passage.at <= now:
                self._send(frame)
                self.fate.counters.sent += 1
            else:
                self._hold(passage.at, bytes(frame))

    def _hold(self, at: int, frame: bytes) -> None:
        if len(self.held) >= _MAXIMUM_HELD:
            self.fate.counters.queue_full += 1
            return
        self._order += 1
        heapq.heappush(self.held, (at, self._order, frame))

    def release(self, now: int) -> None:
        """What is due."""
        held = self.held
        while held and held[0][0] <= now:
            self._send(heapq.heappop(held)[2])
            self.fate.counters.sent += 1

    def _send(self, frame: memoryview | bytes) -> None:
        try:
            self.sink.send(frame)
        except OSError:  # no room, or the interface is down
            self.fate.counters.overrun += 1

    def statistics(self) -> dict[str, int]:
        """The counters; the kernel's are fetched, and begin anew there."""
        raw = self.source.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self.fate.counters.overrun += struct.unpack("II", raw)[1]
        return asdict(self.fate.counters) | {"held": len(self.held)}


class Control:
    """Answers what comes over the Unix socket."""

    def __init__(self, wires: dict[str, Wire]) -> None:
        self._wires = wires

    def answer(self, line: bytes) -> bytes:
        """The answer to one line, a line itself; whatever the line is."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise LabError('expected an object such as {"do": "statistics"}')
            reply = {"ok": True} | self._do(request)
        except (ValueError, RecursionError, LabError) as error:
            reply = {"ok": False, "error": str(error)}
        return json.dumps(reply).encode() + b"\n"

    def _do(self, request: dict[str, object]) -> dict[str, object]:
        do, toward = request.get("do"), request.get("toward")
        if toward is not None and toward not in list(self._wires):  # a list: it may be anything
            raise LabError(f"toward: is {toward!r}, expected one of {', '.join(self._wires)}")
        chosen = [wire for name, wire in self._wires.items() if toward in (None, name)]
        if do == "impair":
            changes = request.get("impairment", {})
            if not isinstance(changes, dict):
                raise LabError("impairment: expected an object")
            wanted = impairment(changes)
            for wire in chosen:
                wire.fate.change(wanted)
        elif do in ("cut", "restore"):
            for wire in chosen:
                wire.fate.cut = do == "cut"
        elif do == "statistics":
            return {"toward": {name: wire.statistics() for name, wire in self._wires.items()}}
        else:
            raise LabError(f"do: is {do!r}, expected one of impair, cut, restore, statistics")
        return {}


def packet_socket(interface: str) -> socket.socket:
    """Everything that comes in by the interface, and nothing that goes out by it."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    raw.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    raw.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_OCTETS)
    raw.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _BUFFER_OCTETS)
    raw.bind((interface, _EVERY_PROTOCOL))
    raw.setblocking(False)
    return raw


class Emulator:
    """The loop: frames, the deadlines of those held, and the control socket."""

    def __init__(self, wires: dict[str, Wire], listener: socket.socket) -> None:
        self._wires = list(wires.values())
        self._by_source = {wire.source: wire for wire in self._wires}
        self._control = Control(wires)
        self._listener = listener
        self._lines: dict[socket.socket, bytes] = {}

    def run(self) -> None:
        """Until it is killed."""
        clock = time.monotonic_ns
        while True:
            waiting = [wire.held[0][0] for wire in self._wires if wire.held]
            timeout = max(0, min(waiting) - clock()) / 1e9 if waiting else None
            ready = select.select([*self._by_source, self._listener, *self._lines], [], [], timeout)[0]
            now = clock()
            for wire in self._wires:
                wire.release(now)
            for source in ready:
                if source in self._by_source:
                    self._by_source[source].take(now)
                elif source is self._listener:
                    self._lines[source.accept()[0]] = b""
                else:
                    self._listen(source)

    def _listen(self, client: socket.socket) -> None:
        try:
            octets = client.recv(4096)
            *lines, rest = (self._lines[client] + octets).split(b"\n")
            for line in lines:
                client.sendall(self._control.answer(line))
        except OSError:
            octets, rest = b"", b""
        if octets and len(rest) <= _MAXIMUM_LINE:
            self._lines[client] = rest
        else:
            del self._lines[client]
            client.close()


def bound_listener(path: Path) -> socket.socket:
    """A Unix socket may have a name of 107 octets, a folder of a run a longer one: it is reached by its descriptor."""
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_PATH)
    listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)
    listener.listen()
    return listener


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--link", required=True, help="its name: links of one seed differ by it")
    parser.add_argument("--control", type=Path, required=True)
    parser.add_argument("--end", action="append", required=True, help="NAME=INTERFACE, twice")
    options = parser.parse_args()
    (left, left_interface), (right, right_interface) = (end.split("=", 1) for end in options.end)
    at_left, at_right = packet_socket(left_interface), packet_socket(right_interface)
    wires = {
        right: Wire(at_left, at_right, Direction(options.seed, options.link, right)),
        left: Wire(at_right, at_left, Direction(options.seed, options.link, left)),
    }
    Emulator(wires, bound_listener(options.control)).run()


if __name__ == "__main__":
    main()
