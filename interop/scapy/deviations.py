"""Where Scapy 2.5 is known to go its own way: what was observed, why it is Scapy's fault, and how a packet is
mended so that the rest of it is compared all the same. No case is left out because of these.

A deviation has a mend for what Scapy sealed, or for what Scapy shall open, or both.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace

import report
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from plans import Plan
from scapy.utils import checksum

Mend = Callable[[Plan, bytes], bytes]


@dataclass(frozen=True)
class Deviation:
    """`applies` says for which SAs and packets (as they came from the sealing side)."""

    name: str
    reason: str
    applies: Callable[[Plan, bytes], bool]
    from_scapy: Mend | None = None
    for_scapy: Mend | None = None


def mended_from_scapy(plan: Plan, packet: bytes) -> bytes:
    """What Scapy would have sealed without its faults."""
    for deviation in DEVIATIONS:
        if deviation.from_scapy and deviation.applies(plan, packet):
            report.mended[f"Scapy's deviation '{deviation.name}' mended"] += 1
            packet = deviation.from_scapy(plan, packet)
    return packet


def mended_for_scapy(plan: Plan, packet: bytes) -> bytes:
    """What mpsec sealed, so bent that Scapy can open it; what is bent away is compared on the way."""
    for deviation in DEVIATIONS:
        if deviation.for_scapy and deviation.applies(plan, packet):
            report.mended[f"Scapy's deviation '{deviation.name}' mended"] += 1
            packet = deviation.for_scapy(plan, packet)
    return packet


def upper_at(packet: bytes) -> tuple[int, int]:
    """Where ESP, AH or UDP starts, and where the octet stands that names it."""
    if packet[0] >> 4 == 4:
        return (packet[0] & 15) * 4, 9
    at, named = 40, 6
    while packet[named] in (0, 43, 60):
        at, named = at + 8 + packet[at + 1] * 8, at
    return at, named


def _with_lengths(plan: Plan, packet: bytearray) -> bytes:
    if packet[0] >> 4 == 4:
        packet[2:4] = len(packet).to_bytes(2, "big")
        packet[10:12] = bytes(2)
        packet[10:12] = checksum(bytes(packet[: (packet[0] & 15) * 4])).to_bytes(2, "big")
    else:
        packet[4:6] = (len(packet) - 40).to_bytes(2, "big")
    return _with_udp_length(plan, bytes(packet)) if plan.shape.udp else bytes(packet)


def _with_udp_length(_: Plan, packet: bytes) -> bytes:
    at, _ = upper_at(packet)
    return packet[: at + 4] + (len(packet) - at).to_bytes(2, "big") + packet[at + 6 :]


def _has_udp_length_of_header(plan: Plan, packet: bytes) -> bool:
    return plan.shape.udp and plan.shape.outer == 4


# The extension header names ESP, and UDP stands there: so upper_at finds the UDP header.
def _has_hidden_udp(plan: Plan, packet: bytes) -> bool:
    return plan.shape.udp and plan.shape.outer == 6 and packet[upper_at(packet)[1]] == 50


def _with_udp_named(_: Plan, packet: bytes) -> bytes:
    _, named = upper_at(packet)
    return packet[:named] + bytes([17]) + packet[named + 1 :]


def _is_udp_transport_v6(plan: Plan, _: bytes) -> bool:
    return plan.shape.udp and plan.shape.outer == 6 and plan.shape.mode == "transport"


def _without_udp(plan: Plan, packet: bytes) -> bytes:
    at, named = upper_at(packet)
    assert packet[at : at + 8] == bytes.fromhex("11941194") + (len(packet) - at).to_bytes(2, "big") + bytes(2)
    bare = bytearray(packet[:at] + packet[at + 8 :])
    bare[named] = 50
    bare[4:6] = (len(bare) - 40).to_bytes(2, "big")
    return bytes(bare)


def _has_short_gcm_tag(plan: Plan, _: bytes) -> bool:
    return plan.suite.encryption in ("ENCR_AES_GCM_8", "ENCR_AES_GCM_12")


def _with_short_tag(plan: Plan, packet: bytes) -> bytes:
    octets = int(plan.suite.encryption.rpartition("_")[2])
    return _with_lengths(plan, bytearray(packet[: len(packet) - (16 - octets)]))


# From ENCR_AES_GCM_16 with the same key, number and IV, whose packet must begin with this one.
def _with_whole_tag(plan: Plan, packet: bytes) -> bytes:
    whole = plan.with_suite(replace(plan.suite, encryption="ENCR_AES_GCM_16")).sender().protect(plan.last_clear)
    assert _with_short_tag(plan, whole) == packet
    return whole


def _has_esn_and_mac(plan: Plan, _: bytes) -> bool:
    return plan.shape.extended and bool(plan.suite.encryption and plan.suite.integrity)


def _icv(plan: Plan, octets: bytes) -> bytes:
    if plan.suite.integrity == "AUTH_AES_CMAC_96":
        mac = cmac.CMAC(AES(plan.integrity_key))
        mac.update(octets)
        return mac.finalize()[:12]
    name, icv_octets = {
        "AUTH_HMAC_MD5_96": ("md5", 12),
        "AUTH_HMAC_SHA1_96": ("sha1", 12),
        "AUTH_HMAC_SHA2_256_128": ("sha256", 16),
        "AUTH_HMAC_SHA2_384_192": ("sha384", 24),
        "AUTH_HMAC_SHA2_512_256": ("sha512", 32),
    }[plan.suite.integrity]
    return hmac.digest(plan.integrity_key, octets, name)[:icv_octets]


# Python's own HMAC is the second opinion here: the ICV must be the one over `before`, and becomes that over `after`.
def _with_other_icv(plan: Plan, packet: bytes, before: bytes, after: bytes) -> bytes:
    at = upper_at(packet)[0] + 8 * plan.shape.udp
    octets = len(_icv(plan, b""))
    covered = packet[at:-octets]
    assert packet[-octets:] == _icv(plan, covered + before), f"ICV of {plan}"
    return packet[:-octets] + _icv(plan, covered + after)


def _high_half(plan: Plan) -> bytes:
    return (plan.number >> 32).to_bytes(4, "big")


DEVIATIONS = [
    Deviation(
        "UDP length",
        "Scapy's ESP-in-UDP over IPv4 has a UDP Length of 8 whatever follows, so the datagram carries nothing (RFC 768)",
        _has_udp_length_of_header,
        from_scapy=_with_udp_length,
    ),
    Deviation(
        "UDP behind an extension header",
        "Scapy's ESP-in-UDP in transport mode over IPv6 with extension headers: the last one names ESP where UDP stands",
        _has_hidden_udp,
        from_scapy=_with_udp_named,
    ),
    Deviation(
        "GCM tag",
        "Scapy takes crypt_icv_size for AES-GCM and uses a tag of 16 octets all the same; with AES-CCM it obeys",
        _has_short_gcm_tag,
        from_scapy=_with_short_tag,
        for_scapy=_with_whole_tag,
    ),
    Deviation(
        "ESN with a separate MAC",
        "Scapy leaves the high half of an ESN out of a separate ICV of ESP (RFC 4303 2.2.1); documented: AEADs only",
        _has_esn_and_mac,
        from_scapy=lambda plan, packet: _with_other_icv(plan, packet, b"", _high_half(plan)),
        for_scapy=lambda plan, packet: _with_other_icv(plan, packet, _high_half(plan), b""),
    ),
    Deviation(
        "UDP left standing",
        "Scapy opens ESP-in-UDP in transport mode over IPv6 and leaves the UDP header before the payload (RFC 3948 3.3)",
        _is_udp_transport_v6,
        for_scapy=_without_udp,
    ),
]
