#!/usr/bin/env python3
"""Writes the seeds in which Child SAs are those of an SA cluster, for ike_authenticated and ike_session."""
from ike_seeds import (CREATE, NEW_CHILD, NONCE_32, REKEY_CHILD, SELECTORS, TSI, child, notify, rekey, request, response, selector, session,
                       ts, u32, write)

CLUSTER = 4  # added: the Child SA is the first of a cluster
KNOWS = [(43, b"mpsec-sa-cluster-1"), notify(52121, b"\1\1\0\0\x07")]


def join(cluster=b"CLUSTER1", flags=1, window=4096):
    return notify(52122, cluster + bytes([flags, 0, 0, 0]) + u32(window))


def refused(reason, field=0):
    return [KNOWS[0], notify(12121, bytes([reason, field]))]


narrower = [*child[:2], ts(TSI, selector([10, 1, 0, 0], [10, 1, 0, 9])), SELECTORS[1]]
AUTHENTICATED = {
    "cluster_join": request(CREATE, *child, *KNOWS, join(), to=CLUSTER),
    "cluster_founding": request(CREATE, *child, *KNOWS, join(b"FOUNDED2", 3), to=CLUSTER),
    "cluster_rekey": request(CREATE, rekey, *child, *KNOWS, join(), to=CLUSTER),
    "cluster_rekey_out_of_it": request(CREATE, rekey, *child, to=CLUSTER),
    "cluster_rekey_into_another": request(CREATE, rekey, *child, *KNOWS, join(b"FOUNDED2"), to=CLUSTER),
    "cluster_unknown": request(CREATE, *child, *KNOWS, join(b"UNKNOWN3"), to=CLUSTER),
    "cluster_zero": request(CREATE, *child, *KNOWS, join(bytes(8)), to=CLUSTER),
    "cluster_twice": request(CREATE, *child, *KNOWS, join(), join(), to=CLUSTER),
    "cluster_truncated": request(CREATE, *child, *KNOWS, notify(52122, b"CLUSTER1\1"), to=CLUSTER),
    "cluster_without_vendor_id": request(CREATE, *child, join(), to=CLUSTER),
    "cluster_of_other_selectors": request(CREATE, *narrower, *KNOWS, join(), to=CLUSTER),
    "cluster_of_another_window": request(CREATE, *child, *KNOWS, join(window=64), to=CLUSTER),
    "cluster_joins_without_end": request(CREATE, *child, *KNOWS, join(), times=31, to=CLUSTER),
    "cluster_foundings_without_end": request(CREATE, *child, *KNOWS, join(b"SPInSPIn", 3), times=31, to=CLUSTER),
    "cluster_join_answer": response(CREATE, *child, *KNOWS, join(), first=NEW_CHILD, to=CLUSTER),
    "cluster_join_answered_with_another": response(CREATE, *child, *KNOWS, join(b"UNKNOWN3"), first=NEW_CHILD, to=CLUSTER),
    "cluster_join_answered_without": response(CREATE, *child, first=NEW_CHILD, to=CLUSTER),
    "cluster_join_refused": response(CREATE, *refused(3, 1), first=NEW_CHILD, to=CLUSTER),
    "cluster_join_refused_as_unknown": response(CREATE, *refused(1), first=NEW_CHILD, to=CLUSTER),
    "cluster_join_refused_as_ended": response(CREATE, *refused(5), first=NEW_CHILD, to=CLUSTER),
    "cluster_rekey_answer": response(CREATE, *child, *KNOWS, join(), first=REKEY_CHILD, to=CLUSTER),
    "cluster_rekey_answered_without": response(CREATE, *child, first=REKEY_CHILD, to=CLUSTER),
    "cluster_rekey_refused_as_ended": response(CREATE, *refused(5), first=REKEY_CHILD, to=CLUSTER),
}

# An octet that is left over behind the acts: with clusters.
SESSION = {"cluster" + name.removeprefix("c6"): octets + b"\0" for name, octets in session().items()
           if name.startswith("c6_both") or name.endswith("_meets_rekey_ike")}

if __name__ == "__main__":
    write({"authenticated": AUTHENTICATED, "session": SESSION})
