"""Whether the clocks of the machine can be believed."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.smartlock.system_clock import rules
from custom_components.smartlock.system_clock.rules import Clocks

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
HOUR = 3600.0


class Machine:
    """Its clocks."""

    def __init__(self) -> None:
        """Begin."""
        self.clocks = Clocks.started(NOW, 100.0, 0.0)

    def passes(self, seconds: float, *, step: float = 0, slept: float = 0) -> Clocks:
        """Let time pass awake, then asleep as the machine counts it, and set the time of day on or back."""
        before = self.clocks
        wall = before.wall + timedelta(seconds=seconds + slept + step)
        self.clocks = before.after(wall, before.monotonic + seconds, before.asleep + slept)
        return self.clocks


def test_nothing_happens() -> None:
    machine = Machine()
    for _ in range(100):
        clocks = machine.passes(10, step=29)
    assert (clocks.course, clocks.missed, clocks.parted, clocks.proved) == (0, 0, 0, True)
    assert clocks.held == 1000


def test_sleep_that_is_counted_leaves_the_time_right() -> None:
    clocks = Machine().passes(10, slept=8 * HOUR)
    assert (clocks.course, clocks.missed, clocks.parted, clocks.proved) == (0, 8 * HOUR, 8 * HOUR, True)


def test_later_may_be_sleep() -> None:
    clocks = Machine().passes(10, step=8 * HOUR)
    assert (clocks.course, clocks.missed, clocks.parted, clocks.proved) == (1, 8 * HOUR, 8 * HOUR, False)


def test_earlier_is_no_sleep() -> None:
    clocks = Machine().passes(10, step=-8 * HOUR)
    assert (clocks.course, clocks.missed, clocks.parted, clocks.proved) == (1, 0, -8 * HOUR, False)


def test_sleep_while_the_time_is_set_back() -> None:
    clocks = Machine().passes(10, slept=8 * HOUR, step=-9 * HOUR)
    assert (clocks.course, clocks.missed, clocks.parted) == (1, 8 * HOUR, -HOUR)


def test_new_time_proves_itself_by_lasting() -> None:
    machine = Machine()
    machine.passes(10, step=HOUR)
    assert not machine.passes(HOUR - 1).proved
    assert machine.passes(1).proved
    # From now on this is the time that was believed.
    machine.passes(10, step=-HOUR)
    assert not machine.clocks.proved
    assert machine.passes(10, step=HOUR).proved


def test_several_steps_back_to_the_old_time() -> None:
    machine = Machine()
    machine.passes(10, step=HOUR)
    machine.passes(10, step=HOUR)
    assert not machine.passes(10, step=-HOUR).proved
    assert machine.passes(10, step=-HOUR + 20).proved
    assert machine.clocks.course == 4


def test_how_long_it_had_held_before() -> None:
    machine = Machine()
    machine.passes(500)
    machine.passes(100, step=HOUR)
    assert (machine.clocks.held, machine.clocks.held_before) == (0, 600)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(2026, 9, 30, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 1, tzinfo=UTC), True),
        (datetime(2036, 9, 1, tzinfo=UTC), True),
        (datetime(2036, 11, 1, tzinfo=UTC), False),
        (datetime(2090, 1, 1, tzinfo=UTC), False),
    ],
)
def test_plausible(*, now: datetime, expected: bool) -> None:
    assert rules.plausible(now, rules.released(2026, 10)) is expected
