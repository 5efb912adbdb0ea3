#!/usr/bin/env bash
# BlueZ's own packet monitor prints the UUID of an iBeacon backwards, and its major and minor as a version.
#
# What:    btmon takes the sixteen bytes of the UUID from the last to the first, as those of a service are sent;
#          those of an iBeacon are sent from the first to the last. What it prints is a well-formed UUID that no
#          beacon has: copied into a filter or a search it never matches. Major and minor are read with their
#          bytes swapped and called "Version", so the id of a lock (1A2B3C4D: 6699 and 15437) cannot be seen either.
#          A parser from PyPI reads the same bytes right.
# Guess:   the monitor that comes with the Bluetooth stack is what settles a doubt about bytes.
# Version: btmon 5.66 (bluez, Debian 12), beacontools 2.1.0
# Seen on: 2026-11-29
# Output:
#   btmon 5.66 (bluez, Debian 12), beacontools 2.1.0
#   beacontools: a92ee200-5501-11e4-916c-0800200c9a66, 6699 and 15437, -60 dBm
#   btmon: Type: iBeacon (2)
#   btmon: UUID: 669a0c20-0008-6c91-e411-015500e22ea9
#   btmon: Version: 11034.19772
#   btmon: TX power: -60 dB
source "$(dirname "$0")/lib/finding.bash"

from_debian 'bluez=5.66-*'
from_pypi beacontools==2.1.0
export BTMON="$work/debian/usr/bin/btmon"
expect "$python" - <<'EOF'
from importlib.metadata import version
import os
import struct
import subprocess
import uuid

from beacontools import parse_packet

btmon = os.environ["BTMON"]
run = lambda *arguments: subprocess.run(arguments, capture_output=True, check=True, text=True).stdout
print(f"btmon {run(btmon, '--version').strip()} (bluez, Debian 12), beacontools {version('beacontools')}")

frame = b"\x4c\x00\x02\x15" + uuid.UUID("a92ee200-5501-11e4-916c-0800200c9a66").bytes
frame += bytes.fromhex("1a2b3c4d") + b"\xc4"
data = b"\x02\x01\x06" + bytes([len(frame) + 1, 0xFF]) + frame
beacon = parse_packet(data)
print(f"beacontools: {beacon.uuid}, {beacon.major} and {beacon.minor}, {beacon.tx_power} dBm")

# The same advertisement as an LE Advertising Report in a file of the btsnoop format (RFC 1761, H4 packets).
report = bytes([2, 1, 0, 0]) + bytes.fromhex("ccbbaa72d254") + bytes([len(data)]) + data + b"\xc4"
packet = bytes([0x04, 0x3E, len(report)]) + report
with open("lock.btsnoop", "wb") as file:
    file.write(b"btsnoop\0" + struct.pack(">II", 1, 1002))
    file.write(struct.pack(">IIIIq", len(packet), len(packet), 3, 0, 0x00E03AB44A676000) + packet)
lines = [line.strip() for line in run(btmon, "-r", "lock.btsnoop").splitlines()]
first = next(number for number, line in enumerate(lines) if line.startswith("Company: Apple")) + 1
print(*(f"btmon: {line}" for line in lines[first : first + 4]), sep="\n")
EOF
