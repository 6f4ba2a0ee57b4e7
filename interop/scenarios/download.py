#!/usr/bin/python3
"""One TCP download, each end printing octets and SHA-256: download.py serve ADDRESS OCTETS | fetch ADDRESS | watch ADDRESS.

A server ends early on TERM. `watch` fetches and also says when what came, as lines "at SECONDS OCTETS" by the monotonic clock.
"""

import hashlib
import random
import signal
import socket
import sys
import time
from collections.abc import Callable

PORT = 8765
_PIECE = 1 << 16
_NOTE_EVERY = 0.02  # seconds; a finer stall than that is none


def serve(address: str, octets: int) -> None:
    """Sends so many octets to the first who asks, or fewer where TERM comes first."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    chance, digest, sent = random.Random(octets), hashlib.sha256(), 0
    with _bound(address) as listening:
        print("listening", flush=True)
        connection, _ = listening.accept()
        with connection:
            while sent < octets and not ended:
                piece = chance.randbytes(min(_PIECE, octets - sent))
                digest.update(piece)
                connection.sendall(piece)
                sent += len(piece)
    print("sent", sent, digest.hexdigest(), flush=True)


def _bound(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, PORT))
    listening.listen(1)
    return listening


def fetch(address: str) -> None:
    """Reads until the end."""
    print(*_read(address, lambda octets: None))


def watch(address: str) -> None:
    """Reads until the end, and says how it goes."""
    noted = time.monotonic()
    print(f"at {noted:.3f} 0", flush=True)

    def note(octets: int) -> None:
        nonlocal noted
        if (now := time.monotonic()) - noted >= _NOTE_EVERY:
            noted = now
            print(f"at {now:.3f} {octets}", flush=True)

    print("received", *_read(address, note), flush=True)


def _read(address: str, note: Callable[[int], None]) -> tuple[int, str]:
    """Octets and digest; `note` hears of each piece how many there are with it."""
    digest, octets = hashlib.sha256(), 0
    with socket.create_connection((address, PORT), timeout=20) as connection:
        while piece := connection.recv(_PIECE):
            digest.update(piece)
            octets += len(piece)
            note(octets)
    return octets, digest.hexdigest()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        {"fetch": fetch, "watch": watch}[sys.argv[1]](sys.argv[2])
