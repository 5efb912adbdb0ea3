"""All auto-unlock rules of one lock."""

from collections.abc import Iterator
from typing import Self

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.auto_unlock.modes import Modes
from custom_components.smartlock.auto_unlock.references import async_pin_subentry
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE, Rule, pinned_data
from custom_components.smartlock.auto_unlock.runner import RuleRunner
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.tracker import FaultKeeper
from custom_components.smartlock.pin.guard import PinGuard


class Rules:
    """One runner for each config subentry, as long as the entry is loaded."""

    def __init__(self, runners: list[RuleRunner]) -> None:
        """Take the runners; use `load`."""
        self._runners = runners

    @classmethod
    async def load(
        cls,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        pin: PinGuard,
        faults: FaultKeeper,
    ) -> Self:
        """Return the rules of a lock, none of them armed."""
        entry = coordinator.config_entry
        subentries = entry.get_subentries_of_type(SUBENTRY_TYPE)
        modes = await Modes.load(hass, coordinator.nuki_id, {subentry.subentry_id for subentry in subentries})
        runners = []
        for subentry in subentries:
            try:
                rule = Rule.of(async_pin_subentry(hass, entry, subentry, pinned_data))
            except AttributeError, KeyError, TypeError, ValueError:
                # The lock must run without it. What was stored is personal, so it is not told.
                LOGGER.error(
                    "An auto-unlock rule cannot be read and does nothing; remove it and add it again"
                )
                continue
            runners.append(RuleRunner(hass, coordinator, pin, faults, rule=rule, modes=modes))
        return cls(runners)

    def __iter__(self) -> Iterator[RuleRunner]:
        """Iterate over the runners."""
        return iter(self._runners)

    @callback
    def start(self) -> None:
        """Begin with all rules."""
        for runner in self._runners:
            runner.start()

    @callback
    def stop(self) -> None:
        """End all rules: nothing that they had in mind happens any more."""
        for runner in self._runners:
            runner.stop()
