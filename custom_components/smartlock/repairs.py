"""Repairs: finds the guided flow of an issue."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.smartlock.auto_unlock.issues import FLOW as AUTO_UNLOCK
from custom_components.smartlock.auto_unlock.repair import PhoneFlow
from custom_components.smartlock.faults.repair import FLOW as FAULTS, FaultFlow
from custom_components.smartlock.pin.repair import FLOW as PIN, PinLostFlow
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.repair import FLOW as BATTERY_CHANGE, BatteryChangeFlow
from custom_components.smartlock.wear.repair import FLOW as WEAR, StifferThanUsualFlow

type FlowFactory = Callable[[SmartLockConfigEntry, Mapping[str, Any]], RepairsFlow]

# By the `flow` in the data of an issue, which also names its `entry_id`.
FLOWS: Mapping[str, FlowFactory] = {
    AUTO_UNLOCK: lambda entry, data: PhoneFlow(entry.runtime_data.auto_unlock, data["rule"]),
    BATTERY_CHANGE: BatteryChangeFlow,
    FAULTS: FaultFlow,
    PIN: PinLostFlow,
    WEAR: StifferThanUsualFlow,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow of an issue; for a lock that is gone, or not loaded, one that only confirms."""
    entry = None if data is None else hass.config_entries.async_get_entry(data["entry_id"])
    if (
        data is None
        or entry is None
        or entry.state is not ConfigEntryState.LOADED
        or data["flow"] not in FLOWS
    ):
        return ConfirmRepairFlow()
    return FLOWS[data["flow"]](entry, data)
