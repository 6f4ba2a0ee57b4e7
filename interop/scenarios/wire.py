"""What went over a link: reads the laboratory's capture while it grows."""

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

IKE_PORTS = (500, 4500)
_NAT_PORT = 4500
_FILE_HEADER, _RECORD_HEADER, _ETHERNET = 24, 16, 14
_FRACTION = 1_000_000  # tcpdump's file counts microseconds
_UDP, _ESP, _AH = 17, 50, 51
_IKE_HEADER = 28
FRAGMENT_PAYLOAD, NOTIFY_PAYLOAD, IKE_SA_INIT = 53, 41, 34


@dataclass(frozen=True)
class Frame:
    """One Ethernet frame with an IP packet."""

    octets: bytes

    @property
    def version(self) -> int:
        return self.octets[_ETHERNET] >> 4

    @property
    def header_octets(self) -> int:
        """Of IP; no extension headers are expected here."""
        return (self.octets[_ETHERNET] & 15) * 4 if self.version == 4 else 40

    @property
    def ip_octets(self) -> int:
        """The length of the IP packet, as its header says it."""
        ip = self.octets[_ETHERNET:]
        return struct.unpack_from("!H", ip, 2)[0] if self.version == 4 else 40 + struct.unpack_from("!H", ip, 4)[0]

    @property
    def protocol(self) -> int:
        return self.octets[_ETHERNET + (9 if self.version == 4 else 6)]

    @property
    def source(self) -> bytes:
        """The IP address."""
        return self.octets[_ETHERNET + 12 :][:4] if self.version == 4 else self.octets[_ETHERNET + 8 :][:16]

    @property
    def body(self) -> bytes:
        """What follows the IP header, without Ethernet's padding."""
        return self.octets[_ETHERNET:][self.header_octets : self.ip_octets]

    def ports(self) -> tuple[int, int] | None:
        return struct.unpack_from("!HH", self.body) if self.protocol == _UDP else None

    def ike(self) -> bytes | None:
        """The IKE message, if it is one."""
        ports = self.ports()
        if ports is None or not set(ports) & set(IKE_PORTS):
            return None
        payload = self.body[8:]
        if _NAT_PORT not in ports:
            return payload
        return payload[4:] if payload[:4] == bytes(4) and len(payload) > _IKE_HEADER else None

    def esp(self) -> bytes | None:
        """The ESP packet, right above IP or in UDP."""
        if self.protocol == _ESP:
            return self.body
        ports = self.ports()
        payload = self.body[8:]
        in_udp = ports is not None and _NAT_PORT in ports and payload[:4] != bytes(4) and len(payload) > 8
        return payload if in_udp else None

    def with_udp_checksum(self) -> "Frame":
        """With the checksum that its changed UDP payload needs; other packets stay as they are."""
        if self.protocol != _UDP:
            return self
        at = _ETHERNET + self.header_octets
        body = self.body[:6] + b"\0\0" + self.body[8:]
        total = _ones_sum(self._pseudo_header(len(body)) + body)
        checksum = (~total & 0xFFFF) or 0xFFFF
        return Frame(self.octets[: at + 6] + struct.pack("!H", checksum) + self.octets[at + 8 :])

    def _pseudo_header(self, octets: int) -> bytes:
        ip = self.octets[_ETHERNET:]
        addresses = ip[12:20] if self.version == 4 else ip[8:40]
        return addresses + struct.pack("!II", octets, _UDP)

    def ah(self) -> bytes | None:
        return self.body if self.protocol == _AH else None


def _ones_sum(octets: bytes) -> int:
    """Ones' complement sum of 16-bit words (RFC 1071)."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Watch:
    """What a link carries from now on. A frame shows up to a second after it went: who waits for one asks again."""

    def __init__(self, capture: Path) -> None:
        self._capture, self._since = capture, time.time()
        self._begin = max(capture.stat().st_size, _FILE_HEADER)

    def frames(self) -> Iterator[Frame]:
        """Every IP packet since then; a record that is still being written is left for the next call."""
        return (frame for _, frame in self.timed())

    def timed(self) -> Iterator[tuple[float, Frame]]:
        """`frames`, each with the kernel's time of it in seconds."""
        with open(self._capture, "rb") as file:
            file.seek(self._begin)
            content = file.read()
        at = 0
        while at + _RECORD_HEADER <= len(content):
            seconds, fraction, length = struct.unpack_from("=III", content, at)
            frame = content[at + _RECORD_HEADER : at + _RECORD_HEADER + length]
            if len(frame) < length:
                return
            at += _RECORD_HEADER + length
            moment = seconds + fraction / _FRACTION
            late = moment < self._since  # of the time before, and written only now
            if not late and frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                yield moment, Frame(frame)

    def ike(self) -> list[bytes]:
        """The IKE messages."""
        return [message for frame in self.frames() if (message := frame.ike()) is not None]

    def clear(self, needle: bytes) -> bool:
        """Whether these octets went over the link anywhere in the clear."""
        return any(needle in frame.octets for frame in self.frames())


def first_payload(message: bytes) -> int:
    """The type of the first payload of an IKE message."""
    return message[16]


def exchange(message: bytes) -> int:
    return message[18]


def is_response(message: bytes) -> bool:
    return bool(message[19] & 0x20)
