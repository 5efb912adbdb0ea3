"""A phone, a Bridge or a fob wants the bolt moved: what the lock makes of it."""

from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    CompletionStatus,
    LockAction,
    LockActionFlag,
    Trigger,
)
from simulator.lock import fob
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.ledger import How
from simulator.lock.log import with_suffix
from simulator.lock.order import Order

_HOW = {
    AuthorizationIdType.BRIDGE: How.BRIDGE,
    AuthorizationIdType.FOB: How.FOB,
    AuthorizationIdType.KEYPAD: How.KEYPAD,
    AuthorizationIdType.KEYPAD_2: How.KEYPAD,
}


def order_of(
    device: Device,
    client: Authorization,
    action: LockAction,
    *,
    flags: LockActionFlag = LockActionFlag.NONE,
    suffix: str | None = None,
) -> Order:
    """Return the order of a client. A press of a fob that is set to do nothing is an order that moves nothing.

    A fob stands in the log with the trigger of time control (the vendor's MQTT document).
    """
    resolved = fob.resolve(device, action)
    by_fob = client.id_type == AuthorizationIdType.FOB
    how = _HOW.get(client.id_type, How.APP)
    name = with_suffix(client.name, suffix)
    return Order(
        action=LockAction.FOB_WITHOUT_ACTION if resolved is None else resolved,
        trigger=Trigger.AUTOMATIC if by_fob else Trigger.SYSTEM,
        how=How.AUTO_UNLOCK if flags & LockActionFlag.AUTO_UNLOCK else how,
        flags=flags,
        authorization_id=client.session.authorization_id,
        name=name,
        who=name,
        presses=fob.PRESSES.index(action) + 1 if action in fob.PRESSES else 0,
    )


def moves_nothing(device: Device, order: Order) -> bool:
    """Note a press of a fob that is set to do nothing; return whether the order was one."""
    if not order.presses or order.action != LockAction.FOB_WITHOUT_ACTION:
        return False
    device.log_run(order, CompletionStatus.SUCCESS)
    return True
