"""Reading topologies: those that there are, and what is said of those that cannot be."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import netem
from lab.errors import TopologyError
from lab.impairment import Impairment
from lab.topology import load, names, parse

INTEROP = Path(__file__).resolve().parents[2]
GOOD = {
    "title": "two",
    "node": [{"name": "a", "role": "gateway"}, {"name": "b", "routes": ["default via 10.0.0.1"]}],
    "link": [
        {
            "name": "outer",
            "ends": [{"node": "a", "addresses": ["10.0.0.1/24"]}, {"node": "b", "addresses": ["10.0.0.2/24"]}],
        }
    ],
}


def test_those_that_the_project_needs_are_there() -> None:
    needed = {"two-gateways", "two-routers", "n-paths", "nat", "double-nat", "load-balancer-pair", "roaming"}
    assert needed <= set(names())


@pytest.mark.parametrize("name", names())
def test_each_has_a_cable_to_every_node_and_both_ip_versions(name: str) -> None:
    topology = load(name)
    for node in topology.nodes:
        addresses = [address for _, end in topology.links_of(node.name) for address in end.addresses]
        assert any(":" in address for address in addresses)
        assert any("." in address for address in addresses)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_n_paths_have_their_own_cables_and_addresses(n: int) -> None:
    topology = load(f"n-paths:n={n}")
    assert topology == load("n-paths", n=n)
    paths = [link for link in topology.links if link.name.startswith("path-")]
    assert [link.name for link in paths] == [f"path-{i}" for i in range(1, n + 1)]
    assert len({address for link in paths for end in link.ends for address in end.addresses}) == 4 * n
    assert next(node for node in topology.nodes if node.name == "a").source_routing == tuple(link.name for link in paths)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text((INTEROP / "lab/topologies/two-gateways.toml").read_text())
    assert load(path).nodes == load("two-gateways").nodes
    assert load(path).name == "own"


def test_unknown_names_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="no topology 'three': expected one of double-nat, .*, or a TOML file"):
        load("three")
    broken = tmp_path / "broken.toml"
    broken.write_text("title = = 3")
    with pytest.raises(TopologyError, match=r"broken.toml: cannot be read as TOML: .*line 1"):
        load(broken)
    broken.write_bytes(b"\xff\xff")
    with pytest.raises(TopologyError, match="broken.toml: cannot be read as TOML"):
        load(broken)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("n-paths:n=5", "n is 5; expected a number from 1 to 4"),
        ("n-paths:n", "parameter 'n': expected NAME=NUMBER"),
        ("n-paths:n=-1", "expected NAME=NUMBER"),
        ("n-paths:m=2", "parameter 'm' is unknown; expected one of n"),
        ("two-gateways:n=2", "parameter 'n' is unknown"),
    ],
)
def test_parameters_are_checked(text: str, complaint: str) -> None:
    with pytest.raises(TopologyError, match=complaint):
        load(text)


def set_at(table: dict, path: str, value: object) -> None:
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        table = table[step]
    if value is KeyError:
        del table[last]
    else:
        table[last] = value


END = "link/0/ends/0"


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("title", KeyError, "t.toml: title: is missing"),
        ("title", 7, "t.toml: title: is 7; expected a text"),
        ("titel", "x", "t.toml: titel: unknown key; expected one of title, "),
        ("node", [], r"t.toml: \[\[node\]\]: there is none"),
        ("node", "a", r"t.toml: node: is no list of tables; expected \[\[node\]\]"),
        ("link", [], r"t.toml: \[\[link\]\]: there is none"),
        ("node/0/name", "A b", r"t.toml: node\[0\].name: is 'A b'; expected 1 to 12 of a-z"),
        ("node/0/name", "b", "t.toml: node 'b': there are two"),
        ("node/0/role", "switch", r"node\[0\].role: is 'switch'; expected one of host, gateway, router"),
        ("node/0/colour", "red", r"node\[0\].colour: unknown key; expected one of "),
        ("node/1/routes", "x", r"node\[1\].routes: is 'x'; expected a list of texts"),
        ("node/1/routes", ["10.1.0.0/16"], r"node\[1\].routes\[0\]: is '10.1.0.0/16'; expected 'NETWORK via ADDRESS'"),
        ("node/1/routes", ["10.1.2.3/16 via 10.0.0.1"], r"routes\[0\]: is .*; expected 'NETWORK via"),
        ("node/1/routes", ["fd00::/64 via 10.0.0.1"], "expected both of one IP version"),
        ("node/1/routes", ["default via 10.7.0.1"], "node 'b', route to 0.0.0.0/0: 10.7.0.1 is on none of its links"),
        ("node/0/source_routing", ["inner"], "node 'a': names link 'inner'; expected one of its links: outer"),
        ("node/0/nat", {}, r"node\[0\].nat.outside: is missing"),
        ("node/0/nat", {"outside": "inner"}, "node 'a': names link 'inner'"),
        ("node/0/nat", {"outside": "outer", "ports": "odd"}, "nat.ports: is 'odd'; expected one of keep, random"),
        ("node/0/nat", {"outside": "outer", "forward": [{"port": 0, "to": []}]}, r"nat.forward\[0\].port: is 0"),
        ("node/0/balance", ["outer"], "balance: stands alone; expected 'balance' and 'virtual' together"),
        ("node/0/loopback", ["10.0.0.x"], r"node\[0\].loopback: has '10.0.0.x'; expected an IPv4 or IPv6 address"),
        ("node/0/sysctl", 3, r"node\[0\].sysctl: is 3; expected a table"),
        ("link/0/name", "a-name-too-long", r"link\[0\].name: is 'a-name-too-long'"),
        ("link/0/emulator", "fast", r"link\[0\].emulator: is 'fast'; expected one of auto, user, netem, none"),
        ("link/0/mtu", 600, r"link\[0\].mtu: is 600; expected from 1280"),
        ("link/0/mtu", "big", r"link\[0\].mtu: is 'big'; expected a whole number"),
        ("link/0/impair", {"loss": 0.5}, r"link\[0\].impair: needs somebody who does it"),
        ("link/0/impair", {"los": 0.5}, r"link\[0\].impair: impairment 'los': unknown"),
        ("link/0/repeat", "n", r"link\[0\].repeat: is 'n'; expected the name of a parameter: there is none"),
        ("link/0/ends", [], r"link\[0\].ends: names 0 ends; expected the two ends of a cable"),
        (f"{END}/node", "b", r"link\[0\].ends: .*at two different nodes"),
        (f"{END}/node", "c", "link 'outer': ends at 'c'; expected a node: one of a, b"),
        (f"{END}/addresses", ["10.0.0.1"], r"link\[0\].ends\[0\].addresses: has '10.0.0.1'; expected a prefix length"),
        (f"{END}/addresses", ["10.0.0.1/33"], "expected an IPv4 or IPv6 address"),
    ],
)
def test_what_cannot_be_is_refused_with_file_key_and_expectation(path: str, value: object, complaint: str) -> None:
    parse(copy.deepcopy(GOOD), "t", "t.toml")
    table = copy.deepcopy(GOOD)
    set_at(table, path, value)
    with pytest.raises(TopologyError, match=complaint):
        parse(table, "t", "t.toml")


def test_netem_is_told_everything_and_keeps_the_order_of_packets_unless_it_is_to_reorder_them() -> None:
    netem, queue = netem_commands(Impairment(delay_ms=10, jitter_ms=2, loss=0.015, rate_mbit=5))
    words = "delay 10ms 2ms loss 1.500000% duplicate 0.000000% corrupt 0.000000% reorder 0.000000% rate 5000000bit"
    assert netem == f"tc qdisc replace dev outer root handle 1: netem limit 46 {words}"
    assert queue == "tc qdisc replace dev outer parent 1:1 handle 2: pfifo limit 46"
    netem, _, removal = netem_commands(Impairment(delay_ms=10, reorder=0.25))
    assert "reorder 25.000000% rate 0bit" in netem
    assert removal == "tc qdisc delete dev outer parent 1:1 handle 2:"


def netem_commands(wanted: Impairment) -> list[str]:
    return [" ".join(command) for command in netem.commands("outer", wanted)]


def test_the_real_scapy_is_found_beside_our_folder_of_that_name() -> None:
    program = "import scapy.all, scapy, lab; print(scapy.__file__); print(lab.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(INTEROP), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    scapy, lab = (Path(path) for path in done.stdout.split())
    assert not scapy.is_relative_to(INTEROP)
    assert lab.is_relative_to(INTEROP)
