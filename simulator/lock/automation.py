"""What the lock does by itself: auto lock, night mode, time control.

Source: Nuki Smart Lock API V2.1 and V2.3.0, Advanced Config and Time Control Entry; the vendor's Web API. What
auto lock does while the door is open, or after it has failed, is a choice.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from custom_components.smartlock.protocol.enums import LockAction, LockState, Trigger
from simulator.lock.accessories import Door
from simulator.lock.clock import Clock
from simulator.lock.habits import Timing
from simulator.lock.ledger import How
from simulator.lock.models import Model
from simulator.lock.motor import Motor
from simulator.lock.order import Order
from simulator.lock.rights import in_hours
from simulator.lock.settings import SettingsStore
from simulator.lock.time_control import TimeControl
from simulator.lock.timers import Timers

_UNLOCKED_STATES = (LockState.UNLOCKED, LockState.UNLOCKED_LOCK_N_GO)


class Automation:
    """Watches the bolt, the door and the clock."""

    def __init__(
        self,
        *,
        model: Model,
        timing: Timing,
        settings: SettingsStore,
        clock: Clock,
        timers: Timers,
        motor: Motor,
        door: Door,
        time_control: TimeControl,
        carry_out: Callable[[Order], object],
        on_night: Callable[[], None],
    ) -> None:
        """Do nothing yet; `on_night` is called when night mode begins or ends by itself."""
        self._model = model
        self._timing = timing
        self._settings = settings
        self._clock = clock
        self._timers = timers
        self._motor = motor
        self._door = door
        self._time_control = time_control
        self._carry_out = carry_out
        self._on_night = on_night
        self._auto_lock: asyncio.TimerHandle | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._minute: datetime | None = None
        """Local minute that was dealt with last."""
        self._gave_up = False
        """Whether auto lock has failed since the bolt was last unlocked."""
        self._wanted_when_closed: Trigger | None = None
        """Why the bolt is locked once the door closes."""

    @property
    def is_night(self) -> bool:
        """Whether night mode is active."""
        settings = self._settings.values
        start, end = settings.night_mode_start.time, settings.night_mode_end.time
        return (
            bool(settings.night_mode_enabled)
            and start is not None
            and end is not None
            and in_hours(self._local.time(), start, end)
        )

    @property
    def _local(self) -> datetime:
        return self._clock.local(self._settings.values)

    @property
    def _auto_locks(self) -> bool:
        settings = self._settings.values
        if self.is_night and settings.night_mode_auto_lock_enabled:
            return True
        return bool(
            settings.auto_lock_enabled if self._model.auto_lock_switch else settings.auto_lock_timeout
        )

    def changed(self) -> None:
        """Look at the bolt, the settings and the entries again."""
        self._watch_bolt()
        self._watch_clock()

    def clock_set(self) -> None:
        """Go on from the new time: nothing that lies between is made up for."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        self._watch_clock()

    def power_lost(self) -> None:
        """Forget what was due; the timers themselves are gone."""
        self._auto_lock = self._tick = self._wanted_when_closed = None

    def ended(self, trigger: Trigger, *, success: bool) -> None:
        """Take note of how an order ended."""
        self._gave_up = not success and trigger == Trigger.AUTO_LOCK

    def door_closed(self) -> None:
        """Lock now if that was waited for, or if the bolt follows the door at once."""
        if self._motor.state not in _UNLOCKED_STATES:
            return
        at_once = self._auto_locks and self._settings.values.immediate_auto_lock_enabled
        trigger, self._wanted_when_closed = self._wanted_when_closed, None
        if at_once and trigger is None:
            trigger = Trigger.AUTO_LOCK
        if trigger is not None:
            self._timers.after(self._timing.door_closed, lambda: self._lock(trigger))

    # --- Auto lock ----------------------------------------------------------------------------------------

    def _watch_bolt(self) -> None:
        if self._motor.state not in _UNLOCKED_STATES:
            self._wanted_when_closed = None
        due = self._motor.state == LockState.UNLOCKED and not self._gave_up and self._auto_locks
        if not due and self._auto_lock is not None:
            self._auto_lock.cancel()
            self._auto_lock = None
        elif due and self._auto_lock is None and self._wanted_when_closed is None:
            self._auto_lock = self._timers.after(self._settings.values.auto_lock_timeout, self._auto_lock_due)

    def _auto_lock_due(self) -> None:
        self._auto_lock = None
        self._lock(Trigger.AUTO_LOCK)

    def _lock(self, trigger: Trigger) -> None:
        """Lock, but never into the air: an open door is waited for."""
        if self._motor.state not in _UNLOCKED_STATES:
            return
        if self._door.seen_open:
            self._wanted_when_closed = trigger
        else:
            how = How.AUTO_LOCK if trigger == Trigger.AUTO_LOCK else How.NIGHT_MODE
            self._carry_out(Order(action=LockAction.LOCK, trigger=trigger, how=how))

    # --- The clock ----------------------------------------------------------------------------------------

    def _watch_clock(self) -> None:
        needed = bool(self._settings.values.night_mode_enabled) or self._time_control.active
        if not needed and self._tick is not None:
            self._tick.cancel()
            self._tick = None
        elif needed and self._tick is None:
            self._minute = _minute_of(self._local)
            self._wait_for_next_minute()

    def _wait_for_next_minute(self) -> None:
        local = self._local
        left = 60 - local.second - local.microsecond / 1_000_000
        self._tick = self._timers.after(left, self._next_minute)

    def _next_minute(self) -> None:
        self._wait_for_next_minute()
        local = self._local
        if _minute_of(local) == self._minute:
            return  # Timers may be early by a hair.
        self._minute = _minute_of(local)
        settings, time = self._settings.values, (local.hour, local.minute)
        if settings.night_mode_enabled and time in (settings.night_mode_start, settings.night_mode_end):
            self._on_night()
            if settings.night_mode_immediate_lock_on_start and self.is_night:
                self._lock(Trigger.AUTOMATIC)
        for action in self._time_control.due(local):
            self._carry_out(Order(action=action, trigger=Trigger.AUTOMATIC, how=How.TIME_CONTROL))


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
