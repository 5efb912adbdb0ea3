"""The zone in which a lock counts weekdays and hours: its own, whatever Home Assistant's is."""

from datetime import datetime, timedelta, tzinfo
from typing import override
from zoneinfo import ZoneInfo

from custom_components.smartlock.protocol.enums import DstMode
from custom_components.smartlock.protocol.messages import Config
from custom_components.smartlock.protocol.time_zones import TIME_ZONES

# The summer time of Europe begins and ends everywhere at the same moment.
_EUROPE = ZoneInfo("Europe/Berlin")
_UTC = ZoneInfo("UTC")


class _Offset(tzinfo):
    """The zone of a lock that has no name for it: minutes ahead of UTC, with Europe's summer time or without."""

    def __init__(self, minutes: int, *, summer: bool) -> None:
        """Take what stands in Config."""
        self._standard = timedelta(minutes=minutes)
        self._summer = summer

    @override
    def fromutc(self, dt: datetime) -> datetime:
        moment = dt.replace(tzinfo=_UTC)
        ahead = moment.astimezone(_EUROPE).dst() if self._summer else None
        return dt + self._standard + (ahead or timedelta())

    @override
    def utcoffset(self, dt: datetime | None) -> timedelta:
        return self._standard + self.dst(dt)

    @override
    def dst(self, dt: datetime | None) -> timedelta:
        if dt is None or not self._summer:
            return timedelta()
        moment = (dt.replace(tzinfo=None) - self._standard).replace(tzinfo=_UTC)
        return moment.astimezone(_EUROPE).dst() or timedelta()

    @override
    def tzname(self, dt: datetime | None) -> None:
        return None


def zone_name(config: Config) -> str | None:
    """Return the IANA name of a lock's zone; None for a lock that has none, or firmware that tells none."""
    return None if config.time_zone_id is None else TIME_ZONES.get(config.time_zone_id)


def unnamed_zone(config: Config) -> tzinfo:
    """Return the zone of a lock that has no name for it."""
    return _Offset(config.time_zone_offset, summer=config.dst_mode == DstMode.EUROPEAN)
