"""All auto-unlock rules of one lock."""

from collections.abc import Iterator
from typing import override

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.auto_unlock.issues import async_forget_other_rules
from custom_components.smartlock.auto_unlock.modes import Modes
from custom_components.smartlock.auto_unlock.references import async_pin_subentry
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE, Rule, pinned_data
from custom_components.smartlock.auto_unlock.runner import RuleRunner
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.tracker import FaultTracker
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.settings.current import CurrentSettings


class Rules(LockPart):
    """One runner for each config subentry, as long as the entry is loaded."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        actions: LockActions,
        *,
        current: CurrentSettings,
        pin: PinGuard,
        faults: FaultTracker,
        issues: LockIssues,
    ) -> None:
        """Prepare; call `async_load` before anything else."""
        self._hass = hass
        self._coordinator = coordinator
        self._actions = actions
        self._current = current
        self._pin = pin
        self._faults = faults
        self._issues = issues
        self._runners: list[RuleRunner] = []

    @override
    async def async_load(self) -> None:
        """Load the lock's rules; none of them is armed."""
        subentries = self._coordinator.config_entry.get_subentries_of_type(SUBENTRY_TYPE)
        modes = await Modes.load(
            self._hass, self._coordinator.nuki_id, {subentry.subentry_id for subentry in subentries}
        )
        for subentry in subentries:
            try:
                rule = Rule.of(
                    async_pin_subentry(self._hass, self._coordinator.config_entry, subentry, pinned_data)
                )
            except AttributeError, KeyError, TypeError, ValueError:
                # The lock must work without this rule. Its data are personal, so they are not logged.
                LOGGER.error(
                    "An auto-unlock rule cannot be read and does nothing; remove it and add it again"
                )
                continue
            self._runners.append(
                RuleRunner(
                    self._hass,
                    self._coordinator,
                    self._pin,
                    self._faults,
                    actions=self._actions,
                    current=self._current,
                    issues=self._issues,
                    rule=rule,
                    modes=modes,
                )
            )

    def __iter__(self) -> Iterator[RuleRunner]:
        """Iterate over the runners."""
        return iter(self._runners)

    @override
    @callback
    def start(self) -> None:
        """Start all rules."""
        async_forget_other_rules(self._issues, {runner.rule.subentry_id for runner in self._runners})
        for runner in self._runners:
            runner.start()

    @callback
    def stop(self) -> None:
        """Stop all rules: none of their pending actions is carried out."""
        for runner in self._runners:
            runner.stop()

    @override
    async def async_stop(self) -> None:
        """Stop all rules, if that has not been done yet."""
        self.stop()
