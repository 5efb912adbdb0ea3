"""The command line of the campaign (`scripts/bluez-campaign`)."""

import argparse
import asyncio
import logging
from pathlib import Path
import shutil
import sys

from simulator.bluez.machine import Machine, MachineError
from simulator.home_assistant import HomeAssistantError, free_port
from tests.bluez.campaign import Campaign, say

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bluez"


async def run(packages: Path, only: list[str], *, passive: bool) -> bool:
    """Boot a machine, go through the campaign and return whether every step passed."""
    folder = CACHE / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    async with Machine(packages=packages, folder=folder, web_port=port, passive=passive) as machine:
        return await Campaign(machine, only).run()


def main() -> int:
    """Run the campaign; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/bluez-campaign",
        description="Run the integration in a real Home Assistant on a real Linux kernel with BlueZ, in a virtual"
        " machine. One line a step.",
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="PART", help=f"one of {', '.join(Campaign.PARTS)}"
    )
    parser.add_argument(
        "--passive",
        action="store_true",
        help="BlueZ lets Home Assistant scan passively, as on its own system",
    )
    parser.add_argument("--packages", type=Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    # Bumble warns of connections that it did not advertise for itself.
    logging.getLogger("bumble").setLevel(logging.ERROR)
    try:
        passed = asyncio.run(run(arguments.packages, arguments.only, passive=arguments.passive))
    except (MachineError, HomeAssistantError) as error:
        say(f"FAIL  {error}")
        passed = False
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
