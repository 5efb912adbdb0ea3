#!/usr/bin/env bash
# A lock in pairing mode is nobody to the JavaScript client of ESPHome, though its Python client hears it.
#
# What:    pairing mode is announced by service data under a UUID of 128 bits, advertising data type 0x21. The
#          npm client of ESPHome's API takes type 0x1D for that, which is a pairing hash, and 0x1C (the role) for
#          0x20: of such a packet nothing is left, while the lock's beacon next to it and a short UUID come through.
#          Its list of services then cannot be read either: the generated code calls a method that no release of
#          google-protobuf in the range it asks for has.
# Guess:   a client that takes packets apart by itself knows the types of the list; and what it requires fits.
# Version: @2colors/esphome-native-api 1.3.6, google-protobuf 4.0.3, aioesphomeapi 46.6.0
# Seen on: 2026-11-29
# Output:
#   @2colors/esphome-native-api 1.3.6, google-protobuf 4.0.3, aioesphomeapi 46.6.0
#   pairing mode in Python: service data a92ee100-5501-11e4-916c-0800200c9a66
#   pairing mode in JavaScript: nothing
#   beacon in Python: company 004c
#   beacon in JavaScript: company 0000004c-0000-1000-8000-00805f9b34fb
#   16-bit service data in Python: service data 0000181c-0000-1000-8000-00805f9b34fb
#   16-bit service data in JavaScript: service data 0000181c-0000-1000-8000-00805f9b34fb
#   services in Python: a92ee200-5501-11e4-916c-0800200c9a66
#   services in JavaScript: TypeError: reader.readPackedUint64 is not a function
source "$(dirname "$0")/lib/finding.bash"

from_pypi aioesphomeapi==46.6.0 bluetooth-data-tools==1.29.24
from_npm @2colors/esphome-native-api@1.3.6 google-protobuf@4.0.3
cat >read.js <<'EOF'
const library = "@2colors/esphome-native-api/lib";
const messages = require(`${library}/protoc/api_pb.js`);
const { mapMessageByType } = require(`${library}/utils/mapMessageByType.js`);
const read = (type, hex) =>
  mapMessageByType(type, messages[type].deserializeBinary(Buffer.from(hex, "hex")).toObject());
const [, , advertisements, services] = process.argv;
const lines = read("BluetoothLERawAdvertisementsResponse", advertisements).advertisementsList.map(
  ({ serviceDataList, manufacturerDataList }) =>
    [...serviceDataList.map(({ uuid }) => `service data ${uuid}`),
     ...manufacturerDataList.map(({ uuid }) => `company ${uuid}`)].join() || "nothing",
);
try {
  lines.push(read("BluetoothGATTGetServicesResponse", services).servicesList.map(({ uuid }) => uuid).join());
} catch (error) {
  lines.push(String(error));
}
console.log(lines.join("\n"));
EOF
expect "$python" - <<'EOF'
from importlib.metadata import version
import json
import subprocess
from uuid import UUID

from aioesphomeapi import api_pb2
from aioesphomeapi.model import BluetoothGATTServices
from bluetooth_data_tools import parse_advertisement_data_bytes

packages = ("@2colors/esphome-native-api", "google-protobuf")
versions = [f"{name} {json.load(open(f'node_modules/{name}/package.json'))['version']}" for name in packages]
print(", ".join([*versions, f"aioesphomeapi {version('aioesphomeapi')}"]))

PAIRING, SERVICE = (UUID(f"a92ee{number}00-5501-11e4-916c-0800200c9a66") for number in (1, 2))
LOCK = bytes.fromhex("1a2b3c4d")
packets = {
    "pairing mode": (0x21, PAIRING.bytes[::-1] + LOCK),
    "beacon": (0xFF, b"\x4c\x00\x02\x15" + SERVICE.bytes + LOCK + b"\xc4"),
    "16-bit service data": (0x16, b"\x1c\x18" + LOCK),
}
# What a proxy sends: raw advertisements, then the services of a connected lock.
heard = api_pb2.BluetoothLERawAdvertisementsResponse()
for kind, content in packets.values():
    data = b"\x02\x01\x06" + bytes([len(content) + 1, kind]) + content
    heard.advertisements.add(address=0x54D272AABBCC, rssi=-60, data=data)
table = api_pb2.BluetoothGATTGetServicesResponse(address=0x54D272AABBCC)
table.services.add(handle=1, uuid=[SERVICE.int >> 64, SERVICE.int & (2**64 - 1)])
sent = [message.SerializeToString().hex() for message in (heard, table)]
other = subprocess.check_output(["node", "read.js", *sent], text=True).splitlines()

own = []
for advertisement in heard.advertisements:
    _, _, services, companies, _ = parse_advertisement_data_bytes(advertisement.data)
    found = [f"service data {uuid}" for uuid in services] + [f"company {company:04x}" for company in companies]
    own.append(",".join(found))
own.append(BluetoothGATTServices.from_pb(table).services[0].uuid)
for name, python, javascript in zip([*packets, "services"], own, other, strict=True):
    print(f"{name} in Python: {python}\n{name} in JavaScript: {javascript}")
EOF
