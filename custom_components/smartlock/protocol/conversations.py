"""Command sequences, written the way the vendor's document draws them.

A conversation is a generator: it yields a `Step` (what to send, what may answer, how long to wait) and is
resumed with the answer. Its position is its state; it knows neither radio nor clock.

    conversation = read_states()
    step = next(conversation)          # Request Data(Keyturner States)
    conversation.send(states)          # StopIteration carries the result

Who runs it throws `LockRefusedError`, `NoAnswerError` or `LinkLostError` into it instead of an answer.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import cast

from .enums import LockAction, LockState, StatusCode
from .errors import LinkLostError, NoAnswerError
from .frames import Session
from .messages import (
    BatteryReport,
    Challenge,
    Config,
    KeyturnerStates,
    LockActionRequest,
    Message,
    RequestConfig,
    RequestData,
    Status,
    VerifySecurityPin,
)

# A healthy lock answers well below 1 s; public clients use watchdogs of 3 to 10 s.
ANSWER_TIME = 5.0
# The vendor's own example needs 12 s from unlocking to unlocked; public clients wait 15 to 20 s.
TRAVEL_TIME = 20.0
# The latch is held for up to 30 s (Advanced Config, unlatch duration) and it is not documented whether
# COMPLETE comes before or after.
UNLATCH_TIME = 30.0
# Once the bolt has come to rest only the last Status is missing, and some runs never send it.
REST_TIME = 3.0

_UNLATCHING = (LockAction.UNLATCH, LockAction.LOCK_N_GO_WITH_UNLATCH)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to send, if anything, and what to wait for."""

    send: Message | None
    expect: tuple[type[Message], ...]
    challenge: bytes | None = field(default=None, repr=False)
    pin: int | None = field(default=None, repr=False)
    session: Session | None = None
    """Seals this step on the pairing GDIO (fifth generation)."""
    within: float = ANSWER_TIME
    """Seconds to wait for the answer."""


type Conversation[T] = Generator[Step, Message, T]


def ask[A: Message](
    message: Message | None,
    answer: type[A],
    *,
    challenge: bytes | None = None,
    pin: int | None = None,
    session: Session | None = None,
) -> Conversation[A]:
    """Send a message and wait for one answer of a type."""
    reply = yield Step(send=message, expect=(answer,), challenge=challenge, pin=pin, session=session)
    return cast(A, reply)


def read[A: Message](kind: type[A]) -> Conversation[A]:
    """Request Data: the lock answers with the message asked for."""
    return (yield from ask(RequestData(requested=kind.command), kind))


def prove[A: Message](message: Message, answer: type[A], *, pin: int | None = None) -> Conversation[A]:
    """Fetch a challenge and send a request with the proof that it declares."""
    challenge = yield from read(Challenge)
    return (yield from ask(message, answer, challenge=challenge.nonce, pin=pin))


def read_states() -> Conversation[KeyturnerStates]:
    """Read Keyturner States."""
    return read(KeyturnerStates)


def read_battery_report() -> Conversation[BatteryReport]:
    """Read the report of the batteries during the last motor run."""
    return read(BatteryReport)


def read_config() -> Conversation[Config]:
    """Read Config; needs no PIN."""
    return prove(RequestConfig(), Config)


def verify_pin(pin: int) -> Conversation[None]:
    """Have the lock check the security PIN. Raises PinError; the lock counts wrong ones."""
    yield from prove(VerifySecurityPin(), Status, pin=pin)


def act(request: LockActionRequest) -> Conversation[KeyturnerStates | None]:
    """Challenge, lock action, then states and status until the motor has stopped.

    Returns the last state that the lock pushed on the way, if it pushed any.
    """
    challenge = yield from read(Challenge)
    reply = yield Step(send=request, expect=(Status, KeyturnerStates), challenge=challenge.nonce)
    travel = TRAVEL_TIME + (UNLATCH_TIME if request.action in _UNLATCHING else 0)
    states: KeyturnerStates | None = None
    moved = at_rest = False
    while not (isinstance(reply, Status) and reply.status == StatusCode.COMPLETE):
        if isinstance(reply, KeyturnerStates):
            states = reply
            # A latch that is held is let go again: that run is not over.
            running = states.lock_state.moving or states.lock_state == LockState.UNLATCHED
            moved = moved or running
            at_rest = (moved and not running) or states.lock_state == LockState.MOTOR_BLOCKED
        try:
            reply = yield Step(
                send=None, expect=(Status, KeyturnerStates), within=REST_TIME if at_rest else travel
            )
        except NoAnswerError, LinkLostError:
            if at_rest:
                break
            raise
    return states
