"""Why a lock cannot be connected to, in Home Assistant's language."""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothReachabilityIntent
from homeassistant.core import HomeAssistant

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.link.scanners import scanner_names
from custom_components.smartlock.wording import word

# Below this signal in dBm, according to owners, the connection is not reliable.
WEAK_SIGNAL: Final = -90


def reachability(hass: HomeAssistant, address: str) -> Callable[[], str]:
    """Return a callable that says, in a sentence, how well a lock can be connected to now.

    Home Assistant's own explanation is in English, and for experts: it is logged for debugging.
    """

    def explain() -> str:
        LOGGER.debug(
            "Bluetooth around %s: %s",
            address,
            bluetooth.async_address_reachability_diagnostics(
                hass, address, BluetoothReachabilityIntent.CONNECTION
            ),
        )
        key, values = _reachability(hass, address)
        return word(hass, "reachability", key).format(**values)

    return explain


def _reachability(hass: HomeAssistant, address: str) -> tuple[str, Mapping[str, str]]:
    """Return the key of the sentence, and its placeholders."""
    if paths := bluetooth.async_scanner_devices_by_address(hass, address, connectable=True):
        signal, source = max((path.advertisement.rssi, path.scanner.source) for path in paths)
        values = {"scanner": scanner_names(hass, [source])[source], "signal": str(signal)}
        return "weak" if signal < WEAK_SIGNAL else "received", values
    scanners = [scanner for scanner in bluetooth.async_current_scanners(hass) if scanner.connectable]
    if not scanners:
        return "no_scanner", {}
    if bluetooth.async_scanner_devices_by_address(hass, address, connectable=False):
        return "cannot_connect", {}
    return "not_received" if any(scanner.scanning for scanner in scanners) else "not_scanning", {}
