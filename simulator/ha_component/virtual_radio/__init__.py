"""A virtual radio inside Home Assistant, for development where no proxy can run.

Copied into a configuration's `custom_components` and set up by its configuration.yaml:

    virtual_radio:
      factory: simulator.demo:create_world
      options: {}

The factory is an asynchronous context manager, called as `factory(radio, **options)`: it adds peripherals to
the radio and whatever else it needs, and takes it all down when Home Assistant stops. The repository must be
on Python's path, and the configuration's `custom_components` needs an `__init__.py`, or the folder of the same
name in the repository hides it.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
import importlib
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from simulator.local_adapter import LocalAdapter
from simulator.radio import Radio

DOMAIN = "virtual_radio"
CONF_FACTORY = "factory"
CONF_OPTIONS = "options"

type Factory = Callable[..., AbstractAsyncContextManager[Any]]

CONFIG_SCHEMA = vol.Schema(
    {
        DOMAIN: vol.Schema(
            {
                vol.Required(CONF_FACTORY): vol.All(cv.string, vol.Match(r"^[\w.]+:\w+$")),
                vol.Optional(CONF_OPTIONS, default=dict): dict,
            }
        )
    },
    extra=vol.ALLOW_EXTRA,
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Start the radio, its peripherals and an adapter; stop them with Home Assistant."""
    options = config[DOMAIN]
    factory = await hass.async_add_import_executor_job(_load, options[CONF_FACTORY])
    async with AsyncExitStack() as stack:
        radio = Radio()
        stack.push_async_callback(radio.stop)
        await stack.enter_async_context(factory(radio, **options[CONF_OPTIONS]))
        adapter = LocalAdapter(radio)
        adapter.start(hass)
        stack.callback(adapter.stop)
        running = stack.pop_all()

    async def stop(_: Event) -> None:
        await running.aclose()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)
    return True


def _load(path: str) -> Factory:
    """Return what a path of the form `package.module:name` names."""
    module, name = path.split(":")
    factory: Factory = getattr(importlib.import_module(module), name)
    return factory
