"""The link to one lock: opened when somebody needs it, shared by all, let go when idle."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import dataclass

from custom_components.smartlock.client.connection import Connection, PinTries
from custom_components.smartlock.client.statistics import LinkStatistics, Phase
from custom_components.smartlock.client.transport import Transport
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.channel import Channel
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    NoAnswerError,
    ProtocolError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message

# An open link costs the battery and keeps others out; the lock itself drops one after some 20 s.
IDLE_TIME = 5.0
# After a mere read nobody is about to ask again, and most links are made for one: holding them all for the idle
# time would be most of all the time on the radio. Long enough for a second request of the same caller; who knows
# that there are no more says so by the end of `keep_connected`.
READ_IDLE_TIME = 0.5
# A link that is to stay open must not be idle for the lock's own 20 s.
KEEP_ALIVE = 15.0
# Connect (up to 20 s a try) and one exchange.
READ_DEADLINE = 45.0


@dataclass(frozen=True, kw_only=True)
class LinkEvents:
    """Who is told what happens on the link."""

    on_message: Callable[[Message], None]
    """Everything that the lock says."""
    on_lost: Callable[[], None]
    """An idle link ended without our doing: what the lock would have pushed over it is missed from then on."""
    on_answer_lost: Callable[[], None]
    """The state was asked for, which takes the change flag down, and nothing was heard of it until the link ended."""
    on_closed: Callable[[], None]
    """We have disconnected: the lock advertises again."""


class LockLink:
    """Opens one link at a time to one lock. Whoever uses it holds `turn` meanwhile."""

    def __init__(
        self,
        transport: Transport,
        channel: Callable[[], Channel],
        *,
        events: LinkEvents,
        statistics: LinkStatistics,
        idle_time: float | None,
    ) -> None:
        """Prepare; nothing is connected yet.

        `channel` makes what speaks over a new link. With `idle_time` None (else seconds) the link is never let go,
        and the state is read often enough for the lock not to drop it.
        """
        self.turn = asyncio.Lock()
        self.closed = False
        self._transport = transport
        self._channel = channel
        self._events = events
        self._statistics = statistics
        self._idle_time = idle_time
        self._connection: Connection | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._open_until = 0.0
        self._stays = 0
        self._in_motion = False

    @property
    def connected(self) -> bool:
        """Whether a link is open."""
        return self._connection is not None and self._connection.usable

    async def read_states(self) -> KeyturnerStates:
        """Read the state. Raises LinkError, ProtocolError or LockRefusedError."""
        self._statistics.read(_now())
        return await self.read(conversations.read_states)

    async def read[T](self, conversation: Callable[[], Conversation[T]]) -> T:
        """Run a conversation that changes nothing and needs no PIN, again on a new link if the first one fails.

        Raises LinkError, ProtocolError or LockRefusedError.
        """
        async with self._conversing(0.0 if self._stays else READ_IDLE_TIME) as connection:
            try:
                return await connection.run(conversation())
            except LinkLostError, NoAnswerError, ProtocolError:
                if self.closed:
                    raise
            return await (await self.open()).run(conversation())

    async def request[T](self, conversation: Conversation[T], *, pin_tries: PinTries | None = None) -> T:
        """Run a conversation once: every one that writes, and every one with a PIN, which `pin_tries` count.

        Raises like `read`, and what the conversation raises.
        """
        async with self._conversing(0.0 if self._stays else None) as connection:
            return await connection.run(conversation, pin_tries=pin_tries)

    async def connect(self) -> None:
        """Open the link because an action is about to come. Raises LinkError."""
        async with self._conversing():
            pass

    @contextlib.asynccontextmanager
    async def keep_connected(self) -> AsyncIterator[None]:
        """Keep the link that a request in the block opens until its end, and then let go of it at once.

        Not before an action's idle time is over, though. The block itself opens no link.
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
        """Wait for our turn and an open link, and let go of it after `idle_time` seconds (None: the ordinary time)."""
        try:
            async with asyncio.timeout(READ_DEADLINE), self.turn:
                try:
                    yield await self.open()
                finally:
                    await self.release(idle_time)
        except TimeoutError as error:
            raise NoAnswerError("the lock could not be read in time") from error

    async def open(self) -> Connection:
        """Return the open connection, or make one. Raises LinkError."""
        self._keep_open()
        self.check_open()
        if self._connection is not None and self._connection.usable:
            return self._connection
        await self._disconnect()
        began = _now()
        connection = await Connection.open(
            self._transport,
            self._channel(),
            on_message=self._received,
            on_lost=self._lost,
            on_answer_lost=self._events.on_answer_lost,
        )
        self._connection = connection
        if self.closed:
            # Closed while it was connecting: nobody else knows of this link.
            await self._disconnect()
            self.check_open()
        self._statistics.connected(_now())
        self._statistics.took(Phase.CONNECT, _now() - began)
        return connection

    def check_open(self) -> None:
        """Raise LinkLostError if the link was closed for good."""
        if self.closed:
            raise LinkLostError("the client is closed")

    async def release(self, idle_time: float | None = None) -> None:
        """Disconnect later if nobody asks again, or now if the link is of no use any more."""
        if not self.connected:
            await self._disconnect()
            return
        if self._idle_time is None:
            delay = KEEP_ALIVE
        else:
            # While the bolt moves, the end of it is pushed over this link.
            wanted = self._idle_time if idle_time is None or self._in_motion else idle_time
            self._open_until = max(self._open_until, _now() + wanted)
            if self._stays:
                return
            delay = self._open_until - _now()
        self._idle = asyncio.get_running_loop().call_later(delay, self._idle_expired)

    async def disconnect(self) -> None:
        """Disconnect when what is running has ended; the next request connects again."""
        async with self.turn:
            self._keep_open()
            await self._disconnect()

    async def close(self) -> None:
        """Disconnect for good; what is still running fails with LinkLostError."""
        self.closed = True
        self._keep_open()
        await self._disconnect()
        if self._ending is not None:
            await self._ending

    def _received(self, message: Message) -> None:
        if isinstance(message, KeyturnerStates):
            self._in_motion = message.lock_state.in_motion
        self._events.on_message(message)

    def _lost(self) -> None:
        # A conversation that was running finds out by itself, and its caller knows what to do.
        if not self.turn.locked():
            self._events.on_lost()

    def _keep_open(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _idle_expired(self) -> None:
        self._idle = None
        self._ending = asyncio.create_task(
            self._keep_alive() if self._idle_time is None else self._disconnect_if_idle()
        )

    async def _keep_alive(self) -> None:
        self._statistics.read(_now())
        try:
            await self.request(conversations.read_states())
        except SmartLockError:
            # Also a lock that refuses us: it must be free to advertise, for pairing again.
            await self.disconnect()
            self._events.on_lost()

    async def _disconnect_if_idle(self) -> None:
        async with self.turn:
            # Somebody may have taken the turn first; then a new idle time runs.
            if self._idle is None:
                await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._open_until = 0.0
        if connection is not None:
            await connection.close()
            self._events.on_closed()


def _now() -> float:
    return asyncio.get_running_loop().time()
