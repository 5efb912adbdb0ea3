"""A short campaign with fixed seeds, other ones than those of tuning and of docs/wear.md."""

from functools import cache

from simulator.ageing import Life
from tests.campaigns.wear import Ailing, ailing, healthy

_LIVES = range(20_000, 20_010)


@cache
def ends(ailment: str) -> list[Ailing]:
    """Return how the lives ended."""
    return [end for seed in _LIVES if (end := ailing(seed, ailment)) is not None]


def test_healthy_locks_seldom_warn() -> None:
    lives = [healthy(seed, years=2) for seed in _LIVES]
    assert sum(life.alarms for life in lives) / sum(life.years for life in lives) < 0.6


def test_slow_ailments_are_told_two_weeks_before() -> None:
    for ailment in ("growing friction", "dying motor"):
        assert len(ends(ailment)) == len(_LIVES)
        assert sum(end.in_time for end in ends(ailment)) >= len(_LIVES) - 1, ailment


def test_a_loosening_contact_is_not_foreseen() -> None:
    """If it were, either the model or the rule would be wrong: no figure grows before it is over."""
    assert len(ends("loosening contact")) == len(_LIVES)
    assert sum(end.in_time for end in ends("loosening contact")) <= 1


def test_a_life_repeats_itself() -> None:
    first, second = ([(run.at, run.report) for run in Life(seed=5, days=60).runs()] for _ in range(2))
    assert first == second
    assert len(first) > 20
    assert first != [(run.at, run.report) for run in Life(seed=6, days=60).runs()]


def test_lives_look_like_locks() -> None:
    """The figures lie where those of the virtual lock, and so of the published layout, lie."""
    reports = [run.report for seed in range(4) for run in Life(seed=seed, days=365).runs()]
    assert all(2 < report.battery_drain / report.lock_distance < 20 for report in reports)
    assert all(150 < report.max_turn_current < 1100 for report in reports)
    assert all(3000 < report.lowest_voltage < report.start_voltage < 7500 for report in reports)
    assert all(-25 < report.start_temperature < 45 for report in reports)
    assert {bool(report.critical_battery_state) for report in reports} == {False, True}
