"""The present settings of the lock: read again when the lock's update count shows a change."""

from custom_components.smartlock.assumptions import Assumption
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates


class CurrentSettings:
    """Keeps one lock's Config and Advanced Config up to date."""

    def __init__(self, coordinator: SmartLockCoordinator) -> None:
        """Prepare; nothing is read yet."""
        self._coordinator = coordinator
        self._update_count: int | None = None
        """The lock's update count when its settings were read."""

    @property
    def known(self) -> bool:
        """Whether the update count has not changed since the settings were read."""
        states = self._coordinator.data.last_states
        return states is not None and self._are_as_of(states)

    def _are_as_of(self, states: KeyturnerStates) -> bool:
        return self._coordinator.data.config is not None and self._update_count == states.config_update_count

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Read the settings again if the update count has changed; a failure is only logged."""
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
        """Take the update count before and after our own changes, whose result has been published.

        If it includes other clients' changes, the settings are read again at the next opportunity.
        """
        if before is not None and after is not None:
            holds = (before + changes) % 256 == after
            self._coordinator.assumptions.count(Assumption.WRITE_IS_COUNTED_ONCE, holds)
        if before is not None and self._update_count == before and (before + changes) % 256 == after:
            self._update_count = after
