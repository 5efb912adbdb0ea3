"""Home Assistant stops at any line of what it does about the PIN: on disk is what was, and the lock is where it is."""

import asyncio
from collections.abc import Callable, Coroutine
import contextlib
from copy import deepcopy
from typing import Any, NamedTuple

from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pin.memory import PinMemory
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import SmartLockError
from simulator.lock.habits import Habits, LostPin
from simulator.virtual_lock import Kind, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home

FILE = f"smartlock.{NUKI_ID:08X}.pin"
RIGHT, WRONG, NEW = str(PINS["gen3"]), "1111", "2345"


class Crash:
    """Stops everything at the n-th line: before or after a write to disk, or when the lock does something."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        lock: VirtualLock,
        storage: dict[str, Any],
        at: int,
    ) -> None:
        """Watch the disk and the lock."""
        self._storage, self._at, self.lines = storage, at, 0
        self.frozen: Any = None
        self.task: asyncio.Task[None] | None = None
        record, save = lock.journal.record, PinMemory.async_save

        def recorded(kind: Kind, **facts: Any) -> None:
            record(kind, **facts)
            if kind in (Kind.REQUEST, Kind.PIN_SENT, Kind.ANSWER):
                self.line()

        async def saved(memory: PinMemory) -> None:
            self.line()
            await save(memory)
            self.line()

        monkeypatch.setattr(lock.journal, "record", recorded)
        monkeypatch.setattr(PinMemory, "async_save", saved)

    def line(self) -> None:
        """Pass one line."""
        self.lines += 1
        if self.lines == self._at:
            self.frozen = deepcopy(self._storage.get(FILE))
            assert self.task is not None
            self.task.cancel()


async def use(entry: MockConfigEntry) -> None:
    """Do something that needs the PIN."""
    await entry.runtime_data.pin.ask(conversations.read_time_control)


async def enter_wrong(entry: MockConfigEntry) -> None:
    """Give a PIN that is not the lock's."""
    await entry.runtime_data.pin.async_enter(WRONG)


async def set_new(entry: MockConfigEntry) -> None:
    """Set another PIN in the lock."""
    await entry.runtime_data.pin.async_set(NEW)


async def set_again(entry: MockConfigEntry) -> None:
    """Set the PIN again in a lock that may have forgotten it."""
    await entry.runtime_data.pin.async_set_where_none_is(RIGHT)


class Story(NamedTuple):
    """What is cut off, whether the lock has forgotten its PIN before, and how many refusals are all right."""

    do: Callable[[MockConfigEntry], Coroutine[Any, Any, None]]
    forgotten: bool
    refusals: int


STORIES = {
    "a wrong one": Story(enter_wrong, forgotten=False, refusals=1),
    # If the order got nowhere, that is found out with the new PIN, once.
    "another one": Story(set_new, forgotten=False, refusals=1),
    # It was right, so it may be used after a lost answer: nobody knows yet that it was refused.
    "a lost one": Story(use, forgotten=True, refusals=2),
    # What is stored is found to be wrong, because the order got nowhere.
    "set again": Story(set_again, forgotten=True, refusals=1),
}


@pytest.mark.parametrize("story", STORIES)
async def test_stop_at_any_line(
    home: Home, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch, story: str
) -> None:
    """After the next start nothing is sent that was refused, and the owner is asked only where nobody else helps."""
    do, forgotten, refusals = STORIES[story]
    lock = home.add_lock(
        timing=quick(advertising_interval=1.0, processing=0.05),
        habits=Habits(lost_pin=LostPin.ACCEPTS_ZERO, pin_tries=99),
    )
    entry = await home.set_up(lock, pin=RIGHT)
    assert home.state("pin_state") == "valid"
    known = deepcopy(hass_storage[FILE])
    at = lines = 0
    while at <= lines:
        at += 1
        assert await home.hass.config_entries.async_unload(entry.entry_id)
        home.hass.config_entries.async_update_entry(entry, options={"pin": RIGHT})
        hass_storage[FILE] = deepcopy(known)
        lock.set_pin(int(RIGHT))
        assert await home.hass.config_entries.async_setup(entry.entry_id)
        await home.settled(entry, lock)
        assert home.state("pin_state") == "valid"
        if forgotten:
            lock.swap_batteries(["pin"])
            await asyncio.sleep(5)
        began = len(lock.journal.pins_sent)

        with monkeypatch.context() as context:
            crash = Crash(context, lock, hass_storage, at)
            crash.task = home.hass.async_create_task(do(entry), eager_start=False)
            with contextlib.suppress(asyncio.CancelledError, SmartLockError):
                await crash.task
            lines = crash.lines
        await home.hass.async_block_till_done()
        assert await home.hass.config_entries.async_unload(entry.entry_id)
        if crash.frozen is None:
            break
        # Entries are written late, so the one on disk is from before.
        home.hass.config_entries.async_update_entry(entry, options={"pin": RIGHT})
        hass_storage[FILE] = crash.frozen
        assert await home.hass.config_entries.async_setup(entry.entry_id)
        await home.settled(entry, lock)
        for _ in range(2):
            with contextlib.suppress(SmartLockError):
                await use(entry)
        await home.hass.async_block_till_done()

        refused = [sent for sent in lock.journal.pins_sent[began:] if not sent.facts["accepted"]]
        assert len(refused) <= refusals, at
        if home.state("pin_state") == "valid":
            await use(entry)
        else:
            assert any(
                ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id(key))
                for key in ("pin_refused", "pin_lost")
            ), at
        assert lock.journal.broken_rules == []
    assert lines > 5
