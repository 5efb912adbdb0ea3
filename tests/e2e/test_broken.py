"""What breaks: each fault of the vendor's list is shown, told, kept, and over when the lock runs again."""

import asyncio
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.home_assistant import RequestError, State
from simulator.virtual_lock import Jam, Kind
from tests.e2e.conftest import BRISK, PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge

FIX = "/api/repairs/issues/fix"


async def entity(owned: OwnedLock, key: str) -> State:
    """Return what the entity with this key shows."""
    entity_ids = await owned.api.entity_ids(DOMAIN)
    return owned.api.states[entity_ids[f"{owned.lock.nuki_id:08X}_{key}"]]


async def issues(owned: OwnedLock) -> dict[str, dict[str, Any]]:
    """Return the repair issues of a lock by what they are about."""
    listed = await owned.api.command("repairs/list_issues")
    return {issue["translation_key"]: issue for issue in listed["issues"] if issue["domain"] == DOMAIN}


async def shows(owned: OwnedLock, key: str, *states: str) -> State:
    """Wait until the entity with this key shows one of these states."""
    entity_ids = await owned.api.entity_ids(DOMAIN)
    return await owned.api.wait_for_state(entity_ids[f"{owned.lock.nuki_id:08X}_{key}"], *states)


async def recovered(owned: OwnedLock) -> None:
    """Wait until the event entity says that the last fault is over."""
    entity_id = (await owned.api.entity_ids(DOMAIN))[f"{owned.lock.nuki_id:08X}_fault"]
    await owned.api.wait_for(
        "the fault to be over",
        lambda: owned.api.states[entity_id].attributes["event_type"] == "recovered",
    )


async def calibrate(owned: OwnedLock) -> None:
    """Call the action and wait for its end."""
    await owned.api.call(f"{DOMAIN}.calibrate", owned.entities.lock)


# What is broken, the words of the failure, the fault, its code, and what the sensors show. By turns the lock is
# told to unlock and to lock, so that the handle, which only locking needs, comes at the right moment.
EACH = [
    (Jam.CLUTCH, "clutch_failure", "clutch_failure", "0x43", "on", "off"),
    (Jam.CLUTCH_POWER, "clutch_power_failure", "clutch_power_failure", "0x4B", "on", "off"),
    (Jam.MOTOR_POWER, "motor_power_failure", "motor_power_failure", "0x4A", "on", "off"),
    (Jam.MOTOR, "motor_blocked", "motor_blocked", "0x42", "off", "on"),
    (Jam.LOW_VOLTAGE, "low_voltage", "low_voltage", "0x49", "off", "on"),
    (Jam.END_STOP, "motor_timeout", "motor_timeout", "0x44", "off", "on"),
    (Jam.UNKNOWN, "refused", "unknown_fault", "0x51", "unknown", "unknown"),
    (Jam.HANDLE, "handle_not_lifted", "handle_not_lifted", "0x0B", "off", "off"),
]


async def test_each_fault_is_shown_told_and_over(house: House, mount: Mount) -> None:
    owned = await add_bridge(house, mount())
    for (jam, told, kind, code, clutch, motor), action in zip(EACH, cycle(("unlock", "lock")), strict=False):
        owned.lock.jam(jam)
        with pytest.raises(RequestError) as failure:
            await owned.call(action)
        assert failure.value.translation_key == told, jam

        last = await shows(owned, "last_fault", kind)
        assert (last.attributes["code"], last.attributes["active"]) == (code, True)
        assert last.attributes["certain"] is (kind != "unknown_fault")
        await owned.shows("clutch_fault", clutch)
        await owned.shows("motor_blocked", motor)
        assert owned.state() != "unavailable"
        event = await entity(owned, "fault")
        assert (event.attributes["event_type"], event.attributes["code"]) == (kind, code)
        open_issues = await issues(owned)
        assert set(open_issues) == {f"fault_{kind}"}, jam
        assert open_issues[f"fault_{kind}"]["is_fixable"]
        assert open_issues[f"fault_{kind}"]["translation_placeholders"]["code"] == code

        owned.lock.repair()
        await owned.call(action)
        await recovered(owned)
        await owned.shows("clutch_fault", "off")
        await owned.shows("motor_blocked", "off")
        assert await issues(owned) == {}, jam
    assert owned.rules_broken == []


async def test_clutch_and_log_are_one_fault(house: House, mount: Mount) -> None:
    """The "4B" of the vendor's app and the 0x07 of its log, seen while calibrating."""
    owned = await add_bridge(house, mount(), pin=str(PIN))
    owned.lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(RequestError) as failure:
        await calibrate(owned)
    assert failure.value.translation_key == "clutch_power_failure"
    assert "4B" in failure.value.message
    clutch = await owned.api.wait_for_state(owned.entities.clutch_fault, "on")
    await owned.disconnect()
    # What the log says is shown once it is on disk, and the lock need not stay connected for that.
    await owned.api.wait_for(
        "the entry of the log",
        lambda: "log 0x07" in owned.api.states[owned.entities.clutch_fault].attributes["evidence"],
    )
    clutch = owned.api.states[owned.entities.clutch_fault]
    assert (clutch.attributes["fault"], clutch.attributes["certain"]) == ("clutch_power_failure", True)
    assert clutch.attributes["evidence"] == ["error_report 0x4B", "log 0x07"]
    # The calibration is lost: unknown, and named elsewhere; never unlocked.
    assert (owned.state(), (await entity(owned, "lock_state")).state) == ("unknown", "uncalibrated")
    assert set(await issues(owned)) == {"fault_clutch_power_failure", "fault_not_calibrated"}

    owned.lock.repair()
    await calibrate(owned)
    await recovered(owned)
    await owned.shows("lock", "locked")
    await owned.shows("clutch_fault", "off")
    assert await issues(owned) == {}
    assert len(owned.lock.journal.of(Kind.CALIBRATION)) == 2


async def test_calibration_refused_and_position_memory_full(house: House, mount: Mount) -> None:
    owned = await add_bridge(house, mount(), pin=str(PIN))
    owned.lock.set_battery(12)
    with pytest.raises(RequestError):
        await calibrate(owned)
    await shows(owned, "battery_condition", "too_weak")
    await shows(owned, "last_fault", "calibration_refused")
    assert set(await issues(owned)) == {"fault_calibration_refused"}
    owned.lock.set_battery(100)
    await calibrate(owned)
    await recovered(owned)
    await shows(owned, "battery_condition", "ok")
    assert await issues(owned) == {}

    owned.lock.jam(Jam.POSITION_MEMORY)
    with pytest.raises(RequestError) as failure:
        await calibrate(owned)
    assert failure.value.translation_key == "position_limit"
    await shows(owned, "lock_state", "uncalibrated")
    with pytest.raises(RequestError) as failure:
        await owned.call("unlock")
    assert failure.value.translation_key == "not_calibrated"
    await shows(owned, "last_fault", "not_calibrated")
    assert set(await issues(owned)) == {"fault_position_limit", "fault_not_calibrated"}
    owned.lock.repair()
    await calibrate(owned)
    await recovered(owned)
    await shows(owned, "lock_state", "locked")
    assert await issues(owned) == {}


async def test_a_run_that_somebody_stops_is_no_fault(house: House, mount: Mount) -> None:
    # On a busy machine it takes a while until the movement shows, and then it has to last.
    owned = await add_bridge(house, mount(timing=replace(BRISK, unlock=8.0)))

    async def press() -> None:
        await owned.shows("lock", "unlocking")
        owned.lock.press_button()

    pressing = asyncio.create_task(press())
    with pytest.raises(RequestError) as failure:
        await owned.call("unlock")
    await pressing
    assert failure.value.translation_key == "canceled"
    await shows(owned, "lock_state", "undefined")
    assert ((await entity(owned, "last_fault")).state, await issues(owned)) == ("none", {})


async def test_a_fault_survives_a_restart_and_the_owner_ends_it(owned: OwnedLock) -> None:
    owned.lock.jam(Jam.CLUTCH)
    with pytest.raises(RequestError):
        await owned.call("unlock")
    await owned.shows("clutch_fault", "on")
    since = owned.api.states[owned.entities.clutch_fault].attributes["since"]
    await owned.house.home_assistant.stop()
    owned.lock.repair()
    owned.lock.turn_key("unlock")
    await owned.house.home_assistant.start()

    # A key has turned it: that says nothing about the clutch.
    await shows(owned, "lock_state", "unlocked")
    assert owned.state() == "jammed"
    clutch = owned.api.states[owned.entities.clutch_fault]
    assert (clutch.state, clutch.attributes["since"]) == ("on", since)
    issue = (await issues(owned))["fault_clutch_failure"]

    menu = await owned.api.request("POST", FIX, {"handler": DOMAIN, "issue_id": issue["issue_id"]})
    assert (menu["type"], menu["menu_options"]) == ("menu", ["read", "calibrate", "repaired", "phones"])
    form = await owned.api.request("POST", f"{FIX}/{menu['flow_id']}", {"next_step_id": "repaired"})
    result = await owned.api.request("POST", f"{FIX}/{form['flow_id']}", {})
    assert result["type"] == "create_entry"
    await owned.shows("clutch_fault", "off")
    await owned.shows("lock", "unlocked")
    assert await issues(owned) == {}
    assert owned.motor_runs == ["UNLOCK"]
