"""Pairing again: whoever looks like the lock gets no PIN that the owner has not just entered, and no place."""

import asyncio
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, ConfigFlowResult
from homeassistant.const import STATE_UNKNOWN
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.link.rules import BELIEF
from custom_components.smartlock.pairing.identity import async_known_uuid
from simulator.impostor import knows_nobody
from simulator.virtual_lock import Kind, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home
from tests.integration.test_config_flow import CHOICES, fields, pins, press, step, to_button
from tests.link.impostors import replaced
from tests.storage.disks import SimulatedDisk

FINISHED = "smartlock.pairings"
IDENTITY = "smartlock.33C335C5.identity"
every_kind = pytest.mark.parametrize("kind", list(CHOICES))


async def added(home: Home, kind: str) -> tuple[VirtualLock, Any]:
    """Add a lock by its dialog."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow = await press(home, lock, await to_button(home, lock, **choice))
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    entry = flow["result"]
    await home.settled(entry, lock)
    return lock, entry


async def another(home: Home, lock: VirtualLock, model: str) -> VirtualLock:
    """Put another lock in the place of one, with the same address: reset to factory settings, or somebody else's."""
    await home.radio.remove_peripheral(lock.address)
    return home.add_lock(model)


async def reconfigure(home: Home, entry: Any) -> ConfigFlowResult:
    """Start pairing again from the page of the entry."""
    return await home.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def test_stored_pin_is_never_sent_in_a_pairing(home: Home) -> None:
    """An impostor says "not authorized"; in pairing mode it would get the PIN in the first exchange."""
    lock = home.add_lock("ultra", timing=quick(advertising_interval=2))
    entry = await home.set_up(lock, pin=str(PINS["ultra"]))
    await replaced(home, lock, knows_nobody(lock.model.dialect))
    await home.read()
    await home.until(lambda: home.flows(lock), within=60)
    (flow,) = home.flows(lock)
    impostor = await another(home, lock, "ultra")
    form = await home.submit(await home.hass.config_entries.flow.async_configure(flow["flow_id"]))
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "pair_again_with_pin")
    assert fields(form)["pin"] is vol.Required
    impostor.enter_pairing_mode()
    with pytest.raises(InvalidData):
        await home.submit(form)
    await home.hass.async_block_till_done()
    assert pins(impostor) == []
    assert str(PINS["ultra"]) not in str(form)
    assert entry.options["pin"] == str(PINS["ultra"])


async def test_reconfigure_asks_for_the_pin_too(home: Home) -> None:
    lock = home.add_lock("ultra")
    entry = await home.set_up(lock, pin=str(PINS["ultra"]))
    form = await reconfigure(home, entry)
    assert (step(form), fields(form)["pin"]) == ("pair", vol.Required)


@every_kind
async def test_the_same_lock_is_recognised(home: Home, kind: str, hass_storage: dict[str, Any]) -> None:
    """Nothing is asked besides."""
    lock, entry = await added(home, kind)
    assert await async_known_uuid(home.hass, NUKI_ID)
    assert IDENTITY in hass_storage
    form = await reconfigure(home, entry)
    flow = await press(home, lock, await home.submit(form, **CHOICES[kind][1]))
    assert flow["reason"] == "reconfigure_successful"
    await home.hass.async_block_till_done()
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert IDENTITY not in hass_storage


@every_kind
async def test_another_lock_is_named_as_such(home: Home, kind: str, hass_storage: dict[str, Any]) -> None:
    """It takes no place before the owner says that the lock was reset."""
    model, choice = CHOICES[kind]
    lock, entry = await added(home, kind)
    before, options, known = dict(entry.data), dict(entry.options), await async_known_uuid(home.hass, NUKI_ID)
    other = await another(home, lock, model)
    form = await reconfigure(home, entry)
    flow = await press(home, other, await home.submit(form, **choice))
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "another_lock")
    # Neither used nor kept, and a PIN that pairing does not need was not sent.
    assert not [e for e in other.journal.of(Kind.REQUEST) if e.facts["authorization"] is not None]
    assert pins(other) == ([("AUTHORIZATION_DATA", True)] if model == "ultra" else [])
    assert hass_storage[FINISHED]["data"].get(lock.address, {}).get("data") in (None, before)
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    await home.hass.async_block_till_done()
    assert (dict(entry.data), dict(entry.options)) == (before, options)
    assert await async_known_uuid(home.hass, NUKI_ID) == known


@every_kind
async def test_lock_that_was_reset_goes_on_when_the_owner_says_so(home: Home, kind: str) -> None:
    model, choice = CHOICES[kind]
    lock, entry = await added(home, kind)
    known = await async_known_uuid(home.hass, NUKI_ID)
    reset = await another(home, lock, model)
    form = await reconfigure(home, entry)
    flow = await press(home, reset, await home.submit(form, **choice))
    assert flow["step_id"] == "another_lock"
    flow = await home.progressed(await home.submit(flow))
    assert flow["reason"] == "reconfigure_successful"
    await home.hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    await home.until(lambda: home.state() == "locked", within=60)
    assert await async_known_uuid(home.hass, NUKI_ID) not in (None, known)
    # From now on it is the known one.
    form = await reconfigure(home, entry)
    flow = await press(home, reset, await home.submit(form, **choice))
    assert flow["reason"] == "reconfigure_successful"


async def test_lock_that_was_reset_while_the_disk_is_full(home: Home) -> None:
    """Its new keys are used only once they are on disk; until then the old ones stay, and nothing is pressed again."""
    lock, entry = await added(home, "bridge")
    before = dict(entry.data)
    reset = await another(home, lock, "gen3")
    flow = await press(home, reset, await home.submit(await reconfigure(home, entry), client_type="bridge"))
    assert flow["step_id"] == "another_lock"
    disk = SimulatedDisk()
    disk.fail()
    try:
        flow = await home.progressed(await home.submit(flow))
        assert (flow["type"], flow["errors"]) == (FlowResultType.FORM, {"base": "keys_not_stored"})
        assert entry.data == before
    finally:
        disk.mend()
    flow = await home.progressed(await home.submit(flow))
    assert flow["reason"] == "reconfigure_successful"
    await home.until(lambda: home.state() == "locked", within=60)


async def test_lock_that_was_paired_before_its_uuid_was_kept(home: Home) -> None:
    """There is nothing to compare with; from now on there is."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    assert await async_known_uuid(home.hass, NUKI_ID) is None
    form = await reconfigure(home, entry)
    flow = await press(home, lock, await home.submit(form, client_type="app"))
    assert flow["reason"] == "reconfigure_successful"
    assert await async_known_uuid(home.hass, NUKI_ID)


@pytest.mark.parametrize("stored", [[], {}, "x", {"uuid": 7}, {"uuid": "zz"}])
async def test_damaged_file(home: Home, hass_storage: dict[str, Any], stored: Any) -> None:
    """Like none."""
    hass_storage[IDENTITY] = {"version": 1, "minor_version": 1, "key": IDENTITY, "data": stored}
    assert await async_known_uuid(home.hass, NUKI_ID) is None


# --- While the dialog waits for the button ------------------------------------------------------------------


async def waiting_for_the_button(home: Home, entry: Any, client_type: str) -> ConfigFlowResult:
    """Start pairing again and go as far as the button."""
    form = await home.submit(await reconfigure(home, entry), client_type=client_type)
    assert (form["type"], form["step_id"]) == (FlowResultType.SHOW_PROGRESS, "button")
    return form


async def test_turned_by_hand_while_the_dialog_waits(home: Home) -> None:
    """The lock is not read meanwhile, so that what was read before is not shown for longer than usual."""
    lock = home.add_lock(timing=quick(advertising_interval=2))
    entry = await home.set_up(lock, "bridge")
    await waiting_for_the_button(home, entry, "bridge")
    lock.turn_key("unlock")
    began = len(lock.journal.connections)
    await home.until(lambda: home.state() != View.LOCKED, within=BELIEF + 5)
    assert home.state() == STATE_UNKNOWN
    assert len(lock.journal.connections) == began


@pytest.mark.parametrize("client_type", ["app", "bridge"])
async def test_stays_connected_after_a_dialog_that_came_to_nothing(home: Home, client_type: str) -> None:
    lock = home.add_lock(timing=quick(advertising_interval=2))
    entry = await home.set_up(lock, client_type, stay_connected=True)
    await home.until(lambda: home.connected(lock))
    form = await waiting_for_the_button(home, entry, client_type)
    await asyncio.sleep(30)
    assert not home.connected(lock)
    home.hass.config_entries.flow.async_abort(form["flow_id"])
    await home.until(lambda: home.connected(lock), within=15)
    await asyncio.sleep(300)
    assert home.connected(lock)


async def test_two_dialogs_about_one_lock(home: Home) -> None:
    """The end of one does not end the wait of the other: the lock is left alone until both are closed."""
    lock = home.add_lock(timing=quick(advertising_interval=2))
    entry = await home.set_up(lock, "bridge")
    first = await waiting_for_the_button(home, entry, "bridge")
    await waiting_for_the_button(home, entry, "bridge")
    home.hass.config_entries.flow.async_abort(first["flow_id"])
    await asyncio.sleep(1)
    began = len(lock.journal.connections)
    lock.turn_key("unlock")
    await asyncio.sleep(30)
    assert len(lock.journal.connections) == began
