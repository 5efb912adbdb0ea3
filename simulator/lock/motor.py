"""The motor, the bolt and the latch: what a lock action does, how long it takes and how it fails."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.protocol.enums import (
    CompletionStatus,
    ErrorCode,
    LockAction,
    LockActionFlag,
    LockState,
    Trigger,
)
from simulator.lock.habits import Habits, Timing
from simulator.lock.journal import Journal, Kind
from simulator.lock.settings import SettingsStore
from simulator.lock.timers import Timers

type Done = Callable[[ErrorCode | None], None]
"""Called once when a run has ended, with the error if it failed."""


class Jam(StrEnum):
    """What is broken."""

    MOTOR = "motor"
    """The bolt meets something and stops."""
    CLUTCH = "clutch"
    CLUTCH_POWER = "clutch-power"
    """The clutch draws no current: the app shows 4B, the log 0x07."""
    MOTOR_POWER = "motor-power"
    LOW_VOLTAGE = "low-voltage"


@dataclass(frozen=True)
class _Failure:
    """One row of the table of faults (`docs/protocol.md` 11.2)."""

    error: ErrorCode
    completion: CompletionStatus
    state: LockState | None
    """Lock state afterwards; None if the bolt never left its place."""


_FAILURES = {
    Jam.MOTOR: _Failure(ErrorCode.K_MOTOR_BLOCKED, CompletionStatus.MOTOR_BLOCKED, LockState.MOTOR_BLOCKED),
    Jam.CLUTCH: _Failure(ErrorCode.K_CLUTCH_FAILURE, CompletionStatus.CLUTCH_FAILURE, None),
    Jam.CLUTCH_POWER: _Failure(ErrorCode.K_CLUTCH_POWER_FAILURE, CompletionStatus.MOTOR_POWER_FAILURE, None),
    Jam.MOTOR_POWER: _Failure(ErrorCode.K_MOTOR_POWER_FAILURE, CompletionStatus.MOTOR_POWER_FAILURE, None),
    Jam.LOW_VOLTAGE: _Failure(
        ErrorCode.K_MOTOR_LOW_VOLTAGE, CompletionStatus.LOW_MOTOR_VOLTAGE, LockState.MOTOR_BLOCKED
    ),
}
_CANCELED = _Failure(ErrorCode.K_CANCELED, CompletionStatus.CANCELED, LockState.UNDEFINED)


@dataclass(frozen=True)
class _Phase:
    """A part of a run: the state it shows, its length in seconds, and where the bolt is after it."""

    state: LockState
    seconds: float
    bolt_locked: bool


@dataclass
class _Run:
    """A run that is under way."""

    action: LockAction
    trigger: Trigger
    origin: LockState
    done: Done
    started: float


_LOCK_ACTIONS = (LockAction.LOCK, LockAction.FULL_LOCK)
_LOCK_N_GO_ACTIONS = (LockAction.LOCK_N_GO, LockAction.LOCK_N_GO_WITH_UNLATCH)
_UNLOCKED_STATES = (LockState.UNLOCKED, LockState.UNLOCKED_LOCK_N_GO)
_UNLATCH_ACTIONS = (LockAction.UNLATCH, LockAction.LOCK_N_GO_WITH_UNLATCH)
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
        on_change: Callable[[], None],
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
        self._one_turn = False
        self._timing = timing
        self._habits = habits
        self._settings = settings
        self._journal = journal
        self._timers = timers
        self._on_change = on_change
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

    def refusal(self, action: LockAction, flags: int, trigger: Trigger) -> ErrorCode | None:
        """Return why a lock action is not even begun, None if it may begin."""
        if action not in ACTIONS:
            return ErrorCode.K_BAD_PARAMETER
        if self.busy:
            return ErrorCode.K_BUSY
        if self.state == LockState.UNCALIBRATED:
            return ErrorCode.K_NOT_CALIBRATED
        if flags & LockActionFlag.AUTO_UNLOCK and not flags & LockActionFlag.FORCE and self._moved_recently:
            self._note(action, trigger, CompletionStatus.TOO_RECENT)
            return ErrorCode.K_AUTO_UNLOCK_TOO_RECENT
        return None

    def settle(self, action: LockAction, trigger: Trigger) -> bool:
        """Do a lock action that needs no motor; return whether it was one."""
        if action in _LOCK_ACTIONS:
            return self.state == LockState.LOCKED and not (action == LockAction.FULL_LOCK and self._one_turn)
        if self.state not in _UNLOCKED_STATES or self._settings.values.auto_unlatch:
            return False
        if action == LockAction.LOCK_N_GO:
            self._start_lock_n_go(trigger)
        elif action != LockAction.UNLOCK:
            return False
        elif self.state == LockState.UNLOCKED:
            return True
        else:
            self._stop_lock_n_go()
        self._note(action, trigger, CompletionStatus.SUCCESS)
        self._enter(self._rest_state, trigger)
        return True

    def start(self, action: LockAction, trigger: Trigger, done: Done) -> None:
        """Begin a run that `refusal` has nothing against; `done` is called when it has ended."""
        self._stop_lock_n_go()
        run = _Run(action=action, trigger=trigger, origin=self.state, done=done, started=_loop_time())
        self._run = run
        self._journal.record(Kind.MOTOR_STARTED, action=action.name, trigger=trigger.name)
        self._task = asyncio.create_task(self._carry_out(run))

    def cancel(self) -> bool:
        """Stop a moving bolt as a press of the button does; return whether it moved."""
        if self._run is None or not self.state.moving:
            return False
        self._cancel_task()
        self._finish(self._run, LockState.UNDEFINED, _CANCELED)
        return True

    def turn_by_hand(self, *, locked: bool) -> None:
        """Follow a key or the knob. Raises ValueError while the motor holds the bolt."""
        if self.busy:
            raise ValueError("the motor is running, the key does not turn")
        self._stop_lock_n_go()
        self.bolt_locked = locked
        self._one_turn = False
        action = LockAction.LOCK if locked else LockAction.UNLOCK
        self._note(action, Trigger.MANUAL, CompletionStatus.SUCCESS)
        self._enter(self._rest_state, Trigger.MANUAL)

    def show(self, state: LockState) -> None:
        """Report any lock state, even one that nobody knows, until the next change."""
        self._stop_lock_n_go()
        self._enter(state, Trigger.SYSTEM)

    def stop(self) -> None:
        """Lose the power: the bolt stays where it is, and nobody is told."""
        if self._run is not None:
            self._journal.record(Kind.MOTOR_STOPPED, action=self._run.action.name, completion="NO_POWER")
        self._run = None
        self._cancel_task()
        self._stop_lock_n_go()

    def boot(self) -> None:
        """Do the positioning run after power came back."""
        self.last_action = LockAction.NONE
        self.last_trigger = Trigger.SYSTEM
        self.last_completion = CompletionStatus.SUCCESS
        self._journal.record(Kind.POSITIONING_RUN)
        self._task = asyncio.create_task(self._find_position())

    async def _find_position(self) -> None:
        self._enter(LockState.BOOT_RUN, Trigger.SYSTEM)
        await asyncio.sleep(self._timing.boot_run)
        self._task = None
        self._enter(self._rest_state, Trigger.SYSTEM)

    async def _carry_out(self, run: _Run) -> None:
        for phase in self._plan(run.action):
            self._enter(phase.state, run.trigger)
            if phase.state == LockState.UNLATCHED and not self._habits.unlatch_completes_at_rest:
                self._note(run.action, run.trigger, CompletionStatus.SUCCESS)
                run.done(None)
                run.done = _nobody
            if phase.state.moving and self.jam is not None:
                await asyncio.sleep(phase.seconds / 2)
                failure = _FAILURES[self.jam]
                self._task = None
                self._finish(run, run.origin if failure.state is None else failure.state, failure)
                return
            await asyncio.sleep(phase.seconds)
            self.bolt_locked = phase.bolt_locked
        self._one_turn = self._settings.values.single_lock and run.action == LockAction.LOCK
        self._task = None
        if run.action in _LOCK_N_GO_ACTIONS and not self.bolt_locked:
            self._start_lock_n_go(run.trigger)
        self._finish(run, self._rest_state, None)

    def _plan(self, action: LockAction) -> list[_Phase]:
        """Return the phases of a run from where the bolt is."""
        timing, settings = self._timing, self._settings.values
        if action in _LOCK_ACTIONS:
            return [_Phase(LockState.LOCKING, timing.lock, bolt_locked=True)]
        to_unlock = 0.0 if self.state in _UNLOCKED_STATES else timing.unlock
        if action in _UNLATCH_ACTIONS or settings.auto_unlatch:
            return [
                _Phase(LockState.UNLATCHING, to_unlock + timing.unlatch, bolt_locked=False),
                _Phase(LockState.UNLATCHED, settings.unlatch_duration, bolt_locked=False),
            ]
        return [_Phase(LockState.UNLOCKING, timing.unlock, bolt_locked=False)]

    @property
    def _rest_state(self) -> LockState:
        if self.bolt_locked:
            return LockState.LOCKED
        return LockState.UNLOCKED if self._lock_n_go is None else LockState.UNLOCKED_LOCK_N_GO

    @property
    def _moved_recently(self) -> bool:
        return (
            self._last_moved is not None
            and _loop_time() - self._last_moved < self._timing.auto_unlock_too_recent
        )

    def _finish(self, run: _Run, state: LockState, failure: _Failure | None) -> None:
        """Come to rest: first the state, then the answer to whoever asked."""
        completion = CompletionStatus.SUCCESS if failure is None else failure.completion
        self._run = None
        self._journal.record(
            Kind.MOTOR_STOPPED,
            action=run.action.name,
            completion=completion.name,
            seconds=round(_loop_time() - run.started, 6),
        )
        self._note(run.action, run.trigger, completion)
        self._enter(state, run.trigger)
        run.done(None if failure is None else failure.error)

    def _note(self, action: LockAction, trigger: Trigger, completion: CompletionStatus) -> None:
        self.last_action, self.last_trigger, self.last_completion = action, trigger, completion
        if completion != CompletionStatus.TOO_RECENT:
            self._last_moved = _loop_time()

    def _enter(self, state: LockState, trigger: Trigger) -> None:
        self.state, self.trigger = state, trigger
        self._on_change()

    def _start_lock_n_go(self, trigger: Trigger) -> None:
        self._stop_lock_n_go()

        def lock() -> None:
            self._lock_n_go = None
            self.start(LockAction.LOCK, trigger, _nobody)

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


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
