"""Time zones of the lock: ids of the vendor's table, and the local time that follows.

Source: Nuki Smart Lock API V2.1, section 7.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from custom_components.smartlock.protocol.enums import DstMode

NO_TIME_ZONE = 0xFFFF

# One name behind the other, as in the vendor's table, from id 0 on.
_NAMES = """
    Africa/Cairo Africa/Lagos Africa/Maputo Africa/Nairobi America/Anchorage America/Argentina/Buenos_Aires
    America/Chicago America/Denver America/Halifax America/Los_Angeles America/Manaus America/Mexico_City
    America/New_York America/Phoenix America/Regina America/Santiago America/Sao_Paulo America/St_Johns
    Asia/Bangkok Asia/Dubai Asia/Hong_Kong Asia/Jerusalem Asia/Karachi Asia/Kathmandu Asia/Kolkata
    Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Tehran Asia/Tokyo Asia/Yangon Australia/Adelaide
    Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Perth Australia/Sydney Europe/Berlin
    Europe/Helsinki Europe/Istanbul Europe/London Europe/Moscow Pacific/Auckland Pacific/Guam
    Pacific/Honolulu Pacific/Pago_Pago
"""

TIME_ZONES = dict(enumerate(_NAMES.split()))
"""IANA names by the vendor's id."""

# Europe's summer time begins and ends everywhere at the same moment.
_EUROPE = ZoneInfo("Europe/Berlin")


def local_time(moment: datetime, *, zone_id: int, offset: int, dst_mode: DstMode) -> datetime:
    """Return an aware moment as the lock's naive local time.

    Args:
        moment: Aware.
        zone_id: Id in TIME_ZONES; without one the next two count.
        offset: Minutes ahead of UTC, without summer time.
        dst_mode: Rule for summer time.
    """
    if zone_id in TIME_ZONES:
        return moment.astimezone(ZoneInfo(TIME_ZONES[zone_id])).replace(tzinfo=None)
    summer = moment.astimezone(_EUROPE).dst() if dst_mode == DstMode.EUROPEAN else None
    ahead = timedelta(minutes=offset) + (summer or timedelta())
    return (moment.astimezone(UTC) + ahead).replace(tzinfo=None)
