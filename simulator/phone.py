"""A phone that somebody carries about: it advertises, and each receiver hears it as well as it is set to.

Three kinds of phone are in use: one whose address changes and can be resolved by who knows its identity
resolving key (IRK), an iBeacon, and one with a fixed address. The last two anybody can imitate.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import random
from typing import Protocol, Self
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator.gatt import Advertisement
from simulator.radio import Radio, Receiver

__all__ = ["BeaconPhone", "FixedPhone", "Identity", "PrivatePhone", "Recording", "VirtualPhone", "resolvable"]

# Seconds between two advertising events. Phones that only announce themselves take 0.1 to 1 s.
INTERVAL = 0.25

# Seconds that a resolvable private address lives (Bluetooth Core, Vol 3, Part C, Appendix A: T_GAP, 15 min).
ADDRESS_LIFE = 900.0

# Below this a receiver hears nothing, dBm; and where a phone is that comes from far away or goes there.
SENSITIVITY, FAR = -98.0, -110.0

# AD types (Bluetooth Assigned Numbers, 2.3) and the company whose frames most phones send.
_FLAGS, _MANUFACTURER_DATA = 0x01, 0xFF
_APPLE = (0x004C).to_bytes(2, "little")
# "Nearby Info", the frame that an iPhone always sends: type, length, status, flags, and a tag.
_NEARBY_INFO = bytes.fromhex("100507181f2a44")
_IBEACON = bytes([0x02, 0x15])


def _event(company_data: bytes) -> Advertisement:
    payload = bytes([_MANUFACTURER_DATA]) + _APPLE + company_data
    return Advertisement(data=bytes([2, _FLAGS, 0x1A, len(payload)]) + payload)


_NEARBY = _event(_NEARBY_INFO)


def resolvable(irk: bytes, prand: int) -> str:
    """Return a resolvable private address (Bluetooth Core, Vol 6, Part B, 1.3.2.2).

    Args:
        irk: 16 bytes, most significant first.
        prand: Its random part, 22 bits.
    """
    random_part = (0x400000 | prand & 0x3FFFFF).to_bytes(3)
    encryptor = Cipher(algorithms.AES(irk), modes.ECB()).encryptor()  # noqa: S305 - one block, as the standard wants
    hashed = encryptor.update(bytes(13) + random_part) + encryptor.finalize()
    return (random_part + hashed[13:]).hex(":").upper()


class Identity(Protocol):
    """What a phone says it is."""

    def address(self, now: float) -> str:
        """Return the address at a time in seconds."""

    @property
    def random_address(self) -> bool:
        """Whether the address is not from a manufacturer's range."""

    @property
    def advertisement(self) -> Advertisement:
        """What it broadcasts."""


@dataclass(frozen=True, kw_only=True)
class PrivatePhone:
    """A phone whose address changes, as those of the big makers do."""

    irk: bytes = field(repr=False)
    life: float = ADDRESS_LIFE
    seed: int = 0
    random_address = True
    advertisement = _NEARBY

    def address(self, now: float) -> str:
        """Return the address of the moment."""
        turn = int(now // self.life)
        return resolvable(self.irk, random.Random(f"{self.seed}:{turn}").getrandbits(22))


@dataclass(frozen=True, kw_only=True)
class BeaconPhone:
    """A phone, or a tag, with an app that broadcasts an iBeacon; its address changes and means nothing."""

    uuid: UUID
    major: int
    minor: int
    life: float = ADDRESS_LIFE
    seed: int = 0
    random_address = True

    @property
    def advertisement(self) -> Advertisement:
        """The beacon, which is the same for ever."""
        ids = self.major.to_bytes(2) + self.minor.to_bytes(2)
        return _event(_IBEACON + self.uuid.bytes + ids + (-59).to_bytes(1, signed=True))

    def address(self, now: float) -> str:
        """Return a non-resolvable address of the moment."""
        turn = int(now // self.life)
        number = random.Random(f"beacon:{self.seed}:{turn}").getrandbits(46)
        return number.to_bytes(6).hex(":").upper()


@dataclass(frozen=True, kw_only=True)
class FixedPhone:
    """A phone, a watch or a tag with an address for life."""

    fixed_address: str
    advertisement: Advertisement = _NEARBY
    random_address: bool = False

    def address(self, now: float) -> str:
        """Return the address."""
        return self.fixed_address


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What an attacker sends: a phone as it was received at some moment."""

    heard_address: str
    advertisement: Advertisement
    random_address: bool

    @classmethod
    def of(cls, identity: Identity, now: float) -> Self:
        """Record what a phone sends at a time in seconds."""
        return cls(
            heard_address=identity.address(now),
            advertisement=identity.advertisement,
            random_address=identity.random_address,
        )

    def address(self, now: float) -> str:
        """Return the address that was received."""
        return self.heard_address


@dataclass(frozen=True, kw_only=True)
class _Leg:
    """A straight piece of a walk: the signal goes from one strength to another at a steady pace."""

    start: float = FAR
    end: float = FAR
    begins: float = 0.0
    ends: float = 0.0

    def at(self, now: float) -> float:
        """Return the signal in dBm."""
        if now >= self.ends:
            return self.end
        part = (now - self.begins) / (self.ends - self.begins)
        return self.start + part * (self.end - self.start)


class VirtualPhone:
    """A phone on a radio; nobody hears it until it is placed somewhere. Use it with `async with`."""

    def __init__(self, radio: Radio, identity: Identity, *, interval: float = INTERVAL) -> None:
        """Switch a phone on.

        Args:
            radio: The air; its receivers are those that may hear the phone.
            identity: What the phone says it is.
            interval: Seconds between two advertising events.
        """
        self.identity = identity
        self.sent = 0
        self._radio = radio
        self._interval = interval
        self._legs: dict[Receiver, _Leg] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Advertise."""
        self._task = asyncio.create_task(self._advertise())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Switch it off."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    @property
    def address(self) -> str:
        """The address of the moment."""
        return self.identity.address(self._now)

    def signal(self, receiver: Receiver) -> float | None:
        """Return how well a receiver hears the phone now, in dBm; None if it does not."""
        strength = self._legs.get(receiver, _Leg()).at(self._now)
        return strength if strength >= SENSITIVITY else None

    def place(self, signals: Mapping[Receiver, float]) -> None:
        """Be somewhere at once: signal in dBm at each receiver that hears the phone there."""
        self.walk(signals, 0.0)

    def walk(self, signals: Mapping[Receiver, float], seconds: float) -> None:
        """Walk to where each receiver hears the phone so well, in dBm; receivers left out hear it no more."""
        now = self._now
        self._legs = {
            receiver: _Leg(
                start=self._legs.get(receiver, _Leg()).at(now),
                end=signals.get(receiver, FAR),
                begins=now,
                ends=now + seconds,
            )
            for receiver in {*self._legs, *signals}
        }

    def go_away(self, seconds: float = 0.0) -> None:
        """Walk out of everybody's reach."""
        self.walk({}, seconds)

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _advertise(self) -> None:
        while True:
            for receiver in list(self._legs):
                if (signal := self.signal(receiver)) is not None:
                    self._radio.send(
                        receiver,
                        self.address,
                        self.identity.advertisement,
                        signal,
                        random_address=self.identity.random_address,
                    )
                    self.sent += 1
            await asyncio.sleep(self._radio.interval(self._interval))
