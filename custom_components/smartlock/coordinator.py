"""When to read the lock and what to publish of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import (
    BluetoothCallbackMatcher,
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.client import ACTION_DEADLINE, IDLE_TIME, LockClient
from custom_components.smartlock.const import (
    CLIENT_TYPE_BRIDGE,
    CONF_ACTION_DEADLINE,
    CONF_APP_ID,
    CONF_AUTHORIZATION_ID,
    CONF_CLIENT_TYPE,
    CONF_GENERATION,
    CONF_IDLE_TIME,
    CONF_NUKI_ID,
    CONF_READ_INTERVAL,
    CONF_SHARED_KEY,
    CONF_STAY_CONNECTED,
    DOMAIN,
    LOGGER,
)
from custom_components.smartlock.devices import describe_device
from custom_components.smartlock.link import rules as reading
from custom_components.smartlock.link.advertisements import freshest_device, reachability, slots_taken
from custom_components.smartlock.link.memory import LinkMemory
from custom_components.smartlock.link.reauth import async_close_reauth
from custom_components.smartlock.link.rules import Reading
from custom_components.smartlock.problems import problem, translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.beacon import nuki_id_text, parse_beacon
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.enums import LockAction, LockActionFlag
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    NoFreeSlotError,
    NotAuthorizedError,
    NotStartedError,
    OutcomeUnknownError,
    SmartLockError,
)
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    BatteryReport,
    Config,
    KeyturnerStates,
    Message,
)
from custom_components.smartlock.snapshot import LockSnapshot

# Something to do over the link that is open after a read or an action; must be quick if there is nothing to do.
type Visit = Callable[[KeyturnerStates], Awaitable[None]]

# A lock that exchanged messages this recently is there, although its advertisements may be missed meanwhile.
_FRESH = 300.0
# Until the link of an action is used for what nobody waits for; well below the time for which it is held.
_FOLLOW_UP_DELAY = 0.25
# How long after a link the lock surely advertises again (about once a second), and how often to look for it.
_LOOK_DELAY = 1.5
_LOOKS = 4
CONNECTION_STATES = ("ok", "not_read", "not_heard", "not_answering", "not_authorized")
# The vendor warns below this charge, in percent.
_LOW_BATTERY = 20


class SmartLockCoordinator(DataUpdateCoordinator[LockSnapshot]):
    """Owns the client of one lock and publishes what the lock says."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Prepare from the stored pairing; nothing is sent yet."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=DOMAIN,
            # `link/rules.py` says when to read, and `_plan` asks for it.
            update_interval=None,
            always_update=False,
        )
        self.address: str = entry.data[CONF_ADDRESS]
        self.nuki_id = nuki_id_text(entry.data[CONF_NUKI_ID])
        self.dialect = DIALECTS[entry.data[CONF_GENERATION]]
        self.data = LockSnapshot()
        self._idle_time: float = entry.options.get(CONF_IDLE_TIME, IDLE_TIME)
        self._memory = LinkMemory(hass, self.nuki_id)
        self.client = LockClient(
            BleTransport(
                name=f"Nuki_{self.nuki_id}",
                device=freshest_device(hass, self.address),
                explain=reachability(hass, self.address),
                full=slots_taken(hass, self.address),
            ),
            dialect=self.dialect,
            session=Session(
                authorization_id=entry.data[CONF_AUTHORIZATION_ID],
                shared_key=bytes.fromhex(entry.data[CONF_SHARED_KEY]),
            ),
            app_id=entry.data[CONF_APP_ID],
            on_message=self._heard,
            on_lost=self._link_lost,
            on_unheard=self._unheard,
            on_closed=self._link_closed,
            freshness=self._memory.freshness,
            idle_time=None if entry.options.get(CONF_STAY_CONNECTED) else self._idle_time,
        )
        self.action_deadline: float = entry.options.get(CONF_ACTION_DEADLINE, ACTION_DEADLINE)
        self.is_bridge: bool = entry.data.get(CONF_CLIENT_TYPE) == CLIENT_TYPE_BRIDGE
        minutes = entry.options.get(CONF_READ_INTERVAL)
        self._reading = Reading.of(
            bridge=self.is_bridge, poll=minutes * 60.0 if minutes else None, now=hass.loop.time()
        )
        self._planned: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._stopped = self._paused = False
        self._states_heard = 0
        self._last_exchange: float | None = None
        self._last_action: float | None = None
        self._config_update_count: int | None = None
        self._visits: list[Visit] = []
        self._message_listeners: list[Callable[[Message], None]] = []

    async def async_load(self) -> None:
        """Read what is stored of what the lock has said before; nothing is believed without."""
        await self._memory.async_load()

    @callback
    def async_start(self) -> None:
        """Listen to the advertisements, and read as soon as the lock is heard."""
        entry = self.config_entry
        for stop in (
            # Calls back when an advertisement differs from the last one, and at once for one that was heard.
            bluetooth.async_register_callback(
                self.hass,
                self._advertised,
                BluetoothCallbackMatcher(address=self.address, connectable=True),
                BluetoothScanningMode.PASSIVE,
            ),
            bluetooth.async_track_unavailable(self.hass, self._not_heard, self.address, connectable=True),
            self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._stopping),
            self._forget_look,
        ):
            entry.async_on_unload(stop)

    @property
    def reachable(self) -> bool:
        """Whether the lock is there: heard lately, connected, or exchanged with lately."""
        return (
            self.client.connected
            or self._reading.in_sight
            or (self._last_exchange is not None and self.hass.loop.time() - self._last_exchange < _FRESH)
        )

    async def async_connect(self) -> None:
        """Open the link because an action is about to come. Raises what the caller must know."""
        try:
            await self.client.connect()
        except SmartLockError as error:
            raise translated(error) from error

    @property
    def connection_state(self) -> str:
        """In one word of CONNECTION_STATES how things stand between us and the lock."""
        if self._reading.locked_out:
            return "not_authorized"
        if not self.reachable:
            return "not_heard"
        if not self.last_update_success:
            return "not_answering"
        return "ok" if self.data.last_states is not None else "not_read"

    @property
    def signal_strength(self) -> int | None:
        """Signal of the last advertisement in dBm; None while the lock is not heard."""
        info = bluetooth.async_last_service_info(self.hass, self.address, connectable=True)
        return None if info is None or not self._reading.in_sight else info.rssi

    @property
    def last_seen(self) -> datetime | None:
        """When the lock was last heard, by advertisement or over a link."""
        info = bluetooth.async_last_service_info(self.hass, self.address, connectable=True)
        heard = [at for at in (self._last_exchange, None if info is None else info.time) if at is not None]
        return self._wall_time(max(heard)) if heard else None

    @property
    def read_at(self) -> float | None:
        """When the state was last told, on the clock of the event loop."""
        return self._reading.read_at

    @property
    def settings_are_current(self) -> bool:
        """Whether the lock counts no change of its settings since they were read."""
        states = self.data.last_states
        return (
            self.data.config is not None
            and states is not None
            and self._config_update_count == states.config_update_count
        )

    @property
    def last_read(self) -> datetime | None:
        """When the state was last told."""
        return None if self.read_at is None else self._wall_time(self.read_at)

    @property
    def connections_in_a_day(self) -> int:
        """Connections within the last 24 hours."""
        return self.client.figures.connections_in_a_day(self._now)

    @property
    def reads_in_a_day(self) -> int:
        """Reads within the last 24 hours."""
        return self.client.figures.reads_in_a_day(self._now)

    def _wall_time(self, at: float) -> datetime:
        # To the second: it must not flicker with the rounding of two clocks.
        return (dt_util.utcnow() - timedelta(seconds=self._now - at)).replace(microsecond=0)

    def explain_reachability(self) -> str:
        """Explain in words whether and why a connection is not possible now."""
        return reachability(self.hass, self.address)()

    async def async_act(
        self,
        action: LockAction,
        flags: LockActionFlag = LockActionFlag.NONE,
        *,
        wanted: Callable[[], bool] | None = None,
    ) -> None:
        """Carry out an action at most once, publish what came of it, and raise what the owner must know.

        `wanted` says right before the write whether an action that no person has asked for is still wanted.
        """
        idle_time = reading.idle_time(self._idle_time, last_action=self._last_action, now=self._now)
        self._last_action = self._now
        await self.async_move(
            lambda: self.client.act(
                action, flags=flags, deadline=self.action_deadline, idle_time=idle_time, wanted=wanted
            )
        )

    async def async_move(
        self, order: Callable[[], Awaitable[KeyturnerStates | None]]
    ) -> KeyturnerStates | None:
        """Have the client move the bolt, publish what came of it, and raise what the owner must know."""
        heard_before = self._states_heard
        try:
            states = await order()
        except asyncio.CancelledError:
            self._outcome_unknown()
            raise
        except OutcomeUnknownError as error:
            if error.state is None:
                self._outcome_unknown()
            raise translated(error) from error
        except SmartLockError as error:
            if isinstance(error, NotAuthorizedError):
                await self.async_request_refresh()
            elif isinstance(error, LockRefusedError) and self._states_heard == heard_before:
                # The bolt may have moved a little, and where it is now could not be read.
                self._outcome_unknown()
            reason = self.explain_reachability()
            if type(error) is NotStartedError and slots_taken(self.hass, self.address)():
                raise translated(NoFreeSlotError(reason)) from error
            raise translated(error, reason) from error
        finally:
            self._follow_up()
        if states is None:
            self._outcome_unknown()
        # The states were published when they were heard; how long it took is new.
        self.async_update_listeners()
        return states

    @callback
    def _follow_up(self) -> None:
        """Use the link that an action has left open, without holding up its caller."""
        if self.client.connected:
            self.config_entry.async_create_background_task(
                self.hass, self._use_open_link(), f"{DOMAIN} follow-up"
            )

    async def _use_open_link(self) -> None:
        """After an action: read the change flag away that we have raised, and let everybody use the link."""
        # Somebody who acts twice is not to wait for this.
        await asyncio.sleep(_FOLLOW_UP_DELAY)
        if not self.client.connected or self._stopped:
            return
        async with self.client.staying():
            try:
                if self.is_bridge:
                    await self.client.hold(conversations.read_states())
            except SmartLockError as error:
                # Whether the lock has taken the flag down or not, nobody has heard what it stood for.
                LOGGER.debug("The change flag was not read away: %s", type(error).__name__)
                self._link_lost()
                return
            if self.data.states is not None:
                await self._visit(self.data.states)

    @override
    async def _async_update_data(self) -> LockSnapshot:
        async with self.client.staying():
            return await self._read()

    async def _read(self) -> LockSnapshot:
        self._reading = self._reading.spent(self._now)
        try:
            states = await self.client.read_states()
        except SmartLockError as error:
            if self._stopped:
                # We have cut it off ourselves: nothing has failed.
                return self.data
            refused = isinstance(error, NotAuthorizedError)
            self._reading = self._reading.refused(self._now) if refused else self._reading.failed(self._now)
            self._plan()
            key, placeholders = problem(error)
            raise (ConfigEntryAuthFailed if self._reading.locked_out else UpdateFailed)(
                translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
            ) from error
        except BaseException:
            # A caller that gave up, or a defect, of ours or below us: it must not be the end of all reading.
            self._reading = self._reading.failed(self._now)
            self._plan()
            raise
        await self._read_settings_if_changed(states)
        await self._visit(states)
        # The states were published when they were heard.
        return self.data

    async def _read_settings_if_changed(self, states: KeyturnerStates) -> None:
        """Read the settings again if the lock counts a change. They can wait if that fails."""
        if self.data.config is not None and self._config_update_count == states.config_update_count:
            return
        try:
            await self.async_read_settings()
        except SmartLockError as error:
            LOGGER.debug("The settings were not read: %s", type(error).__name__)
        else:
            self._config_update_count = states.config_update_count

    async def async_read_settings(self) -> None:
        """Read Config and Advanced Config and publish them. Raises SmartLockError."""
        config = await self.client.read(conversations.read_config)
        self.async_take(config, await self.client.read(conversations.read_advanced_config))

    @callback
    def async_take(self, *messages: Config | AdvancedConfig | BatteryReport) -> None:
        """Publish what somebody has read."""
        for message in messages:
            match message:
                case Config():
                    self.data = replace(self.data, config=message)
                    describe_device(self.hass, self.config_entry, message)
                case AdvancedConfig():
                    self.data = replace(self.data, advanced_config=message)
                case BatteryReport():
                    self.data = replace(self.data, battery_report=message)
        self.async_update_listeners()

    @callback
    def async_counted(self, before: int | None, after: int | None, changes: int) -> None:
        """Take the config update count around changes of ours whose result has been published.

        If it shows changes of others as well, the settings are read again at the next read.
        """
        if before is not None and self._config_update_count == before and (before + changes) % 256 == after:
            self._config_update_count = after

    @callback
    def async_add_visit(self, visit: Visit) -> CALLBACK_TYPE:
        """Call `visit` after each read and each action of ours, over the link that is open anyway.

        Its errors end only itself; after a LinkError everybody waits for the next time.
        """
        self._visits.append(visit)
        return lambda: self._visits.remove(visit)

    @callback
    def async_add_message_listener(self, listener: Callable[[Message], None]) -> CALLBACK_TYPE:
        """Call `listener` with everything that the lock says, asked or not."""
        self._message_listeners.append(listener)
        return lambda: self._message_listeners.remove(listener)

    async def _visit(self, states: KeyturnerStates) -> None:
        """Let everybody use the link that is open anyway, in order, until it breaks."""
        for visit in tuple(self._visits):
            try:
                await visit(states)
            except LinkError as error:
                LOGGER.debug("The link ended before everything was done: %s", type(error).__name__)
                return
            except SmartLockError as error:
                LOGGER.debug("The lock refused something nobody waits for: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a defect of one is not to keep the others from their work
                LOGGER.error("What was to be done after a read has failed: %s", type(error).__name__)

    @property
    def changes_announced(self) -> int:
        """How many changes in a row the change flag has announced."""
        return self._reading.announced

    @property
    def flag_is_doubtful(self) -> bool:
        """Whether several changes in a row were not announced by the change flag, but found by a poll."""
        return self._reading.flag_is_doubtful

    @callback
    def async_rely_on_flag(self, *, useful: bool) -> None:
        """Read as a client that is told of changes, or as one that is not."""
        told = self.is_bridge and useful
        if told != self._reading.told_of_changes:
            self._reading = self._reading.relying_on_flag(told=told)
            self._plan()

    # --- When to read -------------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        # Seconds since the machine was started.
        return self.hass.loop.time()

    @callback
    def _plan(self) -> None:
        """Set one timer for whatever comes first: the next read, or the end of belief in the last one."""
        self._forget_plan()
        if self._stopped or self._paused:
            return
        now = self._now
        if not self._reading.believable(now) and not self.data.outdated:
            self._publish_unknown()
        due = self._reading.due(now)
        doubtful_at = None if self.data.outdated else self._reading.doubtful_at()
        absent_at = None if self._reading.in_sight or not self.reachable else self._absence_at
        times = [at for at in (None if due is None else due[0], doubtful_at, absent_at) if at is not None]
        if times:
            self._planned = self.hass.loop.call_at(max(min(times), now), self._planned_time_has_come)

    @callback
    def _forget_plan(self) -> None:
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None

    @callback
    def _planned_time_has_come(self) -> None:
        self._planned = None
        due = self._reading.due(self._now)
        if due is not None and due[0] <= self._now:
            LOGGER.debug("Reading because of %s", due[1].value)
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), f"{DOMAIN} {due[1].value}"
            )
        else:
            self.async_update_listeners()
            self._plan()

    @property
    def _absence_at(self) -> float | None:
        """When the last exchange stops proving that a lock which nobody hears is there."""
        return None if self._last_exchange is None else self._last_exchange + _FRESH

    @callback
    def _heard(self, message: Message) -> None:
        """Take everything that the lock says, asked or not."""
        self._last_exchange = self._now
        self._memory.async_received()
        if isinstance(message, KeyturnerStates):
            self._told(message)
        for listener in tuple(self._message_listeners):
            listener(message)

    @callback
    def _told(self, message: KeyturnerStates) -> None:
        self._states_heard += 1
        if self._reading.locked_out or self.read_at is None:
            async_close_reauth(self.hass, self.config_entry)
        previous = self.data.last_states
        percent = message.battery_percent
        self._reading = self._reading.told(
            changed=previous is not None and previous.lock_state != message.lock_state,
            door_changed=previous is not None and previous.door_sensor_state != message.door_sensor_state,
            passing=message.lock_state.passing,
            low_battery=message.battery_critical or (percent is not None and percent < _LOW_BATTERY),
            now=self._now,
        )
        if not self.last_update_success:
            # The next line makes Home Assistant forget that it has to tell this itself.
            LOGGER.info("Fetching %s data recovered", self.name)
        self.async_set_updated_data(self.data.with_states(message))
        self._plan()

    @callback
    def _advertised(self, info: BluetoothServiceInfoBleak, change: BluetoothChange | None = None) -> None:
        """Take an advertisement that differs from the one before."""
        beacon = parse_beacon(info.manufacturer_data)
        if beacon is None or not info.connectable:
            return
        before = self._reading
        self._reading = before.heard(flag=beacon.state_changed, now=self._now)
        if self._reading is before:
            return
        if not before.in_sight:
            self.async_update_listeners()
        self._plan()

    @callback
    def _link_closed(self) -> None:
        """Look at what the lock advertises after a link of ours.

        A Bridge's read has cleared the flag. If the lock was turned right after, it is up again as it was before
        the link, and Home Assistant, which compares advertisements, calls nobody.
        """
        self._forget_look()
        if self.is_bridge and not self._stopped:
            closed_at = self._now
            self._look = self.hass.loop.call_later(_LOOK_DELAY, self._look_at_flag, closed_at, _LOOKS)

    @callback
    def _look_at_flag(self, closed_at: float, looks: int) -> None:
        self._look = None
        info = bluetooth.async_last_service_info(self.hass, self.address, connectable=True)
        if info is not None and info.time > closed_at:
            self._advertised(info)
        elif looks > 1:
            self._look = self.hass.loop.call_later(_LOOK_DELAY, self._look_at_flag, closed_at, looks - 1)

    @callback
    def _forget_look(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    @callback
    def _not_heard(self, info: BluetoothServiceInfoBleak) -> None:
        self._reading = self._reading.gone(connected=self.client.connected)
        self.async_update_listeners()
        self._plan()

    @callback
    def _link_lost(self) -> None:
        self._reading = self._reading.link_lost(self._now)
        self._plan()

    @callback
    def _unheard(self) -> None:
        """Only a Bridge takes the flag down."""
        if self.is_bridge and not self._stopped:
            self._reading = self._reading.unheard(self._now)
            self._plan()

    @callback
    def _outcome_unknown(self) -> None:
        """An action was, or may have been, sent, and nobody knows where the bolt is."""
        self._reading = self._reading.outcome_unknown(self._now)
        self._plan()

    @callback
    def _publish_unknown(self) -> None:
        self.data = self.data.with_change_unseen()
        self.async_update_listeners()

    @asynccontextmanager
    async def async_paused(self) -> AsyncIterator[None]:
        """Leave the lock alone, so that it advertises and can be paired again."""
        self._paused = True
        self._forget_plan()
        try:
            await self.client.let_go()
            yield
        finally:
            self._paused = False
            self._plan()

    @override
    async def async_shutdown(self) -> None:
        """Stop reading and let go of the lock, for good."""
        self._stopped = True
        self._forget_plan()
        self._forget_look()
        await super().async_shutdown()
        await self.client.close()
        await self._memory.async_save()

    async def _stopping(self, event: Event) -> None:
        await self.async_shutdown()
