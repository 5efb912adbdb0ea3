"""The forms about people: who has what, changing, pausing, deleting, and after a loss."""

from datetime import time

from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smartlock.protocol.enums import AuthorizationIdType, Weekdays
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.authorizations import Authorization
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.integration.home import SOMEBODY, Home


def put(door: Door, name: str, id_type: AuthorizationIdType = AuthorizationIdType.APP) -> Authorization:
    """Let somebody have access."""
    return door.lock.authorizations.add(bytes(range(32)), app_id=77, name=name, id_type=id_type)


def there(door: Door, name: str) -> Authorization | None:
    """Return somebody's access, if it is in the lock."""
    return next((each for each in door.lock.authorizations if each.name == name), None)


async def pick(door: Door, name: str) -> Owner:
    """Open the entry with a name."""
    owner = await Owner.at(door, "users", "user_pick")
    await owner.submit(picked=owner.option(name))
    return owner


async def test_who_has_what(home: Home) -> None:
    """In one click: each with its kind, its right, and when it was used last."""
    door = await Door.of(home)
    anna = put(door, "Anna *and* [Bob]")
    anna.lock_count, anna.last_active = 3, Date7(2026, 11, 28, 17, 3, 0)
    anna.enabled = 0
    put(door, "Fob", AuthorizationIdType.FOB)
    put(door, "Keypad", AuthorizationIdType.KEYPAD)
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    owner = await Owner.at(door, "users")
    assert owner.clicks == 1
    lines = owner.says["list"].splitlines()
    assert f"- **{SOMEBODY}**: phone · always. Never used" in lines
    assert any(line.startswith("- **Home Assistant**: this Home Assistant · always.") for line in lines)
    (line,) = (line for line in lines if "Anna" in line)
    assert line.startswith("- **Anna \\*and\\* \\[Bob\\]**: phone · always · paused. Last used Sat 28 Nov")
    assert "3 times" in line
    assert "- **Fob**: fob · always. Never used" in lines
    assert "- **Keypad**: keypad · always. Never used" in lines


async def test_a_lost_phone_is_paused_at_once_and_then_deleted(home: Home) -> None:
    door = await Door.of(home)
    anna = put(door, "Anna")
    put(door, "Keypad", AuthorizationIdType.KEYPAD)
    owner = await Owner.at(door, "users", "lost_phone")
    # What nobody carries about cannot be lost.
    assert {label.split(":")[0] for label in owner.options()} == {SOMEBODY, "Anna"}
    # Whoever submits too early hits nobody.
    assert owner.fields == {"picked": None}
    await owner.submit()
    assert owner.errors == {"picked": "no_choice"}
    await owner.submit(picked=owner.option("Anna"))
    assert owner.step == "lost_phone_paused"
    assert not anna.enabled
    assert owner.clicks == 4
    assert {"pin_change", "codes", "user_resume"} < set(owner.choices)
    await owner.choose("lost_phone_delete")
    assert owner.step == "lost_phone_deleted"
    assert there(door, "Anna") is None
    assert there(door, SOMEBODY) is not None
    await owner.choose("codes")
    assert owner.step == "codes_menu"


async def test_a_phone_that_turns_up_again(home: Home) -> None:
    door = await Door.of(home)
    anna = put(door, "Anna")
    owner = await Owner.at(door, "users", "lost_phone")
    await owner.submit(picked=owner.option("Anna"))
    await owner.choose("user_resume")
    assert anna.enabled
    assert owner.says["done"] == "✓ Anna has access again: always."


async def test_a_right_for_a_phone(home: Home) -> None:
    door = await Door.of(home)
    anna = put(door, "Anna")
    anna.remote_allowed = 1
    owner = await pick(door, "Anna")
    await owner.choose("user_change")
    assert owner.fields == {"name": "Anna", "when": "always", "remote": True}
    await owner.submit(name="Anna B.", when="recurring", remote=False)
    await owner.submit(**{"weekdays": ["sat", "sun"], "from": "08:00:00", "until": "20:00:00"})
    assert (anna.name, anna.remote_allowed, anna.time_limited) == ("Anna B.", 0, 1)
    assert anna.limit.allowed_weekdays == Weekdays.SATURDAY | Weekdays.SUNDAY
    assert anna.limit.allowed_from_time == Time2(8, 0)
    assert owner.says["done"] == "✓ Anna B. was changed: Sat, Sun 08:00–20:00."
    await owner.choose("user_pick")
    await owner.submit(picked=owner.option("Anna B."))
    await owner.choose("user_change")
    await owner.submit(name="Anna B.", when="recurring", remote=False)
    assert time.fromisoformat(owner.fields["from"]) == time(8)


async def test_our_own_access_can_only_be_renamed(home: Home) -> None:
    door = await Door.of(home)
    owner = await pick(door, "Home Assistant")
    assert (owner.step, owner.choices) == ("user_own", ["user_rename", "leave"])
    await owner.choose("user_rename")
    assert set(owner.fields) == {"name"}
    await owner.submit(name="House")
    own = there(door, "House")
    assert own is not None
    assert (own.enabled, own.time_limited) == (1, 0)
    assert owner.step == "users_menu"


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (AuthorizationIdType.KEYPAD, "the keypad with all its codes"),
        (AuthorizationIdType.BRIDGE, "remote access through the Bridge"),
        (AuthorizationIdType.DOOR_SENSOR, "the door sensor"),
    ],
)
async def test_accessories_say_first_what_stops(home: Home, kind: AuthorizationIdType, what: str) -> None:
    door = await Door.of(home)
    accessory = put(door, "Thing", kind)
    owner = await pick(door, "Thing")
    assert what in owner.says["warning"]
    assert owner.choices == ["user_rename", "user_pause", "user_delete"]
    await owner.choose("user_pause")
    assert (owner.kind, owner.step) == (FlowResultType.FORM, "user_pause")
    assert what in owner.says["warning"]
    assert accessory.enabled
    await owner.submit()
    assert not accessory.enabled
    await owner.choose("user_pick")
    await owner.submit(picked=owner.option("Thing"))
    await owner.choose("user_delete")
    assert what in owner.says["warning"]
    assert there(door, "Thing") is accessory
    await owner.submit()
    assert there(door, "Thing") is None


async def test_names_that_do_not_fit(home: Home) -> None:
    door = await Door.of(home)
    anna = put(door, "Anna")
    owner = await pick(door, "Anna")
    await owner.choose("user_change")
    door.begin()
    await owner.submit(name="ü" * 17, when="always", remote=True)
    assert owner.errors == {"name": "name_too_long"}
    assert owner.says["count"] == "1"
    assert door.lock.journal.entries == []
    await owner.submit(name="ü" * 16, when="always", remote=True)
    assert anna.name == "ü" * 16


async def test_somebody_who_was_removed_meanwhile(home: Home) -> None:
    door = await Door.of(home)
    anna = put(door, "Anna")
    owner = await pick(door, "Anna")
    door.lock._device.delete_authorization(anna, "in the app")
    await owner.choose("user_delete")
    await owner.submit()
    assert (owner.step, owner.errors) == ("not_known", {"base": "no_such_user"})
    await owner.submit()
    assert "Anna" not in owner.says["list"]


async def test_a_phone_lost_out_of_reach_says_so(home: Home) -> None:
    door = await Door.of(home)
    anna = put(door, "Anna")
    owner = await Owner.at(door, "users", "lost_phone")
    home.go_out_of_range(door.lock)
    await owner.submit(picked=owner.option("Anna"))
    assert owner.step == "lost_phone_pending"
    assert anna.enabled == 1
    home.come_into_range(door.lock)
    await home.until(lambda: not anna.enabled, within=3600)


async def test_an_error_of_the_lock_is_shown_where_it_was_asked(home: Home) -> None:
    """The PIN was changed in the app since: nothing happened, and the form says why."""
    door = await Door.of(home)
    anna = put(door, "Anna")
    owner = await Owner.at(door, "users", "lost_phone")
    door.lock.set_pin(4711)
    await owner.submit(picked=owner.option("Anna"))
    assert owner.step == "lost_phone"
    assert owner.errors == {"base": "wrong_pin"}
    assert anna.enabled == 1
