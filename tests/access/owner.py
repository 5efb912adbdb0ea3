"""An owner in the dialogs of a lock's options, who counts the steps."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import callback
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowResultType
import voluptuous as vol

from tests.access.doors import Door

# Longer than anything that the lock takes, in virtual seconds.
PATIENCE = 1000

__all__ = ["Owner"]


class Owner:
    """Somebody with the options of a lock open."""

    def __init__(self, door: Door) -> None:
        """Stand in front of them."""
        self.door = door
        self.manager = door.home.hass.config_entries.options
        self.flow: ConfigFlowResult
        self.clicks = 0
        """Choices from menus and submitted forms."""
        self.waited: list[tuple[str, dict[str, str]]] = []
        """What was shown while the lock was spoken to."""

    @classmethod
    async def at(cls, door: Door, *steps: str) -> Owner:
        """Open the options, and choose from menus."""
        owner = cls(door)
        await owner.see(await owner.manager.async_init(door.entry.entry_id))
        for step in steps:
            await owner.choose(step)
        return owner

    async def choose(self, step: str) -> None:
        """Choose from the menu."""
        assert self.kind is FlowResultType.MENU, self.flow
        assert step in self.choices
        await self._configure({"next_step_id": step})

    async def submit(self, **fields: Any) -> None:
        """Submit the form."""
        assert self.kind is FlowResultType.FORM, self.flow
        await self._configure(fields)

    async def _configure(self, given: dict[str, Any]) -> None:
        self.clicks += 1
        await self.see(await self.manager.async_configure(self.flow["flow_id"], given))

    async def see(self, flow: ConfigFlowResult) -> None:
        """Wait as the frontend does while something is in progress: it looks again when it is told to."""
        changed = asyncio.Event()
        stop = self.door.home.hass.bus.async_listen(
            EVENT_DATA_ENTRY_FLOW_PROGRESSED, callback(lambda event: changed.set())
        )
        try:
            while flow["type"] is FlowResultType.SHOW_PROGRESS:
                shown = flow["progress_action"], dict(flow["description_placeholders"] or {})
                if shown not in self.waited[-1:]:
                    self.waited.append(shown)
                async with asyncio.timeout(PATIENCE):
                    await changed.wait()
                changed.clear()
                flow = await self.manager.async_configure(flow["flow_id"])
        finally:
            stop()
        self.flow = flow

    def close(self) -> None:
        """Close the dialog."""
        self.manager.async_abort(self.flow["flow_id"])

    # --- What is seen -------------------------------------------------------------------------------------

    @property
    def kind(self) -> FlowResultType:
        """What is shown."""
        return self.flow["type"]

    @property
    def step(self) -> str:
        """Which step is shown."""
        return str(self.flow["step_id"])

    @property
    def choices(self) -> list[str]:
        """What the menu offers."""
        choices: Any = self.flow["menu_options"]
        return list(choices)

    @property
    def says(self) -> dict[str, str]:
        """What is filled into the texts."""
        return dict(self.flow["description_placeholders"] or {})

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong in the form."""
        return dict(self.flow["errors"] or {})

    @property
    def schema(self) -> vol.Schema:
        """The form."""
        schema = self.flow["data_schema"]
        assert schema is not None
        return schema

    @property
    def fields(self) -> dict[str, Any]:
        """What stands in the fields."""
        return {
            str(marker): (marker.description or {}).get("suggested_value") for marker in self.schema.schema
        }

    def options(self, field: str = "picked") -> dict[str, str]:
        """Return the labels of a choice, and what to submit for each."""
        selector = next(value for marker, value in self.schema.schema.items() if str(marker) == field)
        return {option["label"]: option["value"] for option in selector.config["options"]}

    def option(self, beginning: str) -> str:
        """Return what to submit for the one label that begins so."""
        (found,) = (value for label, value in self.options().items() if label.startswith(beginning))
        return found
