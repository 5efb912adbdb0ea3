"""Accidents that look like leaving and coming back: kept positions, other trackers, edits, sleep, a deaf door."""

from dataclasses import replace

import pytest

from custom_components.smartlock.auto_unlock.rules import (
    AskLocation,
    Configured,
    Door,
    Entrances,
    Fire,
    Hold,
    Located,
    LocationLost,
    LockReported,
    OnNetwork,
    ReferencesChecked,
    Reset,
    RuleInput,
    RulePhase,
    RuleReason,
    Scanner,
    Tick,
    Unlocked,
    ZonesEdited,
)
from custom_components.smartlock.auto_unlock.rules.departure import DOUBTED_FOR, LASTS
from tests.auto_unlock.rules.scenes import FACTS, FAR, RULE, UPSTAIRS, Scene

LOCATES = replace(RULE, can_locate=True)
RUN = (900.0, 1500.0, 2100.0, 1500.0, 900.0)


def fired(scene: Scene) -> int:
    return sum(isinstance(effect, Fire) for effect in scene.effects)


def reason(scene: Scene) -> str | None:
    """Return why it is in its phase."""
    return scene.rule.reason


# --- Positions that come late


@pytest.mark.parametrize("can_be_asked", [False, True])
@pytest.mark.parametrize("every", [1.0, 45.0, 80.0])
@pytest.mark.parametrize("heard_again", [False, True])
def test_kept_positions_of_a_silent_phone(can_be_asked: bool, every: float, heard_again: bool) -> None:
    scene = Scene(LOCATES if can_be_asked else RULE)
    scene.now += 3600
    if heard_again:
        scene.hear(-80, scanner=UPSTAIRS)
    for metres in RUN:
        scene.located(metres, every)
        scene.tell(Tick())
    assert not scene.is_in(RulePhase.AWAY)
    scene.located(20, every)
    scene.walk_up()
    assert not fired(scene)


def test_a_silent_phone_that_answers() -> None:
    """Live: it is away."""
    scene = Scene(LOCATES)
    scene.now += 3600
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    assert scene.is_in(RulePhase.LEAVING)
    assert reason(scene) == RuleReason.PHONE_SILENT
    scene.effects.clear()
    scene.tell(Tick(), 61)
    assert scene.effects == [AskLocation()]
    scene.located(FAR, 6)
    assert scene.is_in(RulePhase.AWAY)
    scene.located(20, 600)
    scene.walk_up()
    assert fired(scene) == 1


def test_somebody_unlocks_while_the_phone_keeps_its_positions() -> None:
    """It may have been she; what her phone delivers afterwards is from before."""
    scene = Scene()
    scene.leave()
    scene.tell(Unlocked(), 1800)
    for metres in RUN:
        scene.located(metres, 80)
    assert not scene.is_in(RulePhase.AWAY)
    scene.located(20, 80)
    scene.walk_up()
    assert not fired(scene)


def test_back_sooner_than_anybody_travels() -> None:
    scene = Scene()
    scene.leave()
    for metres in (5000, 3000, 1000):
        scene.located(metres, 1)
    scene.located(20, 1)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.POSITION_JUMPED


@pytest.mark.parametrize("every", [1.0, 12.0, 25.0])
def test_kept_positions_after_a_departure_that_was_seen(every: float) -> None:
    """Silent on the way back, in by key that nobody noticed; then the phone delivers what it kept."""
    scene = Scene()
    scene.leave()
    scene.located(900, 3600)
    scene.located(700, every)
    scene.located(20, every)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.POSITION_JUMPED


def test_an_answer_after_a_long_silence_is_no_run() -> None:
    """It was heard at the door, and asked: away by a position that lags, then back."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.now += 3600
    scene.hear(-90, scanner=UPSTAIRS)
    scene.located(600, 5)
    scene.located(20, 8)
    assert scene.is_in(RulePhase.RETURNING)


def test_back_soon_after_one_position() -> None:
    """A train out of a tunnel, an answer to a question: two positions are no run."""
    scene = Scene()
    scene.leave()
    scene.located(5000, 300)
    scene.located(20, 1)
    assert scene.is_in(RulePhase.RETURNING)


def test_not_seen_leaving_is_said() -> None:
    scene = Scene()
    for _ in range(4):
        scene.located(480, 240, accuracy=30)
    assert scene.is_in(RulePhase.LEAVING)
    assert reason(scene) == RuleReason.NOT_SEEN_LEAVING


# --- Who may say that somebody is back


def at(scene: Scene, metres: float, tracker: str, after: float = 60) -> None:
    scene.now += after
    scene.tell(
        Located(tracker=tracker, at_home=metres < 100, distance=metres, accuracy=20.0, fixed_at=scene.now)
    )


def test_another_tracker_is_not_back() -> None:
    scene = Scene()
    scene.leave()
    at(scene, 5, "tablet")
    scene.tell(LocationLost(tracker="tablet"), 5)
    assert scene.is_in(RulePhase.AWAY)
    scene.walk_up()
    assert not fired(scene)
    at(scene, 50, "", 1800)
    assert scene.is_in(RulePhase.RETURNING)


def test_a_wrong_position_of_another_tracker_does_not_hide_the_phone() -> None:
    scene = Scene()
    at(scene, 450, "tablet")
    assert scene.is_in(RulePhase.LEAVING)
    at(scene, FAR / 2, "phone")
    at(scene, FAR, "phone", 301)
    assert scene.is_in(RulePhase.AWAY)
    at(scene, 50, "tablet")
    assert scene.is_in(RulePhase.AWAY)
    at(scene, 50, "phone", 600)
    assert scene.is_in(RulePhase.RETURNING)


def test_the_network_alone_opens_no_window() -> None:
    scene = Scene(LOCATES)
    scene.leave()
    scene.effects.clear()
    scene.tell(OnNetwork(True), 60)
    assert scene.is_in(RulePhase.AWAY)
    assert scene.effects == [AskLocation()]
    scene.walk_up()
    assert not fired(scene)


def test_the_window_runs_from_when_the_network_saw_the_phone() -> None:
    """Home for an hour; then the app says so, too."""
    scene = Scene()
    scene.leave()
    scene.tell(OnNetwork(True), 600)
    scene.located(20, 3600)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.WINDOW_OVER
    scene.walk_up()
    assert not fired(scene)


def test_a_network_that_saw_the_phone_for_a_moment() -> None:
    scene = Scene()
    scene.leave()
    scene.tell(OnNetwork(True), 600)
    scene.tell(OnNetwork(False), 5)
    scene.located(20, 3600)
    assert scene.is_in(RulePhase.RETURNING)


def test_in_the_network_while_leaving() -> None:
    scene = Scene()
    scene.located(FAR / 2, 60)
    scene.tell(OnNetwork(True), 10)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.ON_NETWORK
    scene.located(FAR / 2, 60)
    assert reason(scene) == RuleReason.ON_NETWORK
    scene.located(10, 60)
    assert reason(scene) == RuleReason.AT_HOME


# --- Positions that say less than they seem to


def test_a_return_is_a_position_that_moved() -> None:
    """The zone reaches her now, or the circle of error does."""
    scene = Scene()
    scene.hear(-90, scanner=UPSTAIRS)
    scene.located(230, 60)
    scene.located(480, 301)
    scene.located(215, 60)
    assert scene.is_in(RulePhase.AWAY)
    scene.tell(Located(at_home=True, distance=215.0, accuracy=90.0, fixed_at=scene.now + 5), 5)
    assert scene.is_in(RulePhase.AWAY)


@pytest.mark.parametrize(
    ("radius", "phase"), [(None, RulePhase.AWAY), (100.0, RulePhase.AWAY), (900.0, RulePhase.RETURNING)]
)
def test_home_at_a_position_that_is_elsewhere(radius: float | None, phase: RulePhase) -> None:
    """Unless the home is as large as that."""
    scene = Scene()
    scene.leave()
    told = Located(at_home=True, distance=800.0, accuracy=10.0, fixed_at=scene.now + 900, radius=radius)
    scene.tell(told, 900)
    assert scene.is_in(phase)


def test_an_app_that_names_zones_only() -> None:
    scene = Scene()
    told = Located(at_home=False, distance=None, accuracy=None, fixed_at=scene.now + 60)
    scene.tell(told, 60)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.NO_POSITION
    records = len(scene.rule.record)
    scene.tell(replace(told, fixed_at=scene.now + 60), 60)
    assert len(scene.rule.record) == records
    scene.located(10, 600)
    assert reason(scene) == RuleReason.AT_HOME


def test_positions_that_are_never_exact_enough() -> None:
    scene = Scene()
    scene.located(FAR, 60, accuracy=800)
    assert reason(scene) == RuleReason.POSITION_INEXACT


# --- The surroundings

PHASES = (RulePhase.LEAVING, RulePhase.AWAY, RulePhase.RETURNING, RulePhase.NEAR)
DISARMING: dict[str, tuple[RuleInput, RuleReason | Hold]] = {
    "zones": (ZonesEdited(), RuleReason.ZONES_EDITED),
    "scanner": (Scanner(False), RuleReason.SCANNER_GONE),
    "clock": (Reset(RuleReason.CLOCK_GAP), RuleReason.CLOCK_GAP),
    "references": (ReferencesChecked(False), Hold.REFERENCE_GONE),
}


@pytest.mark.parametrize("name", DISARMING)
@pytest.mark.parametrize("phase", PHASES)
def test_what_disarms(name: str, phase: RulePhase) -> None:
    told, why = DISARMING[name]
    scene = Scene(facts=None)
    scene.located(FAR / 2, 60)
    if phase is not RulePhase.LEAVING:
        scene.located(FAR, 301)
    if phase in (RulePhase.RETURNING, RulePhase.NEAR):
        scene.located(50, 600)
    if phase is RulePhase.NEAR:
        scene.walk_up()
    assert scene.is_in(phase)
    records = len(scene.rule.record)
    scene.tell(told, 1)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == why
    assert len(scene.rule.record) == records + 1
    scene.located(20, 60)
    scene.walk_up()
    assert not fired(scene)


def test_asks_after_a_sleep() -> None:
    """Who is away at that moment can say so."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.tell(Reset(RuleReason.CLOCK_GAP), 100)
    scene.know()
    scene.effects.clear()
    scene.tell(Tick(), 1)
    assert scene.effects == [AskLocation()]


def test_a_scanner_that_is_back_while_somebody_is_away() -> None:
    """Not armed without it; armed again by an answer."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.tell(Scanner(False), 600)
    scene.located(FAR, 60)
    scene.located(FAR / 2, 301)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.SCANNER_GONE
    scene.effects.clear()
    scene.tell(Scanner(True), 60)
    assert scene.effects == [AskLocation()]
    scene.located(FAR, 5)
    scene.located(FAR / 2, 301)
    scene.tell(Tick(), 61)
    scene.located(FAR / 2, 5)
    assert scene.is_in(RulePhase.AWAY)


def test_an_entrance_that_was_not_known_shortly_before_the_return() -> None:
    scene = Scene()
    scene.leave()
    scene.tell(Entrances(False), 60)
    scene.tell(Entrances(True), 60)
    scene.located(50, 600)
    scene.walk_up()
    assert not fired(scene)
    assert reason(scene) == Hold.ENTRANCE_UNKNOWN


def test_an_entrance_that_was_not_known_long_before() -> None:
    scene = Scene()
    scene.leave()
    scene.tell(Entrances(False), 60)
    scene.tell(Entrances(True), 60)
    scene.located(50, 3600)
    scene.walk_up()
    assert fired(scene) == 1


def test_something_is_gone_until_it_is_there_again() -> None:
    scene = Scene()
    scene.tell(ReferencesChecked(False))
    assert reason(scene) == Hold.REFERENCE_GONE
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    assert scene.is_in(RulePhase.HOME)
    scene.tell(Configured(replace(RULE, enabled=False)))
    scene.tell(Configured(RULE))
    assert reason(scene) == Hold.REFERENCE_GONE
    scene.tell(ReferencesChecked(True))
    assert reason(scene) == RuleReason.COMPLETE
    scene.come_back()
    scene.walk_up()
    assert fired(scene) == 1


def test_a_phone_of_which_nobody_has_said_whose_it_is() -> None:
    """A dry run reports all the same."""
    scene = Scene(replace(RULE, phone_confirmed=False))
    scene.come_back()
    scene.walk_up()
    assert not fired(scene)
    assert reason(scene) == Hold.PHONE_NOT_CONFIRMED
    scene = Scene(replace(RULE, phone_confirmed=False, dry_run=True))
    scene.come_back()
    scene.walk_up()
    assert reason(scene) == RuleReason.WOULD_FIRE


# --- The door itself


def locked_again_after(scene: Scene, *doors: Door) -> None:
    """The door is not locked by day; it is locked in the end."""
    for door in doors:
        scene.tell(LockReported(replace(FACTS, locked=False, door=door)), 60)
    scene.tell(LockReported(FACTS), 60)


def test_who_goes_in_by_the_door_that_is_not_locked() -> None:
    """Hardly received, let in by a child who only opens the door; then somebody locks it, and the way leads through the hall."""
    scene = Scene()
    scene.tell(LockReported(replace(FACTS, locked=False)))
    scene.come_back()
    locked_again_after(scene, Door.OPEN, Door.CLOSED)
    scene.walk_up()
    assert not fired(scene)
    assert reason(scene) == Hold.DOOR_OPEN


def test_who_goes_in_before_the_phone_says_that_it_is_back() -> None:
    scene = Scene()
    scene.tell(LockReported(replace(FACTS, locked=False)))
    scene.leave()
    scene.hear(-85, after=1800)
    locked_again_after(scene, Door.OPEN, Door.CLOSED)
    scene.located(50, 60)
    scene.walk_up()
    assert not fired(scene)


def test_others_who_open_the_door_while_somebody_is_away() -> None:
    """Nobody of whom nothing is received has come home."""
    scene = Scene()
    scene.tell(LockReported(replace(FACTS, locked=False)))
    scene.leave()
    locked_again_after(scene, Door.OPEN, Door.CLOSED)
    assert scene.is_in(RulePhase.AWAY)
    scene.located(50, 1800)
    scene.walk_up()
    assert fired(scene) == 1


# --- A phone that takes another place for its own


def test_a_phone_that_was_wrong_is_not_seen_leaving() -> None:
    """Somebody else comes in while it lies at home, passes the door, and says that it is elsewhere."""
    scene = Scene()
    scene.located(1121, 60, accuracy=68)
    scene.tell(Unlocked(), 42)
    scene.located(1094, 21, accuracy=68)
    scene.hear(-60, after=22)
    assert reason(scene) == RuleReason.HEARD_AT_HOME
    for metres, after in ((1118, 178), (1114, 59), (1129, 72), (1122, 90)):
        scene.located(metres, after, accuracy=68)
    assert not scene.is_in(RulePhase.AWAY)
    scene.located(6, 1300)
    scene.walk_up()
    assert not fired(scene)


def test_a_phone_that_was_wrong_may_leave_later() -> None:
    """Positions that move on prove it, and so does the door with a place at which it was never caught."""
    scene = Scene()
    scene.located(1121, 60, accuracy=68)
    scene.hear(-60, after=60)
    assert reason(scene) == RuleReason.HEARD_AT_HOME
    for metres in (FAR / 4, FAR / 2, FAR):
        scene.located(metres, 200)
    assert scene.is_in(RulePhase.AWAY)
    scene.located(20, 1800)
    for after in (1800, 600, 600):
        scene.hear(-90, after=after, scanner=UPSTAIRS)
    scene.tell(Unlocked(), 30)
    scene.hear(-60, after=1)
    scene.located(FAR, 300)
    scene.located(FAR, 301)
    assert scene.is_in(RulePhase.AWAY)


def door_used_meanwhile(
    scene: Scene, *places: float, later: float = 9 * 3600.0, accuracy: float = 29.0
) -> None:
    """Somebody uses the door, the phone is received there a minute later, falls silent, and says where it is."""
    scene.tell(Unlocked(), later)
    scene.hear(-86, after=53)
    scene.hear(-61, after=4)
    for place, after in zip(places, (185, 115, 130, 130), strict=False):
        scene.tell(Tick(), after)
        scene.located(place, 6, accuracy=accuracy)


@pytest.mark.parametrize("again", [1235.0, 1120.0])
@pytest.mark.parametrize("others", [(), (460.0,)])
def test_the_place_that_a_phone_took_for_its_own_is_no_departure(
    others: tuple[float, ...], again: float
) -> None:
    """Received at home while it said so, hours before: now it says so again after somebody else has used the door."""
    scene = Scene(LOCATES)
    for place in (1242.0, *others):
        scene.located(place, 60)
        scene.hear(-93, after=60)
        assert reason(scene) == RuleReason.HEARD_AT_HOME
        scene.located(6, 100)
    door_used_meanwhile(scene, again, 1238.0, again, 1232.0)
    assert reason(scene) == RuleReason.NOT_SEEN_LEAVING
    scene.located(69, 400)
    scene.walk_up()
    assert not fired(scene)


@pytest.mark.parametrize("places", [(700.0, 710.0), (1235.0, 1238.0, 900.0)])
@pytest.mark.parametrize("later", [600.0, 9 * 3600.0])
def test_another_place_is_a_departure_even_of_a_phone_that_was_wrong(
    places: tuple[float, ...], later: float
) -> None:
    scene = Scene(LOCATES)
    scene.located(1242, 60)
    scene.hear(-93, after=60)
    assert reason(scene) == RuleReason.HEARD_AT_HOME
    scene.located(6, 100)
    door_used_meanwhile(scene, *places, later=later)
    assert scene.is_in(RulePhase.AWAY)


@pytest.mark.parametrize(("accuracy", "phase"), [(30.0, RulePhase.AWAY), (50.0, RulePhase.LEAVING)])
def test_another_place_is_one_beyond_the_error_of_the_position(accuracy: float, phase: RulePhase) -> None:
    scene = Scene(LOCATES)
    scene.located(1242, 60)
    scene.hear(-93, after=60)
    scene.located(6, 100)
    door_used_meanwhile(scene, 1102.0, 1103.0, accuracy=accuracy)
    assert scene.is_in(phase)


def test_the_same_place_is_a_departure_again_after_a_week() -> None:
    scene = Scene(LOCATES)
    scene.located(1242, 60)
    scene.hear(-93, after=60)
    scene.located(6, DOUBTED_FOR)
    door_used_meanwhile(scene, 1235.0, 1238.0)
    assert scene.is_in(RulePhase.AWAY)


# --- A phone that cannot be asked


def test_a_silent_phone_that_stays_away() -> None:
    """Stored positions end at home within minutes: a phone that is away for longer reports where it is."""
    scene = Scene()
    scene.now += 3600
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    assert reason(scene) == RuleReason.PHONE_SILENT
    scene.tell(Tick(), LASTS - 302)
    assert scene.is_in(RulePhase.LEAVING)
    scene.tell(Tick(), 2)
    assert scene.is_in(RulePhase.AWAY)
    scene.located(20, 1800)
    scene.walk_up()
    assert fired(scene) == 1


def test_a_rule_that_can_ask_does_not_wait_instead() -> None:
    """A phone that gives no answer may be in flight mode."""
    scene = Scene(LOCATES)
    scene.now += 3600
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    scene.tell(Tick(), LASTS)
    assert scene.is_in(RulePhase.LEAVING)


def test_somebody_unlocks_while_a_phone_that_cannot_be_asked_is_away() -> None:
    """The time runs from the first position after it."""
    scene = Scene()
    scene.leave()
    scene.tell(Unlocked(), 1800)
    scene.tell(Tick(), 3600)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(FAR, 60)
    scene.tell(Tick(), LASTS - 1)
    assert scene.is_in(RulePhase.LEAVING)
    scene.tell(Tick(), 2)
    assert scene.is_in(RulePhase.AWAY)


def test_received_on_the_way_home_is_not_back() -> None:
    """Whoever plays the phone at the door would be let in while its owner is on the way."""
    scene = Scene()
    scene.leave()
    scene.located(3900, 3600)
    scene.located(900, 300)
    scene.now += 60
    scene.walk_up()
    assert scene.is_in(RulePhase.AWAY)


# --- A phone that takes two places for its own, one after the other


def test_a_phone_that_jumps_away_again_is_not_back() -> None:
    """Two wrong places, one after the other, look like a way; then home, and the wrong place again."""
    scene = Scene()
    scene.leave()
    scene.located(6, 400)
    assert scene.is_in(RulePhase.RETURNING)
    scene.located(1088, 2)
    assert scene.is_in(RulePhase.HOME)
    assert reason(scene) == RuleReason.POSITION_JUMPED
    scene.walk_up()
    assert not fired(scene)


@pytest.mark.parametrize("later", [0.0, 12 * 3600.0, 6 * 86400.0])
def test_two_places_are_no_way_for_a_phone_that_was_wrong_in_the_last_week(later: float) -> None:
    """It was received at home while it said that it was away; later it says first one place, then another, then home."""
    scene = Scene(LOCATES)
    scene.located(782, 60)
    scene.hear(-93, after=60)
    assert reason(scene) == RuleReason.HEARD_AT_HOME
    for after in (later, 800, 800):
        scene.hear(-90, after=after, scanner=UPSTAIRS)
    for metres in (1016, 1019, 1004, 749):
        scene.located(metres, 130)
    assert not scene.is_in(RulePhase.AWAY)
    scene.located(17, 40)
    scene.walk_up()
    assert not fired(scene)


def test_the_noise_of_one_place_is_no_way_for_a_phone_that_was_wrong() -> None:
    """Asked twenty times, the least and the greatest of its distances are further apart than their errors."""
    scene = Scene(LOCATES)
    scene.located(782, 60)
    scene.hear(-93, after=60)
    for metres in (855, 1014, 1027, 1000, 981, 1052, 994, 1067, 1002):
        scene.located(metres, 61, accuracy=48)
    assert not scene.is_in(RulePhase.AWAY)


def test_the_last_way_home_is_no_way_for_a_phone_that_was_wrong() -> None:
    """One of two places may be near the home, too."""
    scene = Scene(LOCATES)
    scene.located(782, 60)
    scene.hear(-93, after=60)
    for metres in (1016, 1019, 1004, 1010, 160):
        scene.located(metres, 130)
    assert not scene.is_in(RulePhase.RETURNING)


def test_three_places_are_a_way_even_for_a_phone_that_was_wrong() -> None:
    scene = Scene(LOCATES)
    scene.located(782, 60)
    scene.hear(-93, after=60)
    for metres in (1016, 1019, 749):
        scene.located(metres, 200)
    assert not scene.is_in(RulePhase.AWAY)
    scene.located(500, 200)
    assert scene.is_in(RulePhase.AWAY)


def test_two_places_are_a_way_again_after_a_week() -> None:
    scene = Scene(LOCATES)
    scene.located(782, 60)
    scene.hear(-93, after=60)
    for after in (DOUBTED_FOR, 800, 800):
        scene.hear(-90, after=after, scanner=UPSTAIRS)
    for metres in (1016, 1019, 749):
        scene.located(metres, 200)
    assert scene.is_in(RulePhase.AWAY)


def test_a_way_in_by_key_is_no_way_out() -> None:
    """Back without having been seen leaving, in by key; the phone falls silent and takes another place for its own."""
    scene = Scene(LOCATES)
    for metres in (545, 549, 531):
        scene.located(metres, 200, accuracy=45)
    scene.located(60, 120)
    assert reason(scene) == RuleReason.BACK_TOO_SOON
    scene.hear(-60, after=100)
    scene.tell(Unlocked(), 20)
    scene.hear(-60, after=5)
    for after in (540, 62, 269, 64):
        scene.located(1378, after)
    assert not scene.is_in(RulePhase.AWAY)


def test_positions_that_prove_nothing_are_no_run() -> None:
    """Received, asked, and answered from the cell; then at home: nobody has jumped."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.located(1600, 60)
    scene.located(500, 950, accuracy=1300)
    scene.located(700, 10, accuracy=1700)
    scene.located(3, 8)
    assert scene.is_in(RulePhase.RETURNING)
