"""One open link with its channel: runs one conversation at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
import time
from typing import Self

from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol.channel import Channel
from custom_components.smartlock.protocol.conversations import Conversation, Exchange, read_states
from custom_components.smartlock.protocol.enums import Command
from custom_components.smartlock.protocol.errors import (
    AnswerLostError,
    GaveWayError,
    LinkLostError,
    LockRefusedError,
    NoAnswerError,
    ProtocolError,
    SmartLockError,
    StaleError,
)
from custom_components.smartlock.protocol.freshness import Freshness, Moment
from custom_components.smartlock.protocol.messages import (
    Challenge,
    ErrorReport,
    KeyturnerStates,
    Message,
    RequestData,
    UpdateTime,
)

# Seconds for a write or a subscription, one ATT exchange each: a healthy link needs some 100 ms, a busy proxy a few seconds.
_WRITE_TIME = 10.0
# Seconds to wait for the end of a link. Through a proxy that has lost its power it takes 20 s, and an action waits behind it.
_CLOSE_TIME = 3.0
# By then a healthy lock has answered over any link; if not, check whether it refuses to communicate with us at all, or
# the answer was lost.
_PROBE_TIME = 1.0
# How often that is tried for a question that may be asked again; all of them within the time for its answer.
_PROBES = 4
# An answer that has not come so long after that to a later question is lost, in seconds.
_BEHIND = 0.2
# Locks are reported to need some 0.15 s for the answer to a plain read. Over a link whose own exchanges are fast, its
# loss shows after this time and some exchanges.
_READ_TIME = 0.4
_EXCHANGES = 4

# The ends of links, also those that nobody waits for any more: asyncio itself forgets a task that nobody holds.
_closing = set[asyncio.Task[None]]()


@dataclass
class PinTries:
    """Counts the security PINs that went out, and those that the lock has answered."""

    check: Callable[[int], None]
    """Called right before one goes out; raises to prevent that if a PIN was refused meanwhile."""
    begun_at: datetime | None = None
    """When they were recorded (aware)."""
    sent: int = 0
    answered: int = 0


class Connection:
    """An open, subscribed link. Every message goes to `on_message`; answers also go to the conversation."""

    def __init__(
        self,
        channel: Channel,
        on_message: Callable[[Message], None],
        on_lost: Callable[[], None],
        on_answer_lost: Callable[[], None],
        freshness: Freshness | None,
    ) -> None:
        """Prepare; use `open`."""
        self._channel = channel
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_answer_lost = on_answer_lost
        self._freshness = freshness
        self._states_outstanding = False
        self._asked = moment()
        self._link: Link | None = None
        self._listening = False
        self._inbox: asyncio.Queue[Message | SmartLockError] = asyncio.Queue()
        self._failure: SmartLockError | None = None
        self._answer_outstanding = False
        self._outstanding: Message | None = None
        self._overtaken = False
        self._gives_way: Callable[[], bool] | None = None
        self._challenge: tuple[bytes, float] | None = None
        self._exchange_time = 0.0
        """The longest that a subscription or a write has taken on this link, in seconds."""

    @classmethod
    async def open(
        cls,
        transport: Transport,
        channel: Channel,
        *,
        on_message: Callable[[Message], None] = lambda message: None,
        on_lost: Callable[[], None] = lambda: None,
        on_answer_lost: Callable[[], None] = lambda: None,
        freshness: Freshness | None = None,
    ) -> Self:
        """Connect and subscribe. Raises LinkError. `on_lost` is called if the link ends without `close`.

        `on_answer_lost` is called at the end of the link if the state was requested, which clears the lock's
        change flag, and no answer was received. With `freshness` states that may be a recording are rejected.
        """
        self = cls(channel, on_message, on_lost, on_answer_lost, freshness)
        self._link = await transport.connect(on_value=self._received, on_lost=self._lost)
        try:
            await self._in_time(self._link.subscribe(channel.answers), "a subscription")
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def usable(self) -> bool:
        """Whether a conversation can run: the link is open and nothing unreadable has been received."""
        return self._link is not None and self._failure is None

    async def close(self) -> None:
        """Disconnect; a running conversation fails with LinkLostError."""
        link, self._link = self._link, None
        self._fail(LinkLostError("the link was closed"))
        if link is not None:
            closing = asyncio.create_task(link.close())
            _closing.add(closing)
            closing.add_done_callback(_closing.discard)
            await asyncio.wait([closing], timeout=_CLOSE_TIME)

    @property
    def challenge_age(self) -> float | None:
        """Seconds since the last challenge came that nobody has used; None if there is none."""
        return None if self._challenge is None else _now() - self._challenge[1]

    def take_challenge(self) -> bytes | None:
        """Return the last challenge that nobody has used, once."""
        challenge, self._challenge = self._challenge, None
        return None if challenge is None else challenge[0]

    def give_way(self) -> None:
        """Cut the conversation that is running short if it may be run again: an action waits.

        Not while it waits for a challenge: the action can use that one, and a second one would make it useless.
        """
        if (
            self._gives_way is not None
            and self._answer_outstanding
            and not _asks_for(self._outstanding, Command.CHALLENGE)
        ):
            self._inbox.put_nowait(GaveWayError("an action came"))

    async def run[T](
        self,
        conversation: Conversation[T],
        *,
        about_to_move: Callable[[], None] | None = None,
        pin_tries: PinTries | None = None,
        gives_way: Callable[[], bool] | None = None,
    ) -> T:
        """Run a conversation to the end and return its result.

        `about_to_move` is called right before a message that moves the bolt is written, and raises to prevent
        the write. Without it no such message is written: ValueError. Likewise no message with a PIN is
        written without `pin_tries`, which counts them. `gives_way` returns whether an action is waiting; it is
        only for conversations that change nothing, which then end with GaveWayError before the next write or
        while waiting for an answer. Raises LinkError, ProtocolError, LockRefusedError, or what the
        conversation raises.
        """
        asked: Message | None = None
        self._answer_outstanding = False
        self._gives_way = gives_way
        try:
            step = next(conversation)
            while True:
                try:
                    if step.send is not None:
                        asked = step.send
                        await self._write(step, about_to_move, pin_tries)
                    self._answer_outstanding = True
                    reply = await self._answer(step, asked)
                except SmartLockError as error:
                    if isinstance(error, LockRefusedError | StaleError | AnswerLostError):
                        self._answered(step, pin_tries)
                    elif isinstance(error, GaveWayError):
                        # Its answer differs by its type from those to the requests of the action, and precedes them.
                        self._answer_outstanding = False
                    step = conversation.throw(error)
                else:
                    self._answered(step, pin_tries)
                    step = conversation.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            self._gives_way = None
            if self._answer_outstanding:
                # A late message would be taken for the answer to the next request.
                self._fail(LinkLostError("a conversation was cut off"))

    def _answered(self, step: Exchange, pin_tries: PinTries | None) -> None:
        self._answer_outstanding = False
        if step.pin is not None and pin_tries is not None:
            pin_tries.answered += 1

    async def _write(
        self, step: Exchange, about_to_move: Callable[[], None] | None, pin_tries: PinTries | None
    ) -> None:
        # What was received before the request cannot be its answer.
        while not self._inbox.empty():
            self._inbox.get_nowait()
        if self._failure is not None:
            raise self._failure
        if self._link is None:
            raise LinkLostError
        if self._gives_way is not None and self._gives_way():
            raise GaveWayError("an action came first")
        outgoing = self._channel.encode(step)
        if step.pin is not None:
            if pin_tries is None:
                raise ValueError(f"{type(step.send).__name__} may not be sent with a PIN that nobody counts")
            pin_tries.check(step.pin)
        if step.send is not None and step.send.moves_bolt:
            if about_to_move is None:
                raise ValueError(f"{type(step.send).__name__} may not be sent in passing")
            about_to_move()
        if step.pin is not None and pin_tries is not None:
            pin_tries.sent += 1
        self._answer_outstanding = True
        self._outstanding = step.send
        self._note(step.send, uses_challenge=step.challenge is not None)
        await self._in_time(self._link.write(outgoing.characteristic, outgoing.value), "a write")

    def _note(self, request: Message | None, *, uses_challenge: bool = False) -> None:
        """Account for a message that is about to be written."""
        self._asked = moment()
        if uses_challenge or _asks_for(request, Command.CHALLENGE):
            self._challenge = None
        if isinstance(request, UpdateTime) and self._freshness is not None:
            self._freshness.clock_set(request.time.moment, self._asked)
        if _asks_for_states(request):
            self._states_outstanding = True

    async def _answer(self, step: Exchange, asked: Message | None) -> Message:
        """Wait for a message that the step expects, or raise the lock's refusal of the request."""
        quiet, looks = step.quiet, 1
        if step.send is not None and not step.send.moves_bolt and self._channel.refusals is not None:
            quiet = _PROBE_TIME
            if isinstance(step.send, RequestData):
                # Plain reads change nothing, so that they may be asked after again and again.
                quiet = min(_PROBE_TIME, _READ_TIME + _EXCHANGES * self._exchange_time)
                looks = _PROBES
        probed = False
        try:
            async with asyncio.timeout(step.within):
                while quiet is not None and quiet < step.within and looks:
                    try:
                        async with asyncio.timeout(quiet) as silence:
                            return await self._next_answer(step, asked, silence if probed else None)
                    except TimeoutError:
                        if probed and self._overtaken:
                            raise AnswerLostError("a later question was answered") from None
                        await self._probe()
                        quiet, looks, probed = max(quiet, _PROBE_TIME), looks - 1, True
                return await self._next_answer(step, asked)
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {step.within:g} s") from error

    async def _next_answer(
        self, step: Exchange, asked: Message | None, silence: asyncio.Timeout | None = None
    ) -> Message:
        """Wait for the answer; until the end of `silence` shortly after the answer to a probe, which came later."""
        self._overtaken = False
        while True:
            message = await self._inbox.get()
            if isinstance(message, StaleError) and not _asks_for_states(asked):
                # A push proves nothing, but does not make an answer less reliable either.
                continue
            if isinstance(message, SmartLockError):
                raise message
            if isinstance(message, step.expect):
                return message
            if isinstance(message, ErrorReport) and _concerns(message, asked):
                raise message.error()
            if (
                silence is not None
                and isinstance(message, KeyturnerStates)
                and isinstance(step.send, RequestData)
            ):
                self._overtaken = True
                silence.reschedule(_now() + _BEHIND)

    async def _probe(self) -> None:
        """Request the state, in case a message was lost or arrived before anyone had subscribed to it.

        Not the request again: a second challenge would invalidate the first, and a second PIN would be
        counted.
        """
        # The end of a link is put into the inbox behind the messages received before it.
        with suppress(SmartLockError):
            if self._link is not None and not self._listening and self._channel.refusals is not None:
                # It costs a request and a lock that knows us never uses it, so it waits until there is a doubt.
                self._listening = True
                await self._link.subscribe(self._channel.refusals)
            if self._link is not None:
                step = next(read_states())
                outgoing = self._channel.encode(step)
                self._note(step.send)
                await self._link.write(outgoing.characteristic, outgoing.value)

    async def _in_time(self, request: Awaitable[None], what: str) -> None:
        """Wait for a request to the Bluetooth stack. Raises LinkLostError if it is not acknowledged in time."""
        began = _now()
        try:
            async with asyncio.timeout(_WRITE_TIME):
                await request
        except TimeoutError as error:
            raise LinkLostError(f"{what} was not acknowledged") from error
        self._exchange_time = max(self._exchange_time, _now() - began)

    def _received(self, characteristic: str, chunk: bytes) -> None:
        if self._failure is not None:
            return
        try:
            messages = self._channel.receive(characteristic, chunk)
        except ProtocolError as error:
            # The start of the next message can no longer be found.
            self._fail(error)
            return
        for message in messages:
            if isinstance(message, KeyturnerStates):
                if not self._is_fresh(message):
                    self._inbox.put_nowait(StaleError("states from before they were asked for"))
                    continue
                self._states_outstanding = False
            elif isinstance(message, Challenge):
                self._challenge = message.nonce, _now()
            self._inbox.put_nowait(message)
            self._on_message(message)

    def _is_fresh(self, states: KeyturnerStates) -> bool:
        """Whether states stem from after the last request; later ones are then compared with them."""
        if self._freshness is None:
            return True
        at = states.current_time.moment
        if not self._freshness.believable(at, self._asked):
            return False
        self._freshness.believed(at, moment())
        return True

    def _lost(self) -> None:
        self._link = None
        self._fail(LinkLostError("the link ended"))
        self._on_lost()

    def _fail(self, error: SmartLockError) -> None:
        self._failure = self._failure or error
        self._inbox.put_nowait(error)
        if self._states_outstanding:
            self._states_outstanding = False
            self._on_answer_lost()


def _concerns(report: ErrorReport, asked: Message | None) -> bool:
    """Whether a refusal refers to the last request; 0 stands for a request that the lock could not read."""
    if asked is None or not report.refused:
        return True
    named = {asked.command}
    if isinstance(asked, RequestData):
        named.add(asked.requested)
    return report.refused in named


def _asks_for(request: Message | None, what: Command) -> bool:
    return isinstance(request, RequestData) and request.requested == what


def _asks_for_states(request: Message | None) -> bool:
    return _asks_for(request, Command.KEYTURNER_STATES)


def _now() -> float:
    return asyncio.get_running_loop().time()


def moment() -> Moment:
    """Return the present moment."""
    return Moment(asyncio.get_running_loop().time(), time.time())
