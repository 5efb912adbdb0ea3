"""What the dialog shows while it waits for the button: how far pairing has come, and how much time is left."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pairing.button import BUTTON_TIME

# When an owner who has found the button would have held it: the dialog says what may be wrong.
_HINT_AFTER = 20.0
# Each change of the text draws the whole dialog again; the ring beside it moves every second.
_TEXT_EVERY = 5


class Waiting:
    """The wait for the button of one lock, step by step."""

    def __init__(self, changed: Callable[[], None], progress: Callable[[float], None]) -> None:
        """Prepare. `changed` is called when the text changes, `progress` with the share of time that is over."""
        self._changed = changed
        self._progress = progress
        self._left = BUTTON_TIME
        self.action = "wait_for_button"
        """Key of the text to show."""

    @property
    def left(self) -> str:
        """The time left, in minutes and seconds."""
        seconds = -int(-self._left // _TEXT_EVERY) * _TEXT_EVERY
        return f"{seconds // 60}:{seconds % 60:02}"

    @asynccontextmanager
    async def counting_down(self, hass: HomeAssistant) -> AsyncIterator[None]:
        """Count while the block waits for the button."""
        self.action = "wait_for_button"
        counting = hass.async_create_background_task(self._count_down(hass), f"{DOMAIN} countdown")
        try:
            yield
        finally:
            counting.cancel()

    async def _count_down(self, hass: HomeAssistant) -> None:
        began = hass.loop.time()
        while (left := BUTTON_TIME - (hass.loop.time() - began)) > 0:
            before = self.action, self.left
            self._left = left
            if self.action == "wait_for_button" and left <= BUTTON_TIME - _HINT_AFTER:
                self.action = "wait_for_button_hint"
            if (self.action, self.left) != before:
                self._changed()
            # The frontend writes it as a number: one that began at 100 % would read as done.
            self._progress(1 - left / BUTTON_TIME)
            await asyncio.sleep(1)

    @callback
    def found(self, in_pairing_mode: bool) -> None:
        """Show that the lock is in pairing mode, or is not (any more)."""
        self.action = "pairing" if in_pairing_mode else "wait_for_button_hint"
        self._changed()
