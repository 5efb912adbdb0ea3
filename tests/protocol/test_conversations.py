"""Conversations by hand: one test reads like one chart of the vendor's document."""

from collections.abc import Callable, Generator
from dataclasses import replace

import pytest

from custom_components.smartlock.protocol import conversations as c
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    ErrorCode,
    LockAction,
    LockState,
    StatusCode,
)
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    LockRefusedError,
    MotorError,
    NoAnswerError,
    RunFailedError,
    refusal,
)
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


def result[T](conversation: Generator[c.Exchange, Message, T], last: Message) -> T:
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


def act() -> Generator[c.Exchange, Message, KeyturnerStates | None]:
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


def test_complete_that_never_comes() -> None:
    """At rest after moving, only the last Status is missing: it is not waited for long."""
    conversation = act()
    assert conversation.send(ACCEPTED).within == c.TRAVEL_TIME
    assert conversation.send(states(LockState.LOCKING)).within == c.TRAVEL_TIME
    assert conversation.send(states(LockState.LOCKED)).within == c.REST_TIME
    with pytest.raises(StopIteration) as end:
        conversation.throw(NoAnswerError())
    assert end.value.value == states(LockState.LOCKED)


@pytest.mark.parametrize("resting", [LockState.UNLOCKED, LockState.UNDEFINED, LockState(0x77)])
def test_rest_at_another_place_is_no_success(resting: LockState) -> None:
    """The Error Report is missing: silence proves nothing where the bolt is not where it was sent."""
    conversation = act()
    conversation.send(ACCEPTED)
    conversation.send(states(LockState.LOCKING))
    assert conversation.send(states(resting)).within == c.REST_TIME
    with pytest.raises(NoAnswerError):
        conversation.throw(NoAnswerError())


def test_latch_that_was_never_pulled_is_no_success() -> None:
    """A clutch without current shows the same two states as a run, but for the latch."""
    conversation = c.act(LockActionRequest(action=LockAction.UNLATCH, app_id=1))
    next(conversation)
    conversation.send(Challenge(nonce=NONCE))
    conversation.send(states(LockState.UNLATCHING))
    conversation.send(states(LockState.UNLOCKED))
    with pytest.raises(LinkLostError):
        conversation.throw(LinkLostError())


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda conversation: conversation.send(COMPLETE), id="complete"),
        pytest.param(lambda conversation: conversation.throw(NoAnswerError()), id="silence"),
    ],
)
def test_blocked_motor_is_no_success(end: Callable[[c.Conversation[KeyturnerStates | None]], object]) -> None:
    """The state tells it, whether the Error Report is missing or a COMPLETE comes in its place."""
    conversation = act()
    conversation.send(states(LockState.LOCKING))
    conversation.send(states(LockState.MOTOR_BLOCKED))
    with pytest.raises(MotorError) as error:
        end(conversation)
    assert (error.value.code, error.value.command) == (ErrorCode.K_MOTOR_BLOCKED, Command.LOCK_ACTION)


@pytest.mark.parametrize(
    ("action", "completion", "why"),
    [
        (LockAction.LOCK, CompletionStatus.CLUTCH_FAILURE, CompletionStatus.CLUTCH_FAILURE),
        (LockAction.LOCK, CompletionStatus.LOW_MOTOR_VOLTAGE, CompletionStatus.LOW_MOTOR_VOLTAGE),
        (LockAction.LOCK, CompletionStatus(0x51), CompletionStatus(0x51)),
        (LockAction.LOCK, CompletionStatus.MOTOR_BLOCKED, None),
        (LockAction.LOCK, CompletionStatus.UNKNOWN, None),
        (LockAction.LOCK, None, None),
        # Of the run before.
        (LockAction.UNLOCK, CompletionStatus.CLUTCH_FAILURE, None),
    ],
)
def test_why_the_motor_is_blocked(
    action: LockAction, completion: CompletionStatus | None, why: CompletionStatus | None
) -> None:
    blocked = replace(
        states(LockState.MOTOR_BLOCKED),
        last_lock_action=action,
        last_lock_action_completion_status=completion,
    )
    error = c.blocked(blocked, LOCK)
    if why is None:
        assert isinstance(error, MotorError)
        assert (error.code, error.command) == (ErrorCode.K_MOTOR_BLOCKED, Command.LOCK_ACTION)
    else:
        assert isinstance(error, RunFailedError)
        assert error.completion == why


def test_motor_that_was_blocked_before_says_nothing_about_this_run() -> None:
    """The old state, pushed once more, is no result."""
    conversation = act()
    assert conversation.send(states(LockState.MOTOR_BLOCKED)).within == c.TRAVEL_TIME
    with pytest.raises(NoAnswerError):
        conversation.throw(NoAnswerError())


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


def test_silent_lock_is_asked_for_its_state() -> None:
    """While it may be moving; not for ever if it says the same again and again."""
    conversation = act()
    assert conversation.send(ACCEPTED).quiet == c.QUIET_TIME
    for _ in range(4):
        step = conversation.send(states(LockState.LOCKING))
    assert (step.quiet, step.within) == (None, c.TRAVEL_TIME)


@pytest.mark.parametrize(
    ("action", "quiet"),
    [(LockAction.LOCK, c.QUIET_TIME), (LockAction.UNLATCH, c.UNLATCHING_QUIET_TIME)],
)
def test_latch_is_left_more_time(action: LockAction, quiet: float) -> None:
    """Pulling it takes longer, and holding it is silent."""
    conversation = c.act(LockActionRequest(action=action, app_id=1))
    next(conversation)
    conversation.send(Challenge(nonce=NONCE))
    assert conversation.send(ACCEPTED).quiet == quiet


def test_bolt_that_stands_is_not_waited_for() -> None:
    """Two looks show it where it was: the motor does not run, and only reading back can tell what happened."""
    conversation = act()
    conversation.send(ACCEPTED)
    assert conversation.send(states(LockState.UNLOCKED)).within == c.TRAVEL_TIME
    assert conversation.send(states(LockState.UNLOCKED)).within == c.REST_TIME
    with pytest.raises(NoAnswerError):
        conversation.throw(NoAnswerError())
