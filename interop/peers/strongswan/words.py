"""IANA's names of the algorithms in strongSwan's status."""

from peers import keywords
from peers.scenario import Transform

_KEY_LENGTHS = {"encr-alg": "encr-keysize", "integ-alg": "integ-keysize"}
_NAMES = {word.upper().replace("MODP", "MODP_").replace("ECP", "ECP_"): name for name, word in keywords.KEY_EXCHANGE.items()}
_NAMES |= {"CURVE_25519": "Curve25519", "CURVE_448": "Curve448"}
_NAMES |= {name.removeprefix("AUTH_"): name for name in keywords.INTEGRITY}
_NAMES |= {name.removeprefix("ENCR_"): name for name in keywords.ENCRYPTION} | {name: name for name in keywords.PRF}


def transforms(status: dict) -> frozenset[Transform]:
    """The algorithms in one SA of `swanctl --list-sas`. A name without a counterpart is kept as it is."""
    found = []
    for key in ("encr-alg", "integ-alg", "prf-alg", "dh-group"):
        if shown := status.get(key):
            bits = status.get(_KEY_LENGTHS.get(key, ""))
            found.append(Transform(_NAMES.get(shown, shown), int(bits) if bits else None))
    return frozenset(found)
