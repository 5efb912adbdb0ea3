"""One connection, seen from the lock: GATT below, messages above."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
import struct

from custom_components.smartlock.protocol import crypto, frames
from custom_components.smartlock.protocol.enums import Command, OpenEnum, StatusCode
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    ErrorReport,
    KeyturnerStates,
    Message,
    RequestData,
    Status,
)
from simulator.gatt import (
    AttError,
    Characteristic,
    DisconnectReason,
    GattError,
    LinkClosedError,
    Property,
    Service,
)
from simulator.lock import gatt_table, reports
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.faults import Moment, Once
from simulator.lock.journal import Fact, Kind

# Longest attribute value (Bluetooth Core, Vol 3, Part F, 3.2.9).
_MAX_VALUE = 512
# Opcode and handle in front of the value of an indication (same place, 3.4.7.2).
_INDICATION_HEADER = 3
_MIN_MTU = 23

# Which fault loses a Status.
_LOST_STATUS = {StatusCode.ACCEPTED: Once.NO_ACCEPTED, StatusCode.COMPLETE: Once.NO_COMPLETE}

type Receiver = Callable[[bytes], None]
"""Takes one value that the client wrote."""


class LockLink:
    """A `gatt.Link`. Every write is one whole message, be it one ATT request or a long write."""

    def __init__(
        self,
        device: Device,
        services: tuple[Service, ...],
        *,
        number: int,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
        on_end: Callable[[LockLink], None],
    ) -> None:
        """Open a link; `on_end` is called however it ends."""
        self.number = number
        self.authorization: Authorization | None = None
        """Who spoke last on this link; changes are pushed to it."""
        self.receivers: Mapping[str, Receiver] = {}
        """Who takes what is written, by the UUID of the characteristic."""
        self._device = device
        self._by_handle = {entry.handle: entry for service in services for entry in service.characteristics}
        self._handles = {entry.uuid: entry.handle for entry in self._by_handle.values()}
        self._mtu = max(_MIN_MTU, min(mtu, device.model.max_mtu))
        self._on_indication = on_indication
        self._on_disconnect = on_disconnect
        self._on_end = on_end
        self._open = True
        self._subscribed: set[int] = set()
        self._inbox: deque[tuple[str, bytes]] = deque()
        self._outbox: deque[tuple[int, bytes]] = deque()
        self._overtaken: list[tuple[int, bytes]] = []
        """Indications that come after the next one."""
        self._late: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        device.journal.record(Kind.CONNECTION_OPENED, connection=number, mtu=self._mtu)
        self._stay_awake()

    @property
    def mtu(self) -> int:
        """ATT MTU: the lesser one of what the central offers and the firmware takes."""
        return self._mtu

    # --- What the client does -----------------------------------------------------------------------------

    async def read(self, handle: int) -> bytes:
        """Return the value of a characteristic. Raises GattError or LinkClosedError."""
        characteristic = self._characteristic(handle)
        if Property.READ not in characteristic.properties:
            raise GattError(AttError.READ_NOT_PERMITTED)
        model = self._device.model
        values = {
            gatt_table.DEVICE_NAME: f"Nuki_{self._device.nuki_id:08X}",
            gatt_table.MANUFACTURER_NAME: "Nuki Home Solutions GmbH",
            gatt_table.FIRMWARE_REVISION: str(self._device.firmware.version),
            gatt_table.HARDWARE_REVISION: str(model.hardware),
        }
        return values.get(characteristic.uuid, "").encode()

    async def write(self, handle: int, data: bytes) -> None:
        """Take a value; it is dealt with after the write was answered. Raises GattError or LinkClosedError."""
        characteristic = self._characteristic(handle)
        if Property.WRITE not in characteristic.properties:
            raise GattError(AttError.WRITE_NOT_PERMITTED)
        if not 0 < len(data) <= _MAX_VALUE:
            raise GattError(AttError.INVALID_ATTRIBUTE_LENGTH)
        # The order is kept by the inbox: timers that are due at the same time have none.
        self._inbox.append((characteristic.uuid, bytes(data)))
        self._device.timers.after(self._device.timing.processing, self._deal_with_next)
        if self._ends_for(Once.DISCONNECT_AT_WRITE):
            raise LinkClosedError

    async def set_indications(self, handle: int, *, enabled: bool) -> None:
        """Write the client configuration of a characteristic. Raises GattError or LinkClosedError."""
        if self._characteristic(handle).cccd is None:
            raise GattError(AttError.CCCD_IMPROPERLY_CONFIGURED)
        (self._subscribed.add if enabled else self._subscribed.discard)(handle)

    def close(self) -> None:
        """Disconnect from the client's side. What the lock has received it still does."""
        self._end("closed by the client")

    # --- What the lock does -------------------------------------------------------------------------------

    def drop(self, reason: DisconnectReason, why: str) -> None:
        """End the link from the lock's side, or lose it."""
        if self._open:
            self._end(why)
            self._on_disconnect(reason)

    def ends_at(self, moment: Moment) -> bool:
        """Return whether the link ends at this point because a fault says so."""
        if not self._open or not self._device.faults.ends_link(moment):
            return False
        self._break(f"disconnect-{moment}")
        return True

    def answer(self, authorization: Authorization, message: Message, *, pushed: bool = False) -> None:
        """Send an encrypted message on the USDIO."""
        if self._device.faults.unsolicited_states and not isinstance(message, KeyturnerStates):
            self.answer(authorization, reports.states(self._device), pushed=True)
        self.answer_sealed(
            self._device.model.dialect.keyturner_usdio,
            authorization.session,
            message,
            authorization=authorization.index,
            pushed=pushed,
        )

    def answer_sealed(self, uuid: str, session: Session, message: Message, **facts: Fact) -> None:
        """Send a message that only the holder of a session's key can read."""
        payload = self._device.firmware.encode(message)
        seal = _encode_without_crc if self._device.faults.zero_crc else frames.encode_encrypted
        frame = seal(session, self._device.random(crypto.NONCE_SIZE), message.command, payload)
        self._send(uuid, frame, message, facts)

    def answer_plain(self, uuid: str, message: Message) -> None:
        """Send a message that everybody can read."""
        self._send(uuid, frames.encode_plain(message.command, message.encode()), message, {"plain": True})

    def broken_rule(self, rule: str, **facts: Fact) -> None:
        """Note that the client broke a rule of the protocol."""
        self._device.journal.record(Kind.BROKEN_RULE, rule=rule, connection=self.number, **facts)

    def _send(self, uuid: str, frame: bytes, message: Message, facts: Mapping[str, Fact]) -> None:
        """Send a frame in indications that fit, if somebody listens."""
        device, handle = self._device, self._handles[uuid]
        known: dict[str, Fact] = {
            "connection": self.number,
            "command": message.command.name,
            **describe(message),
            **facts,
        }
        why = None
        if not self._open:
            why = "the link is closed"
        elif handle not in self._subscribed:
            why = "no indications enabled"
            self.broken_rule("a request without indications for its answer", command=message.command.name)
        elif self._loses(message):
            why = "fault"
        elif self._strikes(Once.WRONG_CHARACTERISTIC):
            dialect = device.model.dialect
            other = dialect.keyturner_gdio if uuid == dialect.keyturner_usdio else dialect.keyturner_usdio
            handle = self._handles[other]
            why = None if handle in self._subscribed else "fault"
        if why is not None:
            device.journal.record(Kind.ANSWER_LOST, why=why, **known)
            return
        device.journal.record(Kind.ANSWER, **known)
        self._stay_awake()
        size = self._mtu - _INDICATION_HEADER
        if device.faults.twenty_byte_chunks:
            size = _MIN_MTU - _INDICATION_HEADER
        for start in range(0, len(frame), size):
            self._indicate(handle, frame[start : start + size])

    def _indicate(self, handle: int, value: bytes) -> None:
        """Send one indication, or what the faults make of it."""
        if self._ends_for(Once.DISCONNECT_AT_INDICATION) or self._strikes(Once.DROP_INDICATION):
            return
        faults = self._device.faults
        if self._strikes(Once.CORRUPT_INDICATION):
            value = _corrupted(value, faults.corrupted_byte)
        copies = [(handle, value)]
        if self._strikes(Once.DUPLICATE_INDICATION):
            copies *= 2
        if self._strikes(Once.REORDER_INDICATIONS):
            self._overtaken += copies
            return
        self._outbox += copies + self._overtaken
        self._overtaken = []
        if self._strikes(Once.LATE_INDICATION):
            self._late = self._device.timers.after(faults.lateness, self._catch_up)
        if self._late is None:
            self._catch_up()

    def _catch_up(self) -> None:
        """Deliver what is due, in its order."""
        self._late = None
        while self._open and self._outbox:
            self._on_indication(*self._outbox.popleft())

    def _loses(self, message: Message) -> bool:
        """Return whether a fault takes this message."""
        lost = _LOST_STATUS.get(message.status) if isinstance(message, Status) else None
        if lost is not None and self._strikes(lost):
            return True
        return self._device.faults.takes_answer(message.command)

    def _strikes(self, what: Once) -> bool:
        """Return whether something goes wrong now, and note it."""
        strikes = self._open and self._device.faults.strikes(what)
        if strikes:
            self._device.journal.record(Kind.FAULT, fault=what, connection=self.number)
        return strikes

    def _ends_for(self, what: Once) -> bool:
        """Return whether the link ends now because a fault says so."""
        if not self._open or not self._device.faults.strikes(what):
            return False
        self._break(what)
        return True

    def _break(self, fault: str) -> None:
        self._device.journal.record(Kind.FAULT, fault=fault, connection=self.number)
        self.drop(DisconnectReason.CONNECTION_TIMEOUT, f"fault: {fault}")

    def _characteristic(self, handle: int) -> Characteristic:
        """Return the characteristic that a request is about; every request keeps the link alive."""
        if not self._open:
            raise LinkClosedError
        self._stay_awake()
        if handle not in self._by_handle:
            raise GattError(AttError.INVALID_HANDLE)
        return self._by_handle[handle]

    def _deal_with_next(self) -> None:
        uuid, value = self._inbox.popleft()
        if self._ends_for(Once.DISCONNECT_AT_REQUEST):
            return
        self.receivers[uuid](value)

    def _stay_awake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = self._device.timers.after(self._device.timing.idle_disconnect, self._fall_asleep)

    def _fall_asleep(self) -> None:
        if self._device.motor.busy:  # Somebody may wait for the end of the run.
            self._stay_awake()
            return
        self.drop(DisconnectReason.REMOTE_USER_TERMINATED, "idle")

    def _end(self, why: str) -> None:
        if not self._open:
            return
        self._open = False
        for timer in (self._idle, self._late):
            if timer is not None:
                timer.cancel()
        self._device.journal.record(Kind.CONNECTION_CLOSED, connection=self.number, why=why)
        self._on_end(self)


def _encode_without_crc(session: Session, nonce: bytes, command: Command, payload: bytes) -> bytes:
    """Return an encrypted frame whose inner checksum is 0."""
    pdata = struct.pack("<IH", session.authorization_id, command) + payload + bytes(2)
    sealed = crypto.seal(session.shared_key, nonce, pdata)
    return nonce + struct.pack("<IH", session.authorization_id, len(sealed)) + sealed


def _corrupted(value: bytes, byte: int) -> bytes:
    """Return an indication with the lowest bit of one byte turned."""
    at = byte % len(value)
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


def describe(message: Message) -> dict[str, Fact]:
    """Return what the journal may know of a message beside its command."""
    match message:
        case Status(status=status):
            return {"status": _name(status)}
        case ErrorReport(code=code, refused=refused):
            return {"code": _name(code), "refused": _name(refused)}
        case RequestData(requested=requested):
            return {"requested": _name(requested)}
        case _:
            return {}


def _name(value: OpenEnum) -> str:
    return value.name
