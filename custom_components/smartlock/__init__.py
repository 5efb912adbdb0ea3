"""Nuki door locks over Bluetooth alone: transport, client, coordinator and platforms are wired here."""

from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, CONF_PIN, Platform
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from custom_components.smartlock.auto_unlock.issues import async_forget_rule_issues
from custom_components.smartlock.auto_unlock.runners import Rules
from custom_components.smartlock.clock.sync import ClockSetting
from custom_components.smartlock.const import CONF_NUKI_ID, DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.issues import FaultIssues
from custom_components.smartlock.faults.tracker import FaultKeeper
from custom_components.smartlock.pairing.finished import async_finished_pairings
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.remote_access.notices import ClientNotices, async_forget_notices
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.services import async_setup_services
from custom_components.smartlock.settings.actions import async_setup_settings_actions
from custom_components.smartlock.settings.archive import SettingsKeeper
from custom_components.smartlock.settings.files import async_setup_files
from custom_components.smartlock.settings.issues import async_forget_loss
from custom_components.smartlock.settings.writer import SettingsWriter
from custom_components.smartlock.storage import async_remove_lock_stores
from custom_components.smartlock.upkeep_actions import async_setup_upkeep_actions
from custom_components.smartlock.wear.watch import WearWatch, async_forget_warning

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
    """Register the actions, which are there before any lock is."""
    async_setup_services(hass)
    async_setup_settings_actions(hass)
    async_setup_upkeep_actions(hass)
    async_setup_files(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartLockConfigEntry) -> bool:
    """Set up a lock from its stored pairing; needs no connection."""
    if hass.state is not CoreState.running:
        await _adopt_finished_pairing(hass, entry)
    coordinator = SmartLockCoordinator(hass, entry)
    pin = PinGuard(hass, entry, coordinator)
    # The first visitor: the others need to know whether the PIN is right.
    await pin.async_start()
    faults = FaultKeeper(hass, coordinator, pin)
    await faults.async_start()
    settings = SettingsWriter(hass, coordinator, pin)
    wear = WearWatch(hass, coordinator)
    keeper = SettingsKeeper(hass, entry, coordinator, pin, settings)
    await keeper.async_load()
    entry.runtime_data = SmartLockRuntime(
        coordinator=coordinator,
        pin=pin,
        settings=settings,
        faults=faults,
        wear=wear,
        auto_unlock=await Rules.load(hass, coordinator, pin, faults),
        keeper=keeper,
    )
    clock = ClockSetting(hass, coordinator.nuki_id, coordinator.client, pin)
    await clock.async_load()
    coordinator.async_add_visit(clock.visit)
    entry.async_on_unload(await ClientNotices(hass, coordinator).async_start())
    entry.async_on_unload(await wear.async_start())
    entry.async_on_unload(entry.add_update_listener(_reload_after_change(entry)))
    entry.async_on_unload(FaultIssues(hass, coordinator, faults).async_start())
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    keeper.async_start()
    coordinator.async_start()
    entry.runtime_data.auto_unlock.start()
    pin.async_tell()
    return True


def _reload_after_change(
    entry: SmartLockConfigEntry,
) -> Callable[[HomeAssistant, ConfigEntry], Coroutine[Any, Any, None]]:
    """Return a listener that sets the entry up again, but only for a change that has something to do with it."""
    before = _what_matters(entry)

    async def changed(hass: HomeAssistant, entry: ConfigEntry) -> None:
        if _what_matters(entry) != before:
            await hass.config_entries.async_reload(entry.entry_id)

    return changed


def _what_matters(entry: ConfigEntry) -> tuple[object, ...]:
    """Return a copy of what the set-up is made from. Not the title; and the PIN needs no new connection."""
    options = {key: value for key, value in entry.options.items() if key != CONF_PIN}
    # A subentry is changed in place.
    return dict(entry.data), options, [subentry.as_dict() for subentry in entry.subentries.values()]


async def _adopt_finished_pairing(hass: HomeAssistant, entry: SmartLockConfigEntry) -> None:
    """Take keys that are newer than the entry on disk; a copy of what stands there has served its purpose."""
    pairings = await async_finished_pairings(hass)
    address = entry.data[CONF_ADDRESS]
    finished = pairings.get(address)
    if finished is None:
        return
    if dict(entry.data) == dict(finished["data"]):
        await pairings.async_discard(address)
    else:
        pin = {CONF_PIN: finished["pin"]} if finished["pin"] else {}
        hass.config_entries.async_update_entry(
            entry, data=dict(finished["data"]), options={**entry.options, **pin}
        )


async def async_unload_entry(hass: HomeAssistant, entry: SmartLockConfigEntry) -> bool:
    """Let go of the lock."""
    # Before anything that takes time: a rule that was removed or changed is not to unlock meanwhile.
    entry.runtime_data.auto_unlock.stop()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.keeper.async_stop()
        await entry.runtime_data.coordinator.async_shutdown()
        await entry.runtime_data.faults.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmartLockConfigEntry) -> None:
    """Forget the keys of a removed lock and what is stored of it; its authorization stays in the lock until the owner removes it."""
    await (await async_finished_pairings(hass)).async_discard(entry.data[CONF_ADDRESS])
    await async_remove_lock_stores(hass, nuki_id_text(entry.data[CONF_NUKI_ID]))
    async_forget_loss(hass, nuki_id_text(entry.data[CONF_NUKI_ID]))
    async_forget_warning(hass, nuki_id_text(entry.data[CONF_NUKI_ID]))
    async_forget_notices(hass, nuki_id_text(entry.data[CONF_NUKI_ID]))
    async_forget_rule_issues(hass, nuki_id_text(entry.data[CONF_NUKI_ID]))
