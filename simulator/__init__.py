"""A lock, its radio and an ESPHome Bluetooth proxy in software; development only, never shipped."""
