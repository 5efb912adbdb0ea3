"""Actions of our own: what a lock can do beyond lock, unlock and open."""

from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, service
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN

ATTR_UNLATCH = "unlatch"


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; each is a method of the lock entity."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "lock_n_go",
        entity_domain=LOCK_DOMAIN,
        schema={vol.Optional(ATTR_UNLATCH, default=False): cv.boolean},
        func="async_lock_n_go",
    )
    service.async_register_platform_entity_service(
        hass, DOMAIN, "full_lock", entity_domain=LOCK_DOMAIN, schema=None, func="async_full_lock"
    )
    service.async_register_platform_entity_service(
        hass, DOMAIN, "connect", entity_domain=LOCK_DOMAIN, schema=None, func="async_connect"
    )
    # It moves the bolt to both ends, again and again.
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        "calibrate",
        admin_only=True,
        entity_domain=LOCK_DOMAIN,
        schema=None,
        func="async_calibrate",
    )
