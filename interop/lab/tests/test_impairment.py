"""The fates of packets, in virtual time."""

import pytest

from lab.errors import LabError
from lab.impairment import Direction, Impairment, Passage, impairment

MS = 1_000_000


def direction(seed: int = 1, link: str = "outer", toward: str = "b", **changes: float) -> Direction:
    made = Direction(seed, link, toward)
    made.change(Impairment(**changes))
    return made


def fates(of: Direction, count: int = 500, gap: int = MS, octets: int = 1000) -> list[Passage | None]:
    return [of.enter(octets, number * gap) for number in range(count)]


EVERYTHING = {"delay_ms": 20, "jitter_ms": 5, "loss": 0.1, "duplicate": 0.1, "reorder": 0.1, "corrupt": 0.1, "rate_mbit": 50}


def test_same_seed_same_sequence() -> None:
    assert fates(direction(**EVERYTHING)) == fates(direction(**EVERYTHING))


@pytest.mark.parametrize("other", [{"seed": 2}, {"link": "inner"}, {"toward": "a"}])
def test_another_seed_link_or_way_is_another_sequence(other: dict) -> None:
    assert fates(direction(**EVERYTHING)) != fates(direction(**EVERYTHING, **other))


def test_a_fate_depends_on_the_number_alone_not_on_what_came_before() -> None:
    late = direction(loss=0.3)
    for _ in range(100):
        late.enter(60, 0)
    expected = fates(direction(loss=0.3), 200)[100:]
    assert [fate is None for fate in fates(late, 100)] == [fate is None for fate in expected]


def test_more_loss_changes_no_other_fate() -> None:
    few, many = fates(direction(loss=0.01, duplicate=0.2)), fates(direction(loss=0.5, duplicate=0.2))
    for one, other in zip(few, many, strict=True):
        assert other is None or other == one
    assert sum(fate is None for fate in few) < sum(fate is None for fate in many)


@pytest.mark.parametrize("what", ["loss", "duplicate", "corrupt", "reorder"])
@pytest.mark.parametrize("probability", [0.0, 0.02, 0.5, 1.0])
def test_probabilities_are_kept(what: str, probability: float) -> None:
    chosen = direction(delay_ms=1, **{what: probability})
    count = 20_000
    fates(chosen, count)
    counters = vars(chosen.counters)
    happened = counters[{"loss": "lost", "duplicate": "duplicated", "corrupt": "corrupted", "reorder": "reordered"}[what]]
    deviation = (count * probability * (1 - probability)) ** 0.5
    assert abs(happened - count * probability) <= 5 * deviation
    assert counters["seen"] == count


def test_delay_is_exact_and_jitter_bounded_and_in_order() -> None:
    assert [fate.at for fate in fates(direction(delay_ms=7), 3)] == [7 * MS, 8 * MS, 9 * MS]
    departures = [fate.at for fate in fates(direction(delay_ms=20, jitter_ms=5))]
    delays = [at - number * MS for number, at in enumerate(departures)]
    assert departures == sorted(departures)
    assert 15 * MS <= min(delays) < 17 * MS
    assert 23 * MS < max(delays) < 25 * MS


def test_a_reordered_packet_overtakes_those_on_their_way() -> None:
    departures = [fate.at for fate in fates(direction(delay_ms=20, reorder=0.1))]
    early = [number for number, at in enumerate(departures) if at == number * MS]
    assert 20 < len(early) < 90
    assert all(at == number * MS + 20 * MS for number, at in enumerate(departures) if number not in early)


def test_the_rate_makes_packets_wait_for_their_turn() -> None:
    line = direction(rate_mbit=8)  # an octet takes 1 us
    assert [line.enter(1000, 0).at for _ in range(3)] == [MS, 2 * MS, 3 * MS]
    assert line.enter(1000, 10 * MS).at == 11 * MS


def test_who_would_wait_too_long_is_dropped_and_counted() -> None:
    line = direction(rate_mbit=8, queue_ms=10)
    passed = [fate for fate in (line.enter(1000, 0) for _ in range(50)) if fate]
    assert len(passed) == 11  # ten wait, one is on the line
    assert line.counters.queue_full == 39
    assert line.enter(1000, 12 * MS) is not None


def test_a_cut_drops_everything_and_takes_no_chances_away() -> None:
    whole, cut = direction(loss=0.3), direction(loss=0.3)
    cut.cut = True
    assert fates(cut, 100) == [None] * 100
    cut.cut = False
    fates(whole, 100)
    assert [fate is None for fate in fates(cut, 100)] == [fate is None for fate in fates(whole, 100)]
    assert cut.counters.cut == 100


def test_a_change_leaves_packets_in_their_order() -> None:
    line = direction(delay_ms=50)
    slow = line.enter(100, 0)
    line.change(Impairment(delay_ms=1))
    assert line.enter(100, MS).at == slow.at


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"loss": 1.5}, "loss: is 1.5, expected a probability from 0 to 1"),
        ({"delay_ms": -1}, "delay_ms: is -1, expected a number that is not negative"),
        ({"delay_ms": "10"}, "delay_ms: is '10', expected a number"),
        ({"loss": True}, "loss: is True, expected a number"),
        ({"rate_mbit": float("nan")}, "rate_mbit: is nan"),
        ({"queue_ms": float("inf")}, "queue_ms: is inf"),
        ({"jitter_ms": 3, "delay_ms": 2}, "jitter_ms: is 3, expected at most delay_ms, which is 2"),
        ({"reorder": 0.1}, "reorder: needs a delay_ms"),
        ({"lost": 0.1}, "'lost': unknown, expected one of delay_ms"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        impairment(changes)
