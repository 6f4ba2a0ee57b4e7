#!/usr/bin/python3
"""One TCP download, each end printing octets and SHA-256: download.py serve ADDRESS OCTETS | fetch ADDRESS."""

import hashlib
import random
import socket
import sys

PORT = 8765
_PIECE = 1 << 16


def serve(address: str, octets: int) -> None:
    """Sends so many octets to the first who asks."""
    chance, digest, left = random.Random(octets), hashlib.sha256(), octets
    with _bound(address) as listening:
        print("listening", flush=True)
        connection, _ = listening.accept()
        with connection:
            while left:
                piece = chance.randbytes(min(_PIECE, left))
                digest.update(piece)
                connection.sendall(piece)
                left -= len(piece)
    print("sent", octets, digest.hexdigest(), flush=True)


def _bound(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, PORT))
    listening.listen(1)
    return listening


def fetch(address: str) -> None:
    """Reads until the end."""
    digest, octets = hashlib.sha256(), 0
    with socket.create_connection((address, PORT), timeout=20) as connection:
        while piece := connection.recv(_PIECE):
            digest.update(piece)
            octets += len(piece)
    print(octets, digest.hexdigest())


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        fetch(sys.argv[2])
