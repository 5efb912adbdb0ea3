"""Whatever is damaged of what is stored: the lock is set up and moves, or its entry says what is wrong with it.

In CI it is short. For a long campaign: scripts/test tests/storage/test_campaign.py --hypothesis-profile=campaign
"""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
from pathlib import Path
from random import Random
from typing import Any, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers.storage import STORAGE_DIR
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.integration.home import NUKI_ID, Home
from tests.storage.damage import (
    BYTES,
    INSTEAD,
    STORED,
    VALUES,
    Damage,
    damages,
    entry_of,
    paths_of,
    stored_files,
    with_files,
)
from tests.storage.test_disk import forget

CAMPAIGN = settings.get_current_profile_name() == "campaign"
RUNS, EACH = (80, 25) if CAMPAIGN else (4, 15)
# What is not ours: a file that is no JSON any more is told by Home Assistant, too.
_OTHERS = (
    "homeassistant.util.json",
    "homeassistant.helpers.storage",
    "homeassistant.config_entries",
    "bleak",
)


@pytest.fixture
def complaints() -> None:
    """Let `errors` look at what is logged: an entry that is not set up says why."""


@pytest.fixture
def hass_storage(hass_config_dir: str) -> dict[str, Any]:
    """Store for real."""
    return {}


# What the integration says itself, in words.
_KNOWN = ("auto-unlock rule cannot be read", "Error setting up entry")


class _Errors(logging.Handler):
    """Keeps errors, and exceptions that were only logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_OTHERS):
            return
        if record.exc_info is not None or record.levelno >= logging.ERROR:
            self.records.append(f"{record.name}: {record.getMessage()[:300]}")


@contextmanager
def errors() -> Iterator[list[str]]:
    """Collect what is logged as an error, but for rules that say themselves that they cannot be read."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.records
    finally:
        logging.getLogger().removeHandler(handler)


def mounted(home: Home) -> VirtualLock:
    """Put the lock of then on the door."""
    lock = home.add_lock()
    data = STORED["entry"]["data"]
    lock.authorizations.add(
        bytes.fromhex(data["shared_key"]),
        app_id=data["app_id"],
        name="Home Assistant",
        authorization_id=data["authorization_id"],
    )
    return lock


async def one(home: Home, lock: VirtualLock, damage: Damage) -> str | None:
    """Start with a damage, use the lock, and end; return what was wrong."""
    folder = Path(home.hass.config.path(STORAGE_DIR))
    for path in folder.glob(f"{DOMAIN}.*"):
        path.unlink()
    forget(home.hass)
    home.hass.data.pop(f"{DOMAIN}.pairings", None)
    files: dict[str, Any] = stored_files()
    stored = STORED["entry"]
    if damage.where == "entry":
        stored = damage.apply(stored)
    else:
        files[damage.where] = damage.apply(files[damage.where])
    with_files(folder, files)
    try:
        entry = entry_of(home, stored)
    except Exception as error:  # noqa: BLE001 - Home Assistant itself does not take such an entry
        return None if damage.where == "entry" else f"no entry: {error!r}"
    with errors() as logged:
        await home.hass.config_entries.async_setup(entry.entry_id)
        wrong = await _used(home, lock, entry, damage)
        await home.hass.config_entries.async_remove(entry.entry_id)
        await home.hass.async_block_till_done()
    told = [text for text in logged if not any(known in text for known in _KNOWN)]
    for flow in home.flows(lock):
        home.hass.config_entries.flow.async_abort(flow["flow_id"])
    return wrong or (f"logged: {told}" if told else None)


async def _used(home: Home, lock: VirtualLock, entry: MockConfigEntry, damage: Damage) -> str | None:
    if entry.state is not ConfigEntryState.LOADED:
        said = entry.error_reason_translation_key in ("entry_damaged", "option_damaged")
        fine = said and damage.path[:1] in (("data",), ("options",))
        return None if fine else f"not set up: {entry.state} {entry.reason}"
    runs, pins = len(lock.journal.motor_runs), len(lock.journal.pins_sent)
    await home.until(lambda: home.state() not in ("unavailable", "unknown"), within=60)
    bolt = lock.status()["bolt"]
    await home.call("unlock" if bolt == "locked" else "lock")
    if len(lock.journal.motor_runs) != runs + 1 or lock.status()["bolt"] == bolt:
        return f"did not move: {bolt} {home.state()}"
    refused = [sent for sent in lock.journal.pins_sent[pins:] if not sent.facts["accepted"]]
    if refused and damage.where != "entry":
        return f"{len(refused)} wrong PINs"
    return None


@pytest.mark.parametrize("run", range(RUNS))
async def test_whatever_is_damaged(home: Home, run: int) -> None:
    lock = mounted(home)
    found = {}
    for damage in damages(Random(run), EACH):
        try:
            wrong = await one(home, lock, damage)
        except Exception as error:  # noqa: BLE001 - one of many; all of them are told
            wrong = repr(error)
        if wrong is not None:
            found[str(damage)] = wrong
    assert found == {}


async def test_nothing_damaged(home: Home) -> None:
    """The campaign itself: without damage all is well."""
    lock = mounted(home)
    assert await one(home, lock, Damage("clock", ("version",), "instead", INSTEAD.index(True))) is None
    assert STORED["entry"]["data"]["nuki_id"] == NUKI_ID


def test_the_damages() -> None:
    """They reach every place that there is, and come again with the same number."""
    some = list(damages(Random(1), 4000))
    assert some == list(damages(Random(1), 4000))
    places = {(where, path) for where, value in stored_files().items() for path in paths_of(value)}
    assert {damage.where for damage in some} == {*stored_files(), "entry"}
    hows = {(where, how) for where in stored_files() for how in (*BYTES, *VALUES, "newer")}
    assert hows <= {(damage.where, damage.how) for damage in some}
    assert len({(damage.where, damage.path) for damage in some} & places) > 0.5 * len(places)
