"""Sends the action to the lock, once, with the flag that lets the lock's own rules refuse it."""

from collections.abc import Callable

from homeassistant.exceptions import HomeAssistantError

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.auto_unlock.rules import Outcome, Result, RuleAction
from custom_components.smartlock.protocol.enums import LockAction, LockActionFlag
from custom_components.smartlock.protocol.errors import LockRefusedError, OutcomeUnknownError, RunFailedError

_ACTIONS = {RuleAction.UNLOCK: LockAction.UNLOCK, RuleAction.UNLATCH: LockAction.UNLATCH}


async def async_fire(actions: LockActions, action: RuleAction, wanted: Callable[[], bool]) -> Outcome:
    """Act once, whatever the outcome. `wanted` is asked right before the write."""
    try:
        await actions.async_act(_ACTIONS[action], LockActionFlag.AUTO_UNLOCK, wanted=wanted)
    except HomeAssistantError as error:
        return _outcome_of_failure(error.__cause__)
    return Outcome(Result.DONE)


def _outcome_of_failure(error: BaseException | None) -> Outcome:
    match error:
        case LockRefusedError():
            return Outcome(Result.REFUSED, int(error.code))
        case RunFailedError():
            # Some locks report a refusal as the completion status of the run.
            return Outcome(Result.REFUSED, int(error.completion))
        case OutcomeUnknownError():
            return Outcome(Result.OUTCOME_UNKNOWN)
    return Outcome(Result.NOT_SENT)
