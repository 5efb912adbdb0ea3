"""Implements the actions that save and restore settings."""

from collections.abc import Collection, Mapping
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.files import imported
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


# Fields of the action `restore_settings`.
RESTORE_SCHEMA: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
    vol.Optional(ATTR_SETTINGS): vol.All(cv.ensure_list, [vol.In(_RESTORABLE)]),
    vol.Optional(ATTR_SNAPSHOT): vol.Any(vol.All(vol.Coerce(int), vol.Range(1, 5)), dict),
}


async def save(archive: SettingsArchive) -> SettingsSnapshot:
    """Read all settings, archive them, and return them. Raises HomeAssistantError."""
    try:
        return await archive.async_save()
    except SmartLockError as error:
        raise translated(error, archive.coordinator.presence.explain()) from error


async def restore_settings(archive: SettingsArchive, call: ServiceCall) -> ServiceResponse:
    """Restore settings, or report what would be restored. Raises HomeAssistantError."""
    texts = SettingTexts(call.hass)
    dry_run: bool = call.data[ATTR_DRY_RUN]
    wanted = _snapshot(archive, call.data.get(ATTR_SNAPSHOT))
    try:
        if archive.restoring is not None and not dry_run:
            # When that restore ends, it would take what is offered here for values that the owner wants to
            # keep.
            await archive.async_restore(())
        loss = await archive.async_compare(wanted)
        found = possible(loss.differences)
        names = call.data.get(ATTR_SETTINGS, restore.all_at_once(found))
        if dry_run:
            return {"settings": {entry.name: _as_response(entry, texts, names) for entry in found}}
        # What cannot be restored is reported, too.
        failed: dict[str, JsonValueType] = {
            entry.name: entry.obstacle.value for entry in found if entry.obstacle is not None
        }
        if not restore.plan(found, names):
            return {"restored": [], "failed": failed}
        archive.check_pin()
        await archive.async_offer(loss)
        journal = await archive.async_restore(names)
    except SmartLockError as error:
        raise translated(error, archive.coordinator.presence.explain()) from error
    if journal.failed() and not call.return_response:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_all_restored",
            translation_placeholders={"settings": texts.names(journal.failed())},
        )
    failed |= {name: why.value for name, why in journal.failed().items()}
    return {"restored": list(journal.restored()), "failed": failed}


def _snapshot(archive: SettingsArchive, wanted: int | dict[str, Any] | None) -> SettingsSnapshot | None:
    """Return the snapshot that the caller chose: an archived one, by its age, or one in the call."""
    match wanted:
        case None:
            return None
        case int():
            kept = archive.kept.snapshots
            if wanted <= len(kept):
                return kept[wanted - 1]
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_such_snapshot",
                translation_placeholders={"count": str(len(kept))},
            )
        case _:
            try:
                return imported(archive.coordinator.config_entry, wanted)
            except SnapshotError as error:
                raise ServiceValidationError(
                    translation_domain=DOMAIN, translation_key="not_a_snapshot"
                ) from error


def _as_response(entry: Difference, texts: SettingTexts, names: Collection[str]) -> JsonValueType:
    """Return a difference in the form of the action's response."""
    return {
        "name": texts.name(entry.name),
        "was": texts.value(entry.name, entry.was),
        "now": texts.value(entry.name, entry.now),
        "would_be_restored": entry.restorable and entry.name in names,
        "obstacle": None if entry.obstacle is None else entry.obstacle.value,
    }
