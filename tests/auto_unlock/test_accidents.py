"""What happens in real homes, with nobody meaning harm: none of it opens the door to somebody who is inside."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from simulator.local_adapter import LocalAdapter
from simulator.phone import BeaconPhone, Recording, VirtualPhone
from simulator.virtual_lock import Kind
from tests.auto_unlock.arrivals import TRACKER, Resident, resident
from tests.integration.home import Home

PERSON = "person.anna"
TABLET = "device_tracker.annas_tablet"
ROUTER = "device_tracker.annas_phone_router"
BEACON = "device_tracker.annas_phone_ble"
GARAGE = "binary_sensor.garage"
UUID_OF_PHONE = UUID("2f234454-cf6d-4a0f-adf2-f4911ba9ffa6")
IBEACON: dict[str, Any] = {"evidence": "ibeacon", "uuid": str(UUID_OF_PHONE), "major": 1, "minor": 2}


async def people(home: Home, **trackers: list[str]) -> None:
    """Set up persons with their trackers."""
    persons = [{"id": name, "name": name.title(), "device_trackers": each} for name, each in trackers.items()]
    assert await async_setup_component(home.hass, "person", {"person": persons})
    await home.hass.async_block_till_done()


def connected(home: Home, tracker: str, kind: str, *, present: bool) -> None:
    """Let a router or Bluetooth tell whether it sees the phone."""
    attributes = {
        "source_type": kind,
        "tracking_type": "connection",
        "in_zones": ["zone.home"] if present else [],
    }
    home.hass.states.async_set(tracker, "home" if present else "not_home", attributes)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let the machine sleep: the wall clock goes on, and that of the loop stands still."""
    utcnow, slept = dt_util.utcnow, timedelta(0)

    def now() -> datetime:
        return utcnow() + slept

    monkeypatch.setattr(dt_util, "utcnow", now)

    def sleep(duration: timedelta) -> None:
        nonlocal slept
        slept += duration

    return sleep


async def plays_her_phone(anna: Resident) -> None:
    """Let somebody play at the door what her phone sends at this moment, somewhere else."""
    recording = Recording.of(anna.phone.identity, anna.home.now)
    async with VirtualPhone(anna.home.radio, recording) as attacker:
        attacker.walk({anna.home.adapter: -45}, 20)
        await anna.sleep(90)


async def passes_the_door(anna: Resident) -> None:
    """Let her walk from her room to the front door, inside."""
    anna.phone.go_away()
    await anna.sleep(5)
    await anna.walk_to_the_door()
    await anna.sleep(60)


# --- The phone ----------------------------------------------------------------------------------------------


async def test_kept_positions_of_a_phone_in_flight_mode(home: Home) -> None:
    """She is at home again, by key, when her phone delivers where it has been."""
    async with resident(home) as anna:
        anna.phone.go_away()
        await anna.sleep(3600)
        for metres in (900, 1500, 2100, 1500, 900):
            anna.report(metres)
            await anna.sleep(80)
        anna.report(20)
        await anna.sleep(30)
        await passes_the_door(anna)
        assert anna.orders == 0


async def test_kept_positions_of_a_phone_that_is_heard_again(home: Home) -> None:
    """Out of flight mode, the radio comes first."""
    async with resident(home) as anna:
        anna.phone.go_away()
        await anna.sleep(3600)
        anna.phone.place({home.adapter: -75})
        await anna.sleep(20)
        anna.phone.go_away()
        for metres in (900, 1500, 2100, 1500, 900):
            anna.report(metres)
            await anna.sleep(80)
        anna.report(20)
        await anna.sleep(30)
        await passes_the_door(anna)
        assert anna.orders == 0


async def test_a_second_tracker_that_stays_at_home(home: Home) -> None:
    """A tablet says home while she is away with her phone, and somebody plays her phone."""
    home.hass.states.async_set(TABLET, "home", {"source_type": "gps"})
    await people(home, anna=[TRACKER, TABLET])
    async with resident(home, person=PERSON) as anna:
        await anna.leave()
        place = {"latitude": home.hass.config.latitude, "longitude": home.hass.config.longitude}
        home.hass.states.async_set(TABLET, "home", {"source_type": "gps", "gps_accuracy": 10, **place})
        await anna.sleep(10)
        await plays_her_phone(anna)
        assert anna.orders == 0
        # She herself is let in.
        await anna.leave()
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


async def test_a_bluetooth_tracker_takes_the_recording_for_her(home: Home) -> None:
    """Her phone itself says that it is 3 km away, exact to 15 m."""
    connected(home, BEACON, "bluetooth_le", present=True)
    await people(home, anna=[TRACKER, BEACON])
    async with resident(home, person=PERSON) as anna:
        connected(home, BEACON, "bluetooth_le", present=False)
        await anna.leave()
        anna.report(3000)
        await anna.sleep(60)
        connected(home, BEACON, "bluetooth_le", present=True)
        await anna.sleep(5)
        await plays_her_phone(anna)
        assert anna.orders == 0


async def test_a_bluetooth_tracker_that_keeps_her_at_home_does_not_hold_up_leaving(home: Home) -> None:
    """It takes minutes to lose her."""
    connected(home, BEACON, "bluetooth_le", present=True)
    await people(home, anna=[TRACKER, BEACON])
    async with resident(home, person=PERSON) as anna:
        await anna.leave()
        assert anna.phase == "away"
        connected(home, BEACON, "bluetooth_le", present=False)
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


async def test_a_router_alone_opens_no_window(home: Home) -> None:
    connected(home, ROUTER, "router", present=True)
    await people(home, anna=[TRACKER, ROUTER])
    async with resident(home, person=PERSON) as anna:
        connected(home, ROUTER, "router", present=False)
        await anna.leave()
        assert anna.phase == "away"
        connected(home, ROUTER, "router", present=True)
        await anna.sleep(5)
        await plays_her_phone(anna)
        assert anna.orders == 0


# --- The home -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit", ["larger", "moved"])
async def test_the_home_is_edited_while_she_is_away(home: Home, edit: str) -> None:
    """Her phone has not moved, and is at home now."""
    config = home.hass.config
    async with resident(home, identity=BeaconPhone(uuid=UUID_OF_PHONE, major=1, minor=2), **IBEACON) as anna:
        await anna.leave()
        state = home.hass.states.get(TRACKER)
        assert state is not None
        where = dict(state.attributes)
        if edit == "larger":
            await config.async_update(radius=20_000)
        else:
            await config.async_update(latitude=where["latitude"], longitude=where["longitude"])
        home.hass.states.async_set(TRACKER, "home", where | {"in_zones": ["zone.home"]})
        await anna.sleep(5)
        copy = BeaconPhone(uuid=UUID_OF_PHONE, major=1, minor=2, seed=9)
        async with VirtualPhone(home.radio, copy) as attacker:
            attacker.walk({home.adapter: -45}, 20)
            await anna.sleep(90)
        assert anna.orders == 0


async def test_another_zone_is_edited_while_she_is_away(home: Home) -> None:
    """Whatever the app makes of its zones now."""
    async with resident(home) as anna:
        place = {"latitude": 1.0, "longitude": 1.0, "passive": False}
        home.hass.states.async_set("zone.work", "0", place | {"radius": 100})
        await anna.leave()
        # Somebody enters it: no edit.
        home.hass.states.async_set("zone.work", "1", place | {"radius": 100, "persons": ["person.bert"]})
        await anna.sleep(1)
        assert anna.phase == "away"
        home.hass.states.async_set("zone.work", "1", place | {"radius": 500, "persons": ["person.bert"]})
        await anna.sleep(1)
        assert anna.phase == "home"


async def test_home_with_a_position_that_is_elsewhere(home: Home) -> None:
    """The app's zones win over its position, which is 5 km away, exact to 10 m."""
    async with resident(home) as anna:
        await anna.leave()
        anna.report(5000, accuracy=10, home=True)
        await anna.sleep(5)
        await plays_her_phone(anna)
        assert anna.orders == 0


async def test_the_drive_is_a_zone_of_its_own_within_the_home(home: Home) -> None:
    """An app that tells zones only names the smallest; the home is among those that it is in."""
    async with resident(home) as anna:
        await anna.leave()
        assert anna.phase == "away"
        home.hass.states.async_set(
            TRACKER, "Drive", {"source_type": "gps", "in_zones": ["zone.drive", "zone.home"]}
        )
        await anna.sleep(20)
        assert anna.phase == "returning"
        await anna.walk_to_the_door()
        await anna.sleep(15)
        assert anna.runs == ["UNLOCK"]


async def test_an_app_that_tells_zones_only_says_why_nothing_works(home: Home) -> None:
    async with resident(home) as anna:
        await anna.sleep(5)
        anna.phone.go_away(20)
        home.hass.states.async_set(TRACKER, "Work", {"source_type": "gps", "in_zones": ["zone.work"]})
        await anna.sleep(5)
        assert anna.phase == "home"
        assert anna.reason == "no_position"


# --- The machine ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [8, -8])
async def test_the_machine_was_asleep_while_she_came_home(
    home: Home, sleeps: Callable[[timedelta], None], hours: int
) -> None:
    """Eight hours that the clock of the loop has not seen; or the clock of the wall was put back."""
    async with resident(home) as anna:
        await anna.leave()
        assert anna.phase == "away"
        sleeps(timedelta(hours=hours))
        anna.report(20)
        await passes_the_door(anna)
        assert anna.orders == 0
        assert "clock_gap" in {decision.reason for decision in record(anna)}
        # The next time is as ever.
        await anna.leave()
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


async def test_a_clock_that_is_put_right_by_a_second_is_no_sleep(
    home: Home, sleeps: Callable[[timedelta], None]
) -> None:
    async with resident(home) as anna:
        await anna.leave()
        sleeps(timedelta(seconds=2))
        await anna.sleep(120)
        sleeps(timedelta(seconds=-2))
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


async def test_a_scanner_that_was_gone(home: Home) -> None:
    """She has come in by key meanwhile; the phone is heard out of silence, inside."""
    async with resident(home) as anna:
        await anna.leave()
        home.adapter.stop()
        await anna.come_back()
        anna.phone.place({home.adapter: -58})
        await anna.sleep(200)
        home.adapter.start(home.hass)
        await anna.sleep(60)
        assert anna.orders == 0
        assert anna.reason == "scanner_gone"


async def test_a_scanner_that_is_there_and_hears_nothing(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        home.go_out_of_range(anna.lock)
        await anna.come_back()
        await anna.sleep(200)
        home.come_into_range(anna.lock)
        anna.phone.place({home.adapter: -58})
        await anna.sleep(60)
        assert anna.orders == 0
        assert anna.reason == "scanner_gone"


async def test_a_proxy_at_the_door_that_listens_less_while_it_carries_a_link(home: Home) -> None:
    """ESPHome with Wi-Fi: 320 of 320 ms, and 30 while a connection is open. The link is let go of after the read."""
    async with AsyncExitStack() as stack:
        porch = LocalAdapter(home.radio, source="00:1A:7D:DA:71:99", rssi=-50, received_while_connected=10)
        porch.start(home.hass)
        stack.callback(porch.stop)
        MockConfigEntry(
            domain="bluetooth", unique_id=porch.source, title="Porch", data={"source_domain": "esphome"}
        ).add_to_hass(home.hass)
        anna = await stack.enter_async_context(resident(home, scanners=[porch.source]))
        home.radio.set_rssi(home.adapter, anna.lock.address, None)
        anna.phone.place({porch: -75})
        await anna.sleep(30)
        await anna.leave()
        await anna.come_back()
        left = len(anna.lock.journal.entries)
        # Slowly, so that the link would be held for most of the way.
        anna.phone.walk({porch: -72}, 20)
        await anna.sleep(25)
        since = anna.lock.journal.entries[left:]
        opened, closed = (
            next(each.loop_time for each in since if each.kind is kind)
            for kind in (Kind.CONNECTION_OPENED, Kind.CONNECTION_CLOSED)
        )
        assert closed - opened < 1
        anna.phone.walk({porch: -60}, 5)
        await anna.sleep(12)
        assert anna.runs == ["UNLOCK"]


# --- The other entrances ----------------------------------------------------------------------------------------


def garage(home: Home) -> er.RegistryEntry:
    """Put the contact of the garage into the registry, shut."""
    entry = er.async_get(home.hass).async_get_or_create(
        "binary_sensor", "zha", "garage", suggested_object_id="garage"
    )
    home.hass.states.async_set(entry.entity_id, "off")
    return entry


def rename(home: Home, entity_id: str, new_entity_id: str) -> None:
    """Give an entity another id, as its owner does."""
    state = home.hass.states.get(entity_id)
    assert state is not None
    er.async_get(home.hass).async_update_entity(entity_id, new_entity_id=new_entity_id)
    home.hass.states.async_remove(entity_id)
    home.hass.states.async_set(new_entity_id, state.state)


@pytest.mark.parametrize("comes_by", ["garage", "door"])
async def test_an_entrance_that_is_renamed_while_she_is_away(home: Home, comes_by: str) -> None:
    contact = garage(home)
    async with resident(home, entrances=[contact.entity_id]) as anna:
        await anna.leave()
        rename(home, contact.entity_id, "binary_sensor.garage_door")
        await anna.sleep(60)
        await anna.come_back()
        if comes_by == "garage":
            home.hass.states.async_set("binary_sensor.garage_door", "on")
        await anna.walk_to_the_door()
        await anna.sleep(30)
        assert anna.runs == ([] if comes_by == "garage" else ["UNLOCK"])


async def test_an_entrance_that_was_renamed_before_the_start(home: Home) -> None:
    """The rule was stored by its entity id, and is loaded once before the entity gets another one."""
    contact = garage(home)
    async with resident(home, entrances=[contact.entity_id]) as anna:
        await home.hass.config_entries.async_unload(anna.entry.entry_id)
        rename(home, contact.entity_id, "binary_sensor.garage_door")
        assert await home.hass.config_entries.async_setup(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        await anna.leave()
        await anna.come_back()
        home.hass.states.async_set("binary_sensor.garage_door", "on")
        await anna.walk_to_the_door()
        await anna.sleep(30)
        assert anna.orders == 0
        assert anna.reason == "unlocked"


@pytest.mark.parametrize("state", ["unavailable", "unknown", None])
async def test_an_entrance_of_which_nothing_is_known(home: Home, state: str | None) -> None:
    """She may have come in by it."""
    home.hass.states.async_set(GARAGE, "off")
    async with resident(home, entrances=[GARAGE]) as anna:
        await anna.leave()
        if state is None:
            home.hass.states.async_remove(GARAGE)
        else:
            home.hass.states.async_set(GARAGE, state)
        await anna.arrive()
        assert anna.orders == 0
        assert anna.told == [("refused", "entrance_unknown")]


async def test_an_entrance_that_comes_back_during_the_window(home: Home) -> None:
    home.hass.states.async_set(GARAGE, "off")
    async with resident(home, entrances=[GARAGE]) as anna:
        await anna.leave()
        home.hass.states.async_set(GARAGE, "unavailable")
        await anna.come_back()
        home.hass.states.async_set(GARAGE, "off")
        await anna.walk_to_the_door()
        await anna.sleep(30)
        assert anna.orders == 0


# --- The person -------------------------------------------------------------------------------------------------


async def test_the_entity_id_of_the_person_is_given_to_somebody_else(home: Home) -> None:
    """Bert leaves and comes back; Anna, who stays at home, passes the door."""
    berts = "device_tracker.berts_phone"
    home.hass.states.async_set(berts, "home", {"source_type": "gps"})
    await people(home, anna=[TRACKER], bert=[berts])
    async with resident(home, person=PERSON) as anna:
        registry = er.async_get(home.hass)
        registry.async_update_entity(PERSON, new_entity_id="person.anna_2")
        await home.hass.async_block_till_done()
        registry.async_update_entity("person.bert", new_entity_id=PERSON)
        await home.hass.async_block_till_done()
        anna.phone.go_away()
        await anna.sleep(60)
        config = home.hass.config
        for metres in (900, 1200, 1500, 1800, 2100, 40):
            at = {"latitude": config.latitude + metres / 111_000, "longitude": config.longitude}
            home.hass.states.async_set(
                berts,
                "home" if metres < 100 else "not_home",
                {"source_type": "gps", "gps_accuracy": 15, **at},
            )
            await anna.sleep(100)
        await passes_the_door(anna)
        assert anna.orders == 0
        # The rule is still Anna's.
        await anna.leave()
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


def record(anna: Resident) -> tuple[Any, ...]:
    """Return the decisions of her rule."""
    (runner,) = anna.entry.runtime_data.auto_unlock
    return tuple(runner.state.record)
