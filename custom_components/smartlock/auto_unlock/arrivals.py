"""The last arrivals at one lock, kept over restarts, without locations; and how they are shown."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from custom_components.smartlock.auto_unlock.rules import RuleReason, RuleState
from custom_components.smartlock.auto_unlock.rules.arrivals import Arrival, ArrivalLog
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.moments import hours_of, local_of, moment_text
from custom_components.smartlock.rules.stored import obj
from custom_components.smartlock.storage import LockStore, lock_store
from custom_components.smartlock.system_clock.trust import SystemClock, system_clock
from custom_components.smartlock.wording import word

STORE: Final = "arrivals"
# Seconds until a change is saved: losing the last one in a crash does no harm.
_SAVE_AFTER = 10.0
_NOTHING = "–"
_DONE = (RuleReason.DONE, RuleReason.WOULD_FIRE)


class Arrivals:
    """The arrivals of all rules of one lock."""

    def __init__(self, hass: HomeAssistant, store: LockStore[dict[str, Any]]) -> None:
        """Start without any; use `load`."""
        self._hass = hass
        self._store = store
        self._rules: dict[str, RuleArrivals] = {}

    @classmethod
    async def load(cls, hass: HomeAssistant, nuki_id: str, rules: Collection[str]) -> Self:
        """Return those of the existing rules; what cannot be read is set aside."""
        arrivals = cls(hass, lock_store(hass, nuki_id, STORE))
        stored = await arrivals._store.async_load(obj) or {}
        damaged = False
        for rule in stored.keys() & set(rules):
            try:
                arrivals.of(rule).log = ArrivalLog.from_json(stored[rule], dt_util.utcnow())
            except KeyError, TypeError, ValueError:
                damaged = True
        if damaged:
            await arrivals._store.async_set_aside()
            await arrivals._store.async_try_save(arrivals._to_json)
        return arrivals

    def of(self, rule: str) -> RuleArrivals:
        """Return the arrivals of a rule."""
        return self._rules.setdefault(rule, RuleArrivals(system_clock(self._hass), self._save))

    @callback
    def keep_only(self, rules: Collection[str]) -> None:
        """Forget the arrivals of rules that were removed."""
        if gone := self._rules.keys() - set(rules):
            for rule in gone:
                del self._rules[rule]
            self._save()

    @callback
    def _save(self) -> None:
        self._store.async_save_later(self._to_json, _SAVE_AFTER)

    def _to_json(self) -> dict[str, Any]:
        return {rule: arrivals.log.to_json() for rule, arrivals in self._rules.items()}


class RuleArrivals:
    """The arrivals of one rule."""

    def __init__(self, clock: SystemClock, save: Callable[[], None]) -> None:
        """Start without any."""
        self.log = ArrivalLog()
        self._clock = clock
        self._save = save

    @property
    def last(self) -> tuple[Arrival, ...]:
        """The last arrivals, the oldest first, and the absence that lasts if it has armed the rule."""
        log = self.log
        return log.arrivals if log.current is None or not log.armed else (*log.arrivals, log.current)

    @callback
    def note(self, before: RuleState, after: RuleState) -> None:
        """Take what the rule has decided between two states."""
        last = before.record[-1] if before.record else None
        had = self.log
        for decision in reversed(tuple(takewhile(lambda each: each is not last, reversed(after.record)))):
            at = self._clock.date_of(decision.at)
            gone = after.approach.left_at is not None
            left_at = self._clock.date_of(after.approach.out_at) if gone else at
            self.log = self.log.after(decision.phase, decision.reason, at, left_at)
        if self.log.to_json() != had.to_json():
            self._save()


def arrivals_table(hass: HomeAssistant, arrivals: Collection[Arrival]) -> str:
    """Return the rows of a table, the newest first, in Home Assistant's language and zone."""
    states = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)

    def result(arrival: Arrival) -> str:
        if arrival.result is None:
            return word(hass, "auto_unlock_arrival", "away")
        reason = states[f"component.{DOMAIN}.entity.sensor.auto_unlock_reason.state.{arrival.result}"]
        if arrival.result in _DONE:
            return f"**{reason}**"
        return word(hass, "auto_unlock_arrival", "refused").format(reason=reason)

    return "\n".join(
        f"| {moment_text(hass, arrival.left_at)} | {_time(arrival.back_at)} | {_time(arrival.door_at)} |"
        f" {result(arrival)} |"
        for arrival in reversed(tuple(arrivals))
    )


def absence_words(hass: HomeAssistant, seconds: float) -> dict[str, str]:
    """Return when an absence began that ends now."""
    back = dt_util.utcnow()
    return {
        "left": moment_text(hass, back - timedelta(seconds=seconds)),
        "back": moment_text(hass, back),
    }


def _time(moment: datetime | None) -> str:
    return _NOTHING if moment is None else hours_of(local_of(moment).time())
