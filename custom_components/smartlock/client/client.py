"""The client of one lock: its reads, its actions, and everything else that can be requested."""

from collections.abc import AsyncIterator, Callable
import contextlib
import os
import time

from custom_components.smartlock.client.ahead import ChallengeTrust
from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.client.link import IDLE_TIME, LockLink
from custom_components.smartlock.client.link_events import LinkEvents
from custom_components.smartlock.client.moving import Mover
from custom_components.smartlock.client.orders import Order
from custom_components.smartlock.client.statistics import LinkStatistics
from custom_components.smartlock.client.transport import Transport
from custom_components.smartlock.protocol.channel import Random, SessionChannel
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.enums import LockAction, LockActionFlag
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.freshness import Freshness
from custom_components.smartlock.protocol.messages import (
    KeyturnerStates,
    LockActionRequest,
    Message,
    RequestCalibration,
    RequestReboot,
)

__all__ = ["ACTION_DEADLINE", "IDLE_TIME", "LockClient"]

# An action that could not be written by then is dropped, so that no bolt moves long after the request.
ACTION_DEADLINE = 15.0


class LockClient:
    """Reads from and acts on one lock. Requests wait for each other; only one conversation runs at a time."""

    def __init__(
        self,
        transport: Transport,
        *,
        dialect: Dialect,
        session: Session,
        app_id: int,
        on_message: Callable[[Message], None] = lambda message: None,
        on_lost: Callable[[], None] = lambda: None,
        on_answer_lost: Callable[[], None] = lambda: None,
        on_closed: Callable[[], None] = lambda: None,
        random: Random = os.urandom,
        freshness: Freshness | None = None,
        idle_time: float | None = IDLE_TIME,
        wall_time: Callable[[], float] = time.time,
        trust: ChallengeTrust | None = None,
    ) -> None:
        """Represent one authorization of a lock.

        `on_message` receives every message of the lock. `on_lost` is called when an idle link ends without
        our doing, so that anything the lock would have pushed over it is missed. `on_answer_lost` is called
        when a link has ended on which the state was requested, which clears the change flag, and no answer
        was received. `on_closed` is called when we have disconnected: the lock advertises again. With
        `idle_time` None the link is never closed, and the state is read often enough for the lock not to drop
        it. `freshness` knows what the lock has sent before; None for a lock that has just been paired.
        `wall_time` returns the time of day in seconds, which passes while the machine sleeps.
        `trust` knows from before whether this lock accepts a challenge that was requested ahead.
        """
        freshness = freshness or Freshness()
        self.statistics = LinkStatistics()
        self.authorization_id = session.authorization_id
        """Our authorization in the lock."""
        self._app_id = app_id
        self._link = LockLink(
            transport,
            lambda: SessionChannel(dialect, session, random, freshness),
            events=LinkEvents(
                on_received=self._received,
                on_message=on_message,
                on_lost=on_lost,
                on_answer_lost=on_answer_lost,
                on_closed=on_closed,
            ),
            freshness=freshness,
            random=random,
            statistics=self.statistics,
            idle_time=idle_time,
            trust=trust or ChallengeTrust(),
            wall_time=wall_time,
        )
        self._mover = Mover(self._link, self.statistics, wall_time)

    @property
    def connected(self) -> bool:
        """Whether a link is open."""
        return self._link.connected

    async def read_states(self) -> KeyturnerStates:
        """Read the state. Raises LinkError, ProtocolError or LockRefusedError."""
        return await self._link.read_states()

    async def read[T](self, conversation: Callable[[], Conversation[T]]) -> T:
        """Run a conversation that changes nothing and needs no PIN; again on a new link if the first one fails.

        Raises LinkError, ProtocolError or LockRefusedError.
        """
        return await self._link.read(conversation)

    async def read_open(self, conversation: Conversation[KeyturnerStates]) -> KeyturnerStates:
        """Run a conversation that changes nothing, once. Raises GaveWayError if an action comes first, and as `read`."""
        return await self._link.read_open(conversation)

    async def request[T](self, conversation: Conversation[T], *, pin_tries: PinTries | None = None) -> T:
        """Run a conversation once: any that writes, and any with a PIN, since the lock counts wrong PINs.

        `pin_tries` counts the PINs that go out; without it none may go out: ValueError. Raises what `read`
        raises, and what the conversation raises. After a LinkError it is unknown whether a setting was
        written: read it.
        """
        return await self._link.request(conversation, pin_tries=pin_tries)

    @contextlib.asynccontextmanager
    async def keep_connected(self) -> AsyncIterator[None]:
        """Keep the link that a request in the block opens until the end of the block, then close it at once.

        An idle time that an action has started is not shortened. The block itself opens no link.
        """
        async with self._link.keep_connected():
            yield

    async def connect(self) -> None:
        """Open the link because an action is expected; it is closed after the usual idle time.

        Raises LinkError.
        """
        await self._link.connect()

    async def act(
        self,
        action: LockAction,
        *,
        flags: LockActionFlag = LockActionFlag.NONE,
        deadline: float = ACTION_DEADLINE,
        idle_time: float | None = None,
        wanted: Callable[[], bool] | None = None,
        on_accepted: Callable[[], None] = lambda: None,
    ) -> KeyturnerStates:
        """Carry out an action at most once and return the state after it.

        Locking and unlocking count as done if the bolt is where the action leaves it and the run did not
        fail. The link stays open for `idle_time` seconds afterwards (None: the usual time). `wanted` is for
        an action that no person has requested: it is dropped if this returns false right before the write,
        and it does not replace other requests. `on_accepted` is called when the lock says that it carries the
        action out. Raises NotStartedError if nothing was written within
        `deadline` seconds, or ReplacedError because a later request wanted something else before that;
        LinkError if the lock cannot be reached, LockRefusedError if the lock refused or failed,
        RunFailedError if it reports a failure without a refusal, and OutcomeUnknownError if the action was
        written and neither an answer nor the state read afterwards proves that it was carried out.
        """
        request = LockActionRequest(action=action, app_id=self._app_id, flags=flags)
        states = await self._mover.move(
            Order(request, deadline=deadline, idle_time=idle_time, wanted=wanted, on_accepted=on_accepted)
        )
        assert states is not None  # Only for a restart there is none.
        return states

    async def calibrate(
        self, pin: int, *, pin_tries: PinTries, deadline: float = ACTION_DEADLINE
    ) -> KeyturnerStates | None:
        """Have the lock find its end positions; the bolt moves. Raises like `act`, and PinError."""
        return await self._mover.move(
            Order(RequestCalibration(), pin=pin, pin_tries=pin_tries, deadline=deadline)
        )

    async def reboot(
        self, pin: int, *, pin_tries: PinTries, deadline: float = ACTION_DEADLINE
    ) -> KeyturnerStates | None:
        """Restart the lock; the bolt may move as after a battery change. Raises like `calibrate`.

        Returns the state after it; None if the lock was not back yet.
        """
        return await self._mover.move(Order(RequestReboot(), pin=pin, pin_tries=pin_tries, deadline=deadline))

    async def disconnect(self) -> None:
        """Disconnect once the running requests have ended; the next request connects again."""
        await self._link.disconnect()

    async def close(self) -> None:
        """Disconnect permanently; running requests fail with LinkLostError."""
        await self._link.close()

    def _received(self, message: Message) -> None:
        self._mover.received(message)
