"""Somebody without any key says that the lock does not know us: that is told, but not for ever."""

import asyncio

from homeassistant.components.lock import LockState as View
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_UNKNOWN
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.impostor import knows_nobody
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import Home
from tests.link.impostors import replaced, returned

HOUR = 3600.0


def reauth_flows(home: Home) -> list[str]:
    """Return the steps of the flows that ask for pairing again."""
    return [
        str(flow["step_id"])
        for flow in home.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


async def locked_out(home: Home, model: str = "gen3", **options: object) -> VirtualLock:
    """Return a lock whose impostor has said often enough that it knows nobody."""
    lock = home.add_lock(model, timing=quick(advertising_interval=2))
    await home.set_up(lock, **options)  # type: ignore[arg-type]
    await replaced(home, lock, knows_nobody(lock.model.dialect))
    await home.read()
    await home.until(lambda: reauth_flows(home), within=60)
    assert home.state("connection") == "not_authorized"
    assert home.state() == STATE_UNKNOWN
    return lock


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_lock_that_is_back_is_read_within_an_hour(home: Home, model: str) -> None:
    """And the dialog closes: there is nothing to pair again."""
    lock = await locked_out(home, model)
    await returned(home, lock)
    await home.until(lambda: home.state() == View.LOCKED, within=HOUR + 60)
    await home.hass.async_block_till_done()
    assert reauth_flows(home) == []
    assert home.state("connection") == "ok"


async def test_lock_that_reappears_is_read_at_once(home: Home) -> None:
    """Whoever jammed it is gone."""
    lock = await locked_out(home)
    home.go_out_of_range(lock)
    await home.until(lambda: home.state("connection") == "not_authorized")
    await asyncio.sleep(900)
    await returned(home, lock)
    home.come_into_range(lock)
    await home.until(lambda: home.state() == View.LOCKED, within=60)
    await home.hass.async_block_till_done()
    assert reauth_flows(home) == []


async def test_action_that_works_closes_the_dialog(home: Home) -> None:
    lock = await locked_out(home)
    await returned(home, lock)
    await home.call("unlock")
    await home.hass.async_block_till_done()
    assert home.state() == View.UNLOCKED
    assert reauth_flows(home) == []


async def test_dialog_that_is_on_its_way_stays(home: Home) -> None:
    """The owner holds the button: what begins with that is not taken away."""
    lock = await locked_out(home)
    (flow,) = home.flows(lock)
    form = await home.submit(await home.hass.config_entries.flow.async_configure(flow["flow_id"]))
    waiting = await home.submit(form, client_type="app")
    assert waiting["step_id"] == "button"
    await returned(home, lock)
    await asyncio.sleep(60)
    assert reauth_flows(home) == ["button"]


async def test_a_refused_pin_opens_no_such_dialog(home: Home) -> None:
    """Locking works without the PIN; a repair asks for it, and stays when the lock knows us."""
    lock = home.add_lock(timing=quick(advertising_interval=2))
    await home.set_up(lock, pin="1111")
    issues = ir.async_get(home.hass)
    await home.until(lambda: issues.async_get_issue(DOMAIN, home.issue_id("pin_refused")), within=30)
    await home.read()
    await home.hass.async_block_till_done()
    assert issues.async_get_issue(DOMAIN, home.issue_id("pin_refused"))
    assert reauth_flows(home) == []
