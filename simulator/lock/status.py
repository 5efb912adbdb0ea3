"""A glance at the virtual lock: what can be seen and counted."""

from simulator.lock.device import Device
from simulator.lock.journal import Fact

type Status = dict[str, Fact | list[str]]
"""Fit for JSON, without secrets."""


def status_of(device: Device, *, address: str, links: int) -> Status:
    """Return what a person in front of the door, or with the journal in hand, can tell."""
    journal, motor, battery = device.journal, device.motor, device.battery
    return {
        "model": device.model.name,
        "nuki_id": f"{device.nuki_id:08X}",
        "address": address,
        "firmware": str(device.firmware.version),
        "initialized": device.initialized,
        "power": device.powered,
        "lock_state": motor.state.name,
        "bolt": "locked" if motor.bolt_locked else "unlocked",
        "calibrated": motor.calibrated,
        "night_mode": device.automation.is_night,
        "door": "open" if device.door.open else "closed",
        "door_sensor": device.door.state.name,
        "jam": motor.jam,
        "battery": battery.percent,
        "battery_charging": battery.charging,
        "battery_critical": battery.critical,
        "accessories": sorted(device.accessories.paired),
        "accessory_batteries_critical": sorted(device.accessories.critical),
        "pairing_mode": device.pairing_mode,
        "unread_change": device.unread_change,
        "time": device.clock.time.isoformat(timespec="seconds"),
        "last_action": motor.last_action.name,
        "last_completion_status": motor.last_completion.name,
        "faults": device.faults.active,
        "authorizations": [f"{entry.index}: {entry.id_type.name}" for entry in device.authorizations],
        "keypad_codes": len(device.keypad_codes),
        "time_control_entries": len(device.time_control),
        "log_entries": len(device.log),
        "logging": device.log.enabled,
        "config_update_count": device.settings.update_count,
        "links": links,
        "connections": len(journal.connections),
        "motor_runs": len(journal.motor_runs),
        "pins_sent": len(journal.pins_sent),
        "broken_rules": len(journal.broken_rules),
    }
