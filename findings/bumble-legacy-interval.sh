#!/usr/bin/env bash
# Bumble's virtual controller advertises 1.6 times too seldom, and only with the advertising that locks use.
#
# What:    a device asks for an advertising event every 100 ms. With extended advertising it comes every 100 ms; with
#          legacy advertising, which is all that an older lock has, every 160 ms. The controller takes the parameter of
#          the legacy command, which counts units of 0.625 ms, for milliseconds. How soon a lock that is simulated so is
#          discovered, and how soon a change is shown, is measured too badly by as much.
# Guess:   both ways of advertising count the same units, and the older one, which everybody uses, is right if any is.
# Version: bumble 0.0.236
# Seen on: 2026-11-29
# Output:
#   bumble 0.0.236
#   extended, 100 ms asked for: one every 100 ms
#   extended, 300 ms asked for: one every 300 ms
#   legacy, 100 ms asked for: one every 160 ms
#   legacy, 300 ms asked for: one every 480 ms
source "$(dirname "$0")/lib/finding.bash"

from_pypi bumble==0.0.236
expect "$python" - <<'EOF'
import asyncio
from importlib.metadata import version
from statistics import median

from bumble import hci
from bumble.controller import Controller
from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

LEGACY_ONLY = Controller.le_features & ~hci.LeFeatureMask.LE_EXTENDED_ADVERTISING


class Air(LocalLink):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[float] = []

    def send_advertising_pdu(self, sender_controller: Controller, packet: object) -> None:
        self.events.append(asyncio.get_running_loop().time())
        super().send_advertising_pdu(sender_controller, packet)


async def measure(kind: str, interval: int) -> None:
    air = Air()
    controller = Controller("lock", link=air)
    if kind == "legacy":
        controller.le_features = LEGACY_ONLY
    device = Device(
        name="lock", address=Address("F0:F1:F2:F3:F4:F5"), host=Host(controller, AsyncPipeSink(controller))
    )
    await device.power_on()
    await device.start_advertising(advertising_interval_min=interval, advertising_interval_max=interval)
    await asyncio.sleep(5)
    await device.stop_advertising()
    steps = [later - earlier for earlier, later in zip(air.events, air.events[1:])]
    print(f"{kind}, {interval} ms asked for: one every {round(median(steps) * 100) * 10} ms", flush=True)


async def main() -> None:
    print("bumble", version("bumble"), flush=True)
    for kind in ("extended", "legacy"):
        for interval in (100, 300):
            await measure(kind, interval)


asyncio.run(main())
EOF
