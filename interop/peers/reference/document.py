"""mpsec-gateway's file (docs/gateway.md) from a neutral scenario."""

import json
from typing import Any

from peers import keywords
from peers.scenario import Child, Cluster, End

TUN = "mpsec0"
_OWN, _SHARED, _POOL = "own", "shared", "inner"
_ENDS_AFTER = 1.2  # of a lifetime, beyond its rekeying
_RETRY = "1s"


def document(end: End, other: End, control: str, journal: str) -> dict[str, Any]:
    """The tables of the file; a list of tables is one table several times."""
    tables: dict[str, Any] = {
        "gateway": {"name": end.node, "control": control, "journal": journal, "workers": end.workers},
        "listen": [{"address": address, "raw": True} for address in end.addresses],
        "tun": {"name": TUN},
        "ike": _ike(end),
        "credential": _credentials(end, other),
        "authority": _authorities(end),
        "cluster": [_cluster(cluster) for cluster in end.clusters],
        "peer": [_peer(end, other)],
    }
    if end.pool:
        tables["pool"] = [{"name": _POOL, "ranges": [end.pool]}]
    return tables


def _ike(end: End) -> dict[str, Any]:
    again = end.retransmission
    sendings = again.tries + 1  # the file counts the first one too
    retransmit = {"first": _duration(again.first), "factor": again.factor, "tries": sendings, "jitter": 0.0}
    cookies = {} if end.cookie_threshold is None else {"cookies_from": end.cookie_threshold}
    return {"retransmit": retransmit} | cookies


def _credentials(end: End, other: End) -> list[dict[str, Any]]:
    own, theirs = end.authentication, other.authentication
    found: list[dict[str, Any]] = []
    if own.method == "psk":
        found.append({"name": _OWN, "key": own.secret})
    else:
        chain = [str(path) for path in own.intermediates]
        found.append({"name": _OWN, "certificate": str(own.certificate), "private_key": str(own.private_key), "chain": chain})
    if theirs.method == "psk":
        secret = own.secret if own.method == "psk" else theirs.secret
        found.append({"name": _SHARED, "key": secret})
    return found


def _authorities(end: End) -> list[dict[str, Any]]:
    lists = {"revocation_lists": [str(path) for path in end.revocations]} if end.revocations else {}
    return [{"name": f"authority-{i}", "certificate": str(path)} | lists for i, path in enumerate(end.trusted)]


def _peer(end: End, other: End) -> dict[str, Any]:
    peer: dict[str, Any] = {
        "name": other.node,
        "local_id": end.identity,
        "remote_id": end.expects(other),
        "credential": _OWN,
        "ike": [keywords.ike(offer) for offer in end.ike_proposals],
        "start": "at-once" if end.begins else "none",
        "retry": _RETRY,
        "liveness": _duration(end.liveness_seconds),
        "force_encapsulation": end.encapsulate,
        "paths": _paths(end, other) if other.reachable else [],
        "child": [_child(child) for child in end.children],
    }
    if other.authentication.method == "psk":
        peer["authentication"] = _SHARED
    else:
        peer["authorities"] = [f"authority-{i}" for i in range(len(end.trusted))]
    if end.ike_rekey_seconds:
        peer["rekey"] = _lifetime(end.ike_rekey_seconds)
    if end.fragment_octets:
        peer["fragment_beyond"] = end.fragment_octets
    if end.pool:
        peer["pool"] = _POOL
    if end.request_address:
        peer["request_address"] = ["ipv4"]
    return peer


def _paths(end: End, other: End) -> list[dict[str, Any]]:
    paths = [{"local": local, "remote": remote} for local, remote in zip(end.addresses, other.addresses)]
    return [path | {"weight": weight} for path, weight in zip(paths, end.weights)] if end.weights else paths


def _child(child: Child) -> dict[str, Any]:
    table: dict[str, Any] = {
        "name": child.name,
        "mode": child.mode,
        "protocol": child.protocol,
        "proposals": [keywords.child(offer, child) for offer in child.proposals],
        "local": "assigned" if child.local == ("dynamic",) else list(child.local),
        "remote": "dynamic" if child.remote == ("dynamic",) else list(child.remote),
    }
    if child.replay_window is not None:
        table["replay_window"] = child.replay_window
    if child.rekey_seconds:
        table["rekey"] = _lifetime(child.rekey_seconds)
    if child.cluster:
        table["cluster"] = child.cluster
    return table


def _cluster(cluster: Cluster) -> dict[str, Any]:
    paths = {"silence": _duration(cluster.silence), "dead_after": cluster.dead_after, "hold": _duration(cluster.recover_after)}
    table: dict[str, Any] = {
        "name": cluster.name,
        "window": cluster.window,
        "scheduler": cluster.scheduler,
        "duplication": cluster.duplication,
        "share_with_ordinary_peer": cluster.share_with_ordinary_peer,
        "path_settings": paths,
    }
    if not cluster.negotiated:
        table |= {"negotiated": False, "peer_window": cluster.window}
    if cluster.leases:
        table["leases"] = {"numbers": cluster.leases}
    if cluster.reorder:
        table["reorder"] = {"policy": cluster.reorder, "hold": _duration(cluster.hold)}
    return table


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def _lifetime(seconds: int) -> dict[str, Any]:
    return {"after": f"{seconds}s", "end": f"{round(seconds * _ENDS_AFTER)}s", "jitter": 0.0}


def render(tables: dict[str, Any], path: str = "") -> str:
    """As TOML. Lists of tables become [[...]]; other tables within are written inline."""
    plain = [f"{key} = {_value(value)}" for key, value in tables.items() if not _is_tables(key, value, path)]
    parts = ["\n".join(plain)] if plain else []
    for key, value in tables.items():
        if _is_tables(key, value, path):
            name = f"{path}.{key}" if path else key
            for table in value if isinstance(value, list) else [value]:
                head = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
                parts.append(f"{head}\n{render(table, name)}")
    return "\n\n".join(parts)


def _is_tables(key: str, value: Any, path: str) -> bool:
    """Whether it gets a heading of its own: the tables of the document, and the children of a peer."""
    return not path or (path == "peer" and key == "child")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)  # TOML writes texts, numbers and truth as JSON does
