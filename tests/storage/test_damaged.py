"""Stored files and entries that are not as expected: the lock is set up, one repair tells, the file is kept beside."""

from copy import deepcopy
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import STORAGE_DIR
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.storage import DATA_DAMAGED
from custom_components.smartlock.wear.monitor import WearMonitor
from simulator.virtual_lock import VirtualLock
from tests.auto_unlock.arrivals import rule_data
from tests.integration.home import NUKI_ID, PINS, Home
from tests.storage.damage import FILES, STORED, entry_of, stored_files, with_files

RIGHT, WRONG = str(PINS["gen3"]), "1111"
PIN_FILE = f"{DOMAIN}.{NUKI_ID:08X}.pin"


@pytest.fixture
def hass_storage(hass_config_dir: str) -> dict[str, Any]:
    """Store for real."""
    return {}


@pytest.fixture
def folder(home: Home) -> Path:
    """Where Home Assistant stores."""
    return Path(home.hass.config.path(STORAGE_DIR))


def told(home: Home) -> str | None:
    """Return which files the repair names; None if there is none."""
    found = ir.async_get(home.hass).async_get_issue(DOMAIN, DATA_DAMAGED)
    if found is None or not found.active or found.translation_placeholders is None:
        return None
    return found.translation_placeholders["files"]


async def set_up(home: Home, entry: MockConfigEntry) -> None:
    """Set up a lock that is out of reach."""
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()


# --- Files ------------------------------------------------------------------------------------------------

SHAPES: dict[str, Any] = {
    "newer version": {"version": 2},
    "no version": {"version": None},
    "data a list": {"data": []},
    "data a text": {"data": "x"},
    "data a number": {"data": 7},
    "data nothing": {"data": None},
    "data empty": {"data": {}},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("what", FILES)
async def test_a_file_of_another_shape(home: Home, folder: Path, what: str, shape: str) -> None:
    files = stored_files()
    files[what] |= SHAPES[shape]
    with_files(folder, files)
    await set_up(home, entry_of(home))
    if what == "pairings" and shape == "data empty":
        assert told(home) is None
        return
    if what in ("auto_unlock", "clients", "clock") and shape == "data empty":
        # As it is before anybody moves a switch, and anything was seen.
        assert told(home) is None
        return
    aside = [path.name for path in folder.glob("*.corrupt.*")]
    assert len(aside) == 1
    assert told(home) == f"- `{aside[0]}`"
    assert what in aside[0]
    kept = json.loads((folder / aside[0]).read_text("utf-8"))
    assert kept == files[what]


@pytest.mark.parametrize("content", [b"[]", b"7", b'"x"', b"null", b"", b"{", b"\0" * 100])
@pytest.mark.parametrize("what", FILES)
async def test_a_file_of_other_bytes(home: Home, folder: Path, what: str, content: bytes) -> None:
    with_files(folder, stored_files())
    path = folder / f"{DOMAIN}.{what if what == 'pairings' else f'{NUKI_ID:08X}.{what}'}"
    path.write_bytes(content)
    await set_up(home, entry_of(home))
    assert content in [path.read_bytes() for path in folder.glob("*.corrupt.*")]
    assert told(home)


async def test_the_repair_stays_until_the_file_is_gone(home: Home, folder: Path) -> None:
    files = stored_files()
    files["clock"]["data"] = []
    with_files(folder, files)
    entry = entry_of(home)
    await set_up(home, entry)
    assert told(home)
    await home.hass.config_entries.async_reload(entry.entry_id)
    assert told(home)
    for path in folder.glob("*.corrupt.*"):
        path.unlink()
    await home.hass.config_entries.async_reload(entry.entry_id)
    assert told(home) is None


async def test_nothing_stays_of_a_removed_lock(home: Home, folder: Path) -> None:
    """What was set aside holds secrets as well."""
    files = stored_files()
    files["settings"]["data"] = []
    with_files(folder, files)
    entry = entry_of(home)
    await set_up(home, entry)
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert list(folder.glob(f"{DOMAIN}.{NUKI_ID:08X}*")) == []
    assert told(home) is None


@pytest.mark.parametrize(
    ("what", "path", "value"),
    [
        ("settings", ("loss",), []),
        ("settings", ("journal",), ""),
        ("settings", ("known", "voltage"), "4500"),
        ("pin", ("candidate",), []),
        ("pin", ("new_pin",), "no number"),
        ("pin", ("tries",), ["2026-11-29T01:00:00"]),
        ("pin", ("refused",), "abc"),
        ("faults", ("active", 0, "since"), "2026-11-29T01:00:00"),
        ("wear", ("kinds", "unlock_31", "runs", 0, 2), 10**400),
        ("wear", ("kinds", "unlock_31", "runs", 0, 0), 10**12),
        ("wear", ("correction", 0, 0), "x"),
    ],
)
async def test_a_value_that_cannot_be(
    home: Home, folder: Path, what: str, path: tuple[Any, ...], value: Any
) -> None:
    files = stored_files()
    inside = files[what]["data"]
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    with_files(folder, files)
    entry = entry_of(home)
    await set_up(home, entry)
    assert told(home)
    assert home.state("pin_state") == ("blocked" if what == "pin" else "valid")


async def test_a_damaged_snapshot_costs_one(home: Home, folder: Path) -> None:
    files = stored_files()
    snapshots = files["settings"]["data"]["snapshots"]
    snapshots[:] = [deepcopy(snapshots[0]) for _ in range(5)]
    snapshots[2]["config"]["name"] = 7
    with_files(folder, files)
    entry = entry_of(home)
    await set_up(home, entry)
    kept = entry.runtime_data.archive.kept
    assert len(kept.snapshots) == 4
    assert kept.loss is not None
    assert told(home)
    stored = json.loads((folder / f"{DOMAIN}.{NUKI_ID:08X}.settings").read_text("utf-8"))
    assert len(stored["data"]["snapshots"]) == 4


# --- The record of the PIN --------------------------------------------------------------------------------


async def use(entry: MockConfigEntry) -> None:
    """Do something that needs the PIN."""
    await entry.runtime_data.pin.ask(conversations.read_time_control)


def refused(lock: VirtualLock) -> int:
    """Return how many wrong PINs the lock was sent."""
    return sum(not sent.facts["accepted"] for sent in lock.journal.pins_sent)


DAMAGES = {
    "emptied": lambda path: path.write_bytes(b""),
    "halved": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "removed": lambda path: path.unlink(missing_ok=True),
    "of another type": lambda path: path.write_text('{"version": 1, "key": "x", "data": []}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_lost_record_is_no_permission(home: Home, folder: Path, damage: str) -> None:
    """Each start with a lost record was one more wrong PIN."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=WRONG)
    assert refused(lock) == 1
    for _ in range(5):
        assert await home.hass.config_entries.async_unload(entry.entry_id)
        DAMAGES[damage](folder / PIN_FILE)
        assert await home.hass.config_entries.async_setup(entry.entry_id)
        await home.settled(entry, lock)
        with pytest.raises(PinUnavailableError) as caught:
            await use(entry)
        assert caught.value.state is PinState.BLOCKED
    assert refused(lock) == 1
    # Its owner may enter it at any time.
    await entry.runtime_data.pin.async_enter(RIGHT)
    await use(entry)


async def test_no_record_of_a_pin_that_was_never_sent(home: Home) -> None:
    """A lock that has just been added is not a lock whose record was lost."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    assert home.state("pin_state") == "valid"
    await use(entry)


async def test_the_pause_after_a_loss_ends(home: Home, folder: Path) -> None:
    """It is not begun again by each start."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    (folder / PIN_FILE).unlink()
    await set_up(home, entry)
    begun = entry.runtime_data.pin._memory.record.blocked_at
    await home.hass.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.pin._memory.record.blocked_at == begun
    assert begun is not None


# --- Entries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ("data", "app_id", "x"),
        ("data", "app_id", None),
        ("data", "authorization_id", -1),
        ("data", "shared_key", "00"),
        ("data", "nuki_id", []),
        ("data", "generation", "gen9"),
        ("data", "address", ""),
        ("data", "client_type", "cloud"),
        ("options", "idle_time", "7"),
        ("options", "action_deadline", []),
        ("options", "read_interval", {}),
        ("options", "stay_connected", "no"),
        ("options", "show_names", "no"),
        ("options", "pin", 7391),
        ("options", "pin", "abcd"),
    ],
)
async def test_an_entry_that_cannot_be(home: Home, where: str, key: str, value: Any) -> None:
    """It says so at once, and not with the first action."""
    lock = home.add_lock()
    entry = home.entry(lock, pin=RIGHT)
    data, options = dict(entry.data), dict(entry.options)
    (data if where == "data" else options)[key] = value
    home.hass.config_entries.async_update_entry(entry, data=data, options=options)
    assert not await home.hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == ("entry_damaged" if where == "data" else "option_damaged")
    assert entry.error_reason_translation_placeholders == {"field": key}
    # It can be mended without a restart.
    good = home.entry(lock)
    home.hass.config_entries.async_update_entry(entry, data=dict(good.data), options={})
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    await home.call("unlock")


async def test_a_rule_whose_data_are_no_object_costs_itself(home: Home) -> None:
    stored = deepcopy(STORED["entry"])
    stored["subentries"][0]["data"] = "x"
    entry = entry_of(home, stored)
    assert await home.hass.config_entries.async_setup(entry.entry_id)


async def test_an_entry_whose_data_are_no_object_can_be_removed(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_of(home, STORED["entry"] | {"data": "x"})
    assert not await home.hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "entry_damaged"
    caplog.clear()
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert "Error calling entry remove callback" not in caplog.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("person", 5),
        ("person", []),
        ("scanners", 7),
        ("entrances", [1]),
        ("entrances", "binary_sensor.garage"),
        ("alarm", {}),
        ("notify", 3),
        ("window", "20"),
        ("confirm", "no"),
        ("quiet_from", 7),
        ("threshold", "loud"),
    ],
)
async def test_a_damaged_rule_costs_itself(home: Home, key: str, value: Any) -> None:
    lock = home.add_lock()
    entry = home.entry(lock)
    good = rule_data([home.adapter.source])
    for number, data in enumerate((good, good | {"quiet_to": "07:00:00", key: value})):
        home.hass.config_entries.async_add_subentry(entry, rule(data, f"RULE{number}"))
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert [runner.rule.subentry_id for runner in entry.runtime_data.auto_unlock] == ["RULE0"]
    await home.call("unlock")
    assert home.state() == "unlocked"


def rule(data: dict[str, Any], subentry_id: str) -> Any:
    """Return a rule as a subentry."""
    return ConfigSubentry(
        data=MappingProxyType(data),
        subentry_id=subentry_id,
        subentry_type="auto_unlock",
        title="Anna",
        unique_id=None,
    )


async def test_a_start_that_fails_can_be_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is: platforms that were set up are taken back."""
    lock = home.add_lock()
    entry = home.entry(lock)
    with monkeypatch.context() as context:
        context.setattr(WearMonitor, "start", lambda watch: 1 / 0)
        assert not await home.hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    await home.call("unlock")
