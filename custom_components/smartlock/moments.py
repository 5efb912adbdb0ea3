"""Dates and times as people say them, in the language and the time zone of Home Assistant."""

from datetime import datetime, time
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from custom_components.smartlock.const import DOMAIN

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def moment_text(hass: HomeAssistant, moment: datetime) -> str:
    """Return a date and time, such as "Sun 6 Dec, 11:00"; the year only if it is another one."""
    texts = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)

    def text(selector: str, key: str) -> str:
        return texts.get(f"component.{DOMAIN}.selector.{selector}.options.{key}", key)

    local = local_of(moment)
    values = {
        "weekday": text("weekday_short", _DAYS[local.weekday()]),
        "day": str(local.day),
        "month": text("month", _MONTHS[local.month - 1]),
        "time": hours_of(local.time()),
    }
    if local.year == local_of(dt_util.utcnow()).year:
        return text("access", "moment").format(**values)
    return text("access", "moment_of_year").format(year=str(local.year), **values)


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
