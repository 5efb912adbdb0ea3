"""The simulated days: the same for everybody who asks with the same seed, and what they are meant to be."""

import random
from statistics import median

import pytest

from simulator.walks import Advertisement, Life, Position, World, impersonate

WORLD = World.load()


def life(number: int = 0, seed: int = 7, **options: float) -> Life:
    return Life(WORLD, WORLD.variants[number], seed, **options)


def test_the_same_seed_is_the_same_days() -> None:
    assert [day.traces for day in life().days(5)] == [day.traces for day in life().days(5)]
    assert [day.traces for day in life().days(5)] != [day.traces for day in life(seed=8).days(5)]


@pytest.mark.parametrize("number", range(len(WORLD.variants)))
def test_days(number: int) -> None:
    for day in life(number).days(7):
        assert day.traces == sorted(day.traces, key=lambda trace: trace.at)
        for arrival in day.arrivals:
            assert not day.inside(arrival.at - 1)
            assert day.distance(arrival.at) == pytest.approx(0, abs=0.1)
            assert day.inside(arrival.at + WORLD.patience + 1)
            if arrival.genuine:
                farthest = max(each.distance for each in day.stretches if each.since < arrival.at)
                assert farthest >= 300


def test_who_comes_is_heard_ever_louder() -> None:
    """In the median of many arrivals."""
    far, near = [], []
    for day in life(2).days(40):
        for arrival in day.arrivals:
            for trace in day.traces:
                if isinstance(trace, Advertisement) and trace.scanner == "door":
                    if -8 < trace.at - arrival.at < -4:
                        far.append(trace.rssi)
                    if 0 < trace.at - arrival.at < 15:
                        near.append(trace.rssi)
    assert median(near) > median(far) + 6


def test_a_scanner_that_listens_less_hears_less() -> None:
    def heard(listening: float) -> int:
        days = life(2, listening=listening).days(10)
        return sum(isinstance(trace, Advertisement) for day in days for trace in day.traces)

    assert heard(0.1) < heard(1.0) / 5


def test_a_phone_that_takes_another_place_for_its_own() -> None:
    """The variant with six a day says several times, exactly, that it is far away, while its owner is at home."""
    wrong = [
        trace
        for day in life(4).days(20)
        for trace in day.traces
        if isinstance(trace, Position)
        and day.inside(trace.taken_at)
        and trace.distance > 200
        and trace.accuracy < 100
    ]
    assert len(wrong) > 100


def test_an_impersonator_is_loud_and_stays_a_minute() -> None:
    (day,) = life().days(1)
    before = len(day.traces)
    impersonate(day, random.Random(1))
    assert len(day.traces) - before == 140
    assert day.traces == sorted(day.traces, key=lambda trace: trace.at)
