"""Who comes to the door with something: a fob, a code, a finger, a phone, or from far away."""

from typing import Final

from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    CompletionStatus,
    KeypadAction,
    KeypadSource,
    LockAction,
    LockActionFlag,
    Trigger,
)
from simulator.lock import client_use, fob, keypad_use
from simulator.lock.authorizations import Authorization
from simulator.lock.by_hand import NO_POWER, ByHand
from simulator.lock.ledger import How
from simulator.lock.order import Order

# Matter: nobody knows its trigger, so it is one that nobody has a name for.
_TRIGGERS: Final = {
    How.HOMEKIT: Trigger.HOMEKIT,
    How.MQTT: Trigger.MQTT,
    How.MATTER: Trigger(0xAD),
    How.WEB: Trigger.WEB,
}
_ACTIONS: Final = {
    action.name.lower().replace("_", "-"): action
    for action in (
        LockAction.UNLOCK,
        LockAction.LOCK,
        LockAction.UNLATCH,
        LockAction.LOCK_N_GO,
        LockAction.LOCK_N_GO_WITH_UNLATCH,
        LockAction.FULL_LOCK,
    )
}


class Visitors(ByHand):
    """People at the door, and who acts from a distance. The words that come back are for people."""

    # --- Clients ------------------------------------------------------------------------------------------

    def press_fob(self, times: int = 1) -> str:
        """Press the fob once, twice or three times; return in words what it did. Raises ValueError."""
        device = self._device
        if times not in (1, 2, 3):
            raise ValueError("a fob is pressed once, twice or three times")
        self._by_hand("press_fob", times=times)
        if not device.powered:
            return NO_POWER
        entry = device.authorization_of(AuthorizationIdType.FOB)
        if entry is None:
            return "nothing happens: no fob is paired"
        order = client_use.order_of(device, entry, fob.PRESSES[times - 1])
        if self._not_allowed(entry, order):
            return "nothing happens: the fob is not allowed now"
        if client_use.moves_nothing(device, order):
            return "nothing happens: this press is set to do nothing"
        return self._carry_out(order)

    def use_phone(self, name: str, action: str = "unlock", *, auto_unlock: bool = False) -> str:
        """Let a paired phone do a lock action, by its name; return in words what it did. Raises ValueError.

        `auto_unlock`: it comes near, and its owner does not touch it.
        """
        device = self._device
        lock_action = _action_of(action)
        phones = [entry for entry in device.authorizations if entry.name == name]
        if not phones:
            raise ValueError(f"no phone called {name} has paired")
        self._by_hand("use_phone", action=action, auto_unlock=auto_unlock)
        if not device.powered:
            return NO_POWER
        flags = LockActionFlag.AUTO_UNLOCK if auto_unlock else LockActionFlag.NONE
        order = client_use.order_of(device, phones[0], lock_action, flags=flags)
        if self._not_allowed(phones[0], order):
            return "nothing happens: the phone is not allowed now"
        return self._carry_out(order)

    def act_from_afar(self, way: str, action: str = "unlock") -> str:
        """Do a lock action through homekit, mqtt, matter or web; return in words what it did. Raises ValueError."""
        triggers = {how.value: (how, trigger) for how, trigger in _TRIGGERS.items()}
        if way not in triggers:
            raise ValueError(f"nobody reaches a lock through {way}, only {', '.join(triggers)}")
        lock_action = _action_of(action)
        self._by_hand("act_from_afar", way=way, action=action)
        if not self._device.powered:
            return NO_POWER
        how, trigger = triggers[way]
        return self._carry_out(Order(action=lock_action, trigger=trigger, how=how))

    def _not_allowed(self, client: Authorization, order: Order) -> bool:
        """Return whether a client may not act now, and write down that it tried."""
        device = self._device
        if device.refusal_of(client, reads=False) is None:
            return False
        if device.habits.denied_clients_logged:
            device.log_run(order, CompletionStatus.REJECTED)
        else:
            result = order.result(CompletionStatus.REJECTED)
            device.ledger.add(
                order.how, order.action.name.lower(), who=order.who, result=result, detail="rejected"
            )
        return True

    # --- The keypad ---------------------------------------------------------------------------------------

    def enter_code(self, code: int, action: KeypadAction = KeypadAction.INTELLIGENT) -> str:
        """Type a code at the keypad; return in words what it did."""
        self._by_hand("enter_code", action=action.name)
        return self._use_keypad(KeypadSource.CODE, code, action, "the code is taken")

    def use_finger(self, finger: int, action: KeypadAction = KeypadAction.INTELLIGENT) -> str:
        """Put a finger on a Keypad 2, by the number from `enrol_finger`; any other number is a stranger's."""
        self._by_hand("use_finger", action=action.name)
        if self._device.authorization_of(AuthorizationIdType.KEYPAD_2) is None:
            return "nothing happens: no keypad for fingers is paired"
        return self._use_keypad(KeypadSource.FINGERPRINT, finger, action, "the finger is taken")

    def press_arrow_key(self) -> str:
        """Press the key of the keypad that locks without a code; return in words what it did."""
        self._by_hand("press_arrow_key")
        return self._use_keypad(KeypadSource.ARROW_KEY, 0, KeypadAction.LOCK, "the lock locks")

    def _use_keypad(self, source: KeypadSource, number: int, action: KeypadAction, taken: str) -> str:
        device = self._device
        if not device.powered:
            return NO_POWER
        keypad = device.authorization_of(AuthorizationIdType.KEYPAD, AuthorizationIdType.KEYPAD_2)
        if keypad is None:
            return "nothing happens: no keypad is paired"
        refused = device.refusal_of(keypad, reads=False) or keypad_use.use(
            device,
            keypad,
            source=source,
            number=number,
            action=action,
            accepted=lambda: None,
            done=lambda _error: None,
        )
        return taken if refused is None else f"the keypad shows red: {refused.name}"


def _action_of(name: str) -> LockAction:
    if name not in _ACTIONS:
        raise ValueError(f"a lock cannot {name}, only {', '.join(_ACTIONS)}")
    return _ACTIONS[name]
