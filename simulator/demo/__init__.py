"""The demo: a Home Assistant, a proxy and a lock that can be tried without any hardware."""
