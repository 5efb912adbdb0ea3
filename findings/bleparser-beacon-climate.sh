#!/usr/bin/env bash
# The beacon of a door lock is also read as a thermometer and a hygrometer.
#
# What:    bleparser, the parser of the custom integration "Passive BLE monitor", adds "cypress temperature" and
#          "cypress humidity" to every iBeacon of every maker, worked out from the two bytes of *minor*. A Smart
#          Lock puts the lower half of its id there, so each lock reports a climate of its own that never changes:
#          6.0 degrees and 23.3 % for the id 1A2B3C4D, or -34 degrees, or 118 %.
# Guess:   an iBeacon gives UUID, major, minor and power; sensor values only from a device that was recognized.
# Version: bleparser 3.7.3
# Seen on: 2026-11-29
# Output:
#   bleparser 3.7.3
#   1A2B3C4D iBeacon major 6699 minor 15437: 6.0 C, 23.3 % humidity
#   1A2BFF12 iBeacon major 6699 minor 65298: -34.5 C, 118.5 % humidity
#   1A2B00FF iBeacon major 6699 minor 255: 128.2 C, -6.0 % humidity
source "$(dirname "$0")/lib/finding.bash"

from_pypi bleparser==3.7.3
expect "$python" - <<'EOF'
from importlib.metadata import version
import uuid

from bleparser import BleParser

print("bleparser", version("bleparser"))
parser = BleParser(discovery=True, filter_duplicates=False)
beacon = b"\x4c\x00\x02\x15" + uuid.UUID("a92ee200-5501-11e4-916c-0800200c9a66").bytes
for lock in ("1A2B3C4D", "1A2BFF12", "1A2B00FF"):
    frame = beacon + bytes.fromhex(lock) + b"\xc4"
    data = b"\x02\x01\x06" + bytes([len(frame) + 1, 0xFF]) + frame
    # An LE Advertising Report as the controller sends it: type, address, data, signal strength.
    report = bytes([2, 1, 0, 0]) + bytes.fromhex("ccbbaa72d254") + bytes([len(data)]) + data + b"\xc4"
    sensor, _ = parser.parse_raw_data(bytes([0x04, 0x3E, len(report)]) + report)
    print(
        f"{lock} {sensor['type']} major {sensor['major']} minor {sensor['minor']}:"
        f" {sensor['cypress temperature']:.1f} C, {sensor['cypress humidity']:.1f} % humidity"
    )
EOF
