"""Common parts of the dialogs about a lock: each ends with a text if its lock is no longer loaded."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Protocol, override

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import TimeSelector, TimeSelectorConfig


class _Dialog(Protocol):
    @property
    def is_loaded(self) -> bool: ...

    @property
    def cur_step(self) -> Any: ...

    def async_abort(self, *, reason: str) -> Any: ...

    def async_show_progress_done(self, *, next_step_id: str) -> Any: ...


def while_loaded[S: _Dialog, **P, R](
    step: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """End a dialog about a lock that has been unloaded since it was opened."""

    @wraps(step)
    async def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.is_loaded:
            return await step(self, *args, **kwargs)
        result: R
        if (shown := self.cur_step) is not None and shown["type"] is FlowResultType.SHOW_PROGRESS:
            # Home Assistant lets a progress only be done; the step is then asked for again.
            result = self.async_show_progress_done(next_step_id=shown["step_id"])
        else:
            result = self.async_abort(reason="not_loaded")
        return result

    return guarded


def as_markdown(text: str) -> str:
    """Return a text that people have written, so that the frontend shows it as it is."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#~" else char for char in text)


def is_set_up(entry: ConfigEntry) -> bool:
    """Whether the lock's parts exist."""
    return entry.state in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_IN_PROGRESS)


class HoursSelector(TimeSelector):
    """Asks for a time in hours and minutes, without seconds."""

    @override
    def serialize(self) -> dict[str, dict[str, TimeSelectorConfig]]:
        """Return the selector for the frontend, which has an option that Home Assistant does not declare."""
        config: Any = {**self.config, "no_second": True}
        return {"selector": {self.selector_type: config}}


class LockRepairFlow[P](RepairsFlow):
    """A guided repair that needs one part of a lock."""

    def __init__(self, entry: ConfigEntry, part: Callable[[], P]) -> None:
        """Prepare for one lock. `part` returns the part that the repair needs.

        It is called at each step, as the lock may be set up again while the dialog is open.
        """
        self._entry = entry
        self._get_part = part

    @property
    def is_loaded(self) -> bool:
        """Whether the lock is set up."""
        return is_set_up(self._entry)

    @property
    def part(self) -> P:
        """The part as it is now."""
        return self._get_part()

    @property
    def name(self) -> dict[str, str]:
        """Placeholder for the lock's name."""
        return {"name": self._entry.title}
