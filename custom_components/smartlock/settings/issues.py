"""What the owner is told about settings that are not as they were."""

from collections.abc import Collection
from dataclasses import replace
from typing import cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.errors import BadSettingError
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config
from custom_components.smartlock.protocol.settings import Setting, check_possible
from custom_components.smartlock.settings.rules.snapshot import Difference, Group, Obstacle
from custom_components.smartlock.settings.texts import SettingTexts

LOST = "settings_lost"
RETURNED = "settings_returned"

_KINDS: dict[Group | None, type[Config | AdvancedConfig]] = {
    Group.CONFIG: Config,
    Group.ADVANCED_CONFIG: AdvancedConfig,
}


@callback
def async_show_loss(hass: HomeAssistant, entry: ConfigEntry, nuki_id: str, *, lost: bool) -> None:
    """Raise the repair about a loss, or take it back."""
    issue_id = f"{LOST}_{nuki_id}"
    if not lost:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={"flow": "battery_change", "entry_id": entry.entry_id},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=LOST,
        translation_placeholders={"name": entry.title},
    )


@callback
def async_show_returned(
    hass: HomeAssistant, entry: ConfigEntry, nuki_id: str, names: Collection[str]
) -> None:
    """Tell that the lock does not keep what was put back; nothing is done about it."""
    settings = SettingTexts(hass).names(sorted(names))
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{RETURNED}_{nuki_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=RETURNED,
        translation_placeholders={"name": entry.title, "settings": settings},
    )


@callback
def async_forget_loss(hass: HomeAssistant, nuki_id: str) -> None:
    """Take back what was told about the settings of a lock that is removed."""
    for issue in (LOST, RETURNED):
        ir.async_delete_issue(hass, DOMAIN, f"{issue}_{nuki_id}")


def possible(found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Return differences with those marked whose old value no lock takes: a damaged name, say."""
    return tuple(_possible(entry) for entry in found)


def _possible(entry: Difference) -> Difference:
    if (kind := _KINDS.get(entry.group)) is None or not entry.restorable:
        return entry
    try:
        # A difference in Config or Advanced Config is between two values of one of their fields.
        check_possible(kind, {entry.name: cast(Setting, entry.was)})
    except BadSettingError:
        return replace(entry, obstacle=Obstacle.NOT_SUPPORTED)
    return entry
