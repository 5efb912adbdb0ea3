"""A lock that cannot be read, a change flag that somebody takes down, and what is believed meanwhile."""

import asyncio
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.conversations import CHALLENGE_TRIES
from custom_components.smartlock.protocol.enums import Command, LockAction
from custom_components.smartlock.protocol.frames import Session
from simulator.lock.faults import Once
from simulator.virtual_lock import VirtualLock, quick
from tests.client.simulated import SimulatedTransport
from tests.integration.home import APP_ID, Home

HOUR = 3600.0
SLOW = quick(advertising_interval=5)


@pytest.mark.parametrize(
    ("model", "client_type", "within"),
    [
        ("ultra", None, 25 * 60),
        # An App cannot take the flag down, so that it does not rise with a change.
        ("gen3", "app", 25 * 60),
        # On Wi-Fi the flag of a Bridge is worth nothing.
        ("gen4", "wifi", 25 * 60),
        # And one that is read seldom because its flag never failed.
        ("gen3", "bridge", 2.5 * HOUR),
    ],
)
async def test_state_that_nobody_can_confirm_is_unknown(
    home: Home, model: str, client_type: str | None, within: float
) -> None:
    """Nothing says that it has changed, but nothing says that it has not."""
    lock = home.add_lock(model, timing=SLOW)
    if client_type == "wifi":
        lock.set_remote_access(wifi=True)
    await home.set_up(lock, "bridge" if client_type == "wifi" else client_type)
    assert home.state() == View.LOCKED
    if client_type == "app":
        lock.turn_key("unlock")
        await home.until(lambda: home.state() == View.UNLOCKED, within=30)
        assert lock.unread_change
        lock.turn_key("lock")
        await home.read()
        await asyncio.sleep(60)
    lock.faults.silence = True
    if client_type in (None, "app"):
        lock.turn_key("unlock")
    began = home.now
    await home.until(lambda: home.state() == STATE_UNKNOWN, within=within)
    assert home.state("connection") == "not_answering"
    assert home.state("battery") == "100"
    if client_type in (None, "app"):
        # One read that fails proves nothing yet.
        assert home.now - began > 60
    lock.faults.clear()
    expected = View.UNLOCKED if client_type in (None, "app") else View.LOCKED
    await home.until(lambda: home.state() == expected, within=HOUR)


async def test_read_that_fails_once_changes_nothing(home: Home) -> None:
    lock = home.add_lock(timing=SLOW)
    await home.set_up(lock)
    shown: list[str] = []
    home.hass.bus.async_listen("state_changed", lambda event: shown.append(event.data["new_state"].state))
    for _ in range(4):
        lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
    await home.read()
    await asyncio.sleep(HOUR)
    assert STATE_UNKNOWN not in shown
    assert home.state() == View.LOCKED


# --- Answers that take the flag down and are lost ---------------------------------------------------------


async def test_lost_answer_of_a_probe_leaves_the_state_in_doubt(home: Home) -> None:
    """Turned by hand; an action connects before the flag is heard, and the probe takes it down unheard."""
    lock = home.add_lock(timing=quick(advertising_interval=2))
    await home.set_up(lock, "bridge")
    # Right after an advertisement, so that none comes before the action has connected.
    lock.turn_key("unlock")
    lock.faults.silence = True
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    lock.faults.clear()
    assert not lock.unread_change
    await home.until(lambda: home.state() in (View.UNLOCKED, STATE_UNKNOWN), within=90)
    await home.until(lambda: home.state() == View.UNLOCKED, within=90)
    assert lock.journal.motor_runs == []


async def test_lost_answer_of_a_keep_alive_leaves_the_state_in_doubt(home: Home) -> None:
    lock = home.add_lock(timing=SLOW)
    entry = await home.set_up(lock, "bridge", stay_connected=True)
    await home.until(lambda: home.connected(lock))
    lock.faults.silence = True
    lock.turn_key("unlock")
    await home.until(lambda: not home.connected(lock), within=60)
    lock.faults.clear()
    await home.until(lambda: home.state() == View.UNLOCKED, within=90)
    assert entry.runtime_data.coordinator.data.states is not None


@pytest.mark.parametrize("client_type", ["app", "bridge"])
async def test_lock_that_vanished_behind_an_open_link_is_not_believed(home: Home, client_type: str) -> None:
    """A lock in a connection is not received, so that its absence began unnoticed; somebody has turned it since."""
    lock = home.add_lock(timing=SLOW)
    await home.set_up(lock, client_type, stay_connected=True)
    await asyncio.sleep(900)
    assert home.connected(lock)
    home.go_out_of_range(lock)
    await asyncio.sleep(900)
    assert home.state() == STATE_UNAVAILABLE
    lock.turn_key("unlock")
    lock.faults.silence = True
    home.come_into_range(lock)
    await home.until(lambda: home.state() != STATE_UNAVAILABLE, within=30)
    assert home.state() == STATE_UNKNOWN
    lock.faults.clear()
    await home.until(lambda: home.state() == View.UNLOCKED, within=120)


async def test_link_that_is_lost_in_an_action_is_made_again(home: Home) -> None:
    """Who stays connected relies on it, and the action that was not sent has no reason to look at the lock."""
    lock = home.add_lock("ultra", timing=SLOW)
    await home.set_up(lock, stay_connected=True)
    await home.until(lambda: home.connected(lock))
    lock.faults.once(Once.DISCONNECT_AT_REQUEST)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=60)
    assert home.connected(lock)
    assert lock.journal.motor_runs == []


async def test_probe_that_is_answered_leaves_nothing_in_doubt(home: Home) -> None:
    lock = home.add_lock(timing=SLOW)
    await home.set_up(lock, "bridge")
    for _ in range(CHALLENGE_TRIES):
        lock.faults.drop_next_answer(Command.CHALLENGE)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    began = len(lock.journal.connections)
    await asyncio.sleep(10 * 60)
    assert home.state() == View.LOCKED
    assert len(lock.journal.connections) - began <= 1


# --- Another instance with our keys -----------------------------------------------------------------------


class Twin:
    """A copy of this installation: a restored backup that runs beside it."""

    def __init__(self, home: Home, lock: VirtualLock, session: Session) -> None:
        self._client = LockClient(
            SimulatedTransport(home.radio, lock.address),
            dialect=lock.model.dialect,
            session=session,
            app_id=APP_ID,
        )

    async def act(self, action: LockAction) -> None:
        """Act and read, which takes the flag down, before anybody else hears of it."""
        await self._client.act(action)
        await self._client.read_states()
        await self._client.disconnect()


async def shows(home: Home, view: View, within: float) -> None:
    """Let time pass until the lock entity shows a state."""
    await home.until(lambda: home.state() == view, within=within)


def session_of(entry: Any) -> Session:
    """Return the authorization of an entry."""
    return Session(
        authorization_id=entry.data["authorization_id"], shared_key=bytes.fromhex(entry.data["shared_key"])
    )


def notice(home: Home) -> ir.IssueEntry | None:
    """Return the notice about it."""
    issue = ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("flag_read_away"))
    return issue if issue is not None and issue.active else None


async def test_twin_that_reads_our_flag_away_is_noticed(home: Home) -> None:
    """A change that only a poll found, twice in a row: read as an App does, and the owner is told."""
    lock = home.add_lock(timing=SLOW)
    entry = await home.set_up(lock, "bridge")
    twin = Twin(home, lock, session_of(entry))
    await twin.act(LockAction.UNLOCK)
    assert not lock.unread_change
    await home.until(lambda: home.state() == View.UNLOCKED, within=1.1 * HOUR)
    assert notice(home) is None
    await twin.act(LockAction.LOCK)
    await home.until(lambda: home.state() == View.LOCKED, within=1.1 * HOUR)
    assert notice(home) is not None
    # From now on as late as an App, at most.
    for action, view in ((LockAction.UNLOCK, View.UNLOCKED), (LockAction.LOCK, View.LOCKED)):
        await twin.act(action)
        await shows(home, view, within=10 * 60 + 30)
    # Over a restart too.
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    assert notice(home) is not None
    await twin.act(LockAction.UNLOCK)
    await home.until(lambda: home.state() == View.UNLOCKED, within=10 * 60 + 30)
    # It is over when the flag tells again what happens.
    for turn, view in (("lock", View.LOCKED), ("unlock", View.UNLOCKED), ("lock", View.LOCKED)):
        await asyncio.sleep(60)
        lock.turn_key(turn)
        await shows(home, view, within=15)
    assert notice(home) is None


async def test_change_that_the_flag_tells_in_between_clears_the_suspicion(home: Home) -> None:
    lock = home.add_lock(timing=SLOW)
    entry = await home.set_up(lock, "bridge")
    twin = Twin(home, lock, session_of(entry))
    await twin.act(LockAction.UNLOCK)
    await home.until(lambda: home.state() == View.UNLOCKED, within=1.1 * HOUR)
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=15)
    await twin.act(LockAction.UNLOCK)
    await home.until(lambda: home.state() == View.UNLOCKED, within=2.2 * HOUR)
    assert notice(home) is None


async def test_app_suspects_nobody(home: Home) -> None:
    """Only a poll finds what happens; that is its way."""
    lock = home.add_lock(timing=SLOW)
    await home.set_up(lock, "app")
    for turn, view in (("unlock", View.UNLOCKED), ("lock", View.LOCKED), ("unlock", View.UNLOCKED)):
        lock.turn_key(turn)
        await shows(home, view, within=15 * 60)
        await asyncio.sleep(60)
    assert notice(home) is None
