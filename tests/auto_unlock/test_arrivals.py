"""The last arrivals of a rule: kept over restarts, shown to the owner, and nowhere with a location."""

from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smartlock.auto_unlock.report import rule_diagnostics
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE
from custom_components.smartlock.storage import LockStore, lock_store
from tests.auto_unlock.arrivals import Resident, resident, rule_data
from tests.integration.home import Home

ARRIVAL = {
    "left_at": "2026-03-01T08:00:00+00:00",
    "back_at": "2026-03-01T17:00:00+00:00",
    "door_at": "2026-03-01T17:01:00+00:00",
    "result": "done",
    "ended_at": "2026-03-01T17:02:00+00:00",
}


def shown(anna: Resident) -> list[dict[str, Any]]:
    """Return what the sensor shows."""
    arrivals: list[dict[str, Any]] = anna.full_state("sensor", "auto_unlock_reason").attributes[
        "last_arrivals"
    ]
    return arrivals


async def page(anna: Resident) -> Any:
    """Open the page of the arrivals."""
    flows = anna.hass.config_entries.subentries
    menu = await flows.async_init(
        (anna.entry.entry_id, SUBENTRY_TYPE),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": anna.subentry_id},
    )
    result = await flows.async_configure(menu["flow_id"], {"next_step_id": "arrivals"})
    assert result["type"] is FlowResultType.MENU
    flows.async_abort(menu["flow_id"])
    return result


async def reloaded(home: Home, anna: Resident) -> None:
    """Set the lock up again, as after a restart."""
    await home.hass.config_entries.async_reload(anna.entry.entry_id)
    await home.settled(anna.entry, anna.lock)


async def test_an_arrival_is_told_and_kept(home: Home) -> None:
    async with resident(home) as anna:
        assert shown(anna) == []
        assert (await page(anna))["step_id"] == "arrivals_none"
        await anna.leave(minutes=20)
        (absence,) = shown(anna)
        assert absence["result"] is None
        await anna.arrive()
        (arrival,) = shown(anna)
        assert arrival["result"] == "done"
        # The wall clock does not follow the virtual time of this test.
        assert None not in arrival.values()
        assert str(home.hass.config.latitude) not in str(shown(anna))

        result = await page(anna)
        (row,) = result["description_placeholders"]["rows"].splitlines()
        assert row.endswith("| **Unlocked** |")
        (told,) = rule_diagnostics(next(iter(anna.entry.runtime_data.auto_unlock)))["arrivals"]
        assert told["result"] == "done"
        assert set(told) == {"back_after", "at_door_after", "ended_after", "result"}

        await anna.sleep(15)
        await reloaded(home, anna)
        assert shown(anna) == [arrival]


async def test_a_refusal_and_a_restart_say_why(home: Home) -> None:
    async with resident(home) as anna:
        await anna.choose("paused")
        await anna.leave()
        await anna.arrive()
        await anna.choose("enabled")
        await anna.leave(minutes=14)
        await anna.sleep(15)
        await reloaded(home, anna)
        assert [arrival["result"] for arrival in shown(anna)] == ["restarted", "paused"]
        rows = (await page(anna))["description_placeholders"]["rows"].splitlines()
        assert rows[0].endswith("| – | – | Not unlocked: Restarted |")
        assert rows[1].endswith("| Not unlocked: Paused |")


async def test_the_recorder_does_not_keep_them(home: Home) -> None:
    """They are in the file, and change seldom; the history has the reasons one by one."""
    async with resident(home) as anna:
        state = anna.full_state("sensor", "auto_unlock_reason")
        assert state.state_info is not None
        assert "last_arrivals" in state.state_info["unrecorded_attributes"]


@pytest.mark.parametrize("damage", [{"arrivals": 5, "current": None}, [], "nonsense"])
async def test_a_damaged_file_costs_only_itself(home: Home, hass: HomeAssistant, damage: object) -> None:
    async with resident(home) as anna:
        await hass.config_entries.async_unload(anna.entry.entry_id)
        store: LockStore[Any] = lock_store(hass, f"{anna.lock.nuki_id:08X}", "arrivals")
        await store.async_save({anna.subentry_id: damage})
        assert await hass.config_entries.async_setup(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        assert shown(anna) == []
        assert anna.mode == "enabled"


async def test_a_damaged_part_costs_only_itself(home: Home, hass: HomeAssistant) -> None:
    """What could be read is on the disk at once, and not only when somebody arrives next."""
    async with resident(home) as anna:
        home.hass.config_entries.async_add_subentry(
            anna.entry,
            ConfigSubentry(
                data=MappingProxyType(rule_data([home.adapter.source])),
                subentry_type=SUBENTRY_TYPE,
                title="Bert",
                unique_id=None,
            ),
        )
        other = next(each for each in anna.entry.subentries.values() if each.title == "Bert").subentry_id
        (mine,) = anna.entry.subentries.keys() - {other}
        await hass.config_entries.async_unload(anna.entry.entry_id)
        store: LockStore[Any] = lock_store(hass, f"{anna.lock.nuki_id:08X}", "arrivals")
        kept = {"arrivals": [ARRIVAL], "current": None}
        await store.async_save({mine: kept, other: {"arrivals": 5}})
        assert await hass.config_entries.async_setup(anna.entry.entry_id)
        assert await store.async_load(dict) == {mine: kept}


async def test_a_removed_rule_leaves_nothing(home: Home, hass: HomeAssistant) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.arrive()
        await anna.sleep(15)
        store: LockStore[Any] = lock_store(hass, f"{anna.lock.nuki_id:08X}", "arrivals")
        rule = anna.subentry_id
        assert rule in (await store.async_load(dict) or {})
        hass.config_entries.async_remove_subentry(anna.entry, rule)
        await anna.sleep(15)
        assert (await store.async_load(dict) or {}) == {}
