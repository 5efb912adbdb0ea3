"""The view for dashboards names what there is, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from custom_components.smartlock.dashboard import view

LOCK = {"lock": "lock.door", "door": "binary_sensor.door", "last_user": "sensor.last_user"}
LOCK |= {"access_denied": "event.denied"}
FAULTS = {"clutch_fault": "binary_sensor.clutch", "motor_blocked": "binary_sensor.motor"}
BATTERY = {"battery": "sensor.battery", "battery_changed": "event.swap", "battery_changed_at": "sensor.swap"}
ALL = LOCK | FAULTS | BATTERY | {"wear": "sensor.wear"}


def named(part: Any) -> Iterator[str]:
    """Yield every entity id in a part of a view."""
    if isinstance(part, dict):
        for value in part.values():
            yield from named(value)
    elif isinstance(part, list):
        for value in part:
            yield from named(value)
    elif part in ALL.values():
        yield part


def test_everything_is_shown() -> None:
    assert set(named(view("Front door", ALL, str))) == set(ALL.values())


@pytest.mark.parametrize(
    "missing", [{key} for key in ALL] + [set(FAULTS), set(BATTERY), set(ALL)], ids=sorted
)
def test_what_is_missing_is_left_out(missing: set[str]) -> None:
    """A disabled entity makes no card that fails, and no section without a card."""
    there = {key: entity_id for key, entity_id in ALL.items() if key not in missing}
    shown = view("Front door", there, str)
    assert set(named(shown)) <= set(there.values())
    assert all(len(section["cards"]) > 1 for section in shown["sections"])


def test_the_banner_comes_with_any_fault() -> None:
    """The first thing in the view: a door that falls shut may not open again."""
    banner = view("Front door", ALL, str)["sections"][0]["cards"][1]
    assert banner["type"] == "markdown"
    (either,) = banner["visibility"]
    assert either["condition"] == "or"
    assert {(each["entity"], each["state"]) for each in either["conditions"]} == {
        ("lock.door", "jammed"),
        ("binary_sensor.clutch", "on"),
        ("binary_sensor.motor", "on"),
    }
