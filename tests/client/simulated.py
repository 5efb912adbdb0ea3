"""A transport on the simulated radio, and a paired client behind it, all in virtual time."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, override

from custom_components.smartlock.client.ahead import ChallengeTrust
from custom_components.smartlock.client.client import IDLE_TIME, LockClient
from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.client.pairing import pair
from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.errors import LinkLostError, UnreachableError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.freshness import Freshness
from custom_components.smartlock.protocol.messages import Message
from simulator.gatt import ConnectRefusedError, DisconnectReason, GattError, LinkClosedError
from simulator.radio import Radio, RadioLink, Sighting
from simulator.virtual_lock import VirtualLock

PINS = {"gen2": 1234, "gen3": 1234, "gen4": 1234, "ultra": 123456}
NUKI_ID = 0x33C335C5


class SimulatedTransport(Transport):
    """A receiver on the radio that connects to one lock."""

    def __init__(self, radio: Radio, address: str) -> None:
        """Put the receiver on the radio."""
        self.radio = radio
        self.address = address
        self.mtu = 517
        self.written: list[bytes] = []
        """Every value that the client wrote, whatever became of it."""
        self.indications = 0
        """How many the lock has sent."""
        self.lose: set[int] = set()
        """Which of them are lost on the way, by number."""
        self.tamper: Callable[[bytes], Sequence[bytes]] = lambda value: [value]
        """What somebody in reach makes of each of them."""
        self.cached_services: frozenset[str] | None = None
        """What the Bluetooth stack takes for the table of services until it is told to forget it."""
        radio.add_receiver(self)

    async def subscribing(self) -> None:
        """Wait as long as the Bluetooth stack does before a subscription."""

    def on_sighting(self, sighting: Sighting) -> None:
        """Ignore advertisements: only the connections count here."""

    @override
    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        link = SimulatedLink(on_value, self)

        def lost(reason: DisconnectReason) -> None:
            link.lost = True
            on_lost()

        try:
            link.radio_link = await self.radio.connect(
                self, self.address, mtu=self.mtu, on_indication=link.indicated, on_disconnect=lost
            )
        except ConnectRefusedError as error:
            raise UnreachableError(error.reason.name) from error
        for service in link.radio_link.services:
            for characteristic in service.characteristics:
                link.handles[characteristic.uuid] = characteristic.handle
        return link


class SimulatedLink(Link):
    """One connection on the radio."""

    def __init__(self, on_value: Callable[[str, bytes], None], transport: SimulatedTransport) -> None:
        """Prepare for values of one transport."""
        self.radio_link: RadioLink | None = None
        self.handles: dict[str, int] = {}
        self.lost = False
        self._on_value = on_value
        self._transport = transport

    def indicated(self, handle: int, value: bytes) -> None:
        """Pass an indication on under the UUID of its characteristic."""
        self._transport.indications += 1
        if self._transport.indications in self._transport.lose:
            return
        uuid = next(uuid for uuid, known in self.handles.items() if known == handle)
        for arriving in self._transport.tamper(value):
            self._on_value(uuid, arriving)

    @property
    def _open(self) -> RadioLink:
        if self.radio_link is None or self.lost:
            raise LinkLostError
        return self.radio_link

    @property
    @override
    def services(self) -> frozenset[str]:
        discovered = frozenset(service.uuid for service in self._open.services)
        cached = self._transport.cached_services
        return discovered if cached is None else cached

    @override
    async def forget_services(self) -> None:
        self._transport.cached_services = None

    @override
    async def subscribe(self, characteristic: str) -> None:
        await self._transport.subscribing()
        try:
            await self._open.set_indications(self.handles[characteristic], enabled=True)
        except (GattError, LinkClosedError) as error:
            raise LinkLostError from error

    @override
    async def write(self, characteristic: str, value: bytes) -> None:
        radio_link = self._open
        self._transport.written.append(value)
        try:
            await radio_link.write(self.handles[characteristic], value)
        except (GattError, LinkClosedError) as error:
            raise LinkLostError from error

    @override
    async def close(self) -> None:
        link, self.radio_link = self.radio_link, None
        if link is not None:
            link.close()


def uncounted() -> PinTries:
    """Return what lets every PIN go out; the lock's own journal counts them."""
    return PinTries(check=lambda pin: None)


class FreeClient(LockClient):
    """A client that may send a PIN without anybody who counts."""

    @override
    async def request[T](self, conversation: Conversation[T], *, pin_tries: PinTries | None = None) -> T:
        return await super().request(conversation, pin_tries=pin_tries or uncounted())


class World:
    """A lock on the radio, and the client that is paired with it."""

    def __init__(self, model: str, *, locked: bool = True, **options: Any) -> None:
        """Build the lock with further options of VirtualLock; `paired` adds the client."""
        self.radio = Radio()
        self.lock = VirtualLock(model, nuki_id=NUKI_ID, pin=PINS[model], locked=locked, **options)
        self.radio.add_peripheral(self.lock)
        self.transport = SimulatedTransport(self.radio, self.lock.address)
        self.dialect = GENERATION_5 if model == "ultra" else GENERATIONS_1_TO_4
        self.pin = PINS[model]
        self.heard: list[Message] = []
        self.on_heard: Callable[[Message], None] = lambda message: None
        self.links_lost = 0
        self.challenges_taken: list[bool] = []
        """Whether the lock took each challenge that was there ahead."""
        self.trust = ChallengeTrust(self.challenges_taken.append)
        self.session: Session | None = None

    async def pair(
        self, id_type: AuthorizationIdType = AuthorizationIdType.APP, *, idle_time: float | None = IDLE_TIME
    ) -> LockClient:
        """Hold the button and pair."""
        self.lock.enter_pairing_mode()
        pairing = await pair(
            self.transport, self.dialect, app_id=42, name="Test", id_type=id_type, pin=self.pin
        )
        self.session = pairing.session
        return self.client(idle_time=idle_time)

    def client(
        self, *, idle_time: float | None = IDLE_TIME, freshness: Freshness | None = None
    ) -> FreeClient:
        """Return a client with the authorization of the last pairing."""
        assert self.session is not None
        return FreeClient(
            self.transport,
            dialect=self.dialect,
            session=self.session,
            app_id=42,
            on_message=self._heard,
            on_lost=self._lost,
            freshness=freshness,
            idle_time=idle_time,
            trust=self.trust,
        )

    def _heard(self, message: Message) -> None:
        self.heard.append(message)
        self.on_heard(message)

    def _lost(self) -> None:
        self.links_lost += 1

    @property
    def runs(self) -> list[str]:
        """Actions for which the motor ran, in order."""
        return [str(entry.facts["action"]) for entry in self.lock.journal.motor_runs]

    @property
    def actions_written(self) -> int:
        """How often a lock action reached the lock."""
        return len(self.lock.journal.requests("LOCK_ACTION"))


@asynccontextmanager
async def paired(
    model: str = "gen3", *, locked: bool = True, idle_time: float | None = IDLE_TIME
) -> AsyncGenerator[tuple[World, LockClient]]:
    """Return a world with a paired client; at the end no rule may have been broken."""
    world = World(model, locked=locked)
    client = await world.pair(idle_time=idle_time)
    world.lock.journal.entries.clear()
    try:
        yield world, client
    finally:
        await client.close()
        await world.radio.stop()
