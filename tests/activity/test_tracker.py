"""What is shown of what happens at a lock: who was last, who changed it, sentences; and what the owner can do."""

import asyncio
from dataclasses import replace
from datetime import timedelta
import logging
import re
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS, repairs_flow_manager
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.restore_state import async_get
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser  # type: ignore[import-untyped]
import voluptuous as vol

from custom_components.smartlock.activity.bus import EVENT_ACTIVITY
from custom_components.smartlock.activity.rules.entries import Method
from custom_components.smartlock.activity.rules.events import Names
from custom_components.smartlock.activity.texts import ActivityTexts
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.logbook import async_describe_events
from custom_components.smartlock.protocol.enums import KeypadAction, LogEntryType
from simulator.lock.faults import Once
from simulator.virtual_lock import Habits, VirtualLock
from tests.access.doors import Door
from tests.integration.home import Home
from tests.integration.secrets_of import found, spellings_of_number
from tests.integration.texts import english
from tests.integration.wall_time import WallTime

ANNIKA, PIPPI, WRONG = 345678, 567893, 999888


async def come_by(door: Door, digits: int, action: KeypadAction = KeypadAction.UNLOCK) -> None:
    """Let somebody use the keypad, and Home Assistant read the lock."""
    door.lock.enter_code(digits, action)
    await asyncio.sleep(2)
    await door.home.read()


def changed_by(home: Home) -> str | None:
    """Return by whom the lock says that it was changed."""
    name: str | None = home.full_state().attributes.get("changed_by")
    return name


def listen(home: Home) -> list[Event[Any]]:
    """Return a list that grows with the events of the bus."""
    told: list[Event[Any]] = []

    @callback
    def take(event: Event[Any]) -> None:
        told.append(event)

    home.hass.bus.async_listen(EVENT_ACTIVITY, take)
    return told


# --- Who it was -------------------------------------------------------------------------------------------


async def test_who_came_by_code(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    attributes = dict(home.full_state("activity").attributes)
    happened_at = dt_util.parse_datetime(attributes.pop("happened_at"))
    assert happened_at is not None
    assert abs(happened_at - dt_util.utcnow()) < timedelta(minutes=5)
    assert attributes.pop("index") == len(door.lock.log)
    expected = {
        "event_type": "unlocked",
        "late": False,
        "user": "Pippi",
        "person": None,
        "method": "keypad_code",
        "action": "unlock",
        "result": "success",
        "code_id": code.code_id,
        "auto_unlock": False,
    }
    assert {key: attributes[key] for key in expected} == expected
    assert changed_by(home) == "Pippi"
    assert home.state("last_user") == "Pippi"
    assert home.full_state("last_user").attributes["method"] == "keypad_code"
    assert home.state("last_method") == "keypad_code"


async def test_a_denied_attempt_touches_nobody(home: Home) -> None:
    """Wrong, expired, paused: told apart, and whoever was last is still who was last."""
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    door.put(ANNIKA, "Annika", enabled=0)
    await come_by(door, PIPPI)
    before = home.full_state("activity").state
    await come_by(door, WRONG)
    denied = home.full_state("access_denied").attributes
    assert (denied["event_type"], denied["user"], denied["code_id"]) == ("wrong_code", None, None)
    await come_by(door, ANNIKA)
    denied = home.full_state("access_denied").attributes
    assert (denied["event_type"], denied["user"]) == ("not_allowed", "Annika")
    assert home.full_state("activity").state == before
    assert (changed_by(home), home.state("last_user")) == ("Pippi", "Pippi")


async def test_a_wrong_code_and_the_right_one_within_a_second(home: Home) -> None:
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    told: list[str] = []
    door.runtime.activity.async_subscribe(lambda activity: told.append(activity.type))
    door.lock.enter_code(WRONG)
    await asyncio.sleep(0.5)
    await come_by(door, PIPPI)
    assert told == ["wrong_code", "unlocked"]


async def test_by_hand_after_somebody_came(home: Home) -> None:
    """The entry is written late: until it is there, nobody is named, and never who came before."""
    door = await Door.of(home, habits=Habits(log_delay=50.0))
    door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    assert changed_by(home) is None
    await asyncio.sleep(60)
    await home.read()
    assert changed_by(home) == "Pippi"
    door.lock.turn_key("lock")
    names: list[str | None] = []
    for _ in range(3):
        await home.read()
        names.append(changed_by(home))
    await asyncio.sleep(60)
    await home.read()
    names.append(changed_by(home))
    assert names == [None, None, None, "Manual"]
    assert home.state("last_user") == "Pippi"
    assert home.state("last_method") == "manual"


async def test_who_came_in_last_is_unknown_after_a_key(home: Home) -> None:
    """Also while its entry is not written yet; locking lets nobody in."""
    door = await Door.of(home, habits=Habits(log_delay=50.0))
    door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    await asyncio.sleep(60)
    await home.read()
    seen: list[str] = []
    for action in ("lock", "unlock"):
        door.lock.turn_key(action)
        for _ in range(2):
            await home.read()
            seen.append(home.state("last_user"))
            await asyncio.sleep(60)
    assert seen == ["Pippi", "Pippi", "unknown", "unknown"]
    assert home.full_state("last_user").attributes["method"] == "manual"


async def test_home_assistant_itself(home: Home) -> None:
    door = await Door.of(home, keypad=False)
    await home.call("unlock")
    await asyncio.sleep(5)
    assert (changed_by(home), home.state("last_method")) == ("Home Assistant", "home_assistant")
    await home.call("lock")
    assert changed_by(home) in (None, "Home Assistant")
    await asyncio.sleep(5)
    assert changed_by(home) == "Home Assistant"
    assert len(door.lock.journal.motor_runs) == 2


async def test_without_a_pin_the_states_tell_how(home: Home) -> None:
    door = await Door.of(home, pin=None)
    door.lock.turn_key("unlock")
    await home.read()
    assert changed_by(home) == "Manual"
    door.lock.press_button()
    await asyncio.sleep(5)
    await home.read()
    assert changed_by(home) == "Button"
    # A phone, a fob, a code: the states do not tell them apart.
    await home.call("unlock")
    assert changed_by(home) is None
    assert home.state("last_user") == "unknown"


async def test_after_a_restart(home: Home) -> None:
    """Nothing is told again, and who was last is shown again; by whom it was changed when that is sure."""
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    before = home.full_state("activity").state
    told = listen(home)
    assert await home.hass.config_entries.async_unload(door.entry.entry_id)
    assert await home.hass.config_entries.async_setup(door.entry.entry_id)
    assert home.state("last_user") == "Pippi"
    assert changed_by(home) is None
    await home.settled(door.entry, door.lock)
    assert (changed_by(home), home.state("last_user")) == ("Pippi", "Pippi")
    assert told == []
    assert home.full_state("activity").state == before


async def test_somebody_has_unlocked_while_home_assistant_was_off_and_the_log_cannot_be_read(
    home: Home,
) -> None:
    """Where the bolt was is stored without a log, too."""
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    await door.runtime.pin.async_forget()
    door.lock.turn_key("lock")
    await home.read()
    assert home.state("last_user") == "Pippi"
    assert await home.hass.config_entries.async_unload(door.entry.entry_id)
    door.lock.turn_key("unlock")
    assert await home.hass.config_entries.async_setup(door.entry.entry_id)
    await home.settled(door.entry, door.lock)
    assert home.state("last_user") == "unknown"


async def test_the_pin_comes_a_week_later(home: Home) -> None:
    """What happened until then is no news, but who came last is known."""
    door = await Door.of(home, pin=None)
    door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    told = listen(home)
    await door.runtime.pin.async_enter("7391")
    await home.read()
    assert (home.state("activity"), told) == ("unknown", [])
    assert (changed_by(home), home.state("last_user")) == ("Pippi", "Pippi")
    await come_by(door, PIPPI, KeypadAction.LOCK)
    assert home.full_state("activity").attributes["event_type"] == "locked"


async def test_the_first_reading_comes_before_the_entry(home: Home) -> None:
    """Whoever was before is not taken for whoever has just opened."""
    door = await Door.of(home, pin=None, habits=Habits(log_delay=50.0))
    door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    await asyncio.sleep(60)
    door.lock.turn_key("lock")
    await asyncio.sleep(60)
    await home.read()
    door.lock.turn_key("unlock")
    await door.runtime.pin.async_enter("7391")
    seen: list[str] = []
    for _ in range(2):
        await home.read()
        seen.append(home.state("last_user"))
        await asyncio.sleep(60)
    assert seen == ["unknown", "unknown"]
    assert home.full_state("last_method").state == "manual"


async def test_late(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant was stopped; it is told all the same, with its own time."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    lock = home.add_lock(now=wall_time)
    lock.pair_accessory("keypad")
    entry = await home.set_up(lock, pin="7391")
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    came = wall_time()
    lock.turn_key("unlock")
    wall_time.move_on(3600)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    attributes = home.full_state("activity").attributes
    assert (attributes["late"], attributes["method"]) == (True, "manual")
    happened_at = dt_util.parse_datetime(attributes["happened_at"])
    assert happened_at is not None
    assert abs(happened_at - came) < timedelta(seconds=2)


async def test_a_clock_that_is_lost(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows when it was; the clock is set at the same visit, after its log was read."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    lock = home.add_lock(now=wall_time)
    await home.set_up(lock, pin="7391")
    lock.clock.lose()
    lock.turn_key("unlock")
    await home.read()
    attributes = home.full_state("activity").attributes
    assert (attributes["happened_at"], attributes["late"]) == (None, True)
    assert abs(lock.clock.offset) < timedelta(seconds=2)
    lock.turn_key("lock")
    await home.read()
    attributes = home.full_state("activity").attributes
    assert (attributes["late"], "time_certain" in attributes) == (False, False)


# --- Names ------------------------------------------------------------------------------------------------


async def test_names_are_not_shown(home: Home) -> None:
    """Codes and people are numbers then, always the same."""
    door = await Door.of(home, show_names=False)
    code = door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    name = f"Code {code.code_id}"
    assert home.full_state("activity").attributes["user"] == name
    assert (changed_by(home), home.state("last_user")) == (name, name)
    assert "Pippi" not in str([state.as_dict() for state in home.hass.states.async_all()])


async def test_names_are_switched_without_a_reload(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(PIPPI, "Pippi")
    await come_by(door, PIPPI)
    assert home.state("last_user") == "Pippi"
    before = door.runtime
    update = home.hass.config_entries.async_update_entry
    update(door.entry, options={**door.entry.options, "show_names": False})
    await home.hass.async_block_till_done()
    assert door.runtime is before
    # What was shown before is hidden too.
    name = f"Code {code.code_id}"
    assert (changed_by(home), home.state("last_user")) == (name, name)
    assert home.full_state("activity").attributes["user"] == name
    assert "Pippi" not in str([state.as_dict() for state in home.hass.states.async_all()])
    stored = async_get(home.hass).async_get_stored_states()
    assert "Pippi" not in str([each.as_dict() for each in stored])
    await come_by(door, PIPPI)
    assert home.state("last_user") == name


def test_names_that_were_told_are_hidden() -> None:
    names = Names(users={3: "Anna", 4: "Ben", 5: "Ben"}, numbers={3: 1, 4: 2, 5: 3}, shown=False)

    def hidden(user: str | None, method: Method = Method.APP, **more: Any) -> Any:
        told = {"user": user, "person": "person.anna", "method": method.value, **more}
        shown = {**told, **names.hidden(told)}
        return shown["user"] if shown["person"] is None or shown == told else shown

    assert hidden("Anna") == "Person 1"
    # It was told without names.
    assert hidden("Person 2") == "Person 2"
    assert hidden("Anna's code", Method.KEYPAD_CODE, code_id=7) == "Code 7"
    # Two of that name, and one who is called otherwise by now.
    assert (hidden("Ben"), hidden("Annika")) == (None, None)
    assert hidden("Home Assistant", Method.HOME_ASSISTANT) == "Home Assistant"
    assert hidden(None) is None
    assert replace(names, shown=True).hidden({"user": "Anna", "method": "app"}) == {}


# --- The logbook ------------------------------------------------------------------------------------------


def sentence(hass: HomeAssistant, event: Event[Any]) -> str:
    """Return what the logbook says of an event."""
    described: dict[str, Any] = {}
    async_describe_events(hass, lambda domain, kind, describe: described.update({kind: (domain, describe)}))
    domain, describe = described[EVENT_ACTIVITY]
    assert domain == DOMAIN
    entry = describe(event)
    assert entry["entity_id"].startswith("lock.")
    return f"{entry['name']} {entry['message']}"


async def test_sentences(home: Home) -> None:
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    door.put(ANNIKA, "Annika", enabled=0)
    told = listen(home)
    door.lock.enter_code(WRONG)
    await come_by(door, ANNIKA)
    await come_by(door, PIPPI)
    # The lines about the lock and the event say all that there is to say of these.
    door.lock.turn_key("lock")
    await home.read()
    await home.call("unlock")
    await asyncio.sleep(5)
    assert home.full_state("activity").attributes["method"] == "home_assistant"
    for enabled in (False, True):
        await home.call("set_activity_log", DOMAIN, enabled=enabled)
    await home.read()
    assert [sentence(home.hass, event) for event in told] == [
        "Villa Kunterbunt denied access to Annika on the keypad (not allowed now)",
        "Villa Kunterbunt was unlocked by Pippi on the keypad",
        "Villa Kunterbunt had its log turned off from Home Assistant",
        "Villa Kunterbunt had its log turned on from Home Assistant",
    ]
    # The state of the lock entity says that Home Assistant unlocked, and who did it there.
    assert home.state("lock") == "unlocked"
    app = {"method": "app", "user": "Annika", "what": "door", "enabled": False}
    texts = ActivityTexts(home.hass)
    assert texts.sentence("logging_changed", app) == "had its door log turned off by Annika with the app"


async def test_a_sentence_names_nobody_whose_name_is_hidden_by_now(home: Home) -> None:
    """What is recorded has the name of its day."""
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    told = listen(home)
    await come_by(door, PIPPI)
    update = home.hass.config_entries.async_update_entry
    update(door.entry, options={**door.entry.options, "show_names": False})
    await home.hass.async_block_till_done()
    assert sentence(home.hass, told[0]) == "Villa Kunterbunt was unlocked by Code 1 on the keypad"
    assert await home.hass.config_entries.async_unload(door.entry.entry_id)
    assert "Pippi" not in sentence(home.hass, told[0])


async def test_a_sentence_about_the_past_says_when(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line in the logbook stands at the time at which the log was read."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    lock = home.add_lock(now=wall_time)
    lock.pair_accessory("keypad")
    door = Door(home, lock)
    door.put(PIPPI, "Pippi")
    await home.set_up(lock, pin="7391")
    told = listen(home)
    door.lock.enter_code(PIPPI)
    at = dt_util.as_local(wall_time())
    home.go_out_of_range(door.lock)
    await asyncio.sleep(3600)
    home.come_into_range(door.lock)
    await home.until(lambda: bool(told), within=2000)
    assert sentence(home.hass, told[0]) == (
        f"Villa Kunterbunt was unlocked by Pippi on the keypad ({at:%a} {at.day} {at:%b}, {at:%H:%M})"
    )


# --- Actions ----------------------------------------------------------------------------------------------


async def get(home: Home, **fields: Any) -> dict[str, Any]:
    """Call `get_activity` and return the answer of the lock."""
    entity_id = home.entity_id("lock")
    answer = await home.hass.services.async_call(
        DOMAIN,
        "get_activity",
        {"entity_id": entity_id, **fields},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    found = answer[entity_id]
    assert isinstance(found, dict)
    return found


def grow(lock: VirtualLock, count: int) -> None:
    """Let the door be opened and closed."""
    for index in range(count):
        lock.log.add(LogEntryType.DOOR_SENSOR, bytes([index % 2]), timestamp=lock._device.now)


async def test_get_activity(home: Home) -> None:
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    grow(door.lock, 60)
    await come_by(door, PIPPI)
    newest = len(door.lock.log)
    answer = await get(home)
    assert [each["index"] for each in answer["entries"]] == list(range(newest, newest - 20, -1))
    assert answer["entries"][0]["event"] == "unlocked"
    assert answer["entries"][0]["user"] == "Pippi"
    assert (answer["newest"], answer["more"], answer["missed"]) == (newest, True, 0)
    assert (answer["logging_enabled"], answer["door_logging_enabled"]) == (
        True,
        door.lock._device.door.logging,
    )
    assert abs(answer["clock_offset"]) <= 2
    answer = await get(home, before=newest - 19, limit=200)
    assert [each["index"] for each in answer["entries"]] == list(range(newest - 20, 0, -1))
    assert answer["more"] is False
    answer = await get(home, types=["unlocked"], limit=1)
    assert [each["index"] for each in answer["entries"]] == [newest]
    answer = await get(home, types=["wrong_code"])
    assert (answer["entries"], answer["more"]) == ([], False)
    before = len(door.lock.journal.connections)
    answer = await get(home, refresh=False)
    assert answer["entries"][0]["index"] == newest
    assert len(door.lock.journal.connections) == before


async def test_get_activity_tells_what_is_new_first(home: Home) -> None:
    door = await Door.of(home)
    door.lock.enter_code(WRONG)
    answer = await get(home, limit=1)
    assert answer["entries"][0]["event"] == "wrong_code"
    assert home.full_state("access_denied").attributes["index"] == answer["newest"]


@pytest.mark.parametrize("fields", [{"limit": 0}, {"limit": 201}, {"before": 0}, {"types": ["x"]}])
async def test_get_activity_with_bad_input(home: Home, fields: dict[str, Any]) -> None:
    door = await Door.of(home)
    before = len(door.lock.journal.connections)
    with pytest.raises(vol.Invalid):
        await get(home, **fields)
    assert len(door.lock.journal.connections) == before


async def test_without_a_pin(home: Home) -> None:
    await Door.of(home, pin=None)
    with pytest.raises(HomeAssistantError) as error:
        await get(home)
    assert error.value.translation_key == "pin_needed"


async def test_only_for_administrators(home: Home, hass: HomeAssistant) -> None:
    await Door.of(home)
    user = MockUser(groups=[]).add_to_hass(hass)
    for action, fields in (("get_activity", {}), ("set_activity_log", {"enabled": False})):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                action,
                {"entity_id": home.entity_id("lock"), **fields},
                blocking=True,
                return_response=action == "get_activity",
                context=Context(user_id=user.id),
            )


def issue(home: Home, key: str) -> ir.IssueEntry | None:
    """Return the repair with a key, if it is shown."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id(key))


async def test_the_owner_switches_the_log(home: Home) -> None:
    """That is no reason for a repair; off and on are events."""
    door = await Door.of(home)
    await home.call("set_activity_log", DOMAIN, enabled=False)
    assert not keeps_log(door.lock)
    assert issue(home, "activity_log_off") is None
    await home.hass.config_entries.async_reload(door.entry.entry_id)
    await home.settled(door.entry, door.lock)
    assert issue(home, "activity_log_off") is None
    await home.call("set_activity_log", DOMAIN, enabled=True)
    assert keeps_log(door.lock)
    await home.read()
    attributes = home.full_state("activity").attributes
    assert (attributes["event_type"], attributes["what"], attributes["enabled"]) == (
        "logging_changed",
        "activity",
        True,
    )


@pytest.mark.parametrize("once", [Once.DISCONNECT_AT_REQUEST, Once.DISCONNECT_AT_INDICATION])
@pytest.mark.parametrize("occasion", [1, 2, 3, 4])
async def test_the_answer_to_switching_is_lost(home: Home, once: Once, occasion: int) -> None:
    """It is written once, and the log itself tells."""
    door = await Door.of(home)
    door.begin()
    door.lock.faults.once(once, occasion=occasion)
    try:
        await home.call("set_activity_log", DOMAIN, enabled=False)
    except HomeAssistantError:
        pass
    else:
        assert not keeps_log(door.lock)
    assert door.written("ENABLE_LOGGING") <= 1


async def test_the_log_was_switched_off_in_the_app(home: Home) -> None:
    """A repair says so, and switches it on."""
    door = await Door.of(home)
    door.lock.log.enabled = False
    await home.read()
    assert issue(home, "activity_log_off") is not None
    # What the log does not tell, the states do.
    door.lock.turn_key("unlock")
    await home.read()
    assert changed_by(home) == "Manual"
    flow = await _repair(home, "activity_log_off")
    assert flow["step_id"] == "confirm"
    await _submit(home, flow)
    assert keeps_log(door.lock)
    assert issue(home, "activity_log_off") is None


async def test_the_log_cannot_be_switched_on_now(home: Home) -> None:
    """The repair says why, stays, and works once the lock is back."""
    door = await Door.of(home)
    door.lock.log.enabled = False
    await home.read()
    flow = await _repair(home, "activity_log_off")
    await home.until(lambda: not home.connected(door.lock))
    home.go_out_of_range(door.lock)
    told = await _submit(home, flow)
    assert (told["type"], told["errors"]) == (FlowResultType.FORM, {"base": "unreachable"})
    assert issue(home, "activity_log_off") is not None
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    assert (await _submit(home, told))["type"] is FlowResultType.CREATE_ENTRY
    assert keeps_log(door.lock)
    assert issue(home, "activity_log_off") is None


def keeps_log(lock: VirtualLock) -> bool:
    """Whether the log is switched on."""
    return lock.log.enabled


async def test_the_log_cannot_be_switched_on_without_a_pin(home: Home) -> None:
    """What is missing is said in words."""
    door = await Door.of(home)
    door.lock.log.enabled = False
    await home.read()
    flow = await _repair(home, "activity_log_off")
    await door.runtime.pin.async_forget()
    flow = await _submit(home, flow)
    assert flow["errors"] == {"base": "pin_needed"}
    told = english()["issues"]["activity_log_off"]["fix_flow"]["error"]
    assert {"pin_blocked", "pin_invalid", "pin_needed", "pin_paused", "pin_unproved"} <= told.keys()


async def _repair(home: Home, key: str) -> Any:
    """Begin a repair."""
    assert await async_setup_component(home.hass, REPAIRS, {})
    flows = repairs_flow_manager(home.hass)
    assert flows is not None
    return await flows.async_init(DOMAIN, data={"issue_id": home.issue_id(key)})


async def _submit(home: Home, flow: Any) -> Any:
    """Submit its only step."""
    flows = repairs_flow_manager(home.hass)
    assert flows is not None
    return await flows.async_configure(flow["flow_id"], {})


# --- The options ------------------------------------------------------------------------------------------


async def page(home: Home, door: Door) -> Any:
    """Open the page about activity."""
    configure = home.hass.config_entries.options
    flow = await configure.async_init(door.entry.entry_id)
    return await configure.async_configure(flow["flow_id"], {"next_step_id": "activity"})


async def test_the_page_shows_the_last_entries(home: Home) -> None:
    door = await Door.of(home)
    door.put(PIPPI, "Pippi")
    grow(door.lock, 30)
    await come_by(door, PIPPI)
    flow = await page(home, door)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "activity")
    lines = flow["description_placeholders"]["entries"].splitlines()
    assert len(lines) == 20
    # Such as "- Sun 29 Nov, 12:36 · was ...".
    day = r"- \w{3} \d{1,2} \w{3}, \d\d:\d\d"
    assert re.fullmatch(f"{day} · was unlocked by Pippi on the keypad", lines[0])
    configure = home.hass.config_entries.options.async_configure
    flow = await configure(flow["flow_id"], {"log": False, "show_names": False})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert not keeps_log(door.lock)
    assert door.entry.options["show_names"] is False
    assert door.entry.options["pin"] == "7391"


async def test_the_page_shows_a_name_as_it_is(home: Home) -> None:
    door = await Door.of(home)
    door.put(PIPPI, "[_P_](//x.y)")
    await come_by(door, PIPPI)
    flow = await page(home, door)
    line = flow["description_placeholders"]["entries"].splitlines()[0]
    assert line.endswith(r"was unlocked by \[\_P\_\](//x.y) on the keypad")


async def test_the_page_without_a_pin(home: Home) -> None:
    door = await Door.of(home, pin=None)
    flow = await page(home, door)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.MENU, "activity_without_pin")
    assert flow["menu_options"] == ["pin"]


async def test_the_page_of_a_lock_out_of_reach(home: Home) -> None:
    door = await Door.of(home)
    home.go_out_of_range(door.lock)
    await asyncio.sleep(400)
    flow = await page(home, door)
    assert flow["errors"] == {"base": "unreachable"}


# --- The clock that rights follow -------------------------------------------------------------------------


async def test_rights_unreliable(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where there are rights that follow the clock; on while it is wrong, off when it is set."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    lock = home.add_lock(now=wall_time)
    lock.pair_accessory("keypad")
    door = Door(home, lock)
    door.put(PIPPI, "Pippi", time_limited=1)
    door.entry = await home.set_up(lock, pin="7391")
    assert home.state("rights_unreliable") == "off"
    lock.settings.change(time_zone_id=40)
    await home.read()
    state = home.full_state("rights_unreliable")
    assert (state.state, state.attributes["reasons"]) == ("on", ["other_time_zone"])
    lock.settings.change(time_zone_id=37)
    lock.clock.lose()
    await home.read()
    assert home.state("rights_unreliable") == "off"
    assert issue(home, "rights_clock") is None


@pytest.mark.parametrize("limited", [False, True])
async def test_nobody_has_limited_rights(home: Home, *, limited: bool) -> None:
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    lock = home.add_lock()
    lock.pair_accessory("keypad")
    lock.settings.change(time_zone_id=40)
    door = Door(home, lock)
    door.put(PIPPI, "Pippi", time_limited=int(limited))
    door.entry = await home.set_up(lock, pin="7391")
    assert home.state("rights_unreliable") == ("on" if limited else "off")


async def test_a_wrong_clock_that_nobody_can_set(home: Home) -> None:
    lock = home.add_lock()
    lock.clock.lose()
    await home.set_up(lock)
    assert home.state("rights_unreliable") == "unknown"
    assert issue(home, "rights_clock") is not None
    lock.set_clock(dt_util.utcnow())
    await home.read()
    assert issue(home, "rights_clock") is None


# --- Secrets ----------------------------------------------------------------------------------------------


async def test_no_secret_gets_out(
    home: Home, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """No digits, ids or names in logs; no digits and ids in states and events, and no digits on the disk."""
    caplog.set_level(logging.DEBUG)
    door = await Door.of(home)
    told = listen(home)
    door.put(PIPPI, "Pippi")
    door.put(ANNIKA, "Annika", enabled=0)
    for digits in (WRONG, ANNIKA, PIPPI):
        await come_by(door, digits)
    await get(home)
    await page(home, door)
    # A wrong code is an event of the entity alone.
    assert len(told) == 2
    logged = "\n".join(record.getMessage() for record in caplog.records if "smartlock" in record.name)
    assert logged
    shown = str([state.as_dict() for state in home.hass.states.async_all()])
    shown += str([dict(event.data) for event in told])
    stored = str({key: value for key, value in hass_storage.items() if key.endswith(".activity")})
    assert "Pippi" in shown
    spellings = [each for code in (WRONG, ANNIKA, PIPPI) for each in spellings_of_number(code, 4)]
    assert found(spellings, logged + shown + stored) == []
    ids = [
        each
        for authorization in door.lock.authorizations
        for each in spellings_of_number(authorization.session.authorization_id, 4)
    ]
    assert found(ids, logged + shown) == []
    assert [name for name in ("Pippi", "Annika") if name in logged] == []


async def test_a_limited_code_is_added(home: Home) -> None:
    """It is known as soon as the list is read back."""
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    door = await Door.of(home)
    door.lock.settings.change(time_zone_id=40)
    await home.read()
    assert home.state("rights_unreliable") == "off"
    await home.hass.services.async_call(
        DOMAIN,
        "add_code",
        {"entity_id": home.entity_id("lock"), "name": "Annika", "weekdays": ["mon"]},
        blocking=True,
        return_response=True,
    )
    await home.read()
    assert home.state("rights_unreliable") == "on"
