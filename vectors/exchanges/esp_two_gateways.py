#!/usr/bin/python3
"""Makes esp_two_gateways.pcap: two gateways, one SA each way, and a bad day on the path between them.

The packets are sealed by Scapy, not by our engine, so that the replay of the capture is a second opinion too.

  esp_two_gateways.py           writes the capture beside this script
  esp_two_gateways.py --check   compares it with the one that is there; exit code 1 if they differ
"""

import sys
from pathlib import Path

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapWriter

CAPTURE = Path(__file__).with_suffix(".pcap")
GATEWAY_A, GATEWAY_B = "198.51.100.1", "203.0.113.1"
HOST_A, HOST_B = "10.1.0.10", "10.2.0.20"
START = 1_700_000_000  # seconds since 1970

# The same values stand in esp_two_gateways.esp_sa, as Wireshark writes them.
A_TO_B = SecurityAssociation(
    ESP, spi=0x1001, crypt_algo="AES-GCM", crypt_key=bytes(range(20)), tunnel_header=IP(src=GATEWAY_A, dst=GATEWAY_B)
)
B_TO_A = SecurityAssociation(
    ESP, spi=0x2002, crypt_algo="AES-CBC", crypt_key=bytes(range(32, 48)), auth_algo="SHA2-256-128",
    auth_key=bytes(range(64, 96)), tunnel_header=IP(src=GATEWAY_B, dst=GATEWAY_A),
)  # fmt: skip

# (number, what the path does to it): 4 is lost, 7 overtakes 6, 8 arrives twice, 10 is damaged, 200 outruns the
# window, so that 11 comes too late.
FORWARD = [
    (1, ""), (2, ""), (3, ""), (5, ""), (7, ""), (6, ""), (8, ""), (8, ""), (9, ""), (10, "damaged"), (12, ""),
    (200, ""), (11, ""),
]  # fmt: skip
BACKWARD = [(number, "") for number in range(1, 9)]


def main() -> None:
    records = capture()
    if sys.argv[1:] == ["--check"]:
        same = CAPTURE.read_bytes() == records
        print(f"{CAPTURE.name}: {'as this script makes it' if same else 'differs; run ' + Path(__file__).name}")
        sys.exit(0 if same else 1)
    CAPTURE.write_bytes(records)


def capture() -> bytes:
    forward = [damaged(sealed(A_TO_B, request(number), number, 8), what) for number, what in FORWARD]
    backward = [sealed(B_TO_A, reply(number), number, 16) for number, _ in BACKWARD]
    frames = forward[:4] + backward[:4] + forward[4:9] + backward[4:] + forward[9:]
    scratch = CAPTURE.with_suffix(".tmp")
    with RawPcapWriter(str(scratch), linktype=1, endianness="<", sync=True) as writer:
        writer.write_header(None)
        for number, frame in enumerate(frames):
            writer.write_packet(frame, sec=START + number // 10, usec=number % 10 * 100_000)
    records = scratch.read_bytes()
    scratch.unlink()
    return records


def request(number: int) -> IP:
    return IP(src=HOST_A, dst=HOST_B, id=number) / ICMP(type=8, id=7, seq=number) / (b"ping %d" % number)


def reply(number: int) -> IP:
    return IP(src=HOST_B, dst=HOST_A, id=number) / UDP(sport=4000, dport=5000) / (b"datagram %d" % number)


def sealed(sa: SecurityAssociation, packet: IP, number: int, iv_octets: int) -> bytes:
    """The frame with this packet under `sa`; its IV is made from the number, so that every run gives the same."""
    protected = sa.encrypt(IP(bytes(packet)), seq_num=number, iv=number.to_bytes(iv_octets, "big"))
    return bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / protected)


def damaged(frame: bytes, what: str) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1]) if what == "damaged" else frame


if __name__ == "__main__":
    main()
