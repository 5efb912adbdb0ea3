"""Guides the owner who has lost the PIN: what a factory reset deletes, what is restored, in which order."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.config_entries import ConfigEntry

from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.pin.guard import PIN_LOST, PinGuard

FLOW = PIN_LOST


class PinLostFlow(LockRepairFlow[PinGuard]):
    """Explains what to do, and opens the next dialog."""

    def __init__(
        self, entry: ConfigEntry, guard: Callable[[], PinGuard], archived: Callable[[], Mapping[str, str]]
    ) -> None:
        """Prepare for one lock and its PIN; `archived` says what can be restored after a factory reset."""
        super().__init__(entry, guard)
        self._archived = archived

    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """List what is at stake."""
        if not self.part.lost:
            return self.async_create_entry(data={})
        return self.async_show_menu(
            step_id="init",
            menu_options=["pin_found", "pair_again"],
            description_placeholders=self.name | dict(self._archived()),
        )

    @while_loaded
    async def async_step_pin_found(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Open the dialog that asks for the PIN."""
        self.part.async_tell()
        return self.async_abort(reason="pin_dialog")

    @while_loaded
    async def async_step_pair_again(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Open the dialog that pairs the lock; it replaces the one that asks for the PIN."""
        self.part.async_end_reauth()
        self._entry.async_start_reauth(self.hass)
        return self.async_abort(reason="pairing_dialog")
