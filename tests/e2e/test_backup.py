"""A backup that Home Assistant itself has made, put elsewhere or back; and safe mode, which loads no custom integration."""

import asyncio
from collections.abc import AsyncIterator
import json
from pathlib import Path
import shutil

from homeassistant.backup_restore import RESTORE_BACKUP_FILE, restore_backup
from homeassistant.config import SAFE_MODE_FILENAME
import pytest
import pytest_asyncio
import pytest_socket

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, entities_of
from simulator.home_assistant import HomeAssistantProcess, RequestError, free_port
from simulator.virtual_lock import VirtualLock
from tests.e2e.conftest import BRISK, PIN, RECORDER
from tests.e2e.owned import OwnedLock
from tests.e2e.test_settings import add_with_pin, setting
from tests.integration.home import SWITCHED_ON

AGENT = "backup.local"
CONFIGURATION = f"{RECORDER}backup:\n"
ENTRIES = "core.config_entries"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def cottage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house of its own, whose Home Assistant may be stopped and replaced."""
    # Forbidden again before each test, and this comes before what allows them to a test.
    pytest_socket.enable_socket()
    config = tmp_path_factory.mktemp("cottage")
    async with House(
        HomeAssistantProcess(
            config=config, port=free_port(), configuration=CONFIGURATION, enabled=SWITCHED_ON
        )
    ) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def added(cottage: House) -> OwnedLock:
    """A lock about which all there is to be stored is on disk."""
    lock = VirtualLock("gen3", nuki_id=0x2E5B0001, pin=PIN, name="Front door", timing=BRISK)
    cottage.radio.add_peripheral(lock)
    owned = await add_with_pin(cottage, lock)
    await setting(owned, "led_brightness")
    async with asyncio.timeout(60):
        while lock.address not in str(cottage.home_assistant.storage(ENTRIES)):
            await asyncio.sleep(0.1)
    return owned


@pytest_asyncio.fixture(loop_scope="package")
async def owned(added: OwnedLock) -> OwnedLock:
    """The same one, locked and let go of."""
    await added.call("lock")
    await added.disconnect()
    added.lock.journal.entries.clear()
    return added


def ours(config: Path) -> dict[str, str]:
    """Return what is stored about locks in a config folder, by file."""
    entries = json.loads((config / ".storage" / ENTRIES).read_text(encoding="utf-8"))["data"]["entries"]
    files = {file.name: file.read_text(encoding="utf-8") for file in (config / ".storage").glob("smartlock*")}
    return files | {
        ENTRIES: json.dumps([each for each in entries if each["domain"] == DOMAIN], sort_keys=True)
    }


async def make_backup(owned: OwnedLock) -> Path:
    """Have Home Assistant make a backup, as its settings page does; return the file."""
    api, folder = owned.api, owned.house.home_assistant.config / "backups"
    before = set(folder.glob("*.tar"))
    await api.command(
        "backup/generate",
        agent_ids=[AGENT],
        include_homeassistant=True,
        include_database=False,
        name="before",
    )
    async with asyncio.timeout(60):
        while (await api.command("backup/info"))["state"] != "idle" or set(folder.glob("*.tar")) == before:
            await asyncio.sleep(0.2)
    (file,) = set(folder.glob("*.tar")) - before
    return file


async def put_back(house: House, backup: Path, config: Path) -> None:
    """Restore a backup into a config folder with Home Assistant's own code, and start it there."""
    await house.home_assistant.stop()
    config.mkdir(exist_ok=True)
    instruction = {
        "path": str(backup),
        "password": None,
        "remove_after_restore": False,
        "restore_database": False,
        "restore_homeassistant": True,
    }
    (config / RESTORE_BACKUP_FILE).write_text(json.dumps(instruction), encoding="utf-8")
    assert await asyncio.to_thread(restore_backup, str(config))
    # The backup holds the integration itself; the test goes on with the one that is tested.
    integration = config / "custom_components" / DOMAIN
    assert integration.is_dir()
    if not integration.is_symlink():
        shutil.rmtree(integration)
    house.home_assistant = HomeAssistantProcess(
        config=config, port=free_port(), configuration=CONFIGURATION, enabled=SWITCHED_ON
    )
    await house.home_assistant.start()


def counted(lock: VirtualLock) -> tuple[int, int, int]:
    """Return how many authorizations there are, and how often PINs and keys were refused."""
    refused = [sent for sent in lock.journal.pins_sent if not sent.facts["accepted"]]
    return len(lock.authorizations), len(refused), len(lock.journal.broken_rules)


async def test_backup_restored_elsewhere(cottage: House, owned: OwnedLock, tmp_path: Path) -> None:
    """On a new machine everything is there and nothing is asked; the bolt moves once for each order."""
    lock = owned.lock
    backup = await make_backup(owned)
    before, kept = counted(lock), ours(cottage.home_assistant.config)
    await put_back(cottage, backup, tmp_path / "second")
    assert ours(tmp_path / "second").keys() == kept.keys()

    await owned.shows("lock", "locked", timeout=60)
    assert await entities_of(owned.api, lock.nuki_id) == owned.entities
    await owned.call("unlock")
    await owned.call("lock")
    assert owned.motor_runs == ["UNLOCK", "LOCK"]
    # The PIN still counts as verified, and the settings that were saved are there.
    brightness = await setting(owned, "led_brightness")
    await owned.api.wait_for_state(brightness, "5", timeout=60)
    await owned.api.call("number.set_value", brightness, value=1)
    assert lock.settings.values.led_brightness == 1
    assert counted(lock) == before
    assert await owned.api.discovered(DOMAIN) == []


async def test_old_backup_put_back(cottage: House, owned: OwnedLock) -> None:
    """What happened since is read again from the lock: nothing old is shown, sent or written into it."""
    lock = owned.lock
    backup = await make_backup(owned)
    brightness = await setting(owned, "led_brightness")
    await owned.api.call("number.set_value", brightness, value=3)
    assert lock.settings.values.led_brightness == 3
    await owned.call("unlock")
    await owned.disconnect()
    before, written = counted(lock), len(lock.journal.requests("SET_CONFIG"))
    await put_back(cottage, backup, cottage.home_assistant.config)

    await owned.shows("lock", "unlocked", timeout=60)
    assert "locked" not in owned.shown_since(0)
    await owned.api.wait_for_state(brightness, "3", timeout=60)
    assert len(lock.journal.requests("SET_CONFIG")) == written
    await owned.call("lock")
    assert owned.motor_runs == ["UNLOCK", "LOCK"]
    assert counted(lock) == before


@pytest.mark.complaint("smartlock")
async def test_safe_mode(cottage: House, owned: OwnedLock) -> None:
    """Nothing of it is loaded, nothing is lost, and it is all there after the next start."""
    lock, config = owned.lock, cottage.home_assistant.config
    await cottage.home_assistant.stop()
    before, connections = ours(config), len(lock.journal.connections)
    # As *Restart in safe mode* leaves it.
    (config / SAFE_MODE_FILENAME).touch()
    await cottage.home_assistant.start()
    (entry,) = await owned.api.entries(DOMAIN)
    assert entry["state"] == "not_loaded"
    # What the registry remembers is shown; there is no repair that would offer to remove anything.
    assert owned.state() == "unavailable"
    with pytest.raises(RequestError):
        await owned.api.call("smartlock.lock_n_go", owned.entities.lock)
    # The lock entity itself is not there: Home Assistant drops the order and says nothing.
    await owned.call("unlock")
    assert owned.motor_runs == []
    assert await owned.api.command("repairs/list_issues") == {"issues": []}
    assert len(lock.journal.connections) == connections
    lock.turn_key("unlock")
    await cottage.home_assistant.stop()
    assert ours(config) == before

    await cottage.home_assistant.start()
    await owned.shows("lock", "unlocked", timeout=60)
    await owned.call("lock")
    assert owned.motor_runs == ["LOCK"]
