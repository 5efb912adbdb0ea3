"""What was done at the door and what Home Assistant tells of it agree, entry by entry, whatever comes between."""

import asyncio
from collections.abc import Iterable
import contextlib
import random
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from simulator.lock.faults import Once
from simulator.lock.ledger import Deed
from simulator.virtual_lock import Habits, VirtualLock, quick
from tests.integration.home import PINS, Home
from tests.ledger import Visitors, differences, expected

# Seconds until lock 'n' go has locked and everything stands in the log.
QUIET = 30.0


OPENINGS = ("unlocked", "opened", "lock_n_go")


class Door:
    """A lock that people use, and what Home Assistant tells about it."""

    def __init__(self, home: Home, lock: VirtualLock, seed: int) -> None:
        """Furnish the door; Home Assistant does not know it yet."""
        self.home = home
        self.lock = lock
        self.random = random.Random(seed)
        self.visitors = Visitors(lock, seed)
        self.events: list[dict[str, Any]] = []
        """What was told, since it was last compared."""
        self._seen: set[tuple[str, str]] = set()
        self._compared = 0
        """How many deeds were there when it was last compared."""
        home.hass.bus.async_listen(EVENT_STATE_CHANGED, self._state_changed)

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        """Note an event of ours: the state is the moment of its firing, and each moment counts once."""
        state = event.data["new_state"]
        if state is None or state.state in (STATE_UNKNOWN, STATE_UNAVAILABLE):
            return
        for key in ("activity", "access_denied"):
            if state.entity_id.startswith("event.") and state.entity_id.endswith(f"_{key}"):
                told = (key, state.state)
                if told not in self._seen:
                    self._seen.add(told)
                    self.events.append({**state.attributes, "denied": key == "access_denied"})

    async def set_up(self) -> MockConfigEntry:
        """Add the lock, and take what was done before for what nobody asks about."""
        await asyncio.sleep(QUIET)
        self.entry = await self.home.set_up(self.lock, pin=str(PINS[self.lock.model.name]))
        await self.settle()
        assert self.events == []
        self._compared = len(self.lock.ledger.deeds)
        return self.entry

    async def somebody_comes(self, times: int) -> None:
        """Let so many things be done at the door."""
        for _ in range(times):
            self.visitors.act()
            # The latch is held for three seconds.
            await asyncio.sleep(self.random.choice((4, 4, 6, 40)))

    async def settle(self) -> None:
        """Let everything be read: entries that are written late, and what is too much for one link."""
        await asyncio.sleep(QUIET)
        for _ in range(5):
            try:
                await self.home.read()
            except HomeAssistantError:
                continue  # The link was lost; the next one goes on.
            await asyncio.sleep(5)
        await self.home.until(lambda: not self.home.connected(self.lock))

    def compare(self) -> None:
        """Compare what was done since with what was told."""
        deeds = self.lock.ledger.deeds[self._compared :]
        missed = sum(event.get("missed", 0) for event in self.events)
        readable = _without_the_missed(deeds, missed, {event["index"] for event in self.events})
        assert differences(readable, self.events) == []
        assert len(self.events) >= 5
        self._compare_who_was_last(readable)
        self._compared = len(self.lock.ledger.deeds)
        self.events.clear()

    def _compare_who_was_last(self, deeds: Iterable[Deed]) -> None:
        """The sensors say what the ledger says; who changed the lock is the last one, or nobody, and never another."""
        moves = [deed for deed in deeds if expected(deed)["event_type"] in (*OPENINGS, "locked")]
        openings = [deed for deed in moves if expected(deed)["event_type"] in OPENINGS]
        if openings:
            assert self.home.state("last_user") == (openings[-1].who or STATE_UNKNOWN)
        if moves:
            assert self.home.state("last_method") == expected(moves[-1])["method"]
        names = {deed.who for deed in self.lock.ledger if deed.who}
        changed_by = self.home.full_state("lock").attributes.get("changed_by")
        assert changed_by not in names - {moves[-1].who if moves else None}


def _without_the_missed(deeds: Iterable[Deed], missed: int, told: set[int]) -> list[Deed]:
    """Return the deeds without as many as Home Assistant says it could not read, of those that were not told."""
    kept = []
    for deed in deeds:
        if missed and deed.index is not None and deed.index not in told:
            missed -= 1
            continue
        kept.append(deed)
    assert missed == 0, f"{missed} entries were said to be missing that were told"
    return kept


@pytest.mark.parametrize("seed", range(6))
async def test_a_random_life(home: Home, seed: int) -> None:
    """Restarts, lost links at any exchange, disorder, an order that is ignored, entries that are written late."""
    choose = random.Random(f"habits {seed}")
    habits = Habits(
        ascending_ignored=choose.random() < 0.5,
        list_in_disorder=choose.random() < 0.5,
        presses_in_flags=choose.random() < 0.5,
        denied_clients_logged=choose.random() < 0.5,
        denied_raises_flag=choose.random() < 0.5,
        paused_attempts_logged=choose.random() < 0.5,
        log_delay=choose.choice((0.0, 0.0, 1.0, 4.0)),
    )
    lock = home.add_lock(choose.choice(list(PINS)), timing=quick(advertising_interval=0.3), habits=habits)
    door = Door(home, lock, seed)
    await door.somebody_comes(5)
    entry = await door.set_up()
    for _ in range(12):
        await door.somebody_comes(choose.randint(1, 6))
        what = choose.choice(("read", "act", "reload", "stopped", "lost", "lost", "nothing"))
        if what == "read":
            await home.read()
        elif what == "act":
            with contextlib.suppress(HomeAssistantError):  # The link may be lost.
                await home.call(choose.choice(("lock", "unlock", "open")))
        elif what == "reload":
            assert await home.hass.config_entries.async_reload(entry.entry_id)
        elif what == "stopped":
            assert await home.hass.config_entries.async_unload(entry.entry_id)
            await door.somebody_comes(choose.randint(1, 60))
            assert await home.hass.config_entries.async_setup(entry.entry_id)
        elif what == "lost":
            once = choose.choice((Once.DISCONNECT_AT_REQUEST, Once.DISCONNECT_AT_INDICATION))
            lock.faults.once(once, occasion=choose.randint(1, 25))
    lock.faults.clear()
    await door.settle()
    door.compare()
    assert lock.journal.broken_rules == []


async def test_each_exchange_may_be_the_last(home: Home) -> None:
    """The link is lost at each indication of a visit in turn; nothing is told twice or never."""
    lock = home.add_lock(timing=quick(advertising_interval=0.3))
    door = Door(home, lock, 1)
    await door.set_up()
    for occasion in range(1, 40):
        await door.somebody_comes(2)
        lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=occasion)
        await asyncio.sleep(2)
        await home.read()
        lock.faults.clear()
    await door.settle()
    door.compare()


@pytest.mark.parametrize("ascending_ignored", [False, True])
async def test_a_ring_that_has_overrun(
    home: Home, caplog: pytest.LogCaptureFixture, ascending_ignored: bool
) -> None:
    """The first event behind the gap says how much is missing, and the log says it once."""
    habits = Habits(log_capacity=40, ascending_ignored=ascending_ignored)
    lock = home.add_lock(timing=quick(advertising_interval=0.3), habits=habits)
    door = Door(home, lock, 2)
    entry = await door.set_up()
    await door.somebody_comes(10)
    await door.settle()
    door.compare()
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    await door.somebody_comes(120)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await door.settle()
    (missed,) = (event["missed"] for event in door.events if event.get("missed"))
    assert missed > 30
    warnings = [record.message for record in caplog.records if "could not be read" in record.message]
    assert warnings == [f"{missed} entries of the log of a lock could not be read"]
    door.compare()


async def test_a_log_that_has_begun_anew(home: Home) -> None:
    """What the new log has is told once, and nothing of the old one again."""
    lock = home.add_lock(timing=quick(advertising_interval=0.3))
    door = Door(home, lock, 3)
    await door.somebody_comes(30)
    await door.set_up()
    await door.somebody_comes(8)
    await door.settle()
    door.compare()
    lock.forget_log()
    await door.somebody_comes(12)
    await door.settle()
    door.compare()
