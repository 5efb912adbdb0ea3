"""Decides when to read the lock and publishes what it reports."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from custom_components.smartlock.assumptions import Assumption, Assumptions
from custom_components.smartlock.client.client import ACTION_DEADLINE, IDLE_TIME
from custom_components.smartlock.const import (
    CLIENT_TYPE_BRIDGE,
    CONF_ACTION_DEADLINE,
    CONF_CLIENT_TYPE,
    CONF_GENERATION,
    CONF_IDLE_TIME,
    CONF_NUKI_ID,
    CONF_READ_INTERVAL,
    CONF_STAY_CONNECTED,
    DOMAIN,
    LOGGER,
)
from custom_components.smartlock.devices import describe_device
from custom_components.smartlock.link.lock_client import lock_client
from custom_components.smartlock.link.memory import LinkMemory
from custom_components.smartlock.link.polling import Polling
from custom_components.smartlock.link.presence import Presence
from custom_components.smartlock.link.reauth import async_close_reauth
from custom_components.smartlock.link.rules import PollPolicy
from custom_components.smartlock.link.slots import slot_wanted
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LinkUser, LockPart, async_share_link
from custom_components.smartlock.problems import problem
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.enums import LockState
from custom_components.smartlock.protocol.errors import NotAuthorizedError, SmartLockError
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config, KeyturnerStates, Message
from custom_components.smartlock.snapshot import LOW_BATTERY_PERCENT, LockSnapshot
from custom_components.smartlock.system_clock.trust import system_clock

CONNECTION_STATES = ("ok", "not_read", "not_heard", "not_answering", "not_authorized")


class SmartLockCoordinator(DataUpdateCoordinator[LockSnapshot], LockPart):
    """Owns the client of one lock and publishes what the lock reports."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Prepare from the stored pairing; nothing is sent yet."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=DOMAIN,
            # `link/rules.py` decides when to read, and `_plan` asks it.
            update_interval=None,
            always_update=False,
        )
        self.address: str = entry.data[CONF_ADDRESS]
        self.nuki_id = nuki_id_text(entry.data[CONF_NUKI_ID])
        self.dialect = DIALECTS[entry.data[CONF_GENERATION]]
        self.data = LockSnapshot()
        self.idle_time: float = entry.options.get(CONF_IDLE_TIME, IDLE_TIME)
        self.is_bridge: bool = entry.data.get(CONF_CLIENT_TYPE) == CLIENT_TYPE_BRIDGE
        self.assumptions = Assumptions(hass, self.nuki_id, bridge=self.is_bridge)
        self._memory = LinkMemory(hass, self.nuki_id, self.assumptions.challenge_used)
        self.client = lock_client(
            hass,
            entry,
            idle_time=None if entry.options.get(CONF_STAY_CONNECTED) else self.idle_time,
            on_message=self._message_received,
            on_lost=self.async_link_lost,
            on_answer_lost=self._answer_lost,
            on_closed=self._link_closed,
            freshness=self._memory.freshness,
            trust=self._memory.trust,
        )
        self.action_deadline: float = entry.options.get(CONF_ACTION_DEADLINE, ACTION_DEADLINE)
        minutes = entry.options.get(CONF_READ_INTERVAL)
        self._polling = Polling(
            hass,
            PollPolicy.of(bridge=self.is_bridge, poll=minutes * 60.0 if minutes else None, now=self._now),
            read=self._read_in_background,
            on_doubt=self._publish_unknown,
            on_absent=self.async_update_listeners,
            absent_at=lambda: self.presence.absent_at,
        )
        self.presence = Presence(
            hass,
            self.address,
            in_sight=lambda: self.policy.in_sight,
            connected=lambda: self.client.connected,
            on_beacon=self._beacon_received,
            on_gone=self._out_of_sight,
            on_slept=self._slept,
        )
        self.link_users: tuple[LinkUser, ...] = ()
        """Who may use the link that a read or an action has opened, in this order."""
        self.stopped = False
        self.states_received = 0
        self._message_listeners = Listeners[Message]()

    @override
    async def async_load(self) -> None:
        """Read what is stored about earlier messages of the lock; without it no state is believed."""
        await self._memory.async_load()

    @override
    @callback
    def start(self) -> None:
        """Follow the advertisements, and read as soon as the lock is received."""
        stopping = self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self.async_stop)
        for undo in (stopping, self.async_add_listener(self.presence.log_change)):
            self.config_entry.async_on_unload(undo)
        self.presence.start()
        self._polling.plan()

    @property
    def policy(self) -> PollPolicy:
        """State of the poll policy: the events that decide when to read next."""
        return self._polling.policy

    @property
    def _now(self) -> float:
        """Seconds of a monotonic clock."""
        return self.hass.loop.time()

    @property
    def reachable(self) -> bool:
        """Whether the lock is present: received recently, connected, or recently in exchange of messages."""
        return self.presence.reachable

    @property
    def connection_state(self) -> str:
        """State of the connection, one of CONNECTION_STATES. A single answer that is lost is no news."""
        if self.policy.locked_out:
            return "not_authorized"
        if not self.reachable:
            return "not_read" if self.presence.awaited else "not_heard"
        read = self.data.last_states is not None
        if not self.last_update_success and (self.policy.failures > 1 or not read):
            return "not_answering"
        return "ok" if read else "not_read"

    @property
    def read_at(self) -> float | None:
        """When the lock last reported its state, on the clock of the event loop."""
        return self.policy.read_at

    @property
    def last_read(self) -> datetime | None:
        """When the lock last reported its state."""
        return None if self.read_at is None else system_clock(self.hass).date_of(self.read_at)

    async def async_share_link(self, states: KeyturnerStates) -> None:
        """Offer the open link to all its users; another lock that waits for the slot comes before the rest of them."""
        gave_way = await async_share_link(self.link_users, states, gives_way=self._gives_way)
        self._polling.update(self.policy.link_shared(gave_way=gave_way, now=self._now))

    def _gives_way(self) -> bool:
        return not self.policy.gave_way and slot_wanted(self.hass, self.address)

    @override
    async def _async_update_data(self) -> LockSnapshot:
        async with self.client.keep_connected():
            return await self._read()

    async def _read(self) -> LockSnapshot:
        self._polling.note(self.policy.read_started(self._now))
        ended = False
        try:
            states = await self.client.read_states()
            ended = True
        except SmartLockError as error:
            ended = True
            if self.stopped:
                # We closed the link ourselves: nothing has failed.
                return self.data
            refused = isinstance(error, NotAuthorizedError)
            failed = self.policy.read_refused if refused else self.policy.read_failed
            self._polling.update(failed(self._now))
            key, placeholders = problem(error)
            raise (ConfigEntryAuthFailed if self.policy.locked_out else UpdateFailed)(
                translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
            ) from error
        finally:
            if not ended:
                # The caller gave up, or there is a defect in our code or below: polling has to go on.
                self._polling.update(self.policy.read_failed(self._now))
        await self.async_share_link(states)
        return self.data

    @callback
    def async_take(self, *messages: Config | AdvancedConfig) -> None:
        """Publish what someone else has read."""
        for message in messages:
            match message:
                case Config():
                    self.data = replace(self.data, config=message)
                    describe_device(self.hass, self.config_entry, message)
                case AdvancedConfig():
                    self.data = replace(self.data, advanced_config=message)
        self.async_update_listeners()

    @callback
    def async_add_message_listener(self, listener: Callable[[Message], None]) -> CALLBACK_TYPE:
        """Call `listener` with every message of the lock, requested or not."""
        return self._message_listeners.add(listener)

    @callback
    def async_rely_on_flag(self, *, useful: bool) -> None:
        """Poll as a client that is notified of changes, or as one that is not."""
        notified = self.is_bridge and useful
        if notified != self.policy.notified:
            self._polling.update(self.policy.relying_on_flag(notified=notified))

    @callback
    def _read_in_background(self, reason: str) -> None:
        self.config_entry.async_create_background_task(self.hass, self.async_refresh(), f"{DOMAIN} {reason}")

    @callback
    def _message_received(self, message: Message) -> None:
        """Take every message of the lock, requested or not."""
        self.presence.exchanged()
        self._memory.async_received()
        if isinstance(message, KeyturnerStates):
            self._publish(message)
        self._message_listeners.notify(message)
        self.assumptions.received(message)

    @callback
    def _publish(self, states: KeyturnerStates) -> None:
        self.states_received += 1
        if self.policy.locked_out or self.read_at is None:
            async_close_reauth(self.hass, self.config_entry)
        previous, state = self.data.last_states, states.lock_state
        percent = states.battery_percent
        changed = previous is not None and previous.lock_state != state
        self.assumptions.count(Assumption.CHANGE_RAISES_FLAG, self.policy.announced_change(changed=changed))
        self._polling.note(
            self.policy.states_received(
                changed=changed,
                door_changed=previous is not None and previous.door_sensor_state != states.door_sensor_state,
                passing=state.passing,
                may_pass=state == LockState.UNCALIBRATED,
                again_at_rest=state.moving and (self.policy.under_way or state == LockState.BOOT_RUN),
                low_battery=states.battery_critical
                or (percent is not None and percent < LOW_BATTERY_PERCENT),
                now=self._now,
            )
        )
        if not self.last_update_success:
            # The next line makes Home Assistant forget that it has to log the recovery itself.
            LOGGER.info("Fetching %s data recovered", self.name)
        self.async_set_updated_data(self.data.with_states(states))
        self._polling.plan()

    @callback
    def _publish_unknown(self) -> None:
        if not self.data.outdated:
            self.data = self.data.with_change_unseen()
            self.async_update_listeners()

    @callback
    def _beacon_received(self, flag: bool) -> None:
        """Take the change flag of an advertisement."""
        self.assumptions.beacon(flag=flag)
        before = self.policy
        after = before.advertised(flag=flag, now=self._now)
        if after is before:
            return
        self._polling.note(after)
        if not before.in_sight:
            self.async_update_listeners()
        self._polling.plan()

    @callback
    def _out_of_sight(self) -> None:
        self._polling.note(self.policy.out_of_sight(connected=self.client.connected))
        self.async_update_listeners()
        self._polling.plan()

    @callback
    def _slept(self) -> None:
        self._polling.update(self.policy.slept(self._now))
        self.async_update_listeners()

    @callback
    def _link_closed(self) -> None:
        self.assumptions.link_closed()
        if self.is_bridge and not self.stopped:
            self.presence.look_again()

    @callback
    def async_link_lost(self) -> None:
        """An idle link has dropped, or a request over it got no answer: read soon."""
        self._polling.update(self.policy.link_lost(self._now))

    @callback
    def _answer_lost(self) -> None:
        """The state was requested in vain. Only for a Bridge does the request clear the flag."""
        if self.is_bridge and not self.stopped:
            self._polling.update(self.policy.answer_lost(self._now))

    @callback
    def async_doubt(self) -> None:
        """An action was or may have been sent, and the position of the bolt is unknown."""
        self._polling.update(self.policy.outcome_unknown(self._now))

    @asynccontextmanager
    async def async_paused(self) -> AsyncIterator[None]:
        """Release the lock, so that it advertises and can be paired again."""
        self._polling.pause()
        try:
            await self.client.disconnect()
            yield
        finally:
            if not self.stopped:
                self._polling.resume()

    @override
    async def async_shutdown(self) -> None:
        """Stop reading and disconnect permanently."""
        self.stopped = True
        self._polling.stop()
        self.presence.stop()
        await super().async_shutdown()
        await self.client.close()
        await self._memory.async_save()

    @override
    async def async_stop(self, event: Event | None = None) -> None:
        """Stop reading and disconnect permanently; also when Home Assistant stops."""
        await self.async_shutdown()
