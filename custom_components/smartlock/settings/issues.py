"""Keys of the issues about changed settings, and which parts of a loss can be restored."""

from dataclasses import replace
from typing import cast

from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.protocol.errors import BadSettingError
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config
from custom_components.smartlock.protocol.settings import Setting, check_possible
from custom_components.smartlock.settings.rules.archive import Loss
from custom_components.smartlock.settings.rules.snapshot import Difference, Group, Obstacle

LOST = "settings_lost"
# The same without a battery change: after pairing again, or for an imported file.
DIFFER = "settings_differ"
RETURNED = "settings_returned"
# Name of the guided repair.
FLOW = "battery_change"

_KINDS: dict[Group | None, type[Config | AdvancedConfig]] = {
    Group.CONFIG: Config,
    Group.ADVANCED_CONFIG: AdvancedConfig,
}


def show_differences(issues: LockIssues, loss: Loss | None, found: tuple[Difference, ...]) -> None:
    """Show the issue about what the owner has to decide, if there is anything."""
    shown = None if loss is None or not found else LOST if loss.reasons else DIFFER
    for key in (LOST, DIFFER):
        if key == shown:
            issues.show(key, flow=FLOW, placeholders={"count": str(len(found))})
        else:
            issues.withdraw(key)


def possible(found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Return differences with a mark on those whose old value no lock accepts, such as a damaged name."""
    return tuple(_possible(entry) for entry in found)


def _possible(entry: Difference) -> Difference:
    if (kind := _KINDS.get(entry.group)) is None or not entry.restorable:
        return entry
    try:
        # A difference in Config or Advanced Config is between two values of one field.
        check_possible(kind, {entry.name: cast(Setting, entry.was)})
    except BadSettingError:
        return replace(entry, obstacle=Obstacle.NOT_SUPPORTED)
    return entry
