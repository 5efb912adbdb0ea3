"""Somebody at the keypad: is the code good, and what follows (Nuki Smart Lock API V2.1, Keypad Action)."""

from collections.abc import Callable

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
from simulator.lock.log import cut_name
from simulator.lock.motor import Done
from simulator.lock.order import KeypadUse, Order
from simulator.lock.rights import allows

_ACTIONS = {
    KeypadAction.UNLOCK: LockAction.UNLOCK,
    KeypadAction.LOCK: LockAction.LOCK,
    KeypadAction.UNLATCH: LockAction.UNLATCH,
    KeypadAction.LOCK_N_GO: LockAction.LOCK_N_GO,
}
# Keypad 2 leaves bytes of earlier names behind the end of a name (pyNukiBT).
_GARBAGE = "\0R\x02\x7f"


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

    The arrow key works without a code, and locks only. `accepted` and `done` are called as by
    `Device.carry_out`.
    """
    lock_action = _ACTIONS.get(action)
    if action == KeypadAction.INTELLIGENT:
        lock_action = device.motor.intelligent_action
    if lock_action is None:
        return ErrorCode.K_BAD_PARAMETER
    code_id, name = 0, keypad.name
    if source == KeypadSource.ARROW_KEY:
        if lock_action != LockAction.LOCK:
            return ErrorCode.K_CODE_INVALID
    else:
        found = device.keypad_codes.enter(number)
        if isinstance(found, ErrorCode):
            _log_refusal(device, action, source, 0, CompletionStatus.INVALID_CODE)
            return found
        if (problem := _problem(device, found)) is not None:
            _log_refusal(device, action, source, found.code_id, CompletionStatus.REJECTED)
            return problem
        found.lock_count = (found.lock_count + 1) % 0x10000
        found.last_active = device.now
        code_id, name = found.code_id, found.name
    if Accessory.KEYPAD_2 in device.accessories.paired:
        name = cut_name(name + _GARBAGE)
    order = Order(
        action=lock_action,
        trigger=Trigger.UNDEFINED,  # The Web API's number for the keypad.
        authorization_id=keypad.session.authorization_id,
        name=name,
        keypad=KeypadUse(action=action, source=source, code_id=code_id),
        log_type=LogEntryType.KEYPAD_ACTION,
    )
    return device.carry_out(order, accepted=accepted, done=done)


def _problem(device: Device, code: Code) -> ErrorCode | None:
    if not code.enabled:
        return ErrorCode.K_DISABLED
    local = device.clock.local(device.settings.values)
    if code.time_limited and not allows(code.limit, device.clock.time, local):
        return ErrorCode.K_TIME_NOT_ALLOWED
    return None


def _log_refusal(
    device: Device, action: KeypadAction, source: KeypadSource, code_id: int, completion: CompletionStatus
) -> None:
    data = LoggedKeypadAction(action=action, source=source, completion_status=completion, code_id=code_id)
    device.add_log(LogEntryType.KEYPAD_ACTION, data)
