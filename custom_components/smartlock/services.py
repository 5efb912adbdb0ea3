"""Our own actions: what a lock can do beyond lock, unlock and open."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import (
    EntityServiceResponse,
    HassJob,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service, target
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
import voluptuous as vol

from custom_components.smartlock.access import actions as access
from custom_components.smartlock.access.access import LockAccess
from custom_components.smartlock.activity import actions as activity
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.lock import SmartLockLock
from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.settings import actions as settings
from custom_components.smartlock.wording import series

ATTR_UNLATCH = "unlatch"


async def _lock_n_go(lock: SmartLockLock, call: ServiceCall) -> None:
    """Unlock or open, and lock again after the time set in the lock."""
    unlatch = call.data[ATTR_UNLATCH]
    await lock.async_act(LockAction.LOCK_N_GO_WITH_UNLATCH if unlatch else LockAction.LOCK_N_GO)


async def _full_lock(lock: SmartLockLock, call: ServiceCall) -> None:
    """Lock with all turns, even if one turn is the default."""
    await lock.async_act(LockAction.FULL_LOCK)


async def _connect(lock: SmartLockLock, call: ServiceCall) -> None:
    """Open the link because an action is expected."""
    await lock.runtime.actions.async_connect()


async def _calibrate(lock: SmartLockLock, call: ServiceCall) -> None:
    """Calibrate: the lock finds its end positions, and the bolt moves to both."""
    await lock.runtime.faults.async_calibrate()


async def _reboot(lock: SmartLockLock, call: ServiceCall) -> None:
    """Restart the lock, once; it then finds its position, as after a battery change."""
    runtime = lock.runtime

    async def reboot() -> KeyturnerStates | None:
        async with runtime.pin.session() as session:
            runtime.archive.batteries.restarted()
            return await runtime.coordinator.client.reboot(session.pin, pin_tries=session.tries)

    await runtime.actions.async_move(reboot)


async def _sync_time(lock: SmartLockLock, call: ServiceCall) -> None:
    """Set the lock's clock, whatever time it shows."""
    await lock.runtime.clock.async_sync()


async def _get_activity(lock: SmartLockLock, call: ServiceCall) -> ServiceResponse:
    """Return what the log says."""
    return await activity.get_activity(lock.runtime.activity, call)


async def _set_activity_log(lock: SmartLockLock, call: ServiceCall) -> None:
    """Switch the log on or off."""
    await activity.set_activity_log(lock.runtime.activity, call)


async def _save_settings(lock: SmartLockLock, call: ServiceCall) -> ServiceResponse:
    """Read all settings, archive them and return them."""
    return (await settings.save(lock.runtime.archive)).to_json()


async def _restore_settings(lock: SmartLockLock, call: ServiceCall) -> ServiceResponse:
    """Restore settings, or report what would be restored."""
    return await settings.restore_settings(lock.runtime.archive, call)


type _AccessAction = Callable[[LockAccess, ServiceCall], Awaitable[ServiceResponse]]


class _Action(NamedTuple):
    """An action on the lock entity."""

    name: str
    run: Callable[[SmartLockLock, ServiceCall], Coroutine[Any, Any, ServiceResponse | None]]
    schema: Mapping[vol.Marker, Any] | None = None
    admin: bool = False
    response: SupportsResponse = SupportsResponse.NONE


def _about_access(
    name: str,
    action: _AccessAction,
    schema: access.Schema,
    response: SupportsResponse = SupportsResponse.OPTIONAL,
) -> _Action:
    """Return an action about codes, users or time control."""

    async def run(lock: SmartLockLock, call: ServiceCall) -> ServiceResponse:
        return await access.run(lock.runtime.access, action, call)

    return _Action(name, run, schema, admin=True, response=response)


# Reserved for administrators: actions that change rights, name people, or move the bolt where nobody asked it
# to go. No action takes a PIN, because the arguments of an action appear in events, traces and logs.
ACTIONS = (
    _Action("lock_n_go", _lock_n_go, {vol.Optional(ATTR_UNLATCH, default=False): cv.boolean}),
    _Action("full_lock", _full_lock),
    _Action("connect", _connect),
    _Action("sync_time", _sync_time),
    _Action("calibrate", _calibrate, admin=True),
    _Action("reboot", _reboot, admin=True),
    _Action("get_activity", _get_activity, activity.GET_SCHEMA, admin=True, response=SupportsResponse.ONLY),
    _Action("set_activity_log", _set_activity_log, activity.SET_LOG_SCHEMA, admin=True),
    _Action("save_settings", _save_settings, admin=True, response=SupportsResponse.OPTIONAL),
    _Action(
        "restore_settings",
        _restore_settings,
        settings.RESTORE_SCHEMA,
        admin=True,
        response=SupportsResponse.OPTIONAL,
    ),
    _about_access("get_codes", access.get_codes, access.GET_CODES, SupportsResponse.ONLY),
    _about_access("add_code", access.add_code, access.ADD_CODE),
    _about_access("update_code", access.update_code, access.UPDATE_CODE),
    _about_access("delete_code", access.delete_code, access.DELETE_CODE),
    _about_access("get_users", access.get_users, access.GET_USERS, SupportsResponse.ONLY),
    _about_access("update_user", access.update_user, access.UPDATE_USER),
    _about_access("delete_user", access.delete_user, access.DELETE_USER),
    _about_access(
        "get_time_control", access.get_time_control, access.GET_TIME_CONTROL, SupportsResponse.ONLY
    ),
    _about_access("add_time_control", access.add_time_control, access.ADD_TIME_CONTROL),
    _about_access("update_time_control", access.update_time_control, access.UPDATE_TIME_CONTROL),
    _about_access(
        "delete_time_control", access.delete_time_control, access.DELETE_TIME_CONTROL, SupportsResponse.NONE
    ),
)


# Made while the module is imported, which Home Assistant does outside of its event loop.
_SCHEMAS = {action.name: cv.make_entity_service_schema(dict(action.schema or {})) for action in ACTIONS}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for action in ACTIONS:
        hass.services.async_register(
            DOMAIN,
            action.name,
            _handler(hass, action),
            _SCHEMAS[action.name],
            supports_response=action.response,
        )
    service.async_register_admin_service(
        hass,
        DOMAIN,
        "generate_code",
        access.generate_code,
        supports_response=SupportsResponse.ONLY,
    )


def _handler(
    hass: HomeAssistant, action: _Action
) -> Callable[[ServiceCall], Coroutine[Any, Any, EntityServiceResponse | None]]:
    """Return a handler that runs an action on each of our locks that a call targets."""
    run = HassJob(action.run, action.name)

    async def handle(call: ServiceCall) -> EntityServiceResponse | None:
        locks = _our_locks(hass)
        _refuse_others(hass, call, locks)
        return await service.entity_service_call(hass, locks, run, call, admin_only=action.admin)

    return handle


def _our_locks(hass: HomeAssistant) -> dict[str, Entity]:
    return {
        entity_id: entity
        for platform in async_get_platforms(hass, DOMAIN)
        if platform.domain == LOCK_DOMAIN
        for entity_id, entity in platform.entities.items()
    }


def _refuse_others(hass: HomeAssistant, call: ServiceCall, locks: Mapping[str, Entity]) -> None:
    """Raise ServiceValidationError if a call names, directly or in a group, an entity that is not our lock.

    Home Assistant would silently skip it. An area, a device or "all" stands for our locks in it.
    """
    if call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL:
        return
    named = target.async_extract_referenced_entity_ids(hass, target.TargetSelection(call.data)).referenced
    if others := sorted(named - set(locks)):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_ours",
            translation_placeholders={"entities": series(hass, others)},
        )
