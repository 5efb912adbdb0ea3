"""What all features of a lock share: how they start, how they stop, and when they may use the link."""

from collections.abc import Callable, Iterable
from typing import Protocol

from homeassistant.core import callback

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.protocol.errors import LinkError, SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates


class LockPart:
    """A feature of one lock. `SmartLockRuntime` starts all of them in one order and stops them in reverse."""

    async def async_load(self) -> None:
        """Read what is stored. Nothing is sent, and no entities exist yet."""

    @callback
    def start(self) -> None:
        """Start. The entities have been added, and everything that is stored has been loaded."""

    async def async_stop(self) -> None:
        """Stop, and store what is not stored yet. Nothing is written after that."""


class LinkUser(Protocol):
    """Something that needs the lock, but never opens a connection of its own."""

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Use the link that a read or an action has opened; must return quickly if there is nothing to do.

        `states` are the lock's latest. Raises SmartLockError; after a LinkError the remaining users wait for
        the next link.
        """


async def async_share_link(
    users: Iterable[LinkUser], states: KeyturnerStates, *, gives_way: Callable[[], bool]
) -> bool:
    """Offer the open link to all its users in order, until it breaks, or `gives_way` says so; return the latter."""
    for user in users:
        if gives_way():
            return True
        try:
            await user.async_use_link(states)
        except LinkError as error:
            LOGGER.debug("The link ended before everything was done: %s", type(error).__name__)
            return False
        except SmartLockError as error:
            LOGGER.debug("The lock refused something nobody waits for: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a defect in one user must not stop the others
            LOGGER.error("What was to be done after a read has failed: %s", type(error).__name__)
    return False
