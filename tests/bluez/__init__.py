"""The integration behind a real Linux Bluetooth stack; `scripts/bluez-campaign` runs it, pytest does not."""
