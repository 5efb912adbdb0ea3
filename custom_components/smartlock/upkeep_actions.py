"""The actions of upkeep, all with the security PIN: set another one, set the clock, start the lock again."""

from datetime import timedelta

from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
import voluptuous as vol

from custom_components.smartlock.clock import rules as clock
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.lock import SmartLockLock
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import LinkError, SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates, UpdateTime
from custom_components.smartlock.protocol.wire import Date7
from custom_components.smartlock.runtime import SmartLockRuntime

ATTR_NEW_PIN = "new_pin"


@callback
def async_setup_upkeep_actions(hass: HomeAssistant) -> None:
    """Register the actions. For administrators are those that change rights or move the bolt."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "set_pin",
        admin_only=True,
        entity_domain=LOCK_DOMAIN,
        schema={vol.Required(ATTR_NEW_PIN): cv.string},
        func=_set_pin,
    )
    service.async_register_platform_entity_service(
        hass, DOMAIN, "sync_time", entity_domain=LOCK_DOMAIN, schema=None, func=_sync_time
    )
    service.async_register_platform_entity_service(
        hass, DOMAIN, "reboot", admin_only=True, entity_domain=LOCK_DOMAIN, schema=None, func=_reboot
    )


async def _set_pin(entity: SmartLockLock, call: ServiceCall) -> None:
    """Set another PIN, proved with the one that is known to be right."""
    runtime, new_pin = entity.runtime, call.data[ATTR_NEW_PIN]
    dialect = runtime.coordinator.dialect
    if not dialect.accepts_pin(new_pin) or not int(new_pin):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="bad_pin",
            translation_placeholders={"digits": str(dialect.pin_digits)},
        )
    try:
        await runtime.pin.async_set(new_pin)
    except SmartLockError as error:
        if runtime.pin.setting_open:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="pin_outcome_unknown"
            ) from error
        raise translated(error) from error


async def _sync_time(entity: SmartLockLock, call: ServiceCall) -> None:
    """Set the lock's clock, whatever it shows."""
    await async_sync_time(entity.hass, entity.runtime)


async def async_sync_time(hass: HomeAssistant, runtime: SmartLockRuntime) -> None:
    """Set the lock's clock to ours. Raises HomeAssistantError."""
    if dt_util.utcnow() < clock.NOT_BEFORE or timedelta(seconds=hass.loop.time()) < clock.SETTLING:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="own_clock_wrong")
    coordinator = runtime.coordinator
    try:
        async with runtime.pin.session() as session:
            # The time is taken when the link is open.
            await coordinator.client.connect()
            await session.request(
                lambda pin: conversations.order(UpdateTime(time=Date7.of(dt_util.utcnow())), pin)
            )
    except LinkError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="clock_not_set",
            translation_placeholders={"reason": coordinator.explain_reachability()},
        ) from error
    except SmartLockError as error:
        raise translated(error) from error


async def _reboot(entity: SmartLockLock, call: ServiceCall) -> None:
    """Have the lock start again, once; it finds its position, as after a change of batteries."""
    runtime = entity.runtime

    async def reboot() -> KeyturnerStates | None:
        async with runtime.pin.session() as session:
            runtime.keeper.async_restarted()
            return await runtime.coordinator.client.reboot(session.pin, pin_tries=session.tries)

    await runtime.coordinator.async_move(reboot)
