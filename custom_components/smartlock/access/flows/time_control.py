"""The forms about time control: what the lock does by itself at set times of day."""

from collections.abc import Awaitable
from datetime import time
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.flows.dialog import CONF_PICKED, AccessDialog, listed
from custom_components.smartlock.access.flows.right import CONF_WEEKDAYS, WEEKDAYS
from custom_components.smartlock.access.rules.entries import (
    DANGEROUS_ACTIONS,
    DAYS,
    TIMED_ACTIONS,
    Timed,
    names_of,
    weekdays_of,
)
from custom_components.smartlock.access.time_control import NewTimed, TimedChange
from custom_components.smartlock.dialogs import HoursSelector, while_loaded

CONF_TIME, CONF_ACTION, CONF_ENABLED, CONF_UNDERSTOOD = "time", "action", "enabled", "understood"
# What people mean by it comes first.
_ACTIONS = ("lock", *(action for action in TIMED_ACTIONS if action != "lock"))


class TimeControlSteps(AccessDialog):
    """The forms about time control."""

    def __init__(self) -> None:
        """Nothing was read or filled in yet."""
        super().__init__()
        self._timed: Timed | None = None
        """The entry that was chosen; None for a new one."""
        self._timed_input: dict[str, Any] = {}

    @while_loaded
    async def async_step_time_control(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Read the entries, then show them."""

        def read(progress: Progress, refresh: bool) -> Awaitable[tuple[Timed, ...]]:
            return self.access.time_control.async_list(refresh=refresh)

        return await self.read_first("time_control", read, "tc_menu")

    @while_loaded
    async def async_step_tc_menu(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what the lock does by itself, and what can be done about it."""
        self.forget_errors()
        self._timed, self._timed_input = None, {}
        lines = [f"- {self.words.timed(timed)}" for timed in self._schedule]
        return self.async_show_menu(
            step_id="tc_menu",
            menu_options=["tc_add", "tc_pick"] if lines else ["tc_add"],
            description_placeholders={
                "done": self._done,
                "list": listed(lines, self.words.text("no_schedule")),
                "note": await self.clock_note(),
            },
        )

    @property
    def _schedule(self) -> tuple[Timed, ...]:
        return self._list

    @while_loaded
    async def async_step_tc_pick(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which entry."""
        self._done = ""
        if user_input is not None:
            picked = user_input.get(CONF_PICKED)
            self._timed = next((each for each in self._schedule if str(each.entry_id) == picked), None)
            if self._timed is not None:
                return await self.async_step_tc()
        options = {str(timed.entry_id): self.words.timed(timed) for timed in self._schedule}
        return self.ask_which("tc_pick", options, user_input)

    @while_loaded
    async def async_step_tc(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what can be done with one entry."""
        self.forget_errors()
        timed = self._timed
        assert timed is not None
        return self.async_show_menu(
            step_id="tc",
            menu_options=["tc_edit", "tc_delete"],
            description_placeholders={"entry": self.words.timed(timed)},
        )

    @while_loaded
    async def async_step_tc_add(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the lock is to do, and when."""
        self._done = ""
        return await self._edit("tc_add", user_input)

    @while_loaded
    async def async_step_tc_edit(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be different."""
        return await self._edit("tc_edit", user_input)

    async def _edit(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        if user_input is not None:
            self.forget_errors()
            self._timed_input = user_input
            if not user_input[CONF_WEEKDAYS]:
                self._errors = {CONF_WEEKDAYS: "no_weekday"}
            elif user_input[CONF_ENABLED] and user_input[CONF_ACTION] in DANGEROUS_ACTIONS:
                return await self.async_step_tc_confirm()
            else:
                return await self._write_timed(step_id)
        actions = list(_ACTIONS)
        known = self._timed_input or self._shown()
        if (action := known[CONF_ACTION]) not in actions:
            actions.append(action)
        return self.show_form(
            step_id,
            {
                vol.Required(CONF_WEEKDAYS): WEEKDAYS,
                vol.Required(CONF_TIME): HoursSelector(),
                vol.Required(CONF_ACTION): SelectSelector(
                    SelectSelectorConfig(
                        options=actions, translation_key="timed_action", mode=SelectSelectorMode.DROPDOWN
                    )
                ),
                vol.Required(CONF_ENABLED): BooleanSelector(),
            },
            known=known,
            values={"note": await self.clock_note()},
        )

    def _shown(self) -> dict[str, Any]:
        timed = self._timed
        if timed is None:
            return {
                CONF_WEEKDAYS: list(DAYS),
                CONF_TIME: "22:00:00",
                CONF_ACTION: _ACTIONS[0],
                CONF_ENABLED: True,
            }
        return {
            CONF_WEEKDAYS: names_of(timed.weekdays),
            **({} if timed.time is None else {CONF_TIME: timed.time.isoformat()}),
            CONF_ACTION: timed.action,
            CONF_ENABLED: timed.enabled,
        }

    @while_loaded
    async def async_step_tc_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what it means that the lock opens by the clock, regardless of who is there."""
        if user_input is not None:
            self.forget_errors()
            if user_input[CONF_UNDERSTOOD]:
                return await self._write_timed("tc_confirm", confirmed=True)
            self._errors = {CONF_UNDERSTOOD: "confirm"}
        return self.show_form(
            "tc_confirm",
            {vol.Required(CONF_UNDERSTOOD, default=False): BooleanSelector()},
            values={"entry": self.words.timed(self._filled_in())},
            last=True,
        )

    def _filled_in(self) -> Timed:
        given = self._timed_input
        return Timed(
            entry_id=0 if self._timed is None else self._timed.entry_id,
            enabled=given[CONF_ENABLED],
            weekdays=weekdays_of(given[CONF_WEEKDAYS]),
            time=time.fromisoformat(given[CONF_TIME]).replace(second=0),
            action=given[CONF_ACTION],
        )

    async def _write_timed(self, back: str, *, confirmed: bool = False) -> ConfigFlowResult:
        wanted, had = self._filled_in(), self._timed

        async def write() -> str:
            assert wanted.time is not None
            if had is None:
                new = NewTimed(
                    time=wanted.time, action=wanted.action, weekdays=wanted.weekdays, enabled=wanted.enabled
                )
                made = await self.access.time_control.async_add(new, confirmed=confirmed)
                return self.words.text("timed_added", entry=self.words.timed(made))
            change = TimedChange(
                time=None if wanted.time == had.time else wanted.time,
                action=None if wanted.action == had.action else wanted.action,
                weekdays=None if wanted.weekdays == had.weekdays else wanted.weekdays,
                enabled=None if wanted.enabled == had.enabled else wanted.enabled,
            )
            changed = await self.access.time_control.async_update(had.entry_id, change, confirmed=confirmed)
            return self.words.text("timed_changed", entry=self.words.timed(changed))

        return await self.write(write, then="time_control", back=back)

    @while_loaded
    async def async_step_tc_delete(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Delete an entry."""
        timed = self._timed
        assert timed is not None
        entry = self.words.timed(timed)
        if user_input is None:
            return self.show_form("tc_delete", {}, values={"entry": entry}, last=True)

        async def delete() -> str:
            await self.access.time_control.async_delete(timed.entry_id)
            return self.words.text("timed_deleted", entry=entry)

        return await self.write(delete, then="time_control", back="tc_delete")

    @override
    @callback
    def async_remove(self) -> None:
        super().async_remove()
        self._timed, self._timed_input = None, {}
