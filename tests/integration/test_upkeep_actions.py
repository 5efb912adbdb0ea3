"""Actions and buttons of upkeep: the PIN, the clock, starting the lock again."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.button import DOMAIN as BUTTON
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import pytest
from pytest_homeassistant_custom_component.common import MockUser  # type: ignore[import-untyped]

from custom_components.smartlock.clock import rules as clock
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.virtual_lock import Kind, Timing, VirtualLock, quick
from tests.integration.home import PINS, Home

RIGHT, NEW = str(PINS["gen3"]), "2345"
HOUR = timedelta(hours=1)


def asked(lock: VirtualLock, command: Command) -> int:
    """Return how often the lock was asked for something."""
    return len(lock.journal.requests(command.name))


async def failure(home: Home, action: str, **fields: Any) -> HomeAssistantError:
    """Call an action that fails and return how it is told."""
    with pytest.raises(HomeAssistantError) as caught:
        await home.call(action, DOMAIN, **fields)
    assert str(caught.value)
    return caught.value


# --- The PIN ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "new"), [("gen3", NEW), ("ultra", "023456")])
async def test_pin_is_set_once(home: Home, model: str, new: str) -> None:
    lock = home.add_lock(model)
    entry = await home.set_up(lock, pin=str(PINS[model]))
    await home.call("set_pin", DOMAIN, new_pin=new)
    assert entry.options == {"pin": new}
    assert asked(lock, Command.SET_SECURITY_PIN) == 1
    assert home.state("pin_state") == "valid"


@pytest.mark.parametrize("bad", ["0000", "12", "12345", "abcd", ""])
async def test_pin_has_a_format(home: Home, bad: str) -> None:
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    error = await failure(home, "set_pin", new_pin=bad)
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "bad_pin"
    assert asked(lock, Command.SET_SECURITY_PIN) == 0


async def test_outcome_that_is_not_known_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    lock.faults.drop_next_answer(Command.STATUS)
    record = lock.journal.record

    def out_of_reach(kind: Kind, **facts: Any) -> None:
        record(kind, **facts)
        if kind is Kind.ANSWER_LOST:
            home.go_out_of_range(lock)

    monkeypatch.setattr(lock.journal, "record", out_of_reach)
    assert (await failure(home, "set_pin", new_pin=NEW)).translation_key == "pin_outcome_unknown"
    home.come_into_range(lock)
    await home.until(lambda: entry.options == {"pin": NEW})
    assert asked(lock, Command.SET_SECURITY_PIN) == 1


@pytest.mark.parametrize(
    ("action", "fields"), [("set_pin", {"new_pin": NEW}), ("sync_time", {}), ("reboot", {})]
)
async def test_without_a_pin_nothing_is_sent(home: Home, action: str, fields: dict[str, Any]) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    assert (await failure(home, action, **fields)).translation_key == "pin_needed"
    assert lock.journal.pins_sent == []


@pytest.mark.parametrize(("action", "fields"), [("set_pin", {"new_pin": NEW}), ("reboot", {})])
async def test_for_administrators_only(home: Home, action: str, fields: dict[str, Any]) -> None:
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    user = MockUser(is_owner=False)
    user.add_to_hass(home.hass)
    with pytest.raises(Unauthorized):
        await home.hass.services.async_call(
            DOMAIN,
            action,
            {"entity_id": home.entity_id("lock"), **fields},
            blocking=True,
            context=Context(user_id=user.id),
        )
    assert asked(lock, Command.SET_SECURITY_PIN) == asked(lock, Command.REQUEST_REBOOT) == 0


# --- The clock --------------------------------------------------------------------------------------------


@pytest.fixture
def settled_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let our own clock be one that can be trusted, whenever and wherever this runs."""
    monkeypatch.setattr(clock, "SETTLING", timedelta(0))
    monkeypatch.setattr(clock, "NOT_BEFORE", datetime.fromisoformat("2020-01-01T00:00:00+00:00"))


@pytest.mark.usefixtures("settled_machine")
@pytest.mark.parametrize("by", ["action", "button"])
async def test_clock_is_set_whatever_it_shows(home: Home, by: str) -> None:
    """Also a second time on one day, which does not happen by itself."""
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    began = asked(lock, Command.UPDATE_TIME)
    for ahead in (HOUR, -HOUR):
        lock.set_clock(datetime.now().astimezone() + ahead)
        if by == "action":
            await home.call("sync_time", DOMAIN)
        else:
            await press(home, "sync_time")
        assert abs(lock.clock.offset.total_seconds()) < 5
    assert asked(lock, Command.UPDATE_TIME) == began + 2


async def press(home: Home, key: str) -> None:
    """Press a button."""
    await home.hass.services.async_call(BUTTON, "press", {"entity_id": home.entity_id(key)}, blocking=True)


async def test_clock_of_a_machine_that_was_just_started(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SETTLING", timedelta(days=400))
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    assert (await failure(home, "sync_time")).translation_key == "own_clock_wrong"
    assert asked(lock, Command.UPDATE_TIME) == 0


@pytest.mark.usefixtures("settled_machine")
async def test_clock_that_could_not_be_set(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    lock.faults.refuse_next(ErrorCode.K_BUSY, Command.UPDATE_TIME)
    assert (await failure(home, "sync_time")).translation_key == "busy"
    home.go_out_of_range(lock)
    await home.until(lambda: not home.connected(lock), within=120)
    error = await failure(home, "sync_time")
    assert error.translation_key == "clock_not_set"
    assert (error.translation_placeholders or {})["reason"]


# --- The rest ---------------------------------------------------------------------------------------------


async def test_settings_are_saved_by_a_button(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    await press(home, "save_settings")
    newest = entry.runtime_data.archive.kept.newest
    assert newest is not None
    assert newest.authorizations is not None
    home.go_out_of_range(lock)
    await home.until(lambda: not home.connected(lock), within=120)
    with pytest.raises(HomeAssistantError) as caught:
        await press(home, "save_settings")
    assert caught.value.translation_key == "unreachable"


async def test_reboot_is_sent_once(home: Home) -> None:
    """The lock is read when it is there again; this was no change of batteries."""
    lock = home.add_lock(timing=Timing(advertising_interval=20))
    await home.set_up(lock, "bridge", pin=RIGHT)
    await asyncio.sleep(600)
    await home.read()
    await home.call("reboot", DOMAIN)
    await asyncio.sleep(120)
    assert asked(lock, Command.REQUEST_REBOOT) == 1
    assert len(lock.journal.of(Kind.POSITIONING_RUN)) == 1
    assert home.state() == "locked"
    # Also when the log is read the next day.
    await asyncio.sleep(100_000)
    assert home.state("battery_changed") == "unknown"


async def test_reboot_whose_answer_was_lost(home: Home) -> None:
    lock = home.add_lock(timing=quick(advertising_interval=1.0))
    await home.set_up(lock, pin=RIGHT)
    lock.faults.drop_next_answer(Command.STATUS)
    assert (await failure(home, "reboot")).translation_key == "outcome_unknown"
    await asyncio.sleep(120)
    assert asked(lock, Command.REQUEST_REBOOT) == 1
    assert home.state() == "locked"
