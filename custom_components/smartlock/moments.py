"""Dates and times as people say them, in the language and the time zone of Home Assistant."""

from datetime import datetime, time
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smartlock.wording import word

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def moment_text(hass: HomeAssistant, moment: datetime) -> str:
    """Return a date and time, such as "Sun 6 Dec, 11:00"; the year only if it is another one."""
    local = local_of(moment)
    weekday = word(hass, "weekday_short", _DAYS[local.weekday()])
    return word(hass, "access", "moment").format(
        weekday=weekday, date=_date(hass, local), time=hours_of(local.time())
    )


def date_text(hass: HomeAssistant, moment: datetime) -> str:
    """Return a date, such as "6 Dec"; the year only if it is another one."""
    return _date(hass, local_of(moment))


def _date(hass: HomeAssistant, local: datetime) -> str:
    month = word(hass, "month", _MONTHS[local.month - 1])
    key = "date" if local.year == local_of(dt_util.utcnow()).year else "date_of_year"
    return word(hass, "access", key).format(day=local.day, month=month, year=local.year)


def local_of(moment: datetime) -> datetime:
    """Return a date and time in Home Assistant's zone; as it is if the zone does not reach so far."""
    try:
        return dt_util.as_local(moment)
    except OverflowError:
        # Within a day of the first or the last date that there is: "for ever", or damage.
        return moment


def hours_of(at: time) -> str:
    """Return a time of day."""
    return f"{at:%H:%M}"
