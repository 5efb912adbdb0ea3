"""The two sides of a comparison: our client and pyNukiBT, with the same authorization on the same lock."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol, override

from homeassistant.components import bluetooth
from homeassistant.const import CONF_ADDRESS, CONF_PIN
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from benchmarks.peer import nuki_device
from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.const import (
    CLIENT_TYPE_BRIDGE,
    CONF_APP_ID,
    CONF_AUTHORIZATION_ID,
    CONF_CLIENT_TYPE,
    CONF_GENERATION,
    CONF_NUKI_ID,
    CONF_SHARED_KEY,
    DOMAIN,
)
from custom_components.smartlock.link.advertisements import freshest_device
from custom_components.smartlock.link.reachability import reachability
from custom_components.smartlock.protocol import crypto
from custom_components.smartlock.protocol.enums import AuthorizationIdType, LockAction
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.protocol.frames import Session
from simulator.virtual_lock import Timing, VirtualLock

__all__ = [
    "APP_ID",
    "NUKI_ID",
    "OurSide",
    "Paired",
    "PeerSide",
    "Side",
    "device_of",
    "entry_of",
    "paired_lock",
]

NUKI_ID = 0x33C335C5
PIN = 1234
APP_ID = 0x1CE1CEBA


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A lock and the authorization that both sides use one after the other."""

    lock: VirtualLock
    session: Session
    index: int
    private_key: bytes = field(repr=False)
    lock_public_key: bytes = field(repr=False)


def paired_lock(*, seed: int = 0, nuki_id: int = NUKI_ID, timing: Timing | None = None) -> Paired:
    """Return a third-generation lock that somebody has paired with as Bridge; the seed fixes all keys."""
    random = Random(seed)
    lock = VirtualLock("gen3", nuki_id=nuki_id, pin=PIN, timing=timing, random=random.randbytes)
    private_key, lock_private_key = random.randbytes(32), random.randbytes(32)
    lock_public_key = crypto.public_key(lock_private_key)
    authorization = lock.authorizations.add(
        crypto.shared_key(private_key, lock_public_key),
        app_id=APP_ID,
        name="Home Assistant",
        id_type=AuthorizationIdType.BRIDGE,
    )
    return Paired(
        lock=lock,
        session=authorization.session,
        index=authorization.index,
        private_key=private_key,
        lock_public_key=lock_public_key,
    )


def entry_of(paired: Paired, *, pin: bool = False) -> MockConfigEntry:
    """Return the config entry of an installation that has paired with a lock, and knows its PIN if that is wanted."""
    lock, session = paired.lock, paired.session
    return MockConfigEntry(
        domain=DOMAIN,
        title="Lock",
        unique_id=lock.address,
        data={
            CONF_ADDRESS: lock.address,
            CONF_NUKI_ID: lock.nuki_id,
            CONF_GENERATION: lock.model.dialect.name,
            CONF_CLIENT_TYPE: CLIENT_TYPE_BRIDGE,
            CONF_APP_ID: APP_ID,
            CONF_AUTHORIZATION_ID: session.authorization_id,
            CONF_SHARED_KEY: session.shared_key.hex(),
        },
        options={CONF_PIN: str(PIN)} if pin else {},
    )


def device_of(hass: HomeAssistant, paired: Paired) -> Any:
    """Return pyNukiBT's client of a lock."""
    return nuki_device(
        paired.lock.address,
        app_id=APP_ID,
        authorization_id=paired.session.authorization_id,
        lock_public_key=paired.lock_public_key,
        private_key=paired.private_key,
        public_key=crypto.public_key(paired.private_key),
        get_ble_device=lambda address: bluetooth.async_ble_device_from_address(
            hass, address, connectable=True
        ),
    )


class Side(Protocol):
    """What a benchmark asks of a client."""

    async def read(self) -> None:
        """Have the decoded state, on a new link if none is open."""

    async def connect(self) -> None:
        """Open a link because an action is about to come."""

    async def unlock(self) -> None:
        """Unlock; returns when the lock has said that it is done."""

    async def refused(self) -> None:
        """Read from a lock that has deleted our authorization; returns when the client has said so."""

    async def close(self) -> None:
        """Close the link."""


class OurSide(Side):
    """The client of this integration over bleak and Home Assistant's Bluetooth manager."""

    def __init__(self, hass: HomeAssistant, paired: Paired) -> None:
        """Make a client that is not connected."""
        self._hass = hass
        self._paired = paired
        self._client = self._new_client()

    def _new_client(self) -> LockClient:
        hass, address = self._hass, self._paired.lock.address
        return LockClient(
            BleTransport(
                name="lock", device=freshest_device(hass, address), explain=reachability(hass, address)
            ),
            dialect=self._paired.lock.model.dialect,
            session=self._paired.session,
            app_id=APP_ID,
        )

    @override
    async def read(self) -> None:
        await self._client.read_states()

    @override
    async def connect(self) -> None:
        await self._client.connect()

    @override
    async def unlock(self) -> None:
        await self._client.act(LockAction.UNLOCK)

    @override
    async def refused(self) -> None:
        try:
            await self._client.read_states()
        except SmartLockError:
            return
        raise AssertionError("a deleted authorization was not noticed")

    @override
    async def close(self) -> None:
        # A closed client stays closed; a new one has nothing that the old one knew.
        await self._client.close()
        self._client = self._new_client()


class PeerSide(Side):
    """pyNukiBT's client over the same bleak and the same Bluetooth manager."""

    def __init__(self, hass: HomeAssistant, paired: Paired) -> None:
        """Make a client that is not connected."""
        self._device = device_of(hass, paired)

    @override
    async def read(self) -> None:
        if self._device.device_type is None:
            # It finds out the generation when it connects for the first time.
            await self._device.connect()
        await self._device.update_state()

    @override
    async def connect(self) -> None:
        await self._device.connect()

    @override
    async def unlock(self) -> None:
        answer = await self._device.lock_action(
            self._device._const.LockAction.UNLOCK, wait_for_completed=True
        )
        assert answer.status == "COMPLETED"

    @override
    async def refused(self) -> None:
        try:
            await self._device.update_state()
        except Exception:  # noqa: BLE001 - whatever it raises is what its caller gets
            return
        raise AssertionError("a deleted authorization was not noticed")

    @override
    async def close(self) -> None:
        await self._device.disconnect()
