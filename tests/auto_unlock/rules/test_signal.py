"""The smoothed level: when there is one, how it follows, and what rises."""

from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smartlock.auto_unlock.rules import signal as s
from custom_components.smartlock.auto_unlock.rules.signal import Signal


def heard(values: list[tuple[float, float]]) -> Signal:
    signal = Signal()
    for at, rssi in values:
        signal = signal.received(rssi, at)
    return signal


def steady(rssi: float, until: float, every: float = 0.5, since: float = 0.0) -> list[tuple[float, float]]:
    count = int((until - since) / every)
    return [(since + every * index, rssi) for index in range(count + 1)]


@pytest.mark.parametrize(
    ("times", "level"),
    [
        pytest.param([0, 0.5, 1, 1.5, 2], True, id="five"),
        pytest.param([0, 0.1, 0.2, 0.3, 0.4], True, id="five in a burst"),
        pytest.param([0, 0.5, 1, 1.5], False, id="four within two seconds"),
        pytest.param([0, 2, 4], True, id="three of a phone that sends every two seconds"),
        pytest.param([0, 1, 2], True, id="three of one that sends every second"),
        pytest.param([0, 0.9, 1.8], False, id="three within less than two seconds"),
        pytest.param([0, 4], False, id="two"),
        pytest.param([0, 2, 8, 10], False, id="a hole"),
        pytest.param([0, 6, 8, 10], True, id="enough after a hole"),
    ],
)
def test_enough_fresh_values(times: list[float], level: bool) -> None:
    signal = heard([(at, -70) for at in times])
    assert (signal.level(times[-1]) is not None) is level
    assert (signal.rise(times[-1]) is not None) is level
    assert bool(signal.count(times[-1])) is level


def test_an_old_level_is_none() -> None:
    signal = heard(steady(-70, 5))
    assert signal.level(5 + s.GAP) == -70
    assert signal.level(5 + s.GAP + 0.1) is None


def test_two_wild_values_do_not_matter() -> None:
    """Fading upwards is rare and short."""
    signal = heard([(0, -85), (0.5, -55), (1, -86), (1.5, -54), (2, -85)])
    assert signal.level(2) == -85


@pytest.mark.parametrize("rssi", [127, 0, -128, -200, 20])
def test_values_that_mean_nothing(rssi: float) -> None:
    before = heard(steady(-70, 3))
    assert before.received(rssi, 3.5) is before


def test_values_out_of_order_change_nothing() -> None:
    before = heard(steady(-70, 3))
    assert before.received(-40, 2.0) is before


def test_follows_within_three_seconds() -> None:
    """A step, which no walk is."""
    signal = heard(steady(-90, 20))
    for at, rssi in steady(-60, 30, since=20.5):
        signal = signal.received(rssi, at)
        if signal.level(at) == -60:
            assert at <= 20.5 + 3
            return
    pytest.fail("never")


def test_rises_when_it_comes_out_of_silence() -> None:
    signal = heard(steady(-70, 5))
    assert signal.rise(5) == -70 + 95


def test_does_not_rise_while_it_stays() -> None:
    signal = heard(steady(-70, 180))
    assert signal.rise(180) == 0


def test_rises_after_a_weak_minute() -> None:
    signal = heard([*steady(-88, 120), *steady(-70, 125, since=120.5)])
    assert signal.rise(125) == 18
    # A minute later the weak time is forgotten.
    later = heard([*steady(-88, 120), *steady(-70, 190, since=120.5)])
    assert later.rise(190) == 0


def test_lowest() -> None:
    signal = heard([*steady(-80, 10), *steady(-70, 20, since=10.5)])
    assert signal.lowest(5, 20) == -70
    assert signal.lowest(15, 20) == -80
    assert heard(steady(-70, 3)).lowest(5, 3) is None


@pytest.mark.parametrize("every", [0.1, 0.25, 1.0, 2.0])
def test_lowest_needs_no_more_than_a_phone_sends(every: float) -> None:
    """Ten a second, or one every two seconds."""
    times = [every * number for number in range(round(20 / every) + 1)]
    assert heard([(at, -70.0) for at in times]).lowest(5, times[-1]) == -70


@pytest.mark.parametrize(
    ("every", "hole", "lowest"),
    [
        (0.25, 2.0, -70),
        (0.25, 3.0, None),
        (0.5, 4.5, None),
        pytest.param(1.0, 3.0, -70, id="two lost in a row"),
        pytest.param(2.0, 4.0, -70, id="one lost"),
    ],
)
def test_lowest_is_nothing_with_a_hole_in_it(every: float, hole: float, lowest: float | None) -> None:
    signal = heard([*steady(-70, 20, every), (20 + hole, -70.0)])
    assert signal.level(20 + hole) == -70
    assert signal.lowest(5, 20 + hole) == lowest


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 30), st.floats(-130, 130)),
        max_size=200,
    )
)
def test_bounded_and_within_what_was_heard(steps: list[tuple[float, float]]) -> None:
    """Whatever comes: little is kept, in order, and a level lies between the values heard."""
    signal, now = Signal(), 0.0
    told: list[float] = []
    for pause, rssi in steps:
        now += pause
        signal = signal.received(rssi, now)
        told.append(rssi)
        level = signal.level(now)
        assert len(signal.samples) <= 32
        assert len(signal.levels) <= s.LOOK_BACK / s.LEVEL_EVERY + 2
        assert all(a[0] <= b[0] for a, b in pairwise(signal.samples))
        assert level is None or min(told) <= level <= max(told)
