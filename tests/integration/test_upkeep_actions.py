"""Actions and buttons of upkeep: the PIN, the clock, starting the lock again."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.button import DOMAIN as BUTTON
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers.service import async_get_all_descriptions
import pytest
from pytest_homeassistant_custom_component.common import MockUser  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.system_clock import rules, trust
from simulator.lock.faults import Once
from simulator.virtual_lock import Kind, Timing, VirtualLock, quick
from tests.integration.home import PINS, Home

RIGHT = str(PINS["gen3"])
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


async def test_no_action_takes_a_pin(home: Home) -> None:
    """The data of an action stand in events, in traces, in the recorder and in the log of Home Assistant."""
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    assert not home.hass.services.has_service(DOMAIN, "set_pin")
    descriptions = await async_get_all_descriptions(home.hass)
    fields = {field for action in descriptions[DOMAIN].values() for field in action["fields"]}
    assert [field for field in fields if "pin" in field] == []


@pytest.mark.parametrize("action", ["sync_time", "reboot"])
async def test_without_a_pin_nothing_is_sent(home: Home, action: str) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    assert (await failure(home, action)).translation_key == "pin_needed"
    assert lock.journal.pins_sent == []


async def test_for_administrators_only(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    user = MockUser(is_owner=False)
    user.add_to_hass(home.hass)
    with pytest.raises(Unauthorized):
        await home.hass.services.async_call(
            DOMAIN,
            "reboot",
            {"entity_id": home.entity_id("lock")},
            blocking=True,
            context=Context(user_id=user.id),
        )
    assert asked(lock, Command.REQUEST_REBOOT) == 0


# --- The clock --------------------------------------------------------------------------------------------


@pytest.fixture
def settled_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let our own clock be one that can be trusted, whenever and wherever this runs."""
    monkeypatch.setattr(rules, "SETTLING", timedelta(0))
    monkeypatch.setattr(trust, "RELEASE", datetime.fromisoformat("2020-01-01T00:00:00+00:00"))


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
    monkeypatch.setattr(rules, "SETTLING", timedelta(days=400))
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
    sent = len(lock.journal.pins_sent)
    home.go_out_of_range(lock)
    await home.until(lambda: not home.connected(lock), within=120)
    error = await failure(home, "sync_time")
    # It says that nothing was sent, and nothing was.
    assert error.translation_key == "unreachable"
    assert (error.translation_placeholders or {})["reason"]
    assert len(lock.journal.pins_sent) == sent


@pytest.mark.usefixtures("settled_machine")
async def test_clock_whose_link_is_lost_before_it_is_written(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=2)
    assert (await failure(home, "sync_time")).translation_key == "nothing_changed"
    assert asked(lock, Command.UPDATE_TIME) == 0


@pytest.mark.usefixtures("settled_machine")
async def test_clock_whose_answer_is_lost(home: Home) -> None:
    """It may have been set."""
    lock = home.add_lock()
    await home.set_up(lock, pin=RIGHT)
    lock.faults.once(Once.NO_COMPLETE)
    error = await failure(home, "sync_time")
    assert error.translation_key == "clock_not_set"
    assert asked(lock, Command.UPDATE_TIME) == 1


@pytest.mark.usefixtures("settled_machine")
async def test_clock_of_a_lock_that_moves(home: Home) -> None:
    lock = home.add_lock(timing=quick(boot_run=60.0))
    await home.set_up(lock, pin=RIGHT)
    lock.swap_batteries()
    await asyncio.sleep(30)
    assert (await failure(home, "sync_time")).translation_key == "moving"
    assert asked(lock, Command.UPDATE_TIME) == 0
    await asyncio.sleep(60)
    await home.call("sync_time", DOMAIN)
    assert asked(lock, Command.UPDATE_TIME) == 1


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
