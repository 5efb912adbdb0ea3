"""A virtual ESPHome Bluetooth proxy that Home Assistant's own `esphome` integration connects to."""

from simulator.esphome_proxy.proxy import VirtualProxy

__all__ = ["VirtualProxy"]
