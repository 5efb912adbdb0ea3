"""Low batteries and faults reach the phones that the owner has chosen: once, with what to do, and without an automation."""

from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import Jam
from tests.faults.test_faults import fails
from tests.integration.home import Home


class Phone:
    """A phone with the companion app."""

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        app = MockConfigEntry(domain="mobile_app", title=name, data={"device_name": name})
        app.add_to_hass(hass)
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=app.entry_id, identifiers={("mobile_app", name)}, name=name
        )
        self.id = device.id
        self.received: list[dict[str, Any]] = []

        @callback
        def receive(call: ServiceCall) -> None:
            self.received.append(dict(call.data))

        hass.services.async_register("notify", f"mobile_app_{name.lower()}", receive)

    @property
    def titles(self) -> list[str]:
        """The titles of what it has shown."""
        return [each["title"] for each in self.received]


async def chosen_in_repair(home: Home, key: str, *phones: Phone) -> str:
    """Choose phones in a repair, as its owner does; return how its dialog ends."""
    assert await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    manager = home.hass.data[REPAIRS_DOMAIN]["flow_manager"]
    flow = await manager.async_init(DOMAIN, data={"issue_id": home.issue_id(key)})
    assert "phones" in flow["menu_options"]
    flow = await manager.async_configure(flow["flow_id"], {"next_step_id": "phones"})
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "phones")
    given = {"phones": [phone.id for phone in phones]} if phones else {}
    return str((await manager.async_configure(flow["flow_id"], given))["reason"])


async def test_a_low_battery_reaches_the_phone_from_its_repair(home: Home) -> None:
    """At once, again when the next batteries are low, and not because of a restart. The lock is not set up again."""
    phone, other = Phone(home.hass, "Anna"), Phone(home.hass, "Bert")
    lock = home.add_lock()
    entry = await home.set_up(lock, "bridge")
    runtime = entry.runtime_data
    lock.set_battery(18)
    await home.read()
    assert phone.received == []
    assert await chosen_in_repair(home, "battery_critical", phone) == "phones_told"
    (notice,) = phone.received
    assert notice["title"] == "Villa Kunterbunt: batteries critical"
    assert notice["message"] == "Go to Settings > System > Repairs to see what to do."
    assert notice["data"]["url"] == notice["data"]["clickAction"] == "/config/repairs"
    # The repair is still there: the batteries are as low as before.
    assert ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("battery_critical"))
    await home.hass.async_block_till_done()
    assert entry.runtime_data is runtime

    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    assert len(phone.received) == 1
    lock.set_battery(100)
    await home.read()
    lock.set_battery(18)
    await home.read()
    await home.until(lambda: len(phone.received) == 2)
    assert phone.titles == ["Villa Kunterbunt: batteries critical"] * 2
    assert other.received == []

    assert await chosen_in_repair(home, "battery_critical") == "no_phones"
    lock.jam(Jam.MOTOR)
    assert await fails(home)
    assert len(phone.received) == 2


async def test_a_dead_clutch_says_first_that_people_may_be_locked_out(home: Home) -> None:
    """The phones are chosen in the options, for all that is urgent; one that is gone does not hold up the others."""
    phone, gone = Phone(home.hass, "Anna"), Phone(home.hass, "Bert")
    lock = home.add_lock()
    entry = await home.set_up(lock, "bridge")
    flow = await home.hass.config_entries.options.async_init(entry.entry_id)
    flow = await home.hass.config_entries.options.async_configure(flow["flow_id"], {"next_step_id": "phones"})
    await home.hass.config_entries.options.async_configure(
        flow["flow_id"], {"phones": [gone.id, "0123", phone.id]}
    )
    home.hass.services.async_remove("notify", "mobile_app_bert")
    lock.jam(Jam.CLUTCH)
    assert await fails(home)
    await home.until(lambda: phone.received)
    (notice,) = phone.received
    assert notice["title"] == "Villa Kunterbunt: the clutch has failed"
    assert notice["message"].startswith("Do not let the door fall shut: you may be locked out.")
    # Not urgent: the lock works without its PIN.
    lock.set_pin(1111)
    await home.hass.async_block_till_done()
    assert len(phone.received) == 1


async def test_a_phone_whose_app_breaks_does_not_hold_up_the_others(home: Home) -> None:
    broken, phone = Phone(home.hass, "Bert"), Phone(home.hass, "Anna")
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.set_battery(18)
    await home.read()

    async def fail(call: ServiceCall) -> None:
        raise KeyError("webhook")

    home.hass.services.async_register("notify", "mobile_app_bert", fail)
    assert await chosen_in_repair(home, "battery_critical", broken, phone) == "phones_told"
    assert len(phone.received) == 1


async def test_a_lock_that_was_unloaded_while_phones_were_chosen(home: Home) -> None:
    phone = Phone(home.hass, "Anna")
    lock = home.add_lock()
    entry = await home.set_up(lock, "bridge")
    lock.set_battery(18)
    await home.read()
    assert await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    manager = home.hass.data[REPAIRS_DOMAIN]["flow_manager"]
    flow = await manager.async_init(DOMAIN, data={"issue_id": home.issue_id("battery_critical")})
    flow = await manager.async_configure(flow["flow_id"], {"next_step_id": "phones"})
    await home.hass.config_entries.async_unload(entry.entry_id)
    result = await manager.async_configure(flow["flow_id"], {"phones": [phone.id]})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")
