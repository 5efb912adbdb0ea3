"""What the fuzzer calls: bytes from the radio into frames, reassembly and decrypted payloads.

The first byte chooses the way in, the second how the rest is cut into indications. Nothing but ProtocolError may
come out, every message must be written back byte for byte, and what people see of it must be printable.
"""

from collections.abc import Iterable

from custom_components.smartlock.protocol import frames
from custom_components.smartlock.protocol.beacon import APPLE_COMPANY_ID, parse_beacon, parse_pairing
from custom_components.smartlock.protocol.channel import (
    Channel,
    PairingChannel,
    SessionChannel,
    decode_answer,
)
from custom_components.smartlock.protocol.conversations import Exchange
from custom_components.smartlock.protocol.dialects import DIALECTS, GENERATION_5, Dialect
from custom_components.smartlock.protocol.enums import Command
from custom_components.smartlock.protocol.errors import DecodeError, ProtocolError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    AuthorizationDataWithPin,
    EncryptedAuthorizationId,
    LogEntry,
    Message,
    UnknownMessage,
)
from custom_components.smartlock.protocol.wire import shown

SESSION = Session(authorization_id=2, shared_key=bytes(range(32)))
_DIALECTS = tuple(DIALECTS.values())


def fuzz_one(data: bytes) -> None:
    """Feed one input; raises AssertionError, or anything else that is a defect."""
    if len(data) < 2:
        return
    way, cut, rest = data[0], data[1], data[2:]
    dialect = _DIALECTS[way // 8 % len(_DIALECTS)]
    match way % 8:
        case 0:
            _receive(SessionChannel(dialect, SESSION, bytes), dialect.keyturner_usdio, rest, cut)
        case 1:
            _receive(SessionChannel(dialect, SESSION, bytes), dialect.keyturner_gdio, rest, cut)
        case 2:
            _receive(PairingChannel(dialect, bytes), dialect.pairing_gdio, rest, cut)
        case 3:
            _receive(_after_the_sealed_step(), GENERATION_5.pairing_gdio, rest, cut)
        case 4:
            _payload(dialect, rest)
        case 5:
            _sealed(dialect, rest, cut)
        case 6:
            _plain(dialect, rest, cut)
        case _:
            parse_beacon({APPLE_COMPANY_ID: rest})
            parse_pairing({dialect.pairing_service: rest})


def _after_the_sealed_step() -> PairingChannel:
    channel = PairingChannel(GENERATION_5, bytes)
    message = AuthorizationDataWithPin(app_id=1, name="", security_pin=1)
    channel.encode(Exchange(send=message, expect=(EncryptedAuthorizationId,), session=SESSION))
    return channel


def _chunks(data: bytes, size: int) -> Iterable[bytes]:
    step = size or 1
    return (data[start : start + step] for start in range(0, len(data), step))


def _receive(channel: Channel, characteristic: str, data: bytes, cut: int) -> None:
    try:
        for chunk in _chunks(data, cut):
            for message in channel.receive(characteristic, chunk):
                _look_at(message)
    except ProtocolError:
        return


def _payload(dialect: Dialect, data: bytes) -> None:
    """Decode a payload as a lock's answer and as a client's request."""
    command, payload = Command(int.from_bytes(data[:2], "little")), data[2:]
    try:
        answer = decode_answer(dialect, frames.Frame(command=command, payload=payload))
        _look_at(answer)
        assert answer.encode() == payload
        if (request := dialect.requests.get(command)) is not None:
            assert request.decode(payload).encode() == payload
    except DecodeError:
        return


def _sealed(dialect: Dialect, data: bytes, cut: int) -> None:
    """Seal a payload as the lock does: what is authentic may still be nonsense."""
    command, payload = Command(int.from_bytes(data[:2], "little")), data[2:600]
    frame = frames.encode_encrypted(SESSION, bytes(24), command, payload)
    _receive(SessionChannel(dialect, SESSION, bytes), dialect.keyturner_usdio, frame, cut)


def _plain(dialect: Dialect, data: bytes, cut: int) -> None:
    """Put a payload in a plain frame with a right checksum."""
    frame = frames.encode_plain(Command(int.from_bytes(data[:2], "little")), data[2:600])
    _receive(PairingChannel(dialect, bytes), dialect.pairing_gdio, frame, cut)


def _look_at(message: Message) -> None:
    """Do with a message what the integration does."""
    repr(message)
    if isinstance(message, UnknownMessage):
        return
    assert type(message).decode(message.encode()) == message
    for field in message.wire_fields:
        value = getattr(message, field.name)
        if isinstance(value, str):
            shown(value).encode("utf-8")
            assert all(char.isprintable() for char in shown(value))
    if isinstance(message, LogEntry):
        repr(message.details)
