"""What may be younger than the request: nonces, the lock's time against our clocks, and questions."""

from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.smartlock.protocol import freshness as f
from custom_components.smartlock.protocol.conversations import answer_questions
from custom_components.smartlock.protocol.enums import Command
from custom_components.smartlock.protocol.errors import AuthenticationError
from custom_components.smartlock.protocol.freshness import Freshness, Moment
from custom_components.smartlock.protocol.messages import BatteryReport, Challenge, RequestData
from tests.lock_of import NOON

HOUR = 3600.0


def lock_time(seconds: float) -> datetime:
    """Return what the lock's clock shows."""
    return NOON + timedelta(seconds=seconds)


def at(monotonic: float | None, wall: float | None = None) -> Moment:
    """Return a moment; our two clocks go alike unless told otherwise."""
    return Moment(monotonic, (monotonic or 0.0) + 1000.0 if wall is None else wall)


def followed(*seconds: float) -> Freshness:
    """Return a lock whose states were believed at these times, with its clock and ours alike."""
    known = Freshness()
    for each in seconds:
        assert known.believable(lock_time(each), at(each))
        known.believed(lock_time(each), at(each))
    return known


def restarted(known: Freshness) -> Freshness:
    """Return what a restart leaves of it."""
    again = Freshness()
    again.restore(json.loads(json.dumps(known.to_json())))
    return again


def test_nonces_are_taken_once() -> None:
    known = Freshness()
    nonces = [index.to_bytes(24, "little") for index in range(f.NONCES_KEPT)]
    assert all(map(known.first, nonces))
    assert not any(map(known.first, nonces))
    assert not any(map(restarted(known).first, nonces))
    # Bounded: the oldest goes first.
    assert known.first(bytes(23) + b"\x01") is False  # its beginning is that of the first one
    assert known.first(b"\xff" * 24)
    assert len(known.to_json()["nonces"]) == 2 * 8 * f.NONCES_KEPT
    assert known.first(nonces[0])


def test_what_is_older_than_the_last_is_not_believed() -> None:
    known = followed(0, 10)
    assert known.believable(lock_time(10), at(20))
    assert known.believable(lock_time(10 - f.SLACK), at(20))
    assert not known.believable(lock_time(10 - f.SLACK - 1), at(20))
    # Going back by the slack again and again leads nowhere.
    for _ in range(10):
        known.believed(lock_time(10 - f.SLACK), at(20))
    assert not known.believable(lock_time(10 - f.SLACK - 1), at(20))


@pytest.mark.parametrize("age", [60.0, HOUR, 24 * HOUR])
def test_what_is_older_than_the_request_is_not_believed(age: float) -> None:
    """It is younger than the last states, but was never received."""
    known = followed(0, HOUR)
    asked = HOUR + 2 * age
    assert not known.believable(lock_time(asked - age), at(asked))
    # A slow clock of the lock is.
    assert known.believable(lock_time(asked - age * f.DRIFT), at(asked))
    assert known.believable(lock_time(asked + 5), at(asked))


def test_sleep_of_the_machine() -> None:
    """The monotonic clock stands still; the other one tells how late it must be for the lock."""
    known = followed(0, HOUR)
    assert not known.believable(lock_time(2 * HOUR), at(HOUR + 10, HOUR + 1000 + 8 * HOUR))
    assert known.believable(lock_time(9 * HOUR), at(HOUR + 10, HOUR + 1000 + 8 * HOUR))


def test_our_own_clock_that_was_wrong() -> None:
    """Ahead, what the lock says is not believed until it has proved itself; then that clock counts no more."""
    known = followed(0, HOUR)
    wrong = at(2 * HOUR, 2 * HOUR + 1000 + 3 * HOUR)
    assert not known.believable(lock_time(2 * HOUR), wrong)
    known.proved()
    assert known.believable(lock_time(2 * HOUR), wrong)
    known.believed(lock_time(2 * HOUR), wrong)
    # It is put right, and so goes back by three hours.
    right = at(3 * HOUR)
    assert known.believable(lock_time(3 * HOUR), right)
    known.believed(lock_time(3 * HOUR), right)
    assert not known.believable(lock_time(3 * HOUR - 60), at(3 * HOUR))
    # The other one goes on telling.
    assert not known.believable(lock_time(3 * HOUR + 60), at(4 * HOUR))


def test_clock_of_the_lock_that_stands_still() -> None:
    """Nothing can be told by it, so that only what is older than the last states is refused."""
    known = Freshness()
    for each in (0.0, HOUR, 2 * HOUR, 3 * HOUR):
        assert known.believable(lock_time(0), at(each))
        known.believed(lock_time(0), at(each))
    assert not known.believable(lock_time(-60), at(4 * HOUR))


def test_restart() -> None:
    """The monotonic clock begins anew; what was received stays, and the other clock goes on."""
    known = restarted(followed(0, HOUR))
    assert not known.believable(lock_time(HOUR - 60), at(5, HOUR + 1000))
    assert not known.believable(lock_time(HOUR + 60), at(5, 2 * HOUR + 1000))
    assert known.believable(lock_time(2 * HOUR), at(5, 2 * HOUR + 1000))
    # A machine that starts without knowing the time: at least nothing older than before is believed.
    assert known.believable(lock_time(HOUR + 60), at(5, -1e9))
    assert not known.believable(lock_time(HOUR - 60), at(5, -1e9))
    # A clock of ours that was far ahead when it was stored.
    ahead = Freshness()
    for each in (0.0, HOUR):
        ahead.believed(lock_time(each), at(each, each + 2e9))
    assert restarted(ahead).believable(lock_time(2 * HOUR), at(5, 2 * HOUR + 1000))


def test_clock_that_we_set_back() -> None:
    known = followed(0, HOUR)
    known.clock_set(lock_time(HOUR / 2), at(HOUR))
    assert known.believable(lock_time(HOUR / 2 + 5), at(HOUR + 5))
    assert not known.believable(lock_time(HOUR / 2 - 60), at(HOUR + 5))
    # The lock has refused it.
    assert known.believable(lock_time(HOUR + 5), at(HOUR + 5))
    Freshness().clock_set(lock_time(0), at(0))
    known.clock_set(None, at(HOUR))


def test_impossible_times() -> None:
    """A lock without a calendar has to prove itself once; then it is as it is."""
    known = followed(0, HOUR)
    assert not known.believable(None, at(2 * HOUR))
    known.proved()
    assert known.believable(None, at(2 * HOUR))
    known.believed(None, at(2 * HOUR))
    assert known.believable(None, at(3 * HOUR))
    assert restarted(known).believable(None, at(5))
    known.believed(lock_time(4 * HOUR), at(4 * HOUR))
    assert not known.believable(None, at(5 * HOUR))


def test_doubt_ends_with_proof() -> None:
    known = followed(0)
    known.doubt()
    assert not known.believable(lock_time(HOUR), at(HOUR))
    known.proved()
    assert known.believable(lock_time(-HOUR), at(HOUR))


GOOD = followed(0, HOUR).to_json()


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        GOOD | {"nonces": None},
        GOOD | {"nonces": "0g"},
        GOOD | {"nonces": "00"},
        GOOD | {"time": "yesterday"},
        GOOD | {"time": "2027-01-01T12:00:00"},
        GOOD | {"time": 7},
        GOOD | {"time": None},
        GOOD | {"wall": None},
        GOOD | {"wall": "soon"},
        GOOD | {"wall": []},
    ],
)
def test_damaged(damaged: dict[str, Any]) -> None:
    known = Freshness()
    with pytest.raises((KeyError, TypeError, ValueError)):
        known.restore(damaged)
    # Half of it is worse than nothing.
    assert known.to_json() == Freshness().to_json()


def test_questions() -> None:
    """Both kinds look alike from outside, and one wrong answer ends it."""
    which = f.questions(bytes([0xAA, 0x0F, 0x55]))
    assert len(which) == f.QUESTIONS
    assert set(which) == {True, False}
    assert f.questions(bytes(3)) == [False] * f.QUESTIONS
    report = BatteryReport.decode(bytes(BatteryReport.minimum_size))
    challenge = Challenge(nonce=bytes(32))
    conversation = answer_questions(which)
    step = next(conversation)
    for battery in which[:-1]:
        assert isinstance(step.send, RequestData)
        assert step.send.requested == (Command.BATTERY_REPORT if battery else Command.CHALLENGE)
        assert len(step.send.encode()) == 2
        step = conversation.send(report if battery else challenge)
    with pytest.raises(StopIteration):
        conversation.send(report if which[-1] else challenge)
    conversation = answer_questions([True, False])
    next(conversation)
    conversation.send(report)
    with pytest.raises(AuthenticationError):
        conversation.send(report)
