"""Everything that keeps the door shut although somebody stands there: each alone, and unknown like known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.smartlock.auto_unlock.rules import (
    Alarm,
    AskConfirmation,
    Confirmed,
    Door,
    Fire,
    Hold,
    LockReported,
    Paused,
    PreConnect,
    QuietHours,
    Report,
    ReportKind,
    RuleAction,
    RuleInput,
    RulePhase,
    RuleSettings,
    Tick,
    Trouble,
    Unlocked,
)
from custom_components.smartlock.auto_unlock.rules.holds import SOMEBODY, STATE_AGE
from custom_components.smartlock.auto_unlock.rules.machine import CONFIRM_WITHIN
from tests.auto_unlock.rules.scenes import FACTS, FAR, KNOWN, RULE, Scene

WITH_ALARM = replace(RULE, alarm=True)
UNLATCHES = replace(RULE, action=RuleAction.UNLATCH)
MAY_UNLATCH = replace(RULE, unlatching_allowed=True)


def fired(scene: Scene) -> int:
    return sum(isinstance(effect, Fire) for effect in scene.effects)


def refusals(scene: Scene) -> list[str]:
    return [
        each.reason for each in scene.effects if isinstance(each, Report) and each.kind is ReportKind.REFUSED
    ]


def arrive(scene: Scene) -> None:
    scene.come_back()
    scene.walk_up()


CONDITIONS: dict[str, tuple[RuleSettings, RuleInput, Hold]] = {
    "paused": (RULE, Paused(True), Hold.PAUSED),
    "quiet hours": (RULE, QuietHours(True), Hold.QUIET_HOURS),
    "quiet hours not known": (RULE, QuietHours(None), Hold.QUIET_HOURS),
    "alarm armed": (WITH_ALARM, Alarm(True), Hold.ALARM_ARMED),
    "alarm not known": (WITH_ALARM, Alarm(None), Hold.ALARM_UNKNOWN),
    "trouble": (RULE, Trouble(True), Hold.TROUBLE),
    "trouble not known": (RULE, Trouble(None), Hold.TROUBLE),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions(name: str) -> None:
    """A hold is told once and ends the approach: that it passes a little later lets nobody in."""
    settings, event, hold = CONDITIONS[name]
    scene = Scene(settings)
    scene.tell(event)
    arrive(scene)
    assert refusals(scene) == [hold]
    assert scene.is_in(RulePhase.HOME)
    for told in (Paused(False), QuietHours(False), Alarm(False), Trouble(False)):
        scene.tell(told)
    scene.walk_up()
    assert not fired(scene)


@pytest.mark.parametrize("name", ["alarm armed", "alarm not known"])
def test_an_alarm_that_nobody_chose(name: str) -> None:
    scene = Scene()
    scene.tell(CONDITIONS[name][1])
    arrive(scene)
    assert fired(scene) == 1


def test_conditions_that_nobody_told() -> None:
    """After a start nothing is known."""
    for missing in (Paused, QuietHours, Trouble):
        scene = Scene(told=[event for event in KNOWN if not isinstance(event, missing)])
        arrive(scene)
        assert not fired(scene)
        assert len(refusals(scene)) == 1


@pytest.mark.parametrize(
    ("changes", "hold"),
    [
        ({"locked": False}, Hold.NOT_LOCKED),
        ({"locked": None}, Hold.STATE_UNKNOWN),
        ({"moving": None}, Hold.STATE_UNKNOWN),
        ({"jammed": True}, Hold.JAMMED),
        ({"jammed": None}, Hold.STATE_UNKNOWN),
        ({"faulty": True}, Hold.FAULTY),
        ({"faulty": None}, Hold.STATE_UNKNOWN),
        ({"battery_critical": True}, Hold.BATTERY_CRITICAL),
        ({"battery_critical": None}, Hold.STATE_UNKNOWN),
        ({"door": Door.OPEN}, Hold.DOOR_OPEN),
        ({"door": Door.UNKNOWN}, Hold.DOOR_UNKNOWN),
        ({"auto_unlatch": True}, Hold.WOULD_UNLATCH),
        ({"auto_unlatch": None}, Hold.WOULD_UNLATCH),
    ],
)
def test_what_the_lock_tells(changes: dict[str, Any], hold: Hold) -> None:
    scene = Scene(facts=replace(FACTS, **changes))
    arrive(scene)
    assert refusals(scene) == [hold]
    assert scene.is_in(RulePhase.HOME)
    scene.facts = FACTS
    scene.walk_up()
    assert not fired(scene)


def test_a_lock_without_a_door_sensor() -> None:
    scene = Scene(facts=replace(FACTS, door=Door.NO_SENSOR))
    arrive(scene)
    assert fired(scene) == 1


def test_a_critical_battery_may_be_allowed() -> None:
    scene = Scene(replace(RULE, hold_battery_critical=False), facts=replace(FACTS, battery_critical=True))
    arrive(scene)
    assert fired(scene) == 1


def test_a_moving_bolt_is_waited_for() -> None:
    """An auto lock on its way."""
    scene = Scene(facts=replace(FACTS, moving=True, locked=None))
    arrive(scene)
    assert scene.is_in(RulePhase.NEAR)
    assert scene.rule.reason == Hold.MOVING
    scene.tell(LockReported(replace(FACTS, read_at=scene.now)))
    assert fired(scene) == 1


@pytest.mark.parametrize(
    "read_at",
    [
        pytest.param(None, id="never"),
        pytest.param(-3600.0, id="yesterday"),
        pytest.param(-STATE_AGE - 0.1, id="too long ago"),
        pytest.param(5.0, id="in the future"),
    ],
)
def test_a_state_that_was_not_read_now(read_at: float | None) -> None:
    scene = Scene(facts=None)
    arrive(scene)
    when = None if read_at is None else scene.now + read_at
    scene.tell(LockReported(replace(FACTS, read_at=when)))
    scene.hear(-60, after=0.5)
    assert not fired(scene)
    assert scene.rule.reason == Hold.STATE_NOT_READ


def test_a_state_from_before_the_link_was_asked_for() -> None:
    """However fresh: it was not read for this approach."""
    scene = Scene(facts=None)
    scene.come_back()
    for level in range(-95, -84):
        scene.hear(level, after=0.5)
    scene.tell(LockReported(replace(FACTS, read_at=scene.now)))
    came = []
    for level in (-84, -80, -76, *[-60] * 6):
        came += scene.hear(level, after=0.5)
    assert any(isinstance(effect, PreConnect) for effect in came)
    assert not fired(scene)
    scene.tell(LockReported(replace(FACTS, read_at=scene.now)))
    assert fired(scene) == 1


def test_somebody_else_has_just_unlocked() -> None:
    """A rule that is armed again quickly still waits."""
    settings = replace(RULE, can_locate=True)
    scene = Scene(settings)
    scene.leave()
    scene.tell(Unlocked(), 60)
    scene.located(FAR, 10)
    assert scene.is_in(RulePhase.AWAY)
    scene.located(20, 100)
    scene.walk_up()
    assert refusals(scene) == [Hold.SOMEBODY_UNLOCKED]
    scene = Scene(settings)
    scene.leave()
    scene.tell(Unlocked(), 60)
    scene.located(FAR, 10)
    scene.located(20, SOMEBODY)
    scene.walk_up()
    assert fired(scene) == 1


# --- Confirmation on the phone


def confirming(settings: RuleSettings) -> Scene:
    scene = Scene(settings, facts=replace(FACTS, auto_unlatch=settings.unlatching_allowed or False))
    arrive(scene)
    return scene


@pytest.mark.parametrize(
    ("settings", "asks"),
    [
        (RULE, False),
        (replace(RULE, confirm=True), True),
        (MAY_UNLATCH, True),
        (replace(UNLATCHES, unlatching_allowed=True), True),
    ],
    ids=["unlock", "the owner wants it", "auto unlatch", "unlatch"],
)
def test_asks_on_the_phone(settings: RuleSettings, asks: bool) -> None:
    scene = confirming(settings)
    assert any(isinstance(effect, AskConfirmation) for effect in scene.effects) is asks
    assert fired(scene) == (0 if asks else 1)
    if asks:
        assert scene.rule.reason == Hold.NOT_CONFIRMED
        scene.confirm()
        assert fired(scene) == 1


def test_is_asked_once() -> None:
    scene = confirming(replace(RULE, confirm=True))
    for _ in range(40):
        scene.hear(-60, after=0.5)
    assert sum(isinstance(effect, AskConfirmation) for effect in scene.effects) == 1


def test_the_phone_says_no() -> None:
    scene = confirming(replace(RULE, confirm=True))
    scene.confirm(yes=False)
    assert refusals(scene) == [Hold.NOT_CONFIRMED]
    assert scene.is_in(RulePhase.HOME)
    scene.confirm()
    scene.walk_up()
    assert not fired(scene)


def test_the_phone_says_yes_too_late() -> None:
    scene = confirming(replace(RULE, confirm=True))
    scene.tell(Confirmed(True), CONFIRM_WITHIN + 1)
    assert refusals(scene) == [Hold.NOT_CONFIRMED]
    scene.walk_up()
    assert not fired(scene)


def test_a_yes_to_a_question_that_was_not_asked() -> None:
    """Nor one from the last approach."""
    scene = Scene(replace(RULE, confirm=True))
    scene.come_back()
    scene.confirm()
    scene.walk_up()
    assert not fired(scene)


def test_after_the_yes_everything_must_still_be_well() -> None:
    scene = confirming(replace(RULE, confirm=True))
    scene.tell(Paused(True))
    scene.confirm()
    assert not fired(scene)


def test_unlatch_without_permission() -> None:
    scene = Scene(UNLATCHES)
    arrive(scene)
    assert refusals(scene) == [Hold.WOULD_UNLATCH]
    assert not any(isinstance(effect, AskConfirmation) for effect in scene.effects)


def test_every_hold_was_seen() -> None:
    """These files name each."""
    files = (Path(__file__), Path(__file__).with_name("test_accidents.py"))
    source = "".join(file.read_text("utf-8") for file in files)
    assert not [hold for hold in Hold if f"Hold.{hold.name}" not in source]


def test_a_tick_while_holding_changes_nothing() -> None:
    scene = Scene(facts=None)
    arrive(scene)
    scene.tell(Tick(), 1)
    assert scene.is_in(RulePhase.NEAR)
