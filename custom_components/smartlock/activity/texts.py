"""What happens at a lock in the owner's words: the language of Home Assistant."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.smartlock.activity.rules.entries import Denial, Happening, Method
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.moments import moment_text
from custom_components.smartlock.wording import word

# These say nothing about who it was or how.
_NO_AUTHOR = frozenset({Method.SYSTEM, Method.UNKNOWN})
_UNKNOWN_TIME = "?"


class ActivityTexts:
    """The texts in the language of Home Assistant, as they are loaded now."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare for one Home Assistant."""
        self._hass = hass

    def _text(self, table: str, key: str) -> str:
        return word(self._hass, table, key)

    def author(self, user: str | None, method: Method) -> str | None:
        """Return who it was, or else by what; None if nobody knows either."""
        if user is not None or method is Method.UNKNOWN:
            return user
        return self._text("activity_method", method.value)

    @property
    def code(self) -> str:
        """What a code is called where no name is shown, with a placeholder for its number."""
        return self._text("activity_words", "code")

    @property
    def person(self) -> str:
        """The same for a person."""
        return self._text("activity_words", "person")

    def sentence(self, what: str, facts: Mapping[str, Any]) -> str:
        """Return what happened, to be read behind the name of the lock. `facts` are the attributes of the event."""
        method = Method(facts["method"])
        user: str | None = facts["user"]
        who = how = ""
        if user is not None and method is not Method.HOME_ASSISTANT:
            who = self._text("activity_words", "by").format(user=user)
        if method not in _NO_AUTHOR:
            how = self._text("activity_how", method.value)
        if what == Denial.NOT_ALLOWED and user is None:
            user = self._text("activity_words", "somebody")
        if what == Happening.LOGGING_CHANGED:
            log = "door_log" if facts["what"] == "door" else "log"
            what = f"{log}_{'on' if facts['enabled'] else 'off'}"
        sentence = self._text("activity_sentence", what).format(who=who, how=how, user=user)
        return " ".join(sentence.split())

    def line(self, activity: Activity) -> str:
        """Return an entry in one line, with its time."""
        at = activity.moment.at
        when = _UNKNOWN_TIME if at is None else moment_text(self._hass, at)
        return f"{when} · {self.sentence(activity.type, activity.attributes())}"


def event_types() -> list[str]:
    """Return the types of all events about a lock."""
    return [*Happening, *Denial]
