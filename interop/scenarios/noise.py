#!/usr/bin/python3
"""Random datagrams to the ports of IKE: noise.py ADDRESS RATE SECONDS; prints how many were sent."""

import random
import socket
import sys
import time

_PORTS = (500, 4500)
_LENGTHS = range(1, 600)
_MARGIN = 0.002  # seconds of datagrams that go in one burst


def main(address: str, rate: int, seconds: float) -> int:
    """To both ports in turn, at this rate for both together."""
    chance = random.Random(rate)
    content = chance.randbytes(1 << 16)
    begin = time.monotonic()
    sent = 0
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as noise:
        while (passed := time.monotonic() - begin) < seconds:
            if sent > rate * passed:
                time.sleep(_MARGIN)
                continue
            at = chance.randrange(len(content) - _LENGTHS.stop)
            noise.sendto(content[at : at + chance.choice(_LENGTHS)], (address, _PORTS[sent % 2]))
            sent += 1
    return sent


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
