"""What is kept of one lock's settings, as one value: it is stored as a whole, so that it is true after any crash."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from custom_components.smartlock.rules.stored import (
    flag,
    integer,
    listed,
    mapped,
    moment,
    obj,
    optional,
    text,
)
from custom_components.smartlock.settings.rules.battery_change import Counters, Known
from custom_components.smartlock.settings.rules.battery_signs import Sign
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.restore import Journal, returned
from custom_components.smartlock.settings.rules.snapshot import (
    KEPT,
    Difference,
    SettingsSnapshot,
    differences,
    taking,
    with_owners_changes,
)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Settings that are not as they were, and what the owner has to say about it."""

    found_at: datetime
    reference: SettingsSnapshot = field(repr=False)
    """What they should be like."""
    after: SettingsSnapshot = field(repr=False)
    """What they were like when they were last looked at."""
    reasons: tuple[Sign, ...] = ()
    """Why it is thought to be a change of batteries; none after pairing anew, or for a file of the owner's."""
    changed_before: datetime | None = None
    """When the batteries had been changed before, should this have been no change after all."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is not as it should be."""
        return differences(self.reference, self.after)

    def seen(self, now: SettingsSnapshot) -> Loss | None:
        """Return it after another look, None if nothing is left of it."""
        now = self.after.merged(now)
        loss = replace(self, reference=with_owners_changes(self.reference, self.after, now), after=now)
        return loss if loss.differences else None

    def without(self, names: Collection[str]) -> Loss | None:
        """Return it after the owner has said that some settings are to stay as they are."""
        loss = replace(self, reference=taking(self.reference, self.after, names))
        return loss if loss.differences else None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "found_at": self.found_at.isoformat(),
            "reference": self.reference.to_json(),
            "after": self.after.to_json(),
            "reasons": [sign.value for sign in self.reasons],
            "changed_before": None if self.changed_before is None else self.changed_before.isoformat(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what plain data stands for. Raises SnapshotError, KeyError, TypeError or ValueError."""
        return cls(
            found_at=moment(data["found_at"]),
            reference=SettingsSnapshot.from_json(data["reference"]),
            after=SettingsSnapshot.from_json(data["after"]),
            reasons=listed(Sign, data["reasons"]),
            changed_before=optional(moment, data["changed_before"]),
        )


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Everything that is kept of one lock's settings."""

    snapshots: tuple[SettingsSnapshot, ...] = field(default=(), repr=False)
    """The newest first."""
    known: Known = field(default_factory=Known)
    authorization: str | None = field(default=None, repr=False)
    """Which pairing the snapshots were made with, so that a new one is noticed."""
    changed_at: datetime | None = None
    """When the batteries were last found changed."""
    loss: Loss | None = None
    journal: Journal | None = None
    """A restore that is not done."""
    restored_at: Mapping[str, datetime] = field(default_factory=dict)
    """When settings were last put back."""

    @property
    def newest(self) -> SettingsSnapshot | None:
        """The last snapshot."""
        return self.snapshots[0] if self.snapshots else None

    def with_snapshot(self, snapshot: SettingsSnapshot) -> Self:
        """Return it with one more snapshot; one that says the same again, or more of the same, takes its place."""
        newest = self.newest
        if newest is None:
            return replace(self, snapshots=(snapshot,))
        whole = newest.merged(snapshot)
        if newest.same_settings(whole):
            return self
        if not differences(newest, whole) and not differences(whole, newest):
            # The same settings, with a part that could not be read before.
            return replace(self, snapshots=(whole, *self.snapshots[1:]))
        return replace(self, snapshots=(whole, *self.snapshots)[:KEPT])

    def without_codes(self) -> Self:
        """Return it after the owner has taken back the consent to keep keypad codes."""
        loss, journal = self.loss, self.journal
        return replace(
            self,
            snapshots=tuple(snapshot.without_codes() for snapshot in self.snapshots),
            loss=loss
            and replace(loss, reference=loss.reference.without_codes(), after=loss.after.without_codes()),
            journal=journal and replace(journal, wanted=journal.wanted.without_codes()),
        )

    def after_restore(self, journal: Journal, now: datetime) -> Self:
        """Return it with the end of a restore."""
        restored = dict.fromkeys(journal.restored(), now)
        return replace(self, journal=None, restored_at={**self.restored_at, **restored})

    def returned(self, found: tuple[Difference, ...], now: datetime) -> frozenset[str]:
        """Return what was put back lately and differs again."""
        return returned(self.restored_at, found, now)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "snapshots": [snapshot.to_json() for snapshot in self.snapshots],
            "known": asdict(self.known),
            "authorization": self.authorization,
            "changed_at": None if self.changed_at is None else self.changed_at.isoformat(),
            "loss": self.loss and self.loss.to_json(),
            "journal": self.journal and self.journal.to_json(),
            "restored_at": {name: at.isoformat() for name, at in self.restored_at.items()},
        }

    @classmethod
    def from_json(cls, data: Any) -> tuple[Self, bool]:
        """Return what plain data stands for, and whether all of it could be used.

        What is damaged costs itself alone: one snapshot, or what is known of a loss. Raises KeyError or TypeError if
        it is nothing of ours.
        """
        damaged: list[str] = []

        def part[T](name: str, kind: Callable[[Any], T], otherwise: T) -> T:
            try:
                return kind(data[name])
            except AttributeError, KeyError, OverflowError, TypeError, ValueError:
                damaged.append(name)
                return otherwise

        def snapshots(entries: Any) -> tuple[SettingsSnapshot, ...]:
            found = []
            for entry in listed(lambda entry: entry, entries):
                try:
                    found.append(SettingsSnapshot.from_json(entry))
                except SnapshotError:
                    damaged.append("snapshots")
            return tuple(found)

        if not obj(data).keys() & {"snapshots", "known"}:
            raise KeyError("snapshots")
        archive = cls(
            snapshots=part("snapshots", snapshots, ()),
            known=part("known", _known, Known()),
            authorization=part("authorization", lambda value: optional(text, value), None),
            changed_at=part("changed_at", lambda value: optional(moment, value), None),
            loss=part("loss", lambda value: optional(Loss.from_json, value), None),
            journal=part("journal", lambda value: optional(_journal, value), None),
            restored_at=part("restored_at", lambda value: mapped(moment, value), {}),
        )
        return archive, not damaged


def _counters(data: Any) -> Counters:
    return Counters(
        last_reboot=listed(integer, data["last_reboot"]),
        unexpected_reboots=integer(data["unexpected_reboots"]),
        cycle_actions=integer(data["cycle_actions"]),
        initial_voltage=integer(data["initial_voltage"]),
    )


# What is known of a lock, field by field; what an earlier version did not write is not known.
_KNOWN: Mapping[str, Callable[[Any], object]] = {
    "percent": integer,
    "voltage": integer,
    "critical": flag,
    "charging": flag,
    "clock_right": flag,
    "count": integer,
    "acted": flag,
    "calibrated": flag,
    "named": flag,
    "zoned": flag,
    "firmware": text,
    "counters": _counters,
    "newest_log_entry": integer,
}
_NEVER_UNKNOWN = {"charging", "clock_right", "acted", "calibrated", "named", "zoned"}


def _journal(data: Any) -> Journal:
    journal = Journal.from_json(data)
    if not journal.possible:
        raise ValueError("a setting that there is not")
    return journal


def _known(data: Any) -> Known:
    values: dict[str, Any] = {
        name: _KNOWN[name](value) if name in _NEVER_UNKNOWN else optional(_KNOWN[name], value)
        for name, value in obj(data).items()
    }
    return Known(**values)
