"""Settings and their values as text: in Home Assistant's language, with everyday units."""

from collections.abc import Iterable, Mapping, Sequence, Sized
import struct

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.dialogs import as_markdown
from custom_components.smartlock.moments import moment_text
from custom_components.smartlock.protocol.enums import OpenEnum
from custom_components.smartlock.protocol.time_zones import TIME_ZONES
from custom_components.smartlock.protocol.wire import Time2, shown
from custom_components.smartlock.settings.rules.archive import Loss
from custom_components.smartlock.settings.rules.battery_signs import Sign
from custom_components.smartlock.settings.rules.restore import all_at_once
from custom_components.smartlock.settings.rules.snapshot import Care, Difference, Part, SettingsSnapshot
from custom_components.smartlock.settings.writer import setting_names
from custom_components.smartlock.wording import labelled, quoted, series, word

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
# For unknown values.
_NOTHING = "–"
# Numbers for which 0 and 1 do not mean off and on.
_PLAIN_NUMBERS = frozenset({"led_brightness", *(part.value for part in Part)})


def archived_words(hass: HomeAssistant, newest: SettingsSnapshot | None) -> dict[str, str]:
    """Return what can be restored from a snapshot: when it was read, and the number of items of each kind."""
    if newest is None:
        return dict.fromkeys(("date", "people", "schedules", "codes"), _NOTHING)
    return {
        "date": moment_text(hass, newest.taken_at),
        "people": _number(newest.authorizations),
        "schedules": _number(newest.time_control),
        "codes": _number(newest.keypad_codes),
    }


def _number(entries: Sized | None) -> str:
    return _NOTHING if entries is None else str(len(entries))


class SettingTexts:
    """The texts of one language, as loaded now."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Use Home Assistant's language."""
        self._hass = hass
        self._entities = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
        self._names = setting_names(hass)

    def name(self, setting: str) -> str:
        """Return the name of a setting: that of its entity, if there is one."""
        return self._names.get(setting) or self._text("setting", setting)

    def names(self, settings: Iterable[str]) -> str:
        """Return the names of settings as a list in one line."""
        return series(self._hass, map(self.name, settings))

    def value(self, setting: str, value: object) -> str:
        """Return a value as people write it."""
        match value:
            case str():
                return quoted(self._hass, shown(value))
            case bytes():
                return f"{struct.unpack('<f', value)[0]:.5f}"
            case Time2():
                return f"{value.hour:02}:{value.minute:02}"
            case OpenEnum() if (text := self._state(setting, value.name.lower())) is not None:
                return text
            case int() if setting == "time_zone_id":
                zone = TIME_ZONES.get(value)
                return self._text("setting_table", "none") if zone is None else zone.replace("_", " ")
            case int() if setting in _UNITS:
                return f"{value} {_UNITS[setting]}"
            case int() if setting not in _PLAIN_NUMBERS and value in (0, 1):
                return self._text("setting_table", "on" if value else "off")
            case _:
                return str(value)

    def table(self, differences: Iterable[Difference]) -> str:
        """Return old and new values as a Markdown table, each setting with its peculiarities."""
        head = (self._text("setting_table", word) for word in ("setting", "was", "now"))
        lines = ["| " + " | ".join(head) + " |", "| --- | --- | --- |"]
        for entry in differences:
            # The star after a name is ours.
            name = self.name(entry.name) + self._mark(entry)
            was, now = (self.value(entry.name, value) for value in (entry.was, entry.now))
            lines.append("| " + " | ".join(map(as_markdown, (name, was, now))) + " |")
        return "\n".join(lines)

    def _mark(self, entry: Difference) -> str:
        if entry.obstacle is not None:
            return f" ({self._text('setting_table', entry.obstacle.value)})"
        if entry.care in (Care.ALONE, Care.CALIBRATION):
            return " *"
        return ""

    def why(self, loss: Loss) -> str:
        """Return what happened, in a sentence."""
        if not loss.reasons:
            return self._text("setting_table", "no_battery_change")
        date = moment_text(self._hass, loss.found_at)
        return self._text("setting_table", "battery_change").format(date=date)

    def _signs(self, reasons: Sequence[Sign]) -> str:
        """Return the signs of a battery change, folded. Within HTML the frontend reads no Markdown."""
        items = "".join(f"<li>{self._text('battery_sign', reason.value)}</li>" for reason in reasons)
        title = self._text("setting_table", "signs")
        return f"<details><summary>{title}</summary><ul>{items}</ul></details>"

    def all_at_once(self, differences: Sequence[Difference]) -> str:
        """Return what restoring all restores, and what not."""
        included = all_at_once(differences)
        if len(included) == len(differences):
            return self._text("setting_table", "all")
        words = [
            self._text("setting_table", "some").format(count=len(included), total=len(differences)),
        ]
        if any(entry.restorable and entry.name not in included for entry in differences):
            words.append(self._text("setting_table", "not_starred"))
        if not all(entry.restorable for entry in differences):
            words.append(self._text("setting_table", "not_possible"))
        return " ".join(words)

    def notes(self, differences: Sequence[Difference], loss: Loss, *, pin: bool) -> str:
        """Return what the owner has to know about the table, one line each."""
        lacks = loss.reference.lacks
        notes = []
        if any(entry.restorable and entry.care in (Care.ALONE, Care.CALIBRATION) for entry in differences):
            notes.append(self._text("setting_table", "star"))
        if not pin:
            notes.append(self._text("setting_table", "no_pin"))
        if lacks:
            parts = self.names(part.value for part in lacks)
            notes.append(f"{self._text('setting_table', 'lacks')} {parts}.")
        if loss.reasons:
            notes.append(self._signs(loss.reasons))
        return "\n\n".join(notes)

    def results(self, restored: Iterable[str], failed: Mapping[str, str]) -> str:
        """Return the result for each setting as a Markdown list."""
        ends = {**dict.fromkeys(restored, "restored"), **failed}
        # Bold, as some names have a colon of their own.
        return "\n".join(
            f"- {labelled(self._hass, f'**{self.name(name)}**', self._text('setting_table', end))}"
            for name, end in ends.items()
        )

    def _state(self, setting: str, value: str) -> str | None:
        return self._entities.get(f"component.{DOMAIN}.entity.select.{setting}.state.{value}")

    def _text(self, selector: str, key: str) -> str:
        return word(self._hass, selector, key)
