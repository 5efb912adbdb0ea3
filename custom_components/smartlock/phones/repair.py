"""What the repairs about batteries and faults have in common: telling phones."""

from collections.abc import Callable
from typing import Any, override

from homeassistant.components.repairs.models import RepairsFlowContext, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry

from custom_components.smartlock.const import CONF_PHONES
from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.phones.flow import PhoneSteps
from custom_components.smartlock.phones.notices import PhoneNotices

FLOW = "battery"


class TellsPhonesFlow[P](PhoneSteps[RepairsFlowContext, RepairsFlowResult], LockRepairFlow[P]):
    """A repair that can be sent to phones, now and whenever it comes again."""

    def __init__(
        self, entry: ConfigEntry, part: Callable[[], P], notices: Callable[[], PhoneNotices]
    ) -> None:
        """Prepare for one lock, and the parts that the repair needs."""
        super().__init__(entry, part)
        self._notices = notices

    @property
    @override
    def phones_entry(self) -> ConfigEntry:
        return self._entry

    @override
    @while_loaded
    async def async_phones_chosen(self, phones: list[str]) -> RepairsFlowResult:
        options = {**self._entry.options, CONF_PHONES: phones}
        self.hass.config_entries.async_update_entry(self._entry, options=options)
        if not phones:
            return self.async_abort(reason="no_phones")
        await self._notices().async_send(self.issue_id, phones)
        return self.async_abort(reason="phones_told")


class BatteryFlow(TellsPhonesFlow[PhoneNotices]):
    """Says what to do about low batteries."""

    def __init__(self, entry: ConfigEntry, notices: Callable[[], PhoneNotices]) -> None:
        """Prepare for one lock."""
        super().__init__(entry, notices, notices)

    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Explain, and offer to tell phones. The repair closes when the batteries are fresh."""
        return self.async_show_menu(step_id="init", menu_options=["phones"])
