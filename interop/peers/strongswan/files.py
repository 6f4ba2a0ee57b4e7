"""strongSwan's own files from a neutral scenario: strongswan.conf, swanctl.conf and a folder with its certificates and keys."""

import os
import shutil
from pathlib import Path
from typing import Any

from peers.scenario import Authentication, Child, End
from peers import keywords

CONNECTION = "mpsec"
POOL = "inner"
_PLUGINS = (
    "random nonce aes sha1 sha2 md5 openssl gmp curve25519 hmac cmac xcbc ctr ccm gcm chapoly kdf mgf1 "
    "pem pkcs1 pkcs8 x509 revocation constraints pubkey socket-default vici counters"
)
_SWANCTL_PLUGINS = "random openssl pem pkcs1 pkcs8 x509 pubkey"  # not all there are: it starts often
_FOREVER = "0s"
_GRACE = 30  # seconds from rekeying to the end: the tenth that is usual comes to nothing where lifetimes are seconds


def write(path: Path, text: str) -> None:
    """A file that its owner alone may read: it may hold a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def render(section: dict[str, Any], depth: int = 0) -> str:
    """Nested sections in strongSwan's syntax; a value of None is left out."""
    pad = "  " * depth
    lines = []
    for key, value in section.items():
        if isinstance(value, dict):
            lines += [f"{pad}{key} {{", render(value, depth + 1), f"{pad}}}"]
        elif value is not None:
            lines.append(f"{pad}{key} = {value}")
    return "\n".join(line for line in lines if line)


def daemon(end: End, kernel_plugins: str, uri: str, log: Path) -> dict[str, Any]:
    """strongswan.conf. The timers are those of the scenario."""
    again = end.retransmission
    return {
        "charon": {
            "load": f"{_PLUGINS} {kernel_plugins}",
            "retransmit_timeout": again.first,
            "retransmit_base": again.factor,
            "retransmit_tries": again.tries,
            "fragment_size": end.fragment_octets,
            "cookie_threshold": end.cookie_threshold,
            "cookie_threshold_ip": end.cookie_threshold,
            "plugins": {"vici": {"socket": uri}, "kernel-libipsec": {"allow_peer_ts": "yes"}},
            "filelog": {"file": {"path": log, "default": 1, "flush_line": "yes"}},
        },
        "swanctl": {"load": _SWANCTL_PLUGINS},
    }


def connections(end: End, other: End) -> dict[str, Any]:
    """swanctl.conf: one connection, its secrets and pools."""
    connection = {
        "version": 2,
        "mobike": "no",
        "local_addrs": ",".join(end.addresses),
        "remote_addrs": ",".join(other.addresses) if other.reachable else "%any",
        "proposals": ",".join(keywords.ike(offer) for offer in end.ike_proposals),
        "encap": "yes" if end.encapsulate else "no",
        "fragmentation": "yes",
        "dpd_delay": f"{max(1, round(end.liveness_seconds))}s",
        "rekey_time": f"{end.ike_rekey_seconds}s" if end.ike_rekey_seconds else _FOREVER,
        "over_time": f"{_GRACE}s" if end.ike_rekey_seconds else None,
        "rand_time": _FOREVER,
        "vips": _any_address(end.children) if end.request_address else None,
        "pools": POOL if end.pool else None,
        "send_cert": "always",
        "local": _proof(end.authentication) | {"id": end.identity},
        "remote": {
            "auth": _method(other.authentication),
            "id": end.expects(other),
            "revocation": "strict" if end.revocations else None,
        },
        "children": {child.name: _child(child) for child in end.children},
    }
    return {
        "connections": {CONNECTION: connection},
        "secrets": _secrets(end.authentication, other.authentication, end.identity, end.expects(other)),
        "pools": {POOL: {"addrs": end.pool}} if end.pool else {},
    }


def _any_address(children: tuple[Child, ...]) -> str:
    return "::" if any(":" in prefix for child in children for prefix in child.remote) else "0.0.0.0"


def _child(child: Child) -> dict[str, Any]:
    offers = ",".join(keywords.child(offer, child) for offer in child.proposals)
    return {
        "mode": child.mode,
        f"{child.protocol}_proposals": offers,
        "local_ts": ",".join(child.local),
        "remote_ts": ",".join(child.remote),
        "rekey_time": f"{child.rekey_seconds}s" if child.rekey_seconds else _FOREVER,
        "life_time": f"{child.rekey_seconds + _GRACE}s" if child.rekey_seconds else _FOREVER,
        "rand_time": _FOREVER,
        "replay_window": child.replay_window,
    }


def _method(authentication: Authentication) -> str:
    return "psk" if authentication.method == "psk" else "pubkey"


def _proof(authentication: Authentication) -> dict[str, Any]:
    certificate = authentication.certificate
    return {"auth": _method(authentication), "certs": certificate.name if certificate else None}


def _secrets(own: Authentication, peers: Authentication, identity: str, other: str) -> dict[str, Any]:
    secrets = {}
    if own.method == "psk":
        secrets["ike-own"] = {"secret": _hex(own.secret), "id-a": identity, "id-b": other}
    if peers.method == "psk" and own.method != "psk":
        secrets["ike-other"] = {"secret": _hex(peers.secret), "id-a": identity, "id-b": other}
    return secrets


def _hex(secret: str) -> str:
    """As a number: so it needs no quotes, whatever is in it."""
    return f"0x{secret.encode().hex()}"


def credentials(end: End, folder: Path) -> None:
    """Puts certificates, revocation lists and the private key where swanctl looks for them (man 5 swanctl.conf)."""
    own = end.authentication
    groups = {
        "x509": [own.certificate] if own.certificate else [],
        "x509ca": [*end.trusted, *own.intermediates],
        "x509crl": list(end.revocations),
        "private": [own.private_key] if own.private_key else [],
    }
    for name, paths in groups.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in paths:
            shutil.copyfile(path, folder / name / path.name)
            (folder / name / path.name).chmod(0o600)
