"""Frames: how commands and payloads are encoded in characteristic values, and reassembled.

    plain      command (2) | payload | CRC (2)                                     pairing GDIO, Keyturner GDIO
    encrypted  nonce (24) | authorization id (4) | length (2) | sealed PDATA       USDIO
    PDATA      authorization id (4) | command (2) | payload | CRC (2)

A lock sends a frame in one or several indications, and may send two frames back to back; the
reassemblers take any chunking. Source: Nuki Smart Lock API V2.1, section 3.
"""

from binascii import crc_hqx
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import struct
from typing import override

from . import crypto
from .enums import Command, Memo
from .errors import DecodeError

# The longest message known is 176 bytes on the wire; four times that holds any two behind each other.
BUFFER_LIMIT = 704

_COMMANDS = Memo(Command)
_U16 = struct.Struct("<H")
_ADATA = struct.Struct(f"<{crypto.NONCE_SIZE}sIH")
_PDATA_HEAD = struct.Struct("<IH")
_CRC_SIZE = 2
_PLAIN_OVERHEAD = 2 + _CRC_SIZE
_ERROR_REPORT_SIZE = 3 + _PLAIN_OVERHEAD
_SEALED_MINIMUM = crypto.TAG_SIZE + _PDATA_HEAD.size + _CRC_SIZE
ENCRYPTED_MINIMUM = _ADATA.size + _SEALED_MINIMUM


def crc(data: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected."""
    return crc_hqx(data, 0xFFFF)


@dataclass(frozen=True, kw_only=True)
class Session:
    """An authorization: its id and the key shared with the lock."""

    authorization_id: int = field(repr=False)
    shared_key: bytes = field(repr=False)


@dataclass(kw_only=True, slots=True)
class Frame:
    """A command with its payload, out of its frame."""

    command: Command
    payload: bytes = field(repr=False)
    authorization_id: int | None = field(default=None, repr=False)
    sealed: bytes = field(default=b"", repr=False)
    """What was sealed, with its checksum; empty for a plain frame, whose checksum was right."""

    @property
    def crc_valid(self) -> bool:
        """Whether the checksum inside an encrypted frame is right."""
        return not self.sealed or _plain_crc_valid(self.sealed)


def encode_plain(command: Command, payload: bytes) -> bytes:
    """Return a plain frame (4 bytes longer than the payload)."""
    body = _U16.pack(command) + payload
    return body + _U16.pack(crc(body))


def decode_plain(data: bytes) -> Frame:
    """Return the content of a plain frame. Raises DecodeError; nothing but the CRC protects it."""
    if len(data) < _PLAIN_OVERHEAD:
        raise DecodeError(f"a plain message of {len(data)} bytes")
    if not _plain_crc_valid(data):
        raise DecodeError("a plain message with a wrong checksum")
    return Frame(command=Command(_U16.unpack_from(data)[0]), payload=data[2:-_CRC_SIZE])


def _plain_crc_valid(data: bytes) -> bool:
    return crc(data[:-_CRC_SIZE]) == data[-2] | data[-1] << 8


def encode_encrypted(session: Session, nonce: bytes, command: Command, payload: bytes) -> bytes:
    """Return an encrypted frame (54 bytes longer than the payload); `nonce` is 24 random bytes."""
    pdata = _PDATA_HEAD.pack(session.authorization_id, command) + payload
    sealed = crypto.seal(session.shared_key, nonce, pdata + _U16.pack(crc(pdata)))
    return _ADATA.pack(nonce, session.authorization_id, len(sealed)) + sealed


def decode_encrypted(session: Session, data: bytes) -> Frame:
    """Return the content of an encrypted frame.

    Raises DecodeError for a wrong length and AuthenticationError if it was not sealed with the session's key.
    A wrong CRC inside is no error (ask `crc_valid`): some firmware sends zero there, and the seal has already
    proved every byte.
    """
    if len(data) < ENCRYPTED_MINIMUM:
        raise DecodeError(f"an encrypted message of {len(data)} bytes")
    nonce, _, length = _ADATA.unpack_from(data)
    sealed = data[_ADATA.size :]
    if len(sealed) != length:
        raise DecodeError(f"an encrypted message with {len(sealed)} bytes where it announces {length}")
    pdata = crypto.unseal(session.shared_key, nonce, sealed)
    authorization_id, command = _PDATA_HEAD.unpack_from(pdata)
    return Frame(
        command=_COMMANDS[command],
        payload=pdata[_PDATA_HEAD.size : -_CRC_SIZE],
        authorization_id=authorization_id,
        sealed=pdata,
    )


class _Reassembler:
    """Bounded buffer of what has come and is not yet a whole frame."""

    def __init__(self) -> None:
        # Nearly always one indication is one frame: adding to no bytes and taking all of them copies nothing.
        self._buffer = b""

    def _add(self, chunk: bytes) -> None:
        if len(self._buffer) + len(chunk) > BUFFER_LIMIT:
            self._buffer = b""
            raise DecodeError("more bytes than any message has")
        self._buffer += chunk

    def _take(self, size: int) -> bytes:
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data


class EncryptedReassembler(_Reassembler):
    """Puts encrypted frames together by their length field."""

    def receive(self, chunk: bytes) -> Iterator[bytes]:
        """Yield every frame that is complete. Raises DecodeError for an impossible length."""
        self._add(chunk)
        while len(self._buffer) >= _ADATA.size:
            length = _ADATA.unpack_from(self._buffer)[2]
            if not _SEALED_MINIMUM <= length <= BUFFER_LIMIT - _ADATA.size:
                self._buffer = b""
                raise DecodeError(f"an encrypted message that announces {length} bytes")
            end = _ADATA.size + length
            if len(self._buffer) < end:
                return
            data, self._buffer = self._buffer[:end], self._buffer[end:]
            yield data


class PlainReassembler(_Reassembler):
    """Puts plain frames together: they have no length, so the first prefix with a right CRC is one.

    `minimum_payload` returns the minimum payload size of a command, so that a CRC that fits by chance in the
    middle of a longer message is not mistaken for its end.
    """

    def __init__(self, minimum_payload: Callable[[Command], int]) -> None:
        """Keep the rule for the least size of each command."""
        super().__init__()
        self._minimum_payload = minimum_payload

    def receive(self, chunk: bytes) -> Iterator[bytes]:
        """Yield every frame that is complete. Raises DecodeError for more bytes than any message has."""
        self._add(chunk)
        while (size := self._frame_size()) is not None:
            yield self._take(size)

    def _frame_size(self) -> int | None:
        if len(self._buffer) < _PLAIN_OVERHEAD:
            return None
        command = Command(_U16.unpack_from(self._buffer)[0])
        shortest = self._minimum_payload(command) + _PLAIN_OVERHEAD
        for size in range(shortest, len(self._buffer) + 1):
            if _plain_crc_valid(self._buffer[:size]):
                return size
        return None


class SealedReassembler(EncryptedReassembler):
    """Puts together what a fifth-generation lock answers to the sealed step of pairing.

    That is an encrypted frame or, if the lock could not read ours, a plain Error Report. A random nonce
    looks like such a report, checksum included, once in four billion times.
    """

    @override
    def receive(self, chunk: bytes) -> Iterator[bytes]:
        """Yield every frame that is complete; one shorter than any encrypted frame is plain."""
        self._add(chunk)
        if self._starts_with_error_report():
            yield self._take(_ERROR_REPORT_SIZE)
        yield from super().receive(b"")

    def _starts_with_error_report(self) -> bool:
        head = self._buffer[:_ERROR_REPORT_SIZE]
        return (
            len(head) == _ERROR_REPORT_SIZE
            and _U16.unpack_from(head)[0] == Command.ERROR_REPORT
            and _plain_crc_valid(head)
        )
