"""One rule at work: feeds it with what happens in Home Assistant and does what it asks for."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.components.alarm_control_panel import AlarmControlPanelState
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_change
from homeassistant.util import dt as dt_util

from custom_components.smartlock.auto_unlock import rules as proximity
from custom_components.smartlock.auto_unlock.phone_app import PhoneApp
from custom_components.smartlock.auto_unlock.phone_radio import PhoneListener, PhoneSignal
from custom_components.smartlock.auto_unlock.rule import Rule, opened
from custom_components.smartlock.auto_unlock.rules import (
    Alarm,
    AskConfirmation,
    AskLocation,
    Configured,
    Confirmed,
    Effect,
    Fire,
    Heard,
    LockTold,
    Outcome,
    Paused,
    PreConnect,
    QuietHours,
    Report,
    Reported,
    Result,
    RuleAction,
    RuleInput,
    RulePhase,
    RuleSettings,
    Tick,
    Trouble,
    Unlocked,
    lock_facts,
)
from custom_components.smartlock.auto_unlock.switches import Switch, Switches
from custom_components.smartlock.auto_unlock.whereabouts import Whereabouts
from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.tracker import FaultKeeper
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.enums import LockAction, LockActionFlag, LockState
from custom_components.smartlock.protocol.errors import LockRefusedError, OutcomeUnknownError, RunFailedError
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message

_ACTIONS = {RuleAction.UNLOCK: LockAction.UNLOCK, RuleAction.UNLATCH: LockAction.UNLATCH}
_OPEN = frozenset(
    {
        LockState.UNLOCKING,
        LockState.UNLOCKED,
        LockState.UNLATCHING,
        LockState.UNLATCHED,
        LockState.UNLOCKED_LOCK_N_GO,
    }
)
_REFUSED_PIN = (PinState.INVALID, PinState.BLOCKED)
# Shorter than the shortest idle time that an owner can choose: a link that is wanted is not let go in between.
_HOLD_STEP = 1.5


class RuleRunner:
    """Runs one rule from `start` to `stop`.

    Attributes:
        rule: What the owner chose.
        state: Where the rule stands.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        pin: PinGuard,
        faults: FaultKeeper,
        *,
        rule: Rule,
        switches: Switches,
    ) -> None:
        """Prepare a rule that is not armed."""
        self.rule = rule
        self.state = proximity.start(self._settings_with(rule, switches), hass.loop.time())
        self.coordinator = coordinator
        self._hass = hass
        self._entry = coordinator.config_entry
        self._pin = pin
        self._faults = faults
        self._switches = switches
        self._whereabouts = Whereabouts(hass, rule.person, self.tell)
        self._radio = None if rule.phone is None else PhoneListener(hass, rule.phone, self._heard)
        self._app = None if rule.notify is None else PhoneApp(hass, rule.notify)
        self._stops: list[CALLBACK_TYPE] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._listeners: list[Callable[[], None]] = []
        self._report_listeners: list[Callable[[Report], None]] = []
        self._bolt: LockState | None = None
        self._trouble: bool | None = None
        self._open_until = 0.0
        self._read_wanted = False
        self._running = False

    @staticmethod
    def _settings_with(rule: Rule, switches: Switches) -> RuleSettings:
        positions = switches.of(rule.subentry_id)
        return replace(rule.settings, enabled=positions.enabled, dry_run=positions.dry_run)

    # --- For the entities ---------------------------------------------------------------------------------

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` whenever the rule stands elsewhere, or a switch was moved."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_add_report_listener(self, listener: Callable[[Report], None]) -> CALLBACK_TYPE:
        """Call `listener` with everything that the owner is to be told."""
        self._report_listeners.append(listener)
        return lambda: self._report_listeners.remove(listener)

    def is_on(self, switch: Switch) -> bool:
        """Whether a switch of the owner is on."""
        on: bool = getattr(self._switches.of(self.rule.subentry_id), switch)
        return on

    async def async_turn(self, switch: Switch, *, on: bool) -> None:
        """Move a switch, at once and for good."""
        if self.is_on(switch) is on:
            return
        self._switches.turn(self.rule.subentry_id, switch, on=on)
        if switch is Switch.PAUSED:
            self.tell(Paused(on))
        else:
            self.tell(Configured(self._settings_with(self.rule, self._switches)))
            self._listen_if_on()
        self._changed()
        await self._switches.async_save()

    @property
    def played_packets(self) -> int:
        """Packets of private addresses that were too old to be the phone's own."""
        return 0 if self._radio is None else self._radio.played

    # --- What happens -------------------------------------------------------------------------------------

    @callback
    def start(self) -> None:
        """Begin with what can be seen now, and follow it."""
        self._running = True
        rule = self.rule
        self.tell(Paused(self.is_on(Switch.PAUSED)))
        self._look_at_clock()
        self._look_at_lock()
        self._stops += [
            self.coordinator.async_add_listener(self._look_at_lock),
            self.coordinator.async_add_message_listener(self._lock_said),
        ]
        if rule.quiet is not None:
            # Every minute, so that no change of the clocks is missed.
            self._stops.append(async_track_time_change(self._hass, self._look_at_clock, second=0))
        if rule.alarm is not None:
            self._follow(rule.alarm, lambda state: Alarm(_armed(state)))
        if (entity := rule.entity) is not None:
            self._follow(entity.entity_id, lambda state: Reported(entity.near(state)))
        if rule.entrances:
            self._stops.append(
                async_track_state_change_event(self._hass, rule.entrances, self._entrance_changed)
            )
        self._whereabouts.start()
        self._stops.append(self._whereabouts.stop)
        self._listen_if_on()

    @callback
    def stop(self) -> None:
        """Do nothing any more: what has not been sent to the lock yet is never sent."""
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

    @callback
    def tell(self, event: RuleInput) -> None:
        """Have the rule take an event, and do what follows from it."""
        if not self._running:
            return
        before, now = self.state, self._now
        self.state, effects = proximity.step(before, event, now)
        for effect in effects:
            self._perform(effect)
        self._plan(now)
        if self.state.phase is not before.phase or self.state.reason is not before.reason:
            LOGGER.debug("Auto-unlock: %s because of %s", self.state.phase, self.state.reason)
            self._changed()
        if self._app is not None and self._app.asking and self.state.phase is not RulePhase.NEAR:
            self._spawn(self._app.clear(), "take back a question")

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    @callback
    def _plan(self, now: float) -> None:
        due = proximity.due(self.state, now)
        if self._timer is not None:
            # One that comes too early only asks again; most packets of a phone change nothing here.
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
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _listen_if_on(self) -> None:
        """Listen to the phone while the rule is switched on: it costs a little for every advertisement."""
        if self._radio is not None:
            self._radio.stop()
            if self._running and self.is_on(Switch.ENABLED):
                self._radio.start()

    @callback
    def _heard(self, signal: PhoneSignal) -> None:
        self.tell(Heard(rssi=signal.rssi, scanner=signal.source, at=signal.at))

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
        # With settings that may be old ones nobody knows what an unlock would do: as if it had not been read.
        read_at = coordinator.read_at if coordinator.settings_are_current else None
        self.tell(LockTold(lock_facts(coordinator.data, self._faults.faults, read_at=read_at)))

    @callback
    def _lock_said(self, message: Message) -> None:
        if not isinstance(message, KeyturnerStates):
            return
        before, self._bolt = self._bolt, message.lock_state
        if before is not None and before not in _OPEN and message.lock_state in _OPEN:
            self.tell(Unlocked())

    @callback
    def _entrance_changed(self, event: Event[EventStateChangedData]) -> None:
        if opened(event.data["old_state"], event.data["new_state"]):
            self.tell(Unlocked())

    @callback
    def _follow(self, entity_id: str, event_of: Callable[[State | None], RuleInput]) -> None:
        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            self.tell(event_of(event.data["new_state"]))

        self._stops.append(async_track_state_change_event(self._hass, entity_id, changed))
        self.tell(event_of(self._hass.states.get(entity_id)))

    # --- What the rule asks for ---------------------------------------------------------------------------

    @callback
    def _perform(self, effect: Effect) -> None:
        match effect:
            case PreConnect(until):
                self._pre_connect(until)
            case Fire(action=action):
                self._spawn(self._fire(_ACTIONS[action]), "auto-unlock")
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
                for listener in tuple(self._report_listeners):
                    listener(effect)

    @callback
    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._entry.async_create_background_task(
            self._hass, work, f"{DOMAIN} {name}", eager_start=False
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @callback
    def _pre_connect(self, until: float) -> None:
        holding = self._read_wanted or self._open_until > self._now
        self._open_until, self._read_wanted = until, True
        if not holding:
            self._spawn(self._hold_open(), "pre-connect")

    async def _hold_open(self) -> None:
        """Open the link, read the state over it, and keep it open as long as somebody is expected."""
        try:
            while self._now < self._open_until:
                await self.coordinator.async_connect()
                if self._read_wanted:
                    self._read_wanted = False
                    await self.coordinator.async_refresh()
                await asyncio.sleep(min(_HOLD_STEP, max(0.0, self._open_until - self._now)))
        except HomeAssistantError as error:
            LOGGER.debug("Auto-unlock could not connect: %s", error.translation_key)
        finally:
            self._open_until, self._read_wanted = 0.0, False

    async def _fire(self, action: LockAction) -> None:
        """Tell the lock once, whatever becomes of it."""
        try:
            await self.coordinator.async_act(action, LockActionFlag.AUTO_UNLOCK, wanted=self._still_wanted)
        except HomeAssistantError as error:
            self.tell(_outcome_of_failure(error.__cause__))
        else:
            self.tell(Outcome(Result.DONE))

    def _still_wanted(self) -> bool:
        """Whether to write it, now that the link is open: that may have taken a while."""
        return (
            self._running
            and self.rule.subentry_id in self._entry.subentries
            and proximity.may_write(self.state, self._now)
        )


def _armed(state: State | None) -> bool | None:
    """Whether an alarm is, or is about to be, armed; None if it does not say."""
    if state is None or state.state not in set(AlarmControlPanelState):
        return None
    return state.state != AlarmControlPanelState.DISARMED


def _outcome_of_failure(error: BaseException | None) -> Outcome:
    match error:
        case LockRefusedError():
            return Outcome(Result.REFUSED, int(error.code))
        case RunFailedError():
            # Some locks tell a refusal by how the run has ended.
            return Outcome(Result.REFUSED, int(error.completion))
        case OutcomeUnknownError():
            return Outcome(Result.OUTCOME_UNKNOWN)
    return Outcome(Result.NOT_SENT)
