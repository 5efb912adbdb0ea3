"""Whether a lock turns harder than it used to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import count
import json
from random import Random

import pytest

from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.wear.rules.correction import Correction
from custom_components.smartlock.wear.rules.history import (
    CONTENT_BELOW,
    WARN_ABOVE,
    WARN_RISING_ABOVE,
    Wear,
    WearHistory,
)
from custom_components.smartlock.wear.rules.motor_run import MotorRun, RunMetrics

BEGIN = datetime(2027, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)


class Door:
    """A door with a lock that turns exactly as hard as a test says."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.history = WearHistory()
        self._number = count()

    def run(
        self,
        load: float = 1.0,
        *,
        peak: float = 1.0,
        action: LockAction = LockAction.LOCK,
        temperature: int = 20,
        voltage: int = 5500,
        critical: bool = False,
        distance: int = 900,
        settings: str = "",
    ) -> None:
        """Turn once."""
        self.history = self.history.with_run(
            MotorRun(
                at=self.now,
                action=action,
                drain=round(4000 * distance / 900 * load),
                distance=distance,
                start_voltage=voltage,
                # No two runs are the same, and this figure is not compared.
                lowest_voltage=3000 + next(self._number),
                temperature=temperature,
                max_current=round(400 * load * peak),
                resistance=300,
                critical=critical,
                settings=settings,
            )
        )

    def days(self, days: int, load: float = 1.0, **figures: float | str) -> None:
        """Turn twice a day."""
        for _ in range(days):
            self.run(load, **figures)  # type: ignore[arg-type]
            self.run(load, action=LockAction.UNLOCK, **figures)  # type: ignore[arg-type]
            self.now += DAY

    def percent(self) -> int | None:
        """Wear."""
        return None if self.history.wear is None else self.history.wear.percent

    def warned(self) -> bool:
        """Whether it warns."""
        return self.history.warned_since is not None


def test_nothing_is_said_until_it_is_known_what_is_usual() -> None:
    door = Door()
    door.days(15)
    assert door.percent() is None
    door.days(3)
    assert door.percent() == 0
    assert door.history.usual_since is not None
    assert BEGIN + 14 * DAY <= door.history.usual_since <= door.now


def test_a_busy_day_does_not_tell_what_is_usual() -> None:
    door = Door()
    for _ in range(50):
        door.run(2.0)
        door.now += timedelta(minutes=1)
    assert sum(len(kind.runs) for kind in door.history.kinds.values()) == 3
    assert door.history.wear is None


def test_wear_is_the_worse_of_energy_and_current() -> None:
    door = Door()
    door.days(30)
    door.days(15, 1.2, peak=1.5)
    wear = door.history.wear
    assert wear is not None
    assert (wear.percent, wear.energy, wear.current) == (80, 20, 80)


@pytest.mark.parametrize("load", [0.8, 1.0, 1.25])
def test_it_does_not_matter_how_hard_the_bolt_is_or_in_which_units(load: float) -> None:
    door = Door()
    door.days(30, load)
    assert door.percent() == 0
    door.days(15, load * 1.1)
    assert door.percent() == pytest.approx(10, abs=1)


def test_warns_once_and_is_content_again() -> None:
    door = Door()
    door.days(35)
    for percent in range(0, WARN_ABOVE - 3, 2):
        door.days(9, 1 + percent / 100)
        assert not door.warned(), percent
    door.days(15, 1 + (WARN_ABOVE + 1) / 100)
    assert door.warned()
    since = door.history.warned_since
    door.days(60, 1 + (CONTENT_BELOW + 2) / 100)
    assert door.history.warned_since == since
    door.days(15, 1 + (CONTENT_BELOW - 2) / 100)
    assert not door.warned()


@pytest.mark.parametrize(
    ("percent", "warned"), [(WARN_RISING_ABOVE - 3, False), (WARN_RISING_ABOVE + 3, True)]
)
def test_warns_earlier_of_what_grows_fast(percent: int, *, warned: bool) -> None:
    door = Door()
    door.days(35)
    door.days(15, 1 + percent / 100)
    assert door.warned() is warned


def test_growth_is_not_fast_because_little_is_known() -> None:
    door = Door()
    door.days(20)
    door.days(11, 1 + (WARN_RISING_ABOVE + 3) / 100)
    assert not door.warned()


@pytest.mark.parametrize("odd_days", range(1, 5))
def test_some_days_are_no_wear(odd_days: int) -> None:
    """Frost, a storm against the door, guests."""
    door = Door()
    door.days(30)
    door.days(odd_days, 3.0)
    assert not door.warned()
    door.days(10)
    assert not door.warned()


def test_empty_batteries_are_no_wear() -> None:
    door = Door()
    door.days(30)
    door.days(30, 1.8, critical=True)
    assert not door.warned()
    assert door.percent() == 0
    assert door.history.last_run is not None
    assert door.history.last_run.critical


def test_what_was_four_weeks_before() -> None:
    door = Door()
    door.days(35)
    assert door.history.wear is not None
    first = door.history.wear
    assert (first.percent, first.before) == (0, 0)
    for step in range(1, 9):
        door.days(7, 1 + step / 20)
    wear = door.history.wear
    assert wear is not None
    assert wear.percent == pytest.approx(38, abs=3)
    assert wear.before == pytest.approx(15, abs=6)
    assert timedelta(days=27) < door.now - wear.before_at < timedelta(days=40)


def test_the_owner_accepts_it() -> None:
    door = Door()
    door.days(35)
    door.days(20, 1.6)
    assert door.warned()
    door.history = door.history.accepted(door.now)
    assert (door.percent(), door.warned(), door.history.usual_since) == (0, False, door.now)
    door.days(20, 1.6)
    assert (door.percent(), door.warned()) == (0, False)
    # From there on it is watched as before.
    door.days(20, 1.6 * 1.5)
    assert door.warned()


def test_nothing_known_is_accepted_as_it_is() -> None:
    history = WearHistory()
    assert history.accepted(BEGIN) is history


def test_the_same_report_again_changes_nothing() -> None:
    door = Door()
    door.days(3)
    last = door.history.last_run
    assert last is not None
    again = MotorRun.from_json([int((door.now + DAY).timestamp()), *last.to_json()[1:]])
    assert door.history.with_run(again) is door.history


def test_a_kind_that_comes_late_starts_where_the_others_are() -> None:
    """The owner begins to open the door with the lock when the bolt is stiff already."""
    door = Door()
    door.days(30)
    for _ in range(30):
        door.run(1.5)
        door.run(1.5, action=LockAction.UNLATCH)
        door.run(1.5, action=LockAction.UNLATCH)
        door.now += DAY
    assert door.percent() == pytest.approx(50, abs=2)
    assert door.warned()


def test_another_way_is_another_kind() -> None:
    """A lock that is set to one turn: half the way, and nothing that was before can be compared."""
    door = Door()
    door.days(30)
    door.days(30, 1.0, distance=450)
    assert door.percent() == 0
    assert len(door.history.kinds) == 4


def test_a_faster_motor_is_no_wear() -> None:
    """The owner of a lock that has become a little stiff makes it turn faster: that is all that has changed."""
    door = Door()
    door.days(30)
    door.days(20, 1.1)
    for _ in range(60):
        door.days(1, 1.6, settings="insane")
        assert door.percent() == pytest.approx(10, abs=2)
        assert not door.warned()
    # What comes after is noticed.
    door.days(20, 1.6 * 1.4, settings="insane")
    assert door.warned()


def test_a_latch_that_is_held_for_longer_is_no_wear() -> None:
    """Whatever holding it costs."""
    door = Door()

    def live(days: int, load: float, settings: str) -> None:
        for _ in range(days):
            for _ in range(2):
                door.run(load, action=LockAction.UNLATCH, settings=settings)
            door.run()
            door.now += DAY

    live(30, 1.0, "3s")
    live(60, 1.7, "10s")
    assert (door.percent(), door.warned()) == (0, False)


def test_storage_stays_small() -> None:
    door = Door()
    random = Random(1)
    for _ in range(5000):
        door.run(
            random.gauss(1, 0.1), action=LockAction(random.randint(1, 12)), distance=random.randint(50, 2000)
        )
        door.now += timedelta(hours=3)
    assert len(door.history.kinds) <= 8
    assert len(json.dumps(door.history.to_json())) < 32_000


# --- Correction -------------------------------------------------------------------------------------------


def seasons(door: Door, days: int, slope: float) -> Iterator[int]:
    """Live through a year's temperatures; the bolt stiffens by `slope` for each degree below 20."""
    random = Random(7)
    weather = 0.0
    for day in range(days):
        weather = 0.8 * weather + random.gauss(0, 2)
        # Summer at first.
        season = 12 * (1 if day % 365 < 100 else -1 if 165 < day % 365 < 280 else 0)
        temperature = round(15 + season + weather)
        door.days(1, 1 + slope * (20 - temperature), temperature=temperature)
        yield day


@pytest.mark.parametrize("slope", [0.0, 0.006, 0.012])
def test_winter_is_no_wear(slope: float) -> None:
    door = Door()
    wear = [door.percent() or 0 for _ in seasons(door, 400, slope)]
    assert not door.warned()
    assert max(abs(percent) for percent in wear[120:]) < 12


def test_stiffening_in_winter_is_wear_all_the_same() -> None:
    door = Door()
    for _ in seasons(door, 200, 0.006):
        pass
    assert not door.warned()
    door.days(20, 1.5 * (1 + 0.006 * 15), temperature=5)
    assert door.warned()


def test_slopes_are_learned_from_week_to_week() -> None:
    random = Random(3)
    correction = Correction()
    before = RunMetrics(energy=1.0, current=6.0, temperature=15, voltage=5.0)
    for _ in range(60):
        by_t, by_v = random.gauss(0, 5), random.gauss(0, 0.3)
        after = RunMetrics(
            # Besides, it wears by 2 % a week.
            energy=before.energy - 0.02 * by_t - 0.15 * by_v + 0.02 + random.gauss(0, 0.03),
            current=before.current - 0.01 * by_t + 0.05 * by_v + 0.02 + random.gauss(0, 0.03),
            temperature=before.temperature + by_t,
            voltage=before.voltage + by_v,
        )
        correction = correction.learned(after, before)
        before = after
    assert correction.energy[0] == pytest.approx(-0.02, abs=0.003)
    assert correction.energy[1] == pytest.approx(-0.15, abs=0.04)
    assert correction.current[0] == pytest.approx(-0.01, abs=0.003)
    assert correction.current[1] == pytest.approx(0.05, abs=0.04)
    assert correction.doubt[0] < Correction().doubt[0]
    assert correction.doubt[2] < Correction().doubt[2]


def test_a_leap_is_no_weather() -> None:
    """New weather stripping in a week in which it also got a little colder."""
    before = RunMetrics(energy=1.0, current=6.0, temperature=15, voltage=5.0)
    after = RunMetrics(energy=2.0, current=7.0, temperature=13, voltage=5.0)
    learned = Correction().learned(after, before)
    assert abs(learned.energy[0] - Correction().energy[0]) < 0.005


# --- Storage ----------------------------------------------------------------------------------------------


def test_storage() -> None:
    door = Door()
    assert WearHistory.from_json(json.loads(json.dumps(WearHistory().to_json()))) == WearHistory()
    for _ in seasons(door, 120, 0.006):
        pass
    door.days(20, 1.7)
    stored = json.loads(json.dumps(door.history.to_json()))
    assert WearHistory.from_json(stored) == door.history
    assert isinstance(WearHistory.from_json(stored).wear, Wear)


@pytest.mark.parametrize("key", ["kinds", "correction", "weeks", "usual_since", "warned_since", "last_run"])
@pytest.mark.parametrize("damage", ["missing", "text", [1, 2], {"a": 1}])
def test_damaged_storage_is_noticed(key: str, damage: object) -> None:
    door = Door()
    door.days(60)
    stored = door.history.to_json()
    if damage == "missing":
        del stored[key]
    else:
        stored[key] = damage
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        WearHistory.from_json(stored)


def test_history_is_the_same_however_often_it_is_stored() -> None:
    random = Random(5)
    runs = [
        MotorRun(
            at=BEGIN + i * timedelta(hours=9),
            action=LockAction.LOCK if i % 2 else LockAction.UNLOCK,
            drain=round(4000 * random.gauss(1, 0.1)),
            distance=900,
            start_voltage=5500 - i,
            lowest_voltage=5000,
            temperature=random.randint(0, 25),
            max_current=round(400 * random.gauss(1, 0.1)),
            resistance=300,
            critical=False,
        )
        for i in range(300)
    ]
    kept = reduce(WearHistory.with_run, runs, WearHistory())
    stored = WearHistory()
    for taken in runs:
        stored = WearHistory.from_json(json.loads(json.dumps(stored.with_run(taken).to_json())))
    assert stored == kept


@pytest.mark.parametrize("days", [40, 365 * 64])
def test_runs_of_a_clock_that_was_ahead(days: int) -> None:
    """They count as of when it was set right, and hide nothing that comes after them."""
    door = Door()
    door.days(35)
    right = door.now
    door.now += days * DAY
    door.days(3)
    door.now = right + 3 * DAY
    door.days(25, 1 + (WARN_ABOVE + 3) / 100)
    assert door.percent() == WARN_ABOVE + 3
    assert door.history.warned_since is not None
    assert right < door.history.warned_since < door.now
