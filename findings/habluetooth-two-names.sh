#!/usr/bin/env bash
# A device that gets a shorter name has two names from then on: one for each proxy, for as long as it is heard.
#
# What:    within one scanner the longest name ever heard wins; across scanners a name that is no beginning of the
#          other counts as a rename. A lock that was "Front door lock" and is renamed to "Door" therefore keeps the
#          old name at the proxy that has heard the old one, and has the new one at a proxy that joined later;
#          watchers of the address are given both names in turn, five packets a side here and without end in a
#          house. Growing is believed at once ("Front door lock 2"), and so is the same length.
# Guess:   a name follows the last packet, or it is frozen; and it is one name for one address.
# Version: habluetooth 7.1.2
# Seen on: 2026-11-29
# Output:
#   habluetooth 7.1.2
#   named "Front door lock", heard by the hall alone: hall "Front door lock"
#   renamed to "Door", heard by both: hall "Front door lock", garden "Door", and so on 5 times
#   the manager's own answer: "Front door lock"
#   renamed to "Front door lock 2": hall "Front door lock 2", garden "Front door lock 2"
source "$(dirname "$0")/lib/finding.bash"

from_pypi habluetooth==7.1.2
expect "$python" - <<'EOF'
import asyncio
from importlib.metadata import version
import itertools

from bleak_retry_connector import BleakSlotManager
from bluetooth_adapters import BluetoothAdapters
from habluetooth import BaseHaRemoteScanner, BluetoothManager, set_manager

ADDRESS = "54:D2:72:AA:BB:CC"


class NoAdapters(BluetoothAdapters):
    """A machine without Bluetooth of its own."""

    adapters, history, default_adapter = {}, {}, "hci0"

    async def refresh(self) -> None: ...


async def main() -> None:
    print("habluetooth", version("habluetooth"))
    manager = BluetoothManager(NoAdapters(), BleakSlotManager())
    set_manager(manager)
    await manager.async_setup()
    hall, garden = (BaseHaRemoteScanner(name, name, None, True) for name in ("hall", "garden"))
    heard: list[str] = []
    clock = itertools.count(1000.0, 0.5)
    for scanner in (hall, garden):
        manager.async_register_scanner(scanner)
    manager.async_register_advertisement_callback(
        lambda info: heard.append(f'{info.source} "{info.name}"'), ADDRESS
    )

    def advertise(name: str, *scanners: BaseHaRemoteScanner) -> str:
        """One packet with the complete name, heard equally well; what the watcher of the address was given."""
        heard.clear()
        for scanner in scanners:
            packet = bytes([len(name) + 1, 0x09]) + name.encode()
            scanner._async_on_raw_advertisement(ADDRESS, -60, packet, {}, next(clock))
        return ", ".join(heard)

    print(f'named "Front door lock", heard by the hall alone: {advertise("Front door lock", hall)}')
    (both,) = {advertise("Door", hall, garden) for _ in range(5)}
    print(f'renamed to "Door", heard by both: {both}, and so on 5 times')
    print(f'the manager\'s own answer: "{manager.async_last_service_info(ADDRESS, True).name}"')
    print(f'renamed to "Front door lock 2": {advertise("Front door lock 2", hall, garden)}')
    manager.async_stop()


asyncio.run(main())
EOF
