"""Scapy reads what mpsec encodes: the same layers, every field of them equal."""

import random
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import report
from plans import SEED, Plan, Suite, ipsec, parse, shapes
from scapy.layers import inet, inet6
from scapy.packet import Packet, Raw

import mpsec

SAMPLES = Path(__file__).parents[2] / "vectors/wire/samples/packet.hex"

Reader = str | Callable[[Packet], object]


def _address(field: str) -> Reader:
    def read(layer: Packet) -> bytes:
        text = getattr(layer, field)
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)

    return read


IP_VERSION_NEUTRAL = {"Version": "version", "Source Address": _address("src"), "Destination Address": _address("dst")}
EXTENSION = {"Next Header": "nh", "Hdr Ext Len": "len"}

# mpsec's layer: Scapy's, and of each field where Scapy keeps it. Options are compared as octets, by their headers'
# lengths and what follows them.
FIELDS: dict[str, tuple[type[Packet], dict[str, Reader]]] = {
    "IPv4": (
        inet.IP,
        IP_VERSION_NEUTRAL
        | {"IHL": "ihl", "DSCP": lambda ip: ip.tos >> 2, "ECN": lambda ip: ip.tos & 3, "Total Length": "len"}
        | {"Identification": "id", "Flags": lambda ip: int(ip.flags), "Fragment Offset": "frag"}
        | {"Time to Live": "ttl", "Protocol": "proto", "Header Checksum": "chksum"},
    ),
    "IPv6": (
        inet6.IPv6,
        IP_VERSION_NEUTRAL
        | {"DSCP": lambda ip: ip.tc >> 2, "ECN": lambda ip: ip.tc & 3, "Flow Label": "fl", "Payload Length": "plen"}
        | {"Next Header": "nh", "Hop Limit": "hlim"},
    ),
    "Hop-by-Hop Options": (inet6.IPv6ExtHdrHopByHop, EXTENSION),
    "Destination Options": (inet6.IPv6ExtHdrDestOpt, EXTENSION),
    "Routing": (inet6.IPv6ExtHdrRouting, EXTENSION | {"Routing Type": "type", "Segments Left": "segleft"}),
    "Fragment": (
        inet6.IPv6ExtHdrFragment,
        {"Next Header": "nh", "Reserved": "res1", "Fragment Offset": "offset", "Res": "res2", "M": "m"}
        | {"Identification": "id"},
    ),
    "UDP": (
        inet.UDP,
        {"Source Port": "sport", "Destination Port": "dport", "Length": "len", "Checksum": "chksum"},
    ),
    "TCP": (
        inet.TCP,
        {"Source Port": "sport", "Destination Port": "dport", "Sequence Number": "seq", "Data Offset": "dataofs"}
        | {"Acknowledgment Number": "ack", "Window": "window", "Checksum": "chksum", "Urgent Pointer": "urgptr"}
        | {"Control Bits": lambda tcp: int(tcp.flags) & 0xFF},
    ),
    "ESP": (ipsec.ESP, {"SPI": "spi", "Sequence Number": "seq", "Payload Data": "data"}),
    "AH": (
        ipsec.AH,
        {"Next Header": "nh", "Payload Len": "payloadlen", "RESERVED": "reserved", "SPI": "spi"}
        | {"Sequence Number": "seq", "ICV": lambda ah: ah.icv + ah.padding},
    ),
    "Payload": (Raw, {}),
}


def _chain(packet: Packet) -> Iterator[Packet]:
    while packet and packet.name != "NoPayload":
        yield packet
        packet = packet.payload


# What the two cut differently, or one of them reads as data.
NOT_COMPARED = {"ICMP", "ICMPv6", "SCTP", "Mobility", "HIP", "Shim6", "Non-ESP Marker", "NAT-Keepalive", "Trailing"}


def _same_fields(octets: bytes) -> None:
    """Layer by layer, as far as both read on: Scapy reads no IP header behind AH, mpsec no TCP header cut by a fragment."""
    decoded = mpsec.decode(octets)
    assert decoded.encode() == octets
    for (name, fields), layer in zip(decoded.layers, _chain(parse(octets))):
        if name in NOT_COMPARED:
            return
        kind, readers = FIELDS[name]
        if name == "Payload":
            assert bytes(layer.original or layer) == fields["Octets"], octets.hex()
            report.checks["payload equal in mpsec and Scapy"] += 1
            return
        if isinstance(layer, Raw):
            assert octets.endswith(layer.load)
            report.checks["Scapy read no further, and has the same octets left"] += 1
            return
        assert isinstance(layer, kind), f"{name} is {layer.name} to Scapy: {octets.hex()}"
        for field, reader in readers.items():
            read = reader(layer) if callable(reader) else getattr(layer, reader)
            assert read == fields[field], f"{name}/{field} of {octets.hex()}"
            report.checks["field equal in mpsec and Scapy"] += 1


def _samples() -> list[tuple[str, bytes]]:
    parts = re.findall(r"^# (.*)\n((?:[0-9a-f ]+\n)+)", SAMPLES.read_text() + "\n", re.MULTILINE)
    return [(what, bytes.fromhex(digits)) for what, digits in parts]


@pytest.mark.parametrize("octets", [pytest.param(octets, id=what) for what, octets in _samples()])
def test_samples(octets: bytes) -> None:
    _same_fields(octets)


SUITES = [Suite("ENCR_AES_GCM_16", 16, ""), Suite("", 0, "AUTH_HMAC_SHA1_96"), Suite("", 0, "AUTH_HMAC_SHA2_256_128")]


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_random_packets_clear_and_sealed(suite: Suite) -> None:
    chance = random.Random(f"{SEED} layers {suite}")
    for _ in range(5):
        for shape in shapes("esp" if suite.encryption else "ah"):
            plan = Plan(chance, suite, shape)
            clear = plan.clear_packet(chance)
            _same_fields(clear)
            _same_fields(plan.sealed(clear))


CHANGEABLE = {"IPv4": ["DSCP", "ECN", "Identification", "Flags", "Time to Live", "Header Checksum"]}
CHANGEABLE |= {"IPv6": ["DSCP", "ECN", "Flow Label", "Hop Limit"], "UDP": ["Checksum"], "ESP": ["SPI", "Sequence Number"]}
CHANGEABLE |= {"AH": ["RESERVED", "SPI", "Sequence Number"], "TCP": ["Sequence Number", "Window", "Control Bits"]}
BITS = {"DSCP": 6, "ECN": 2, "Flags": 2, "Flow Label": 20, "Time to Live": 8, "Hop Limit": 8, "Control Bits": 8}
BITS |= {"SPI": 32, "Sequence Number": 32}


def test_random_fields() -> None:
    """What mpsec sets, Scapy reads: numbers that no stack would send among them."""
    chance = random.Random(f"{SEED} fields")
    for _ in range(200):
        suite = chance.choice(SUITES)
        plan = Plan(chance, suite, chance.choice(shapes("ah")))
        packet = mpsec.decode(plan.sealed(plan.clear_packet(chance)))
        for index, (name, _fields) in enumerate(packet.layers):
            for field in CHANGEABLE.get(name, []):
                packet.set(index, field, chance.getrandbits(BITS.get(field, 16)))
        _same_fields(packet.encode())
