"""Creates the client of a lock that is set up, from its config entry and Home Assistant's Bluetooth."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smartlock.client.ahead import ChallengeTrust
from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.const import (
    CONF_APP_ID,
    CONF_AUTHORIZATION_ID,
    CONF_GENERATION,
    CONF_NUKI_ID,
    CONF_SHARED_KEY,
)
from custom_components.smartlock.link.advertisements import freshest_device
from custom_components.smartlock.link.reachability import reachability
from custom_components.smartlock.link.slots import slots_taken, waiting_for_slot
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.freshness import Freshness
from custom_components.smartlock.protocol.messages import Message


def lock_client(
    hass: HomeAssistant,
    entry: ConfigEntry,
    *,
    idle_time: float | None,
    on_message: Callable[[Message], None],
    on_lost: Callable[[], None],
    on_answer_lost: Callable[[], None],
    on_closed: Callable[[], None],
    freshness: Freshness,
    trust: ChallengeTrust,
) -> LockClient:
    """Return the client of a paired lock, with the arguments of `LockClient`; nothing is sent yet."""
    address: str = entry.data[CONF_ADDRESS]
    return LockClient(
        BleTransport(
            name=f"Nuki_{nuki_id_text(entry.data[CONF_NUKI_ID])}",
            device=freshest_device(hass, address),
            explain=reachability(hass, address),
            full=slots_taken(hass, address),
            waiting=waiting_for_slot(hass, address),
        ),
        dialect=DIALECTS[entry.data[CONF_GENERATION]],
        session=Session(
            authorization_id=entry.data[CONF_AUTHORIZATION_ID],
            shared_key=bytes.fromhex(entry.data[CONF_SHARED_KEY]),
        ),
        app_id=entry.data[CONF_APP_ID],
        on_message=on_message,
        on_lost=on_lost,
        on_answer_lost=on_answer_lost,
        on_closed=on_closed,
        freshness=freshness,
        trust=trust,
        idle_time=idle_time,
        wall_time=lambda: dt_util.utcnow().timestamp(),
    )
