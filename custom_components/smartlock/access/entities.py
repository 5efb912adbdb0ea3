"""Keypad codes as switches, and all guests' codes at once: for owners who have chosen that."""

from collections.abc import Awaitable
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.access.access import LockAccess
from custom_components.smartlock.access.codes import CodeChange
from custom_components.smartlock.const import CONF_CODES_AS_SWITCHES
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.protocol.messages import KeypadCode
from custom_components.smartlock.protocol.wire import shown

_PREFIX = "code_"


@callback
def async_add_code_switches(access: LockAccess, async_add_entities: AddConfigEntryEntitiesCallback) -> None:
    """Add a switch for each code when the list is read, and remove those of codes that are gone."""
    coordinator = access.coordinator
    registry = er.async_get(coordinator.hass)
    start = f"{coordinator.nuki_id}_{_PREFIX}"
    wanted = bool(coordinator.config_entry.options.get(CONF_CODES_AS_SWITCHES))
    added: set[int] = set()

    @callback
    def follow() -> None:
        there = {entry.code_id for entry in access.codes.entries} if wanted else set()
        for entity in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
            if entity.domain == Platform.SWITCH and entity.unique_id.startswith(start):
                code_id = int(entity.unique_id.removeprefix(start))
                if code_id not in there:
                    added.discard(code_id)
                    registry.async_remove(entity.entity_id)
        new = sorted(there - added)
        added.update(new)
        if new:
            async_add_entities([CodeSwitch(access, code_id) for code_id in new])

    if not wanted:
        # The owner has changed their mind.
        follow()
        return
    coordinator.config_entry.async_on_unload(access.codes.async_on_read(follow))


class CodeSwitch(SmartLockEntity, SwitchEntity):
    """Whether a keypad code is good; off is paused, and everything else about it stays."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_icon = "mdi:dialpad"

    def __init__(self, access: LockAccess, code_id: int) -> None:
        """Bind it to a code of a lock."""
        super().__init__(access.coordinator, SwitchEntityDescription(key=f"{_PREFIX}{code_id}"))
        self._access = access
        self._code_id = code_id
        # Its name is the code's own, which no translation has.
        self._attr_translation_key = None
        self._attr_name = self._present_name

    @property
    def _present_name(self) -> str:
        """What the code is called now, if names are shown."""
        entry = self._entry
        name = "" if entry is None or not self._access.shows_names else shown(entry.name)
        return name or f"Code {self._code_id}"

    @property
    def _entry(self) -> KeypadCode | None:
        return next((each for each in self._access.codes.entries if each.code_id == self._code_id), None)

    @property
    @override
    def available(self) -> bool:
        # Out of range a pause is a promise, which Home Assistant would drop without a word.
        return self._entry is not None

    @property
    @override
    def is_on(self) -> bool | None:
        entry = self._entry
        return None if entry is None else bool(entry.enabled)

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return self.available, self.is_on, self._attr_name

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        if self._entry is not None:
            # It may have been renamed, and its number given to another one; and names may be hidden now.
            self._attr_name = self._present_name
        super()._handle_coordinator_update()

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self._change(enabled=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._change(enabled=False)

    async def _change(self, *, enabled: bool) -> None:
        await _in_words(
            self._access, self._access.codes.async_update(self._code_id, CodeChange(enabled=enabled))
        )


class PauseGuestCodes(SmartLockEntity, ButtonEntity):
    """Pauses every code that is marked as a guest's."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, access: LockAccess) -> None:
        """Bind it to a lock."""
        super().__init__(access.coordinator, ButtonEntityDescription(key="pause_guest_codes"))
        self._access = access

    @property
    @override
    def available(self) -> bool:
        # Out of range it is a promise, which Home Assistant would drop without a word.
        return True

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return (self.available,)

    @override
    async def async_press(self) -> None:
        await _in_words(self._access, self._access.codes.async_pause_guests(enabled=False))


@callback
def async_add_pause_button(access: LockAccess, async_add_entities: AddConfigEntryEntitiesCallback) -> None:
    """Add the button, if the owner wants codes as entities."""
    if access.coordinator.config_entry.options.get(CONF_CODES_AS_SWITCHES):
        async_add_entities([PauseGuestCodes(access)])


async def _in_words(access: LockAccess, change: Awaitable[object]) -> None:
    """Wait for a change. Raises HomeAssistantError in the owner's words."""
    try:
        await change
    except SmartLockError as error:
        raise translated(error, access.coordinator.presence.explain()) from error
