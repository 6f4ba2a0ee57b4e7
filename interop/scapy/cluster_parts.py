"""The parts of SA clusters in the Python module: the shared window against a set, numbers, leases, schedulers, and what a
cluster says and refuses."""

import random
from collections import Counter

import pytest
import report
from plans import IP, SEED, UDP, Plan, Shape, Suite

import mpsec

MS = 1_000_000  # nanoseconds
GCM = Suite("ENCR_AES_GCM_16", 16, "")


# --- the window


class WindowModel:
    """All numbers that were ever accepted, in a set; beside it the figures of the report."""

    def __init__(self, size: int) -> None:
        self.size, self.history, self.top = size, 4 * size, 0
        self.seen: set[int] = set()  # and those that came too late: their copies do not count again
        self.judged_late = 0
        self.report: Counter[str] = Counter()

    def check(self, number: int) -> str:
        if number + self.size > self.top:
            return "duplicate" if number in self.seen else "fresh"
        # Lost to a window too small? One for each 16 accepted has its ICV checked, to be sure.
        if self._unseen_in_history(number) and self.judged_late < self.report["accepted"] // 16:
            self.judged_late += 1
            return "fresh"
        return "too_old"

    def accept(self, number: int) -> str:
        verdict = "too_old" if number + self.size <= self.top else "duplicate" if number in self.seen else "fresh"
        self.report[{"fresh": "accepted", "duplicate": "duplicates", "too_old": "too_old"}[verdict]] += 1
        if verdict == "too_old" and self._unseen_in_history(number):
            self.report["late_authentic"] += 1
            held_by = self.top - number + 1
            self.report["size_that_would_have_held"] = max(self.report["size_that_would_have_held"], held_by)
        if verdict == "fresh" or self._unseen_in_history(number):
            self.seen.add(number)
        self.top = max(self.top, number)
        return verdict

    def _unseen_in_history(self, number: int) -> bool:
        return number not in self.seen and self.top - number < self.history


@pytest.mark.parametrize("extended", [False, True], ids=["32 bits", "ESN"])
@pytest.mark.parametrize("size", [32, 64, 1000, 4096])
def test_the_shared_window_agrees_with_a_set(size: int, extended: bool) -> None:
    chance = random.Random(f"{SEED} shared window {size} {extended}")
    window, model = mpsec.SharedWindow(size, extended=extended), WindowModel(size)
    number = 0xFFFFFFFF - 3 * size if extended else 1  # the high half changes on the way
    lowest = 4 * size if extended else 5 * size  # below its history the window takes an ESN for one of the next 2^32
    assert window.accept(number) == model.accept(number) == "fresh"
    for _ in range(8000):
        wanted = model.check(number)
        assert window.check(number & 0xFFFFFFFF) == (number, wanted)
        assert window.accept(number) == model.accept(number)
        assert window.top == model.top
        number = max(1, model.top + chance.randrange(1 - lowest, size // 8))
    assert window.report == {**dict.fromkeys(window.report, 0), **model.report}
    assert min(model.report.values()) > 0
    assert window.top > 0xFFFFFFFF or not extended
    report.checks["the shared window agreed with a set"] += 8000


def test_the_shared_window_never_goes_back() -> None:
    window = mpsec.SharedWindow(64)
    window.resynchronise(1000)
    window.resynchronise(500)
    assert (window.top, window.size) == (1000, 64)
    assert window.accept(1000) == "duplicate"
    with pytest.raises(mpsec.Error, match="31"):
        mpsec.SharedWindow(31)


def test_the_high_half_is_inferred_by_the_history() -> None:
    top = 0x1_0000_1000
    window = mpsec.SharedWindow(64, history=256)
    window.accept(top)
    assert window.check(top - 63 & 0xFFFFFFFF) == (top - 63, "fresh")
    assert window.check(top - 255 & 0xFFFFFFFF) == (top - 255, "too_old")
    assert window.check(top - 256 & 0xFFFFFFFF) == (top - 256 + (1 << 32), "fresh")
    assert mpsec.SharedWindow(64).check(0xFFFFFFFF)[1] == "below_zero"


def test_the_window_that_is_needed() -> None:
    skewed = {"workers": 4, "lease": 32, "skew": 30 * MS, "packets_per_second": 100_000}
    assert mpsec.window_needed(**skewed) == 4 * 32 + 3000
    assert mpsec.window_needed() == 0
    mpsec.check_window_size(3128, **skewed)
    with pytest.raises(mpsec.Error, match="need 3128 numbers.*have 3127"):
        mpsec.check_window_size(3127, **skewed)


# --- numbers


def test_every_number_goes_to_one_worker() -> None:
    chance = random.Random(f"{SEED} leases")
    shared = mpsec.SharedSequence()
    workers = [mpsec.LeasedSequence(shared, numbers=chance.choice([1, 16, 64]), peer_window=256) for _ in range(4)]
    taken: list[int] = []
    for now in range(0, 2000 * MS, MS):
        worker = chance.choice(workers)
        worker.begin_batch(now)
        taken += worker.take(chance.randrange(1, 40))
    reports = [worker.report for worker in workers]
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(range(1, shared.last_used + 1))
    assert sum(each["taken"] for each in reports) == shared.last_used
    assert sum(each["sent"] for each in reports) == len(taken)
    assert sum(each["abandoned_by_time"] for each in reports) > 0
    for each in reports:
        ends = each["sent"] + each["abandoned_behind"] + each["abandoned_by_time"] + each["held"]
        assert ends == each["taken"]


def test_a_lease_left_behind_is_abandoned() -> None:
    shared = mpsec.SharedSequence()
    worker = mpsec.LeasedSequence(shared, numbers=32, peer_window=256)
    worker.begin_batch(0)
    assert worker.take(1) == range(1, 2)
    shared.take(64)
    worker.begin_batch(1)
    assert worker.take(1) == range(97, 98)
    assert (worker.report["abandoned_behind"], worker.report["held"]) == (31, 31)
    with pytest.raises(mpsec.Error, match="65"):
        mpsec.LeasedSequence(shared, numbers=65)


@pytest.mark.parametrize("extended,end", [(False, (1 << 32) - 1), (True, (1 << 64) - (1 << 48))])
def test_numbers_end_and_never_come_again(extended: bool, end: int) -> None:
    shared = mpsec.SharedSequence(extended=extended, last_used=end - 10)
    assert shared.take(8) == range(end - 9, end - 1)
    assert shared.take(8) == range(end - 1, end + 1)
    assert len(shared.take(8)) == 0
    assert (shared.left, shared.last_used) == (0, end)


# --- schedulers


def _paths(count: int, **more: object) -> list[dict]:
    return [{"id": path + 1, **more} for path in range(count)]


def _share(scheduler: mpsec.PathScheduler, packets: int) -> Counter[int]:
    share: Counter[int] = Counter()
    for flow in range(packets):
        path, count, _ = scheduler.choose(flow, 1)
        share[path] += count
    return share


def test_schedulers_by_name() -> None:
    turns = mpsec.PathScheduler("round-robin burst=5")
    turns.on_paths(_paths(3))
    assert [turns.choose(0, 9) for _ in range(4)] == [(0, 5, None), (1, 5, None), (2, 5, None), (0, 5, None)]
    weighted = mpsec.PathScheduler("weighted burst=1")
    weighted.on_paths([{"id": 1, "weight": 3}, {"id": 2}])
    assert _share(weighted, 400) == {0: 300, 1: 100}
    fastest = mpsec.PathScheduler("least-round-trip")
    fastest.on_paths([{"id": 1, "round_trip": 30 * MS}, {"id": 2, "round_trip": 10 * MS}])
    assert _share(fastest, 10) == {1: 10}
    hashed = mpsec.PathScheduler("flow-hash")
    hashed.on_paths(_paths(4))
    assert all(hashed.choose(flow)[0] == hashed.choose(flow)[0] for flow in range(100))
    assert len(_share(hashed, 100)) == 4
    one, other = (mpsec.PathScheduler("random", seed=seed) for seed in (7, 7))
    one.on_paths(_paths(4)), other.on_paths(_paths(4))
    assert [one.choose() for _ in range(50)] == [other.choose() for _ in range(50)]


def test_a_copy_goes_by_another_path() -> None:
    twice = mpsec.PathScheduler("duplicate random")
    twice.on_paths(_paths(3))
    for _ in range(50):
        path, _, copy = twice.choose()
        assert copy in {0, 1, 2} - {path}
    twice.on_paths(_paths(1))
    assert twice.choose() == (0, 1, None)


def test_a_scheduler_refuses() -> None:
    with pytest.raises(mpsec.Error, match="no scheduler 'fastest'; known are duplicate, round-robin") as refused:
        mpsec.PathScheduler("duplicate fastest")
    assert refused.value.offset == len("duplicate ")
    scheduler = mpsec.PathScheduler("round-robin")
    with pytest.raises(ValueError, match="no path"):
        scheduler.choose()
    for wrong, exception in [({"weight": 0}, mpsec.Error), ({"loss": 1.5}, ValueError), ({"speed": 1}, TypeError)]:
        with pytest.raises(exception):
            scheduler.on_paths(_paths(1, **wrong))
    with pytest.raises(ValueError, match="twice"):
        scheduler.on_paths([{"id": 1}, {"id": 1}])


# --- one end


def _plans(count: int) -> list[Plan]:
    chance = random.Random(f"{SEED} parts of a cluster")
    return [Plan(chance, GCM, Shape("tunnel", 4, 4)) for _ in range(count)]


def _parameters(plan: Plan) -> dict:
    """What is equal over the cluster is left to it."""
    return {name: value for name, value in plan.parameters().items() if name not in ("mode", "extended")}


def _pair(count: int, **parameters: object) -> tuple[mpsec.ClusterEnd, mpsec.ClusterEnd]:
    sender, receiver = (mpsec.ClusterEnd(**{"scheduler": "round-robin burst=1", **parameters}) for _ in range(2))
    for sub_sa, plan in enumerate(_plans(count), 1):
        sender.join_outbound(sub_sa, **_parameters(plan))
        receiver.join_inbound(sub_sa, **_parameters(plan))
    return sender, receiver


def _clear() -> bytes:
    return _plans(1)[0].clear_packet(random.Random(f"{SEED} clear"))


def _sent(sender: mpsec.ClusterEnd) -> bytes:
    [(_, datagram)] = sender.send(_clear())["datagrams"]
    return datagram


def _kinds(actions: dict) -> list[str]:
    return [kind for kind, _ in actions["events"]]


@pytest.mark.parametrize(
    "wrong,exception,text",
    [
        ({"replay_window": 31}, mpsec.Error, "31"),
        ({"most_sub_sas": 0}, mpsec.Error, "most sub-SAs"),
        ({"scheduler": "fastest"}, mpsec.Error, "fastest"),
        ({"mode": "beet"}, ValueError, "tunnel or transport"),
        ({"duplication": True, "anti_replay": False}, mpsec.Error, "duplication"),
        ({"peer": "ordinary"}, mpsec.Error, "knows no clusters"),
        ({"leases": {"numbers": 65}}, mpsec.Error, "65"),
        ({"leases": {"count": 1}}, TypeError, "count"),
        ({"reordering": {"policy": "never"}}, ValueError, "never"),
        ({"reordering": {"span": 100}}, mpsec.Error, "100"),
        ({"reordering": {}, "anti_replay": False}, mpsec.Error, "order"),
        ({"colour": "green"}, TypeError, "colour"),
    ],
)
def test_a_cluster_refuses(wrong: dict, exception: type[Exception], text: str) -> None:
    with pytest.raises(exception, match=text):
        mpsec.ClusterEnd(**wrong)


def test_it_takes_no_callers_dict_apart() -> None:
    reordering = {"policy": "gap", "gap": 3}
    mpsec.ClusterEnd(reordering=reordering)
    assert reordering == {"policy": "gap", "gap": 3}


@pytest.mark.parametrize(
    "wrong,text",
    [
        ({"extended": False}, "extended sequence numbers"),
        ({"mode": "transport"}, "mode"),
        ({"replay_window": 64}, "window"),
        ({"anti_replay": False, "esn_without_anti_replay": True}, "anti-replay"),
        ({"encryption_key": bytes(7)}, "7"),
    ],
)
def test_a_sub_sa_must_be_as_the_others(wrong: dict, text: str) -> None:
    _, receiver = _pair(1)
    plan = _plans(2)[1]
    before = receiver.status
    with pytest.raises(mpsec.Error, match=text):
        receiver.join_inbound(2, **(_parameters(plan) | wrong))
    assert receiver.status == before
    receiver.join_inbound(2, **_parameters(plan))
    assert receiver.status["sub_sas"] == 2


def test_the_last_sub_sa_takes_the_cluster_with_it() -> None:
    sender, _ = _pair(2)
    assert sender.status["state"] == "valid"
    assert sender.leave(1)
    assert not sender.leave(1)
    assert sender.send(_clear())["cause"] == "none"
    assert sender.leave_outbound(2)
    refused = sender.send(_clear())
    assert (refused["cause"], refused["datagrams"]) == ("no_sa", [])
    assert "acquire" in _kinds(refused)
    assert "cluster_ended" in _kinds(sender.on_time(MS))
    with pytest.raises(mpsec.Error, match="ended"):
        sender.join_outbound(3, **_parameters(_plans(1)[0]))


def test_a_rekeyed_sub_sa_shares_its_place() -> None:
    sender, _ = _pair(2, most_sub_sas=2)
    heir = _plans(3)[2]
    with pytest.raises(mpsec.Error, match="2"):
        sender.join_outbound(3, **_parameters(heir))
    sub_sa = sender.new_sub_sa(replaces=1)
    sender.join_outbound(sub_sa, **_parameters(heir))
    assert sender.leave(1)
    spis = {sender.send(_clear())["datagrams"][0][0] for _ in range(4)}
    assert spis == {heir.spi, _plans(2)[1].spi}


def test_a_path_that_gives_no_answer_is_spared() -> None:
    sender, _ = _pair(2)
    plans = _plans(2)
    for _ in range(4):
        sender.on_unanswered(1)
    assert {sender.send(_clear())["datagrams"][0][0] for _ in range(4)} == {plans[1].spi}
    for seconds in range(8):
        sender.on_answer(1, now=seconds * 1000 * MS, round_trip=20 * MS)
    assert {sender.send(_clear())["datagrams"][0][0] for _ in range(4)} == {plan.spi for plan in plans}


def test_it_says_that_the_window_is_too_small() -> None:
    sender, receiver = _pair(2, replay_window=64)
    datagrams = [_sent(sender) for _ in range(200)]
    late = datagrams.pop(60)
    assert all(receiver.receive(datagram)["cause"] == "none" for datagram in datagrams)
    assert receiver.receive(late)["cause"] == "replay_too_old"
    [told] = [text for kind, text in receiver.on_time(1000 * MS)["events"] if kind == "window_too_small"]
    assert told == "cluster 1: its window of 64 numbers is too small, 140 would have held"
    assert receiver.status["window"]["late_authentic"] == 1


def test_it_says_that_its_numbers_run_out() -> None:
    last = (1 << 64) - (1 << 48) - 10
    sender, _ = _pair(1, last_sequence_number=last, soft_limit=5)
    sent = [sender.send(_clear(), now=turn * 1000 * MS) for turn in range(12)]
    assert [one["number"] for one in sent[:10]] == list(range(last + 1, last + 11))
    assert [one["cause"] for one in sent[10:]] == ["sequence_exhausted", "no_sa"]
    assert "cluster_ended" in _kinds(sent[10])
    assert not any(one["datagrams"] for one in sent[10:])
    assert sum(_kinds(one).count("sequence_runs_out") for one in sent) == 1


def test_a_peer_that_counts_for_itself_is_noticed() -> None:
    receiver = mpsec.ClusterEnd(extended=False, watch_numbers=True)
    plans = [Plan(random.Random(f"{SEED} {turn}"), GCM, Shape("tunnel", 4, 4)) for turn in range(2)]
    for sub_sa, plan in enumerate(plans, 1):
        receiver.join_inbound(sub_sa, **plan.parameters())
    causes = Counter(
        receiver.receive(plan.at(number).sealed(_clear()))["cause"] for number in range(1, 65) for plan in plans
    )
    assert causes == {"none": 64, "replay_duplicate": 64}
    assert "numbers_not_shared" in _kinds(receiver.on_time(1000 * MS))
    assert receiver.status["not_shared"] == 64


def test_fragments_have_a_number_each() -> None:
    sender, receiver = _pair(2)
    clear = bytes(IP(src="198.51.100.7", dst="203.0.113.9") / UDP() / bytes(4000))
    sent = sender.send(clear)
    assert (sent["cause"], sent["number"], len(sent["datagrams"])) == ("none", 0, 3)
    delivered = [one for _, datagram in sent["datagrams"] for one in receiver.receive(datagram)["deliveries"]]
    assert [number for number, _ in delivered] == [1, 2, 3]
    assert b"".join(packet[20:] for _, packet in delivered) == clear[20:]
    whole_only = sender.send(bytes(IP(src="198.51.100.7", dst="203.0.113.9", flags="DF") / UDP() / bytes(4000)))
    assert (whole_only["cause"], whole_only["datagrams"]) == ("packet_too_big", [])


def test_leases_of_an_end() -> None:
    sender, receiver = _pair(2, leases={"numbers": 8, "time": 10 * MS})
    sent = [sender.send(_clear(), now=turn * 4 * MS) for turn in range(30)]
    numbers = [one["number"] for one in sent]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] > 30  # some were abandoned
    for one in sent:
        [(_, datagram)] = one["datagrams"]
        assert receiver.receive(datagram)["deliveries"] == [(one["number"], _clear())]
