#!/usr/bin/python3
"""Makes the identities anew: a root that signs with Ed25519, and for A and B a key of each kind. New keys make all
signatures, and so the transcripts with certificates, new as well."""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

FOLDER = Path(__file__).parent
MAKERS = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
}


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(stem: str, serial: int, common_name: str, key: object, root: object) -> None:
    made = x509.CertificateBuilder().subject_name(_name(common_name)).issuer_name(_name("root")).serial_number(serial)
    made = made.not_valid_before(datetime(2010, 1, 1)).not_valid_after(datetime(2049, 1, 1)).public_key(key.public_key())
    made = made.add_extension(x509.BasicConstraints(ca=key is root, path_length=None), critical=True)
    if key is not root:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (FOLDER / f"{stem}.key").write_bytes(secret)
    (FOLDER / f"{stem}.crt").write_bytes(made.sign(root, None).public_bytes(pem))


def main() -> None:
    root = ed25519.Ed25519PrivateKey.generate()
    _write("root", 1, "root", root, root)
    names = [(kind, end) for kind in MAKERS for end in "ab"]
    for serial, (kind, end) in enumerate(names, start=2):
        _write(f"{kind}_{end}", serial, f"{end}.example", MAKERS[kind](), root)


main()
