"""All auto-unlock rules of one lock."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.auto_unlock.arrivals import Arrivals
from custom_components.smartlock.auto_unlock.entities import async_rename_device
from custom_components.smartlock.auto_unlock.issues import async_forget_other_rules
from custom_components.smartlock.auto_unlock.modes import Mode, Modes
from custom_components.smartlock.auto_unlock.references import async_pin_subentry
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE, Rule, pinned_data
from custom_components.smartlock.auto_unlock.runner import RuleRunner
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.tracker import FaultTracker
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.listeners import Listeners
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
        self._runners: dict[str, RuleRunner] = {}
        self._modes: Modes
        self._arrivals: Arrivals
        self._added = Listeners[RuleRunner]()
        self._unreadable: set[str] = set()
        self._started = self._stopped = False

    @override
    async def async_load(self) -> None:
        """Load the lock's rules; none of them is armed."""
        subentries = self._coordinator.config_entry.get_subentries_of_type(SUBENTRY_TYPE)
        self._modes = await Modes.load(
            self._hass, self._coordinator.nuki_id, {subentry.subentry_id for subentry in subentries}
        )
        self._arrivals = await Arrivals.load(
            self._hass, self._coordinator.nuki_id, {subentry.subentry_id for subentry in subentries}
        )
        for rule in self._rules().values():
            if rule.tries:
                self._modes.begin(rule.subentry_id)
            self._add(rule)

    def _rules(self) -> Mapping[str, Rule]:
        """Return what the owner has chosen, by the id of the subentry."""
        entry, rules = self._coordinator.config_entry, {}
        for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
            subentry_id = subentry.subentry_id
            try:
                rules[subentry_id] = Rule.of(async_pin_subentry(self._hass, entry, subentry, pinned_data))
            except AttributeError, KeyError, TypeError, ValueError:
                # The lock must work without this rule. Its data are personal, so they are not logged.
                if subentry_id not in self._unreadable:
                    LOGGER.error(
                        "An auto-unlock rule cannot be read and does nothing; remove it and add it again"
                    )
                self._unreadable.add(subentry_id)
        return rules

    @callback
    def _add(self, rule: Rule) -> RuleRunner:
        runner = self._runners[rule.subentry_id] = RuleRunner(
            self._hass,
            self._coordinator,
            self._pin,
            self._faults,
            actions=self._actions,
            current=self._current,
            issues=self._issues,
            rule=rule,
            modes=self._modes,
            arrivals=self._arrivals.of(rule.subentry_id),
        )
        return runner

    def __iter__(self) -> Iterator[RuleRunner]:
        """Iterate over the runners."""
        return iter(tuple(self._runners.values()))

    @override
    @callback
    def start(self) -> None:
        """Start all rules."""
        self._started = True
        async_forget_other_rules(self._issues, self._runners.keys())
        for runner in self:
            runner.start()

    @callback
    def async_for_each(self, add: Callable[[RuleRunner], None]) -> None:
        """Call `add` with each rule, and from now on with each that is added."""
        for runner in self:
            add(runner)
        self._added.add(add)

    async def async_follow(self) -> None:
        """Take over what the owner has added, changed and removed; the lock and its other rules go on.

        Everything but the choices on disk is done before this waits: a removed rule unlocks nothing.
        """
        if self._stopped:
            return
        rules, added = self._rules(), []
        for subentry_id in self._runners.keys() - rules.keys():
            self._runners.pop(subentry_id).stop()
        for subentry_id, rule in rules.items():
            runner = self._runners.get(subentry_id)
            if runner is None:
                runner = self._add(rule)
                added.append(runner)
                # The entities are there before anything happens.
                self._added.notify(runner)
                if self._started:
                    runner.start()
            elif runner.rule != rule:
                runner.change(rule)
                async_rename_device(self._hass, runner)
        self._arrivals.keep_only(rules.keys() | self._unreadable)
        await self._modes.async_keep_only(rules.keys() | self._unreadable)
        for runner in added:
            if runner.rule.tries:
                # If the disk is full, it begins again with the next start.
                with suppress(HomeAssistantError):
                    await runner.async_choose(Mode.DRY_RUN)

    @callback
    def stop(self) -> None:
        """Stop all rules: none of their pending actions is carried out."""
        self._stopped = True
        for runner in self:
            runner.stop()

    @override
    async def async_stop(self) -> None:
        """Stop all rules, if that has not been done yet."""
        self.stop()


@callback
def async_add_rule_entities(
    rules: Rules,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[RuleRunner], Iterable[Entity]],
) -> None:
    """Add the entities of a platform for each rule, now and whenever one is added."""

    @callback
    def add(runner: RuleRunner) -> None:
        async_add_entities(create(runner), config_subentry_id=runner.rule.subentry_id)

    rules.async_for_each(add)
