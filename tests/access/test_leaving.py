"""Leaving a lock: our authorization is gone there, and proved to be, before anything is forgotten here."""

from typing import Any

from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smartlock.protocol.enums import AuthorizationIdType, Command
from simulator.lock.faults import Once
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.integration.home import SOMEBODY, Home


def names(door: Door) -> list[str]:
    """Return who has access to the lock, but for its keypad."""
    return [each.name for each in door.lock.authorizations if each.id_type == AuthorizationIdType.APP]


def entries(door: Door) -> int:
    """Return how many locks Home Assistant has."""
    return len(door.home.hass.config_entries.async_entries("smartlock"))


@pytest.mark.parametrize("model", ["gen2", "gen3", "gen4", "ultra"])
async def test_both_sides_forget(home: Home, hass_storage: dict[str, Any], model: str) -> None:
    door = await Door.of(home, model)
    owner = await Owner.at(door, "leave")
    await owner.submit(understood=False)
    assert owner.errors == {"understood": "confirm"}
    assert names(door) == [SOMEBODY, "Home Assistant"]
    kept = f"smartlock.{door.lock.nuki_id:08X}"
    assert [key for key in hass_storage if kept in key]
    await owner.submit(understood=True)
    assert (owner.kind, owner.flow["reason"]) == (FlowResultType.ABORT, "left")
    assert names(door) == [SOMEBODY]
    assert entries(door) == 0
    assert door.written("REMOVE_AUTHORIZATION_ENTRY") == 1
    await home.hass.async_block_till_done()
    # Nobody asks to pair again; it is a lock like any other that is heard.
    flows = home.hass.config_entries.flow.async_progress_by_handler("smartlock")
    assert {flow["context"]["source"] for flow in flows} <= {"bluetooth"}
    assert not [key for key in hass_storage if kept in key]


async def test_a_lost_answer_is_no_failure(home: Home) -> None:
    door = await Door.of(home)
    door.lock.faults.drop_next_answer(Command.STATUS)
    owner = await Owner.at(door, "leave")
    await owner.submit(understood=True)
    assert owner.kind is FlowResultType.ABORT
    assert (names(door), entries(door)) == ([SOMEBODY], 0)


async def test_a_link_that_ends_at_any_exchange(home: Home) -> None:
    """The entry is never deleted while the lock still accepts us; another try gets there."""
    told = set()
    for occasion in range(1, 12):
        door = await Door.of(home)
        owner = await Owner.at(door, "leave")
        door.lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=occasion)
        for _ in range(3):
            await owner.submit(understood=True)
            if owner.kind is FlowResultType.ABORT:
                break
            told.add(owner.errors["base"])
            assert entries(door) == 1
        assert (names(door), entries(door)) == ([SOMEBODY], 0)
        await home.radio.remove_peripheral(door.lock.address)
        home.locks.remove(door.lock)
    assert "connection_lost" in told


async def test_whoever_was_deleted_before_is_told_what_to_do(home: Home) -> None:
    """In the app, or by us right before a crash. "Not authorized" comes from anybody: nothing is deleted for it."""
    door = await Door.of(home)
    owner = await Owner.at(door, "leave")
    (own,) = (each for each in door.lock.authorizations if each.name == "Home Assistant")
    door.lock._device.delete_authorization(own, "in the app")
    await owner.submit(understood=True)
    assert (owner.step, owner.errors) == ("leave", {"base": "already_left"})
    assert entries(door) == 1


async def test_out_of_reach_nothing_is_deleted(home: Home) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "leave")
    home.go_out_of_range(door.lock)
    await owner.submit(understood=True)
    assert (owner.step, owner.errors) == ("leave", {"base": "unreachable"})
    assert entries(door) == 1
    assert "Home Assistant" in names(door)


async def test_without_the_pin_it_says_how_to(home: Home) -> None:
    door = await Door.of(home, pin=None)
    owner = await Owner.at(door, "leave")
    assert (owner.step, owner.flow["menu_options"]) == ("leave_by_hand", ["pin"])
    assert entries(door) == 1
