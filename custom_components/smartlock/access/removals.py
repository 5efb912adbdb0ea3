"""Keeps the promises to take rights away: counts uses, tries again until the lock no longer has an entry, and tells."""

import asyncio
import hashlib
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.issue_registry import IssueSeverity
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access.codes import KeypadCodes
from custom_components.smartlock.access.errors import AccessError
from custom_components.smartlock.access.rules.log_uses import Use
from custom_components.smartlock.access.rules.notes import Key, Notes, Owner, Removal
from custom_components.smartlock.access.store import NoteStore
from custom_components.smartlock.access.users import Users
from custom_components.smartlock.access.uses import UseLog
from custom_components.smartlock.access.words import who
from custom_components.smartlock.const import CONF_REMOVE_EXPIRED, DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.moments import moment_text
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.errors import LinkError, SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.wire import shown
from custom_components.smartlock.storage import NotStoredError
from custom_components.smartlock.system_clock.trust import system_clock

CODE_NOT_REMOVED = "code_not_removed"
REMOVAL_GIVEN_UP = "removal_given_up"
# Seconds until a removal is tried over a connection of its own; doubled after each failure.
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 900.0


class Removals(LockPart):
    """The removals of one lock."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        *,
        pin: PinGuard,
        log: UseLog,
        store: NoteStore,
        codes: KeypadCodes,
        users: Users,
        issues: LockIssues,
    ) -> None:
        """Prepare; call `async_load` before anything else."""
        self._hass = hass
        self._coordinator = coordinator
        self._entry = coordinator.config_entry
        self._pin = pin
        self._log = log
        self._store = store
        self._codes = codes
        self._users = users
        self._issues = issues
        self._turn = asyncio.Lock()
        self._pause = FIRST_PAUSE
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._counted_at: int | None = None
        """The newest log entry up to which the lock's own counters are known; None: they are not."""
        self._stopped = False
        self._unfollow: CALLBACK_TYPE | None = None

    @override
    @callback
    def start(self) -> None:
        """Count uses, and continue with the removals of an earlier run."""
        for stop in (
            self._store.async_on_change(self._changed),
            self._codes.async_on_pending(self._promised),
            self._users.async_on_pending(self._promised),
            self._users.async_on_read(self._users_read),
        ):
            self._entry.async_on_unload(stop)
        self._changed()
        if self._due:
            self._soon()

    @override
    async def async_stop(self) -> None:
        """End. What is left is on disk."""
        self._stopped = True
        self._follow_log(wanted=False)
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def _notes(self) -> Notes:
        return self._store.notes

    @property
    def _due(self) -> bool:
        """Whether something is to be done as soon as the lock can be reached."""
        notes = self._notes
        return bool(notes.removals) or notes.adding is not None or (notes.counting and notes.uncertain)

    @property
    def pending(self) -> tuple[Removal, ...]:
        """What was promised and is not done yet."""
        return self._notes.removals

    @property
    def overdue(self) -> bool:
        """Whether somebody still has access who should not have had it for a while."""
        now = dt_util.utcnow()
        return any(removal.overdue(now) for removal in self._notes.removals)

    # --- Counting -----------------------------------------------------------------------------------------

    @callback
    def _follow_log(self, *, wanted: bool) -> None:
        """Have every new log entry read, as long as uses are counted."""
        if wanted and self._unfollow is None:
            self._unfollow = self._log.async_subscribe(self._log_read)
        elif not wanted and self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    @callback
    def _log_read(self, use: Use, missed: bool) -> None:
        """Count the use in a new log entry. It is on disk before the removal."""
        notes = self._notes.with_log((use,), dt_util.utcnow(), missed=missed)
        if notes != self._notes:
            self._entry.async_create_task(self._hass, self._keep(notes), f"{DOMAIN} uses of codes")

    async def _keep(self, notes: Notes) -> None:
        await self._store.async_keep(notes)
        if self._due:
            self._soon(0.0)

    async def _count(self) -> None:
        """Look for uses in the log over the link that is open. Raises SmartLockError."""
        found = await self._log.newest()
        newest = found.uses[-1].index if found.uses else 0
        off = found.logging is False
        notes = self._notes
        if found.await_others(notes.log_index):
            # A long log is read over several links. What is not counted yet was not missed.
            return
        if off or newest != notes.log_index:
            # Switched off, begun again, or read by somebody right before a crash.
            again = newest < notes.log_index
            notes = notes.with_log(found.uses, dt_util.utcnow(), missed=off, began_again=again)
            await self._store.async_keep(notes)
        if notes.uncertain or self._may_have_counted(found.uses, newest):
            await self._codes.async_recount()
        self._counted_at = newest

    def _may_have_counted(self, uses: tuple[Use, ...], newest: int) -> bool:
        """Whether the lock's own counters of codes that are counted here may have changed since they were read."""
        if self._counted_at is None or newest < self._counted_at:
            return True
        new = [use for use in uses if use.index > self._counted_at]
        if len(new) != newest - self._counted_at or any(self._notes.counted_by(use) for use in new):
            return True
        # What was deleted in the app is not counted for ever.
        there = {Key.of(entry) for entry in self._codes.entries}
        return any(made.uses_left and made.key not in there for made in self._notes.made)

    # --- Removing -----------------------------------------------------------------------------------------

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Do over the open link what is due. Raises SmartLockError."""
        trusted = system_clock(self._hass).trusted_now()
        if trusted is not None and self._entry.options.get(CONF_REMOVE_EXPIRED, True):
            await self._store.async_keep(self._notes.expired(trusted))
        if (self._due or self._notes.counting) and not states.lock_state.moving:
            await self._work()

    async def _work(self) -> None:
        """Do what is due. Raises SmartLockError if something does not work; only a link that ends holds up the rest."""
        if self._pin.state is not PinState.VALID:
            self._show()
            return
        failed: list[SmartLockError] = []
        async with self._turn:
            # What is promised already comes first, and then what is found out.
            tried = await self._remove_all(failed)
            try:
                if self._notes.adding is not None:
                    await self._codes.async_complete()
                if self._notes.counting:
                    await self._count()
            except LinkError:
                raise
            except SmartLockError as error:
                failed.append(error)
            await self._remove_all(failed, but=tried)
        if failed:
            raise failed[0]
        self._pause = FIRST_PAUSE

    async def _remove_all(
        self, failed: list[SmartLockError], *, but: tuple[Removal, ...] = ()
    ) -> tuple[Removal, ...]:
        """Do each removal but some, and return them; add what does not work to `failed`. Raises LinkError."""
        due = tuple(removal for removal in self._notes.removals if removal not in but)
        for removal in due:
            try:
                await self._remove(removal)
            except LinkError:
                raise
            except SmartLockError as error:
                failed.append(error)
        return due

    async def _remove(self, removal: Removal) -> None:
        owner = self._codes if removal.key.owner is Owner.CODE else self._users
        try:
            await owner.async_forget(removal)
            await owner.async_carry_out(removal)
        except NotStoredError:
            # Taking a right away is more urgent than remembering it.
            await owner.async_carry_out(removal)
        except AccessError as error:
            if not error.invalid:
                raise
            # It belongs to an accessory after all, and nobody has confirmed that.
            LOGGER.debug("A removal was given up: %s", error)
            await self._store.async_keep(self._notes.without_removal(removal.key))
            for entry in owner.entries:
                if removal.key.names(entry):
                    self._issues.show(
                        REMOVAL_GIVEN_UP,
                        placeholders={"who": who(self._hass, removal.key, shown(entry.name))},
                        subject=_subject(Key.of(entry)),
                    )

    @callback
    def _promised(self) -> None:
        """Try a new promise soon, however long others have failed."""
        self._pause = FIRST_PAUSE
        self._soon()

    @callback
    def _soon(self, delay: float | None = None) -> None:
        """Try in a while over a connection of our own, unless a link comes first."""
        due = self._hass.loop.time() + (self._pause if delay is None else delay)
        if self._stopped or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._hass.loop.call_at(due, self._try)

    @callback
    def _try(self) -> None:
        self._timer = None
        self._show()
        if not self._due or self._stopped:
            return
        if self._task is not None and not self._task.done():
            self._soon()
            return
        self._task = self._entry.async_create_background_task(
            self._hass, self._try_now(), f"{DOMAIN} removal of rights"
        )

    async def _try_now(self) -> None:
        # A lock that is out of sight is read when it comes back, and that link is used.
        if self._coordinator.reachable:
            try:
                async with self._coordinator.client.keep_connected():
                    await self._work()
            except SmartLockError as error:
                LOGGER.debug("A right was not taken away: %s", type(error).__name__)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._show()
        self._coordinator.async_update_listeners()
        if self._due:
            self._soon()

    # --- Telling ------------------------------------------------------------------------------------------

    def who(self, removal: Removal) -> str:
        """Return what an entry that is to go is called."""
        listed = self._codes.entries if removal.key.owner is Owner.CODE else self._users.entries
        names = (shown(entry.name) for entry in listed if removal.key.names(entry))
        return who(self._hass, removal.key, removal.name or next(names, ""))

    @callback
    def _changed(self) -> None:
        self._follow_log(wanted=self._notes.counting and not self._stopped)
        self._show()
        self._coordinator.async_update_listeners()

    @callback
    def _show(self) -> None:
        """Show a repair for each entry that still works although it should not."""
        now, blocked = dt_util.utcnow(), self._pin.state is not PinState.VALID
        left = {
            _subject(removal.key): removal
            for removal in self._notes.removals
            if blocked or removal.overdue(now)
        }
        self._issues.keep_only(CODE_NOT_REMOVED, left.__contains__)
        for subject, removal in left.items():
            self._issues.show(
                CODE_NOT_REMOVED,
                severity=IssueSeverity.ERROR,
                placeholders={
                    "who": self.who(removal),
                    "since": moment_text(self._hass, removal.since),
                },
                subject=subject,
            )

    @callback
    def _users_read(self) -> None:
        """Withdraw the repairs about entries that the lock no longer has."""
        there = {_subject(Key.of(entry)) for entry in self._users.entries}
        self._issues.keep_only(REMOVAL_GIVEN_UP, there.__contains__)


def _subject(key: Key) -> str:
    """Return what tells the entries of one lock apart; it names nobody."""
    entry = f"{key.entry_id} {None if key.created is None else tuple(key.created)}"
    return f"{key.owner.value}_{hashlib.sha256(entry.encode()).hexdigest()[:8]}"
