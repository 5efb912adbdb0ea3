"""The virtual lock behind a real Linux Bluetooth stack: kernel and BlueZ in a virtual machine, a virtual controller.

The lock, the controllers and the owner's part run on this machine; the kernel, `bluetoothd`, D-Bus and Home
Assistant in QEMU. `scripts/bluez-campaign` goes through what an owner does.
"""
