#!/usr/bin/python3
"""Makes esp_cluster.pcap: an SA cluster on three paths, and an ordinary SA beside it.

The sub-SAs share their sequence numbers; the paths differ in delay, so that packets come out of order. Sealed by
Scapy, which knows nothing of clusters: each sub-SA is one of its SAs, and the numbers are given to it.

  esp_cluster.py           writes the capture beside this script
  esp_cluster.py --check   compares it with the one that is there; exit code 1 if they differ
"""

import sys
from pathlib import Path

from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapWriter

CAPTURE = Path(__file__).with_suffix(".pcap")
HOST_A, HOST_B = "10.1.0.10", "10.2.0.20"
START = 1_700_000_000  # seconds since 1970
LAST = 150


def sub_sa(spi: int, first_octet: int, path: int) -> SecurityAssociation:
    return SecurityAssociation(
        ESP, spi=spi, crypt_algo="AES-GCM", crypt_key=bytes(range(first_octet, first_octet + 20)),
        tunnel_header=IP(src=f"198.51.100.{path}", dst=f"203.0.113.{path}"),
    )  # fmt: skip


# The same values stand in esp_cluster.esp_sa, as Wireshark writes them.
PATHS = [sub_sa(0x1001, 0, 1), sub_sa(0x1002, 32, 2), sub_sa(0x1003, 64, 3)]
ORDINARY = sub_sa(0x2001, 96, 1)
DELAY = [2, 7, 4]  # ms, of the paths
JOINED = 61  # the first number that the third path may carry
LOST = {20, 77}
TWICE = {30: (0, 1), 90: (2, 0)}  # number: the paths that carry a copy each
STRAY = 50  # comes when the cluster is beyond any window of 64
REPLAYED = 100


def main() -> None:
    records = capture()
    if sys.argv[1:] == ["--check"]:
        same = CAPTURE.read_bytes() == records
        print(f"{CAPTURE.name}: {'as this script makes it' if same else 'differs; run ' + Path(__file__).name}")
        sys.exit(0 if same else 1)
    CAPTURE.write_bytes(records)


def capture() -> bytes:
    scratch = CAPTURE.with_suffix(".tmp")
    with RawPcapWriter(str(scratch), linktype=1, endianness="<", sync=True) as writer:
        writer.write_header(None)
        for when, frame in sorted(cluster() + ordinary(), key=lambda timed: timed[0]):
            writer.write_packet(frame, sec=START + when // 1000, usec=when % 1000 * 1000)
    records = scratch.read_bytes()
    scratch.unlink()
    return records


def cluster() -> list[tuple[int, bytes]]:
    """Arrival in ms, and the frame: one number is sent a millisecond."""
    arrivals = []
    for number in range(1, LAST + 1):
        for path in TWICE.get(number, (number % (3 if number >= JOINED else 2),)):
            if number in LOST:
                continue
            when = number + DELAY[path] + (90 if number == STRAY else 0)
            arrivals.append((when, sealed(PATHS[path], number)))
            if number == REPLAYED:
                arrivals.append((when + 3, sealed(PATHS[path], number)))
    return arrivals


def ordinary() -> list[tuple[int, bytes]]:
    return [(number * 6 + 1, sealed(ORDINARY, number)) for number in range(1, 26)]


def sealed(sa: SecurityAssociation, number: int) -> bytes:
    """The IV is made from the number, so that every run gives the same, and no IV comes twice under a key."""
    packet = IP(src=HOST_A, dst=HOST_B, id=number) / UDP(sport=4000, dport=5000) / b""
    protected = sa.encrypt(IP(bytes(packet)), seq_num=number, iv=number.to_bytes(8, "big"))
    return bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / protected)


if __name__ == "__main__":
    main()
