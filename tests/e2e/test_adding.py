"""Adding a lock: from the advertisement to the entities, and every way around an error."""

import asyncio
from typing import Any

import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, open_pairing_form, submit_pairing_form
from simulator.home_assistant import FlowResult, RequestError
from simulator.virtual_lock import Habits, Kind, VirtualLock
from tests.e2e.conftest import PIN, PIN_OF_SIX, Mount
from tests.e2e.owned import discovered, owned_lock, pair

ENTITIES = {
    "lock": "lock",
    "battery": "sensor",
    "door": "binary_sensor",
    "clutch_fault": "binary_sensor",
    "motor_blocked": "binary_sensor",
    "battery_critical": "binary_sensor",
    "battery_charging": "binary_sensor",
}


def fields(form: FlowResult) -> dict[str, dict[str, Any]]:
    """Return the fields of a form by their names."""
    return {field["name"]: field for field in form["data_schema"]}


def pins(lock: VirtualLock) -> list[tuple[str, bool]]:
    """Return with which commands the lock got a PIN, and whether it was right."""
    return [(str(entry.facts["command"]), bool(entry.facts["accepted"])) for entry in lock.journal.pins_sent]


async def test_a_lock_whose_homekit_frame_comes_first_is_discovered(house: House, mount: Mount) -> None:
    """Home Assistant announces it once, to whom the first frame belongs; its beacon is the second."""
    lock = mount(homekit=True, unheard=1)
    flow_id = await discovered(house, lock)
    form = await open_pairing_form(house.api, flow_id)
    assert list(fields(form)) == ["client_type", "pin"]


async def test_a_discovered_lock_is_added_as_app(house: House, mount: Mount) -> None:
    lock = mount()
    api = house.api
    flow_id = await discovered(house, lock)
    # Nothing was sent to the lock yet: nobody has agreed to it.
    assert lock.journal.connections == []

    form = await open_pairing_form(api, flow_id)
    asked = fields(form)
    assert list(asked) == ["client_type", "pin"]
    assert asked["client_type"]["required"]
    # A choice that can throw out the owner's Bridge is not made for him.
    assert "default" not in asked["client_type"]
    assert not asked["pin"]["required"]

    result = await pair(house, lock, flow_id, client_type="app")
    owned = await owned_lock(house, lock, result)

    assert result["title"] == "Front door"
    (entry,) = await api.entries(DOMAIN)
    assert entry["state"] == "loaded"
    (device,) = await api.devices(DOMAIN)
    assert device["identifiers"] == [[DOMAIN, f"{lock.nuki_id:08X}"]]
    assert ["bluetooth", lock.address] in device["connections"]
    assert device["manufacturer"] == "Nuki"
    wanted = {f"{lock.nuki_id:08X}_{key}": getattr(owned.entities, key) for key in ENTITIES}
    assert wanted.items() <= (await api.entity_ids(DOMAIN)).items()
    assert {key: getattr(owned.entities, key).split(".")[0] for key in ENTITIES} == ENTITIES

    (authorization,) = lock.authorizations
    assert authorization.id_type.name == "APP"
    assert pins(lock) == []
    assert owned.rules_broken == []
    assert owned.motor_runs == []


async def test_the_fifth_generation_is_added_with_its_pin(house: House, mount: Mount) -> None:
    lock = mount("ultra")
    api = house.api
    flow_id = await discovered(house, lock)
    form = await open_pairing_form(api, flow_id)
    assert list(fields(form)) == ["pin"]
    assert fields(form)["pin"]["required"]

    form = await api.submit(flow_id, pin="12345")
    assert form["errors"] == {"pin": "pin_format"}
    assert lock.journal.pins_sent == []

    form = await _failed_pairing(house, lock, flow_id, pin="111111")
    assert form["errors"] == {"pin": "wrong_pin"}
    # The same one is not even sent again: the lock counts.
    form = await api.submit(flow_id, pin="111111")
    assert form["errors"] == {"pin": "wrong_pin"}
    assert [accepted for _, accepted in pins(lock)] == [False]

    owned = await owned_lock(house, lock, await pair(house, lock, flow_id, pin=str(PIN_OF_SIX)))
    assert [accepted for _, accepted in pins(lock)] == [False, True]
    await owned.call("unlock")
    assert owned.state() == "unlocked"
    assert owned.motor_runs == ["UNLOCK"]
    assert len(lock.journal.pins_sent) == 2
    assert owned.rules_broken == []


async def test_a_pin_that_pairing_does_not_need_is_verified_once(house: House, mount: Mount) -> None:
    lock = mount()
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)

    await submit_pairing_form(house.api, flow_id, client_type="app", pin="1111")
    lock.enter_pairing_mode()
    menu = await house.api.finish_progress(flow_id)
    # It has paired all the same; only the PIN is missing, and no button has to be held.
    assert (menu["type"], menu["step_id"]) == ("menu", "pin_missing")
    form = await house.api.submit(flow_id, next_step_id="missing_pin")
    assert list(fields(form)) == ["pin"]
    await house.api.submit(flow_id, pin=str(PIN))
    result = await house.api.finish_progress(flow_id)

    assert result["type"] == "create_entry"
    assert pins(lock) == [("VERIFY_SECURITY_PIN", False), ("VERIFY_SECURITY_PIN", True)]
    assert len(lock.authorizations) == 1
    assert len(lock.journal.of(Kind.AUTHORIZATION_ADDED)) == 1


async def test_a_full_table_is_explained_and_can_be_mended(house: House, mount: Mount) -> None:
    lock = mount(habits=Habits(max_authorizations=1))
    lock.authorizations.add(bytes(32), app_id=1, name="Somebody's phone")
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)

    form = await _failed_pairing(house, lock, flow_id, client_type="app")
    assert form["errors"] == {"base": "table_full"}

    lock.delete_authorization(0)
    result = await pair(house, lock, flow_id, client_type="app")
    assert result["type"] == "create_entry"


async def test_a_lock_is_found_by_searching(house: House, mount: Mount) -> None:
    lock, other = mount(), mount(name="Back door")
    api = house.api
    await discovered(house, lock)
    await discovered(house, other)

    form = await api.start_flow(DOMAIN)
    assert form["step_id"] == "user"
    options = fields(form)["address"]["selector"]["select"]["options"]
    assert {lock.address, other.address} <= {option["value"] for option in options}
    form = await api.submit(form["flow_id"], address=lock.address)
    assert form["step_id"] in ("pair", "pair_with_pin")
    result = await pair(house, lock, form["flow_id"], client_type="app")

    assert result["title"] == "Front door"
    # The discovered one has become pointless, that of the other lock has not.
    waiting = {flow["context"]["unique_id"] for flow in await api.discovered(DOMAIN)}
    assert lock.address not in waiting
    assert other.address in waiting
    assert other.journal.connections == []


async def test_pairing_again_replaces_our_own_authorization(house: House, mount: Mount) -> None:
    lock = mount()
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    owned = await owned_lock(house, lock, await pair(house, lock, flow_id, client_type="app"))
    await house.api.remove_entry(owned.entry_id)

    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    owned = await owned_lock(house, lock, await pair(house, lock, flow_id, client_type="bridge"))

    (authorization,) = lock.authorizations
    assert authorization.id_type.name == "BRIDGE"
    await owned.call("unlock")
    assert owned.motor_runs == ["UNLOCK"]


@pytest.mark.complaint("no longer recognizes Home Assistant")
async def test_an_authorization_removed_in_the_app_is_asked_for_again(house: House, mount: Mount) -> None:
    lock = mount()
    api = house.api
    flow_id = await discovered(house, lock)
    await open_pairing_form(api, flow_id)
    owned = await owned_lock(house, lock, await pair(house, lock, flow_id, client_type="bridge"))

    # Over a link with a challenge in hand the action is sent at once, and a refusal in plain text proves nothing.
    await owned.disconnect()
    lock.delete_authorization(0)
    with pytest.raises(RequestError) as failure:
        await owned.call("unlock")
    assert failure.value.translation_key == "not_authorized"
    async with asyncio.timeout(60):
        while not (
            flows := [flow for flow in await api.discovered(DOMAIN) if flow["context"]["source"] == "reauth"]
        ):
            await asyncio.sleep(0.2)
    (reauth,) = flows
    form = await api.submit(reauth["flow_id"])
    assert form["step_id"] in ("pair", "pair_with_pin")
    await api.submit(reauth["flow_id"], client_type="bridge")
    lock.enter_pairing_mode()
    result = await api.finish_progress(reauth["flow_id"])
    assert result["reason"] == "reauth_successful"

    await owned.shows("lock", "locked")
    await owned.call("unlock")
    assert owned.motor_runs == ["UNLOCK"]


async def _failed_pairing(house: House, lock: VirtualLock, flow_id: str, **answers: str) -> FlowResult:
    """Fill in the form and hold the button; return the form that is shown again."""
    step = await house.api.submit(flow_id, **answers)
    assert step["type"] == "progress"
    lock.enter_pairing_mode()
    form = await house.api.finish_progress(flow_id)
    assert form["step_id"] in ("pair", "pair_with_pin")
    return form
