"""Command sequences, written the way the vendor's document draws them.

A conversation is a generator: it yields a `Exchange` (what to send, what may answer, how long to wait) and is
resumed with the answer. Its position is its state; it knows neither radio nor clock.

    conversation = read_states()
    step = next(conversation)          # Request Data(Keyturner States)
    conversation.send(states)          # StopIteration carries the result

The caller throws `LockRefusedError`, `NoAnswerError` or `LinkLostError` into it instead of an answer.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import field
from typing import cast

from . import settings
from .dialects import Dialect
from .enums import Command, CompletionStatus, ErrorCode, LockState, SortOrder, StatusCode
from .errors import (
    AnswerLostError,
    AuthenticationError,
    LinkLostError,
    NoAnswerError,
    RunFailedError,
    SmartLockError,
    refusal,
)
from .frames import Session
from .messages import (
    AdvancedConfig,
    AuthorizationEntry,
    AuthorizationEntryCount,
    BatteryReport,
    Challenge,
    Config,
    KeypadCode,
    KeypadCodeCount,
    KeyturnerStates,
    LockActionRequest,
    LogEntry,
    LogEntryCount,
    Message,
    RequestAdvancedConfig,
    RequestAuthorizationEntries,
    RequestCalibration,
    RequestConfig,
    RequestData,
    RequestKeypadCodes,
    RequestLogEntries,
    RequestTimeControlEntries,
    SetLongSecurityPin,
    SetSecurityPin,
    Status,
    TimeControlEntry,
    TimeControlEntryCount,
    VerifySecurityPin,
)
from .paging import PAGE
from .values import dataclass

# A healthy lock answers well below 1 s; public clients use watchdogs of 3 to 10 s.
ANSWER_TIME = 5.0
# The vendor's own example needs 12 s from unlocking to unlocked; public clients wait 15 to 20 s.
TRAVEL_TIME = 20.0
# The latch is held for up to 30 s (Advanced Config, unlatch duration) and it is not documented whether
# COMPLETE comes before or after.
UNLATCH_TIME = 30.0
# Several runs from end to end; no figure is published.
CALIBRATION_TIME = 120.0
# A run mostly takes some 3 s. After this much silence something that the lock said may have been lost, and asking
# for the state is cheaper than waiting until nothing can come any more.
QUIET_TIME = 3.0
# Pulling the latch takes longer, and while it is held the lock has nothing to say: 3 s as a rule, 30 s at most.
UNLATCHING_QUIET_TIME = 5.0
# How often the same state is asked for in a row before the lock is left alone: a held latch says nothing new.
_LOOKS = 3
# Once the bolt has come to rest only the last Status is missing, and some runs never send it.
# The others send it at once, or within a second, as an Error Report.
REST_TIME = 1.5
# After so many seconds without any answer to the request itself the state is requested, which moves nothing.
ACCEPT_TIME = 1.0
# How often the challenge for an action is asked for on one link when its answer is lost. Nothing has moved by then, and
# the deadline of the action bounds it besides.
CHALLENGE_TRIES = 4
# The entries of a list follow one another within some 100 ms, even over a busy proxy within a second. After that long
# one of them was lost, and waiting only holds the link.
NEXT_ENTRY_TIME = 2.0
# Of a blocked motor these say nothing that its state does not.
_NO_MORE_THAN_BLOCKED = (
    None,
    CompletionStatus.SUCCESS,
    CompletionStatus.UNKNOWN,
    CompletionStatus.MOTOR_BLOCKED,
)
# Behind the id of a new entry nothing more than a Status can come.
ID_TIME = 0.5


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What to send, if anything, and what to wait for."""

    send: Message | None
    expect: tuple[type[Message], ...]
    challenge: bytes | None = field(default=None, repr=False)
    pin: int | None = field(default=None, repr=False)
    session: Session | None = None
    """Seals this step on the pairing GDIO (fifth generation)."""
    within: float = ANSWER_TIME
    """Seconds to wait for the answer."""
    quiet: float | None = None
    """Seconds of silence after which the state is asked for besides, once; None: never."""


type Conversation[T] = Generator[Exchange, Message, T]


def ask[A: Message](
    message: Message | None,
    answer: type[A],
    *,
    challenge: bytes | None = None,
    pin: int | None = None,
    session: Session | None = None,
) -> Conversation[A]:
    """Send a message and wait for one answer of a type."""
    reply = yield Exchange(send=message, expect=(answer,), challenge=challenge, pin=pin, session=session)
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


def answer_questions(which: Sequence[bool]) -> Conversation[None]:
    """Have the lock answer questions in an order that nobody else can know.

    Sealed, the two requests look alike, so that who cannot open them has to guess. The lock sends neither answer by
    itself. Raises AuthenticationError at the first answer to another question.
    """
    for battery in which:
        kind = BatteryReport if battery else Challenge
        reply = yield Exchange(
            send=RequestData(requested=kind.command), expect=(BatteryReport, Challenge), within=ANSWER_TIME
        )
        if not isinstance(reply, kind):
            raise AuthenticationError("an answer to something that was not asked")


def read_battery_report() -> Conversation[BatteryReport]:
    """Read the report of the batteries during the last motor run."""
    return read(BatteryReport)


def read_config() -> Conversation[Config]:
    """Read Config; needs no PIN."""
    return prove(RequestConfig(), Config)


def verify_pin(pin: int) -> Conversation[None]:
    """Have the lock check the security PIN. Raises PinError; the lock counts wrong ones."""
    return order(VerifySecurityPin(), pin)


def ask_challenge() -> Conversation[Challenge]:
    """Ask for a challenge, and again on the same link if the answer is known to be lost.

    Not if it may only be late: a second challenge would make the first one useless.
    """
    for _ in range(CHALLENGE_TRIES - 1):
        with suppress(AnswerLostError):
            return (yield from read(Challenge))
    return (yield from read(Challenge))


def act(
    request: Message, *, pin: int | None = None, challenge: bytes | None = None
) -> Conversation[KeyturnerStates | None]:
    """Challenge, a request that moves the bolt, then states and status until the motor has stopped.

    With `challenge`, which was received on this link and is unused, none is requested.
    A lock that falls silent during the run is asked for its state, which moves nothing.
    Returns the last state that the lock sent during the run, if any. Without the last Status that is a
    success only if the states have shown the whole run. Raises what `blocked` returns if they have shown a blocked motor.
    """
    if challenge is None:
        challenge = (yield from ask_challenge()).nonce
    reply = yield Exchange(
        send=request, expect=(Status, KeyturnerStates), challenge=challenge, pin=pin, quiet=ACCEPT_TIME
    )
    travel = travel_time(request)
    # What the states must have shown for a run to be believed without its last Status; empty: any motion.
    proofs = request.action.shows if isinstance(request, LockActionRequest) else frozenset[LockState]()
    states: KeyturnerStates | None = None
    moved = at_rest = done = False
    looks = 0
    while not (isinstance(reply, Status) and reply.status == StatusCode.COMPLETE):
        if isinstance(reply, KeyturnerStates):
            looks = looks + 1 if states is not None and states.lock_state == reply.lock_state else 0
            states = reply
            moved = moved or states.lock_state.in_motion
            at_rest = moved and not states.lock_state.in_motion
            done = done or (moved and (not proofs or states.lock_state in proofs))
        try:
            reply = yield Exchange(
                send=None,
                expect=(Status, KeyturnerStates),
                within=REST_TIME if at_rest or _stands(states, looks) else travel,
                quiet=_quiet_time(request) if looks < _LOOKS else None,
            )
        except NoAnswerError, LinkLostError:
            if at_rest and (done or _blocked(states)):
                break
            raise
    if moved and states is not None and _blocked(states):
        raise blocked(states, request)
    return states


def blocked(states: KeyturnerStates, request: Message) -> SmartLockError:
    """Return the error of a run that has left the motor blocked, by what the lock says of it besides.

    The state is the same whether something blocks the bolt, the batteries are too weak, or the clutch has failed.
    """
    completion = states.last_lock_action_completion_status
    ours = isinstance(request, LockActionRequest) and states.last_lock_action == request.action
    if ours and completion not in _NO_MORE_THAN_BLOCKED:
        return RunFailedError(completion)
    return refusal(ErrorCode.K_MOTOR_BLOCKED, request.command)


def _quiet_time(request: Message) -> float:
    """How long a run may be silent before the state is asked for, in seconds."""
    return UNLATCHING_QUIET_TIME if _unlatches(request) else QUIET_TIME


def _unlatches(request: Message) -> bool:
    return isinstance(request, LockActionRequest) and request.action.unlatches


def _stands(states: KeyturnerStates | None, looks: int) -> bool:
    """Whether the bolt did not move from one look to the next."""
    return looks > 0 and states is not None and not states.lock_state.in_motion


def _blocked(states: KeyturnerStates | None) -> bool:
    return states is not None and states.lock_state == LockState.MOTOR_BLOCKED


def travel_time(request: Message) -> float:
    """Return how long the motor may run for a request, in seconds."""
    if isinstance(request, RequestCalibration):
        return CALIBRATION_TIME
    return TRAVEL_TIME + (UNLATCH_TIME if _unlatches(request) else 0)


def read_advanced_config() -> Conversation[AdvancedConfig]:
    """Read Advanced Config; needs no PIN."""
    return prove(RequestAdvancedConfig(), AdvancedConfig)


def order(request: Message, pin: int) -> Conversation[None]:
    """Send a request that the lock answers with Status COMPLETE and that needs the security PIN."""
    reply = yield from prove(request, Status, pin=pin)
    while reply.status != StatusCode.COMPLETE:
        reply = yield from ask(None, Status)


def change_config(change: Callable[[Config], Config], pin: int) -> Conversation[Config]:
    """Read Config, change it, write it back as a whole if anything differs, and read it again.

    Returns the settings that the lock has now. Raises SettingsNotKeptError if it did not keep a change.
    """
    before = yield from read_config()
    wanted = settings.writable_config(change(before))
    if wanted == settings.writable_config(before):
        return before
    yield from order(wanted, pin)
    after = yield from read_config()
    settings.verify_kept(wanted, settings.writable_config(after))
    return after


def change_advanced_config(
    dialect: Dialect, change: Callable[[AdvancedConfig], AdvancedConfig], pin: int
) -> Conversation[AdvancedConfig]:
    """Do the same with Advanced Config."""
    before = yield from read_advanced_config()
    wanted = settings.writable_advanced_config(dialect, change(before))
    if wanted == settings.writable_advanced_config(dialect, before):
        return before
    yield from order(wanted, pin)
    after = yield from read_advanced_config()
    settings.verify_kept(wanted, settings.writable_advanced_config(dialect, after))
    return after


def set_pin(dialect: Dialect, new_pin: int, pin: int) -> Conversation[None]:
    """Set a new security PIN, proved with the current one; written once, like every setting."""
    kind = cast(type[SetSecurityPin | SetLongSecurityPin], dialect.requests[Command.SET_SECURITY_PIN])
    return order(kind(new_security_pin=new_pin), pin)


def read_entries[C: Message, E: Message](
    request: Message, count: type[C], entry: type[E], pin: int
) -> Conversation[tuple[C | None, tuple[E, ...]]]:
    """Ask for a list: the lock sends a count where it has one, then the entries, then Status COMPLETE."""
    challenge = yield from read(Challenge)
    reply = yield Exchange(send=request, expect=(count, entry, Status), challenge=challenge.nonce, pin=pin)
    counted: C | None = None
    entries: list[E] = []
    while not (isinstance(reply, Status) and reply.status == StatusCode.COMPLETE):
        if isinstance(reply, count):
            counted = reply
        elif isinstance(reply, entry):
            entries.append(reply)
        reply = yield Exchange(send=None, expect=(count, entry, Status), within=NEXT_ENTRY_TIME)
    return counted, tuple(entries)


def read_authorizations(
    pin: int, *, offset: int = 0, count: int = PAGE
) -> Conversation[tuple[AuthorizationEntryCount | None, tuple[AuthorizationEntry, ...]]]:
    """Read a page of the authorizations; `paging.walk` computes the next offset."""
    request = RequestAuthorizationEntries(offset=offset, count=count)
    return read_entries(request, AuthorizationEntryCount, AuthorizationEntry, pin)


def read_keypad_codes(
    pin: int, *, offset: int = 0, count: int = PAGE
) -> Conversation[tuple[KeypadCodeCount | None, tuple[KeypadCode, ...]]]:
    """Read a page of the keypad codes; `paging.walk` computes the next offset."""
    return read_entries(RequestKeypadCodes(offset=offset, count=count), KeypadCodeCount, KeypadCode, pin)


def read_time_control(
    pin: int,
) -> Conversation[tuple[TimeControlEntryCount | None, tuple[TimeControlEntry, ...]]]:
    """Read all time control entries."""
    return read_entries(RequestTimeControlEntries(), TimeControlEntryCount, TimeControlEntry, pin)


def read_log(
    pin: int, *, beyond: int = 0, count: int, newest_first: bool = True
) -> Conversation[tuple[LogEntryCount | None, tuple[LogEntry, ...]]]:
    """Read log entries beyond an index (0: from the newest or oldest), and how many there are.

    A count of 0 asks for the numbers only. The next page goes on beyond the last index of this one.
    """
    sort = SortOrder.DESCENDING if newest_first else SortOrder.ASCENDING
    request = RequestLogEntries(start_index=beyond, count=count, sort_order=sort, total_count=1)
    return read_entries(request, LogEntryCount, LogEntry, pin)


def add_entry[I: Message](request: Message, answer: type[I], pin: int) -> Conversation[I]:
    """Add an entry to a list and return its id. Some locks send Status COMPLETE behind it, others do not."""
    reply = yield from prove(request, answer, pin=pin)
    # The id alone says that the entry is there.
    with suppress(NoAnswerError, LinkLostError):
        yield Exchange(send=None, expect=(Status,), within=ID_TIME)
    return reply
