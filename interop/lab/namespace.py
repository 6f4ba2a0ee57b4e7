"""Network namespaces, and what is done inside them through netlink, /proc/sys and small programs."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pyroute2 import IPRoute, netns

from lab.errors import LabError

FOLDER = Path("/run/netns")
PREFIX = "mpsec-"  # of everything that a laboratory makes: "mpsec-RUN-NODE" and "mpsec-RUN.LINK"
_WITHOUT_DAD = 0x02  # IFA_F_NODAD: an IPv6 address is to be usable at once
_T = TypeVar("_T")

# An interface is made with these: no waiting for duplicate addresses, no packets that nobody asked for, and a packet may
# come by another path than the answer goes.
_QUIET = {
    "net.ipv6.conf.{}.disable_ipv6": "0",
    "net.ipv6.conf.{}.accept_dad": "0",
    "net.ipv6.conf.{}.accept_ra": "0",
    "net.ipv6.conf.{}.router_solicitations": "0",
    "net.ipv4.conf.{}.rp_filter": "0",
    "net.ipv4.conf.{}.send_redirects": "0",
    "net.ipv4.conf.{}.accept_redirects": "0",
    "net.ipv6.conf.{}.accept_redirects": "0",
}


def create(name: str, *, forwards: bool = False) -> None:
    """A namespace with its loopback up, and quiet."""
    netns.create(name)
    values = {key.format(scope): value for key, value in _QUIET.items() for scope in ("all", "default")}
    values |= {"net.ipv4.ip_forward": str(int(forwards)), "net.ipv6.conf.all.forwarding": str(int(forwards))}
    sysctl(name, values)
    with netlink(name) as ip:
        ip.link("set", index=1, state="up")


def remove(name: str) -> None:
    """Also what is in it; processes are not killed."""
    netns.remove(name)


def names(prefix: str = PREFIX) -> list[str]:
    """Of the namespaces that there are."""
    return sorted(path.name for path in FOLDER.glob(f"{prefix}*")) if FOLDER.is_dir() else []


def within(name: str, function: Callable[[], _T]) -> _T:
    """What `function` returns, called in a thread that is in the namespace: no other thread ever is."""
    outcome: list[_T] = []
    trouble: list[BaseException] = []

    def enter() -> None:
        try:
            netns.setns(name, flags=0)
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001  # it is raised again below
            trouble.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]
    return outcome[0]


def netlink(name: str) -> IPRoute:
    """A netlink socket belongs to the namespace that it was opened in. To be closed by the caller."""
    return within(name, IPRoute)


def sysctl(name: str, values: dict[str, str]) -> None:
    """Writes them below /proc/sys."""

    def write() -> None:
        for key, value in values.items():
            path = Path("/proc/sys", *key.split("."))
            try:
                path.write_text(value)
            except OSError as error:
                raise LabError(f"namespace {name}: sysctl {key} = {value}: {error.strerror}") from error

    within(name, write)


def call(name: str, argv: list[str], stdin: str | None = None) -> str:
    """What a small program prints in the namespace."""
    done = within(name, lambda: subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False))
    if done.returncode:
        raise LabError(f"namespace {name}: '{' '.join(argv)}' failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def cable(left: tuple[str, str], right: tuple[str, str], mtu: int) -> None:
    """A veth pair between two (namespace, interface), both ends up; it never is in the namespace of the caller.

    Offload is off: what is captured has its real size and a checksum that was computed.
    """
    with netlink(left[0]) as ip:
        ip.link("add", ifname=left[1], kind="veth", peer={"ifname": right[1], "net_ns_fd": right[0]})
    for name, interface in (left, right):
        off = [word for feature in ("tx", "tso", "gso", "gro") for word in (feature, "off")]
        call(name, ["ethtool", "-K", interface, *off])
        with netlink(name) as ip:
            ip.link("set", index=index_of(ip, interface), mtu=mtu, state="up")


def index_of(ip: IPRoute, interface: str) -> int:
    """The number of an interface."""
    found = ip.link_lookup(ifname=interface)
    if not found:
        raise LabError(f"no interface '{interface}' in the namespace")
    return found[0]


def add_address(ip: IPRoute, interface: str, address: str) -> None:
    """With prefix length, as in "10.9.0.1/24"."""
    host, _, prefix = address.partition("/")
    flags = {"flags": _WITHOUT_DAD} if ":" in host else {}
    whole = 128 if ":" in host else 32
    ip.addr("add", index=index_of(ip, interface), address=host, prefixlen=int(prefix or whole), **flags)


def processes(name: str) -> list[int]:
    """The processes whose network is this namespace."""
    try:
        own = os.stat(FOLDER / name)
    except OSError:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                its = os.stat(entry / "ns/net")
            except OSError:  # ended in the meantime
                continue
            if (its.st_dev, its.st_ino) == (own.st_dev, own.st_ino):
                found.append(int(entry.name))
    return found
