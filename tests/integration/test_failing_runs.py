"""What is shown between a run that fails and the error that says why: the lock reports its state first."""

import asyncio
from collections.abc import Callable

from homeassistant.components.lock import LockState as View
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.smartlock.protocol.messages import KeyturnerStates
from simulator.virtual_lock import Jam, Moment, VirtualLock
from tests.integration.home import Home

# Seconds: as long as a bolt that rests elsewhere may not be shown.
_AT_MOST = 1.5


class Seen:
    """What the lock has reported and what the entity has shown, with times."""

    def __init__(self, home: Home, lock: VirtualLock) -> None:
        self.shown: list[str] = []
        self.shown_at: list[float] = []
        self.rest_at: float | None = None
        self.on_rest: Callable[[], None] = lambda: None
        self._home = home
        async_track_state_change_event(home.hass, [home.entity_id("lock")], self._changed)
        (entry,) = home.hass.config_entries.async_entries("smartlock")
        entry.runtime_data.coordinator.async_add_message_listener(self._received)

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and [state.state] != self.shown[-1:]:
            self.shown.append(state.state)
            self.shown_at.append(self._home.now)

    @callback
    def _received(self, message: object) -> None:
        moved = bool(self.shown)
        if isinstance(message, KeyturnerStates) and message.lock_state.at_rest and moved and not self.rest_at:
            self.rest_at = self._home.now
            self.on_rest()


@pytest.mark.parametrize("jam", [Jam.CLUTCH, Jam.CLUTCH_POWER, Jam.MOTOR_POWER])
@pytest.mark.parametrize(
    ("action", "locked", "view"),
    [
        ("unlock", True, View.UNLOCKING),
        ("lock", False, View.LOCKING),
        ("open", True, View.OPENING),
        ("open", False, View.OPENING),
    ],
)
async def test_a_fault_follows_the_movement(
    home: Home, *, jam: Jam, action: str, locked: bool, view: View
) -> None:
    """Never "locked" or "unlocked" in between: a dashboard would flicker, and an automation believe it."""
    lock = home.add_lock(locked=locked)
    await home.set_up(lock)
    seen = Seen(home, lock)
    lock.jam(jam)
    with pytest.raises(HomeAssistantError):
        await home.call(action)
    await asyncio.sleep(5)
    assert seen.shown == [view, View.JAMMED]


@pytest.mark.parametrize(("action", "locked"), [("unlock", True), ("lock", False), ("open", False)])
async def test_the_end_of_a_movement_is_shown_at_once(home: Home, *, action: str, locked: bool) -> None:
    lock = home.add_lock(locked=locked)
    await home.set_up(lock)
    seen = Seen(home, lock)
    await home.call(action)
    assert seen.rest_at is not None
    assert seen.shown_at[-1] - seen.rest_at < 0.05


async def test_a_failure_that_is_no_fault(home: Home) -> None:
    """The bolt is shown where it is as soon as the action has ended."""
    lock = home.add_lock(locked=False)
    await home.set_up(lock)
    seen = Seen(home, lock)
    lock.jam(Jam.HANDLE)
    with pytest.raises(HomeAssistantError):
        await home.call("lock")
    assert seen.shown == [View.LOCKING, View.UNLOCKED]
    assert seen.rest_at is not None
    assert seen.shown_at[-1] - seen.rest_at < _AT_MOST


@pytest.mark.parametrize("link", ["lost", "silent"])
async def test_a_bolt_at_rest_is_shown_although_its_error_never_comes(home: Home, link: str) -> None:
    """The action itself looks for its outcome for much longer."""
    lock = home.add_lock(locked=False)
    await home.set_up(lock)
    seen = Seen(home, lock)
    lock.jam(Jam.HANDLE)
    if link == "lost":
        lock.faults.disconnect_at(Moment.RUN_ENDED)
        seen.on_rest = lambda: home.go_out_of_range(lock)
    else:
        seen.on_rest = lambda: setattr(lock.faults, "silence", True)
    call = home.hass.async_create_task(home.call("lock"))
    await home.until(lambda: seen.rest_at)
    assert seen.rest_at is not None
    await asyncio.sleep(_AT_MOST + 0.1)
    assert not call.done()
    assert seen.shown[0] == View.LOCKING
    assert home.state() != View.LOCKING
    assert seen.shown_at[1] - seen.rest_at <= _AT_MOST
    with pytest.raises(HomeAssistantError):
        await call
