"""IANA's transforms in the short words that strongSwan's and our configuration share: "aes128gcm16-prfsha256-x25519"."""

from collections.abc import Iterable

from peers.scenario import Child, Proposal, Transform

ENCRYPTION = {
    "ENCR_NULL": "null",
    "ENCR_3DES": "3des",
    "ENCR_AES_CBC": "aes{bits}",
    "ENCR_AES_CTR": "aes{bits}ctr",
    "ENCR_AES_CCM_8": "aes{bits}ccm8",
    "ENCR_AES_CCM_12": "aes{bits}ccm12",
    "ENCR_AES_CCM_16": "aes{bits}ccm16",
    "ENCR_AES_GCM_8": "aes{bits}gcm8",
    "ENCR_AES_GCM_12": "aes{bits}gcm12",
    "ENCR_AES_GCM_16": "aes{bits}gcm16",
    "ENCR_NULL_AUTH_AES_GMAC": "aes{bits}gmac",
    "ENCR_CHACHA20_POLY1305": "chacha20poly1305",
}
INTEGRITY = {
    "AUTH_HMAC_SHA1_96": "sha1",
    "AUTH_AES_XCBC_96": "aesxcbc",
    "AUTH_AES_CMAC_96": "aescmac",
    "AUTH_HMAC_SHA2_256_128": "sha256",
    "AUTH_HMAC_SHA2_384_192": "sha384",
    "AUTH_HMAC_SHA2_512_256": "sha512",
    "AUTH_AES_128_GMAC": "aes128gmac",
    "AUTH_AES_256_GMAC": "aes256gmac",
}
PRF = {
    "PRF_HMAC_SHA1": "prfsha1",
    "PRF_AES128_XCBC": "prfaesxcbc",
    "PRF_AES128_CMAC": "prfaescmac",
    "PRF_HMAC_SHA2_256": "prfsha256",
    "PRF_HMAC_SHA2_384": "prfsha384",
    "PRF_HMAC_SHA2_512": "prfsha512",
}
KEY_EXCHANGE = {
    "1024-bit MODP": "modp1024",
    "2048-bit MODP": "modp2048",
    "3072-bit MODP": "modp3072",
    "4096-bit MODP": "modp4096",
    "256-bit random ECP": "ecp256",
    "384-bit random ECP": "ecp384",
    "521-bit random ECP": "ecp521",
    "Curve25519": "x25519",
    "Curve448": "x448",
}
_WORDS = ENCRYPTION | INTEGRITY | PRF | KEY_EXCHANGE


def unknown(transforms: Iterable[Transform]) -> list[Transform]:
    """Those that have no word."""
    return [transform for transform in transforms if transform.name not in _WORDS]


def ike(offer: Proposal) -> str:
    """A proposal for an IKE SA."""
    return "-".join(_WORDS[transform.name].format(bits=transform.bits) for transform in offer)


def child(offer: Proposal, of: Child) -> str:
    """A proposal for a Child SA: it also says whether numbers are extended, and may leave the choice."""
    numbers = {False: "noesn", True: "esn", "either": "esn-noesn"}[of.extended_numbers]
    return f"{ike(offer)}-{numbers}"
