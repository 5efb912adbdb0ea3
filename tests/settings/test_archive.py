"""What a change of batteries took, in a home: found, told, and put back."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from custom_components.smartlock.settings.archive import SettingsArchive
from simulator.lock.faults import Once
from simulator.lock.time_control import Entry
from simulator.virtual_lock import Habits, Kind, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home
from tests.storage.disks import slow_disk

# As long as it takes, but for the motor.
TIMING = {"advertising_interval": 5.0, "battery_change": 20.0, "boot_run": 3.0}
CHANGES = {
    "led_brightness": 1,
    "button_enabled": 0,
    "auto_lock_enabled": 1,
    "auto_lock_timeout": 120,
    "single_lock": 1,
    "time_zone_id": 40,
}
ISSUE = "settings_lost"


def archive_of(entry: MockConfigEntry) -> SettingsArchive:
    """Return the archive of a lock."""
    archive: SettingsArchive = entry.runtime_data.archive
    return archive


async def lock_with_settings(
    home: Home,
    model: str = "gen3",
    *,
    pin: bool = True,
    boot_run: float = 3.0,
    client_type: str = "bridge",
    habits: Habits | None = None,
    **options: Any,
) -> tuple[VirtualLock, MockConfigEntry]:
    """Mount a lock whose owner has made it his own; it has been in use for a while."""
    await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    pins = {"gen2": 7391, "gen4": 7391} | PINS
    lock = home.add_lock(
        model, pin=pins[model], timing=quick(**TIMING | {"boot_run": boot_run}), habits=habits or Habits()
    )
    lock.settings.change(**CHANGES)
    lock.battery.set(40)
    lock.turn_key("unlock")
    lock.turn_key("lock")
    entry = await home.set_up(lock, client_type, pin=str(pins[model]) if pin else None, **options)
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
    """Return the issue about settings that were lost, or are different from those of a file."""
    found = (
        ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id(key))
        for key in (ISSUE, "settings_differ")
    )
    return next((each for each in found if each is not None), None)


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
        self.flow = await self._manager.async_init(DOMAIN, data={"issue_id": self._home.issue_id(ISSUE)})
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
    (snapshot,) = archive_of(entry).kept.snapshots
    assert snapshot.config.led_brightness == 1
    assert snapshot.lacks == ()
    stored = hass_storage[f"smartlock.{NUKI_ID:08X}.settings"]["data"]
    assert stored["snapshots"] == [snapshot.to_json()]
    assert home.state("settings_kept_at") == snapshot.taken_at.isoformat(timespec="seconds")
    assert home.state("battery_changed_at") == "unknown"
    assert lock.journal.broken_rules == []


async def test_without_a_pin_it_says_what_it_lacks(home: Home) -> None:
    lock, entry = await lock_with_settings(home, pin=False)
    (snapshot,) = archive_of(entry).kept.snapshots
    assert snapshot.lacks == ("logging", "time_control", "authorizations")
    assert lock.journal.pins_sent == []


async def test_a_change_in_the_app_is_the_new_snapshot(home: Home) -> None:
    """It is not undone, and nobody is asked."""
    lock, entry = await lock_with_settings(home)
    for brightness in (2, 3, 4, 5, 0, 2):
        lock.settings.change(led_brightness=brightness)
        await home.read()
    kept = archive_of(entry).kept
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
    assert len(archive_of(entry).kept.snapshots) == 1


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
    newest = archive_of(entry).kept.newest
    assert newest is not None
    assert newest.config.led_brightness == CHANGES["led_brightness"]


LOSSES = ["pin", "settings", "clock"]


@pytest.mark.parametrize("model", ["gen2", "gen3", "gen4", "ultra"])
@pytest.mark.parametrize("lose", [lose for n in range(4) for lose in combinations(LOSSES, n)])
async def test_every_loss(home: Home, model: str, lose: tuple[str, ...]) -> None:
    """The lock is as it was, or the owner knows what is missing; no PIN is sent in vain more than once."""
    lock, entry = await lock_with_settings(home, model)
    await swapped(home, lock, lose)
    assert lock.clock.offset < timedelta(days=-365) or "clock" not in lose or "pin" not in lose
    if "settings" not in lose:
        assert issue(home) is None
        assert settings_of(lock) == CHANGES
    else:
        assert issue(home) is not None
        repair = Repair(home, entry)
        menu = await repair.open()
        told = menu["description_placeholders"]
        for name in ("LED", "Europe/London"):
            assert name in told["table"]
        result = await repair.choose("restore_all")
        if "pin" in lose:
            # The owner is told why nothing was done, and what is missing stays known.
            assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "pin_needed")
            assert "security PIN" in told["notes"]
            assert issue(home) is not None
            assert written(lock) == []
        else:
            assert settings_of(lock) == CHANGES
            assert await repair.submit() is not None
            assert issue(home) is None
    await asyncio.sleep(2000)
    refused = [pin for pin in lock.journal.pins_sent if not pin.facts["accepted"]]
    assert len(refused) <= 1
    counts = Counter(name for name in written(lock) if name != "time")
    assert set(counts.values()) <= {1}
    assert lock.journal.broken_rules == []
    if "pin" not in lose:
        assert abs(lock.clock.offset) < timedelta(seconds=30)


async def test_a_removed_lock_leaves_nothing(home: Home, hass_storage: dict[str, Any]) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    assert issue(home) is not None
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert issue(home) is None
    assert f"smartlock.{NUKI_ID:08X}.settings" not in hass_storage


async def test_some_are_chosen(home: Home) -> None:
    """What is not chosen stays as it is now; battery type is offered and not ticked."""
    lock, entry = await lock_with_settings(home)
    lock.settings.change(battery_type=2)
    await home.read()
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    form = await repair.choose("choose")
    (field,) = form["data_schema"].schema
    assert "battery_type" not in field.default()
    assert "led_brightness" in field.default()
    options = [option["value"] for option in form["data_schema"].schema[field].config["options"]]
    assert "battery_type" in options
    await repair.submit(settings=["battery_type", "led_brightness"])
    values = lock.settings.values
    assert (values.battery_type, values.led_brightness) == (2, CHANGES["led_brightness"])
    assert values.auto_lock_enabled == 0
    assert (await repair.submit())["type"] is FlowResultType.CREATE_ENTRY
    assert issue(home) is None
    # What is there now is what is wanted: nothing is found later.
    await asyncio.sleep(2000)
    assert issue(home) is None
    assert values.auto_lock_enabled == 0


async def test_the_new_ones_are_kept(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    changed_at = home.state("battery_changed_at")
    repair = Repair(home, entry)
    await repair.open()
    assert (await repair.choose("keep"))["type"] is FlowResultType.CREATE_ENTRY
    assert issue(home) is None
    assert written(lock) == []
    kept = archive_of(entry).kept
    # The old ones can still be asked for.
    assert [snapshot.config.led_brightness for snapshot in kept.snapshots] == [5, 1]
    assert home.state("battery_changed_at") == changed_at
    await asyncio.sleep(2000)
    assert issue(home) is None


async def test_it_was_no_battery_change(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    await repair.choose("no_change")
    assert issue(home) is None
    assert written(lock) == []
    assert home.state("battery_changed_at") == "unknown"


async def test_harmless_ones_by_themselves(home: Home) -> None:
    """And the rest is asked for."""
    lock, entry = await lock_with_settings(home, restore_by_itself=True)
    await swapped(home, lock, ["settings", "clock"])
    await home.until(lambda: home.state("settings_restored") != "unknown")
    values = lock.settings.values
    assert (values.led_brightness, values.button_enabled, values.time_zone_id) == (1, 0, 40)
    assert (values.auto_lock_enabled, values.single_lock) == (0, 0)
    assert sorted(written(lock)) == ["button_enabled", "led_brightness", "time", "time_zone_id"]
    attributes = home.full_state("settings_restored").attributes
    assert (attributes["event_type"], attributes["by_itself"]) == ("restored", True)
    repair = Repair(home, entry)
    table = (await repair.open())["description_placeholders"]["table"]
    assert "LED" not in table
    await repair.choose("restore_all")
    assert settings_of(lock) == CHANGES


async def test_what_the_owner_puts_right_elsewhere(home: Home) -> None:
    """In the app, or here, while the repair is open: it is no longer offered."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.settings.change(led_brightness=4, single_lock=1)
    await home.read()
    names = {entry.name for entry in archive_of(entry).differences}
    assert "led_brightness" not in names
    assert "single_lock" not in names
    assert "auto_lock_enabled" in names
    lock.settings.change(**{name: value for name, value in CHANGES.items() if name != "led_brightness"})
    lock.settings.change(name="Villa Kunterbunt")
    await home.read()
    assert issue(home) is None
    newest = archive_of(entry).kept.newest
    assert newest is not None
    assert newest.config.led_brightness == 4


async def test_a_difference_that_comes_back_is_reported(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    await repair.choose("restore_all")
    await repair.submit()
    writes = len(written(lock))
    lock.settings.change(led_brightness=5)
    await home.read()
    returned = ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("settings_returned"))
    assert returned is not None
    assert returned.translation_placeholders is not None
    assert "LED" in returned.translation_placeholders["settings"]
    await asyncio.sleep(2000)
    assert len(written(lock)) == writes
    assert issue(home) is None


async def test_a_lock_that_keeps_nothing(home: Home) -> None:
    """It is written to once, and the owner is told."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.faults.forgets_settings = True
    repair = Repair(home, entry)
    await repair.open()
    report = await repair.choose("restore_all")
    assert "not restored" in report["description_placeholders"]["results"]
    assert (await repair.submit())["reason"] == "not_all"
    assert issue(home) is not None
    assert len(lock.journal.requests("SET_CONFIG")) == 1
    assert lock.journal.requests("SET_ADVANCED_CONFIG") == []
    # The clock was kept.
    assert home.full_state("settings_restored").attributes["event_type"] == "partly_restored"


async def test_after_pairing_a_reset_lock_again(home: Home) -> None:
    """The snapshot is offered at once, keypad codes and time control included."""
    lock, entry = await lock_with_settings(home, keep_codes=True)
    lock.pair_accessory("keypad")
    lock.keypad_codes.add(
        345678, name="Cleaner", created=Date7(2026, 1, 1), time_limited=0, limit=TimeLimit()
    )
    lock.time_control.add(Entry(weekdays=Weekdays.MONDAY, time=Time2(7, 0), lock_action=LockAction.UNLOCK))
    lock.time_control.add(
        Entry(weekdays=Weekdays.NONE, time=Time2(22, 0), lock_action=LockAction.LOCK, enabled=0)
    )
    lock.settings.change(led_brightness=2)
    await home.read()
    await archive_of(entry).async_save()
    newest = archive_of(entry).kept.newest
    assert newest is not None
    assert newest.lacks == ()

    lock.factory_reset()
    lock.set_pin(PINS["gen3"])
    lock.pair_accessory("keypad")
    home.pair_again(lock, entry, "bridge")
    await home.until(lambda: issue(home) is not None)
    await home.until(lambda: not home.connected(lock))
    repair = Repair(home, entry)
    menu = await repair.open()
    table = menu["description_placeholders"]["table"]
    assert "Keypad codes | 1 | 0" in table
    assert "Time control | 2 | 0" in table
    report = await repair.choose("restore_all")
    assert "restored" in report["description_placeholders"]["results"]
    assert [(code.code, code.name) for code in lock.keypad_codes] == [(345678, "Cleaner")]
    assert sorted((entry.time, entry.enabled) for _, entry in lock.time_control) == [
        (Time2(7, 0), 1),
        (Time2(22, 0), 0),
    ]
    assert lock.settings.values.led_brightness == 2


async def test_a_name_survives_byte_for_byte(home: Home) -> None:
    """Also one that is not UTF-8."""
    lock, entry = await lock_with_settings(home)
    name = b"Caf\xe9 \xf0\x9f\x9a\xaa".decode("utf-8", "surrogateescape")
    lock.settings.change(name=name)
    await home.read()
    # It looks like damaged memory, which it is not.
    await archive_of(entry).async_no_change()
    await asyncio.sleep(1000)
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    await repair.choose("restore_all")
    assert lock.settings.values.name == name


async def test_a_name_that_no_lock_takes_any_more(home: Home) -> None:
    """Damaged before the loss: it is shown, and not put back."""
    lock, entry = await lock_with_settings(home)
    lock.settings.change(name="T\0x")
    await home.read()
    await home.until(lambda: issue(home) is not None or archive_of(entry).kept.changed_at is not None)
    archive = archive_of(entry)
    await archive.async_keep_new()
    newest = archive.kept.newest
    assert newest is not None
    assert newest.config.name == "T\0x"
    lock.settings.change(name="Other", led_brightness=4)
    await home.read()
    loss = await archive.async_compare(newest)
    await archive.async_offer(loss)
    obstacles = {entry.name: entry.obstacle for entry in archive.differences}
    assert obstacles == {"name": "not_supported", "led_brightness": None}


async def test_batteries_changed_while_home_assistant_was_off(home: Home) -> None:
    lock, entry = await lock_with_settings(home, pin=False)
    await home.hass.config_entries.async_unload(entry.entry_id)
    lock.swap_batteries(["settings"])
    await asyncio.sleep(3600)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.until(lambda: issue(home) is not None)
    reasons = home.full_state("battery_changed").attributes["reasons"]
    assert {"counter_fell", "charge_rose", "action_forgotten"} <= set(reasons)


async def test_the_repair_survives_a_restart(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    ir.async_delete_issue(home.hass, DOMAIN, home.issue_id(ISSUE))
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    assert issue(home) is not None
    repair = Repair(home, entry)
    await home.settled(entry, lock)
    await repair.open()
    await repair.choose("restore_all")
    assert settings_of(lock) == CHANGES


async def test_what_is_kept_is_damaged(
    home: Home, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It is kept anew, and said so."""
    _, entry = await lock_with_settings(home, pin=False)
    await home.hass.config_entries.async_unload(entry.entry_id)
    hass_storage[f"smartlock.{NUKI_ID:08X}.settings"]["data"]["snapshots"][0]["config"]["name"] = 5
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.until(lambda: archive_of(entry).kept.newest is not None)
    assert "cannot be read" in caplog.text


async def test_consent_taken_back(home: Home, hass_storage: dict[str, Any]) -> None:
    """The codes are deleted at once, wherever they were kept."""
    lock, entry = await lock_with_settings(home, keep_codes=True)
    lock.pair_accessory("keypad")
    lock.keypad_codes.add(
        345678, name="Cleaner", created=Date7(2026, 1, 1), time_limited=0, limit=TimeLimit()
    )
    lock.settings.change(led_brightness=2)
    await home.read()
    await archive_of(entry).async_save()
    assert "345678" in str(hass_storage)
    home.hass.config_entries.async_update_entry(entry, options={**entry.options, "keep_codes": False})
    await home.hass.async_block_till_done()
    assert "345678" not in str(hass_storage[f"smartlock.{NUKI_ID:08X}.settings"])


async def test_silence_of_the_lock_alone_is_a_sign(home: Home) -> None:
    """While its receiver hears others; a second sign makes it a change."""
    lock, _ = await lock_with_settings(home, pin=False)
    other = home.add_lock("ultra", nuki_id=NUKI_ID + 1, timing=quick(advertising_interval=5.0))
    await home.heard(other)
    lock.turn_key("unlock")
    await home.read()
    lock.power_off()
    await home.until(lambda: home.state() == "unavailable")
    lock.power_on()
    await home.until(lambda: home.state() != "unavailable")
    await home.until(lambda: "reasons" in home.full_state("battery_changed").attributes, within=900)
    assert "not_heard" in home.full_state("battery_changed").attributes["reasons"]


async def test_two_ways_at_once(home: Home) -> None:
    """The repair is opened while harmless settings are put back by themselves."""
    lock, entry = await lock_with_settings(home, restore_by_itself=True)
    await swapped(home, lock, ["settings"])
    assert archive_of(entry).restoring is not None
    repair = Repair(home, entry)
    shown = await repair.open()
    assert shown["type"] is FlowResultType.SHOW_PROGRESS
    journal = await archive_of(entry).async_restore(["single_lock", "auto_lock_enabled"])
    assert journal.restored() == ("clock", "single_lock", "auto_lock_enabled")
    assert (lock.settings.values.led_brightness, lock.settings.values.single_lock) == (1, 1)
    counts = Counter(written(lock))
    assert set(counts.values()) == {1}


# --- What comes in between --------------------------------------------------------------------------------


async def started(home: Home, lock: VirtualLock, entry: MockConfigEntry) -> asyncio.Task[Any]:
    """Lose settings and begin to put them all back; the lock is not idle yet."""
    await swapped(home, lock, ["settings"])
    archive = archive_of(entry)
    names = [each.name for each in archive.differences]
    task = home.hass.async_create_task(archive.async_restore(names))
    await home.until(lambda: archive.restoring is not None)
    assert written(lock) == []
    return task


async def test_the_bolt_moves_meanwhile(home: Home) -> None:
    """Nothing is written until it has been at rest for a while again."""
    lock, entry = await lock_with_settings(home)
    task = await started(home, lock, entry)
    await asyncio.sleep(4)
    await home.call("unlock")
    moved = home.now
    await asyncio.wait([task])
    assert home.now - moved >= 10
    assert settings_of(lock) == CHANGES
    assert task.result().failed() == {}


async def test_not_with_low_batteries(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.set_battery(5)
    await home.read()
    task = home.hass.async_create_task(archive_of(entry).async_restore(["led_brightness"]))
    await asyncio.sleep(2000)
    assert written(lock) == []
    lock.set_battery(90)
    await home.read()
    await asyncio.wait([task])
    assert lock.settings.values.led_brightness == CHANGES["led_brightness"]


async def test_the_lock_refuses_a_setting(home: Home) -> None:
    """The others are put back, and the repair stays for what is missing."""
    lock, entry = await lock_with_settings(home)
    task = await started(home, lock, entry)
    lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.SET_CONFIG)
    await asyncio.wait([task])
    failed = task.result().failed()
    assert set(failed.values()) == {"refused"}
    assert "led_brightness" in failed
    assert lock.settings.values.auto_lock_timeout == CHANGES["auto_lock_timeout"]
    assert {each.name for each in archive_of(entry).differences} == set(failed)
    assert issue(home) is not None


async def test_the_pin_is_refused_on_the_way(home: Home) -> None:
    """It was changed in the app: nothing more is sent."""
    lock, entry = await lock_with_settings(home)
    task = await started(home, lock, entry)
    lock.set_pin(1234)
    await asyncio.wait([task])
    assert set(task.result().failed().values()) == {"pin"}
    assert written(lock) == []
    assert len([pin for pin in lock.journal.pins_sent if not pin.facts["accepted"]]) == 1
    assert issue(home) is not None


async def test_the_link_ends_again_and_again(home: Home) -> None:
    """It is tried at each contact, and given up in the end."""
    lock, entry = await lock_with_settings(home)
    task = await started(home, lock, entry)
    for _ in range(20):
        lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=4)
        await asyncio.sleep(600)
        if task.done():
            break
        with suppress(HomeAssistantError):
            await home.read()
    lock.faults.clear()
    await home.until(task.done)
    results = {*task.result().restored(), *task.result().failed()}
    assert {"led_brightness", "auto_lock_enabled"} <= results
    assert set(Counter(written(lock)).values()) <= {1}


async def test_a_change_of_ours_is_kept_at_once(home: Home) -> None:
    """And it is the owner's word about an open loss."""
    lock, entry = await lock_with_settings(home)
    writer = entry.runtime_data.settings
    await writer.write(config={"led_brightness": 3})
    await home.until(lambda: len(archive_of(entry).kept.snapshots) == 2)
    newest = archive_of(entry).kept.newest
    assert newest is not None
    assert newest.config.led_brightness == 3
    assert home.state("battery_changed") == "unknown"

    await swapped(home, lock, ["settings"])
    await writer.write(config={"led_brightness": 4})
    await home.until(lambda: "led_brightness" not in {each.name for each in archive_of(entry).differences})
    await archive_of(entry).async_restore(["single_lock"])
    assert (lock.settings.values.led_brightness, lock.settings.values.single_lock) == (4, 1)
    assert issue(home) is None


async def test_a_snapshot_is_on_disk_before_anything_is_written(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    lock, entry = await lock_with_settings(home)
    key = f"smartlock.{NUKI_ID:08X}.settings"
    seen: list[int] = []
    record = lock.journal.record

    def recorded(kind: Kind, **facts: Any) -> None:
        if kind is Kind.SETTINGS_WRITTEN:
            seen.append(hass_storage[key]["data"]["snapshots"][0]["config"]["led_brightness"])
        record(kind, **facts)

    with patch.object(lock.journal, "record", recorded):
        await entry.runtime_data.settings.write(config={"led_brightness": 3})
    assert seen == [1]


async def test_codes_that_were_changed(home: Home) -> None:
    """The same digits cannot be added twice: the entry is changed, and a disabled one is disabled again."""
    lock, entry = await lock_with_settings(home, keep_codes=True)
    lock.pair_accessory("keypad")
    lock.settings.change(led_brightness=2)
    await home.read()
    codes = lock.keypad_codes
    for number, name in ((345678, "Cleaner"), (456789, "Gardener")):
        codes.add(number, name=name, created=Date7(2026, 1, 1), time_limited=0, limit=TimeLimit())
    gardener = codes.get(2)
    assert gardener is not None
    gardener.enabled = 0
    lock.time_control.add(Entry(weekdays=Weekdays.MONDAY, time=Time2(7, 0), lock_action=LockAction.UNLOCK))
    wanted = await archive_of(entry).async_save()

    cleaner = codes.get(1)
    assert cleaner is not None
    cleaner.name = "Somebody"
    codes.remove(gardener)
    lock.time_control.replace(
        1, Entry(weekdays=Weekdays.MONDAY, time=Time2(7, 0), lock_action=LockAction.UNLOCK, enabled=0)
    )
    archive = archive_of(entry)
    await archive.async_offer(await archive.async_compare(wanted))
    journal = await archive.async_restore(["keypad_codes", "time_control"])
    assert journal.failed() == {}
    assert sorted((code.code, code.name, code.enabled) for code in codes) == [
        (345678, "Cleaner", 1),
        (456789, "Gardener", 0),
    ]
    assert [(entry.time, entry.enabled) for _, entry in lock.time_control] == [(Time2(7, 0), 1)]


async def test_two_people_at_once(home: Home) -> None:
    """Two dialogs put the same back: one restore does it, and both are told how it went."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    archive = archive_of(entry)
    names = ["single_lock", "auto_lock_enabled"]
    first, second = await asyncio.gather(archive.async_restore(names), archive.async_restore(names))
    assert first == second
    assert set(Counter(written(lock)).values()) == {1}
    assert archive.restoring is None


async def test_a_dialog_about_what_was_settled_meanwhile(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    await repair.choose("choose")
    await archive_of(entry).async_keep_new()
    assert (await repair.submit(settings=["single_lock"]))["type"] is FlowResultType.CREATE_ENTRY
    assert written(lock) == []


async def test_a_dialog_about_what_was_settled_before_the_choice(home: Home) -> None:
    """The menu still stands there; nothing is written, and the repair is done."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    await archive_of(entry).async_keep_new()
    assert (await repair.choose("restore_all"))["type"] is FlowResultType.CREATE_ENTRY
    assert written(lock) == []


@pytest.mark.parametrize("disk", [nullcontext, slow_disk])
async def test_a_reload_while_a_dialog_waits(
    home: Home, disk: Callable[[], AbstractContextManager[None]]
) -> None:
    """The dialog says that it was interrupted; the restore goes on by itself, each thing once."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    repair = Repair(home, entry)
    await repair.open()
    choosing = home.hass.async_create_task(repair.choose("restore_all"))
    await home.until(lambda: archive_of(entry).restoring is not None)
    with disk():
        # On a memory card the dialog goes on before the lock is set up again.
        await home.hass.config_entries.async_reload(entry.entry_id)
        told = await choosing
    assert (told["type"], told["reason"]) == (FlowResultType.ABORT, "interrupted")
    await home.until(lambda: settings_of(lock) == CHANGES, within=5000)
    assert set(Counter(written(lock)).values()) == {1}


async def test_nothing_is_written_long_after_unloading(home: Home, hass_storage: dict[str, Any]) -> None:
    """What the lock still says while its link is closed is not written over what is kept after a reload."""
    lock, entry = await lock_with_settings(home)
    archive = archive_of(entry)
    await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    await archive_of(entry).async_save()
    file = f"smartlock.{NUKI_ID:08X}.settings"
    await home.hass.config_entries.async_unload(entry.entry_id)
    kept = hass_storage[file]["data"]
    archive._store.note(replace(archive.kept.known, newest_log_entry=4711))
    await asyncio.sleep(1000)
    assert hass_storage[file]["data"] == kept


@pytest.mark.parametrize("option", ["keep", "no_change"])
async def test_another_decision_comes_too_late(home: Home, option: str) -> None:
    """One dialog restores while another still shows the menu: what is under way goes to its end."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    archive = archive_of(entry)
    repair = Repair(home, entry)
    await repair.open()
    names = [each.name for each in archive.differences]
    task = asyncio.create_task(archive.async_restore(names))
    await home.until(lambda: archive.restoring is not None)
    assert (await repair.choose(option))["step_id"] == "report"
    await task
    assert settings_of(lock) == CHANGES
    assert archive.kept.newest is not None
    assert archive.kept.newest.config.single_lock == 1


async def test_an_action_while_a_dialog_restores(home: Home) -> None:
    """What the action is about is put back as well, after what the dialog has chosen."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    archive = archive_of(entry)
    task = asyncio.create_task(archive.async_restore(["led_brightness"]))
    await home.until(lambda: archive.restoring is not None)
    response = await home.hass.services.async_call(
        DOMAIN,
        "restore_settings",
        {"entity_id": home.entity_id("lock"), "settings": ["single_lock"]},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    assert "single_lock" in str(response)
    await task
    assert (lock.settings.values.led_brightness, lock.settings.values.single_lock) == (1, 1)
    assert set(Counter(written(lock)).values()) <= {1, 2}
