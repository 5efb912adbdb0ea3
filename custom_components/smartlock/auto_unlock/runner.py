"""Runs one rule: feeds it with events from Home Assistant and performs its effects."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.auto_unlock import rules as proximity
from custom_components.smartlock.auto_unlock.arrivals import RuleArrivals, absence_words
from custom_components.smartlock.auto_unlock.firing import async_fire
from custom_components.smartlock.auto_unlock.inputs import RuleEntities
from custom_components.smartlock.auto_unlock.issues import GONE, PHONE, RuleIssues
from custom_components.smartlock.auto_unlock.modes import Mode, Modes
from custom_components.smartlock.auto_unlock.phone_app import PhoneApp
from custom_components.smartlock.auto_unlock.phone_radio import PhoneListener, PhoneSignal
from custom_components.smartlock.auto_unlock.references import References
from custom_components.smartlock.auto_unlock.rule import Rule
from custom_components.smartlock.auto_unlock.rules import (
    AskConfirmation,
    AskLocation,
    Configured,
    Confirmed,
    Effect,
    Fire,
    LockReported,
    Paused,
    PhoneReceived,
    PreConnect,
    QuietHours,
    Report,
    Reset,
    RuleAction,
    RuleInput,
    RuleReason,
    RuleSettings,
    Tick,
    Trouble,
    Unlocked,
    lock_facts,
)
from custom_components.smartlock.auto_unlock.surroundings import Surroundings
from custom_components.smartlock.auto_unlock.warm_link import WarmLink
from custom_components.smartlock.auto_unlock.whereabouts import Whereabouts
from custom_components.smartlock.clock.gap import ClockGap
from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.tracker import FaultTracker
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.enums import LockState, Place
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message
from custom_components.smartlock.settings.current import CurrentSettings

_REFUSED_PIN = (PinState.INVALID, PinState.BLOCKED)


class RuleRunner:
    """Runs one rule from `start` to `stop`.

    Attributes:
        rule: What the owner has chosen.
        state: The state of the rule.
        missing: What the rule refers to and is gone.
        arrivals: Its last arrivals.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        pin: PinGuard,
        faults: FaultTracker,
        *,
        actions: LockActions,
        current: CurrentSettings,
        issues: LockIssues,
        rule: Rule,
        modes: Modes,
        arrivals: RuleArrivals,
    ) -> None:
        """Prepare a rule that is not armed."""
        self._hass = hass
        self.coordinator = coordinator
        self._entry = coordinator.config_entry
        self._pin = pin
        self._faults = faults
        self._actions = actions
        self._current = current
        self._issues = RuleIssues(issues, rule.subentry_id)
        self._modes = modes
        self.arrivals = arrivals
        self._listeners = Listeners[[]]()
        self._report_listeners = Listeners[Report]()
        self._stops: list[CALLBACK_TYPE] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._running = False
        self._take(rule)

    def _take(self, rule: Rule) -> None:
        """Take the owner's choices; nothing is known, and nothing that follows them has started."""
        hass, scanners = self._hass, rule.settings.door_scanners
        self.rule = rule
        self.missing: tuple[str, ...] = ()
        self.state = proximity.start(self._settings(), self._now)
        self._references = References(
            hass, entities=rule.entities, notify=rule.notify, app_entry=rule.app_entry, scanners=scanners
        )
        self._whereabouts = Whereabouts(hass, rule.person, self._references, self.tell)
        self._entities = RuleEntities(hass, rule, self._references, self.tell)
        self._surroundings = Surroundings(hass, scanners, self.tell)
        self._radio = None if rule.phone is None else PhoneListener(hass, rule.phone, self._received)
        self._app = None if rule.notify is None else PhoneApp(hass, lambda: self._references.notify)
        self._link = WarmLink(hass, self.coordinator, self._actions, scanners, self._spawn)
        self._bolt: LockState | None = None
        self._trouble: bool | None = None
        self._absence = {"left": "–", "back": "–"}

    @callback
    def change(self, rule: Rule) -> None:
        """Begin again with other choices: nothing that was seen before counts, and nothing pending is sent."""
        running = self._running
        self.stop()
        if rule.phone_check != self.rule.phone_check:
            # The question was about another phone.
            self._issues.withdraw(PHONE)
        self._take(rule)
        if running:
            self.start()
        self._changed()

    def _settings(self) -> RuleSettings:
        choice, check = self._modes.of(self.rule.subentry_id), self.rule.phone_check
        return replace(
            self.rule.settings,
            enabled=choice.mode is not Mode.DISABLED,
            dry_run=choice.mode is Mode.DRY_RUN,
            phone_confirmed=check is None or choice.phone == check,
        )

    # --- For the entities ---------------------------------------------------------------------------------

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` whenever the rule's state or mode changes."""
        return self._listeners.add(listener)

    @callback
    def async_add_report_listener(self, listener: Callable[[Report], None]) -> CALLBACK_TYPE:
        """Call `listener` with every report to the owner."""
        return self._report_listeners.add(listener)

    @property
    def mode(self) -> Mode:
        """What the owner allows the rule to do."""
        return self._modes.of(self.rule.subentry_id).mode

    async def async_choose(self, mode: Mode) -> None:
        """Allow the rule to do more or less, at once and permanently.

        Raises HomeAssistantError if it could not be stored. The rule then does no more than before; a
        restriction applies until the next start.
        """
        before = self.mode
        if mode is before:
            # An earlier choice of it may not be on disk yet.
            await self._modes.async_save_overdue()
            return
        less = mode is not Mode.ENABLED
        self._modes.choose(self.rule.subentry_id, mode=mode)
        if less:
            self._chosen()
        try:
            await self._modes.async_save()
        except HomeAssistantError:
            if not less and self.mode is mode:
                self._modes.choose(self.rule.subentry_id, mode=before)
                self._chosen()
            raise
        if not less:
            self._chosen()

    @callback
    def _chosen(self) -> None:
        settings = self._settings()
        if settings != self.state.settings:
            self.tell(Configured(settings))
            self._listen_if_on()
        self.tell(Paused(self.mode is Mode.PAUSED))
        self._changed()

    async def async_confirm_phone(self, *, mine: bool) -> None:
        """Take the owner's answer whether this phone was away with them. Raises like `async_choose`: ask again."""
        if not mine:
            await self.async_choose(Mode.DISABLED)
            self._issues.withdraw(PHONE)
            return
        await self._modes.async_confirm(self.rule.subentry_id, self.rule.phone_check or "")
        self._issues.withdraw(PHONE)
        # What is known of the present absence is kept; a mode that was chosen meanwhile may not be stored yet.
        confirmed = self._settings().phone_confirmed
        self.state = replace(self.state, settings=replace(self.state.settings, phone_confirmed=confirmed))

    @property
    def phone_question(self) -> dict[str, str]:
        """The placeholders of the question whether the phone was away with its owner."""
        return {"name": self._entry.title, "rule": self.rule.title, **self._absence}

    @property
    def played_packets(self) -> int:
        """Number of packets of private addresses too old to be the phone's own."""
        return 0 if self._radio is None else self._radio.played

    # --- Events -------------------------------------------------------------------------------------------

    @callback
    def start(self) -> None:
        """Start with the present states, and follow them."""
        self._running = True
        self._clock = ClockGap(self._hass)
        self._stops += [
            self.coordinator.async_add_listener(self._look_at_lock),
            self.coordinator.async_add_message_listener(self._lock_said),
            self._references.follow(self._renamed),
        ]
        if self.rule.quiet is not None:
            # Every minute, so that no change of the clocks is missed.
            self._stops.append(async_track_time_change(self._hass, self._look_at_clock, second=0))
        self._surroundings.start(self._look_around)
        self._entities.start()
        self._whereabouts.start()
        self._stops += [self._surroundings.stop, self._entities.stop, self._whereabouts.stop]
        self._tell_conditions()
        self._look_for_references()
        # The causes of earlier repairs may be gone.
        self._issues.keep_only(self.missing)
        self._listen_if_on()

    @callback
    def _tell_conditions(self) -> None:
        """Send what a rule without any knowledge needs."""
        self.tell(Paused(self.mode is Mode.PAUSED))
        self._look_at_clock()
        self._trouble = None
        self._look_at_lock()

    @callback
    def _look_around(self) -> None:
        """Check what changes without an event."""
        self._look_for_sleep()
        self._look_for_references()
        self._entities.tell_entrances()

    @callback
    def _look_for_sleep(self) -> None:
        """Forget everything if the machine was asleep: somebody may have come home meanwhile."""
        if not self._clock.look():
            return
        LOGGER.info("Auto-unlock begins again: the machine was asleep, or its clock jumped")
        self._step(Reset(RuleReason.CLOCK_GAP))
        self._surroundings.look()
        self._entities.renamed()
        self._whereabouts.tell_network()
        self._tell_conditions()
        self._tell_completeness()

    @callback
    def _renamed(self) -> None:
        self._entities.renamed()
        self._whereabouts.renamed()
        self._look_for_references()

    @callback
    def _look_for_references(self) -> None:
        """Hold the rule, and notify its owner, when something that it uses is gone."""
        before, self.missing = self.missing, self._references.missing()
        for name in set(self.missing) - set(before):
            self._issues.show(GONE, {"rule": self.rule.title, "what": name}, name)
        for name in set(before) - set(self.missing):
            self._issues.withdraw(GONE, name)
        if bool(before) is not bool(self.missing):
            self._tell_completeness()

    @callback
    def _tell_completeness(self) -> None:
        self.tell(proximity.ReferencesChecked(complete=not self.missing))

    @callback
    def stop(self) -> None:
        """Stop: an action that has not been sent to the lock yet is never sent."""
        self._running = False
        for stop in self._stops:
            stop()
        self._stops.clear()
        if self._radio is not None:
            self._radio.stop()
        if self._app is not None:
            self._app.forget()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for task in tuple(self._tasks):
            task.cancel()
        if self._entry.disabled_by is not None or self.rule.subentry_id not in self._entry.subentries:
            self._issues.withdraw_all()

    @callback
    def tell(self, event: RuleInput) -> None:
        """Pass an event to the rule, and perform the effects."""
        if not self._running:
            return
        self._look_for_sleep()
        self._step(event)

    @callback
    def _step(self, event: RuleInput) -> None:
        before, now = self.state, self._now
        self.state, effects = proximity.step(before, event, now)
        for effect in effects:
            self._perform(effect)
        self._plan(now)
        if self.state.phase is not before.phase or self.state.reason is not before.reason:
            LOGGER.debug("Auto-unlock: %s because of %s", self.state.phase, self.state.reason)
            decisions = (decision for decision in self.state.record[-3:] if decision.at == now)
            if any(decision.reason is RuleReason.CAME_BACK for decision in decisions):
                self._ask_about_phone(before.approach.out_at)
            self.arrivals.note(before, self.state)
            self._changed()
        if self._app is not None and self._app.asking and self.state.approach.confirm_until is None:
            self._spawn(self._app.clear(), "take back a question")

    @callback
    def _ask_about_phone(self, out_at: float) -> None:
        """Ask, once, whether this phone was the one away."""
        if self._modes.of(self.rule.subentry_id).phone == (self.rule.phone_check or ""):
            return
        self._absence = absence_words(self._hass, self._now - out_at)
        self._issues.show(PHONE, {"rule": self.rule.title, **self._absence})

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    @callback
    def _plan(self, now: float) -> None:
        due = proximity.due(self.state, now)
        if self._timer is not None:
            # A timer that fires too early only checks again; most packets of a phone change nothing here.
            if due is not None and self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = None if due is None else self._hass.loop.call_at(due, self._due)

    @callback
    def _due(self) -> None:
        self._timer = None
        self.tell(Tick())

    @callback
    def _changed(self) -> None:
        self._listeners.notify()

    @callback
    def _listen_if_on(self) -> None:
        """Receive the phone while the rule is turned on: every advertisement costs a little."""
        if self._radio is not None:
            self._radio.stop()
            if self._running and self.mode is not Mode.DISABLED:
                self._radio.start()

    @callback
    def _received(self, signal: PhoneSignal) -> None:
        self.tell(PhoneReceived(rssi=signal.rssi, scanner=signal.source, at=signal.at))

    @callback
    def _look_at_clock(self, now: datetime | None = None) -> None:
        quiet = self.rule.quiet
        self.tell(QuietHours(quiet is not None and quiet.active(dt_util.now())))

    @callback
    def _look_at_lock(self) -> None:
        coordinator = self.coordinator
        trouble = coordinator.connection_state == "not_authorized" or self._pin.state in _REFUSED_PIN
        if trouble is not self._trouble:
            self._trouble = trouble
            self.tell(Trouble(trouble))
        # With outdated settings the effect of an unlock is unknown: as if the lock had not been read.
        read_at = coordinator.read_at if self._current.known else None
        self.tell(LockReported(lock_facts(coordinator.data, self._faults.faults, read_at=read_at)))

    @callback
    def _lock_said(self, message: Message) -> None:
        if not isinstance(message, KeyturnerStates):
            return
        before, self._bolt = self._bolt, message.lock_state
        opened = message.lock_state.heading is Place.UNLOCKED
        if opened and before is not None and before.heading is not Place.UNLOCKED:
            self.tell(Unlocked())

    # --- Effects ------------------------------------------------------------------------------------------

    @callback
    def _perform(self, effect: Effect) -> None:
        match effect:
            case PreConnect(until):
                self._link.want(until)
            case Fire(action=action):
                self._spawn(self._fire(action), "auto-unlock")
            case AskLocation():
                if self._app is not None:
                    self._whereabouts.asked()
                    self._spawn(self._app.ask_location(), "ask for the location")
            case AskConfirmation():
                if self._app is not None:
                    question = f"confirm_{self.rule.settings.action}"
                    self._spawn(
                        self._app.ask(question, self._entry.title, lambda yes: self.tell(Confirmed(yes))),
                        "ask for a confirmation",
                    )
            case Report():
                self._report_listeners.notify(effect)

    @callback
    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._entry.async_create_background_task(
            self._hass, work, f"{DOMAIN} {name}", eager_start=False
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fire(self, action: RuleAction) -> None:
        self.tell(await async_fire(self._actions, action, self._still_wanted))

    def _still_wanted(self) -> bool:
        """Whether the action is still wanted, now that the link is open: that may have taken a while."""
        return (
            self._running
            and self.rule.subentry_id in self._entry.subentries
            and proximity.may_write(self.state, self._now)
        )
