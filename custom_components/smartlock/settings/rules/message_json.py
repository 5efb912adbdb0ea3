"""Messages as plain data, without loss: numbers as numbers, times as lists, texts and bytes as hex."""

from collections.abc import Mapping
from typing import Any

from custom_components.smartlock.protocol.messages import Message, TimeLimit


class SnapshotError(ValueError):
    """Data that are not a snapshot, or not one that this version can read. Never contains a value."""


class OtherLockError(SnapshotError):
    """The snapshot belongs to a different lock."""


def message_to_json(message: Message | TimeLimit) -> dict[str, Any]:
    """Return the declared fields of a message as plain data."""
    data: dict[str, Any] = {}
    for entry in message.wire_fields:
        match getattr(message, entry.name):
            case None:
                continue
            case TimeLimit() as limit:
                data[entry.name] = message_to_json(limit)
            case int() as number:
                data[entry.name] = int(number)
            case tuple() as numbers:
                data[entry.name] = list(numbers)
            case value:
                data[entry.name] = entry.kind.pack(value).hex()
    return data


def message_from_json[L: Message | TimeLimit](kind: type[L], data: object) -> L:
    """Return the message from plain data; each value is checked against its wire type."""
    if not isinstance(data, Mapping):
        raise SnapshotError(f"{kind.__name__} is not an object")
    values: dict[str, Any] = {}
    for entry in kind.wire_fields:
        if entry.name not in data:
            if not entry.optional and entry.name != "limit":
                raise SnapshotError(f"{kind.__name__}: {entry.name} is missing")
            continue
        value, sample = data[entry.name], entry.kind.unpack(bytes(entry.kind.size))
        try:
            if isinstance(sample, TimeLimit):
                values[entry.name] = message_from_json(TimeLimit, value)
                continue
            if isinstance(sample, int) and isinstance(value, int) and not isinstance(value, bool):
                packed = entry.kind.pack(value)
            elif isinstance(sample, tuple) and isinstance(value, list):
                packed = entry.kind.pack(tuple(value))
            elif not isinstance(sample, int | tuple) and isinstance(value, str):
                packed = bytes.fromhex(value)
            else:
                raise SnapshotError(f"{kind.__name__}: {entry.name} is of another kind")
            if len(packed) != entry.kind.size:
                raise SnapshotError(f"{kind.__name__}: {entry.name} does not fit")
        except (TypeError, ValueError) as error:
            raise (
                error if isinstance(error, SnapshotError) else SnapshotError(f"{entry.name} does not fit")
            ) from None
        values[entry.name] = entry.kind.unpack(packed)
    return kind(**values)
