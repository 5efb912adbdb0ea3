"""Guides the owner through lost settings: what was, what is, and what to restore."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from math import ceil
from typing import Any, override

from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_track_time_interval
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
        self._watch: CALLBACK_TYPE | None = None
        self._shown_progress: tuple[str, dict[str, str]] | None = None

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
                why=texts.why(loss),
                table=texts.table(found),
                notes=texts.notes(found, loss, pin=self.part.has_pin),
                all=texts.all_at_once(found),
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
            action, words = self._shown_progress = self._progress()
            if self._watch is None:
                self._watch = async_track_time_interval(self.hass, self._look, timedelta(seconds=1))
            return self.async_show_progress(
                step_id="restoring",
                progress_action=action,
                progress_task=self._task,
                description_placeholders=self._placeholders(**words),
            )
        self.async_remove()
        return self.async_show_progress_done(next_step_id="report")

    @callback
    def _look(self, _now: datetime) -> None:
        """Show how far the restore has come, if that has changed."""
        if self.is_loaded and self._progress() != self._shown_progress:
            self.async_notify_flow_changed()

    def _progress(self) -> tuple[str, dict[str, str]]:
        """Return the key of the text to show, with what it says: when the restore starts, or what is done."""
        journal = self.part.restoring
        done, total = (0, 0) if journal is None else journal.progress
        starts_in = self.part.restore_starts_in
        if starts_in is None:
            return "waiting", {}
        if done == 0 and starts_in > 0:
            return "starts_in", {"left": f"0:{ceil(starts_in):02}"}
        return "restoring", {"done": str(done), "total": str(total)}

    @override
    @callback
    def async_remove(self) -> None:
        """Stop looking: the dialog is over, or the restore is."""
        if self._watch is not None:
            self._watch()
            self._watch = None

    async def async_step_report(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Report the result; that it was interrupted, even while the lock is still being set up again."""
        assert self._task is not None
        try:
            journal = self._task.result()
        except SmartLockError:
            return self.async_abort(reason="interrupted", description_placeholders=self._placeholders())
        return await self._report(journal, user_input)

    @while_loaded
    async def _report(self, journal: Journal, user_input: dict[str, Any] | None) -> RepairsFlowResult:
        """Report the result for each setting."""
        if user_input is not None:
            if self.part.kept.loss is not None:
                return self.async_abort(reason="not_all", description_placeholders=self._placeholders())
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="report",
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders(
                results=SettingTexts(self.hass).results(journal.restored(), journal.failed())
            ),
        )

    def _placeholders(self, **texts: str) -> dict[str, str]:
        return {**self.name, **texts}
