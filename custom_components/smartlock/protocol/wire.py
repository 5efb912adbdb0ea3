"""How values stand on the wire, and the base of every declared layout.

A layout is a class whose fields are one line each: name, type, wire type, meaning.

    class Status(Message, command=Command.STATUS):
        status: StatusCode = wire(enum8(StatusCode))

Sizes, encoding, decoding, documentation and the generic tests all come from that line. All integers are
little-endian.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import UTC, datetime, time
from enum import IntFlag
from functools import cache
from itertools import accumulate
from operator import itemgetter
import struct
from typing import Any, ClassVar, NamedTuple, Self, cast, dataclass_transform, overload, override

from .enums import OpenEnum
from .errors import DecodeError


@dataclass(frozen=True, kw_only=True)
class Wire[T]:
    """A wire type: its name in the vendor's tables, its size in bytes, and the two conversions."""

    name: str
    size: int
    unpack: Callable[[bytes], T]
    pack: Callable[[T], bytes]


class _Byte[T](dict[bytes, T]):
    """The conversion of one byte, made once for each of the 256 values: most fields are one byte."""

    def __init__(self, convert: Callable[[int], T]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, data: bytes) -> T:
        value = self[data] = self._convert(data[0])
        return value


def _integer(name: str, size: int, *, signed: bool = False) -> Wire[int]:
    def pack(value: int) -> bytes:
        try:
            return value.to_bytes(size, "little", signed=signed)
        except OverflowError as error:
            raise ValueError(f"it does not fit in a {name}") from error

    def unpack(data: bytes) -> int:
        return int.from_bytes(data, "little", signed=signed)

    return Wire(name=name, size=size, unpack=unpack, pack=pack)


uint8 = replace(_integer("uint8", 1), unpack=itemgetter(0))
uint16 = _integer("uint16", 2)
uint32 = _integer("uint32", 4)
int8 = _integer("int8", 1, signed=True)
int16 = _integer("int16", 2, signed=True)


@cache
def raw(size: int) -> Wire[bytes]:
    """Return the wire type of `size` bytes without further meaning."""

    def pack(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"{len(value)} bytes where {size} are needed")
        return value

    return Wire(name=f"byte[{size}]", size=size, unpack=bytes, pack=pack)


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

    def unpack(data: bytes) -> str:
        return data.rstrip(b"\0").decode("utf-8", "surrogateescape")

    return Wire(name=f"uint8[{size}]", size=size, unpack=unpack, pack=pack)


def shown(value: str) -> str:
    """Return a text from the lock as people may see it: up to the first NUL, nothing unprintable."""
    readable = value.split("\0", 1)[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char for char in readable if char.isprintable()).strip()


@cache
def enum8[E: OpenEnum](kind: type[E]) -> Wire[E]:
    """Return the wire type of an enumeration in one byte."""
    return Wire(name=kind.__name__, size=1, unpack=_Byte(kind).__getitem__, pack=uint8.pack)


@cache
def enum16[E: OpenEnum](kind: type[E]) -> Wire[E]:
    """Return the wire type of an enumeration in two bytes."""
    return Wire(name=kind.__name__, size=2, unpack=lambda data: kind(uint16.unpack(data)), pack=uint16.pack)


@cache
def flags8[F: IntFlag](kind: type[F]) -> Wire[F]:
    """Return the wire type of a set of flags in one byte; bits without a name are kept."""
    return Wire(name=kind.__name__, size=1, unpack=_Byte(kind).__getitem__, pack=uint8.pack)


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
    name="date", size=7, unpack=lambda data: Date7(*_DATE7.unpack(data)), pack=_pack_date7
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


time2: Wire[Time2] = Wire(name="time", size=2, unpack=lambda data: Time2(*data), pack=bytes)


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

    return Wire(name=f"uint8[{size}]", size=size, unpack=lambda data: Version(*data), pack=pack)


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


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(wire,))
class Layout:
    """Base of everything that is declared field by field; subclasses become frozen dataclasses."""

    wire_fields: ClassVar[tuple[WireField, ...]] = ()
    minimum_size: ClassVar[int] = 0
    _slices: ClassVar[tuple[tuple[str, Callable[[bytes], Any], int, int], ...]] = ()
    """Name, conversion, start and end of each wire field."""

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
        ends = list(accumulate(entry.kind.size for entry in cls.wire_fields))
        cls._slices = tuple(
            (entry.name, entry.kind.unpack, end - entry.kind.size, end)
            for entry, end in zip(cls.wire_fields, ends, strict=True)
        )
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
        """Return the fields that are there; bytes behind them are left out. Raises DecodeError."""
        return cls._of(cls._values(data)[0])

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        """Return an instance; a frozen dataclass sets each attribute the slow way, and most of all is decoded."""
        self = object.__new__(cls)
        self.__dict__.update(values)
        return self

    @classmethod
    def _values(cls, data: bytes) -> tuple[dict[str, Any], bytes]:
        """Return the values of the fields that are there, and the bytes behind them."""
        size = len(data)
        if size < cls.minimum_size:
            raise DecodeError(f"{cls.__name__}: {size} bytes where {cls.minimum_size} are needed")
        values: dict[str, Any] = {}
        used = 0
        for name, unpack, start, end in cls._slices:
            if end > size:
                break
            values[name] = unpack(data[start:end])
            used = end
        return values, data[used:]


@cache
def block[L: Layout](kind: type[L]) -> Wire[L]:
    """Return the wire type of a declared layout inside another one."""
    return Wire(name=kind.__name__, size=kind.minimum_size, unpack=kind.unpack, pack=kind.pack)
