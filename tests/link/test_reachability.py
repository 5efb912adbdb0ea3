"""Why a lock cannot be reached is said in Home Assistant's language; its own words are only logged."""

import logging
from types import SimpleNamespace
from typing import Any

from homeassistant.components import bluetooth
import pytest

from custom_components.smartlock.link.reachability import reachability
from tests.integration.home import Home

ADDRESS = "54:D2:72:00:00:01"


def scanner(source: str, *, connectable: bool = True, scanning: bool = True) -> Any:
    """Return what is asked of an adapter or proxy."""
    return SimpleNamespace(source=source, name=source, connectable=connectable, scanning=scanning)


HALL, PORCH = scanner("Hall"), scanner("Porch")
PASSIVE, BUSY = scanner("Shelly", connectable=False), scanner("Busy", scanning=False)


@pytest.mark.parametrize(
    ("scanners", "signals", "said"),
    [
        ([], {}, "Home Assistant has no Bluetooth adapter or proxy that can connect."),
        ([PASSIVE], {}, "Home Assistant has no Bluetooth adapter or proxy that can connect."),
        ([HALL, PASSIVE], {}, "No Bluetooth adapter or proxy receives the lock."),
        ([BUSY, PASSIVE], {}, "No Bluetooth adapter or proxy is scanning at the moment."),
        ([HALL, PASSIVE], {"Shelly": -50}, "Only receivers that cannot connect receive the lock."),
        ([HALL, PORCH], {"Hall": -80, "Porch": -70}, "Porch receives the lock with -70 dBm."),
        (
            [HALL, PORCH],
            {"Hall": -91},
            "Hall receives the lock with only -91 dBm: place a Bluetooth proxy closer to it.",
        ),
    ],
)
async def test_what_is_said(
    home: Home,
    *,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    scanners: list[Any],
    signals: dict[str, int],
    said: str,
) -> None:
    await home.set_up(home.add_lock())

    def paths(_hass: object, _address: str, connectable: bool) -> list[Any]:
        return [
            SimpleNamespace(scanner=each, advertisement=SimpleNamespace(rssi=signals[each.source]))
            for each in scanners
            if each.source in signals and (each.connectable or not connectable)
        ]

    monkeypatch.setattr(bluetooth, "async_scanner_devices_by_address", paths)
    monkeypatch.setattr(bluetooth, "async_current_scanners", lambda _hass: scanners)
    monkeypatch.setattr(bluetooth, "async_address_reachability_diagnostics", lambda *_: "slots=0/3")
    caplog.set_level(logging.DEBUG, "custom_components.smartlock")
    assert reachability(home.hass, ADDRESS)() == said
    assert "slots=0/3" in caplog.text


async def test_in_another_language(home: Home) -> None:
    home.hass.config.language = "fr"
    await home.set_up(home.add_lock())
    assert reachability(home.hass, ADDRESS)() == "Aucun adaptateur ni proxy Bluetooth ne reçoit la serrure."
