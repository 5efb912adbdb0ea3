"""What a change of batteries took, in a home: found, told, and put back."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.settings_keeper import SettingsKeeper
from simulator.virtual_lock import Kind, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home

# As long as it takes, but for the motor.
TIMING = {"advertising_interval": 1.0, "battery_change": 20.0, "boot_run": 3.0}
CHANGES = {
    "led_brightness": 1,
    "button_enabled": 0,
    "auto_lock_enabled": 1,
    "auto_lock_timeout": 120,
    "single_lock": 1,
    "time_zone_id": 40,
}
ISSUE = f"settings_lost_{NUKI_ID:08X}"


def keeper_of(entry: MockConfigEntry) -> SettingsKeeper:
    """Return the keeper of a lock."""
    keeper: SettingsKeeper = entry.runtime_data.keeper
    return keeper


async def lock_with_settings(
    home: Home, model: str = "gen3", *, pin: bool = True, **options: Any
) -> tuple[VirtualLock, MockConfigEntry]:
    """Mount a lock whose owner has made it his own; it has been in use for a while."""
    await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    pins = {"gen2": 7391, "gen4": 7391} | PINS
    lock = home.add_lock(model, pin=pins[model], timing=quick(**TIMING))
    lock.settings.change(**CHANGES)
    lock.battery.set(40)
    lock.turn_key("unlock")
    lock.turn_key("lock")
    entry = await home.set_up(lock, "bridge", pin=str(pins[model]) if pin else None, **options)
    if pin:
        # What needs the PIN is read when it has become quiet.
        await asyncio.sleep(600)
        await home.read()
    await home.until(lambda: not home.connected(lock))
    return lock, entry


def settings_of(lock: VirtualLock) -> dict[str, Any]:
    """Return what the lock has of what its owner had set."""
    return {name: getattr(lock.settings.values, name) for name in CHANGES}


def issue(home: Home) -> ir.IssueEntry | None:
    """Return the issue about lost settings."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, ISSUE)


def written(lock: VirtualLock) -> list[str]:
    """Return every field that a client wrote."""
    return [
        name
        for entry in lock.journal.of(Kind.SETTINGS_WRITTEN)
        for name in str(entry.facts["fields"]).split()
    ]


class Repair:
    """An owner before the repair."""

    def __init__(self, home: Home, entry: MockConfigEntry) -> None:
        """Sit down."""
        self._home = home
        self._manager: RepairsFlowManager = home.hass.data[REPAIRS_DOMAIN]["flow_manager"]

    async def open(self) -> Mapping[str, Any]:
        """Open the repair."""
        self.flow = await self._manager.async_init(DOMAIN, data={"issue_id": ISSUE})
        return self.flow

    async def choose(self, option: str) -> Mapping[str, Any]:
        """Choose from the menu, and wait while it works."""
        self.flow = await self._manager.async_configure(self.flow["flow_id"], {"next_step_id": option})
        return await self._progressed()

    async def submit(self, **fields: Any) -> Mapping[str, Any]:
        """Submit the form, and wait while it works."""
        self.flow = await self._manager.async_configure(self.flow["flow_id"], fields)
        return await self._progressed()

    async def _progressed(self) -> Mapping[str, Any]:
        flow_id = self.flow["flow_id"]
        if self.flow["type"] is FlowResultType.SHOW_PROGRESS:
            await self._home.until(
                lambda: self._manager.async_get(flow_id)["step_id"] != self.flow["step_id"]
            )
            self.flow = await self._manager.async_configure(flow_id)
        return self.flow


async def swapped(home: Home, lock: VirtualLock, lose: Collection[str]) -> None:
    """Swap the batteries and wait until that has been noticed."""
    before = home.full_state("battery_changed").state
    lock.swap_batteries(lose)
    await home.until(lambda: home.full_state("battery_changed").state != before)
    await home.until(lambda: not home.connected(lock))


# --- Snapshots --------------------------------------------------------------------------------------------


async def test_a_snapshot_at_set_up(home: Home, hass_storage: dict[str, Any]) -> None:
    lock, entry = await lock_with_settings(home)
    (snapshot,) = keeper_of(entry).kept.snapshots
    assert snapshot.config.led_brightness == 1
    assert snapshot.lacks == ("keypad_codes",)
    stored = hass_storage[f"smartlock.{NUKI_ID:08X}.settings"]["data"]
    assert stored["snapshots"] == [snapshot.to_json()]
    assert home.state("settings_kept_at") == snapshot.taken_at.isoformat(timespec="seconds")
    assert home.state("battery_changed_at") == "unknown"
    assert lock.journal.broken_rules == []


async def test_without_a_pin_it_says_what_it_lacks(home: Home) -> None:
    lock, entry = await lock_with_settings(home, pin=False)
    (snapshot,) = keeper_of(entry).kept.snapshots
    assert snapshot.lacks == ("logging", "time_control", "authorizations", "keypad_codes")
    assert lock.journal.pins_sent == []


async def test_a_change_in_the_app_is_the_new_snapshot(home: Home) -> None:
    """It is not undone, and nobody is asked."""
    lock, entry = await lock_with_settings(home)
    for brightness in (2, 3, 4, 5, 0, 2):
        lock.settings.change(led_brightness=brightness)
        await home.read()
    kept = keeper_of(entry).kept
    assert [snapshot.config.led_brightness for snapshot in kept.snapshots] == [2, 0, 5, 4, 3]
    assert issue(home) is None
    assert written(lock) == []
    assert home.state("battery_changed") == "unknown"


# --- Battery changes --------------------------------------------------------------------------------------


async def test_nothing_lost_is_no_noise(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ())
    assert issue(home) is None
    assert home.state("battery_changed_at") != "unknown"
    reasons = home.full_state("battery_changed").attributes["reasons"]
    assert "boot_run" in reasons or "charge_rose" in reasons
    assert written(lock) == []
    assert len(keeper_of(entry).kept.snapshots) == 1


@pytest.mark.parametrize("model", ["gen2", "gen3", "gen4", "ultra"])
async def test_all_is_restored(home: Home, model: str) -> None:
    lock, entry = await lock_with_settings(home, model)
    await swapped(home, lock, ["settings", "clock"])
    assert settings_of(lock) != CHANGES
    found = issue(home)
    assert found is not None

    repair = Repair(home, entry)
    menu = await repair.open()
    assert menu["menu_options"] == ["restore_all", "choose", "keep", "no_change"]
    table = menu["description_placeholders"]["table"]
    assert "Europe/London | Europe/Berlin" in table
    begun = home.now
    report = await repair.choose("restore_all")
    assert report["step_id"] == "report"
    assert settings_of(lock) == CHANGES
    assert sorted(written(lock)) == sorted([*CHANGES, "time", "name"])
    assert home.now - begun < 120
    assert (await repair.submit())["type"] is FlowResultType.CREATE_ENTRY
    assert issue(home) is None
    assert home.full_state("settings_restored").attributes["event_type"] == "restored"
    assert lock.journal.broken_rules == []
    assert not [pin for pin in lock.journal.pins_sent if not pin.facts["accepted"]]
    # What was restored is what is kept.
    newest = keeper_of(entry).kept.newest
    assert newest is not None
    assert newest.config.led_brightness == CHANGES["led_brightness"]
