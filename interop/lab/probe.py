"""What can run on this machine: each question has None for an answer, or the reason why not."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

_CAPABILITIES = {12: "CAP_NET_ADMIN", 13: "CAP_NET_RAW", 21: "CAP_SYS_ADMIN"}
_IPSEC = Path("/usr/lib/ipsec")  # where Debian keeps strongSwan's daemon
_ENCRYPTION, _INTEGRITY = "0x" + "01" * 16, "0x" + "02" * 32  # a key for the throw-away SA


@cache
def root() -> str | None:
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    missing = [name for bit, name in _CAPABILITIES.items() if not effective >> bit & 1]
    return f"user {os.geteuid()} lacks {', '.join(missing)}: run it as root" if missing else None


@cache
def pyroute2() -> str | None:
    try:
        import pyroute2 as _  # noqa: F401, PLC0415  # the question is whether it is there
    except ImportError:
        return "Python has no module pyroute2: install python3-pyroute2, and use Debian's /usr/bin/python3"
    return None


def program(name: str, package: str, folder: Path | None = None) -> str | None:
    """Whether a program is there."""
    where = f"{folder or ''}{':' if folder else ''}{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return None if shutil.which(name, path=where) else f"no program '{name}': install {package}"


@cache
def namespaces() -> str | None:
    return root() or program("ip", "iproute2") or pyroute2() or _in_throw_away(["true"])


@cache
def netem() -> str | None:
    add = "ip link add left type veth peer name right && tc qdisc add dev left root netem delay 1ms"
    return namespaces() or program("tc", "iproute2") or _in_throw_away(["sh", "-c", add])


@cache
def nft() -> str | None:
    rule = "add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c masquerade"
    return namespaces() or program("nft", "nftables") or _in_throw_away(["nft", rule])


@cache
def tcpdump() -> str | None:
    return program("tcpdump", "tcpdump")


@cache
def ethtool() -> str | None:
    return program("ethtool", "ethtool")


@cache
def tun() -> str | None:
    return namespaces() or _in_throw_away(["ip", "tuntap", "add", "tun0", "mode", "tun"])


@cache
def kernel_esp() -> str | None:
    state = [*"ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1001 mode tunnel".split()]
    keys = ["enc", "cbc(aes)", _ENCRYPTION, "auth-trunc", "hmac(sha256)", _INTEGRITY, "128"]
    return namespaces() or _in_throw_away([*state, *keys])


QUESTIONS: dict[str, Callable[[], str | None]] = {
    "root": root,
    "pyroute2": pyroute2,
    "netns": namespaces,
    "netem": netem,
    "nft": nft,
    "tcpdump": tcpdump,
    "ethtool": ethtool,
    "TUN": tun,
    "kernel ESP": kernel_esp,
    "linux.uml": lambda: program("linux.uml", "user-mode-linux"),
    "charon": lambda: program("charon", "strongswan-charon", _IPSEC),
    "swanctl": lambda: program("swanctl", "strongswan-swanctl"),
    "pluto": lambda: program("pluto", "libreswan", _IPSEC),
    "iked": lambda: program("iked", "openiked"),
}


def needed() -> str | None:
    """Why no laboratory can be set up here."""
    return namespaces() or ethtool() or nft()


def _in_throw_away(argv: list[str]) -> str | None:
    """Why the command fails in a namespace that is made for it, and removed again."""
    name = f"mpsec-probe-{os.getpid()}-{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespaces: {made.stderr.strip()}"
    try:
        done = subprocess.run(["ip", "netns", "exec", name, *argv], capture_output=True, text=True, check=False)
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)
    said = " ".join((done.stderr or done.stdout).split())
    return None if done.returncode == 0 else said or f"'{' '.join(argv)}' ended with {done.returncode}"
