"""One open link with its channel: runs one conversation at a time."""

import asyncio
from collections.abc import Callable
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
    LinkLostError,
    LockRefusedError,
    NoAnswerError,
    ProtocolError,
    SmartLockError,
    StaleError,
)
from custom_components.smartlock.protocol.freshness import Freshness, Moment
from custom_components.smartlock.protocol.messages import (
    ErrorReport,
    KeyturnerStates,
    Message,
    RequestData,
    UpdateTime,
)

# Seconds for a write, one ATT exchange: a healthy link needs some 100 ms, a busy proxy a few seconds.
_WRITE_TIME = 10.0
# By then a healthy lock has answered; if not, check whether it refuses to communicate with us at all.
_PROBE_TIME = 1.0


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
        self._listening: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Message | SmartLockError] = asyncio.Queue()
        self._failure: SmartLockError | None = None
        self._answer_outstanding = False

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
            await self._link.subscribe(channel.answers)
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
        try:
            if self._listening is not None and not self._listening.done():
                self._listening.cancel()
                await asyncio.wait([self._listening])
        finally:
            if link is not None:
                await link.close()

    async def run[T](
        self,
        conversation: Conversation[T],
        *,
        about_to_move: Callable[[], None] | None = None,
        pin_tries: PinTries | None = None,
    ) -> T:
        """Run a conversation to the end and return its result.

        `about_to_move` is called right before a message that moves the bolt is written, and raises to prevent
        the write. Without it no such message is written: ValueError. Likewise no message with a PIN is
        written without `pin_tries`, which counts them. Raises LinkError, ProtocolError, LockRefusedError, or
        what the conversation raises.
        """
        asked: Message | None = None
        self._answer_outstanding = False
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
                    if isinstance(error, LockRefusedError | StaleError):
                        self._answered(step, pin_tries)
                    step = conversation.throw(error)
                else:
                    self._answered(step, pin_tries)
                    step = conversation.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
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
        self._note(step.send)
        try:
            async with asyncio.timeout(_WRITE_TIME):
                await self._link.write(outgoing.characteristic, outgoing.value)
        except TimeoutError as error:
            raise LinkLostError("a write was not acknowledged") from error
        if self._listening is None and self._channel.refusals is not None:
            # It costs a request, so it waits until the first request is out and its answer on the way.
            self._listening = asyncio.create_task(self._listen_for_refusals(self._channel.refusals))

    def _note(self, request: Message | None) -> None:
        """Account for a message that is about to be written."""
        self._asked = moment()
        if isinstance(request, UpdateTime) and self._freshness is not None:
            self._freshness.clock_set(request.time.moment, self._asked)
        if _asks_for_states(request):
            self._states_outstanding = True

    async def _listen_for_refusals(self, characteristic: str) -> None:
        try:
            if self._link is not None:
                await self._link.subscribe(characteristic)
        except SmartLockError as error:
            self._fail(error)

    async def _answer(self, step: Exchange, asked: Message | None) -> Message:
        """Wait for a message that the step expects, or raise the lock's refusal of the request."""
        quiet = step.quiet
        if step.send is not None and not step.send.moves_bolt and self._channel.refusals is not None:
            quiet = _PROBE_TIME
        try:
            async with asyncio.timeout(step.within):
                if quiet is not None and quiet < step.within:
                    try:
                        async with asyncio.timeout(quiet):
                            return await self._next_answer(step, asked)
                    except TimeoutError:
                        await self._probe()
                return await self._next_answer(step, asked)
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {step.within:g} s") from error

    async def _next_answer(self, step: Exchange, asked: Message | None) -> Message:
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

    async def _probe(self) -> None:
        """Request the state, in case a message was lost or arrived before anything waited for it.

        Not the request again: a second challenge would invalidate the first, and a second PIN would be
        counted.
        """
        if self._link is not None:
            step = next(read_states())
            outgoing = self._channel.encode(step)
            self._note(step.send)
            # The end of a link is put into the inbox behind the messages received before it.
            with suppress(SmartLockError):
                await self._link.write(outgoing.characteristic, outgoing.value)

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


def _asks_for_states(request: Message | None) -> bool:
    return isinstance(request, RequestData) and request.requested == Command.KEYTURNER_STATES


def moment() -> Moment:
    """Return the present moment."""
    return Moment(asyncio.get_running_loop().time(), time.time())
