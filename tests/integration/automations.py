"""Automations that are made from the blueprints."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component

from tests.integration.home import Home

ROOT = Path(__file__).parents[2]
FOLDER = "blueprints/automation/smartlock"


def notifications(hass: HomeAssistant) -> Iterator[tuple[str, str]]:
    """Yield title and text of what is shown."""
    for shown in persistent_notification._async_get_or_create_notifications(hass).values():
        yield shown["title"] or "", shown["message"]


class Automation:
    """An automation made from a blueprint."""

    def __init__(self, home: Home) -> None:
        self._home = home

    async def start(self, blueprint: str, **inputs: Any) -> None:
        """Make it."""
        assert await async_setup_component(self._home.hass, "persistent_notification", {})
        use = {"path": f"smartlock/{blueprint}.yaml", "input": inputs}
        assert await async_setup_component(
            self._home.hass, "automation", {"automation": {"alias": "Ours", "use_blueprint": use}}
        )
        await self._home.hass.async_block_till_done()
        state = self._home.hass.states.get("automation.ours")
        assert state is not None
        assert state.state == "on"

    async def restart(self) -> None:
        """Attach its triggers as at the end of a start of Home Assistant, when all else has long been there."""
        hass = self._home.hass
        hass.set_state(CoreState.starting)
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": "automation.ours"}, blocking=True
        )
        await hass.services.async_call(
            "automation", "turn_on", {"entity_id": "automation.ours"}, blocking=True
        )
        hass.set_state(CoreState.running)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await asyncio.sleep(1)

    async def trigger(self) -> None:
        """Let it run now, to the end."""
        await self._home.hass.services.async_call(
            "automation", "trigger", {"entity_id": "automation.ours"}, blocking=True
        )

    @property
    def told(self) -> list[str]:
        """The texts that it has shown."""
        return [text for _, text in notifications(self._home.hass)]
