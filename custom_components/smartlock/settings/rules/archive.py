"""The archive of one lock's settings: one value, saved as a whole, so that it is valid after any crash."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, field, replace
from datetime import datetime
from typing import Any, Self

from custom_components.smartlock.protocol.values import dataclass
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
from custom_components.smartlock.settings.rules.battery_change import Counters, LastSeen
from custom_components.smartlock.settings.rules.battery_signs import Sign
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.restore import Journal, returned
from custom_components.smartlock.settings.rules.snapshot import (
    KEPT,
    Difference,
    Part,
    SettingsSnapshot,
    differences,
    lasting,
    taking,
    with_owners_changes,
)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Settings that differ from before, and what the owner has to decide about them."""

    found_at: datetime
    reference: SettingsSnapshot = field(repr=False)
    """What they should be."""
    after: SettingsSnapshot = field(repr=False)
    """What they were at the last look."""
    reasons: tuple[Sign, ...] = ()
    """Signs of a battery change; none after pairing again, or for an imported file."""
    changed_before: datetime | None = None
    """When the batteries were changed before, in case this turns out not to be a change."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What differs from the wanted settings."""
        return differences(self.reference, self.after)

    def seen(self, now: SettingsSnapshot) -> Loss | None:
        """Return the loss after another look; None if nothing is left of it."""
        return self.changed_to(self.after.merged(now))

    def changed_to(self, after: SettingsSnapshot, otherwise: Collection[str] = ()) -> Loss | None:
        """Return the loss now that the settings are these; None if nothing is left of it.

        Changes are the owner's, except of what `otherwise` names.
        """
        reference = with_owners_changes(self.reference, self.after, after, otherwise=otherwise)
        loss = replace(self, reference=reference, after=after)
        return loss if loss.differences else None

    def without(self, names: Collection[str]) -> Loss | None:
        """Return the loss after the owner has decided that some settings stay as they are."""
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
        """Return the loss from plain data. Raises SnapshotError, KeyError, TypeError or ValueError."""
        return cls(
            found_at=moment(data["found_at"]),
            reference=SettingsSnapshot.from_json(data["reference"]),
            after=SettingsSnapshot.from_json(data["after"]),
            reasons=listed(Sign, data["reasons"]),
            changed_before=optional(moment, data["changed_before"]),
        )


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Everything that is archived for one lock's settings."""

    snapshots: tuple[SettingsSnapshot, ...] = field(default=(), repr=False)
    """Newest first."""
    known: LastSeen = field(default_factory=LastSeen)
    authorization: str | None = field(default=None, repr=False)
    """The pairing that the snapshots were made with, so that a new one is noticed."""
    changed_at: datetime | None = None
    """When the batteries were last found to be changed."""
    loss: Loss | None = None
    journal: Journal | None = None
    """A restore in progress."""
    restored_at: Mapping[str, datetime] = field(default_factory=dict)
    """When settings were last restored."""

    @property
    def newest(self) -> SettingsSnapshot | None:
        """The last snapshot."""
        return self.snapshots[0] if self.snapshots else None

    def with_snapshot(self, snapshot: SettingsSnapshot) -> Self:
        """Return the archive with one more snapshot; it replaces the last if that says the same, or less."""
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
        """Return the archive after the owner has withdrawn the consent to archive keypad codes."""
        return self._with_each(SettingsSnapshot.without_codes)

    def without_entries(self, part: Part, gone: Callable[[Any], bool]) -> Self:
        """Return it without the entries of a list that nobody is to put back."""

        def left(snapshot: SettingsSnapshot) -> SettingsSnapshot:
            return snapshot.without_entries(part, gone)

        return self._with_each(left)

    def with_list(self, part: Part, entries: Sequence[Any]) -> Self:
        """Return it after a list was changed here and read back as this: so it should be.

        What is lost and not decided about stays lost.
        """
        found: dict[str, Any] = {part.value: tuple(lasting(entry) for entry in entries)}
        loss = self.loss and replace(self.loss, after=replace(self.loss.after, **found))
        if (newest := self.newest) is None:
            return replace(self, loss=loss)
        newest = replace(newest, **found)
        return replace(self, snapshots=(newest, *self.snapshots[1:]), loss=loss)

    def _with_each(self, change: Callable[[SettingsSnapshot], SettingsSnapshot]) -> Self:
        """Return it with every snapshot changed, wherever it is kept."""
        loss, journal = self.loss, self.journal
        return replace(
            self,
            snapshots=tuple(change(snapshot) for snapshot in self.snapshots),
            loss=loss and replace(loss, reference=change(loss.reference), after=change(loss.after)),
            journal=journal and replace(journal, wanted=change(journal.wanted)),
        )

    def after_restore(self, journal: Journal, now: datetime) -> Self:
        """Return the archive after the end of a restore."""
        restored = dict.fromkeys(journal.restored(), now)
        return replace(self, journal=None, restored_at={**self.restored_at, **restored})

    def returned(self, found: tuple[Difference, ...], now: datetime) -> frozenset[str]:
        """Return what was restored recently and differs again."""
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
        """Return the archive from plain data, and whether all of it was usable.

        A damaged part, such as one snapshot or the details of a loss, is dropped by itself. Raises KeyError
        or TypeError if the data are no archive.
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
            known=part("known", _known, LastSeen()),
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


# The known values of a lock, field by field; a field that an earlier version did not write is unknown.
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


def _known(data: Any) -> LastSeen:
    values: dict[str, Any] = {
        name: _KNOWN[name](value) if name in _NEVER_UNKNOWN else optional(_KNOWN[name], value)
        for name, value in obj(data).items()
    }
    return LastSeen(**values)
