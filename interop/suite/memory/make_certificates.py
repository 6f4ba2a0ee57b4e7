#!/usr/bin/python3
"""Makes test_certificates.cpp anew: an authority that signs with Ed25519, certificates of tester and target with keys
of two kinds, and those of the tester that nobody may believe. New keys make new evidence of the cases that use them."""

import re
import subprocess
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import NameOID

FILE = Path(__file__).parent / "test_certificates.cpp"
DER = serialization.Encoding.DER
USUAL = (datetime(2010, 1, 1), datetime(2049, 1, 1))
PAST = (datetime(2001, 1, 1), datetime(2005, 1, 1))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(serial: int, name: str, key: object, issuer: tuple[str, object], valid: tuple[datetime, datetime]) -> bytes:
    """In DER; with `name` as its domain, unless it signs itself."""
    made = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(issuer[0])).serial_number(serial)
    made = made.not_valid_before(valid[0]).not_valid_after(valid[1]).public_key(key.public_key())
    made = made.add_extension(x509.BasicConstraints(ca=key is issuer[1], path_length=None), critical=True)
    if key is not issuer[1]:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return made.sign(issuer[1], None).public_bytes(DER)


def _entries() -> dict[str, tuple[bytes, bytes]]:
    """Certificate and private key by name; the authority without its key."""
    new = ed25519.Ed25519PrivateKey.generate
    root, stranger, common = ("authority", new()), ("stranger", new()), rsa.generate_private_key(65537, 2048)
    made = {"authority": (_certificate(1, "authority", root[1], root, USUAL), b"")}
    plan = [
        ("tester", "tester.example", new(), root, USUAL),
        ("target", "target.example", new(), root, USUAL),
        ("tester, RSA", "tester.example", common, root, USUAL),
        ("target, RSA", "target.example", common, root, USUAL),
        ("tester, strange authority", "tester.example", new(), stranger, USUAL),
        ("tester, expired", "tester.example", new(), root, PAST),
        ("tester, another name", "another.example", new(), root, USUAL),
    ]
    for serial, (what, name, key, issuer, valid) in enumerate(plan, start=2):
        secret = key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        made[what] = (_certificate(serial, name, key, issuer, valid), secret)
    return made


def _literal(octets: bytes) -> str:
    return "\n".join(f'"{line}"' for line in re.findall(".{1,96}", octets.hex())) or '""'


def main() -> None:
    lines = [f'{{"{name}", {_literal(certificate)}, {_literal(key)}}},' for name, (certificate, key) in _entries().items()]
    text = FILE.read_text()
    begin, end = "// --- made by make_certificates.py\n", "// --- end\n"
    head, tail = text[: text.index(begin) + len(begin)], text[text.index(end) :]
    FILE.write_text(head + "\n".join(lines) + "\n" + tail)
    subprocess.run(["clang-format-19", "-i", FILE], check=True)


main()
