"""Moves the bolt: the request is written at most once, and then followed until its outcome is known."""

import asyncio
from collections.abc import Callable
import contextlib

from custom_components.smartlock.client.connection import Connection
from custom_components.smartlock.client.link import LockLink
from custom_components.smartlock.client.orders import Order, refused
from custom_components.smartlock.client.statistics import LinkStatistics, Phase
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockState, StatusCode
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    NoAnswerError,
    NotStartedError,
    OutcomeUnknownError,
    OutOfRangeError,
    ProtocolError,
    ReplacedError,
    RunFailedError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import Challenge, KeyturnerStates, Message, Status

# Seconds between attempts to connect for an action; the lock advertises several times meanwhile.
_CONNECT_PAUSE = 0.5
# Seconds for which a lost outcome is looked for, and between two reads; a run takes up to 20 s.
READ_BACK_TIME = 45.0
READ_BACK_PAUSE = 3.0

# Time synchronization adjusts a clock by less than this at a time, in seconds.
_CLOCK_STEP = 5.0
# Shorter than any run, in seconds: until then an action whose nonce was refused may be written a second time.
_AGAIN_TIME = 1.0

_NO_FAILURE = (CompletionStatus.SUCCESS, CompletionStatus.UNKNOWN)


class Mover:
    """Carries out one order at a time on a link; a later order replaces those not written yet."""

    def __init__(self, link: LockLink, statistics: LinkStatistics, wall_time: Callable[[], float]) -> None:
        """Move the bolt over a link. `wall_time` returns the time of day in seconds."""
        self._link = link
        self._statistics = statistics
        self._wall_time = wall_time
        self._unwritten: list[Order] = []
        self._running: Order | None = None
        self._challenge_wanted: float | None = None
        self._began: float | None = None

    def received(self, message: Message) -> None:
        """Note a message of the lock while an order is carried out."""
        order = self._running
        if self._challenge_wanted is not None and isinstance(message, Challenge):
            self._statistics.took(Phase.CHALLENGE, _now() - self._challenge_wanted)
            self._challenge_wanted = None
        if self._began is not None and isinstance(message, Status):
            self._statistics.took(Phase.ACCEPTED, _now() - self._began)
            self._began = None
        if order is None or not order.written:
            return
        if isinstance(message, Status):
            if message.status == StatusCode.ACCEPTED and not order.ran:
                order.ran = True
                order.on_accepted()
        elif isinstance(message, KeyturnerStates):
            order.ran = order.ran or message.lock_state.in_motion

    async def move(self, order: Order) -> KeyturnerStates | None:
        """Write a request that moves the bolt at most once, and determine its outcome.

        Returns the state afterwards; None only for a restart of the lock. Raises what `LockClient.act`
        raises.
        """
        for earlier in self._unwritten:
            if earlier.request == order.request and not earlier.replaced:
                # An impatient second tap wants what the first one is about to do.
                with earlier.joined_by(order):
                    await asyncio.wait([earlier.outcome])  # The first continues if this one gives up.
                return earlier.outcome.result()
            if order.wanted is not None:
                raise ReplacedError("somebody has asked for something else")
            earlier.replaced = True
        self._unwritten.append(order)
        try:
            states = await self._move_once(order)
        except BaseException as error:
            outcome: BaseException = error
            if isinstance(error, asyncio.CancelledError):
                outcome = OutcomeUnknownError(order.name, None) if order.written else NotStartedError()
            order.outcome.set_exception(outcome)
            order.outcome.exception()  # There may be no other waiter.
            raise
        order.outcome.set_result(states)
        return states

    async def _move_once(self, order: Order) -> KeyturnerStates | None:
        began, asked_at = _now(), self._wall_time()
        try:
            async with asyncio.timeout(order.deadline) as guard, self._link.turn.for_action():

                def about_to_move() -> None:
                    order.check()
                    self._link.check_open()
                    # The deadline is on a clock that stops while the machine sleeps.
                    if (
                        guard.expired()
                        or _now() - began > order.deadline
                        or self._wall_time() - asked_at > order.deadline + _CLOCK_STEP
                    ):
                        raise NotStartedError
                    if order.written_at is not None:
                        # Only `_write_again` comes here twice.
                        self._check_again(order)
                        return
                    guard.reschedule(None)
                    self._unwritten.remove(order)
                    order.written_at = _now()
                    self._began = began
                    self._running = order

                await self._open_for(order)
                try:
                    states = await self._act_and_look(order, about_to_move)
                finally:
                    self._began = self._running = None
                self._statistics.took(Phase.COMPLETED, _now() - began)
        except TimeoutError as error:
            raise order.obstacle or NotStartedError("the action could not be sent in time") from error
        except (LinkError, ProtocolError, LockRefusedError) as error:
            if not order.written or refused(error):
                raise
            states = await self._read_back(order)
            if states is None:
                raise OutcomeUnknownError(order.name, None) from error
            if not order.proved_by(states) or (_failure(order, states) is not None and not order.ran):
                raise OutcomeUnknownError(order.name, states.lock_state) from error
        finally:
            if not order.written:
                self._unwritten.remove(order)
        _check(order, states)
        return states

    async def _open_for(self, order: Order) -> None:
        """Open the link for an action, with as many attempts as its deadline allows; writes nothing."""
        while True:
            order.check()
            try:
                await self._link.open()
            except OutOfRangeError:
                raise
            except LinkError as error:
                # A weak link often ends before it is subscribed, which is before anything can be written over it.
                self._link.check_open()
                order.obstacle = error
                await asyncio.sleep(_CONNECT_PAUSE)
            else:
                return

    async def _act_and_look(self, order: Order, about_to_move: Callable[[], None]) -> KeyturnerStates | None:
        """Act, and read the state unless the lock has sent the final one during the run.

        Raises NoAnswerError if there is no final state: COMPLETE alone proves nothing.
        """
        try:
            connection = await self._link.open()
            try:
                states = await self._run(order, connection, about_to_move)
                order.completed = True
            except LockRefusedError as error:
                if refused(error):
                    with contextlib.suppress(SmartLockError):
                        await self._link.states_on(connection)
                    if order.written and not self._link.proved:
                        # An Error Report carries no time either.
                        raise NoAnswerError("the refusal may be a recording") from error
                raise
            if states is None or states.lock_state.in_motion or not order.reached(states):
                try:
                    states = await self._link.states_on(connection)
                except SmartLockError as error:
                    if order.restarts:
                        return None
                    raise NoAnswerError("the state after the run could not be read") from error
                if states.lock_state == LockState.MOTOR_BLOCKED:
                    raise conversations.blocked(states, order.request)
            if states.lock_state.moving and order.action is not None and order.action.goal is not None:
                raise NoAnswerError("the bolt still moves")
            return states
        finally:
            self._challenge_wanted = None
            await self._link.release_after_action(order.idle_time)

    async def _run(
        self, order: Order, connection: Connection, about_to_move: Callable[[], None]
    ) -> KeyturnerStates | None:
        """Write the request with the challenge that is there, or with one that is asked for now."""
        # A latch is pulled by one write and no second one, whatever a refusal says: the door would stand open.
        may_wait = order.action is not None and not order.action.unlatches
        ahead = self._link.take_challenge() if may_wait else None
        if ahead is None:
            self._challenge_wanted = _now()
        try:
            states = await connection.run(
                conversations.act(order.request, pin=order.pin, challenge=ahead),
                about_to_move=about_to_move,
                pin_tries=order.pin_tries,
            )
        except LockRefusedError as error:
            if ahead is None:
                raise
            if error.code != ErrorCode.K_BAD_NONCE:
                self._link.trust.taken()
                raise
            self._link.trust.refused(self._wall_time())
            return await self._write_again(order, connection, about_to_move, error)
        if ahead is not None:
            self._link.trust.taken()
        return states

    async def _write_again(
        self, order: Order, connection: Connection, about_to_move: Callable[[], None], error: LockRefusedError
    ) -> KeyturnerStates | None:
        """Write an action a second time if its nonce was refused that was there ahead, and nothing can have moved.

        Raises the refusal if something can have, and what a conversation raises. docs/decisions/0042 says why.
        """
        # From here on the lock takes no other nonce of ours, so that the first request is worth nothing.
        challenge = await connection.run(conversations.ask_challenge())
        # Made after that, and so after the first request was taken, if it was.
        states = await connection.run(conversations.read_states())
        arrived = order.action is not None and order.action.goal is not None and order.reached(states)
        if order.ran or arrived or not states.lock_state.at_rest:
            raise error
        order.refused_nonce = error
        return await connection.run(
            conversations.act(order.request, challenge=challenge.nonce), about_to_move=about_to_move
        )

    def _check_again(self, order: Order) -> None:
        """Raise unless an action may be written a second time, for which nothing can have moved."""
        refused_nonce, order.refused_nonce = order.refused_nonce, None
        if refused_nonce is None or order.written_at is None:
            raise OutcomeUnknownError(order.name, None)
        # A run that began with the first request could be over by then; and somebody may want something else.
        if _now() - order.written_at > _AGAIN_TIME or self._link.turn.wanted:
            raise refused_nonce

    async def _read_back(self, order: Order) -> KeyturnerStates | None:
        """Read the state until it proves the order, or shows the bolt at rest twice; None if unreadable."""
        resting: KeyturnerStates | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READ_BACK_TIME):
                while not self._link.closed:
                    try:
                        states = await self._link.read_states()
                    except LockRefusedError:
                        break
                    except LinkError, ProtocolError:
                        resting = None
                    else:
                        if order.proved_by(states):
                            return states
                        # At the first read the motor may not have started yet.
                        if resting is not None and not states.lock_state.moving:
                            return states
                        resting = None if states.lock_state.moving else states
                    await asyncio.sleep(READ_BACK_PAUSE)
        return resting


def _check(order: Order, states: KeyturnerStates | None) -> None:
    """Raise RunFailedError or OutcomeUnknownError unless the state afterwards shows that an order is done."""
    if states is None:
        return
    completion = _failure(order, states)
    if completion is not None and (order.ran or not order.reached(states)):
        raise RunFailedError(completion)
    if not order.reached(states):
        raise OutcomeUnknownError(order.name, states.lock_state)


def _failure(order: Order, states: KeyturnerStates) -> CompletionStatus | None:
    """Return how the lock says that the run of an order has failed; None if it does not say so.

    For some failures, such as a handle that was not lifted, no error code is documented. While the motor runs, and
    if there was nothing to do, the status is about an earlier run.
    """
    completion = states.last_lock_action_completion_status
    if states.last_lock_action != order.action or states.lock_state.in_motion or completion in _NO_FAILURE:
        return None
    return completion


def _now() -> float:
    return asyncio.get_running_loop().time()
