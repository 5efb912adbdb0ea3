"""Benchmarks against pyNukiBT and hass_nuki_bt's policy; `scripts/bench` runs them."""
