"""What is assumed about locks is counted, and a lock that is different is served all the same."""

import asyncio
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smartlock.assumptions import Assumption, Assumptions
from custom_components.smartlock.diagnostics import async_get_config_entry_diagnostics
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    ErrorCode,
    LockState,
    StatusCode,
)
from custom_components.smartlock.protocol.messages import ErrorReport, Message, Status
from custom_components.smartlock.protocol.wire import Date7
from simulator.virtual_lock import Jam, quick
from tests.integration.home import NUKI_ID, PINS, Home
from tests.snapshots import states

FILE = f"smartlock.{NUKI_ID:08X}.assumptions"
DOCUMENT = Path(__file__).parents[2] / "docs" / "assumptions.md"

ACCEPTED, COMPLETE = Status(status=StatusCode.ACCEPTED), Status(status=StatusCode.COMPLETE)
ERROR = ErrorReport(code=ErrorCode.K_MOTOR_BLOCKED, refused=Command.LOCK_ACTION)
MOVING = states(lock_state=LockState.LOCKING)
REST = states()
FAILED = states(
    lock_state=LockState.MOTOR_BLOCKED, last_lock_action_completion_status=CompletionStatus.MOTOR_BLOCKED
)
CONFIRMED, CONTRADICTED, NOT_TOLD = (1, 0), (0, 1), (0, 0)


def counts(assumptions: Assumptions, which: Assumption) -> tuple[int, int]:
    """Return how often one was confirmed and contradicted."""
    report = assumptions.report[which.value]
    return report["confirmed"], report["contradicted"]


@pytest.mark.parametrize(
    ("which", "messages", "expected"),
    [
        (Assumption.COMPLETE_FOLLOWS_STATES, [ACCEPTED, MOVING, REST, COMPLETE], CONFIRMED),
        (Assumption.COMPLETE_FOLLOWS_STATES, [ACCEPTED, COMPLETE, REST], CONTRADICTED),
        # A setting that was written, or an order that needed no run.
        (Assumption.COMPLETE_FOLLOWS_STATES, [REST, COMPLETE], NOT_TOLD),
        (Assumption.ERROR_FOLLOWS_STATES, [ACCEPTED, MOVING, ERROR, FAILED], CONTRADICTED),
        (Assumption.ERROR_FOLLOWS_STATES, [ACCEPTED, MOVING, FAILED, ERROR, FAILED], CONFIRMED),
        (Assumption.ERROR_FOLLOWS_STATES, [ACCEPTED, MOVING, REST, COMPLETE], NOT_TOLD),
        (Assumption.ERROR_FOLLOWS_STATES, [ERROR, FAILED], NOT_TOLD),
        (Assumption.TIME_RISES, [REST], NOT_TOLD),
        (Assumption.TIME_RISES, [REST, REST], CONFIRMED),
        (Assumption.TIME_RISES, [REST, states(current_time=Date7(2026, 11, 20, 11, 59, 59))], CONTRADICTED),
        (Assumption.TIME_RISES, [REST, states(current_time=Date7())], NOT_TOLD),
    ],
)
async def test_order_of_messages(
    hass: HomeAssistant, which: Assumption, messages: list[Message], expected: tuple[int, int]
) -> None:
    assumptions = Assumptions(hass, "33C335C5", bridge=True)
    for message in messages:
        assumptions.received(message)
    assert counts(assumptions, which) == expected
    await assumptions.async_stop()


async def test_clock_that_we_set_may_go_back(hass: HomeAssistant) -> None:
    assumptions = Assumptions(hass, "33C335C5", bridge=True)
    assumptions.received(REST)
    assumptions.clock_set()
    assumptions.received(states(current_time=Date7(2000, 1, 1)))
    assert counts(assumptions, Assumption.TIME_RISES) == NOT_TOLD


@pytest.mark.parametrize(
    ("bridge", "after", "expected"),
    [(True, False, CONFIRMED), (True, True, CONTRADICTED), (False, True, NOT_TOLD)],
)
async def test_flag_after_a_read(
    hass: HomeAssistant, *, bridge: bool, after: bool, expected: tuple[int, int]
) -> None:
    assumptions = Assumptions(hass, "33C335C5", bridge=bridge)
    assumptions.beacon(flag=True)
    assumptions.received(REST)
    assumptions.link_closed()
    assumptions.beacon(flag=after)
    assumptions.beacon(flag=True)
    assert counts(assumptions, Assumption.READ_CLEARS_FLAG) == expected
    await assumptions.async_stop()


async def test_virtual_lock_confirms_all_of_them(home: Home, hass_storage: dict[str, Any]) -> None:
    """It is made from the same documents, so this tells that the counting works, and nothing about locks."""
    lock = home.add_lock(timing=quick(advertising_interval=1, lock=1, unlock=1))
    entry = await home.set_up(lock, "bridge", pin=str(PINS["gen3"]))
    assumptions: Assumptions = entry.runtime_data.coordinator.assumptions
    archive = entry.runtime_data.archive
    lock.turn_key("unlock")
    await asyncio.sleep(60)
    await home.call("lock")
    await entry.runtime_data.settings.write(config={"led_brightness": 2})
    await archive.async_save()
    lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    lock.repair()
    await home.call("unlock")
    await archive.async_save()
    lock.swap_batteries(["clock"])
    await home.until(lambda: archive.kept.changed_at is not None, within=4000)
    for each in Assumption:
        confirmed, contradicted = counts(assumptions, each)
        assert confirmed >= 1, each
        assert contradicted == (1 if each is Assumption.TIME_RISES else 0), each

    content = (await async_get_config_entry_diagnostics(home.hass, entry))["assumptions"]
    assert content == assumptions.report
    assert all(isinstance(number, int) for each in content.values() for number in each.values())
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert set(hass_storage[FILE]["data"]) == {each.value for each in Assumption}
    assert "Kunterbunt" not in json.dumps(hass_storage[FILE])
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    restored: Assumptions = entry.runtime_data.coordinator.assumptions
    assert counts(restored, Assumption.CHANGE_RAISES_FLAG)[0] >= 1


@pytest.mark.parametrize(
    "stored", [[], {"time_rises": 3}, {"time_rises": [1]}, {"time_rises": ["a", "b"]}, {"unheard_of": [1, 2]}]
)
async def test_damaged_counts_begin_with_nothing(
    hass: HomeAssistant, hass_storage: dict[str, Any], stored: object
) -> None:
    hass_storage[FILE] = {"version": 1, "minor_version": 1, "key": FILE, "data": stored}
    assumptions = Assumptions(hass, f"{NUKI_ID:08X}", bridge=True)
    await assumptions.async_load()
    assert counts(assumptions, Assumption.TIME_RISES) == NOT_TOLD


def test_every_one_is_explained() -> None:
    """With what happens where it is wrong, and a test of that."""
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    named = [row.split("`")[1] for row in rows]
    assert set(named) >= {each.value for each in Assumption}


# --- Locks that are different -----------------------------------------------------------------------------


async def test_lock_whose_time_goes_back(home: Home) -> None:
    """Its state is read and believed, and its bolt moves."""
    lock = home.add_lock(timing=quick(advertising_interval=1))
    entry = await home.set_up(lock, "bridge")
    lock.clock.offset = timedelta(hours=-5)
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == "unlocked")
    await home.call("lock")
    assert home.state() == "locked"
    assert counts(entry.runtime_data.coordinator.assumptions, Assumption.TIME_RISES)[1] >= 1


@pytest.mark.parametrize("jump", [0, 2, 200])
async def test_lock_that_counts_writes_in_another_way(
    home: Home, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """The settings are read once more than needed, and are as they were written."""
    lock = home.add_lock(timing=quick(advertising_interval=1))
    entry = await home.set_up(lock, "bridge", pin=str(PINS["gen3"]))
    began = lock.settings.update_count
    await entry.runtime_data.settings.write(config={"led_brightness": 2})
    assert lock.settings.values.led_brightness == 2
    monkeypatch.setattr(lock.settings, "update_count", (began + jump) % 256, raising=False)
    await home.read()
    await home.read()
    assert entry.runtime_data.coordinator.data.config.led_brightness == 2
    assert home.state() == "locked"
    # A count that fell is a sign of changed batteries, which is told; but nothing is lost, so nothing is asked or written.
    await asyncio.sleep(3600)
    assert len(lock.journal.requests("SET_CONFIG")) == 1
    assert entry.runtime_data.archive.differences == ()
