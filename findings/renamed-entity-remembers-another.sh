#!/usr/bin/env bash
# Two event entities of Home Assistant whose names are swapped swap their past as well: each tells the other's.
#
# What:    what an entity remembers is kept by its entity id, and an entity that is renamed looks up what was kept
#          under its new id, over what it knows itself. Two locks were named the wrong way round; the owner swaps the
#          ids by way of a third, as one has to. All ids are right now, and "who came in last" is still the wrong
#          way round, with times: the back door tells what happened at the front. The second step alone shows it:
#          an id that is free but was somebody's. It lasts until the next event at each door, over restarts.
# Guess:   a rename changes a name; the past stays with its unique id, in the registry and in the object alike.
# Version: homeassistant 2026.10.4
# Seen on: 2026-11-29
# Output:
#   homeassistant 2026.10.4
#   as named at first:                   oak: event.back Anna 10:00, glass: event.front Bert 11:00
#   event.back becomes event.third:      oak: event.third Anna 10:00, glass: event.front Bert 11:00
#   event.front becomes event.back:      oak: event.third Anna 10:00, glass: event.back Anna 10:00
#   event.third becomes event.front:     oak: event.front Bert 11:00, glass: event.back Anna 10:00
#   after a restart:                     oak: event.front Bert 11:00, glass: event.back Anna 10:00
#   Carla comes in by the oak door:      oak: event.front Carla 12:00, glass: event.back Anna 10:00
source "$(dirname "$0")/lib/finding.bash"

from_setup
expect "$python" - <<'EOF'
import asyncio
from datetime import datetime
from importlib.metadata import version
import os
from unittest.mock import patch

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, restore_state
from pytest_homeassistant_custom_component.common import MockEntityPlatform, async_test_home_assistant


class Door(EventEntity):
    """Who came in by a door; the lock in it is known by its unique id."""

    _attr_event_types = ["unlocked"]
    _attr_should_poll = False

    def __init__(self, lock: str, name: str) -> None:
        self._attr_unique_id = lock
        self._attr_name = name

    def enter(self, who: str, when: str) -> None:
        with patch("homeassistant.util.dt.utcnow", lambda: datetime.fromisoformat(f"2026-11-29T{when}:00+00:00")):
            self._trigger_event("unlocked", {"who": who})
        self.async_write_ha_state()


def show(hass: HomeAssistant, when: str, *doors: Door) -> None:
    states = [(door.unique_id, hass.states.get(door.entity_id)) for door in doors]
    said = [f"{lock}: {state.entity_id} {state.attributes['who']} {state.state[11:16]}" for lock, state in states]
    print(f"{when + ':':<36} {', '.join(said)}")


async def main() -> None:
    print("homeassistant", version("homeassistant"))
    async with async_test_home_assistant(config_dir=os.getcwd()) as hass:
        await restore_state.async_load(hass)
        oak, glass = Door("oak", "back"), Door("glass", "front")
        await MockEntityPlatform(hass, domain="event", platform_name="doors").async_add_entities([oak, glass])
        oak.enter("Anna", "10:00")
        glass.enter("Bert", "11:00")
        show(hass, "as named at first", oak, glass)
        for old, new in (("event.back", "event.third"), ("event.front", "event.back"), ("event.third", "event.front")):
            er.async_get(hass).async_update_entity(old, new_entity_id=new)
            await hass.async_block_till_done()
            show(hass, f"{old} becomes {new}", oak, glass)
        await restore_state.async_get(hass).async_dump_states()
        await hass.async_stop(force=True)
    async with async_test_home_assistant(config_dir=os.getcwd()) as hass:
        await restore_state.async_load(hass)
        oak, glass = Door("oak", "front"), Door("glass", "back")
        await MockEntityPlatform(hass, domain="event", platform_name="doors").async_add_entities([oak, glass])
        show(hass, "after a restart", oak, glass)
        oak.enter("Carla", "12:00")
        show(hass, "Carla comes in by the oak door", oak, glass)
        await hass.async_stop(force=True)


asyncio.run(main())
EOF
