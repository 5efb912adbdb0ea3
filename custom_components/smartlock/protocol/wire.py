"""How values stand on the wire, and the base of every declared layout.

A layout is a class whose fields are one line each: name, type, wire type, meaning.

    class Status(Message, command=Command.STATUS):
        status: StatusCode = wire(enum8(StatusCode))

Sizes, encoding, decoding, documentation and the generic tests all come from that line. All integers are
little-endian.
"""

from collections.abc import Callable
from dataclasses import MISSING, field, fields, replace
from datetime import UTC, datetime, time
from enum import IntFlag
from functools import cache
from itertools import accumulate
import struct
from typing import Any, ClassVar, NamedTuple, Self, cast, dataclass_transform, overload, override

from .enums import Memo, OpenEnum
from .errors import DecodeError
from .values import dataclass


@dataclass(frozen=True, kw_only=True)
class Wire[T]:
    """A wire type: its name in the vendor's tables, how `struct` reads it, and the two conversions."""

    name: str
    code: str
    """Format of `struct` without the byte order, for one value."""
    pack: Callable[[T], bytes]
    convert: Callable[[Any], T] | None = None
    """From what `struct` reads to the value; None where that is the value."""

    @property
    def size(self) -> int:
        """Size in bytes."""
        return struct.calcsize(f"<{self.code}")

    def unpack(self, data: bytes) -> T:
        """Return the value of so many bytes."""
        (read,) = struct.unpack(f"<{self.code}", data)
        return cast(T, read) if self.convert is None else self.convert(read)


def _integer(name: str, code: str) -> Wire[int]:
    layout = struct.Struct(f"<{code}")

    def pack(value: int) -> bytes:
        try:
            return layout.pack(value)
        except struct.error as error:
            raise ValueError(f"it does not fit in a {name}") from error

    return Wire(name=name, code=code, pack=pack)


uint8 = _integer("uint8", "B")
uint16 = _integer("uint16", "H")
uint32 = _integer("uint32", "I")
int8 = _integer("int8", "b")
int16 = _integer("int16", "h")


@cache
def raw(size: int) -> Wire[bytes]:
    """Return the wire type of `size` bytes without further meaning."""

    def pack(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"{len(value)} bytes where {size} are needed")
        return value

    return Wire(name=f"byte[{size}]", code=f"{size}s", pack=pack)


# A coordinate. It is never shown or computed with and must survive a write unchanged, so it stays bytes:
# a conversion would not keep every bit pattern.
float32 = replace(raw(4), name="float")


@cache
def text(size: int) -> Wire[str]:
    """Return the wire type of UTF-8 text in `size` bytes, padded with NUL.

    Only the padding is taken off: bytes that are not UTF-8, or that follow a NUL, are kept
    (`surrogateescape`) and written back as they were. Show a text with `shown`.
    """

    def pack(value: str) -> bytes:
        data = value.encode("utf-8", "surrogateescape")
        if len(data) > size:
            raise ValueError(f"a text of {len(data)} bytes where {size} fit")
        return data.ljust(size, b"\0")

    def convert(data: bytes) -> str:
        return data.rstrip(b"\0").decode("utf-8", "surrogateescape")

    return Wire(name=f"uint8[{size}]", code=f"{size}s", convert=convert, pack=pack)


def shown(value: str) -> str:
    """Return a text from the lock as people may see it: up to the first NUL, nothing unprintable."""
    readable = value.split("\0", 1)[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char for char in readable if char.isprintable()).strip()


@cache
def enum8[E: OpenEnum](kind: type[E]) -> Wire[E]:
    """Return the wire type of an enumeration in one byte."""
    return Wire(name=kind.__name__, code="B", convert=Memo(kind).__getitem__, pack=uint8.pack)


@cache
def enum16[E: OpenEnum](kind: type[E]) -> Wire[E]:
    """Return the wire type of an enumeration in two bytes."""
    return Wire(name=kind.__name__, code="H", convert=Memo(kind).__getitem__, pack=uint16.pack)


@cache
def flags8[F: IntFlag](kind: type[F]) -> Wire[F]:
    """Return the wire type of a set of flags in one byte; bits without a name are kept."""
    return Wire(name=kind.__name__, code="B", convert=Memo(kind).__getitem__, pack=uint8.pack)


class Date7(NamedTuple):
    """A date and time of the lock, UTC as public clients found; kept as sent, even if impossible."""

    year: int = 0
    month: int = 0
    day: int = 0
    hour: int = 0
    minute: int = 0
    second: int = 0

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """Return an aware moment as the lock writes it."""
        utc = moment.astimezone(UTC)
        return cls(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second)

    @property
    def moment(self) -> datetime | None:
        """Aware moment in UTC; None if there is none (all zero) or it is impossible."""
        try:
            return datetime(*self, tzinfo=UTC)
        except ValueError:
            return None


_DATE7 = struct.Struct("<H5B")


def _pack_date7(value: Date7) -> bytes:
    try:
        return _DATE7.pack(*value)
    except struct.error as error:
        raise ValueError(f"{value!r} does not fit in a date") from error


date7: Wire[Date7] = Wire(
    name="date", code="7s", convert=lambda data: Date7._make(_DATE7.unpack(data)), pack=_pack_date7
)


class Time2(NamedTuple):
    """A time of day of the lock, in its local time; kept as sent, even if impossible."""

    hour: int = 0
    minute: int = 0

    @property
    def time(self) -> time | None:
        """Time of day; None if it is impossible."""
        try:
            return time(*self)
        except ValueError:
            return None


time2: Wire[Time2] = Wire(name="time", code="2s", convert=lambda data: Time2(*data), pack=bytes)


class Version(NamedTuple):
    """A firmware version or hardware revision."""

    major: int
    minor: int
    patch: int | None = None

    @override
    def __str__(self) -> str:
        """Return it as the vendor's app shows it."""
        return ".".join(str(part) for part in self if part is not None)


def _version(size: int) -> Wire[Version]:
    def pack(value: Version) -> bytes:
        return bytes(part for part in value if part is not None)

    return Wire(name=f"uint8[{size}]", code=f"{size}s", convert=lambda data: Version(*data), pack=pack)


version3 = _version(3)
version2 = _version(2)


@overload
def wire[T](kind: Wire[T], meaning: str = "", *, secret: bool = False) -> T: ...


@overload
def wire[T](kind: Wire[T], meaning: str = "", *, default: None, secret: bool = False) -> T | None: ...


@overload
def wire[T](kind: Wire[T], meaning: str = "", *, default: T, secret: bool = False) -> T: ...


def wire[T](kind: Wire[T], meaning: str = "", *, default: object = MISSING, secret: bool = False) -> object:
    """Declare a field: its wire type, its unit or meaning, and whether it may be shown.

    `default=None` marks a field that an older firmware does not send (None then means "not known"), or
    that a request may leave out. Optional fields come last and end where the first one is missing.
    """
    return field(default=default, kw_only=True, repr=not secret, metadata={"wire": kind, "meaning": meaning})


@dataclass(frozen=True)
class WireField:
    """One declared field of a layout."""

    name: str
    kind: Wire[object]
    meaning: str
    optional: bool


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """How to read the fields that a payload has: all at once, and what of them is to be converted."""

    layout: struct.Struct
    names: tuple[str, ...]
    conversions: tuple[tuple[int, Callable[[Any], Any]], ...]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(wire,))
class Layout:
    """Base of everything that is declared field by field; subclasses are frozen data classes."""

    wire_fields: ClassVar[tuple[WireField, ...]] = ()
    minimum_size: ClassVar[int] = 0
    _keeps_trailing: ClassVar[bool] = False
    """Whether the bytes behind the fields are kept, in `trailing`."""
    _readers: ClassVar[dict[int, _Reader]] = {}
    """How to read a payload of each size that was seen."""

    @override
    def __init_subclass__(cls) -> None:
        """Turn the declaration into a frozen dataclass and collect its wire fields."""
        super().__init_subclass__()
        dataclass(frozen=True, kw_only=True)(cls)
        cls.wire_fields = tuple(
            WireField(entry.name, entry.metadata["wire"], entry.metadata["meaning"], entry.default is None)
            for entry in fields(cast(Any, cls))
            if "wire" in entry.metadata
        )
        cls.minimum_size = sum(entry.kind.size for entry in cls.wire_fields if not entry.optional)
        cls._readers = {}
        optional = [entry.optional for entry in cls.wire_fields]
        if optional != sorted(optional):
            raise TypeError(f"{cls.__name__}: a required field follows an optional one")

    def pack(self) -> bytes:
        """Return the fields as they stand on the wire. Raises ValueError for a value that does not fit."""
        parts: list[bytes] = []
        ended = None
        for entry in self.wire_fields:
            value = getattr(self, entry.name)
            if value is None and entry.optional:
                ended = ended or entry.name
                continue
            if ended is not None:
                raise ValueError(f"{type(self).__name__}: {entry.name} without {ended}")
            try:
                parts.append(entry.kind.pack(value))
            except ValueError as error:
                raise ValueError(f"{type(self).__name__}.{entry.name}: {error}") from error
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return the fields that are there. Raises DecodeError."""
        reader = cls._readers.get(len(data)) or cls._new_reader(len(data))
        values = list(reader.layout.unpack_from(data))
        for index, convert in reader.conversions:
            values[index] = convert(values[index])
        attributes = dict(zip(reader.names, values))  # noqa: B905 - both from one reader
        if cls._keeps_trailing:
            attributes["trailing"] = data[reader.layout.size :]
        # Without the checks of the constructor: most of all messages are decoded.
        self = object.__new__(cls)
        object.__setattr__(self, "__dict__", attributes)
        return self

    @classmethod
    def _new_reader(cls, size: int) -> _Reader:
        """Return how to read the fields for which a payload of this size has bytes. Raises DecodeError."""
        if size < cls.minimum_size:
            raise DecodeError(f"{cls.__name__}: {size} bytes where {cls.minimum_size} are needed")
        ends = accumulate(entry.kind.size for entry in cls.wire_fields)
        there = [entry for entry, end in zip(cls.wire_fields, ends, strict=True) if end <= size]
        reader = cls._readers[size] = _Reader(
            layout=struct.Struct("<" + "".join(entry.kind.code for entry in there)),
            names=tuple(entry.name for entry in there),
            conversions=tuple(
                (index, entry.kind.convert)
                for index, entry in enumerate(there)
                if entry.kind.convert is not None
            ),
        )
        return reader


@cache
def block[L: Layout](kind: type[L]) -> Wire[L]:
    """Return the wire type of a declared layout inside another one."""
    return Wire(name=kind.__name__, code=f"{kind.minimum_size}s", convert=kind.unpack, pack=kind.pack)
