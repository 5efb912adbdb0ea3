"""Fixtures: virtual time, a home with an adapter, and a watch over the texts of every flow.

Each folder of tests that need a Home Assistant names them in its conftest.py.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
import logging
from typing import Any, override
from unittest.mock import patch

from aiousbwatcher import AIOUSBWatcher
import bleak_retry_connector
from homeassistant import runner
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
import pytest
from pytest_homeassistant_custom_component.common import mock_storage  # type: ignore[import-untyped]

# Home Assistant finds the integration through this package, which has to be there before it starts.
import custom_components  # noqa: F401 - must be there before Home Assistant starts
from custom_components.smartlock.client import ble
from custom_components.smartlock.entity import SmartLockEntity
from simulator.local_adapter import LocalAdapter
from simulator.radio import INSTANT, Radio
from tests.integration.home import SWITCHED_ON, Home
from tests.integration.texts import watch_flows
from tests.integration.virtual_time import HomeLoop, bluetooth_clock

__all__ = [
    "as_new",
    "clock",
    "complaints",
    "configure_event_loop",
    "hass_storage",
    "home",
    "no_usb_watcher",
    "only_our_matchers",
    "pytest_asyncio_loop_factories",
    "shown_texts",
    "switched_on",
]


def pytest_asyncio_loop_factories() -> dict[str, type[asyncio.AbstractEventLoop]]:
    """Run these tests in virtual time."""
    return {"virtual": HomeLoop}


@pytest.fixture(autouse=True)
async def configure_event_loop() -> None:
    """Configure the loop the way Home Assistant configures its own, but for its clock."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    runner.configure_event_loop(loop)
    loop.time = clock  # type: ignore[method-assign]


# The functions by which the plugin replaces those of a store, without what would record each call of them.
_stored: dict[str, Any] = {}
with mock_storage(_stored):
    _STORE = {
        name: vars(Store)[name].side_effect for name in ("_async_load", "_async_write_data", "async_remove")
    }


@pytest.fixture
def hass_storage() -> Generator[dict[str, Any]]:
    """What is stored, in memory alone."""
    _stored.clear()
    with patch.multiple(Store, **_STORE):
        yield _stored


@pytest.fixture(autouse=True)
def only_our_matchers() -> Generator[None]:
    """Keep other integrations, such as iBeacon, from starting flows."""
    with patch("homeassistant.loader.BLUETOOTH", []):
        yield


@pytest.fixture(autouse=True)
def no_usb_watcher() -> Generator[None]:
    """Watch no devices of this machine; the watcher would also leave files open, and wait for them in real time."""
    with patch.object(AIOUSBWatcher, "async_start", lambda watcher: lambda: None):
        yield


@pytest.fixture(autouse=True)
def shown_texts() -> Generator[None]:
    """Fail if a flow shows anything that has no English text."""
    with watch_flows():
        yield


class _Complaints(logging.Handler):
    """Keeps what Home Assistant says against the integration, and errors that nobody expected."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        unexpected = record.exc_info is not None and record.name.startswith("custom_components.")
        if unexpected or "Detected that custom integration" in record.getMessage():
            self.records.append(record.getMessage())


@pytest.fixture(autouse=True)
def complaints() -> Generator[None]:
    """Fail if the integration does something deprecated, or lets an error of its own escape."""
    handler = _Complaints()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    assert handler.records == []


@pytest.fixture
async def home(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    clock: None,
    enable_bluetooth: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[Home]:
    """Home Assistant with a Bluetooth adapter, and no lock yet."""
    # Home Assistant puts a class of its own here and imports the integration afterwards; pytest came first.
    monkeypatch.setattr(ble, "BleakClientWithServiceCache", bleak_retry_connector.BleakClientWithServiceCache)
    radio = Radio(timing=INSTANT)
    adapter = LocalAdapter(radio)
    adapter.start(hass)
    home = Home(hass, radio, adapter)
    yield home
    for entry in hass.config_entries.async_loaded_entries("smartlock"):
        await hass.config_entries.async_unload(entry.entry_id)
    for lock in home.locks:
        lock.power_off()
    adapter.stop()
    await radio.stop()


@pytest.fixture
def as_new() -> bool:
    """Whether entities that are disabled for a new lock are; a test that looks at that replaces this."""
    return False


@pytest.fixture(autouse=True)
def switched_on(monkeypatch: pytest.MonkeyPatch, *, as_new: bool) -> None:
    """Enable what most tests look at."""

    def enabled(entity: SmartLockEntity) -> bool:
        by_default = super(SmartLockEntity, entity).entity_registry_enabled_default
        return by_default or entity.entity_description.key in SWITCHED_ON

    if not as_new:
        monkeypatch.setattr(SmartLockEntity, "entity_registry_enabled_default", property(enabled))


@pytest.fixture
async def clock() -> AsyncGenerator[None]:
    """Let the Bluetooth stack live in virtual time."""
    with bluetooth_clock(asyncio.get_running_loop()):
        yield
