"""What is known of the security PIN: a table of what happens to it, and random lives of a lock and its PIN."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import integers, sampled_from
import pytest

from custom_components.smartlock.pin.rules import (
    BLOCK_PAUSE,
    TRIES,
    TRIES_WINDOW,
    PinRecord,
    PinState,
    fingerprint,
)

NOW = datetime(2027, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENT = PinRecord().sending("a", NOW)
PROVED = SENT.taken("a")
USED = PROVED.sending("a", NOW)
REFUSED = SENT.not_taken("a")
BLOCKED = SENT.blocking("a", NOW)
SETTING = PROVED.sending("a", NOW, candidate="b")


@pytest.mark.parametrize(
    ("record", "state", "unasked", "asked"),
    [
        (PinRecord(), PinState.UNKNOWN, True, True),
        (SENT, PinState.UNKNOWN, False, True),
        (PROVED, PinState.VALID, True, True),
        (USED, PinState.VALID, True, True),
        (REFUSED, PinState.INVALID, False, False),
        (USED.not_taken("a"), PinState.INVALID, False, False),
        (BLOCKED, PinState.BLOCKED, False, True),
        (PROVED.blocking("a", NOW), PinState.BLOCKED, False, True),
        (SENT.not_judged("a", NOW, doubted=False), PinState.UNKNOWN, True, True),
        (SENT.not_judged("a", NOW, doubted=True), PinState.UNKNOWN, False, True),
        (SETTING, PinState.UNKNOWN, True, True),
        (SETTING.not_taken_on(), PinState.VALID, True, True),
        (SETTING.not_taken("a").not_taken_on(), PinState.INVALID, False, False),
        (SETTING.taken("b"), PinState.UNKNOWN, True, True),
        (SETTING.sending("b", NOW).not_taken("b"), PinState.VALID, True, True),
        (REFUSED.sending("0", NOW, candidate="a"), PinState.UNKNOWN, False, False),
        (REFUSED.sending("0", NOW, candidate="a").taken("a"), PinState.VALID, True, True),
        (REFUSED.changed_elsewhere("a"), PinState.UNKNOWN, True, True),
        (REFUSED.sending("b", NOW).taken("b"), PinState.INVALID, False, False),
    ],
)
def test_what_is_said_of_a_pin(record: PinRecord, state: PinState, *, unasked: bool, asked: bool) -> None:
    now = NOW + MINUTE
    assert record.state("a", now) is state
    assert record.state(None, now) is (PinState.NOT_SET if record.candidate is None else PinState.UNKNOWN)
    assert record.may_try_unasked("a", now) is unasked
    assert record.may_try("a", now) is asked


@pytest.mark.parametrize(
    ("record", "question", "owner"),
    [
        (PinRecord(), "a", False),
        (SENT, "a", True),
        (PROVED, None, False),
        (USED, None, False),
        (REFUSED, "a", True),
        (SETTING, "b", False),
        (SETTING.sending("b", NOW), "b", True),
        # The same one again, in a lock that may have forgotten it.
        (PROVED.sending("0", NOW, candidate="a"), "a", False),
        (REFUSED.sending("0", NOW, candidate="a"), "a", True),
        (BLOCKED, "a", False),
    ],
)
def test_what_is_open_and_who_can_settle_it(record: PinRecord, question: str | None, *, owner: bool) -> None:
    assert record.question("a") == question
    assert record.needs_owner("a", NOW + MINUTE) is owner


def test_after_three_tries_none_for_an_hour() -> None:
    """Whichever PIN it was, and also one that was right: its answers were lost."""
    record = PROVED
    for number, pin in enumerate("aab"):
        assert record.tries_left(NOW) == TRIES - number
        record = record.sending(pin, NOW)
    assert record.tries_left(NOW) == 0
    assert record.state("a", NOW + TRIES_WINDOW - MINUTE) is PinState.UNKNOWN
    assert not record.may_try("c", NOW + TRIES_WINDOW - MINUTE)
    assert record.state("a", NOW + TRIES_WINDOW) is PinState.VALID
    assert record.may_try("c", NOW + TRIES_WINDOW)
    assert record.sending("a", NOW).taken("a").tries_left(NOW) == TRIES


def test_block_ends() -> None:
    """A PIN that was not looked at is as good as before."""
    later = NOW + BLOCK_PAUSE
    assert BLOCKED.state("a", later - MINUTE) is PinState.BLOCKED
    assert BLOCKED.state("a", later) is PinState.UNKNOWN
    assert BLOCKED.may_try_unasked("a", later)
    assert PROVED.sending("a", NOW).blocking("a", NOW).state("a", later) is PinState.VALID


def test_clock_that_goes_back_sets_nothing_free() -> None:
    """A machine without a clock chip starts in the past, again and again."""
    past = NOW - timedelta(days=400)
    assert BLOCKED.blocked(past)
    assert replace(PROVED, tries=(NOW,) * TRIES).tries_left(past) == 0


def test_fingerprint() -> None:
    key, other_key = bytes(32), bytes(31) + b"\1"
    assert fingerprint(1234, key) == fingerprint(1234, key)
    assert len({fingerprint(1234, key), fingerprint(1235, key), fingerprint(1234, other_key)}) == 3
    assert "1234" not in fingerprint(1234, key)
    assert len(fingerprint(999_999, key)) == 64


class LifeOfAPin(RuleBasedStateMachine):
    """A lock, its owner, and a Home Assistant that crashes; the guard's rules are the record's own.

    Everything here asks the record first, writes it down before it sends, and tells it what it has heard.
    """

    @initialize(right=sampled_from("abc"), given=sampled_from("abc"))
    def begin(self, right: str, given: str) -> None:
        """The owner gave a PIN; the lock has the same or another one."""
        self.right, self.given = right, given
        self.record = PinRecord()
        self.now = NOW
        self.refusals: dict[str, int] = {}
        self.unproved_in_vain: dict[str, int] = {}
        self.in_vain: list[datetime] = []

    def _send(self, pin: str, answer: str, candidate: str | None = None) -> None:
        doubted = pin in self.record.doubted
        proved = pin == self.record.proved
        self.record = self.record.sending(pin, self.now, candidate=candidate)
        if answer == "unsent":
            self.record = self.record.not_judged(pin, self.now, doubted=doubted)
            if candidate is not None:
                self.record = self.record.not_taken_on()
            return
        if candidate is not None:
            # About to become the PIN, whatever it was before.
            self.unproved_in_vain.pop(candidate, None)
        right = pin == self.right
        self.in_vain.append(self.now)
        if right:
            self.right = candidate or self.right
        if answer == "lost":
            if not proved:
                self.unproved_in_vain[pin] = self.unproved_in_vain.get(pin, 0) + 1
            return
        if right:
            self.record = self.record.taken(candidate or pin)
            self.given = candidate or pin
            self.in_vain.clear()
            self.refusals.pop(self.given, None)
        else:
            self.refusals[pin] = self.refusals.get(pin, 0) + 1
            self.record = self.record.not_taken(pin)
            if candidate is not None:
                self.record = self.record.not_taken_on()

    answers = sampled_from(["heard", "lost", "unsent"])

    @rule(answer=answers)
    def something_needs_it(self, answer: str) -> None:
        """A feature, unasked: the guard settles what is open, verifies once, then lends."""
        record = self.record
        question = record.question(self.given)
        if question is None:
            if record.state(self.given, self.now) is PinState.VALID:
                self._send(self.given, answer)
        elif record.state(self.given, self.now) is PinState.UNKNOWN and record.may_try_unasked(
            question, self.now
        ):
            self._send(question, answer)

    @rule(pin=sampled_from("abc"), answer=answers)
    def owner_gives_one(self, pin: str, answer: str) -> None:
        """It is verified before it is kept."""
        if self.record.may_try(pin, self.now):
            self.unproved_in_vain.pop(pin, None)
            self._send(pin, answer)

    @rule(new=sampled_from("abc"), answer=answers)
    def owner_sets_another(self, new: str, answer: str) -> None:
        """In the lock, through us."""
        if self.record.state(self.given, self.now) is PinState.VALID:
            self._send(self.given, answer, candidate=new)

    @rule(new=sampled_from("abc"), answer=answers)
    def owner_sets_one_where_none_is(self, new: str, answer: str) -> None:
        """Because the lock may have forgotten its own."""
        if self.record.may_try("0", self.now):
            self.unproved_in_vain.pop("0", None)
            self._send("0", answer, candidate=new)

    @rule()
    def lock_forgets_it(self) -> None:
        """With a change of batteries."""
        self.right = "0"

    @rule(pin=sampled_from("abc"))
    def owner_sets_another_in_the_app(self, pin: str) -> None:
        """Nobody tells us."""
        self.right = pin

    @rule(pin=sampled_from("abc0"))
    def owner_says_so(self, pin: str) -> None:
        """That it was set in the app after it was refused."""
        self.record = self.record.changed_elsewhere(pin)
        self.refusals.pop(pin, None)
        self.unproved_in_vain.pop(pin, None)

    @precondition(lambda self: self.record.tries)
    @rule(minutes=integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        """Up to two thirds of an hour."""
        self.now += timedelta(minutes=minutes)

    @invariant()
    def no_refused_pin_is_sent_again(self) -> None:
        """Unless the owner said that it is another time."""
        assert all(count == 1 for count in self.refusals.values())

    @invariant()
    def what_got_no_answer_is_not_sent_again_unasked(self) -> None:
        """If it was never right."""
        assert all(count == 1 for count in self.unproved_in_vain.values())

    @invariant()
    def never_more_than_the_lock_may_take(self) -> None:
        """Within any hour."""
        recent = [at for at in self.in_vain if self.now - at < TRIES_WINDOW]
        assert len(recent) <= TRIES

    @invariant()
    def the_truth_is_told(self) -> None:
        """Invalid is what was refused, and no PIN is sent while a change is open."""
        state = self.record.state(self.given, self.now)
        assert (state is PinState.INVALID) <= (self.given in self.record.refused)
        assert (self.record.candidate is not None) <= (state is not PinState.VALID)


LifeOfAPin.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_life_of_a_pin: Any = LifeOfAPin.TestCase
