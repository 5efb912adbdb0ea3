#!/usr/bin/env bash
# Home Assistant's delayed save has no longest delay: who asks often is never saved, who is in a hurry not sooner.
#
# What:    async_delay_save(data, 1) asked for every half second writes nothing for as long as that goes on, so that
#          a power cut costs everything since the first request and not the last second. A shorter delay that is
#          asked for later comes sooner only if nobody has asked a second time meanwhile: after two requests of 3 s
#          one of 0.5 s waits for the end of the second.
# Guess:   the delay is the longest that data wait, counted from the first change that is not on disk.
# Version: homeassistant 2026.10.4
# Seen on: 2026-11-29
# Output:
#   homeassistant 2026.10.4
#   one request of 1 s: on disk after 1.0 s
#   a request of 1 s each 0.5 s, for 6 s: on disk after 6.5 s
#   3 s, and 0.5 s later one of 0.5 s: on disk after 1.0 s
#   3 s, 0.4 s later again, and 0.5 s after the first one of 0.5 s: on disk after 3.5 s
source "$(dirname "$0")/lib/finding.bash"

from_setup
expect "$python" - <<'EOF'
import asyncio
from importlib.metadata import version
import os
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store


# A machine that is busy with something else may write a tenth or two late.
async def saved_after(hass: HomeAssistant, *requests: tuple[float, float]) -> str:
    """Ask at each time for a save with each delay; return when the file is there, to half a second."""
    loop = asyncio.get_running_loop()
    store = Store[dict[str, int]](hass, 1, f"log_{loop.time()}")
    start = loop.time()

    async def written() -> float:
        while not Path(store.path).exists():
            await asyncio.sleep(0.02)
        return loop.time() - start

    waiting = asyncio.create_task(written())
    for when, delay in requests:
        await asyncio.sleep(start + when - loop.time())
        store.async_delay_save(lambda: {"entries": 1}, delay)
    return f"on disk after {round(await waiting * 2) / 2} s"


async def main() -> None:
    print("homeassistant", version("homeassistant"))
    hass = HomeAssistant(os.getcwd())
    often = [(number / 2, 1.0) for number in range(12)]
    print("one request of 1 s:", await saved_after(hass, (0, 1)))
    print("a request of 1 s each 0.5 s, for 6 s:", await saved_after(hass, *often))
    print("3 s, and 0.5 s later one of 0.5 s:", await saved_after(hass, (0, 3), (0.5, 0.5)))
    again = await saved_after(hass, (0, 3), (0.4, 3), (0.5, 0.5))
    print("3 s, 0.4 s later again, and 0.5 s after the first one of 0.5 s:", again)
    await hass.async_stop(force=True)


asyncio.run(main())
EOF
