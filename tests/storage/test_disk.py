"""On a disk that takes nothing: nothing goes out, nothing is pretended, one repair tells, and all is made up for."""

import asyncio
from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import STORAGE_DIR
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_storage  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.settings.rules import restore
from custom_components.smartlock.storage import DISK_FAILED, NotStoredError
from simulator.virtual_lock import Jam, VirtualLock, quick
from tests.auto_unlock.arrivals import resident
from tests.integration.home import NUKI_ID, PINS, Home, pins_sent
from tests.storage.disks import KINDS, Disk, SimulatedDisk, real_disk

RIGHT, NEW = str(PINS["gen3"]), "2345"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """How the disk fails."""
    kind: str = request.param
    return kind


@pytest.fixture
def disk_and_files(kind: str, hass_config_dir: str) -> Iterator[tuple[Disk, dict[str, Any]]]:
    """The disk, in order, and what Home Assistant's own store of tests has, unless the disk is a real one."""
    if kind != "simulated":
        with real_disk(hass_config_dir, read_only=kind == "read_only") as disk:
            yield disk, {}
        return
    with mock_storage() as stored:
        simulated = SimulatedDisk()
        yield simulated, stored
        simulated.mend()


@pytest.fixture
def disk(disk_and_files: tuple[Disk, dict[str, Any]]) -> Disk:
    """The disk, in order."""
    return disk_and_files[0]


@pytest.fixture
def hass_storage(disk_and_files: tuple[Disk, dict[str, Any]]) -> dict[str, Any]:
    """What Home Assistant's own store of tests has."""
    return disk_and_files[1]


def stored(hass: HomeAssistant, hass_storage: dict[str, Any], what: str) -> Any:
    """Return what is on the disk; None without a file."""
    key = f"{DOMAIN}.{what}"
    path = Path(hass.config.path(STORAGE_DIR, key))
    if path.exists():
        return json.loads(path.read_text("utf-8"))["data"]
    return hass_storage[key]["data"] if key in hass_storage else None


def of_lock(what: str) -> str:
    """Return the name of a file of the lock."""
    return f"{NUKI_ID:08X}.{what}"


def told(hass: HomeAssistant) -> bool:
    """Whether the repair about the disk is shown."""
    found = ir.async_get(hass).async_get_issue(DOMAIN, DISK_FAILED)
    return found is not None and found.active


async def use(entry: MockConfigEntry) -> None:
    """Do something that needs the PIN."""
    await entry.runtime_data.pin.ask(conversations.read_time_control)


async def restart(home: Home, lock: VirtualLock, entry: MockConfigEntry) -> None:
    """Start again with what is on disk."""
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    forget(home.hass)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)


def forget(hass: HomeAssistant) -> None:
    """Lose everything that only a running process knows."""
    for store in hass.data.get(f"{DOMAIN}.stores", {}).values():
        store.async_forget()


# --- Auto-unlock ------------------------------------------------------------------------------------------


async def test_a_rule_does_no_more_than_is_stored(home: Home, disk: Disk) -> None:
    """One that was switched off, and is on again after the next start, would open the door: so it is told."""
    async with resident(home) as anna:
        disk.fail()
        for mode in ("paused", "disabled"):
            with pytest.raises(HomeAssistantError) as caught:
                await anna.choose(mode)
            assert caught.value.translation_key == "auto_unlock_not_saved"
            # Less is allowed at once.
            assert anna.mode == mode
        assert told(home.hass)
        disk.mend()
        await anna.sleep(70)
        assert not told(home.hass)
        await restart(home, anna.lock, anna.entry)
        assert anna.mode == "disabled"


# --- The PIN ----------------------------------------------------------------------------------------------


async def test_no_pin_goes_out(home: Home, disk: Disk) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    before = len(lock.journal.pins_sent)
    disk.fail()
    for _ in range(2):
        with pytest.raises(NotStoredError):
            await use(entry)
    assert told(home.hass)
    assert len(lock.journal.pins_sent) == before
    # What did not go out is no try.
    assert home.state("pin_state") == "valid"
    disk.mend()
    await use(entry)
    assert len(lock.journal.pins_sent) == before + 1
    assert not told(home.hass)


async def test_a_lost_pin_is_not_tried_at_each_start(home: Home, disk: Disk) -> None:
    """Ten starts were ten wrong PINs."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    lock.set_pin(int(NEW))
    disk.fail()
    for _ in range(10):
        with pytest.raises(SmartLockError):
            await use(entry)
        await restart(home, lock, entry)
    assert [sent for sent in lock.journal.pins_sent if not sent.facts["accepted"]] == []


async def test_another_pin_is_not_set(home: Home, disk: Disk, hass_storage: dict[str, Any]) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    disk.fail()
    with pytest.raises(NotStoredError):
        await entry.runtime_data.pin.async_set(NEW)
    assert pins_sent(lock) == [("VERIFY_SECURITY_PIN", True)]
    assert (entry.options["pin"], home.state("pin_state")) == (RIGHT, "valid")
    assert not entry.runtime_data.pin.setting_open
    disk.mend()
    await entry.runtime_data.pin.async_set(NEW)
    assert entry.options["pin"] == NEW
    await use(entry)


async def test_an_answer_that_is_not_stored_is_stored_later(
    home: Home, disk: Disk, hass_storage: dict[str, Any]
) -> None:
    """The disk fails while the PIN is under way: what was done is told as done, and is on disk in time."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    guard = entry.runtime_data.pin
    async with guard.session() as session:
        await session.request(conversations.read_time_control)
        disk.fail()
    assert told(home.hass)
    assert len(stored(home.hass, hass_storage, of_lock("pin"))["tries"]) == 1
    disk.mend()
    await asyncio.sleep(70)
    assert stored(home.hass, hass_storage, of_lock("pin"))["tries"] == []
    assert not told(home.hass)


async def test_a_pin_is_not_forgotten_in_part(home: Home, disk: Disk) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    await entry.runtime_data.pin.async_set(NEW)
    disk.fail()
    with pytest.raises(NotStoredError):
        await entry.runtime_data.pin.async_forget()
    assert entry.options["pin"] == NEW
    assert entry.runtime_data.pin.state is PinState.VALID


async def test_the_repair_ends_when_the_disk_is_mended(home: Home, disk: Disk) -> None:
    """Also if nobody stores anything more."""
    async with resident(home) as anna:
        disk.fail()
        with pytest.raises(HomeAssistantError):
            await anna.choose("disabled")
        await anna.sleep(200)
        assert told(home.hass)
        disk.mend()
        await anna.sleep(70)
        assert not told(home.hass)
        assert anna.mode == "disabled"


# --- Settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [True, False])
async def test_no_setting_is_written(home: Home, disk: Disk, first: bool) -> None:
    """Neither the first one, for which a snapshot is made, nor any other."""
    lock = home.add_lock()
    if first:
        disk.fail()
    entry = await home.set_up(lock, pin=RIGHT)
    disk.fail()
    before = lock.settings.values
    for _ in range(2):
        with pytest.raises(HomeAssistantError) as caught:
            await entry.runtime_data.settings.change(config={"led_brightness": 3})
        assert caught.value.translation_key == "not_stored"
    assert lock.settings.values == before
    assert told(home.hass)
    disk.mend()
    await entry.runtime_data.settings.change(config={"led_brightness": 3})
    assert lock.settings.values.led_brightness == 3
    assert not told(home.hass)


async def test_a_restore_waits_for_the_disk(home: Home, disk: Disk) -> None:
    """Nothing is written whose line is not in the journal; it goes on when there is room."""
    lock = home.add_lock(timing=quick(advertising_interval=3.0, battery_change=10.0))
    lock.settings.change(led_brightness=1, single_lock=1)
    lock.battery.set(40)
    entry = await home.set_up(lock, "bridge", pin=RIGHT)
    archive = entry.runtime_data.archive
    await archive.async_save()
    await home.until(lambda: not home.connected(lock))
    lock.swap_batteries(["settings"])
    await home.until(lambda: archive.kept.loss is not None)
    await home.until(lambda: not home.connected(lock))
    lost = lock.settings.values
    wanted = restore.all_at_once(archive.differences)

    disk.fail()
    with pytest.raises(NotStoredError):
        await archive.async_restore(wanted)
    assert archive.restoring is None
    disk.mend()
    task = home.hass.async_create_task(archive.async_restore(wanted), eager_start=False)
    await home.until(lambda: archive.restoring is not None)
    disk.fail()
    await asyncio.sleep(600)
    assert lock.settings.values == lost
    assert told(home.hass)
    disk.mend()
    lock.settings.change(night_mode_enabled=0)
    await home.read()
    await home.until(task.done)
    assert task.result().failed() == {}
    assert (lock.settings.values.led_brightness, lock.settings.values.single_lock) == (1, 1)


async def test_what_the_owner_did_not_have_to_ask_for_is_stored_later(
    home: Home, disk: Disk, hass_storage: dict[str, Any]
) -> None:
    """Faults, motor runs, the place in the log, snapshots: they are shown at once, and on disk when there is room."""
    lock = home.add_lock()
    disk.fail()
    await home.set_up(lock, "bridge")
    lock.jam(Jam.CLUTCH)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await home.until(lambda: home.state("clutch_fault") == "on")
    assert told(home.hass)
    assert stored(home.hass, hass_storage, of_lock("faults")) is None
    disk.mend()
    await asyncio.sleep(70)
    assert stored(home.hass, hass_storage, of_lock("faults"))["active"][0]["kind"] == "clutch_failure"
    assert len(stored(home.hass, hass_storage, of_lock("settings"))["snapshots"]) == 1
    assert not told(home.hass)


# --- Pairing ----------------------------------------------------------------------------------------------


async def test_keys_that_cannot_be_stored(home: Home, disk: Disk, hass_storage: dict[str, Any]) -> None:
    """Generations 1 to 4 are not told that pairing is confirmed."""
    lock = home.add_lock()
    flow = await home.discovered(lock)
    flow = await home.submit(flow)
    before = len(list(lock.authorizations))
    disk.fail()
    lock.enter_pairing_mode()
    flow = await home.submit(flow, client_type="app")
    flow = await home.progressed(flow)
    assert (flow["type"], flow["errors"]) == (FlowResultType.FORM, {"base": "not_stored"})
    assert len(list(lock.authorizations)) == before
    assert told(home.hass)
    disk.mend()
    lock.enter_pairing_mode()
    flow = await home.progressed(await home.submit(flow, client_type="app"))
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert len(list(lock.authorizations)) == before + 1
    assert lock.address in stored(home.hass, hass_storage, "pairings")
    await home.hass.async_block_till_done()
    assert not told(home.hass)


async def test_keys_of_the_fifth_generation(home: Home, disk: Disk, hass_storage: dict[str, Any]) -> None:
    """The lock knows us already: the dialog says that the keys are not safe yet, and goes on when they are."""
    lock = home.add_lock("ultra")
    flow = await home.submit(await home.discovered(lock))
    disk.fail()
    lock.enter_pairing_mode()
    flow = await home.progressed(await home.submit(flow, pin=str(PINS["ultra"])))
    assert (flow["type"], flow["errors"]) == (FlowResultType.FORM, {"base": "keys_not_stored"})
    pairings = len(list(lock.authorizations))
    flow = await home.progressed(await home.submit(flow, pin=str(PINS["ultra"])))
    assert flow["errors"] == {"base": "keys_not_stored"}
    disk.mend()
    flow = await home.progressed(await home.submit(flow, pin=str(PINS["ultra"])))
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert len(list(lock.authorizations)) == pairings
    assert lock.address in stored(home.hass, hass_storage, "pairings")
