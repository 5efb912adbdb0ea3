"""The saved settings of a lock as a file, for logged-in administrators only."""

from dataclasses import replace
from http import HTTPStatus

from aiohttp import web
from homeassistant.components import http
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.json import json_bytes

from custom_components.smartlock.const import CONF_KEEP_CODES, CONF_NUKI_ID, DOMAIN
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.rules.message_json import OtherLockError
from custom_components.smartlock.settings.rules.snapshot import SettingsSnapshot, SnapshotReason

_PATH = f"/api/{DOMAIN}/settings/"


@callback
def async_setup_files(hass: HomeAssistant) -> None:
    """Serve the files."""
    hass.http.register_view(SettingsFileView)


def file_path(entry: ConfigEntry) -> str:
    """Return the path of a lock's file."""
    return f"{_PATH}{entry.entry_id}"


def file_name(entry: ConfigEntry) -> str:
    """Return the name of a lock's file."""
    return f"{DOMAIN}-{nuki_id_text(entry.data[CONF_NUKI_ID])}.json"


def imported(entry: ConfigEntry, data: object) -> SettingsSnapshot:
    """Return the snapshot of a file. Raises SnapshotError, or OtherLockError."""
    snapshot = SettingsSnapshot.from_json(data)
    if snapshot.config.nuki_id != entry.data[CONF_NUKI_ID]:
        raise OtherLockError
    if not entry.options.get(CONF_KEEP_CODES):
        snapshot = snapshot.without_codes()
    return replace(snapshot, reason=SnapshotReason.IMPORTED)


class SettingsFileView(http.HomeAssistantView):
    """Serves the newest snapshot; with keypad codes only if the owner has consented to archiving them."""

    url = f"{_PATH}{{entry_id}}"
    name = f"api:{DOMAIN}:settings"

    @http.require_admin
    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the file."""
        entry = request.app[http.KEY_HASS].config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        archive: SettingsArchive = entry.runtime_data.archive
        snapshot = archive.kept.newest
        if snapshot is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(
            body=json_bytes(snapshot.to_json()),
            content_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="{file_name(entry)}"',
                "Cache-Control": "no-store",
            },
        )
