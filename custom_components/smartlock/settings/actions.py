"""The actions that save and restore settings."""

from collections.abc import Collection
from typing import Any

from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.lock import SmartLockLock
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.runtime import SmartLockRuntime
from custom_components.smartlock.settings.issues import possible
from custom_components.smartlock.settings.rules import restore
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.snapshot import (
    ADVANCED_SETTINGS,
    CONFIG_SETTINGS,
    LOGGING_ENABLED,
    Difference,
    Part,
    SettingsSnapshot,
)
from custom_components.smartlock.settings.texts import SettingTexts

ATTR_DRY_RUN = "dry_run"
ATTR_SETTINGS = "settings"
ATTR_SNAPSHOT = "snapshot"
_RESTORABLE = (
    *CONFIG_SETTINGS,
    *ADVANCED_SETTINGS,
    LOGGING_ENABLED,
    Part.TIME_CONTROL.value,
    Part.KEYPAD_CODES.value,
)


@callback
def async_setup_settings_actions(hass: HomeAssistant) -> None:
    """Register the actions; what they answer names people, and what they write may change rights."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "save_settings",
        admin_only=True,
        entity_domain=LOCK_DOMAIN,
        schema=None,
        func=_save,
        supports_response=SupportsResponse.OPTIONAL,
    )
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "restore_settings",
        admin_only=True,
        entity_domain=LOCK_DOMAIN,
        schema={
            vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
            vol.Optional(ATTR_SETTINGS): vol.All(cv.ensure_list, [vol.In(_RESTORABLE)]),
            vol.Optional(ATTR_SNAPSHOT): vol.Any(vol.All(vol.Coerce(int), vol.Range(1, 5)), dict),
        },
        func=_restore,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _save(entity: SmartLockLock, call: ServiceCall) -> ServiceResponse:
    """Read all settings, keep them, and return them."""
    runtime = entity.runtime
    try:
        snapshot = await runtime.keeper.async_save()
    except SmartLockError as error:
        raise translated(error, runtime.coordinator.explain_reachability()) from error
    return snapshot.to_json()


async def _restore(entity: SmartLockLock, call: ServiceCall) -> ServiceResponse:
    """Put settings back, or say what would be."""
    runtime = entity.runtime
    keeper, texts = runtime.keeper, SettingTexts(entity.hass)
    dry_run: bool = call.data[ATTR_DRY_RUN]
    wanted = _snapshot(runtime, call.data.get(ATTR_SNAPSHOT))
    try:
        if keeper.restoring is not None and not dry_run:
            # At its end it would take what is offered here for what the owner wants to stay.
            await keeper.async_restore(())
        loss = await keeper.async_compare(wanted)
        found = possible(loss.differences)
        names = call.data.get(ATTR_SETTINGS, restore.all_at_once(found))
        if dry_run:
            return {"settings": {entry.name: _told(entry, texts, names) for entry in found}}
        if not restore.plan(found, names):
            return {"restored": [], "failed": {}}
        if runtime.pin.state is not PinState.VALID:
            raise PinUnavailableError(runtime.pin.state)
        await keeper.async_offer(loss)
        journal = await keeper.async_restore(names)
    except SmartLockError as error:
        raise translated(error, runtime.coordinator.explain_reachability()) from error
    failed: dict[str, JsonValueType] = {name: why.value for name, why in journal.failed().items()}
    if failed and not call.return_response:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_all_restored",
            translation_placeholders={"settings": texts.names(failed)},
        )
    return {"restored": list(journal.restored()), "failed": failed}


def _snapshot(runtime: SmartLockRuntime, wanted: int | dict[str, Any] | None) -> SettingsSnapshot | None:
    """Return the snapshot that the caller means: one that is kept, by its age, or one that was brought along."""
    match wanted:
        case None:
            return None
        case int():
            kept = runtime.keeper.kept.snapshots
            if wanted <= len(kept):
                return kept[wanted - 1]
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_such_snapshot",
                translation_placeholders={"count": str(len(kept))},
            )
        case _:
            try:
                return runtime.keeper.imported(wanted)
            except SnapshotError as error:
                raise ServiceValidationError(
                    translation_domain=DOMAIN, translation_key="not_a_snapshot"
                ) from error


def _told(entry: Difference, texts: SettingTexts, names: Collection[str]) -> JsonValueType:
    """Return a difference as the answer shows it."""
    return {
        "name": texts.name(entry.name),
        "was": texts.value(entry.name, entry.was),
        "now": texts.value(entry.name, entry.now),
        "would_be_restored": entry.restorable and entry.name in names,
        "obstacle": None if entry.obstacle is None else entry.obstacle.value,
    }
