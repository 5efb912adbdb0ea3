"""Guides the owner whose PIN was refused, or who has lost it: locking works, and what can be done."""

from collections.abc import Callable, Mapping
from typing import Any, override

from homeassistant.components.repairs.models import RepairsFlowContext, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry

from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.pin.flow import PinSteps
from custom_components.smartlock.pin.guard import PIN_LOST, PIN_REFUSED, PinGuard
from custom_components.smartlock.protocol.errors import NotAuthorizedError, SmartLockError

FLOW = PIN_LOST
REFUSED = PIN_REFUSED


class PinRefusedFlow(PinSteps[RepairsFlowContext, RepairsFlowResult], LockRepairFlow[PinGuard]):
    """Offers what can be done about a PIN that the lock has refused."""

    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what works and what does not, and offer what can be done."""
        if not self.part.needs_owner:
            # Settled in the meantime.
            return self.async_create_entry(data={})
        return self.pin_menu("init")

    @property
    @override
    def pin_entry(self) -> ConfigEntry:
        return self._entry

    @property
    @override
    def pin_guard(self) -> PinGuard:
        return self.part

    @override
    def pin_done(self) -> RepairsFlowResult:
        return self.async_create_entry(data={})

    @override
    async def async_pin_failed(self, error: SmartLockError) -> RepairsFlowResult | None:
        # The lock does not know us at all; another dialog says so.
        return self.async_abort(reason="not_authorized") if isinstance(error, NotAuthorizedError) else None


class PinLostFlow(PinRefusedFlow):
    """Explains what to do about a lost PIN, takes one that was found, and opens the dialog that pairs again."""

    def __init__(
        self, entry: ConfigEntry, guard: Callable[[], PinGuard], archived: Callable[[], Mapping[str, str]]
    ) -> None:
        """Prepare for one lock and its PIN; `archived` says what can be restored after a factory reset."""
        super().__init__(entry, guard)
        self._archived = archived

    @override
    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """List what is at stake."""
        if not self.part.lost:
            return self.async_create_entry(data={})
        return self.async_show_menu(
            step_id="init",
            menu_options=["pin_enter", "pair_again"],
            description_placeholders=self.name | dict(self._archived()),
        )

    @while_loaded
    async def async_step_pair_again(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Open the dialog that pairs the lock."""
        self._entry.async_start_reauth(self.hass)
        return self.async_abort(reason="pairing_dialog")
