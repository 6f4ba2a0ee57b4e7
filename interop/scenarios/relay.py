#!/usr/bin/python3
"""What a gateway does without IPsec: relay.py OWN PEER ROUTE MTU copies packets between a TUN and UDP, unread and in the clear.

One system call for each packet on either side, and nothing else: a floor for what goes through a TUN of this machine.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_NAME, _PORT, _LARGEST = "relay0", 5000, 65536
_BATCH = 64
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE, _BUFFER_OCTETS = 32, 33, 8 << 20


def _tun(route: str, mtu: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", _NAME.encode(), _IFF_TUN | _IFF_NO_PI))
    for words in (["link", "set", _NAME, "mtu", mtu, "txqueuelen", "1000", "up"], ["route", "replace", route, "dev", _NAME]):
        subprocess.run(["ip", *words], check=True)
    return descriptor


def main(own: str, peer: str, route: str, mtu: str) -> None:
    """Until it is killed."""
    outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (_SO_SNDBUFFORCE, _SO_RCVBUFFORCE):
        outside.setsockopt(socket.SOL_SOCKET, option, _BUFFER_OCTETS)
    outside.bind((own, _PORT))
    outside.connect((peer, _PORT))
    outside.setblocking(False)
    inside = _tun(route, mtu)
    print("relaying", flush=True)
    while True:
        for ready in select.select([inside, outside], [], [])[0]:
            try:
                for _ in range(_BATCH):
                    if ready is inside:
                        outside.send(os.read(inside, _LARGEST))
                    else:
                        os.write(inside, outside.recv(_LARGEST))
            except (BlockingIOError, ConnectionRefusedError):
                continue


if __name__ == "__main__":
    main(*sys.argv[1:])
