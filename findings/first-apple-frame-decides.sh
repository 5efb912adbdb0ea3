#!/usr/bin/env bash
# Which integration of Home Assistant hears of a new device depends on the frame that was caught first.
#
# What:    discovery remembers for each address that "some manufacturer data" was seen, not which. A lock that
#          sends beacons and HomeKit frames in turn, both under Apple's company number and with the same name, is
#          announced only to the integration of the first one, and to the other neither with the next frame nor with
#          the thousandth: not before the device has gone and come back, or has another name, service or service
#          data. A device whose first frame matches nobody is not remembered, and has its other one announced.
# Guess:   a matcher on the first bytes of manufacturer data is asked whenever those bytes are new.
# Version: homeassistant 2026.10.4
# Seen on: 2026-11-29
# Output:
#   homeassistant 2026.10.4
#   beacon: ibeacon; then 1000 times HomeKit and beacon: nobody
#   HomeKit: homekit_controller; then 1000 times beacon and HomeKit: nobody
#   another frame of Apple's: nobody; then beacon: ibeacon; then HomeKit: nobody
#   beacon: ibeacon; away and back, HomeKit: homekit_controller
#   beacon: ibeacon; with another name, HomeKit: homekit_controller
source "$(dirname "$0")/lib/finding.bash"

from_setup
expect "$python" - <<'EOF'
from importlib.metadata import version

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from habluetooth import BluetoothServiceInfoBleak
from homeassistant.components.bluetooth.match import IntegrationMatcher
from homeassistant.generated.bluetooth import BLUETOOTH

ADDRESS = "54:D2:72:AA:BB:CC"
BEACON = bytes.fromhex("0215 a92ee200550111e4916c0800200c9a66 1a2b3c4d c4")
HOMEKIT = bytes.fromhex("0631 00 aabbccddeeff 0600 0100 02 02 0a0b0c0d")
NEARBY = bytes.fromhex("1005 0118a1b2c3")


class House:
    """The matchers of all integrations that Home Assistant ships, before anything was heard."""

    def __init__(self) -> None:
        self.matcher = IntegrationMatcher(BLUETOOTH)
        self.matcher.async_setup()

    def hears(self, frame: bytes, name: str = "Lock") -> str:
        device = BLEDevice(ADDRESS, name, {})
        data = AdvertisementData(name, {76: frame}, {}, [], None, -60, ())
        info = BluetoothServiceInfoBleak.from_device_and_advertisement_data(device, data, "hall", 0.0, True)
        return " ".join(sorted(self.matcher.match_domains(info))) or "nobody"

    def loses_it(self) -> None:
        """What the manager does with the address of a device that is not heard any more."""
        self.matcher.async_clear_address(ADDRESS)


print("homeassistant", version("homeassistant"))
for first, second, texts in ((BEACON, HOMEKIT, ("beacon", "HomeKit")), (HOMEKIT, BEACON, ("HomeKit", "beacon"))):
    house = House()
    told = house.hears(first)
    (later,) = {house.hears(frame) for _ in range(1000) for frame in (second, first)}
    print(f"{texts[0]}: {told}; then 1000 times {texts[1]} and {texts[0]}: {later}")
house = House()
print(
    f"another frame of Apple's: {house.hears(NEARBY)}; then beacon: {house.hears(BEACON)};"
    f" then HomeKit: {house.hears(HOMEKIT)}"
)
house = House()
told = house.hears(BEACON)
house.loses_it()
print(f"beacon: {told}; away and back, HomeKit: {house.hears(HOMEKIT)}")
house = House()
print(f"beacon: {house.hears(BEACON)}; with another name, HomeKit: {house.hears(HOMEKIT, 'Front door')}")
EOF
