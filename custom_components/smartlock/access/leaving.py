"""Leaving a lock: our own authorization is deleted in it, and proved to be gone before the keys are thrown away."""

from functools import partial

from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import LinkError, NotAuthorizedError, ProtocolError
from custom_components.smartlock.protocol.messages import RemoveAuthorization


async def async_leave(coordinator: SmartLockCoordinator, lists: LockLists, pin: PinGuard) -> None:
    """Delete our own authorization in the lock. When this returns, the lock does not know us any more.

    The lock may answer, refuse what follows as from a stranger, fall silent, or drop the link: only a read that it refuses
    is a proof. The caller then removes the config entry. Raises AccessError with `NOT_LEFT` if the lock still knows us,
    or with `OUTCOME_UNKNOWN` if it could not be asked; and what `PinGuard.session` and `PinSession.request` raise if
    nothing was sent.
    """
    client = coordinator.client
    request = RemoveAuthorization(authorization_id=client.authorization_id)
    async with coordinator.async_paused(), lists.turn():
        session: PinSession | None = None
        try:
            async with pin.session() as session:
                await session.request(partial(conversations.order, request))
        except (LinkError, ProtocolError, NotAuthorizedError) as error:
            if session is None or not session.tries.sent:
                raise
            LOGGER.debug("The lock did not confirm that it forgets us: %s", type(error).__name__)
        try:
            await client.read_states()
        except NotAuthorizedError:
            return
        except (LinkError, ProtocolError) as error:
            raise AccessError(AccessProblem.OUTCOME_UNKNOWN) from error
        raise AccessError(AccessProblem.NOT_LEFT)
