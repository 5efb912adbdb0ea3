"""When to read the lock and what to publish of it."""

import asyncio
from dataclasses import replace
from datetime import datetime
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
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from custom_components.smartlock.advertisements import freshest_device, reachability
from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.const import (
    CLIENT_TYPE_BRIDGE,
    CONF_APP_ID,
    CONF_AUTHORIZATION_ID,
    CONF_CLIENT_TYPE,
    CONF_GENERATION,
    CONF_NUKI_ID,
    CONF_SHARED_KEY,
    DOMAIN,
    LOGGER,
    POLL_INTERVAL_APP,
    POLL_INTERVAL_BRIDGE,
)
from custom_components.smartlock.problems import problem, translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.beacon import nuki_id_text, parse_beacon
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.enums import LockAction, LockActionFlag, LockState
from custom_components.smartlock.protocol.errors import (
    MotorError,
    NotAuthorizedError,
    OutcomeUnknownError,
    SmartLockError,
)
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import Config, KeyturnerStates, Message
from custom_components.smartlock.snapshot import LockSnapshot

type SmartLockConfigEntry = ConfigEntry[SmartLockCoordinator]

# A lock that exchanged messages this recently is there, although its advertisements may be missed meanwhile.
_FRESH = 300.0
# One refusal over the radio proves nothing; this many in a row do, a few seconds apart.
_REFUSALS_FOR_REAUTH = 3
_REFUSAL_PAUSE = 5.0
# A state that passes by itself (a held latch, a moving bolt, lock 'n' go) is read again after a pause that doubles.
_PASSING = (LockState.UNLATCHED, LockState.UNLOCKED_LOCK_N_GO)
_PASSING_PAUSE = 8.0
# A lock that dropped an idle link is given this long to come back before it is read.
_LOST_PAUSE = 5.0
# A read that failed is repeated after a pause that doubles, so that a lock out of reach costs little.
_RETRY = 15.0
_RETRY_LIMIT = POLL_INTERVAL_APP.total_seconds()


class SmartLockCoordinator(DataUpdateCoordinator[LockSnapshot]):
    """Owns the client of one lock and publishes what the lock says."""

    config_entry: SmartLockConfigEntry

    def __init__(self, hass: HomeAssistant, entry: SmartLockConfigEntry) -> None:
        """Prepare from the stored pairing; nothing is sent yet."""
        bridge = entry.data.get(CONF_CLIENT_TYPE) == CLIENT_TYPE_BRIDGE
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=DOMAIN,
            update_interval=POLL_INTERVAL_BRIDGE if bridge else POLL_INTERVAL_APP,
            always_update=False,
        )
        self.address: str = entry.data[CONF_ADDRESS]
        self.nuki_id = nuki_id_text(entry.data[CONF_NUKI_ID])
        self.dialect = DIALECTS[entry.data[CONF_GENERATION]]
        self.data = LockSnapshot()
        self.client = LockClient(
            BleTransport(
                name=f"Nuki_{self.nuki_id}",
                device=freshest_device(hass, self.address),
                explain=reachability(hass, self.address),
            ),
            dialect=self.dialect,
            session=Session(
                authorization_id=entry.data[CONF_AUTHORIZATION_ID],
                shared_key=bytes.fromhex(entry.data[CONF_SHARED_KEY]),
            ),
            app_id=entry.data[CONF_APP_ID],
            on_message=self._heard,
            on_lost=self._link_lost,
        )
        self._in_sight = False
        # The change flag as last seen: only its edge asks for a read, since an App cannot clear it.
        self._flag = False
        self._unread_change = False
        self._refusals = 0
        self._failures = 0
        self._passing_pause = _PASSING_PAUSE
        self._unfollow: CALLBACK_TYPE | None = None
        self._unwait: CALLBACK_TYPE | None = None
        self._last_exchange: float | None = None
        self._config_update_count: int | None = None

    @callback
    def async_start(self) -> None:
        """Listen to the advertisements, and read as soon as the lock is heard."""
        entry = self.config_entry
        entry.async_on_unload(
            bluetooth.async_register_callback(
                self.hass,
                self._advertised,
                BluetoothCallbackMatcher(address=self.address, connectable=True),
                BluetoothScanningMode.PASSIVE,
            )
        )
        entry.async_on_unload(
            bluetooth.async_track_unavailable(self.hass, self._not_heard, self.address, connectable=True)
        )
        entry.async_on_unload(self._stop_following)
        entry.async_on_unload(self._stop_waiting_for_absence)
        entry.async_on_unload(self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._stopping))

    @property
    def reachable(self) -> bool:
        """Whether the lock is there: heard lately, connected, or exchanged with lately."""
        return (
            self.client.connected
            or bluetooth.async_address_present(self.hass, self.address, connectable=True)
            or (self._last_exchange is not None and self.hass.loop.time() - self._last_exchange < _FRESH)
        )

    async def async_act(self, action: LockAction, flags: LockActionFlag = LockActionFlag.NONE) -> None:
        """Carry out an action at most once, publish what came of it, and raise what the owner must know."""
        try:
            states = await self.client.act(action, flags=flags)
        except asyncio.CancelledError:
            self._outcome_unseen()
            raise
        except OutcomeUnknownError as error:
            if error.state is None:
                self._outcome_unseen()
            raise translated(error) from error
        except SmartLockError as error:
            if isinstance(error, MotorError):
                self.async_set_updated_data(self.data.with_run_failed(error.code))
            if isinstance(error, NotAuthorizedError):
                await self.async_request_refresh()
            raise translated(error) from error
        if states is None:
            self._outcome_unseen()
        else:
            self.async_set_updated_data(self.data.with_run_succeeded())

    @override
    async def _async_update_data(self) -> LockSnapshot:
        try:
            states = await self.client.read_states()
            config = self.data.config
            if config is None or self._config_update_count != states.config_update_count:
                config = await self.client.read(conversations.read_config)
                self._config_update_count = states.config_update_count
                self._describe_device(config)
        except NotAuthorizedError as error:
            self._refusals += 1
            # A lock that does not know us any more will not tell what happens to its bolt from now on.
            if self._unread_change or self._refusals >= _REFUSALS_FOR_REAUTH:
                self._publish_unknown()
            if self._refusals < _REFUSALS_FOR_REAUTH:
                raise self._update_failed(error, _REFUSAL_PAUSE) from error
            key, placeholders = problem(error)
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
            ) from error
        except SmartLockError as error:
            if self._unread_change:
                self._publish_unknown()
            self._failures += 1
            raise self._update_failed(error, min(_RETRY * 2**self._failures, _RETRY_LIMIT)) from error
        # The states were published when they were heard.
        return replace(self.data, config=config)

    @callback
    def _publish_unknown(self) -> None:
        self.data = self.data.with_change_unseen()
        self.async_update_listeners()

    @staticmethod
    def _update_failed(error: SmartLockError, retry_after: float) -> UpdateFailed:
        key, placeholders = problem(error)
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=placeholders,
            retry_after=retry_after,
        )

    @callback
    def _heard(self, message: Message) -> None:
        """Take everything that the lock says, asked or not."""
        self._last_exchange = self.hass.loop.time()
        if isinstance(message, KeyturnerStates):
            self._refusals = self._failures = 0
            self._unread_change = False
            self._follow(message.lock_state)
            if not self.last_update_success:
                # The next line makes Home Assistant forget that it has to tell this itself.
                LOGGER.info("Fetching %s data recovered", self.name)
            self.async_set_updated_data(self.data.with_states(message))

    @callback
    def _follow(self, state: LockState) -> None:
        """Read again after a state that cannot last, in case its end is not pushed to us."""
        previous = self.data.last_states
        self._stop_following()
        if not (state.moving or state in _PASSING):
            return
        unchanged = previous is not None and previous.lock_state == state
        self._passing_pause = self._passing_pause * 2 if unchanged else _PASSING_PAUSE
        self._unfollow = async_call_later(self.hass, self._passing_pause, self._read_passing_state)

    @callback
    def _link_lost(self) -> None:
        """Read again after a link that ended by itself: the lock may have lost its power."""
        self._stop_following()
        self._unfollow = async_call_later(self.hass, _LOST_PAUSE, self._read_passing_state)

    @callback
    def _stop_following(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    async def _read_passing_state(self, now: datetime) -> None:
        self._unfollow = None
        await self.async_request_refresh()

    @callback
    def _advertised(self, info: BluetoothServiceInfoBleak, change: BluetoothChange) -> None:
        beacon = parse_beacon(info.manufacturer_data)
        if beacon is None:
            return
        edge = beacon.state_changed and not self._flag
        appeared = not self._in_sight
        self._flag = beacon.state_changed
        self._in_sight = True
        if appeared:
            self.async_update_listeners()
        if edge:
            self._unread_change = True
        if edge or appeared:
            self.config_entry.async_create_background_task(
                self.hass, self.async_request_refresh(), f"{DOMAIN} read after an advertisement"
            )

    @callback
    def _not_heard(self, info: BluetoothServiceInfoBleak) -> None:
        self._in_sight = self._flag = False
        self._publish_absence()

    @callback
    def _publish_absence(self, now: datetime | None = None) -> None:
        """Show that the lock is gone, at once or as soon as the last exchange proves nothing any more."""
        self._stop_waiting_for_absence()
        self.async_update_listeners()
        if self._last_exchange is not None and not self._in_sight and self.reachable:
            left = self._last_exchange + _FRESH - self.hass.loop.time()
            self._unwait = async_call_later(self.hass, max(left, 1.0), self._publish_absence)

    @callback
    def _stop_waiting_for_absence(self) -> None:
        if self._unwait is not None:
            self._unwait()
            self._unwait = None

    @callback
    def _outcome_unseen(self) -> None:
        """An action was, or may have been, sent, and nobody knows where the bolt is."""
        self._publish_unknown()
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), f"{DOMAIN} read after an unknown outcome"
        )

    async def _stopping(self, event: Event) -> None:
        await self.client.close()

    @callback
    def _describe_device(self, config: Config) -> None:
        """Write the versions that the lock tells into its device."""
        registry = dr.async_get(self.hass)
        device = registry.async_get_device_by_identifier((DOMAIN, self.nuki_id), self.config_entry.entry_id)
        if device is not None:
            registry.async_update_device(
                device.id,
                sw_version=str(config.firmware_version),
                hw_version=str(config.hardware_revision),
                model=model_name(config),
            )


def model_name(config: Config) -> str:
    """Return the model in the vendor's words as far as the settings tell it."""
    variant = config.product_variant
    if variant is not None and variant.known:
        return f"Smart Lock {variant.name.capitalize()}"
    return f"Smart Lock ({config.firmware_version.major}. generation)"
