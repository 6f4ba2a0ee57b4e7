"""A user-mode Linux kernel in the place of a node: ESP, AH and the rest of XFRM where the host's kernel has none.

The guest's root is the host's file system (hostfs), so what is installed here runs there. It takes over the node's
interfaces with their addresses and routes (of the main table) and gives them back at the end. Commands go to a small shell
loop on the guest's console; their output comes back in files. Every step has a deadline, and the guest dies with its process.
"""

import json
import os
import select
import shlex
import subprocess
import threading
import time
import tty
from pathlib import Path

from lab import probe
from lab.network import Node, Process

from peers.peer import PeerError

PROGRAM = "linux.uml"
MODULES = Path("/usr/lib/uml/modules")
_MEMORY = "192M"
_BOOT_SECONDS = 60
_HALT_SECONDS = 10
# All by name: the guest has no module index of its own at the usual place. Without drbg and ghash AES-GCM is refused.
_WANTED_MODULES = (
    "drbg ghash-generic crypto_null ccm cmac xcbc chacha20poly1305 chacha_generic poly1305_generic sha512_generic gcm ctr "
    "cbc hmac authenc authencesn seqiv echainiv xfrm_user esp4 esp6 ah4 ah6 xfrm4_tunnel xfrm6_tunnel tun"
)
_INIT = """#!/bin/sh
# The first process of the guest: made for one run, see guest.py.
PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run
mkdir -p /run/kernel/lib; ln -s {modules} /run/kernel/lib/modules
modprobe -a -d /run/kernel {wanted}
echo >/proc/sys/kernel/modprobe  # else the kernel asks it for each variant of a cipher's name, in vain, and takes seconds
# Files of the host are written at once, or logs would lag behind by half a minute.
sysctl -qw vm.dirty_writeback_centisecs=5 vm.dirty_expire_centisecs=5 net.ipv4.conf.all.rp_filter=0 \\
  net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip link set lo up
{network}
exec 3<>/dev/tty1
stty -F /dev/tty1 raw -echo
echo "up 0" >&3
while read -r id <&3; do
  [ "$id" != halt ] || break
  ( sh {folder}/$id </dev/null >{folder}/$id.out 2>{folder}/$id.err; echo "$id $?" >&3 ) &
done
sync
poweroff -f
"""


def missing() -> str | None:
    """None where a guest can run, else why not."""
    return probe.needed() or probe.QUESTIONS[PROGRAM]()


class Guest:
    """One guest on one node. `boot`, then `run` any number of times, then `halt`, which is safe at any time."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._folder = node.folder / "guest"
        self._process: Process | None = None
        self._done: dict[str, int] = {}
        self._unread = b""
        self._number = 0
        self._lock = threading.Lock()
        self._master = self._slave = -1

    def boot(self) -> None:
        """Returns when the guest takes commands; PeerError with its console's last lines otherwise."""
        self._folder.mkdir(exist_ok=True)
        self._taken = _Taken(self._node)
        self._master, self._slave = os.openpty()
        try:
            tty.setraw(self._slave)
            init = self._folder / "init"
            init.write_text(self._init())
            init.chmod(0o700)
            self._taken.take()
            self._process = self._node.start(self._command(init), log="guest.console")
            self._await("up", _BOOT_SECONDS, "the guest's boot")
        except BaseException:
            self.kill()
            raise

    def _init(self) -> str:
        return _INIT.format(
            modules=MODULES, wanted=_WANTED_MODULES, network="\n".join(self._taken.commands), folder=shlex.quote(str(self._folder))
        )

    def _command(self, init: Path) -> list[str]:
        """Somewhat in front of others: each system call of a guest takes several turns of the host's scheduler."""
        console = os.ttyname(self._slave)
        return [
            "nice", "-n", "-5", PROGRAM, f"mem={_MEMORY}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw", f"init={init}",
            f"uml_dir={self._folder}", f"umid=uml{os.getpid()}", "con=null", "con0=null,fd:1", f"con1=tty:{console}",
            *(f"vec{i}:transport=raw,ifname={name},depth=128,gro=0" for i, name in enumerate(self._taken.interfaces)),
        ]  # fmt: skip

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.alive()

    def run(self, argv: list[str], timeout: float = 60) -> subprocess.CompletedProcess:
        """Runs it in the guest; its outcome is for the caller to judge. PeerError when the guest gives none in time."""
        with self._lock:
            self._number += 1
            name = f"command-{self._number}"
            (self._folder / name).write_text(shlex.join(argv) + "\n")
            os.write(self._master, name.encode() + b"\n")
            code = self._await(name, timeout, shlex.join(argv))
        texts = [(self._folder / f"{name}.{end}").read_text(errors="replace") for end in ("out", "err")]
        return subprocess.CompletedProcess(argv, code, *texts)

    def _await(self, name: str, seconds: float, what: str) -> int:
        deadline = time.monotonic() + seconds
        while name not in self._done:
            if not self.alive or time.monotonic() > deadline:
                state = f"not done after {seconds:g} s" if self.alive else "the guest ended"
                raise PeerError(f"guest at {self._node.name}: {what}: {state}", self.console())
            readable, _, _ = select.select([self._master], [], [], 0.2)
            if readable:
                self._read()
        return self._done.pop(name)

    def _read(self) -> None:
        *lines, self._unread = (self._unread + os.read(self._master, 4096)).split(b"\n")
        for line in lines:
            name, _, code = line.strip().decode(errors="replace").rpartition(" ")
            if code.isdigit():
                self._done[name] = int(code)

    def console(self) -> str:
        """What the kernel said so far."""
        return self._process.log.read_text(errors="replace") if self._process else ""

    def halt(self) -> None:
        """Powers it off, by force where it does not obey, and gives the node its interfaces back."""
        if self._process and self.alive:
            os.write(self._master, b"halt\n")
            self._process.wait(_HALT_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Ends it at once."""
        if self._process:
            self._process.stop(timeout=0)
            self._process = None
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1
            self._taken.give_back()


class _Taken:
    """A node's interfaces, taken from its namespace for a guest: same names, link addresses, addresses and routes."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.interfaces = list(node.interfaces.values())
        self._addresses = {node.interfaces[link]: node.addresses.get(link, []) for link in node.interfaces}
        self._routes = [f"ip {family} route replace {route}" for family in ("-4", "-6") for route in self._static_routes(family)]

    def _static_routes(self, family: str) -> list[str]:
        lines = self._node.run(["ip", family, "route", "show"]).stdout.splitlines()
        return [line.strip() for line in lines if "proto kernel" not in line and not line.startswith("fe80")]

    @property
    def commands(self) -> list[str]:
        """What the guest does to be the node, as lines of a shell."""
        links = json.loads(self._node.run(["ip", "-j", "link", "show"]).stdout)
        hardware = {link["ifname"]: (link["address"], link["mtu"]) for link in links}
        lines = []
        for i, name in enumerate(self.interfaces):
            address, mtu = hardware[name]
            lines += [f"ip link set vec{i} name {name} address {address} mtu {mtu}", f"ethtool -K {name} tx off tso off gso off gro off"]
            lines += [f"ip link set {name} up", *self._add_addresses(name)]
        return lines + self._routes

    def _add_addresses(self, name: str) -> list[str]:
        return [f"ip addr add {prefix} dev {name}{' nodad' if ':' in prefix else ''}" for prefix in self._addresses[name]]

    def take(self) -> None:
        """The namespace keeps the bare links: without an address it answers nothing and forwards nothing."""
        self._sysctl(forwarding=0)
        for name in self.interfaces:
            self._node.run(["sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1"])
            self._node.run(["ip", "addr", "flush", "dev", name])
            self._node.run(["ip", "link", "set", name, "promisc", "on"])

    def give_back(self) -> None:
        for name in self.interfaces:
            self._node.run(["ip", "link", "set", name, "promisc", "off"], check=False)
            self._node.run(["sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=0"], check=False)
            for command in self._add_addresses(name):
                self._node.run(command.split(), check=False)
        for command in self._routes:
            self._node.run(command.split(), check=False)
        self._sysctl(forwarding=1)

    def _sysctl(self, forwarding: int) -> None:
        names = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
        self._node.run(["sysctl", "-qw", *(f"{name}={forwarding}" for name in names)], check=False)
