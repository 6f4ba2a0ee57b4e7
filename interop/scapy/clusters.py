"""SA clusters against programs that know nothing of them: each sub-SA is one of Scapy's SAs, the numbers are shared.

Sub-SAs of one cluster differ in all they may: algorithms, ESP or AH, UDP, the family of their outer addresses.
"""

import json
import random
import subprocess
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

import pytest
import report
from deviations import mended_for_scapy, mended_from_scapy
from differential import SUITES
from plans import SEED, Plan, Shape, Suite, parse, shapes
from scapy.utils import RawPcapWriter

import mpsec

MS = 1_000_000  # nanoseconds
REPLAY = Path(mpsec.__file__).parents[1] / "bin" / "mpsec-replay"
PACKETS = 120


@dataclass(frozen=True)
class Kind:
    """What is equal over a cluster."""

    mode: str
    extended: bool
    version: int = 4  # of the addresses, in transport mode

    def __str__(self) -> str:
        return " ".join([self.mode] + [f"IPv{self.version}"] * (self.mode == "transport") + ["ESN"] * self.extended)

    @property
    def before(self) -> int:
        """The number before the first: with ESN the high half changes among the packets."""
        return (7 << 32) - PACKETS // 2 if self.extended else 0


KINDS = [Kind("tunnel", False), Kind("tunnel", True)]
KINDS += [Kind("transport", extended, version) for extended, version in product((False, True), (4, 6))]


class Cluster:
    """Sub-SAs as Scapy knows them, and their two ends."""

    def __init__(self, chance: random.Random, kind: Kind, count: int = 4) -> None:
        self.chance, self.kind = chance, kind
        self.plans = [self._plan() for _ in range(count)]

    def _plan(self) -> Plan:
        while True:
            suite = self.chance.choice(SUITES)
            wanted = [shape for shape in shapes("esp" if suite.encryption else "ah") if self._allows(shape)]
            plan = Plan(self.chance, suite, self.chance.choice(wanted))
            if all(plan.spi != other.spi for other in getattr(self, "plans", [])):
                return plan

    def _allows(self, shape: Shape) -> bool:
        same = (shape.mode, shape.extended) == (self.kind.mode, self.kind.extended)
        return same and (shape.mode == "tunnel" or shape.outer == self.kind.version)

    def __str__(self) -> str:
        return "\n".join(map(str, self.plans))

    def receiver(self, **parameters: object) -> mpsec.ClusterEnd:
        end = mpsec.ClusterEnd(mode=self.kind.mode, extended=self.kind.extended, **parameters)
        for sub_sa, plan in enumerate(self.plans, 1):
            end.join_inbound(sub_sa, **plan.parameters())
        end.resynchronise(self.kind.before)
        return end

    def sender(self, **parameters: object) -> mpsec.ClusterEnd:
        parameters = {"scheduler": "random", "seed": SEED, **parameters}
        kind = {"mode": self.kind.mode, "extended": self.kind.extended, "last_sequence_number": self.kind.before}
        end = mpsec.ClusterEnd(**kind, **parameters)
        for sub_sa, plan in enumerate(self.plans, 1):
            end.join_outbound(sub_sa, **plan.parameters(), path_mtu=65535)
        return end

    def numbers(self) -> list[int]:
        return list(range(self.kind.before + 1, self.kind.before + PACKETS + 1))

    def clear_packet(self) -> bytes:
        return self.chance.choice(self.plans).clear_packet(self.chance)

    def sealed_by_scapy(self, plan: Plan, number: int, clear: bytes) -> bytes:
        plan = plan.at(number)
        return mended_from_scapy(plan, bytes(plan.scapy().encrypt(parse(clear))))

    def opened_by_scapy(self, spi: int, number: int, datagram: bytes, clear: bytes) -> bytes:
        """`clear` is what one thinks was sealed; only a mend looks at it."""
        [plan] = [plan.at(number) for plan in self.plans if plan.spi == spi]
        plan.last_clear = clear
        return bytes(plan.scapy().decrypt(parse(mended_for_scapy(plan, datagram))))


def _clusters(kind: Kind, purpose: str) -> list[Cluster]:
    chance = random.Random(f"{SEED} {purpose} {kind}")
    return [Cluster(chance, kind) for _ in range(2)]


# --- Scapy seals


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_scapy_seals_the_cluster_accepts_each_once(kind: Kind) -> None:
    report.say("clusters: Scapy is told the high half of each ESN, it infers none; with a separate MAC it is mended")
    for cluster in _clusters(kind, "accepts"):
        end, chance = cluster.receiver(replay_window=256), cluster.chance
        sealed = [(number, *_by_any(cluster, number)) for number in cluster.numbers()]
        for number, clear, datagram in chance.sample(sealed, PACKETS):
            received = end.receive(datagram)
            assert (received["cause"], received["deliveries"]) == ("none", [(number, clear)]), f"{cluster}\n{number:#x}"
            report.checks["Scapy sealed for a cluster, it accepted once"] += 1
        for number, _, datagram in chance.sample(sealed, PACKETS):
            again = end.receive(datagram)
            assert (again["cause"], again["deliveries"]) == ("replay_duplicate", [])
            _, by_another = _by_any(cluster, number)
            assert end.receive(by_another)["cause"] == "replay_duplicate"
            report.checks["a number came again in a cluster, by the same sub-SA and by any: refused"] += 1
        assert end.discards == {"replay_duplicate": 2 * PACKETS}
        assert end.status["top"] == kind.before + PACKETS


def _by_any(cluster: Cluster, number: int) -> tuple[bytes, bytes]:
    clear = cluster.clear_packet()
    return clear, cluster.sealed_by_scapy(cluster.chance.choice(cluster.plans), number, clear)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_forged_numbers_use_up_nothing(kind: Kind) -> None:
    [cluster, *_] = _clusters(kind, "forged")
    end = cluster.receiver(replay_window=256)
    for number in cluster.numbers()[:30]:
        clear, datagram = _by_any(cluster, number)
        flipped = datagram[:-1] + bytes([datagram[-1] ^ 1])
        assert end.receive(flipped)["cause"] == "integrity_failed"
        assert end.receive(datagram)["deliveries"] == [(number, clear)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_copies_by_two_paths_are_redundant_and_the_third_a_replay(kind: Kind) -> None:
    for cluster in _clusters(kind, "copies"):
        end = cluster.receiver(replay_window=256, duplication=True)
        for number in cluster.chance.sample(cluster.numbers(), PACKETS):
            clear = cluster.clear_packet()
            pair = cluster.chance.sample(cluster.plans, 2)
            one, other = (cluster.sealed_by_scapy(plan, number, clear) for plan in pair)
            assert end.receive(one)["deliveries"] == [(number, clear)]
            assert end.receive(other) == {"cause": "redundant", "deliveries": [], "events": []}, str(cluster)
            assert [end.receive(copy)["cause"] for copy in (one, other)] == ["replay_duplicate"] * 2
            report.checks["Scapy sealed copies for two paths: one accepted, one redundant, others replays"] += 1
        assert end.discards == {"redundant": PACKETS, "replay_duplicate": 2 * PACKETS}
        assert end.status["redundant"] == PACKETS


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_order_is_restored(kind: Kind) -> None:
    for cluster in _clusters(kind, "order"):
        order = {"policy": "time", "hold": 50 * MS, "first": kind.before + 1}
        end, chance = cluster.receiver(replay_window=256, reordering=order), cluster.chance
        sealed = [(number, *_by_any(cluster, number)) for number in cluster.numbers()]
        arrivals = chance.sample(sealed, PACKETS)
        assert arrivals != sealed
        delivered = [packet for *_, datagram in arrivals for packet in end.receive(datagram)["deliveries"]]
        assert delivered == [(number, clear) for number, clear, _ in sealed]
        assert end.status["waiting"] == 0
        report.checks["packets of a cluster delivered in order"] += PACKETS


def test_a_lost_packet_is_waited_for_no_longer_than_agreed() -> None:
    [cluster, *_] = _clusters(KINDS[0], "lost")
    end = cluster.receiver(reordering={"policy": "time", "hold": 50 * MS})
    one, two, three, four = (_by_any(cluster, number) for number in (1, 2, 3, 4))
    assert end.receive(one[1], now=0)["deliveries"] == [(1, one[0])]
    assert end.receive(four[1], now=1 * MS)["deliveries"] == []
    assert end.receive(three[1], now=2 * MS)["deliveries"] == []
    assert (end.status["waiting"], end.next_deadline) == (2, 51 * MS)
    assert end.on_time(50 * MS)["deliveries"] == []
    assert end.on_time(51 * MS)["deliveries"] == [(3, three[0]), (4, four[0])]
    assert end.receive(two[1], now=60 * MS)["deliveries"] == [(2, two[0])]  # late, and delivered all the same


# --- the cluster seals


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_cluster_seals_scapy_opens(kind: Kind) -> None:
    for cluster in _clusters(kind, "sends"):
        end, numbers, spis = cluster.sender(), [], set()
        for _ in range(PACKETS):
            clear = cluster.clear_packet()
            sent = end.send(clear)
            [(spi, datagram)] = sent["datagrams"]
            assert cluster.opened_by_scapy(spi, sent["number"], datagram, clear) == clear, f"{cluster}\n{sent}"
            numbers.append(sent["number"])
            spis.add(spi)
            report.checks["a cluster sealed, Scapy opened the same"] += 1
        assert numbers == cluster.numbers()
        assert spis == {plan.spi for plan in cluster.plans}
        assert end.status["last_used"] == numbers[-1]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_scapy_opens_both_copies(kind: Kind) -> None:
    for cluster in _clusters(kind, "sends copies"):
        end, receiver = cluster.sender(scheduler="duplicate random", duplication=True), cluster.receiver(duplication=True)
        for number in cluster.numbers():
            clear = cluster.clear_packet()
            sent = end.send(clear)
            (one, _), (other, _) = sent["datagrams"]
            assert one != other
            assert sent["number"] == number
            for spi, datagram in sent["datagrams"]:
                assert cluster.opened_by_scapy(spi, number, datagram, clear) == clear, f"{cluster}\n{sent}"
            causes = [receiver.receive(datagram)["cause"] for _, datagram in sent["datagrams"]]
            assert causes == ["none", "redundant"]
            report.checks["a cluster sealed two copies, Scapy opened both"] += 1


# --- a cluster of one


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_a_cluster_of_one_sends_what_an_ordinary_sa_sends(suite: Suite) -> None:
    chance = random.Random(f"{SEED} alone {suite}")
    for shape in shapes("esp" if suite.encryption else "ah"):
        plan = Plan(chance, suite, shape)
        before = {"last_sequence_number": plan.number & 0x1_7FFF_FFFF}  # a cluster ends before an ordinary SA does
        alone = mpsec.OutboundSa(**plan.parameters(), path_mtu=65535, seed=plan.iv_seed, **before)
        end = mpsec.ClusterEnd(mode=shape.mode, extended=shape.extended, seed=plan.iv_seed, **before)
        end.join_outbound(1, **plan.parameters(), path_mtu=65535)
        for _ in range(3):
            clear = plan.clear_packet(chance)
            _, datagram, number = alone.send(clear)
            sent = end.send(clear)
            assert (sent["number"], sent["datagrams"]) == (number, [(plan.spi, datagram)]), str(plan)
            report.checks["an ordinary SA and a cluster of one sent the same octets"] += 1


# --- a capture, without keys


def _written(path: Path, datagrams: list[bytes]) -> Path:
    """One each millisecond."""
    with RawPcapWriter(str(path), linktype=1, sync=True) as writer:
        writer.write_header(None)
        for when, datagram in enumerate(datagrams):
            ethertype = {4: "0800", 6: "86dd"}[datagram[0] >> 4]
            frame = bytes.fromhex("020000000002020000000001" + ethertype) + datagram
            writer.write_packet(frame, sec=1_700_000_000, usec=when * 1000)
    return path


def _replayed(capture: Path) -> dict:
    if not REPLAY.exists():
        report.say(f"skipped: {REPLAY.name} is not built (MPSEC_TOOLS)")
        pytest.skip(f"{REPLAY.name} is not built")
    done = subprocess.run([REPLAY, "--json", capture], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_replay_knows_a_cluster_without_keys(tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} capture")
    cluster = Cluster(chance, Kind("tunnel", False), count=3)
    end = cluster.sender()
    sent = [datagram for _ in range(400) for _, datagram in end.send(cluster.clear_packet())["datagrams"]]
    late = sorted(range(len(sent)), key=lambda at: at + chance.randrange(8))  # as paths of unequal length have it
    found = _replayed(_written(tmp_path / "cluster.pcap", [sent[at] for at in late]))
    [one] = found["clusters"]
    assert one["verdict"] == "cluster", one


def test_replay_takes_no_ordinary_sas_for_a_cluster(tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} ordinary capture")
    cluster = Cluster(chance, Kind("tunnel", False), count=3)
    ordinary = [mpsec.OutboundSa(**plan.parameters(), path_mtu=65535) for plan in cluster.plans]
    sent = [chance.choice(ordinary).protect(cluster.clear_packet()) for _ in range(400)]
    found = _replayed(_written(tmp_path / "ordinary.pcap", sent))
    assert {each["verdict"] for each in found["clusters"]} <= {"no"}, found["clusters"]
