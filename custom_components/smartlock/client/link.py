"""The link to one lock: opened on demand, shared by all requests, closed when idle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
import math

from custom_components.smartlock.client.ahead import AHEAD_TIME, LEAST_HOLD, ChallengeTrust
from custom_components.smartlock.client.connection import Connection, PinTries
from custom_components.smartlock.client.link_events import LinkEvents
from custom_components.smartlock.client.statistics import LinkStatistics, Phase
from custom_components.smartlock.client.transport import Transport
from custom_components.smartlock.client.turn import Turn
from custom_components.smartlock.protocol import conversations, freshness
from custom_components.smartlock.protocol.channel import Channel, Random
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.errors import (
    GaveWayError,
    LinkLostError,
    LockRefusedError,
    NoAnswerError,
    ProtocolError,
    SmartLockError,
    StaleError,
)
from custom_components.smartlock.protocol.freshness import Freshness
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message

# An open link uses the lock's battery and blocks other clients; the lock itself drops an idle one after about
# 20 s.
IDLE_TIME = 5.0
# After a mere read another request is unlikely, and most links are opened for one: keeping them for the whole
# idle time would account for most of the time on the radio. This is enough for a second request of the same
# caller; a caller that knows its last request ends the block of `keep_connected`.
READ_IDLE_TIME = 0.5
# A link that stays open must not be idle for the lock's own 20 s.
KEEP_ALIVE = 15.0
# Messages that may wait on a link for states that prove the lock's presence; an action has a handful.
_KEPT_BACK = 32
# Seconds for connecting (up to 45, after some 10 for a slot) and one exchange.
READ_DEADLINE = 60.0
# How long a link stays open whose caller could not wait for it: long enough for another try, and shorter than
# the 20 s after which the lock itself drops it.
KEPT_TIME = 15.0


class LockLink:
    """Opens one link at a time to one lock. Its users hold `turn` meanwhile."""

    def __init__(
        self,
        transport: Transport,
        channel: Callable[[], Channel],
        *,
        events: LinkEvents,
        freshness: Freshness,
        random: Random,
        statistics: LinkStatistics,
        idle_time: float | None,
        trust: ChallengeTrust,
        wall_time: Callable[[], float],
    ) -> None:
        """Prepare; nothing is connected yet.

        `channel` creates the channel of a new link. With `idle_time` None (else seconds) the link is never
        closed, and the state is read often enough for the lock not to drop it.
        """
        self.turn = Turn(self._give_way)
        self.trust = trust
        self.closed = False
        self._transport = transport
        self._channel = channel
        self._events = events
        self._freshness = freshness
        self._random = random
        self._statistics = statistics
        self._idle_time = idle_time
        self._wall_time = wall_time
        self._connection: Connection | None = None
        self._opening: asyncio.Task[Connection] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._open_until = 0.0
        self._action_until = 0.0
        self._asking_ahead: asyncio.Task[None] | None = None
        self._stays = 0
        self._in_motion = False
        self._proved = False
        self._kept_back: list[Message] = []
        self._asking = False

    @property
    def proved(self) -> bool:
        """Whether states were believed on the open link, which proves that the lock is at its other end."""
        return self._proved

    @property
    def connected(self) -> bool:
        """Whether a link is open."""
        return self._connection is not None and self._connection.usable

    async def read_states(self) -> KeyturnerStates:
        """Read the state. Raises LinkError, ProtocolError or LockRefusedError."""
        self._statistics.read(_now())
        return await self._giving_way(lambda: self._read(self._states_in_passing))

    async def read[T](self, conversation: Callable[[], Conversation[T]]) -> T:
        """Run a conversation that changes nothing and needs no PIN; again on a new link if the first one fails.

        An action comes first, even in the middle of it; it is begun again afterwards.
        Raises LinkError, ProtocolError or LockRefusedError.
        """

        async def run(connection: Connection) -> T:
            await self._prove(connection)
            return await connection.run(conversation(), gives_way=self._is_wanted)

        return await self._giving_way(lambda: self._read(run))

    async def read_open(self, conversation: Conversation[KeyturnerStates]) -> KeyturnerStates:
        """Run a conversation that changes nothing, once, for somebody who would rather do without.

        Raises GaveWayError if an action comes first, and what `read` raises.
        """
        async with self._conversing(0.0 if self._stays else None) as connection:
            return await connection.run(conversation, gives_way=self._is_wanted)

    async def _giving_way[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt that gives way to actions, until none comes in between."""
        while True:
            with contextlib.suppress(GaveWayError):
                return await attempt()

    def _is_wanted(self) -> bool:
        return self.turn.wanted

    def _give_way(self) -> None:
        if self._connection is not None:
            self._connection.give_way()

    async def _read[T](self, run: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._conversing(0.0 if self._stays else READ_IDLE_TIME) as connection:
            try:
                return await run(connection)
            except LinkLostError, NoAnswerError, ProtocolError:
                if self.closed:
                    raise
            return await run(await self.open())

    async def request[T](self, conversation: Conversation[T], *, pin_tries: PinTries | None = None) -> T:
        """Run a conversation once: any that writes, and any with a PIN, which `pin_tries` counts.

        An action that waits comes first; not once it has begun. Raises like `read`, and what the conversation raises.
        """

        async def attempt() -> T:
            async with self._conversing(0.0 if self._stays else None) as connection:
                await self._prove(connection)
                if self.turn.wanted:
                    raise GaveWayError("an action came first")
                return await connection.run(conversation, pin_tries=pin_tries)

        try:
            return await self._giving_way(attempt)
        finally:
            conversation.close()

    async def states_on(
        self, connection: Connection, *, gives_way: Callable[[], bool] | None = None
    ) -> KeyturnerStates:
        """Read the state on an open link; if its time proves nothing, the lock has to answer questions.

        Raises LinkError, ProtocolError or LockRefusedError, and GaveWayError where `gives_way` says that an action waits.
        """
        try:
            return await connection.run(conversations.read_states(), gives_way=gives_way)
        except StaleError:
            pass
        self._asking = True
        try:
            await connection.run(conversations.answer_questions(freshness.questions(self._random(3))))
        except SmartLockError:
            # Whatever is at the other end, nothing received over this link is believed.
            await self._disconnect()
            raise
        finally:
            self._asking = False
        self._freshness.proved()
        return await connection.run(conversations.read_states(), gives_way=gives_way)

    async def _states_in_passing(self, connection: Connection) -> KeyturnerStates:
        return await self.states_on(connection, gives_way=self._is_wanted)

    async def _prove(self, connection: Connection) -> None:
        """Verify that the lock is at the other end before a request whose answer carries no time."""
        if not self._proved:
            await self._states_in_passing(connection)

    async def connect(self) -> None:
        """Open the link because an action is expected. Raises LinkError."""
        async with self._conversing():
            pass
        self._expect_action()

    # --- The challenge ahead ------------------------------------------------------------------------------

    def _expect_action(self) -> None:
        """For as long as the link is held from now on, it is held for an action."""
        until = math.inf if self._idle_time is None else self._open_until
        if until - _now() >= LEAST_HOLD:
            self._action_until = until
            self._ask_ahead()

    def take_challenge(self) -> bytes | None:
        """Return a challenge that is there ahead, once; None if one has to be asked for."""
        connection = self._connection
        age = None if connection is None else connection.challenge_age
        if connection is None or age is None or age > AHEAD_TIME or not self._trusts_challenge:
            return None
        return connection.take_challenge()

    @property
    def _trusts_challenge(self) -> bool:
        return self.trust.allows(self._wall_time())

    @property
    def _lacks_challenge(self) -> bool:
        """Whether the link is held for an action that would have to ask for its challenge first."""
        connection = self._connection
        return (
            connection is not None
            and connection.usable
            and connection.challenge_age is None
            and _now() < self._action_until
            and self._trusts_challenge
        )

    def _ask_ahead(self) -> None:
        asking = self._asking_ahead is not None and not self._asking_ahead.done()
        if not asking and self._lacks_challenge:
            self._asking_ahead = asyncio.create_task(self._have_challenge())

    async def _have_challenge(self) -> None:
        """Ask for a challenge that nobody has called for yet; the link is not held any longer for it."""
        async with self.turn:
            connection = self._connection
            if connection is None or not self._lacks_challenge:
                return
            try:
                with contextlib.suppress(LockRefusedError):
                    await connection.run(conversations.ask_challenge())
            except SmartLockError:
                if not self.closed:
                    self._keep_open()
                    await self._disconnect()
                    self._events.on_lost()
            if self._idle is None and not self._stays:
                await self.release(0.0)  # The block that kept the link has ended in the meantime.

    # --- Opening and letting go ---------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def keep_connected(self) -> AsyncIterator[None]:
        """Keep the link that a request in the block opens until the end of the block, then close it at once.

        An idle time that an action has started is not shortened. The block itself opens no link.
        """
        self._stays += 1
        try:
            yield
        finally:
            self._stays -= 1
            if not self._stays and not self.turn.locked():
                self._keep_open()
                await self.release(0.0)

    @contextlib.asynccontextmanager
    async def _conversing(self, idle_time: float | None = None) -> AsyncIterator[Connection]:
        """Wait for our turn and an open link; close it `idle_time` seconds later (None: the usual time)."""
        try:
            async with asyncio.timeout(READ_DEADLINE), self.turn:
                try:
                    yield await self.open()
                finally:
                    await self.release(idle_time)
        except TimeoutError as error:
            raise NoAnswerError("the lock could not be read in time") from error

    async def open(self) -> Connection:
        """Return the open connection, or make one. Raises LinkError.

        An attempt continues when its caller gives up, so that the next caller need not start again.
        """
        self._keep_open()
        if self._connection is not None and self._connection.usable:
            return self._connection
        if self._opening is None:
            await self._disconnect()
            self._opening = asyncio.create_task(self._connect())
            self._opening.add_done_callback(self._opened)
        opening = self._opening
        await asyncio.wait([opening])
        self._keep_open()
        if opening.cancelled():
            raise LinkLostError("the client was closed, or has let go")
        return opening.result()

    async def _connect(self) -> Connection:
        """Make a connection. Raises LinkError."""
        self.check_open()  # It may have been closed while the link before was.
        self._proved = False
        began = _now()
        connection = await Connection.open(
            self._transport,
            self._channel(),
            on_message=self._received,
            on_lost=self._lost,
            on_answer_lost=self._events.on_answer_lost,
            freshness=self._freshness,
        )
        self._connection = connection
        if self.closed:  # Nobody else knows about this link.
            await self._disconnect()
            self.check_open()
        self._statistics.connected(_now())
        self._statistics.took(Phase.CONNECT, _now() - began)
        return connection

    def _opened(self, opening: asyncio.Task[Connection]) -> None:
        """Close a new link after a while, unless a caller has waited for it."""
        self._opening = None
        if not opening.cancelled() and opening.exception() is None and not self.closed:
            delay = KEEP_ALIVE if self._idle_time is None else KEPT_TIME
            self._idle = asyncio.get_running_loop().call_later(delay, self._idle_expired)

    async def _give_up_opening(self) -> None:
        if (opening := self._opening) is not None:
            opening.cancel()
            await asyncio.wait([opening])

    def check_open(self) -> None:
        """Raise LinkLostError if the link was closed permanently."""
        if self.closed:
            raise LinkLostError("the client is closed")

    async def release_after_action(self, idle_time: float | None) -> None:
        """Do as `release`; another action is likely while the link is still held."""
        await self.release(idle_time)
        self._expect_action()

    async def release(self, idle_time: float | None = None) -> None:
        """Disconnect later if there are no more requests, or now if the link is unusable."""
        if not self.connected:
            missed = self._connection is not None and self._idle_time is None and not self.closed
            await self._disconnect()
            if missed:  # It was to stay, and the caller need not read the lock again.
                self._events.on_lost()
            return
        if self._idle_time is None:
            delay = KEEP_ALIVE
        else:
            # While the bolt moves, the lock pushes the end of the motion over this link.
            wanted = self._idle_time if idle_time is None or self._in_motion else idle_time
            self._open_until = max(self._open_until, _now() + wanted)
            if self._stays:
                self._ask_ahead()
                return
            delay = self._open_until - _now()
        self._idle = asyncio.get_running_loop().call_later(delay, self._idle_expired)
        # What has just used the link may have used the challenge up.
        self._ask_ahead()

    async def disconnect(self) -> None:
        """Disconnect once the running requests have ended; a link that was to stay is reported as lost."""
        async with self.turn:
            await self._give_up_opening()
            self._keep_open()
            await self._disconnect()
        if self._idle_time is None:
            self._events.on_lost()

    async def close(self) -> None:
        """Disconnect permanently; running requests fail with LinkLostError."""
        self.closed = True
        await self._give_up_opening()
        self._keep_open()
        await self._disconnect()
        for task in (self._ending, self._asking_ahead):
            if task is not None:
                await task

    def _received(self, message: Message) -> None:
        self._events.on_received(message)
        if self._asking:
            return
        if isinstance(message, KeyturnerStates):
            self._in_motion = message.lock_state.in_motion
            self._proved = True
            before, self._kept_back = self._kept_back, []
            for each in before:
                self._events.on_message(each)
        elif not self._proved:
            self._kept_back = [*self._kept_back, message][-_KEPT_BACK:]
            return
        self._events.on_message(message)

    def _lost(self) -> None:
        # A running conversation finds out by itself, and its caller handles the error.
        if not self.turn.locked():
            self._events.on_lost()

    def _keep_open(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _idle_expired(self) -> None:
        self._idle = None
        expired = self._keep_alive if self._idle_time is None else self._disconnect_if_idle
        self._ending = asyncio.create_task(expired())

    async def _keep_alive(self) -> None:
        self._statistics.read(_now())
        try:
            async with self._conversing() as connection:
                await self.states_on(connection)
                # The one that is there is too old by the next time.
                connection.take_challenge()
        except SmartLockError:
            # Also a lock that refuses us: it has to advertise in order to be paired again.
            if self.connected:
                await self.disconnect()

    async def _disconnect_if_idle(self) -> None:
        async with self.turn:
            # If another request takes the turn first, a new idle time starts after it.
            if self._idle is None:
                await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._open_until = self._action_until = 0.0
        self._kept_back = []
        if connection is not None:
            await connection.close()
            self._events.on_closed()


def _now() -> float:
    return asyncio.get_running_loop().time()
