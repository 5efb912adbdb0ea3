"""Every way from one phase to another, and every way that must not lead on."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from custom_components.smartlock.auto_unlock.rules import (
    AskLocation,
    Configured,
    Fire,
    Located,
    LocationLost,
    LockReported,
    OnNetwork,
    Outcome,
    PhoneEvidence,
    PhoneReceived,
    PreConnect,
    Report,
    Reported,
    ReportKind,
    Reset,
    Result,
    RuleAction,
    RulePhase,
    RuleReason,
    Tick,
    Unlocked,
    due,
    machine as m,
    timing as t,
)
from tests.auto_unlock.rules.scenes import DOOR, FACTS, FAR, RULE, UPSTAIRS, Scene

LOCATES = replace(RULE, can_locate=True)


def reports(scene: Scene) -> list[tuple[ReportKind, str]]:
    return [(each.kind, each.reason) for each in scene.effects if isinstance(each, Report)]


def fired(scene: Scene) -> int:
    return sum(isinstance(effect, Fire) for effect in scene.effects)


def test_a_day() -> None:
    """Leave, come back, be let in once; not armed afterwards."""
    scene = Scene()
    scene.come_back()
    came = scene.walk_up()
    assert [type(effect) for effect in came] == [PreConnect, Fire]
    assert scene.is_in(RulePhase.FIRED)
    scene.answer()
    assert scene.is_in(RulePhase.COOLING_DOWN)
    scene.tell(Tick(), scene.settings.cool_down + 1)
    assert scene.is_in(RulePhase.HOME)
    assert not scene.walk_up()
    assert [decision.phase for decision in scene.rule.record] == [
        RulePhase.HOME,
        RulePhase.LEAVING,
        RulePhase.AWAY,
        RulePhase.RETURNING,
        RulePhase.NEAR,
        RulePhase.FIRED,
        RulePhase.COOLING_DOWN,
        RulePhase.HOME,
    ]


def test_the_second_day_is_like_the_first() -> None:
    scene = Scene()
    for _ in range(3):
        scene.come_back()
        scene.walk_up()
        scene.answer()
        scene.tell(Tick(), scene.settings.cool_down + 1)
    assert fired(scene) == 3


# --- Leaving


def test_starts_not_armed() -> None:
    scene = Scene()
    assert scene.is_in(RulePhase.HOME)
    assert not scene.walk_up()
    assert Scene(replace(RULE, enabled=False)).is_in(RulePhase.DISABLED)


def test_first_position_away_is_leaving() -> None:
    scene = Scene()
    scene.located(FAR, 60)
    assert scene.is_in(RulePhase.LEAVING)
    assert scene.rule.reason == RuleReason.WENT_OUT


@pytest.mark.parametrize("distance", [0.0, 150.0, 199.0])
def test_not_far_enough(distance: float) -> None:
    scene = Scene()
    for _ in range(4):
        scene.located(distance, 200)
    assert scene.is_in(RulePhase.HOME)


def test_not_for_long_enough() -> None:
    scene = Scene()
    scene.located(FAR / 2, 60)
    scene.located(FAR, 299)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(FAR, 2)
    assert scene.is_in(RulePhase.AWAY)


def test_time_alone_does_not_arm() -> None:
    """One position that was wrong and never corrected."""
    scene = Scene()
    scene.located(FAR, 60)
    scene.tell(Tick(), 3600)
    assert scene.is_in(RulePhase.LEAVING)


def test_not_accurate_enough() -> None:
    """What comes from a cell alone is no proof, nor a reason for doubt."""
    scene = Scene()
    scene.located(5000, 60, accuracy=800)
    assert scene.is_in(RulePhase.HOME)
    scene.located(FAR / 2, 60)
    scene.located(5000, 200, accuracy=800)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(FAR, 200)
    assert scene.is_in(RulePhase.AWAY)


def test_back_while_leaving() -> None:
    scene = Scene()
    scene.located(FAR, 60)
    scene.located(20, 200)
    assert scene.is_in(RulePhase.HOME)
    assert scene.rule.reason == RuleReason.BACK_TOO_SOON
    scene.located(FAR, 200)
    assert scene.is_in(RulePhase.LEAVING)


def test_a_phone_in_a_drawer_that_takes_another_place_for_its_own() -> None:
    """The same wrong position for hours is no departure, however exact it claims to be."""
    scene = Scene(LOCATES)
    for _ in range(30):
        scene.located(480, 240, accuracy=30)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(10, 240)
    assert scene.is_in(RulePhase.HOME)
    assert not scene.walk_up()


def test_seen_off_at_the_door() -> None:
    """A short way to one place: heard at the door while it was used, and not in the house afterwards."""
    scene = Scene()
    scene.tell(LockReported(replace(FACTS, read_at=scene.now)))
    scene.tell(Unlocked(), 5)
    scene.hear(-60)
    scene.located(400, 240)
    scene.located(400, 61)
    assert scene.is_in(RulePhase.AWAY)


@pytest.mark.parametrize("what", ["door not used", "still heard", "too long ago", "far from the door"])
def test_not_seen_off(what: str) -> None:
    scene = Scene()
    if what != "door not used":
        scene.tell(Unlocked(), 5)
    scene.hear(-90 if what == "far from the door" else -60)
    if what == "still heard":
        scene.hear(-80, after=100, scanner=UPSTAIRS)
    scene.located(400, 700 if what == "too long ago" else 120)
    scene.located(400, 301)
    scene.located(400, 301)
    assert scene.is_in(RulePhase.LEAVING)


def test_one_position_does_not_arm_even_who_was_seen_off() -> None:
    scene = Scene()
    scene.tell(Unlocked(), 5)
    scene.hear(-60)
    scene.located(400, 330)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(400, 61)
    assert scene.is_in(RulePhase.AWAY)


@pytest.mark.parametrize("let_in_by", ["rule", "key"])
def test_whoever_has_just_come_in_is_not_seen_off(let_in_by: str) -> None:
    """The phone falls silent inside, and takes another place for its own soon afterwards."""
    scene = Scene(facts=FACTS if let_in_by == "rule" else None)
    scene.come_back()
    scene.walk_up()
    if let_in_by == "rule":
        scene.answer()
    scene.tell(Unlocked(), 5)
    scene.hear(-60, after=20)
    for _ in range(10):
        scene.located(480, 240)
    assert scene.is_in(RulePhase.LEAVING)


def test_was_at_the_door_and_says_that_it_is_away() -> None:
    """That it has left again is to be shown anew: here one wrong place is all there is."""
    scene = Scene(facts=None)
    scene.come_back()
    scene.walk_up()
    scene.tell(Tick(), 60)
    for _ in range(10):
        scene.located(480, 240)
    assert scene.is_in(RulePhase.LEAVING)


def test_heard_in_the_house_while_leaving() -> None:
    """One of the two is wrong."""
    scene = Scene()
    scene.located(FAR, 60)
    scene.hear(-85, after=20)
    assert scene.is_in(RulePhase.LEAVING)
    scene.hear(-85, after=20, scanner=UPSTAIRS)
    assert scene.is_in(RulePhase.HOME)
    assert scene.rule.reason == RuleReason.HEARD_AT_HOME


@pytest.mark.parametrize("present", [True, None])
def test_in_the_homes_network_while_leaving(present: bool | None) -> None:
    scene = Scene()
    scene.tell(OnNetwork(present), 5)
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    assert scene.is_in(RulePhase.HOME)


# --- Positions that are none


def unknown(**changes: object) -> Callable[[Scene], None]:
    def tell(scene: Scene) -> None:
        fix = Located(at_home=False, distance=FAR, accuracy=20.0, fixed_at=scene.now + 10)
        scene.tell(replace(fix, **changes), 10)  # type: ignore[arg-type]

    return tell


UNKNOWNS: dict[str, Callable[[Scene], object]] = {
    "no accuracy": unknown(accuracy=None),
    "accuracy zero": unknown(accuracy=0.0),
    "accuracy below zero": unknown(accuracy=-1.0),
    "accuracy nan": unknown(accuracy=float("nan")),
    "distance nan": unknown(distance=float("nan")),
    "distance infinite": unknown(distance=float("inf")),
    "nothing known": unknown(at_home=None, distance=None, accuracy=None),
    "zone alone, away": unknown(distance=None, accuracy=None),
    "zone not known": unknown(at_home=None, distance=None),
    "lost": lambda scene: scene.tell(LocationLost(), 10),
    "network lost": lambda scene: scene.tell(OnNetwork(None), 10),
}


@pytest.mark.parametrize("name", UNKNOWNS)
@pytest.mark.parametrize("phase", [RulePhase.LEAVING, RulePhase.AWAY, RulePhase.RETURNING])
def test_an_unknown_location_disarms(name: str, phase: RulePhase) -> None:
    scene = Scene()
    scene.located(FAR / 2, 60)
    if phase != RulePhase.LEAVING:
        scene.located(FAR, 301)
    if phase == RulePhase.RETURNING:
        scene.located(50, 600)
    assert scene.is_in(phase)
    UNKNOWNS[name](scene)
    assert scene.is_in(RulePhase.HOME)
    named = name == "zone alone, away"
    assert scene.rule.reason == (RuleReason.NO_POSITION if named else RuleReason.LOCATION_LOST)
    assert not scene.walk_up()


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(0.0, id="told again"),
        pytest.param(-60.0, id="overtaken"),
        pytest.param(30.0, id="future"),
    ],
)
def test_positions_out_of_order_change_nothing(at: float) -> None:
    scene = Scene()
    scene.located(FAR, 60)
    before = scene.rule
    scene.tell(Located(at_home=True, distance=5.0, accuracy=20.0, fixed_at=scene.now + at))
    assert scene.rule == before


def test_an_old_position_is_no_proof_of_being_away() -> None:
    scene = Scene()
    scene.now += 1000
    scene.tell(Located(at_home=False, distance=FAR, accuracy=20.0, fixed_at=scene.now - 121))
    assert scene.is_in(RulePhase.HOME)


def test_an_old_position_opens_no_new_window() -> None:
    """The window counts from when the phone was back, not from when that was told."""
    scene = Scene()
    scene.leave()
    back_at = scene.now + 10
    scene.now += 10 + scene.settings.window + 1
    scene.tell(Located(at_home=True, distance=5.0, accuracy=20.0, fixed_at=back_at))
    assert not scene.walk_up()
    assert scene.is_in(RulePhase.HOME)


# --- Away


def test_an_armed_rule_is_forgotten() -> None:
    scene = Scene()
    scene.leave()
    assert due(scene.rule, scene.now) == pytest.approx(scene.now + t.AWAY_AGE, abs=0.1)
    scene.tell(Tick(), t.AWAY_AGE + 1)
    assert scene.is_in(RulePhase.HOME)
    assert scene.rule.reason == RuleReason.LOCATION_STALE


def test_each_position_that_is_away_keeps_it() -> None:
    scene = Scene()
    scene.leave()
    for _ in range(4):
        scene.located(FAR, t.AWAY_AGE - 10)
    assert scene.is_in(RulePhase.AWAY)


@pytest.mark.parametrize(
    "back",
    [
        pytest.param(lambda s: s.located(50, 60), id="zone"),
        pytest.param(lambda s: s.located(180, 60), id="near the zone"),
        pytest.param(
            lambda s: s.tell(Located(at_home=True, distance=None, accuracy=None, fixed_at=s.now + 60), 60),
            id="zone alone",
        ),
    ],
)
def test_ways_to_come_back(back: Callable[[Scene], object]) -> None:
    scene = Scene()
    scene.leave()
    back(scene)
    assert scene.is_in(RulePhase.RETURNING)
    scene.walk_up()
    assert fired(scene) == 1


def test_a_vague_position_is_no_return() -> None:
    scene = Scene()
    scene.leave()
    scene.located(50, 60, accuracy=900)
    assert scene.is_in(RulePhase.AWAY)


def test_asks_where_the_phone_is_that_is_heard() -> None:
    """The position may lag behind; it is asked for some times, not with each advertisement."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.effects.clear()
    came = scene.walk_up()
    assert came[0] == AskLocation()
    assert 1 < sum(effect == AskLocation() for effect in came) <= 4
    assert scene.is_in(RulePhase.AWAY)
    scene.located(20)
    came = scene.tell(Tick())
    assert fired(scene) == 1


def test_asks_again_while_the_phone_comes_nearer() -> None:
    scene = Scene(LOCATES)
    scene.leave()
    scene.located(1400, 600)
    scene.effects.clear()
    scene.tell(Tick(), 61)
    assert scene.effects == [AskLocation()]
    scene.located(1450, 1)
    scene.tell(Tick(), 61)
    assert scene.effects == [AskLocation()]


def test_asks_sooner_the_nearer_the_phone_is() -> None:
    """Half a minute from the door there is no minute to wait; a walk of 80 m between two answers is nearer, too."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.located(500, 600)
    for metres in (460, 420):
        scene.effects.clear()
        scene.tell(Tick(), 29)
        assert not scene.effects
        scene.tell(Tick(), 3)
        assert scene.effects == [AskLocation()]
        scene.located(metres, 4)


def test_asks_at_the_present_pace() -> None:
    """By car, 2.5 km are less than five minutes."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.located(5200, 600)
    scene.effects.clear()
    scene.located(2500, 300)
    scene.tell(Tick(), 61)
    assert scene.effects == [AskLocation()]


def test_asks_again_after_a_position_that_proves_nothing() -> None:
    scene = Scene(LOCATES)
    scene.leave()
    scene.effects.clear()
    scene.located(1500, 600, accuracy=1400)
    scene.tell(Tick(), 61)
    assert scene.effects == [AskLocation()]


def test_asks_again_soon_when_nobody_answers() -> None:
    """Somebody else has unlocked, and the owner is on the way home: one lost question must not cost a minute."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.tell(Unlocked(), 600)
    scene.effects.clear()
    scene.tell(Tick(), 32)
    assert scene.effects == [AskLocation()]
    scene.located(FAR, 5)
    assert scene.is_in(RulePhase.AWAY)


def test_one_answer_after_the_other() -> None:
    """Positions that were requested are no series of stored ones: the second is an answer, too."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.located(1200, 600)
    scene.tell(Tick(), 61)
    scene.located(1000, 4)
    scene.tell(Unlocked(), 30)
    assert scene.is_in(RulePhase.LEAVING)
    scene.located(900, 4)
    assert scene.is_in(RulePhase.AWAY)


def test_a_departure_that_nobody_saw_is_seen_on_the_way_home() -> None:
    """A visit 450 m away: asked on, the phone moves; nearer than 200 m is enough."""
    scene = Scene(LOCATES)
    for _ in range(12):
        scene.located(450, 60)
        scene.tell(Tick())
    assert scene.is_in(RulePhase.LEAVING)
    scene.effects.clear()
    scene.tell(Tick(), 121)
    assert scene.effects == [AskLocation()]
    scene.located(150, 4)
    assert scene.is_in(RulePhase.RETURNING)
    scene.walk_up()
    assert fired(scene) == 1


def test_heard_at_home_and_away_at_once() -> None:
    """A recording that somebody plays, a relay, or a wrong position: no reason to open."""
    scene = Scene(LOCATES)
    scene.leave()
    scene.walk_up()
    scene.located(FAR)
    assert scene.is_in(RulePhase.HOME)
    assert scene.rule.reason == RuleReason.HEARD_AT_HOME
    assert not fired(scene)


@pytest.mark.parametrize("phase", [RulePhase.LEAVING, RulePhase.AWAY, RulePhase.RETURNING, RulePhase.NEAR])
@pytest.mark.parametrize("told", [Unlocked(), LockReported(replace(FACTS, locked=False))])
def test_any_unlock_disarms(phase: RulePhase, told: Unlocked | LockReported) -> None:
    scene = Scene(facts=None)
    scene.tell(LockReported(FACTS))
    scene.located(FAR / 2, 60)
    if phase != RulePhase.LEAVING:
        scene.located(FAR, 301)
    if phase in (RulePhase.RETURNING, RulePhase.NEAR):
        scene.located(50, 600)
    if phase == RulePhase.NEAR:
        scene.walk_up()
    assert scene.is_in(phase)
    scene.tell(told, 1)
    assert not scene.is_in(RulePhase.AWAY)
    assert not scene.is_in(RulePhase.RETURNING)
    assert scene.rule.reason == RuleReason.UNLOCKED
    scene.facts = FACTS
    scene.walk_up()
    assert not fired(scene)


def test_somebody_else_unlocks_at_noon() -> None:
    """Only a position from after the unlock arms again; it is asked for."""
    scene = Scene(LOCATES)
    scene.leave()
    taken_before = scene.now + 50
    scene.tell(Unlocked(), 60)
    assert AskLocation() in scene.effects
    assert scene.is_in(RulePhase.LEAVING)
    scene.tell(Located(at_home=False, distance=FAR, accuracy=20.0, fixed_at=taken_before), 1)
    assert scene.is_in(RulePhase.LEAVING)
    scene.tell(Tick(), 61)
    scene.located(FAR, 6)
    assert scene.is_in(RulePhase.AWAY)


def test_an_unlock_while_the_phone_is_heard() -> None:
    """It may have been the owner, with a position that lags."""
    scene = Scene()
    scene.leave()
    scene.hear(-80, after=60)
    scene.tell(Unlocked(), 5)
    assert scene.is_in(RulePhase.HOME)
    scene.located(FAR, 10)
    scene.located(FAR, 301)
    assert scene.is_in(RulePhase.LEAVING)


# --- Returning and near


def test_the_window_closes() -> None:
    scene = Scene()
    scene.come_back()
    scene.tell(Tick(), scene.settings.window + 1)
    assert scene.is_in(RulePhase.HOME)
    assert scene.rule.reason == RuleReason.WINDOW_OVER
    assert not scene.walk_up()


def test_lingers_about_the_house() -> None:
    """In by the garage, perhaps: who comes to the door later comes from inside."""
    scene = Scene()
    scene.come_back()
    for _ in range(int(t.LINGER / 10) + 2):
        scene.hear(-88, after=10, scanner=UPSTAIRS)
    assert scene.is_in(RulePhase.HOME)
    assert reports(scene) == [(ReportKind.REFUSED, RuleReason.LINGERED)]
    assert not scene.walk_up()


def test_comes_past_and_goes_on() -> None:
    """Into the zone and out again: armed again after some minutes away."""
    scene = Scene()
    scene.come_back()
    scene.located(600, 200)
    assert scene.is_in(RulePhase.RETURNING)
    scene.located(620, 301)
    assert scene.is_in(RulePhase.AWAY)


def test_positions_that_jump_on_the_way() -> None:
    scene = Scene()
    scene.come_back()
    scene.located(260, 20)
    scene.located(40, 20)
    assert scene.is_in(RulePhase.RETURNING)
    scene.walk_up()
    assert fired(scene) == 1


def test_weak_all_the_time() -> None:
    scene = Scene()
    scene.come_back()
    scene.walk_up(last=-86)
    assert scene.is_in(RulePhase.RETURNING)
    assert not scene.effects


def test_connects_before_it_is_near() -> None:
    """While the level is on its way up."""
    scene = Scene()
    scene.come_back()
    came = scene.walk_up(last=scene.settings.threshold - 8)
    assert [type(effect) for effect in came] == [PreConnect]
    assert scene.is_in(RulePhase.RETURNING)


def test_sits_in_the_car_in_front_of_the_door() -> None:
    """Near enough to connect again and again, for minutes: the state is read for who comes to the door all the same."""
    scene = Scene()
    scene.come_back()
    for _ in range(400):
        scene.hear(-78 if scene.now % 50 > 5 else -90, after=0.5)
    scene.walk_up(first=-80)
    assert fired(scene) == 1


def test_does_not_connect_without_a_return() -> None:
    scene = Scene()
    scene.leave()
    assert not scene.walk_up()


def test_an_unreachable_lock_is_asked_some_times() -> None:
    scene = Scene(facts=None)
    scene.come_back()
    came = scene.walk_up()
    for _ in range(100):
        came += scene.hear(-60, after=0.5)
    assert sum(isinstance(effect, PreConnect) for effect in came) == m.CONNECTS
    assert scene.is_in(RulePhase.NEAR)
    assert not fired(scene)


@pytest.mark.parametrize(("louder", "opens"), [(0, False), (5, False), (6, True)])
def test_one_loud_packet_after_a_silence(louder: int, opens: bool) -> None:
    """All that a scanner hears that listens a tenth of the time; a little louder than the threshold is no proof."""
    scene = Scene()
    scene.come_back()
    scene.hear(-88, after=60)
    scene.hear(scene.settings.threshold + louder, after=20)
    assert fired(scene) == opens


@pytest.mark.parametrize(("after", "opens"), [(30.0, True), (59.0, True), (61.0, False), (300.0, False)])
def test_one_loud_packet_counts_in_the_first_minute(after: float, opens: bool) -> None:
    """Later she may have come in with a key that nobody noticed: a packet in the hall is loud, too."""
    scene = Scene()
    scene.come_back()
    scene.hear(-88, after=60)
    scene.hear(-80, after=after - 20, scanner=UPSTAIRS)
    scene.hear(scene.settings.threshold + 6, after=20)
    assert fired(scene) == opens


def test_two_loud_packets_in_a_row_are_a_moment() -> None:
    """A scanner that listens hears more: the level decides."""
    scene = Scene()
    scene.come_back()
    scene.hear(-88, after=60)
    scene.hear(-88, after=1)
    scene.hear(-55, after=1)
    assert not fired(scene)


def test_almost_near_with_holes_is_far_away() -> None:
    """Thirty meters before the door, of a phone that sends four a second: only the loudest get through."""
    scene = Scene(replace(RULE, threshold=-82))
    scene.come_back()
    scene.now += 60
    far = ((0, -91), (2.3, -94), (4.6, -94), (1.1, -91), (0.2, -85), (0.5, -88), (1.0, -89), (1.1, -84))
    loudest = ((0.7, -85), (0.8, -84), (0.3, -84), (0.2, -83), (3.1, -93), (0.2, -92), (1.3, -87))
    for after, rssi in (*far, *loudest):
        scene.hear(rssi, after=after)
    assert not fired(scene)


def test_almost_near_for_some_seconds() -> None:
    """With the phone in another pocket than when it was calibrated."""
    scene = Scene()
    scene.come_back()
    scene.walk_up(last=scene.settings.threshold - 4)
    assert not fired(scene)
    for _ in range(12):
        scene.hear(scene.settings.threshold - 4, after=0.5)
    assert fired(scene) == 1


def test_does_not_rise() -> None:
    """Lies near the door all the time, like a phone on the sideboard: heard for long, coming from nowhere."""
    scene = Scene()
    scene.leave()
    for _ in range(200):
        scene.hear(-62, after=0.5)
    scene.located(20)
    for _ in range(200):
        scene.hear(-62, after=0.5)
    assert not fired(scene)


def test_goes_by() -> None:
    scene = Scene(facts=None)
    scene.come_back()
    scene.walk_up()
    assert scene.is_in(RulePhase.NEAR)
    scene.tell(Tick(), 10)
    assert scene.is_in(RulePhase.RETURNING)
    assert reports(scene) == [(ReportKind.REFUSED, "state_not_read")]


def test_a_scanner_that_is_not_at_the_door() -> None:
    scene = Scene()
    scene.come_back()
    for level in range(-95, -40):
        scene.hear(level, after=0.5, scanner=UPSTAIRS)
    assert scene.is_in(RulePhase.RETURNING)


def test_an_advertisement_from_the_future() -> None:
    scene = Scene()
    scene.come_back()
    before = scene.rule
    scene.tell(PhoneReceived(rssi=-50, scanner=DOOR, at=scene.now + 5))
    assert scene.rule == before


# --- An entity as evidence

ENTITY = replace(RULE, evidence=PhoneEvidence.ENTITY, door_scanners=frozenset())


def test_entity() -> None:
    scene = Scene(ENTITY)
    scene.tell(Reported(False))
    scene.come_back()
    scene.tell(Reported(True), 30)
    assert fired(scene) == 1


def test_entity_that_is_near_while_the_phone_says_that_it_is_away() -> None:
    """The phone lies at the door inside and takes two places for its own; then its owner takes it upstairs and down again."""
    scene = Scene(ENTITY)
    scene.tell(Reported(True))
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    assert scene.rule.reason == RuleReason.HEARD_AT_HOME
    scene.located(FAR, 301)
    scene.located(20, 60)
    scene.tell(Reported(False), 10)
    scene.tell(Reported(True), 10)
    assert not fired(scene)


def test_entity_that_shows_near_for_a_while_after_its_phone_has_left() -> None:
    scene = Scene(ENTITY)
    scene.tell(Reported(True))
    scene.located(FAR / 2, 60)
    scene.tell(Reported(False), 20)
    scene.located(FAR, 301)
    scene.located(50, 1800)
    scene.tell(Reported(True), 30)
    assert fired(scene) == 1


def test_entity_that_stays_near_while_the_phone_says_that_it_is_away() -> None:
    """Somebody plays the phone at the door and stays there: the next position says so."""
    scene = Scene(ENTITY)
    scene.tell(Reported(False))
    scene.leave()
    scene.tell(Reported(True), 600)
    scene.located(FAR, 120)
    assert scene.rule.reason == RuleReason.HEARD_AT_HOME


def test_entity_that_did_not_know() -> None:
    scene = Scene(ENTITY)
    scene.tell(Reported(False))
    scene.come_back()
    scene.tell(Reported(None), 10)
    scene.tell(Reported(True), 10)
    assert not fired(scene)


def test_advertisements_mean_nothing_to_an_entity_rule() -> None:
    scene = Scene(ENTITY)
    scene.tell(Reported(False))
    scene.come_back()
    assert not scene.walk_up()


# --- Fired and afterwards


@pytest.mark.parametrize(
    ("result", "kind", "reason"),
    [
        (Result.DONE, ReportKind.FIRED, RuleReason.DONE),
        (Result.REFUSED, ReportKind.REFUSED, RuleReason.REFUSED_BY_LOCK),
        (Result.OUTCOME_UNKNOWN, ReportKind.REFUSED, RuleReason.OUTCOME_UNKNOWN),
        (Result.NOT_SENT, ReportKind.REFUSED, RuleReason.NOT_SENT),
    ],
)
@pytest.mark.parametrize("code", [None, 0x40, 3, 9, 0x0A, 0x51])
def test_what_the_lock_says_is_shown_and_never_repeated(
    result: Result, kind: ReportKind, reason: RuleReason, code: int | None
) -> None:
    scene = Scene()
    scene.come_back()
    scene.walk_up()
    scene.effects.clear()
    (report,) = scene.answer(result, code)
    assert isinstance(report, Report)
    assert (report.kind, report.reason, report.code) == (kind, reason, code)
    assert scene.rule.record[-1].code == code
    scene.walk_up()
    scene.tell(Outcome(result, code))
    assert len(scene.effects) == 1
    assert scene.is_in(RulePhase.COOLING_DOWN)


def test_nobody_answers() -> None:
    scene = Scene()
    scene.come_back()
    scene.walk_up()
    scene.tell(Tick(), t.OUTCOME_WITHIN + 1)
    assert scene.is_in(RulePhase.COOLING_DOWN)
    assert scene.rule.reason == RuleReason.OUTCOME_UNKNOWN


def test_leaves_while_cooling_down() -> None:
    scene = Scene()
    scene.come_back()
    scene.walk_up()
    scene.answer()
    scene.located(FAR / 2, 200)
    assert scene.is_in(RulePhase.COOLING_DOWN)
    scene.located(FAR, scene.settings.cool_down)
    assert scene.is_in(RulePhase.AWAY)


@pytest.mark.parametrize("doubt", [LocationLost(), Unlocked()])
def test_doubt_while_cooling_down(doubt: LocationLost | Unlocked) -> None:
    scene = Scene()
    scene.come_back()
    scene.walk_up()
    scene.answer()
    scene.located(FAR / 2, 200)
    scene.tell(doubt, 10)
    scene.tell(Tick(), scene.settings.cool_down)
    assert scene.is_in(RulePhase.HOME)


def test_dry_run() -> None:
    scene = Scene(replace(RULE, dry_run=True))
    scene.come_back()
    scene.walk_up()
    assert reports(scene) == [(ReportKind.WOULD_FIRE, RuleReason.WOULD_FIRE)]
    assert not fired(scene)
    assert scene.is_in(RulePhase.COOLING_DOWN)


# --- Restarts and settings

PHASES = (
    RulePhase.LEAVING,
    RulePhase.AWAY,
    RulePhase.RETURNING,
    RulePhase.NEAR,
    RulePhase.FIRED,
    RulePhase.COOLING_DOWN,
)


def scene_in(phase: RulePhase) -> Scene:
    scene = Scene(facts=None if phase == RulePhase.NEAR else FACTS)
    scene.located(FAR / 2, 60)
    if phase != RulePhase.LEAVING:
        scene.located(FAR, 301)
    if phase not in (RulePhase.LEAVING, RulePhase.AWAY):
        scene.located(50, 600)
    if phase in (RulePhase.NEAR, RulePhase.FIRED, RulePhase.COOLING_DOWN):
        scene.walk_up()
    if phase == RulePhase.COOLING_DOWN:
        scene.answer()
    assert scene.is_in(phase)
    scene.facts = FACTS
    scene.effects.clear()
    return scene


@pytest.mark.parametrize("phase", PHASES)
def test_a_restart_in_every_phase(phase: RulePhase) -> None:
    """Not armed, and nothing from before counts, not even the conditions."""
    scene = scene_in(phase)
    scene.tell(Reset())
    assert scene.is_in(RulePhase.HOME)
    scene.walk_up()
    scene.located(20, 10)
    scene.walk_up()
    assert not fired(scene)


@pytest.mark.parametrize("phase", PHASES)
def test_switching_off_in_every_phase(phase: RulePhase) -> None:
    scene = scene_in(phase)
    scene.tell(Configured(replace(RULE, enabled=False)))
    assert scene.is_in(RulePhase.DISABLED)
    scene.located(FAR / 2, 60)
    scene.located(FAR, 301)
    scene.located(20, 600)
    scene.walk_up()
    assert not scene.effects
    assert due(scene.rule, scene.now) is None
    scene.tell(Configured(RULE))
    assert scene.is_in(RulePhase.HOME)


@pytest.mark.parametrize("phase", PHASES)
def test_new_settings_in_every_phase(phase: RulePhase) -> None:
    scene = scene_in(phase)
    scene.tell(Configured(replace(RULE, threshold=-80)))
    assert scene.is_in(RulePhase.HOME)
    scene.walk_up()
    assert not fired(scene)


def test_what_was_told_while_off_is_known_when_switched_on() -> None:
    scene = Scene(replace(RULE, enabled=False))
    scene.tell(Configured(RULE))
    scene.come_back()
    scene.walk_up()
    assert fired(scene) == 1


def test_asks_after_a_restart() -> None:
    scene = Scene(LOCATES)
    assert due(scene.rule, scene.now) is not None
    assert scene.tell(Tick(), 1) == [AskLocation()]
    assert due(scene.rule, scene.now) is None


def test_asks_while_leaving() -> None:
    scene = Scene(LOCATES)
    scene.tell(Tick(), 1)
    scene.located(FAR / 2, 60)
    scene.effects.clear()
    at = due(scene.rule, scene.now)
    assert at == pytest.approx(scene.now + 300, abs=0.1)
    scene.tell(Tick(), 301)
    assert scene.effects == [AskLocation()]
    scene.located(FAR, 4)
    assert scene.is_in(RulePhase.AWAY)


def test_asks_after_a_doubtful_position() -> None:
    scene = Scene(LOCATES)
    scene.tell(Tick(), 1)
    scene.located(170, 60, accuracy=60)
    scene.effects.clear()
    scene.tell(Tick(), 61)
    assert scene.effects == [AskLocation()]


def test_asks_a_bounded_number_of_times() -> None:
    scene = Scene(LOCATES)
    scene.located(FAR, 60)
    for _ in range(500):
        scene.tell(Tick(), 60)
    rarely = 500 * 60 / t.ASK_RARELY
    assert sum(effect == AskLocation() for effect in scene.effects) <= t.ASKS_MOVING + rarely + 1


def test_a_phone_that_has_left_is_asked_a_few_times() -> None:
    scene = Scene(LOCATES)
    scene.located(FAR / 2, 60)
    scene.located(FAR, 60)
    for _ in range(500):
        scene.tell(Tick(), 60)
    assert sum(effect == AskLocation() for effect in scene.effects) <= t.ASKS + 1


def test_the_record_is_bounded_and_says_nothing_personal() -> None:
    scene = Scene()
    for _ in range(40):
        scene.located(FAR, 60)
        scene.located(20, 60)
    assert len(scene.rule.record) == 50
    shown = repr(scene.rule.record)
    assert DOOR not in shown
    assert str(FAR) not in shown


@pytest.mark.parametrize(
    "changes", [{"window": 60.0}, {"window": 3601.0}, {"arm_distance": 0.0}, {"arm_after": -1.0}]
)
def test_settings_that_make_no_sense(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        replace(RULE, **changes)  # type: ignore[arg-type]


def test_unlatch_is_what_the_lock_is_told() -> None:
    scene = Scene(replace(RULE, action=RuleAction.UNLATCH, unlatching_allowed=True))
    scene.come_back()
    scene.walk_up()
    scene.confirm()
    (fire,) = [effect for effect in scene.effects if isinstance(effect, Fire)]
    assert fire.action is RuleAction.UNLATCH
