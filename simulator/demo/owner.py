"""What the owner of a lock does in Home Assistant, by way of the same API as the user interface."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from simulator.home_assistant import FlowResult, HomeAssistantApi, HomeAssistantError

__all__ = [
    "LockEntities",
    "add_proxy",
    "entities_of",
    "finish_pairing",
    "open_pairing_form",
    "submit_pairing_form",
]

DOMAIN = "smartlock"


@dataclass(frozen=True, kw_only=True)
class LockEntities:
    """Entity ids of one lock."""

    lock: str
    battery: str
    door: str
    clutch_fault: str
    motor_blocked: str
    battery_critical: str
    battery_charging: str
    activity: str
    access_denied: str
    last_user: str


async def add_proxy(api: HomeAssistantApi, port: int) -> None:
    """Add the Bluetooth proxy that listens on this port of the loopback interface, if it is new."""
    if await api.entries("esphome"):
        return
    form = await api.start_flow("esphome")
    result = await api.submit(form["flow_id"], host="127.0.0.1", port=port)
    _expect(result, "create_entry")


async def open_pairing_form(api: HomeAssistantApi, flow_id: str) -> FlowResult:
    """Agree to add a discovered lock; return the form that asks how to pair."""
    _expect(await api.flow(flow_id), "form", "confirm")
    form = await api.submit(flow_id)
    return _expect(form, "form", "pair_with_pin" if form.get("step_id") == "pair_with_pin" else "pair")


async def submit_pairing_form(api: HomeAssistantApi, flow_id: str, **answers: Any) -> FlowResult:
    """Fill in the pairing form; return the step that asks for the button."""
    return _expect(await api.submit(flow_id, **answers), "progress", "button")


async def finish_pairing(
    api: HomeAssistantApi, flow_id: str, hold_button: Callable[[], Awaitable[object]]
) -> FlowResult:
    """Hold the button as the flow asks for, and wait until it has paired; return the new entry."""
    await hold_button()
    return _expect(await api.finish_progress(flow_id), "create_entry")


async def entities_of(api: HomeAssistantApi, nuki_id: int) -> LockEntities:
    """Return the entity ids of a lock that has been added."""
    found = await api.entity_ids(DOMAIN)
    prefix = f"{nuki_id:08X}_"
    try:
        return LockEntities(**{key: found[prefix + key] for key in LockEntities.__dataclass_fields__})
    except KeyError as error:
        raise HomeAssistantError(f"The lock has no entity {error}, only {sorted(found)}") from None


def _expect(result: FlowResult, kind: str, step_id: str | None = None) -> FlowResult:
    """Return what a config flow shows if it is that. Raises HomeAssistantError if it is not."""
    if result["type"] == kind and step_id in (None, result.get("step_id")):
        return result
    shown = {
        key: result.get(key) for key in ("type", "step_id", "errors", "reason", "description_placeholders")
    }
    raise HomeAssistantError(f"The config flow was to show {kind} {step_id or ''} but shows {shown}")
