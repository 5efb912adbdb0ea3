"""The threats of docs/proximity.md, one by one: those that are defeated, and those that are not."""

from dataclasses import replace

import pytest

from custom_components.smartlock.auto_unlock.rules import Fire, Reset, RulePhase, Tick, Unlocked, timing as t
from tests.auto_unlock.rules.scenes import FAR, RULE, UPSTAIRS, Scene

LOCATES = replace(RULE, can_locate=True)


def fired(scene: Scene) -> int:
    return sum(isinstance(effect, Fire) for effect in scene.effects)


def test_a_copy_or_a_recording_while_the_phone_is_away() -> None:
    """Played at the door while the owner is at work: the phone, asked, says where it is."""
    scene = Scene(LOCATES)
    scene.leave()
    for _ in range(20):
        scene.walk_up()
        scene.tell(Tick(), 20)
    assert not fired(scene)
    scene.located(FAR)
    assert scene.is_in(RulePhase.HOME)
    # The attack has cost the owner the comfort, nothing else: the way home does not open either.
    scene.located(20, 3600)
    scene.walk_up()
    assert not fired(scene)


def test_a_relay_while_the_phone_is_far_away() -> None:
    """The live radio, forwarded: the same to the scanner, and the position is forwarded by nobody."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.walk_up()
    scene.located(FAR)
    scene.walk_up()
    assert not fired(scene)


def test_a_relay_after_the_return_is_not_defeated() -> None:
    """The owner is in the zone and has not come in yet. Signal strength cannot tell who stands at the door."""
    scene = Scene(LOCATES)
    scene.come_back()
    scene.walk_up()
    assert fired(scene) == 1


def test_a_confirmation_on_the_phone_defeats_it() -> None:
    scene = Scene(replace(LOCATES, confirm=True))
    scene.come_back()
    scene.walk_up()
    scene.tell(Tick(), 61)
    assert not fired(scene)


@pytest.mark.parametrize("seed", range(5))
def test_a_signal_that_flickers_all_night(seed: int) -> None:
    """The phone beside the bed above the door, heard now weakly, now strongly."""
    scene = Scene(LOCATES)
    for minute in range(8 * 60):
        level = -95 + (minute * 37 + seed * 11) % 45
        for _ in range(6):
            scene.hear(level, after=0.5)
        scene.tell(Tick(), 57)
        if minute % 45 == 0:
            scene.located(15)
    assert not fired(scene)
    assert scene.is_in(RulePhase.HOME)


@pytest.mark.parametrize("accuracy", [15.0, 99.0])
def test_positions_that_jump_at_night(accuracy: float) -> None:
    """A quarter of a mile away ten times a night, exact by its own words; and its owner walks to the door after each."""
    scene = Scene(LOCATES)
    for jump in range(10):
        for _ in range(4):
            scene.located(420 + jump, 200, accuracy=accuracy)
        scene.located(8, 200)
        scene.walk_up()
    assert not fired(scene)


def test_a_zone_that_flaps() -> None:
    scene = Scene(LOCATES)
    for _ in range(100):
        scene.located(205, 100, accuracy=60)
        scene.located(95, 100, accuracy=60)
        scene.hear(-75, scanner=UPSTAIRS)
    scene.walk_up()
    assert not fired(scene)


@pytest.mark.parametrize("silence", [30.0, 600.0, 7200.0])
def test_a_scanner_that_starts_again(silence: float) -> None:
    """The phone comes out of nowhere, strong at once, while its owner is at home."""
    scene = Scene(LOCATES)
    scene.located(10)
    scene.walk_up()
    scene.tell(Tick(), silence)
    scene.walk_up(first=-60)
    assert not fired(scene)


def test_home_assistant_starts_again_while_somebody_is_away() -> None:
    """Then leaving must be seen anew: on the way home the positions move, and the phone answers."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.tell(Reset(), 3600)
    scene.know()
    scene.located(5000, 10)
    scene.located(5000, 301)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(2500, 301)
    assert scene.is_in(RulePhase.LEAVING)
    scene.tell(Tick(), 61)
    scene.located(2000, 6)
    assert scene.is_in(RulePhase.AWAY)
    scene.located(20, 400)
    scene.walk_up()
    assert fired(scene) == 1


def test_comes_home_by_another_way() -> None:
    """A watched entrance is opened, or somebody lets the owner in: the front door stays locked."""
    scene = Scene(LOCATES)
    scene.come_back()
    scene.tell(Unlocked(), 20)
    for _ in range(5):
        scene.walk_up()
        scene.tell(Tick(), 120)
    assert not fired(scene)


def test_comes_home_by_an_entrance_that_nobody_watches() -> None:
    """Not seen: what is left is that nobody takes minutes from the street to the door."""
    scene = Scene(LOCATES)
    scene.come_back()
    for _ in range(int(t.LINGER / 20) + 1):
        scene.hear(-85, after=20)
    scene.walk_up()
    assert not fired(scene)
