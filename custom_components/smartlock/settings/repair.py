"""Guides the owner through lost settings: what was, what is, and what to restore."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.rules import restore
from custom_components.smartlock.settings.rules.restore import Journal
from custom_components.smartlock.settings.texts import SettingTexts

CONF_SETTINGS = "settings"


class BatteryChangeFlow(LockRepairFlow[SettingsArchive]):
    """Shows a table of old and new values, and restores what the owner chooses."""

    def __init__(self, entry: ConfigEntry, archive: Callable[[], SettingsArchive]) -> None:
        """Prepare for one lock and its archive."""
        super().__init__(entry, archive)
        self._task: asyncio.Task[Journal] | None = None

    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the table and the choices."""
        if self.part.restoring is not None:
            return await self._restore(())
        found = self.part.differences
        loss = self.part.kept.loss
        if loss is None or not found:
            # Settled in the meantime.
            return self.async_create_entry(data={})
        texts = SettingTexts(self.hass)
        options = ["restore_all", "choose", "keep"] if restore.pickable(found) else ["keep"]
        if loss.reasons:
            options.append("no_change")
        return self.async_show_menu(
            step_id="init",
            menu_options=options,
            description_placeholders=self._placeholders(
                why=texts.why(loss.reasons),
                table=texts.table(found),
                notes=texts.notes(found, loss.reference.lacks, pin=self.part.has_pin),
            ),
        )

    @while_loaded
    async def async_step_restore_all(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Restore everything except what has to be picked one by one."""
        return await self._restore(restore.all_at_once(self.part.differences))

    @while_loaded
    async def async_step_choose(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Let the owner pick settings."""
        found = self.part.differences
        if user_input is not None:
            return await self._restore(user_input[CONF_SETTINGS])
        texts = SettingTexts(self.hass)
        schema = vol.Schema(
            {
                vol.Required(CONF_SETTINGS, default=sorted(restore.all_at_once(found))): SelectSelector(
                    SelectSelectorConfig(
                        options=[
                            SelectOptionDict(value=name, label=texts.name(name))
                            for name in restore.pickable(found)
                        ],
                        multiple=True,
                        mode=SelectSelectorMode.LIST,
                    )
                )
            }
        )
        return self.async_show_form(
            step_id="choose",
            data_schema=schema,
            description_placeholders=self._placeholders(table=texts.table(found)),
        )

    @while_loaded
    async def async_step_keep(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Keep the present settings."""
        if self.part.restoring is not None:
            return await self._restore(())
        await self.part.async_keep_new()
        return self.async_create_entry(data={})

    @while_loaded
    async def async_step_no_change(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Withdraw the report of a battery change."""
        if self.part.restoring is not None:
            return await self._restore(())
        await self.part.async_no_change()
        return self.async_create_entry(data={})

    # --- Restoring ----------------------------------------------------------------------------------------

    async def _restore(self, names: Collection[str]) -> RepairsFlowResult:
        if not self.part.has_pin:
            return self.async_abort(reason="pin_needed", description_placeholders=self._placeholders())
        if self.part.restoring is None:
            if self.part.kept.loss is None:
                # Settled in the meantime.
                return self.async_create_entry(data={})
            if not names:
                return await self.async_step_keep()
        # The restore waits until the lock is idle, and must not keep Home Assistant from stopping.
        self._task = self.hass.async_create_background_task(
            self.part.async_restore(names), f"{DOMAIN} wait for a restore"
        )
        return await self.async_step_restoring()

    async def async_step_restoring(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Wait for the end; closing the dialog stops only the waiting."""
        assert self._task is not None
        if not self._task.done():
            return self.async_show_progress(
                step_id="restoring",
                progress_action="restoring",
                progress_task=self._task,
                description_placeholders=self._placeholders(),
            )
        return self.async_show_progress_done(next_step_id="report")

    @while_loaded
    async def async_step_report(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Report the result for each setting."""
        assert self._task is not None
        if user_input is not None:
            if self.part.kept.loss is not None:
                return self.async_abort(reason="not_all", description_placeholders=self._placeholders())
            return self.async_create_entry(data={})
        try:
            journal = self._task.result()
        except SmartLockError:
            return self.async_abort(reason="interrupted", description_placeholders=self._placeholders())
        return self.async_show_form(
            step_id="report",
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders(
                results=SettingTexts(self.hass).results(journal.restored(), journal.failed())
            ),
        )

    def _placeholders(self, **texts: str) -> dict[str, str]:
        return {**self.name, **texts}
