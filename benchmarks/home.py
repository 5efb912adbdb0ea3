"""Home Assistant in virtual time outside of pytest: only the radio below it is simulated."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
import logging
import tempfile
from typing import Any
from unittest.mock import AsyncMock, patch

import bleak_retry_connector
from homeassistant import loader, runner
from homeassistant.components.bluetooth import DOMAIN as BLUETOOTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant, mock_storage  # type: ignore[import-untyped]

from benchmarks import peer

# Home Assistant finds the integration through this package, which has to be there before it starts.
import custom_components  # noqa: F401 - must be there before Home Assistant starts
from custom_components.smartlock.client import ble
from tests.integration.virtual_time import HomeLoop, bluetooth_clock

__all__ = ["home_assistant", "run"]


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a fresh event loop with a virtual clock."""
    # What fails is counted; in a day with a bad radio much does.
    logging.disable(logging.CRITICAL)
    try:
        with asyncio.Runner(loop_factory=HomeLoop) as loop_runner:
            loop = loop_runner.get_loop()
            clock = loop.time
            runner.configure_event_loop(loop)
            loop.time = clock  # type: ignore[method-assign]
            return loop_runner.run(main)
    finally:
        logging.disable(logging.NOTSET)


@asynccontextmanager
async def home_assistant() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant that has Bluetooth and no adapter yet."""
    with (
        _no_hardware(),
        mock_storage(),
        tempfile.TemporaryDirectory() as folder,
        bluetooth_clock(asyncio.get_running_loop()),
    ):
        async with async_test_home_assistant(config_dir=folder) as hass:
            frame.async_setup(hass)
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            assert await async_setup_component(hass, BLUETOOTH, {})
            await hass.async_block_till_done()
            # The Bluetooth manager has put a class of its own here; who was imported before took the old one.
            with _service_cache(bleak_retry_connector.BleakClientWithServiceCache):
                yield hass
            for entry in hass.config_entries.async_loaded_entries("smartlock"):
                await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_stop(force=True)


@contextmanager
def _no_hardware() -> Generator[None]:
    """Keep the adapters and ports of this machine out of it, and other integrations from starting flows."""
    adapters = "bluetooth_adapters.systems.linux.LinuxAdapters"
    with (
        patch("bleak_retry_connector.bleak_manager.get_global_bluez_manager", side_effect=FileNotFoundError),
        patch("habluetooth.channels.bluez.MGMTBluetoothCtl.setup", AsyncMock(side_effect=OSError)),
        patch("bluetooth_adapters.systems.platform.system", return_value="Linux"),
        patch(f"{adapters}.refresh", AsyncMock()),
        patch(f"{adapters}.adapters", {}),
        patch("homeassistant.components.http.HomeAssistantHTTP.async_bind"),
        patch("homeassistant.components.http.HomeAssistantHTTP.start"),
        patch("homeassistant.loader.BLUETOOTH", []),
    ):
        yield


@contextmanager
def _service_cache(client_class: type) -> Generator[None]:
    name = "BleakClientWithServiceCache"
    with patch.object(ble, name, client_class), patch.object(peer.nuki, name, client_class):
        yield
