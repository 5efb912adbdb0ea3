"""Actions of our own: lock 'n' go, full lock, and connecting ahead."""

import asyncio
from dataclasses import replace

from homeassistant.components.lock import LockState as View
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.virtual_lock import Kind, Moment, Timing, VirtualLock, quick
from tests.integration.home import Home
from tests.integration.texts import english

both_generations = pytest.mark.parametrize("model", ["gen3", "ultra"])
ACTIONS = ("lock_n_go", "full_lock", "connect")
every_action_that_moves = pytest.mark.parametrize("action", ["lock_n_go", "full_lock"])


def runs(lock: VirtualLock) -> list[str]:
    """Return the actions for which the motor ran."""
    return [str(entry.facts["action"]) for entry in lock.journal.motor_runs]


def orders(lock: VirtualLock) -> int:
    """Return how many lock actions have reached the lock."""
    return len(lock.journal.requests("LOCK_ACTION"))


def connections(lock: VirtualLock) -> int:
    """Return how often somebody has connected."""
    return len(lock.journal.connections)


async def failure(home: Home, action: str) -> HomeAssistantError:
    """Call an action that has to fail; the error has a text of its own."""
    with pytest.raises(HomeAssistantError) as caught:
        await home.call(action, DOMAIN)
    error = caught.value
    assert (error.translation_domain, error.translation_key is not None) == (DOMAIN, True)
    text: str = english()["exceptions"][error.translation_key]["message"]
    assert str(error) == text.rstrip(".").format(**(error.translation_placeholders or {}))
    return error


async def test_actions_are_there_before_any_lock(home: Home) -> None:
    """And stay when the last one goes, so that automations can be checked at any time."""
    entry = await home.set_up(home.add_lock())
    actions = set(home.hass.services.async_services_for_domain(DOMAIN))
    assert actions >= set(ACTIONS)
    assert await home.hass.config_entries.async_remove(entry.entry_id)
    assert set(home.hass.services.async_services_for_domain(DOMAIN)) == actions


# --- What moves the bolt ----------------------------------------------------------------------------------


@both_generations
@pytest.mark.parametrize(
    ("action", "fields", "locked", "run", "state"),
    [
        ("lock_n_go", {}, True, "LOCK_N_GO", View.UNLOCKED),
        ("lock_n_go", {"unlatch": False}, True, "LOCK_N_GO", View.UNLOCKED),
        ("lock_n_go", {"unlatch": True}, True, "LOCK_N_GO_WITH_UNLATCH", View.UNLOCKED),
        ("full_lock", {}, False, "FULL_LOCK", View.LOCKED),
    ],
)
async def test_bolt_moves_once(
    home: Home, *, model: str, action: str, fields: dict[str, bool], locked: bool, run: str, state: View
) -> None:
    lock = home.add_lock(model, locked=locked, timing=Timing())
    await home.set_up(lock)
    await home.call(action, DOMAIN, **fields)
    assert orders(lock) == 1
    assert runs(lock) == [run]
    assert home.state() == state
    await asyncio.sleep(120)
    # The way back of lock 'n' go is the lock's own doing.
    assert orders(lock) == 1
    assert runs(lock) == [run] + ["LOCK"] * (action == "lock_n_go")
    assert home.state() == View.LOCKED
    assert lock.journal.pins_sent == []
    assert lock.journal.broken_rules == []


async def test_lock_n_go_is_shown_to_its_end(home: Home) -> None:
    """The lock locks again by itself, long after the link was let go; the state does not stay at unlocked."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    await home.call("lock_n_go", DOMAIN)
    locked_at = home.now + float(lock.settings.values.lock_n_go_timeout)
    await home.until(lambda: not home.connected(lock))
    await home.until(lambda: home.state() == View.LOCKED, within=120)
    assert home.now - locked_at < 40


@every_action_that_moves
async def test_refusal_is_told(home: Home, action: str) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    for code, key in ((ErrorCode.K_BUSY, "busy"), (ErrorCode.K_NOT_CALIBRATED, "not_calibrated")):
        lock.faults.refuse_next(code, Command.LOCK_ACTION)
        assert (await failure(home, action)).translation_key == key
    assert runs(lock) == []


@every_action_that_moves
async def test_action_that_does_not_start_in_time_says_why(home: Home, action: str) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    home.radio.timing = replace(home.radio.timing, connect=18.0)
    error = await failure(home, action)
    assert error.translation_key == "not_started"
    assert (error.translation_placeholders or {})["reason"]
    await asyncio.sleep(120)
    assert orders(lock) == 0


async def test_newer_request_replaces_lock_n_go(home: Home) -> None:
    """One order of requests for all actions, whoever has named them."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    dropped, done = await asyncio.gather(
        home.call("lock_n_go", DOMAIN), home.call("unlock"), return_exceptions=True
    )
    assert isinstance(dropped, HomeAssistantError)
    assert dropped.translation_key == "replaced"
    assert done is None
    assert runs(lock) == ["UNLOCK"]


async def test_lost_answer_of_full_lock(home: Home) -> None:
    """One turn looks like two: the state proves nothing, is shown as it is, and the action is not repeated."""
    lock = home.add_lock(locked=False, timing=Timing())
    await home.set_up(lock)
    lock.faults.disconnect_at(Moment.ACCEPTED_SENT)
    with pytest.raises(HomeAssistantError) as error:
        await home.call("full_lock", DOMAIN)
    assert error.value.translation_key == "outcome_unknown"
    assert home.state() == View.LOCKED
    assert runs(lock) == ["FULL_LOCK"]
    assert orders(lock) == 1


async def test_lost_answer_of_lock_n_go(home: Home) -> None:
    """A state proves nothing: somebody else may have unlocked."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.faults.disconnect_at(Moment.ACCEPTED_SENT)
    assert (await failure(home, "lock_n_go")).translation_key == "outcome_unknown"
    assert orders(lock) == 1


# --- Connecting ahead -------------------------------------------------------------------------------------


@both_generations
async def test_next_action_uses_the_link(home: Home, model: str) -> None:
    """The time to connect lies before the action."""
    lock = home.add_lock(model)
    await home.set_up(lock)
    home.radio.timing = replace(home.radio.timing, connect=2.0)
    began, at = connections(lock), home.now
    await home.call("connect", DOMAIN)
    assert home.now - at == pytest.approx(2, abs=0.2)
    assert home.connected(lock)
    assert connections(lock) == began + 1

    await asyncio.sleep(4)
    at = home.now
    await home.call("unlock")
    assert home.now - at < 1
    assert connections(lock) == began + 1
    assert runs(lock) == ["UNLOCK"]


async def test_connecting_moves_nothing_and_asks_for_a_challenge(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    before = len(lock.journal.of(Kind.REQUEST))
    await home.call("connect", DOMAIN)
    await home.call("connect", DOMAIN)
    assert connections(lock) == 2
    # And the link is let go after the idle time.
    await asyncio.sleep(4)
    assert home.connected(lock)
    await asyncio.sleep(2)
    assert not home.connected(lock)
    # But for the challenge, which an action will need first.
    assert [entry.facts["requested"] for entry in lock.journal.of(Kind.REQUEST)[before:]] == ["CHALLENGE"]
    assert orders(lock) == 0


async def test_connecting_and_an_action_at_once(home: Home) -> None:
    """A proximity automation may fire while the link is still being opened."""
    lock = home.add_lock()
    await home.set_up(lock)
    home.radio.timing = replace(home.radio.timing, connect=2.0)
    began = connections(lock)
    await asyncio.gather(home.call("connect", DOMAIN), home.call("unlock"))
    assert connections(lock) == began + 1
    assert runs(lock) == ["UNLOCK"]


async def test_connecting_in_vain_says_why(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    home.go_out_of_range(lock)
    error = await failure(home, "connect")
    assert error.translation_key == "unreachable"
    assert "receives the lock" in str(error)
    # What is known stays known: nothing was asked for.
    assert home.state() == View.LOCKED
    home.come_into_range(lock)
    await home.call("connect", DOMAIN)
    assert home.connected(lock)


# --- What is no call --------------------------------------------------------------------------------------


async def test_unknown_fields_are_refused(home: Home) -> None:
    lock = home.add_lock(timing=quick(advertising_interval=5))
    await home.set_up(lock)
    with pytest.raises(vol.Invalid):
        await home.call("lock_n_go", DOMAIN, unlatch="perhaps")
    with pytest.raises(vol.Invalid):
        await home.call("full_lock", DOMAIN, unlatch=True)
    with pytest.raises((vol.Invalid, ServiceValidationError)):
        await home.hass.services.async_call(DOMAIN, "connect", {}, blocking=True)
    assert orders(lock) == 0
