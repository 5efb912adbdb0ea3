"""The demo: a Home Assistant, a proxy and a lock that a visitor can try without any hardware."""
