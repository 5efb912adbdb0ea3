"""The client of one lock: opens the link when needed, lets go when idle, and moves the bolt once."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
import os

from custom_components.smartlock.client.connection import Connection, PinTries
from custom_components.smartlock.client.figures import Figures, Phase
from custom_components.smartlock.client.orders import Order, refused
from custom_components.smartlock.client.transport import Transport
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.channel import Random, SessionChannel
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    ErrorCode,
    LockAction,
    LockActionFlag,
    LockState,
)
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LinkLostError,
    LockRefusedError,
    NoAnswerError,
    NotHeardError,
    NotStartedError,
    OutcomeUnknownError,
    ProtocolError,
    ReplacedError,
    RunFailedError,
    SmartLockError,
    UnreachableError,
    refusal,
)
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    Challenge,
    KeyturnerStates,
    LockActionRequest,
    Message,
    RequestCalibration,
    RequestReboot,
    Status,
)

# An open link costs the battery and keeps others out; the lock itself drops one after some 20 s.
IDLE_TIME = 5.0
# After a mere read nobody is about to ask again, and most links are made for one: holding them all for the idle
# time would be most of all the time on the radio. Long enough for a second request of the same caller; who knows
# that his are done says so by the end of `staying`.
READ_IDLE_TIME = 0.5
# A link that is to stay open must not be idle for the lock's own 20 s.
KEEP_ALIVE = 15.0
# An action that could not be written by then is dropped, so that no bolt moves long after the order.
ACTION_DEADLINE = 15.0
# Between attempts to connect for an action; the lock advertises several times meanwhile.
_CONNECT_PAUSE = 0.5
# Connect (up to 20 s a try) and one exchange.
READ_DEADLINE = 45.0
# How long a lost outcome is looked for, and how long between looks; a run takes up to 20 s.
READ_BACK_TIME = 45.0
READ_BACK_PAUSE = 3.0

# Where an action must have brought the bolt. For the others the state alone proves nothing.
_TARGETS: dict[LockAction, tuple[LockState, ...]] = {
    LockAction.UNLOCK: (LockState.UNLOCKED, LockState.UNLATCHED),
    LockAction.LOCK: (LockState.LOCKED,),
}

# Where the bolt is after an action that did not fail.
_ENDS: dict[LockAction, tuple[LockState, ...]] = {
    LockAction.UNLOCK: (LockState.UNLOCKED, LockState.UNLOCKED_LOCK_N_GO, LockState.UNLATCHED),
    LockAction.LOCK: (LockState.LOCKED,),
    LockAction.FULL_LOCK: (LockState.LOCKED,),
}
_NO_FAILURE = (CompletionStatus.SUCCESS, CompletionStatus.UNKNOWN)


class LockClient:
    """Reads from and acts on one lock. Requests wait for each other; one conversation runs at a time."""

    def __init__(
        self,
        transport: Transport,
        *,
        dialect: Dialect,
        session: Session,
        app_id: int,
        on_message: Callable[[Message], None] = lambda message: None,
        on_lost: Callable[[], None] = lambda: None,
        on_closed: Callable[[], None] = lambda: None,
        random: Random = os.urandom,
        idle_time: float | None = IDLE_TIME,
    ) -> None:
        """Speak to the lock as an authorization.

        `on_message` sees everything the lock says. `on_lost` is called when an idle link ends without our
        doing: what the lock would have pushed over it is missed from then on. `on_closed` is called when we have
        disconnected: the lock advertises again. With `idle_time` None the link
        is never let go, and the state is read often enough for the lock not to drop it.
        """
        self.figures = Figures()
        self._transport = transport
        self._dialect = dialect
        self._session = session
        self._app_id = app_id
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_closed = on_closed
        self._random = random
        self._idle_time = idle_time
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._letting_go: asyncio.Task[None] | None = None
        self._closed = False
        self._unwritten: list[Order] = []
        self._challenge_wanted: float | None = None
        self._action_began: float | None = None
        self._open_until = 0.0
        self._stays = 0
        self._in_motion = False

    @property
    def authorization_id(self) -> int:
        """Our own authorization in the lock."""
        return self._session.authorization_id

    @property
    def connected(self) -> bool:
        """Whether a link is open."""
        return self._connection is not None and self._connection.usable

    async def read_states(self) -> KeyturnerStates:
        """Read the state. Raises LinkError, ProtocolError or LockRefusedError."""
        self.figures.read(_now())
        return await self.read(conversations.read_states)

    async def read[T](self, conversation: Callable[[], Conversation[T]]) -> T:
        """Run a conversation that changes nothing and needs no PIN, again on a new link if the first one fails.

        Raises LinkError, ProtocolError or LockRefusedError.
        """
        async with self._conversing(0.0 if self._stays else READ_IDLE_TIME) as connection:
            try:
                return await connection.run(conversation())
            except LinkLostError, NoAnswerError, ProtocolError:
                if self._closed:
                    raise
            return await (await self._open()).run(conversation())

    async def request[T](self, conversation: Conversation[T], *, pin_tries: PinTries | None = None) -> T:
        """Run a conversation once: every one that writes, and every one with a PIN, since the lock counts.

        `pin_tries` count the PINs that go out; without them none does: ValueError. Raises what `read` raises, and
        what the conversation raises. After a LinkError it is not known whether a setting was written: read it.
        """
        async with self._conversing(0.0 if self._stays else None) as connection:
            return await connection.run(conversation, pin_tries=pin_tries)

    @contextlib.asynccontextmanager
    async def staying(self) -> AsyncIterator[None]:
        """Keep the link that a request in the block opens until its end, and then let go of it at once.

        Not before an action's idle time is over, though. The block itself opens no link.
        """
        self._stays += 1
        try:
            yield
        finally:
            self._stays -= 1
            if not self._stays and not self._turn.locked():
                self._keep_open()
                await self._release(0.0)

    async def connect(self) -> None:
        """Open the link because an action is about to come; it is let go after the idle time as ever.

        Raises LinkError.
        """
        async with self._conversing():
            pass

    async def act(
        self,
        action: LockAction,
        *,
        flags: LockActionFlag = LockActionFlag.NONE,
        deadline: float = ACTION_DEADLINE,
        idle_time: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> KeyturnerStates | None:
        """Carry out an action at most once and return the state after it, None if it could not be read.

        The link stays open for `idle_time` seconds afterwards (None: the ordinary time). `wanted` belongs to an
        action that no person has asked for: it is dropped if this is false right before it is written, and it
        does not replace what others have asked for.
        Raises NotStartedError if nothing was written within `deadline` seconds, or ReplacedError because a later
        request wanted something else before that; LinkError if the lock cannot be reached, LockRefusedError if
        the lock refused or failed, RunFailedError if it says so without a refusal, and OutcomeUnknownError if the
        action was written and neither an answer nor the state read afterwards tells what became of it.
        """
        request = LockActionRequest(action=action, app_id=self._app_id, flags=flags)
        states = await self._move(
            request, _TARGETS.get(action, ()), deadline=deadline, idle_time=idle_time, wanted=wanted
        )
        _check_run(action, states)
        return states

    async def calibrate(
        self, pin: int, *, pin_tries: PinTries, deadline: float = ACTION_DEADLINE
    ) -> KeyturnerStates | None:
        """Have the lock find its end positions; the bolt moves. Raises like `act`, and PinError."""
        return await self._move(RequestCalibration(), (), pin=pin, pin_tries=pin_tries, deadline=deadline)

    async def reboot(
        self, pin: int, *, pin_tries: PinTries, deadline: float = ACTION_DEADLINE
    ) -> KeyturnerStates | None:
        """Have the lock start again; the bolt may move as after a battery change. Raises like `calibrate`."""
        return await self._move(RequestReboot(), (), pin=pin, pin_tries=pin_tries, deadline=deadline)

    async def _move(
        self,
        request: Message,
        targets: tuple[LockState, ...],
        *,
        pin: int | None = None,
        pin_tries: PinTries | None = None,
        deadline: float,
        idle_time: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> KeyturnerStates | None:
        """Write a request that moves the bolt at most once, and find out what became of it.

        `targets` are the states that prove after a lost answer that the request was carried out.
        """
        for earlier in self._unwritten:
            if earlier.request == request and not earlier.replaced:
                # An impatient second tap: it wants what the first one is about to do.
                await asyncio.wait([earlier.outcome])  # It goes on for the first one if this one gives up.
                return earlier.outcome.result()
            if wanted is not None:
                raise ReplacedError("somebody has asked for something else")
            earlier.replaced = True
        order = Order(request, wanted)
        self._unwritten.append(order)
        try:
            states = await self._move_once(
                order, targets, pin=pin, pin_tries=pin_tries, deadline=deadline, idle_time=idle_time
            )
        except BaseException as error:
            told: BaseException = error
            if isinstance(error, asyncio.CancelledError):
                told = OutcomeUnknownError(order.name, None) if order.written else NotStartedError()
            order.outcome.set_exception(told)
            order.outcome.exception()  # nobody else may be waiting for it
            raise
        order.outcome.set_result(states)
        return states

    async def _move_once(
        self,
        order: Order,
        targets: tuple[LockState, ...],
        *,
        pin: int | None,
        pin_tries: PinTries | None,
        deadline: float,
        idle_time: float | None,
    ) -> KeyturnerStates | None:
        request = order.request
        began = _now()
        try:
            async with asyncio.timeout(deadline) as guard, self._turn:

                def about_to_move() -> None:
                    order.check()
                    self._check_open()
                    if guard.expired():
                        raise NotStartedError
                    guard.reschedule(None)
                    self._unwritten.remove(order)
                    self._action_began = began
                    order.written = True

                await self._open_for(order)
                try:
                    states = await self._act_and_look(
                        conversations.act(request, pin=pin), targets, about_to_move, pin_tries, idle_time
                    )
                finally:
                    self._action_began = None
                self.figures.took(Phase.COMPLETED, _now() - began)
                return states
        except TimeoutError as error:
            raise order.obstacle or NotStartedError("the action could not be sent in time") from error
        except (LinkError, ProtocolError, LockRefusedError) as error:
            if not order.written or refused(error):
                raise
            states = await self._read_back(targets)
            if states is not None and states.lock_state in targets:
                return states
            raise OutcomeUnknownError(order.name, None if states is None else states.lock_state) from error
        finally:
            if not order.written:
                self._unwritten.remove(order)

    async def let_go(self) -> None:
        """Disconnect when what is running has ended; the next request connects again."""
        async with self._turn:
            self._keep_open()
            await self._disconnect()

    async def close(self) -> None:
        """Disconnect for good; what is still running fails with LinkLostError."""
        self._closed = True
        self._keep_open()
        await self._disconnect()
        if self._letting_go is not None:
            await self._letting_go

    async def _act_and_look(
        self,
        conversation: Conversation[KeyturnerStates | None],
        targets: tuple[LockState, ...],
        about_to_move: Callable[[], None],
        pin_tries: PinTries | None,
        idle_time: float | None,
    ) -> KeyturnerStates | None:
        """Act, and read the state unless the lock has told the last one on the way."""
        try:
            connection = await self._open()
            self._challenge_wanted = _now()
            try:
                states = await connection.run(conversation, about_to_move=about_to_move, pin_tries=pin_tries)
            except LockRefusedError as error:
                if refused(error):
                    await self._state_after(connection)
                raise
            if (
                states is None
                or states.lock_state.in_motion
                or (targets and states.lock_state not in targets)
            ):
                states = await self._state_after(connection)
                if states is not None and states.lock_state == LockState.MOTOR_BLOCKED:
                    raise refusal(ErrorCode.K_MOTOR_BLOCKED, Command.LOCK_ACTION)
            return states
        finally:
            self._challenge_wanted = None
            await self._release(idle_time)

    async def _state_after(self, connection: Connection) -> KeyturnerStates | None:
        """Read the state on the open link after an action; a failure says nothing about the action."""
        try:
            return await connection.run(conversations.read_states())
        except SmartLockError:
            return None

    async def _read_back(self, targets: tuple[LockState, ...]) -> KeyturnerStates | None:
        """Read the state until the bolt has reached a target or is seen at rest twice; None if unreadable."""
        resting: KeyturnerStates | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READ_BACK_TIME):
                while not self._closed:
                    try:
                        states = await self.read_states()
                    except LockRefusedError:
                        break
                    except LinkError, ProtocolError:
                        resting = None
                    else:
                        if states.lock_state in targets:
                            return states
                        # The motor may not have started yet when the state is read for the first time.
                        if resting is not None and not states.lock_state.moving:
                            return states
                        resting = None if states.lock_state.moving else states
                    await asyncio.sleep(READ_BACK_PAUSE)
        return resting

    @contextlib.asynccontextmanager
    async def _conversing(self, idle_time: float | None = None) -> AsyncIterator[Connection]:
        """Wait for our turn and an open link, and let go of it after `idle_time` (None: the ordinary one)."""
        try:
            async with asyncio.timeout(READ_DEADLINE), self._turn:
                try:
                    yield await self._open()
                finally:
                    await self._release(idle_time)
        except TimeoutError as error:
            raise NoAnswerError("the lock could not be read in time") from error

    async def _open_for(self, order: Order) -> None:
        """Open the link for an action, as often as its deadline allows: nothing is written meanwhile."""
        while True:
            order.check()
            try:
                await self._open()
            except NotHeardError:
                raise
            except UnreachableError as error:
                order.obstacle = error
                await asyncio.sleep(_CONNECT_PAUSE)
            else:
                return

    async def _open(self) -> Connection:
        """Return the open connection, or make one."""
        self._keep_open()
        self._check_open()
        if self._connection is not None and self._connection.usable:
            return self._connection
        await self._disconnect()
        channel = SessionChannel(self._dialect, self._session, self._random)
        began = _now()
        connection = await Connection.open(
            self._transport, channel, on_message=self._heard, on_lost=self._link_lost
        )
        self._connection = connection
        if self._closed:
            # Closed while it was connecting: nobody else knows of this link.
            await self._disconnect()
            self._check_open()
        self.figures.connected(_now())
        self.figures.took(Phase.CONNECT, _now() - began)
        return connection

    def _check_open(self) -> None:
        if self._closed:
            raise LinkLostError("the client is closed")

    def _heard(self, message: Message) -> None:
        if self._challenge_wanted is not None and isinstance(message, Challenge):
            self.figures.took(Phase.CHALLENGE, _now() - self._challenge_wanted)
            self._challenge_wanted = None
        if self._action_began is not None and isinstance(message, Status):
            self.figures.took(Phase.ACCEPTED, _now() - self._action_began)
            self._action_began = None
        if isinstance(message, KeyturnerStates):
            self._in_motion = message.lock_state.in_motion
        self._on_message(message)

    def _link_lost(self) -> None:
        # A conversation that was running finds out by itself, and its caller knows what to do.
        if not self._turn.locked():
            self._on_lost()

    async def _release(self, idle_time: float | None = None) -> None:
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

    def _keep_open(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _idle_expired(self) -> None:
        self._idle = None
        self._letting_go = asyncio.create_task(
            self._keep_alive() if self._idle_time is None else self._let_go()
        )

    async def _keep_alive(self) -> None:
        self.figures.read(_now())
        try:
            await self.request(conversations.read_states())
        except SmartLockError:
            # Also a lock that refuses us: it must be free to advertise, for pairing again.
            await self.let_go()
            self._on_lost()

    async def _let_go(self) -> None:
        async with self._turn:
            # Somebody may have taken the turn first; then a new idle time runs.
            if self._idle is None:
                await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._open_until = 0.0
        if connection is not None:
            await connection.close()
            self._on_closed()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _check_run(action: LockAction, states: KeyturnerStates | None) -> None:
    """Raise RunFailedError for a run that the lock calls complete but that did not get there.

    For some failures, such as a handle that was not lifted, no error code is documented.
    """
    if states is None or states.last_lock_action != action or states.lock_state in _ENDS.get(action, ()):
        return
    completion = states.last_lock_action_completion_status
    if action in _ENDS and completion is not None and completion not in _NO_FAILURE:
        raise RunFailedError(completion)
