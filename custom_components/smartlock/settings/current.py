"""The settings that the lock has now: read again when the lock counts a change of them."""

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates


class CurrentSettings:
    """Keeps Config and Advanced Config of one lock as they are."""

    def __init__(self, coordinator: SmartLockCoordinator) -> None:
        """Take the lock; nothing is read yet."""
        self._coordinator = coordinator
        self._update_count: int | None = None
        """The lock's count of changes when its settings were read."""

    @property
    def known(self) -> bool:
        """Whether the lock counts no change of its settings since they were read."""
        states = self._coordinator.data.last_states
        return states is not None and self._are_as_of(states)

    def _are_as_of(self, states: KeyturnerStates) -> bool:
        return self._coordinator.data.config is not None and self._update_count == states.config_update_count

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Read the settings again if the lock counts a change. They can wait if that fails."""
        if self._are_as_of(states):
            return
        try:
            await self.async_read()
        except SmartLockError as error:
            LOGGER.debug("The settings were not read: %s", type(error).__name__)
        else:
            self._update_count = states.config_update_count

    async def async_read(self) -> None:
        """Read Config and Advanced Config and publish them. Raises SmartLockError."""
        client = self._coordinator.client
        config = await client.read(conversations.read_config)
        self._coordinator.async_take(config, await client.read(conversations.read_advanced_config))

    def counted(self, before: int | None, after: int | None, changes: int) -> None:
        """Take the update count around changes of ours whose result has been published.

        If it shows changes of others as well, the settings are read again at the next read.
        """
        if before is not None and self._update_count == before and (before + changes) % 256 == after:
            self._update_count = after
