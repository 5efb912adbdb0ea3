"""The local adapter behind the real Bluetooth manager, bleak wrappers and bleak-retry-connector."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
from typing import Any

import bleak
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError
import bleak_retry_connector
from bleak_retry_connector import establish_connection
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothScanningMode
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
import pytest
import voluptuous as vol

from simulator.ha_component import virtual_radio
from simulator.local_adapter import LocalAdapter
from simulator.radio import INSTANT, Radio
from tests.simulator.echo import ADDRESS, ECHO, ECHO_CCCD, ECHO_HANDLE, NAME, NAME_HANDLE, EchoPeripheral
from tests.simulator.helpers import until

pytestmark = pytest.mark.usefixtures("enable_bluetooth")

OTHER_ADDRESS = "54:D2:72:00:00:02"


def make_echo(address: str = ADDRESS) -> EchoPeripheral:
    echo = EchoPeripheral(address)
    echo.advertising_interval = 0.01
    return echo


@pytest.fixture
async def radio(enable_bluetooth: None) -> AsyncGenerator[Radio]:
    radio = Radio(timing=INSTANT)
    yield radio
    await radio.stop()


@pytest.fixture
async def echo(radio: Radio) -> EchoPeripheral:
    radio.add_peripheral(echo := make_echo())
    return echo


@pytest.fixture
async def adapter(hass: HomeAssistant, radio: Radio) -> AsyncGenerator[LocalAdapter]:
    adapter = LocalAdapter(radio, connection_slots=2)
    adapter.start(hass)
    yield adapter
    adapter.stop()


class Central:
    """A connection as an integration would make it, with what it was told."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.indications: list[bytes] = []
        self.ends = 0

    async def connect(self, address: str = ADDRESS, **options: Any) -> bleak.BleakClient:
        await until(lambda: bluetooth.async_ble_device_from_address(self.hass, address))
        device = bluetooth.async_ble_device_from_address(self.hass, address)
        assert device is not None

        def ended(_: bleak.BleakClient) -> None:
            self.ends += 1

        return await establish_connection(
            # Looked up now: Home Assistant replaces the class by a wrapper of its own.
            bleak_retry_connector.BleakClientWithServiceCache,
            device,
            device.name or address,
            disconnected_callback=ended,
            **options,
        )

    def indicated(self, _: BleakGATTCharacteristic, value: bytearray) -> None:
        self.indications.append(bytes(value))


@pytest.fixture
def central(hass: HomeAssistant, adapter: LocalAdapter) -> Central:
    return Central(hass)


async def test_is_discovered_passively_without_its_name(
    hass: HomeAssistant, adapter: LocalAdapter, echo: EchoPeripheral
) -> None:
    await until(lambda: bluetooth.async_address_present(hass, ADDRESS))
    info = bluetooth.async_last_service_info(hass, ADDRESS, connectable=True)
    assert info is not None
    assert (info.name, info.rssi, info.source) == (ADDRESS, -60, adapter.source)
    assert info.service_uuids == ["0000ec00-0000-1000-8000-00805f9b34fb"]


async def test_active_window_brings_the_scan_response(
    hass: HomeAssistant, adapter: LocalAdapter, echo: EchoPeripheral
) -> None:
    scanner = bluetooth.async_scanner_by_source(hass, adapter.source)
    assert scanner is not None
    assert scanner.requested_mode is BluetoothScanningMode.AUTO
    assert await scanner.async_request_active_window(0.1)
    assert scanner.current_mode is BluetoothScanningMode.PASSIVE
    info = bluetooth.async_last_service_info(hass, ADDRESS, connectable=True)
    assert info is not None
    assert info.name == "Echo"


async def test_whole_way_from_connect_to_disconnect(
    central: Central, adapter: LocalAdapter, echo: EchoPeripheral
) -> None:
    client = await central.connect()
    assert type(client).__module__ == "habluetooth.usage"
    assert client.mtu_size == 517
    characteristic = client.services.get_characteristic(ECHO)
    assert characteristic is not None
    assert set(characteristic.properties) == {"write", "indicate"}
    assert [each.handle for each in characteristic.descriptors] == [ECHO_CCCD]
    assert characteristic.max_write_without_response_size == 514

    assert await client.read_gatt_char(NAME_HANDLE) == NAME
    await client.start_notify(ECHO, central.indicated)
    await client.write_gatt_char(ECHO, b"hello", response=True)
    await until(lambda: central.indications)
    assert central.indications == [b"hello"]
    await client.stop_notify(ECHO)
    assert not echo.link.enabled
    with pytest.raises(BleakError, match="WRITE_NOT_PERMITTED"):
        await client.write_gatt_char(NAME_HANDLE, b"", response=True)

    assert adapter.allocations().allocated == [ADDRESS]
    await client.disconnect()
    assert central.ends == 1
    assert not client.is_connected
    assert not echo.link.open
    assert adapter.allocations().free == 2
    with pytest.raises(BleakError):
        await client.write_gatt_char(ECHO_HANDLE, b"", response=True)


async def test_peripheral_that_hangs_up_is_noticed(
    central: Central, adapter: LocalAdapter, echo: EchoPeripheral
) -> None:
    await central.connect()
    echo.link.hang_up()
    await until(lambda: central.ends)
    assert adapter.allocations().free == 2
    assert (await central.connect()).is_connected


async def test_link_that_ends_fails_the_request_under_way(
    central: Central, adapter: LocalAdapter, radio: Radio, echo: EchoPeripheral
) -> None:
    async def on_write(*_: object) -> None:
        radio.set_rssi(adapter, ADDRESS, None)

    echo.on_write = on_write
    client = await central.connect()
    with pytest.raises(BleakError):
        await client.write_gatt_char(ECHO, b"", response=True)
    assert central.ends == 1


async def test_refused_subscription_can_be_tried_again(central: Central, echo: EchoPeripheral) -> None:
    client = await central.connect()
    echo.refuses_subscription = True
    with pytest.raises(BleakError, match="UNLIKELY_ERROR"):
        await client.start_notify(ECHO, central.indicated)
    echo.refuses_subscription = False
    await client.start_notify(ECHO, central.indicated)
    assert echo.link.enabled


async def test_services_are_discovered_once(central: Central, radio: Radio, echo: EchoPeripheral) -> None:
    for _ in range(2):
        await (await central.connect(use_services_cache=True)).disconnect()
    client = await central.connect(use_services_cache=True)
    assert [record.traffic.requests for record in radio.connections] == [8, 1, 1]
    assert await client.clear_cache()  # type: ignore[attr-defined]
    await client.disconnect()
    await (await central.connect(use_services_cache=True)).disconnect()
    assert radio.connections[-1].traffic.requests == 8


async def test_out_of_range_connecting_fails(
    central: Central, adapter: LocalAdapter, radio: Radio, echo: EchoPeripheral
) -> None:
    await (await central.connect()).disconnect()
    radio.set_rssi(adapter, ADDRESS, None)
    with pytest.raises(BleakError):
        await central.connect(max_attempts=1)
    assert adapter.allocations().free == 2


async def test_slots_are_limited(central: Central, adapter: LocalAdapter, radio: Radio) -> None:
    addresses = [f"54:D2:72:00:00:0{index}" for index in range(3)]
    for address in addresses:
        radio.add_peripheral(make_echo(address))
    for address in addresses[:2]:
        await central.connect(address)
    device = bluetooth.async_ble_device_from_address(central.hass, addresses[2])
    assert device is not None
    with pytest.raises(BleakError, match="No backend with an available connection slot"):
        await bleak.BleakClient(device).connect()
    assert sorted(adapter.allocations().allocated) == addresses[:2]


async def test_stronger_adapter_is_chosen(
    hass: HomeAssistant, central: Central, adapter: LocalAdapter, radio: Radio, echo: EchoPeripheral
) -> None:
    near = LocalAdapter(radio, source="00:1A:7D:DA:71:14", rssi=-40)
    near.start(hass)
    await until(lambda: len(bluetooth.async_scanner_devices_by_address(hass, ADDRESS, True)) == 2)
    await central.connect()
    assert near.allocations().allocated == [ADDRESS]
    assert adapter.allocations().allocated == []
    near.stop()
    assert central.ends == 1


@asynccontextmanager
async def create_world(radio: Radio, *, address: str = ADDRESS) -> AsyncIterator[None]:
    """Stand for the factory of a demo."""
    radio.add_peripheral(make_echo(address))
    yield
    await radio.remove_peripheral(address)


async def test_component_runs_a_world_inside_home_assistant(hass: HomeAssistant) -> None:
    config = virtual_radio.CONFIG_SCHEMA(
        {
            "virtual_radio": {
                "factory": f"{__name__}:create_world",
                "options": {"address": OTHER_ADDRESS},
            }
        }
    )
    assert await virtual_radio.async_setup(hass, config)
    central = Central(hass)
    client = await central.connect(OTHER_ADDRESS)
    await client.start_notify(ECHO, central.indicated)
    await client.write_gatt_char(ECHO, b"inside", response=True)
    await until(lambda: central.indications)
    assert central.indications == [b"inside"]
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert central.ends == 1
    assert not client.is_connected


@pytest.mark.parametrize("config", [{}, {"factory": "no colon"}, {"factory": "a.b:c", "other": 1}])
def test_component_refuses_a_wrong_configuration(config: dict[str, Any]) -> None:
    with pytest.raises(vol.Invalid):
        virtual_radio.CONFIG_SCHEMA({"virtual_radio": config})


def test_component_has_a_manifest_that_home_assistant_takes() -> None:
    folder = Path(virtual_radio.__file__).parent
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["domain"] == folder.name == virtual_radio.DOMAIN
    assert manifest["version"]
