"""Repair issues for what the owner can do something about: a fault, and batteries that need changing."""

from collections.abc import Mapping

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueSeverity
from homeassistant.util import dt as dt_util

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.rules.battery import (
    LOW_PERCENT,
    RECOVERED_PERCENT,
    BatteryCondition,
    battery_condition,
)
from custom_components.smartlock.faults.rules.codes import GRAVE_KINDS, FaultKind
from custom_components.smartlock.faults.rules.records import Fault
from custom_components.smartlock.faults.tracker import FaultKeeper

FLOW = "faults"
_DOCUMENTATION = "https://github.com/smartlock-ha/smartlock/blob/main/docs/faults.md"

# The others the owner is to know of.
SEVERITIES: Mapping[FaultKind, IssueSeverity] = {
    kind: IssueSeverity.ERROR if kind in GRAVE_KINDS else IssueSeverity.WARNING for kind in FaultKind
}
_BATTERY_SEVERITIES = {
    BatteryCondition.LOW: IssueSeverity.WARNING,
    BatteryCondition.CRITICAL: IssueSeverity.ERROR,
}


class FaultIssues:
    """Keeps the issues of one lock as its faults and batteries are."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator, keeper: FaultKeeper) -> None:
        """Prepare; `async_start` begins."""
        self._hass = hass
        self._coordinator = coordinator
        self._keeper = keeper
        self._shown: dict[str, object] = {}
        self._battery_low = False

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Show what is known, and follow it; return what ends that."""
        self._update()
        stop = self._coordinator.async_add_listener(self._update)

        @callback
        def end() -> None:
            stop()
            for issue_id in self._shown:
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)

        return end

    @callback
    def _update(self) -> None:
        """Show what has become true, and take back what has not."""
        nuki_id = self._coordinator.nuki_id
        wanted: dict[str, object] = {
            f"fault_{fault.kind}_{nuki_id}": fault for fault in self._keeper.faults.active
        }
        battery = self._battery()
        if battery is not None:
            wanted[f"battery_{battery[0]}_{nuki_id}"] = battery
        for issue_id, what in wanted.items():
            if self._shown.get(issue_id) == what:
                continue
            if isinstance(what, Fault):
                self._show_fault(issue_id, what)
            elif battery is not None:
                self._show_battery(issue_id, *battery)
        for issue_id in self._shown.keys() - wanted.keys():
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        self._shown = wanted

    def _battery(self) -> tuple[BatteryCondition, int | None] | None:
        """Return how low the batteries are and their charge in percent; None if there is nothing to tell."""
        states = self._coordinator.data.last_states
        limit = RECOVERED_PERCENT if self._battery_low else LOW_PERCENT
        condition = battery_condition(states, self._keeper.faults, low_percent=limit)
        self._battery_low = condition is not None and condition is not BatteryCondition.OK
        # Too weak for a run is a fault, which says more.
        if states is None or condition not in _BATTERY_SEVERITIES:
            return None
        return condition, states.battery_percent

    def _show_fault(self, issue_id: str, fault: Fault) -> None:
        entry = self._coordinator.config_entry
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={"flow": FLOW, "entry_id": entry.entry_id, "kind": fault.kind.value},
            is_fixable=True,
            learn_more_url=f"{_DOCUMENTATION}#{fault.kind.value}",
            severity=SEVERITIES[fault.kind],
            translation_key=f"fault_{fault.kind}",
            translation_placeholders=fault_words(entry.title, fault),
        )

    def _show_battery(self, issue_id: str, condition: BatteryCondition, percent: int | None) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            learn_more_url=f"{_DOCUMENTATION}#batteries",
            severity=_BATTERY_SEVERITIES[condition],
            translation_key=f"battery_{condition}",
            translation_placeholders={
                "name": self._coordinator.config_entry.title,
                "percent": "?" if percent is None else str(percent),
                "limit": str(LOW_PERCENT),
            },
        )


def fault_words(name: str, fault: Fault) -> dict[str, str]:
    """Return what is put into the texts about a fault of the lock with a name."""
    return {
        "name": name,
        "code": f"0x{fault.code:02X}",
        "since": dt_util.as_local(fault.since).strftime("%Y-%m-%d %H:%M"),
        "times": str(fault.times),
    }
