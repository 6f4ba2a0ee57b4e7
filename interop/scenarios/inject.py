#!/usr/bin/python3
"""Sends Ethernet frames, one per line of standard input in hexadecimal, out of an interface: inject.py INTERFACE."""

import socket
import sys


def main(interface: str) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((interface, 0))
        for line in sys.stdin:
            link.send(bytes.fromhex(line))


if __name__ == "__main__":
    main(sys.argv[1])
