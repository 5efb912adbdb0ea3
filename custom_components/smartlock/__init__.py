"""Nuki smart locks over Bluetooth only: starts and stops the parts of a lock in the order of `runtime.py`."""

from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_ADDRESS, CONF_PIN, Platform
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from custom_components.smartlock.const import (
    CONF_NUKI_ID,
    CONF_PHONES,
    CONF_REMOVE_EXPIRED,
    CONF_RESTORE_BY_ITSELF,
    CONF_SHOW_NAMES,
    DOMAIN,
)
from custom_components.smartlock.devices import register_device
from custom_components.smartlock.entry_check import damaged_data, damaged_option, held
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.pairing.finished import (
    async_adopt_pairing,
    async_finished_pairings,
    async_forget_copy,
)
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.services import async_setup_services
from custom_components.smartlock.settings.files import async_setup_files
from custom_components.smartlock.storage import async_remove_lock_stores, async_report_damage

# A new PIN, for instance, needs no new connection.
_READ_WHEN_USED = (CONF_PIN, CONF_PHONES, CONF_SHOW_NAMES, CONF_RESTORE_BY_ITSELF, CONF_REMOVE_EXPIRED)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.LOCK,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TEXT,
    Platform.TIME,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions; they exist before any lock is set up."""
    async_setup_services(hass)
    async_setup_files(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartLockConfigEntry) -> bool:
    """Set up a lock from its stored pairing; needs no connection."""
    if hass.state is not CoreState.running and isinstance(entry.data.get(CONF_ADDRESS), str):
        await async_adopt_pairing(hass, entry)
    _check(entry)
    before = _what_matters(entry)
    # Whatever may fail comes before the platforms, which cannot be set up twice in one run of Home Assistant.
    runtime = entry.runtime_data = SmartLockRuntime.of(hass, entry)
    await runtime.async_load()
    await async_finished_pairings(hass)
    await async_report_damage(hass)
    entry.async_on_unload(entry.add_update_listener(_follow_changes(before)))
    if _what_matters(entry) != before:
        # It has changed while the files were read, and nobody listened yet.
        hass.config_entries.async_schedule_reload(entry.entry_id)
    register_device(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    try:
        runtime.start()
    except Exception:
        await async_unload_entry(hass, entry)
        raise
    entry.async_create_background_task(hass, async_forget_copy(hass, entry), f"{DOMAIN} copy of a pairing")
    return True


def _check(entry: ConfigEntry) -> None:
    """Raise ConfigEntryError for a damaged entry before anything is created from it."""
    if (field := damaged_data(entry.data)) is not None:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="entry_damaged",
            translation_placeholders={"field": field},
        )
    if (field := damaged_option(entry.options)) is not None:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="option_damaged",
            translation_placeholders={"field": field},
        )


def _follow_changes(
    before: tuple[object, ...],
) -> Callable[[HomeAssistant, ConfigEntry], Coroutine[Any, Any, None]]:
    """Return a listener that reloads the entry when what its set-up depends on is not as `before` any more."""

    async def changed(hass: HomeAssistant, entry: SmartLockConfigEntry) -> None:
        if _what_matters(entry) != before:
            await hass.config_entries.async_reload(entry.entry_id)
            return
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.issues.rename()
            # Names may be hidden now.
            entry.runtime_data.coordinator.async_update_listeners()
        await entry.runtime_data.auto_unlock.async_follow()

    return changed


def _what_matters(entry: ConfigEntry) -> tuple[object, ...]:
    """Return a copy of what the set-up depends on: no title, no rules, and no options that are read when used."""
    return dict(entry.data), {
        key: value for key, value in entry.options.items() if key not in _READ_WHEN_USED
    }


async def async_unload_entry(hass: HomeAssistant, entry: SmartLockConfigEntry) -> bool:
    """Stop all parts of a lock and disconnect. A disabled lock has no issues."""
    runtime = entry.runtime_data
    # Before anything that takes time: a removed or changed rule must not unlock in the meantime.
    runtime.auto_unlock.stop()
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await runtime.async_stop()
    if entry.disabled_by is not None:
        runtime.issues.withdraw_all()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: SmartLockConfigEntry) -> None:
    """Delete the keys of a removed lock and everything stored about it. The lock keeps our authorization."""
    LockIssues(hass, entry).withdraw_all()
    # A damaged entry may still say which lock it is about.
    address, nuki_id = held(entry.data, CONF_ADDRESS), held(entry.data, CONF_NUKI_ID)
    await (await async_finished_pairings(hass)).async_discard(str(address))
    if isinstance(nuki_id, int):
        await async_remove_lock_stores(hass, nuki_id_text(nuki_id))
