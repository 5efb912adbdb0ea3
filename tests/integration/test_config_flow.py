"""Adding a lock: every way through the flow, every error, and success after each of them."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping
import hashlib
from pathlib import Path
from typing import Any, override

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bluetooth_data_tools import parse_advertisement_data_bytes
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.config_entries import SOURCE_BLUETOOTH, ConfigEntryState, ConfigFlowResult
from homeassistant.core import callback
from homeassistant.data_entry_flow import (
    EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE,
    EVENT_DATA_ENTRY_FLOW_PROGRESSED,
    FlowResultType,
    InvalidData,
)
from homeassistant.helpers import instance_id
import pytest
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pairing import words
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.gatt import Service
from simulator.local_adapter import RadioClient, RadioScanner
from simulator.radio import Sighting
from simulator.virtual_lock import Habits, Kind, Moment, VirtualLock, quick
from tests.integration.home import LOCK_NAME, NUKI_ID, PINS, Home
from tests.integration.texts import english
from tests.simulator.echo import EchoPeripheral

GEN3_PIN, ULTRA_PIN = str(PINS["gen3"]), str(PINS["ultra"])
STORE = f"{DOMAIN}.pairings"

PICTURES = Path(words.__file__).parent / "pictures"

# What the owner fills in: the least, for each kind of pairing.
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "app": ("gen3", {"client_type": "app"}),
    "bridge": ("gen3", {"client_type": "bridge"}),
    "ultra": ("ultra", {"pin": ULTRA_PIN}),
}
every_kind = pytest.mark.parametrize("kind", list(CHOICES))


async def to_pair_form(home: Home, lock: VirtualLock) -> ConfigFlowResult:
    """Go from the discovery of a lock to the form of pairing."""
    flow = await home.submit(await home.discovered(lock))
    assert (flow["type"], step(flow)) == (FlowResultType.FORM, "pair")
    return flow


async def to_button(home: Home, lock: VirtualLock, **fields: str) -> ConfigFlowResult:
    """Go from the discovery of a lock to the button."""
    flow = await home.submit(await to_pair_form(home, lock), **fields)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.SHOW_PROGRESS, "button")
    assert flow["progress_action"] == "wait_for_button"
    return flow


def step(flow: ConfigFlowResult) -> str:
    """Return the step of a flow; the pairing form has other words where the PIN is needed or stored, or it is paired."""
    return str(flow["step_id"]).removesuffix("_with_pin").removesuffix("_again").removesuffix("ed")


async def press(home: Home, lock: VirtualLock, flow: ConfigFlowResult) -> ConfigFlowResult:
    """Hold the button and return what the flow shows then."""
    lock.enter_pairing_mode()
    return await home.progressed(flow)


def added(flow: ConfigFlowResult) -> bool:
    """Whether a flow has added its lock."""
    return flow["type"] is FlowResultType.CREATE_ENTRY


def refused(flow: ConfigFlowResult, error: str, field: str = "base") -> bool:
    """Whether a flow shows the form of pairing again, with an error."""
    return (flow["type"], step(flow), flow["errors"]) == (FlowResultType.FORM, "pair", {field: error})


def pin_missing(flow: ConfigFlowResult, error: str) -> bool:
    """Whether a flow says that the lock is paired, and why its PIN is missing."""
    assert (flow["type"], flow["step_id"]) == (FlowResultType.MENU, "pin_missing")
    assert flow["menu_options"] == ["missing_pin", "skip_pin"]
    return told(flow)["problem"] == str(english()["config"]["error"][error])


async def choose(home: Home, flow: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Choose from the menu that a flow shows."""
    return await home.submit(flow, next_step_id=option)


async def enter_pin(home: Home, flow: ConfigFlowResult, pin: str) -> ConfigFlowResult:
    """Enter a PIN that was missing, and return what the flow shows then."""
    flow = await choose(home, flow, "missing_pin")
    assert (flow["step_id"], fields(flow)) == ("missing_pin", {"pin": vol.Optional})
    flow = await home.submit(flow, pin=pin)
    return flow if flow["type"] is FlowResultType.FORM else await home.progressed(flow)


def told(flow: ConfigFlowResult) -> Mapping[str, str]:
    """Return what is put into the texts of a form."""
    return flow["description_placeholders"] or {}


def fields(flow: ConfigFlowResult) -> dict[str, type[vol.Marker]]:
    """Return the fields of a form, and whether each has to be filled in."""
    schema = flow["data_schema"]
    assert schema is not None
    return {str(marker): type(marker) for marker in schema.schema}


def suggested(flow: ConfigFlowResult) -> dict[str, Any]:
    """Return what the fields of a form hold before anybody fills them in."""
    schema = flow["data_schema"]
    assert schema is not None
    for marker in schema.schema:
        assert marker.default is vol.UNDEFINED
    return {
        str(marker): marker.description["suggested_value"]
        for marker in schema.schema
        if marker.description is not None
    }


def pins(lock: VirtualLock) -> list[tuple[Any, Any]]:
    """Return to which commands a PIN was sent, and whether it was right."""
    return [(entry.facts["command"], entry.facts["accepted"]) for entry in lock.journal.pins_sent]


def pairings(lock: VirtualLock) -> int:
    """Return how often somebody has paired."""
    return len(lock.journal.of(Kind.AUTHORIZATION_ADDED))


# --- The whole way ----------------------------------------------------------------------------------------


@every_kind
async def test_discovered_lock_is_added(home: Home, kind: str, hass_storage: dict[str, Any]) -> None:
    """The way of the owner: confirm, choose, hold the button."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow = await home.discovered(lock)
    assert (flow["type"], flow["step_id"], flow["errors"]) == (FlowResultType.FORM, "confirm", {})
    assert told(flow)["name"] == "Nuki_33C335C5"
    assert home.flows(lock)[0]["context"]["title_placeholders"] == {"name": "Nuki_33C335C5 (strong signal)"}
    # Nothing was sent to a lock that nobody has asked for yet.
    assert lock.journal.connections == []

    flow = await home.submit(flow)
    assert (flow["type"], step(flow), flow["errors"]) == (FlowResultType.FORM, "pair", {})
    flow = await home.submit(flow, **choice)
    assert (flow["type"], flow["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "wait_for_button")
    await asyncio.sleep(30)
    # It does not try before the lock says that it is in pairing mode.
    assert len(lock.journal.connections) == 1
    assert (await home.hass.config_entries.flow.async_configure(flow["flow_id"]))["step_id"] == "button"

    flow = await press(home, lock, flow)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == LOCK_NAME
    entry = flow["result"]
    _phone, ours = lock.authorizations
    installation = await instance_id.async_get(home.hass)
    digest = hashlib.sha256(f"smartlock:{installation}".encode()).digest()
    assert ours.app_id == int.from_bytes(digest[:4], "little")
    assert (ours.name, ours.is_bridge) == ("Home Assistant", kind == "bridge")
    assert entry.unique_id == lock.address == "54:D2:72:C3:35:C5"
    assert entry.data == {
        "address": lock.address,
        "nuki_id": NUKI_ID,
        "generation": "gen5" if kind == "ultra" else "gen1-4",
        "client_type": choice.get("client_type"),
        "app_id": ours.app_id,
        "authorization_id": ours.session.authorization_id,
        "shared_key": ours.session.shared_key.hex(),
    }
    assert entry.options == ({"pin": ULTRA_PIN} if kind == "ultra" else {})
    assert pins(lock) == ([("AUTHORIZATION_DATA", True)] if kind == "ultra" else [])
    pin = ULTRA_PIN if kind == "ultra" else None
    assert hass_storage[STORE]["data"] == {lock.address: {"data": dict(entry.data), "pin": pin}}

    await home.until(lambda: home.state() == "locked")
    # One to see the generation, one to pair, one to try the new keys, and the first read.
    assert len(lock.journal.connections) == 4
    assert lock.journal.motor_runs == []
    assert lock.journal.broken_rules == []
    assert home.flows(lock) == []


async def test_generation_1_to_4_asks_for_the_client_type_and_offers_the_pin(home: Home) -> None:
    """The client type has neither default nor suggestion: as Bridge one can throw another Bridge out."""
    flow = await to_pair_form(home, home.add_lock())
    assert flow["step_id"] == "pair"
    assert fields(flow) == {"client_type": vol.Required, "pin": vol.Optional}
    assert suggested(flow) == {}
    assert told(flow)["digits"] == "4"
    with pytest.raises(InvalidData):
        await home.submit(flow, pin=GEN3_PIN)
    with pytest.raises(InvalidData):
        await home.submit(flow, client_type="fob")


async def test_generation_5_asks_for_the_pin_alone(home: Home) -> None:
    flow = await to_pair_form(home, home.add_lock("ultra"))
    assert flow["step_id"] == "pair_with_pin"
    assert fields(flow) == {"pin": vol.Required}
    assert suggested(flow) == {}
    assert told(flow)["digits"] == "6"
    with pytest.raises(InvalidData):
        await home.submit(flow)


async def test_pairing_again_replaces_what_this_installation_left_behind(home: Home) -> None:
    """The app id belongs to the installation, so the lock's table does not fill up."""
    lock = home.add_lock()
    app_ids = []
    for _ in range(2):
        flow = await press(home, lock, await to_button(home, lock, client_type="app"))
        assert added(flow)
        app_ids.append(flow["result"].data["app_id"])
        assert len(lock.authorizations) == 2
        await home.until(lambda: not home.connected(lock))
        await home.hass.config_entries.async_remove(flow["result"].entry_id)
        # Home Assistant discovers a lock once, unless its entry is removed or it tells something new.
        bluetooth.async_rediscover_address(home.hass, lock.address)
    assert app_ids[0] == app_ids[1]


# --- Discovery --------------------------------------------------------------------------------------------


def service_info(address: str, manufacturer_data: dict[int, bytes]) -> BluetoothServiceInfoBleak:
    """Return an advertisement as a flow gets it."""
    return BluetoothServiceInfoBleak(
        name=address,
        address=address,
        rssi=-60,
        manufacturer_data=manufacturer_data,
        service_data={},
        service_uuids=[],
        source="local",
        device=BLEDevice(address, None, {}),
        advertisement=AdvertisementData(None, manufacturer_data, {}, [], None, -60, ()),
        connectable=True,
        time=0,
        tx_power=None,
    )


@pytest.mark.parametrize(
    "manufacturer_data",
    [
        # HomeKit, which comes under the same company id.
        {0x004C: bytes.fromhex("0631000033c335c506000000010200000000")},
        # An iBeacon of something else.
        {0x004C: bytes.fromhex("0215") + bytes(16) + bytes.fromhex("33c335c5c8")},
        {},
    ],
)
async def test_other_devices_are_not_supported(home: Home, manufacturer_data: dict[int, bytes]) -> None:
    flow = await home.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_BLUETOOTH},
        data=service_info("54:D2:72:00:00:01", manufacturer_data),
    )
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "not_supported")


async def test_accessory_of_another_maker_is_refused_at_once(home: Home) -> None:
    """There is one in many a house, and nobody listens half a minute for each."""
    info = service_info("AA:BB:CC:00:00:01", {0x004C: bytes.fromhex("0631000033c335c506000000010200000000")})
    began = home.now
    flow = await home.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_BLUETOOTH}, data=info
    )
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "not_supported")
    assert home.now == began


async def test_lock_that_speaks_homekit_too_is_added(home: Home) -> None:
    """Its frames alternate; those of HomeKit change nothing."""
    lock = home.add_lock(homekit=True)
    await asyncio.sleep(5)
    assert len(home.flows(lock)) == 1
    flow = await press(home, lock, await to_button(home, lock, client_type="app"))
    assert added(flow)
    await home.until(lambda: home.state() == "locked")


def lock_with_homekit(frames: int) -> VirtualLock:
    """Return a lock that has advertised so often before anybody heard it: every second frame is HomeKit's."""
    lock = VirtualLock("gen3", nuki_id=NUKI_ID, homekit=True, timing=quick(advertising_interval=0.3))
    for _ in range(frames):
        lock.advertise()
    return lock


@pytest.mark.parametrize("frames", [0, 1])
async def test_lock_is_discovered_whichever_of_its_frames_is_heard_first(home: Home, frames: int) -> None:
    """Home Assistant looks at the first one only."""
    lock = home.mount(lock_with_homekit(frames))
    assert step(await home.submit(await home.discovered(lock))) == "pair"
    await asyncio.sleep(5)
    assert len(home.flows(lock)) == 1


async def test_lock_whose_beacon_is_never_heard(home: Home) -> None:
    """It is waited for, and the next frame may bring a lock: nothing is held against the device."""
    address = "54:D2:72:00:00:01"
    info = service_info(address, {0x004C: bytes.fromhex("0631000033c335c506000000010200000000")})
    began = home.now
    for _ in range(2):
        flow = await home.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_BLUETOOTH}, data=info
        )
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "not_supported")
    assert home.now - began == pytest.approx(60, abs=1)


async def test_configured_lock_is_not_discovered(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    assert home.flows(lock) == []
    info = bluetooth.async_last_service_info(home.hass, lock.address)
    flow = await home.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_BLUETOOTH}, data=info
    )
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")


# --- By hand ----------------------------------------------------------------------------------------------


def locks_offered(flow: ConfigFlowResult) -> dict[str, str]:
    """Return the locks that the owner can choose among, by address."""
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "user")
    schema = flow["data_schema"]
    assert schema is not None
    options = [option for selector in schema.schema.values() for option in selector.config["options"]]
    assert told(flow) == {"count": str(len(options))}
    return {option["value"]: option["label"] for option in options}


async def test_search_that_finds_nothing_can_be_repeated(home: Home) -> None:
    flow = await home.start()
    assert locks_offered(flow) == {}
    assert flow["errors"] == {}
    flow = await home.submit(flow)
    assert locks_offered(flow) == {}
    assert flow["errors"] == {"base": "no_locks_found"}

    lock = home.add_lock()
    flow = await home.submit(flow)
    assert locks_offered(flow) == {lock.address: "Nuki_33C335C5 (strong signal)"}
    assert not flow["errors"]

    flow = await home.submit(flow, address=lock.address)
    assert (flow["type"], step(flow)) == (FlowResultType.FORM, "pair")
    flow = await press(home, lock, await home.submit(flow, client_type="app"))
    assert added(flow)
    # It was discovered at the same time.
    assert home.flows(lock) == []


@pytest.mark.parametrize("frames", [0, 1])
async def test_search_finds_a_lock_whichever_of_its_frames_was_heard_last(home: Home, frames: int) -> None:
    """Frames of one company replace each other in what Home Assistant remembers."""
    lock = home.mount(lock_with_homekit(frames))
    await home.heard(lock)
    for _ in range(2):
        assert list(locks_offered(await home.start())) == [lock.address]
        await asyncio.sleep(0.3)


async def test_search_scans_actively(home: Home) -> None:
    """Where the matchers were read before the integration was installed, nothing else finds a lock."""
    lock = home.add_lock()
    await home.start()
    info = bluetooth.async_last_service_info(home.hass, lock.address)
    assert info is not None
    # The name stands in the scan response alone.
    assert info.name == "Nuki_33C335C5"


async def test_lock_in_pairing_mode_tells_its_generation_without_a_connection(home: Home) -> None:
    lock = home.add_lock("ultra")
    lock.enter_pairing_mode()
    flow = await home.submit(await home.start(), address=lock.address)
    assert fields(flow) == {"pin": vol.Required}
    assert lock.journal.connections == []
    # The button was held already: nobody has to hold it again.
    assert added(await home.progressed(await home.submit(flow, pin=ULTRA_PIN)))


async def test_search_tells_locks_apart_by_signal_and_generation(home: Home) -> None:
    """The names of locks are numbers. The nearest one comes first."""
    near, far, middle = (home.add_lock(nuki_id=0x33000001 + each) for each in range(3))
    for lock, rssi in ((near, -50), (middle, -80), (far, -95)):
        home.come_into_range(lock, rssi)
    middle.enter_pairing_mode()
    await asyncio.sleep(3)
    assert list(locks_offered(await home.start()).values()) == [
        "Nuki_33000001 (strong signal)",
        "Nuki_33000003 (generation 1 to 4, good signal)",
        "Nuki_33000002 (weak signal)",
    ]


async def test_search_offers_what_is_not_set_up_yet(home: Home) -> None:
    lock, other = home.add_lock(), home.add_lock("ultra", nuki_id=0x33112233)
    home.radio.add_peripheral(EchoPeripheral())
    await home.set_up(lock)
    flow = await home.start()
    assert list(locks_offered(flow)) == [other.address]


@pytest.mark.parametrize("why", ["set up", "gone"])
async def test_chosen_lock_is_not_there_any_more(home: Home, why: str) -> None:
    """The list may be old when the owner has chosen: it is made anew."""
    lock, other = home.add_lock(), home.add_lock("ultra", nuki_id=0x33112233)
    flow = await home.start()
    assert list(locks_offered(flow)) == [other.address, lock.address]
    if why == "set up":
        await home.set_up(lock)
    else:
        home.go_out_of_range(lock)
        await home.until(lambda: not bluetooth.async_address_present(home.hass, lock.address))
    flow = await home.submit(flow, address=lock.address)
    assert list(locks_offered(flow)) == [other.address]
    flow = await home.submit(flow, address=other.address)
    assert step(flow) == "pair"


# --- The first connection ---------------------------------------------------------------------------------


async def test_lock_out_of_reach_says_why_and_can_be_tried_again(home: Home) -> None:
    lock = home.add_lock()
    flow = await home.discovered(lock)
    home.go_out_of_range(lock)
    flow = await home.submit(flow)
    assert (flow["step_id"], flow["errors"]) == ("confirm", {"base": "unreachable"})
    assert told(flow)["reason"].endswith(" receives the lock with -60 dBm.")
    home.come_into_range(lock)
    flow = await home.submit(flow)
    assert step(flow) == "pair"


async def test_by_hand_a_lock_out_of_reach_is_confirmed_again(home: Home) -> None:
    lock = home.add_lock()
    flow = await home.start()
    home.go_out_of_range(lock)
    flow = await home.submit(flow, address=lock.address)
    assert (flow["step_id"], flow["errors"]) == ("confirm", {"base": "unreachable"})
    home.come_into_range(lock)
    assert step(await home.submit(flow)) == "pair"


async def test_every_slot_in_use(home: Home) -> None:
    lock = home.add_lock()
    flow = await home.discovered(lock)
    others = [RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter) for each in range(5)]
    for other in others:
        home.adapter.claim(other)
    flow = await home.submit(flow)
    assert (flow["step_id"], flow["errors"]) == ("confirm", {"base": "no_free_slot"})
    assert told(flow)["reason"].endswith(" receives the lock with -60 dBm.")
    home.adapter.release(others[0])
    flow = await home.submit(flow)
    assert step(flow) == "pair"


class Impostor(VirtualLock):
    """Advertises like a lock, and is none until it is unmasked."""

    masked = True

    @property
    @override
    def services(self) -> tuple[Service, ...]:
        """GATT table of something else."""
        return EchoPeripheral().services if self.masked else super().services


async def test_what_only_advertises_like_a_lock_is_not_understood(home: Home) -> None:
    lock = Impostor("gen3", nuki_id=NUKI_ID, timing=quick())
    home.mount(lock)
    flow = await home.submit(await home.discovered(lock))
    assert (flow["step_id"], flow["errors"]) == ("confirm", {"base": "not_understood"})
    lock.masked = False
    flow = await home.submit(flow)
    assert step(flow) == "pair"


# --- The PIN ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("app", "739"),
        ("app", "73911"),
        ("app", "739a"),
        ("app", "７３９１"),
        ("app", "+739"),
        ("ultra", GEN3_PIN),
        ("ultra", "7391581"),
        ("ultra", "73915 "),
    ],
)
async def test_pin_has_a_format(home: Home, kind: str, wrong: str) -> None:
    """What cannot be a PIN is not sent at all."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow = await home.submit(await to_pair_form(home, lock), **(choice | {"pin": wrong}))
    assert refused(flow, "pin_format", "pin")
    assert suggested(flow) == choice | {"pin": wrong}
    flow = await home.submit(flow, **(choice | {"pin": str(PINS[model])}))
    assert added(await press(home, lock, flow))


async def test_given_pin_of_generation_1_to_4_is_verified_once(home: Home) -> None:
    lock = home.add_lock()
    flow = await press(home, lock, await to_button(home, lock, client_type="app", pin=GEN3_PIN))
    assert added(flow)
    assert pins(lock) == [("VERIFY_SECURITY_PIN", True)]
    assert flow["result"].options == {"pin": GEN3_PIN}
    assert "pin" not in flow["result"].data


@pytest.mark.parametrize("mended", [GEN3_PIN, None])
async def test_wrong_pin_of_generation_1_to_4_is_mended_without_pairing_again(
    home: Home, mended: str | None
) -> None:
    lock = home.add_lock()
    flow = await press(home, lock, await to_button(home, lock, client_type="bridge", pin="1111"))
    # As what it is paired cannot be changed here any more.
    assert pin_missing(flow, "wrong_pin")
    assert told(flow)["name"] == LOCK_NAME
    form = await enter_pin(home, flow, "1111")
    assert (form["step_id"], form["errors"]) == ("missing_pin", {"pin": "wrong_pin"})
    assert pins(lock) == [("VERIFY_SECURITY_PIN", False)]

    flow = await home.submit(form, **({"pin": mended} if mended else {}))
    if mended:
        assert (flow["type"], flow["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "check")
        flow = await home.progressed(flow)
    assert added(flow)
    assert flow["result"].data["client_type"] == "bridge"
    assert flow["result"].options == ({"pin": mended} if mended else {})
    assert pins(lock) == [("VERIFY_SECURITY_PIN", False)] + [("VERIFY_SECURITY_PIN", True)] * bool(mended)
    assert pairings(lock) == 1


async def test_no_more_than_three_wrong_pins_within_an_hour(home: Home) -> None:
    """Nobody knows how many the lock takes. It can be added without."""
    lock = home.add_lock(habits=Habits(pin_tries=99))
    flow = await press(home, lock, await to_button(home, lock, client_type="app", pin="1111"))
    for pin in ("2222", "3333"):
        assert pin_missing(flow, "wrong_pin")
        flow = await enter_pin(home, flow, pin)
    flow = await enter_pin(home, flow, GEN3_PIN)
    assert pin_missing(flow, "pin_tries")
    assert len(pins(lock)) == 3
    assert added(await choose(home, flow, "skip_pin"))


async def test_wrong_pin_of_generation_5_is_never_sent_twice(home: Home) -> None:
    lock = home.add_lock("ultra")
    flow = await press(home, lock, await to_button(home, lock, pin="111111"))
    assert refused(flow, "wrong_pin", "pin")
    flow = await home.submit(flow, pin="111111")
    assert refused(flow, "wrong_pin", "pin")
    flow = await press(home, lock, await home.submit(flow, pin="222222"))
    assert refused(flow, "wrong_pin", "pin")
    assert refused(await home.submit(flow, pin="111111"), "wrong_pin", "pin")
    assert pins(lock) == [("AUTHORIZATION_DATA", False)] * 2
    flow = await press(home, lock, await home.submit(flow, pin=ULTRA_PIN))
    assert added(flow)
    assert flow["result"].options == {"pin": ULTRA_PIN}
    assert pins(lock)[2:] == [("AUTHORIZATION_DATA", True)]


@every_kind
async def test_blocked_pin_may_be_tried_later(home: Home, kind: str) -> None:
    """While the lock refuses every PIN, nothing is known against the one that was given."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model, habits=Habits(pin_tries=1))
    right, wrong = choice | {"pin": str(PINS[model])}, choice | {"pin": "1" * len(str(PINS[model]))}
    flow = await press(home, lock, await to_button(home, lock, **wrong))
    assert refused(flow, "wrong_pin", "pin") if kind == "ultra" else pin_missing(flow, "wrong_pin")
    if kind == "ultra":
        flow = await home.progressed(await home.submit(flow, **right))
        assert refused(flow, "pin_blocked", "pin")
        await asyncio.sleep(quick().pin_lockout)
        flow = await press(home, lock, await home.submit(flow, **right))
    else:
        flow = await enter_pin(home, flow, right["pin"])
        assert pin_missing(flow, "pin_blocked")
        await asyncio.sleep(quick().pin_lockout)
        flow = await enter_pin(home, flow, right["pin"])
    assert added(flow)
    assert len(pins(lock)) == 3


# --- The button -------------------------------------------------------------------------------------------


@every_kind
async def test_button_not_held_in_time(home: Home, kind: str) -> None:
    """The form comes back as it was filled in, and submitting it waits again."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow, began = await to_button(home, lock, **choice), home.now
    flow = await home.progressed(flow)
    assert refused(flow, "not_pairing")
    assert 120 <= home.now - began < 125
    assert suggested(flow) == choice
    assert added(await press(home, lock, await home.submit(flow, **choice)))


async def test_pairing_switched_off_in_the_app(home: Home) -> None:
    lock = home.add_lock()
    lock.settings.change(pairing_enabled=False)
    flow = await press(home, lock, await to_button(home, lock, client_type="app"))
    assert refused(flow, "not_pairing")
    lock.settings.change(pairing_enabled=True)
    assert added(await press(home, lock, await home.submit(flow, client_type="app")))


async def test_earlier_pairing_mode_does_not_mislead(home: Home) -> None:
    """Home Assistant still holds the service data of then; the packets themselves tell the truth."""
    lock = home.add_lock()
    lock.enter_pairing_mode()
    await home.until(lambda: home.flows(lock))
    await home.until(lambda: not lock.pairing_mode)
    await asyncio.sleep(5)
    info = bluetooth.async_last_service_info(home.hass, lock.address)
    assert info is not None
    assert info.service_data
    flow = await to_button(home, lock, client_type="app")
    await asyncio.sleep(60)
    assert len(lock.journal.connections) <= 1
    assert added(await press(home, lock, flow))


async def test_earlier_pairing_mode_where_packets_are_not_at_hand(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter of the host gives merged data only: the lock has to be asked, now and then."""

    def without_packet(self: RadioScanner, sighting: Sighting) -> None:
        parsed = parse_advertisement_data_bytes(sighting.advertisement.data)
        name, uuids, service_data, manufacturer_data, tx_power = parsed
        self._async_on_advertisement(
            sighting.address,
            sighting.rssi,
            name,
            uuids,
            service_data,
            manufacturer_data,
            tx_power,
            {},
            home.now,
        )

    monkeypatch.setattr(RadioScanner, "on_sighting", without_packet)
    lock = home.add_lock()
    lock.enter_pairing_mode()
    await home.until(lambda: home.flows(lock))
    await home.until(lambda: not lock.pairing_mode)
    flow = await to_button(home, lock, client_type="app")
    await asyncio.sleep(60)
    assert 2 <= len(lock.journal.connections) <= 21
    assert lock.journal.of(Kind.ANSWER, code="P_NOT_PAIRING")
    assert added(await press(home, lock, flow))
    assert pairings(lock) == 1


@every_kind
async def test_dialog_counts_down_and_follows_the_pairing(home: Home, kind: str) -> None:
    """Three steps, the time left, a hint after 20 s, and a picture of the button of this generation."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model, timing=quick(processing=0.2))
    flow = await to_button(home, lock, **choice)
    began = home.now
    seen: list[tuple[str, str]] = []
    pictures: set[str] = set()
    shares: list[tuple[float, float]] = []
    changed = asyncio.Event()
    home.hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESSED, callback(lambda event: changed.set()))
    home.hass.bus.async_listen(
        EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE,
        callback(lambda event: shares.append((home.now - began, event.data["progress"]))),
    )
    # The frontend looks again when it is told to.
    while flow["type"] is FlowResultType.SHOW_PROGRESS:
        seen.append((flow["progress_action"], told(flow)["left"]))
        pictures.add(told(flow)["picture"])
        await changed.wait()
        changed.clear()
        if home.now - began > 31:
            lock.enter_pairing_mode()
        flow = await home.hass.config_entries.flow.async_configure(flow["flow_id"])
    assert added(flow)
    assert list(dict.fromkeys(seen))[:8] == [
        *(("wait_for_button", left) for left in ("2:00", "1:55", "1:50", "1:45")),
        *(("wait_for_button_hint", left) for left in ("1:40", "1:35", "1:30", "1:25")),
    ]
    assert list(dict.fromkeys(action for action, _ in seen))[2:] == ["pairing", "check"]
    # Once a second, from 0 on: 100 % would read as done.
    assert len(shares) >= 30
    assert all(abs(share - after / 120) < 0.01 for after, share in shares)
    (picture,) = pictures
    drawing = b64decode(picture.removeprefix('<img src="data:image/svg+xml;base64,').removesuffix('">'))
    name = "gen5" if kind == "ultra" else "gen1-4"
    assert drawing == (PICTURES / f"{name}.svg").read_bytes()


async def test_dialog_closed_while_it_waits(home: Home) -> None:
    """Nobody pairs behind the owner's back."""
    lock = home.add_lock()
    flow = await to_button(home, lock, client_type="app")
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    lock.enter_pairing_mode()
    await asyncio.sleep(30)
    assert len(lock.journal.connections) == 1
    assert pairings(lock) == 0


async def test_table_of_the_lock_is_full(home: Home) -> None:
    for kind, (model, choice) in CHOICES.items():
        lock = home.add_lock(
            model, nuki_id=0x33000000 + list(CHOICES).index(kind), habits=Habits(max_authorizations=1)
        )
        flow = await press(home, lock, await to_button(home, lock, **choice))
        assert refused(flow, "table_full"), kind
        lock.delete_authorization(0)
        flow = await home.submit(flow, **choice)
        assert added(await press(home, lock, flow)), kind


async def test_lock_of_generation_5_without_pin(home: Home) -> None:
    """Without a PIN such a lock cannot be paired; it says so before one is sent."""
    lock = home.add_lock("ultra", pin=None)
    flow = await press(home, lock, await to_button(home, lock, pin=ULTRA_PIN))
    assert refused(flow, "pin_not_set")
    assert pins(lock) == []
    lock.set_pin(PINS["ultra"])
    flow = await press(home, lock, await home.submit(flow, pin=ULTRA_PIN))
    assert added(flow)


@every_kind
async def test_answer_lost_while_pairing_is_mended_in_the_same_pairing_mode(home: Home, kind: str) -> None:
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow = await to_button(home, lock, **choice)
    lock.faults.drop_next_answer(Command.PUBLIC_KEY)
    assert added(await press(home, lock, flow))
    assert pairings(lock) == 1


@every_kind
async def test_link_lost_after_the_lock_has_paired(home: Home, kind: str) -> None:
    """The lock has an authorization whose id nobody got: pairing again replaces it."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow = await to_button(home, lock, **choice)
    lock.faults.disconnect_at(Moment.AUTHORIZATION_STORED)
    lock.enter_pairing_mode()
    await home.until(lambda: pairings(lock))
    assert added(await press(home, lock, flow))
    assert pairings(lock) == 2
    assert len(lock.authorizations) == 2


@every_kind
@pytest.mark.parametrize(("rssi", "error"), [(-60, "connection_lost"), (-95, "too_weak")])
async def test_link_that_fails_again_and_again(home: Home, kind: str, rssi: int, error: str) -> None:
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    home.come_into_range(lock, rssi)
    flow = await to_button(home, lock, **choice)
    lock.faults.silence = True
    connections = len(lock.journal.connections)
    flow = await press(home, lock, flow)
    assert refused(flow, error)
    assert len(lock.journal.connections) == connections + 3
    lock.faults.clear()
    assert added(await press(home, lock, await home.submit(flow, **choice)))


async def test_out_of_reach_in_the_middle(home: Home) -> None:
    """Heard, but every try to connect fails: the reason is that of Home Assistant."""
    lock = home.add_lock()
    flow = await to_button(home, lock, client_type="app")
    clients = [RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter) for each in range(5)]
    for client in clients:
        home.adapter.claim(client)
    flow = await press(home, lock, flow)
    assert refused(flow, "no_free_slot")
    assert told(flow)["reason"].endswith(" receives the lock with -60 dBm.")
    for client in clients:
        home.adapter.release(client)
    assert added(await press(home, lock, await home.submit(flow, client_type="app")))


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (ErrorCode.K_BUSY, "busy", "0x45"),
        (ErrorCode.K_DISABLED, "authorization_disabled", "0x25"),
        # Means something where the bolt moves, and nothing here.
        (ErrorCode.K_MOTOR_BLOCKED, "refused", "0x42"),
        (ErrorCode(0x77), "refused", "0x77"),
    ],
)
async def test_new_keys_are_refused_for_a_reason(
    home: Home, code: ErrorCode, error: str, reason: str
) -> None:
    """What is paired stays paired; only the try is repeated."""
    lock = home.add_lock()
    flow = await to_button(home, lock, client_type="app")
    lock.faults.refuse_next(code, Command.REQUEST_CONFIG)
    flow = await press(home, lock, flow)
    assert refused(flow, error)
    assert told(flow)["reason"] == reason
    assert fields(flow) == {"pin": vol.Optional}
    assert added(await home.progressed(await home.submit(flow)))
    assert pairings(lock) == 1


@every_kind
async def test_every_refusal_has_a_text(home: Home, kind: str) -> None:
    """Whatever code a lock may send, first to pairing and then to the new keys."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model, habits=Habits(max_authorizations=200))
    first = Command.AUTHORIZATION_DATA if kind == "ultra" else Command.PUBLIC_KEY
    flow = await to_pair_form(home, lock)
    # Which the flow takes as what it is: the owner has not held the button yet.
    codes = set(ErrorCode) - {ErrorCode.P_NOT_PAIRING}
    for code in sorted(codes):
        lock.faults.refuse_next(code, first)
        lock.enter_pairing_mode()
        # A PIN that was refused is not sent again, so each code gets another one.
        pin = {"pin": f"{code:06}"} if kind == "ultra" else {}
        flow = await home.progressed(await home.submit(flow, **(choice | pin)))
        assert step(flow) == "pair", code.name
        assert flow["errors"], code.name
    flow = await press(home, lock, await home.submit(flow, **choice))
    assert added(flow)
    assert pairings(lock) == 1


async def test_every_refusal_of_the_new_keys_has_a_text(home: Home) -> None:
    lock = home.add_lock()
    lock.faults.refuse_next(ErrorCode.UNKNOWN, Command.REQUEST_CONFIG)
    flow = await press(home, lock, await to_button(home, lock, client_type="app"))
    for code in sorted(set(ErrorCode) - {ErrorCode.K_NOT_AUTHORIZED}):
        lock.faults.refuse_next(code, Command.REQUEST_CONFIG)
        flow = await home.progressed(await home.submit(flow))
        assert flow["errors"], code.name
    assert added(await home.progressed(await home.submit(flow)))
    assert pairings(lock) == 1


@every_kind
async def test_noise_while_pairing_is_mended_in_the_same_pairing_mode(home: Home, kind: str) -> None:
    """A plain message with a wrong checksum is no message."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    flow = await to_button(home, lock, **choice)
    lock.faults.corrupt(10, occasion=2)
    assert added(await press(home, lock, flow))
    assert pairings(lock) == 1


async def test_lock_that_does_not_prove_itself(home: Home) -> None:
    """The seal of the last message does not fit: nothing is stored."""
    lock = home.add_lock("ultra")
    flow = await to_button(home, lock, pin=ULTRA_PIN)
    lock.faults.corrupt(40, occasion=4)
    flow = await press(home, lock, flow)
    assert refused(flow, "not_genuine")
    assert added(await press(home, lock, await home.submit(flow, pin=ULTRA_PIN)))
    assert len(lock.authorizations) == 2


# --- Keys survive -----------------------------------------------------------------------------------------


async def pair_and_crash(home: Home, lock: VirtualLock, **choice: str) -> None:
    """Have the dialog closed right after pairing, before there is an entry."""
    flow = await to_button(home, lock, **choice)
    lock.enter_pairing_mode()
    await home.until(lambda: pairings(lock) and not lock.pairing_mode)
    home.go_out_of_range(lock)
    flow = await home.progressed(flow)
    assert flow["type"] is FlowResultType.FORM
    assert flow["errors"]
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    home.come_into_range(lock)
    bluetooth.async_rediscover_address(home.hass, lock.address)


@every_kind
async def test_lock_that_was_paired_already_needs_no_button(home: Home, kind: str) -> None:
    model, choice = CHOICES[kind]
    lock = home.add_lock(model, timing=quick(processing=0.2))
    await pair_and_crash(home, lock, **choice)
    flow = await home.submit(await home.discovered(lock))
    assert (flow["type"], flow["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "check")
    flow = await home.progressed(flow)
    assert added(flow)
    assert flow["title"] == LOCK_NAME
    assert flow["result"].data["client_type"] == choice.get("client_type")
    assert pairings(lock) == 1


async def test_stored_keys_are_found_after_a_restart(home: Home, hass_storage: dict[str, Any]) -> None:
    """What another run of Home Assistant left on disk, as it left it."""
    lock = home.add_lock()
    ours = home.authorize(lock)
    pairing = {
        "address": lock.address,
        "nuki_id": NUKI_ID,
        "generation": "gen1-4",
        "client_type": "app",
        "app_id": ours.app_id,
        "authorization_id": ours.session.authorization_id,
        "shared_key": ours.session.shared_key.hex(),
    }
    finished = {lock.address: {"data": pairing, "pin": None}}
    hass_storage[STORE] = {"version": 1, "minor_version": 1, "key": STORE, "data": finished}
    flow = await home.progressed(await home.submit(await home.discovered(lock)))
    assert added(flow)
    assert flow["result"].data == pairing
    assert pairings(lock) == 0


async def test_stored_keys_that_the_lock_has_forgotten(home: Home, hass_storage: dict[str, Any]) -> None:
    lock = home.add_lock(timing=quick(processing=0.2))
    await pair_and_crash(home, lock, client_type="bridge")
    lock.delete_authorization(1)
    flow = await home.progressed(await home.submit(await home.discovered(lock)))
    assert refused(flow, "not_authorized")
    assert hass_storage[STORE]["data"] == {}
    # Everything is asked anew.
    assert fields(flow) == {"client_type": vol.Required, "pin": vol.Optional}
    assert added(await press(home, lock, await home.submit(flow, client_type="app")))
    assert pairings(lock) == 2


# --- Pairing again ----------------------------------------------------------------------------------------


@every_kind
async def test_reauth(home: Home, kind: str) -> None:
    """The authorization was deleted in the app: the entry is kept and gets new keys."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    entry = await home.set_up(lock, choice.get("client_type"), pin=choice.get("pin"))
    before = dict(entry.data)
    lock.delete_authorization(1)
    entry.async_start_reauth(home.hass)
    await home.until(lambda: home.flows(lock))
    flow = home.flows(lock)[0]
    assert flow["step_id"] == "reauth_confirm"
    flow = await home.hass.config_entries.flow.async_configure(flow["flow_id"])
    assert told(flow)["name"] == LOCK_NAME
    flow = await home.submit(flow)
    assert step(flow) == "pair"
    # As it was paired before, since the owner has chosen that once; the PIN is kept and not shown.
    assert suggested(flow) == {key: value for key, value in choice.items() if key != "pin"}
    flow = await press(home, lock, await home.submit(flow, **choice))
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await home.hass.async_block_till_done()
    ours = list(lock.authorizations)[1]
    assert entry.data == before | {
        "app_id": ours.app_id,
        "authorization_id": ours.session.authorization_id,
        "shared_key": ours.session.shared_key.hex(),
    }
    assert entry.options == ({"pin": choice["pin"]} if "pin" in choice else {})
    assert entry.state is ConfigEntryState.LOADED
    await home.until(lambda: home.state() == "locked")


async def test_reconfigure_changes_the_client_type(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, "app", pin=GEN3_PIN)
    home.hass.config_entries.async_update_entry(entry, options={**entry.options, "other": 1})
    flow = await entry.start_reconfigure_flow(home.hass)
    assert (flow["type"], step(flow)) == (FlowResultType.FORM, "pair")
    assert suggested(flow) == {"client_type": "app"}
    assert GEN3_PIN not in str(flow)
    flow = await press(home, lock, await home.submit(flow, client_type="bridge", pin=GEN3_PIN))
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data["client_type"] == "bridge"
    assert entry.options == {"pin": GEN3_PIN, "other": 1}
    await home.hass.async_block_till_done()
    bridge = list(lock.authorizations)[-1]
    assert bridge.is_bridge
    assert entry.data["authorization_id"] == bridge.session.authorization_id
    # It is the Bridge whose read clears the flag.
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == "unlocked", within=60)
    await home.until(lambda: not lock.unread_change, within=60)


async def test_reconfigure_of_a_lock_that_stays_connected(home: Home) -> None:
    """It lets go of the lock, which does not announce pairing mode while somebody is connected."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    home.hass.config_entries.async_update_entry(entry, options={"stay_connected": True})
    await home.hass.config_entries.async_reload(entry.entry_id)
    await home.until(lambda: home.connected(lock))
    flow = await entry.start_reconfigure_flow(home.hass)
    flow = await press(home, lock, await home.submit(flow, client_type="app"))
    assert flow["reason"] == "reconfigure_successful"
    await home.hass.async_block_till_done()
    await home.until(lambda: home.connected(lock))
    assert home.state() == "locked"


async def test_dialog_closed_after_the_lock_has_granted(home: Home) -> None:
    """The old keys are worth nothing, so the new ones are in use without the end of the dialog."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    before = dict(entry.data)
    flow = await entry.start_reconfigure_flow(home.hass)
    flow = await press(home, lock, await home.submit(flow, client_type="app", pin="9999"))
    assert pin_missing(flow, "wrong_pin")
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    await home.hass.async_block_till_done()
    assert entry.data["shared_key"] != before["shared_key"]
    await home.until(lambda: home.state() == "locked", within=30)
    await home.call("unlock")
    assert home.state() == "unlocked"


@every_kind
async def test_pairing_again_keeps_the_pin_that_is_stored(home: Home, kind: str) -> None:
    """Where pairing needs none it need not be given again, and is verified once; where it does, it is asked for."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    entry = await home.set_up(lock, choice.get("client_type"), pin=str(PINS[model]))
    assert home.state("pin_state") == "valid"
    began = len(pins(lock))
    flow = await entry.start_reconfigure_flow(home.hass)
    assert fields(flow)["pin"] is (vol.Required if model == "ultra" else vol.Optional)
    flow = await press(home, lock, await home.submit(flow, **choice))
    assert flow["reason"] == "reconfigure_successful"
    assert entry.options == {"pin": str(PINS[model])}
    await home.hass.async_block_till_done()
    await home.settled(entry, lock)
    assert home.state("pin_state") == "valid"
    proof = "AUTHORIZATION_DATA" if model == "ultra" else "VERIFY_SECURITY_PIN"
    assert pins(lock)[began] == (proof, True)
    assert all(accepted for _, accepted in pins(lock)[began:])
    assert len([command for command, _ in pins(lock)[began:] if command == proof]) == 1


@every_kind
async def test_pairing_again_does_not_send_a_refused_pin(home: Home, kind: str) -> None:
    """Where pairing needs one, it has to be given."""
    model, choice = CHOICES[kind]
    lock = home.add_lock(model)
    wrong = "1" * len(str(PINS[model]))
    entry = await home.set_up(lock, choice.get("client_type"), pin=wrong)
    assert home.state("pin_state") == "invalid"
    await home.hass.async_block_till_done()
    flow = await entry.start_reconfigure_flow(home.hass)
    assert fields(flow)["pin"] is (vol.Required if model == "ultra" else vol.Optional)
    again = choice if model == "ultra" else {"client_type": choice["client_type"]}
    flow = await press(home, lock, await home.submit(flow, **again))
    assert flow["reason"] == "reconfigure_successful"
    await home.hass.async_block_till_done()
    await home.settled(entry, lock)
    assert home.state("pin_state") == ("valid" if model == "ultra" else "invalid")
    assert [accepted for _, accepted in pins(lock)].count(False) == 1


async def test_refused_pin_given_again_while_pairing(home: Home) -> None:
    """It may have been set in the app since, but nobody has said so."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin="1111")
    await home.hass.async_block_till_done()
    lock.set_pin(1111)
    flow = await entry.start_reconfigure_flow(home.hass)
    flow = await press(home, lock, await home.submit(flow, client_type="app", pin="1111"))
    assert pin_missing(flow, "pin_known_wrong")
    flow = await choose(home, flow, "skip_pin")
    assert flow["reason"] == "reconfigure_successful"
    await home.hass.async_block_till_done()
    await home.settled(entry, lock)
    assert home.state("pin_state") == "invalid"
    assert pins(lock) == [("VERIFY_SECURITY_PIN", False)]
    await entry.runtime_data.pin.async_enter("1111", changed_elsewhere=True)
    assert home.state("pin_state") == "valid"


async def test_pin_of_generation_5_survives_a_crash_after_pairing(home: Home) -> None:
    """It was given once, for the pairing that is found again."""
    lock = home.add_lock("ultra", timing=quick(processing=0.2))
    await pair_and_crash(home, lock, pin=ULTRA_PIN)
    flow = await home.progressed(await home.submit(await home.discovered(lock)))
    assert added(flow)
    assert flow["result"].options == {"pin": ULTRA_PIN}
    await home.until(lambda: home.state() == "locked")
    assert home.state("pin_state") == "valid"
    assert pins(lock) == [("AUTHORIZATION_DATA", True)]


async def test_dialog_closed_after_generation_5_has_granted(home: Home) -> None:
    """The lock has just approved of the PIN."""
    lock = home.add_lock("ultra", timing=quick(processing=0.2))
    entry = await home.set_up(lock, pin="111111")
    await home.hass.async_block_till_done()
    flow = await entry.start_reconfigure_flow(home.hass)
    flow = await home.submit(flow, pin=ULTRA_PIN)
    lock.enter_pairing_mode()
    await home.until(lambda: pairings(lock) and not lock.pairing_mode)
    await asyncio.sleep(0.3)
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    await home.hass.async_block_till_done()
    assert entry.options == {"pin": ULTRA_PIN}
    await home.settled(entry, lock)
    assert home.state("pin_state") == "valid"


async def test_stored_keys_with_a_pin_that_was_refused(home: Home) -> None:
    """Home Assistant stopped after a wrong PIN had been checked, and it is given again."""
    lock = home.add_lock()
    flow = await press(home, lock, await to_button(home, lock, client_type="app", pin="1111"))
    assert pin_missing(flow, "wrong_pin")
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    home.hass.data.pop("smartlock.pairings")
    flow = await home.start()
    flow = await home.progressed(await home.submit(flow, address=lock.address))
    # The keys are there, and what the PIN is for is not asked before the lock is added.
    assert added(flow)
    assert pins(lock) == [("VERIFY_SECURITY_PIN", False)]
    assert flow["result"].options == {}


async def test_reconfigure_after_a_failure(home: Home) -> None:
    """The entry stays as it is until there are new keys."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    before = dict(entry.data)
    flow = await entry.start_reconfigure_flow(home.hass)
    flow = await home.progressed(await home.submit(flow, client_type="app"))
    assert refused(flow, "not_pairing")
    assert entry.data == before
    await home.call("unlock")
    flow = await press(home, lock, await home.submit(flow, client_type="app"))
    assert flow["reason"] == "reconfigure_successful"
    assert entry.data != before
    await home.hass.async_block_till_done()
