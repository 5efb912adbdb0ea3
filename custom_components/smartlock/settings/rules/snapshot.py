"""The settings of a lock at one moment, archived for a restore: as a value, as JSON, and compared.

What needs no PIN is always included. Time control, the logged events, authorizations (without keys) and
keypad codes need one; `lacks` names what a snapshot does not have. JSON contains every field as the lock sent
it: numbers as numbers, texts and coordinates as hex, so that names survive byte for byte.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Self, cast

from custom_components.smartlock.access.rules.changes import meaning
from custom_components.smartlock.access.rules.rights import same_days
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    AuthorizationEntry,
    Config,
    KeypadCode,
    LogEntryCount,
    Message,
    SetAdvancedConfigWithMotor,
    SetConfig,
    TimeControlEntry,
)
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import moment
from custom_components.smartlock.settings.rules.message_json import (
    SnapshotError,
    message_from_json,
    message_to_json,
)

VERSION = 1
# Snapshots of each lock; a new one replaces the oldest.
KEPT = 5


class SnapshotReason(StrEnum):
    """Why a snapshot was made."""

    SET_UP = "set_up"
    CHANGED = "changed"
    RESTORED = "restored"
    REQUESTED = "requested"
    IMPORTED = "imported"


class Part(StrEnum):
    """What a snapshot may lack."""

    LOGGING = "logging"
    TIME_CONTROL = "time_control"
    AUTHORIZATIONS = "authorizations"
    KEYPAD_CODES = "keypad_codes"


@dataclass(frozen=True, kw_only=True)
class SettingsSnapshot:
    """The settings of one lock."""

    taken_at: datetime
    reason: SnapshotReason
    config: Config = field(repr=False)
    advanced_config: AdvancedConfig
    logging: LogEntryCount | None = None
    """What is logged; the count is 0."""
    time_control: tuple[TimeControlEntry, ...] | None = None
    authorizations: tuple[AuthorizationEntry, ...] | None = field(default=None, repr=False)
    """Authorizations, without ids, keys and what changes with each use."""
    keypad_codes: tuple[KeypadCode, ...] | None = field(default=None, repr=False)
    """Only with the owner's consent; without what changes with each use."""

    @property
    def lacks(self) -> tuple[Part, ...]:
        """Parts that could not be read, or were not to be. A lock without a keypad has no codes to lack."""
        keypad = self.config.has_keypad or self.config.has_keypad_2
        return tuple(
            part
            for part in Part
            if getattr(self, part.value) is None and (keypad or part is not Part.KEYPAD_CODES)
        )

    def without_codes(self) -> Self:
        """Return the snapshot as it may be stored and exported without the owner's consent to codes."""
        return replace(self, keypad_codes=None)

    def without_entries(self, part: Part, gone: Callable[[Any], bool]) -> Self:
        """Return it without some entries of a list."""
        entries = getattr(self, part.value)
        if entries is None:
            return self
        left: dict[str, Any] = {part.value: tuple(entry for entry in entries if not gone(entry))}
        return replace(self, **left)

    def same_settings(self, other: SettingsSnapshot) -> bool:
        """Whether no setting differs that both snapshots have."""
        return not differences(self, other) and all(
            getattr(self, part.value) == getattr(other, part.value) for part in Part
        )

    def merged(self, later: SettingsSnapshot) -> Self:
        """Return the later settings, completed with parts from this snapshot."""
        parts = {part.value: getattr(self, part.value) for part in Part if getattr(later, part.value) is None}
        return cast(Self, replace(later, **parts))

    # --- JSON ---------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        data: dict[str, Any] = {
            "version": VERSION,
            "taken_at": self.taken_at.isoformat(),
            "reason": self.reason.value,
            "config": message_to_json(self.config),
            "advanced_config": message_to_json(self.advanced_config),
            "lacks": [part.value for part in self.lacks],
        }
        for part, kind in _PARTS.items():
            value = getattr(self, part.value)
            if value is not None:
                data[part.value] = (
                    message_to_json(value) if kind is LogEntryCount else [message_to_json(e) for e in value]
                )
        return data

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return the snapshot from plain data. Raises SnapshotError."""
        if not isinstance(data, Mapping):
            raise SnapshotError("not an object")
        if data.get("version") != VERSION:
            raise SnapshotError("another version")
        try:
            taken_at = moment(data["taken_at"])
            reason = SnapshotReason(data["reason"])
            config = message_from_json(Config, data["config"])
            advanced_config = message_from_json(AdvancedConfig, data["advanced_config"])
        except KeyError as error:
            raise SnapshotError(f"{error} is missing") from None
        except (TypeError, ValueError) as error:
            raise error if isinstance(error, SnapshotError) else SnapshotError("a wrong value") from None
        parts: dict[str, Any] = {}
        for part, kind in _PARTS.items():
            value = data.get(part.value)
            if value is None:
                continue
            if kind is LogEntryCount:
                parts[part.value] = message_from_json(kind, value)
            elif isinstance(value, Sequence) and not isinstance(value, str):
                parts[part.value] = tuple(message_from_json(kind, entry) for entry in value)
            else:
                raise SnapshotError(f"{part} is not a list")
        return cls(taken_at=taken_at, reason=reason, config=config, advanced_config=advanced_config, **parts)


_PARTS: Mapping[Part, type[Message]] = {
    Part.LOGGING: LogEntryCount,
    Part.TIME_CONTROL: TimeControlEntry,
    Part.AUTHORIZATIONS: AuthorizationEntry,
    Part.KEYPAD_CODES: KeypadCode,
}


# --- What may be restored ---------------------------------------------------------------------------------


class Care(Enum):
    """How a setting may be restored."""

    BY_ITSELF = "by_itself"
    """Neither moves the bolt nor keeps anyone out: automatically, if the owner has chosen so."""
    ASK = "ask"
    """When the owner requests it."""
    ALONE = "alone"
    """Only if the owner picks this very setting."""
    CALIBRATION = "calibration"
    """Likewise, and only with the calibration it was made for."""


class Group(StrEnum):
    """What is written with one request, in the order of writing."""

    CLOCK = "clock"
    CONFIG = "config"
    ADVANCED_CONFIG = "advanced_config"
    TIME_CONTROL = "time_control"
    LOGGING = "logging"
    KEYPAD_CODES = "keypad_codes"


CARES: Mapping[str, Care] = {
    "time_zone_offset": Care.BY_ITSELF,
    "dst_mode": Care.BY_ITSELF,
    "time_zone_id": Care.BY_ITSELF,
    "button_enabled": Care.BY_ITSELF,
    "led_enabled": Care.BY_ITSELF,
    "led_brightness": Care.BY_ITSELF,
    # It opens the lock to anyone with its button.
    "pairing_enabled": Care.ALONE,
    # The new cells may be of a different type.
    "battery_type": Care.ALONE,
    "automatic_battery_type_detection": Care.ALONE,
    "unlocked_position_offset": Care.CALIBRATION,
    "locked_position_offset": Care.CALIBRATION,
    "single_locked_position_offset": Care.CALIBRATION,
    "unlocked_to_locked_transition_offset": Care.CALIBRATION,
}
"""Every setting that is not listed here needs the owner's request."""

CONFIG_SETTINGS = tuple(entry.name for entry in SetConfig.wire_fields)
ADVANCED_SETTINGS = tuple(entry.name for entry in SetAdvancedConfigWithMotor.wire_fields)
LOGGING_ENABLED = "logging_enabled"
DOOR_SENSOR_LOGGING_ENABLED = "door_sensor_logging_enabled"
# Immediate auto lock, on a lock that does not support it.
_NOT_SUPPORTED = 0xFF


class Obstacle(StrEnum):
    """Why a setting cannot be restored."""

    CALIBRATED_ANEW = "calibrated_anew"
    NOT_SUPPORTED = "not_supported"
    NOT_OVER_BLUETOOTH = "not_over_bluetooth"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A setting that differs from before. A list shows its number of entries, and how many are gone."""

    name: str
    group: Group | None
    was: object = field(repr=False)
    now: object = field(repr=False)
    care: Care
    obstacle: Obstacle | None = None

    @property
    def restorable(self) -> bool:
        """Whether it can be restored at all."""
        return self.obstacle is None


def differences(before: SettingsSnapshot, now: SettingsSnapshot) -> tuple[Difference, ...]:
    """Return what differs, in the order of restoring."""
    return tuple(_differences(before, now))


def _differences(before: SettingsSnapshot, now: SettingsSnapshot) -> Iterator[Difference]:
    recalibrated = not same_calibration(before.advanced_config, now.advanced_config)
    for group, names, was, found in (
        (Group.CONFIG, CONFIG_SETTINGS, before.config, now.config),
        (Group.ADVANCED_CONFIG, ADVANCED_SETTINGS, before.advanced_config, now.advanced_config),
    ):
        for name in names:
            old, new = getattr(was, name), getattr(found, name)
            # A value that one firmware does not report or support was not lost.
            if old is None or new is None or old == new or (name, old) == _IMMEDIATE:
                continue
            care = CARES.get(name, Care.ASK)
            obstacle = None
            if care is Care.CALIBRATION and recalibrated:
                obstacle = Obstacle.CALIBRATED_ANEW
            elif (name, new) == _IMMEDIATE:
                if not old:
                    continue
                obstacle = Obstacle.NOT_SUPPORTED
            yield Difference(name=name, group=group, was=old, now=new, care=care, obstacle=obstacle)
    yield from _lost_entries(Part.TIME_CONTROL, Group.TIME_CONTROL, before, now)
    yield from _lost_logging(before, now)
    yield from _lost_entries(Part.KEYPAD_CODES, Group.KEYPAD_CODES, before, now)
    yield from _lost_entries(Part.AUTHORIZATIONS, None, before, now)


_IMMEDIATE = ("immediate_auto_lock_enabled", _NOT_SUPPORTED)


def same_calibration(before: AdvancedConfig, now: AdvancedConfig) -> bool:
    """Whether the lock is calibrated as it was before."""
    return now.total_degrees == before.total_degrees != 0


def _lost_entries(
    part: Part, group: Group | None, before: SettingsSnapshot, now: SettingsSnapshot
) -> Iterator[Difference]:
    """Yield a list with its lost and changed entries; entries added since are the owner's."""
    was, found = getattr(before, part.value), getattr(now, part.value)
    if was is None or found is None:
        return
    lost = missing(was, found)
    if lost:
        yield Difference(
            name=part.value,
            group=group,
            was=len(was),
            now=len(was) - len(lost),
            care=Care.ASK,
            obstacle=None if group else Obstacle.NOT_OVER_BLUETOOTH,
        )


def _lost_logging(before: SettingsSnapshot, now: SettingsSnapshot) -> Iterator[Difference]:
    if before.logging is None or now.logging is None:
        return
    for name, group in ((LOGGING_ENABLED, Group.LOGGING), (DOOR_SENSOR_LOGGING_ENABLED, None)):
        old, new = getattr(before.logging, name), getattr(now.logging, name)
        if old is not None and new is not None and old != new:
            yield Difference(
                name=name,
                group=group,
                was=old,
                now=new,
                care=Care.ASK,
                obstacle=None if group else Obstacle.NOT_OVER_BLUETOOTH,
            )


def missing[E: (TimeControlEntry, KeypadCode, AuthorizationEntry)](
    wanted: Sequence[E], found: Sequence[E]
) -> tuple[E, ...]:
    """Return the missing entries, whatever their ids; each match counts once."""
    there = [essence(entry) for entry in found]
    lost = []
    for entry in wanted:
        key = essence(entry)
        if key in there:
            there.remove(key)
        else:
            lost.append(entry)
    return tuple(lost)


def still_lost[E: (TimeControlEntry, KeypadCode)](
    wanted: Sequence[E], lost: Sequence[E] | None, found: Sequence[E]
) -> tuple[E, ...]:
    """Return the wanted entries that are still missing.

    What was there after the loss (`lost`, if known) and is gone by now was deleted by the owner.
    """
    if lost is None:
        return missing(wanted, found)
    return missing(missing(wanted, lost), missing(found, lost))


def essence(entry: TimeControlEntry | KeypadCode | AuthorizationEntry) -> object:
    """Return what identifies an entry even if the lock gave it another id or date."""
    match entry:
        case TimeControlEntry():
            return same_days(entry.weekdays), entry.time, entry.lock_action, entry.enabled
        case KeypadCode():
            return (
                entry.code,
                entry.name,
                entry.enabled,
                bool(entry.time_limited),
                meaning(entry.time_limited, entry.limit),
            )
        case AuthorizationEntry():
            return (
                entry.id_type,
                entry.name,
                entry.enabled,
                bool(entry.time_limited),
                meaning(entry.time_limited, entry.limit),
            )


def lasting_authorization(entry: AuthorizationEntry) -> AuthorizationEntry:
    """Return an authorization without its id and without what changes with each use."""
    never = type(entry.date_last_active)()
    return replace(entry, authorization_id=0, date_last_active=never, lock_count=0, trailing=b"")


def lasting_code(entry: KeypadCode) -> KeypadCode:
    """Return a keypad code without what changes with each use."""
    return replace(entry, date_last_active=type(entry.date_last_active)(), lock_count=0, trailing=b"")


def lasting(entry: TimeControlEntry | KeypadCode | AuthorizationEntry) -> object:
    """Return an entry of a list as it is kept."""
    match entry:
        case AuthorizationEntry():
            return lasting_authorization(entry)
        case KeypadCode():
            return lasting_code(entry)
        case TimeControlEntry():
            return entry


def lasting_logging(count: LogEntryCount) -> LogEntryCount:
    """Return what is logged, without the number of entries."""
    return replace(count, count=0, trailing=b"")


# --- The owner's changes while a loss is open -------------------------------------------------------------


def with_owners_changes(
    reference: SettingsSnapshot,
    after: SettingsSnapshot,
    now: SettingsSnapshot,
    *,
    otherwise: Collection[str] = (),
) -> SettingsSnapshot:
    """Return the wanted settings, when `now` differs from what was found `after` a loss.

    A change since then was made by the owner, here or in the app, and is wanted, whatever it is. `otherwise` names
    settings that may have changed for another reason.
    """
    changed = {difference.name for difference in differences(after, now)}
    return taking(reference, now, changed.difference(otherwise))


def taking(snapshot: SettingsSnapshot, source: SettingsSnapshot, names: Collection[str]) -> SettingsSnapshot:
    """Return a snapshot with some settings of another one, named as in differences."""
    if not names:
        return snapshot
    parts: dict[str, Any] = {
        part.value: getattr(source, part.value)
        for part in Part
        if getattr(source, part.value) is not None and not _PART_NAMES[part].isdisjoint(names)
    }
    return replace(
        snapshot,
        config=_with_values(snapshot.config, source.config, set(CONFIG_SETTINGS).intersection(names)),
        advanced_config=_with_values(
            snapshot.advanced_config, source.advanced_config, set(ADVANCED_SETTINGS).intersection(names)
        ),
        **parts,
    )


_PART_NAMES: Mapping[Part, frozenset[str]] = {
    Part.LOGGING: frozenset({LOGGING_ENABLED, DOOR_SENSOR_LOGGING_ENABLED}),
    Part.TIME_CONTROL: frozenset({Part.TIME_CONTROL.value}),
    Part.AUTHORIZATIONS: frozenset({Part.AUTHORIZATIONS.value}),
    Part.KEYPAD_CODES: frozenset({Part.KEYPAD_CODES.value}),
}


def _with_values[M: (Config, AdvancedConfig)](message: M, source: M, names: set[str]) -> M:
    return replace(message, **{name: getattr(source, name) for name in names})
