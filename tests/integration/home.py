"""A home: Home Assistant with a Bluetooth adapter on the radio, and locks on its doors."""

import asyncio
from collections.abc import Callable
import hashlib
import secrets
from typing import Any

from homeassistant.components import bluetooth
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_ADDRESS, CONF_PIN
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_component import async_update_entity
from homeassistant.helpers.update_coordinator import REQUEST_REFRESH_DEFAULT_COOLDOWN
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock import PLATFORMS
from custom_components.smartlock.const import (
    CLIENT_TYPE_APP,
    CLIENT_TYPE_BRIDGE,
    CONF_APP_ID,
    CONF_AUTHORIZATION_ID,
    CONF_CLIENT_TYPE,
    CONF_GENERATION,
    CONF_NUKI_ID,
    CONF_SHARED_KEY,
    CONF_STAY_CONNECTED,
    DOMAIN,
)
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from simulator.local_adapter import LocalAdapter
from simulator.lock.authorizations import Authorization
from simulator.radio import Radio
from simulator.virtual_lock import VirtualLock, quick

__all__ = ["APP_ID", "FIRST_AUTHORIZATION_ID", "LOCK_NAME", "NUKI_ID", "PINS", "Home", "pins_sent"]

NUKI_ID = 0x33C335C5
PINS = {"gen2": 7392, "gen3": 7391, "gen4": 7394, "ultra": 739158}
APP_ID = 0x1CE1CEBA
# Authorization ids in the simulator count from here, so that one can be told from other numbers.
FIRST_AUTHORIZATION_ID = 0x5EC0DE77
SOMEBODY = "Somebody's phone"
LOCK_NAME = "Villa Kunterbunt"

_ID_TYPES = {CLIENT_TYPE_APP: AuthorizationIdType.APP, CLIENT_TYPE_BRIDGE: AuthorizationIdType.BRIDGE}
_OTHERS = (
    "activity",
    "access_denied",
    "last_user",
    "last_method",
    "connection",
    "pin_state",
    "last_fault",
    "fault",
    "battery_changed",
    "battery_changed_at",
    "settings_kept_at",
    "settings_restored",
    "firmware",
)
# Disabled for a new lock, and what most tests look at as owners do who have enabled them.
SWITCHED_ON = frozenset(
    {
        "auto_lock_enabled",
        "auto_lock_timeout",
        "battery_changed",
        "battery_changed_at",
        "battery_charging",
        "battery_condition",
        "battery_critical",
        "button_enabled",
        "door_sensor_battery",
        "double_button_press_action",
        "fob_action_1",
        "fob_action_2",
        "fob_action_3",
        "immediate_auto_lock_enabled",
        "keypad_battery",
        "firmware",
        "last_fault",
        "last_method",
        "last_user",
        "led_brightness",
        "led_enabled",
        "lock_n_go_timeout",
        "lock_state",
        "motor_speed",
        "night_mode_auto_lock_enabled",
        "night_mode_enabled",
        "night_mode_end",
        "night_mode_start",
        "pin_state",
        "rights_unreliable",
        "save_settings",
        "settings_kept_at",
        "settings_restored",
        "single_button_press_action",
        "sync_time",
        "unlatch_duration",
        "wear",
    }
)
# What reads the log and the lists of a lock without a keypad, with a PIN that is known to be right, over links that are open anyway.
_LOOKS = frozenset(
    {
        "REQUEST_LOG_ENTRIES",
        "REQUEST_AUTHORIZATION_ENTRIES",
        "REQUEST_TIME_CONTROL_ENTRIES",
    }
)
# Longer than anything that a test waits for, in virtual seconds.
PATIENCE = 1000.0


def pins_sent(lock: VirtualLock) -> list[tuple[str, bool]]:
    """Return for what a PIN was sent, and whether it was right; without what was read of log and lists."""
    return [
        (str(sent.facts["command"]), bool(sent.facts["accepted"]))
        for sent in lock.journal.pins_sent
        if sent.facts["command"] not in _LOOKS or not sent.facts["accepted"]
    ]


class Home:
    """What a test does around Home Assistant; `hass` is asked for the rest."""

    def __init__(self, hass: HomeAssistant, radio: Radio, adapter: LocalAdapter) -> None:
        """Take the parts."""
        self.hass = hass
        self.radio = radio
        self.adapter = adapter
        self.locks: list[VirtualLock] = []
        self.last_entry_id = ""

    # --- Locks --------------------------------------------------------------------------------------------

    def add_lock(self, model: str = "gen3", **options: Any) -> VirtualLock:
        """Mount a lock whose owner's phone is paired; it advertises at once."""
        defaults: dict[str, Any] = {
            "nuki_id": NUKI_ID,
            "pin": PINS[model],
            "name": LOCK_NAME,
            "timing": quick(advertising_interval=0.3),
        }
        lock = VirtualLock(model, **(defaults | options))
        lock.authorizations.add(
            secrets.token_bytes(32), app_id=1, name=SOMEBODY, authorization_id=FIRST_AUTHORIZATION_ID
        )
        return self.mount(lock)

    def mount(self, lock: VirtualLock) -> VirtualLock:
        """Put a lock on a door."""
        self.locks.append(lock)
        self.radio.add_peripheral(lock)
        return lock

    def authorize(self, lock: VirtualLock, client_type: str | None = CLIENT_TYPE_APP) -> Authorization:
        """Put this installation among the authorizations of a lock, as pairing does."""
        return lock.authorizations.add(
            secrets.token_bytes(32),
            app_id=APP_ID,
            name="Home Assistant",
            id_type=_ID_TYPES[client_type or CLIENT_TYPE_APP],
        )

    def pair_again(self, lock: VirtualLock, entry: ConfigEntry, client_type: str) -> None:
        """Give the config entry another authorization, as the dialog of pairing again does."""
        session = self.authorize(lock, client_type).session
        self.hass.config_entries.async_update_entry(
            entry,
            data={
                **entry.data,
                CONF_CLIENT_TYPE: client_type,
                CONF_AUTHORIZATION_ID: session.authorization_id,
                CONF_SHARED_KEY: session.shared_key.hex(),
            },
        )

    def entry(
        self,
        lock: VirtualLock,
        client_type: str | None = CLIENT_TYPE_APP,
        *,
        pin: str | None = None,
        **options: Any,
    ) -> MockConfigEntry:
        """Return the stored config entry of a lock that this installation has been paired with."""
        dialect = lock.model.dialect
        if not dialect.client_types:
            client_type = None
        session = self.authorize(lock, client_type).session
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=LOCK_NAME,
            unique_id=lock.address,
            data={
                CONF_ADDRESS: lock.address,
                CONF_NUKI_ID: lock.nuki_id,
                CONF_GENERATION: dialect.name,
                CONF_CLIENT_TYPE: client_type,
                CONF_APP_ID: APP_ID,
                CONF_AUTHORIZATION_ID: session.authorization_id,
                CONF_SHARED_KEY: session.shared_key.hex(),
            },
            options=({CONF_PIN: pin} if pin else {}) | options,
        )
        entry.add_to_hass(self.hass)
        self.last_entry_id = entry.entry_id
        return entry

    async def set_up(
        self,
        lock: VirtualLock,
        client_type: str | None = CLIENT_TYPE_APP,
        *,
        pin: str | None = None,
        **options: Any,
    ) -> MockConfigEntry:
        """Add a paired lock to Home Assistant and wait until it has been read and let go of."""
        entry = self.entry(lock, client_type, pin=pin, **options)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        await self.settled(entry, lock)
        return entry

    async def settled(self, entry: MockConfigEntry, lock: VirtualLock) -> None:
        """Wait until a lock has been read for the first time and let go of, unless it is to stay connected."""
        await self.until(lambda: self.config_is_read(entry))
        await self.until(lambda: entry.options.get(CONF_STAY_CONNECTED) or not self.connected(lock))

    def issue_id(self, key: str) -> str:
        """Return the id of an issue about the lock that was added last."""
        return f"{key}_{hashlib.sha256(self.last_entry_id.encode()).hexdigest()[:8]}"

    def config_is_read(self, entry: MockConfigEntry) -> bool:
        """Whether the first read has been completed."""
        coordinator: SmartLockCoordinator = entry.runtime_data.coordinator
        return coordinator.data.config is not None

    def connected(self, lock: VirtualLock) -> bool:
        """Whether somebody is connected to a lock."""
        return bool(lock.status()["links"])

    def go_out_of_range(self, lock: VirtualLock) -> None:
        """Let the adapter hear nothing of a lock."""
        self.radio.set_rssi(self.adapter, lock.address, None)

    def come_into_range(self, lock: VirtualLock, rssi: int = -60) -> None:
        """Let the adapter hear a lock."""
        self.radio.set_rssi(self.adapter, lock.address, rssi)

    # --- Time ---------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    async def until(self, condition: Callable[[], object], within: float = PATIENCE) -> None:
        """Let time pass until something has happened; looks less often the longer it takes."""
        async with asyncio.timeout(within):
            pause = 0.01
            while not condition():
                await asyncio.sleep(pause)
                pause = min(pause * 1.1, 1.0)

    async def heard(self, lock: VirtualLock) -> None:
        """Let time pass until Home Assistant has heard a lock."""
        await self.until(lambda: bluetooth.async_address_present(self.hass, lock.address))

    # --- What Home Assistant shows ------------------------------------------------------------------------

    def entity_id(self, key: str, nuki_id: int = NUKI_ID) -> str:
        """Return the id of the entity with a key."""
        registry = er.async_get(self.hass)
        for platform in PLATFORMS:
            entity_id = registry.async_get_entity_id(platform, DOMAIN, f"{nuki_id:08X}_{key}")
            if entity_id is not None:
                return entity_id
        raise AssertionError(f"there is no {key}")

    def full_state(self, key: str = "lock") -> State:
        """Return the state of the entity with a key."""
        state = self.hass.states.get(self.entity_id(key))
        assert state is not None
        return state

    def state(self, key: str = "lock") -> str:
        """Return the state of the entity with a key, as a word."""
        return self.full_state(key).state

    def states(self) -> set[str]:
        """Return what the entities show that speak of the lock now.

        `connection` and `pin_state` speak of how we stand to it, the others of what has happened before.
        """
        others = {self.entity_id(key) for key in _OTHERS}
        return {state.state for state in self.hass.states.async_all() if state.entity_id not in others}

    async def call(self, action: str, domain: str = "lock", **fields: Any) -> None:
        """Call an action of the lock entity and wait for its end."""
        await self.hass.services.async_call(
            domain, action, {"entity_id": self.entity_id("lock"), **fields}, blocking=True
        )

    async def read(self) -> None:
        """Have the lock read now, as the action `homeassistant.update_entity` does."""
        # A request that follows another one closely is put off.
        await asyncio.sleep(REQUEST_REFRESH_DEFAULT_COOLDOWN + 1)
        await async_update_entity(self.hass, self.entity_id("lock"))

    async def lock_group(self, *members: str) -> None:
        """Add `lock.doors`, a group of locks."""
        options = {"group_type": "lock", "name": "Doors", "entities": list(members), "hide_members": False}
        entry = MockConfigEntry(domain="group", title="Doors", options=options)
        entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        await self.hass.async_block_till_done()

    # --- Flows --------------------------------------------------------------------------------------------

    async def discovered(self, lock: VirtualLock) -> ConfigFlowResult:
        """Wait until Home Assistant shows a lock as discovered, and return what its flow shows."""
        await self.until(lambda: self.flows(lock))
        (flow,) = self.flows(lock)
        return await self.hass.config_entries.flow.async_configure(flow["flow_id"])

    def flows(self, lock: VirtualLock) -> list[ConfigFlowResult]:
        """Return the flows about a lock that wait for the owner."""
        return self.hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, match_context={"unique_id": lock.address}
        )

    async def start(self) -> ConfigFlowResult:
        """Start adding a lock by hand."""
        return await self.hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})

    async def submit(self, flow: ConfigFlowResult, **fields: Any) -> ConfigFlowResult:
        """Submit the form that a flow shows."""
        return await self.hass.config_entries.flow.async_configure(flow["flow_id"], fields)

    async def progressed(self, flow: ConfigFlowResult) -> ConfigFlowResult:
        """Wait as the frontend does until a flow has got on, and return what it shows then."""
        assert flow["type"] is FlowResultType.SHOW_PROGRESS
        manager, flow_id = self.hass.config_entries.flow, flow["flow_id"]
        await self.until(lambda: manager.async_get(flow_id)["step_id"] != flow["step_id"])
        return await manager.async_configure(flow_id)
