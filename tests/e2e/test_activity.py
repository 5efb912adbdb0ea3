"""Who opened the door: what the recorder of a real Home Assistant has, against the ledger of the lock."""

import asyncio
from collections.abc import Callable
import contextlib
from datetime import UTC, datetime, timedelta
import json
import sqlite3
from typing import Any

from custom_components.smartlock.protocol.enums import KeypadAction
from simulator.demo.house import House
from simulator.lock.ledger import Deed
from simulator.virtual_lock import VirtualLock, quick
from tests.e2e.conftest import PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge
from tests.ledger import Visitors, differences, expected

ENTRIES = 50


class Recorder:
    """What Home Assistant's recorder has of the events of one lock."""

    def __init__(self, owned: OwnedLock) -> None:
        """Look at nothing yet."""
        self._owned = owned

    def events(self) -> list[dict[str, Any]]:
        """Return the attributes of each event that fired, in order; one that was restored did not fire again."""
        entities = self._owned.entities
        file = self._owned.house.home_assistant.config / "home-assistant_v2.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT states_meta.entity_id, state, shared_attrs FROM states"
                " JOIN states_meta USING (metadata_id) JOIN state_attributes USING (attributes_id)"
                " WHERE states_meta.entity_id IN (?, ?) AND state NOT IN ('unknown', 'unavailable')"
                # The recorder writes what comes in one second in an order of its own.
                " ORDER BY last_updated_ts",
                (entities.activity, entities.access_denied),
            ).fetchall()
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for entity_id, fired, attributes in rows:
            denied = entity_id == entities.access_denied
            found.setdefault((entity_id, fired), {**json.loads(attributes), "denied": denied})
        return list(found.values())

    async def has(self, deed: Deed) -> None:
        """Wait until the recorder has the event about a deed."""

        def there() -> bool:
            return any(event["index"] == deed.index for event in self.events())

        await _until(there, timeout=60)


async def _until(condition: Callable[[], object], timeout: float = 20) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.05)


async def _somebody_comes(lock: VirtualLock, visitors: Visitors, entries: int) -> None:
    """Let people come until the log has so many entries more, and everything is at rest."""
    wanted = len(lock.ledger.logged) + entries
    while len(lock.ledger.logged) < wanted:
        visitors.act()
        await _until(lambda: not lock.busy)
    # Lock 'n' go locks after five seconds.
    await asyncio.sleep(5.5)


async def test_fifty_entries_while_it_was_stopped(house: House, mount: Mount) -> None:
    """Each is an event once, late, with its own time; a further start tells nothing again."""
    ago = timedelta()
    lock = mount(now=lambda: datetime.now(UTC) - ago, timing=quick(advertising_interval=0.1))
    visitors = Visitors(lock, "stopped")
    await _somebody_comes(lock, visitors, 5)
    if not lock.bolt_locked:
        lock.turn_key("lock")
    owned = await add_bridge(house, lock, pin=str(PIN))
    before = len(lock.ledger.deeds)

    await house.home_assistant.stop()
    # Nobody has to wait for an hour.
    ago = timedelta(hours=1)
    await _somebody_comes(lock, visitors, ENTRIES)
    ago = timedelta()
    deeds = lock.ledger.deeds[before:]
    await house.home_assistant.start()

    recorder = Recorder(owned)
    await recorder.has([deed for deed in deeds if deed.index is not None][-1])
    events = recorder.events()
    assert differences(deeds, events) == []
    assert len(events) >= ENTRIES
    assert all(event["late"] for event in events)
    openings = [deed for deed in deeds if expected(deed)["event_type"] in ("unlocked", "opened", "lock_n_go")]
    await owned.shows("last_user", openings[-1].who or "unknown")

    connections = len(lock.journal.connections)
    await house.home_assistant.restart()
    # By hand while it runs: at once, and not late.
    await _until(lambda: len(lock.journal.connections) > connections)
    lock.turn_key("unlock" if lock.bolt_locked else "lock")
    await recorder.has(lock.ledger.deeds[-1])
    assert len(recorder.events()) == len(events) + 1
    assert differences(lock.ledger.deeds[before:], recorder.events()) == []
    assert not recorder.events()[-1]["late"]
    assert owned.rules_broken == []


async def test_the_logbook_says_who_it_was(house: House, mount: Mount) -> None:
    lock = mount()
    lock.pair_accessory("keypad")
    lock.add_code(345678, "Anna")
    owned = await add_bridge(house, lock, pin=str(PIN))
    recorder = Recorder(owned)
    began = datetime.now(UTC)
    lock.enter_code(345678, KeypadAction.UNLOCK)
    await _until(lambda: lock.ledger.logged)
    await recorder.has(lock.ledger.deeds[-1])
    await owned.shows("last_user", "Anna")
    lock.enter_code(999999)
    await owned.api.call("homeassistant.update_entity", owned.entities.lock)
    await recorder.has(lock.ledger.deeds[-1])
    entities = owned.entities
    expected = [
        (entities.activity, "unlocked"),
        (entities.lock, "was unlocked by Anna on the keypad"),
        # Nobody knows who it was: the event says all that there is to say.
        (entities.access_denied, "wrong_code"),
    ]
    said: list[tuple[str, str]] = []
    async with asyncio.timeout(30):
        # The recorder may still be writing.
        while len(said) < len(expected):
            await asyncio.sleep(0.5)
            lines = await owned.api.command(
                "logbook/get_events",
                start_time=began.isoformat(),
                entity_ids=[entities.lock, entities.activity, entities.access_denied],
            )
            told = [
                (line["entity_id"], line.get("message") or line.get("attributes", {}).get("event_type"))
                for line in lines
            ]
            said = [line for line in told if line[1]]
    assert said == expected
    # The others are the states of the lock.
    assert {entity_id for entity_id, what in told if not what} == {entities.lock}
