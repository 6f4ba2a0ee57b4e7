"""Opens the ESP packets of a capture: with Scapy where it knows the algorithms, else with cryptography alone.

Usage: open_esp.py CAPTURE TABLE. A line of TABLE has an SPI, IANA's name of a cipher and its key with the salt, IANA's name
of an integrity algorithm (or NONE) and its key (or -), and the high half of the sequence numbers (or -); numbers are
hexadecimal. For each packet that has a line, one is printed: SPI, algorithms, what became of it.
"""

import logging
import sys
from pathlib import Path

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers import ipsec  # noqa: E402
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.utils import RawPcapNgReader  # noqa: E402
from sealed import Keys, Sealed, WrongIcvError, unseal  # noqa: E402

SCAPY_CIPHERS = {  # Scapy's name, and the ICV where Scapy takes it as a parameter
    "ENCR_AES_CCM_8": ("AES-CCM", 8),
    "ENCR_AES_CCM_12": ("AES-CCM", 12),
    "ENCR_AES_CCM_16": ("AES-CCM", 16),
    "ENCR_AES_GCM_16": ("AES-GCM", None),
    "ENCR_CHACHA20_POLY1305": ("CHACHA20-POLY1305", None),
}


def _opened_by_scapy(packet: IP, keys: Keys, high: bytes) -> IP:
    name, icv_octets = SCAPY_CIPHERS[keys.cipher]
    sa = ipsec.SecurityAssociation(
        ipsec.ESP,
        packet[ipsec.ESP].spi,
        crypt_algo=name,
        crypt_key=keys.key,
        crypt_icv_size=icv_octets,
        tunnel_header=IP(src=packet.src, dst=packet.dst),
        esn_en=bool(high),
        esn=int.from_bytes(high, "big"),
    )
    return sa.decrypt(packet)


def _opened_by_cryptography(packet: IP, keys: Keys, high: bytes) -> IP:
    octets = bytes(packet[ipsec.ESP])
    spi, sequence_number = octets[:4], octets[4:8]
    implicit_iv = (high or bytes(4)) + sequence_number if keys.cipher.endswith("_IIV") else b""
    sealed = Sealed(octets[:8], octets[8:], spi + high + sequence_number, high, implicit_iv)
    text = unseal(keys, sealed)
    return IP(text[: -2 - text[-2]])


def _open(packet: IP, keys: Keys, high: bytes) -> str:
    scapy = keys.cipher in SCAPY_CIPHERS
    try:
        inside = (_opened_by_scapy if scapy else _opened_by_cryptography)(packet, keys, high)
    except (ipsec.IPSecIntegrityError, WrongIcvError):
        return "the ICV is wrong"
    if not inside.haslayer(UDP) or inside[UDP].dport != 2222:
        return f"opened, and inside is {inside!r}"
    return f"opened by {'Scapy' if scapy else 'cryptography'}"


def _octets(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def main(capture: str, table: str) -> None:
    """Prints the lines."""
    rows = {int(words[0], 16): words[1:] for words in map(str.split, Path(table).read_text().splitlines())}
    for octets, _ in RawPcapNgReader(capture):
        packet = IP(octets)
        if not packet.haslayer(ipsec.ESP) or packet[ipsec.ESP].spi not in rows:
            continue
        cipher, key, integrity, integrity_key, high = rows[packet[ipsec.ESP].spi]
        keys = Keys(cipher, _octets(key), integrity, _octets(integrity_key))
        print(f"{packet[ipsec.ESP].spi:08x} {cipher} {integrity}: {_open(packet, keys, _octets(high))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
