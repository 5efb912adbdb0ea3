"""The virtual proxy, judged by the client library that Home Assistant uses for the real one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
import logging
from typing import Any

from aioesphomeapi import BluetoothProxyFeature, BluetoothScannerMode, BluetoothScannerState, LogLevel
from aioesphomeapi.ble_defs import BLEConnectionError
from aioesphomeapi.client import APIClient
from aioesphomeapi.core import (
    APIConnectionError,
    BluetoothConnectionDroppedError,
    BluetoothConnectionParamsAPIError,
    BluetoothGATTAPIError,
    EncryptionPlaintextAPIError,
)
import pytest

from simulator.esphome_proxy import VirtualProxy
from simulator.esphome_proxy.wire import encode, pb, read_message
from simulator.gatt import AttError, DisconnectReason
from simulator.radio import Radio
from tests.simulator.echo import (
    ADDRESS,
    ADVERTISEMENT,
    ECHO,
    ECHO_CCCD,
    ECHO_HANDLE,
    ECHO_SERVICE,
    NAME,
    NAME_HANDLE,
    EchoLink,
    EchoPeripheral,
)
from tests.simulator.helpers import until

pytestmark = pytest.mark.usefixtures("socket_enabled")

NUMBER = int(ADDRESS.replace(":", ""), 16)
FLAGS = BluetoothProxyFeature(0xFF)
INDICATE, NOTIFY = b"\x02\x00", b"\x01\x00"

type Connector = Callable[..., Awaitable[APIClient]]


@pytest.fixture
async def proxy(radio: Radio) -> AsyncGenerator[VirtualProxy]:
    proxy = VirtualProxy(radio, name="hall-proxy", mac="A0:B1:C2:00:00:01", friendly_name="Hall")
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
async def connect(proxy: VirtualProxy) -> AsyncGenerator[Connector]:
    """Connect API clients; they leave at the end of the test."""
    clients: list[APIClient] = []

    async def connect(to: VirtualProxy = proxy) -> APIClient:
        client = APIClient("127.0.0.1", to.port, None)
        await client.connect(login=True)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        with suppress(APIConnectionError):
            await client.disconnect()


class Central:
    """An API client as the owner of one Bluetooth connection, with everything it was told."""

    def __init__(self, client: APIClient) -> None:
        self.client = client
        self.states: list[tuple[bool, int, int]] = []
        self.slots: list[tuple[int, int, list[int]]] = []
        self.indications: list[tuple[int, bytes]] = []
        client.subscribe_bluetooth_connections_free(lambda *slots: self.slots.append(slots))

    async def connect(self, *, has_cache: bool = False) -> None:
        await self.client.bluetooth_device_connect(
            NUMBER,
            lambda *state: self.states.append(state),
            timeout=5,
            has_cache=has_cache,
            feature_flags=FLAGS,
            address_type=0,
        )
        assert self.states

    async def subscribe(self) -> None:
        await self.register()
        await self.client.bluetooth_gatt_write_descriptor(NUMBER, ECHO_CCCD, INDICATE)

    async def register(self) -> None:
        await self.client.bluetooth_gatt_start_notify(
            NUMBER, ECHO_HANDLE, lambda handle, data: self.indications.append((handle, bytes(data)))
        )

    async def write(self, value: bytes, handle: int = ECHO_HANDLE) -> None:
        await self.client.bluetooth_gatt_write(NUMBER, handle, value, response=True)


@pytest.fixture
async def central(connect: Connector, echo: EchoPeripheral) -> Central:
    return Central(await connect())


async def test_introduces_itself_as_a_proxy_that_home_assistant_likes(
    proxy: VirtualProxy, connect: Connector
) -> None:
    client = await connect()
    info, entities, actions = await client.device_info_and_list_entities()
    assert (info.name, info.friendly_name) == ("hall-proxy", "Hall")
    assert (info.mac_address, info.bluetooth_mac_address) == ("A0:B1:C2:00:00:01", "A0:B1:C2:00:00:03")
    assert client.api_version is not None
    assert info.bluetooth_proxy_feature_flags_compat(client.api_version) == FLAGS
    assert not info.uses_password
    assert not info.project_name
    assert (entities, actions) == ([], [])


async def test_firmware_is_recent_enough(connect: Connector) -> None:
    from awesomeversion import AwesomeVersion
    from homeassistant.components.esphome.const import STABLE_BLE_VERSION

    info = await (await connect()).device_info()
    assert AwesomeVersion(info.esphome_version) >= STABLE_BLE_VERSION


async def test_advertisements_are_raw_and_hold_the_scan_response_only_when_active(
    proxy: VirtualProxy, connect: Connector, echo: EchoPeripheral
) -> None:
    client = await connect()
    heard: list[Any] = []
    states: list[tuple[Any, Any, Any]] = []
    client.subscribe_bluetooth_scanner_state(
        lambda each: states.append((each.state, each.mode, each.configured_mode))
    )
    client.bluetooth_scanner_set_mode(BluetoothScannerMode.PASSIVE)
    client.subscribe_bluetooth_le_raw_advertisements(lambda batch: heard.extend(batch.advertisements))
    await until(lambda: len(heard) > 3)
    assert {(each.address, each.address_type, each.rssi) for each in heard} == {(NUMBER, 0, -60)}
    assert {each.data for each in heard} == {ADVERTISEMENT.data}
    assert states == [
        (BluetoothScannerState.RUNNING, BluetoothScannerMode.PASSIVE, BluetoothScannerMode.ACTIVE)
    ]

    client.bluetooth_scanner_set_mode(BluetoothScannerMode.ACTIVE)
    await until(lambda: proxy.scans_actively)
    heard.clear()
    await until(lambda: heard)
    assert heard[-1].data == ADVERTISEMENT.data + ADVERTISEMENT.scan_response
    assert states[-1] == (
        BluetoothScannerState.RUNNING,
        BluetoothScannerMode.ACTIVE,
        BluetoothScannerMode.ACTIVE,
    )


async def test_advertisements_come_in_batches(
    radio: Radio, connect: Connector, echo: EchoPeripheral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of sixteen, however slowly a busy machine advertises; otherwise they leave after a moment, too."""
    monkeypatch.setattr("simulator.esphome_proxy.proxy.BATCH_INTERVAL", 60)
    echo.advertising_interval = 0
    batches: list[int] = []
    client = await connect()
    client.subscribe_bluetooth_le_raw_advertisements(lambda batch: batches.append(len(batch.advertisements)))
    await until(lambda: len(batches) >= 3)
    # The timer of the first may have been started before.
    assert set(batches[1:]) == {16}


async def test_newest_subscriber_gets_the_advertisements(connect: Connector, echo: EchoPeripheral) -> None:
    heard: tuple[list[object], list[object]] = ([], [])
    for each in heard:
        (await connect()).subscribe_bluetooth_le_raw_advertisements(each.append)
        await until(partial(bool, each))
    # What is under way to the first one arrives before the second of two batches to the other.
    await until(lambda: len(heard[1]) > 2)
    count = len(heard[0])
    await until(lambda: len(heard[1]) > 5)
    assert len(heard[0]) == count


async def test_whole_way_from_connect_to_disconnect(central: Central, echo: EchoPeripheral) -> None:
    client = central.client
    await central.connect()
    assert central.states == [(True, 517, 0)]
    services = (await client.bluetooth_gatt_get_services(NUMBER)).services
    assert [service.uuid for service in services] == [each.uuid for each in echo.services]
    echo_service = services[1]
    assert (echo_service.uuid, echo_service.handle) == (ECHO_SERVICE, 0x10)
    [characteristic] = echo_service.characteristics
    assert (characteristic.uuid, characteristic.handle) == (ECHO, ECHO_HANDLE)
    assert characteristic.properties == 0x28
    assert [each.handle for each in characteristic.descriptors] == [ECHO_CCCD]
    assert [each.uuid for each in characteristic.descriptors] == ["00002902-0000-1000-8000-00805f9b34fb"]

    assert await client.bluetooth_gatt_read(NUMBER, NAME_HANDLE) == NAME
    await central.subscribe()
    assert await client.bluetooth_gatt_read_descriptor(NUMBER, ECHO_CCCD) == INDICATE
    await central.write(b"hello")
    await until(lambda: central.indications)
    assert central.indications == [(ECHO_HANDLE, b"hello")]

    await client.bluetooth_device_disconnect(NUMBER)
    await until(lambda: len(central.states) == 2)
    assert central.states[-1] == (False, 0, BLEConnectionError.ESP_GATT_CONN_TERMINATE_LOCAL_HOST)
    assert not echo.link.open
    await until(lambda: len(central.slots) >= 3)
    assert central.slots == [(3, 3, []), (2, 3, [NUMBER]), (3, 3, [])]


async def test_with_a_cache_services_are_neither_discovered_nor_sent(
    central: Central, radio: Radio, echo: EchoPeripheral
) -> None:
    await central.connect(has_cache=True)
    assert (await central.client.bluetooth_gatt_get_services(NUMBER)).services == []
    assert radio.connections[0].traffic.requests == 1


async def test_mtu_is_what_the_proxy_offers(radio: Radio, connect: Connector, echo: EchoPeripheral) -> None:
    small = VirtualProxy(radio, name="small", mac="A0:B1:C2:00:00:11", mtu=23)
    await small.start()
    central = Central(await connect(small))
    await central.connect()
    assert central.states == [(True, 23, 0)]
    await central.subscribe()
    await central.write(bytes(30))
    await until(lambda: central.indications)
    assert central.indications == [(ECHO_HANDLE, bytes(20))]
    await small.stop()


async def test_indications_need_registration_and_configuration(
    central: Central, echo: EchoPeripheral
) -> None:
    await central.connect()
    await central.register()
    assert not echo.link.enabled
    await central.write(b"not configured")
    await central.client.bluetooth_gatt_write_descriptor(NUMBER, ECHO_CCCD, INDICATE)
    await central.write(b"both")
    await until(lambda: central.indications)
    central.client.bluetooth_gatt_stop_notify(NUMBER, ECHO_HANDLE)
    await central.write(b"not registered")
    await central.client.bluetooth_gatt_write_descriptor(NUMBER, ECHO_CCCD, bytes(2))
    assert not echo.link.enabled
    assert central.indications == [(ECHO_HANDLE, b"both")]


async def test_gatt_errors_keep_their_code(central: Central) -> None:
    client = central.client
    await central.connect()
    for request, code in (
        (client.bluetooth_gatt_read(NUMBER, ECHO_HANDLE), AttError.READ_NOT_PERMITTED),
        (client.bluetooth_gatt_write(NUMBER, NAME_HANDLE, b"", True), AttError.WRITE_NOT_PERMITTED),
        (client.bluetooth_gatt_read_descriptor(NUMBER, 0x99), AttError.INVALID_HANDLE),
        (client.bluetooth_gatt_write_descriptor(NUMBER, 0x99, INDICATE), AttError.INVALID_HANDLE),
        (
            client.bluetooth_gatt_write_descriptor(NUMBER, ECHO_CCCD, NOTIFY),
            AttError.CCCD_IMPROPERLY_CONFIGURED,
        ),
        (
            client.bluetooth_gatt_write_descriptor(NUMBER, ECHO_CCCD, b"\x02"),
            AttError.INVALID_ATTRIBUTE_LENGTH,
        ),
        (client.bluetooth_gatt_start_notify(NUMBER, 0x99, print), AttError.INVALID_HANDLE),
    ):
        with pytest.raises(BluetoothGATTAPIError) as refused:
            await request
        assert refused.value.error.error == code
    assert await client.bluetooth_gatt_read(NUMBER, NAME_HANDLE) == NAME


async def test_requests_without_connection_are_refused(central: Central) -> None:
    client = central.client
    for request in (
        client.bluetooth_gatt_read(NUMBER, NAME_HANDLE),
        client.bluetooth_gatt_write(NUMBER, ECHO_HANDLE, b"", True),
        client.bluetooth_gatt_read_descriptor(NUMBER, ECHO_CCCD),
        client.bluetooth_gatt_write_descriptor(NUMBER, ECHO_CCCD, INDICATE),
        client.bluetooth_gatt_start_notify(NUMBER, ECHO_HANDLE, print),
        client.bluetooth_gatt_get_services(NUMBER),
    ):
        with pytest.raises(BluetoothGATTAPIError) as refused:
            await request
        assert refused.value.error.error == -1
    with pytest.raises(BluetoothConnectionParamsAPIError):
        await client.bluetooth_device_set_connection_params(NUMBER, 6, 24, 0, 400)
    assert (await client.bluetooth_device_pair(NUMBER)).error == -1
    await client.bluetooth_device_disconnect(NUMBER)


async def test_bug_in_a_peripheral_is_an_unlikely_error(
    central: Central, echo: EchoPeripheral, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_write(link: EchoLink, data: bytes) -> None:
        raise ZeroDivisionError

    echo.on_write = on_write
    await central.connect()
    with pytest.raises(BluetoothGATTAPIError) as refused:
        await central.write(b"")
    assert refused.value.error.error == AttError.UNLIKELY_ERROR
    assert "ZeroDivisionError" in caplog.text


async def test_pairing_is_not_supported_and_the_rest_is(central: Central, radio: Radio) -> None:
    client = central.client
    await central.connect()
    paired = await client.bluetooth_device_pair(NUMBER)
    assert (paired.paired, paired.error) == (False, 0x55)
    assert not (await client.bluetooth_device_unpair(NUMBER)).success
    assert (await client.bluetooth_device_clear_cache(NUMBER)).success
    await client.bluetooth_device_set_connection_params(NUMBER, 6, 24, 0, 400)
    start = asyncio.get_running_loop().time()
    await client.bluetooth_gatt_read(NUMBER, NAME_HANDLE)
    # 24 units of 1.25 ms.
    assert asyncio.get_running_loop().time() - start >= 0.029


async def test_peripheral_that_hangs_up_is_reported_with_its_reason(
    central: Central, echo: EchoPeripheral
) -> None:
    await central.connect()
    echo.link.hang_up()
    await until(lambda: len(central.states) == 2)
    assert central.states[-1] == (False, 0, DisconnectReason.REMOTE_USER_TERMINATED)
    await until(lambda: len(central.slots) == 3)
    assert central.slots[-1] == (3, 3, [])
    await central.connect()
    assert central.states[-1] == (True, 517, 0)


async def test_link_that_ends_fails_the_request_under_way(
    central: Central, echo: EchoPeripheral, radio: Radio, proxy: VirtualProxy
) -> None:
    async def on_write(link: EchoLink, data: bytes) -> None:
        radio.set_rssi(proxy, ADDRESS, None)

    echo.on_write = on_write
    await central.connect()
    with pytest.raises(BluetoothConnectionDroppedError):
        await central.write(b"")
    assert central.states[-1] == (False, 0, DisconnectReason.CONNECTION_TIMEOUT)


async def test_out_of_range_connecting_fails_and_frees_the_slot(
    central: Central, radio: Radio, proxy: VirtualProxy
) -> None:
    radio.set_rssi(proxy, ADDRESS, None)
    await central.connect()
    assert central.states == [(False, 0, DisconnectReason.CONNECTION_TIMEOUT)]
    await until(lambda: len(central.slots) == 3)
    assert central.slots == [(3, 3, []), (2, 3, [NUMBER]), (3, 3, [])]


async def test_connecting_can_be_given_up(connect: Connector, echo: EchoPeripheral) -> None:
    slow = Radio()
    slow.add_peripheral(peripheral := EchoPeripheral())
    far = VirtualProxy(slow, name="far", mac="A0:B1:C2:00:00:21", rssi=None)
    await far.start()
    central = Central(await connect(far))
    with pytest.raises(APIConnectionError):
        await central.client.bluetooth_device_connect(
            NUMBER, lambda *_: None, timeout=0.05, feature_flags=FLAGS, address_type=0
        )
    assert far.connections_free == 3
    slow.set_rssi(far, ADDRESS, -60)
    await central.connect()
    assert peripheral.link.open
    await far.stop()
    await slow.stop()


async def test_occupied_slots_leave_none_and_add_up(
    central: Central, proxy: VirtualProxy, echo: EchoPeripheral
) -> None:
    proxy.occupy_slots(3)
    await central.connect()
    assert central.states == [(False, 0, 0)]
    free, limit, allocated = central.slots[-1]
    assert (free, limit, len(allocated)) == (0, 3, 3)
    proxy.occupy_slots(2)
    await central.connect()
    assert central.states[-1][0]
    free, limit, allocated = central.slots[-1]
    assert (free, len(allocated)) == (0, 3)
    assert NUMBER in allocated
    with pytest.raises(ValueError):
        proxy.occupy_slots(3)
    proxy.occupy_slots(0)
    await until(lambda: central.slots[-1] == (2, 3, [NUMBER]))


async def test_connects_can_be_refused(central: Central, proxy: VirtualProxy) -> None:
    proxy.refuse_connects(DisconnectReason.FAILED_TO_ESTABLISH)
    await central.connect()
    assert central.states == [(False, 0, BLEConnectionError.ESP_GATT_CONN_FAIL_ESTABLISH)]
    proxy.refuse_connects(None)
    await central.connect()
    assert central.states[-1][0]


async def test_end_of_the_client_releases_its_links(
    central: Central, proxy: VirtualProxy, echo: EchoPeripheral, connect: Connector
) -> None:
    await central.connect()
    observer = Central(await connect())
    await until(lambda: observer.slots)
    await central.client.disconnect()
    await until(lambda: not echo.link.open)
    await until(lambda: observer.slots[-1] == (3, 3, []))
    await observer.connect()
    assert echo.link.open


async def test_log_client_disturbs_nobody(central: Central, connect: Connector, proxy: VirtualProxy) -> None:
    await central.connect()
    other = await connect()
    other.subscribe_logs(print, log_level=LogLevel.LOG_LEVEL_DEBUG)
    other.subscribe_home_assistant_states_and_services(
        on_state=print, on_service_call=print, on_state_sub=print
    )
    await other.device_info()
    assert proxy.api_clients == 2
    await central.subscribe()
    await other.disconnect()
    await until(lambda: proxy.api_clients == 1)
    await central.write(b"still here")
    await until(lambda: central.indications)


async def test_peripheral_of_another_client_is_refused(
    central: Central, connect: Connector, echo: EchoPeripheral
) -> None:
    await central.connect()
    thief = Central(await connect())
    await thief.connect()
    assert thief.states == [(False, 0, 0)]
    assert echo.link.open


async def test_dropped_clients_can_come_back(
    central: Central, proxy: VirtualProxy, echo: EchoPeripheral, connect: Connector
) -> None:
    await central.connect()
    proxy.drop_api_connections()
    await until(lambda: not proxy.api_clients)
    assert not echo.link.open
    again = Central(await connect())
    await again.connect()
    assert again.states == [(True, 517, 0)]


async def test_power_cycle_keeps_the_port_and_forgets_the_rest(
    central: Central, proxy: VirtualProxy, echo: EchoPeripheral, connect: Connector
) -> None:
    await central.connect()
    central.client.bluetooth_scanner_set_mode(BluetoothScannerMode.PASSIVE)
    await until(lambda: not proxy.scans_actively)
    port = proxy.port
    await proxy.stop()
    assert not echo.link.open
    with pytest.raises(APIConnectionError):
        await connect()
    await proxy.start()
    assert proxy.port == port
    assert proxy.scans_actively
    assert proxy.connections_free == 3
    await Central(await connect()).connect()


async def test_noise_client_is_told_that_there_is_no_key(proxy: VirtualProxy) -> None:
    client = APIClient(
        "127.0.0.1", proxy.port, None, noise_psk="QRTIErOb/fcE9Ukd/5qA3RGYMn0Y+p06U58SCtOXvPc="
    )
    with pytest.raises(EncryptionPlaintextAPIError):
        await client.connect(login=True)


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\xff\xff\xff\xff\xff",
        b"\x00\xff\xff\x7f\x01",
        bytes.fromhex("00 05 01 ffffffffff"),
    ],
)
async def test_garbage_ends_only_its_own_connection(
    noise: bytes, central: Central, proxy: VirtualProxy, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(noise)
    assert await reader.read() == b""
    writer.close()
    told = [record for record in caplog.records if "hall-proxy" in record.getMessage()]
    assert [each.levelno for each in told if each.levelno > logging.DEBUG] == [logging.WARNING]
    await central.connect()
    assert central.states[-1][0]


class BareClient:
    """Sees every message of the proxy in the order in which it was sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def exchange(self, request: Any, count: int = 1) -> list[Any]:
        """Send a request and return the next messages."""
        self.writer.write(encode(request))
        return [await read_message(self._reader) for _ in range(count)]


@pytest.fixture
async def bare_client(proxy: VirtualProxy, echo: EchoPeripheral) -> AsyncGenerator[BareClient]:
    """Connect to the peripheral and configure its indications, but do not register for them."""
    client = BareClient(*await asyncio.open_connection("127.0.0.1", proxy.port))
    await client.exchange(
        pb.BluetoothDeviceRequest(address=NUMBER, request_type=5, has_address_type=True, address_type=0)
    )
    await client.exchange(
        pb.BluetoothGATTWriteDescriptorRequest(address=NUMBER, handle=ECHO_CCCD, data=INDICATE)
    )
    assert echo.link.enabled
    yield client
    client.writer.close()


WRITE = pb.BluetoothGATTWriteRequest(address=NUMBER, handle=ECHO_HANDLE, data=b"echo", response=True)


async def test_answer_goes_out_before_an_indication_that_follows_it(
    bare_client: BareClient, echo: EchoPeripheral
) -> None:
    async def on_write(link: EchoLink, data: bytes) -> None:
        link.indicate(b"before")
        asyncio.get_running_loop().call_soon(link.indicate, b"after")

    echo.on_write = on_write
    await bare_client.exchange(pb.BluetoothGATTNotifyRequest(address=NUMBER, handle=ECHO_HANDLE, enable=True))
    answers = await bare_client.exchange(WRITE, 3)
    assert [getattr(each, "data", "answer") for each in answers] == [b"before", "answer", b"after"]


async def test_indication_without_registration_stays_in_the_proxy(
    bare_client: BareClient, radio: Radio
) -> None:
    answers = await bare_client.exchange(WRITE) + await bare_client.exchange(pb.PingRequest())
    assert [type(each) for each in answers] == [pb.BluetoothGATTWriteResponse, pb.PingResponse]
    assert radio.connections[0].traffic.indications == 1


async def test_write_without_response_is_not_answered(bare_client: BareClient, echo: EchoPeripheral) -> None:
    bare_client.writer.write(
        encode(pb.BluetoothGATTWriteRequest(address=NUMBER, handle=ECHO_HANDLE, data=b"quiet"))
    )
    await until(lambda: echo.written == [b"quiet"])
    assert [type(each) for each in await bare_client.exchange(pb.PingRequest())] == [pb.PingResponse]


async def test_request_just_before_the_end_is_let_go_of(
    bare_client: BareClient, echo: EchoPeripheral, recwarn: pytest.WarningsRecorder
) -> None:
    """A client that gives up sends both at once, and the proxy reads them in one go."""
    disconnect = pb.BluetoothDeviceRequest(
        address=NUMBER, request_type=pb.BLUETOOTH_DEVICE_REQUEST_TYPE_DISCONNECT
    )
    bare_client.writer.write(encode(WRITE))
    answers = await bare_client.exchange(disconnect)
    assert [type(each) for each in answers] == [pb.BluetoothDeviceConnectionResponse]
    assert not answers[0].connected
    assert not echo.link.open
    assert echo.written == []
    assert [str(each.message) for each in recwarn] == []


async def test_two_proxies_hear_the_same_peripheral_differently(
    radio: Radio, proxy: VirtualProxy, echo: EchoPeripheral, connect: Connector
) -> None:
    attic = VirtualProxy(radio, name="attic", mac="A0:B1:C2:00:00:31", rssi=-85)
    await attic.start()
    heard: dict[VirtualProxy, set[int]] = {proxy: set(), attic: set()}

    def note(by: VirtualProxy, batch: Any) -> None:
        heard[by].update(each.rssi for each in batch.advertisements)

    for each in heard:
        (await connect(each)).subscribe_bluetooth_le_raw_advertisements(partial(note, each))
    await until(lambda: all(heard.values()))
    assert heard == {proxy: {-60}, attic: {-85}}
    central = Central(await connect(attic))
    await central.connect()
    assert (attic.connections_free, proxy.connections_free) == (2, 3)
    await attic.stop()
