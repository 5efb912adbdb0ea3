"""The virtual lock behind a real Linux Bluetooth stack: kernel and BlueZ in a virtual machine, a virtual controller.

The lock, the controller and whoever plays the owner run on this machine; the kernel, `bluetoothd`, D-Bus and Home
Assistant in QEMU. `scripts/bluez-campaign` goes through what an owner does.
"""
