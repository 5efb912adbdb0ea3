"""What adapters and proxies are called in the dialogs of a rule."""

from homeassistant.components.bluetooth import DOMAIN as BLUETOOTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped] # has none

from custom_components.smartlock.link.scanners import scanner_names

PORCH, HALL = "02:53:4D:4C:00:02", "02:53:4D:4C:00:03"


def proxy(hass: HomeAssistant, source: str, name: str) -> dr.DeviceEntry:
    """Add an ESPHome device with a Bluetooth proxy, which is out of reach."""
    esphome = MockConfigEntry(domain="esphome")
    esphome.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=esphome.entry_id, identifiers={("esphome", source)}, name=name
    )
    MockConfigEntry(
        domain=BLUETOOTH,
        unique_id=source,
        title=f"{name.lower()} ({source})",
        data={"source": source, "source_domain": "esphome", "source_device_id": device.id},
    ).add_to_hass(hass)
    return device


@pytest.fixture(autouse=True)
def no_scanners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is active."""
    monkeypatch.setattr(
        "custom_components.smartlock.link.scanners.bluetooth.async_current_scanners", lambda _: []
    )


def test_the_name_of_the_device_and_its_area(hass: HomeAssistant) -> None:
    device = proxy(hass, PORCH, "Proxy")
    assert scanner_names(hass, [PORCH]) == {PORCH: "Proxy"}
    area = ar.async_get(hass).async_create("Porch")
    dr.async_get(hass).async_update_device(device.id, area_id=area.id, name_by_user="My proxy")
    assert scanner_names(hass, [PORCH]) == {PORCH: "My proxy (Porch)"}


def test_the_address_only_if_two_share_a_name(hass: HomeAssistant) -> None:
    proxy(hass, PORCH, "Proxy")
    device = proxy(hass, HALL, "Proxy")
    assert scanner_names(hass, [PORCH, HALL]) == {PORCH: f"Proxy ({PORCH})", HALL: f"Proxy ({HALL})"}
    area = ar.async_get(hass).async_create("Hall")
    dr.async_get(hass).async_update_device(device.id, area_id=area.id)
    assert scanner_names(hass, [PORCH, HALL]) == {PORCH: "Proxy", HALL: "Proxy (Hall)"}


def test_a_scanner_without_a_device(hass: HomeAssistant) -> None:
    assert scanner_names(hass, [PORCH]) == {PORCH: PORCH}
    MockConfigEntry(domain=BLUETOOTH, unique_id=PORCH, title=f"hci0 ({PORCH})").add_to_hass(hass)
    assert scanner_names(hass, [PORCH]) == {PORCH: "hci0"}
