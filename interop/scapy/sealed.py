"""What ESP and IKE seal, opened by the package cryptography: the algorithms go by the names that IANA gives them."""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, aead, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hmac import HMAC


class WrongIcvError(Exception):
    """The ICV is not that of these octets under this key."""


@dataclass(frozen=True)
class Keys:
    """Of one direction; the salt stands behind the cipher's key."""

    cipher: str
    key: bytes
    integrity: str  # "NONE" where the cipher checks integrity too
    integrity_key: bytes


@dataclass(frozen=True)
class Sealed:
    """The parts of a packet or message."""

    before: bytes  # what stands before the IV
    body: bytes  # IV, ciphertext, ICV
    associated: bytes  # what a combined cipher protects beside the text
    behind: bytes = b""  # not sent, but under a separate ICV: the high half of an extended sequence number
    implicit_iv: bytes = b""


@dataclass(frozen=True)
class _Combined:
    decrypt: Callable[[bytes, bytes, bytes, bytes], bytes]  # key, nonce, text with ICV, associated data
    salt_octets: int


def _ccm(icv_octets: int) -> _Combined:
    return _Combined(lambda key, *rest: aead.AESCCM(key, icv_octets).decrypt(*rest), 3)


def _gcm(icv_octets: int) -> _Combined:
    def decrypt(key: bytes, nonce: bytes, octets: bytes, associated: bytes) -> bytes:
        mode = modes.GCM(nonce, octets[-icv_octets:], icv_octets)
        context = Cipher(algorithms.AES(key), mode).decryptor()
        context.authenticate_additional_data(associated)
        return _all(context, octets[:-icv_octets])

    return _Combined(decrypt, 4)


_CHACHA = _Combined(lambda key, *rest: aead.ChaCha20Poly1305(key).decrypt(*rest), 4)
_COMBINED = {
    "ENCR_AES_CCM_8": _ccm(8),
    "ENCR_AES_CCM_12": _ccm(12),
    "ENCR_AES_CCM_16": _ccm(16),
    "ENCR_AES_GCM_8": _gcm(8),
    "ENCR_AES_GCM_12": _gcm(12),
    "ENCR_AES_GCM_16": _gcm(16),
    "ENCR_CHACHA20_POLY1305": _CHACHA,
    "ENCR_AES_CCM_8_IIV": _ccm(8),
    "ENCR_AES_GCM_16_IIV": _gcm(16),
    "ENCR_CHACHA20_POLY1305_IIV": _CHACHA,
}


def _hmac(algorithm: type[hashes.HashAlgorithm]) -> Callable[[bytes, bytes], bytes]:
    def icv(key: bytes, octets: bytes) -> bytes:
        mac = HMAC(key, algorithm())
        mac.update(octets)
        return mac.finalize()

    return icv


def _cmac(key: bytes, octets: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(octets)
    return mac.finalize()


def _xcbc(key: bytes, octets: bytes) -> bytes:
    """RFC 3566 4."""

    def encrypt(key: bytes, mode: modes.Mode, octets: bytes) -> bytes:
        return _all(Cipher(algorithms.AES(key), mode).encryptor(), octets)

    keys = [encrypt(key, modes.ECB(), bytes([number]) * 16) for number in (1, 2, 3)]
    whole = len(octets) > 0 and len(octets) % 16 == 0
    padded = octets if whole else octets + b"\x80" + bytes(-(len(octets) + 1) % 16)
    mask = keys[1] if whole else keys[2]
    last = bytes(a ^ b for a, b in zip(padded[-16:], mask, strict=True))
    return encrypt(keys[0], modes.CBC(bytes(16)), padded[:-16] + last)[-16:]


_INTEGRITIES = {  # the function, and the octets of its result that are sent
    "AUTH_HMAC_MD5_96": (_hmac(hashes.MD5), 12),
    "AUTH_HMAC_MD5_128": (_hmac(hashes.MD5), 16),
    "AUTH_HMAC_SHA1_96": (_hmac(hashes.SHA1), 12),
    "AUTH_HMAC_SHA1_160": (_hmac(hashes.SHA1), 20),
    "AUTH_HMAC_SHA2_256_128": (_hmac(hashes.SHA256), 16),
    "AUTH_HMAC_SHA2_384_192": (_hmac(hashes.SHA384), 24),
    "AUTH_HMAC_SHA2_512_256": (_hmac(hashes.SHA512), 32),
    "AUTH_AES_CMAC_96": (_cmac, 12),
    "AUTH_AES_XCBC_96": (_xcbc, 12),
}


def unseal(keys: Keys, sealed: Sealed) -> bytes:
    """The text with its padding. KeyError names an algorithm that is not here, WrongIcvError says what it says."""
    if keys.cipher == "ENCR_NULL_AUTH_AES_GMAC":
        return _unseal_gmac(keys, sealed)
    if keys.integrity == "NONE":
        return _unseal_combined(keys, sealed)
    function, icv_octets = _INTEGRITIES[keys.integrity]
    body, icv = sealed.body[:-icv_octets], sealed.body[-icv_octets:]
    if function(keys.integrity_key, sealed.before + body + sealed.behind)[:icv_octets] != icv:
        raise WrongIcvError
    return _deciphered(keys, body)


def _unseal_combined(keys: Keys, sealed: Sealed) -> bytes:
    combined = _COMBINED[keys.cipher]
    key, salt = keys.key[: -combined.salt_octets], keys.key[-combined.salt_octets :]
    iv, body = (sealed.implicit_iv, sealed.body) if sealed.implicit_iv else (sealed.body[:8], sealed.body[8:])
    try:
        return combined.decrypt(key, salt + iv, body, sealed.associated)
    except InvalidTag:
        raise WrongIcvError from None


def _unseal_gmac(keys: Keys, sealed: Sealed) -> bytes:
    """RFC 4543 3: the text is in the clear, and nothing but associated data."""
    iv, text, icv = sealed.body[:8], sealed.body[8:-16], sealed.body[-16:]
    try:
        aead.AESGCM(keys.key[:-4]).decrypt(keys.key[-4:] + iv, icv, sealed.associated + iv + text)
    except InvalidTag:
        raise WrongIcvError from None
    return text


def _deciphered(keys: Keys, body: bytes) -> bytes:
    if keys.cipher == "ENCR_NULL":
        return body
    if keys.cipher == "ENCR_AES_CTR":
        counter = keys.key[-4:] + body[:8] + bytes([0, 0, 0, 1])
        return _all(Cipher(algorithms.AES(keys.key[:-4]), modes.CTR(counter)).decryptor(), body[8:])
    cipher = {"ENCR_AES_CBC": algorithms.AES, "ENCR_3DES": algorithms.TripleDES}[keys.cipher](keys.key)
    octets = cipher.block_size // 8
    return _all(Cipher(cipher, modes.CBC(body[:octets])).decryptor(), body[octets:])


def _all(context: CipherContext, octets: bytes) -> bytes:
    return context.update(octets) + context.finalize()
