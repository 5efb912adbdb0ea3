"""Frames of ESPHome's native API, plaintext: 0x00, varint length, varint message type, protobuf."""

import asyncio
from typing import Any

from aioesphomeapi import api_pb2
from aioesphomeapi.core import MESSAGE_TYPE_TO_PROTO
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

__all__ = ["FramingError", "NoiseRequestedError", "encode", "pb", "read_message"]

# protobuf makes its classes at import time, out of sight of type checkers.
pb: Any = api_pb2

# First byte of a frame.
PLAINTEXT, NOISE = b"\x00", b"\x01"
# Largest payload, bytes, and longest varint, bytes, that a device of this protocol takes.
MAX_PAYLOAD, MAX_VARINT = 65535, 4

_NUMBERS = {message: number for number, message in MESSAGE_TYPE_TO_PROTO.items()}


class FramingError(Exception):
    """The client does not speak this protocol."""


class NoiseRequestedError(FramingError):
    """The client wants encryption, which this device has not been given a key for."""


def encode(message: Any) -> bytes:
    """Return the frame of a message."""
    payload: bytes = message.SerializeToString()
    number = _NUMBERS[type(message)]
    return PLAINTEXT + _varint(len(payload)) + _varint(number) + payload


async def read_message(reader: asyncio.StreamReader) -> Any | None:
    """Return the next message, or None for one of a type that this library does not know.

    Raises:
        FramingError: The bytes are not a frame, or not of this message.
        asyncio.IncompleteReadError: The client has hung up.
    """
    preamble = await reader.readexactly(1)
    if preamble == NOISE:
        raise NoiseRequestedError
    if preamble != PLAINTEXT:
        raise FramingError(f"a frame cannot begin with 0x{preamble.hex()}")
    size, number = await _read_varint(reader), await _read_varint(reader)
    if size > MAX_PAYLOAD:
        raise FramingError(f"a payload of {size} bytes is too long")
    payload = await reader.readexactly(size)
    if (message_type := MESSAGE_TYPE_TO_PROTO.get(number)) is None:
        return None
    try:
        return message_type.FromString(payload)
    except DecodeError as error:
        raise FramingError(f"a message of type {number} is malformed") from error


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


async def _read_varint(reader: asyncio.StreamReader) -> int:
    value = 0
    for position in range(MAX_VARINT):
        byte = (await reader.readexactly(1))[0]
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return value
    raise FramingError("a number is too long")
