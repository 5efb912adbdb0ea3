"""The demo: a Home Assistant, a proxy and a lock that can be tried without any hardware."""

from typing import Final

__all__ = ["MODELS", "PORT", "PROXY_PORT"]

# What the command line offers, here so that it can be asked without importing the rest.
MODELS: Final = ("gen2", "gen3", "gen4", "ultra")
"""Names of `simulator.virtual_lock.MODELS`."""
PORT: Final = 8123
PROXY_PORT: Final = 6053
