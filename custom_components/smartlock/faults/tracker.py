"""Tracks the faults of one lock: receives its messages, stores faults and notifies those who show them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.rules.battery import BatteryCondition, battery_condition
from custom_components.smartlock.faults.rules.codes import SHORT_KINDS, fault_of_completion
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.faults.rules.records import End, Fault
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.enums import CompletionStatus, Trigger
from custom_components.smartlock.protocol.messages import BatteryReport, ErrorReport, KeyturnerStates, Message
from custom_components.smartlock.storage import LockStore, lock_store

# The event type for the end of the last fault.
RECOVERED = "recovered"
# Seconds until a run that changes no fault is stored; a crash before that loses nothing important.
_WRITE_DELAY = 30.0
# Seconds to wait for the Error Report, which may follow the states when a run of ours fails, and often says
# more. Without it one run would be reported as two faults.
_REPORT_TIME = 1.0
# Seconds for which a lock may report that it is not calibrated before that is a fault: a lock of the fifth generation
# says so for a moment now and then, and nothing is wrong with it (nuki_hub#754). It is read again within that time.
_CALIBRATION_TIME = 30.0
# The newest log entries that matter when a fault is new: the run itself, and what was tried before.
_LOG_ENTRIES = 5

type FaultListener = Callable[[str, Mapping[str, Any]], None]


class FaultTracker(LockPart):
    """The faults of one lock, as far as they are stored."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        actions: LockActions,
        *,
        pin: PinGuard,
        log: LogReader,
    ) -> None:
        """Prepare; call `async_load` before anything else."""
        self.faults = Faults()
        """What is published: it is on disk, unless the disk fails."""
        self._hass = hass
        self.coordinator = coordinator
        self._actions = actions
        self._pin = pin
        self._log = log
        self._store: LockStore[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "faults")
        self._known = self.faults
        self._saving = asyncio.Lock()
        self._report_awaited: asyncio.TimerHandle | None = None
        self._log_wanted = False
        self._listeners = Listeners[str, Mapping[str, Any]]()
        self._calibration_listeners = Listeners[bool]()

    @override
    async def async_load(self) -> None:
        """Load what is stored."""
        self._known = self.faults = await self._store.async_load(Faults.from_json) or Faults()

    @override
    @callback
    def start(self) -> None:
        """Follow the lock."""
        for undo in (
            self.coordinator.async_add_message_listener(self._message_received),
            self._actions.async_on_failed(self._run_failed),
        ):
            self.coordinator.config_entry.async_on_unload(undo)

    @override
    async def async_stop(self) -> None:
        """Store what has not been stored yet; nothing is written after that."""
        self._forget_report()
        await self._async_save()
        # Includes changes that concern no fault.
        await self._store.async_try_save(self._data)

    @callback
    def async_subscribe(self, listener: FaultListener) -> CALLBACK_TYPE:
        """Call `listener` with the kind of each reported fault, and with RECOVERED when all are over."""
        return self._listeners.add(listener)

    @callback
    def async_on_calibration(self, listener: Callable[[bool], None]) -> CALLBACK_TYPE:
        """Call `listener` with True before a calibration of ours, and with False after it."""
        return self._calibration_listeners.add(listener)

    @property
    def grave(self) -> bool:
        """Whether the lock may ignore an action because of a fault.

        What the lock has just reported counts, although it is published only once it is on disk: a bolt must not be shown
        as locked for a moment between two states.
        """
        return self._reported.grave

    @property
    def locked_in_doubt(self) -> bool:
        """Whether the bolt may not be locked although the lock says so: the run that brought it there ended short of it."""
        states = self.coordinator.data.states
        if states is None or states.last_lock_action_completion_status is None:
            return False
        kind = fault_of_completion(states.last_lock_action_completion_status)
        return (
            kind in SHORT_KINDS
            # A key or the knob has turned it since.
            and states.trigger != Trigger.MANUAL
            and self._reported.active_fault(kind) is not None
        )

    @property
    def _reported(self) -> Faults:
        states = self.coordinator.data.states
        return self._known if states is None else self._known.with_states_from(states, dt_util.utcnow())

    @property
    def battery_condition(self) -> BatteryCondition | None:
        """The state of the batteries; a charge stays valid although the bolt has moved since."""
        return battery_condition(self.coordinator.data.last_states, self.faults)

    @property
    def can_calibrate(self) -> bool:
        """Whether there is a PIN to calibrate the lock with, as far as known."""
        return self._pin.state in (PinState.VALID, PinState.UNKNOWN)

    async def async_calibrate(self) -> None:
        """Have the lock find its end positions, once; the bolt moves. Raises HomeAssistantError."""
        coordinator = self.coordinator

        async def calibrate() -> KeyturnerStates | None:
            async with self._pin.session() as session:
                return await coordinator.client.calibrate(
                    session.pin, pin_tries=session.tries, deadline=coordinator.action_deadline
                )

        self._calibration_listeners.notify(True)
        try:
            states = await self._actions.async_move(calibrate)
        finally:
            self._calibration_listeners.notify(False)
        if states is not None and states.lock_state.at_rest and states.lock_state.place is not None:
            self._change(self._known.run_succeeded(dt_util.utcnow()))
            await self._async_save()

    async def async_repaired(self) -> None:
        """Accept the owner's statement that no fault is left."""
        self._change(self._known.repaired(dt_util.utcnow()))
        await self._async_save()

    @callback
    def _message_received(self, message: Message) -> None:
        """Take a message about the mechanics."""
        now = dt_util.utcnow()
        match message:
            case ErrorReport():
                self._change(self._known.with_error_report(message.code, message.refused, now))
            case KeyturnerStates():
                self._change(self._known.with_states_from(message, now))
            case BatteryReport():
                self._change(self._known.with_battery_report(message, now))

    @callback
    def _run_failed(self, completion: CompletionStatus) -> None:
        """Take a failed run of ours."""
        self._change(self._known.with_failed_run(completion, dt_util.utcnow()))

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Read the log about a new fault over the open link."""
        if not self._log_wanted or self._pin.state is not PinState.VALID:
            return
        # Not repeated after a failure either: nobody waits for it.
        self._log_wanted = False
        page = await self._log.read()
        self._change(self._known.with_log(page.entries[:_LOG_ENTRIES], dt_util.utcnow()))

    @callback
    def _change(self, known: Faults) -> None:
        """Set the new faults; store and publish them if they have changed."""
        before, self._known = self._known, known
        if known == before:
            return
        new = known.new_since(before)
        # Log entries about a fault that is over are useless.
        self._log_wanted = bool(known.active) and (self._log_wanted or bool(new))
        if known.active == before.active and known.last == before.last:
            self._store.async_save_later(self._data, _WRITE_DELAY)
            self._publish_soon()
        elif new and not known.unsettled:
            self._forget_report()
            may_pass = all(fault.may_pass for fault in known.new_since(self.faults))
            wait = _CALIBRATION_TIME if may_pass else _REPORT_TIME
            self._report_awaited = self._hass.loop.call_later(wait, self._save_soon)
        else:
            self._save_soon()

    @callback
    def _publish_soon(self) -> None:
        """Publish a change that concerns no fault, unless storing one is about to publish both."""
        if not self._saving.locked() and self._report_awaited is None:
            self._publish(self._known)

    @callback
    def _save_soon(self) -> None:
        self._forget_report()
        self._hass.async_create_task(self._async_save(), f"{DOMAIN} faults", eager_start=True)

    async def _async_save(self) -> None:
        """Store the faults, then publish them."""
        async with self._saving:
            while self.faults != self._known:
                known = self._known
                # A fault is shown even if the disk is full.
                await self._store.async_try_save(known.to_json)
                self._publish(known)

    @callback
    def _forget_report(self) -> None:
        if self._report_awaited is not None:
            self._report_awaited.cancel()
            self._report_awaited = None

    def _data(self) -> dict[str, Any]:
        return self._known.to_json()

    @callback
    def _publish(self, faults: Faults) -> None:
        before, self.faults = self.faults, faults
        for fault in faults.new_since(before):
            self._tell(fault.kind.value, fault_facts(fault))
        if before.active and not faults.active:
            self._tell(RECOVERED, {"by_owner": faults.ended_by is End.OWNER})
        if faults.shown != before.shown:
            self.coordinator.async_update_listeners()

    def _tell(self, what: str, facts: Mapping[str, Any]) -> None:
        self._listeners.notify(what, facts)


def fault_facts(fault: Fault) -> dict[str, Any]:
    """Return the attributes of a fault besides its kind."""
    return {
        "code": f"0x{fault.code:02X}",
        "certain": fault.certain,
        "times": fault.times,
        "evidence": [f"{e.source.value} 0x{e.code:02X}" for e in fault.evidence],
    }
