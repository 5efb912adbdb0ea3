"""The options about the archive of the lock's settings, and the export and import of its file."""

from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.components.http.auth import async_sign_path
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import BooleanSelector, FileSelector, FileSelectorConfig
import voluptuous as vol

from custom_components.smartlock.const import CONF_KEEP_CODES, CONF_RESTORE_BY_ITSELF
from custom_components.smartlock.problems import explained
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.files import file_name, file_path, imported
from custom_components.smartlock.settings.rules.message_json import OtherLockError, SnapshotError

CONF_FILE = "file"
# How long anyone with the link can download the file, as long as the login that made it is valid.
_LINK_TIME = timedelta(minutes=10)
# Enough for some hundred keypad codes and authorizations; a larger file is not a snapshot.
_LARGEST_FILE = 256 * 1024


class BackupOptions(OptionsFlow):
    """Steps of the options flow about what is archived."""

    async def async_step_backup(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what can be done about what is archived."""
        return self.async_show_menu(
            step_id="backup", menu_options=["backup_options", "export_settings", "import_settings"]
        )

    async def async_step_backup_options(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and store what may be archived and restored."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data={**options, **user_input})
        schema = vol.Schema(
            {
                vol.Required(CONF_RESTORE_BY_ITSELF, default=False): BooleanSelector(),
                vol.Required(CONF_KEEP_CODES, default=False): BooleanSelector(),
            }
        )
        return self.async_show_form(
            step_id="backup_options", data_schema=self.add_suggested_values_to_schema(schema, options)
        )

    async def async_step_export_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the link to the file."""
        archive = self._archive
        if archive is None or archive.kept.newest is None:
            return self.async_abort(reason="nothing_saved")
        if user_input is not None:
            return self.async_create_entry(data=dict(self.config_entry.options))
        path = async_sign_path(self.hass, file_path(self.config_entry), _LINK_TIME)
        # With a target, so that the frontend does not mistake it for one of its own pages.
        link = f'<a href="{path}" target="_blank">{file_name(self.config_entry)}</a>'
        return self.async_show_form(
            step_id="export_settings", data_schema=vol.Schema({}), description_placeholders={"link": link}
        )

    async def async_step_import_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Accept a file, and offer what differs as a repair."""
        archive = self._archive
        if archive is None:
            return self.async_abort(reason="nothing_saved")
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            try:
                data = await self.hass.async_add_executor_job(self._read, user_input[CONF_FILE])
                loss = await archive.async_compare(imported(self.config_entry, data))
                found = await archive.async_offer(loss)
            except OtherLockError:
                errors[CONF_FILE] = "other_lock"
            except SnapshotError:
                errors[CONF_FILE] = "not_a_snapshot"
            except SmartLockError as error:
                errors["base"], reason = explained(error)
            else:
                return self.async_abort(reason="offered" if found else "nothing_differs")
        schema = vol.Schema({vol.Required(CONF_FILE): FileSelector(FileSelectorConfig(accept=".json"))})
        return self.async_show_form(
            step_id="import_settings",
            data_schema=schema,
            errors=errors,
            description_placeholders={"reason": reason},
        )

    @property
    def _archive(self) -> SettingsArchive | None:
        """The archive of a lock that is loaded."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return None
        archive: SettingsArchive = self.config_entry.runtime_data.archive
        return archive

    def _read(self, file_id: str) -> Any:
        """Return the data of an uploaded file. Raises SnapshotError."""
        try:
            with process_uploaded_file(self.hass, file_id) as path:
                return json.loads(_text(path))
        except (OSError, RecursionError, ValueError) as error:
            raise error if isinstance(error, SnapshotError) else SnapshotError("no JSON") from None


def _text(path: Path) -> str:
    if path.stat().st_size > _LARGEST_FILE:
        raise SnapshotError("too large")
    return path.read_text(encoding="utf-8")
