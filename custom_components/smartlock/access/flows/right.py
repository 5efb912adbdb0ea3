"""When somebody may come in: two forms, for dates and for weekdays with hours, and what they change of a right."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    DateTimeSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from custom_components.smartlock.access.code_changes import LONGEST_USES
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.flows.dialog import AccessDialog
from custom_components.smartlock.access.rules.changes import NO_CHANGE, RightChange
from custom_components.smartlock.access.rules.entries import DAYS, names_of, weekdays_of
from custom_components.smartlock.access.rules.rights import (
    Kind,
    Period,
    Recurrence,
    Right,
    RightError,
    moment_of,
)
from custom_components.smartlock.dialogs import HoursSelector, while_loaded
from custom_components.smartlock.moments import local_of

CONF_WHEN = "when"
CONF_START, CONF_END = "start", "end"
CONF_WEEKDAYS, CONF_FROM, CONF_UNTIL = "weekdays", "from", "until"

_KINDS = [kind.value for kind in Kind]
WHEN = SelectSelector(
    SelectSelectorConfig(options=_KINDS, translation_key="right_kind", mode=SelectSelectorMode.LIST)
)
WEEKDAYS = SelectSelector(
    SelectSelectorConfig(
        options=list(DAYS), translation_key="weekdays", mode=SelectSelectorMode.LIST, multiple=True
    )
)
_HAS_PERIOD = (Kind.PERIOD, Kind.PERIOD_AND_RECURRING)
_HAS_RECURRENCE = (Kind.RECURRING, Kind.PERIOD_AND_RECURRING)
_SUGGESTED_STAY = timedelta(days=1)
_SUGGESTED_HOURS = {CONF_FROM: "09:00:00", CONF_UNTIL: "12:00:00"}

type NextForm = Callable[[], Coroutine[Any, Any, ConfigFlowResult]]


@dataclass
class RightInput:
    """What is being filled in about one right."""

    had: Right
    """The right before."""
    kind: Kind
    then: NextForm
    """What comes after the last of the two forms."""
    form: str
    """The form before them."""
    needs_end: bool = False
    """Whether it has to end soon, because only Home Assistant counts its uses."""
    period: Period | None = None
    recurrence: Recurrence | None = None

    @property
    def wanted(self) -> Right:
        """The right that was filled in."""
        return Right(
            period=self.period if self.kind in _HAS_PERIOD else None,
            recurrence=self.recurrence if self.kind in _HAS_RECURRENCE else None,
        )

    @property
    def last_form(self) -> str:
        """The form that was filled in last, which shows what is wrong with all of it."""
        if self.kind in _HAS_RECURRENCE:
            return "right_weekdays"
        return "right_period" if self.kind in _HAS_PERIOD else self.form

    @property
    def change(self) -> RightChange:
        """What to change. What was left as it was is not named, so that the lock keeps it to the second."""
        return _dates(
            self.had.period, self.wanted.period, _hours(self.had.recurrence, self.wanted.recurrence)
        )


def _dates(had: Period | None, wanted: Period | None, change: RightChange) -> RightChange:
    if had == wanted:
        return change
    if wanted is None:
        return replace(change, clear_period=True)
    had = had or Period()
    if any(
        then is not None and now is None for then, now in ((had.start, wanted.start), (had.end, wanted.end))
    ):
        return replace(change, clear_period=True, start=wanted.start, end=wanted.end)
    return replace(
        change,
        start=None if wanted.start == had.start else wanted.start,
        end=None if wanted.end == had.end else wanted.end,
    )


def _hours(had: Recurrence | None, wanted: Recurrence | None) -> RightChange:
    if had == wanted:
        return NO_CHANGE
    if wanted is None:
        return RightChange(clear_recurrence=True)
    return RightChange(
        clear_recurrence=True, weekdays=wanted.weekdays, start_time=wanted.start, end_time=wanted.end
    )


class RightSteps(AccessDialog):
    """The forms about when somebody may come in."""

    def __init__(self) -> None:
        """Nothing was filled in yet."""
        super().__init__()
        self._right: RightInput | None = None

    async def ask_when(self, right: RightInput) -> ConfigFlowResult:
        """Ask for the dates and hours that the chosen kind of right has, and go on."""
        if self._right is not None and self._right.form == right.form:
            # The form before was opened again: keep what was filled in.
            right.period, right.recurrence = self._right.period, self._right.recurrence
        self._right = right
        if right.kind in _HAS_PERIOD:
            return await self.async_step_right_period()
        return await self._after_period(right)

    async def _after_period(self, right: RightInput) -> ConfigFlowResult:
        if right.kind in _HAS_RECURRENCE:
            return await self.async_step_right_weekdays()
        return await right.then()

    @while_loaded
    async def async_step_right_period(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask from when until when."""
        right = self._right
        assert right is not None
        if user_input is not None:
            self.forget_errors()
            try:
                right.period = _period(user_input, right.period or right.had.period)
                if right.period != right.had.period:
                    _check(Right(period=right.period))
            except RightError as error:
                self.note(AccessError.of(error))
            else:
                if (problem := _no_period(right)) is None:
                    return await self._after_period(right)
                self._errors = {CONF_END: problem}
        known = user_input or _shown_period(right.period or right.had.period)
        return self.show_form(
            "right_period",
            {vol.Optional(CONF_START): DateTimeSelector(), vol.Optional(CONF_END): DateTimeSelector()},
            known=known,
            values={"who": self.about},
            last=right.kind not in _HAS_RECURRENCE,
        )

    @while_loaded
    async def async_step_right_weekdays(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask on which weekdays, from which hour until which."""
        right = self._right
        assert right is not None
        if user_input is not None:
            self.forget_errors()
            try:
                right.recurrence = _recurrence(user_input)
                if right.recurrence != right.had.recurrence:
                    _check(Right(recurrence=right.recurrence))
            except RightError as error:
                self.note(AccessError.of(error))
            else:
                if user_input[CONF_WEEKDAYS]:
                    return await right.then()
                self._errors = {CONF_WEEKDAYS: "no_weekday"}
        known = user_input or _shown_recurrence(right.recurrence or right.had.recurrence)
        return self.show_form(
            "right_weekdays",
            {
                # The frontend fills in the first option of a choice that is required and has no default.
                vol.Required(CONF_WEEKDAYS, default=[]): WEEKDAYS,
                vol.Optional(CONF_FROM): HoursSelector(),
                vol.Optional(CONF_UNTIL): HoursSelector(),
            },
            known=known,
            values={"who": self.about, "note": await self.clock_note()},
            last=True,
        )

    @property
    def about(self) -> str:
        """Whose right it is."""
        return ""

    @override
    @callback
    def async_remove(self) -> None:
        super().async_remove()
        self._right = None


def _no_period(right: RightInput) -> str | None:
    """Return what is wrong with the dates of a right as such; None: nothing."""
    if right.period == Period():
        return "no_date"
    end = None if right.period is None else right.period.end
    if right.needs_end and (end is None or end - dt_util.utcnow() > LONGEST_USES):
        return AccessProblem.NEEDS_EXPIRY.value
    return None


def _check(right: Right) -> None:
    """Raise RightError for a right that no lock gets."""
    right.limit(dt_util.utcnow())


def _period(user_input: Mapping[str, Any], before: Period | None) -> Period:
    """Return what was filled in; a date that was left as it was shown keeps its exact moment. Raises RightError."""
    shown = _shown_period(before)
    start, end = (
        getattr(before, name)
        if before is not None and user_input.get(name) == shown.get(name)
        else _moment(user_input.get(name), is_end=name == CONF_END)
        for name in (CONF_START, CONF_END)
    )
    return Period(start=start, end=end)


def _moment(text: str | None, *, is_end: bool) -> datetime | None:
    if not text:
        return None
    return moment_of(datetime.fromisoformat(text), dt_util.get_default_time_zone(), is_end=is_end)


def _shown_period(period: Period | None) -> dict[str, str]:
    if period is None:
        now = dt_util.utcnow().replace(second=0, microsecond=0)
        period = Period(start=now, end=now + _SUGGESTED_STAY)
    moments = {CONF_START: period.start, CONF_END: period.end}
    return {
        name: local_of(moment).strftime("%Y-%m-%d %H:%M:%S")
        for name, moment in moments.items()
        if moment is not None
    }


def _recurrence(user_input: Mapping[str, Any]) -> Recurrence:
    start, end = (_time(user_input.get(name)) for name in (CONF_FROM, CONF_UNTIL))
    return Recurrence(weekdays=weekdays_of(user_input[CONF_WEEKDAYS]), start=start, end=end)


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _shown_recurrence(recurrence: Recurrence | None) -> dict[str, Any]:
    if recurrence is None:
        return dict(_SUGGESTED_HOURS)
    hours = {CONF_FROM: recurrence.start, CONF_UNTIL: recurrence.end}
    return {
        CONF_WEEKDAYS: names_of(recurrence.weekdays),
        **{name: at.isoformat() for name, at in hours.items() if at is not None},
    }
