"""The actions: who may call them, what they take and answer, and how their errors are told."""

from datetime import timedelta
from typing import Any

from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.wire import Date7
from tests.access.doors import Door
from tests.integration.home import Home

ACTIONS: dict[str, dict[str, Any]] = {
    "get_codes": {},
    "add_code": {"name": "Guest", "code": "345678"},
    "update_code": {"code_id": 1, "enabled": False},
    "delete_code": {"code_id": 1},
    "get_users": {},
    "update_user": {"user_id": 1, "enabled": False},
    "delete_user": {"user_id": 1},
    "get_time_control": {},
    "add_time_control": {"time": "22:00", "action": "lock"},
    "update_time_control": {"entry_id": 1, "enabled": False},
    "delete_time_control": {"entry_id": 1},
}
NO_ANSWER = {"delete_time_control"}


async def call(
    door: Door, action: str, /, *, answer: bool = True, user: str | None = None, **fields: Any
) -> Any:
    """Call an action on the lock, and return what it answers for it."""
    entity_id = door.home.entity_id("lock")
    result = await door.home.hass.services.async_call(
        DOMAIN,
        action,
        {"entity_id": entity_id, **fields},
        blocking=True,
        return_response=answer,
        context=Context(user_id=user),
    )
    return result[entity_id] if result is not None else None


async def failure(door: Door, action: str, /, **fields: Any) -> str | None:
    """Call an action that fails, and return the key of what it says."""
    with pytest.raises(HomeAssistantError) as caught:
        await call(door, action, **fields)
    assert str(caught.value)
    assert not any(digits in str(caught.value) for digits in ("345678", "345679"))
    return caught.value.translation_key


async def test_for_administrators_only(home: Home) -> None:
    door = await Door.of(home)
    user = MockUser(is_owner=False)
    user.add_to_hass(home.hass)
    door.begin()
    for action, fields in ACTIONS.items():
        with pytest.raises(Unauthorized):
            await call(door, action, answer=action not in NO_ANSWER, user=user.id, **fields)
    with pytest.raises(Unauthorized):
        await home.hass.services.async_call(
            DOMAIN, "generate_code", {}, blocking=True, return_response=True, context=Context(user_id=user.id)
        )
    assert door.lock.journal.entries == []


async def test_a_day_with_codes(home: Home) -> None:
    door = await Door.of(home)
    made = await call(
        door, "add_code", name="Cleaner", weekdays=["mon"], start_time="09:00", end_time="12:00"
    )
    assert made["code_id"] == 1
    assert made["code"] == f"{door.codes[0].code}"
    assert made["start_datetime"] is None
    listed = await call(door, "get_codes")
    assert (listed["max"], listed["keypad"]) == (200, "keypad")
    (code,) = listed["codes"]
    assert "code" not in code
    assert (code["kind"], code["weekdays"], code["start_time"], code["end_time"]) == (
        "recurring",
        ["mon"],
        "09:00",
        "12:00",
    )
    assert (await call(door, "get_codes", include_codes=True))["codes"][0]["code"] == made["code"]
    changed = await call(door, "update_code", name="Cleaner", new_name="Charlady", weekdays=["tue"])
    assert (changed["name"], changed["weekdays"], changed["start_time"]) == ("Charlady", ["tue"], "09:00")
    assert (await call(door, "update_code", code_id=1, clear=["recurrence"]))["kind"] == "always"
    assert await call(door, "delete_code", name="Charlady") == {"deleted": [1], "pending": []}
    assert door.codes == []


async def test_digits_that_were_given_are_not_answered(home: Home) -> None:
    door = await Door.of(home)
    made = await call(door, "add_code", name="Guest", code="345678")
    assert "code" not in made
    door.begin()
    assert await failure(door, "add_code", answer=False, name="Guest") == "nobody_would_know"
    assert door.lock.journal.entries == []


async def test_dates_are_those_of_home_assistants_zone(home: Home) -> None:
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    door = await Door.of(home)
    await call(
        door,
        "add_code",
        name="Guest",
        code="345678",
        start_datetime="2027-04-01 12:00:00",
        end_datetime="2027-04-03T12:00:00+00:00",
    )
    (code,) = door.codes
    assert tuple(code.limit.allowed_from)[:5] == (2027, 4, 1, 10, 0)
    assert tuple(code.limit.allowed_until)[:5] == (2027, 4, 3, 12, 0)
    for fields, key in (
        ({"start_datetime": "2027-03-28 02:30:00"}, "no_such_time"),
        ({"end_datetime": "2020-01-01 00:00:00"}, "bad_period"),
        ({"start_time": "09:00"}, "bad_hours"),
        ({"start_time": "22:00", "end_time": "06:00"}, "hours_over_midnight"),
        ({"code": "345678"}, "code_exists"),
        ({"code": "120000"}, "bad_code_digits"),
        ({"name": "ü" * 11}, "name_too_long"),
    ):
        assert await failure(door, "add_code", **({"name": "x", "code": "345679"} | fields)) == key
    assert len(door.codes) == 1


@pytest.mark.parametrize("end", ["9999-12-31 23:59:59", "9999-12-31T23:59:59-05:00"])
async def test_an_end_that_is_for_ever(home: Home, end: str) -> None:
    """West of Greenwich it is later than the last date that there is."""
    door = await Door.of(home)
    await home.hass.config.async_set_time_zone("America/New_York")
    made = await call(door, "add_code", name="Family", end_datetime=end)
    assert made["end_datetime"] == "9999-12-31T23:59:59+00:00"
    assert door.codes[0].limit.allowed_until == Date7(9999, 12, 31, 23, 59, 59)


async def test_which_code(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678, "Guest")
    door.put(345679, "Guest")
    assert await failure(door, "delete_code", name="Guest") == "name_not_unique"
    assert await failure(door, "delete_code", name="Nobody") == "no_such_code"
    assert await failure(door, "delete_code", code_id=9) == "no_such_code"
    assert await failure(door, "delete_code") == "which_code"
    assert len(door.codes) == 2


async def test_all_expired_codes(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678, "Old")
    door.codes[0].time_limited = 1
    past = dt_util.utcnow() - timedelta(days=2)
    door.codes[0].limit = door.codes[0].limit.__class__(
        allowed_from=door.codes[0].created,
        allowed_until=door.codes[0].created.of(past),
    )
    door.put(345679, "Good")
    assert await call(door, "delete_code", expired=True) == {"deleted": [1], "pending": []}
    assert [code.name for code in door.codes] == ["Good"]


async def test_a_day_with_users(home: Home) -> None:
    door = await Door.of(home)
    listed = await call(door, "get_users")
    assert listed["max"] == 200
    own = next(user for user in listed["users"] if user["is_home_assistant"])
    keypad = next(user for user in listed["users"] if user["type"] == "keypad")
    phone = next(user for user in listed["users"] if user["name"] == "Somebody's phone")
    assert keypad["protected"]
    assert not phone["protected"]
    for fields in ({"enabled": False}, {"weekdays": ["mon"]}, {"remote_allowed": False}):
        assert await failure(door, "update_user", user_id=own["user_id"], **fields) == "own_authorization"
    assert await failure(door, "delete_user", user_id=own["user_id"], confirm=True) == "own_authorization"
    assert await failure(door, "delete_user", user_id=keypad["user_id"]) == "confirm_needed"
    assert await failure(door, "update_user", user_id=keypad["user_id"], enabled=False) == "confirm_needed"
    changed = await call(door, "update_user", user_id=phone["user_id"], name="Zoë", weekdays=["sat", "sun"])
    assert (changed["name"], changed["weekdays"]) == ("Zoë", ["sat", "sun"])
    assert not (await call(door, "update_user", user_id=phone["user_id"], enabled=False))["enabled"]
    assert await call(door, "delete_user", user_id=phone["user_id"]) == {
        "deleted": [phone["user_id"]],
        "pending": [],
    }
    assert [user["type"] for user in (await call(door, "get_users", types=["keypad"]))["users"]] == ["keypad"]
    assert len((await call(door, "get_users"))["users"]) == 2


async def test_a_day_with_time_control(home: Home) -> None:
    door = await Door.of(home)
    fields: dict[str, Any] = {"time": "07:00", "action": "unlock", "weekdays": ["mon"]}
    assert await failure(door, "add_time_control", **fields) == "confirm_needed"
    made = await call(door, "add_time_control", confirm=True, **fields)
    assert made == {"entry_id": 1}
    (entry,) = (await call(door, "get_time_control"))["entries"]
    assert entry == {
        "entry_id": 1,
        "enabled": True,
        "weekdays": ["mon"],
        "time": "07:00",
        "action": "unlock",
    }
    changed = await call(door, "update_time_control", entry_id=1, enabled=False)
    assert (changed["enabled"], changed["time"], changed["weekdays"]) == (False, "07:00", ["mon"])
    assert await failure(door, "update_time_control", entry_id=1, enabled=True) == "confirm_needed"
    assert await failure(door, "update_time_control", entry_id=7, enabled=False) == "no_such_schedule"
    assert await failure(door, "add_time_control", time="07:00:30", action="lock") == "bad_hours"
    await call(door, "delete_time_control", answer=False, entry_id=1)
    assert list(door.lock.time_control) == []


async def test_generated_digits(home: Home) -> None:
    await Door.of(home)
    made: Any = await home.hass.services.async_call(
        DOMAIN, "generate_code", {}, blocking=True, return_response=True
    )
    assert len(made["code"]) == 6


async def test_a_code_out_of_reach(home: Home) -> None:
    """What the owner is told of a right that is not taken away yet, and that nothing is granted later."""
    door = await Door.of(home)
    door.put(345678)
    await call(door, "get_codes")
    home.go_out_of_range(door.lock)
    assert await failure(door, "add_code", name="x", code="345679") == "unreachable"
    assert await failure(door, "update_code", code_id=1, enabled=True) == "unreachable"
    assert await failure(door, "delete_code", code_id=1, keep_trying=False) == "unreachable"
    assert await failure(door, "delete_code", code_id=1) == "not_removed_yet"
    home.come_into_range(door.lock)
    await home.until(lambda: not door.codes)
    await home.until(lambda: not home.connected(door.lock))
    assert door.written("ADD_KEYPAD_CODE") == 0


async def test_without_a_pin(home: Home) -> None:
    door = await Door.of(home, pin=None)
    door.begin()
    for action, fields in ACTIONS.items():
        key = await failure(door, action, answer=action not in NO_ANSWER, **fields)
        assert key == "pin_needed", action
    assert door.lock.journal.pins_sent == []


async def test_wrong_input_is_a_mistake_of_the_caller(home: Home) -> None:
    door = await Door.of(home)
    with pytest.raises(ServiceValidationError):
        await call(door, "add_code", name="x", code="1")


@pytest.mark.parametrize(("action", "fields"), [("delete_code", {}), ("update_code", {"enabled": False})])
async def test_a_code_out_of_reach_is_promised_by_its_name_too(
    home: Home, action: str, fields: dict[str, Any]
) -> None:
    """The name is looked up in the list as it was last read."""
    door = await Door.of(home)
    code, other = door.put(345678, "Guest"), door.put(345679, "Other")
    await call(door, "get_codes")
    home.go_out_of_range(door.lock)
    assert await failure(door, action, name="Nobody", **fields) == "unreachable"
    assert await failure(door, action, name="Guest", keep_trying=False, **fields) == "unreachable"
    assert await failure(door, "update_code", name="Guest", enabled=True) == "unreachable"
    assert await failure(door, action, name="Guest", **fields) == "not_removed_yet"
    home.come_into_range(door.lock)
    await home.until(lambda: code not in door.codes or not code.enabled)
    assert other in door.codes
    assert other.enabled
