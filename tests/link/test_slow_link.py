"""Connecting takes longer than an action may wait: an action that is tried again gets through, and a repair says why."""

import asyncio
from dataclasses import replace

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.integration.home import Home


def be_slow(home: Home, takes: float) -> None:
    """Let each connection take so many seconds from now on."""
    home.radio.timing = replace(home.radio.timing, connect=takes)


def issue(home: Home) -> ir.IssueEntry | None:
    """Return the repair about it."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("slow_link"))


def orders(lock: VirtualLock) -> int:
    """Return how often an action was written."""
    return len(lock.journal.requests("LOCK_ACTION"))


async def dropped(home: Home) -> HomeAssistantError:
    """Unlock, which is dropped."""
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("unlock")
    assert caught.value.translation_key == "not_started"
    assert "Discard an action after" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("takes", [18.0, 25.0, 40.0])
async def test_the_next_action_finds_the_link(home: Home, takes: float) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    be_slow(home, takes)
    began, connections = home.now, len(home.radio.connections)
    await dropped(home)
    await asyncio.sleep(began + takes - 10 - home.now)
    await home.call("unlock")
    assert home.now - began < takes + 2
    assert (home.state(), orders(lock)) == ("unlocked", 1)
    assert len(home.radio.connections) == connections + 1


@pytest.mark.parametrize("takes", [18.0, 25.0, 40.0])
async def test_a_repair_with_the_measured_time(home: Home, takes: float) -> None:
    """After three; it goes when connecting is faster again."""
    lock = home.add_lock()
    await home.set_up(lock)
    be_slow(home, takes)
    for count in range(3):
        assert issue(home) is None, count
        await dropped(home)
        await asyncio.sleep(90)
    found = issue(home)
    assert found is not None
    placeholders = found.translation_placeholders or {}
    assert (placeholders["seconds"], placeholders["deadline"]) == (f"{takes:.0f}", "15")
    assert orders(lock) == 0
    be_slow(home, 1.0)
    await home.call("unlock")
    assert issue(home) is None


async def test_a_lock_that_cannot_be_reached_is_not_slow(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    home.go_out_of_range(lock)
    home.radio.timing = replace(home.radio.timing, connect_timeout=4.0)
    for _ in range(4):
        with pytest.raises(HomeAssistantError) as caught:
            await home.call("unlock")
        assert caught.value.translation_key in {"unreachable", "not_started"}
    assert issue(home) is None
