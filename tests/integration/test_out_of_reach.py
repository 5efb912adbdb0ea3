"""An action on a lock that nobody hears: the caller learns that nothing has happened."""

import asyncio

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import intent
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.integration.home import PINS, Home


async def out_of_reach(home: Home) -> VirtualLock:
    """Set a lock up that is then not heard for so long that it is shown as unavailable."""
    lock = home.add_lock()
    await home.set_up(lock, pin=str(PINS["gen3"]))
    home.go_out_of_range(lock)
    await home.until(lambda: home.state() == STATE_UNAVAILABLE)
    return lock


def orders(lock: VirtualLock) -> int:
    """Return how often something was asked of the bolt."""
    return len(lock.journal.requests("LOCK_ACTION")) + len(lock.journal.pins_sent)


@pytest.mark.parametrize(
    ("domain", "action"),
    [
        ("lock", "lock"),
        ("lock", "unlock"),
        ("lock", "open"),
        *((DOMAIN, each) for each in ("lock_n_go", "full_lock", "connect", "calibrate", "reboot")),
    ],
)
async def test_an_action_says_that_nothing_was_sent(home: Home, domain: str, action: str) -> None:
    """At once, in words, and nothing happens later."""
    lock = await out_of_reach(home)
    before, began = orders(lock), home.now
    with pytest.raises(HomeAssistantError) as caught:
        await home.call(action, domain)
    assert caught.value.translation_key == "unreachable"
    assert "nothing was sent" in str(caught.value)
    assert home.now - began < 0.5
    assert home.state() == STATE_UNAVAILABLE
    home.come_into_range(lock)
    await home.until(lambda: home.state() == "locked")
    await asyncio.sleep(120)
    assert orders(lock) == before
    await home.call("unlock")
    assert home.state() == "unlocked"


async def test_a_group_says_so_too(home: Home) -> None:
    lock = await out_of_reach(home)
    home.hass.states.async_set("lock.other", "locked")
    await home.lock_group("lock.other", home.entity_id("lock"))
    with pytest.raises(HomeAssistantError):
        await home.hass.services.async_call("lock", "unlock", {"entity_id": "lock.doors"}, blocking=True)
    assert len(lock.journal.requests("LOCK_ACTION")) == 0


async def test_a_voice_assistant_says_so_too(home: Home) -> None:
    """Instead of "Locked"."""
    await out_of_reach(home)
    assert await async_setup_component(home.hass, "homeassistant", {})
    assert await async_setup_component(home.hass, "intent", {})
    with pytest.raises(intent.IntentHandleError):
        await intent.async_handle(
            home.hass, "test", intent.INTENT_TURN_ON, {"name": {"value": "Villa Kunterbunt"}}
        )


async def test_what_others_see_stays_unavailable(home: Home) -> None:
    """HomeKit, Alexa and Google take *unknown* for something that it is not."""
    await out_of_reach(home)
    state = home.full_state()
    assert state.state == STATE_UNAVAILABLE
    assert home.states() == {STATE_UNAVAILABLE}
