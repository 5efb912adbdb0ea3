"""Diagnostics: what helps to explain a problem, but nothing that opens a door or names a person."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant

from custom_components.smartlock.auto_unlock.report import rule_diagnostics
from custom_components.smartlock.client.statistics import Phase
from custom_components.smartlock.const import (
    CONF_ACTION_DEADLINE,
    CONF_IDLE_TIME,
    CONF_READ_INTERVAL,
    CONF_STAY_CONNECTED,
)
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.report import archive_report
from custom_components.smartlock.wear.rules.history import WearHistory

_OPTIONS = (
    CONF_READ_INTERVAL,
    CONF_IDLE_TIME,
    CONF_STAY_CONNECTED,
    CONF_ACTION_DEADLINE,
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmartLockConfigEntry
) -> dict[str, Any]:
    """Return what is known about the lock, by an allow-list; nothing else leaves the installation."""
    coordinator = entry.runtime_data.coordinator
    snapshot = coordinator.data
    statistics = coordinator.client.statistics
    states, config = snapshot.last_states, snapshot.config
    return {
        "entry": {
            "generation": coordinator.dialect.name,
            "client_type": entry.data.get("client_type"),
            "pin": REDACTED if entry.options.get("pin") else None,
            "pin_state": entry.runtime_data.pin.state,
            "options": {key: value for key, value in entry.options.items() if key in _OPTIONS},
        },
        "link": {
            "reachable": coordinator.reachable,
            "connected": coordinator.client.connected,
            "last_read_succeeded": coordinator.last_update_success,
            "state": coordinator.connection_state,
            "signal_strength": coordinator.presence.signal_strength,
            "connections_in_a_day": statistics.connections_in_a_day(hass.loop.time()),
            "reads_in_a_day": statistics.reads_in_a_day(hass.loop.time()),
            "seconds": {
                phase.value: None if (summary := statistics.summary(phase)) is None else asdict(summary)
                for phase in Phase
            },
        },
        "snapshot": {
            "outdated": snapshot.outdated,
            "states": None if states is None else states.encode().hex(),
        },
        "pin": entry.runtime_data.pin.report,
        "settings": archive_report(entry.runtime_data.archive),
        "assumptions": coordinator.assumptions.report,
        "access": entry.runtime_data.access.report,
        "faults": entry.runtime_data.faults.faults.to_json(),
        "auto_unlock": [rule_diagnostics(rule) for rule in entry.runtime_data.auto_unlock],
        "wear": _wear(entry.runtime_data.wear.history),
        "config": None
        if config is None
        else {
            "firmware_version": str(config.firmware_version),
            "hardware_revision": str(config.hardware_revision),
            "device_type": config.device_type,
            "product_variant": config.product_variant,
            "capabilities": config.capabilities,
            "auto_unlatch": config.auto_unlatch,
            "pairing_enabled": config.pairing_enabled,
            "single_lock": config.single_lock,
            "advertising_mode": config.advertising_mode,
            "has_fob": config.has_fob,
            "has_keypad": config.has_keypad,
            "has_keypad_2": config.has_keypad_2,
            "unknown_bytes": len(config.trailing),
        },
    }


def _wear(history: WearHistory) -> dict[str, Any]:
    """Return figures without times: when the bolt moved is private."""
    wear = history.wear
    return {
        "percent": None
        if wear is None
        else {"energy": wear.energy, "current": wear.current, "before": wear.before},
        "warned": history.warned_since is not None,
        "correction": history.correction.to_json(),
        "kinds": {
            name: {"runs": len(kind.runs), "usual": None if kind.usual is None else list(kind.usual)}
            for name, kind in history.kinds.items()
        },
    }
