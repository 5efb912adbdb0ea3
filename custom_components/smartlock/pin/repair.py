"""The PIN of a lock is lost: what a factory reset takes, what comes back by itself, and in which order to do it."""

from collections.abc import Mapping, Sized
from typing import Any

from homeassistant.components.repairs import RepairsFlow
from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.util import dt as dt_util

from custom_components.smartlock.pin.guard import PIN_LOST
from custom_components.smartlock.runtime import SmartLockConfigEntry

FLOW = PIN_LOST


class PinLostFlow(RepairsFlow):
    """Says what to do, and opens the dialog that comes next."""

    def __init__(self, entry: SmartLockConfigEntry, data: Mapping[str, Any]) -> None:
        """Take the lock."""
        self._entry = entry
        self._runtime = entry.runtime_data

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """List what is at stake."""
        if not self._runtime.pin.lost:
            return self.async_create_entry(data={})
        return self.async_show_menu(
            step_id="init",
            menu_options=["pin_found", "pair_again"],
            description_placeholders={"name": self._entry.title, **self._kept},
        )

    @property
    def _kept(self) -> dict[str, str]:
        """What there is to put back: when it was read, and how much of each kind."""
        newest = self._runtime.keeper.kept.newest
        if newest is None:
            return dict.fromkeys(("date", "people", "schedules", "codes"), "–")
        return {
            "date": dt_util.as_local(newest.taken_at).strftime("%Y-%m-%d %H:%M"),
            "people": _number(newest.authorizations),
            "schedules": _number(newest.time_control),
            "codes": _number(newest.keypad_codes),
        }

    async def async_step_pin_found(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Have the dialog open that asks for the PIN."""
        self._runtime.pin.async_tell()
        return self.async_abort(reason="pin_dialog")

    async def async_step_pair_again(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Have the dialog open that pairs; it stands in the place of the one that asks for the PIN."""
        self._runtime.pin.async_end_reauth()
        self._entry.async_start_reauth(self.hass)
        return self.async_abort(reason="pairing_dialog")


def _number(kept: Sized | None) -> str:
    return "–" if kept is None else str(len(kept))
