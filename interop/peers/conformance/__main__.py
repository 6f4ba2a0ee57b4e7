"""Runs the catalogue against one real gateway: python3 -m peers.conformance TARGET [arguments of mpsec-conformance run].

--list names the targets. The expectation is interop/peers/PEER/waivers.toml; any change against it fails. MPSEC_BIN names the folder of programs.
"""

import sys

from lab.laboratory import Laboratory

from peers.conformance.running import run
from peers.conformance.targets import PEERS, SLOW, Target

SKIPPED = 77  # the exit status of a peer that cannot run here


def main(arguments: list[str]) -> int:
    if arguments == ["--list"]:
        print(*PEERS, sep="\n")
        return 0
    if not arguments or arguments[0] not in PEERS:
        print(f"expected a target: one of {', '.join(PEERS)}", file=sys.stderr)
        return 2
    target, rest = PEERS[arguments[0]], arguments[1:]
    if reason := target.peer.probe():
        print(f"SKIPPED {target.name}: {reason}")
        return SKIPPED
    with Laboratory(target.topology) as laboratory:
        return run(target, laboratory, _chosen(target, rest))


def _chosen(target: Target, rest: list[str]) -> list[str]:
    """With what of the catalogue is run, where nobody says it."""
    if any(word.startswith("--filter") for word in rest):
        return rest
    for cases, reason in target.without.items():
        print(f"not run: {cases}: {reason}", flush=True)
    if target.only:
        return [*rest, *(f"--filter={glob}" for glob in target.only), *(f"--exclude={glob}" for glob in target.without)]
    for case, time in SLOW.items():
        print(f"not run: {case}: it takes {time}; ask for it by --filter", flush=True)
    return [*rest, *(f"--exclude={case}" for case in SLOW)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
