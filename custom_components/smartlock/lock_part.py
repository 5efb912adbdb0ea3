"""What every feature of a lock has in common: how it begins, how it ends, and when it may use the link."""

from typing import Protocol

from homeassistant.core import callback

from custom_components.smartlock.protocol.messages import KeyturnerStates


class LockPart:
    """A feature of one lock. `SmartLockRuntime` runs all of them in one order, and ends them in the reverse."""

    async def async_load(self) -> None:
        """Read what is stored. Nothing is sent, and no entity exists yet."""

    @callback
    def start(self) -> None:
        """Begin: the entities have been added. Everything that is stored has been loaded."""

    async def async_stop(self) -> None:
        """End, and store what is not stored yet. Nothing is written after that."""


class LinkUser(Protocol):
    """Something that needs the lock, but never a connection of its own."""

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Use the link that a read or an action has opened; must be quick if there is nothing to do.

        `states` are the last ones of the lock. Raises SmartLockError; after a LinkError the others wait for the
        next link.
        """
