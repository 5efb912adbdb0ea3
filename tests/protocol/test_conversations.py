"""Conversations by hand: one test reads like one chart of the vendor's document."""

from collections.abc import Generator

import pytest

from custom_components.smartlock.protocol import conversations as c
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState, StatusCode
from custom_components.smartlock.protocol.errors import LockRefusedError, NoAnswerError, refusal
from custom_components.smartlock.protocol.messages import (
    Challenge,
    KeyturnerStates,
    LockActionRequest,
    Message,
    RequestData,
    Status,
    VerifySecurityPin,
)

NONCE = bytes(range(32))
ACCEPTED, COMPLETE = Status(status=StatusCode.ACCEPTED), Status(status=StatusCode.COMPLETE)
LOCK = LockActionRequest(action=LockAction.LOCK, app_id=1)


def states(lock_state: LockState) -> KeyturnerStates:
    """Return states that differ in the lock state only."""
    return KeyturnerStates.decode(bytes([2, lock_state]) + bytes(11))


def result[T](conversation: Generator[c.Step, Message, T], last: Message) -> T:
    """Send the last answer and return what the conversation returns."""
    with pytest.raises(StopIteration) as end:
        conversation.send(last)
    value: T = end.value.value
    return value


def test_read_states() -> None:
    """Request Data, Keyturner States."""
    conversation = c.read_states()
    step = next(conversation)
    assert step.send == RequestData(requested=Command.KEYTURNER_STATES)
    assert step.expect == (KeyturnerStates,)
    assert result(conversation, states(LockState.LOCKED)) == states(LockState.LOCKED)


def test_verify_pin() -> None:
    """Request Data(Challenge), Challenge, Verify Security PIN with the nonce and the PIN, Status."""
    conversation = c.verify_pin(1234)
    assert next(conversation).send == RequestData(requested=Command.CHALLENGE)
    step = conversation.send(Challenge(nonce=NONCE))
    assert (step.send, step.challenge, step.pin) == (VerifySecurityPin(), NONCE, 1234)
    assert result(conversation, COMPLETE) is None


def act() -> Generator[c.Step, Message, KeyturnerStates | None]:
    """Return an action that is about to be answered."""
    conversation = c.act(LOCK)
    assert next(conversation).send == RequestData(requested=Command.CHALLENGE)
    step = conversation.send(Challenge(nonce=NONCE))
    assert (step.send, step.challenge) == (LOCK, NONCE)
    return conversation


def test_action_as_the_document_draws_it() -> None:
    """ACCEPTED, moving, at rest, COMPLETE. The action is sent in one step only."""
    conversation = act()
    for answer in (ACCEPTED, states(LockState.LOCKING), states(LockState.LOCKED)):
        assert conversation.send(answer).send is None
    assert result(conversation, COMPLETE) == states(LockState.LOCKED)


def test_action_that_has_nothing_to_do() -> None:
    """A lock that is locked already answers COMPLETE at once."""
    assert result(act(), COMPLETE) is None


def test_states_before_accepted() -> None:
    """States may come at any place."""
    conversation = act()
    conversation.send(states(LockState.LOCKING))
    conversation.send(ACCEPTED)
    assert result(conversation, COMPLETE) == states(LockState.LOCKING)


@pytest.mark.parametrize("resting", [LockState.LOCKED, LockState.MOTOR_BLOCKED])
def test_complete_that_never_comes(resting: LockState) -> None:
    """At rest after moving, only the last Status is missing: it is not waited for long."""
    conversation = act()
    assert conversation.send(ACCEPTED).within == c.TRAVEL_TIME
    assert conversation.send(states(LockState.LOCKING)).within == c.TRAVEL_TIME
    assert conversation.send(states(resting)).within == c.REST_TIME
    with pytest.raises(StopIteration) as end:
        conversation.throw(NoAnswerError())
    assert end.value.value == states(resting)


def test_held_latch_is_not_the_end() -> None:
    """An unlatched lock lets go again; its run is over then."""
    conversation = act()
    conversation.send(ACCEPTED)
    assert conversation.send(states(LockState.UNLATCHED)).within == c.TRAVEL_TIME
    assert conversation.send(states(LockState.UNLOCKED)).within == c.REST_TIME


def test_silence_while_moving_is_no_result() -> None:
    """Nobody may take the silence of a moving lock for success."""
    conversation = act()
    conversation.send(ACCEPTED)
    conversation.send(states(LockState.LOCKING))
    with pytest.raises(NoAnswerError):
        conversation.throw(NoAnswerError())


def test_old_state_before_the_motor_starts_is_not_the_end() -> None:
    """A push of the state before the run does not shorten the wait."""
    conversation = act()
    conversation.send(ACCEPTED)
    assert conversation.send(states(LockState.UNLOCKED)).within == c.TRAVEL_TIME


def test_unlatch_is_waited_for_longer() -> None:
    """The latch may be held for 30 s."""
    conversation = c.act(LockActionRequest(action=LockAction.UNLATCH, app_id=1))
    next(conversation)
    conversation.send(Challenge(nonce=NONCE))
    assert conversation.send(ACCEPTED).within == c.TRAVEL_TIME + c.UNLATCH_TIME


@pytest.mark.parametrize("code", list(ErrorCode), ids=lambda code: code.name)
def test_refused_action_is_never_sent_again(code: ErrorCode) -> None:
    """Whatever the lock says, the conversation ends with it."""
    conversation = act()
    conversation.send(ACCEPTED)
    with pytest.raises(LockRefusedError) as raised:
        conversation.throw(refusal(code, Command.LOCK_ACTION))
    assert raised.value.code == code
