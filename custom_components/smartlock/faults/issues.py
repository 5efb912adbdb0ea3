"""Repair issues for problems that the owner can solve: a fault, and batteries to be replaced."""

from collections.abc import Callable, Mapping
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.issue_registry import IssueSeverity

from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.rules.battery import (
    RECOVERED_PERCENT,
    BatteryCondition,
    battery_condition,
    door_sensor_battery_low,
    keypad_battery_low,
)
from custom_components.smartlock.faults.rules.codes import GRAVE_KINDS, FaultKind
from custom_components.smartlock.faults.rules.records import Fault
from custom_components.smartlock.faults.tracker import FaultTracker
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.moments import moment_text
from custom_components.smartlock.phones.repair import FLOW as BATTERY_FLOW
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.snapshot import LOW_BATTERY_PERCENT

FLOW = "faults"
_DOCUMENT = "docs/faults.md"

# The remaining faults are shown as warnings.
SEVERITIES: Mapping[FaultKind, IssueSeverity] = {
    kind: IssueSeverity.ERROR if kind in GRAVE_KINDS else IssueSeverity.WARNING for kind in FaultKind
}
_BATTERY_SEVERITIES = {
    BatteryCondition.LOW: IssueSeverity.WARNING,
    BatteryCondition.CRITICAL: IssueSeverity.ERROR,
}


_ACCESSORIES: Mapping[str, Callable[[KeyturnerStates | None], bool | None]] = {
    "keypad_battery_low": keypad_battery_low,
    "door_sensor_battery_low": door_sensor_battery_low,
}


class FaultIssues(LockPart):
    """Keeps one lock's issues in line with its faults and batteries."""

    def __init__(self, coordinator: SmartLockCoordinator, tracker: FaultTracker, issues: LockIssues) -> None:
        """Prepare; `start` begins."""
        self._coordinator = coordinator
        self._tracker = tracker
        self._issues = issues
        self._shown: dict[FaultKind, Fault] | None = None
        # An issue that was shown before a restart goes on being one until the batteries are clearly better.
        self._battery_low = any(issues.shows(f"battery_{condition}") for condition in _BATTERY_SEVERITIES)

    @override
    @callback
    def start(self) -> None:
        """Show issues for what is known, and follow changes."""
        self._update()
        self._coordinator.config_entry.async_on_unload(self._coordinator.async_add_listener(self._update))

    @callback
    def _update(self) -> None:
        self._show_faults()
        self._show_battery()
        for issue, low in _ACCESSORIES.items():
            now = low(self._coordinator.data.last_states)
            if now:
                self._issues.show(issue, learn_more=f"{_DOCUMENT}#batteries")
            elif now is not None:
                self._issues.withdraw(issue)

    def _show_faults(self) -> None:
        """Show an issue for each present fault, and withdraw others, even those from before a reload."""
        active = {fault.kind: fault for fault in self._tracker.faults.active}
        if active == self._shown:
            return
        for kind in FaultKind:
            if (fault := active.get(kind)) is None:
                self._issues.withdraw(f"fault_{kind}")
            else:
                self._show_fault(fault)
        self._shown = active

    def _show_fault(self, fault: Fault) -> None:
        self._issues.show(
            f"fault_{fault.kind}",
            flow=FLOW,
            data={"kind": fault.kind.value},
            learn_more=f"{_DOCUMENT}#{fault.kind.value}",
            severity=SEVERITIES[fault.kind],
            placeholders=fault_words(self._coordinator.hass, fault),
        )

    def _show_battery(self) -> None:
        """Show how low the batteries are, unless a fault because of weak batteries says more."""
        states = self._coordinator.data.last_states
        if states is None:
            return
        limit = RECOVERED_PERCENT if self._battery_low else LOW_BATTERY_PERCENT
        now = battery_condition(states, self._tracker.faults, low_percent=limit)
        self._battery_low = now is not None and now is not BatteryCondition.OK
        percent = states.battery_percent
        for condition, severity in _BATTERY_SEVERITIES.items():
            if condition is not now:
                self._issues.withdraw(f"battery_{condition}")
                continue
            self._issues.show(
                f"battery_{condition}",
                flow=BATTERY_FLOW,
                learn_more=f"{_DOCUMENT}#batteries",
                severity=severity,
                placeholders={
                    "percent": "?" if percent is None else str(percent),
                    "limit": str(LOW_BATTERY_PERCENT),
                },
            )


def fault_words(hass: HomeAssistant, fault: Fault) -> dict[str, str]:
    """Return the placeholders of a fault's texts."""
    return {
        "code": f"0x{fault.code:02X}",
        "since": moment_text(hass, fault.since),
        "times": str(fault.times),
    }
