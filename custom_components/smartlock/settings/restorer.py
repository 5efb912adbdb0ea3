"""Restores settings: waits until the lock is idle, writes in order, verifies, and keeps a journal."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access import directory, schedules
from custom_components.smartlock.access.lists import ListKind, LockLists
from custom_components.smartlock.clock.rules import PROOF_TIME
from custom_components.smartlock.clock.sync import LockClock, OwnClockError
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.pin.guard import PinGuard, PinUnavailableError
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import (
    LinkError,
    MovingError,
    NotAuthorizedError,
    PinError,
    ProtocolError,
    SettingsNotKeptError,
    SettingsUnknownError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    Config,
    EnableLogging,
    KeypadCode,
    KeyturnerStates,
    LogEntryCount,
    Message,
    TimeControlEntry,
)
from custom_components.smartlock.protocol.settings import Setting
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.rules.restore import (
    SETTINGS,
    Idle,
    Journal,
    RestoreProblem,
    RestoreStep,
    StepState,
    next_state,
    too_old,
)
from custom_components.smartlock.settings.rules.snapshot import (
    Group,
    Part,
    SettingsSnapshot,
    essence,
    lasting_code,
    lasting_logging,
    missing,
    still_lost,
)
from custom_components.smartlock.settings.writer import SettingsWriter
from custom_components.smartlock.snapshot import LockSnapshot
from custom_components.smartlock.storage import NotStoredError

# Saves the next state of the journal, and returns it once it is on disk. Raises NotStoredError.
type Take = Callable[[Callable[[], Journal]], Awaitable[Journal]]


class SettingsRestorer:
    """Carries out one restore according to its journal."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        *,
        pin: PinGuard,
        clock: LockClock,
        current: CurrentSettings,
        writer: SettingsWriter,
        lists: LockLists,
        take: Take,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._hass = hass
        self._coordinator = coordinator
        self._pin = pin
        self._clock = clock
        self._current = current
        self._writer = writer
        self._lists = lists
        self._take = take
        self._state_received = asyncio.Event()
        self._running: Journal | None = None
        self._lost: SettingsSnapshot | None = None
        self._clock_doubted = False
        self.idle = Idle()
        self.parts: dict[str, Any] = {}
        """The parts that need a PIN, as last verified."""

    @callback
    def reported(self, states: KeyturnerStates) -> None:
        """Take a state of the lock."""
        self.idle = self.idle.after(states, self._hass.loop.time())
        self._state_received.set()

    @callback
    def wait_again(self) -> None:
        """The lock may have lost power recently: do not disturb it for a while."""
        self.idle = self.idle.restarted(self._hass.loop.time())

    async def run(self, journal: Journal, lost: SettingsSnapshot | None) -> Journal:
        """Carry out all remaining steps and return the journal with their results.

        `lost` is what the lock had when the restore was requested. Nothing more is written if the request is
        too old, or if the lock has changed since.
        """
        self.parts = {}
        self._running = journal
        self._lost = lost
        self._clock_doubted = False
        while (step := self._journal.current) is not None:
            try:
                if too_old(dt_util.utcnow() - journal.begun_at):
                    await self._give_up(RestoreProblem.TOO_OLD)
                elif self.pause() != 0:
                    await self._wait()
                else:
                    await self._go_on(step)
            except NotStoredError:
                # Nothing is written before its line is on disk. Whether a write arrived is read from the lock
                # later.
                await self._wait_for_report()
        return self._journal

    async def _go_on(self, step: RestoreStep) -> None:
        """Carry out a step, as far as the lock and the link allow. Raises NotStoredError."""
        try:
            # An earlier state does not count; this read shows whether the lock is still at rest.
            await self._coordinator.client.read_states()
            if self.pause() == 0:
                await self._take_step(step, self._journal.wanted)
        except NotStoredError:
            raise
        except MovingError:
            self.idle = self.idle.moving()
        except OwnClockError as error:
            if self._clock_doubted:
                await self._enter(step, StepState.FAILED, _problem(error))
                return
            # Soon after a start, only a second comparison proves which clock is wrong.
            self._clock_doubted = True
            await asyncio.sleep(PROOF_TIME + 1)
        except SmartLockError as error:
            LOGGER.debug("A setting was not put back: %s", type(error).__name__)
            if not _may_come_right(error):
                await self._enter(step, StepState.FAILED, _problem(error))
                return
            # The lock shows at the next contact whether anything was written.
            await self._note(lambda journal: journal.tried_again(step.group))
            await self._wait_for_report()

    async def _wait_for_report(self) -> None:
        """Wait for the next contact with the lock."""
        self._state_received.clear()
        await self._state_received.wait()

    async def _note(self, change: Callable[[Journal], Journal]) -> None:
        """Save what becomes of the journal by `change`, which is applied when nothing else changes it any more."""
        self._running = await self._take(lambda: change(self._journal))

    async def _give_up(self, problem: RestoreProblem) -> None:
        await self._note(lambda journal: journal.given_up(problem))

    @property
    def _journal(self) -> Journal:
        assert self._running is not None
        return self._running

    @callback
    def forget(self, part: Part, gone: Callable[[Any], bool]) -> None:
        """Do not put back entries of a list that the owner has just deleted or changed."""
        if self._running is not None:
            wanted = self._running.wanted.without_entries(part, gone)
            self._running = replace(self._running, wanted=wanted)

    async def _enter(
        self, step: RestoreStep, state: StepState, problem: RestoreProblem | None = None
    ) -> None:
        await self._note(lambda journal: journal.entered(step.group, state, problem))

    def pause(self) -> float | None:
        """Return the seconds until settings may be written; None if unknown yet."""
        ready_at = self.idle.ready_at()
        return None if ready_at is None else max(0.0, ready_at - self._hass.loop.time())

    async def _wait(self) -> None:
        """Wait until the lock reports its state, or has been at rest long enough by its last report."""
        self._state_received.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pause()):
                await self._state_received.wait()

    # --- Steps --------------------------------------------------------------------------------------------

    async def _take_step(self, step: RestoreStep, wanted: SettingsSnapshot) -> None:
        """Write one step, unless the lock has it already. Raises SmartLockError."""
        there = await self._is_there(step, wanted)
        if step.group in SETTINGS and self._journal.finds_others(self._coordinator.data, self._lost):
            await self._give_up(RestoreProblem.CHANGED_MEANWHILE)
            return
        state = next_state(step.state, there=there)
        if state is None:
            await self._enter(step, StepState.WRITING)
            await self._write(step, wanted)
            await self._enter(step, StepState.WRITTEN)
            there = await self._is_there(step, wanted)
            state = StepState.VERIFIED if there else StepState.FAILED
        await self._enter(step, state, None if there else RestoreProblem.NOT_KEPT)

    async def _is_there(self, step: RestoreStep, wanted: SettingsSnapshot) -> bool:
        """Read whether the lock has what a step restores."""
        match step.group:
            case Group.CLOCK:
                await self._coordinator.client.read_states()
                return not self._clock.is_wrong
            case Group.CONFIG | Group.ADVANCED_CONFIG:
                await self._current.async_read()
                return not _values(step, wanted, self._coordinator.data)
            case Group.TIME_CONTROL:
                return not self._lost_time_control(await self._time_control())
            case Group.LOGGING:
                count = await self._logging()
                return wanted.logging is None or (
                    count is not None and count.logging_enabled == wanted.logging.logging_enabled
                )
            case Group.KEYPAD_CODES:
                return not self._lost_codes(await self._codes())

    async def _write(self, step: RestoreStep, wanted: SettingsSnapshot) -> None:
        match step.group:
            case Group.CLOCK:
                await self._clock.async_ensure_right()
            case Group.CONFIG:
                await self._writer.write(config=_values(step, wanted, self._coordinator.data))
            case Group.ADVANCED_CONFIG:
                await self._writer.write(advanced=_values(step, wanted, self._coordinator.data))
            case Group.TIME_CONTROL:
                await self._clock.async_ensure_right()
                async with self._lists.turn():
                    # What was deleted while we waited for our turn stays deleted.
                    await self._write_time_control()
            case Group.LOGGING:
                if wanted.logging is not None:
                    await self._order(EnableLogging(enabled=wanted.logging.logging_enabled))
            case Group.KEYPAD_CODES:
                await self._clock.async_ensure_right()
                async with self._lists.turn():
                    await self._write_codes()

    # --- Lists --------------------------------------------------------------------------------------------

    async def _time_control(self) -> tuple[TimeControlEntry, ...]:
        async with self._pin.session() as session:
            entries = await schedules.read_schedules(session)
        self.parts[Part.TIME_CONTROL.value] = entries
        return entries

    async def _codes(self) -> tuple[KeypadCode, ...]:
        async with self._pin.session() as session:
            entries = await directory.read_codes(session)
        kept = self._lists.archivable(ListKind.KEYPAD_CODES, entries)
        self.parts[Part.KEYPAD_CODES.value] = tuple(lasting_code(entry) for entry in kept)
        return entries

    async def _logging(self) -> LogEntryCount | None:
        count, _ = await self._pin.ask(lambda pin: conversations.read_log(pin, count=0))
        if count is not None:
            self.parts[Part.LOGGING.value] = lasting_logging(count)
        return count

    def _lost_time_control(self, found: Sequence[TimeControlEntry]) -> tuple[TimeControlEntry, ...]:
        lost = None if self._lost is None else self._lost.time_control
        return still_lost(self._journal.wanted.time_control or (), lost, found)

    def _lost_codes(self, found: Sequence[KeypadCode]) -> tuple[KeypadCode, ...]:
        lost = None if self._lost is None else self._lost.keypad_codes
        return still_lost(self._journal.wanted.keypad_codes or (), lost, found)

    async def _write_time_control(self) -> None:
        """Add missing entries; one that is only disabled is changed instead."""
        async with self._pin.session() as session:
            found = await schedules.read_schedules(session)
            spare = list(missing(found, self._journal.wanted.time_control or ()))
            for entry in self._lost_time_control(found):
                twin = next((other for other in spare if _same_but_enabled(other, entry)), None)
                if twin is not None:
                    spare.remove(twin)
                    entry_id = twin.entry_id
                else:
                    entry_id = await schedules.add_schedule(session, entry)
                    if entry.enabled:
                        continue
                await schedules.change_schedule(session, replace(entry, entry_id=entry_id))

    async def _write_codes(self) -> None:
        """Add missing codes; one whose digits exist is changed, since a lock accepts digits only once."""
        async with self._pin.session() as session:
            found = await directory.read_codes(session)
            for entry in self._lost_codes(found):
                code_id = next((other.code_id for other in found if other.code == entry.code), None)
                if code_id is None:
                    code_id = await directory.add_code(session, entry)
                    if entry.enabled:
                        continue
                await directory.change_code(session, replace(entry, code_id=code_id))

    async def _order(self, request: Message) -> None:
        await self._pin.ask(partial(conversations.order, request))


def _values(step: RestoreStep, wanted: SettingsSnapshot, data: LockSnapshot) -> dict[str, Setting]:
    """Return the settings of a step that still have to be written."""
    source: Config | AdvancedConfig = wanted.config if step.group is Group.CONFIG else wanted.advanced_config
    found = data.config if step.group is Group.CONFIG else data.advanced_config
    values = {name: getattr(source, name) for name in step.settings}
    return {name: value for name, value in values.items() if getattr(found, name) != value}


def _same_but_enabled(one: TimeControlEntry, other: TimeControlEntry) -> bool:
    return essence(replace(one, enabled=1)) == essence(replace(other, enabled=1))


def _may_come_right(error: SmartLockError) -> bool:
    """Whether the link failed, rather than the lock refusing or forgetting something."""
    if isinstance(error, SettingsNotKeptError):
        return not error.taken
    return isinstance(error, LinkError | ProtocolError | NotAuthorizedError | SettingsUnknownError)


def _problem(error: SmartLockError) -> RestoreProblem:
    match error:
        case PinError() | PinUnavailableError():
            return RestoreProblem.PIN
        case SettingsNotKeptError():
            return RestoreProblem.NOT_KEPT
        case OwnClockError():
            return RestoreProblem.CLOCK
        case _:
            return RestoreProblem.REFUSED
