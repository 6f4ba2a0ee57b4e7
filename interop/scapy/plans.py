"""What the second opinions share: algorithms by both their names, random SAs, random packets, one report."""

import copy
import logging
import os
import random
import warnings
from dataclasses import dataclass, replace

logging.getLogger("scapy").setLevel(logging.ERROR)
warnings.filterwarnings("ignore")  # of cryptography, about old ciphers that Scapy names

from scapy.layers import ipsec  # noqa: E402
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_Timestamp  # noqa: E402
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, PadN  # noqa: E402
from scapy.packet import Packet, Raw  # noqa: E402

import mpsec  # noqa: E402

SEED = int(os.environ.get("MPSEC_SEED", "4303"))
PROVIDERS = ["openssl", "best"]  # best: intel-ipsec-mb where it runs, libcrypto for what it lacks

# IANA's name: Scapy's name, and the ICV where Scapy takes it as a parameter.
ENCRYPTION = {
    "ENCR_NULL": ("NULL", None),
    "ENCR_3DES": ("3DES", None),
    "ENCR_AES_CBC": ("AES-CBC", None),
    "ENCR_AES_CTR": ("AES-CTR", None),
    "ENCR_AES_GCM_8": ("AES-GCM", 8),
    "ENCR_AES_GCM_12": ("AES-GCM", 12),
    "ENCR_AES_GCM_16": ("AES-GCM", 16),
    "ENCR_AES_CCM_8": ("AES-CCM", 8),
    "ENCR_AES_CCM_12": ("AES-CCM", 12),
    "ENCR_AES_CCM_16": ("AES-CCM", 16),
    "ENCR_CHACHA20_POLY1305": ("CHACHA20-POLY1305", None),
    "ENCR_NULL_AUTH_AES_GMAC": ("AES-NULL-GMAC", None),
    "ENCR_DES": ("DES", None),
    "ENCR_BLOWFISH": ("Blowfish", None),
    "ENCR_CAST": ("CAST", None),
}
INTEGRITY = {
    "NONE": "NULL",
    "AUTH_HMAC_MD5_96": "HMAC-MD5-96",
    "AUTH_HMAC_SHA1_96": "HMAC-SHA1-96",
    "AUTH_HMAC_SHA2_256_128": "SHA2-256-128",
    "AUTH_HMAC_SHA2_384_192": "SHA2-384-192",
    "AUTH_HMAC_SHA2_512_256": "SHA2-512-256",
    "AUTH_AES_CMAC_96": "AES-CMAC-96",
    "AUTH_AES_XCBC_96": "AES-XCBC-96",
}


@dataclass(frozen=True)
class Suite:
    """Algorithms with a key size, as both know them."""

    encryption: str  # "" with AH
    key_octets: int
    integrity: str  # "" where the encryption brings its own

    def __str__(self) -> str:
        parts = [f"{self.encryption}-{self.key_octets * 8}" if self.encryption else "AH", self.integrity]
        return "+".join(part for part in parts if part)


@dataclass(frozen=True)
class Shape:
    """How an SA carries packets."""

    mode: str
    outer: int  # 4 or 6
    inner: int
    extended: bool = False
    udp: bool = False

    def __str__(self) -> str:
        words = [self.mode, f"{self.inner} in {self.outer}" if self.mode == "tunnel" else f"IPv{self.outer}"]
        return " ".join(words + ["ESN"] * self.extended + ["UDP"] * self.udp)


def shapes(protocol: str) -> list[Shape]:
    """Every one that the protocol has: AH is never encapsulated in UDP."""
    plain = [Shape("tunnel", outer, inner) for outer in (4, 6) for inner in (4, 6)]
    plain += [Shape("transport", version, version) for version in (4, 6)]
    plain += [replace(shape, extended=True) for shape in plain]
    return plain + [replace(shape, udp=True) for shape in plain if protocol == "esp"]


def esp_suites(encryptions: list[dict], integrities: list[str]) -> list[Suite]:
    """Every key size with every integrity algorithm, where one is needed."""
    suites = []
    for transform in encryptions:
        for key_octets in transform["key_sizes"]:
            for integrity in [""] if transform["combined"] else integrities:
                suites.append(Suite(transform["name"], key_octets, integrity))
    return suites


def mpsec_encryptions() -> dict[str, dict]:
    return {transform["name"]: transform for transform in mpsec.encryption_transforms()}


def mpsec_integrities() -> dict[str, dict]:
    return {transform["name"]: transform for transform in mpsec.integrity_transforms()}


ADDRESSES = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
INNER_ADDRESSES = {4: ("198.51.100.7", "203.0.113.9"), 6: ("2001:db8:1::7", "2001:db8:2::9")}


class Plan:
    """One SA: its parameters for mpsec, and the same for Scapy."""

    def __init__(self, chance: random.Random, suite: Suite, shape: Shape) -> None:
        self.suite, self.shape = suite, shape
        self.spi = chance.randrange(256, 1 << 32)
        half = chance.choice([1, 2, 0xFFFFFFFF]) if shape.extended else 0
        self.number = half << 32 | chance.randrange(1, 1 << 32)
        self.key, self.integrity_key = chance.randbytes(self._key_octets()), chance.randbytes(self._integrity_octets())
        self.iv_seed = chance.getrandbits(64)
        self.providers = chance.choice(PROVIDERS), chance.choice(PROVIDERS)  # for out and in
        self.last_clear = b""  # what was sealed() last

    def __str__(self) -> str:
        keys = f"key {self.key.hex()}, integrity key {self.integrity_key.hex()}"
        return f"{self.suite} {self.shape}, SPI {self.spi:#x}, number {self.number:#x}, {keys}"

    def _key_octets(self) -> int:
        if not self.suite.encryption:
            return 0
        return self.suite.key_octets + mpsec_encryptions()[self.suite.encryption]["salt_octets"]

    def _integrity_octets(self) -> int:
        if not self.suite.integrity:
            return 0
        transform = mpsec_integrities()[self.suite.integrity]
        return transform["key_octets"] + transform["salt_octets"]

    def parameters(self) -> dict:
        """The keywords of both its ends."""
        source, destination = ADDRESSES[self.shape.outer]
        return {
            "protocol": "esp" if self.suite.encryption else "ah",
            "mode": self.shape.mode,
            "spi": self.spi,
            "source": source,
            "destination": destination,
            "udp": (4500, 4500) if self.shape.udp else None,
            "encryption": self.suite.encryption,
            "encryption_key": self.key,
            "integrity": self.suite.integrity,
            "integrity_key": self.integrity_key,
            "extended": self.shape.extended,
        }

    def sender(self, **more: object) -> mpsec.OutboundSa:
        """Its first packet carries the number of the plan."""
        return mpsec.OutboundSa(
            **self.parameters(),
            path_mtu=65535,
            last_sequence_number=self.number - 1,
            seed=self.iv_seed,
            provider=self.providers[0],
            **more,
        )

    def sealed(self, clear: bytes) -> bytes:
        """The first packet of a fresh sender."""
        self.last_clear = clear
        return self.sender().protect(clear)

    def at(self, number: int) -> "Plan":
        """The same SA at another number."""
        other = copy.copy(self)
        other.number = number
        return other

    def with_suite(self, suite: Suite) -> "Plan":
        """The same with other algorithms that take the same keys."""
        other = copy.copy(self)
        other.suite = suite
        return other

    def receiver(self) -> mpsec.InboundSa:
        """Expects the high half that the plan's number has."""
        receiver = mpsec.InboundSa(**self.parameters(), provider=self.providers[1])
        receiver.resynchronise(max(self.number - 1, 0))
        return receiver

    def scapy(self) -> ipsec.SecurityAssociation:
        """The same SA in Scapy."""
        source, destination = ADDRESSES[self.shape.outer]
        header = {4: IP, 6: IPv6}[self.shape.outer](src=source, dst=destination)
        parameters = {"seq_num": self.number & 0xFFFFFFFF}
        if self.suite.encryption:
            name, icv_octets = ENCRYPTION[self.suite.encryption]
            parameters |= {"crypt_algo": name, "crypt_key": self.key, "crypt_icv_size": icv_octets}
        if self.suite.integrity:
            parameters |= {"auth_algo": INTEGRITY[self.suite.integrity], "auth_key": self.integrity_key}
        if self.shape.mode == "tunnel":
            parameters["tunnel_header"] = header
        if self.shape.udp:
            parameters["nat_t_header"] = UDP(sport=4500, dport=4500)
        if self.shape.extended:
            parameters |= {"esn_en": True, "esn": self.number >> 32}
        return ipsec.SecurityAssociation(ipsec.ESP if self.suite.encryption else ipsec.AH, self.spi, **parameters)

    def clear_packet(self, chance: random.Random) -> bytes:
        """A random packet that this SA may carry."""
        transport = self.shape.mode == "transport"
        addresses = (ADDRESSES if transport else INNER_ADDRESSES)[self.shape.inner]
        return clear_packet(chance, self.shape.inner, addresses)


def parse(octets: bytes) -> Packet:
    """Scapy's reading of an IP datagram."""
    return (IP if octets[0] >> 4 == 4 else IPv6)(octets)


def clear_packet(chance: random.Random, version: int, addresses: tuple[str, str]) -> bytes:
    """Headers with random fields, options or extension headers at times, 0 to 1300 octets of data."""
    data = Raw(chance.randbytes(chance.choice([0, 1, chance.randrange(64), chance.randrange(1300)])))
    return bytes(_header(chance, version, addresses) / _upper(chance, version) / data)


def _upper(chance: random.Random, version: int) -> Packet:
    ports = {"sport": chance.randrange(49152, 65536), "dport": chance.randrange(49152, 65536)}  # of no known protocol
    echo = ICMP(id=chance.getrandbits(16)) if version == 4 else ICMPv6EchoRequest(id=chance.getrandbits(16))
    return chance.choice([UDP(**ports), TCP(**ports, seq=chance.getrandbits(32)), echo])


def _header(chance: random.Random, version: int, addresses: tuple[str, str]) -> Packet:
    source, destination = addresses
    hops, traffic_class = chance.randrange(1, 256), chance.getrandbits(8)
    if version == 6:
        header = IPv6(src=source, dst=destination, hlim=hops, tc=traffic_class, fl=chance.getrandbits(20))
        padding = PadN(optdata=bytes(4))
        extension = [None, IPv6ExtHdrHopByHop(options=[padding]), IPv6ExtHdrDestOpt(options=[padding])]
        chosen = chance.choice(extension)
        return header / chosen if chosen else header
    options = [[], [IPOption_NOP()] * 4, [IPOption_Timestamp(timestamp=chance.getrandbits(31))]]
    fields = {"id": chance.getrandbits(16), "flags": chance.choice([0, "DF"]), "options": chance.choice(options)}
    return IP(src=source, dst=destination, ttl=hops, tos=traffic_class, **fields)
