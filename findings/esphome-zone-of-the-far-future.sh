#!/usr/bin/env bash
# An ESPHome device is told the time zone of the far future: this winter it is an hour wrong in Cuba.
#
# What:    a zone file holds the changes that are known and, as its last line, the rule for the time after them. The
#          client of ESPHome sends that line alone to a device, which applies it to today. Where a country does
#          something else for a year (Cuba stays on summer time in the winter of 2026 to 2027), the device is an
#          hour off from the first day on and says nothing: a lock's night mode, a code's hours and a log with it.
#          The same clock is right again in March, so it is found by nobody who looks for it then.
# Guess:   "America/Havana" means the same in Python and on the device that Python tells about it.
# Version: aioesphomeapi 46.6.0, tzdata 2026.6
# Seen on: 2026-11-29
# Output:
#   aioesphomeapi 46.6.0, tzdata 2026.6
#   told to a device in America/Havana: CST5CDT,M3.2.0/0,M11.1.0/1
#   2026-10-15 12:00 UTC: 08:00 in Havana, 08:00 on the device
#   2027-01-15 12:00 UTC: 08:00 in Havana, 07:00 on the device
#   2027-04-15 12:00 UTC: 08:00 in Havana, 08:00 on the device
#   of 598 zones, asked each six hours from 2026-11-29 to 2028-11-29, wrong:
#   America/Havana, on 105 days, the last one 2027-03-13
#   Cuba, on 105 days, the last one 2027-03-13
source "$(dirname "$0")/lib/finding.bash"

from_pypi aioesphomeapi==46.6.0 tzdata==2026.6
expect "$python" - <<'EOF'
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
import os
import time
import zoneinfo

from aioesphomeapi.timezone import iana_to_posix_tz

# The same data for both: those of the package, not the machine's.
zoneinfo.reset_tzpath(to=())
print(f"aioesphomeapi {version('aioesphomeapi')}, tzdata {version('tzdata')}")


def become_a_device(zone: str) -> None:
    """Take the rule that a device is sent, as its C library does."""
    os.environ["TZ"] = iana_to_posix_tz(zone)
    time.tzset()


havana = zoneinfo.ZoneInfo("America/Havana")
become_a_device(havana.key)
print(f"told to a device in {havana.key}: {os.environ['TZ']}")
for month in (datetime(2026, 10, 15, 12), datetime(2027, 1, 15, 12), datetime(2027, 4, 15, 12)):
    now = month.replace(tzinfo=UTC)
    device = time.strftime("%H:%M", time.localtime(now.timestamp()))
    print(f"{now:%Y-%m-%d %H:%M} UTC: {now.astimezone(havana):%H:%M} in Havana, {device} on the device")

start = datetime(2026, 11, 29, tzinfo=UTC)
hours = [start + timedelta(hours=6 * number) for number in range(2 * 365 * 4)]
zones = sorted(zoneinfo.available_timezones())
print(f"of {len(zones)} zones, asked each six hours from 2026-11-29 to 2028-11-29, wrong:")
for zone in zones:
    become_a_device(zone)
    local = zoneinfo.ZoneInfo(zone)
    wrong = [
        hour
        for hour in hours
        if time.localtime(hour.timestamp()).tm_gmtoff != hour.astimezone(local).utcoffset().total_seconds()
    ]
    if wrong:
        print(f"{zone}, on {len(wrong) // 4} days, the last one {wrong[-1].astimezone(local):%Y-%m-%d}")
EOF
