"""Certificates for one test each: authorities, ends, chains, revocation lists."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from peers.scenario import Authentication

_CURVES = {"256": ec.SECP256R1, "384": ec.SECP384R1, "521": ec.SECP521R1}
_DAY = timedelta(days=1)


def new_key(kind: str):
    """A private key: "rsa-2048", "ecdsa-256", "ed25519"."""
    family, _, size = kind.partition("-")
    if family == "rsa":
        return rsa.generate_private_key(65537, int(size))
    return ec.generate_private_key(_CURVES[size]()) if family == "ecdsa" else ed25519.Ed25519PrivateKey.generate()


def pair(authority: "Authority", kind: str, folder: Path, **options) -> tuple[Authentication, Authentication]:
    """For the ends a and b, both from this authority."""
    return authority.end("a.mpsec.test", kind, folder, **options), authority.end("b.mpsec.test", kind, folder, **options)


class Authority:
    """A certification authority; with an issuer it is an intermediate one. Files lie in its folder, keys for their owner alone."""

    def __init__(self, folder: Path, kind: str = "ecdsa-256", issuer: "Authority | None" = None, filler: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._key = new_key(kind)
        self.issuer = issuer
        self._name = _name(f"mpsec laboratory CA {folder.name}")
        above = issuer or self
        builder = _builder(self._name, above._name, self._key.public_key(), _valid())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        self._certificate = _filled(builder, filler).sign(above._key, _hash(above._key))
        self.certificate = _write_certificate(folder / f"{folder.name}.pem", self._certificate)

    def chain(self) -> tuple[Path, ...]:
        """The certificates from this authority up to, and without, the root."""
        return (self.certificate, *self.issuer.chain()) if self.issuer else ()

    def end(self, identity: str, kind: str, folder: Path, *, expired: bool = False, filler: int = 0) -> Authentication:
        """Key and certificate for an end; `filler`: octets by which its certificate is larger."""
        key = new_key(kind)
        valid = (_now() - 3 * _DAY, _now() - _DAY) if expired else _valid()
        builder = _builder(_name(identity), self._name, key.public_key(), valid)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(identity)]), critical=False)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        certificate = _filled(builder, filler).sign(self._key, _hash(self._key))
        pem = _write_certificate(folder / f"{identity}.pem", certificate)
        method = kind.partition("-")[0]
        return Authentication(method, certificate=pem, intermediates=self.chain(), private_key=_write_key(folder / f"{identity}.key", key))

    def revocation_list(self, path: Path, *revoked: Path) -> Path:
        """Names these certificates as revoked."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(_now() - _DAY).next_update(_now() + 30 * _DAY)
        for certificate in revoked:
            number = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(_now() - _DAY).build()
            builder = builder.add_revoked_certificate(entry)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(identifier, critical=False).add_extension(x509.CRLNumber(1), critical=False)
        path.write_bytes(builder.sign(self._key, _hash(self._key)).public_bytes(serialization.Encoding.PEM))
        return path


def _builder(subject: x509.Name, issuer: x509.Name, key, valid: tuple[datetime, datetime]) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(valid[0]).not_valid_after(valid[1])
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _filled(builder: x509.CertificateBuilder, octets: int) -> x509.CertificateBuilder:
    """A private extension makes it as large as wanted; whoever does not know it may ignore it."""
    if octets == 0:
        return builder
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x04\x00" + bytes(octets))
    return builder.add_extension(unknown, critical=False)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not signs_certificates, False, False, False, False, signs_certificates, signs_certificates, False, False)


def _hash(key):
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mpsec"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _valid() -> tuple[datetime, datetime]:
    return _now() - _DAY, _now() + 30 * _DAY


def _write_certificate(path: Path, certificate: x509.Certificate) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _write_key(path: Path, key) -> Path:
    form = serialization.PrivateFormat.PKCS8
    path.touch(0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path
