"""Settings and their values in the owner's words: the language of Home Assistant, and units as people write them."""

from collections.abc import Iterable, Mapping
import struct

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.features.settings_snapshot import Care, Difference, Part
from custom_components.smartlock.protocol.enums import OpenEnum
from custom_components.smartlock.protocol.time_zones import TIME_ZONES
from custom_components.smartlock.protocol.wire import Time2, shown

_LISTS = frozenset({Part.TIME_CONTROL.value, Part.AUTHORIZATIONS.value, Part.KEYPAD_CODES.value})
_UNITS: Mapping[str, str] = {
    "time_zone_offset": "min",
    "unlocked_position_offset": "°",
    "locked_position_offset": "°",
    "single_locked_position_offset": "°",
    "unlocked_to_locked_transition_offset": "°",
    "lock_n_go_timeout": "s",
    "unlatch_duration": "s",
    "auto_lock_timeout": "s",
}
_PLAIN_NUMBERS = frozenset({"led_brightness"})


class SettingTexts:
    """The texts of one language, as they are loaded now."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take the language of Home Assistant."""
        self._texts = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)

    def name(self, setting: str) -> str:
        """Return what a setting is called."""
        return self._text("setting", setting)

    def names(self, settings: Iterable[str]) -> str:
        """Return what settings are called, in a row."""
        return ", ".join(self.name(setting) for setting in settings)

    def value(self, setting: str, value: object) -> str:
        """Return a value as people write it."""
        match value:
            case str():
                return f"“{shown(value)}”"
            case bytes():
                return f"{struct.unpack('<f', value)[0]:.5f}"
            case Time2():
                return f"{value.hour:02}:{value.minute:02}"
            case OpenEnum():
                return self._text("setting_value", value.name.lower()) if value.known else str(int(value))
            case int() if setting == "time_zone_id":
                zone = TIME_ZONES.get(value)
                return self._text("setting_value", "none") if zone is None else zone.replace("_", " ")
            case int() if setting in _LISTS:
                return str(value)
            case int() if setting in _UNITS:
                return f"{value} {_UNITS[setting]}"
            case int() if setting not in _PLAIN_NUMBERS and value in (0, 1):
                return self._text("setting_value", "on" if value else "off")
            case _:
                return str(value)

    def table(self, differences: Iterable[Difference]) -> str:
        """Return was and now as a table in Markdown, each setting with what is special about it."""
        head = (self._text("setting_table", word) for word in ("setting", "was", "now"))
        lines = ["| " + " | ".join(head) + " |", "| --- | --- | --- |"]
        for entry in differences:
            name = self.name(entry.name) + self._mark(entry)
            was, now = (self.value(entry.name, value) for value in (entry.was, entry.now))
            lines.append(f"| {_cell(name)} | {_cell(was)} | {_cell(now)} |")
        return "\n".join(lines)

    def _mark(self, entry: Difference) -> str:
        if entry.obstacle is not None:
            return f" ({self._text('setting_table', entry.obstacle.value)})"
        if entry.care in (Care.ALONE, Care.CALIBRATION):
            return " *"
        return ""

    def results(self, restored: Iterable[str], failed: Mapping[str, str]) -> str:
        """Return what became of each setting as a list in Markdown."""
        lines = [f"- {self.name(name)}: {self._text('setting_table', 'restored')}" for name in restored]
        lines += [
            f"- {self.name(name)}: {self._text('setting_table', problem)}" for name, problem in failed.items()
        ]
        return "\n".join(lines)

    def _text(self, selector: str, key: str) -> str:
        return self._texts.get(f"component.{DOMAIN}.selector.{selector}.options.{key}", key)


def _cell(text: str) -> str:
    # A name may contain what Markdown takes for more; the star behind a name is ours.
    return "".join(f"\\{char}" if char in "\\`_[]<>|#" else char for char in text)
