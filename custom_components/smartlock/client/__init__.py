"""The only code that waits on the lock: `transport` and `ble` carry bytes, `client` runs conversations."""
