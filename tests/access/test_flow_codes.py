"""The forms about keypad codes, as an owner uses them."""

from datetime import time, timedelta
import json
import logging
from typing import Any

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.codes import NewCode
from custom_components.smartlock.protocol.enums import Command, Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.faults import Once
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.integration.forms import filled_in
from tests.integration.home import PINS, Home
from tests.storage.disks import slow_disk

MONDAYS = {"weekdays": ["mon"], "from": "09:00:00", "until": "12:00:00"}


async def test_a_code_for_the_cleaner(home: Home) -> None:
    """Mondays from nine to twelve, in five clicks from the options and a slip; the digits are shown once."""
    door = await Door.of(home)
    owner = await Owner.at(door, "codes")
    assert owner.waited == [("reading_codes", {"count": ""})]
    assert (owner.step, owner.says["list"]) == ("codes_menu", "There are no keypad codes yet.")
    await owner.choose("code_add")
    await owner.submit(name="Cleaner", when="recurring", guest=False)
    assert owner.step == "right_weekdays"
    # No day is chosen beforehand, so that it is not given along with the one that is meant.
    assert filled_in(owner.schema) == {"weekdays": [], "from": "09:00:00", "until": "12:00:00"}
    await owner.submit(**filled_in(owner.schema))
    assert (owner.step, owner.errors) == ("right_weekdays", {"weekdays": "no_weekday"})
    await owner.submit(**MONDAYS)
    (code,) = door.codes
    assert (code.name, code.limit.allowed_weekdays) == ("Cleaner", Weekdays.MONDAY)
    assert (code.limit.allowed_from_time, code.limit.allowed_until_time) == (Time2(9, 0), Time2(12, 0))
    assert owner.step == "code_done"
    assert owner.says["digits"].replace(" ", "") == str(code.code)
    assert owner.says["right"] == "Monday 09:00–12:00"
    await owner.submit()
    assert owner.step == "codes_menu"
    assert owner.says["list"] == "- **Cleaner**: Monday 09:00–12:00"
    assert owner.clicks == 6
    assert f"{code.code}" not in str(owner.flow)


async def test_a_code_that_belongs_to_a_person(home: Home) -> None:
    """Nothing is sent; its events name the person, but not where names are not shown."""
    home.hass.states.async_set("person.anna", "not_home", {"friendly_name": "Anna"})
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    await owner.submit(name="Anna", when="always", guest=False)
    await owner.submit()
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Anna"))
    await owner.choose("code_person")
    assert owner.fields == {"person": None}
    door.begin()
    await owner.submit(person="person.anna")
    assert (owner.step, owner.says["done"]) == ("codes_menu", "✓ Anna belongs to Anna now.")
    assert door.lock.journal.entries == []

    (code,) = door.codes
    door.lock.enter_code(code.code)
    await home.read()
    event = home.full_state("activity").attributes
    assert (event["method"], event["user"], event["person"]) == ("keypad_code", "Anna", "person.anna")

    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Anna"))
    await owner.choose("code_person")
    assert owner.fields == {"person": "person.anna"}
    await owner.submit()
    assert owner.says["done"] == "✓ Anna belongs to no person now."
    door.lock.enter_code(code.code)
    await home.read()
    assert home.full_state("activity").attributes["person"] is None


async def test_between_two_dates(home: Home) -> None:
    """Home Assistant's zone counts for dates, whatever the lock's is."""
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    await owner.submit(name="Guest", when="period", guest=False, code="345678")
    assert owner.step == "right_period"
    await owner.submit(start="2027-04-01 12:00:00", end="2027-04-04 10:00:00")
    (code,) = door.codes
    assert code.code == 345678
    assert code.limit.allowed_from == Date7(2027, 4, 1, 10, 0, 0)
    assert code.limit.allowed_until == Date7(2027, 4, 4, 8, 0, 0)
    assert owner.says["right"] == "from Thu 1 Apr 2027, 12:00 until Sun 4 Apr 2027, 10:00"


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"name": "x" * 21, "when": "always"}, {"name": "name_too_long"}),
        ({"name": " ", "when": "always"}, {"name": "name_missing"}),
        ({"name": "Guest", "when": "always", "code": "123456"}, {"code": "bad_code_digits"}),
        ({"name": "Guest", "when": "always", "code": "34567"}, {"code": "bad_code_digits"}),
    ],
)
async def test_wrong_input_is_told_at_its_field_and_sends_nothing(
    home: Home, given: dict[str, str], errors: dict[str, str]
) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    door.begin()
    await owner.submit(**given, guest=False)
    assert (owner.step, owner.errors) == ("code_add", errors)
    # What was right stays filled in.
    assert owner.fields["name"] == given["name"]
    assert door.lock.journal.entries == []


@pytest.mark.parametrize(
    ("when", "given", "errors"),
    [
        ("period", {"end": "2020-01-01 10:00:00"}, {"end": "bad_period"}),
        ("period", {}, {"end": "no_date"}),
        ("period", {"start": "2027-03-28 02:30:00"}, {"base": "no_such_time"}),
        ("recurring", {"weekdays": []}, {"weekdays": "no_weekday"}),
        ("recurring", {"weekdays": ["mon"], "from": "09:00:00"}, {"until": "bad_hours"}),
        (
            "recurring",
            {"weekdays": ["mon"], "from": "22:00:00", "until": "06:00:00"},
            {"until": "hours_over_midnight"},
        ),
    ],
)
async def test_rights_that_cannot_be_given(
    home: Home, when: str, given: dict[str, object], errors: dict[str, str]
) -> None:
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    door.begin()
    await owner.submit(name="Guest", when=when, guest=False)
    await owner.submit(**given)
    assert owner.errors == errors
    assert door.lock.journal.entries == []


async def test_digits_that_are_there(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678)
    owner = await Owner.at(door, "codes", "code_add")
    await owner.submit(name="Guest", when="always", guest=False, code="345678")
    assert (owner.step, owner.errors) == ("code_add", {"code": "code_exists"})
    await owner.submit(name="Guest", when="always", guest=False, code="345679")
    assert owner.step == "code_done"
    assert [code.code for code in door.codes] == [345678, 345679]


async def test_a_change_of_the_name_alone(home: Home) -> None:
    """Every other byte stays, also of a right whose seconds no form shows."""
    limit = TimeLimit(
        allowed_from=Date7(2026, 1, 1, 4, 5, 6),
        allowed_until=Date7(2036, 1, 1, 7, 8, 9),
        allowed_weekdays=Weekdays.MONDAY,
        allowed_from_time=Time2(9, 0),
        allowed_until_time=Time2(12, 0),
    )
    door = await Door.of(home)
    code = door.put(345678, "Guest", time_limited=1, limit=limit)
    owner = await Owner.at(door, "codes", "code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_change")
    assert owner.fields == {
        "name": "Guest",
        "when": "period_and_recurring",
        "code": None,
        "uses": None,
        "guest": False,
    }
    await owner.submit(name="Gärtner", when="period_and_recurring", guest=False)
    await owner.submit(**owner.fields)
    await owner.submit(**owner.fields)
    assert (owner.step, code.name, code.code, code.limit) == ("codes_menu", "Gärtner", 345678, limit)
    assert owner.says["done"].startswith("✓ Gärtner was changed")


async def test_a_right_is_changed_and_taken_away(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678, "Guest")
    owner = await Owner.at(door, "codes", "code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_change")
    await owner.submit(name="Guest", when="recurring", guest=False)
    await owner.submit(**MONDAYS)
    assert (code.time_limited, code.limit.allowed_weekdays) == (1, Weekdays.MONDAY)
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_change")
    await owner.submit(name="Guest", when="always", guest=False)
    assert (owner.step, code.time_limited) == ("codes_menu", 0)


async def test_pause_show_and_delete(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678, "Guest")
    other = door.put(456789, "Other")
    owner = await Owner.at(door, "codes", "code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_pause")
    assert code.enabled == 0
    assert "- **Guest**: always · paused" in owner.says["list"]
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_resume")
    assert code.enabled == 1
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_show")
    assert owner.says["digits"] == "345 678"
    await owner.submit()
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_delete")
    assert door.codes == [code, other]
    await owner.submit()
    assert door.codes == [other]
    assert owner.says["done"] == "✓ Guest was deleted."


async def test_expired_codes_are_named_and_removed(home: Home) -> None:
    door = await Door.of(home)
    yesterday = dt_util.utcnow() - timedelta(days=1)
    over = TimeLimit(allowed_from=Date7(2020, 1, 1), allowed_until=Date7.of(yesterday))
    door.put(345678, "Over", time_limited=1, limit=over)
    stays = door.put(456789, "Stays")
    owner = await Owner.at(door, "codes")
    assert owner.says["expired"] == "1"
    await owner.choose("codes_expired")
    assert "Over" in owner.says["list"]
    assert "Stays" not in owner.says["list"]
    await owner.submit()
    assert door.codes == [stays]
    assert owner.says["done"] == "✓ Expired codes deleted: 1."
    assert "codes_expired" not in owner.choices


async def test_a_plumber_is_let_in_once(home: Home) -> None:
    """In four clicks: a code that opens once, ends by itself, and is gone after it was used."""
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    await owner.submit(name="Plumber", when="always", uses=1, guest=True)
    assert owner.step == "code_done"
    assert "uses left: 1" in owner.says["right"]
    await owner.submit()
    assert owner.clicks == 4
    (code,) = door.codes
    end = code.limit.allowed_until.moment
    assert end is not None
    assert timedelta(hours=23) < end - dt_util.utcnow() <= timedelta(hours=24)
    assert "guest" in owner.says["list"]
    door.lock.enter_code(code.code)
    await home.until(lambda: not door.codes, within=3600)


async def test_uses_on_certain_days_need_an_end(home: Home) -> None:
    """Otherwise the code would be over before its first day."""
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    await owner.submit(name="Plumber", when="recurring", uses=2, guest=False)
    assert owner.step == "right_period"
    start = dt_util.now().replace(microsecond=0)
    later, too_late = start + timedelta(days=14), start + timedelta(days=91)
    shown = {"start": f"{start:%Y-%m-%d %H:%M:%S}"}
    for end in ({}, {"end": f"{too_late:%Y-%m-%d %H:%M:%S}"}):
        await owner.submit(**shown, **end)
        assert (owner.step, owner.errors) == ("right_period", {"end": "needs_expiry"})
    await owner.submit(**shown, end=f"{later:%Y-%m-%d %H:%M:%S}")
    await owner.submit(**MONDAYS)
    assert owner.step == "code_done"
    (code,) = door.codes
    assert code.limit.allowed_until == Date7.of(later)
    # The owner changes his mind: any number of times.
    await owner.submit()
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Plumber"))
    await owner.choose("code_change")
    assert owner.fields["uses"] == 2
    await owner.submit(name="Plumber", when="period_and_recurring", guest=False)
    await owner.submit(**owner.fields)
    await owner.submit(**owner.fields)
    assert "uses left" not in owner.says["list"]
    assert code.limit.allowed_until == Date7.of(later)


async def test_a_code_for_a_number_of_uses_is_not_made_endless(home: Home) -> None:
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Plumber", uses=2))
    (code,) = door.codes
    before = code.limit
    owner = await Owner.at(door, "codes", "code_pick")
    await owner.submit(picked=owner.option("Plumber"))
    await owner.choose("code_change")
    await owner.submit(**owner.fields | {"code": "", "when": "always"})
    assert (owner.step, owner.errors) == ("code_change", {"base": "needs_expiry"})
    assert code.limit == before
    await owner.submit(name="Plumber", when="always", guest=False)
    assert code.time_limited == 0


async def test_guests_are_paused_and_resumed_together(home: Home) -> None:
    door = await Door.of(home)
    own = door.put(345678, "Own")
    owner = await Owner.at(door, "codes")
    assert "guests" not in owner.choices
    for name in ("Ada", "Bob"):
        await owner.choose("code_add")
        await owner.submit(name=name, when="always", guest=True)
        await owner.submit()
    assert owner.says["guests"] == "2"
    await owner.choose("guests")
    assert owner.says["list"].count("guest") == 2
    await owner.choose("guests_pause")
    assert [code.enabled for code in door.codes] == [1, 0, 0]
    assert owner.says["done"] == "✓ Guest codes paused: 2."
    await owner.choose("guests")
    await owner.choose("guests_resume")
    assert [code.enabled for code in door.codes] == [1, 1, 1]
    assert own.enabled == 1


async def test_what_is_done_with_codes_on_its_own(home: Home) -> None:
    """The options are those that the parts read: a switch for each code appears."""
    door = await Door.of(home)
    code = door.put(345678, "Guest")
    owner = await Owner.at(door, "codes", "codes_options")
    assert owner.fields == {"remove_expired": True, "codes_as_switches": False}
    await owner.submit(remove_expired=False, codes_as_switches=True)
    assert owner.kind is FlowResultType.CREATE_ENTRY
    options = door.entry.options
    assert (options["remove_expired"], options["codes_as_switches"]) == (False, True)
    assert options["pin"] == str(PINS["gen3"])
    await home.hass.async_block_till_done()
    await home.settled(door.entry, door.lock)
    await home.read()
    await home.until(lambda: home.hass.states.get("switch.villa_kunterbunt_guest"), within=3600)
    assert home.state(f"code_{code.code_id}") == "on"


# --- What can go wrong ------------------------------------------------------------------------------------


async def test_without_a_pin_the_dialog_leads_to_it(home: Home) -> None:
    door = await Door.of(home, pin=None)
    door.begin()
    for step in ("codes", "users", "time_control"):
        owner = await Owner.at(door, step)
        assert (owner.step, owner.choices) == ("pin_first", ["pin"])
    assert door.lock.journal.entries == []


async def test_after_the_pin_the_dialog_goes_on(home: Home) -> None:
    door = await Door.of(home, pin=None)
    for step in ("codes", "leave"):
        owner = await Owner.at(door, step)
        await owner.choose("pin")
        await owner.choose("pin_enter")
        await owner.submit(pin=str(PINS["gen3"]))
        assert (owner.step, owner.choices) == ("pin_accepted", [step])
        await owner.choose(step)
        assert owner.step == ("leave" if step == "leave" else "codes_menu")
        await door.runtime.pin.async_forget()
    # Whoever came for the PIN alone is done.
    owner = await Owner.at(door, "pin", "pin_enter")
    await owner.submit(pin=str(PINS["gen3"]))
    assert owner.kind is FlowResultType.CREATE_ENTRY


async def test_without_a_keypad_there_is_no_such_item(home: Home) -> None:
    door = await Door.of(home, keypad=False)
    owner = await Owner.at(door)
    assert "codes" not in owner.choices
    assert "users" in owner.choices


async def test_a_lock_out_of_reach_is_tried_again(home: Home) -> None:
    door = await Door.of(home)
    home.go_out_of_range(door.lock)
    owner = await Owner.at(door, "codes")
    assert (owner.step, owner.errors) == ("not_read", {"base": "unreachable"})
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    await owner.submit()
    assert owner.step == "codes_menu"


async def test_a_write_out_of_reach_can_be_submitted_again(home: Home) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    home.go_out_of_range(door.lock)
    await owner.submit(name="Guest", when="recurring", guest=False)
    await owner.submit(**MONDAYS)
    assert (owner.step, owner.errors) == ("right_weekdays", {"base": "unreachable"})
    assert owner.fields == MONDAYS
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    await owner.submit(**MONDAYS)
    assert owner.step == "code_done"
    assert len(door.codes) == 1


async def test_a_removal_out_of_reach_is_visible_until_it_is_done(home: Home) -> None:
    """The owner is told that the code still works; the lock has it no more once it is back."""
    door = await Door.of(home)
    door.put(345678, "Guest")
    owner = await Owner.at(door, "codes", "code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_delete")
    home.go_out_of_range(door.lock)
    await owner.submit()
    assert owner.step == "not_removed"
    assert "Guest: still works, to be removed since" in owner.says["waiting"]
    await owner.submit()
    assert (owner.step, owner.errors) == ("not_read", {"base": "unreachable"})
    assert "Guest: still works" in owner.says["waiting"]
    owner.close()
    leaving = await Owner.at(door, "leave")
    assert "Guest: still works" in leaving.says["waiting"]
    home.come_into_range(door.lock)
    await home.until(lambda: not door.codes, within=3600)
    again = await Owner.at(door, "codes")
    assert again.says["list"] == "There are no keypad codes yet."


async def test_after_a_lost_answer_the_list_tells(home: Home) -> None:
    """The code is there once; when even the list cannot be read, the owner is sent to it."""
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    door.lock.faults.drop_next_answer(Command.KEYPAD_CODE_ID)
    await owner.submit(name="Guest", when="always", guest=False)
    assert owner.step == "code_done"
    assert len(door.codes) == 1


async def test_a_code_that_was_deleted_meanwhile(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678, "Guest")
    owner = await Owner.at(door, "codes", "code_pick")
    await owner.submit(picked=owner.option("Guest"))
    door.lock.keypad_codes.remove(code)
    await owner.choose("code_pause")
    assert (owner.step, owner.errors) == ("not_known", {"base": "no_such_code"})
    await owner.submit()
    assert (owner.step, owner.says["list"]) == ("codes_menu", "There are no keypad codes yet.")


async def test_two_dialogs_at_once(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678, "Guest")
    one, other = await Owner.at(door, "codes", "code_pick"), await Owner.at(door, "codes", "code_pick")
    await one.submit(picked=one.option("Guest"))
    await other.submit(picked=other.option("Guest"))
    await one.choose("code_delete")
    await one.submit()
    await other.choose("code_change")
    await other.submit(name="Other", when="always", guest=False)
    assert (other.step, other.errors) == ("not_known", {"base": "no_such_code"})
    assert door.codes == []
    assert code.name == "Guest"


async def test_the_entry_reloads_while_a_form_is_open(home: Home) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    await home.hass.config_entries.async_reload(door.entry.entry_id)
    await home.settled(door.entry, door.lock)
    await owner.submit(name="Guest", when="always", guest=False)
    assert owner.step == "code_done"
    await owner.submit()
    assert "Guest" in owner.says["list"]


async def test_the_entry_reloads_while_the_list_is_read(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678, "Guest")
    owner = await Owner.at(door)
    door.lock.faults.silence = True
    flow = await owner.manager.async_configure(owner.flow["flow_id"], {"next_step_id": "codes"})
    await home.until(lambda: home.connected(door.lock))
    door.lock.faults.silence = False
    with slow_disk():
        await home.hass.config_entries.async_reload(door.entry.entry_id)
    await owner.see(await owner.manager.async_configure(flow["flow_id"]))
    assert owner.step == "not_read"
    await owner.submit()
    assert "Guest" in owner.says["list"]


async def test_digits_are_in_no_log_no_state_and_no_file(
    home: Home, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """With everything logged that there is."""
    caplog.set_level(logging.DEBUG)
    door = await Door.of(home)
    chosen = "347 698"
    owner = await Owner.at(door, "codes", "code_add")
    await owner.submit(name="Guest", when="always", guest=False)
    made = owner.says["digits"]
    await owner.submit()
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_change")
    await owner.submit(name="Guest", when="always", guest=False, code=chosen.replace(" ", ""))
    await owner.choose("code_pick")
    await owner.submit(picked=owner.option("Guest"))
    await owner.choose("code_show")
    assert owner.says["digits"] == chosen
    await owner.submit()
    await home.hass.async_block_till_done()
    elsewhere = [caplog.text, json.dumps(hass_storage, default=str)]
    elsewhere += [str(state.as_dict()) for state in home.hass.states.async_all()]
    for digits in (made, chosen):
        number = digits.replace(" ", "")
        assert not [text for text in elsewhere if number in text or digits in text]


async def test_an_entry_that_is_unloaded_ends_the_dialog(home: Home) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    await home.hass.config_entries.async_unload(door.entry.entry_id)
    await owner.submit(name="Guest", when="always", guest=False)
    assert (owner.kind, owner.flow["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_what_is_being_written_is_written_to_its_end(home: Home) -> None:
    """The dialog is closed in the middle."""
    door = await Door.of(home)
    owner = await Owner.at(door, "codes", "code_add")
    manager, flow_id = owner.manager, owner.flow["flow_id"]
    flow = await manager.async_configure(flow_id, {"name": "Guest", "when": "always", "guest": False})
    assert flow["type"] is FlowResultType.SHOW_PROGRESS
    owner.close()
    await home.until(lambda: door.codes)
    await home.until(lambda: not home.connected(door.lock))
    assert [code.name for code in door.codes] == ["Guest"]
    again = await Owner.at(door, "codes", "code_pick")
    await again.submit(picked=again.option("Guest"))
    await again.choose("code_show")
    assert again.says["digits"].replace(" ", "") == str(door.codes[0].code)


async def test_a_long_list_shows_how_far_it_is(home: Home) -> None:
    """Over one connection, with a lost link in the middle; the menu shows the beginning."""
    door = await Door.of(home)
    for number in [n for n in range(333333, 400000) if "0" not in str(n)][:120]:
        door.put(number, f"Guest {number}")
    door.lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=60)
    owner = await Owner.at(door, "codes")
    assert ("reading_codes", {"count": "50 / 120"}) in owner.waited
    assert owner.says["list"].count("\n") == 40
    assert owner.says["list"].endswith("+ 80")


async def test_another_language(home: Home) -> None:
    home.hass.config.language = "de"
    door = await Door.of(home)
    right = {
        "time_limited": 1,
        "limit": TimeLimit(
            allowed_from=Date7(2020, 1, 1),
            allowed_until=Date7(2036, 12, 7, 10, 0, 0),
            allowed_weekdays=Weekdays.MONDAY | Weekdays.TUESDAY | Weekdays.WEDNESDAY | Weekdays.SATURDAY,
        ),
    }
    door.put(345678, "Putzhilfe", **right)
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    owner = await Owner.at(door, "codes")
    assert owner.says["list"] == "- **Putzhilfe**: Mo–Mi, Sa ganztägig, bis So, 7. Dez. 2036, 11:00"


async def test_the_time_zone_of_the_lock_is_named(home: Home) -> None:
    await home.hass.config.async_set_time_zone("America/New_York")
    door = await Door.of(home)
    owner = await Owner.at(door, "codes")
    assert "Europe/Berlin" in owner.says["note"]
    await owner.choose("code_add")
    await owner.submit(name="Guest", when="recurring", guest=False)
    assert "Europe/Berlin" in owner.says["note"]
    assert time(9) == time.fromisoformat(owner.fields["from"])
