#!/usr/bin/env bash
# The same number for the same field of a Matter door lock is a holiday in 2026 or in 2056, by language.
#
# What:    SetHolidaySchedule counts seconds since 2000. The JavaScript library takes and returns seconds since
#          1970 and converts on the wire; the Python one has a plain number there and converts nothing. A Unix
#          time given to both (Christmas 2026) goes out 946,684,800 apart, both encodings are valid, and each
#          reads the other's without a complaint: the door keeps its usual hours on the holiday and changes them
#          thirty years later.
# Guess:   two libraries with a class made from the same cluster take the same values for its fields.
# Version: home-assistant-chip-clusters 2025.7.0, @matter/types 0.17.9
# Seen on: 2026-11-29
# Output:
#   home-assistant-chip-clusters 2025.7.0, @matter/types 0.17.9
#   both are given localStartTime 1798156800 (2026-12-25 as a Unix time)
#   Python sends     15240001260100b22d6b260280032f6b24030018: 1798156800 s after 2000, 2056-12-24
#   JavaScript sends 152400012601806ec032260200c0c13224030018: 851472000 s after 2000, 2026-12-25
#   Python reads JavaScript's as 851472000
#   JavaScript reads Python's as 2744841600
source "$(dirname "$0")/lib/finding.bash"

from_pypi home-assistant-chip-clusters==2025.7.0
from_npm @matter/types@0.17.9 @matter/model@0.17.9
cat >holiday.mjs <<'EOF'
import { Matter } from "@matter/model";
import { TlvOfModel } from "@matter/types";

const schema = TlvOfModel(Matter.clusters("DoorLock").commands("SetHolidaySchedule"));
const { send, read } = JSON.parse(process.argv[2]);
const sent = Buffer.from(schema.encode(send)).toString("hex");
const start = schema.decode(Buffer.from(read, "hex")).localStartTime;
console.log(JSON.stringify({ sent, start }));
EOF
expect "$python" - <<'EOF'
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
import json
import subprocess

from chip.clusters.Objects import DoorLock

Command = DoorLock.Commands.SetHolidaySchedule
javascript = json.load(open("node_modules/@matter/types/package.json"))["version"]
print(
    f"home-assistant-chip-clusters {version('home-assistant-chip-clusters')}, @matter/types {javascript}"
)
start = int(datetime(2026, 12, 25, tzinfo=UTC).timestamp())
fields = {"holidayIndex": 1, "localStartTime": start, "localEndTime": start + 86400, "operatingMode": 0}
print(f"both are given localStartTime {start} (2026-12-25 as a Unix time)")
python = Command(**fields).ToTLV()
arguments = json.dumps({"send": fields, "read": python.hex()})
other = json.loads(subprocess.check_output(["node", "holiday.mjs", arguments], text=True))
for name, sent in (("Python sends    ", python), ("JavaScript sends", bytes.fromhex(other["sent"]))):
    # Tag 1, an unsigned number of four bytes.
    seconds = int.from_bytes(sent.partition(b"\x26\x01")[2][:4], "little")
    day = (datetime(2000, 1, 1) + timedelta(seconds=seconds)).date()
    print(f"{name} {sent.hex()}: {seconds} s after 2000, {day}")
print("Python reads JavaScript's as", Command.FromTLV(bytes.fromhex(other["sent"])).localStartTime)
print("JavaScript reads Python's as", other["start"])
EOF
