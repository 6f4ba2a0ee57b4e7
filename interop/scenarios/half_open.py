"""An initiator that begins and never comes back: one IKE_SA_INIT request, for the default suite of plans.IKE."""

import os
import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenarios import wire  # noqa: E402
from scenarios.sites import Session  # noqa: E402

_PORT = 500
_SA, _KE, _NONCE = 33, 34, 40
_LAST = 0
_AES_GCM_16, _PRF_HMAC_SHA2_256, _CURVE25519 = 20, 5, 31
_KEY_LENGTH_128 = struct.pack("!HH", 0x800E, 128)


def request() -> bytes:
    """RFC 7296 1.2: header, SA with one proposal, KE, Ni. All octets that may be anything are random."""
    payloads = _payload(_KE, _proposal()) + _payload(_NONCE, struct.pack("!HH", _CURVE25519, 0) + os.urandom(32))
    payloads += _payload(_LAST, os.urandom(32))
    return struct.pack("!8sQBBBBII", os.urandom(8), 0, _SA, 0x20, wire.IKE_SA_INIT, 0x08, 0, 28 + len(payloads)) + payloads


def _payload(following: int, body: bytes) -> bytes:
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def _proposal() -> bytes:
    transforms = [(1, _AES_GCM_16, _KEY_LENGTH_128), (2, _PRF_HMAC_SHA2_256, b""), (4, _CURVE25519, b"")]
    parts = [
        struct.pack("!BBHBBH", 0 if i == len(transforms) - 1 else 3, 0, 8 + len(attribute), kind, 0, number) + attribute
        for i, (kind, number, attribute) in enumerate(transforms)
    ]
    body = b"".join(parts)
    return struct.pack("!BBHBBBB", 0, 0, 8 + len(body), 1, 1, 0, len(transforms)) + body


def open_halfway(session: Session, requests: int = 1) -> None:
    """Lets the responder have so many half-open IKE SAs, and waits until it has answered each."""
    watch = session.new_watch()
    address = session.second.end.addresses[0]
    done = session.first.execute(["/usr/bin/python3", str(Path(__file__)), address, str(requests)])
    assert done.returncode == 0, done.stderr
    session.until(lambda: sum(map(wire.is_response, watch.ike())) >= requests, "every half-open request was answered", 10)


def main(address: str, requests: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(requests):
            sender.sendto(request(), (address, _PORT))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
