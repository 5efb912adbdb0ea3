"""The proxy as a device: its radio, its slots, its scanner, and its clients.

It behaves as the ESP32 firmware of `bluetooth_proxy` (esphome/esphome: esphome/components/bluetooth_proxy),
so that Home Assistant, bleak-esphome and habluetooth treat it like the box people buy.
"""

import asyncio
from typing import Any

from aioesphomeapi import BluetoothProxyFeature
from aioesphomeapi.core import wifi_mac_to_bluetooth_mac

from simulator.esphome_proxy.connection import Connection
from simulator.esphome_proxy.session import Session
from simulator.esphome_proxy.wire import pb
from simulator.gatt import DisconnectReason
from simulator.radio import DEFAULT_RSSI, Radio, Sighting

__all__ = ["VirtualProxy"]

# Firmware that the proxy says it runs: new enough that Home Assistant asks for no update.
ESPHOME_VERSION = "2026.10.0"

FEATURES = (
    BluetoothProxyFeature.PASSIVE_SCAN
    | BluetoothProxyFeature.ACTIVE_CONNECTIONS
    | BluetoothProxyFeature.REMOTE_CACHING
    | BluetoothProxyFeature.PAIRING
    | BluetoothProxyFeature.CACHE_CLEARING
    | BluetoothProxyFeature.RAW_ADVERTISEMENTS
    | BluetoothProxyFeature.FEATURE_STATE_AND_MODE
    | BluetoothProxyFeature.CONNECTION_PARAMS_SETTING
)

# Advertisements go out when so many have come together, or after so many seconds.
BATCH_SIZE, BATCH_INTERVAL = 16, 0.1

ADDRESS_TYPE_PUBLIC, ADDRESS_TYPE_RANDOM = 0, 1

# Addresses of the connections that `occupy_slots` pretends: locally administered, so nobody's.
OTHER_DEVICES = 0x020000000000

# A scanner that changes its mode starts again.
RESTART_STATES = (
    pb.BluetoothScannerState.BLUETOOTH_SCANNER_STATE_STOPPING,
    pb.BluetoothScannerState.BLUETOOTH_SCANNER_STATE_IDLE,
    pb.BluetoothScannerState.BLUETOOTH_SCANNER_STATE_STARTING,
)
RUNNING = pb.BluetoothScannerState.BLUETOOTH_SCANNER_STATE_RUNNING


class VirtualProxy:
    """An ESPHome Bluetooth proxy on the loopback interface.

    `start` is power on, `stop` power off: the clients see their connections cut without a word.
    """

    def __init__(
        self,
        radio: Radio,
        *,
        name: str,
        mac: str,
        host: str = "127.0.0.1",
        port: int = 0,
        connection_slots: int = 3,
        mtu: int = 517,
        rssi: int | None = DEFAULT_RSSI,
        active_scan: bool = True,
        friendly_name: str | None = None,
    ) -> None:
        """Put a proxy, still without power, on the radio.

        Args:
            radio: The air; `radio.set_rssi(proxy, ...)` moves the proxy about.
            name: Host name of the device.
            mac: MAC address of its network interface, upper case with colons.
            host: Where it listens.
            port: TCP port; 0 takes a free one, which stays the same from then on.
            connection_slots: Bluetooth connections at a time.
            mtu: ATT MTU that it offers, bytes.
            rssi: Signal strength of every peripheral, dBm, until set otherwise.
            active_scan: The scanner mode of its configuration. Active is ESPHome's default and makes Home
                Assistant run it in AUTO: passive, and active for a moment on request.
            friendly_name: Name for people.
        """
        self.name = name
        self.mac = mac
        self.bluetooth_mac = wifi_mac_to_bluetooth_mac(mac)
        self.refusal: DisconnectReason | None = None
        self._radio = radio
        self._host = host
        self._port = port
        self._mtu = mtu
        self._friendly_name = friendly_name or name
        self._configured_active = active_scan
        self._active = active_scan
        self._slot_limit = connection_slots
        self._own: list[int] = []
        self._occupied = 0
        self._server: asyncio.Server | None = None
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._subscriber: Session | None = None
        self._batch: list[Any] = []
        self._flush_timer: asyncio.TimerHandle | None = None
        radio.add_receiver(self, rssi)

    @property
    def port(self) -> int:
        """TCP port; known once the proxy has been started."""
        return self._port

    @property
    def server_info(self) -> str:
        """What the device says of itself in its hello."""
        return f"{self.name} (esphome v{ESPHOME_VERSION})"

    @property
    def connections_free(self) -> int:
        """Slots that are not taken."""
        return self._slot_limit - len(self._own) - self._occupied

    @property
    def api_clients(self) -> int:
        """Clients of the native API that are connected."""
        return len(self._sessions)

    @property
    def is_listened_to(self) -> bool:
        """Whether a client gets the advertisements."""
        return self._subscriber is not None

    @property
    def scans_actively(self) -> bool:
        """Whether scan responses are asked for at the moment."""
        return self._active

    async def start(self) -> None:
        """Power on: listen for clients. Raises OSError if the port is taken."""
        self._active = self._configured_active
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Power off: cut all clients and links."""
        if (server := self._server) is None:
            return
        self._server = None
        server.close()
        tasks = list(self._sessions.values())
        self.drop_api_connections()
        server.abort_clients()
        await asyncio.gather(*tasks)
        await server.wait_closed()

    def drop_api_connections(self) -> None:
        """Fault: cut all clients, as when the network fails; their links are released."""
        for session in list(self._sessions):
            session.abort()

    def refuse_connects(self, reason: DisconnectReason | None) -> None:
        """Fault: fail every further request to connect with this reason; None ends the fault."""
        self.refusal = reason

    def occupy_slots(self, count: int) -> None:
        """Fault: let `count` slots be taken by connections to other devices; 0 gives them back."""
        if count > self._slot_limit - len(self._own):
            raise ValueError(f"{self.name} has fewer than {count} slots to give")
        self._occupied = count
        self._publish_slots()

    def on_sighting(self, sighting: Sighting) -> None:
        """Take one advertising event from the radio and pass it on with others."""
        if self._subscriber is None:
            return
        data = sighting.advertisement.data
        if self._active:
            data += sighting.advertisement.scan_response
        self._batch.append(
            pb.BluetoothLERawAdvertisement(
                address=_number(sighting.address),
                rssi=sighting.rssi,
                address_type=ADDRESS_TYPE_RANDOM if sighting.random_address else ADDRESS_TYPE_PUBLIC,
                data=data,
            )
        )
        if len(self._batch) >= BATCH_SIZE:
            self._flush()
        elif self._flush_timer is None:
            self._flush_timer = asyncio.get_running_loop().call_later(BATCH_INTERVAL, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if self._subscriber is not None and self._batch:
            self._subscriber.send(pb.BluetoothLERawAdvertisementsResponse(advertisements=self._batch))
        self._batch = []

    def subscribe(self, session: Session) -> None:
        """Send advertisements to this client from now on; as in the firmware the newest one wins."""
        self._subscriber = session
        self._publish_scanner_state(RUNNING)

    def unsubscribe(self, session: Session) -> None:
        """Send this client no more advertisements."""
        if self._subscriber is session:
            self._subscriber = None
            self._flush()

    def set_scanner_mode(self, *, active: bool) -> None:
        """Scan actively or passively, until asked otherwise or without power."""
        if active == self._active:
            return
        self._flush()
        self._active = active
        for state in (*RESTART_STATES, RUNNING):
            self._publish_scanner_state(state)

    def _publish_scanner_state(self, state: int) -> None:
        if self._subscriber is not None:
            self._subscriber.send(
                pb.BluetoothScannerStateResponse(
                    state=state,
                    mode=_mode(active=self._active),
                    configured_mode=_mode(active=self._configured_active),
                )
            )

    def slots(self) -> Any:
        """Return the state of the connection slots."""
        others = [OTHER_DEVICES + index for index in range(self._occupied)]
        return pb.BluetoothConnectionsFreeResponse(
            free=self.connections_free, limit=self._slot_limit, allocated=self._own + others
        )

    def _publish_slots(self) -> None:
        for session in self._sessions:
            if session.wants_slots:
                session.send(self.slots())

    def allocate_slot(self, number: int) -> bool:
        """Take a slot for the peripheral with this address; False if it has one or all are taken."""
        if number in self._own or not self.connections_free:
            return False
        self._own.append(number)
        self._publish_slots()
        return True

    def release_slot(self, number: int) -> None:
        """Give the slot of the peripheral with this address back."""
        self._own.remove(number)
        self._publish_slots()

    def open_connection(self, session: Session, number: int, *, discover: bool) -> Connection:
        """Begin to connect to the peripheral with this address on behalf of a client."""
        connection = Connection(session, number, _address(number))
        connection.open(self._radio, self, mtu=self._mtu, discover=discover)
        return connection

    def device_info(self) -> Any:
        """Return what the device says of itself."""
        return pb.DeviceInfoResponse(
            name=self.name,
            friendly_name=self._friendly_name,
            mac_address=self.mac,
            bluetooth_mac_address=self.bluetooth_mac,
            esphome_version=ESPHOME_VERSION,
            manufacturer="Smart Lock simulator",
            model="Virtual Bluetooth proxy",
            bluetooth_proxy_feature_flags=FEATURES,
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._sessions[session] = task
        try:
            await session.run()
        finally:
            del self._sessions[session]


def _number(address: str) -> int:
    return int(address.replace(":", ""), 16)


def _address(number: int) -> str:
    return number.to_bytes(6).hex(":").upper()


def _mode(*, active: bool) -> int:
    modes = pb.BluetoothScannerMode
    mode: int = modes.BLUETOOTH_SCANNER_MODE_ACTIVE if active else modes.BLUETOOTH_SCANNER_MODE_PASSIVE
    return mode
