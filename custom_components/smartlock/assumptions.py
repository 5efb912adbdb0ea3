"""What the code assumes about untested locks, and how often each lock has confirmed or contradicted it.

docs/assumptions.md gives the source of each assumption and what happens if it is wrong. Only counts are
stored, without names or times. They are part of the diagnostics, where real locks show what no virtual lock
can.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, override

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.protocol.enums import CompletionStatus, LockState, StatusCode
from custom_components.smartlock.protocol.messages import ErrorReport, KeyturnerStates, Message, Status
from custom_components.smartlock.storage import LockStore, lock_store

# A crash may lose some counts.
_SAVE_DELAY = 3600.0
_GOOD = (None, CompletionStatus.SUCCESS, CompletionStatus.UNKNOWN)


class Assumption(StrEnum):
    """A property of the firmware that the code relies on; each has a row in docs/assumptions.md."""

    CHANGE_RAISES_FLAG = "change_raises_flag"
    """A change raises the flag of a lock paired as Bridge before a poll finds it."""
    READ_CLEARS_FLAG = "read_clears_flag"
    """Reading the states clears the flag."""
    WRITE_IS_COUNTED_ONCE = "write_is_counted_once"
    """The update count of Config rises by one for each write."""
    COMPLETE_FOLLOWS_STATES = "complete_follows_states"
    """The states of a run come before Status COMPLETE."""
    ERROR_FOLLOWS_STATES = "error_follows_states"
    """The Error Report of a failed run comes after the states of its end."""
    POWER_LOSS_LOSES_TIME = "power_loss_loses_time"
    """A lock whose batteries were changed shows a different time."""
    LOG_GOES_ON = "log_goes_on"
    """New log entries have higher indices, and old ones keep theirs."""
    CHALLENGE_WAITS = "challenge_waits"
    """The answer to a challenge is accepted although some seconds have passed since it."""
    TIME_RISES = "time_rises"
    """Later states carry a later time."""


class Assumptions(LockPart):
    """The counts of one lock."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, *, bridge: bool) -> None:
        """Start with zero counts; `async_load` adds those stored. `bridge`: we are paired as one."""
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "assumptions")
        self._bridge = bridge
        self._counts: dict[Assumption, list[int]] = {each: [0, 0] for each in Assumption}
        self._stopped = False
        # What the order of messages is compared with.
        self._flag = False
        self._flag_was_read = False
        self._link_was_closed = False
        self._run_states: list[KeyturnerStates] | None = None
        self._error_reported = False
        self._failure_reported = False
        self._last: KeyturnerStates | None = None

    @override
    async def async_load(self) -> None:
        """Continue from the counts of earlier runs."""
        counts = await self._store.async_load(_restored)
        if counts is not None:
            self._counts |= counts

    @override
    async def async_stop(self) -> None:
        """Store the counts; nothing is stored after that."""
        self._stopped = True
        await self._store.async_try_save(self._stored)

    def _stored(self) -> dict[str, Any]:
        return {each.value: list(counts) for each, counts in self._counts.items()}

    @property
    def report(self) -> Mapping[str, Mapping[str, int]]:
        """How often each assumption was confirmed and contradicted."""
        return {
            each.value: {"confirmed": confirmed, "contradicted": contradicted}
            for each, (confirmed, contradicted) in self._counts.items()
        }

    @callback
    def count(self, assumption: Assumption, holds: bool | None) -> None:
        """Count a confirmation or a contradiction; None counts neither."""
        if holds is None:
            return
        self._counts[assumption][0 if holds else 1] += 1
        if not self._stopped:
            self._store.async_save_later(self._stored, _SAVE_DELAY)

    # --- Events -------------------------------------------------------------------------------------------

    @callback
    def beacon(self, *, flag: bool) -> None:
        """Take an advertisement."""
        if self._link_was_closed:
            self._link_was_closed = False
            self.count(Assumption.READ_CLEARS_FLAG, not flag)
        self._flag = flag

    @callback
    def link_closed(self) -> None:
        """We have disconnected, and the lock advertises again."""
        self._link_was_closed, self._flag_was_read = self._flag_was_read, False
        self._run_states = None

    @callback
    def challenge_used(self, taken: bool) -> None:
        """A challenge that was requested ahead was used; `taken`: the lock accepted it."""
        self.count(Assumption.CHALLENGE_WAITS, taken)

    @callback
    def clock_set(self) -> None:
        """We are about to set the lock's clock, so its time may go back."""
        self._last = None

    @callback
    def received(self, message: Message) -> None:
        """Take every message of the lock, in order."""
        match message:
            case KeyturnerStates():
                self._states(message)
            case ErrorReport():
                if self._run_states is not None:
                    self.count(Assumption.ERROR_FOLLOWS_STATES, self._failure_reported or None)
                    self._error_reported = not self._failure_reported
            case Status(status=StatusCode.ACCEPTED):
                self._run_states, self._error_reported, self._failure_reported = [], False, False
            case Status(status=StatusCode.COMPLETE) if self._run_states is not None:
                self.count(Assumption.COMPLETE_FOLLOWS_STATES, bool(self._run_states))
                self._run_states = None

    def _states(self, states: KeyturnerStates) -> None:
        self._flag_was_read = self._flag_was_read or (self._bridge and self._flag)
        last, self._last = self._last, states
        if last is not None:
            before, now = last.current_time.moment, states.current_time.moment
            self.count(Assumption.TIME_RISES, None if before is None or now is None else now >= before)
        if self._run_states is None:
            return
        self._run_states.append(states)
        failed = states.lock_state == LockState.MOTOR_BLOCKED or (
            not states.lock_state.moving and states.last_lock_action_completion_status not in _GOOD
        )
        if failed and self._error_reported:
            self.count(Assumption.ERROR_FOLLOWS_STATES, False)
            self._error_reported = False
        elif failed:
            self._failure_reported = True


def _restored(stored: Mapping[str, Any]) -> dict[Assumption, list[int]]:
    """Return the counts that were stored. Raises TypeError or ValueError for anything else."""
    return {
        Assumption(name): [int(confirmed), int(contradicted)]
        for name, (confirmed, contradicted) in stored.items()
        if name in Assumption
    }
