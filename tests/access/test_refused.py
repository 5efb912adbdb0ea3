"""What the lock refuses, or keeps differently, is told by a name of its own, and nothing is claimed."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.lock.faults import Once
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.access.test_actions import call, failure
from tests.integration.home import Home


async def test_time_control(home: Home) -> None:
    door = await Door.of(home)
    nightly: dict[str, Any] = {"time": "22:00", "action": "lock"}
    door.lock.faults.refuse_next(ErrorCode.K_TOO_MANY_ENTRIES, Command.ADD_TIME_CONTROL_ENTRY)
    assert await failure(door, "add_time_control", **nightly) == "too_many_schedules"
    assert list(door.lock.time_control) == []
    door.lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.ADD_TIME_CONTROL_ENTRY)
    assert await failure(door, "add_time_control", **nightly) not in (None, "too_many_schedules")
    assert list(door.lock.time_control) == []

    await call(door, "add_time_control", **nightly)
    # The door would open by the clock.
    assert await failure(door, "update_time_control", entry_id=1, action="unlock") == "confirm_needed"
    door.begin()
    same = await call(door, "update_time_control", entry_id=1, **nightly)
    assert door.written("UPDATE_TIME_CONTROL_ENTRY") == 0
    assert same["time"].startswith("22:00")
    later = await call(door, "update_time_control", entry_id=1, time="23:15")
    assert later["time"].startswith("23:15")
    assert door.written("UPDATE_TIME_CONTROL_ENTRY") == 1


async def test_digits_of_another_code(home: Home) -> None:
    door = await Door.of(home)
    await call(door, "add_code", name="One", code="345678")
    await call(door, "add_code", name="Two", code="345679")
    assert await failure(door, "update_code", code_id=2, code="345678") == "code_exists"
    assert [each.code for each in door.codes] == [345678, 345679]


async def test_a_period_that_ends_before_it_begins(home: Home) -> None:
    door = await Door.of(home)
    now = dt_util.utcnow()
    fields = {
        "start_datetime": (now + timedelta(days=2)).isoformat(),
        "end_datetime": (now + timedelta(days=1)).isoformat(),
    }
    assert await failure(door, "update_user", user_id=1, **fields) == "bad_period"


async def test_a_lock_that_never_got_the_request_to_forget_us(home: Home) -> None:
    """It still answers: then we have not left, and the entry stays until another try gets there."""
    told = set()
    for occasion in range(1, 8):
        door = await Door.of(home)
        owner = await Owner.at(door, "leave")
        door.lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=occasion)
        await owner.submit(understood=True)
        if owner.kind is not FlowResultType.ABORT:
            told.add(owner.errors["base"])
            assert len(home.hass.config_entries.async_entries(DOMAIN)) == 1
            await owner.submit(understood=True)
        assert owner.kind is FlowResultType.ABORT
        await home.radio.remove_peripheral(door.lock.address)
        home.locks.remove(door.lock)
    assert "not_left" in told


async def test_a_lock_that_is_silent_after_it_forgot_us(home: Home) -> None:
    """Nobody knows then, and nothing is deleted here."""
    door = await Door.of(home)
    owner = await Owner.at(door, "leave")
    door.lock.faults.drop_next_answer(Command.STATUS)
    leaving = asyncio.create_task(owner.submit(understood=True))
    await home.until(lambda: door.written("REMOVE_AUTHORIZATION_ENTRY"))
    door.lock.faults.silence = True
    await leaving
    assert owner.errors == {"base": "leaving_unknown"}
    assert len(home.hass.config_entries.async_entries(DOMAIN)) == 1


async def test_a_use_that_is_counted_later(home: Home) -> None:
    """A limit of uses for a code that has been there before counts from now on."""
    door = await Door.of(home)
    await call(door, "set_activity_log", answer=False, enabled=True)
    end = (dt_util.utcnow() + timedelta(days=2)).isoformat()
    made = await call(door, "add_code", name="Guest", code="345678", end_datetime=end)
    changed = await call(door, "update_code", code_id=made["code_id"], uses=2)
    assert changed["uses_left"] == 2
    (listed,) = (await call(door, "get_codes"))["codes"]
    assert listed["uses_left"] == 2


async def test_switches_for_the_codes_of_a_lock_without_a_keypad(home: Home) -> None:
    """The option may have been left on; each read of the lock works all the same."""
    door = await Door.of(home, keypad=False, codes_as_switches=True)
    await home.read()
    assert home.state() == "locked"
    with pytest.raises(HomeAssistantError) as caught:
        await call(door, "get_codes")
    assert caught.value.translation_key == "no_keypad"
