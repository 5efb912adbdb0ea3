"""The motor, the bolt and the latch: what a lock action does, how long it takes and how it fails."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from custom_components.smartlock.protocol.enums import (
    CompletionStatus,
    ErrorCode,
    LockAction,
    LockActionFlag,
    LockState,
    LogEntryType,
    MotorSpeed,
    Trigger,
)
from simulator.lock.habits import Habits, Timing
from simulator.lock.jams import CANCELED, FAILURES, Failure, Jam, hinders
from simulator.lock.journal import Journal, Kind
from simulator.lock.ledger import How
from simulator.lock.order import Order
from simulator.lock.settings import SettingsStore
from simulator.lock.timers import Timers

type Done = Callable[[ErrorCode | None], None]
"""Called once when a run has ended, with the error if it failed."""

type OnResult = Callable[[Order, CompletionStatus, int, float], None]
"""Called with what became of an order, and by how many degrees and seconds the motor turned for it."""


@dataclass(frozen=True)
class _Phase:
    """A part of a run: the state it shows, its length in seconds, and where the bolt is after it."""

    state: LockState
    seconds: float
    bolt_locked: bool


@dataclass
class _Run:
    """A run that is under way."""

    order: Order
    origin: LockState
    done: Done
    started: float


_LOCK_ACTIONS = (LockAction.LOCK, LockAction.FULL_LOCK)
_LOCK_N_GO_ACTIONS = (LockAction.LOCK_N_GO, LockAction.LOCK_N_GO_WITH_UNLATCH)
_UNLOCKED_STATES = (LockState.UNLOCKED, LockState.UNLOCKED_LOCK_N_GO)
_PLACES = {LockState.LOCKED: True, **dict.fromkeys(_UNLOCKED_STATES, False)}
"""Whether the bolt is locked in a state that says so."""
_UNLATCH_ACTIONS = (LockAction.UNLATCH, LockAction.LOCK_N_GO_WITH_UNLATCH)
_SPEED = {MotorSpeed.INSANE: 0.6, MotorSpeed.GENTLE: 1.6}
"""Length of a run in comparison to the standard speed; how fast they really are is not public."""
_UNLATCH_DEGREES = 90
_DEGREES = 915
ACTIONS = (LockAction.UNLOCK, *_LOCK_ACTIONS, LockAction.UNLATCH, *_LOCK_N_GO_ACTIONS)
"""Lock actions that the motor itself knows."""


class Motor:
    """Moves the bolt and reports the lock state."""

    def __init__(
        self,
        *,
        locked: bool,
        timing: Timing,
        habits: Habits,
        settings: SettingsStore,
        journal: Journal,
        timers: Timers,
        is_night: Callable[[], bool],
        on_change: Callable[[], None],
        on_result: OnResult,
    ) -> None:
        """Start at rest; `on_change` is called after each change of what Keyturner States shows."""
        self.state = LockState.LOCKED if locked else LockState.UNLOCKED
        self.trigger = Trigger.SYSTEM
        self.last_action = LockAction.NONE
        self.last_trigger = Trigger.SYSTEM
        self.last_completion = CompletionStatus.SUCCESS
        self.bolt_locked = locked
        """Where the bolt really is, whatever the lock believes."""
        self.jam: Jam | None = None
        self.surprise: Failure | None = None
        """How the next run ends that nothing hinders, if not well; the client is notified as its error says."""
        self.calibrated = True
        self.total_degrees = _DEGREES
        """From locked to unlocked, as the last calibration found."""
        self._one_turn = False
        self._timing = timing
        self._habits = habits
        self._settings = settings
        self._journal = journal
        self._timers = timers
        self._is_night = is_night
        self._on_change = on_change
        self._on_result = on_result
        self._run: _Run | None = None
        self._task: asyncio.Task[None] | None = None
        self._last_moved: float | None = None
        self._lock_n_go: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a run is under way, the time for which the latch is held included."""
        return self._task is not None

    @property
    def intelligent_action(self) -> LockAction:
        """What one button for both directions does now."""
        return LockAction.UNLOCK if self.state == LockState.LOCKED else LockAction.LOCK

    @property
    def lock_n_go_seconds(self) -> int:
        """Seconds until lock 'n' go locks, 0 if it is not active."""
        if self._lock_n_go is None:
            return 0
        return max(1, round(self._lock_n_go.when() - _loop_time()))

    def refusal(self, order: Order) -> ErrorCode | None:
        """Return why a lock action is not even begun, None if it may begin."""
        if order.action not in ACTIONS:
            return ErrorCode.K_BAD_PARAMETER
        if self.busy:
            return ErrorCode.K_BUSY
        if self.state == LockState.UNCALIBRATED:
            return ErrorCode.K_NOT_CALIBRATED
        automatic = order.flags & LockActionFlag.AUTO_UNLOCK and not order.flags & LockActionFlag.FORCE
        if automatic and self._moved_recently:
            self.reject(order, CompletionStatus.TOO_RECENT)
            return ErrorCode.K_AUTO_UNLOCK_TOO_RECENT
        return None

    def reject(self, order: Order, completion: CompletionStatus) -> None:
        """Note that an order was not carried out."""
        self.last_action, self.last_trigger, self.last_completion = order.action, order.trigger, completion
        self._on_result(order, completion, 0, 0.0)

    def settle(self, order: Order) -> bool:
        """Do a lock action that needs no motor; return whether it was one."""
        if order.action in _LOCK_ACTIONS:
            full = order.action == LockAction.FULL_LOCK
            return self.state == LockState.LOCKED and not (full and self._one_turn)
        if self.state not in _UNLOCKED_STATES or self._settings.values.auto_unlatch:
            return False
        if order.action == LockAction.LOCK_N_GO:
            self._start_lock_n_go(order)
        elif order.action != LockAction.UNLOCK:
            return False
        elif self.state == LockState.UNLOCKED:
            return True
        else:
            self._stop_lock_n_go()
        self._note(order, CompletionStatus.SUCCESS)
        self._on_result(order, CompletionStatus.SUCCESS, 0, 0.0)
        self._enter(self._rest_state, order.trigger)
        return True

    def start(self, order: Order, done: Done) -> None:
        """Begin a run that `refusal` has nothing against; `done` is called when it has ended."""
        self._begin(order, done)
        self._journal.record(Kind.MOTOR_STARTED, action=order.action.name, trigger=order.trigger.name)
        self._task = asyncio.create_task(self._carry_out())

    def calibrate(self, order: Order, done: Done) -> None:
        """Find the end positions again; the bolt goes to both of them and back."""
        self._begin(order, done)
        self._journal.record(Kind.CALIBRATION)
        self._task = asyncio.create_task(self._find_ends())

    def cancel(self) -> bool:
        """Stop a moving bolt as a press of the button does; return whether it moved."""
        if self._run is None or not self.state.moving:
            return False
        self._cancel_task()
        self._finish(LockState.UNDEFINED, CANCELED)
        return True

    def turn_by_hand(self, *, locked: bool) -> None:
        """Follow a key or the knob. Raises ValueError while the motor holds the bolt."""
        if self.busy:
            raise ValueError("the motor is running, the key does not turn")
        self._stop_lock_n_go()
        self.bolt_locked = locked
        self._one_turn = False
        action = LockAction.LOCK if locked else LockAction.UNLOCK
        order = Order(action=action, trigger=Trigger.MANUAL, how=How.HAND)
        self._note(order, CompletionStatus.SUCCESS)
        self._on_result(order, CompletionStatus.SUCCESS, 0, 0.0)
        self._enter(self._rest_state, Trigger.MANUAL)

    def show(self, state: LockState) -> None:
        """Report any lock state, even one that nobody knows, until the next change."""
        self._stop_lock_n_go()
        self._enter(state, Trigger.SYSTEM)

    def stop(self) -> None:
        """Lose the power: the bolt stays where it is, and nobody is notified."""
        if self._run is not None:
            self._journal.record(Kind.MOTOR_STOPPED, action=_name_of(self._run.order), completion="NO_POWER")
            self.calibrated = self.calibrated and self._run.order.log_type != LogEntryType.CALIBRATION
        self._run = None
        self._cancel_task()
        self._stop_lock_n_go()

    def boot(self, done: Callable[[], None]) -> None:
        """Do the positioning run after power came back; `done` is called before the state is at rest."""
        self.last_action = LockAction.NONE
        self.last_trigger = Trigger.SYSTEM
        self.last_completion = CompletionStatus.SUCCESS
        self._journal.record(Kind.POSITIONING_RUN)
        self._task = asyncio.create_task(self._find_position(done))

    def _begin(self, order: Order, done: Done) -> None:
        self._stop_lock_n_go()
        self._run = _Run(order=order, origin=self.state, done=done, started=_loop_time())

    async def _find_position(self, done: Callable[[], None]) -> None:
        self._enter(LockState.BOOT_RUN, Trigger.SYSTEM)
        await asyncio.sleep(self._timing.boot_run)
        self._task = None
        done()
        self._enter(self._rest_state, Trigger.SYSTEM)

    async def _find_ends(self) -> None:
        boot_run = self._habits.calibration_looks_like_boot_run
        self._enter(LockState.BOOT_RUN if boot_run else LockState.CALIBRATION, Trigger.SYSTEM)
        if (jam := self.jam) is not None and hinders(jam, LockAction.NONE):
            await asyncio.sleep(self._timing.calibration / 2)
            self._fail(FAILURES[jam])
            return
        await asyncio.sleep(self._timing.calibration)
        self.calibrated = True
        self._task = None
        self._finish(self._rest_state, None)

    async def _carry_out(self) -> None:
        run = self._run
        assert run is not None
        order = run.order
        for phase in self._plan(order.action):
            self._enter(phase.state, order.trigger)
            if phase.state == LockState.UNLATCHED and not self._habits.unlatch_completes_at_rest:
                self._note(order, CompletionStatus.SUCCESS)
                run.done(None)
                run.done = _nobody
            if phase.state.moving and (jam := self.jam) is not None and hinders(jam, order.action):
                await asyncio.sleep(phase.seconds / 2)
                self._fail(FAILURES[jam])
                return
            await asyncio.sleep(phase.seconds)
            self.bolt_locked = phase.bolt_locked
        self._one_turn = bool(self._settings.values.single_lock) and order.action == LockAction.LOCK
        self._task = None
        if order.action in _LOCK_N_GO_ACTIONS and not self.bolt_locked:
            self._start_lock_n_go(order)
        surprise, self.surprise = self.surprise, None
        state = self._rest_state if surprise is None or surprise.state is None else surprise.state
        if state in _PLACES:
            self.bolt_locked = _PLACES[state]
        self._finish(state, surprise)

    def _plan(self, action: LockAction) -> list[_Phase]:
        """Return the phases of a run from where the bolt is."""
        timing, settings, slowness = self._timing, self._settings.values, self._slowness
        if action in _LOCK_ACTIONS:
            return [_Phase(LockState.LOCKING, timing.lock * slowness, bolt_locked=True)]
        to_unlock = 0.0 if self.state in _UNLOCKED_STATES else timing.unlock
        if action in _UNLATCH_ACTIONS or settings.auto_unlatch:
            return [
                _Phase(LockState.UNLATCHING, (to_unlock + timing.unlatch) * slowness, bolt_locked=False),
                _Phase(LockState.UNLATCHED, settings.unlatch_duration, bolt_locked=False),
            ]
        return [_Phase(LockState.UNLOCKING, timing.unlock * slowness, bolt_locked=False)]

    @property
    def _slowness(self) -> float:
        settings = self._settings.values
        gentle = settings.slow_speed_during_night_mode and self._is_night()
        return _SPEED.get(MotorSpeed.GENTLE if gentle else settings.motor_speed, 1.0)

    def _degrees(self, run: _Run) -> int:
        """Return by how much a run that succeeds turns."""
        if run.order.log_type == LogEntryType.CALIBRATION:
            return 4 * self.total_degrees
        if run.order.action in _LOCK_ACTIONS:
            return self.total_degrees
        unlatches = run.order.action in _UNLATCH_ACTIONS or self._settings.values.auto_unlatch
        return (0 if run.origin in _UNLOCKED_STATES else self.total_degrees) + (
            _UNLATCH_DEGREES if unlatches else 0
        )

    @property
    def _rest_state(self) -> LockState:
        if not self.calibrated:
            return LockState.UNCALIBRATED
        if self.bolt_locked:
            return LockState.LOCKED
        return LockState.UNLOCKED if self._lock_n_go is None else LockState.UNLOCKED_LOCK_N_GO

    @property
    def _moved_recently(self) -> bool:
        return (
            self._last_moved is not None
            and _loop_time() - self._last_moved < self._timing.auto_unlock_too_recent
        )

    def _fail(self, failure: Failure) -> None:
        self._task = None
        assert self._run is not None
        self._finish(self._run.origin if failure.state is None else failure.state, failure)

    def _finish(self, state: LockState, failure: Failure | None) -> None:
        """Come to rest: first what is kept, then the state, then the answer to the client that asked."""
        run, self._run = self._run, None
        assert run is not None
        order = run.order
        completion = CompletionStatus.SUCCESS if failure is None else failure.completion
        seconds = _loop_time() - run.started
        self._journal.record(
            Kind.MOTOR_STOPPED,
            action=_name_of(order),
            completion=completion.name,
            seconds=round(seconds, 6),
        )
        if order.log_type == LogEntryType.CALIBRATION:
            self.calibrated = failure is None
            state = self._rest_state
        else:
            self._note(order, completion)
        # Where a run that fails gives up, on the average.
        degrees = self._degrees(run) // (1 if failure is None else 2)
        self._on_result(order, completion, degrees, seconds)
        self._enter(state, order.trigger)
        run.done(None if failure is None else failure.error)

    def _note(self, order: Order, completion: CompletionStatus) -> None:
        self.last_action, self.last_trigger, self.last_completion = order.action, order.trigger, completion
        self._last_moved = _loop_time()

    def _enter(self, state: LockState, trigger: Trigger) -> None:
        self.state, self.trigger = state, trigger
        self._on_change()

    def _start_lock_n_go(self, order: Order) -> None:
        self._stop_lock_n_go()

        def lock() -> None:
            self._lock_n_go = None
            self.start(
                replace(
                    order,
                    action=LockAction.LOCK,
                    how=order.how if order.keypad is None else How.KEYPAD,
                    keypad=None,
                    log_type=LogEntryType.LOCK_ACTION,
                ),
                _nobody,
            )

        self._lock_n_go = self._timers.after(self._settings.values.lock_n_go_timeout, lock)

    def _stop_lock_n_go(self) -> None:
        if self._lock_n_go is not None:
            self._lock_n_go.cancel()
            self._lock_n_go = None
            self.state = LockState.UNLOCKED

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _nobody(_error: ErrorCode | None) -> None:
    """Take the result of a run that no client waits for."""


def _name_of(order: Order) -> str:
    """Return what the journal calls a run."""
    return order.log_type.name if order.log_type == LogEntryType.CALIBRATION else order.action.name


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
