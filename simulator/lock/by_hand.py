"""What people do to the lock and the door with their hands."""

from custom_components.smartlock.protocol.enums import (
    ButtonAction,
    CompletionStatus,
    DoorSensorEvent,
    ErrorCode,
    LockAction,
    LockState,
    LogEntryType,
    Trigger,
)
from custom_components.smartlock.protocol.messages import LoggedDoorEvent
from simulator.lock.accessories import SensorCondition
from simulator.lock.device import Device
from simulator.lock.jams import Failure, Jam
from simulator.lock.journal import Fact, Kind
from simulator.lock.ledger import How
from simulator.lock.order import Order

# What a press of the button does, by the setting; the missing ones do nothing to the bolt.
_BUTTON_ACTIONS = {
    ButtonAction.UNLOCK: LockAction.UNLOCK,
    ButtonAction.LOCK: LockAction.LOCK,
    ButtonAction.UNLATCH: LockAction.UNLATCH,
    ButtonAction.LOCK_N_GO: LockAction.LOCK_N_GO,
}
NO_POWER = "nothing happens: the lock has no power"
"""What comes of everything while the batteries are out."""


class ByHand:
    """Hands on a lock and its door. The words that come back are for people."""

    _device: Device

    # --- The lock -----------------------------------------------------------------------------------------

    def press_button(self, *, double: bool = False) -> str:
        """Press the button shortly, once or twice; return in words what it did."""
        device, settings = self._device, self._device.settings.values
        self._by_hand("press_button", double=double)
        if not device.powered:
            return NO_POWER
        if device.motor.cancel():
            return "the motor stops half way"
        if not settings.button_enabled:
            return "nothing happens: the button is switched off in the settings"
        action = settings.double_button_press_action if double else settings.single_button_press_action
        lock_action = _BUTTON_ACTIONS.get(action, LockAction.BUTTON_WITHOUT_ACTION)
        if action == ButtonAction.INTELLIGENT:
            lock_action = device.motor.intelligent_action
        order = Order(action=lock_action, trigger=Trigger.BUTTON, how=How.BUTTON, presses=2 if double else 1)
        if lock_action != LockAction.BUTTON_WITHOUT_ACTION:
            return self._carry_out(order)
        device.log_run(order, CompletionStatus.SUCCESS)
        return "the light blinks"

    def enter_pairing_mode(self) -> str:
        """Hold the button for 5 s; return in words what it did."""
        device = self._device
        self._by_hand("enter_pairing_mode")
        if not device.powered:
            return NO_POWER
        if not device.settings.values.pairing_enabled:
            return "nothing happens: pairing is switched off in the settings"
        device.enter_pairing_mode()
        return f"the ring lights up: pairing mode for {device.timing.pairing_mode:g} s"

    def turn_key(self, action: str) -> None:
        """Turn the key to `lock` or `unlock`. Raises ValueError while the motor runs."""
        if action not in ("lock", "unlock"):
            raise ValueError("a key can lock or unlock")
        self._by_hand("turn_key", action=action)
        motor = self._device.motor
        if self._device.powered:
            motor.turn_by_hand(locked=action == "lock")
        else:
            motor.bolt_locked = action == "lock"
            self._device.ledger.add(How.HAND, action)

    def jam(self, what: str = Jam.MOTOR) -> None:
        """Break something, by its name in Jam. Raises ValueError for another name."""
        if what not in list(Jam):
            raise ValueError(f"nothing called {what} can break, only {', '.join(Jam)}")
        self._device.motor.jam = Jam(what)
        self._by_hand("jam", jam=what)

    def repair(self) -> None:
        """Mend what is broken and switch the named faults off; the lock notices at its next run."""
        self._device.motor.jam = None
        self._device.faults.clear()
        self._by_hand("repair")

    def end_next_run(
        self, state: int | None = None, completion: CompletionStatus = CompletionStatus.SUCCESS
    ) -> None:
        """Have the next run called complete, but end in another state or with another completion status.

        `state` None is where the run should end: then only the completion status tells of a failure. Another place
        is what a hand leaves that turns the bolt back at the last moment.
        """
        self._by_hand("end_next_run", state=state, completion=completion.name)
        self._device.motor.surprise = Failure(None, completion, None if state is None else LockState(state))

    def show_state(self, state: int) -> None:
        """Report a lock state, even one that nobody knows, until the next change."""
        self._by_hand("show_state", state=state)
        self._device.motor.show(LockState(state))

    # --- The door -----------------------------------------------------------------------------------------

    def open_door(self) -> None:
        """Open the door."""
        self._by_hand("open_door")
        self._device.move_door(is_open=True)

    def close_door(self) -> None:
        """Close the door."""
        self._by_hand("close_door")
        self._device.move_door(is_open=False)

    def set_door_sensor(self, condition: str) -> None:
        """Let the door sensor work or not, by a name in SensorCondition. Raises ValueError."""
        device = self._device
        if condition not in list(SensorCondition):
            raise ValueError(f"a door sensor is {', '.join(SensorCondition)}, never {condition}")
        self._by_hand("set_door_sensor", condition=condition)
        device.door.condition = SensorCondition(condition)
        if device.door.condition is SensorCondition.TAMPERED and device.door.logging:
            device.add_log(
                LogEntryType.DOOR_SENSOR,
                LoggedDoorEvent(event=DoorSensorEvent.TAMPERED),
                device.ledger.add(How.HAND, "tamper_with_door_sensor"),
            )
        device.changed()

    def _carry_out(self, order: Order) -> str:
        code: ErrorCode | None = self._device.carry_out(order)
        words = order.action.name.lower().replace("_", " ")
        if code is not None:
            return f"the lock does not {words}: {code.name}"
        return f"the lock begins to {words}"

    def _by_hand(self, what: str, **facts: Fact) -> None:
        self._device.journal.record(Kind.BY_HAND, what=what, **facts)
