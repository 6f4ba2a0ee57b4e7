#!/usr/bin/python3
"""UDP as fast as a gateway must take it: datagrams.py send ADDRESS OCTETS MBIT SECONDS | sink ADDRESS.

The kernel cuts what is sent into datagrams of so many octets (UDP_SEGMENT) and the sink reads none: neither end takes much of the
processor from the gateways between. MBIT is 10^6 bits a second of IP packets.
"""

import signal
import socket
import sys
import time

_PORT = 5001
_UDP_SEGMENT = 103
_HEADERS = 28
_IN_A_ROW = 20  # datagrams


def send(address: str, octets: int, mbit: float, seconds: float) -> None:
    """Says in the end how many it has sent, and in how many seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing:
        outgoing.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, octets)
        outgoing.connect((address, _PORT))
        row, interval = bytes(octets * _IN_A_ROW), _IN_A_ROW * (octets + _HEADERS) * 8e-6 / mbit
        begin = due = time.monotonic()
        sent = 0
        while due < begin + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            outgoing.send(row)
            sent += _IN_A_ROW
            due = max(due + interval, time.monotonic() - 10 * interval)
        print(sent, time.monotonic() - begin)


def sink(address: str) -> None:
    """A port that is open, and nothing more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as incoming:
        incoming.bind((address, _PORT))
        print("open", flush=True)
        signal.pause()


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
    else:
        sink(sys.argv[2])
