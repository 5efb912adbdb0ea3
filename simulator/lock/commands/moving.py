"""Moving the bolt, for a client or a keypad; calibration and reboot."""

from custom_components.smartlock.protocol.enums import (
    ErrorCode,
    LockAction,
    LockActionFlag,
    LogEntryType,
    StatusCode,
    Trigger,
)
from custom_components.smartlock.protocol.messages import (
    KeypadActionRequest,
    LockActionRequest,
    SimpleLockAction,
    Status,
)
from simulator.lock import client_use, keypad_use
from simulator.lock.faults import Moment
from simulator.lock.ledger import How
from simulator.lock.order import Order
from simulator.lock.request import Request


def lock_action(request: Request) -> None:
    """Move the bolt: ACCEPTED, states, COMPLETE; without ACCEPTED if there is nothing to do."""
    wanted = LockActionRequest.decode(request.fields)
    if request.authorization.app_id not in (None, wanted.app_id):
        request.broken_rule("another app id than at pairing")
    _carry_out(request, wanted.action, suffix=wanted.name_suffix, flags=wanted.flags)


def simple_lock_action(request: Request) -> None:
    """Lock or unlock."""
    wanted = SimpleLockAction.decode(request.fields)
    if wanted.action in (LockAction.UNLOCK, LockAction.LOCK):
        _carry_out(request, wanted.action, suffix=wanted.name_suffix)
    else:
        request.refuse(ErrorCode.K_BAD_PARAMETER)


def _carry_out(
    request: Request,
    action: LockAction,
    *,
    suffix: str | None,
    flags: LockActionFlag = LockActionFlag.NONE,
) -> None:
    request.link.ends_at(Moment.ACTION_RECEIVED)
    order = client_use.order_of(request.device, request.authorization, action, suffix=suffix, flags=flags)
    if client_use.moves_nothing(request.device, order):
        request.complete()
        return
    code = request.device.carry_out(
        order, accepted=lambda: _accept(request), done=lambda error: _end(request, error)
    )
    if code is not None:
        request.refuse(code)


def _accept(request: Request) -> None:
    request.answer(Status(status=StatusCode.ACCEPTED))
    request.link.ends_at(Moment.ACCEPTED_SENT)


def _end(request: Request, error: ErrorCode | None) -> None:
    if request.link.ends_at(Moment.RUN_ENDED):
        return
    if error is None:
        request.complete()
    else:
        request.refuse(error)


def keypad_action(request: Request) -> None:
    """Do what somebody wants who typed a code at a keypad."""
    wanted = KeypadActionRequest.decode(request.fields)
    request.link.ends_at(Moment.ACTION_RECEIVED)
    code = keypad_use.use(
        request.device,
        request.authorization,
        source=wanted.source,
        number=wanted.code,
        action=wanted.action,
        accepted=lambda: _accept(request),
        done=lambda error: _end(request, error),
    )
    if code is not None:
        request.refuse(code)


def request_calibration(request: Request) -> None:
    """Find the end positions again, unless the battery is too weak for it."""
    device = request.device
    if device.motor.busy:
        request.refuse(ErrorCode.K_BUSY)
        return
    if device.battery.critical:
        request.refuse(ErrorCode.K_VOLTAGE_TOO_LOW)
        return
    order = Order(
        action=LockAction.NONE,
        trigger=Trigger.SYSTEM,
        how=How.APP,
        authorization_id=request.authorization.session.authorization_id,
        name=request.authorization.name,
        who=request.authorization.name,
        log_type=LogEntryType.CALIBRATION,
    )
    _accept(request)
    device.motor.calibrate(order, lambda error: _end(request, error))


def request_reboot(request: Request) -> None:
    """Start again once that was answered; the link is lost."""
    request.complete()
    request.device.timers.after(request.device.timing.processing, request.device.reboot)
