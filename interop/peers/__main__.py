"""python3 -m peers: which peers can run on this machine, one line each, with the reason where one cannot."""

from peers.reference import Reference
from peers.strongswan_kernel import StrongSwanKernel
from peers.strongswan_libipsec import StrongSwanLibipsec


def main() -> None:
    notes = {StrongSwanKernel.name: f", over {StrongSwanKernel.kernel()}"}
    for peer in (Reference, StrongSwanLibipsec, StrongSwanKernel):
        reason = peer.probe()
        print(f"{peer.name:20} {'no: ' + reason if reason else 'yes' + notes.get(peer.name, '')}")


if __name__ == "__main__":
    main()
