"""Repairs: finds the guided repair of an issue."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant

from custom_components.smartlock.activity.notices import FLOW as ACTIVITY, LogOffFlow
from custom_components.smartlock.auto_unlock.issues import FLOW as AUTO_UNLOCK
from custom_components.smartlock.auto_unlock.repair import PhoneFlow
from custom_components.smartlock.faults.repair import FLOW as FAULTS, FaultFlow
from custom_components.smartlock.faults.rules.codes import FaultKind
from custom_components.smartlock.issues import ATTR_ENTRY_ID, ATTR_FLOW
from custom_components.smartlock.phones.repair import FLOW as BATTERY, BatteryFlow
from custom_components.smartlock.pin.repair import (
    FLOW as PIN,
    REFUSED as PIN_REFUSED,
    PinLostFlow,
    PinRefusedFlow,
)
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.issues import FLOW as BATTERY_CHANGE
from custom_components.smartlock.settings.repair import BatteryChangeFlow
from custom_components.smartlock.settings.texts import archived_words
from custom_components.smartlock.wear.repair import FLOW as WEAR, StifferThanUsualFlow

type FlowFactory = Callable[[SmartLockConfigEntry, Mapping[str, Any]], RepairsFlow]

# By the flow name in an issue's data. Each flow receives the part of the lock that it needs.
FLOWS: Mapping[str, FlowFactory] = {
    ACTIVITY: lambda entry, data: LogOffFlow(entry, lambda: entry.runtime_data.activity),
    AUTO_UNLOCK: lambda entry, data: PhoneFlow(entry, lambda: entry.runtime_data.auto_unlock, data["rule"]),
    BATTERY: lambda entry, data: BatteryFlow(entry, lambda: entry.runtime_data.phones),
    BATTERY_CHANGE: lambda entry, data: BatteryChangeFlow(entry, lambda: entry.runtime_data.archive),
    FAULTS: lambda entry, data: FaultFlow(
        entry,
        lambda: entry.runtime_data.faults,
        lambda: entry.runtime_data.phones,
        FaultKind(data["kind"]),
    ),
    PIN: lambda entry, data: PinLostFlow(
        entry,
        lambda: entry.runtime_data.pin,
        lambda: archived_words(entry.runtime_data.coordinator.hass, entry.runtime_data.archive.kept.newest),
    ),
    PIN_REFUSED: lambda entry, data: PinRefusedFlow(entry, lambda: entry.runtime_data.pin),
    WEAR: lambda entry, data: StifferThanUsualFlow(entry, lambda: entry.runtime_data.wear),
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the repair of an issue. If its lock is not loaded, the first step says so."""
    entry = None if data is None else hass.config_entries.async_get_entry(data[ATTR_ENTRY_ID])
    if data is None or entry is None:
        # The entry was removed a moment ago, and its issues with it.
        return ConfirmRepairFlow()
    return FLOWS[data[ATTR_FLOW]](entry, data)
