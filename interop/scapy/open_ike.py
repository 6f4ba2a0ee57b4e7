"""Opens the protected IKE messages of a capture with cryptography; Scapy takes them, and what is inside, to pieces.

Usage: open_ike.py CAPTURE TABLE. A line of TABLE has the SPIs of initiator and responder, IANA's name of a cipher and its
two keys with the salt, initiator's first, IANA's name of an integrity algorithm (or NONE) and its two keys (or -); numbers
are hexadecimal. For each message that has a line, one is printed: exchange and message ID, algorithms, the types of the
payloads inside or what is wrong.
"""

import logging
import sys
from pathlib import Path

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.contrib import ikev2  # noqa: E402
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.utils import RawPcapNgReader  # noqa: E402
from sealed import Keys, Sealed, WrongIcvError, unseal  # noqa: E402

HEADER_OCTETS = 28
SK, AUTH = 46, 39
INITIATOR = 0x08


def _payload_types(first: int, octets: bytes) -> list[str]:
    """Of a whole chain; the method of AUTH beside it."""
    types, following, at = [], first, 0
    while following:
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        if length < 4 or at + length > len(octets):
            return [*types, "garbage"]
        name = ikev2.IKEv2_payload_type[following] or str(following)
        types.append(f"{name}({octets[at + 4]})" if following == AUTH else name)
        following, at = octets[at], at + length
    return types if at == len(octets) else [*types, "more"]


def _open(message: bytes, keys: Keys) -> str:
    associated, body = message[: HEADER_OCTETS + 4], message[HEADER_OCTETS + 4 :]
    try:
        text = unseal(keys, Sealed(associated, body, associated))
    except WrongIcvError:
        return "the ICV is wrong"
    return " ".join(_payload_types(message[HEADER_OCTETS], text[: -1 - text[-1]]))


def _octets(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def _keys_for(message: ikev2.IKEv2, rows: dict[tuple[str, str], list[str]]) -> Keys | None:
    row = rows.get((message.init_SPI.hex(), message.resp_SPI.hex()))
    if row is None:
        return None
    cipher, of_initiator, of_responder, integrity, integrity_of_initiator, integrity_of_responder = row
    if int(message.flags) & INITIATOR:
        return Keys(cipher, _octets(of_initiator), integrity, _octets(integrity_of_initiator))
    return Keys(cipher, _octets(of_responder), integrity, _octets(integrity_of_responder))


def main(capture: str, table: str) -> None:
    """Prints the lines."""
    rows = {(words[0], words[1]): words[2:] for words in map(str.split, Path(table).read_text().splitlines())}
    for octets, _ in RawPcapNgReader(capture):
        packet = IP(octets)
        if not packet.haslayer(UDP) or packet[UDP].dport != 500:
            continue
        message = ikev2.IKEv2(bytes(packet[UDP].payload))
        keys = _keys_for(message, rows)
        if keys is None or message.next_payload != SK:
            continue
        exchange = ikev2.IKEv2_exchange_type[message.exch_type]
        found = _open(bytes(packet[UDP].payload), keys)
        print(f"{exchange} {message.id} {keys.cipher} {keys.integrity}: {found}")


if __name__ == "__main__":
    main(*sys.argv[1:])
