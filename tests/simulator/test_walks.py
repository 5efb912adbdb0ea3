"""The simulated days: the same for everybody who asks with the same seed, and what they are meant to be."""

import random
from statistics import median

import pytest

from simulator.walks import (
    ACCIDENTS,
    Advertisement,
    EntranceKnown,
    FellAsleep,
    Life,
    Position,
    Presence,
    ScannerThere,
    Woke,
    World,
    ZoneEdited,
    impersonate,
)

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


@pytest.mark.parametrize("name", ACCIDENTS)
def test_accidents_happen(name: str) -> None:
    """On most days of somebody who works, in a house with a watched garage; the other days stay as they are."""
    plain = [day.traces for day in life(9).days(12)]
    happened = [day.traces for day in life(9).days(12, accident=name)]
    changed = sum(before != after for before, after in zip(plain, happened, strict=True))
    assert changed >= (1 if name == "entrance_renamed" else 6)
    assert all(traces == sorted(traces, key=lambda trace: trace.at) for traces in happened)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("asleep", {FellAsleep, Woke}),
        ("bluetooth", {Presence}),
        ("router", {Presence}),
        ("zone_edited", {ZoneEdited}),
        ("entrance_dead", {EntranceKnown}),
        ("scanner_dead", {ScannerThere}),
    ],
)
def test_what_home_assistant_gets_to_know_of_them(name: str, kinds: set[type]) -> None:
    traces = [trace for day in life(9).days(12, accident=name) for trace in day.traces]
    assert kinds <= {type(trace) for trace in traces}


def test_nothing_is_known_while_the_machine_sleeps() -> None:
    for day in life(9).days(12, accident="asleep"):
        for begins, ends in zip(
            (trace.at for trace in day.traces if isinstance(trace, FellAsleep)),
            (trace.at for trace in day.traces if isinstance(trace, Woke)),
            strict=True,
        ):
            known = [trace for trace in day.traces if begins < trace.at < ends]
            assert not [trace for trace in known if isinstance(trace, Advertisement | Position)]


def test_a_phone_in_flight_mode_answers_nobody_and_delivers_later() -> None:
    one = life(9)
    cut_off = 0
    for day in one.days(12, accident="flight_mode"):
        for begins, ends in day.cut_off:
            cut_off += 1
            assert one.locator.asked(day, (begins + ends) / 2) is None
            assert not [
                trace
                for trace in day.traces
                if isinstance(trace, Advertisement | Position) and begins <= trace.at < ends
            ]
            run = [trace for trace in day.traces if isinstance(trace, Position) and trace.at >= ends]
            assert len(run) >= 2
    assert cut_off >= 6
