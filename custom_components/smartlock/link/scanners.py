"""What Bluetooth adapters and proxies are called: by the name and the area of their device."""

from collections import Counter
from collections.abc import Collection, Mapping

from homeassistant.components import bluetooth
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr

# Where Home Assistant stores which device of another integration a scanner belongs to.
_SOURCE_DEVICE = "source_device_id"


def scanner_names(hass: HomeAssistant, others: Collection[str] = ()) -> Mapping[str, str]:
    """Return the names of the active scanners, and of `others`, by source.

    Two of the same name in the same area are shown with their addresses.
    """
    scanners = {scanner.source: scanner.name for scanner in bluetooth.async_current_scanners(hass)}
    names = {source: _name_of(hass, source, scanners.get(source)) for source in sorted({*scanners, *others})}
    count = Counter(names.values())
    return {source: f"{name} ({source})" if count[name] > 1 else name for source, name in names.items()}


def _name_of(hass: HomeAssistant, source: str, fallback: str | None) -> str:
    """Return the name of a scanner's device with its area; `fallback` is the scanner's own name."""
    entry = hass.config_entries.async_entry_for_domain_unique_id(bluetooth.DOMAIN, source)
    device = None if entry is None else _device_of(hass, entry)
    name = (None if device is None else device.name_by_user or device.name) or fallback
    if name is None:
        name = source if entry is None else entry.title
    name = name.removesuffix(f" ({source})")
    area_id = None if device is None else dr.async_get_effective_area_id(hass, device)
    area = None if area_id is None else ar.async_get(hass).async_get_area(area_id)
    return name if area is None else f"{name} ({area.name})"


def _device_of(hass: HomeAssistant, entry: ConfigEntry) -> dr.AnyDeviceEntry | None:
    """Return the device of the proxy or adapter behind a config entry of the integration Bluetooth."""
    devices = dr.async_get(hass)
    if (device_id := entry.data.get(_SOURCE_DEVICE)) is not None:
        return devices.async_get(device_id)
    return next(iter(dr.async_entries_for_config_entry(devices, entry.entry_id)), None)
