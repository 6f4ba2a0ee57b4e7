"""What goes wrong at a gateway of ours: one clear error, the peer unharmed, and nothing left behind."""

import pytest
from peers.reference import Reference, program
from peers.reference.document import TUN

from scenarios.traffic import Flow, behind, both_ways, ping

ROLES = ("responds",)  # ours, at a, begins
_NO_PRIVILEGES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
_FULL = "/dev/full"


def _ours(session) -> Reference:
    ours = session.site.peers["a"]
    assert isinstance(ours, Reference)
    return ours


def _refused_start(ours: Reference, file, *wrapper: str) -> str:
    """The one line that a gateway says which cannot start."""
    argv = [*wrapper, str(program("mpsec-gateway")), "run", str(file)]
    said = ours.node.run(argv, check=False, timeout=10)
    assert said.returncode == 1, said
    lines = [line for line in said.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, said.stderr
    return lines[0]


def _other_file(ours: Reference, **gateway: str):
    """The gateway's file with other values of its first table."""
    lines = ours.file.read_text().splitlines()
    changed = [f'{key} = "{gateway[key]}"' if (key := line.partition(" = ")[0]) in gateway else line for line in lines]
    return ours.node.write(str(ours.file.with_name("other.toml").relative_to(ours.node.folder)), "\n".join(changed) + "\n")


@pytest.mark.short
def test_second_daemon(started, plan) -> None:
    """With the same file; with a control socket of its own, so that it comes as far as the ports. The first does not notice."""
    session = started(plan.scenario())
    session.up()
    ours = _ours(session)
    assert str(ours.socket) in _refused_start(ours, ours.file)
    refusal = _refused_start(ours, _other_file(ours, control=f"{ours.socket}-other"))
    assert "port 500: Address already in use; another IKE daemon or a second gateway has it" in refusal
    both_ways(session)


@pytest.mark.short
def test_without_privileges(started, plan) -> None:
    """The error names the capability."""
    session = started(plan.scenario())
    ours = _ours(session)
    ours.stop()
    assert "CAP_NET_" in _refused_start(ours, ours.file, *_NO_PRIVILEGES)
    ours.start()
    session.up()


@pytest.mark.short
def test_tunnel_interface_lost(started, plan) -> None:
    """The gateway says so and ends, and its peer has nothing left: it was told."""
    session = started(plan.scenario())
    session.up()
    ours = _ours(session)
    ours.node.run(["ip", "link", "delete", TUN])
    session.until(lambda: not ours.runs(), "the gateway has ended")
    assert f"interface {TUN}: it was deleted" in ours.log()
    assert not ours.socket.exists()
    session.until(lambda: not session.second.status().ike_sas, "the peer was told", seconds=5)
    ours.stop()
    ours.start()
    session.up()
    both_ways(session)


@pytest.mark.short
def test_outer_interface_lost(started, plan) -> None:
    """For less than a dead peer's time: the same SA goes on, and nothing but what was under way is lost."""
    session = started(plan.scenario())
    session.up()
    before = session.agreed("net")
    ours = _ours(session)
    interface = ours.node.interfaces[plan.outer_links[0]]
    ours.node.run(["ip", "link", "set", interface, "down"])
    host = session.site.node("host-a")
    assert host.run(["ping", "-c", "3", "-i", "0.05", "-W", "1", plan.host("b")], check=False).returncode != 0
    ours.node.run(["ip", "link", "set", interface, "up"])
    session.until(lambda: host.run(["ping", "-c", "1", "-W", "1", plan.host("b")], check=False).returncode == 0, "the way is back")
    ping(behind(host), plan.host("b"))
    assert session.agreed("net").spi_in == before.spi_in


@pytest.mark.short
def test_full_disk_for_the_journal(started, plan) -> None:
    """Lines are lost and counted, and packets go on."""
    session = started(plan.scenario())
    ours = _ours(session)
    ours.stop()
    ours.file = _other_file(ours, journal=_FULL)
    ours.start()
    session.up()
    flow = Flow(session)
    flow.finish()
    assert ours.statistics()["io.journal_lines_lost"] > 0
