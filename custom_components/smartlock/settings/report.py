"""The archive of the settings for the diagnostics: what was noticed, saved, lost and restored, and when.

By an allow-list: settings that can be changed here, but no names; of lists only how long they are.
"""

from dataclasses import asdict
from typing import Any

from custom_components.smartlock.protocol.messages import Config
from custom_components.smartlock.protocol.settings import KINDS
from custom_components.smartlock.protocol.wire import Time2
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.forms import GROUPS
from custom_components.smartlock.settings.rules.archive import Loss
from custom_components.smartlock.settings.rules.restore import Journal
from custom_components.smartlock.settings.rules.snapshot import Part, SettingsSnapshot

# A name may be anything.
_SETTINGS = tuple(key for group in GROUPS.values() for key in group if key != "name")


def archive_report(archive: SettingsArchive) -> dict[str, Any]:
    """Return what may be published about battery changes, saved settings and restores."""
    kept = archive.kept
    return {
        "battery_signs": [
            {"at": at.isoformat(), "what": what, "signs": list(signs)}
            for at, what, signs in archive.batteries.record
        ],
        "suspected": archive.batteries.suspects,
        "battery_changed_at": None if kept.changed_at is None else kept.changed_at.isoformat(),
        "compared_with": asdict(kept.known),
        "saved": [_snapshot(each) for each in kept.snapshots],
        "loss": None if kept.loss is None else _loss(kept.loss),
        "restoring": None if kept.journal is None else _journal(kept.journal),
        "restored": [_journal(each) for each in archive.restores.ended],
        "restored_at": {name: at.isoformat() for name, at in kept.restored_at.items()},
    }


def _snapshot(snapshot: SettingsSnapshot) -> dict[str, Any]:
    entries = {
        part: getattr(snapshot, part.value)
        for part in (Part.TIME_CONTROL, Part.AUTHORIZATIONS, Part.KEYPAD_CODES)
    }
    return {
        "at": snapshot.taken_at.isoformat(),
        "reason": snapshot.reason,
        "settings": {key: _value(snapshot, key) for key in _SETTINGS},
        "entries": {part.value: None if each is None else len(each) for part, each in entries.items()},
    }


def _value(snapshot: SettingsSnapshot, key: str) -> Any:
    value = getattr(snapshot.config if KINDS[key] is Config else snapshot.advanced_config, key)
    return f"{value.hour:02}:{value.minute:02}" if isinstance(value, Time2) else value


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "at": loss.found_at.isoformat(),
        "signs": list(loss.reasons),
        "settings": [each.name for each in loss.differences],
    }


def _journal(journal: Journal) -> dict[str, Any]:
    return {
        "begun_at": journal.begun_at.isoformat(),
        "asked": journal.asked,
        "steps": [
            {
                "settings": list(step.settings),
                "state": step.state,
                "problem": step.problem,
                "tries": step.tries,
            }
            for step in journal.steps
        ],
    }
