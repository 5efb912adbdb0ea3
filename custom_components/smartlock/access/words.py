"""Rights, codes, users and time control in the owner's words: in Home Assistant's language, times as people say them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access.rules.entries import DAYS, TIMED_ACTIONS, Code, Timed, User, names_of
from custom_components.smartlock.access.rules.notes import Key
from custom_components.smartlock.access.rules.rights import EVERY_DAY, Period, Recurrence, Right
from custom_components.smartlock.moments import hours_of, moment_text
from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.wording import labelled, series, word

_DAYS: Final = tuple(DAYS)
_USER_TYPES: Final = ("app", "bridge", "fob", "keypad", "door_sensor", "keypad_2")
# Fewer days in a row are named one by one.
_LONG_RUN = 3
_BETWEEN = " · "


def who(hass: HomeAssistant, key: Key, name: str) -> str:
    """Return what an entry is called: its name, or else its number."""
    return name or word(hass, "access", f"{key.owner.value}_number").format(number=key.entry_id)


class AccessWords:
    """The words of one language, as loaded now. Dates are shown in Home Assistant's zone."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Use Home Assistant's language."""
        self._hass = hass

    def text(self, key: str, **values: str) -> str:
        """Return a word or a sentence about access, with its placeholders filled in."""
        return self._text("access", key).format(**values)

    def labelled(self, label: str, text: str) -> str:
        """Return a text behind what it is about."""
        return labelled(self._hass, label, text)

    # --- When ---------------------------------------------------------------------------------------------

    def right(self, right: Right) -> str:
        """Return when a right is good, such as "Monday 09:00-12:00, until Sun 6 Dec, 11:00"."""
        parts = []
        if right.recurrence is not None:
            parts.append(self._recurrence(right.recurrence))
        if right.period is not None:
            parts.append(self._period(right.period))
        return series(self._hass, parts) or self.text("always")

    def _recurrence(self, recurrence: Recurrence) -> str:
        if recurrence.start is None or recurrence.end is None:
            hours = self.text("all_day")
        else:
            hours = f"{hours_of(recurrence.start)}–{hours_of(recurrence.end)}"
        return f"{self.days(recurrence.weekdays)} {hours}"

    def _period(self, period: Period) -> str:
        if period.end is None:
            return "" if period.start is None else self.text("from", start=self.moment(period.start))
        end = self.moment(period.end)
        if period.start is None or period.start <= dt_util.utcnow():
            return self.text("until", end=end)
        return self.text("from_until", start=self.moment(period.start), end=end)

    def days(self, weekdays: Weekdays) -> str:
        """Return weekdays: one with its full name, others short, three and more in a row as a range."""
        names = names_of(weekdays & EVERY_DAY or EVERY_DAY)
        if len(names) == len(_DAYS):
            return self.text("every_day")
        if len(names) == 1:
            return self._text("weekdays", names[0])
        runs: list[list[str]] = []
        for name in names:
            if runs and _DAYS.index(name) == _DAYS.index(runs[-1][-1]) + 1:
                runs[-1].append(name)
            else:
                runs.append([name])
        return series(self._hass, (part for run in runs for part in self._run(run)))

    def _run(self, names: list[str]) -> Iterable[str]:
        short = [self._text("weekday_short", name) for name in names]
        return short if len(names) < _LONG_RUN else (f"{short[0]}–{short[-1]}",)

    def moment(self, moment: datetime) -> str:
        """Return a date and time; the year only if it is another one."""
        return moment_text(self._hass, moment)

    # --- Who ----------------------------------------------------------------------------------------------

    def code(self, code: Code) -> str:
        """Return when a code is good, and what keeps it from working now."""
        parts = [self.right(code.right)]
        if code.known.uses_left is not None:
            parts.append(self.text("uses_left", count=str(code.known.uses_left)))
        if code.known.guest:
            parts.append(self.text("guest"))
        if code.known.removing:
            parts.append(self.text("removing"))
        elif not code.enabled:
            parts.append(self.text("paused"))
        elif code.expired:
            parts.append(self.text("expired"))
        return _BETWEEN.join(parts)

    def user(self, user: User) -> str:
        """Return what a user is, when it may, and what keeps it from that now."""
        parts = [self.user_type(user), self.right(user.right)]
        if user.known.removing:
            parts.append(self.text("removing"))
        elif not user.enabled:
            parts.append(self.text("paused"))
        elif user.right.expired(dt_util.utcnow()):
            parts.append(self.text("expired"))
        return _BETWEEN.join(parts)

    def user_type(self, user: User) -> str:
        """Return what kind of thing a user is."""
        if user.is_home_assistant:
            return self._text("user_type", "home_assistant")
        return self._text("user_type", user.type if user.type in _USER_TYPES else "other")

    def what_stops(self, user: User) -> str:
        """Return what stops at the door without an accessory."""
        return self._text("accessory", user.type)

    def used(self, last: datetime | None, count: int) -> str:
        """Return when something was used last, and how often."""
        if not count or last is None:
            return self.text("never_used")
        return self.text("last_used", moment=self.moment(last), count=str(count))

    def timed(self, timed: Timed) -> str:
        """Return what the lock does by itself, and when."""
        action = self._text("timed_action", timed.action if timed.action in TIMED_ACTIONS else "other")
        at = "?" if timed.time is None else hours_of(timed.time)
        line = f"{self.days(timed.weekdays)} {at}{_BETWEEN}{action}"
        return line if timed.enabled else f"{line}{_BETWEEN}{self.text('paused')}"

    def _text(self, selector: str, key: str) -> str:
        return word(self._hass, selector, key)
