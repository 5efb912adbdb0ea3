"""The fob: what a press of it is set to do."""

from custom_components.smartlock.protocol.enums import FobAction, LockAction
from simulator.lock.device import Device

PRESSES = (LockAction.FOB_ACTION_1, LockAction.FOB_ACTION_2, LockAction.FOB_ACTION_3)
"""Lock actions of a fob by the number of presses, from one to three."""

_ACTIONS = {
    FobAction.UNLOCK: LockAction.UNLOCK,
    FobAction.LOCK: LockAction.LOCK,
    FobAction.LOCK_N_GO: LockAction.LOCK_N_GO,
}


def resolve(device: Device, action: LockAction) -> LockAction | None:
    """Return what a press of a fob is set to do, None for nothing; other lock actions stay what they are."""
    if action not in PRESSES:
        return action
    settings = device.settings.values
    setting = (settings.fob_action_1, settings.fob_action_2, settings.fob_action_3)[PRESSES.index(action)]
    if setting == FobAction.INTELLIGENT:
        return device.motor.intelligent_action
    return _ACTIONS.get(setting)
