#!/usr/bin/env bash
# After a clock that was ahead once, an event entity of Home Assistant dates every event in that future.
#
# What:    the time of an event is at least a millisecond after that of the last one, so that two at once stay
#          two. The last one may lie years ahead: the clock of the machine was wrong for a moment and is right
#          again. From then on each event is that date plus a millisecond; the state is restored at the next start,
#          so it does not end there. Each condition on how long ago it rang is wrong for those years.
# Guess:   the state of an event entity is when the event was, at worst wrong while the clock is.
# Version: homeassistant 2026.10.4
# Seen on: 2026-11-29
# Output:
#   homeassistant 2026.10.4
#   it is 2026-11-29T10:00:00+00:00: the event is of 2026-11-29T10:00:00.000+00:00
#   it is 2036-11-29T10:00:00+00:00: the event is of 2036-11-29T10:00:00.000+00:00
#   it is 2026-11-29T10:05:00+00:00: the event is of 2036-11-29T10:00:00.001+00:00
#   it is 2026-12-24T18:00:00+00:00: the event is of 2036-11-29T10:00:00.002+00:00
#   restarted
#   it is 2027-05-01T08:00:00+00:00: the event is of 2036-11-29T10:00:00.003+00:00
source "$(dirname "$0")/lib/finding.bash"

from_setup
expect "$python" - <<'EOF'
import asyncio
from datetime import datetime
from importlib.metadata import version
import logging
import os
from unittest.mock import patch

from homeassistant.components.event import EventEntity
from homeassistant.core import State
from homeassistant.helpers.entity_component import EntityComponent
from pytest_homeassistant_custom_component.common import (
    async_test_home_assistant,
    mock_restore_cache_with_extra_data,
)


class Bell(EventEntity):
    """Any event entity; what it does with time is Home Assistant's own."""

    _attr_name = "Bell"
    _attr_event_types = ["rang"]
    _attr_should_poll = False

    def ring(self) -> None:
        self._trigger_event("rang")
        self.async_write_ha_state()


async def life(kept: list[tuple[State, dict]], *clock: str) -> list[tuple[State, dict]]:
    """Start, ring at each time of the machine's clock, stop; return what is kept for the next start."""
    async with async_test_home_assistant(config_dir=os.getcwd()) as hass:
        mock_restore_cache_with_extra_data(hass, kept)
        bell = Bell()
        await EntityComponent(logging.getLogger("bell"), "event", hass).async_add_entities([bell])
        for now in clock:
            with patch("homeassistant.util.dt.utcnow", lambda now=now: datetime.fromisoformat(now)):
                bell.ring()
            print(f"it is {now}: the event is of {hass.states.get(bell.entity_id).state}")
        kept = [(hass.states.get(bell.entity_id), bell.extra_restore_state_data.as_dict())]
        await hass.async_stop(force=True)
        return kept


async def main() -> None:
    print("homeassistant", version("homeassistant"))
    days = "2026-11-29T10:00", "2036-11-29T10:00", "2026-11-29T10:05", "2026-12-24T18:00"
    kept = await life([], *(f"{day}:00+00:00" for day in days))
    print("restarted")
    await life(kept, "2027-05-01T08:00:00+00:00")


asyncio.run(main())
EOF
