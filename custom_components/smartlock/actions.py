"""Moves the bolt for Home Assistant: at most once. Publishes the outcome and reports it to the caller."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.link import rules
from custom_components.smartlock.link.slots import slots_taken
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction, LockActionFlag
from custom_components.smartlock.protocol.errors import (
    GaveWayError,
    LockRefusedError,
    NoFreeSlotError,
    NotAuthorizedError,
    NotStartedError,
    OutcomeUnknownError,
    RunFailedError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message

# Seconds for which a bolt that has not arrived is not shown at rest yet: the lock reports that first, and then its error.
# A little longer than faults wait for it (`faults/tracker.py`); a fault is shown at once.
_ERROR_TIME = 1.5

# Delay before the link of an action is used for background work; well below the time for which it is kept
# open.
_FOLLOW_UP_DELAY = 0.05


class LockActions:
    """The actions of one lock."""

    def __init__(self, coordinator: SmartLockCoordinator) -> None:
        """Prepare; nothing is sent yet."""
        self._coordinator = coordinator
        self._client = coordinator.client
        self._last_action: float | None = None
        self._dropped_listeners = Listeners[[]]()
        self._failed_listeners = Listeners[CompletionStatus]()
        self._error_awaited: asyncio.TimerHandle | None = None

    @callback
    def async_on_dropped(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` when an action was dropped because no link was there within its deadline."""
        return self._dropped_listeners.add(listener)

    @callback
    def async_on_failed(self, listener: Callable[[CompletionStatus], None]) -> CALLBACK_TYPE:
        """Call `listener` with how a run of ours has failed by the states after it."""
        return self._failed_listeners.add(listener)

    async def async_connect(self) -> None:
        """Open the link because an action is expected. Raises HomeAssistantError."""
        try:
            await self._client.connect()
        except SmartLockError as error:
            raise translated(error) from error

    async def async_act(
        self,
        action: LockAction,
        flags: LockActionFlag = LockActionFlag.NONE,
        *,
        wanted: Callable[[], bool] | None = None,
    ) -> None:
        """Carry out an action at most once and publish its outcome. Raises HomeAssistantError, for the owner.

        `wanted` is asked right before the write whether an action that no person requested is still wanted.
        """
        idle_time = rules.idle_time(
            self._coordinator.idle_time, last_action=self._last_action, now=self._coordinator.hass.loop.time()
        )
        self._last_action = self._coordinator.hass.loop.time()
        stop_following = self._coordinator.async_add_message_listener(self._follow)
        try:
            await self.async_move(
                lambda: self._client.act(
                    action,
                    flags=flags,
                    deadline=self._coordinator.action_deadline,
                    idle_time=idle_time,
                    wanted=wanted,
                    on_accepted=partial(self._show_running, action),
                )
            )
        finally:
            stop_following()
            if self._coordinator.data.running is action:
                self._show_running(None)

    @callback
    def _show_running(self, action: LockAction | None) -> None:
        """Show that the lock carries out an action; its state follows a moment later, or is missing."""
        self._forget_error()
        self._coordinator.data = replace(self._coordinator.data, running=action, begun=False)
        self._coordinator.async_update_listeners()

    @callback
    def _follow(self, message: Message) -> None:
        """Show a bolt at rest where it is, unless the lock says soon why it is not where it should be."""
        if isinstance(message, KeyturnerStates):
            self._forget_error()
            if self._coordinator.data.running is not None and message.lock_state.at_rest:
                self._error_awaited = self._coordinator.hass.loop.call_later(
                    _ERROR_TIME, self._show_running, None
                )

    @callback
    def _forget_error(self) -> None:
        if self._error_awaited is not None:
            self._error_awaited.cancel()
            self._error_awaited = None

    async def async_move(
        self, order: Callable[[], Awaitable[KeyturnerStates | None]]
    ) -> KeyturnerStates | None:
        """Have the client move the bolt and publish the outcome. Raises HomeAssistantError, for the owner."""
        received_before = self._coordinator.states_received
        try:
            states = await order()
        except asyncio.CancelledError:
            self._coordinator.async_doubt()
            raise
        except OutcomeUnknownError as error:
            if error.state is None:
                self._coordinator.async_doubt()
            raise translated(error) from error
        except SmartLockError as error:
            if isinstance(error, NotAuthorizedError):
                await self._coordinator.async_request_refresh()
            elif isinstance(error, RunFailedError):
                self._failed_listeners.notify(error.completion)
            elif isinstance(error, LockRefusedError) and self._coordinator.states_received == received_before:
                # The bolt may have moved a little, and its position could not be read.
                self._coordinator.async_doubt()
            reason = self._coordinator.presence.explain()
            if (
                type(error) is NotStartedError
                and slots_taken(self._coordinator.hass, self._coordinator.address)()
            ):
                raise translated(NoFreeSlotError(reason)) from error
            if type(error) is NotStartedError:
                self._dropped_listeners.notify()
            raise translated(error, reason, moving=True) from error
        finally:
            self._follow_up()
        if states is None:
            self._coordinator.async_doubt()
        # The states were published when they were received; how long the action took is new.
        self._coordinator.async_update_listeners()
        return states

    @callback
    def _follow_up(self) -> None:
        """Use the link that an action has left open, without delaying its caller."""
        if self._client.connected:
            self._coordinator.config_entry.async_create_background_task(
                self._coordinator.hass, self._use_open_link(), f"{DOMAIN} follow-up"
            )

    async def _use_open_link(self) -> None:
        """After an action: clear the change flag that we have raised, and offer the link to all its users."""
        # Someone who acts twice must not wait for this.
        await asyncio.sleep(_FOLLOW_UP_DELAY)
        if not self._client.connected or self._coordinator.stopped:
            return
        async with self._client.keep_connected():
            try:
                if self._coordinator.is_bridge:
                    await self._client.read_open(conversations.read_states())
            except GaveWayError:
                # The action that came first is followed up itself.
                return
            except SmartLockError as error:
                # Whether or not the lock has cleared the flag, nobody has received the change that it
                # announced.
                LOGGER.debug("The change flag was not read away: %s", type(error).__name__)
                self._coordinator.async_link_lost()
                return
            if self._coordinator.data.states is not None:
                await self._coordinator.async_share_link(self._coordinator.data.states)
