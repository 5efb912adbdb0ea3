"""Attackers in reach of the radio, without any key: one who listens, and one who stands in for the lock.

The link is not encrypted by Bluetooth, only what is said over it is. So everybody hears the frames, can play them
again, and can say in plain text what a lock says in plain text.

    listener = Eavesdropper(lock)
    radio.add_peripheral(listener)      # in the place of the lock
    ...
    await radio.remove_peripheral(lock.address)
    radio.add_peripheral(Impostor(listener, answers=replay(listener.links[-1])))
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import override

from custom_components.smartlock.protocol import frames
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.messages import ErrorReport
from simulator.gatt import Advertisement, AttError, DisconnectReason, GattError, Link, Peripheral, Service

type Value = tuple[str, bytes]
"""A characteristic, and what was sent on it."""
type Answers = Callable[[int, str, bytes], Sequence[Value]]
"""What is sent after the n-th write of a link (from 0), which went to a characteristic with a value."""


@dataclass
class RecordedLink:
    """What went over one link, as anybody in reach hears it."""

    writes: list[Value] = field(default_factory=list)
    answers: list[list[Value]] = field(default_factory=list)
    """For each write what the lock sent until the next one."""

    @property
    def values(self) -> list[Value]:
        """Everything that the lock sent, in order."""
        return [value for answers in self.answers for value in answers]


class _Relay(Peripheral):
    """Looks on the air like a lock: its address, its services and what it advertises."""

    def __init__(self, lock: Peripheral) -> None:
        self.lock = lock
        self._uuids = {c.handle: c.uuid for service in lock.services for c in service.characteristics}
        self._handles = {uuid: handle for handle, uuid in self._uuids.items()}

    @property
    @override
    def address(self) -> str:
        """That of the lock."""
        return self.lock.address

    @property
    @override
    def services(self) -> tuple[Service, ...]:
        """Those of the lock."""
        return self.lock.services

    @property
    @override
    def advertising_interval(self) -> float:
        """That of the lock."""
        return self.lock.advertising_interval

    @override
    def advertise(self) -> Advertisement | None:
        """Return what the lock itself advertises."""
        return self.lock.advertise()


class Eavesdropper(_Relay):
    """A lock with somebody in reach who records everything, and can keep what it sends from arriving."""

    def __init__(self, lock: Peripheral) -> None:
        """Listen to a lock; this takes its place on the radio."""
        super().__init__(lock)
        self.links: list[RecordedLink] = []
        self.jams = False
        """Whether what the lock sends is recorded but arrives nowhere."""

    @override
    def connect(
        self,
        *,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> Link:
        """Connect to the lock, and record."""
        record = RecordedLink()
        self.links.append(record)

        def indicated(handle: int, value: bytes) -> None:
            if record.answers:
                record.answers[-1].append((self._uuids[handle], value))
            if not self.jams:
                on_indication(handle, value)

        link = self.lock.connect(mtu=mtu, on_indication=indicated, on_disconnect=on_disconnect)
        return _RecordingLink(link, record, self._uuids)


class _RecordingLink(Link):
    def __init__(self, link: Link, record: RecordedLink, uuids: dict[int, str]) -> None:
        self._link = link
        self._record = record
        self._uuids = uuids

    @property
    @override
    def mtu(self) -> int:
        return self._link.mtu

    @override
    async def read(self, handle: int) -> bytes:
        return await self._link.read(handle)

    @override
    async def write(self, handle: int, data: bytes) -> None:
        self._record.writes.append((self._uuids[handle], bytes(data)))
        self._record.answers.append([])
        await self._link.write(handle, data)

    @override
    async def set_indications(self, handle: int, *, enabled: bool) -> None:
        await self._link.set_indications(handle, enabled=enabled)

    @override
    def close(self) -> None:
        self._link.close()


class Impostor(_Relay):
    """Stands in for a lock without its key: same address and beacon, and answers that others have made up."""

    def __init__(self, lock: Peripheral, answers: Answers, *, advertises: Peripheral | None = None) -> None:
        """Answer each write with what `answers` returns; advertise like `advertises`, the lock itself if None."""
        super().__init__(lock)
        self.writes: list[Value] = []
        """Everything that was written to it."""
        self.connections = 0
        self._answers = answers
        self._advertises = advertises or lock

    @override
    def advertise(self) -> Advertisement | None:
        """Return what the one advertises that it looks like."""
        return self._advertises.advertise()

    @override
    def connect(
        self,
        *,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> Link:
        """Take every connection."""
        self.connections += 1
        return _ImpostorLink(self, mtu, on_indication)

    def answer(self, number: int, handle: int, value: bytes) -> list[tuple[int, bytes]]:
        """Return what to send after the n-th write of a link."""
        uuid = self._uuids[handle]
        self.writes.append((uuid, value))
        return [(self._handles[to], sent) for to, sent in self._answers(number, uuid, value)]


class _ImpostorLink(Link):
    def __init__(self, impostor: Impostor, mtu: int, on_indication: Callable[[int, bytes], None]) -> None:
        self._impostor = impostor
        self._mtu = mtu
        self._on_indication = on_indication
        self._written = 0
        self._open = True

    @property
    @override
    def mtu(self) -> int:
        return self._mtu

    @override
    async def read(self, handle: int) -> bytes:
        raise GattError(AttError.READ_NOT_PERMITTED)

    @override
    async def write(self, handle: int, data: bytes) -> None:
        number, self._written = self._written, self._written + 1
        for to, value in self._impostor.answer(number, handle, bytes(data)):
            asyncio.get_running_loop().call_later(0.01, self._indicate, to, value)

    def _indicate(self, handle: int, value: bytes) -> None:
        if self._open:
            self._on_indication(handle, value)

    @override
    async def set_indications(self, handle: int, *, enabled: bool) -> None:
        pass

    @override
    def close(self) -> None:
        self._open = False


def replay(*links: RecordedLink) -> Answers:
    """Answer the n-th write of a link with what the lock answered to the n-th write of the first of these links.

    Where that says nothing (more) the next ones are tried.
    """

    def answers(number: int, uuid: str, value: bytes) -> Sequence[Value]:
        for link in links:
            if number < len(link.answers) and link.answers[number]:
                return link.answers[number]
        return []

    return answers


def knows_nobody(dialect: Dialect) -> Answers:
    """Say to everything what a lock says that does not know its client; that needs no key."""
    report = ErrorReport(code=ErrorCode.K_NOT_AUTHORIZED, refused=Command(0))
    frame = frames.encode_plain(report.command, report.encode())
    return lambda number, uuid, value: [(dialect.keyturner_gdio, frame)]
