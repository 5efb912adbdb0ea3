"""Whatever happens in whatever order: no way from something unknown to an unlock, one shot, and no latch."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from hypothesis import event, given, settings, strategies as st

from custom_components.smartlock.auto_unlock.rules import (
    Alarm,
    AskConfirmation,
    AskLocation,
    Configured,
    Confirmed,
    Door,
    Effect,
    Entrances,
    Fire,
    Located,
    LocationLost,
    LockFacts,
    LockReported,
    OnNetwork,
    Outcome,
    Paused,
    PhoneEvidence,
    PhoneReceived,
    PreConnect,
    QuietHours,
    ReferencesChecked,
    Reported,
    Reset,
    Result,
    RuleAction,
    RuleInput,
    RulePhase,
    RuleReason,
    RuleSettings,
    RuleState,
    Scanner,
    Tick,
    Trouble,
    Unlocked,
    ZonesEdited,
    due,
    start,
    step,
)
from custom_components.smartlock.auto_unlock.rules.departure import LASTS
from custom_components.smartlock.auto_unlock.rules.holds import STATE_AGE
from tests.auto_unlock.rules.scenes import DOOR, FACTS, KNOWN, RULE, UPSTAIRS

MAYBE = st.sampled_from([True, False, None])

RULES = st.builds(
    RuleSettings,
    enabled=st.just(True),
    evidence=st.sampled_from(PhoneEvidence),
    door_scanners=st.just(frozenset({DOOR})),
    action=st.sampled_from(RuleAction),
    unlatching_allowed=st.booleans(),
    confirm=st.booleans(),
    alarm=st.booleans(),
    can_locate=st.booleans(),
    hold_battery_critical=st.booleans(),
)
LOCKS = st.builds(
    LockFacts,
    locked=MAYBE,
    moving=MAYBE,
    jammed=MAYBE,
    faulty=MAYBE,
    battery_critical=MAYBE,
    door=st.sampled_from(Door),
    auto_unlatch=MAYBE,
)
# As if everything went well but for one thing, or for nothing; random facts hardly ever let anybody in.
LOCKS_MOSTLY_WELL = st.one_of(
    st.just(FACTS),
    st.just(replace(FACTS, auto_unlatch=True)),
    LOCKS,
)
METRES = st.one_of(st.none(), st.floats(0, 5000), st.sampled_from([float("nan"), 20.0, 190.0, 800.0, 2000.0]))
ACCURACIES = st.one_of(st.none(), st.sampled_from([0.0, -1.0, 5.0, 30.0, 99.0, 500.0, float("nan")]))

TRACKERS = st.sampled_from(["", "", "tablet"])
# A strategy that is made for each draw takes longer than the draw.
FIX_AGES = st.sampled_from([0.0, 0.0, 1.0, 300.0, -60.0])
READ_AGES = st.sampled_from([None, 0.0, 10.0, 100.0, -5.0])
SCANNERS = st.sampled_from([DOOR, UPSTAIRS])
LEVELS = st.integers(-110, 20)
RESULTS = st.sampled_from(Result)
REFUSALS = st.sampled_from([None, 0x40, 3, 0x51])
SHORT_PAUSES = st.sampled_from([0.0, 0.2, 5.0, 200.0])
PAUSES = st.sampled_from([0.0, 0.2, 1.0, 30.0, 400.0, 50000.0])
ANSWERS_AFTER = st.sampled_from([1.0, 70.0])

_ONCE: list[RuleInput] = [LocationLost(), Reset(), Reset(RuleReason.CLOCK_GAP), Unlocked(), ZonesEdited()]
_HOLDING: list[RuleInput] = [
    Alarm(None),
    Alarm(True),
    QuietHours(None),
    QuietHours(True),
    Paused(True),
    Trouble(None),
    Trouble(True),
    Scanner(False),
    Entrances(False),
    ReferencesChecked(False),
]
_WELL: list[RuleInput] = [*KNOWN, Scanner(True), Entrances(True), ReferencesChecked(True)]
KINDS = st.integers(0, 14)
ONCE, HOLDING, WELL = st.sampled_from(_ONCE), st.sampled_from(_HOLDING), st.sampled_from(_WELL)


@st.composite
def events(draw: st.DrawFn, now: float) -> RuleInput:
    """Draw anything that may be told."""
    kind = draw(KINDS)
    match kind:
        case 0 | 1 | 2:
            return Located(
                tracker=draw(TRACKERS),
                at_home=draw(MAYBE),
                distance=draw(METRES),
                accuracy=draw(ACCURACIES),
                fixed_at=now - draw(FIX_AGES),
            )
        case 3 | 4:
            scanner = draw(SCANNERS)
            return PhoneReceived(rssi=draw(LEVELS), scanner=scanner, at=now)
        case 5:
            return Reported(draw(MAYBE))
        case 6 | 7:
            age = draw(READ_AGES)
            read_at = None if age is None else now - age
            return LockReported(replace(draw(LOCKS_MOSTLY_WELL), read_at=read_at))
        case 8:
            return OnNetwork(draw(MAYBE))
        case 9:
            return draw(ONCE)
        case 10:
            return Outcome(draw(RESULTS), draw(REFUSALS))
        case 11:
            return Confirmed(draw(st.booleans()))
        case 12:
            return draw(HOLDING)
        case 13:
            return draw(WELL)
    return Tick()


class Witness:
    """Lives through events, and knows by itself what an unlock must rest on."""

    def __init__(self, rule: RuleSettings) -> None:
        self.settings = rule
        self.now = 1000.0
        self.rule: RuleState = start(rule, self.now)
        self.fires: list[Fire] = []
        self._told: list[tuple[float, RuleInput]] = []
        self._asked_link: float | None = None
        self._asked_phone: float | None = None
        self._armed_since_fire = False
        self._asked: list[float] = []

    def tell(self, told: RuleInput, after: float = 0.0) -> list[Effect]:
        self.now += after
        if isinstance(told, Configured):
            self.settings = told.settings
        if isinstance(told, Reset):
            self._told.clear()
            self._armed_since_fire = False
        self._told.append((self.now, told))
        before = self.rule.record
        self.rule, effects = step(self.rule, told, self.now)
        # One event may arm a rule and show the return.
        new = [each.phase for each in self.rule.record if not any(each is other for other in before)]
        if RulePhase.AWAY in (self.rule.phase, *new):
            self._armed_since_fire = True
            self._asked_link = self._asked_phone = None
        for effect in effects:
            match effect:
                case PreConnect() if self._asked_link is None:
                    self._asked_link = self.now
                case AskConfirmation():
                    self._asked_phone = self.now
                case AskLocation():
                    self._asked.append(self.now)
                case Fire():
                    self._judge(effect)
        wake = due(self.rule, self.now)
        assert wake is None or wake >= self.now
        return list(effects)

    def last[T: RuleInput](self, kind: type[T]) -> T | None:
        """Return the last event of a kind."""
        return next((told for _, told in reversed(self._told) if isinstance(told, kind)), None)

    def _judge(self, fire: Fire) -> None:
        self.fires.append(fire)
        rule = self.settings
        assert rule.enabled
        assert not rule.dry_run
        assert self._armed_since_fire, "one shot"
        self._armed_since_fire = False
        self._judge_conditions(rule)
        facts = self._judge_lock(rule)
        self._judge_latch(rule, fire, facts)
        self._judge_location(rule)

    def _judge_conditions(self, rule: RuleSettings) -> None:
        assert self.last(Paused) == Paused(False)
        assert self.last(QuietHours) == QuietHours(False)
        assert self.last(Trouble) == Trouble(False)
        assert not rule.alarm or self.last(Alarm) == Alarm(False)
        assert not [at for at, told in self._told if isinstance(told, Unlocked) and at > self.now - 180]
        for kind in (Scanner, Entrances, ReferencesChecked):
            assert self.last(kind) in (None, kind(True))
        assert not [at for at, told in self._told if told == Entrances(False) and at > self.now - 1800]

    def _judge_lock(self, rule: RuleSettings) -> LockFacts:
        told = self.last(LockReported)
        assert told is not None
        facts = told.facts
        assert facts.read_at is not None
        assert self._asked_link is not None
        assert max(self._asked_link, self.now - STATE_AGE) <= facts.read_at <= self.now
        assert facts.locked is True
        assert facts.moving is False
        assert facts.jammed is False
        assert facts.faulty is False
        assert facts.door in (Door.CLOSED, Door.NO_SENSOR)
        assert facts.battery_critical is False or (
            facts.battery_critical is True and not rule.hold_battery_critical
        )
        return facts

    def _judge_latch(self, rule: RuleSettings, fire: Fire, facts: LockFacts) -> None:
        assert fire.action is rule.action
        opens = fire.action is RuleAction.UNLATCH or facts.auto_unlatch is not False
        assert not opens or rule.unlatching_allowed
        if opens or rule.confirm:
            assert self._asked_phone is not None
            yes = [at for at, told in self._told if told == Confirmed(True) and at >= self._asked_phone]
            assert yes
            assert self.now <= self._asked_phone + 61

    def _judge_location(self, rule: RuleSettings) -> None:
        """Twice far away, told exactly and some minutes apart; then back, not long ago; and no doubt since.

        A phone that cannot be asked: once, and not back for a while.
        """
        assert any(self._was_away_and_is_back(rule, tracker) for tracker in ("", "tablet"))

    def _was_away_and_is_back(self, rule: RuleSettings, tracker: str) -> bool:
        """By one and the same tracker, whose positions were not only delivered late."""
        fixes = [told for _, told in self._told if isinstance(told, Located) and told.tracker == tracker]
        away = [told.fixed_at for told in fixes if _is_away(told, rule)]
        back = [told.fixed_at for told in fixes if _is_back(told, rule) and told.fixed_at <= self.now]
        lasted = not rule.can_locate and any(
            at + LASTS <= self.now and not [each for each in back if at < each <= at + LASTS] for at in away
        )
        if len(away) < (1 if lasted else 2):
            return False
        if not [at for at in back if away[0] < at >= self.now - rule.window - 1]:
            return False
        doubts = (Unlocked, ZonesEdited)
        doubtful = [
            at
            for at, told in self._told
            if isinstance(told, doubts)
            or told in (LocationLost(tracker=tracker), OnNetwork(None), Scanner(False))
        ]
        signs = [at for at, told in self._told if isinstance(told, PhoneReceived) or told in _SIGNS]
        timely = any(any(at - 900 <= sign <= at for sign in signs) for at in away)
        answered = any(any(at - 15 <= asked <= at for asked in self._asked) for at in away)
        return (timely or answered or lasted) and not [at for at in doubtful if at > max(back)]


_SIGNS = (Reported(True), Reported(False))


def _is_away(told: Located, rule: RuleSettings) -> bool:
    far = told.distance is None or told.distance >= rule.arm_distance
    exact = told.accuracy is not None and 0 < told.accuracy <= rule.arm_accuracy
    return far and exact and told.at_home is not True


def _is_back(told: Located, rule: RuleSettings) -> bool:
    return told.at_home is True or (told.distance is not None and told.distance < rule.arm_distance)


def arrival(witness: Witness) -> Iterable[tuple[RuleInput, float]]:
    """Yield a whole way out and back, as it ought to be."""
    at = witness.now
    for event_ in KNOWN:
        yield event_, 0.0
    yield Reported(False), 0.0
    yield OnNetwork(False), 0.0
    yield PhoneReceived(rssi=-90, scanner=UPSTAIRS, at=at), 0.0
    for pause, distance in ((60, 700.0), (310, 2000.0), (900, 50.0)):
        at += pause
        yield Located(at_home=distance < 100, distance=distance, accuracy=20.0, fixed_at=at), pause
    for level in range(-95, -50, 3):
        at += 0.5
        yield PhoneReceived(rssi=level, scanner=DOOR, at=at), 0.5
    yield Reported(True), 1.0


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_no_way_from_something_unknown_to_an_unlock(data: st.DataObject) -> None:
    """Ways home with anything at all in between; the witness judges each unlock."""
    witness = Witness(data.draw(RULES))
    for _ in range(data.draw(st.integers(1, 2))):
        for told, after in list(arrival(witness)):
            if data.draw(st.integers(0, 12)) == 0:
                pause = data.draw(SHORT_PAUSES)
                witness.tell(data.draw(events(witness.now + pause)), pause)
            # The clock may have gone on, so that positions are somewhat late.
            effects = witness.tell(told, after)
            if any(isinstance(each, PreConnect) for each in effects):
                facts = replace(data.draw(LOCKS_MOSTLY_WELL), read_at=witness.now)
                effects += witness.tell(LockReported(facts), 0.0)
            if any(isinstance(each, AskConfirmation) for each in effects):
                witness.tell(Confirmed(data.draw(st.booleans())), data.draw(ANSWERS_AFTER))
            if any(isinstance(each, AskLocation) for each in effects) and data.draw(st.booleans()):
                witness.tell(data.draw(events(witness.now + 1.0)), 1.0)
        if witness.rule.phase == RulePhase.FIRED:
            witness.tell(Outcome(Result.DONE))
        witness.tell(Tick(), 700.0)
    event("fired" if witness.fires else "not fired")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_anything_in_any_order(data: st.DataObject) -> None:
    """Nothing but noise: never a reason, and never an exception."""
    witness = Witness(data.draw(RULES))
    for _ in range(data.draw(st.integers(1, 60))):
        pause = data.draw(PAUSES)
        witness.tell(data.draw(events(witness.now + pause)), pause)
    assert len(witness.rule.record) <= 50
    assert all(a.at <= b.at for a, b in pairwise(witness.rule.record))


def test_the_witness_sees_unlocks() -> None:
    """The tests above are worth something: with nothing in between, the way home ends with an unlock."""
    for rule in (RULE, replace(RULE, evidence=PhoneEvidence.ENTITY)):
        witness = Witness(rule)
        for told, after in list(arrival(witness)):
            effects = witness.tell(told, after)
            if any(isinstance(each, PreConnect) for each in effects):
                witness.tell(LockReported(replace(FACTS, read_at=witness.now)))
        assert len(witness.fires) == 1
