#!/usr/bin/env bash
# A value that the Python classes of Matter do not know becomes the next number that a later revision may use.
#
# What:    every unknown value of an enumeration is read as the member "kUnknownEnumValue", and that member has the
#          first free number as its own: 4 for the state of the lock, 3 for a credential rule, and for the status of
#          a user the hole in the table, 2. The number that came is gone: 250 and 4 cannot be told apart, as JSON
#          they are the same ordinary 4, and whoever reads a user of a lock and writes it back with another name
#          gives it a status and a rule that nobody has chosen.
# Guess:   unknown raises, or is kept as the number that it is, or is a number that nobody can use.
# Version: home-assistant-chip-clusters 2025.7.0
# Seen on: 2026-11-29
# Output:
#   home-assistant-chip-clusters 2025.7.0
#   DlLockState 3 is kUnlatched, in JSON 3
#   DlLockState 4 is kUnknownEnumValue, in JSON 4
#   DlLockState 250 is kUnknownEnumValue, in JSON 4
#   UserStatusEnum 3 is kOccupiedDisabled, in JSON 3
#   UserStatusEnum 7 is kUnknownEnumValue, in JSON 2
#   the lock sends a user with status 7 and credential rule 9
#   SetUser with what was read: status 2, credential rule 3
source "$(dirname "$0")/lib/finding.bash"

from_pypi home-assistant-chip-clusters==2025.7.0
expect "$python" - <<'EOF'
from importlib.metadata import version
import json

from chip.clusters.Objects import DoorLock
import chip.tlv

print("home-assistant-chip-clusters", version("home-assistant-chip-clusters"))
for name, values in (("DlLockState", (3, 4, 250)), ("UserStatusEnum", (3, 7))):
    for value in values:
        member = getattr(DoorLock.Enums, name)(value)
        print(f"{name} {value} is {member.name}, in JSON {json.dumps(member)}")

# A structure of anonymous tag with the fields of GetUserResponse: tag and unsigned number of one byte each,
# the name, an empty list of credentials, and null for who follows.
user = bytes.fromhex("15 240001 2c0104416e6e61 240205 240307 240400 240509 360618 240701 240801 3409 18")
sent = chip.tlv.TLVReader(user).get()["Any"]
print(f"the lock sends a user with status {sent[3]} and credential rule {sent[5]}")
read = DoorLock.Commands.GetUserResponse.FromTLV(user)
write = DoorLock.Commands.SetUser(
    operationType=DoorLock.Enums.DataOperationTypeEnum.kModify,
    userIndex=read.userIndex,
    userName="Anna B.",
    userUniqueID=read.userUniqueID,
    userStatus=read.userStatus,
    userType=read.userType,
    credentialRule=read.credentialRule,
)
written = chip.tlv.TLVReader(write.ToTLV()).get()["Any"]
print(f"SetUser with what was read: status {written[4]}, credential rule {written[6]}")
EOF
