"""Laboratories of namespaces: what they have, and that packets go as the topology says."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import emulated

from lab import namespace
from lab.errors import CommandFailed, CommandTimedOut, LabError
from lab.impairment import Direction, Impairment
from lab.laboratory import Laboratory
from lab.network import Node

pytestmark = pytest.mark.usefixtures("privileged_module")

LISTEN = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.socket(family, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
server.bind((sys.argv[1], 500))
print("ready", flush=True)
while True:
    octets, source = server.recvfrom(2048)
    print(octets.decode(), source[0], source[1], flush=True)
    if octets == b"end":
        break
"""
SEND = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
client = socket.socket(family, socket.SOCK_DGRAM)
client.bind(("", 500))
for word in sys.argv[2:]:
    client.sendto(word.encode(), (sys.argv[1], 500))
"""


ECHO = {4: "icmp", 6: "icmp6 and (ip6[40] == 128 or ip6[40] == 129)"}


@pytest.fixture(scope="module")
def gateways(privileged_module: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("lab") / ("a-long-name-" * 8)  # longer than the name of a Unix socket may be
    with Laboratory(emulated("two-gateways", "user"), folder=folder, seed=7) as laboratory:
        yield laboratory


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.005)


def ping(node: Node, address: str, *more: str) -> bool:
    return node.run(["ping", "-c", "1", "-W", "2", *more, address], check=False).returncode == 0


def listener(node: Node, address: str) -> "tuple[Callable[[], list[str]], Callable[[], bool]]":
    """What has come so far, and whether the last one has; see LISTEN."""
    process = node.start([sys.executable, "-c", LISTEN, address], log=f"listen-{time.monotonic_ns()}.log")
    until(lambda: "ready" in process.output())
    return lambda: process.output().splitlines()[1:], lambda: not process.alive()


def send(node: Node, address: str, words: list[str]) -> None:
    node.run([sys.executable, "-c", SEND, address, *words])


def seen(laboratory: Laboratory, link: str, expression: str) -> list[str]:
    capture = laboratory.links[link].capture
    done = subprocess.run(["tcpdump", "-n", "-r", str(capture), expression], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("version", [4, 6])
def test_neighbours_reach_each_other_and_nobody_beyond_a_gateway(gateways: Laboratory, version: int) -> None:
    nodes = gateways.nodes
    assert ping(nodes["a"], nodes["b"].address("outer", version))
    assert ping(nodes["host-a"], nodes["a"].address("inner-a", version))
    assert not ping(nodes["host-a"], nodes["host-b"].address(version=version))


def test_names_and_addresses(gateways: Laboratory) -> None:
    a = gateways.nodes["a"]
    assert a.netns == f"mpsec-{gateways.run}-a"
    assert a.addresses["outer"] == ["10.9.0.1/24", "fd00:9::1/64"]
    assert (a.address(), a.address("outer"), a.address("outer", 6)) == ("10.1.0.1", "10.9.0.1", "fd00:9::1")
    shown = json.loads(a.run(["ip", "-j", "address", "show", "dev", a.interfaces["outer"]]).stdout)
    assert "10.9.0.1" in [each["local"] for each in shown[0]["addr_info"]]
    with pytest.raises(LabError, match="node a has no link 'outre'; expected one of inner-a, outer"):
        a.address("outre")
    with pytest.raises(LabError, match="no IPv5 address"):
        Node("x", "mpsec-x", Path(), lambda pid, what: None).address(version=5)


def test_programs_end_as_they_should(gateways: Laboratory) -> None:
    a = gateways.nodes["a"]
    assert a.run(["cat"], input="text\n").stdout == "text\n"
    assert a.run(["false"], check=False).returncode == 1
    with pytest.raises(CommandFailed, match="in node a: 'ls /nowhere' ended with 2: ls: cannot access"):
        a.run(["ls", "/nowhere"])
    with pytest.raises(CommandTimedOut, match="in node a: 'sh -c .*' took more than 0.2 s: begun"):
        a.run(["sh", "-c", "echo begun; sleep 1000 & wait"], timeout=0.2)
    assert "sleep 1000" not in a.run(["sh", "-c", "ps -o args= $(ip netns pids $0)", a.netns]).stdout


def test_a_started_program_is_stopped_with_its_group_even_if_it_does_not_want_to(gateways: Laboratory) -> None:
    b = gateways.nodes["b"]
    script = "trap '' TERM; sleep 1000 & echo begun $!; wait; wait"
    process = b.start(["sh", "-c", script], log="stubborn.log")
    until(lambda: "begun" in process.output())
    child = int(process.output().split()[1])
    assert process.alive()
    process.stop(timeout=0.1)
    assert process.poll() == -9
    until(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())
    process.stop()  # a second time does no harm


def test_a_program_can_have_a_run_of_its_own(gateways: Laboratory) -> None:
    a = gateways.nodes["a"]
    script = "echo mine > /run/mpsec-own-run && cat /run/mpsec-own-run && ls -A /run | wc -l && echo $0 $NAME"
    process = a.start(["sh", "-c", script, "first word"], log="own.log", own_run=True, env={"NAME": "value"})
    assert process.wait(10)
    assert process.output().splitlines() == ["mine", "1", "first word value"]
    assert not Path("/run/mpsec-own-run").exists()


def test_files_are_for_their_owner_alone(gateways: Laboratory) -> None:
    umask = os.umask(0)
    try:
        key = gateways.nodes["a"].write("keys/psk", "secret")
        process = gateways.nodes["a"].start(["true"], log="true.log")
    finally:
        os.umask(umask)
    assert process.wait(10)
    files = [path for path in gateways.folder.rglob("*") if path.is_file()]
    assert {key, process.log, gateways.folder / "run.json"} <= set(files)
    assert [path for path in files if path.stat().st_mode & 0o077] == []
    assert stat.S_IMODE(gateways.folder.stat().st_mode) == 0o700


def test_the_report_says_what_was_run(gateways: Laboratory) -> None:
    report = json.loads((gateways.folder / "run.json").read_text())
    assert (report["topology"], report["seed"], report["end"]) == ("two-gateways", 7, None)
    assert report["emulators"] == {"inner-a": "none", "outer": "user", "inner-b": "none"}
    assert report["versions"]["kernel"]


def test_the_same_seed_loses_the_packets_that_it_is_expected_to_lose(gateways: Laboratory) -> None:
    a, b, outer = gateways.nodes["a"], gateways.nodes["b"], gateways.links["outer"]
    outer.impair()
    already = outer.statistics()["b"]["seen"]
    fates = Direction(7, "outer", "b")
    fates.change(Impairment(loss=0.3))
    alive = [fates.enter(100, 0) is not None for _ in range(already + 200)][already:]
    came, ended = listener(b, b.address("outer"))
    outer.impair(loss=0.3)
    send(a, b.address("outer"), [str(number) for number in range(200)])
    outer.impair()
    send(a, b.address("outer"), ["end"])
    until(ended)
    assert [int(line.split()[0]) for line in came()[:-1]] == [number for number in range(200) if alive[number]]
    counters = outer.statistics()["b"]
    assert counters["lost"] == alive.count(False)
    assert counters["overrun"] == 0


def test_impairment_is_felt_the_way_that_it_is_said(gateways: Laboratory) -> None:
    a, b, outer = gateways.nodes["a"], gateways.nodes["b"], gateways.links["outer"]
    outer.impair(delay_ms=60)
    assert round_trip(a, b.address("outer")) >= 120
    outer.impair(toward="b", delay_ms=30)
    assert 90 <= round_trip(a, b.address("outer"))
    outer.impair(toward="a", loss=1)
    assert not ping(a, b.address("outer"))
    outer.impair()
    assert round_trip(a, b.address("outer")) < 90
    with pytest.raises(LabError, match="link outer does not end at 'host-a'; expected one of a, b"):
        outer.impair(toward="host-a", loss=1)
    with pytest.raises(LabError, match="loss: is 2"):
        outer.impair(loss=2)


def round_trip(node: Node, address: str) -> float:
    """The least of three, in ms."""
    output = node.run(["ping", "-c", "3", "-i", "0.01", address]).stdout
    return float(output.split("min/avg/max/mdev = ")[1].split("/")[0])


@pytest.mark.parametrize("link", ["outer", "inner-a"])
def test_a_cut_link_passes_nothing_and_a_restored_one_everything(gateways: Laboratory, link: str) -> None:
    left, right = (port.node for port in gateways.links[link].ends)
    for way in (None, left.name, right.name):
        gateways.links[link].cut(way)
        assert not ping(left, right.address(link), "-W", "0.2")
        gateways.links[link].restore(way)
        assert ping(left, right.address(link))
    gateways.links[link].restore()  # without a cut


def test_a_link_without_emulator_says_that_it_has_none(gateways: Laboratory) -> None:
    with pytest.raises(LabError, match='link inner-a: nothing here impairs it; .* emulator = "auto"'):
        gateways.links["inner-a"].impair(loss=0.5)
    with pytest.raises(LabError, match="link inner-a: emulator is none"):
        gateways.links["inner-a"].statistics()


def test_captures_have_checksums_that_were_computed(gateways: Laboratory) -> None:
    host, a, interface = gateways.nodes["host-a"], gateways.nodes["a"], gateways.nodes["host-a"].interfaces["inner-a"]
    for version in (4, 6):
        send(host, a.address("inner-a", version), [f"{'x' * 50}{number}" for number in range(5)])
    assert checksums(gateways, "inner-a", 10) == [True] * 10
    # and the check can see one that was not
    host.run(["ethtool", "-K", interface, "tx", "on"])
    send(host, a.address("inner-a"), ["y" * 50])
    host.run(["ethtool", "-K", interface, "tx", "off"])
    assert checksums(gateways, "inner-a", 11) == [True] * 10 + [False]


def checksums(laboratory: Laboratory, link: str, count: int) -> list[bool]:
    """Of each UDP packet that host-a sent to port 500: whether it is right."""
    from scapy.layers.inet import UDP, IP  # noqa: PLC0415  # slow to load
    from scapy.layers.inet6 import IPv6  # noqa: PLC0415
    from scapy.utils import rdpcap  # noqa: PLC0415

    until(lambda: len(seen(laboratory, link, "udp dst port 500")) >= count)
    right = []
    for packet in rdpcap(str(laboratory.links[link].capture)):
        if UDP in packet and packet[UDP].dport == 500:
            whole = packet[IP] if IP in packet else packet[IPv6]
            sent = whole[UDP].chksum
            del whole[UDP].chksum
            right.append(type(whole)(bytes(whole))[UDP].chksum == sent)
    return right


@pytest.mark.parametrize("name", ["n-paths:n=3", "two-routers"])
def test_each_address_sends_by_its_own_link(privileged: None, tmp_path: Path, name: str) -> None:
    with Laboratory(name, folder=tmp_path / "lab") as laboratory:
        a, b = laboratory.nodes["a"], laboratory.nodes["b"]
        own = [link for link in a.addresses if link != "inner-a"]
        theirs = [link for link in b.addresses if link != "inner-b"]
        assert len(own) >= 2
        for version in (4, 6):
            for link, other in zip(own, theirs, strict=True):
                source, target = a.address(link, version), b.address(other, version)
                assert ping(a, target, "-I", source)
                both = f"{ECHO[version]} and host {source} and host {target}"
                until(lambda: len(seen(laboratory, link, both)) == 2)  # noqa: B023  # called at once
                assert [each for each in own if seen(laboratory, each, both)] == [link]


@pytest.mark.parametrize("name", ["nat", "double-nat", "nat-both-ends"])
def test_a_nat_hides_who_is_behind_it(privileged: None, tmp_path: Path, name: str) -> None:
    with Laboratory(name, folder=tmp_path / "lab") as laboratory:
        a, b = laboratory.nodes["a"], laboratory.nodes["b"]
        inside, outside = laboratory.links["outer"].ends
        link_of_b, link_of_a = list(b.addresses)[0], list(a.addresses)[-1]
        for version in (4, 6):
            came, ended = listener(b, b.address(link_of_b, version))
            send(a, outside.node.address("outer", version), ["end"])
            until(ended)
            word, source, port = came()[0].split()
            assert (word, source) == ("end", inside.node.address("outer", version))
            assert port != "500"
            assert not ping(b, a.address(link_of_a, version), "-W", "0.2")


def test_a_balancer_gives_each_client_to_one_gateway(privileged: None, tmp_path: Path) -> None:
    with Laboratory("load-balancer-pair", folder=tmp_path / "lab") as laboratory:
        client = laboratory.nodes["client"]
        sources = [address.partition("/")[0] for address in client.addresses["outer"] if ":" not in address]
        assert gateways_reached(laboratory, sources) == {"lb-1", "lb-2"}
        for link in ("lb-1", "lb-2"):
            laboratory.steer("balancer", [link])
            assert gateways_reached(laboratory, sources) == {link}
            assert ping(client, "fd00:203::10")
        with pytest.raises(LabError, match=r"node balancer cannot steer to \['outer'\]; expected some of lb-1, lb-2"):
            laboratory.steer("balancer", ["outer"])


def gateways_reached(laboratory: Laboratory, sources: list[str]) -> set[str]:
    """By which links pings from these addresses to the shared one go; each source by one only."""
    request = "icmp[icmptype] == icmp-echo"
    before = {link: len(seen(laboratory, link, request)) for link in ("lb-1", "lb-2")}
    for source in sources * 2:
        assert ping(laboratory.nodes["client"], "203.0.113.10", "-I", source)

    def passed() -> dict[str, int]:
        return {link: len(seen(laboratory, link, request)) - before[link] for link in before}

    until(lambda: sum(passed().values()) == 2 * len(sources))
    assert all(count % 2 == 0 for count in passed().values())
    return {link for link, count in passed().items() if count}


def test_a_roaming_client_has_two_ways(privileged: None, tmp_path: Path) -> None:
    with Laboratory("roaming", folder=tmp_path / "lab") as laboratory:
        client = laboratory.nodes["client"]
        for version, target in ((4, "203.0.113.2"), (6, "fd00:203::2")):
            wifi, cell = client.address("wifi", version), client.address("cell", version)
            assert ping(client, target)
            until(lambda: len(seen(laboratory, "wifi", f"{ECHO[version]} and dst host {target}")) == 1)  # noqa: B023
            laboratory.links["wifi"].cut()
            assert not ping(client, target, "-I", wifi, "-W", "0.2")
            assert ping(client, target, "-I", cell)
            laboratory.links["wifi"].restore()


def test_a_link_begins_with_the_impairment_of_its_topology(privileged: None, tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "topologies" / "two-gateways.toml").read_text()
    own = tmp_path / "slow.toml"
    own.write_text(text.replace('emulator = "auto"', 'emulator = "user"\nimpair = { delay_ms = 40 }'))
    with Laboratory(str(own), folder=tmp_path / "lab", capture=False) as laboratory:
        assert round_trip(laboratory.nodes["a"], laboratory.nodes["b"].address("outer")) >= 80
        assert laboratory.links["outer"].capture is None


def test_a_dead_emulator_is_reported(privileged: None, tmp_path: Path) -> None:
    with Laboratory(emulated("two-gateways", "user"), folder=tmp_path / "lab", capture=False) as laboratory:
        netns = f"mpsec-{laboratory.run}.outer"
        (pid,) = subprocess.run(["ip", "netns", "pids", netns], capture_output=True, text=True, check=True).stdout.split()
        os.kill(int(pid), 9)
        with pytest.raises(LabError, match="link outer: its emulator does not answer: .*outer.emulator.log"):
            laboratory.links["outer"].impair(loss=0.1)
    assert json.loads((tmp_path / "lab" / "run.json").read_text())["died"] == ["outer.emulator.log"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('["default via 10.1.0.1"', '["default via 10.1.0.1", "default via 10.1.0.1"', "route to 0.0.0.0/0 via 10.1.0.1: .*exists"),
        ('["10.1.0.2/24"', '["10.1.0.2/24", "10.1.0.2/24"', "node host-a: address 10.1.0.2/24 on link inner-a: .*exists"),
        ('role = "gateway"', 'role = "gateway"\nsysctl = { "net.no.such" = 1 }', "sysctl net.no.such = 1: No such file"),
    ],
)
def test_what_the_kernel_refuses_is_named(privileged: None, tmp_path: Path, old: str, new: str, complaint: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text((Path(__file__).parents[1] / "topologies" / "two-gateways.toml").read_text().replace(old, new))
    laboratory = Laboratory(str(own), folder=tmp_path / "lab", capture=False)
    with pytest.raises(LabError, match=complaint), laboratory:
        pytest.fail("it cannot be entered")
    assert namespace.names(f"mpsec-{laboratory.run}") == []


def test_two_laboratories_at_once_do_not_see_each_other(privileged: None, tmp_path: Path) -> None:
    one = Laboratory("two-gateways", folder=tmp_path / "one")
    other = Laboratory(emulated("two-gateways", "none"), folder=tmp_path / "other")
    with one, other:
        target = other.nodes["b"].address("outer")
        one.links["outer"].cut()
        assert not ping(one.nodes["a"], target, "-W", "0.2")
        assert ping(other.nodes["a"], target)
        with one.links["outer"].capture.open("rb") as capture:
            assert capture.read(4)
    assert one.run != other.run
