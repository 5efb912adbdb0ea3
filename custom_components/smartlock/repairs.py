"""Repairs: finds the guided flow of an issue."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.smartlock.repair_flows import battery_change, faults, pin, wear
from custom_components.smartlock.runtime import SmartLockConfigEntry

type FlowFactory = Callable[[SmartLockConfigEntry, Mapping[str, Any]], RepairsFlow]

# By the `flow` in the data of an issue, which also names its `entry_id`.
FLOWS: Mapping[str, FlowFactory] = {
    battery_change.FLOW: battery_change.BatteryChangeFlow,
    faults.FLOW: faults.FaultFlow,
    pin.FLOW: pin.PinLostFlow,
    wear.FLOW: wear.StifferThanUsualFlow,
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
