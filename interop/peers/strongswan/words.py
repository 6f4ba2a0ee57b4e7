"""strongSwan's keywords for IANA's transforms, and back from the names in its status."""

from peers.scenario import Child, Proposal, Transform

_ENCRYPTION = {
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
_INTEGRITY = {
    "AUTH_HMAC_SHA1_96": "sha1",
    "AUTH_AES_XCBC_96": "aesxcbc",
    "AUTH_AES_CMAC_96": "aescmac",
    "AUTH_HMAC_SHA2_256_128": "sha256",
    "AUTH_HMAC_SHA2_384_192": "sha384",
    "AUTH_HMAC_SHA2_512_256": "sha512",
    "AUTH_AES_128_GMAC": "aes128gmac",
    "AUTH_AES_256_GMAC": "aes256gmac",
}
_PRF = {
    "PRF_HMAC_SHA1": "prfsha1",
    "PRF_AES128_XCBC": "prfaesxcbc",
    "PRF_AES128_CMAC": "prfaescmac",
    "PRF_HMAC_SHA2_256": "prfsha256",
    "PRF_HMAC_SHA2_384": "prfsha384",
    "PRF_HMAC_SHA2_512": "prfsha512",
}
_KEY_EXCHANGE = {
    "1024-bit MODP Group": ("modp1024", "MODP_1024"),
    "2048-bit MODP Group": ("modp2048", "MODP_2048"),
    "3072-bit MODP Group": ("modp3072", "MODP_3072"),
    "4096-bit MODP Group": ("modp4096", "MODP_4096"),
    "256-bit random ECP group": ("ecp256", "ECP_256"),
    "384-bit random ECP group": ("ecp384", "ECP_384"),
    "521-bit random ECP group": ("ecp521", "ECP_521"),
    "Curve25519": ("curve25519", "CURVE_25519"),
    "Curve448": ("curve448", "CURVE_448"),
}
_KEYWORDS = _ENCRYPTION | _INTEGRITY | _PRF | {name: word for name, (word, _) in _KEY_EXCHANGE.items()}
_FROM_STATUS = {shown: name for name, (_, shown) in _KEY_EXCHANGE.items()}
_FROM_STATUS |= {name.removeprefix("AUTH_"): name for name in _INTEGRITY}
_FROM_STATUS |= {name.removeprefix("ENCR_"): name for name in _ENCRYPTION} | {name: name for name in _PRF}


def unknown(transforms) -> list[Transform]:
    """Those for which strongSwan has no word."""
    return [transform for transform in transforms if transform.name not in _KEYWORDS]


def ike(offer: Proposal) -> str:
    """"aes128gcm16-prfsha256-curve25519"."""
    return "-".join(_word(transform) for transform in offer)


def child(offer: Proposal, of: Child) -> str:
    """As `ike`, with the word for extended sequence numbers."""
    return f"{ike(offer)}-{'esn' if of.extended_numbers else 'noesn'}"


def _word(transform: Transform) -> str:
    return _KEYWORDS[transform.name].format(bits=transform.bits)


def transforms(status: dict) -> frozenset[Transform]:
    """The algorithms in one SA of `swanctl --list-sas`. A name without a counterpart is kept as it is."""
    sizes = {"encr-alg": "encr-keysize", "integ-alg": "integ-keysize"}
    found = []
    for key in ("encr-alg", "integ-alg", "prf-alg", "dh-group"):
        if shown := status.get(key):
            bits = status.get(sizes.get(key, ""))
            found.append(Transform(_FROM_STATUS.get(shown, shown), int(bits) if bits else None))
    return frozenset(found)
