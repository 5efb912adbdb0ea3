"""The virtual proxy behind Home Assistant's own `esphome` integration, bleak-esphome and habluetooth."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from unittest.mock import patch

import bleak
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.exc import BleakError
import bleak_retry_connector
from bleak_retry_connector import establish_connection
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BaseHaScanner, BluetoothScanningMode
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smartlock.client import ble
from custom_components.smartlock.protocol.errors import LinkLostError
from simulator.esphome_proxy import VirtualProxy
from simulator.radio import Radio
from tests.simulator import echo as peripheral
from tests.simulator.echo import ADDRESS, ECHO, EchoPeripheral
from tests.simulator.helpers import until

# The integration depends on assist_pipeline, which proxies have no use for and which needs a compiler.
UNUSED_DEPENDENCY = "assist_pipeline"

pytestmark = pytest.mark.usefixtures("socket_enabled", "mock_async_zeroconf", "enable_bluetooth")


class House:
    """Home Assistant with proxies, added as their owner would."""

    def __init__(self, hass: HomeAssistant, radio: Radio) -> None:
        self.hass = hass
        self.radio = radio
        self.proxies: list[VirtualProxy] = []
        self.entries: list[ConfigEntry] = []
        self.indications: list[bytes] = []
        self.ends = 0

    async def add_proxy(self, name: str, *, rssi: int = -60) -> VirtualProxy:
        index = len(self.proxies)
        proxy = VirtualProxy(self.radio, name=name, mac=f"A0:B1:C2:00:0{index}:01", rssi=rssi)
        self.proxies.append(proxy)
        await proxy.start()
        result = await self.hass.config_entries.flow.async_init(
            "esphome", context={"source": SOURCE_USER}, data={"host": "127.0.0.1", "port": proxy.port}
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY
        self.entries.append(result["result"])
        await until(lambda: self.scanner(proxy))
        return proxy

    def scanner(self, proxy: VirtualProxy) -> BaseHaScanner | None:
        return bluetooth.async_scanner_by_source(self.hass, proxy.bluetooth_mac)

    def free_slots(self, proxy: VirtualProxy) -> int | None:
        """How many slots of a proxy Home Assistant believes to be free."""
        scanner = self.scanner(proxy)
        allocations = scanner and scanner.get_allocations()
        return allocations.free if allocations else None

    def paths(self) -> int:
        return len(bluetooth.async_scanner_devices_by_address(self.hass, ADDRESS, True))

    async def connect(self) -> bleak.BleakClient:
        await until(lambda: bluetooth.async_ble_device_from_address(self.hass, ADDRESS))
        device = bluetooth.async_ble_device_from_address(self.hass, ADDRESS)
        assert device is not None

        def ended(_: bleak.BleakClient) -> None:
            self.ends += 1

        return await establish_connection(
            # Looked up now: Home Assistant replaces the class by a wrapper of its own.
            bleak_retry_connector.BleakClientWithServiceCache,
            device,
            "Echo",
            disconnected_callback=ended,
        )

    def indicated(self, _: BleakGATTCharacteristic, value: bytearray) -> None:
        self.indications.append(bytes(value))

    async def say(self, client: bleak.BleakClient, value: bytes) -> None:
        """Write a value and wait until it has come back."""
        await client.start_notify(ECHO, self.indicated)
        await client.write_gatt_char(ECHO, value, response=True)
        await until(lambda: value in self.indications)


@pytest.fixture
async def house(hass: HomeAssistant, radio: Radio, echo: EchoPeripheral) -> AsyncGenerator[House]:
    hass.config.components.add(UNUSED_DEPENDENCY)
    house = House(hass, radio)
    with patch("homeassistant.components.ffmpeg.FFVersion.get_version", return_value="7.1"):
        yield house
    for entry in house.entries:
        await hass.config_entries.async_unload(entry.entry_id)
    for proxy in house.proxies:
        await proxy.stop()


async def test_proxy_is_added_and_finds_the_peripheral(hass: HomeAssistant, house: House) -> None:
    proxy = await house.add_proxy("hall-proxy")
    await until(house.paths)
    info = bluetooth.async_last_service_info(hass, ADDRESS, connectable=True)
    assert info is not None
    # Run in AUTO, that is passively: no scan response, so no name.
    assert (info.name, info.rssi, info.source) == (ADDRESS, -60, proxy.bluetooth_mac)
    assert not proxy.scans_actively
    scanner = house.scanner(proxy)
    assert scanner is not None
    assert scanner.connectable
    assert scanner.requested_mode is BluetoothScanningMode.AUTO
    allocations = scanner.get_allocations()
    assert allocations is not None
    assert (allocations.slots, allocations.free) == (3, 3)
    # Neither an old firmware nor anything else for the owner to mend.
    assert not [issue for issue in ir.async_get(hass).issues.values() if issue.domain == "esphome"]

    assert await scanner.async_request_active_window(0.3)
    await until(lambda: not proxy.scans_actively)
    info = bluetooth.async_last_service_info(hass, ADDRESS, connectable=True)
    assert info is not None
    assert info.name == "Echo"


async def test_connect_write_indication_and_hang_up(
    house: House, radio: Radio, echo: EchoPeripheral, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await house.add_proxy("hall-proxy")
    client = await house.connect()
    assert client.mtu_size == 517
    await house.say(client, b"hello")
    echo.link.hang_up()
    await until(lambda: house.ends)

    client = await house.connect()
    await house.say(client, b"again")
    await client.disconnect()
    assert not echo.link.open
    assert proxy.connections_free == 3
    # The second time Home Assistant had the services in its cache: MTU, configuration, write.
    assert [record.traffic.requests for record in radio.connections] == [8 + 2, 1 + 2]
    assert "inconsistent" not in caplog.text
    assert "Reconciling stale connection" not in caplog.text


@pytest.mark.parametrize("power_cut", [False, True])
async def test_home_assistant_comes_back_after_a_failure(
    power_cut: bool, house: House, echo: EchoPeripheral
) -> None:
    proxy = await house.add_proxy("hall-proxy")
    await house.say(await house.connect(), b"before")
    scanner = house.scanner(proxy)
    if power_cut:
        await proxy.stop()
    else:
        proxy.drop_api_connections()
    await until(lambda: house.ends)
    assert not echo.link.open
    if power_cut:
        await until(lambda: house.scanner(proxy) is None)
        await proxy.start()
    await until(lambda: house.scanner(proxy) not in (None, scanner))
    await house.say(await house.connect(), b"after")


async def test_stronger_proxy_is_chosen_while_it_has_a_slot(house: House, radio: Radio) -> None:
    hall = await house.add_proxy("hall-proxy", rssi=-80)
    door = await house.add_proxy("door-proxy", rssi=-50)
    await until(lambda: house.paths() == 2)
    await (await house.connect()).disconnect()
    assert radio.connections[-1].receiver is door
    door.occupy_slots(3)
    await until(lambda: house.free_slots(door) == 0)
    await (await house.connect()).disconnect()
    assert radio.connections[-1].receiver is hall


async def test_no_slot_anywhere_is_an_error_that_says_so(hass: HomeAssistant, house: House) -> None:
    proxy = await house.add_proxy("hall-proxy")
    proxy.occupy_slots(3)
    await until(house.paths)
    device = bluetooth.async_ble_device_from_address(hass, ADDRESS)
    assert device is not None
    with pytest.raises(BleakError, match="slot"):
        await bleak.BleakClient(device).connect()


async def test_services_that_have_moved_are_discovered_again(
    hass: HomeAssistant, house: House, echo: EchoPeripheral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update of the firmware: Home Assistant would go by the old ones until the proxy restarts."""
    # Home Assistant replaces the class by a wrapper of its own.
    monkeypatch.setattr(ble, "BleakClientWithServiceCache", bleak_retry_connector.BleakClientWithServiceCache)
    await house.add_proxy("hall-proxy")
    await until(house.paths)
    transport = ble.BleTransport(
        name="Echo",
        device=lambda: bluetooth.async_ble_device_from_address(hass, ADDRESS),
        explain=lambda: "",
    )
    values: list[bytes] = []

    async def say(word: bytes) -> None:
        link = await transport.connect(on_value=lambda _, value: values.append(value), on_lost=lambda: None)
        try:
            await link.subscribe(ECHO)
            await link.write(ECHO, word)
            await until(lambda: word in values)
        finally:
            await link.close()

    await say(b"before")
    before = echo.services
    monkeypatch.setattr(peripheral, "ECHO_HANDLE", peripheral.ECHO_HANDLE + 3)
    moved = replace(
        before[1].characteristics[0], handle=peripheral.ECHO_HANDLE, cccd=peripheral.ECHO_HANDLE + 1
    )
    echo.services = (before[0], replace(before[1], characteristics=(moved,)))
    with pytest.raises(LinkLostError):
        await say(b"in between")
    await say(b"after")
    assert values == echo.written == [b"before", b"after"]
