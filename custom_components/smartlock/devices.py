"""The entry of a lock in Home Assistant's device registry."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from custom_components.smartlock.const import CONF_NUKI_ID, DOMAIN
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.protocol.messages import Config

# The vendor's product names by the major version of the firmware.
_MODELS = {
    1: "Smart Lock 1.0",
    2: "Smart Lock 2.0",
    3: "Smart Lock 3.0",
    4: "Smart Lock (4th generation)",
    5: "Smart Lock (5th generation)",
}


def model_name(config: Config) -> str:
    """Return the vendor's name of the model, as far as the settings reveal it."""
    variant = config.product_variant
    if variant is not None and variant.known:
        return f"Smart Lock {variant.name.capitalize()}"
    return _MODELS.get(config.firmware_version.major, "Smart Lock")


def model_id(config: Config) -> str | None:
    """Return the number of the hardware family, and in the fifth generation that of the model: "4", or "5.3" for an Ultra.

    They are those that the lock reports; older firmware reports none.
    """
    family, variant = config.device_type, config.product_variant
    if family is None:
        return None
    return f"{int(family)}" if variant is None else f"{int(family)}.{int(variant)}"


def _identifier(entry: ConfigEntry) -> tuple[str, str]:
    return DOMAIN, nuki_id_text(entry.data[CONF_NUKI_ID])


@callback
def register_device(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Register the device of a lock with what is known without asking it, once for all of its entities."""
    _, nuki_id = identifier = _identifier(entry)
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={identifier},
        connections={(dr.CONNECTION_BLUETOOTH, entry.data[CONF_ADDRESS])},
        name=entry.title,
        manufacturer="Nuki",
        serial_number=nuki_id,
    )


@callback
def device_of(hass: HomeAssistant, entry: ConfigEntry) -> dr.DeviceEntry | None:
    """Return the device of a lock; None before it is registered."""
    return dr.async_get(hass).async_get_device_by_identifier(_identifier(entry), entry.entry_id)


@callback
def describe_device(hass: HomeAssistant, entry: ConfigEntry, config: Config) -> None:
    """Store the versions and the model that the lock reports in its device."""
    device = device_of(hass, entry)
    if device is not None:
        dr.async_get(hass).async_update_device(
            device.id,
            sw_version=str(config.firmware_version),
            hw_version=str(config.hardware_revision),
            model=model_name(config),
            model_id=model_id(config),
        )
