"""Everything about who may open one lock, and what it does on its own, in one place for dialogs and actions."""

from collections import Counter
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access import leaving
from custom_components.smartlock.access.codes import KeypadCodes
from custom_components.smartlock.access.errors import AccessError
from custom_components.smartlock.access.limits import max_codes
from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.access.persons import entity_id_of
from custom_components.smartlock.access.removals import Removals
from custom_components.smartlock.access.rules.notes import Key, Owner
from custom_components.smartlock.access.rules.rights import Right
from custom_components.smartlock.access.store import NoteStore
from custom_components.smartlock.access.time_control import TimeControl
from custom_components.smartlock.access.users import Users
from custom_components.smartlock.access.uses import UseLog
from custom_components.smartlock.clock.rules import Doubt
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.const import CONF_CODES_AS_SWITCHES, CONF_SHOW_NAMES, DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.errors import LinkError
from custom_components.smartlock.protocol.messages import (
    AuthorizationEntry,
    KeypadCode,
    KeyturnerStates,
    Message,
)

CODES_FULL: Final = "codes_full"
# Of the places for codes.
_NEARLY_FULL = 0.95
# Codes as switches are read again this often, s: the app changes them without a trace.
_CODES_EVERY = 6 * 3600.0


class LockAccess(LockPart):
    """The codes, users and time control of one lock."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        lists: LockLists,
        *,
        pin: PinGuard,
        log: UseLog,
        clock: LockClock,
        issues: LockIssues,
    ) -> None:
        """Prepare; call `async_load` before anything else."""
        self.coordinator: Final = coordinator
        self._lists = lists
        self._pin = pin
        self._clock = clock
        self._issues = issues
        self._codes_at: float | None = None
        """When the codes were last read for their switches, in seconds of the loop."""
        self._store = NoteStore(hass, coordinator.nuki_id)
        self.codes: Final = KeypadCodes(coordinator, lists, clock, self._store, log)
        self.users: Final = Users(coordinator, lists, clock, self._store)
        self.time_control: Final = TimeControl(coordinator, lists, clock)
        self.removals: Final = Removals(
            hass,
            coordinator,
            pin=pin,
            log=log,
            store=self._store,
            codes=self.codes,
            users=self.users,
            issues=issues,
        )

    @override
    async def async_load(self) -> None:
        """Read what an earlier run of Home Assistant has noted."""
        await self._store.async_load()

    @override
    @callback
    def start(self) -> None:
        """Continue with the removals of an earlier run."""
        entry = self.coordinator.config_entry
        entry.async_on_unload(self.codes.async_on_read(self._codes_read))
        entry.async_on_unload(self.coordinator.async_add_message_listener(self._message_received))
        self.removals.start()

    @override
    async def async_stop(self) -> None:
        """End. What is left is on disk."""
        await self.removals.async_stop()

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why limited rights and time control may not hold at the time that their owner means; empty: they do."""
        return self._clock.doubts

    def persons_of(self, owner: Owner) -> dict[int, str]:
        """Return the entity ids of persons to whom codes or users belong, by id."""
        linked = {
            made.key.entry_id: entity_id_of(self.coordinator.hass, made.person)
            for made in self._store.notes.made
            if made.key.owner is owner
        }
        return {entry_id: person for entry_id, person in linked.items() if person is not None}

    @property
    def made_here(self) -> int:
        """How many of the lock's codes were made here."""
        return sum(made.made_here for made in self._store.notes.made)

    async def async_leave(self) -> None:
        """Delete our own authorization in the lock, and prove that it is gone. Raises like `leaving.async_leave`."""
        await leaving.async_leave(self.coordinator, self._lists, self._pin)

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Do over the open link what is due. Raises SmartLockError."""
        await self.removals.async_use_link(states)
        if (
            self.coordinator.config_entry.options.get(CONF_CODES_AS_SWITCHES)
            and self._pin.state is PinState.VALID
            and not states.lock_state.moving
            and (self._codes_at is None or self._now - self._codes_at >= _CODES_EVERY)
        ):
            self._codes_at = self._now
            try:
                await self.codes.async_list()
            except LinkError:
                self._codes_at = None
                raise
            except AccessError as error:
                LOGGER.debug("The codes were not read: %s", error)

    @property
    def _now(self) -> float:
        """Seconds of a clock that never goes back."""
        return self.coordinator.hass.loop.time()

    @property
    def shows_names(self) -> bool:
        """Whether the owner wants names of people shown."""
        return bool(self.coordinator.config_entry.options.get(CONF_SHOW_NAMES, True))

    @callback
    def _message_received(self, message: Message) -> None:
        """Forget what was noted of an entry whose id the lock has given to another one."""
        if isinstance(message, KeypadCode | AuthorizationEntry):
            notes = self._store.notes.without_former(Key.of(message))
            if notes is not self._store.notes:
                self.coordinator.config_entry.async_create_task(
                    self.coordinator.hass, self._store.async_keep(notes), f"{DOMAIN} ids given again"
                )

    @callback
    def _codes_read(self) -> None:
        """Show what the list of codes says, and whether there is nearly no room for another."""
        self.coordinator.async_update_listeners()
        config = self.coordinator.data.config
        if config is None:
            return
        entries, most, now = self.codes.entries, max_codes(config), dt_util.utcnow()
        if len(entries) < _NEARLY_FULL * most:
            self._issues.withdraw(CODES_FULL)
            return
        expired = sum(Right.of(each.time_limited, each.limit, now).expired(now) for each in entries)
        self._issues.show(
            CODES_FULL,
            placeholders={"count": str(len(entries)), "max": str(most), "expired": str(expired)},
        )

    @property
    def report(self) -> dict[str, Any]:
        """Figures for the diagnostics: neither names nor digits nor ids."""
        now, removals = dt_util.utcnow(), self.removals.pending
        entries: tuple[KeypadCode | AuthorizationEntry, ...] = (*self.codes.entries, *self.users.entries)
        kinds = Counter(Right.of(each.time_limited, each.limit, now).kind.value for each in entries)
        return {
            "codes": len(self.codes.entries),
            "users": dict(Counter(each.id_type.name.lower() for each in self.users.entries)),
            "time_control": len(self.time_control.entries),
            "kinds": dict(kinds),
            "pending_removals": len(removals),
            "oldest_removal_hours": max(
                (round((now - each.since).total_seconds() / 3600) for each in removals), default=None
            ),
        }
