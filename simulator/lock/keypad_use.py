"""Somebody at the keypad: is the code or the finger good, and what follows (Nuki Smart Lock API V2.1, Keypad Action).

What the log says of it: every code and finger has the authorization id of the keypad; a wrong one is logged under the
keypad's own name, a right one at the wrong time under that of its owner (technyon/nuki_hub, discussion 408;
kvj/hass_nuki_ng, issues 117 and 183).
"""

from collections.abc import Callable
from dataclasses import dataclass

from custom_components.smartlock.protocol.enums import (
    CompletionStatus,
    ErrorCode,
    KeypadAction,
    KeypadSource,
    LockAction,
    LogEntryType,
    Trigger,
)
from custom_components.smartlock.protocol.messages import LoggedKeypadAction
from simulator.lock.accessories import Accessory
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.keypad import Code
from simulator.lock.ledger import How, Result
from simulator.lock.log import cut_name
from simulator.lock.motor import Done
from simulator.lock.order import KeypadUse, Order

_ACTIONS = {
    KeypadAction.UNLOCK: LockAction.UNLOCK,
    KeypadAction.LOCK: LockAction.LOCK,
    KeypadAction.UNLATCH: LockAction.UNLATCH,
    KeypadAction.LOCK_N_GO: LockAction.LOCK_N_GO,
}
# Keypad 2 leaves bytes of earlier names behind the end of a name (pyNukiBT).
_GARBAGE = "\0R\x02\x7f"
_HOW = {
    KeypadSource.ARROW_KEY: How.ARROW_KEY,
    KeypadSource.CODE: How.CODE,
    KeypadSource.FINGERPRINT: How.FINGER,
}
_WRONG = {
    KeypadSource.CODE: (CompletionStatus.INVALID_CODE, Result.WRONG_CODE),
    KeypadSource.FINGERPRINT: (CompletionStatus.INVALID_FINGERPRINT, Result.WRONG_FINGER),
}


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """What somebody wants at a keypad."""

    device: Device
    keypad: Authorization
    source: KeypadSource
    action: KeypadAction

    def name(self, name: str) -> str:
        """Return a name as this keypad leaves it in the log."""
        garbage = Accessory.KEYPAD_2 in self.device.accessories.paired
        return cut_name(name + _GARBAGE) if garbage else name

    def refuse(self, code: Code | None, completion: CompletionStatus, result: Result) -> None:
        """Write down that nothing was moved."""
        device = self.device
        deed = device.ledger.add(
            _HOW[self.source],
            self.action.name.lower(),
            who=None if code is None else code.name,
            result=result,
            detail=completion.name.lower(),
            code_id=None if code is None else code.code_id,
        )
        if result is Result.IGNORED and not device.habits.paused_attempts_logged:
            return
        device.add_log(
            LogEntryType.KEYPAD_ACTION,
            LoggedKeypadAction(
                action=self.action,
                source=self.source,
                completion_status=completion,
                code_id=0 if code is None else code.code_id,
            ),
            deed,
            authorization_id=self.keypad.session.authorization_id,
            name=self.name(self.keypad.name if code is None else code.name),
        )
        if device.habits.denied_raises_flag:
            device.changed()

    def identify(self, number: int) -> Code | ErrorCode:
        """Return whose code or finger it is, or why that leads to nothing."""
        device = self.device
        wrong, result = _WRONG[self.source]
        codes, paused = device.keypad_codes, device.keypad_codes.paused
        found = codes.enter(number) if self.source == KeypadSource.CODE else codes.touch(number)
        if isinstance(found, ErrorCode):
            self.refuse(None, wrong, Result.IGNORED if paused else result)
            return found
        if (problem := device.right_problem(found)) is not None:
            self.refuse(found, CompletionStatus.REJECTED, Result.NOT_ALLOWED)
            return problem
        found.lock_count = (found.lock_count + 1) % 0x10000
        found.last_active = device.now
        return found


def use(
    device: Device,
    keypad: Authorization,
    *,
    source: KeypadSource,
    number: int,
    action: KeypadAction,
    accepted: Callable[[], None],
    done: Done,
) -> ErrorCode | None:
    """Do what somebody wants at a keypad, or return why not.

    The arrow key works without a code, and locks only. `number` is the code, or which finger. `accepted` and `done`
    are called as by `Device.carry_out`.
    """
    lock_action = _ACTIONS.get(action)
    if action == KeypadAction.INTELLIGENT:
        lock_action = device.motor.intelligent_action
    if lock_action is None or source not in _HOW:
        return ErrorCode.K_BAD_PARAMETER
    attempt = _Attempt(device=device, keypad=keypad, source=source, action=action)
    code_id, who = 0, None
    if source == KeypadSource.ARROW_KEY:
        if lock_action != LockAction.LOCK:
            return ErrorCode.K_CODE_INVALID
    else:
        code = attempt.identify(number)
        if isinstance(code, ErrorCode):
            return code
        code_id, who = code.code_id, code.name
    order = Order(
        action=lock_action,
        trigger=Trigger.UNDEFINED,  # The Web API's number for the keypad.
        how=_HOW[source],
        authorization_id=keypad.session.authorization_id,
        name=attempt.name(who or keypad.name),
        who=who,
        keypad=KeypadUse(action=action, source=source, code_id=code_id),
        log_type=LogEntryType.KEYPAD_ACTION,
    )
    return device.carry_out(order, accepted=accepted, done=done)
