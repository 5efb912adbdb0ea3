"""What becomes of an arrival, from the decisions of a rule."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.smartlock.auto_unlock.rules import Hold, RulePhase, RuleReason
from custom_components.smartlock.auto_unlock.rules.arrivals import KEPT, Arrival, ArrivalLog

BEGAN = datetime(2026, 11, 20, 8, tzinfo=UTC)


def minute(count: int) -> datetime:
    """Some minutes after the beginning."""
    return BEGAN + timedelta(minutes=count)


def log_of(*decisions: tuple[int, RulePhase, RuleReason | Hold], log: ArrivalLog | None = None) -> ArrivalLog:
    """Take decisions, each with its minute; whoever is away left at the beginning."""
    log = ArrivalLog() if log is None else log
    for at, phase, reason in decisions:
        log = log.after(phase, reason, minute(at), BEGAN)
    return log


LEFT = (2, RulePhase.LEAVING, RuleReason.WENT_OUT)
ARMED = (7, RulePhase.AWAY, RuleReason.STAYED_AWAY)
BACK = (30, RulePhase.RETURNING, RuleReason.CAME_BACK)
NEAR = (32, RulePhase.NEAR, RuleReason.AT_THE_DOOR)
FIRED = (32, RulePhase.FIRED, RuleReason.FIRED)


@pytest.mark.parametrize(
    ("result", "decisions"),
    [
        (RuleReason.DONE, [NEAR, FIRED, (33, RulePhase.COOLING_DOWN, RuleReason.DONE)]),
        (RuleReason.REFUSED_BY_LOCK, [NEAR, FIRED, (33, RulePhase.COOLING_DOWN, RuleReason.REFUSED_BY_LOCK)]),
        (RuleReason.WOULD_FIRE, [NEAR, (33, RulePhase.COOLING_DOWN, RuleReason.WOULD_FIRE)]),
        (Hold.QUIET_HOURS, [NEAR, (33, RulePhase.HOME, Hold.QUIET_HOURS)]),
        # The first time at the door counts.
        (
            Hold.PAUSED,
            [
                NEAR,
                (32, RulePhase.RETURNING, RuleReason.WENT_BY),
                (33, RulePhase.NEAR, RuleReason.AT_THE_DOOR),
                (33, RulePhase.HOME, Hold.PAUSED),
            ],
        ),
    ],
)
def test_an_arrival(
    result: RuleReason | Hold, decisions: list[tuple[int, RulePhase, RuleReason | Hold]]
) -> None:
    log = log_of(LEFT, ARMED, BACK, *decisions)
    expected = Arrival(
        left_at=BEGAN, back_at=minute(30), door_at=minute(32), result=result, ended_at=minute(33)
    )
    assert log == ArrivalLog(arrivals=(expected,))
    # What follows belongs to no arrival.
    assert log_of((43, RulePhase.HOME, RuleReason.COOLED_DOWN), log=log) == log


def test_an_absence_that_armed_nothing_says_why() -> None:
    explained = (9, RulePhase.LEAVING, RuleReason.NOT_SEEN_LEAVING)
    log = log_of(LEFT, explained, (40, RulePhase.HOME, RuleReason.BACK_TOO_SOON))
    (arrival,) = log.arrivals
    assert (arrival.back_at, arrival.result) == (minute(40), RuleReason.NOT_SEEN_LEAVING)


@pytest.mark.parametrize("reason", [RuleReason.BACK_TOO_SOON, RuleReason.HEARD_AT_HOME, RuleReason.UNLOCKED])
def test_a_location_that_jumps_is_no_absence(reason: RuleReason) -> None:
    assert log_of(LEFT, (4, RulePhase.HOME, reason)) == ArrivalLog()


def test_somebody_unlocked_while_she_is_away() -> None:
    """The absence lasts."""
    log = log_of(LEFT, ARMED, (12, RulePhase.LEAVING, RuleReason.UNLOCKED), ARMED, BACK, NEAR)
    assert log.current == Arrival(left_at=BEGAN, back_at=minute(30), door_at=minute(32))
    assert log.arrivals == ()


def test_whoever_passes_by_and_goes_on() -> None:
    log = log_of(LEFT, ARMED, BACK)
    log = log.after(RulePhase.LEAVING, RuleReason.WINDOW_OVER, minute(50), minute(45))
    assert [arrival.result for arrival in log.arrivals] == [RuleReason.WINDOW_OVER]
    assert log.current == Arrival(left_at=minute(45))


def test_the_last_ones_are_kept() -> None:
    log = ArrivalLog()
    for turn in range(KEPT + 3):
        log = log_of(LEFT, ARMED, (turn, RulePhase.HOME, RuleReason.LOCATION_LOST), log=log)
    assert [arrival.ended_at for arrival in log.arrivals] == [minute(turn) for turn in range(3, KEPT + 3)]


def test_a_restart_ends_an_absence() -> None:
    stored = log_of(LEFT, ARMED).to_json()
    restarted = ArrivalLog.from_json(stored, minute(60))
    assert restarted == ArrivalLog(
        arrivals=(Arrival(left_at=BEGAN, result=RuleReason.RESTARTED, ended_at=minute(60)),)
    )
    # Nothing is known of one that has not armed the rule: it may be none.
    assert ArrivalLog.from_json(log_of(LEFT).to_json(), minute(60)) == ArrivalLog()
    assert ArrivalLog.from_json(restarted.to_json(), minute(90)) == restarted


@pytest.mark.parametrize(
    "change",
    [{"result": "nonsense"}, {"result": 7}, {"left_at": "yesterday"}, {"left_at": None}, {"ended_at": 5}],
)
def test_nonsense_in_the_storage(change: dict[str, object]) -> None:
    stored = log_of(LEFT, ARMED, (40, RulePhase.HOME, RuleReason.LOCATION_LOST)).to_json()
    stored["arrivals"][0] |= change
    with pytest.raises((TypeError, ValueError)):
        ArrivalLog.from_json(stored, BEGAN)
